//! Documents as an editor hands them to a schema: JSON, with scalars read by one of three rules.
//!
//! The parser is the reader's; the tree is not, so that neither hides the other's faults.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// How plain scalars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalars {
    /// By YAML 1.2: `true` is a boolean, `yes` a text.
    Core,
    /// By YAML 1.1: `yes` and `on` are booleans too.
    Old,
    /// As the reader does: everything but nothing is a text.
    Texts,
}

impl Scalars {
    pub(crate) const ALL: [Self; 3] = [Self::Core, Self::Old, Self::Texts];

    fn value(self, text: &str) -> Value {
        if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return Value::Null;
        }
        let lower = text.to_lowercase();
        let cased = [lower.clone(), text.to_uppercase(), capitalized(&lower)];
        let boolean = match lower.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            "yes" | "on" if self == Self::Old => Some(true),
            "no" | "off" if self == Self::Old => Some(false),
            _ => None,
        };
        match boolean {
            _ if self == Self::Texts => Value::String(text.into()),
            Some(boolean) if cased.iter().any(|cased| cased == text) => Value::Bool(boolean),
            _ => number(text).map_or_else(|| Value::String(text.into()), Value::Number),
        }
    }
}

fn capitalized(lower: &str) -> String {
    let (first, rest) = lower.split_at(lower.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

/// `12`, `-0.5`, `.5`, `5.`, `1e3`: what YAML takes for a number, and JSON can write.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if !starts || unsigned == "." {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    Number::from_f64(text.parse().ok()?)
}

/// The document as JSON; of several, the first.
#[track_caller]
pub(crate) fn json(text: &str, scalars: Scalars) -> Value {
    enum Open {
        List(Vec<Value>),
        Map(Map<String, Value>, Option<String>),
    }
    fn put(stack: &mut [Open], value: Value) -> Option<Value> {
        match stack.last_mut() {
            None => return Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(map, key)) => match key.take() {
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(value.as_str().expect("a plain key").to_owned()),
            },
        }
        None
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut stack = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{error}\nin\n{text}"));
        let value = match event {
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop().unwrap() {
                Open::List(items) => Value::Array(items),
                Open::Map(map, _) => Value::Object(map),
            },
            // A key is a text whatever it looks like.
            Event::Scalar(text, ..) if matches!(stack.last(), Some(Open::Map(_, None))) => {
                Value::String(text.into_owned())
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) => scalars.value(&text),
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            _ => continue,
        };
        if let Some(root) = put(&mut stack, value) {
            return root;
        }
    }
    Value::Null
}
