//! The binary form of the journal's entries: what a store keeps of each, and what is chained.
//!
//! Owns the bytes, both ways. An entry is encoded where a caller waits, straight into the
//! queue's buffer, and decoded into what a policy is asked with, no text parsed on the way.
//! Reads and writes no store, and decides nothing.
//!
//! ```text
//! version  1 byte, 2
//! kind     1 byte: decided 0, settled 1, released 2, expired 3, changed 4
//! …        of the kind, see `record/`
//! ```
//!
//! Whole numbers have seven bits a byte, the lowest first, the last byte without a high bit.
//! An amount is a byte, its scale (with 128 added when its coefficient passes 64 bits), and its
//! coefficient's lower and, if need be, upper half. A time is whole seconds since 1970 (folded:
//! 0, −1, 1, −2 are 0, 1, 2, 3) and nanoseconds. A text is its length in bytes and its bytes.

mod answer;
mod bytes;
mod change;
mod decided;
mod events;
mod flags;

use std::sync::Arc;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::json::Fault;
use router_guest::state::State;

use super::mask::{Mask, MaskedFields};
use crate::decision::{Decision, PolicyIdentity};
use crate::ledger::{EventId, ReservationId, Settled, Settlement};
use crate::request::Request;
use bytes::Reader;

pub use answer::{RecordedAnswer, RecordedAuthor, ShownState};
pub use change::{ChangeKind, ChangedEvent, Proofs};

/// The version of the form that is written. Version 1, which is read as well, says nothing of a
/// [`Grant`], of what stays open after an expiry, or of [`Proofs`].
pub const RECORD_VERSION: u8 = 2;
/// The oldest version that is read.
pub const RECORD_VERSION_MIN: u8 = 1;
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
    /// What was granted, where the store reserved for it.
    pub grant: Option<Grant>,
}

/// What the ledger keeps of a reservation beside what its decision says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Account currency for one unit of the quote currency.
    pub quote_rate: Amount,
    /// When its time is over, where it has one.
    pub expires_at: Option<Timestamp>,
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
    /// Whether the order's fate is open still, which only an expiry leaves it; `None` where
    /// version 1 does not say.
    pub stays_open: Option<bool>,
    /// Who asked, where it was not the stream itself.
    pub asked_by: Option<&'a str>,
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
    /// What was granted, where it reserved; version 1 does not say.
    pub grant: Option<Grant>,
    /// What was worth knowing of the request.
    pub warnings: Vec<Fault>,
}

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another version of the form.
    #[error("its form has version {found}, and this program reads up to {RECORD_VERSION}")]
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

    /// The time that a budget was consulted at, where this decision consulted one. A repeat
    /// consults none, whatever it repeats.
    pub fn counted_at(&self) -> Option<Timestamp> {
        self.at
            .filter(|_| self.answer.budget.is_some() && !self.repeated)
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

#[cfg(test)]
mod tests;
