//! Sets of clauses, a bit each, read a word at a time.

use alloc::boxed::Box;
use alloc::vec;

/// A set of clauses by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits {
    words: Box<[u64]>,
}

impl Bits {
    /// The empty set over `clauses` clauses.
    pub(super) fn none(clauses: usize) -> Self {
        Self {
            words: vec![0; clauses.div_ceil(64)].into(),
        }
    }

    /// Puts a clause in or takes it out; past the end it does nothing.
    pub(super) fn set(&mut self, clause: u32, present: bool) {
        if let Some(word) = self.words.get_mut(clause as usize / 64) {
            let bit = 1 << (clause % 64);
            if present { *word |= bit } else { *word &= !bit }
        }
    }

    /// Whether the clause is in.
    pub(super) fn get(&self, clause: u32) -> bool {
        self.word(clause as usize / 64) >> (clause % 64) & 1 == 1
    }

    /// Clauses 64 · `at` to 64 · `at` + 63.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }
}
