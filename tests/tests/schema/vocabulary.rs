//! That the schema has the reader's words, asked from the reader itself: a wrong key or word
//! gets all the right ones in its message.

use std::collections::BTreeSet;

use router_guest::document::Document;
use serde_json::Value;

use super::{changed, conditional, schema};

/// Near to nothing, so that no single word is suggested.
const WRONG: &str = "zzzzzzzzzzzz";

/// The words that the reader lists when it meets the wrong one.
#[track_caller]
fn listed(text: &str) -> BTreeSet<String> {
    let findings = Document::parse(text).unwrap_err();
    let message = findings
        .as_slice()
        .iter()
        .map(|finding| finding.message.as_str())
        .find(|message| message.contains(WRONG))
        .unwrap_or_else(|| panic!("{findings}"));
    let behind = message.split_once("here are ").map(|(_, behind)| behind);
    let words = behind.or(message.split_once("; write ").map(|(_, behind)| behind));
    let words = words.unwrap_or_else(|| panic!("{message}"));
    words
        .split(", ")
        .map(|word| word.trim_matches('`').to_owned())
        .collect()
}

/// Words of an `enum` anywhere below, without those of negations.
fn words_of(value: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                words_of(schema.pointer(&to[1..]).unwrap(), schema, found);
            }
            if let Some(Value::Array(words)) = map.get("enum") {
                let texts = words.iter().filter_map(Value::as_str);
                found.extend(
                    texts
                        .filter(|word| !word.starts_with("not "))
                        .map(str::to_owned),
                );
            }
            map.values()
                .for_each(|value| words_of(value, schema, found));
        }
        Value::Array(items) => items.iter().for_each(|item| words_of(item, schema, found)),
        _ => {}
    }
}

#[test]
fn keys_are_the_readers() {
    let schema = schema();
    let wrong = format!("{WRONG}: 1");
    for (pointer, text) in [
        ("", changed("name: base", &format!("name: base\n{wrong}"))),
        ("/$defs/risk", changed("short_enabled: no", &wrong)),
        ("/$defs/symbol", changed("allow_short: no", &wrong)),
        ("/$defs/tier", changed("confidence: 0.1", &wrong)),
        ("/$defs/budget", changed("orders: 9", &wrong)),
        ("/$defs/route", changed("skip: waits", &wrong)),
        ("/$defs/conditions", conditional(&format!("{{ {wrong} }}"))),
    ] {
        let properties = schema.pointer(pointer).unwrap()["properties"]
            .as_object()
            .unwrap();
        let keys: BTreeSet<_> = properties.keys().cloned().collect();
        assert_eq!(keys, listed(&text), "{pointer}");
        for (key, value) in properties {
            assert!(value["description"].is_string(), "{pointer}/{key}");
        }
    }
}

#[test]
fn words_are_the_readers() {
    let schema = schema();
    let words = |key: &str| conditional(&format!("{{ {key}: {WRONG} }}"));
    for (pointer, text) in [
        (
            "/$defs/risk/properties/short_enabled",
            changed("short_enabled: no", &format!("short_enabled: {WRONG}")),
        ),
        (
            "/$defs/tier/properties/intent",
            changed("normal: { ", &format!("normal: {{ intent: {WRONG}, ")),
        ),
        (
            "/$defs/budget/properties/scope",
            changed("scope: all", &format!("scope: {WRONG}")),
        ),
        (
            "/$defs/route/properties/close",
            changed("close: position", &format!("close: {WRONG}")),
        ),
        (
            "/$defs/route/properties/open",
            changed("open: sized", &format!("open: {WRONG}")),
        ),
        ("/$defs/conditions/properties/state", words("state")),
        ("/$defs/conditions/properties/action", words("action")),
        ("/$defs/conditions/properties/type", words("type")),
        ("/$defs/conditions/properties/position", words("position")),
        ("/$defs/conditions/properties/budget", words("budget")),
        ("/$defs/conditions/properties/dust", words("dust")),
    ] {
        let mut found = BTreeSet::new();
        words_of(schema.pointer(pointer).unwrap(), &schema, &mut found);
        assert_eq!(found, listed(&text), "{pointer}");
    }
}
