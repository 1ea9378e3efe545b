//! Mistakes of cases, each with its place and the right word.

use super::{CASES_MAX, Cases, of_the_reference, parsed};

#[track_caller]
fn refused(text: &str, message: &str) {
    match Cases::parse(text) {
        Ok(cases) => panic!("{cases:?}"),
        Err(findings) => assert_eq!(findings.to_string(), message, "{text}"),
    }
}

/// A case on a HOLD that expects this.
#[track_caller]
fn refused_expectation(expect: &str, message: &str) {
    let text = format!(
        "- name: n\n  request: {{ final_action: HOLD, symbol: A, strategy: s }}\n  expect: {expect}\n"
    );
    refused(&text, message);
}

/// A case on a HOLD that meets this.
#[track_caller]
fn refused_state(state: &str, message: &str) {
    let text = format!(
        "- name: n\n  request: {{ final_action: HOLD, symbol: A, strategy: s }}\n  state: {state}\n  expect: {{ side: SKIP }}\n"
    );
    refused(&text, message);
}

/// A case with this request, of which a decision is expected.
#[track_caller]
fn refused_request(request: &str, message: &str) {
    let text = format!("- name: n\n  request: {request}\n  expect: {{ side: SKIP }}\n");
    refused(&text, message);
}

#[track_caller]
fn refused_policy(about: &str, message: &str) {
    refused(&format!("- name: n\n  expect_policy: {about}\n"), message);
}

#[test]
fn files_that_are_no_cases() {
    for (text, message) in [
        ("", "line 1, column 1: the document is empty"),
        ("# nothing\n", "line 1, column 1: the document is empty"),
        (
            "[]\n",
            "line 1, column 1: there are no cases here: write one, `- name: …` with `request` and `expect` under it",
        ),
        (
            "name: n\n",
            "line 1, column 1: cases must be a list, `- name: …`, not a map",
        ),
        (
            "cases\n",
            "line 1, column 1: cases must be a list, `- name: …`, not `cases`",
        ),
        (
            "- hold\n",
            "line 1, column 3: a case must be a map, not `hold`",
        ),
        (
            "- name: a\n---\n- name: b\n",
            "line 2, column 1: a second document begins here; a file holds one",
        ),
        (
            "- &a { name: b }\n",
            "line 1, column 3: anchors and aliases are not used here; quote a name that begins with `*` or `&`",
        ),
        (
            "- { name: a, name: b }\n",
            "line 1, column 14: the key `name` stands twice, first in line 1",
        ),
    ] {
        refused(text, message);
    }
}

#[test]
fn cases_that_are_none() {
    let asks = "request: { final_action: HOLD, symbol: A, strategy: s }, expect: { side: SKIP }";
    for (text, message) in [
        (
            format!("- {{ {asks} }}\n"),
            "line 1, column 3: the case has no `name`",
        ),
        (
            format!("- {{ name: , {asks} }}\n"),
            "line 1, column 5: `name` has no value",
        ),
        (
            format!("- {{ name: \"\", {asks} }}\n"),
            "line 1, column 11: a case's name must have 1 to 160 bytes",
        ),
        (
            format!("- {{ name: {}, {asks} }}\n", "x".repeat(161)),
            "line 1, column 11: a case's name must have 1 to 160 bytes",
        ),
        (
            format!("- {{ name: \"a\\tb\", {asks} }}\n"),
            "line 1, column 11: the name `a\\tb` has a control character",
        ),
        (
            format!("- {{ name: a, {asks} }}\n- {{ name: b, {asks} }}\n- {{ name: a, {asks} }}\n"),
            "line 3, column 11: the case `a` stands twice, first in line 1",
        ),
        (
            format!("- {{ name: a, expects: {{}}, {asks} }}\n"),
            "line 1, column 14: unknown key `expects`; did you mean `expect`?",
        ),
        (
            "- name: a\n".into(),
            "line 1, column 3: the case expects nothing: write `request` and `expect`, or `expect_policy`",
        ),
        (
            "- { name: a, state: { trading_state: HALTED } }\n".into(),
            "line 1, column 14: a `state` needs a `request` that meets it",
        ),
        (
            "- { name: a, request: { final_action: HOLD } }\n".into(),
            "line 1, column 3: the case has a `request` and no `expect`",
        ),
        (
            "- { name: a, expect: { side: SKIP } }\n".into(),
            "line 1, column 3: the case has an `expect` and no `request`",
        ),
    ] {
        refused(&text, message);
    }
}

#[test]
fn there_is_a_most_of_cases() {
    let cases = |count: usize| -> String {
        (0..count)
            .map(|number| format!("- {{ name: c{number}, expect_policy: {{ name: p }} }}\n"))
            .collect()
    };
    assert_eq!(parsed(&cases(CASES_MAX)).len(), CASES_MAX);
    refused(
        &cases(CASES_MAX + 1),
        "line 8193, column 3: 8193 cases, and at most 8192 are allowed",
    );
}

#[test]
fn requests_that_no_decision_can_follow() {
    for (request, message) in [
        (
            "hold",
            "line 2, column 12: `request` must be a map, not `hold`",
        ),
        (
            "",
            "line 2, column 3: `request` must be a map, and nothing stands here",
        ),
        (
            "{ final_action: BUY, symbol: A, strategy: s }",
            "line 2, column 12: `position` is missing; BUY, SELL and CLOSE need it, and `null` says flat",
        ),
        (
            "{ final_action: HOLD, symbol: A, strategy: s, prize: 5 }",
            "line 2, column 58: `prize` is no field of a request; did you mean `price`",
        ),
        (
            "{ final_action: HOLD, symbol: A, strategy: s, price: -5 }",
            "line 2, column 65: `price` is `-5`; it must be a decimal above 0",
        ),
        (
            "{ final_action: HOLD, symbol: A, strategy: s, price: .5 }",
            "line 2, column 65: `price` is `\".5\"`; it must be a decimal above 0",
        ),
        (
            "{ final_action: CLOSE, symbol: A, strategy: s, position: { side: lnog, quantity: 1 } }",
            "line 2, column 77: `position.side` is `\"lnog\"`; it must be `long` or `short`",
        ),
        (
            "{ final_action: HOLD, symbol: 5, strategy: s }",
            "line 2, column 42: `symbol` is `5`; it must be a string of 1 to 64 bytes",
        ),
        // A close drops what is wrong with it, which a case must not do unawares.
        (
            "{ final_action: CLOSE, symbol: A, strategy: s, position: { side: long, quantity: 1 }, close_quantiy: 5 }",
            "line 2, column 98: `close_quantiy` is no field of a request; did you mean `close_quantity`; a close goes out without it: mend it, or expect the `warnings`",
        ),
    ] {
        refused_request(request, message);
    }
}

#[test]
fn states_that_cannot_be() {
    for (state, message) in [
        (
            "",
            "line 3, column 3: `state` must be a map, and nothing stands here",
        ),
        (
            "{}",
            "line 3, column 10: `state` is empty: leave it out, or say what holds",
        ),
        (
            "{ trading_state: HALT }",
            "line 3, column 27: `trading_state` cannot be `HALT`; the words here are `ACTIVE`, `REDUCING`, `HALTED`",
        ),
        (
            "{ state: HALTED }",
            "line 3, column 12: unknown key `state`; did you mean `trading_state`?",
        ),
        (
            "{ budgets: 5 }",
            "line 3, column 21: `budgets` must be a map of budgets, or a list of one for each, not `5`",
        ),
        (
            "{ budgets: [5] }",
            "line 3, column 22: the use of a budget must be a map, not `5`",
        ),
        (
            "{ budgets: { a: { usd: 5 } } }",
            "line 3, column 28: unknown key `usd`; did you mean `used`?",
        ),
        (
            "{ budgets: { a: { used: -5 } } }",
            "line 3, column 34: `-5` is negative",
        ),
        (
            "{ budgets: { a: { orders: 1.5 } } }",
            "line 3, column 36: `orders` must be a whole number up to 4294967295, not `1.5`",
        ),
        (
            "{ budgets: { a: } }",
            "line 3, column 23: `a` must be a map, and nothing stands here",
        ),
        (
            "{ budgets: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}] }",
            "line 3, column 21: 16 budgets, and at most 15 are allowed",
        ),
    ] {
        refused_state(state, message);
    }
}

#[test]
fn expectations_that_cannot_hold() {
    for (expect, message) in [
        (
            "",
            "line 3, column 3: `expect` is empty: name at least one field of the decision",
        ),
        (
            "{}",
            "line 3, column 11: `expect` is empty: name at least one field of the decision",
        ),
        (
            "SKIP",
            "line 3, column 11: `expect` must be a map, not `SKIP`",
        ),
        (
            "{ sides: SKIP }",
            "line 3, column 13: unknown key `sides`; did you mean `side`?",
        ),
        (
            "{ budgets: null }",
            "line 3, column 13: unknown key `budgets`; did you mean `budget`?",
        ),
        (
            "{ side: BYU }",
            "line 3, column 19: `side` cannot be `BYU`; the words here are `BUY`, `SELL`, `SKIP`",
        ),
        ("{ side: }", "line 3, column 13: `side` has no value"),
        ("{ rule: null }", "line 3, column 13: `rule` has no value"),
        (
            "{ order_intent: exploration }",
            "line 3, column 27: `order_intent` cannot be `exploration`; the words here are `normal`, `pilot`, `explore`, `exit`, `risk`",
        ),
        (
            "{ reduce_only: maybe }",
            "line 3, column 26: `reduce_only` cannot be `maybe`; the words here are `yes`, `no`, `true`, `false`",
        ),
        (
            "{ quantity: a lot }",
            "line 3, column 23: `a lot` is not a decimal",
        ),
        (
            "{ budget: 300 }",
            "line 3, column 21: `budget` must be a map, not `300`",
        ),
        (
            "{ budget: {} }",
            "line 3, column 21: `budget` is empty: name what is expected of it, or `null` for none",
        ),
        (
            "{ budget: { limits: 5 } }",
            "line 3, column 23: unknown key `limits`; did you mean `limit`?",
        ),
        (
            "{ budget: { need: null } }",
            "line 3, column 23: `need` has no value",
        ),
        (
            "{ warnings: none }",
            "line 3, column 23: `warnings` must be a list of `{ code: … }`, not `none`",
        ),
        (
            "{ reservation: R1 }",
            "line 3, column 13: `reservation` is not compared: it repeats the request or is the router's, not the policy's",
        ),
        (
            "{ side: SKIP, error: { code: empty } }",
            "line 3, column 25: a refused request has no decision: `error` stands alone",
        ),
        (
            "{ error: {} }",
            "line 3, column 20: `error` is empty: name the `code`, such as `field_missing`",
        ),
        (
            "{ error: { code: field_mising } }",
            "line 3, column 28: `code` cannot be `field_mising`; did you mean `field_missing`?",
        ),
    ] {
        refused_expectation(expect, message);
    }
}

#[test]
fn expectations_of_a_policy_that_cannot_hold() {
    for (about, message) in [
        (
            "",
            "line 2, column 3: `expect_policy` must be a map, and nothing stands here",
        ),
        (
            "{}",
            "line 2, column 18: `expect_policy` is empty: name a budget, a tier or a symbol",
        ),
        (
            "{ budget: {} }",
            "line 2, column 20: unknown key `budget`; did you mean `budgets`?",
        ),
        (
            "{ budgets: all }",
            "line 2, column 29: `budgets` must be a map of names, not `all`",
        ),
        (
            "{ budgets: { a: { per: daily } } }",
            "line 2, column 41: `per` cannot be `daily`; did you mean `day`?",
        ),
        (
            "{ budgets: { a: { zone: Europe/Berln } } }",
            "line 2, column 42: there is no time zone `Europe/Berln`; did you mean `Europe/Berlin`?",
        ),
        (
            "{ budgets: { a: { limit: 3 } } }",
            "line 2, column 43: `3` is neither a percentage nor an amount: write `3% of equity` or `3 USDT`",
        ),
        (
            "{ tiers: { a: { size: 0.4 } } }",
            "line 2, column 40: `size` is in percent: write `40%`, not `0.4`",
        ),
        (
            "{ tiers: { a: { score: 0.4 } } }",
            "line 2, column 34: unknown key `score`; the keys here are `intent`, `size`, `budget`",
        ),
        (
            "{ symbols: { A: { allow_short: yes } } }",
            "line 2, column 36: unknown key `allow_short`; the keys here are `shortable`, `step`, `min_quantity`, `min_notional`",
        ),
    ] {
        refused_policy(about, message);
    }
}

#[test]
fn the_mistakes_of_the_reference_are_what_is_said() {
    let text = "- name: symbols
  request: { final_action: HOLD, symbol: 7, strategy: trend }
  expect: { reason: hold_signal }
- request: { final_action: HOLD, symbol: BTC/USDT, strategy: trend }
  expect: { reasn: hold_signal }
- name: hold
  request: { final_action: HOLD, symbol: BTC/USDT, strategy: trend }
  expect: { side: BYU }
- { name: hold, request: { final_action: HOLD, symbol: A, strategy: s }, expect: { side: SKIP } }
";
    let told = of_the_reference("\n## Cases\n", "```text\n");
    let told: Vec<_> = told
        .lines()
        .map(|line| line.strip_prefix("cases.yaml: ").unwrap())
        .collect();
    refused(text, &told.join("\n"));
}
