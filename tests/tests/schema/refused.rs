//! What the reader refuses: by the schema too, or listed as beyond a schema.

use conformance::run;
use router_guest::document::{DOCUMENT_BYTES_MAX, Document};
use serde_json::Value;

use super::yaml::{self, Scalars};
use super::{BASE, changed, conditional, judged, schema, validator};

/// How scalars are read where both must refuse. By the old rule, `on` is a boolean, and no
/// schema can tell it from `yes`.
const READINGS: [Scalars; 2] = [Scalars::Core, Scalars::Texts];

#[track_caller]
fn refused_by_the_reader(text: &str) {
    assert!(Document::parse(text).is_err(), "the reader takes\n{text}");
}

/// Neither takes any of the documents.
#[track_caller]
fn refused(documents: &[String]) {
    for text in documents {
        refused_by_the_reader(text);
    }
    for scalars in READINGS {
        for (text, said) in documents.iter().zip(judged(documents, scalars)) {
            assert_ne!(said, "", "{scalars:?}, of\n{text}");
        }
    }
}

/// The schema takes what the reader refuses: it cannot know better.
#[track_caller]
fn beyond_a_schema(documents: &[String]) {
    for text in documents {
        refused_by_the_reader(text);
    }
    for (text, said) in documents.iter().zip(judged(documents, Scalars::Core)) {
        assert_eq!(said, "", "no longer beyond the schema:\n{text}");
    }
}

#[test]
fn keys_that_are_none() {
    refused(&[
        changed("routes:", "rout:"),
        changed("risk: {", "risks: {"),
        changed("short_enabled", "shorts_enabled"),
        changed("allow_short", "alow_short"),
        changed("min_quantity: 0.1", "min_qty: 0.1"),
        changed("confidence: 0.1", "confidense: 0.1"),
        changed("orders: 9", "order: 9"),
        changed("waits", "waits, then: more"),
        changed("open: sized", "opens: sized"),
        conditional("{ closeable: yes }"),
        conditional("{ dust: no, side: BUY }"),
        conditional("{ state: { nor: [HALTED] } }"),
        conditional("{ state: { not: HALTED, or: ACTIVE } }"),
    ]);
}

#[test]
fn keys_that_are_missing() {
    let without = |part: &str| changed(part, "");
    refused(&[
        without("name: base\n"),
        without("version: 1\n"),
        without("account_currency: USDT\n"),
        BASE.split_once("routes:").unwrap().0.to_owned(),
        without("limit: 3% of equity, orders: 9, "),
        without("per: day, "),
        changed("normal: { score", "good: { score"),
        BASE.replacen(", budget: exploration", "", 1),
        changed("waits", "~"),
        changed(", skip: waits", ""),
        changed("{ open: sized }", "{}"),
        conditional("{}"),
        conditional("[]"),
        conditional("~"),
        conditional("[ {} ]"),
        conditional("{ state: {} }"),
        conditional("{ state: [] }"),
        conditional("{ state: { not: [] } }"),
    ]);
}

#[test]
fn keys_that_cannot_stand_together() {
    refused(&[
        changed("waits", "waits, close: position"),
        changed("open: sized", "open: sized, skip: x"),
        changed("waits", "waits, reason: other"),
        changed("normal: { ", "normal: { budget: exploration, "),
        changed("pilot: { score", "pilot: { intent: normal, score"),
        changed("normal: { ", "normal: { intent: pilot, "),
        changed("- first: {", "- second: { skip: x }\n    first: {"),
        changed("{ when: { dust: no }, skip: waits }", "{ skip: waits }"),
        changed("{ open: sized }", "{ when: { dust: no }, open: sized }"),
    ]);
}

#[test]
fn values_of_another_type() {
    refused(&[
        "- a\n- b\n".into(),
        "just words\n".into(),
        changed("{ short_enabled: no }", "yes"),
        changed("name: base", "name: [base]"),
        changed("name: base", "name:"),
        changed("version: 1", "version: { major: 1 }"),
        changed(
            "BTC/USDT: { allow_short: no, step: 0.01, min_quantity: 0.1, min_notional: 5 }",
            "BTC/USDT:",
        ),
        changed("  BTC/USDT: {", "  - BTC/USDT: {"),
        changed(
            "{ score: 0.65, risk_reward: 1.3, confidence: 0.1, size: 100% }",
            "0.65",
        ),
        changed("score: 0.65", "score: [0.65]"),
        changed("score: 0.65", "score: high"),
        changed("orders: 9", "orders: [9]"),
        changed("orders: 9", "orders: 2.5"),
        changed("orders: 9", "orders: -1"),
        changed("orders: 9", "orders: 4294967296"),
        changed("orders: 9", "orders: '4294967296'"),
        changed("waits", "[waits]"),
        changed("waits", "7"),
        conditional("{ dust: [yes] }"),
        conditional("{ dust: 1 }"),
        conditional("{ state: 1 }"),
        conditional("{ state: [[HALTED]] }"),
        conditional("{ state: [HALTED, ~] }"),
        conditional("{ symbol: { name: x } }"),
        conditional("dust"),
        conditional("{ price: 5 }"),
        conditional("{ confidence: 0.5 }"),
        format!(
            "{}routes: {{ a: {{ skip: x }} }}\n",
            BASE.split_once("routes:").unwrap().0
        ),
        format!("{}routes: []\n", BASE.split_once("routes:").unwrap().0),
        format!(
            "{}routes: [ skip ]\n",
            BASE.split_once("routes:").unwrap().0
        ),
    ]);
}

#[test]
fn words_that_are_none() {
    refused(&[
        changed("account_currency: USDT", "account_currency: usdt"),
        changed("account_currency: USDT", "account_currency: US-D"),
        changed("short_enabled: no", "short_enabled: off"),
        changed("short_enabled: no", "short_enabled: 'No'"),
        changed("normal: { ", "normal: { intent: exploration, "),
        changed("per: day", "per: daily"),
        changed("per: day", "per: 24h"),
        changed("per: day", "per: rolling"),
        changed("per: day", "per: rolling 24"),
        changed("per: day", "per: rolling 1.5h"),
        changed("per: day", "per: rolling 0h"),
        changed("per: day", "per: rolling 367d"),
        changed("per: day", "per: rolling 8785h"),
        changed("per: day", "per: rolling 31622401s"),
        changed("zone: UTC", "zone: Europe/Berln"),
        changed("zone: UTC", "zone: utc"),
        changed("scope: all", "scope: each"),
        changed("close: position", "close: all"),
        changed("open: sized", "open: full"),
        conditional("{ state: HALT }"),
        conditional("{ state: halted }"),
        conditional("{ state: [HALTED, not ACTIVE] }"),
        conditional("{ action: [BUY, UNKNOWN] }"),
        conditional("{ type: not exits }"),
        conditional("{ position: opposed }"),
        conditional("{ budget: empty }"),
        conditional("{ dust: maybe }"),
        conditional("{ tier: Pilot }"),
        conditional(
            "{ state: not [HALTED] }"
                .replace("not [HALTED]", "'not [HALTED]'")
                .as_str(),
        ),
        conditional("{ symbol: 'not [a]' }"),
        conditional("{ symbol: not * }"),
        conditional("{ symbol: { not: ['**'] } }"),
        conditional("{ symbol: '' }"),
        conditional("{ symbol: [a, a] }"),
        conditional("{ type: { not: [risk, risk] } }"),
    ]);
}

#[test]
fn names_that_are_none() {
    let long = "x".repeat(65);
    refused(&[
        changed("name: base", "name: ''"),
        changed("name: base", &format!("name: {long}")),
        changed("name: base", "name: \"a\\tb\""),
        changed("BTC/USDT:", &format!("{long}:")),
        changed("BTC/USDT:", "\"a\\u0085\":"),
        changed("waits", "Low Confidence"),
        changed("waits", &long),
        changed("waits", "1st"),
        changed("- first:", "- First:"),
        changed("normal: { ", "none: { intent: normal, "),
        changed("normal: { ", "Normal: { intent: normal, "),
        BASE.replace("exploration", "Exploration"),
        conditional(&format!("{{ symbol: {long} }}")),
        conditional(&format!("{{ symbol: not {long} }}")),
    ]);
}

#[test]
fn amounts_that_are_none() {
    let mut documents = Vec::new();
    for number in [
        "0", "-1", "0.0e3", "abc", "'1,5'", "'.5'", "1_000", "\"\"", "~",
    ] {
        documents.push(changed(
            "min_notional: 5",
            &format!("min_notional: {number}"),
        ));
    }
    for score in ["-0.1", "'-0.1'", "0.65%", "'.5'", "'5.'", "'1e'"] {
        documents.push(changed("score: 0.65", &format!("score: {score}")));
    }
    for size in [
        "0.4", "40", "1", "0%", "0.0%", "100.5%", "101%", "140%", "-4%", "4 0%", "half",
    ] {
        documents.push(changed("size: 40%", &format!("size: {size}")));
    }
    for limit in [
        "3",
        "0.03",
        "3%",
        "3% of balance",
        "of equity",
        "-3% of equity",
        "500",
        "500USDT",
        "500 usdt",
        "USDT",
        "[]",
        "[500]",
        "[3% of equity, 4% of equity]",
        "[3 USDT, 4 USDT]",
        "[3% of equity, 4 USDT, 5 USDT]",
        "{ percent: 3 }",
    ] {
        documents.push(changed("limit: 3% of equity", &format!("limit: {limit}")));
    }
    refused(&documents);
}

#[test]
fn tests_of_numbers_that_are_none() {
    let score_tests = [
        "\"= 0.5\"",
        "\"0.5\"",
        "\">= \"",
        "\">= high\"",
        "\">= .5\"",
        "\"> 1 < 2\"",
        "\"> 1 and > 2\"",
        "\"> 1 and\"",
        "\"1 ..\"",
        "\".. 1\"",
        "\"1 ... 2\"",
        "\"1 .. 2 .. 3\"",
        "\"> 1 or < 0\"",
        "missing",
        "[absent]",
        "\">= 5.\"",
    ];
    let tests = score_tests
        .iter()
        .map(|test| conditional(&format!("{{ signal_score: {test} }}")));
    let amounts = [
        conditional("{ price: \">= -1\" }"),
        conditional("{ position_quantity: absent }"),
        conditional("{ closable_quantity: absent }"),
        conditional("{ working_opening: absent }"),
        conditional("{ working_closing: absent }"),
    ];
    refused(&tests.chain(amounts).collect::<Vec<_>>());
}

#[test]
fn too_much_of_something() {
    let many = |count: usize, one: fn(usize) -> String| (0..count).map(one).collect::<String>();
    let tiers = many(13, |at| format!("  t{at}: {{ intent: normal }}\n"));
    let budgets = many(15, |at| format!("  b{at}: {{ orders: 1, per: day }}\n"));
    let symbols = many(8192, |at| format!("  s{at}: {{}}\n"));
    let routes = many(8189, |at| {
        format!("  - r{at}: {{ when: {{ dust: no }}, skip: x }}\n")
    });
    refused(&[
        changed("budgets:\n", &format!("{tiers}budgets:\n")),
        changed("routes:\n", &format!("{budgets}routes:\n")),
        changed("tiers:\n", &format!("{symbols}tiers:\n")),
        changed("routes:\n", &format!("routes:\n{routes}")),
    ]);
}

/// The list in `router-guest/README.md`.
#[test]
fn what_is_beyond_a_schema() {
    let routes = |last: &str| changed("  - last: { open: sized }\n", last);
    beyond_a_schema(&[
        // Names that must stand elsewhere in the document, or must not.
        changed("size: 40%, budget: exploration", "size: 40%, budget: other"),
        conditional("{ tier: other }"),
        changed("- close:", "- first:"),
        changed("limit: 3% of equity", "limit: 500 EUR"),
        // The order of routes.
        routes("  - last: { open: sized }\n  - after: { when: { dust: no }, skip: x }\n"),
        // Openings without tiers of the intents that must be charged.
        changed(
            "  pilot: { score: 0.55, size: 40%, budget: exploration }\n",
            "",
        ),
        // Values compared with each other.
        changed("min_quantity: 0.1", "min_quantity: 0.015"),
        conditional("{ price: 5 .. 1 }"),
        conditional("{ price: \"< 0\" }"),
        // Conditions that never hold.
        conditional("{ position: flat, dust: yes }"),
        conditional("{ position: same, action: HOLD }"),
        conditional("{ type: exit, budget: exhausted }"),
        conditional("{ state: { not: [ACTIVE, REDUCING, HALTED] } }"),
        // Digits and bytes.
        changed(
            "min_notional: 5",
            "min_notional: 0.00000000000000000000000000001",
        ),
        changed("size: 40%", "size: 40.00000000000000000000000000001%"),
        changed("name: base", &format!("name: {}", "é".repeat(40))),
        // How a scalar was written, once it is a number or a boolean.
        changed("min_notional: 5", "min_notional: .5"),
        changed("orders: 9", "orders: 9.0"),
        changed("orders: 9", "orders: +9"),
        changed("short_enabled: no", "short_enabled: True"),
        // YAML itself.
        changed("name: base", "name: &a base"),
        changed("name: base", "name: !!str base"),
        format!("{BASE}---\n{BASE}"),
        format!("{BASE}#{}\n", "x".repeat(DOCUMENT_BYTES_MAX)),
    ]);
    // The editor's YAML says it instead: a key that stands twice is the last one in JSON.
    refused_by_the_reader(&changed("version: 1\n", "version: 1\nversion: 2\n"));
}

/// Those of the suite's refused documents that a schema takes.
const BEYOND: [&str; 6] = [
    "condition_that_never_holds",
    "key_twice",
    "limit_in_another_currency",
    "minimum_between_steps",
    "route_named_twice",
    "tier_with_unknown_budget",
];
/// Those that are no YAML to any editor.
const NO_YAML: [&str; 4] = ["anchor", "brace_not_closed", "empty", "indented_by_a_tab"];

#[test]
fn refused_documents_of_the_suite() {
    let mut documents: Vec<(String, Value)> = Vec::new();
    for file in run::files(&run::cases_folder().join("refused/documents")) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if file.extension().is_some_and(|kind| kind == "yaml") && !NO_YAML.contains(&&*name) {
            let text = std::fs::read_to_string(&file).unwrap();
            refused_by_the_reader(&text);
            documents.push((name, yaml::json(&text, Scalars::Core)));
        }
    }
    let (names, documents): (Vec<_>, Vec<_>) = documents.into_iter().unzip();
    assert!(names.len() >= 30, "{}", names.len());
    let said = validator::judge(&schema(), &documents);
    let taken: Vec<_> = names
        .iter()
        .zip(&said)
        .filter(|(_, said)| said.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    let mut beyond = BEYOND;
    beyond.sort_unstable();
    assert_eq!(taken, beyond);
}
