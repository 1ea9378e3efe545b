//! A case's request: from YAML to the line of JSON that a bot would send, digit for digit.
//!
//! A scalar without quotes is the number or the word that JSON reads in it, and else text;
//! one in quotes is text. No number is ever computed with. What the request means is for the
//! reader of lines, whose faults are told here at their places.

use super::super::findings::{Collector, Place};
use super::super::reader;
use super::super::yaml::{Entry, Node, Value};
use super::Question;
use crate::json::{Fault, FaultCode, parse_request, write};

/// The line of JSON.
pub(super) fn json(request: &Entry, findings: &mut Collector) -> Option<String> {
    if !matches!(request.value.value, Value::Map(_)) {
        let message = format!(
            "`request` must be a map{}",
            reader::found_instead(&request.value)
        );
        findings.report(request.value_place(), message);
        return None;
    }
    let mut out = Vec::new();
    write_node(&request.value, &mut out);
    // All of it came from text.
    String::from_utf8(out).ok()
}

/// Reports the fault of a request that is expected to be decided, and faults that a close
/// drops without the case saying so: a misspelt field must not pass for one left out.
pub(super) fn check(request: &Entry, json: &str, question: &Question, findings: &mut Collector) {
    if question.is_refusal_expected() {
        return;
    }
    match parse_request(json.as_bytes()) {
        Err(refused) => {
            let place = place_of(request, &refused.fault);
            findings.report(place, refused.fault.message);
        }
        Ok(line) => {
            let told = |field: &str| field == "warnings" || field.starts_with("warnings.");
            if question
                .expected
                .iter()
                .any(|expected| told(&expected.field))
            {
                return;
            }
            for fault in &line.warnings {
                let message = format!(
                    "{}; a close goes out without it: mend it, or expect the `warnings`",
                    fault.message
                );
                findings.report(place_of(request, fault), message);
            }
        }
    }
}

/// The place of what is at fault: a key that there is not, else the field's value, or that of
/// the last one on its path that is there.
fn place_of(request: &Entry, fault: &Fault) -> Place {
    let mut at = request;
    let path = fault.field.as_deref().unwrap_or_default();
    for key in path.split('.') {
        let Value::Map(entries) = &at.value.value else {
            break;
        };
        match entries.iter().find(|entry| entry.key == key) {
            Some(entry) => at = entry,
            None => break,
        }
    }
    match fault.code {
        FaultCode::UnknownField => at.place,
        _ => at.value_place(),
    }
}

fn write_node(node: &Node, out: &mut Vec<u8>) {
    match &node.value {
        Value::Nothing => out.extend_from_slice(b"null"),
        Value::Text(text) if node.plain && is_json(text) => out.extend_from_slice(text.as_bytes()),
        Value::Text(text) => write::string(out, text),
        Value::List(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_node(item, out);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            out.push(b'{');
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write::string(out, &entry.key);
                out.push(b':');
                write_node(&entry.value, out);
            }
            out.push(b'}');
        }
    }
}

/// Whether a scalar without quotes is a word or a number of JSON, or one of the three bare
/// words that writers of floats make.
fn is_json(text: &str) -> bool {
    let word = matches!(text, "true" | "false" | "NaN" | "Infinity" | "-Infinity");
    word || is_number(text)
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, places) = match mantissa.split_once('.') {
        Some((whole, places)) => (whole, Some(places)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && places.is_none_or(digits)
        && exponent.is_none_or(digits)
}
