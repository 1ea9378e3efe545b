//! Control lines, each in its place among the requests.

use conformance::DEFAULT_POLICY;
use execution_router::stream::{self, StreamOptions};
use serde_json::Value;

use crate::support::*;

/// The answers to a stream, with every digest that is known put by name.
#[track_caller]
fn answered(bench: &Bench, lines: &[&str]) -> Vec<String> {
    let mut output = Vec::new();
    let options = StreamOptions {
        control: true,
        ..StreamOptions::default()
    };
    let input = lines.join("\n");
    stream::route_with(&bench.router, input.as_bytes(), &mut output, options).unwrap();
    let output = String::from_utf8(output).unwrap();
    output.lines().map(str::to_owned).collect()
}

const MARK: &str = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"mark","position":null,"price":"100","target_notional":"500","timestamp":"2026-03-02T12:00:00Z"}"#;

/// Reason and generation of a decision.
fn decided(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    format!("{} {}", answer["reason"], answer["policy"]["generation"])
}

#[test]
fn control_lines_act_between_the_lines_around_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let route = "  - mark: { when: { strategy: mark }, skip: next_marked }";
    std::fs::write(&path, document("next", route)).unwrap();
    let swap = format!(
        r#"{{"control":"swap","policy":{:?}}}"#,
        path.to_str().unwrap()
    );
    let reducing = r#"{"control":"trading_state","state":"stop","until":"2026-03-02T12:00:00Z"}"#;
    let early = &MARK
        .replace("12:00:00", "11:00:00")
        .replace("mark", "trend");
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let answers = answered(
        &bench,
        &[
            MARK,
            &swap,
            MARK,
            &swap,
            reducing,
            early,
            MARK,
            r#"{"control":"rollback"}"#,
            MARK,
            r#"{"control":"rollback"}"#,
            r#"{"control":"status"}"#,
        ],
    );
    let next = marking("next").digest();
    let default = candidate(DEFAULT_POLICY).digest();
    let about = |name: &str, digest, generation| {
        format!(r#""digest":"{digest}","generation":{generation},"name":"{name}""#)
    };
    assert_eq!(decided(&answers[0]), r#""open_long" 1"#);
    assert_eq!(
        answers[1],
        format!(
            r#"{{"swapped":{{{},"version":"1"}}}}"#,
            about("next", next, 2)
        )
    );
    assert_eq!(decided(&answers[2]), r#""next_marked" 2"#);
    assert_eq!(
        answers[3],
        format!(
            r#"{{"swapped":{{{},"unchanged":true,"version":"1"}}}}"#,
            about("next", next, 2)
        )
    );
    assert_eq!(
        answers[4],
        r#"{"trading_state":{"state":"REDUCING","until":"2026-03-02T12:00:00Z"}}"#
    );
    assert_eq!(decided(&answers[5]), r#""reducing_only" 2"#);
    assert_eq!(decided(&answers[6]), r#""next_marked" 2"#);
    assert_eq!(
        answers[7],
        format!(
            r#"{{"rolled_back":{{{},"version":"1"}}}}"#,
            about("default", default, 3)
        )
    );
    assert_eq!(decided(&answers[8]), r#""open_long" 3"#);
    assert_eq!(
        answers[9],
        r#"{"line":10,"side":"SKIP","error":{"code":"nothing_earlier","message":"there is no earlier policy to go back to"}}"#
    );
    assert_eq!(
        answers[10],
        format!(
            r#"{{"status":{{"policy":{{"decisions":2,{},"version":"1","withdrawn":false}},"quarantined":[],"trading_state":{{"state":"ACTIVE"}}}}}}"#,
            about("default", default, 3)
        )
    );
}

/// The error of one line.
#[track_caller]
fn refused(line: &str, code: &str, message: &str) {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let answers = answered(&bench, &[line, MARK]);
    let error: Value = serde_json::from_str(&answers[0]).unwrap();
    let error = &error["error"];
    assert_eq!(
        (error["code"].as_str(), error["message"].as_str()),
        (Some(code), Some(message)),
        "{line}"
    );
    assert_eq!(decided(&answers[1]), r#""open_long" 1"#);
}

#[test]
fn control_lines_that_are_refused() {
    for (line, message) in [
        (
            r#"{"control":"stop"}"#,
            "`control` is `stop`; it must be `swap`, `rollback`, `trading_state`, `quarantine` or `status`",
        ),
        (
            r#"{"control":1}"#,
            "the control line cannot be read: invalid type: integer `1`, expected a string at line 1 column 12",
        ),
        (
            r#"{"control":"status","by":"me"}"#,
            "the control line cannot be read: unknown field `by`, expected one of `control`, `policy`, `state`, `until`, `clear` at line 1 column 24",
        ),
        (
            r#"{"control":"swap"}"#,
            "`policy` is missing; it names a `policy.yaml`, a folder or a component",
        ),
        (
            r#"{"control":"swap","policy":""}"#,
            "`policy` is missing; it names a `policy.yaml`, a folder or a component",
        ),
        (
            r#"{"control":"swap","policy":"p.wasm","state":"ACTIVE"}"#,
            "`state` has no place in a control line `swap`",
        ),
        (
            r#"{"control":"rollback","policy":"p.wasm"}"#,
            "`policy` has no place in a control line `rollback`",
        ),
        (
            r#"{"control":"status","until":"2026-03-02T12:00:00Z"}"#,
            "`until` has no place in a control line `status`",
        ),
        (
            r#"{"control":"status","clear":"abc"}"#,
            "`clear` has no place in a control line `status`",
        ),
        (
            r#"{"control":"quarantine","clear":"abc"}"#,
            "`clear` is `abc`; it must be a policy's digest, 64 digits of 0-9 and a-f",
        ),
        (
            r#"{"control":"trading_state"}"#,
            "`state` is missing; it is ACTIVE, REDUCING or HALTED",
        ),
        (
            r#"{"control":"trading_state","state":"HALT"}"#,
            "`state` is `HALT`; it must be ACTIVE, REDUCING (or stop) or HALTED",
        ),
        (
            r#"{"control":"trading_state","state":"HALTED","until":"noon"}"#,
            "`until` is `noon`; it must be a time like `2026-01-05T09:30:00Z`",
        ),
        (
            r#"{"control":"trading_state","state":"ACTIVE","until":"2026-03-02T12:00:00Z"}"#,
            "`until` is given; ACTIVE is what other states end in, and has no end",
        ),
    ] {
        refused(line, "bad_control", message);
    }
    refused(
        r#"{"control":"swap","policy":"/nowhere/policy.yaml"}"#,
        "swap_refused",
        "cannot read `/nowhere/policy.yaml`: No such file or directory (os error 2)",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    std::fs::write(
        &path,
        "name: x\nversion: 1\naccount_currency: USDT\nroutes: []\nwhat: 1\nname: y\n",
    )
    .unwrap();
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let swap = format!(
        r#"{{"control":"swap","policy":{:?}}}"#,
        path.to_str().unwrap()
    );
    let answers = answered(&bench, &[&swap]);
    assert!(
        answers[0].contains(r#""code":"swap_refused""#) && !answers[0].contains("\\n"),
        "{answers:?}"
    );
    assert_eq!(bench.words(), ["refused"]);
}
