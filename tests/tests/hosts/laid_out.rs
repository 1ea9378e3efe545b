//! What is laid out for runners, and the program that lays it out, asks and reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use conformance::hosts::layout;
use conformance::{DEFAULT_POLICY, run};
use serde_json::Value;

use super::agreement::prepared;

#[test]
fn no_line_of_a_stream_is_lost() {
    let unrolled = &prepared().unrolled;
    println!("{unrolled}");
    assert!(unrolled.is_complete(), "{unrolled}");
    let count = |file: &Path| {
        fs::read(file)
            .unwrap()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
    };
    let streams: Vec<_> = run::Case::all(&run::cases_folder());
    let lines: usize = streams.iter().map(|case| count(&case.stream)).sum();
    // The two recorded streams have 2,652 and 2,010.
    assert_eq!(unrolled.lines, lines as u64 + 4_662);
    assert!(unrolled.cases.len() > 6_700, "{unrolled}");
}

/// Of each stream a policy is asked something, but for those that are about events alone.
#[test]
fn every_stream_has_cases() {
    let cases = prepared().unrolled.cases.iter();
    let with_cases: BTreeSet<&str> = cases.map(|case| case.origin.file.as_str()).collect();
    let without: Vec<String> = run::Case::all(&run::cases_folder())
        .into_iter()
        .map(|case| conformance::hosts::unroll::named(&case.stream))
        .filter(|file| !with_cases.contains(file.as_str()))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn all_that_is_asked_is_laid_out_and_says_where_it_comes_from() {
    let prepared = prepared();
    let generated = prepared
        .suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .filter(|case| case.origin.group == "generated");
    let refused = generated
        .clone()
        .filter(|case| case.expected.contains("\"error\":"));
    assert_eq!(generated.clone().count(), 20_000);
    assert!((2_000..8_000).contains(&refused.count()));

    let folder = tempfile::tempdir().unwrap();
    let laid_out = folder.path().join("hosts");
    fs::create_dir_all(laid_out.join("of-yesterday")).unwrap();
    layout::write(&prepared.suites, &laid_out).unwrap();
    let mut names: Vec<_> = fs::read_dir(&laid_out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected: Vec<&str> = prepared
        .suites
        .iter()
        .map(|suite| suite.name.as_str())
        .collect();
    assert_eq!(names, expected);
    for suite in &prepared.suites {
        let read = |name: &str| fs::read_to_string(laid_out.join(&suite.name).join(name)).unwrap();
        let (asked, expected, origins) = (
            read("cases.jsonl"),
            read("expected.jsonl"),
            read("origins.jsonl"),
        );
        // Where other languages would end a line, none ends.
        assert!(!asked.contains(['\u{85}', '\u{2028}', '\u{2029}', '\r']));
        let rows = asked.lines().zip(expected.split('\n')).zip(origins.lines());
        assert_eq!(asked.lines().count(), suite.cases.len());
        assert_eq!(expected.matches('\n').count(), suite.cases.len());
        for (((asked, expected), origin), case) in rows.zip(&suite.cases) {
            let asked: Value = serde_json::from_str(asked).unwrap();
            assert_eq!(asked["request"], *case.request);
            assert_eq!(asked["state"], *case.state);
            assert_eq!(expected, case.expected);
            let origin: Value = serde_json::from_str(origin).unwrap();
            assert_eq!(origin["line"], case.origin.line);
        }
    }
}

fn hosts(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hosts"))
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn could_not(arguments: &[&str], message: &str) {
    let Output { status, stderr, .. } = hosts(arguments);
    assert_eq!(String::from_utf8(stderr).unwrap(), message);
    assert_eq!(status.code(), Some(2));
}

#[test]
fn the_program_asks_compares_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let arguments = [
        "run",
        "--only",
        "rust,wasmtime",
        "--folder",
        &path("laid-out"),
        "--report",
        &path("report"),
    ];
    let Output {
        status,
        stdout,
        stderr,
    } = hosts(&arguments);
    assert_eq!(String::from_utf8(stderr).unwrap(), "");
    assert_eq!(status.code(), Some(0));
    let text = fs::read_to_string(path("report/report.md")).unwrap();
    assert!(
        String::from_utf8(stdout)
            .unwrap()
            .ends_with(&format!("\n{text}\n"))
    );
    assert!(
        text.contains("\n| host | runtime | cases | differences | ns a decision | ms to load |\n")
    );
    assert!(text.contains("\n| cases of | cases | rust: differences | wasmtime: differences |\n"));
    assert!(!text.contains("What differs"), "{text}");

    let report: Value =
        serde_json::from_str(&fs::read_to_string(path("report/report.json")).unwrap()).unwrap();
    let cases: usize = prepared()
        .suites
        .iter()
        .map(|suite| suite.cases.len())
        .sum();
    for (at, name) in ["rust", "wasmtime"].into_iter().enumerate() {
        let host = &report["hosts"][at];
        assert_eq!(host["name"], name);
        assert_eq!(host["cases"], cases);
        assert_eq!(host["differences"], 0);
        assert_eq!(host["faults"], Value::Array(vec![]));
        assert!(host["nanoseconds_per_decision"].as_u64().unwrap() > 0);
        assert!(host["load_nanoseconds"].as_u64().unwrap() > 0);
        assert_eq!(host["groups"]["generated"]["cases"], 20_000);
        assert_eq!(
            host["policies"].as_array().unwrap().len(),
            prepared().suites.len()
        );
    }
    assert_eq!(report["lines"]["all"], prepared().unrolled.lines);
}

/// The default policy under other names is the same; one that says another reason is not.
#[test]
fn another_policy_is_held_to_the_default_ones_cases() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let renamed = DEFAULT_POLICY
        .replace("name: default", "name: other")
        .replace("- open:", "- opens:")
        .replace("- hold:", "- holds:");
    assert_ne!(renamed, DEFAULT_POLICY);
    let wrong = renamed.replace("skip: hold_signal", "skip: skip_signal");
    assert_ne!(wrong, renamed);
    for (document, code) in [(renamed, 0), (wrong, 1)] {
        fs::write(path("policy.yaml"), document).unwrap();
        let arguments = [
            "run",
            "--policy",
            &path(""),
            "--folder",
            &path("laid-out"),
            "--report",
            &path("report"),
        ];
        let output = hosts(&arguments);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert_eq!(output.status.code(), Some(code));
        let report: Value =
            serde_json::from_str(&fs::read_to_string(path("report/report.json")).unwrap()).unwrap();
        let host = &report["hosts"][0];
        let default = prepared()
            .suites
            .iter()
            .find(|suite| suite.name == "default")
            .unwrap();
        assert_eq!(host["cases"], default.cases.len());
        assert_eq!(host["differences"].as_u64().unwrap() > 100, code == 1);
        if code == 1 {
            let first = &host["differences_first"][0];
            assert_eq!(first["kind"], "differs");
            assert!(
                first["expected"]
                    .as_str()
                    .unwrap()
                    .contains("\"reason\":\"hold_signal\"")
            );
            assert!(
                first["answer"]
                    .as_str()
                    .unwrap()
                    .contains("\"reason\":\"skip_signal\"")
            );
        }
    }
}

/// The worked example on the page is the file that is run.
#[test]
fn the_page_shows_the_runner_as_it_is() {
    let page = include_str!("../../embedding/README.md");
    let (_, code) = page.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    assert_eq!(code, include_str!("../../embedding/runner.py"));
}

#[test]
fn what_cannot_be_run_is_said() {
    could_not(
        &["run", "--only", "cobol"],
        "hosts: tests/embedding/hosts.json: there is no host `cobol`; there are rust, wasmtime, javascript, python, example, wasmtime-cli\n",
    );
    could_not(
        &["answer", "/nowhere.wasm"],
        "hosts: /nowhere.wasm: No such file or directory (os error 2)\n",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.wasm");
    fs::write(&path, "text").unwrap();
    let output = hosts(&["answer", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
}
