//! What happened to a router that a person may have to act on: one typed event for each, told
//! in words and as JSON Lines, with what to do.
//!
//! An event reports what the router has done already. Nothing here decides or changes anything,
//! and decisions themselves are no events.

mod file;
mod json;
mod text;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::decision::Side;
use router_guest::state::TradingState;

use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::ledger::{OnExpiry, ReservationId};

pub use file::EventFile;

/// Bytes of the name of whoever asked for something; what is beyond is cut off.
pub const ASKER_BYTES_MAX: usize = 64;

/// Who or what asked for a change: `control`, `watch`, the name of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker(Box<str>);

impl From<&str> for Asker {
    fn from(name: &str) -> Self {
        let end = name.floor_char_boundary(ASKER_BYTES_MAX);
        Self(name.get(..end).unwrap_or_default().into())
    }
}

impl Asker {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Asker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.escape_debug())
    }
}

/// A request that a policy did not answer, or answered wrongly.
#[derive(Debug, Clone)]
pub struct Incident {
    /// The policy that was asked.
    pub policy: Arc<PolicyIdentity>,
    /// The request's id, where it has one.
    pub request: Option<String>,
    /// What happened, in words.
    pub what: String,
}

/// Why the trading state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateCause {
    /// Somebody set it.
    Set,
    /// Its time was over.
    Ended,
}

/// Something that happened to a router.
#[derive(Debug, Clone)]
pub enum Event {
    /// A policy became the live one.
    Activated {
        /// The policy, with its generation.
        policy: Arc<PolicyIdentity>,
        /// Who or what asked for it.
        asked_by: Asker,
    },
    /// A policy was to begin on a store, and cannot be used.
    PassedOver {
        /// Its digest.
        digest: Digest,
        /// Its name.
        name: String,
        /// Its own version.
        version: String,
        /// Why not.
        why: String,
    },
    /// Another policy than the given one began on a store.
    GoesOn {
        /// The policy, with its generation.
        policy: Arc<PolicyIdentity>,
    },
    /// No policy could begin on a store: the fail-safe decides alone.
    NoPolicy,
    /// A policy was to become the live one, and was not let in.
    Refused {
        /// Its digest, where it became a component at all.
        digest: Option<Digest>,
        /// Who or what asked for it.
        asked_by: Asker,
        /// Why not.
        what: String,
    },
    /// A policy is not let in again, until somebody clears it.
    Quarantined {
        /// Its digest.
        digest: Digest,
        /// What it did.
        why: String,
    },
    /// An earlier policy became the live one again.
    RolledBack {
        /// The one that lost its place.
        from: Arc<PolicyIdentity>,
        /// The one that is live, with its new generation.
        to: Arc<PolicyIdentity>,
        /// Who or what asked for it; `router` when a policy lost its place by itself.
        asked_by: Asker,
    },
    /// A policy broke an invariant, and lost its place.
    Violation(Incident),
    /// A policy trapped, ran out of fuel, answered out of bounds or has no route.
    PolicyFault(Incident),
    /// The host could not run a policy, which is not to blame.
    HostFault(Incident),
    /// No policy could decide a request, and the fail-safe did.
    FailSafe {
        /// The live policy, which could not.
        policy: Arc<PolicyIdentity>,
        /// The request's id, where it has one.
        request: Option<String>,
        /// The request's symbol.
        symbol: String,
        /// What it decided.
        side: Side,
        /// Why.
        reason: &'static str,
    },
    /// A request was skipped for want of budget; told again once the budget granted another.
    BudgetExhausted {
        /// The policy that decided.
        policy: Arc<PolicyIdentity>,
        /// The budget's name.
        budget: String,
        /// The request's id, where it has one.
        request: Option<String>,
        /// The request's symbol.
        symbol: String,
        /// What it needed, in account currency.
        need: Amount,
        /// What was left; `None` where only orders are limited.
        remaining: Option<Amount>,
    },
    /// Nobody said in time what became of an order.
    ReservationExpired {
        /// What it holds its budget under.
        reservation: ReservationId,
        /// What it held, in account currency.
        held: Amount,
        /// What became of that.
        on_expiry: OnExpiry,
    },
    /// An order was filled on another side than was decided.
    FillSideMismatch {
        /// What it went out under.
        reservation: ReservationId,
        /// The side that was filled.
        filled: Side,
    },
    /// The store cannot be written.
    StoreFailed {
        /// What it says.
        what: String,
        /// Decisions that were answered and are in no journal.
        lost: u64,
    },
    /// The store is written again.
    StoreBack {
        /// How long it was not, in seconds.
        seconds: u64,
        /// Decisions that were answered meanwhile or before, and are in no journal.
        lost: u64,
    },
    /// Something holds that was to be kept, and is not on disk.
    NotKept {
        /// What, in words.
        what: String,
    },
    /// How much is let through has changed.
    StateChanged {
        /// What it was.
        from: TradingState,
        /// What it is.
        to: TradingState,
        /// When it ends by itself.
        until: Option<Timestamp>,
        /// Why.
        cause: StateCause,
    },
}

impl Event {
    /// Its word, as the events file has it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Activated { .. } => "activated",
            Self::PassedOver { .. } => "passed_over",
            Self::GoesOn { .. } => "goes_on",
            Self::NoPolicy => "no_policy",
            Self::Refused { .. } => "refused",
            Self::Quarantined { .. } => "quarantined",
            Self::RolledBack { .. } => "rolled_back",
            Self::Violation(_) => "violation",
            Self::PolicyFault(_) => "policy_fault",
            Self::HostFault(_) => "host_fault",
            Self::FailSafe { .. } => "fail_safe",
            Self::BudgetExhausted { .. } => "budget_exhausted",
            Self::ReservationExpired { .. } => "reservation_expired",
            Self::FillSideMismatch { .. } => "fill_side_mismatch",
            Self::StoreFailed { .. } => "store_failed",
            Self::StoreBack { .. } => "store_back",
            Self::NotKept { .. } => "not_kept",
            Self::StateChanged { .. } => "state_changed",
        }
    }

    /// What a person should do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Activated { .. } => "nothing",
            Self::PassedOver { .. } => {
                "look at what decides in its stead; clear a quarantine when the policy was not to blame, or swap in a mended one"
            }
            Self::GoesOn { .. } => {
                "nothing, when it was meant; swap in another one when it was not"
            }
            Self::NoPolicy => {
                "swap in a policy that works, or clear the quarantine of one that was not to blame and start again: until then only exits go out"
            }
            Self::Refused { .. } => {
                "mend the policy and save it again; the live one decides meanwhile"
            }
            Self::Quarantined { .. } => {
                "mend the policy: its new digest is let in; clear the quarantine only when the policy was not to blame"
            }
            Self::RolledBack { .. } => "find out what the policy before did, and mend it",
            Self::Violation(_) => {
                "look at what the last good policy or the fail-safe decided instead, and mend the policy"
            }
            Self::PolicyFault(_) => "mend the policy when it happens again",
            Self::HostFault(_) => "see to the machine: memory, threads; the policy is not to blame",
            Self::FailSafe { .. } => "activate a policy that works: until then only exits go out",
            Self::BudgetExhausted { .. } => {
                "wait for the budget's next window, settle or release what is held, or raise its limit"
            }
            Self::ReservationExpired { .. } => {
                "ask the venue what became of the order, and settle or release its reservation"
            }
            Self::FillSideMismatch { .. } => {
                "find out what traded; nothing opens until the trading state is set to ACTIVE again"
            }
            Self::StoreFailed { .. } => {
                "see to the store's disk; until it is back, nothing that charges a budget goes out, and closes do"
            }
            Self::StoreBack { .. } => "nothing; where decisions were lost, the journal lacks them",
            Self::NotKept { .. } => {
                "see to the store's disk; where the router ends before `store_back`, ask for it again"
            }
            Self::StateChanged { .. } => "nothing, when it was meant",
        }
    }
}
