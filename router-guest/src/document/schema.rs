//! The JSON Schema of policy documents, for editors that complete and check them as they are
//! written.
//!
//! Keys, words and bounds are the reader's own (`vocabulary`, and the word lists of the
//! sections); what is written here is only how a form looks as a schema. It takes whatever the
//! reader takes. It cannot say everything that the reader refuses: `router-guest/README.md`
//! lists what is left to the reader.

mod forms;
mod patterns;
mod sets;

use serde_json::{Map, Value, json};

use super::tiers::{INTENTS, NO_TIER};
use super::vocabulary::{self, Key};
use crate::decision::OrderIntent;
use crate::table::{BUDGETS_MAX, RULES_MAX, SYMBOLS_MAX, TIERS_MAX};

/// The schema (draft 2020-12) as indented JSON with a line break at its end; the same text
/// from every build of a version.
pub fn schema_json() -> String {
    // Strings, numbers, lists and maps alone: it cannot fail.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn document() -> Value {
    let mut schema = closed_map(&vocabulary::SECTIONS);
    insert(
        &mut schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "execution-router policy",
            "description": "What becomes of every signal of a trading bot: the first route that matches decides.",
            "required": vocabulary::SECTIONS_REQUIRED,
            "$defs": explained(json!({
                "risk": or_nothing(closed_map(&vocabulary::RISK)),
                "symbols": symbols(),
                "symbol": closed_map(&vocabulary::SYMBOL),
                "tiers": tiers(),
                "tier": tier(),
                "budgets": budgets(),
                "budget": budget(),
                "routes": routes(),
                "route": route(),
                "when": when(),
                "conditions": conditions(),
                "own_name": forms::own_name(),
                "free_name": forms::free_name(),
                "yes_or_no": forms::yes_or_no(),
                "positive": forms::positive(),
                "least": forms::least(),
                "share": forms::share(),
                "limit": forms::limit(),
                "zone": forms::zone(),
                "names": sets::names(),
                "tier_names": sets::tier_names(),
                "score_test": forms::score_test(),
                "amount_test": forms::amount_test(),
                "given_amount_test": forms::given_amount_test(),
            })),
        }),
    );
    schema
}

/// What an editor says of a text that is written wrong, it also says of what is no text at all:
/// to `size: 0.4` no one wants to hear of types.
fn explained(mut definitions: Value) -> Value {
    let all = definitions
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut);
    for definition in all {
        if let Some(message) = definition.get("patternErrorMessage").cloned() {
            insert(definition, json!({ "errorMessage": message }));
        }
    }
    definitions
}

/// A map of these keys and no others, each with its form and what it means.
fn closed_map(keys: &[Key]) -> Value {
    let properties: Map<_, _> = keys
        .iter()
        .map(|key| {
            let mut value = forms::value(key.form);
            insert(&mut value, json!({ "description": key.about }));
            (key.word.to_owned(), value)
        })
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The same, or no value at all: a section whose lines are all commented out.
fn or_nothing(mut map: Value) -> Value {
    insert(&mut map, json!({ "type": ["object", "null"] }));
    map
}

/// Adds what the second object has; what both have is the second's.
fn insert(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

fn definition(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn symbols() -> Value {
    json!({
        "type": ["object", "null"],
        "maxProperties": SYMBOLS_MAX,
        "propertyNames": forms::free_key(),
        "additionalProperties": definition("symbol"),
    })
}

/// Tiers by name; those named after an intent need not state one.
fn tiers() -> Value {
    let named: Map<_, _> = INTENTS
        .iter()
        .map(|(word, intent)| {
            let mut named = definition("tier");
            let unsaid = json!({
                "description": format!("A tier of intent `{word}`, unless it states another."),
                "if": { "not": { "required": ["intent"] } },
                "then": budget_of(*intent),
            });
            insert(&mut named, unsaid);
            ((*word).to_owned(), named)
        })
        .collect();
    let mut other = definition("tier");
    insert(&mut other, json!({ "required": ["intent"] }));
    json!({
        "type": ["object", "null"],
        "maxProperties": TIERS_MAX,
        "propertyNames": { "allOf": [forms::own_key(), { "not": { "const": NO_TIER } }] },
        "properties": named,
        "additionalProperties": other,
    })
}

fn tier() -> Value {
    let mut tier = closed_map(&vocabulary::TIER);
    let rules: Vec<_> = INTENTS
        .iter()
        .map(|(word, intent)| {
            json!({
                "if": { "properties": { "intent": { "const": word } }, "required": ["intent"] },
                "then": budget_of(*intent),
            })
        })
        .collect();
    insert(&mut tier, json!({ "allOf": rules }));
    tier
}

/// Pilot and explore trades must be charged to a budget, normal ones never are.
fn budget_of(intent: OrderIntent) -> Value {
    if intent.charges_budget() {
        json!({ "required": ["budget"] })
    } else {
        json!({ "properties": { "budget": false } })
    }
}

fn budgets() -> Value {
    json!({
        "type": ["object", "null"],
        "maxProperties": BUDGETS_MAX,
        "propertyNames": forms::own_key(),
        "additionalProperties": definition("budget"),
    })
}

fn budget() -> Value {
    let mut budget = closed_map(&vocabulary::BUDGET);
    let needed = json!({
        "required": ["per"],
        "anyOf": [{ "required": ["limit"] }, { "required": ["orders"] }],
    });
    insert(&mut budget, needed);
    budget
}

/// A schema sees no order: that the route without `when` is the last one is the reader's to say.
fn routes() -> Value {
    json!({
        "type": "array",
        "minItems": 1,
        "maxItems": RULES_MAX,
        "items": {
            "type": "object",
            "description": "A route is `- name: { when: …, verb }`, with exactly one verb.",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": forms::own_key(),
            "additionalProperties": definition("route"),
        },
        "contains": {
            "type": "object",
            "additionalProperties": { "not": { "required": ["when"] } },
        },
        "minContains": 1,
        "maxContains": 1,
    })
}

fn route() -> Value {
    let mut route = closed_map(&vocabulary::ROUTE);
    let verbs: Vec<_> = vocabulary::VERBS
        .iter()
        .map(|verb| json!({ "required": [verb] }))
        .collect();
    let one_verb = json!({ "oneOf": verbs, "not": { "required": ["skip", "reason"] } });
    insert(&mut route, one_verb);
    route
}

fn when() -> Value {
    json!({
        "anyOf": [
            definition("conditions"),
            { "type": "array", "minItems": 1, "items": definition("conditions") },
        ],
    })
}

fn conditions() -> Value {
    let mut conditions = closed_map(&vocabulary::conditions());
    insert(&mut conditions, json!({ "minProperties": 1 }));
    conditions
}

#[cfg(test)]
mod tests;
