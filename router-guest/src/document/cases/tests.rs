//! The form of cases: what is read, digit for digit, and every mistake with its place.

mod refused;

use super::*;
use crate::amount::Amount;
use crate::manifest::{BudgetInfo, Scope, Window};
use crate::state::BudgetUse;

#[track_caller]
fn parsed(text: &str) -> Vec<Case> {
    match Cases::parse(text) {
        Ok(cases) => cases.cases,
        Err(findings) => panic!("{findings}\nin\n{text}"),
    }
}

#[track_caller]
fn asked(text: &str) -> Question {
    let [case] = <[Case; 1]>::try_from(parsed(text)).unwrap();
    case.question.unwrap()
}

/// A case with this `request`, and the line of JSON that it becomes.
#[track_caller]
fn request(yaml: &str) -> String {
    asked(&format!(
        "- name: n\n  request: {yaml}\n  expect: {{ error: {{ code: empty }} }}\n"
    ))
    .request
}

/// A case that expects this, and its expectations as `field = value`.
#[track_caller]
fn expected(yaml: &str) -> Vec<String> {
    let hold = "{ final_action: HOLD, symbol: A, strategy: s }";
    let question = asked(&format!("- name: n\n  request: {hold}\n  expect: {yaml}\n"));
    shown(&question.expected)
}

fn shown(expected: &[Expectation]) -> Vec<String> {
    expected
        .iter()
        .map(|expected| format!("{} = {}", expected.field, expected.value))
        .collect()
}

#[test]
fn a_request_becomes_json_digit_for_digit() {
    for (yaml, json) in [
        ("{ price: 0.29 }", r#"{"price":0.29}"#),
        ("{ price: 0.290 }", r#"{"price":0.290}"#),
        ("{ price: \"0.290\" }", r#"{"price":"0.290"}"#),
        (
            "{ price: 1234567890123456789.0123456789 }",
            r#"{"price":1234567890123456789.0123456789}"#,
        ),
        ("{ price: 1e-12 }", r#"{"price":1e-12}"#),
        ("{ price: -1.5E+3 }", r#"{"price":-1.5E+3}"#),
        ("{ price: 0 }", r#"{"price":0}"#),
        // What is no number of JSON is text, and left to whoever reads the line.
        ("{ price: .5 }", r#"{"price":".5"}"#),
        ("{ price: 5. }", r#"{"price":"5."}"#),
        ("{ price: 007 }", r#"{"price":"007"}"#),
        ("{ price: +5 }", r#"{"price":"+5"}"#),
        ("{ price: 1_000 }", r#"{"price":"1_000"}"#),
        ("{ price: 0x10 }", r#"{"price":"0x10"}"#),
        ("{ price: 1e }", r#"{"price":"1e"}"#),
        ("{ price: -x }", r#"{"price":"-x"}"#),
        ("{ signal_score: NaN }", r#"{"signal_score":NaN}"#),
        (
            "{ signal_score: -Infinity }",
            r#"{"signal_score":-Infinity}"#,
        ),
        ("{ sized: true }", r#"{"sized":true}"#),
        ("{ sized: \"true\" }", r#"{"sized":"true"}"#),
        ("{ sized: yes }", r#"{"sized":"yes"}"#),
        ("{ position: null }", r#"{"position":null}"#),
        ("{ position: }", r#"{"position":null}"#),
        ("{ position: \"null\" }", r#"{"position":"null"}"#),
        (
            "{ tags: { a: [1, x] }, symbol: 'a\"b' }",
            r#"{"tags":{"a":[1,"x"]},"symbol":"a\"b"}"#,
        ),
        ("{}", "{}"),
    ] {
        assert_eq!(request(yaml), json, "{yaml}");
    }
}

#[test]
fn expectations_are_flat_fields() {
    for (yaml, fields) in [
        (
            "{ side: SKIP, order_intent: explore, reason: a_b, rule: c-d }",
            &[
                "side = SKIP",
                "order_intent = explore",
                "reason = a_b",
                "rule = c-d",
            ][..],
        ),
        (
            "{ position_effect: none, position_side: null, reduce_only: no }",
            &[
                "position_effect = none",
                "position_side = none",
                "reduce_only = false",
            ],
        ),
        (
            "{ quantity: 0.10, notional: null }",
            &["quantity = 0.1", "notional = none"],
        ),
        ("{ budget: null }", &["budget = none"]),
        (
            "{ budget: { limit: 300, orders: null, orders_limit: 3 } }",
            &[
                "budget.limit = 300",
                "budget.orders = none",
                "budget.orders_limit = 3",
            ],
        ),
        ("{ warnings: [] }", &["warnings = 0"]),
        (
            "{ warnings: [{ code: a }, { field: b, message: c d }] }",
            &[
                "warnings = 2",
                "warnings.1.code = a",
                "warnings.2.field = b",
                "warnings.2.message = c d",
            ],
        ),
        (
            "{ error: { code: field_missing } }",
            &["error.code = field_missing"],
        ),
        (
            "{ error: { code: below_step, message: no } }",
            &["error.code = below_step", "error.message = no"],
        ),
    ] {
        assert_eq!(expected(yaml), fields, "{yaml}");
    }
}

#[test]
fn decimals_are_compared_by_value() {
    let value = |text: &str| Value::Amount(text.parse::<Amount>().unwrap());
    assert_eq!(value("0.10"), value("0.1"));
    assert_ne!(value("0.1"), value("0.1000000000000000000000000001"));
}

#[test]
fn what_is_said_of_a_policy_is_in_the_words_of_documents() {
    let [case] = <[Case; 1]>::try_from(parsed(
        "- name: n
  expect_policy:
    name: p
    budgets:
      a: { limit: [500 USDT, 3 % of equity], orders: null, per: rolling 24h, zone: UTC, scope: symbol }
      b: { limit: 500.0 EUR, per: week }
      c: null
    tiers: { t: { intent: pilot, size: 40%, budget: a }, u: {} }
    symbols: { A/B: { shortable: yes, step: 0.10, min_quantity: null } }
",
    ))
    .unwrap();
    assert_eq!(case.question, None);
    assert_eq!(
        shown(&case.about_policy),
        [
            "name = p",
            "budgets.a = there",
            "budgets.a.limit = 3% of equity and 500 USDT",
            "budgets.a.orders = none",
            "budgets.a.per = rolling 86400s",
            "budgets.a.zone = UTC",
            "budgets.a.scope = symbol",
            "budgets.b = there",
            "budgets.b.limit = 500 EUR",
            "budgets.b.per = week",
            "budgets.c = none",
            "tiers.t = there",
            "tiers.t.intent = pilot",
            "tiers.t.size = 40%",
            "tiers.t.budget = a",
            "tiers.u = there",
            "symbols.A/B = there",
            "symbols.A/B.shortable = true",
            "symbols.A/B.step = 0.1",
            "symbols.A/B.min_quantity = none",
        ]
    );
}

/// Every expectation of a policy that can be written has its like in what a manifest says.
#[test]
fn a_manifest_says_whatever_can_be_asked_of_it() {
    let document =
        crate::document::Document::parse(include_str!("../../../../policies/cautious/policy.yaml"))
            .unwrap();
    let manifest = document.table().manifest();
    let said: BTreeMap<_, _> = said(&manifest).into_iter().collect();
    let text = include_str!("../../../../policies/cautious/cases.yaml");
    let cases = parsed(text);
    let about: Vec<_> = cases.iter().flat_map(|case| &case.about_policy).collect();
    assert!(about.len() > 25, "{}", about.len());
    for expected in about {
        let found = said.get(&expected.field).unwrap_or(&Value::Absent);
        assert_eq!(*found, expected.value, "{}", expected.field);
    }
}

fn budget(name: &str) -> BudgetInfo {
    BudgetInfo {
        name: name.into(),
        amount: Some(Amount::ONE),
        percent: None,
        orders: None,
        window: Window::None,
        zone: "UTC".into(),
        scope: Scope::All,
    }
}

fn uses(state: &str) -> Result<Vec<BudgetUse>, String> {
    asked(&format!(
        "- name: n\n  request: {{ final_action: HOLD, symbol: A, strategy: s }}\n  state: {state}\n  expect: {{ side: SKIP }}\n"
    ))
    .uses
    .of(&[budget("exploration"), budget("second")])
}

#[test]
fn budgets_are_used_in_order_or_by_name() {
    let spent = |used: &str, reserved: &str, orders| BudgetUse {
        used: used.parse().unwrap(),
        reserved: reserved.parse().unwrap(),
        orders,
    };
    let nothing = BudgetUse::default();
    for (state, expected) in [
        ("{ trading_state: HALTED }", [nothing, nothing]),
        (
            "{ budgets: { second: { used: 0.1, orders: 2 } } }",
            [nothing, spent("0.1", "0", 2)],
        ),
        (
            "{ budgets: { second: { reserved: \"50\" }, exploration: {} } }",
            [nothing, spent("0", "50", 0)],
        ),
        (
            "{ budgets: [{ used: 100, reserved: 50, orders: 1 }, {}] }",
            [spent("100", "50", 1), nothing],
        ),
    ] {
        assert_eq!(uses(state), Ok(expected.to_vec()), "{state}");
    }
    for (state, message) in [
        (
            "{ budgets: [{ used: 1 }] }",
            "`budgets` has 1 entries, and the policy has 2: one for each, in its order",
        ),
        (
            "{ budgets: { exploratoin: { used: 1 } } }",
            "line 3, column 23: there is no budget `exploratoin`; did you mean `exploration`?",
        ),
        (
            "{ budgets: { other: {} } }",
            "line 3, column 23: there is no budget `other`; the policy has `exploration`, `second`",
        ),
    ] {
        assert_eq!(uses(state), Err(message.to_owned()), "{state}");
    }
}

#[test]
fn what_a_close_drops_can_be_expected() {
    let question = asked(
        "- name: n
  request: { final_action: CLOSE, symbol: A, strategy: s, position: { side: long, quantity: 1 }, prize: 5 }
  expect: { warnings: [{ code: unknown_field }] }
",
    );
    assert_eq!(question.expected.len(), 2);
}

#[test]
fn the_cases_that_are_shipped_are_read() {
    for text in [
        include_str!("../../../../policies/default/cases.yaml"),
        include_str!("../../../../policies/long-short/cases.yaml"),
        include_str!("../../../../policies/cautious/cases.yaml"),
        include_str!("../../../../policies/close-only/cases.yaml"),
    ] {
        assert!(parsed(text).len() > 100);
    }
}

/// What stands in a fenced block behind this heading of the language's reference.
fn of_the_reference<'a>(heading: &str, fence: &str) -> &'a str {
    let reference = include_str!("../../../README.md");
    let (_, behind) = reference.split_once(heading).unwrap();
    let (_, behind) = behind.split_once(fence).unwrap();
    behind.split_once("```").unwrap().0
}

#[test]
fn the_example_of_the_reference_is_read() {
    let cases = parsed(of_the_reference("\n## Cases\n", "```yaml\n"));
    assert_eq!(cases.len(), 3);
}

/// Whoever edits a file sends half of it at some time.
#[test]
fn every_prefix_is_read_without_panic() {
    let text = include_str!("../../../../policies/close-only/cases.yaml");
    for (end, _) in text.char_indices().step_by(97) {
        let _ = Cases::parse(text.get(..end).unwrap());
    }
}
