//! How a policy stands: how many decisions it made, and how often it failed. It says when a
//! fault costs a policy its place; it takes no place away.

use std::collections::VecDeque;
use std::sync::PoisonError;

use crate::sync::{AtomicU64, Mutex, Ordering};

/// Decisions at the beginning of a policy's life in which one fault costs it its place.
pub const PROBATION_DECISIONS: u64 = 1_000;
/// Faults that cost a policy its place later, when they are among its latest decisions.
pub const FAULTS_MAX: usize = 3;
/// How many of its latest decisions those are.
pub const FAULT_WINDOW_DECISIONS: u64 = 10_000;

/// Decisions that a thread counts by itself once a policy's probation is over: what is shared
/// is written to by no more than one in so many.
pub(super) const UNCOUNTED_MAX: u64 = 64;

/// When faults cost a policy its place, provided that another one can take it. An invariant
/// that is broken always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probation {
    /// In so many first decisions, one fault does.
    pub decisions: u64,
    /// Later, so many faults do; 0 counts as 1.
    pub faults: usize,
    /// When they are among so many of its latest decisions.
    pub window_decisions: u64,
}

impl Default for Probation {
    fn default() -> Self {
        Self {
            decisions: PROBATION_DECISIONS,
            faults: FAULTS_MAX,
            window_decisions: FAULT_WINDOW_DECISIONS,
        }
    }
}

/// Decisions and faults of one policy.
#[derive(Default)]
pub(super) struct Standing {
    decided: AtomicU64,
    /// The numbers of the decisions that failed, the latest ones.
    faults: Mutex<VecDeque<u64>>,
}

impl Standing {
    /// Counts a decision. `uncounted` is what the thread has not told yet.
    #[inline]
    pub(super) fn count(&self, rules: &Probation, uncounted: &mut u64) {
        *uncounted += 1;
        let is_on_probation = self.decided.load(Ordering::Relaxed) < rules.decisions;
        if is_on_probation || *uncounted >= UNCOUNTED_MAX {
            self.decided
                .fetch_add(std::mem::take(uncounted), Ordering::Relaxed);
        }
    }

    /// Counts a decision that failed, and answers why that costs the policy its place, if it
    /// does.
    pub(super) fn fault(&self, rules: &Probation, uncounted: &mut u64) -> Option<String> {
        let more = std::mem::take(uncounted) + 1;
        let number = self.decided.fetch_add(more, Ordering::Relaxed) + more;
        if number <= rules.decisions {
            let within = rules.decisions;
            return Some(format!("in decision {number} of the first {within}"));
        }
        let faults_max = rules.faults.max(1);
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push_back(number);
        let oldest = number.saturating_sub(rules.window_decisions);
        while faults.len() > faults_max || faults.front().is_some_and(|fault| *fault <= oldest) {
            faults.pop_front();
        }
        (faults.len() >= faults_max).then(|| {
            let (faults, window) = (faults.len(), rules.window_decisions);
            format!("for the {faults}. time in {window} decisions")
        })
    }

    /// Decisions so far; threads may not have told their last few.
    pub(super) fn decided(&self) -> u64 {
        self.decided.load(Ordering::Relaxed)
    }
}
