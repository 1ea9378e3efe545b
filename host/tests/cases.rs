//! A policy's own cases, run: what passes, what is said of what does not, and what of the
//! policy they reach.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use std::fs;
use std::path::Path;

use execution_router::authored::Authored;
use execution_router::cases::{self, Failure, Report, TestError, Tested};
use execution_router::{Cache, Compiler, Loader, Policy, compose};
use router_guest::document::Document;
use router_guest::document::cases::Cases;
use wasm_encoder::{ComponentSection as _, CustomSection};

/// Small enough to see through; each route has what it needs in front of it.
const POLICY: &str = "name: small
version: 1
account_currency: USDT
symbols:
  A/USDT: { step: 0.01, min_quantity: 0.1 }
tiers:
  pilot:   { score: 0.5, size: 40%, budget: exploration }
  explore: { size: 50%, budget: exploration }
budgets:
  exploration: { limit: 300 USDT, per: day }
routes:
  - closing: { when: { position: opposite, closable: no }, skip: already_closing }
  - dust:
      when:
        - { dust: yes, action: CLOSE }
        - { dust: yes, type: [exit, risk] }
      skip: dust
  - closed:  { when: { position: opposite }, close: position }
  - other:   { when: { action: { not: [BUY, SELL] } }, skip: nothing_to_do }
  - no_exit: { when: { type: [exit, risk] }, skip: nothing_to_close }
  - short:   { when: { action: SELL }, skip: no_shorts }
  - spent:   { when: { budget: exhausted }, skip: exploration_limit }
  - open:    { open: sized }
";

const BUY: &str = "final_action: BUY, symbol: A/USDT, strategy: s, position: null, price: 100";

fn cache() -> Cache {
    Cache::at(env!("CARGO_TARGET_TMPDIR"))
}

#[track_caller]
fn read(cases: &str) -> Cases {
    Cases::parse(cases).unwrap_or_else(|findings| panic!("{findings}\nin\n{cases}"))
}

#[track_caller]
fn report_of(policy: &str, cases: &str) -> Report {
    let document = Document::parse(policy).unwrap_or_else(|findings| panic!("{findings}"));
    let policy = Policy::from_document(policy, None, &cache()).unwrap();
    cases::run(&read(cases), &policy, Some(&document)).unwrap()
}

/// What is printed of one case on [`POLICY`].
#[track_caller]
fn printed(case: &str) -> String {
    printed_of(report_of(POLICY, &format!("- name: n\n{case}")))
}

fn printed_of(report: Report) -> String {
    let tested = Tested {
        cases_file: "cases.yaml".into(),
        policy_file: "policy.yaml".into(),
        report,
    };
    let mut out = Vec::new();
    cases::write_results(&tested, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn passes(request: &str, state: &str, expect: &str) {
    let state = if state.is_empty() {
        String::new()
    } else {
        format!("  state: {{ {state} }}\n")
    };
    let case = format!("  request: {{ {request} }}\n{state}  expect: {{ {expect} }}\n");
    assert_eq!(printed(&case), "1 case passed\n", "{case}");
}

#[test]
fn fields_that_are_as_expected() {
    let pilot = format!("{BUY}, trade_type: pilot, target_notional: 500");
    for (request, state, expect) in [
        (
            format!("{BUY}, trade_type: auto, signal_score: 0.5, target_notional: 500"),
            "",
            "side: BUY, order_intent: pilot, reason: open_long, rule: open, position_effect: open, \
             position_side: long, reduce_only: false, quantity: 2, notional: 200.00, warnings: []",
        ),
        (
            pilot.clone(),
            "budgets: { exploration: { used: 60, reserved: 40, orders: 3 } }",
            "notional: 200, budget: { name: exploration, need: 200, used: 60, reserved: 40, \
             limit: 300, remaining: 200, orders: null, orders_limit: null }",
        ),
        (
            pilot.clone(),
            "budgets: [{ used: 100.000000000001 }]",
            "side: SKIP, reason: exploration_limit, quantity: null, notional: null, budget: { need: 200 }",
        ),
        (
            format!("{BUY}, target_notional: 99.999"),
            "",
            "quantity: 0.99, notional: 99.9990, budget: null",
        ),
        (
            "final_action: SELL, symbol: A/USDT, strategy: s, position: { side: long, quantity: 2 }, close_quantity: 3".into(),
            "",
            "quantity: 2, reduce_only: yes, warnings: [{ code: close_quantity_cut, field: close_quantity }]",
        ),
        (
            "final_action: CLOSE, symbol: A/USDT, strategy: s, position: { side: long, quantity: 2 }, prize: 3".into(),
            "trading_state: REDUCING",
            "side: SELL, warnings: [{ code: unknown_field }]",
        ),
        (
            BUY.into(),
            "",
            "error: { code: field_missing, message: \"`target_notional` is missing; the route needs it\" }",
        ),
        (
            format!("{BUY}, target_notional: 0.001"),
            "",
            "error: { code: below_step }",
        ),
        (
            "final_action: BUY, symbol: A/USDT, strategy: s".into(),
            "",
            "error: { code: position_missing }",
        ),
        (
            "final_action: HOLD, symbol: A/USDT, strategy: s, timestamp: yesterday".into(),
            "",
            "error: { code: bad_timestamp }",
        ),
        (
            "final_action: HOLD, symbol: A/USDT, strategy: s, signal_score: NaN".into(),
            "",
            "error: { code: not_finite }",
        ),
        (
            "final_action: SELL, symbol: A/USDT, strategy: s, position: { side: long, quantity: 1 }, sized: maybe".into(),
            "",
            "quantity: 1, warnings: [{ field: sized, code: wrong_type }]",
        ),
    ] {
        passes(&request, state, expect);
    }
}

#[test]
fn fields_that_differ_are_told_side_by_side() {
    assert_eq!(
        printed(&format!(
            "  request: {{ {BUY}, trade_type: pilot, target_notional: 500 }}
  state: {{ budgets: {{ exploration: {{ used: 100 }} }} }}
  expect: {{ side: SKIP, order_intent: pilot, notional: null, quantity: 2.01, budget: {{ remaining: 200.1 }}, warnings: [{{ code: x }}] }}
"
        )),
        r#"cases.yaml: line 1, column 3: `n` is not as expected
  field             expected  actual
  side              SKIP      BUY
  quantity          2.01      2
  notional          none      200
  budget.remaining  200.1     200
  warnings          1         0
  warnings.1.code   x         none
  {"request":{"final_action":"BUY","symbol":"A/USDT","strategy":"s","trade_type":"pilot","position":null,"price":"100","target_notional":"500"},"state":{"trading_state":"ACTIVE","budgets":[{"used":"100","reserved":"0","orders":0}]}}
0 cases passed, 1 failed
"#
    );
}

#[test]
fn what_is_decided_and_refused_the_other_way_round() {
    assert_eq!(
        printed(&format!(
            "  request: {{ {BUY} }}\n  expect: {{ side: BUY }}\n"
        )),
        r#"cases.yaml: line 1, column 3: `n` is not as expected
  field  expected  actual
  error  none      field_missing: `target_notional` is missing; the route needs it
  {"request":{"final_action":"BUY","symbol":"A/USDT","strategy":"s","trade_type":"normal","position":null,"price":"100"},"state":{"trading_state":"ACTIVE","budgets":[{"used":"0","reserved":"0","orders":0}]}}
0 cases passed, 1 failed
"#
    );
    assert_eq!(
        printed(&format!(
            "  request: {{ {BUY}, target_notional: 100 }}\n  expect: {{ error: {{ code: field_missing }} }}\n"
        )),
        r#"cases.yaml: line 1, column 3: `n` is not as expected
  field       expected       actual
  error.code  field_missing  none
  decision    none           BUY normal open_long by open
  {"request":{"final_action":"BUY","symbol":"A/USDT","strategy":"s","trade_type":"normal","position":null,"price":"100","target_notional":"100"},"state":{"trading_state":"ACTIVE","budgets":[{"used":"0","reserved":"0","orders":0}]}}
0 cases passed, 1 failed
"#
    );
    // A request that is none is shown as it was written.
    assert_eq!(
        printed("  request: { final_action: BUY }\n  expect: { error: { code: empty } }\n"),
        r#"cases.yaml: line 1, column 3: `n` is not as expected
  field       expected  actual
  error.code  empty     field_missing
  {"final_action":"BUY"}
0 cases passed, 1 failed
"#
    );
}

#[test]
fn a_policy_that_is_not_as_expected() {
    assert_eq!(
        printed(
            "  expect_policy: { budgets: { exploration: { limit: 3% of equity, per: week, zone: Europe/Berlin, scope: all }, second: {} }, tiers: { pilot: { size: 40% } }, symbols: { A/USDT: { step: 0.010, min_notional: 5 }, B/USDT: null } }\n"
        ),
        "cases.yaml: line 1, column 3: `n` is not as expected
  field                        expected       actual
  budgets.exploration.limit    3% of equity   300 USDT
  budgets.exploration.per      week           day
  budgets.exploration.zone     Europe/Berlin  UTC
  budgets.second               there          none
  symbols.A/USDT.min_notional  5              none
0 cases passed, 1 failed
"
    );
}

#[test]
fn a_state_of_another_policy() {
    assert_eq!(
        printed(&format!(
            "  request: {{ {BUY}, target_notional: 100 }}\n  state: {{ budgets: {{ explore: {{ used: 1 }} }} }}\n  expect: {{ side: BUY }}\n"
        )),
        r#"cases.yaml: line 1, column 3: `n` cannot be asked: line 3, column 23: there is no budget `explore`; write `exploration`
  {"final_action":"BUY","symbol":"A/USDT","strategy":"s","position":null,"price":100,"target_notional":100}
0 cases passed, 1 failed
"#
    );
}

/// Where a router would take the fail-safe's answer, a case has none.
#[test]
fn an_answer_that_no_router_takes_fails_the_case() {
    let hold = "final_action: HOLD, symbol: A/USDT, strategy: s";
    let close =
        "final_action: CLOSE, symbol: A/USDT, strategy: s, position: { side: long, quantity: 1 }";
    for (routes, request, what) in [
        (
            "  - open: { open: sized }\n",
            hold,
            "it has no route for the request",
        ),
        (
            "  - never: { skip: no_time }\n",
            close,
            "I12: skips a close of 1 with reason `no_time`",
        ),
    ] {
        let (head, _) = POLICY.split_once("routes:").unwrap();
        let report = report_of(
            &format!("{head}routes:\n{routes}"),
            &format!("- name: n\n  request: {{ {request} }}\n  expect: {{ side: SKIP }}\n"),
        );
        assert_eq!(
            report.results[0].failures,
            [Failure::Unanswered(what.into())]
        );
    }
}

#[test]
fn a_component_that_answers_otherwise_than_its_document() {
    let other = POLICY
        .replace("size: 40%", "size: 30%")
        .replace("skip: nothing_to_do", "skip: nothing");
    let policy = Policy::from_document(&other, None, &cache()).unwrap();
    let document = Document::parse(POLICY).unwrap();
    let cases = read(&format!(
        "- name: n
  request: {{ {BUY}, trade_type: pilot, target_notional: 500 }}
  expect: {{ notional: 150 }}
"
    ));
    let report = cases::run(&cases, &policy, Some(&document)).unwrap();
    let printed = printed_of(report);
    let (table, _) = printed.split_once("\n  {\"request\"").unwrap();
    assert_eq!(
        table,
        "cases.yaml: line 1, column 3: `n` is answered otherwise by the component than by the native engine
  field        native engine  component
  budget.need  200            150
  notional     200            150
  quantity     2              1.5"
    );
}

#[test]
fn natively_the_same_comes_out() {
    let document = Document::parse(support::DOCUMENT).unwrap();
    let policy = Policy::from_document(support::DOCUMENT, None, &cache()).unwrap();
    let cases = read(support::CASES);
    let native = cases::run_natively(&cases, document.table()).unwrap();
    let component = cases::run(&cases, &policy, Some(&document)).unwrap();
    assert_eq!(native.failed(), 0);
    assert_eq!(native.summary(), component.summary());
    let hits = |report: &Report| -> Vec<usize> {
        let rules = report.coverage.rules.iter();
        rules.map(|hits| hits.cases).collect()
    };
    assert_eq!(hits(&native), hits(&component));
    // And a table that is another one fails cases.
    let mut table = document.table().clone();
    table.tiers.swap(0, 1);
    assert!(cases::run_natively(&cases, &table).unwrap().failed() > 0);
}

#[test]
fn coverage_says_what_no_case_reaches_and_where() {
    let report = report_of(
        POLICY,
        &format!(
            "- name: a
  request: {{ {BUY}, trade_type: pilot, target_notional: 500 }}
  expect: {{ side: BUY }}
- name: b
  request: {{ final_action: CLOSE, symbol: A/USDT, strategy: s, position: {{ side: long, quantity: 0.09 }} }}
  expect: {{ side: BUY }}
"
        ),
    );
    let tested = Tested {
        cases_file: "cases.yaml".into(),
        policy_file: "policy.yaml".into(),
        report,
    };
    let mut out = Vec::new();
    cases::write_coverage(&tested, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "rules 2 of 8 (25 %)
     0  closing
     1  dust
     0  closed
     0  other
     0  no_exit
     0  short
     0  spent
     1  open
policy.yaml: line 12, column 5: the rule `closing` decides no case
policy.yaml: line 18, column 5: the rule `closed` decides no case
policy.yaml: line 19, column 5: the rule `other` decides no case
policy.yaml: line 20, column 5: the rule `no_exit` decides no case
policy.yaml: line 21, column 5: the rule `short` decides no case
policy.yaml: line 22, column 5: the rule `spent` decides no case
alternatives 1 of 2 (50 %)
policy.yaml: line 16, column 11: alternative 2 of 2 of the rule `dust` decides no case
tiers 1 of 2 (50 %), never: `explore`
reasons 2 of 10 (20 %), never: `already_closing`, `close_long`, `close_short`, `nothing_to_do`, `nothing_to_close`, `no_shorts`, `exploration_limit`, `open_short`
"
    );
}

#[test]
fn the_report_is_one_json_object() {
    let report = report_of(
        POLICY,
        &format!(
            "- name: n\n  request: {{ {BUY}, target_notional: 100 }}\n  expect: {{ side: SKIP }}\n"
        ),
    );
    let tested = Tested {
        cases_file: "cases.yaml".into(),
        policy_file: "policy.yaml".into(),
        report,
    };
    let json = |coverage| -> serde_json::Value {
        let mut out = Vec::new();
        cases::write_json(&tested, coverage, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    let without = json(false);
    assert_eq!(
        without["failures"][0]["wrong"],
        serde_json::json!([{
            "kind": "not_as_expected",
            "fields": [{ "field": "side", "expected": "SKIP", "actual": "BUY" }],
        }])
    );
    assert_eq!(
        (&without["passed"], &without["failed"]),
        (&0.into(), &1.into())
    );
    assert_eq!(without.get("coverage"), None);
    let with = json(true);
    assert_eq!(
        with["coverage"]["rules"]["cases"][7],
        serde_json::json!({ "name": "open", "line": 23, "column": 5, "cases": 1 })
    );
    assert_eq!(with["coverage"]["alternatives"]["hit"], 0);
    assert_eq!(with["coverage"]["tiers"]["percent"], 0);
}

const HOLD_CASE: &str = "- name: n
  request: { final_action: HOLD, symbol: A/USDT, strategy: s }
  expect: { reason: nothing_to_do }
";

#[track_caller]
fn tested(path: &Path) -> Result<Tested, TestError> {
    let cache = cache();
    let program = Compiler::child(env!("CARGO_BIN_EXE_execution-router"));
    let loader = Loader::new(&cache).compiler(program);
    cases::test(&Authored::open(path).unwrap(), loader)
}

#[test]
fn a_foreign_component_is_held_to_its_cases_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.wasm");
    let mut component = compose::compose(POLICY, Some(HOLD_CASE)).unwrap();
    // One section more, and no document composes to these bytes.
    CustomSection {
        name: "other".into(),
        data: b"x".as_slice().into(),
    }
    .append_to_component(&mut component);
    fs::write(&path, component).unwrap();
    let tested = tested(&path).unwrap();
    assert_eq!(tested.report.summary(), "1 case passed");
    let coverage = &tested.report.coverage;
    assert_eq!(coverage.alternatives, None);
    assert_eq!(coverage.rules[0].place, None);
    assert_eq!(coverage.rules_share().hit, 1);
    assert_eq!(tested.cases_file, format!("{}: cases.yaml", path.display()));
}

#[test]
fn policies_without_cases_and_with_broken_ones() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("policy.yaml");
    fs::write(&document, POLICY).unwrap();
    let error = tested(folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` has no cases: write them into a `cases.yaml` beside the policy document",
            document.display()
        )
    );
    let component = folder.path().join("policy.wasm");
    fs::write(&component, compose::compose(POLICY, None).unwrap()).unwrap();
    let error = tested(&component).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` has no cases: write them into a `cases.yaml` beside the policy document, and build it again",
            component.display()
        )
    );
    fs::write(folder.path().join("cases.yaml"), "- name: a\n").unwrap();
    let error = tested(folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the cases of `{}` have mistakes:\nline 1, column 3: the case expects nothing: write `request` and `expect`, or `expect_policy`",
            folder.path().join("cases.yaml").display()
        )
    );
}
