//! What is told of each key, and every way of being wrong. How the policies decide is held in
//! `tests/tests/import.rs`.

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
fn switches() {
    for word in [
        "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON",
    ] {
        let policy = imported(&format!("risk: {{ short_enabled: {word} }}")).policy;
        assert!(policy.contains("\n  short_enabled: true "), "{word}");
    }
    for word in [
        "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF",
    ] {
        let policy = imported(&format!("risk: {{ short_enabled: {word} }}")).policy;
        assert!(policy.contains("\n  short_enabled: false "), "{word}");
    }
    for (written, message) in [
        ("1", "must be `true` or `false`, not `1`"),
        ("tRue", "must be `true` or `false`, not `tRue`"),
        ("y", "must be `true` or `false`, not `y`"),
        ("enabled", "must be `true` or `false`, not `enabled`"),
        ("${SHORTS}", "must be `true` or `false`, not `${SHORTS}`"),
        (
            "\"false\"",
            "is a text in quotes, `false`: write it without",
        ),
        ("[true]", "must be a single value, not a list"),
        ("{ on: true }", "must be a single value, not a map"),
        (
            "!env SHORTS",
            "is made by the tag `!env`: write the value itself",
        ),
        (
            "!!bool yes",
            "is made by the tag `!!bool`: write the value itself",
        ),
    ] {
        refused(
            format!("risk:\n  short_enabled: {written}\n"),
            &format!("line 2, column 18: `risk.short_enabled` {message}"),
        );
        refused(
            format!("symbols:\n  A:\n    allow_short: {written}\n"),
            &format!("line 3, column 18: `symbols.A.allow_short` {message}"),
        );
    }
}

#[test]
fn budgets() {
    for (written, message) in [
        (
            "1",
            "1 may be 1% or 100% of equity: say which with `--percent` or `--fraction`",
        ),
        (
            "1.00",
            "1 may be 1% or 100% of equity: say which with `--percent` or `--fraction`",
        ),
        (
            "0.5",
            "0.5 may be 0.5% or 50% of equity: say which with `--percent` or `--fraction`",
        ),
        (
            "0.21",
            "0.21 may be 0.21% or 21% of equity: say which with `--percent` or `--fraction`",
        ),
        ("101", "is 101% of equity, more than there is"),
        ("250%", "is 250% of equity, more than there is"),
        ("-0.03", "must not be negative, and is `-0.03`"),
        ("-3%", "must not be negative, and is `-3`"),
        (".nan", "must be a finite number, not `.nan`"),
        ("NaN", "must be a finite number, not `NaN`"),
        ("-.inf", "must be a finite number, not `-.inf`"),
        (".INF", "must be a finite number, not `.INF`"),
        ("three", "must be a number, not `three`"),
        ("0,03", "must be a number, not `0,03`"),
        ("1_000", "must be a number, not `1_000`"),
        ("0x3", "must be a number, not `0x3`"),
        ("true", "must be a number, not `true`"),
        ("3 % of equity", "must be a number, not `3 % of equity`"),
        ("\"0.03\"", "is a text in quotes, `0.03`: write it without"),
        ("[0.03]", "must be a single value, not a list"),
        (
            "!!float 0.03",
            "is made by the tag `!!float`: write the value itself",
        ),
        (
            "!pct 3%",
            "is made by the tag `!pct`: write the value itself",
        ),
        (
            "0.00000000000000000000000000001",
            "has more than 28 digits: `0.00000000000000000000000000001`",
        ),
    ] {
        refused(
            exploration(&format!("budget_pct_per_day: {written}")),
            &format!("line 3, column 25: `risk.exploration.budget_pct_per_day` {message}"),
        );
    }
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
fn orders_scores_and_sizes() {
    for (key, message) in [
        (
            "max_forced_per_day: -1",
            "must not be negative, and is `-1`",
        ),
        (
            "max_forced_per_day: 2.0",
            "must be a whole number up to 4294967295, not `2.0`",
        ),
        (
            "max_forced_per_day: 1e2",
            "must be a whole number up to 4294967295, not `1e2`",
        ),
        (
            "max_forced_per_day: 4294967296",
            "must be a whole number up to 4294967295, not `4294967296`",
        ),
        (
            "max_forced_per_day: 010",
            "must be a whole number up to 4294967295, without leading zeros",
        ),
        ("max_forced_per_day: many", "must be a number, not `many`"),
        ("min_score: -0.3", "must not be negative, and is `-0.3`"),
        ("min_score: .NaN", "must be a finite number, not `.NaN`"),
        ("min_score: [0.3]", "must be a single value, not a list"),
        (
            "size_mult_vs_normal: 0",
            "is 0, and would open nothing: write `enabled: false` instead",
        ),
        (
            "size_mult_vs_normal: 1.01",
            "is above 1: an order is never larger than its target; half of it is `0.5`",
        ),
        (
            "size_mult_vs_normal: 50",
            "is above 1: an order is never larger than its target; half of it is `0.5`",
        ),
        (
            "size_mult_vs_normal: -0.5",
            "must not be negative, and is `-0.5`",
        ),
        ("size_mult_vs_normal: half", "must be a number, not `half`"),
        ("enabled: maybe", "must be `true` or `false`, not `maybe`"),
    ] {
        let (word, _) = key.split_once(':').unwrap();
        let column = 5 + word.len() + 2;
        refused(
            exploration(key),
            &format!("line 3, column {column}: `risk.exploration.{word}` {message}"),
        );
    }
    let policy = imported(&exploration("size_mult_vs_normal: 50%")).policy;
    assert!(policy.contains("explore: { score: 0.30, size: 50%, "));
}

#[test]
fn sections_that_are_no_maps() {
    refused("risk: 5", "line 1, column 1: `risk` must be a map, not `5`");
    refused(
        "risk: [a]",
        "line 1, column 1: `risk` must be a map, not a list",
    );
    refused(
        "risk: { exploration: on }",
        "line 1, column 9: `risk.exploration` must be a map, not `on`",
    );
    refused(
        "risk: !include risk.yaml",
        "line 1, column 1: `risk` must be a map as it stands, not made by the tag `!include`",
    );
    refused(
        "symbols: all",
        "line 1, column 1: `symbols` must be a map, not `all`",
    );
    refused(
        "symbols: { A: true }",
        "line 1, column 12: `symbols.A` must be a map, not `true`",
    );
    refused(
        "- risk",
        "line 1, column 1: the file must be a map, not a list",
    );
    refused(
        "risk",
        "line 1, column 1: the file must be a map, not `risk`",
    );
    refused("~", "line 1, column 1: the file must be a map, not `~`");
    refused("", "line 1, column 1: the file is empty");
    refused("# nothing\n", "line 1, column 1: the file is empty");
}

#[test]
fn symbols_that_a_policy_cannot_hold() {
    let long = "x".repeat(65);
    refused(
        format!("symbols: {{ {long}: {{}}, '': {{}} }}"),
        &format!(
            "line 1, column 12: the symbol `{long}` must have 1 to 64 bytes\nline 1, column 83: the symbol `` must have 1 to 64 bytes"
        ),
    );
    refused(
        "symbols:\n  \"A\\nB\": {}\n",
        "line 2, column 3: the symbol `A\\nB` has a control character",
    );
    refused(
        "symbols: [A, { B: 1 }]",
        "line 1, column 14: a symbol must be a name, not a list or a map",
    );
    refused(
        "symbols: [A, B, A]",
        "line 1, column 17: the symbol `A` stands twice, first in line 1",
    );
    let many: String = (0..8193).map(|at| format!("  s{at}: {{}}\n")).collect();
    refused(
        format!("symbols:\n{many}"),
        "line 8194, column 3: 8193 symbols, and a policy has at most 8192",
    );
    let most: String = (0..8192).map(|at| format!("  s{at}: {{}}\n")).collect();
    assert_eq!(said(format!("symbols:\n{most}"), None), "");
}

#[test]
fn keys_that_stand_twice() {
    refused(
        "risk: { short_enabled: false }\nrisk: { short_enabled: true }\n",
        "line 2, column 1: `risk` stands twice, first in line 1",
    );
    refused(
        "risk:\n  short_enabled: no\n  a: 1\n  short_enabled: yes\n",
        "line 4, column 3: `risk.short_enabled` stands twice, first in line 2",
    );
    refused(
        "symbols:\n  A: { allow_short: no }\n  A: { allow_short: yes }\n",
        "line 3, column 3: the symbol `A` stands twice, first in line 2",
    );
    // What is left out may: nothing is made of it.
    assert_eq!(left_out("a: 1\na: 2\n"), ["a (1:1, 0)", "a (2:1, 0)"]);
}

#[test]
fn files_that_are_not_one_document_of_text() {
    refused(
        "a: 1\n---\nb: 2\n",
        "line 2, column 1: a second document begins here; import one of them by itself",
    );
    refused(
        b"a: 1\nb: \xff\n",
        "line 2, column 4: the file is not UTF-8 text",
    );
    refused(
        "a: 1\nb: \0\n",
        "line 2, column 4: the control character U+0000 is not allowed",
    );
    refused(
        "risk:\n\tshort_enabled: true\n",
        "line 2, column 1: YAML takes no tabs for indentation; use spaces",
    );
    refused(
        "a: {\n\tb: 1 }\n",
        "line 2, column 1: YAML takes no tabs for indentation; use spaces",
    );
    refused(
        "risk: { a: 1\n",
        "line 2, column 1: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'",
    );
    refused(
        "a: *nobody\n",
        "line 1, column 4: this is not YAML: while parsing node, found unknown anchor",
    );
    refused(
        "a: &a { b: *a }\n",
        "line 1, column 12: this alias stands within what it names",
    );
    let deep = format!("a: {}{}", "[".repeat(65), "]".repeat(65));
    refused(
        deep,
        "line 1, column 67: lists and maps are nested more than 64 deep",
    );
    refused(
        vec![b'#'; CONFIGURATION_BYTES_MAX + 1],
        "line 1, column 1: the file has more than 16777216 bytes, which is the bound",
    );
    let many = format!("a: [{}]\n", "1,".repeat(NODES_MAX));
    assert!(said(many, None).ends_with("the file has more than 1048576 keys and values"));
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
fn findings_are_counted_past_their_bound() {
    let symbols: String = (0..60).map(|at| format!("  s{at}: 1\n")).collect();
    let Err(ImportError::Configuration(findings)) =
        import(&configuration(format!("symbols:\n{symbols}").as_bytes()))
    else {
        panic!("it was imported");
    };
    assert_eq!((findings.as_slice().len(), findings.omitted()), (50, 10));
    assert!(findings.to_string().ends_with("\nand 10 more"));
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
