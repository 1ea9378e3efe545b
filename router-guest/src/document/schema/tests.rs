//! That the schema says of every key what it is. What it takes and refuses is held against
//! the reader in `tests/tests/schema.rs`, where there is a validator.

use super::*;

fn schema() -> Value {
    serde_json::from_str(&schema_json()).unwrap()
}

/// The keys of a definition, each with what an editor shows.
#[track_caller]
fn described(schema: &Value, pointer: &str) -> Vec<(String, String)> {
    let map = schema.pointer(pointer).unwrap();
    assert_eq!(map["additionalProperties"], json!(false), "{pointer}");
    let properties = map["properties"].as_object().unwrap();
    properties
        .iter()
        .map(|(key, value)| {
            (
                key.clone(),
                value["description"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_key_of_the_vocabulary_is_there_with_its_description() {
    let schema = schema();
    for (pointer, keys) in [
        ("", vocabulary::SECTIONS.to_vec()),
        ("/$defs/risk", vocabulary::RISK.to_vec()),
        ("/$defs/symbol", vocabulary::SYMBOL.to_vec()),
        ("/$defs/tier", vocabulary::TIER.to_vec()),
        ("/$defs/budget", vocabulary::BUDGET.to_vec()),
        ("/$defs/route", vocabulary::ROUTE.to_vec()),
        ("/$defs/conditions", vocabulary::conditions()),
    ] {
        let mut keys: Vec<_> = keys
            .iter()
            .map(|key| (key.word.to_owned(), key.about.to_owned()))
            .collect();
        keys.sort();
        assert_eq!(described(&schema, pointer), keys, "{pointer}");
    }
}

#[test]
fn a_description_is_a_sentence() {
    let all = [
        &vocabulary::SECTIONS[..],
        &vocabulary::RISK,
        &vocabulary::SYMBOL,
        &vocabulary::TIER,
        &vocabulary::BUDGET,
        &vocabulary::ROUTE,
        &vocabulary::NOT,
    ];
    let conditions = vocabulary::conditions();
    for key in all.into_iter().flatten().chain(&conditions) {
        assert!(key.about.ends_with('.'), "{}: {}", key.word, key.about);
        assert!(key.about.len() > 20, "{}: {}", key.word, key.about);
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_definition_is_used() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").map(|to| to.as_str().unwrap().to_owned()));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    references(&schema, &mut found);
    found.sort();
    found.dedup();
    let mut definitions: Vec<_> = schema["$defs"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| format!("#/$defs/{name}"))
        .collect();
    definitions.sort();
    assert_eq!(found, definitions);
}

#[test]
fn bounds_of_numbers_are_alternatives_of_digits() {
    for (most, pattern) in [
        (0, "0*(?:0)"),
        (7, "0*(?:[0-6]|7)"),
        (100, "0*(?:[0-9]{1,2}|100)"),
        (
            366,
            "0*(?:[1-2][0-9]{2}|3[0-5][0-9]|36[0-5]|[0-9]{1,2}|366)",
        ),
        (
            8784,
            "0*(?:[1-7][0-9]{3}|8[0-6][0-9]{2}|87[0-7][0-9]|878[0-3]|[0-9]{1,3}|8784)",
        ),
    ] {
        assert_eq!(patterns::whole_number(most), pattern);
    }
}
