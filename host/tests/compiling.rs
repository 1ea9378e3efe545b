//! The program as a compiler of foreign components: what it is started as, within which bounds,
//! and what it says of what it does not take.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use execution_router::SandboxProfile;
use execution_router::sandbox::engine_digest;
use support::default_component;

const PROGRAM: &str = env!("CARGO_BIN_EXE_execution-router");

fn digest() -> String {
    engine_digest(SandboxProfile::Strict).unwrap().to_string()
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It need not read to the end.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn refuses(arguments: &[&str], input: &[u8], code: i32, says: &str) {
    let Output {
        status,
        stdout,
        stderr,
    } = run(arguments, input);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(code), 0), "{said}");
    assert!(said.starts_with(says), "{said}");
}

#[test]
fn it_compiles_what_it_is_given_and_says_what_it_does_not_take() {
    let digest = digest();
    let asked = ["compile-policy", "strict", &digest];
    let made = run(&asked, &default_component());
    assert!(made.status.success() && made.stdout.starts_with(b"\x7fELF"));
    refuses(
        &asked,
        b"\0asm\x0d\0\x01\0\xff",
        3,
        "failed to parse WebAssembly module",
    );
    refuses(
        &["compile-policy", "large", &digest],
        b"",
        4,
        "the program that compiles is of another version than the one that asks\n",
    );
    refuses(
        &["compile-policy", "huge", &digest],
        b"",
        2,
        "error: invalid value 'huge' for '<PROFILE>': `huge` is no profile: `strict` and `large` are\n",
    );
}

#[test]
fn it_is_not_shown_to_people() {
    let help = run(&["--help"], b"").stdout;
    assert!(!String::from_utf8(help).unwrap().contains("compile-policy"));
}

#[test]
fn a_foreign_component_is_routed_by_and_its_profile_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("foreign.wasm");
    fs::write(&file, default_component()).unwrap();
    let request = br#"{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend"}"#;
    for profile in ["strict", "large"] {
        let file = file.to_str().unwrap();
        let arguments = [
            "route",
            "--no-cache",
            "--profile",
            profile,
            "--policy",
            file,
        ];
        let ran = run(&arguments, request);
        let said = String::from_utf8(ran.stdout).unwrap();
        assert!(said.contains("\"reason\":\"hold_signal\""), "{said}");
    }
}

/// What the process may take, as the system has it, while it waits for a component.
#[cfg(target_os = "linux")]
#[test]
fn its_bounds_are_the_systems_and_nothing_is_inherited() {
    let mut child = Command::new("sh")
        .args([
            "-c",
            "exec 9</dev/null; exec \"$0\" compile-policy strict \"$1\"",
            PROGRAM,
        ])
        .arg(digest())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = std::path::Path::new("/proc").join(child.id().to_string());
    // The last bound that it sets stands once all of them do.
    let limits = loop {
        let limits = fs::read_to_string(process.join("limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        if core.split_whitespace().nth(4) == Some("0")
            && limits.contains("Max file size             0 ")
        {
            break limits;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    };
    for bound in [
        "Max cpu time              20                   21 ",
        "Max address space         1073741824           1073741824 ",
    ] {
        assert!(limits.contains(bound), "{limits}");
    }
    assert!(!process.join("fd/9").exists());
    child.kill().unwrap();
    child.wait().unwrap();
}
