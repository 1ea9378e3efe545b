//! `explain` and `table` from outside: what they print, and how they end.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const SELL: &str = r#"{"final_action":"SELL","symbol":"BTC/USDT","strategy":"trend","position":null,"price":"100000","target_notional":"500"}"#;
const PILOT: &str = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"trend","trade_type":"pilot","position":null,"price":"100000","target_notional":"500","equity":"10000"}"#;

fn default_policy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default")
}

/// What became of a run: its code, its output, its errors.
#[track_caller]
fn run(input: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_execution-router"))
        .args(arguments)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("it ended by itself");
    (code, text(output.stdout), text(output.stderr))
}

#[track_caller]
fn explained(input: &str, arguments: &[&str]) -> String {
    let arguments = [&["explain"], arguments].concat();
    let (code, output, errors) = run(input, &arguments);
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    output
}

/// The line in which a route of the default policy stands.
fn line_of(rule: &str) -> usize {
    let policy = fs::read_to_string(default_policy().join("policy.yaml")).unwrap();
    let mut lines = policy.lines();
    let route = format!("  - {rule}:");
    1 + lines.position(|line| line.starts_with(&route)).unwrap()
}

/// The output with `@rule` where the line of that rule stands, so that expectations outlive
/// a comment in the policy.
fn placed(output: &str) -> String {
    let mut told = String::new();
    for line in output.split_inclusive('\n') {
        let rule = line
            .strip_prefix("  rule `")
            .and_then(|rest| rest.split_once('`'));
        told += &match rule {
            Some((rule, _)) => line.replace(
                &format!("line {},", line_of(rule)),
                &format!("line @{rule},"),
            ),
            None => line.to_owned(),
        };
    }
    told
}

/// The lines of an explanation, without those about rules that were passed over.
fn without_passed_over(output: &str) -> Vec<String> {
    let output = placed(output);
    let lines = output.lines();
    let lines = lines.filter(|line| !line.starts_with("  not `"));
    lines.map(str::to_owned).collect()
}

/// A component of nobody's making: the default policy's, with something behind it.
fn foreign(folder: &Path) -> PathBuf {
    let path = folder.join("foreign.wasm");
    let policy = default_policy();
    let (code, _, errors) = run(
        "",
        &[
            "build",
            policy.to_str().unwrap(),
            "-o",
            path.to_str().unwrap(),
        ],
    );
    assert_eq!((code, errors.as_str()), (0, ""));
    let mut component = fs::read(&path).unwrap();
    component.extend(b"\x00\x06\x05other");
    fs::write(&path, component).unwrap();
    path
}

#[test]
fn every_rule_before_the_one_that_decides_has_its_reason() {
    assert_eq!(
        placed(&explained(SELL, &[])),
        "\
line 1: SELL BTC/USDT, normal, flat, ACTIVE
  → SKIP shorting_disabled (normal)
  rule `shorting_disabled`, line @shorting_disabled, column 5: action SELL, not short_allowed
  not `halted`: state is ACTIVE, needs HALTED
  not `hold`: action is SELL, needs HOLD
  not `pass`: action is SELL, needs SKIP
  not `unknown_action`: action is SELL, needs unknown
  not `below_threshold`: type is normal, needs auto
  not `already_closing`: position is flat, needs opposite
  not `dust`: action is SELL, needs CLOSE
  not `close_short`: action is SELL, needs BUY
  not `close_long`: position is flat, needs long
  not `close_position`: action is SELL, needs CLOSE
  not `nothing_to_close`: action is SELL, needs CLOSE
  not `exit_when_flat`: type is normal, needs exit or risk
  not `exit_cannot_open`: type is normal, needs exit or risk
  not `already_long`: action is SELL, needs BUY
  not `already_short`: position is flat, needs short
  not `reducing`: state is ACTIVE, needs REDUCING
  would be SKIP reducing_only if trading_state were REDUCING
  would be SKIP trading_halted if trading_state were HALTED
  would be SELL open_short (normal) if symbols.BTC/USDT.allow_short and risk.short_enabled were true
  would be BUY open_long (normal) if final_action were BUY
  would be SELL close_long (exit) if position were long 1
"
    );
}

#[test]
fn figures_and_the_numbers_that_would_change_the_answer() {
    let scenario = format!(
        r#"{{"request":{PILOT},"state":{{"budgets":[{{"used":"100","reserved":"50","orders":1}}]}}}}"#
    );
    let output = explained(&scenario, &["--counterfactuals", "7"]);
    assert_eq!(
        without_passed_over(&output),
        [
            "line 1: BUY BTC/USDT, pilot, flat, ACTIVE",
            "  → SKIP exploration_limit (pilot)",
            "  rule `exploration_limit`, line @exploration_limit, column 5: budget exhausted",
            "  tier pilot: the type says so",
            "  size 500 × 40% = 200",
            "  budget exploration exhausted: need 200 × 1 = 200, limit 3% of 10000 = 300, remaining 300 − 100 − 50 = 150",
            "  quantity 200 / 100000 = 0.002, rounded down to steps of 0.00000001",
            "  would be BUY open_long (pilot) if equity were at least 11666.666666666667",
            "  would be BUY open_long (pilot) if target_notional were at most 375 and at least 0.0025",
            "  would be BUY open_long (pilot) if budgets.exploration.used were at most 50",
            "  would be BUY open_long (pilot) if budgets.exploration.reserved were 0",
            "  would be SKIP reducing_only if trading_state were REDUCING",
            "  would be SKIP trading_halted if trading_state were HALTED",
            "  would be BUY open_long (pilot) if budgets.exploration.limit were at least 3.5% of equity",
        ]
    );
    // The same state, given for requests that bring none.
    let given = explained(
        PILOT,
        &["--counterfactuals", "7", "--use", "exploration=100,50,1"],
    );
    assert_eq!(given, output);
}

#[test]
fn tiers_tell_their_thresholds() {
    let auto = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"trend","trade_type":"auto","position":null,"price":"100000","target_notional":"500","equity":"10000","signal_score":0.5,"risk_reward_ratio":1.2}"#;
    let output = explained(auto, &["--counterfactuals", "1"]);
    let lines = without_passed_over(&output);
    assert_eq!(
        lines[1..4],
        [
            "  → BUY 0.0025 open_long (explore)",
            "  rule `open`, line @open, column 5: takes every request",
            "  tier explore: not normal (signal_strength is 0.5, needs >= 0.65), not pilot (signal_strength is 0.5, needs >= 0.55), explore (signal_strength is 0.5, at least 0.3)",
        ]
    );
    assert_eq!(
        lines.last(),
        Some(&"  would be BUY open_long (pilot) if signal_score were at least 0.55".to_owned())
    );
}

#[test]
fn closes_alternatives_and_warnings() {
    let close = r#"{"final_action":"CLOSE","symbol":"BTC/USDT","strategy":"trend","trade_type":"rsk","position":{"side":"long","quantity":"0.5"},"close_quantity":"0.7"}"#;
    let output = explained(close, &["--counterfactuals", "0"]);
    assert_eq!(
        without_passed_over(&output),
        [
            "line 1: CLOSE BTC/USDT, normal, long 0.5, ACTIVE",
            "  → SELL 0.5 close_long (exit), reduce-only",
            "  warning unknown_trade_type: `trade_type` is `\"rsk\"`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`",
            "  warning close_quantity_cut: `close_quantity` is `0.7`; it was cut to `0.5`",
            "  rule `close_position`, line @close_position, column 5: action CLOSE, position not flat, not dust",
        ]
    );
    let closing = r#"{"final_action":"CLOSE","symbol":"BTC/USDT","strategy":"trend","position":{"side":"long","quantity":"0.5"},"working":{"opening":"0","closing":"0.7"}}"#;
    let output = explained(closing, &["--counterfactuals", "2"]);
    assert_eq!(
        without_passed_over(&output)[1..],
        [
            "  → SKIP already_closing (normal)",
            &format!(
                "  rule `already_closing`, line @already_closing, column 5, alternative 1 of 3 in line {}: position opposite, not dust, not closable",
                line_of("already_closing") + 2
            ),
            "  would be SELL close_long (exit) if position.quantity were above 0.7",
            "  would be SELL close_long (exit) if working.closing were below 0.5",
        ]
    );
}

#[test]
fn a_missing_field_is_told_with_the_rule_that_asks_for_it() {
    let input = SELL
        .replace("SELL", "BUY")
        .replace(r#""price":"100000","#, "");
    let output = explained(&input, &["--counterfactuals", "1"]);
    assert_eq!(
        without_passed_over(&output)[1..],
        [
            "  → refused: field_missing: `price` is missing; the route needs it",
            "  rule `below_minimum`, line @below_minimum, column 5, asks for it: below_minimum",
            "  tier normal: the type says so",
            "  size 500 × 100% = 500",
            "  would be BUY open_long (normal) if price were at most 50000000000",
        ]
    );
}

#[test]
fn lines_that_cannot_be_read_are_told_in_their_place() {
    let two_budgets = format!(
        r#"{{"request":{PILOT},"state":{{"budgets":[{{"used":"1","reserved":"0","orders":0}},{{"used":"1","reserved":"0","orders":0}}]}}}}"#
    );
    let misspelt = SELL.replace("strategy", "strateg");
    let long = format!("{}{}", " ".repeat(70_000), SELL);
    let input = format!("\u{feff}{SELL}\n{{\n{two_budgets}\n{misspelt}\n{long}\n{SELL}\n");
    let (code, output, errors) = run(&input, &["explain", "--counterfactuals", "0"]);
    assert_eq!(
        (code, errors.as_str()),
        (1, "execution-router: 4 of 6 lines could not be read\n")
    );
    let told: Vec<&str> = output
        .lines()
        .filter(|line| line.starts_with("line "))
        .collect();
    assert_eq!(
        told,
        [
            "line 1: SELL BTC/USDT, normal, flat, ACTIVE",
            "line 2: refused: bad_json: EOF while parsing an object at line 1 column 1; a line is a request, or `{\"request\": {…}, \"state\": {…}}`",
            "line 3: refused: budgets_missing: `budgets` has 2 entries, and the policy has 1: one for each, in its order",
            "line 4: refused: unknown_field: `strateg` is no field of a request; did you mean `strategy`",
            "line 5: refused: line_too_long: the line is longer than 65536 bytes",
            "line 6: SELL BTC/USDT, normal, flat, ACTIVE",
        ]
    );
    let (code, output, _) = run("{}", &["explain", "--format", "json"]);
    assert_eq!(code, 1);
    let line: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(line["line"], 1);
    assert_eq!(line["error"]["code"], "field_missing");
}

#[test]
fn json_has_every_alternative() {
    let output = explained(SELL, &["--format", "json", "--counterfactuals", "3"]);
    let line: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(line["decision"]["reason"], "shorting_disabled");
    assert_eq!(
        line["rule"],
        json!({
            "name": "shorting_disabled", "line": line_of("shorting_disabled"), "column": 5,
            "alternative": 1, "alternatives": 1,
            "held": [
                {"condition": "action", "needs": "SELL"},
                {"condition": "short_allowed", "needs": "no"},
            ],
            "failed_before": [],
        })
    );
    let at = line_of("already_closing");
    assert_eq!(
        line["passed_over"][5],
        json!({
            "name": "already_closing", "line": at, "column": 5,
            "failed": [
                {"condition": "position", "is": "flat", "needs": "opposite", "line": at + 2, "column": 11},
                {"condition": "action", "is": "SELL", "needs": "CLOSE", "line": at + 3, "column": 11},
                {"condition": "type", "is": "normal", "needs": "exit or risk", "line": at + 4, "column": 11},
            ],
        })
    );
    assert_eq!(
        line["counterfactuals"][2],
        json!({
            "side": "SELL", "order_intent": "normal", "reason": "open_short",
            "changes": [
                {"of": "policy", "field": "symbols.BTC/USDT.allow_short", "to": true},
                {"of": "policy", "field": "risk.short_enabled", "to": true},
            ],
            "text": "SELL open_short (normal) if symbols.BTC/USDT.allow_short and risk.short_enabled were true",
        })
    );
    // What it answers of request and state can be explained again.
    let again = json!({"request": line["request"], "state": line["state"]}).to_string();
    assert_eq!(
        explained(&again, &["--format", "json", "--counterfactuals", "3"]),
        output
    );
}

#[test]
fn a_component_without_a_document_is_asked_itself() {
    let folder = tempfile::tempdir().unwrap();
    let component = foreign(folder.path());
    let component = component.to_str().unwrap();
    let arguments = [
        "--policy",
        component,
        "--use",
        "exploration=200",
        "--counterfactuals",
        "3",
    ];
    assert_eq!(
        explained(PILOT, &arguments),
        "\
line 1: BUY BTC/USDT, pilot, flat, ACTIVE
  → SKIP exploration_limit (pilot), by rule `exploration_limit`
  the rules of this component cannot be read
  size 500 × 40% = 200
  budget exploration exhausted: need 200 × 1 = 200, limit 3% of 10000 = 300, remaining 300 − 200 − 0 = 100
  quantity 200 / 100000 = 0.002, rounded down to steps of 0.00000001
  would be BUY open_long (pilot) if equity were at least 13333.333333333334
  would be BUY open_long (pilot) if target_notional were at most 250 and at least 0.0025
  would be BUY open_long (pilot) if budgets.exploration.used were at most 100
"
    );
    let (code, output, errors) = run("", &["table", component]);
    assert_eq!((code, output.as_str()), (2, ""));
    assert_eq!(
        errors,
        format!(
            "execution-router: there is no table to read off; `verify` and `diff` work on answers: \
             `{component}` is a component that was not made of a policy document by this version: \
             its rules cannot be read, only its answers\n"
        )
    );
}

#[test]
fn a_policy_that_fails_is_told_with_what_is_decided_instead() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "name: closes
version: 1
account_currency: USDT
routes:
  - held: { when: { action: HOLD }, skip: held }
  - close: { close: position }
";
    fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    let folder = folder.path().to_str().unwrap();
    let close = r#"{"final_action":"CLOSE","symbol":"A/B","strategy":"s","trade_type":"exit","position":{"side":"short","quantity":"2"}}"#;
    let input = format!("{SELL}\n{close}\n{}", close.replace("CLOSE", "HOLD"));
    assert_eq!(
        explained(&input, &["--policy", folder, "--counterfactuals", "1"]),
        "\
line 1: SELL BTC/USDT, normal, flat, ACTIVE
  → the policy fails: it has no route for the request
  → SKIP policy_unavailable (normal), by the fail-safe
  rule `close`, line 6, column 5: takes every request
  not `held`: action is SELL, needs HOLD
  would be SELL close_long (exit) if position were long 1
line 2: CLOSE A/B, exit, short 2, ACTIVE
  → BUY 2 close_short (exit), reduce-only
  rule `close`, line 6, column 5: takes every request
  not `held`: action is CLOSE, needs HOLD
  would be BUY close_short (risk) if trade_type were risk
line 3: HOLD A/B, exit, short 2, ACTIVE
  → SKIP held (exit)
  rule `held`, line 5, column 5: action HOLD
  would be BUY close_short (exit) if final_action were BUY
"
    );
}

/// `BLESS=1` writes what is printed into the page.
#[test]
fn the_example_of_the_readme_is_what_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (_, section) = readme.split_once("## `explain`\n").unwrap();
    let block = |kind: &str| {
        let (_, behind) = section.split_once(&format!("```{kind}\n")).unwrap();
        behind.split_once("```").unwrap().0.to_owned()
    };
    let printed = explained(&block("json"), &[]);
    let shown = block("text");
    if printed != shown && std::env::var_os("BLESS").is_some() {
        fs::write(&file, readme.replacen(&shown, &printed, 1)).unwrap();
        return;
    }
    assert_eq!(printed, shown);
}

#[test]
fn what_cannot_run() {
    for (arguments, errors) in [
        (
            &["explain", "--use", "trial=1"][..],
            "execution-router: the policy has no budget `trial`; it has `exploration`\n",
        ),
        (
            &[
                "explain",
                "--use",
                "exploration=1",
                "--use",
                "exploration=2",
            ],
            "execution-router: the use of `exploration` is given twice\n",
        ),
        (
            &["explain", "nowhere.jsonl"],
            "execution-router: cannot read `nowhere.jsonl`: No such file or directory (os error 2)\n",
        ),
        (
            &["table", "nowhere"],
            "execution-router: cannot read `nowhere`: No such file or directory (os error 2)\n",
        ),
    ] {
        let ran = run(SELL, arguments);
        assert_eq!(ran, (2, String::new(), errors.to_owned()), "{arguments:?}");
    }
    for (arguments, beginning) in [
        (
            &["explain", "--use", "exploration"][..],
            "error: invalid value 'exploration' for '--use <NAME=USED[,RESERVED[,ORDERS]]>': it is written `exploration=120`",
        ),
        (
            &["explain", "--counterfactuals", "101"],
            "error: invalid value '101' for '--counterfactuals <N>': it must be a number of 0 to 100",
        ),
        (
            &["table", ".", "--format", "text"],
            "error: invalid value 'text' for '--format <FORMAT>'\n  [possible values: markdown, csv, json]",
        ),
    ] {
        let (code, output, errors) = run("", arguments);
        assert_eq!((code, output.as_str()), (2, ""));
        assert!(errors.starts_with(beginning), "{errors}");
    }
}

#[test]
fn tables_of_documents_and_of_components_made_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("own.wasm");
    let (policy, component) = (default_policy(), component.to_str().unwrap());
    let policy = policy.to_str().unwrap();
    assert_eq!(run("", &["build", policy, "-o", component]).0, 0);
    for format in ["markdown", "csv", "json"] {
        let of_document = run("", &["table", policy, "--format", format]);
        assert_eq!((of_document.0, of_document.2.as_str()), (0, ""));
        assert_eq!(
            run("", &["table", component, "--format", format]),
            of_document
        );
    }
    let broken = folder.path().join("policy.yaml");
    fs::write(&broken, "name: x\n").unwrap();
    let (code, output, errors) = run("", &["table", folder.path().to_str().unwrap()]);
    assert_eq!((code, output.as_str()), (2, ""));
    let file = broken.display();
    assert!(
        errors.starts_with(&format!(
            "{file}: line 1, column 1: the key `version` is missing\n"
        )),
        "{errors}"
    );
}
