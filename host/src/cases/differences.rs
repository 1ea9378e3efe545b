//! Fields side by side: what was expected of an answer, and what it says. Values are compared
//! as what they are, decimals by value.

use std::collections::BTreeMap;

use router_guest::document::cases::{Expectation, Value};
use router_guest::json::Fault;

use crate::decision::Decision;
use crate::rejection::Rejection;

/// A field that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name, with those of its objects: `budget.limit`.
    pub field: String,
    /// What was expected; `none` where it should not be there.
    pub expected: String,
    /// What is; `none` where it is not there.
    pub actual: String,
}

/// Fields by name; one that is not there is [`Value::Absent`].
pub(super) type Fields = BTreeMap<String, Value>;

/// An answer as its fields.
#[derive(Debug)]
pub(super) enum Answer {
    Decided(Fields),
    Refused(Rejection),
}

impl Answer {
    pub(super) fn decided(decision: &Decision) -> Self {
        Self::Decided(fields_of(decision))
    }

    /// What is not as a case expects.
    pub(super) fn against(&self, expected: &[Expectation], refusal: bool) -> Vec<Difference> {
        match self {
            Self::Decided(fields) if refusal => {
                let mut differences = differing(expected, &Fields::new());
                differences.push(Difference {
                    field: "decision".into(),
                    expected: Value::Absent.to_string(),
                    actual: in_words(fields),
                });
                differences
            }
            Self::Decided(fields) => differing(expected, fields),
            Self::Refused(rejection) if refusal => differing(expected, &refused(rejection)),
            Self::Refused(rejection) => vec![Difference {
                field: "error".into(),
                expected: Value::Absent.to_string(),
                actual: told(rejection),
            }],
        }
    }

    /// What differs from another answer to the same, which counts as the expected one.
    pub(super) fn beside(&self, other: &Self) -> Vec<Difference> {
        let fields = |answer: &Self| match answer {
            Self::Decided(fields) => fields.clone(),
            Self::Refused(rejection) => refused(rejection),
        };
        let (expected, actual) = (fields(other), fields(self));
        let names: Vec<_> = expected.keys().chain(actual.keys()).collect();
        let mut names: Vec<_> = names.into_iter().cloned().collect();
        names.sort();
        names.dedup();
        let pairs = names.into_iter().map(|name| {
            let value = |fields: &Fields| fields.get(&name).cloned().unwrap_or(Value::Absent);
            let (expected, actual) = (value(&expected), value(&actual));
            (name, expected, actual)
        });
        pairs
            .filter(|(_, expected, actual)| expected != actual)
            .map(|(field, expected, actual)| Difference {
                field,
                expected: expected.to_string(),
                actual: actual.to_string(),
            })
            .collect()
    }
}

/// The expectations that do not hold, in their order.
pub(super) fn differing(expected: &[Expectation], fields: &Fields) -> Vec<Difference> {
    let actual = |field: &str| fields.get(field).unwrap_or(&Value::Absent);
    expected
        .iter()
        .filter(|expected| *actual(&expected.field) != expected.value)
        .map(|expected| Difference {
            field: expected.field.clone(),
            expected: expected.value.to_string(),
            actual: actual(&expected.field).to_string(),
        })
        .collect()
}

/// `BUY normal open_long by open`
fn in_words(fields: &Fields) -> String {
    let words = ["side", "order_intent", "reason", "rule"].map(|field| {
        let value = fields.get(field).unwrap_or(&Value::Absent);
        value.to_string()
    });
    let [side, intent, reason, rule] = words;
    format!("{side} {intent} {reason} by {rule}")
}

fn told(rejection: &Rejection) -> String {
    format!("{}: {}", rejection.code, rejection.message)
}

fn refused(rejection: &Rejection) -> Fields {
    let text = |text: &str| Value::Word(text.to_owned());
    Fields::from([
        ("error.code".to_owned(), text(rejection.code)),
        ("error.message".to_owned(), text(&rejection.message)),
    ])
}

/// Every field that a case can name.
fn fields_of(decision: &Decision) -> Fields {
    let word = |word: &str| Value::Word(word.to_owned());
    let mut fields = Fields::new();
    let mut set = |field: &str, value: Value| fields.insert(field.to_owned(), value);
    set("side", word(decision.side().word()));
    set("order_intent", word(decision.order_intent().word()));
    set("reason", word(decision.reason()));
    set("rule", word(decision.rule()));
    set("position_effect", word(decision.position_effect().word()));
    if let Some(leg) = decision.position_side() {
        set("position_side", word(leg.word()));
    }
    set("reduce_only", Value::Flag(decision.reduce_only()));
    if let Some(quantity) = decision.quantity() {
        set("quantity", Value::Amount(quantity));
    }
    if let Some(notional) = decision.notional() {
        set("notional", Value::Amount(notional));
    }
    // No field of the line and of no case: it tells engines apart.
    if let Some(tier) = decision.tier() {
        set("tier", word(&tier.name));
    }
    budget(decision, &mut fields);
    warnings(&decision.warnings, &mut fields);
    fields
}

/// As the line of a decision has it.
fn budget(decision: &Decision, fields: &mut Fields) {
    let Some(line) = decision.budget_line() else {
        return;
    };
    let mut set = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(format!("budget{field}"), value);
        }
    };
    set("", Some(Value::Word("there".to_owned())));
    set(".name", Some(Value::Word(line.name.to_owned())));
    set(".need", Some(Value::Amount(line.need)));
    set(".used", Some(Value::Amount(line.used)));
    set(".reserved", Some(Value::Amount(line.reserved)));
    set(".limit", line.limit.map(Value::Amount));
    set(".remaining", line.remaining.map(Value::Amount));
    let count = |count: Option<u32>| count.map(|count| Value::Count(u64::from(count)));
    set(".orders", count(line.orders));
    set(".orders_limit", count(line.orders_limit));
}

fn warnings(warnings: &[Fault], fields: &mut Fields) {
    fields.insert("warnings".into(), Value::Count(warnings.len() as u64));
    for (warning, number) in warnings.iter().zip(1_usize..) {
        let mut set = |field: &str, text: &str| {
            let value = Value::Word(text.to_owned());
            fields.insert(format!("warnings.{number}.{field}"), value);
        };
        set("code", warning.code.word());
        set("message", &warning.message);
        if let Some(field) = &warning.field {
            set("field", field);
        }
    }
}
