//! Sets of words in conditions: `a`, `[a, b]`, `not a`, `{ not: [a, b] }`.
//!
//! It reads them as bits or as patterns of names; which words there are is the condition's
//! business.

use super::advice;
use super::findings::{Collector, Place, quoted};
use super::reader;
use super::vocabulary;
use super::yaml::{Entry, Node, Value};
use crate::table::NameTest;

/// The words of a set as written.
struct Words<'d> {
    words: Vec<(&'d str, Place)>,
    negated: bool,
}

/// A set of known words as bits; never empty.
pub(super) fn bits(
    entry: &Entry,
    known: &[(&str, u32)],
    all: u32,
    findings: &mut Collector,
) -> Option<u32> {
    let set = words(entry, findings)?;
    let mut bits = 0;
    let mut sound = true;
    for (word, place) in &set.words {
        match known.iter().find(|(known, _)| known == word) {
            Some((_, bit)) => bits |= bit,
            None => {
                unknown_word(entry, word, *place, known, findings);
                sound = false;
            }
        }
    }
    let bits = if set.negated { all & !bits } else { bits & all };
    if sound && bits == 0 {
        let message = format!(
            "{} excludes every value, so this can never hold",
            quoted(&entry.key)
        );
        findings.report(entry.value_place(), message);
    }
    (sound && bits != 0).then_some(bits)
}

/// A set of names, given by patterns.
pub(super) fn names(entry: &Entry, findings: &mut Collector) -> Option<NameTest> {
    let set = words(entry, findings)?;
    let mut patterns = Vec::new();
    for (word, place) in &set.words {
        patterns.push(reader::free_name(word, *place, "the pattern", findings)?);
        if set.negated && word.bytes().all(|byte| byte == b'*') {
            let message = format!(
                "{} matches every name, so this can never hold",
                quoted(word)
            );
            findings.report(*place, message);
            return None;
        }
    }
    patterns.sort();
    Some(NameTest {
        patterns,
        negated: set.negated,
    })
}

fn unknown_word(
    entry: &Entry,
    word: &str,
    place: Place,
    known: &[(&str, u32)],
    findings: &mut Collector,
) {
    if word.starts_with("not ") {
        let message = "`not` stands before a whole set: write `{ not: [a, b] }`";
        findings.report(place, message);
        return;
    }
    let known: Vec<_> = known.iter().map(|(word, _)| *word).collect();
    let advice = advice::advice(word, &known, "the words here are");
    let message = format!(
        "{} cannot be {}; {advice}",
        quoted(&entry.key),
        quoted(word)
    );
    findings.report(place, message);
}

fn words<'d>(entry: &'d Entry, findings: &mut Collector) -> Option<Words<'d>> {
    match &entry.value.value {
        Value::Map(_) => negated(entry, findings),
        Value::Text(text) => {
            let (word, negated) = match text.strip_prefix("not ") {
                Some(word) => (word.trim_start(), true),
                None => (text.as_str(), false),
            };
            // In block style YAML takes `not [a, b]` for one text.
            if negated && word.starts_with('[') {
                let message = format!("write {}", quoted(&format!("{{ not: {word} }}")));
                findings.report(entry.value_place(), message);
                return None;
            }
            Some(Words {
                words: vec![(word, entry.value_place())],
                negated,
            })
        }
        Value::Nothing | Value::List(_) => {
            let words = listed(entry, &entry.value, findings)?;
            Some(Words {
                words,
                negated: false,
            })
        }
    }
}

/// `{ not: x }` and `{ not: [a, b] }`
fn negated<'d>(entry: &'d Entry, findings: &mut Collector) -> Option<Words<'d>> {
    let place = entry.value_place();
    let fields = reader::Fields::read(
        &entry.value,
        place,
        &quoted(&entry.key),
        &vocabulary::NOT,
        findings,
    )?;
    let Some(not) = fields.get("not") else {
        // Any other key has been reported as unknown.
        if !fields.entries().is_empty() {
            return None;
        }
        findings.report(place, "a set is written `[a, b]` or `{ not: [a, b] }`");
        return None;
    };
    let words = match &not.value.value {
        Value::Text(word) => vec![(word.as_str(), not.value_place())],
        _ => listed(not, &not.value, findings)?,
    };
    Some(Words {
        words,
        negated: true,
    })
}

fn listed<'d>(
    entry: &Entry,
    node: &'d Node,
    findings: &mut Collector,
) -> Option<Vec<(&'d str, Place)>> {
    let Value::List(items) = &node.value else {
        let message = format!(
            "{} must be a word or a list of words{}",
            quoted(&entry.key),
            reader::found_instead(node)
        );
        findings.report(entry.value_place(), message);
        return None;
    };
    if items.is_empty() {
        let message = format!("{} is an empty list, which never holds", quoted(&entry.key));
        findings.report(entry.value_place(), message);
        return None;
    }
    let mut words: Vec<(&str, Place)> = Vec::with_capacity(items.len());
    for item in items {
        let Value::Text(word) = &item.value else {
            findings.report(item.place, "a list of words holds words only");
            return None;
        };
        words.push((word, item.place));
    }
    distinct(&words, findings).then_some(words)
}

/// Whether no word stands twice.
fn distinct(words: &[(&str, Place)], findings: &mut Collector) -> bool {
    let mut sorted = words.to_vec();
    sorted.sort();
    let twice = sorted
        .iter()
        .zip(sorted.iter().skip(1))
        .find(|((word, _), (next, _))| word == next);
    if let Some((_, (word, place))) = twice {
        findings.report(
            *place,
            format!("{} stands twice in this list", quoted(word)),
        );
    }
    twice.is_none()
}
