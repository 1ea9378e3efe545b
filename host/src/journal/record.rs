//! The binary form of the journal's entries: what a store keeps of each, and what is chained.
//!
//! Owns the bytes, both ways. An entry is encoded where a caller waits, straight into the
//! queue's buffer, and decoded into what a policy is asked with, no text parsed on the way.
//! Reads and writes no store, and decides nothing.
//!
//! ```text
//! version  1 byte, 1
//! kind     1 byte: decided 0, settled 1, released 2, expired 3, changed 4
//! …        of the kind, see `record/`
//! ```
//!
//! Whole numbers have seven bits a byte, the lowest first, the last byte without a high bit.
//! An amount is a byte, its scale (with 128 added when its coefficient passes 64 bits), and its
//! coefficient's lower and, if need be, upper half. A time is whole seconds since 1970 (folded:
//! 0, −1, 1, −2 are 0, 1, 2, 3) and nanoseconds. A text is its length in bytes and its bytes.

mod bytes;
mod decided;
mod events;
mod flags;

use std::sync::Arc;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::json::Fault;
use router_guest::request::PositionSide;
use router_guest::state::{BudgetUse, State, TradingState};

use super::mask::{Mask, MaskedFields};
use crate::decision::{Answer, Author, Charge, Decision, PolicyIdentity};
use crate::digest::Digest;
use crate::guard::BudgetReport;
use crate::ledger::{EventId, ReservationId, Settled, Settlement};
use crate::request::Request;
use bytes::Reader;

/// The version of the form that is written.
pub const RECORD_VERSION: u8 = 1;
/// Bytes of an entry at most: a request line has at most 64 KiB, and what it does not say
/// itself (warnings, the state, the answer) is bounded too.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// The number of a policy in a store, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyNumber(u32);

/// An entry on its way into the journal.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A request was decided.
    Decided(Decided<'a>),
    /// A fill was settled.
    Settled(SettledEvent<'a>),
    /// What a reservation held was freed.
    Released(ReleasedEvent<'a>),
    /// What is live or let through changed, or was asked to.
    Changed(ChangedEvent<'a>),
}

/// A decision on its way into the journal.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// What was asked.
    pub request: &'a Request<'a>,
    /// The final snapshot, by which it was decided; `None` where nothing was decided anew,
    /// but an earlier decision repeated.
    pub shown: Option<State<'a>>,
    /// What was answered.
    pub decision: &'a Decision,
    /// The effective time, by which budgets were counted, where there is one.
    pub at: Option<Timestamp>,
    /// The host's clock.
    pub recorded_at: Timestamp,
    /// Who decided; of the fail-safe's decisions, who was live.
    pub policy: PolicyNumber,
    /// The generation of that policy.
    pub generation: u64,
    /// Whether a repeat of its id is answered by it.
    pub keeps_id: bool,
}

/// A settlement, and what it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledEvent<'a> {
    /// The host's clock.
    pub recorded_at: Timestamp,
    /// What happened at the venue.
    pub settlement: Settlement<'a>,
    /// What that changed.
    pub settled: Settled,
    /// Who said so, where it was not the stream itself.
    pub asked_by: Option<&'a str>,
}

/// A release, asked for or by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedEvent<'a> {
    /// The host's clock.
    pub recorded_at: Timestamp,
    /// Whose.
    pub reservation: ReservationId,
    /// Counts once.
    pub event_id: EventId<'a>,
    /// What was freed, account currency.
    pub released: Amount,
    /// Whether nobody asked, but its time was over.
    pub is_expiry: bool,
    /// Who asked, where it was not the stream itself.
    pub asked_by: Option<&'a str>,
}

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
}

/// An entry as it was read.
#[derive(Debug, Clone)]
pub enum Record<'a> {
    /// A decision.
    Decided(Box<DecisionRecord<'a>>),
    /// A settlement.
    Settled(SettledEvent<'a>),
    /// A release.
    Released(ReleasedEvent<'a>),
    /// A change.
    Changed(ChangedEvent<'a>),
}

/// A decision as it was read.
#[derive(Debug, Clone)]
pub struct DecisionRecord<'a> {
    /// The host's clock.
    pub recorded_at: Timestamp,
    /// The effective time, by which budgets were counted, where there was one.
    pub at: Option<Timestamp>,
    /// Who decided; of the fail-safe's decisions, who was live.
    pub policy: PolicyNumber,
    /// The generation of that policy.
    pub generation: u64,
    /// The fields of the request that are keyed hashes.
    pub masked: MaskedFields,
    /// What was asked; the text of its time is not kept, the time is.
    pub request: Request<'a>,
    /// What the policy was shown; `None` where an earlier decision was repeated.
    pub shown: Option<ShownState>,
    /// What was answered.
    pub answer: RecordedAnswer,
    /// Whether an earlier request with this id got the decision first.
    pub repeated: bool,
    /// Whether a repeat of its id is answered by it.
    pub keeps_id: bool,
    /// What was worth knowing of the request.
    pub warnings: Vec<Fault>,
}

/// The state that a policy was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownState {
    /// How much was let through.
    pub trading_state: TradingState,
    /// One for each budget of the policy, in its order; `None` when withheld.
    pub budgets: Option<Vec<BudgetUse>>,
}

/// What was answered, in indexes into the policy's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The side of the order, or SKIP.
    pub side: Side,
    /// What it is for.
    pub intent: OrderIntent,
    /// What it does to the position.
    pub effect: PositionEffect,
    /// The leg that it opens or closes.
    pub position_side: Option<PositionSide>,
    /// The tier that classified or sized the request.
    pub tier: Option<u32>,
    /// Base quantity.
    pub quantity: Option<Amount>,
    /// Quote currency.
    pub notional: Option<Amount>,
    /// What it cost in the sandbox, where that is known.
    pub fuel: Option<u64>,
    /// Who decided, and why.
    pub author: RecordedAuthor,
    /// The budget that was consulted, as it stood before.
    pub budget: Option<BudgetReport>,
    /// What is held of it.
    pub reservation: Option<ReservationId>,
}

/// Who decided, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedAuthor {
    /// The policy.
    Policy {
        /// Index into its reasons.
        reason: u32,
        /// Index into its rules.
        rule: u32,
    },
    /// The host, because no policy could.
    FailSafe {
        /// The reason.
        reason: &'static str,
    },
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another version of the form.
    #[error("its form has version {found}, and this program reads {RECORD_VERSION}")]
    Version {
        /// Which.
        found: u8,
    },
    /// They end too early.
    #[error("it is cut off at byte {at}, in its {what}")]
    Cut {
        /// Where.
        at: usize,
        /// In what.
        what: &'static str,
    },
    /// Something that does not exist.
    #[error("at byte {at} stands what is no {what}")]
    Foreign {
        /// Where.
        at: usize,
        /// What should stand there.
        what: &'static str,
    },
    /// They go on too long.
    #[error("it ends at byte {at}, and goes on behind that")]
    Behind {
        /// Where.
        at: usize,
    },
}

impl PolicyNumber {
    /// The policy of a number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl Entry<'_> {
    /// Appends the entry. Nothing is allocated but what `out` grows by, unless fields are
    /// masked.
    pub fn encode(&self, mask: Option<&Mask>, out: &mut Vec<u8>) {
        match self {
            Self::Decided(decided) => decided.encode(mask, out),
            Self::Settled(settled) => events::encode_settled(settled, out),
            Self::Released(released) => events::encode_released(released, out),
            Self::Changed(changed) => events::encode_changed(changed, out),
        }
    }
}

impl Decided<'_> {
    /// Appends the decision, as [`Entry::encode`] does.
    #[inline]
    pub fn encode(&self, mask: Option<&Mask>, out: &mut Vec<u8>) {
        decided::encode(self, mask, out);
    }
}

impl<'a> Record<'a> {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        let kind = events::kind(&mut reader)?;
        let record = match kind {
            events::Kind::Decided => Self::Decided(Box::new(decided::decode(&mut reader)?)),
            events::Kind::Settled => Self::Settled(events::settled(&mut reader)?),
            events::Kind::Released | events::Kind::Expired => {
                let is_expiry = kind == events::Kind::Expired;
                Self::Released(events::released(&mut reader, is_expiry)?)
            }
            events::Kind::Changed => Self::Changed(events::changed(&mut reader)?),
        };
        reader.end()?;
        Ok(record)
    }
}

impl<'a> DecisionRecord<'a> {
    /// Reads an entry that is a decision.
    ///
    /// # Errors
    /// [`RecordError`], also of an entry of another kind.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        if events::kind(&mut reader)? != events::Kind::Decided {
            return Err(reader.foreign("decision"));
        }
        let record = decided::decode(&mut reader)?;
        reader.end()?;
        Ok(record)
    }

    /// The decision, made by the policy of this identity (of the fail-safe's, it has none).
    pub fn decision(&self, identity: &Arc<PolicyIdentity>) -> Decision {
        Decision {
            answer: self.answer.answer(identity),
            warnings: self.warnings.clone(),
            repeated: self.repeated,
        }
    }
}

impl ShownState {
    /// What a policy is shown.
    pub fn state(&self) -> State<'_> {
        State {
            trading_state: self.trading_state,
            budgets: self.budgets.as_deref(),
        }
    }
}

impl RecordedAnswer {
    /// The router's own form.
    pub(crate) fn answer(&self, identity: &Arc<PolicyIdentity>) -> Answer {
        Answer {
            side: self.side,
            intent: self.intent,
            effect: self.effect,
            position_side: self.position_side,
            tier: self.tier,
            quantity: self.quantity,
            notional: self.notional,
            fuel: self.fuel,
            author: match self.author {
                RecordedAuthor::Policy { reason, rule } => Author::Policy {
                    identity: Arc::clone(identity),
                    reason,
                    rule,
                },
                RecordedAuthor::FailSafe { reason } => Author::FailSafe { reason },
            },
            charge: self.budget.map(|report| {
                Box::new(Charge {
                    report,
                    reservation: self.reservation,
                })
            }),
        }
    }

    /// What is kept of the router's own form.
    pub(crate) fn of(answer: &Answer) -> Self {
        let charge = answer.charge.as_deref();
        Self {
            side: answer.side,
            intent: answer.intent,
            effect: answer.effect,
            position_side: answer.position_side,
            tier: answer.tier,
            quantity: answer.quantity,
            notional: answer.notional,
            fuel: answer.fuel,
            author: match &answer.author {
                Author::Policy { reason, rule, .. } => RecordedAuthor::Policy {
                    reason: *reason,
                    rule: *rule,
                },
                Author::FailSafe { reason } => RecordedAuthor::FailSafe { reason },
            },
            budget: charge.map(|charge| charge.report),
            reservation: charge.and_then(|charge| charge.reservation),
        }
    }
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

#[cfg(test)]
mod tests;
