//! The examples as their users run them, held to what they print. Cargo builds them beside the
//! tests; what it built is run, and nothing is built again.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the bot prints; `BLESS=1` writes it.
const BOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/examples/bot.txt");

/// An example that stands beside this test.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let example = folder
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        example.is_file(),
        "{} is not built; `cargo test` without `--test`, or `cargo build --release --examples`, builds it",
        example.display()
    );
    example
}

/// What a program prints, when it ends well.
#[track_caller]
fn printed(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_smallest_embedding_answers() {
    assert_eq!(
        printed(&example("smallest"), &[]),
        "SKIP shorting_disabled\n"
    );
}

#[test]
fn the_bot_ends_with_its_budget_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let text = printed(&example("bot"), &[folder.path().to_str().unwrap()]);
    if std::env::var_os("BLESS").is_some() {
        fs::write(BOT, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(BOT).unwrap());
    let store = format!("sqlite:{}", folder.path().join("router.db").display());
    let program = Path::new(env!("CARGO_BIN_EXE_execution-router"));
    for command in [&["journal", "verify"][..], &["replay"]] {
        printed(program, &[command, &["--store", &store]].concat());
    }
}

#[test]
fn on_the_same_store_no_order_of_the_bot_goes_out_twice() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [folder.path().to_str().unwrap()];
    let first = printed(&example("bot"), &arguments);
    let second = printed(&example("bot"), &arguments);
    let (_, report) = first.split_once("\n\n").unwrap();
    let (events, again) = second.split_once("\n\n").unwrap();
    assert_eq!(events, "policy `cautious` decides from signal 1326 on");
    assert_eq!(again, report);
}
