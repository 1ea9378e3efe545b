//! Recorded requests against a comparison: how many fall in each change.

use std::io::Read;

use router_guest::state::BudgetUse;
use router_guest::table::Table;

use super::{Comparison, Said};
use crate::ledger::OpenError;
use crate::policy::Policy;
use crate::router::Router;
use crate::scenario::Scenario;
use crate::stream::{self, StreamError, TrafficSummary};

/// How many recorded requests a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficCount {
    /// For each change of the comparison, how many requests fall in it.
    pub changed: Vec<u64>,
    /// What the record held.
    pub summary: TrafficSummary,
}

/// Why a record cannot be held against a comparison.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// The record breaks.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The old policy's budgets cannot be kept.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Comparison<'_> {
    /// Routes recorded requests by the old policy, and counts those of each change. What both
    /// policies know of a budget's use is what the old one has granted by then.
    ///
    /// # Errors
    /// [`TrafficError`].
    pub fn count(&self, old: Policy, record: impl Read) -> Result<TrafficCount, TrafficError> {
        let router = Router::new(old)?;
        let mut changed = vec![0; self.found.len()];
        let summary = stream::replay(&router, record, |scenario, _| {
            if let Some(count) = self.change_of(scenario).and_then(|at| changed.get_mut(at)) {
                *count += 1;
            }
        })?;
        Ok(TrafficCount { changed, summary })
    }

    /// What the two policies say to a request, where that differs. The use of the old policy's
    /// budgets counts for those of the same names.
    pub fn said_to(&self, scenario: &Scenario) -> Option<(&Said, &Said)> {
        let (old, new, _) = self.found.get(self.change_of(scenario)?)?;
        Some((old, new))
    }

    fn change_of(&self, scenario: &Scenario) -> Option<usize> {
        let uses = scenario.budgets.as_deref().unwrap_or_default();
        let [old, new] = self.space.tables.as_slice() else {
            return None;
        };
        let carried = carried(old, new, uses);
        let place = self.space.place(scenario, &[uses, &carried])?;
        self.found
            .iter()
            .position(|(_, _, regions)| regions.iter().any(|region| region.covers(&place)))
    }
}

/// The same use, in the order of the other policy's budgets: use is kept under a budget's name.
fn carried(old: &Table, new: &Table, uses: &[BudgetUse]) -> Vec<BudgetUse> {
    let of_name = |name: &str| {
        let at = old.budgets.iter().position(|budget| budget.name == name);
        at.and_then(|at| uses.get(at)).copied().unwrap_or_default()
    };
    new.budgets
        .iter()
        .map(|budget| of_name(&budget.name))
        .collect()
}
