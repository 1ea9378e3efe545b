//! The validator: a program of its own, built by the cargo that runs this test.
//!
//! It is no part of the workspace, because its dependencies would switch on features of what
//! wasmtime shares (see `tests/schema-validator/Cargo.toml`).

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// What is wrong first with each document; empty where the schema takes it.
#[track_caller]
pub(crate) fn judge(schema: &Value, documents: &[Value]) -> Vec<String> {
    let mut lines = format!("{schema}\n");
    for document in documents {
        lines.push_str(&format!("{document}\n"));
    }
    let mut child = Command::new(&*PROGRAM)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert!(output.status.success(), "the validator failed, see above");
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(said.len(), documents.len());
    said
}

/// Built once, in a target folder of its own: cargo holds a lock on the other one.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema-validator");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema-validator");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for outer in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_TARGET_DIR",
    ] {
        cargo.env_remove(outer);
    }
    let status = cargo
        .current_dir(&package)
        .args(["build", "--quiet", "--locked", "--target-dir"])
        .arg(&target)
        .status()
        .unwrap();
    assert!(status.success(), "the validator did not build, see above");
    target.join("debug").join("schema-validator")
});
