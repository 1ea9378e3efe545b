//! Everything that is not imported, each with its exact words.

use super::*;

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
