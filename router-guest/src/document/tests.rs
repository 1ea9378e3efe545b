//! The default policy, and what every other test of documents shares.
//!
//! `accepted` and `refused` are tables of documents; `hostile` is for texts that nobody writes
//! in earnest.

mod accepted;
mod hostile;
mod refused;

use super::*;

/// The policy that ships.
const DEFAULT: &str = include_str!("../../../policies/default/policy.yaml");

#[track_caller]
fn parsed(text: &str) -> Document {
    match Document::parse(text) {
        Ok(document) => document,
        Err(findings) => panic!("{findings}\nin\n{text}"),
    }
}

/// What is printed of a document that is refused; empty when it is not.
fn printed(text: &str) -> String {
    Document::parse(text)
        .err()
        .map_or_else(String::new, |findings| findings.to_string())
}

#[test]
fn the_default_policy_has_a_table_that_encodes() {
    let document = parsed(DEFAULT);
    let table = document.table();
    assert_eq!(table.validate(), Ok(()));
    let bytes = table.encode().unwrap();
    assert_eq!(Table::decode(&bytes).as_ref(), Ok(table));
    assert_eq!((document.name(), document.version()), ("default", "1"));
    assert_eq!(table.account_currency, "USDT");
    let rules: Vec<_> = table.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(
        rules,
        [
            "halted",
            "hold",
            "pass",
            "unknown_action",
            "below_threshold",
            "already_closing",
            "dust",
            "close_short",
            "close_long",
            "close_position",
            "nothing_to_close",
            "exit_when_flat",
            "exit_cannot_open",
            "already_long",
            "already_short",
            "reducing",
            "shorting_disabled",
            "already_opening",
            "below_minimum",
            "exploration_limit",
            "open",
        ]
    );
}

#[test]
fn the_default_policy_declares_every_reason_once_in_order() {
    assert_eq!(
        parsed(DEFAULT).table().reasons,
        [
            "trading_halted",
            "hold_signal",
            "skip_signal",
            "unknown_action",
            "below_threshold",
            "already_closing",
            "dust",
            "close_long",
            "close_short",
            "no_position_to_close",
            "exit_cannot_open",
            "already_long_no_pyramid",
            "already_short_no_pyramid",
            "reducing_only",
            "shorting_disabled",
            "already_opening",
            "below_minimum",
            "exploration_limit",
            "open_long",
            "open_short",
        ]
    );
}

#[test]
fn a_rule_knows_its_place_in_the_document() {
    let document = parsed(DEFAULT);
    let place = document.rule_place(0).unwrap();
    let line = DEFAULT.lines().nth(place.line - 1).unwrap();
    let from = line.get(place.column - 1..).unwrap();
    assert!(from.starts_with("halted: {"), "{from}");
    assert_eq!(document.rule_place(document.table().rules.len()), None);
}

/// The example of the language's reference is a policy.
#[test]
fn the_example_of_the_reference_is_a_document() {
    let reference = include_str!("../../README.md");
    let (_, behind) = reference.split_once("```yaml\n").unwrap();
    let (example, _) = behind.split_once("```").unwrap();
    assert_eq!(parsed(example).name(), "example");
}
