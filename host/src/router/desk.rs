//! The books on swaps: who asked for what and what came of it, and which policies are not let
//! in again. Bounded, and only ever held for a moment.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::digest::Digest;
use crate::events::Asker;

/// Entries of the history; the oldest go.
pub const HISTORY_MAX: usize = 256;
/// Policies in quarantine; the oldest are let go.
pub const QUARANTINE_MAX: usize = 256;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Another policy.
    Swap,
    /// An earlier policy, again.
    Rollback,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The policy is live, as this generation.
    Live {
        /// The generation.
        generation: u64,
    },
    /// It was the live one already.
    Unchanged,
    /// The policy was not let in, or there was none to go back to.
    Refused {
        /// Why.
        why: String,
    },
}

/// A change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it was decided upon.
    pub at: Timestamp,
    /// Who or what asked.
    pub asked_by: Asker,
    /// For what.
    pub change: Change,
    /// The policy; `None` where there was none.
    pub digest: Option<Digest>,
    /// What came of it.
    pub outcome: Outcome,
    /// What that took, in milliseconds.
    pub milliseconds: u64,
}

/// A policy that is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its digest.
    pub digest: Digest,
    /// What it did.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

/// The books.
pub(super) struct Desk {
    history: VecDeque<HistoryEntry>,
    quarantine: VecDeque<Quarantined>,
    /// The number of the last generation.
    generations: u64,
}

impl Desk {
    /// The books of a router that begins with this generation, and with what the router before
    /// it shut out.
    pub(super) fn restored(generations: u64, quarantined: Vec<Quarantined>) -> Self {
        Self {
            history: VecDeque::new(),
            quarantine: quarantined.into(),
            generations,
        }
    }

    /// The number of the last generation.
    pub(super) const fn generations(&self) -> u64 {
        self.generations
    }

    /// The number of the next generation.
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generations += 1;
        self.generations
    }

    pub(super) fn enter(&mut self, entry: HistoryEntry) {
        if self.history.len() >= HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(entry);
    }

    pub(super) fn history(&self) -> Vec<HistoryEntry> {
        self.history.iter().cloned().collect()
    }

    /// Why a policy is not let in.
    pub(super) fn quarantined(&self, digest: Digest) -> Option<&str> {
        let mut all = self.quarantine.iter();
        all.find(|one| one.digest == digest)
            .map(|one| one.why.as_str())
    }

    /// Shuts a policy out; false when it is shut out already.
    pub(super) fn quarantine(&mut self, one: Quarantined) -> bool {
        if self.quarantined(one.digest).is_some() {
            return false;
        }
        if self.quarantine.len() >= QUARANTINE_MAX {
            self.quarantine.pop_front();
        }
        self.quarantine.push_back(one);
        true
    }

    /// Lets a policy in again; false when it was not shut out.
    pub(super) fn clear(&mut self, digest: Digest) -> bool {
        let before = self.quarantine.len();
        self.quarantine.retain(|one| one.digest != digest);
        self.quarantine.len() < before
    }

    pub(super) fn all_quarantined(&self) -> Vec<Quarantined> {
        self.quarantine.iter().cloned().collect()
    }
}
