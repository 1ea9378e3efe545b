//! All globs of a policy as one automaton: which sets of them can a name match at all?
//!
//! A name is fed character by character; what is kept is how far each glob has come. Two names
//! that leave the same trace match the same globs, so a short name for each trace is enough.
//! It knows no symbol and no rule.

use std::collections::{BTreeSet, HashMap};

use router_guest::request::NAME_BYTES_MAX;

/// Traces that are followed at most.
const TRACES_MAX: usize = 4096;
/// Steps of all traces that wait to be followed, together: what bounds memory and time.
const WAITING_STEPS_MAX: usize = 1 << 20;
/// Names that are found for each trace, so that some are left when others are taken.
const NAMES_PER_TRACE_MAX: usize = 6;
/// Characters that no glob names, tried for those that are anything else.
const PLAIN: &str = "XYZABCDEFGHIJKLMNOPQRSTUVWxyzabcdefghijklmnopqrstuvw0123456789_-";
/// How many of them are tried.
const PLAIN_TRIED: usize = 2;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Exactly this byte.
    Byte(u8),
    /// Any one byte.
    AnyByte,
    /// Any run of bytes.
    AnyRun,
    /// Any run of bytes without this one.
    RunWithout(u8),
    /// The name may end here, or go on in any way behind this byte.
    EndOr(u8),
}

/// A pattern over names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Step>);

/// The patterns that a name matches, by number, and a few such names.
pub(crate) type Found = HashMap<Vec<u32>, Vec<String>>;

/// The names of a language of patterns are too many to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Pattern {
    /// A pattern of a document: `*` is any run, `?` any one byte.
    pub(crate) fn glob(text: &str) -> Self {
        let step = |byte| match byte {
            b'*' => Step::AnyRun,
            b'?' => Step::AnyByte,
            byte => Step::Byte(byte),
        };
        Self(text.bytes().map(step).collect())
    }

    /// The symbols that are quoted in a currency: it stands behind the first `/`, before any `:`.
    pub(crate) fn quoted_in(currency: &str) -> Self {
        let steps = [Step::RunWithout(b'/'), Step::Byte(b'/')]
            .into_iter()
            .chain(currency.bytes().map(Step::Byte))
            .chain([Step::EndOr(b':')]);
        Self(steps.collect())
    }

    /// Whether a name matches.
    #[cfg(test)]
    fn matches(&self, name: &str) -> bool {
        let patterns = std::slice::from_ref(self);
        let mut trace = Trace::start(patterns);
        for byte in name.bytes() {
            trace = trace.after(byte, patterns);
        }
        trace.accepted(patterns).contains(&0)
    }
}

/// How far each pattern has come: the steps that may be next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Trace(BTreeSet<(u32, u32)>);

impl Trace {
    fn start(patterns: &[Pattern]) -> Self {
        let mut trace = Self(BTreeSet::new());
        for number in 0..patterns.len() {
            trace.reach(number, 0, patterns);
        }
        trace
    }

    /// Adds a step, and those behind it that need no byte.
    fn reach(&mut self, pattern: usize, step: usize, patterns: &[Pattern]) {
        let key = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if !self.0.insert((key(pattern), key(step))) {
            return;
        }
        if let Some(Step::AnyRun | Step::RunWithout(_)) = step_of(patterns, pattern, step) {
            self.reach(pattern, step + 1, patterns);
        }
    }

    fn after(&self, byte: u8, patterns: &[Pattern]) -> Self {
        let mut next = Self(BTreeSet::new());
        for (pattern, step) in &self.0 {
            let (pattern, step) = (*pattern as usize, *step as usize);
            match step_of(patterns, pattern, step) {
                Some(Step::Byte(wanted)) if wanted == byte => {
                    next.reach(pattern, step + 1, patterns);
                }
                Some(Step::AnyByte) => next.reach(pattern, step + 1, patterns),
                Some(Step::AnyRun) => next.reach(pattern, step, patterns),
                Some(Step::RunWithout(end)) if end != byte => next.reach(pattern, step, patterns),
                Some(Step::EndOr(wanted)) if wanted == byte => {
                    // From here on it is as good as ended; the mark is a step past the end.
                    next.reach(pattern, step + 2, patterns);
                }
                None if step > end_of(patterns, pattern) => {
                    next.reach(pattern, step, patterns);
                }
                _ => {}
            }
        }
        next
    }

    /// The patterns that match a name with this trace.
    fn accepted(&self, patterns: &[Pattern]) -> Vec<u32> {
        let mut accepted = Vec::new();
        for (pattern, step) in &self.0 {
            let (at, step) = (*pattern as usize, *step as usize);
            let ends = match step_of(patterns, at, step) {
                None | Some(Step::EndOr(_)) => true,
                Some(_) => false,
            };
            if ends && accepted.last() != Some(pattern) {
                accepted.push(*pattern);
            }
        }
        accepted
    }
}

fn step_of(patterns: &[Pattern], pattern: usize, step: usize) -> Option<Step> {
    patterns.get(pattern)?.0.get(step).copied()
}

fn end_of(patterns: &[Pattern], pattern: usize) -> usize {
    patterns.get(pattern).map_or(0, |pattern| pattern.0.len())
}

/// Every set of patterns that a name of 1 to 64 bytes can match together, with names that do.
///
/// # Errors
/// [`TooMany`] when more traces than the bound would have to be followed.
pub(crate) fn matched_together(patterns: &[Pattern]) -> Result<Found, TooMany> {
    let alphabet = alphabet(patterns).ok_or(TooMany)?;
    let mut found = Found::new();
    let mut seen: HashMap<Trace, usize> = HashMap::new();
    // Names by their length, so that the shortest of each trace come first.
    let mut by_length = vec![Vec::new(); NAME_BYTES_MAX + 1];
    by_length
        .first_mut()
        .ok_or(TooMany)?
        .push((Trace::start(patterns), String::new()));
    let mut waiting = 0;
    for length in 0..=NAME_BYTES_MAX {
        let names = by_length.get_mut(length).map(std::mem::take);
        for (trace, name) in names.unwrap_or_default() {
            let known = seen.entry(trace.clone()).or_default();
            if *known >= NAMES_PER_TRACE_MAX {
                continue;
            }
            *known += 1;
            if seen.len() > TRACES_MAX {
                return Err(TooMany);
            }
            for character in &alphabet {
                let mut longer = name.clone();
                longer.push(*character);
                let mut next = trace.clone();
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    next = next.after(byte, patterns);
                }
                let is_known = |known: &usize| *known >= NAMES_PER_TRACE_MAX;
                if seen.get(&next).is_some_and(is_known) {
                    continue;
                }
                waiting += next.0.len() + 1;
                if waiting > WAITING_STEPS_MAX {
                    return Err(TooMany);
                }
                if let Some(names) = by_length.get_mut(longer.len()) {
                    names.push((next, longer));
                }
            }
            if length > 0 {
                found
                    .entry(trace.accepted(patterns))
                    .or_default()
                    .push(name);
            }
        }
    }
    Ok(found)
}

/// The characters that the patterns tell apart, and some that they do not: bytes of any other
/// character can only meet `?` and `*`, as those of a plain one do. `None` when none is plain.
fn alphabet(patterns: &[Pattern]) -> Option<Vec<char>> {
    let mut named = BTreeSet::new();
    for Pattern(steps) in patterns {
        let bytes = steps.iter().filter_map(|step| match step {
            Step::Byte(byte) | Step::RunWithout(byte) | Step::EndOr(byte) => Some(*byte),
            Step::AnyByte | Step::AnyRun => None,
        });
        // A pattern is text, and bytes of one character stand together in it.
        let text: Vec<u8> = bytes.collect();
        named.extend(String::from_utf8_lossy(&text).chars());
    }
    let plain: Vec<char> = PLAIN
        .chars()
        .filter(|plain| !named.contains(plain))
        .take(PLAIN_TRIED)
        .collect();
    (!plain.is_empty()).then(|| plain.into_iter().chain(named).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use router_guest::engine::glob;
    use router_guest::engine::sizing::quote_currency;

    use super::*;

    fn sets(globs: &[&str]) -> BTreeSet<Vec<u32>> {
        let patterns: Vec<_> = globs.iter().map(|text| Pattern::glob(text)).collect();
        matched_together(&patterns).unwrap().into_keys().collect()
    }

    #[track_caller]
    fn check(globs: &[&str], expected: &[&[u32]]) {
        let expected = expected.iter().map(|set| set.to_vec()).collect();
        assert_eq!(sets(globs), expected, "{globs:?}");
    }

    #[test]
    fn which_globs_a_name_can_match_together() {
        check(&[], &[&[]]);
        check(&["*/USDT"], &[&[], &[0]]);
        check(&["*/USDT", "BTC/*"], &[&[], &[0], &[1], &[0, 1]]);
        check(&["*/USDT", "*/EUR"], &[&[], &[0], &[1]]);
        check(&["*", "?*"], &[&[0, 1]]);
        check(&["B*", "*"], &[&[1], &[0, 1]]);
        check(&["???", "????"], &[&[], &[0], &[1]]);
        check(&["é*", "?"], &[&[], &[0], &[1]]);
        // 65 bytes are more than a name has.
        let long = "?".repeat(64) + "*?";
        check(&[&long], &[&[]]);
    }

    #[test]
    fn so_many_globs_are_too_many() {
        let globs: Vec<_> = ('a'..='p').map(|letter| format!("*{letter}*")).collect();
        let patterns: Vec<_> = globs.iter().map(|text| Pattern::glob(text)).collect();
        assert_eq!(matched_together(&patterns), Err(TooMany));
    }

    proptest! {
        #[test]
        fn it_matches_as_the_engine_does(pattern in "[ab*?]{1,6}", name in "[ab]{1,6}") {
            prop_assert_eq!(Pattern::glob(&pattern).matches(&name), glob::matches(&pattern, &name));
        }

        #[test]
        fn quotes_are_read_as_the_engine_reads_them(name in "[A/U:]{1,8}") {
            prop_assert_eq!(Pattern::quoted_in("U").matches(&name), quote_currency(&name) == Some("U"));
        }

        #[test]
        fn no_name_matches_a_set_that_was_not_found(globs in proptest::collection::vec("[ab*?]{1,4}", 0..5), name in "[abX]{1,7}") {
            let patterns: Vec<_> = globs.iter().map(|text| Pattern::glob(text)).collect();
            let matched: Vec<u32> = (0..).zip(&globs).filter(|(_, glob)| glob::matches(glob, &name)).map(|(number, _)| number).collect();
            prop_assert!(matched_together(&patterns).unwrap().contains_key(&matched));
        }

        #[test]
        fn every_name_that_was_found_matches_its_set(globs in proptest::collection::vec("[ab*?]{1,4}", 0..5)) {
            let patterns: Vec<_> = globs.iter().map(|text| Pattern::glob(text)).collect();
            for (set, names) in matched_together(&patterns).unwrap() {
                for name in names {
                    let matched: Vec<u32> = (0..).zip(&globs).filter(|(_, glob)| glob::matches(glob, &name)).map(|(number, _)| number).collect();
                    prop_assert_eq!(&matched, &set, "{}", name);
                }
            }
        }
    }
}
