//! What the reader takes: shipped, drawn, of the reference, and every way of writing a value.

use conformance::generate::Numbers;
use conformance::generate_policy::{self, Kind};
use conformance::{DEFAULT_POLICY, run, variant_policy};
use execution_router::import::{Configuration, import};
use serde_json::Value;

use super::yaml::{self, Scalars};
use super::{BASE, changed, conditional, schema, shipped, taken, validator};

/// Documents that are drawn.
const DRAWN: u64 = 1_000;

#[test]
fn policies_that_ship_and_those_of_the_suite() {
    let shipped = shipped().into_iter().map(|(_, text)| text);
    let suite: Vec<_> = run::files(&run::cases_folder())
        .into_iter()
        .filter(|file| file.ends_with("policy.yaml"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    assert!(suite.len() > 1);
    let own = [variant_policy(), BASE.to_owned()];
    taken(&shipped.chain(suite).chain(own).collect::<Vec<_>>());
}

/// What `import` makes, with a comment in every odd place.
#[test]
fn policies_that_were_imported() {
    let imported = |text: &str| {
        let bytes = text.as_bytes();
        let configuration = Configuration {
            file_name: "a: b.yaml",
            bytes,
            budget_unit: None,
        };
        import(&configuration).unwrap().policy
    };
    taken(&[
        imported("{}"),
        imported("symbols: { 1INCH/USDT: { allow_short: on }, 'null': , \"A: B\": }"),
        imported(
            "symbols:\nrisk: { exploration: { enabled: off, max_forced_per_day: 2, min_score: 0.4 } }",
        ),
    ]);
}

#[test]
fn documents_that_nobody_wrote() {
    let documents: Vec<_> = (0..DRAWN)
        .map(|seed| {
            let kind = if seed % 2 == 0 {
                Kind::ExitsFirst
            } else {
                Kind::Wild
            };
            generate_policy::document(&mut Numbers::new(seed), kind)
        })
        .collect();
    taken(&documents);
}

/// The whole example is a document; the others are changes of the default policy.
#[test]
fn examples_of_the_reference() {
    let reference = include_str!("../../../router-guest/README.md");
    let examples: Vec<_> = reference
        .split("```yaml\n")
        .skip(1)
        .map(|behind| behind.split_once("```").unwrap().0)
        // Cases have a form of their own.
        .filter(|example| !example.starts_with("- "))
        .collect();
    assert!(examples.len() > 3);
    let (whole, parts): (Vec<&str>, Vec<&str>) = examples
        .into_iter()
        .partition(|example| example.contains("name:"));
    assert!(!whole.is_empty());
    taken(&whole.iter().map(ToString::to_string).collect::<Vec<_>>());
    for scalars in Scalars::ALL {
        let merged: Vec<_> = parts
            .iter()
            .map(|part| {
                let mut document = yaml::json(DEFAULT_POLICY, scalars);
                let Value::Object(part) = yaml::json(part, scalars) else {
                    panic!("no map: {part}");
                };
                document.as_object_mut().unwrap().extend(part);
                document
            })
            .collect();
        let said = validator::judge(&schema(), &merged);
        assert!(said.iter().all(String::is_empty), "{said:?}");
    }
}

#[test]
fn names_and_versions() {
    let headings = [
        "1",
        "1.10",
        "true",
        "yes",
        "2026-11-24",
        "'007'",
        "\"\\u00e4\"",
        "-1",
        "1e3",
        "a b: c",
        "0.30000000000000004",
    ];
    let names = headings
        .iter()
        .filter(|text| !text.contains(": "))
        .flat_map(|text| {
            [
                changed("version: 1", &format!("version: {text}")),
                changed("name: base", &format!("name: {text}")),
                changed("BTC/USDT:", &format!("{text}:")),
            ]
        });
    let long = "x".repeat(64);
    let more = [
        changed("name: base", "name: 'a b: c'"),
        changed("name: base", &format!("name: {long}")),
        changed("BTC/USDT:", &format!("{long}:")),
        changed("account_currency: USDT", "account_currency: 1INCH"),
        changed("account_currency: USDT", "account_currency: 123"),
        changed("account_currency: USDT", "account_currency: TRUE"),
        changed("waits", "true"),
        changed("waits", "no"),
        changed("waits", &long),
        changed("closed", "false"),
        changed("first", "yes"),
        BASE.replace("exploration", "no"),
        BASE.replace("normal:", "true: { intent: normal }\n  normal:"),
    ];
    taken(&names.chain(more).collect::<Vec<_>>());
}

#[test]
fn sections_left_empty_or_out() {
    let routes = "routes: [ a: { skip: x } ]\n";
    let head = "name: x\nversion: 1\naccount_currency: USDT\n";
    let documents = [
        "",
        "risk:\nsymbols:\ntiers:\nbudgets:\n",
        "risk: {}\nsymbols: {}\ntiers: {}\nbudgets: {}\n",
        "risk: ~\nsymbols: null\ntiers: { normal: {} }\nbudgets: { b: { orders: 1, per: none } }\n",
        "symbols: { A: {}, B: { step: 1 } }\n",
    ]
    .map(|sections| format!("{head}{sections}{routes}"));
    taken(&documents);
}

#[test]
fn switches_and_decimals() {
    let switches = ["yes", "no", "true", "false", "'yes'", "\"false\""].into_iter();
    let switches = switches.flat_map(|switch| {
        [
            changed("short_enabled: no", &format!("short_enabled: {switch}")),
            changed("allow_short: no", &format!("allow_short: {switch}")),
            conditional(&format!("{{ opening: {switch} }}")),
        ]
    });
    let decimals = ["5", "0.00000001", "1e1", "2.5E+0", "'7'", "10e-1", "007"].into_iter();
    let decimals =
        decimals.map(|number| changed("min_notional: 5", &format!("min_notional: {number}")));
    let scores = ["0", "-0", "-0.0", "0.65", "1e0", "'0.65'", "1.e1", "12"].into_iter();
    let scores = scores.map(|score| changed("score: 0.65", &format!("score: {score}")));
    let sizes = [
        "100%",
        "0.5%",
        "100.00 %",
        "040%",
        "4e1%",
        "'40%'",
        "99.999999%",
    ]
    .into_iter();
    let sizes = sizes.map(|size| changed("size: 40%", &format!("size: {size}")));
    taken(
        &switches
            .chain(decimals)
            .chain(scores)
            .chain(sizes)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn limits_windows_zones_and_scopes() {
    let limits = [
        "0% of equity",
        "3 %  of equity",
        "3%of equity",
        "0.5e1% of equity",
        "500 USDT",
        "500.25   USDT",
        "[3% of equity]",
        "[500 USDT, 3% of equity]",
        "[\" 3% of equity \", 1e2 USDT]",
    ];
    let limits = limits
        .into_iter()
        .map(|limit| changed("limit: 3% of equity", &format!("limit: {limit}")));
    let orders = ["0", "4294967295", "007", "'12'"].into_iter();
    let orders = orders.map(|orders| changed("orders: 9", &format!("orders: {orders}")));
    let windows = [
        "hour",
        "week",
        "none",
        "rolling 1s",
        "rolling 366d",
        "rolling 8784h",
        "rolling   90m",
        "rolling 31622400s",
        "rolling 0024h",
        "'rolling 527040m '",
    ];
    let windows = windows
        .into_iter()
        .map(|per| changed("per: day", &format!("per: {per}")));
    let zones = ["Europe/Berlin", "Asia/Kolkata", "Etc/GMT+5", "EST", "'UTC'"].into_iter();
    let zones = zones.map(|zone| changed("zone: UTC", &format!("zone: {zone}")));
    let scopes = ["symbol", "strategy"].into_iter();
    let scopes = scopes.map(|scope| changed("scope: all", &format!("scope: {scope}")));
    let one_of_both = [
        changed(", orders: 9", ""),
        changed("limit: 3% of equity, ", ""),
        changed(", zone: UTC, scope: all", ""),
    ];
    taken(
        &limits
            .chain(orders)
            .chain(windows)
            .chain(zones)
            .chain(scopes)
            .chain(one_of_both)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn sets_in_all_their_forms() {
    let long = "y".repeat(64);
    let sets = [
        "state: HALTED",
        "state: not HALTED",
        "state: [ACTIVE, REDUCING]",
        "state: { not: [HALTED] }",
        "state: { not: HALTED }",
        "state: not    HALTED",
        "action: [BUY, unknown]",
        "type: [exploration, explore]",
        "type: not auto",
        "position: { not: [flat, same] }",
        "tier: none",
        "tier: not pilot",
        "tier: [pilot, none]",
        "tier: { not: [pilot, explore] }",
        "symbol: BTC/USDT",
        "symbol: \"*/USDT\"",
        "symbol: \"*\"",
        "symbol: [\"*\", BTC/USDT]",
        "symbol: not BTC/*",
        "symbol: { not: [DOGE/*, \"?\"] }",
        "strategy: 7",
        "strategy: [1.5, true, no]",
        "strategy: { not: 7 }",
        "strategy: [not a]",
        "strategy: not  grid-*",
        "strategy: { not: not b }",
        "strategy: nothing",
        &format!("strategy: not {long}"),
        &format!("strategy: [{long}]"),
        "budget: exhausted",
        "budget: holds",
    ];
    let alternatives = [
        "[ { dust: yes } ]",
        "[ { dust: yes }, { sized: no, opening: yes } ]",
    ];
    let documents: Vec<_> = sets
        .iter()
        .map(|set| conditional(&format!("{{ {set} }}")))
        .chain(alternatives.map(conditional))
        .collect();
    taken(&documents);
}

#[test]
fn tests_of_numbers() {
    let tests = [
        "absent",
        "present",
        "\">= 0.55\"",
        "\">0\"",
        "<= 1",
        "< 3",
        "\"  <  3 \"",
        "0.3 .. 0.55",
        "0..1",
        "\">= 0.3 and <= 0.55\"",
        "< 3 and > 1e-3",
        "\"> 1   and   < 2\"",
    ];
    let fields = [
        "signal_score",
        "signal_strength",
        "confidence",
        "price",
        "stop_loss",
    ];
    let both = fields.iter().flat_map(|field| {
        tests
            .iter()
            .map(move |test| format!("{{ {field}: {test} }}"))
    });
    let others = [
        "{ signal_score: \">= -0.5\" }",
        "{ signal_score: -1..1 }",
        "{ confidence: \"> 1.e-1\" }",
        "{ position_quantity: present }",
        "{ closable_quantity: \"> 0\" }",
        "{ working_opening: \"> 0\", working_closing: 1 .. 2 }",
        "{ equity: \">= 0.1234567890123456789012345678\" }",
    ]
    .map(str::to_owned);
    let documents: Vec<_> = both.chain(others).map(|when| conditional(&when)).collect();
    taken(&documents);
}

#[test]
fn tiers_state_their_intent_or_are_named_after_it() {
    let documents = [
        changed("normal: { ", "good: { intent: normal, "),
        changed("explore: { ", "explore: { intent: explore, "),
        changed(
            "  normal: { score: 0.65, risk_reward: 1.3, confidence: 0.1, size: 100% }\n",
            "  normal: { intent: pilot, budget: exploration }\n",
        ),
        changed(
            "pilot: { score: 0.55, size: 40%, budget: exploration }",
            "pilot: { intent: normal }\n  flight: { intent: pilot, budget: exploration }",
        ),
    ];
    taken(&documents);
}
