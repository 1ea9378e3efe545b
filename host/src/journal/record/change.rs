//! Changes of what is live and of what is let through, and what they prove beside: a change is
//! where the rows of the store's other tables are chained that no decision speaks of.

use jiff::Timestamp;
use router_guest::state::TradingState;

use crate::digest::Digest;

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ChangeKind {
    /// A router started on the store.
    Started,
    /// Another policy became live.
    Swap,
    /// An earlier policy became live again.
    Rollback,
    /// A policy was not let in.
    Refused,
    /// A policy was shut out.
    Quarantined,
    /// A policy was let in again.
    QuarantineCleared,
    /// How much is let through changed.
    TradingState,
    /// A policy failed, or broke an invariant: what it wanted.
    Violation,
}

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedEvent<'a> {
    /// The host's clock.
    pub recorded_at: Timestamp,
    /// What kind.
    pub kind: ChangeKind,
    /// Who or what asked.
    pub asked_by: &'a str,
    /// The policy.
    pub digest: Option<Digest>,
    /// Its generation.
    pub generation: Option<u64>,
    /// The trading state.
    pub state: Option<TradingState>,
    /// When that ends by itself.
    pub until: Option<Timestamp>,
    /// Why, or what happened, in words.
    pub what: Option<&'a str>,
    /// What it took.
    pub milliseconds: Option<u64>,
    /// What the store adds of its other rows.
    pub proofs: Proofs<'a>,
}

/// Rows that no other entry speaks of, as they stood when the change was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proofs<'a> {
    /// Of the policy's row in `policies`, the SHA-256 of each column's text but for its digest and
    /// component, one behind the other.
    pub policy: Option<&'a [u8]>,
    /// The fields that are masked, and by which key, as `meta` has it.
    pub mask: Option<&'a str>,
}

impl ChangeKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Swap,
        Self::Rollback,
        Self::Refused,
        Self::Quarantined,
        Self::QuarantineCleared,
        Self::TradingState,
        Self::Violation,
    ];

    /// The kind's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Swap => "swap",
            Self::Rollback => "rollback",
            Self::Refused => "refused",
            Self::Quarantined => "quarantined",
            Self::QuarantineCleared => "quarantine_cleared",
            Self::TradingState => "trading_state",
            Self::Violation => "violation",
        }
    }
}
