//! Sets as schemas, in all four forms: `a`, `[a, b]`, `not a`, `{ not: [a, b] }`.
//!
//! Which words exclude every value together is not said here: no editor would explain it.

use serde_json::{Value, json};

use super::forms;
use super::patterns::{self, NAME_CHARACTER};
use crate::document::tiers::NO_TIER;
use crate::table::TABLE_NAME_BYTES_MAX;

/// A set of known words.
pub(super) fn words(known: &[(&str, u32)]) -> Value {
    let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
    // `not a` stands beside `a`, so that an editor offers both.
    let single: Vec<_> = words
        .iter()
        .map(|word| (*word).to_owned())
        .chain(words.iter().map(|word| format!("not {word}")))
        .collect();
    let spaced = format!(r"not \s*{}", patterns::either(words.iter().copied()));
    set(
        vec![
            json!({ "enum": single }),
            json!({ "type": "string", "pattern": patterns::whole(&spaced) }),
        ],
        json!({ "enum": words }),
        json!({ "enum": words }),
    )
}

/// A set of tiers. Which there are is for the reader: a schema knows no names of a document.
pub(super) fn tier_names() -> Value {
    let name = patterns::own_name(TABLE_NAME_BYTES_MAX);
    let single = format!(r"(?:not \s*)?{name}");
    set(
        vec![json!({
            "type": ["string", "boolean"],
            "pattern": patterns::whole(&single),
            "patternErrorMessage": "the name of a tier, or `none`",
            "examples": [NO_TIER],
        })],
        forms::own_name(),
        forms::own_name(),
    )
}

/// A set of patterns of names.
pub(super) fn names() -> Value {
    let characters = format!("{NAME_CHARACTER}{{1,{TABLE_NAME_BYTES_MAX}}}");
    // `not *` holds for no name, and `not [a, b]` is a text to YAML.
    let single = format!(r"not \s*(?![\s\[])(?!\*+$){characters}|(?!not ){characters}");
    let mut excluded = forms::free_name();
    super::insert(
        &mut excluded,
        json!({ "not": { "pattern": r"^\*+$", "type": "string" } }),
    );
    set(
        vec![json!({
            "type": ["string", "number", "boolean"],
            "minLength": 1,
            "pattern": patterns::whole(&single),
            "patternErrorMessage": "a name of 1 to 64 bytes, or `not` before one",
        })],
        forms::free_name(),
        excluded,
    )
}

/// A set whose single words, listed words and excluded words are these.
fn set(single: Vec<Value>, listed: Value, excluded: Value) -> Value {
    let list = |items: &Value| json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": items });
    let excluding = json!({ "anyOf": [excluded, list(&excluded)] });
    let several = [list(&listed), forms::excluding(excluding)];
    let forms: Vec<_> = single.into_iter().chain(several).collect();
    json!({ "anyOf": forms })
}
