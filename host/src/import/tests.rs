//! What is told of each key, and how files are read. How the policies decide is held in
//! `tests/tests/import.rs`.

mod refused;

use super::*;

fn configuration(text: &[u8]) -> Configuration<'_> {
    Configuration {
        file_name: "bot.yaml",
        bytes: text,
        budget_unit: None,
    }
}

#[track_caller]
fn imported(text: &str) -> Imported {
    import(&configuration(text.as_bytes())).unwrap_or_else(|error| panic!("{error}\nof\n{text}"))
}

/// What is said of a configuration that is not imported; empty where it is.
#[track_caller]
fn said(text: impl AsRef<[u8]>, budget_unit: Option<BudgetUnit>) -> String {
    let configuration = Configuration {
        budget_unit,
        ..configuration(text.as_ref())
    };
    import(&configuration)
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

#[track_caller]
fn refused(text: impl AsRef<[u8]>, message: &str) {
    let text = text.as_ref();
    assert_eq!(
        said(text, None),
        message,
        "{}",
        String::from_utf8_lossy(text)
    );
}

/// `exploration` with this key.
fn exploration(key: &str) -> String {
    format!("risk:\n  exploration:\n    {key}\n")
}

/// Left out, as `key (line:column, keys under it)`.
fn left_out(text: &str) -> Vec<String> {
    let left_out = imported(text).left_out;
    left_out
        .iter()
        .map(|key| {
            format!(
                "{} ({}:{}, {})",
                key.key, key.line, key.column, key.keys_under_it
            )
        })
        .collect()
}

#[test]
fn every_key_is_told_with_its_place_and_what_it_became() {
    let text = "risk:
  short_enabled: yes
  exploration: { enabled: true, budget_pct_per_day: 3, max_forced_per_day: 4 }
symbols:
  BTC/USDT: { allow_short: true }
  1INCH/USDT:
";
    let told: Vec<_> = imported(text)
        .imported
        .iter()
        .map(|key| {
            let note = key.note.clone().unwrap_or_default();
            format!(
                "{}:{} {}: {} → {} ({note})",
                key.line, key.column, key.key, key.value, key.became
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "2:3 risk.short_enabled: yes → risk.short_enabled: true ()",
            "3:18 risk.exploration.enabled: true → no route that switches it off ()",
            "3:33 risk.exploration.budget_pct_per_day: 3 → budgets.exploration.limit: 3% of equity (a number above 1 is read as percent)",
            "3:56 risk.exploration.max_forced_per_day: 4 → budgets.exploration.orders: 4 (pilot trades share the budget, and count too)",
            "5:15 symbols.BTC/USDT.allow_short: true → symbols.BTC/USDT: { allow_short: true } ()",
            "6:3 symbols.1INCH/USDT:  → symbols.\"1INCH/USDT\": { allow_short: false } (`allow_short` is not given)",
        ]
    );
}

#[test]
fn exploration_that_is_off_is_told_as_it_is_written() {
    let text = "risk: { exploration: { enabled: false, budget_pct_per_day: 3 } }";
    let imported = imported(text);
    let became: Vec<_> = imported
        .imported
        .iter()
        .map(|key| key.became.as_str())
        .collect();
    assert_eq!(
        became,
        [
            "routes: exploration_off, and a budget of 0",
            "a comment: limit: 3% of equity, where exploration is on",
        ]
    );
    for line in [
        "  # off (risk.exploration.enabled: false, line 1); where it is on: limit: 3% of equity",
        "  exploration: { limit: 0 USDT, per: day, zone: UTC }",
        "  - exploration_off: { when: { tier: [pilot, explore] }, skip: exploration_disabled }",
    ] {
        assert!(imported.policy.contains(&format!("\n{line}\n")), "{line}");
    }
}

#[test]
fn what_is_not_given_stays_as_in_the_default_policy_and_is_told() {
    let kept: Vec<_> = imported("{}")
        .kept
        .iter()
        .map(|kept| format!("{}: {}", kept.key, kept.value))
        .collect();
    assert_eq!(
        kept,
        [
            "risk.short_enabled: short_enabled: false",
            "symbols: its symbols, none of which may be shorted",
            "risk.exploration.min_score: score: 0.30",
            "risk.exploration.size_mult_vs_normal: size: 50%",
            "risk.exploration.budget_pct_per_day: limit: 3% of equity",
            "risk.exploration.max_forced_per_day: no limit of orders",
            "risk.exploration.enabled: exploration is on",
        ]
    );
    // A key without a value is not given, as it is none to a bot.
    let empty = "risk: { short_enabled: , exploration: { min_score: ~ } }";
    assert_eq!(imported(empty).kept.len(), kept.len());
    assert_eq!(
        left_out(empty),
        [
            "risk.short_enabled (1:9, 0)",
            "risk.exploration.min_score (1:41, 0)"
        ]
    );
}

#[test]
fn keys_that_are_left_out_are_listed_by_the_highest() {
    let text = "exchange:
  name: binance
  limits: { burst: 5, per: [{ second: 1 }] }
risk:
  drawdown: 0.2
  short_enabled: false
  exploration: { cooldown: 5 }
symbols:
  BTC/USDT: { leverage: 3 }
";
    assert_eq!(
        left_out(text),
        [
            "exchange (1:1, 5)",
            "risk.drawdown (5:3, 0)",
            "risk.exploration.cooldown (7:18, 0)",
            "symbols.BTC/USDT.leverage (9:15, 0)",
        ]
    );
    // Keys that are merged in are told of where they are written, and only when nothing was
    // made of them.
    let text = "base: &base { allow_short: true, leverage: 3 }
other: &other { leverage: 4 }
symbols: { A: { <<: [*base, *other] }, B: *base }
? [a, b]
: 1
'risk ': 1
";
    assert_eq!(
        left_out(text),
        [
            "base.leverage (1:34, 0)",
            "other (2:1, 1)",
            "? (4:3, 0)",
            "risk  (6:1, 0)",
        ]
    );
}

#[test]
fn a_budget_is_what_it_is_said_to_be() {
    use BudgetUnit::{Fraction, Percent};
    for (written, unit, limit) in [
        ("1", Percent, "1% of equity"),
        ("1", Fraction, "100% of equity"),
        ("0.5", Percent, "0.5% of equity"),
        ("0.5", Fraction, "50% of equity"),
        ("0.03", Percent, "0.03% of equity"),
        ("3%", Fraction, "3% of equity"),
    ] {
        let text = exploration(&format!("budget_pct_per_day: {written}"));
        let configuration = Configuration {
            budget_unit: Some(unit),
            ..configuration(text.as_bytes())
        };
        let policy = import(&configuration).unwrap().policy;
        assert!(policy.contains(&format!("limit: {limit}, ")), "{written}");
    }
    assert_eq!(
        said(exploration("budget_pct_per_day: 3"), Some(Fraction)),
        "line 3, column 25: `risk.exploration.budget_pct_per_day` is 300% of equity, more than there is"
    );
}

#[test]
fn tabs_that_are_no_indentation_are_text() {
    for text in [
        "risk:\t{ short_enabled: true }\t# on\n",
        "\t# a comment\nrisk: { short_enabled: true }\n",
        "note: |\n  a\n  \tb\nrisk: { short_enabled: true }\n",
        "note: \"a\n  \tb\"\nrisk: { short_enabled: true }\n",
        "\u{feff}risk: { short_enabled: true }\r\n",
        "%YAML 1.1\n---\nrisk: { short_enabled: true }\n...\n",
    ] {
        assert!(
            imported(text).policy.contains("\n  short_enabled: true "),
            "{text}"
        );
    }
}

/// Aliases are no copies: what a reader that copies would need gigabytes for takes no time.
#[test]
fn files_that_would_grow_are_read_as_they_are() {
    let mut text = String::from("m0: &m0 { allow_short: true }\n");
    for at in 1..60 {
        let below = at - 1;
        text.push_str(&format!(
            "m{at}: &m{at} {{ <<: [*m{below}, *m{below}], k: [*m{below}, *m{below}] }}\n"
        ));
    }
    text.push_str("symbols: { A: *m59 }\n");
    let policy = imported(&text).policy;
    assert!(policy.contains("A: { allow_short: true }"));
    // A chain as long as a file can hold.
    let mut text = String::from("m0: &m0 { allow_short: true }\n");
    for at in 1..50_000 {
        text.push_str(&format!("m{at}: &m{at} {{ <<: *m{} }}\n", at - 1));
    }
    text.push_str("symbols: { A: *m49999 }\n");
    assert!(imported(&text).policy.contains("A: { allow_short: true }"));
    // The same where the maps are keys, which nobody lists.
    let mut text = String::from("? &k0 { allow_short: true }\n: 1\n");
    for at in 1..50_000 {
        text.push_str(&format!(
            "? &k{at} {{ <<: *k{0}, k: *k{0} }}\n: 1\n",
            at - 1
        ));
    }
    text.push_str("symbols: { A: *k49999 }\nother: *k49999\n");
    assert!(imported(&text).policy.contains("A: { allow_short: true }"));
}

#[test]
fn a_file_of_several_megabytes_is_read() {
    let history: String = (0..100_000)
        .map(|at| format!("  - {{ day: {at}, equity: 10000.25 }}\n"))
        .collect();
    let text = format!("history:\n{history}risk: {{ short_enabled: true }}\n");
    assert!(text.len() > 3_000_000);
    assert_eq!(left_out(&text), ["history (1:1, 200000)"]);
}

#[test]
fn names_and_comments_are_written_so_that_they_are_what_they_were() {
    let symbols = [
        "A: B",
        "null",
        "1",
        "#x",
        "*",
        "a\"b\\c",
        "é",
        "- a",
        "BTC/USDT:USDT",
        "yes",
    ];
    let lines: String = symbols
        .iter()
        .map(|name| {
            format!(
                "  {}: {{ allow_short: true }}\n",
                serde_json::to_string(name).unwrap()
            )
        })
        .collect();
    let text = format!("symbols:\n{lines}");
    let configuration = Configuration {
        file_name: "a\nname: evil: \u{1b}[31m.yaml",
        ..configuration(text.as_bytes())
    };
    let policy = import(&configuration).unwrap().policy;
    let document = router_guest::document::Document::parse(&policy).unwrap();
    assert_eq!(document.name(), "aname: evil: [31m");
    let table = document.table();
    let mut names: Vec<_> = table
        .symbols
        .iter()
        .map(|symbol| symbol.name.as_str())
        .collect();
    names.sort_unstable();
    let mut wanted = symbols;
    wanted.sort_unstable();
    assert_eq!(names, wanted);
}

#[test]
fn the_policys_name_is_the_files() {
    for (file_name, name) in [
        ("bot.yaml", "bot"),
        ("bot.prod.yml", "bot.prod"),
        ("bot", "bot"),
        (".yaml", "imported"),
        ("no.yaml", "no"),
        (&format!("{}.yaml", "é".repeat(40)), &"é".repeat(32)),
    ] {
        let configuration = Configuration {
            file_name,
            ..configuration(b"{}")
        };
        let policy = import(&configuration).unwrap().policy;
        let document = router_guest::document::Document::parse(&policy).unwrap();
        assert_eq!(document.name(), name);
    }
}

const SAMPLE: &str = "exchange: { key: !env KEY }
risk: &risk
  short_enabled: true
  exploration: { enabled: true, budget_pct_per_day: 0.03, min_score: 0.3 }
pair: &pair { allow_short: true }
symbols: { A: { <<: *pair }, \"B\": *pair, C: }
again: [*risk, |
  text]
";

#[test]
fn no_part_of_a_file_and_no_other_character_in_it_is_a_panic() {
    for end in (0..SAMPLE.len()).filter(|end| SAMPLE.is_char_boundary(*end)) {
        let _ = import(&configuration(&SAMPLE.as_bytes()[..end]));
        for other in [
            "\t", ":", "&a ", "*pair", "{", "]", "\"", "- ", "<<: ", "\n", "\u{feff}", "é",
        ] {
            let changed = format!("{}{other}{}", &SAMPLE[..end], &SAMPLE[end + 1..]);
            let _ = import(&configuration(changed.as_bytes()));
        }
    }
}
