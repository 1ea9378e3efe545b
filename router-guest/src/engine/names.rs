//! Which clauses a name lets through, found without looking at the clauses it does not.
//!
//! Clauses that test no name, or only say what a name must not be, hold for a name that
//! nobody mentions: that set is `base`. A name that is mentioned differs from it in a few
//! clauses, and those differences are looked up: by the name itself when it stands in the
//! document, else by the literal beginning or end of the patterns that it can match.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::Bits;
use super::glob;
use crate::lookup::Lookup;
use crate::table::NameTest;

/// The name tests of all clauses over one field, compiled.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    base: Bits,
    /// Whether any clause tests the field at all; if none does, no name is looked up.
    tested: bool,
    /// Clauses in which a name that stands in the document differs from `base`.
    known: Lookup<Box<[u8]>, Vec<u32>>,
    globs: Vec<Glob>,
    by_prefix: Literals,
    by_suffix: Literals,
    /// Globs that begin and end with a wildcard: always tried.
    unanchored: Vec<u32>,
}

#[derive(Debug)]
struct Glob {
    pattern: Box<str>,
    clauses: Box<[u32]>,
}

/// Globs by a literal at one end, and the lengths that such literals have.
#[derive(Debug, Default)]
struct Literals {
    lengths: Vec<usize>,
    globs: Lookup<Box<[u8]>, Vec<u32>>,
}

/// Clauses by a name in their tests.
type Numbers<'t> = Lookup<&'t str, Vec<u32>>;

/// The clauses that a name lets through.
pub(super) enum Passing<'a> {
    /// Those of a name that nobody mentions.
    Base(&'a Bits),
    /// Those of this name.
    Own(Bits),
}

impl Passing<'_> {
    /// Clauses 64 · `at` to 64 · `at` + 63.
    pub(super) fn word(&self, at: usize) -> u64 {
        match self {
            Self::Base(bits) => bits.word(at),
            Self::Own(bits) => bits.word(at),
        }
    }
}

impl NameIndex {
    /// Compiles the tests of `clauses`; `mentioned` are names to know besides those in tests.
    pub(super) fn new<'t>(
        clauses: impl Iterator<Item = Option<&'t NameTest>>,
        mentioned: impl Iterator<Item = &'t str>,
    ) -> Self {
        let tests: Vec<_> = clauses.collect();
        let mut index = Self {
            base: Bits::none(tests.len()),
            ..Self::default()
        };
        let mut globs: Numbers<'t> = Lookup::default();
        let mut names: Numbers<'t> = Lookup::default();
        mentioned.for_each(|name| {
            names.insert(name);
        });
        for (clause, test) in (0_u32..).zip(tests) {
            index.base.set(clause, test.is_none_or(|test| test.negated));
            index.tested |= test.is_some();
            for pattern in test.iter().flat_map(|test| &test.patterns) {
                let is_glob = glob::is_glob(pattern);
                let numbers = if is_glob { &mut globs } else { &mut names };
                if let Some(clauses) = numbers.of(pattern.as_str()) {
                    clauses.push(clause);
                }
            }
        }
        index.add_globs(globs);
        index.add_names(names);
        index
    }

    fn add_globs(&mut self, globs: Numbers<'_>) {
        for (number, (pattern, clauses)) in (0_u32..).zip(globs.into_entries()) {
            let (prefix, suffix) = (glob::literal_prefix(pattern), glob::literal_suffix(pattern));
            if !prefix.is_empty() {
                self.by_prefix.add(prefix, number);
            } else if !suffix.is_empty() {
                self.by_suffix.add(suffix, number);
            } else {
                self.unanchored.push(number);
            }
            self.globs.push(Glob {
                pattern: pattern.into(),
                clauses: clauses.into(),
            });
        }
    }

    fn add_names(&mut self, names: Numbers<'_>) {
        for (name, mut differing) in names.into_entries() {
            self.each_matching_glob(name, |glob| differing.extend_from_slice(&glob.clauses));
            differing.shrink_to_fit();
            if let Some(known) = self.known.of(name.as_bytes().into()) {
                *known = differing;
            }
        }
    }

    /// The clauses that a name lets through.
    pub(super) fn passing(&self, name: &str) -> Passing<'_> {
        if !self.tested {
            return Passing::Base(&self.base);
        }
        if let Some(differing) = self.known.get(name.as_bytes()) {
            return self.differing_in(differing);
        }
        let mut own = None;
        self.each_matching_glob(name, |glob| {
            let bits = own.get_or_insert_with(|| self.base.clone());
            for clause in &glob.clauses {
                bits.set(*clause, !self.base.get(*clause));
            }
        });
        own.map_or(Passing::Base(&self.base), Passing::Own)
    }

    fn differing_in(&self, clauses: &[u32]) -> Passing<'_> {
        if clauses.is_empty() {
            return Passing::Base(&self.base);
        }
        let mut own = self.base.clone();
        for clause in clauses {
            own.set(*clause, !self.base.get(*clause));
        }
        Passing::Own(own)
    }

    fn each_matching_glob<'a>(&'a self, name: &str, mut found: impl FnMut(&'a Glob)) {
        if self.globs.is_empty() {
            return;
        }
        let mut try_all = |numbers: &[u32]| {
            for glob in numbers
                .iter()
                .filter_map(|number| self.globs.get(*number as usize))
            {
                if glob::matches(&glob.pattern, name) {
                    found(glob);
                }
            }
        };
        try_all(&self.unanchored);
        for length in &self.by_prefix.lengths {
            try_all(self.by_prefix.of(name.get(..*length)));
        }
        for length in &self.by_suffix.lengths {
            let from = name.len().checked_sub(*length);
            try_all(self.by_suffix.of(from.and_then(|from| name.get(from..))));
        }
    }
}

impl Literals {
    fn add(&mut self, literal: &str, glob: u32) {
        if !self.lengths.contains(&literal.len()) {
            self.lengths.push(literal.len());
        }
        if let Some(globs) = self.globs.of(literal.as_bytes().into()) {
            globs.push(glob);
        }
    }

    fn of(&self, literal: Option<&str>) -> &[u32] {
        literal
            .and_then(|literal| self.globs.get(literal.as_bytes()))
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(test: Option<&NameTest>, name: &str) -> bool {
        test.is_none_or(|test| {
            test.patterns
                .iter()
                .any(|pattern| glob::matches(pattern, name))
                != test.negated
        })
    }

    fn any_test() -> impl Strategy<Value = Option<NameTest>> {
        proptest::option::of(
            (
                proptest::collection::btree_set("[ab*?]{1,4}", 1..4),
                any::<bool>(),
            )
                .prop_map(|(patterns, negated)| NameTest {
                    patterns: patterns.into_iter().collect(),
                    negated,
                }),
        )
    }

    proptest! {
        #[test]
        fn finds_what_testing_every_clause_finds(
            tests in proptest::collection::vec(any_test(), 1..130),
            names in proptest::collection::vec("[ab]{1,5}", 1..8),
        ) {
            let index = NameIndex::new(tests.iter().map(Option::as_ref), ["ab", "bbb"].into_iter());
            for name in &names {
                let passing = index.passing(name);
                for (clause, test) in tests.iter().enumerate() {
                    let passes = passing.word(clause / 64) >> (clause % 64) & 1 == 1;
                    prop_assert_eq!(passes, naive(test.as_ref(), name), "{:?} on {}", test, name);
                }
            }
        }
    }
}
