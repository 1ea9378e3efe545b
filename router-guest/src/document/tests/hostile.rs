//! Texts that nobody writes in earnest: no text of any kind may panic, hang or overflow the
//! stack.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[track_caller]
fn refused(text: &str, first_line: &str) {
    let printed = printed(text);
    assert_eq!(printed.lines().next().unwrap_or_default(), first_line);
}

#[test]
fn depth_is_bounded_before_anything_recurses() {
    let deep = "lists and maps are nested more than 32 deep";
    for (repeated, at) in [
        ("[", 256),
        ("{", 256),
        ("- ", 65),
        (": ", 65),
        ("[a: ", 1021),
    ] {
        let text = repeated.repeat(100_000);
        let printed = printed(&text);
        assert_eq!(
            printed,
            format!("line 1, column {at}: {deep}"),
            "{repeated}"
        );
    }
    let text = format!("name: {}x{}", "[".repeat(31), "]".repeat(31));
    assert!(printed(&text).contains("`name` must be a single value, not a list"));
    let text = format!("name: {}x{}", "[".repeat(32), "]".repeat(32));
    refused(&text, &format!("line 1, column 38: {deep}"));
}

#[test]
fn size_is_bounded() {
    let text = format!(
        "{DEFAULT}# {}",
        "x".repeat(DOCUMENT_BYTES_MAX - DEFAULT.len() - 2)
    );
    assert_eq!(parsed(&text), parsed(DEFAULT));
    refused(
        &format!("{text}x"),
        "line 1, column 1: the document has 1048577 bytes, and at most 1048576 are allowed",
    );
}

#[test]
fn findings_are_bounded_and_the_rest_is_counted() {
    let text = format!(
        "{DEFAULT}{}",
        (0..70).map(|n| format!("x{n}: 1\n")).collect::<String>()
    );
    let findings = Document::parse(&text).unwrap_err();
    assert_eq!(findings.as_slice().len(), FINDINGS_MAX);
    assert_eq!(findings.omitted(), 20);
    assert_eq!(findings.to_string().lines().last(), Some("and 20 more"));
}

#[test]
fn counts_are_bounded_at_the_first_too_many() {
    let head = "name: x\nversion: 1\naccount_currency: USDT\n";
    let list =
        |count: usize, item: &dyn Fn(usize) -> String| -> String { (0..count).map(item).collect() };
    let skip = "routes: [ a: { skip: x } ]\n";
    let routes = list(8193, &|n| {
        format!("- r{n}: {{ when: {{ dust: yes }}, skip: x }}\n")
    });
    refused(
        &format!("{head}routes:\n{routes}- end: {{ skip: x }}\n"),
        "line 8197, column 3: 8194 routes, and at most 8192 are allowed",
    );
    let symbols = list(8193, &|n| format!(" S{n}: {{}}\n"));
    refused(
        &format!("{head}symbols:\n{symbols}{skip}"),
        "line 4, column 1: 8193 symbols, and at most 8192 are allowed",
    );
    let tiers = list(16, &|n| format!(" t{n}: {{ intent: normal }}\n"));
    refused(
        &format!("{head}tiers:\n{tiers}{skip}"),
        "line 4, column 1: 16 tiers, and at most 15 are allowed",
    );
    let budgets = list(16, &|n| format!(" b{n}: {{ orders: 1, per: day }}\n"));
    refused(
        &format!("{head}budgets:\n{budgets}{skip}"),
        "line 4, column 1: 16 budgets, and at most 15 are allowed",
    );
    let clauses = list(16_384, &|_| "{ dust: yes },".into());
    refused(
        &format!("{head}routes:\n- a: {{ when: [{clauses}], skip: x }}\n- b: {{ skip: x }}\n"),
        "line 6, column 3: the routes have more than 16384 alternatives here",
    );
    let patterns = list(32_769, &|n| format!("S{n},"));
    refused(
        &format!(
            "{head}routes:\n- a: {{ when: {{ symbol: [{patterns}] }}, skip: x }}\n- b: {{ skip: x }}\n"
        ),
        "line 5, column 3: the routes have more than 32768 name patterns here",
    );
}

/// What only the whole table shows is reported at the top of the document.
#[test]
fn one_reason_too_many() {
    let head = "name: x\nversion: 1\naccount_currency: USDT\nroutes:\n";
    let routes: String = (0..8190)
        .map(|n| format!("- r{n}: {{ when: {{ dust: yes }}, skip: s{n} }}\n"))
        .collect();
    let close = "- c: { when: { position: opposite }, close: position }\n";
    refused(
        &format!("{head}{routes}{close}- end: {{ skip: x }}\n"),
        "line 1, column 1: 8193 reasons, and at most 8192 are allowed",
    );
}

/// However long a word is, a finding about it is a line.
#[test]
fn messages_are_bounded_whatever_was_written() {
    let long = |word: &str| word.repeat(200_000);
    let (letters, digits) = (long("a"), long("1"));
    let head = "version: 1\nroutes: [ a: { skip: x } ]\n";
    for text in [
        letters.clone(),
        format!("{letters}: 1\n"),
        format!("{head}account_currency: {letters}\n"),
        format!("{head}tiers: {{ {letters}: {{ size: {digits} }} }}\n"),
        format!("{head}budgets: {{ b: {{ limit: {digits}, per: {digits}h, zone: {letters} }} }}\n"),
        format!("{head}budgets: {{ {letters}: {{}} }}\ntiers: {{ pilot: {{ budget: x }} }}\n"),
        format!(
            "routes:\n- a:\n    when: {{ price: '{digits}', tier: x }}\ntiers: {{ {letters}: }}\n"
        ),
        format!("routes:\n- a:\n    when:\n      type: not [{letters}]\n"),
        format!("routes: [ a: {{ skip: {letters} }}, {letters}: {{ when: {letters} }} ]\n"),
    ] {
        let printed = printed(&text);
        assert!(printed.len() < 5_000, "{} bytes", printed.len());
    }
}

#[test]
fn the_largest_table_lowers() {
    let head = "name: x\nversion: 1\naccount_currency: USDT\nroutes:\n";
    let routes: String = (0..8191)
        .map(|n| format!("- r{n}: {{ when: {{ dust: yes }}, skip: s{n} }}\n"))
        .collect();
    let document = parsed(&format!("{head}{routes}- end: {{ skip: x }}\n"));
    assert_eq!(document.table().reasons.len(), 8192);
    document.table().encode().unwrap();
}

#[test]
fn what_the_parser_would_drop_is_refused() {
    let at = DEFAULT.find("budgets:").unwrap();
    let line = DEFAULT[..at].matches('\n').count() + 1;
    let text = format!("{}\0{}", &DEFAULT[..at], &DEFAULT[at..]);
    refused(
        &text,
        &format!("line {line}, column 1: the control character U+0000 is not allowed"),
    );
}

fn check(text: &str) {
    if let Ok(document) = Document::parse(text) {
        document.table().encode().unwrap();
    }
}

#[test]
fn every_prefix_of_the_default_policy_is_read_without_panic() {
    for at in 0..DEFAULT.len() {
        if let Some(prefix) = DEFAULT.get(..at) {
            check(prefix);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_policies_never_panic(
        edits in prop::collection::vec((any::<Index>(), any::<Index>(), 0..24_usize), 1..6)
    ) {
        const PIECES: [&str; 24] = [
            "", " ", "\n", "\t", "\r", "{", "}", "[", "]", ":", ": ", "- ", "? ", "|", ">", "'", "\"",
            "not ", "%", "&a ", "*a", "!t ", "..", "\u{feff}é",
        ];
        let mut text: Vec<char> = DEFAULT.chars().collect();
        for (from, length, piece) in edits {
            let from = from.index(text.len());
            let to = (from + length.index(12)).min(text.len());
            text.splice(from..to, PIECES[piece].chars());
        }
        check(&text.into_iter().collect::<String>());
    }

    #[test]
    fn swapped_words_never_panic(swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 1..8)) {
        let mut words: Vec<&str> = DEFAULT.split_inclusive([' ', '\n', ',']).collect();
        for (left, right) in swaps {
            let (left, right) = (left.index(words.len()), right.index(words.len()));
            words.swap(left, right);
        }
        check(&words.concat());
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_indicators_never_panic(text in "[\\[\\]{}:,\\-?|>&*!%#'\"\\\\@`a0 \n\r\t]{0,80}") {
        check(&text);
    }
}
