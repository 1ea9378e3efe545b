//! `verify` from outside: what it prints, writes and keeps, and how it ends.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use execution_router::verify::Certificate;
use execution_router::{Cache, Policy, Scenario};

fn default_policy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default")
}

/// What became of a run: its exit code, its output, its errors.
fn verify(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_execution-router"));
    command.arg("verify").args(arguments);
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let errors = text(output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    (output.status.code().unwrap(), text(output.stdout), errors)
}

/// A policy of these routes, in a folder of its own.
fn document(folder: &Path, routes: &str) -> PathBuf {
    let path = folder.join("policy.yaml");
    let text = format!("name: p\nversion: 1\naccount_currency: USDT\nroutes:\n{routes}");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_default_policy_is_certified_and_its_certificate_written_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("certificate.json");
    let cache = folder.path().join("cache");
    let (code, output, errors) = verify(&[
        default_policy().to_str().unwrap(),
        "-o",
        written.to_str().unwrap(),
        "--cache",
        cache.to_str().unwrap(),
    ]);
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    let last = output.lines().last().unwrap();
    assert!(last.starts_with("certified: I0 to I12 hold ("), "{output}");
    let certificate = Certificate::read(&fs::read(&written).unwrap()).unwrap();
    let policy = Policy::default_policy(&Cache::disabled()).unwrap();
    assert_eq!(certificate.component, policy.digest());
    let kept = Cache::at(&cache)
        .certificate(policy.digest(), policy.profile())
        .unwrap();
    assert_eq!(kept, Some(certificate));
}

#[test]
fn what_breaks_an_invariant_is_told_with_a_request_that_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let policy = document(folder.path(), "  - all: { skip: never }\n");
    let written = folder.path().join("certificate.json");
    let arguments = [
        policy.to_str().unwrap(),
        "--no-cache",
        "-o",
        written.to_str().unwrap(),
    ];
    let (code, output, errors) = verify(&arguments);
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains("first order): skips a close of 2 with reason `never`\n"),
        "{output}"
    );
    let answered = "  answered: SKIP, intent exit, effect none, reason `never`, rule `all`\n";
    assert!(output.contains(answered), "{output}");
    let not_written = format!(
        "execution-router: `{}` is not written: nothing is certified\n",
        written.display()
    );
    assert_eq!(errors, not_written);
    assert!(!written.exists());

    let (code, output, _) = verify(&[policy.to_str().unwrap(), "--no-cache", "--format", "json"]);
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["verdict"], "counterexamples");
    let found = report["counterexamples"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{output}");
    assert_eq!(found[0]["code"], "I12");
    assert_eq!(found[0]["path"], "first order");
    assert!(Scenario::parse(&found[0]["scenario"].to_string()).is_ok());
    assert!(report["run"]["invariants"]["I12"].is_null());
}

#[test]
fn a_policy_without_a_route_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let tiers = "  - all: { open: sized }\ntiers:\n  pilot: { size: 40%, budget: b }\n  explore: { size: 50%, budget: b }\nbudgets:\n  b: { limit: 5 USDT, per: day }\n";
    let policy = document(folder.path(), tiers);
    let (code, output, _) = verify(&[policy.to_str().unwrap(), "--no-cache"]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("\nno_route ("), "{output}");
    assert!(
        output.contains(" times; first order): has no route for the request\n"),
        "{output}"
    );
}

#[test]
fn a_component_that_is_none_is_at_fault_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.wasm");
    let path = file.to_str().unwrap();
    for (bytes, what) in [
        (
            b"".as_slice(),
            "the file is empty, and a policy component was expected",
        ),
        (
            b"\0asm\x01\0\0\0",
            "this is a core module, and a policy is a component: `execution-router build` makes one of it",
        ),
        (
            b"\0asm\x0d\0\x01\0",
            "the component is of another world: it does not export `execution-router:policy/routing@0.1.0`",
        ),
        (
            b"\x7fELF",
            "this is a precompiled artifact, which is never taken from outside: give the `.wasm` that it was made from",
        ),
    ] {
        fs::write(&file, bytes).unwrap();
        let (code, output, errors) = verify(&[path]);
        assert_eq!((code, errors.as_str()), (1, ""));
        assert_eq!(output, format!("unfit: `{path}`: {what}\n"));
    }
    let (code, output, _) = verify(&[path, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, report["verdict"].as_str()), (1, Some("unfit")));
    fs::write(&file, vec![0; (32 << 20) + 1]).unwrap();
    let (code, output, _) = verify(&[path]);
    let too_large = "has more than 33554432 bytes, which is the bound\n";
    assert_eq!((code, output), (1, format!("unfit: `{path}` {too_large}")));
}

#[test]
fn mistakes_in_a_document_are_told_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let policy = document(folder.path(), "  - all: { skipp: never }\n");
    let (code, output, errors) = verify(&[policy.to_str().unwrap()]);
    assert_eq!((code, output.as_str()), (1, ""));
    let at = policy.display();
    let told = [
        "column 5: route `all` does nothing: write `skip: reason`, `close: position` or `open: sized`",
        "column 12: unknown key `skipp`; did you mean `skip`?",
    ];
    let told = told.map(|what| format!("{at}: line 5, {what}\n"));
    assert_eq!(errors, told.concat());
}

#[test]
fn what_could_not_run_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.wasm");
    let (code, output, errors) = verify(&[nowhere.to_str().unwrap()]);
    assert_eq!((code, output.as_str()), (2, ""));
    let path = nowhere.display();
    let message = format!("execution-router: cannot verify `{path}`: cannot read `{path}`: ");
    assert!(errors.starts_with(&message), "{errors}");

    let output = nowhere.join("certificate.json");
    let policy = default_policy();
    let (code, _, errors) = verify(&[policy.to_str().unwrap(), "-o", output.to_str().unwrap()]);
    assert_eq!(code, 2);
    let message = format!("execution-router: cannot write `{}`: ", output.display());
    assert!(errors.starts_with(&message), "{errors}");
}
