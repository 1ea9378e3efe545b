//! What a case expects of an answer: fields of the decision as they stand in its JSON, or the
//! error of a request that must be refused. What is not named is not compared.
//!
//! It compares nothing itself. A value that a field can never have is a mistake here.

use std::fmt;

use super::super::findings::{Collector, Place};
use super::super::reader::{self, Fields};
use super::super::yaml::{Entry, Node, Value as Written};
use crate::amount::Amount;
use crate::decision::{OrderIntent, PositionEffect, Side};
use crate::json::FaultCode;
use crate::request::PositionSide;

/// What the fields of a refusal begin with.
pub(super) const REFUSAL: &str = "error.";

/// One field and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its name, those of its objects in front: `budget.limit`; of an entry of a list, its
    /// number from 1: `warnings.1.code`.
    pub field: String,
    /// Where the value stands.
    pub place: Place,
    /// What it must be.
    pub value: Value,
}

/// A field's value, compared as what it is: decimals by value, not by digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The field is not there.
    Absent,
    /// A word or a text.
    Word(String),
    /// True or false.
    Flag(bool),
    /// A decimal.
    Amount(Amount),
    /// A whole number.
    Count(u64),
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => out.write_str("none"),
            Self::Word(word) => out.write_str(word),
            Self::Flag(flag) => flag.fmt(out),
            Self::Amount(amount) => amount.fmt(out),
            Self::Count(count) => count.fmt(out),
        }
    }
}

/// How a field's value is read, and whether the field can be absent.
#[derive(Clone, Copy)]
enum Kind {
    /// One of these, always there.
    OneOf(&'static [&'static str]),
    /// One of these, or absent.
    MaybeOneOf(&'static [&'static str]),
    /// A word of the policy's own, always there.
    Named,
    /// A text, or absent.
    Text,
    /// Always there.
    Flag,
    /// A decimal that is always there.
    Amount,
    /// A decimal, or absent.
    MaybeAmount,
    /// A whole number, or absent.
    MaybeCount,
}

const SIDES: [&str; 3] = [Side::Buy.word(), Side::Sell.word(), Side::Skip.word()];
const INTENTS: [&str; 5] = [
    OrderIntent::Normal.word(),
    OrderIntent::Pilot.word(),
    OrderIntent::Explore.word(),
    OrderIntent::Exit.word(),
    OrderIntent::Risk.word(),
];
const EFFECTS: [&str; 3] = [
    PositionEffect::Open.word(),
    PositionEffect::Close.word(),
    PositionEffect::None.word(),
];
const POSITION_SIDES: [&str; 2] = [PositionSide::Long.word(), PositionSide::Short.word()];

const DECISION: [(&str, Kind); 9] = [
    ("side", Kind::OneOf(&SIDES)),
    ("order_intent", Kind::OneOf(&INTENTS)),
    ("reason", Kind::Named),
    ("rule", Kind::Named),
    ("position_effect", Kind::OneOf(&EFFECTS)),
    ("position_side", Kind::MaybeOneOf(&POSITION_SIDES)),
    ("reduce_only", Kind::Flag),
    ("quantity", Kind::MaybeAmount),
    ("notional", Kind::MaybeAmount),
];

const BUDGET: [(&str, Kind); 8] = [
    ("name", Kind::Named),
    ("need", Kind::Amount),
    ("used", Kind::Amount),
    ("reserved", Kind::Amount),
    ("limit", Kind::MaybeAmount),
    ("remaining", Kind::MaybeAmount),
    ("orders", Kind::MaybeCount),
    ("orders_limit", Kind::MaybeCount),
];

const WARNING: [(&str, Kind); 3] = [
    ("code", Kind::Text),
    ("field", Kind::Text),
    ("message", Kind::Text),
];

/// Fields of a decision that no rule decides: they repeat the request, or are the router's.
const NOT_COMPARED: [&str; 9] = [
    "id",
    "symbol",
    "final_action",
    "tags",
    "reservation",
    "metadata",
    "policy",
    "fuel",
    "repeated",
];

/// Reads `expect`.
pub(super) fn read(entry: &Entry, findings: &mut Collector) -> Vec<Expectation> {
    let own = DECISION.iter().map(|(key, _)| *key);
    let keys: Vec<_> = own.chain(["budget", "warnings", "error"]).collect();
    let Some(fields) = own_fields(entry, &keys, findings) else {
        return Vec::new();
    };
    if let Some(error) = fields.get("error") {
        if fields.entries().len() > 1 {
            let message = "a refused request has no decision: `error` stands alone";
            findings.report(error.place, message);
        }
        return refusal(error, findings);
    }
    let mut expected = Vec::new();
    read_all(&fields, "", &DECISION, &mut expected, findings);
    if let Some(budget) = fields.get("budget") {
        self::budget(budget, &mut expected, findings);
    }
    if let Some(warnings) = fields.get("warnings") {
        self::warnings(warnings, &mut expected, findings);
    }
    expected
}

/// The fields of `expect`; those of a decision that are not compared are told apart from
/// words that are none.
fn own_fields<'d>(entry: &'d Entry, keys: &[&str], findings: &mut Collector) -> Option<Fields<'d>> {
    let place = entry.value_place();
    if entry.value.is_nothing() {
        findings.report(place, EMPTY);
        return None;
    }
    if let Written::Map(entries) = &entry.value.value {
        for other in entries {
            if NOT_COMPARED.contains(&other.key.as_str()) {
                let message = format!(
                    "`{}` is not compared: it repeats the request or is the router's, not the policy's",
                    other.key
                );
                findings.report(other.place, message);
                return None;
            }
        }
    }
    let fields = Fields::read(&entry.value, place, "`expect`", keys, findings)?;
    if fields.entries().is_empty() {
        findings.report(place, EMPTY);
        return None;
    }
    Some(fields)
}

const EMPTY: &str = "`expect` is empty: name at least one field of the decision";

fn refusal(error: &Entry, findings: &mut Collector) -> Vec<Expectation> {
    let place = error.value_place();
    let what = "`error`";
    let Some(fields) = Fields::read(&error.value, place, what, &["code", "message"], findings)
    else {
        return Vec::new();
    };
    if fields.entries().is_empty() {
        let message = "`error` is empty: name the `code`, such as `field_missing`";
        findings.report(place, message);
    }
    let mut expected = Vec::new();
    let mut push = |key: &str, entry: &Entry, word: &str| {
        expected.push(Expectation {
            field: format!("{REFUSAL}{key}"),
            place: entry.value_place(),
            value: Value::Word(word.to_owned()),
        });
    };
    if let Some(entry) = fields.get("code") {
        let codes = FaultCode::ALL.iter().map(|code| code.word());
        let codes: Vec<_> = codes.map(|word| (word, word)).collect();
        if let Some(word) = reader::choice(entry, &codes, findings) {
            push("code", entry, word);
        }
    }
    if let Some(entry) = fields.get("message")
        && let Some(text) = reader::text(entry, findings)
    {
        push("message", entry, text);
    }
    expected
}

fn budget(entry: &Entry, expected: &mut Vec<Expectation>, findings: &mut Collector) {
    if entry.value.is_nothing() {
        expected.push(absent("budget", entry));
        return;
    }
    let keys = BUDGET.map(|(key, _)| key);
    let place = entry.value_place();
    let Some(fields) = Fields::read(&entry.value, place, "`budget`", &keys, findings) else {
        return;
    };
    if fields.entries().is_empty() {
        let message = "`budget` is empty: name what is expected of it, or `null` for none";
        findings.report(place, message);
    }
    read_all(&fields, "budget.", &BUDGET, expected, findings);
}

/// All of the warnings, in their order; of each, what is named.
fn warnings(entry: &Entry, expected: &mut Vec<Expectation>, findings: &mut Collector) {
    let items: &[Node] = match &entry.value.value {
        Written::Nothing => &[],
        Written::List(items) => items,
        _ => {
            let message = format!(
                "`warnings` must be a list of `{{ code: … }}`{}",
                reader::found_instead(&entry.value)
            );
            findings.report(entry.value_place(), message);
            return;
        }
    };
    expected.push(Expectation {
        field: "warnings".into(),
        place: entry.value_place(),
        value: Value::Count(items.len() as u64),
    });
    let keys = WARNING.map(|(key, _)| key);
    for (item, number) in items.iter().zip(1_usize..) {
        let what = "a warning";
        if let Some(fields) = Fields::read(item, item.place, what, &keys, findings) {
            let path = format!("warnings.{number}.");
            read_all(&fields, &path, &WARNING, expected, findings);
        }
    }
}

fn read_all(
    fields: &Fields<'_>,
    path: &str,
    known: &[(&str, Kind)],
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
) {
    for (key, kind) in known {
        let Some(entry) = fields.get(key) else {
            continue;
        };
        if let Some(value) = value(entry, *kind, findings) {
            expected.push(Expectation {
                field: format!("{path}{key}"),
                place: entry.value_place(),
                value,
            });
        }
    }
}

pub(super) fn absent(field: impl Into<String>, entry: &Entry) -> Expectation {
    Expectation {
        field: field.into(),
        place: entry.value_place(),
        value: Value::Absent,
    }
}

fn value(entry: &Entry, kind: Kind, findings: &mut Collector) -> Option<Value> {
    let may_be_absent = matches!(
        kind,
        Kind::MaybeOneOf(_) | Kind::Text | Kind::MaybeAmount | Kind::MaybeCount
    );
    if entry.value.is_nothing() && may_be_absent {
        return Some(Value::Absent);
    }
    match kind {
        Kind::OneOf(words) | Kind::MaybeOneOf(words) => {
            let words: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
            let word = reader::choice(entry, &words, findings)?;
            Some(Value::Word(word.to_owned()))
        }
        Kind::Named => {
            let text = reader::text(entry, findings)?;
            let what = format!("the {}", entry.key);
            reader::free_name(text, entry.value_place(), &what, findings).map(Value::Word)
        }
        Kind::Text => reader::text(entry, findings).map(|text| Value::Word(text.to_owned())),
        Kind::Flag => reader::yes_or_no(entry, findings).map(Value::Flag),
        Kind::Amount | Kind::MaybeAmount => amount(entry, findings).map(Value::Amount),
        Kind::MaybeCount => {
            let count = reader::count(entry, findings)?;
            Some(Value::Count(u64::from(count)))
        }
    }
}

pub(super) fn amount(entry: &Entry, findings: &mut Collector) -> Option<Amount> {
    let text = reader::text(entry, findings)?;
    reader::amount(text, entry.value_place(), findings)
}
