//! `test` and what `build` says of cases, from outside: what is printed where, and exit codes.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CASES: &str = "- name: hold
  request: { final_action: HOLD, symbol: BTC/USDT, strategy: trend }
  expect: { reason: hold_signal }
";

/// A folder with the default policy, and these cases.
fn folder(cases: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.yaml"), support::DOCUMENT).unwrap();
    if let Some(cases) = cases {
        fs::write(folder.path().join("cases.yaml"), cases).unwrap();
    }
    folder
}

/// The exit code, standard output and standard error, with the folder's name left out.
#[track_caller]
fn ran(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_execution-router"))
        .args(arguments)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(folder.to_str().unwrap(), "P")
    };
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// What `test` on a folder with these cases ends with, prints and says.
#[track_caller]
fn tests(cases: Option<&str>, options: &[&str], code: i32, output: &str, errors: &str) {
    let folder = folder(cases);
    let path = folder.path().to_str().unwrap();
    let arguments: Vec<_> = ["test", path].into_iter().chain(options.to_vec()).collect();
    assert_eq!(
        ran(folder.path(), &arguments),
        (code, output.to_owned(), errors.to_owned())
    );
}

#[test]
fn exit_code_0_when_all_pass() {
    tests(Some(CASES), &[], 0, "1 case passed\n", "");
    tests(
        Some(CASES),
        &["--format", "json"],
        0,
        "{\"cases_file\":\"P/cases.yaml\",\"policy_file\":\"P/policy.yaml\",\"passed\":1,\"failed\":0,\"failures\":[]}\n",
        "",
    );
    let all = folder(Some(support::CASES));
    let path = all.path().to_str().unwrap();
    let (code, output, errors) = ran(all.path(), &["test", path, "--coverage"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    assert!(
        output.contains(" cases passed\nrules 21 of 21 (100 %)\n"),
        "{output}"
    );
}

#[test]
fn exit_code_1_when_a_case_fails() {
    tests(
        Some(&CASES.replace("hold_signal", "skip_signal")),
        &[],
        1,
        r#"P/cases.yaml: line 1, column 3: `hold` is not as expected
  field   expected     actual
  reason  skip_signal  hold_signal
  {"request":{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend","trade_type":"normal","position":null},"state":{"trading_state":"ACTIVE","budgets":[{"used":"0","reserved":"0","orders":0}]}}
0 cases passed, 1 failed
"#,
        "",
    );
}

#[test]
fn exit_code_1_when_rules_are_left_out_and_coverage_is_asked_for() {
    let folder = folder(Some(CASES));
    let path = folder.path().to_str().unwrap();
    let (code, output, errors) = ran(folder.path(), &["test", path, "--coverage"]);
    assert_eq!((code, errors.as_str()), (1, ""));
    assert!(
        output.starts_with("1 case passed\nrules 1 of 21 (4 %)\n"),
        "{output}"
    );
}

#[test]
fn exit_code_1_when_the_cases_have_mistakes() {
    let broken = CASES.replace("reason:", "raeson:");
    let message = "P/cases.yaml: line 3, column 13: unknown key `raeson`; did you mean `reason`?\n";
    tests(Some(&broken), &[], 1, "", message);
    // And they go into no component, be the document sound or not.
    let folder = folder(Some(&broken));
    let path = folder.path().to_str().unwrap();
    let component = folder.path().join("out.wasm");
    let build = ["build", path, "-o", component.to_str().unwrap()];
    assert_eq!(
        ran(folder.path(), &build),
        (1, String::new(), message.to_owned())
    );
    assert!(!component.exists());
    let document = support::DOCUMENT.replace("version: 1", "versoin: 1");
    fs::write(folder.path().join("policy.yaml"), document).unwrap();
    let (code, _, errors) = ran(folder.path(), &build);
    assert_eq!(code, 1);
    assert!(errors.starts_with(message), "{errors}");
    assert!(
        errors.contains("P/policy.yaml: line 15, column 1: unknown key"),
        "{errors}"
    );
}

/// A case that fails is a matter for `test`: `build` runs none.
#[test]
fn build_takes_cases_that_fail_and_test_reads_them_back() {
    let folder = folder(Some(&CASES.replace("hold_signal", "skip_signal")));
    let path = folder.path().to_str().unwrap();
    let component: PathBuf = folder.path().join("out.wasm");
    let component = component.to_str().unwrap();
    let (code, _, errors) = ran(folder.path(), &["build", path, "-o", component]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let (code, output, errors) = ran(folder.path(), &["test", component]);
    assert_eq!((code, errors.as_str()), (1, ""));
    assert!(
        output.starts_with("P/out.wasm: cases.yaml: line 1, column 3: `hold` is not as expected\n"),
        "{output}"
    );
}

#[test]
fn exit_code_2_when_there_is_nothing_to_test() {
    tests(
        None,
        &[],
        2,
        "",
        "execution-router: cannot test `P`: `P/policy.yaml` has no cases: write them into a `cases.yaml` beside the policy document\n",
    );
    let folder = folder(Some(CASES));
    let missing = folder.path().join("missing");
    let (code, output, errors) = ran(folder.path(), &["test", missing.to_str().unwrap()]);
    assert_eq!((code, output.as_str()), (2, ""));
    assert_eq!(
        errors,
        "execution-router: cannot test `P/missing`: cannot read `P/missing`: No such file or directory (os error 2)\n"
    );
    fs::write(folder.path().join("policy.yaml"), "name: x\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, output, errors) = ran(folder.path(), &["test", path]);
    assert_eq!((code, output.as_str()), (2, ""));
    assert!(
        errors.ends_with(
            "execution-router: cannot test `P/policy.yaml`: its document has mistakes\n"
        ),
        "{errors}"
    );
    let (code, _, errors) = ran(folder.path(), &["test"]);
    assert_eq!(code, 2);
    assert!(errors.contains("<P>"), "{errors}");
}
