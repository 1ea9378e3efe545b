//! Names in classes: symbols, or strategies, that no rule can tell apart.
//!
//! Named ones are those that a document spells out; all others are told apart by the globs
//! that they match. A class has a name that stands for it.

mod automaton;
mod set;

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use router_guest::engine::glob;
use router_guest::table::NameTest;

pub(crate) use automaton::{Pattern, TooMany};
pub(crate) use set::ClassSet;

/// Names of a class that are kept to be shown.
const SHOWN_MAX: usize = 4;

/// The classes of one kind of name.
#[derive(Debug, Clone)]
pub(crate) struct Classes<K> {
    classes: Vec<Class<K>>,
    /// The classes that match any pattern of a test, whether or not it is negated.
    matching: HashMap<Vec<String>, ClassSet>,
}

/// Names that no rule can tell apart.
#[derive(Debug, Clone)]
pub(crate) struct Class<K> {
    /// One that stands for all.
    pub(crate) name: String,
    /// Further ones that the document spells out.
    pub(crate) also: Vec<String>,
    /// How many more those are.
    pub(crate) more: usize,
    /// Whether the document spells the first one out.
    pub(crate) is_named: bool,
    /// Whether names that nobody wrote are among them.
    pub(crate) has_others: bool,
    /// What else is known of such a name.
    pub(crate) kind: K,
}

/// A name on its way into a class.
struct Candidate<K> {
    name: String,
    is_named: bool,
    kind: K,
    /// Numbers of the tests of which it matches a pattern.
    matches: Vec<u32>,
}

impl<K: Clone + Eq + Hash> Classes<K> {
    /// The classes that these tests, and whatever `kind_of` tells apart, make. `extra` are
    /// patterns that `kind_of` depends on for names that nobody wrote.
    pub(crate) fn new(
        named: &BTreeSet<&str>,
        tests: &[&NameTest],
        extra: Vec<Pattern>,
        kind_of: impl Fn(&str) -> K,
    ) -> Result<Self, TooMany> {
        let distinct: BTreeSet<&Vec<String>> = tests.iter().map(|test| &test.patterns).collect();
        let literals = distinct.iter().flat_map(|patterns| patterns.iter());
        let literals = literals.filter(|pattern| !glob::is_glob(pattern));
        let named: BTreeSet<&str> = named
            .iter()
            .copied()
            .chain(literals.map(String::as_str))
            .collect();
        let candidate = |name: &str, is_named| Candidate {
            name: name.to_owned(),
            is_named,
            kind: kind_of(name),
            matches: Vec::new(),
        };
        let mut candidates: Vec<_> = named.iter().map(|name| candidate(name, true)).collect();
        for name in names_of_others(&named, &distinct, extra)? {
            candidates.push(candidate(&name, false));
        }
        let by_name: HashMap<String, usize> = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| (candidate.name.clone(), at))
            .collect();
        for (number, patterns) in (0..).zip(&distinct) {
            note_matches(number, patterns, &mut candidates, &by_name);
        }
        Ok(Self::gathered(candidates, &distinct))
    }

    fn gathered(candidates: Vec<Candidate<K>>, distinct: &BTreeSet<&Vec<String>>) -> Self {
        let mut classes: Vec<Class<K>> = Vec::new();
        let mut numbers: HashMap<(Vec<u32>, K), usize> = HashMap::new();
        let mut members: Vec<Vec<bool>> = vec![Vec::new(); distinct.len()];
        for candidate in candidates {
            let key = (candidate.matches, candidate.kind.clone());
            if let Some(class) = numbers.get(&key).and_then(|at| classes.get_mut(*at)) {
                class.add(candidate.name, candidate.is_named);
                continue;
            }
            for (number, members) in (0_u32..).zip(&mut members) {
                members.push(key.0.binary_search(&number).is_ok());
            }
            numbers.insert(key, classes.len());
            classes.push(Class {
                name: candidate.name,
                also: Vec::new(),
                more: 0,
                is_named: candidate.is_named,
                has_others: !candidate.is_named,
                kind: candidate.kind,
            });
        }
        let matching = distinct.iter().zip(members).map(|(patterns, members)| {
            let set = ClassSet::of(members.len(), |at| {
                members.get(at).is_some_and(|is_in| *is_in)
            });
            ((*patterns).clone(), set)
        });
        Self {
            matching: matching.collect(),
            classes,
        }
    }

    /// Every class.
    pub(crate) fn all(&self) -> ClassSet {
        ClassSet::of(self.classes.len(), |_| true)
    }

    /// The classes of which it holds.
    pub(crate) fn where_kind(&self, mut holds: impl FnMut(&K) -> bool) -> ClassSet {
        ClassSet::of(self.classes.len(), |at| {
            self.classes.get(at).is_some_and(|class| holds(&class.kind))
        })
    }

    /// The classes that a test accepts.
    pub(crate) fn accepted(&self, test: &NameTest) -> ClassSet {
        let all = self.all();
        let matching = self.matching.get(&test.patterns);
        match (matching, test.negated) {
            (Some(matching), false) => matching.clone(),
            (Some(matching), true) => all.without(matching),
            // Every test was given when the classes were made.
            (None, _) => all,
        }
    }

    /// The class that a name is in; `None` when there is none for its like, which cannot be
    /// for a name of 1 to 64 bytes.
    pub(crate) fn of_name(&self, name: &str, kind_of: impl Fn(&str) -> K) -> Option<ClassSet> {
        let kind = kind_of(name);
        let mut own = self.where_kind(|other| *other == kind);
        for (patterns, matching) in &self.matching {
            let matches = patterns.iter().any(|pattern| glob::matches(pattern, name));
            own = if matches {
                own.meet(matching)
            } else {
                own.without(matching)
            };
        }
        (!own.is_empty()).then_some(own)
    }

    pub(crate) fn get(&self, class: usize) -> Option<&Class<K>> {
        self.classes.get(class)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Class<K>> {
        self.classes.iter()
    }
}

impl<K> Class<K> {
    fn add(&mut self, name: String, is_named: bool) {
        self.has_others |= !is_named;
        if is_named && self.also.len() + 1 < SHOWN_MAX {
            self.also.push(name);
        } else if is_named {
            self.more += 1;
        }
    }
}

/// A name for every set of globs that one can match without being spelled out.
fn names_of_others(
    named: &BTreeSet<&str>,
    distinct: &BTreeSet<&Vec<String>>,
    mut patterns: Vec<Pattern>,
) -> Result<Vec<String>, TooMany> {
    let globs: BTreeSet<&String> = distinct
        .iter()
        .flat_map(|patterns| patterns.iter())
        .filter(|pattern| glob::is_glob(pattern))
        .collect();
    patterns.extend(globs.into_iter().map(|text| Pattern::glob(text)));
    let found = automaton::matched_together(&patterns)?;
    let mut others = BTreeSet::new();
    for names in found.into_values() {
        let free = names
            .into_iter()
            .find(|name| !named.contains(name.as_str()));
        others.insert(free.ok_or(TooMany)?);
    }
    Ok(others.into_iter().collect())
}

fn note_matches<K>(
    number: u32,
    patterns: &[String],
    candidates: &mut [Candidate<K>],
    by_name: &HashMap<String, usize>,
) {
    let mut note = |candidate: &mut Candidate<K>| {
        if candidate.matches.last() != Some(&number) {
            candidate.matches.push(number);
        }
    };
    for pattern in patterns {
        if glob::is_glob(pattern) {
            candidates
                .iter_mut()
                .filter(|candidate| glob::matches(pattern, &candidate.name))
                .for_each(&mut note);
        } else if let Some(candidate) = by_name.get(pattern).and_then(|at| candidates.get_mut(*at))
        {
            note(candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(patterns: &[&str], negated: bool) -> NameTest {
        NameTest {
            patterns: patterns.iter().map(ToString::to_string).collect(),
            negated,
        }
    }

    fn classes(named: &[&str], tests: &[NameTest]) -> Classes<()> {
        let tests: Vec<_> = tests.iter().collect();
        Classes::new(&named.iter().copied().collect(), &tests, Vec::new(), |_| ()).unwrap()
    }

    fn names(classes: &Classes<()>, set: &ClassSet) -> Vec<String> {
        set.iter()
            .map(|class| classes.get(class).unwrap().name.clone())
            .collect()
    }

    #[test]
    fn names_that_no_test_tells_apart_are_one_class() {
        let made = classes(&["BTC/USDT", "ETH/USDT"], &[]);
        assert_eq!(names(&made, &made.all()), ["BTC/USDT"]);
        assert_eq!(made.get(0).unwrap().also, ["ETH/USDT"]);
    }

    #[test]
    fn a_test_splits_what_it_tells_apart() {
        let tests = [test(&["*/BTC", "SOL/USDT"], false), test(&["ETH/*"], true)];
        let made = classes(&["BTC/USDT", "ETH/BTC"], &tests);
        let accepted = |at: usize| names(&made, &made.accepted(&tests[at]));
        assert_eq!(accepted(0), ["ETH/BTC", "SOL/USDT"]);
        assert_eq!(accepted(1), ["BTC/USDT", "SOL/USDT"]);
        assert_eq!(made.iter().count(), 4);
        let others: Vec<_> = made.iter().map(|class| class.has_others).collect();
        assert_eq!(others, [true, true, true, true]);
    }
}
