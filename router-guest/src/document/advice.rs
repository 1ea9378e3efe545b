//! The right word for a wrong one.
//!
//! It only ever advises; nothing is read as something other than what is written.

use super::findings::quoted;
use crate::table::TABLE_NAME_BYTES_MAX;

/// "did you mean `x`?", or all that is allowed.
pub(super) fn advice(word: &str, allowed: &[&str], introduction: &str) -> String {
    match (nearest(word, allowed.iter().copied()), allowed) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, [only]) => format!("write {}", quoted(only)),
        (None, _) => format!("{introduction} {}", listed(allowed)),
    }
}

/// `a`, `b`, `c`
fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(", ")
}

/// The candidate that the word was probably meant to be.
pub(super) fn nearest<'w>(
    word: &str,
    candidates: impl Iterator<Item = &'w str>,
) -> Option<&'w str> {
    // No candidate is longer than a name, and the comparison is quadratic.
    if word.len() > TABLE_NAME_BYTES_MAX {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let distance = |candidate: &str| {
        let candidate = plain(candidate);
        if is_part(&word, &candidate) || is_part(&candidate, &word) {
            return 1;
        }
        strsim::damerau_levenshtein(&word, &candidate)
    };
    candidates
        .map(|candidate| (distance(candidate), candidate))
        // One letter wrong in four is a typo. `on` must not become `no`: more is another word.
        .filter(|(distance, candidate)| distance * 4 <= candidate.len().max(word.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether the first is how the second begins or ends, as `score` is of `signal_score`.
fn is_part(part: &str, whole: &str) -> bool {
    let behind = whole
        .strip_prefix(part)
        .is_some_and(|rest| rest.starts_with('_'));
    let before = whole
        .strip_suffix(part)
        .is_some_and(|rest| rest.ends_with('_'));
    behind || before
}
