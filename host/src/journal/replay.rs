//! `replay`: every journaled decision decided again, from its recorded request and the state
//! that the policy was shown then.
//!
//! By the policy that decided it must come out the same, for components of the rule engine to
//! the last unit of fuel; whatever does not is an error. By another policy what differs is what
//! is asked for (see [`other`]). Nothing is charged, recorded or counted, and the store is only
//! read.

mod again;
pub mod other;
mod report;

use crate::Loader;

use super::period::Period;
use super::reader::{Journal, JournalError};
use super::record::DecisionRecord;
use crate::policy::{ComponentError, HostFault};
use again::Deciders;

pub use report::{write_json, write_other_json, write_other_text, write_text};

/// Differences that are kept with what differs; all are counted.
pub const DIFFERENCES_MAX: usize = 100;
/// Decisions between two words on how far it is.
const DECISIONS_BETWEEN_WORDS: u64 = 1 << 16;

/// What deciding again has shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replay {
    /// Decisions of the journal in the period.
    pub decisions: u64,
    /// Those that were decided again.
    pub decided: u64,
    /// Those of them whose fuel was compared.
    pub fuel_compared: u64,
    /// Those that repeated an earlier decision: nothing was decided.
    pub repeats: u64,
    /// Those that cannot be decided again because a name that rules test is masked.
    pub masked: u64,
    /// Those that came out otherwise.
    pub differing: u64,
    /// The first of them.
    pub differences: Vec<DecisionDifference>,
    /// The policies that decided, as the store has them, each with how many it decided.
    pub policies: Vec<(String, u64)>,
    /// What keeps fuel from being compared.
    pub other_engines: Vec<String>,
}

impl Replay {
    /// Whether all came out the same; `None` where nothing was decided again.
    pub const fn is_same(&self) -> Option<bool> {
        match (self.differing, self.decided) {
            (0, 0) => None,
            (0, _) => Some(true),
            _ => Some(false),
        }
    }
}

/// A decision that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionDifference {
    /// Its place in the journal.
    pub seq: i64,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// What differs: `side: BUY, now SKIP`.
    pub what: Vec<String>,
}

/// Why a journal cannot be decided again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A policy of the store is not what its digest says.
    #[error("the component of policy {title} in the store is another one: its digest is {found}")]
    OtherComponent {
        /// The policy.
        title: String,
        /// The digest of what stands there.
        found: crate::Digest,
    },
    /// A policy of the store cannot be loaded.
    #[error("policy {title} of the store cannot be loaded: {error}")]
    Component {
        /// The policy.
        title: String,
        /// Why not.
        error: ComponentError,
    },
    /// The host could not run a policy.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// Another policy differs in too many ways to be read.
    #[error(transparent)]
    Trial(#[from] crate::diff::TrialError),
}

/// Decides every decision of the period again by the policy that decided it; `watch` is told
/// now and then how many there were.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(
    journal: &Journal,
    period: Period,
    loader: &Loader<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<Replay, ReplayError> {
    journal.map_pages()?;
    let snapshot = journal.snapshot()?;
    let policies = snapshot.policies()?;
    let mut deciders = Deciders::new(&snapshot, &policies, loader);
    let mut replay = Replay::default();
    each_decision(&snapshot, period, |seq, record| {
        replay.decisions += 1;
        if replay.decisions.is_multiple_of(DECISIONS_BETWEEN_WORDS) {
            watch(replay.decisions);
        }
        deciders.again(seq, record, &mut replay)
    })?;
    replay.policies = deciders.counts();
    replay.other_engines = deciders.other_engines();
    Ok(replay)
}

/// Runs over the decisions of a period, in their order.
fn each_decision(
    snapshot: &super::reader::Snapshot<'_>,
    period: Period,
    mut each: impl FnMut(i64, &DecisionRecord<'_>) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let query = if period.is_open() {
        // Without a condition the other columns of a row are not looked at.
        "SELECT seq, record FROM decisions WHERE ?1 < ?2 ORDER BY seq"
    } else {
        "SELECT seq, record FROM decisions
         WHERE coalesce(at, recorded_at) >= ?1 AND coalesce(at, recorded_at) < ?2 ORDER BY seq"
    };
    let mut statement = snapshot.transaction.prepare(query).map_err(fault)?;
    let mut rows = statement.query(period.microseconds()).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        let seq: i64 = row.get(0).map_err(fault)?;
        let bytes = row.get_ref(1).map_err(fault)?;
        let bytes = bytes.as_blob().unwrap_or_default();
        let record = DecisionRecord::decode(bytes);
        let record = record.map_err(|error| JournalError::Record { seq, error })?;
        each(seq, &record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
