//! Typed reading of the tree: maps with known keys, words, texts, decimals, yes or no.
//!
//! It reports what is not as it must be, at its place, with the nearest right word, and
//! leaves what the values mean to the sections.

use std::str::FromStr;

use super::advice::advice;
use super::findings::{Collector, Place, quoted};
use super::vocabulary::Key;
use super::yaml::{Entry, Node, Value};
use crate::amount::Amount;
use crate::table::TABLE_NAME_BYTES_MAX;

/// The keys of a map, all of them known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'d> {
    entries: &'d [Entry],
}

/// What knows the word of a key: the vocabulary's keys, and words by themselves where no
/// schema is made of them.
pub(super) trait KeyWord {
    fn word(&self) -> &str;
}

impl KeyWord for Key {
    fn word(&self) -> &str {
        self.word
    }
}

impl KeyWord for &str {
    fn word(&self) -> &str {
        self
    }
}

impl<'d> Fields<'d> {
    /// The known keys of a map; `what` continues "… must be a map".
    pub(super) fn read(
        node: &'d Node,
        place: Place,
        what: &str,
        allowed: &[impl KeyWord],
        findings: &mut Collector,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            findings.report(
                place,
                format!("{what} must be a map{}", found_instead(node)),
            );
            return None;
        };
        for entry in entries {
            if !allowed.iter().any(|key| key.word() == entry.key) {
                unknown_key(entry, allowed, findings);
            }
        }
        Some(Self { entries })
    }

    /// The entry of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'d Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All of them, in the document's order.
    pub(super) const fn entries(&self) -> &'d [Entry] {
        self.entries
    }
}

/// The entries of an optional section whose keys are the user's own; a section that is left
/// empty, or all of whose lines are commented out, has none.
pub(super) fn section<'d>(
    entry: Option<&'d Entry>,
    entries_max: usize,
    findings: &mut Collector,
) -> &'d [Entry] {
    let Some(entry) = entry else { return &[] };
    match &entry.value.value {
        Value::Nothing => &[],
        Value::Map(entries) => {
            if entries.len() > entries_max {
                let message = format!(
                    "{} {}, and at most {entries_max} are allowed",
                    entries.len(),
                    entry.key
                );
                findings.report(entry.place, message);
            }
            entries.get(..entries_max).unwrap_or(entries)
        }
        _ => {
            let message = format!(
                "{} must be a map{}",
                quoted(&entry.key),
                found_instead(&entry.value)
            );
            findings.report(entry.value_place(), message);
            &[]
        }
    }
}

/// The keys of a section that are the user's own, as written, faulty or not.
pub(super) fn keys(section: Option<&Entry>, keys_max: usize) -> Vec<&str> {
    match section.map(|entry| &entry.value.value) {
        Some(Value::Map(entries)) => entries
            .iter()
            .take(keys_max)
            .map(|entry| entry.key.as_str())
            .collect(),
        _ => Vec::new(),
    }
}

/// What stands in the place of what was wanted; continues a sentence.
pub(super) fn found_instead(node: &Node) -> String {
    match &node.value {
        Value::Nothing => ", and nothing stands here".into(),
        Value::Text(text) => format!(", not {}", quoted(text)),
        Value::List(_) => ", not a list".into(),
        Value::Map(_) => ", not a map".into(),
    }
}

fn unknown_key(entry: &Entry, allowed: &[impl KeyWord], findings: &mut Collector) {
    if findings.is_full() {
        findings.report(entry.place, "");
        return;
    }
    let key = entry.key.as_str();
    let allowed: Vec<_> = allowed.iter().map(KeyWord::word).collect();
    let advice = match key.split_once(':') {
        // In `{ size:40% }` YAML reads one key without a value.
        Some((word, _)) if entry.value.is_nothing() && allowed.contains(&word) => {
            "write a space behind the colon".into()
        }
        // In `{ step: 0,5 }` it reads a key `5`.
        None if entry.value.is_nothing() && key.bytes().all(|byte| byte.is_ascii_digit()) => {
            "decimals are written with a point".into()
        }
        _ => advice(key, &allowed, "the keys here are"),
    };
    findings.report(
        entry.place,
        format!("unknown key {}; {advice}", quoted(key)),
    );
}

/// The text of a value.
pub(super) fn text<'d>(entry: &'d Entry, findings: &mut Collector) -> Option<&'d str> {
    match &entry.value.value {
        Value::Text(text) => Some(text),
        Value::Nothing => {
            findings.report(entry.place, format!("{} has no value", quoted(&entry.key)));
            None
        }
        Value::List(_) | Value::Map(_) => {
            let message = format!(
                "{} must be a single value{}",
                quoted(&entry.key),
                found_instead(&entry.value)
            );
            findings.report(entry.value_place(), message);
            None
        }
    }
}

/// A name as the outside world writes it: 1 to 64 bytes, no control characters.
pub(super) fn free_name(
    name: &str,
    place: Place,
    what: &str,
    findings: &mut Collector,
) -> Option<String> {
    if !(1..=TABLE_NAME_BYTES_MAX).contains(&name.len()) {
        let message = format!(
            "{what} {} must have 1 to {TABLE_NAME_BYTES_MAX} bytes",
            quoted(name)
        );
        findings.report(place, message);
        return None;
    }
    if name.chars().any(char::is_control) {
        findings.report(
            place,
            format!("{what} {} has a control character", quoted(name)),
        );
        return None;
    }
    Some(name.to_owned())
}

/// A name that the policy itself gives, and that logs and budgets are kept under: a lower-case
/// word.
pub(super) fn own_name(
    name: &str,
    place: Place,
    what: &str,
    findings: &mut Collector,
) -> Option<String> {
    if is_own_name(name) {
        return Some(name.to_owned());
    }
    let corrected = name.to_lowercase().replace(' ', "_");
    let advice = if is_own_name(&corrected) {
        format!("write `{corrected}`")
    } else {
        format!("a letter, then letters, digits, `_` and `-`, {TABLE_NAME_BYTES_MAX} at most")
    };
    findings.report(
        place,
        format!(
            "{what} {} must be a lower-case word; {advice}",
            quoted(name)
        ),
    );
    None
}

fn is_own_name(name: &str) -> bool {
    name.len() <= TABLE_NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// One of a few words, as what it stands for.
pub(super) fn choice<T: Copy>(
    entry: &Entry,
    words: &[(&str, T)],
    findings: &mut Collector,
) -> Option<T> {
    let text = text(entry, findings)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let advice = advice(text, &words, "the words here are");
    let message = format!(
        "{} cannot be {}; {advice}",
        quoted(&entry.key),
        quoted(text)
    );
    findings.report(entry.value_place(), message);
    None
}

/// `yes` or `no`, also written `true` or `false`.
pub(super) fn yes_or_no(entry: &Entry, findings: &mut Collector) -> Option<bool> {
    choice(entry, &YES_OR_NO, findings)
}

/// A whole number.
pub(super) fn count(entry: &Entry, findings: &mut Collector) -> Option<u32> {
    let text = text(entry, findings)?;
    let count = text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
    if count.is_none() {
        let message = format!(
            "{} must be a whole number up to {}, not {}",
            quoted(&entry.key),
            u32::MAX,
            quoted(text)
        );
        findings.report(entry.value_place(), message);
    }
    count
}

/// What a fact or a switch can be.
pub(super) const YES_OR_NO: [(&str, bool); 4] = [
    ("yes", true),
    ("no", false),
    ("true", true),
    ("false", false),
];

/// A decimal that is not negative, exactly as written.
pub(super) fn amount(text: &str, place: Place, findings: &mut Collector) -> Option<Amount> {
    match Amount::from_str(text) {
        Ok(amount) => Some(amount.normalized()),
        Err(error) => {
            findings.report(place, format!("{} {error}", quoted(text)));
            None
        }
    }
}

/// The number of a score or ratio, which requests carry as floats too.
pub(super) fn score(text: &str, place: Place, findings: &mut Collector) -> Option<f64> {
    // Rust also reads `inf`, `NaN`, `.5` and `5.`; a policy writes decimals in one way.
    let digits = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let decimal = digits(unsigned.bytes().next()) && digits(unsigned.bytes().last());
    let number = text.parse::<f64>().ok().filter(|_| decimal);
    match number {
        // −0.0 + 0.0 is 0.0: one value, one encoding.
        Some(number) if number.is_finite() => Some(number + 0.0),
        Some(_) => {
            findings.report(place, format!("{} is too large", quoted(text)));
            None
        }
        None => {
            findings.report(place, format!("{} is not a decimal", quoted(text)));
            None
        }
    }
}
