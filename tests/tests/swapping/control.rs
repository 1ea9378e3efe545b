//! Control lines, each in its place among the requests.

use std::path::Path;

use conformance::DEFAULT_POLICY;
use execution_router::Scenario;
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
    let reducing = r#"{"control":"trading_state","state":"stop","until":"2026-03-02T12:30:00Z"}"#;
    let early = &MARK
        .replace("12:00:00", "11:00:00")
        .replace("mark", "trend");
    let late = &MARK.replace("12:00:00", "12:30:00");
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
            late,
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
        r#"{"trading_state":{"state":"REDUCING","until":"2026-03-02T12:30:00Z"}}"#
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
            "`control` is `stop`; it must be `swap`, `rollback`, `shadow`, `promote`, `drop_shadow`, `quarantine`, `trading_state`, `history` or `status`",
        ),
        (
            r#"{"control":1}"#,
            "the control line cannot be read: invalid type: integer `1`, expected a string at line 1 column 12",
        ),
        (
            r#"{"control":"status","by":"me"}"#,
            "the control line cannot be read: unknown field `by`, expected one of `control`, `policy`, `profile`, `every`, `state`, `until`, `clear` at line 1 column 24",
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
            r#"{"control":"swap","policy":"p.wasm","profile":"huge"}"#,
            "`profile` is `huge`; it must be `strict` or `large`",
        ),
        (
            r#"{"control":"swap","policy":"p.wasm","every":2}"#,
            "`every` has no place in a control line `swap`",
        ),
        (
            r#"{"control":"shadow"}"#,
            "`policy` is missing; it names a `policy.yaml`, a folder or a component",
        ),
        (
            r#"{"control":"shadow","policy":"p.wasm","every":0}"#,
            "`every` is `0`; it must be 1 for every decision, 10 for every tenth",
        ),
        (
            r#"{"control":"shadow","policy":"p.wasm","every":-1}"#,
            "the control line cannot be read: invalid value: integer `-1`, expected u32 at line 1 column 48",
        ),
        (
            r#"{"control":"promote","policy":"p.wasm"}"#,
            "`policy` has no place in a control line `promote`",
        ),
        (
            r#"{"control":"drop_shadow","every":1}"#,
            "`every` has no place in a control line `drop_shadow`",
        ),
        (
            r#"{"control":"history","until":"2026-03-02T12:00:00Z"}"#,
            "`until` has no place in a control line `history`",
        ),
        (
            r#"{"control":"quarantine","policy":"p.wasm"}"#,
            "`policy` has no place in a control line `quarantine`",
        ),
        (
            r#"{"control":"quarantine","clear":"E3B0"}"#,
            "`clear` is `E3B0`; it must be a policy's digest, 64 digits of 0-9 and a-f",
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
    for verb in ["promote", "drop_shadow"] {
        refused(
            &format!(r#"{{"control":"{verb}"}}"#),
            "no_shadow",
            "no policy decides in the shadow",
        );
    }
    let digest = marking("next").digest();
    refused(
        &format!(r#"{{"control":"quarantine","clear":"{digest}"}}"#),
        "not_quarantined",
        &format!("policy {digest} is not in quarantine"),
    );
    refused(
        r#"{"control":"shadow","policy":"/nowhere/policy.yaml"}"#,
        "swap_refused",
        "cannot read `/nowhere/policy.yaml`: No such file or directory (os error 2)",
    );
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

/// A line with the policy of a document, saved in a folder.
fn line(verb: &str, folder: &Path, document: &str, more: &str) -> String {
    let path = folder.join("policy.yaml");
    std::fs::write(&path, document).unwrap();
    format!(r#"{{"control":"{verb}","policy":{path:?}{more}}}"#)
}

fn marked(name: &str) -> String {
    let route = format!("  - mark: {{ when: {{ strategy: mark }}, skip: {name}_marked }}");
    document(name, &route)
}

#[test]
fn a_shadow_is_started_looked_at_and_promoted_or_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let shadow = line("shadow", folder.path(), &marked("next"), r#","every":2"#);
    let digest = marking("next").digest();
    let drop = r#"{"control":"drop_shadow"}"#;
    let answers = answered(&bench, &[&shadow, MARK, MARK, MARK, drop, drop]);
    assert_eq!(
        answers[0],
        format!(r#"{{"shadow":{{"digest":"{digest}","every":2}}}}"#)
    );
    assert_eq!(decided(&answers[3]), r#""open_long" 1"#);
    let dropped: Value = serde_json::from_str(&answers[4]).unwrap();
    let mut report = dropped["shadow_dropped"].clone();
    let samples = report["differences"][0]["samples"].take();
    assert_eq!(
        report.to_string(),
        format!(
            r#"{{"compared":2,"differences":[{{"count":2,"live":"BUY normal open_long","samples":null,"shadow":"SKIP normal next_marked"}}],"digest":"{digest}","dropped":0,"same":0,"sampled":2,"unlisted":0}}"#
        )
    );
    // What `explain` takes.
    let samples = samples.as_array().unwrap();
    assert_eq!(samples.len(), 2);
    Scenario::parse(&samples[0].to_string()).unwrap();
    assert!(
        answers[5].contains(r#""code":"no_shadow""#),
        "{}",
        answers[5]
    );

    let promote = r#"{"control":"promote"}"#;
    let answers = answered(&bench, &[&shadow, r#"{"control":"status"}"#, promote, MARK]);
    let status: Value = serde_json::from_str(&answers[1]).unwrap();
    assert_eq!(
        status["status"]["shadow"].to_string(),
        format!(r#"{{"compared":0,"digest":"{digest}","dropped":0,"same":0,"sampled":0}}"#)
    );
    assert_eq!(
        answers[2],
        format!(
            r#"{{"promoted":{{"digest":"{digest}","generation":2,"name":"next","version":"1"}}}}"#
        )
    );
    assert_eq!(decided(&answers[3]), r#""next_marked" 2"#);
}

const SKIPS: &str =
    "name: skips\nversion: 1\naccount_currency: USDT\nroutes:\n  - last: { skip: not_today }\n";

#[test]
fn a_policy_that_was_kept_out_is_let_in_again_and_history_tells_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let (skips, next) = (candidate(SKIPS).digest(), marking("next").digest());
    let swap = line("swap", folder.path(), SKIPS, "");
    let clear = format!(r#"{{"control":"quarantine","clear":"{skips}"}}"#);
    let answers = answered(&bench, &[&swap, &swap, &clear, &swap]);
    let codes: Vec<Value> = answers
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let message = |at: usize| codes[at]["error"]["message"].as_str().unwrap();
    assert!(message(0).starts_with("`verify` found 1 kinds of faults"));
    assert!(message(1).starts_with(&format!("policy {skips} is quarantined: ")));
    assert_eq!(
        answers[2],
        format!(r#"{{"quarantine":{{"cleared":"{skips}","quarantined":[]}}}}"#)
    );
    assert_eq!(message(3), message(0));
    let swap = line("swap", folder.path(), &marked("next"), "");
    let answers = answered(
        &bench,
        &[
            &swap,
            &swap,
            r#"{"control":"rollback"}"#,
            r#"{"control":"rollback"}"#,
            r#"{"control":"history"}"#,
        ],
    );
    let entry = |facts: &str| {
        let (change, facts) = facts.split_once(' ').unwrap();
        format!(
            r#"{{"asked_by":"control","at":"2026-03-02T12:00:00Z","change":"{change}",{facts}}}"#
        )
    };
    let default = candidate(DEFAULT_POLICY).digest();
    let latest = [
        entry(&format!(r#"swap "digest":"{next}","generation":2,"milliseconds":0,"verdict":"live""#)),
        entry(&format!(r#"swap "digest":"{next}","milliseconds":0,"verdict":"unchanged""#)),
        entry(&format!(r#"rollback "digest":"{default}","generation":3,"milliseconds":0,"verdict":"live""#)),
        entry(r#"rollback "milliseconds":0,"verdict":"refused","why":"there is no earlier policy to go back to""#),
    ]
    .join(",");
    let history = &answers[4];
    assert!(
        history.starts_with(r#"{"history":{"changes":[{"asked_by":"control""#),
        "{history}"
    );
    assert!(history.ends_with(&format!("{latest}]}}}}")), "{history}");
}

/// A component that starts with more memory than `strict` gives one.
fn roomy() -> Vec<u8> {
    wat::parse_str(
        r#"(component
            (core module $m (memory (export "memory") 300) (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $routing (export "f" (func $f)))
            (export "execution-router:policy/routing@0.1.0" (instance $routing)))"#,
    )
    .unwrap()
}

#[test]
fn the_operator_chooses_the_profile_of_each_policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.wasm");
    std::fs::write(&path, roomy()).unwrap();
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let swap = |more: &str| format!(r#"{{"control":"swap","policy":{path:?}{more}}}"#);
    let strict = swap(r#","profile":"strict""#);
    let large = swap(r#","profile":"large""#);
    let answers = answered(&bench, &[&swap(""), &strict, &large, &large]);
    let bound = "the component has 19660800 bytes of memory from its start, and 16777216 are the bound of profile `strict`; profile `large` takes 268435456";
    // What the wider profile takes may be asked for again under it.
    for answer in &answers[..2] {
        assert!(answer.contains(bound), "{answer}");
    }
    // There it fails for what it is, and is shut out.
    let differs = "the component's `execution-router:policy/routing@0.1.0` differs from the published interface";
    assert!(answers[2].contains(differs), "{}", answers[2]);
    assert!(answers[3].contains("is quarantined: "), "{}", answers[3]);

    let next = line(
        "swap",
        folder.path(),
        &marked("next"),
        r#","profile":"large""#,
    );
    let answers = answered(&bench, &[&next, MARK]);
    assert!(answers[0].starts_with(r#"{"swapped":{"#), "{}", answers[0]);
    assert_eq!(decided(&answers[1]), r#""next_marked" 2"#);
}

/// Bug: a halt until a time that had passed was answered as done, and nothing was halted.
#[test]
fn a_state_until_a_time_that_has_passed_is_refused() {
    let halted = |until: &str| {
        format!(r#"{{"control":"trading_state","state":"HALTED","until":"{until}"}}"#)
    };
    let passed = |until: &str| {
        format!(
            r#""code":"bad_control","message":"`until` is `{until}`, which has passed: it is 2026-03-02T12:00:00Z""#
        )
    };
    let (at, before, after) = (
        "2026-03-02T12:00:00Z",
        "2026-03-02T11:59:59Z",
        "2026-03-02T12:00:01Z",
    );
    let early = MARK.replace("12:00:00", "11:00:00");
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    // The time is that of the latest request, whichever came last.
    let lines = [
        MARK,
        &early,
        &halted(at),
        &halted(before),
        MARK,
        &halted(after),
        MARK,
    ];
    let answers = answered(&bench, &lines);
    assert!(answers[2].contains(&passed(at)), "{}", answers[2]);
    assert!(answers[3].contains(&passed(before)), "{}", answers[3]);
    assert_eq!(decided(&answers[4]), r#""open_long" 1"#);
    assert!(answers[5].contains(after), "{}", answers[5]);
    assert_eq!(decided(&answers[6]), r#""trading_halted" 1"#);
}
