//! `new` from outside: every project does what its README says, from `new` to `verify`, untouched.
//!
//! Rules and Rust are always tried. JavaScript and Python need toolchains from their registries:
//! they are tried where `POLICY_TOOLCHAINS` is set, and then nothing may be missing.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TOOLCHAINS: &str = "POLICY_TOOLCHAINS";
/// Asks a router that is running, which there is none of here.
const NEEDS_A_ROUTER: &str = "execution-router swap";
const REQUEST: &str = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"trend","position":null,"price":"50000","target_notional":"1000"}"#;

/// A command without what the outer build has left in the environment.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_") && name != "CARGO_HOME" || name.starts_with("RUSTFLAGS") {
            command.env_remove(name);
        }
    }
    let program = Path::new(env!("CARGO_BIN_EXE_execution-router"));
    let folder = program.parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    command
        .env("PATH", format!("{folder}:{path}"))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        // Shared by all that are written in Rust, so that what they depend on is compiled once.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("policies"),
        );
    command
}

fn new(within: &Path, arguments: &[&str]) -> Output {
    command("execution-router")
        .arg("new")
        .args(arguments)
        .current_dir(within)
        .output()
        .unwrap()
}

#[track_caller]
fn run(line: &str, folder: &Path) -> String {
    let output = command("sh")
        .args(["-c", line])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{line}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The lines of a README that are to be run, in order.
fn lines_to_run(readme: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for block in readme.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap();
        lines.extend(block.lines().map(str::to_owned));
    }
    lines
}

/// Makes a project and runs every line of its README in it.
#[track_caller]
fn does_what_its_readme_says(language: &str) {
    let within = tempfile::tempdir().unwrap();
    let made = new(within.path(), &["breakout", "--lang", language]);
    assert!(made.status.success(), "{made:?}");
    let folder = within.path().join("breakout");
    fs::write(folder.join("requests.jsonl"), format!("{REQUEST}\n")).unwrap();
    let lines = lines_to_run(&fs::read_to_string(folder.join("README.md")).unwrap());
    let mut said = Vec::new();
    for line in lines
        .iter()
        .filter(|line| !line.starts_with(NEEDS_A_ROUTER))
    {
        if line.contains("OLD.wasm") {
            fs::copy(folder.join("policy.wasm"), folder.join("OLD.wasm")).unwrap();
        }
        said.push((line.clone(), run(line, &folder)));
    }
    let of = |verb: &str| {
        let found = said.iter().find(|(line, _)| line.contains(verb));
        found.map(|(_, output)| output.as_str()).unwrap_or_default()
    };
    let verified = of("execution-router verify");
    assert!(
        verified.starts_with("policy `breakout` version `"),
        "{verified}"
    );
    assert!(
        verified.contains("\ncertified: I0 to I12 hold ("),
        "{verified}"
    );
    let differs = of("execution-router diff");
    assert!(differs.starts_with("nothing "), "{differs}");
    let routed = of("execution-router route");
    assert!(routed.contains(r#""side":"BUY""#), "{routed}");
    assert!(routed.contains(r#""reason":"open_long""#), "{routed}");
    assert!(routed.contains(r#""quantity":"0.02""#), "{routed}");
}

#[test]
fn a_document() {
    does_what_its_readme_says("rules");
}

#[test]
fn a_policy_in_rust() {
    does_what_its_readme_says("rust");
}

#[test]
fn a_policy_in_javascript() {
    if std::env::var_os(TOOLCHAINS).is_none() {
        eprintln!("not tried: {TOOLCHAINS} is not set");
        return;
    }
    does_what_its_readme_says("javascript");
}

#[test]
fn a_policy_in_python() {
    if std::env::var_os(TOOLCHAINS).is_none() {
        eprintln!("not tried: {TOOLCHAINS} is not set");
        return;
    }
    does_what_its_readme_says("python");
}

#[test]
fn what_is_made_is_said() {
    let within = tempfile::tempdir().unwrap();
    let made = new(within.path(), &["calm", "--lang", "rules"]);
    assert_eq!(
        String::from_utf8(made.stdout).unwrap(),
        "./calm: a policy in rules, 3 files\nwhat to run next is in ./calm/README.md\n"
    );
    let elsewhere = within.path().join("calm");
    let elsewhere = elsewhere.to_str().unwrap();
    let made = new(
        Path::new("/"),
        &["calmer", "--lang", "rust", "--within", elsewhere],
    );
    assert!(made.status.success(), "{made:?}");
    assert!(PathBuf::from(elsewhere).join("calmer/src/lib.rs").is_file());
}

#[track_caller]
fn refused(within: &Path, arguments: &[&str], message: &str) {
    let refused = new(within, arguments);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.starts_with(message), "{said}");
    assert_eq!(refused.status.code(), Some(2), "{said}");
}

#[test]
fn what_cannot_be_made_says_why() {
    let within = tempfile::tempdir().unwrap();
    let within = within.path();
    refused(
        within,
        &["My Policy", "--lang", "rust"],
        "error: invalid value 'My Policy' for '<NAME>': `M` is in no name: letters a to z, digits, \
         and hyphens between them are; `my-policy` would do",
    );
    refused(
        within,
        &["calm", "--lang", "go"],
        "error: invalid value 'go' for '--lang <LANGUAGE>'\n  \
         [possible values: rust, javascript, python, rules]",
    );
    refused(
        within,
        &["calm"],
        "error: the following required arguments were not provided:\n  --lang <LANGUAGE>",
    );
    refused(
        within,
        &["calm", "--lang", "rules", "--within", "missing"],
        "execution-router: cannot make the project `calm`: there is no folder `missing` to make it in",
    );
    fs::create_dir(within.join("calm")).unwrap();
    fs::write(within.join("calm/notes"), "mine").unwrap();
    refused(
        within,
        &["calm", "--lang", "rules"],
        "execution-router: cannot make the project `calm`: the folder `./calm` is not empty, \
         and nothing in it is written over",
    );
    assert_eq!(fs::read_dir(within).unwrap().count(), 1);
}
