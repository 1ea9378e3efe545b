//! Forms of values as schemas.
//!
//! A YAML editor has made numbers and booleans of plain words before it asks the schema, and
//! the reader has not: `0.65` is a number to the one and a text to the other, and a reason
//! `true` a boolean. So a form takes every type that its texts can turn into.

use jiff::tz::TimeZoneDatabase;
use serde_json::{Map, Value, json};

use super::{closed_map, definition, patterns, sets};
use crate::document::budgets::SCOPES;
use crate::document::conditions::{self, BUDGET_WORDS};
use crate::document::numbers::{ABSENT, PRESENT, is_always_given};
use crate::document::reader::YES_OR_NO;
use crate::document::tiers::INTENTS;
use crate::document::vocabulary::{self, Form};
use crate::document::windows;
use crate::table::TABLE_NAME_BYTES_MAX;

/// The schema of a form.
pub(super) fn value(form: Form) -> Value {
    match form {
        Form::FreeName => definition("free_name"),
        Form::Currency => currency(),
        Form::Risk => definition("risk"),
        Form::Symbols => definition("symbols"),
        Form::Tiers => definition("tiers"),
        Form::Budgets => definition("budgets"),
        Form::Routes => definition("routes"),
        Form::YesOrNo => definition("yes_or_no"),
        Form::Positive => definition("positive"),
        Form::Intent => words(INTENTS.iter().map(|(word, _)| *word)),
        Form::Least => definition("least"),
        Form::Share => definition("share"),
        Form::OwnName => definition("own_name"),
        Form::Limits => limits(),
        Form::Orders => orders(),
        Form::Window => window(),
        Form::Zone => definition("zone"),
        Form::Scope => words(SCOPES.iter().map(|(word, _)| *word)),
        Form::When => definition("when"),
        Form::Position => words([vocabulary::POSITION]),
        Form::Sized => words([vocabulary::SIZED]),
        Form::States => sets::words(&conditions::state_words()),
        Form::Actions => sets::words(&conditions::action_words()),
        Form::Types => sets::words(&conditions::type_words()),
        Form::Positions => sets::words(&conditions::position_words()),
        Form::TierNames => definition("tier_names"),
        Form::Names => definition("names"),
        Form::BudgetState => words(BUDGET_WORDS.iter().map(|(word, _)| *word)),
        Form::ScoreTest(_) => definition("score_test"),
        Form::AmountTest(field) if is_always_given(field) => definition("given_amount_test"),
        Form::AmountTest(_) => definition("amount_test"),
        // What may be excluded is the set's to say, see `sets`.
        Form::Excluded => Value::Object(Map::new()),
    }
}

/// One of a few words.
fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    let words: Vec<_> = words.into_iter().collect();
    json!({ "enum": words })
}

pub(super) fn yes_or_no() -> Value {
    let words = YES_OR_NO.iter().map(|(word, _)| json!(word));
    let values: Vec<_> = words.chain([json!(true), json!(false)]).collect();
    json!({ "enum": values })
}

/// A name as the outside world writes it.
pub(super) fn free_name() -> Value {
    let mut name = free_key();
    super::insert(
        &mut name,
        json!({ "type": ["string", "number", "boolean"] }),
    );
    name
}

/// The same as a key, which is a text in any case. The reader counts bytes, a schema characters.
pub(super) fn free_key() -> Value {
    json!({
        "minLength": 1,
        "maxLength": TABLE_NAME_BYTES_MAX,
        "pattern": patterns::whole(&format!("{}+", patterns::NAME_CHARACTER)),
        "patternErrorMessage": "a name has no control characters",
    })
}

/// A lower-case word that the policy gives, where `true` may be one.
pub(super) fn own_name() -> Value {
    let mut name = own_key();
    super::insert(&mut name, json!({ "type": ["string", "boolean"] }));
    name
}

pub(super) fn own_key() -> Value {
    json!({
        "pattern": patterns::whole(&patterns::own_name(TABLE_NAME_BYTES_MAX)),
        "patternErrorMessage": "a lower-case word: a letter, then letters, digits, `_` and `-`",
    })
}

fn currency() -> Value {
    let pattern = format!("[A-Z0-9]{{1,{TABLE_NAME_BYTES_MAX}}}");
    json!({
        // Digits alone and `TRUE` are codes to the reader.
        "type": ["string", "number", "boolean"],
        "minimum": 0,
        "pattern": patterns::whole(&pattern),
        "patternErrorMessage": "a code of capitals and digits, such as USDT",
    })
}

pub(super) fn positive() -> Value {
    let pattern = format!("{}{}", patterns::ABOVE_ZERO, patterns::DECIMAL);
    json!({
        "type": ["number", "string"],
        "exclusiveMinimum": 0,
        "pattern": patterns::whole(&pattern),
        "patternErrorMessage": "a decimal above 0",
    })
}

pub(super) fn least() -> Value {
    json!({
        "type": ["number", "string"],
        "minimum": 0,
        "pattern": patterns::whole(patterns::SCORE_NOT_NEGATIVE),
        "patternErrorMessage": "a number of 0 or more",
    })
}

pub(super) fn share() -> Value {
    json!({
        "type": "string",
        "pattern": patterns::whole(&patterns::share()),
        "patternErrorMessage": "a percentage above 0% and at most 100%, with its sign: `40%`",
        "examples": ["100%", "50%", "40%"],
    })
}

fn percent_limit() -> String {
    format!(r"\s*{}\s*%\s*of\s+equity\s*", patterns::DECIMAL)
}

fn amount_limit() -> String {
    format!(r"\s*{}\s+[A-Z0-9]+\s*", patterns::DECIMAL)
}

/// One limit of either kind.
pub(super) fn limit() -> Value {
    let (percent, amount) = (percent_limit(), amount_limit());
    json!({
        "type": "string",
        "pattern": patterns::whole(&patterns::either([&*percent, &*amount])),
        "patternErrorMessage": "a limit is written `3% of equity` or `500 USDT`",
        "examples": ["3% of equity", "500 USDT"],
    })
}

/// A limit, or a list with at most one of each kind.
fn limits() -> Value {
    let twice = |pattern: String| json!({ "not": { "minItems": 2, "items": { "pattern": patterns::whole(&pattern) } } });
    json!({
        "anyOf": [
            definition("limit"),
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 2,
                "items": definition("limit"),
                "allOf": [twice(percent_limit()), twice(amount_limit())],
            },
        ],
    })
}

fn orders() -> Value {
    json!({
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": u32::MAX,
        "pattern": patterns::whole(&patterns::whole_number(u32::MAX)),
        "patternErrorMessage": "a whole number",
    })
}

fn window() -> Value {
    let words: Vec<_> = windows::WORDS.iter().map(|(word, _)| *word).collect();
    let rolling = format!(
        r"rolling \s*{}\s*",
        patterns::span(windows::ROLLING_DAYS_MAX)
    );
    json!({
        "anyOf": [
            { "enum": words },
            {
                "type": "string",
                "pattern": patterns::whole(&rolling),
                "patternErrorMessage": "`hour`, `day`, `week`, `none` or a span such as `rolling 24h`",
                "examples": ["rolling 24h"],
            },
        ],
    })
}

/// The zones of the bundled database, in the order of their names.
pub(super) fn zone() -> Value {
    let database = TimeZoneDatabase::bundled();
    let mut zones: Vec<_> = database
        .available()
        .map(|zone| zone.as_str().to_owned())
        .collect();
    zones.sort();
    json!({ "enum": zones })
}

pub(super) fn score_test() -> Value {
    number_test(patterns::SCORE, &[ABSENT, PRESENT])
}

pub(super) fn amount_test() -> Value {
    number_test(patterns::DECIMAL, &[ABSENT, PRESENT])
}

/// Of an amount that every request has.
pub(super) fn given_amount_test() -> Value {
    number_test(patterns::DECIMAL, &[PRESENT])
}

fn number_test(number: &str, words: &[&str]) -> Value {
    let shown: Vec<_> = [">= 0.55", "< 3", "0.3 .. 0.55"]
        .iter()
        .chain(words)
        .collect();
    json!({
        "type": "string",
        "pattern": patterns::whole(&patterns::number_test(number, words)),
        "patternErrorMessage": "write one such as \">= 0.55\", \"0.3 .. 0.55\", `absent` or `present`",
        "examples": shown,
    })
}

/// A set's map with what it excludes.
pub(super) fn excluding(words: Value) -> Value {
    let mut map = closed_map(&vocabulary::NOT);
    let keys = vocabulary::NOT.map(|key| key.word);
    super::insert(&mut map, json!({ "required": keys }));
    if let Some(not) = map.pointer_mut("/properties/not") {
        super::insert(not, words);
    }
    map
}
