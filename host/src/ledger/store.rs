//! The seam between routing and where budgets and ids are kept.
//!
//! A decision that may charge a budget is one transaction: lock the policy's budgets, read
//! their use, decide, reserve, record under the request's id, commit. A durable store keeps
//! the same books, and commits only when what was done is on disk. Requests that are given no
//! budget state lock nothing.
//!
//! ```text
//! lookup(identity)            most repeats end here, without a lock on any budget
//! held = lock(budgets, now)
//! lookup(identity)            again: the same id may have been decided on another thread
//! held.uses(…)                then decide
//! held.reserve(claim)         holds room for the id as well
//! held.record(identity, …)    a `Repeat` from here: drop `held`, answer what it says
//! held.commit(decided)        dropping `held` instead takes the reservation back
//! wait_since(ticket, …)       of a durable store: until what was done is on disk
//! ```

use std::time::Instant;

use jiff::Timestamp;
use router_guest::manifest::BudgetInfo;
use router_guest::state::{BudgetUse, TradingState};

use super::error::{ComponentFault, EventError, OpenError, ReserveError, StoreError};
use super::expiry::Expired;
use super::ids::{Identity, Known};
use super::memory::OpenBudgets;
use super::reservation::{Claim, EventId, Released, ReservationId, Settled, Settlement};
use crate::digest::Digest;
use crate::journal::record::{ChangedEvent, Decided};
use crate::policy::Policy;
use crate::router::Quarantined;

/// A place in a store's log, to wait for: what was done up to it is on disk, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// How often the store had been opened again when it was given out.
    pub(crate) epoch: usize,
    /// The entry, counted over the process.
    pub(crate) number: u64,
}

/// What a store remembers of the router that ran on it before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// The last number that a generation was or may have been given; 0 where there was none.
    pub generations: u64,
    /// How much was let through, and until when.
    pub trading_state: Option<(TradingState, Option<Timestamp>)>,
    /// Policies that are not let in, the oldest first.
    pub quarantined: Vec<Quarantined>,
    /// Policies that were live and may be again, each once: the one that was live last, then what
    /// a rollback would have gone back to.
    pub lives: Vec<Life>,
    /// What budgets are counted in; `None` where no policy was live yet.
    pub account_currency: Option<String>,
}

/// A policy that was live on a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Its digest.
    pub digest: Digest,
    /// The generation that it was live as last.
    pub generation: u64,
    /// Its name; empty where the store does not know it any more.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The word of the profile whose bounds it was held to.
    pub profile: String,
}

impl Ticket {
    /// Nothing is to be waited for.
    pub const NONE: Self = Self {
        epoch: 0,
        number: 0,
    };
}

/// Keeps budgets in use and decided ids. `D` is what is recorded of a decision.
pub trait Store<D>: Send + Sync {
    /// Finds or makes the books of a policy's budgets, which are kept under their names
    /// across policies. Done once for each generation, not for each request.
    ///
    /// # Errors
    ///
    /// [`OpenError`] for a manifest whose budgets cannot be kept.
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError>;

    /// Locks the budgets, at the time `now` or the latest that was seen, whichever is later.
    /// A thread that holds one must not lock, open, settle or release until it gave it up.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<D> + 'a>, StoreError>;

    /// Moves the actual notional of a fill from reserved to used. A fill is a fact: more than
    /// was reserved, or after a release, is used all the same, and reported as an overrun.
    ///
    /// # Errors
    ///
    /// [`EventError`]; what was reserved stays reserved.
    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError>;

    /// Frees what a reservation still holds.
    ///
    /// # Errors
    ///
    /// [`EventError`]; what was reserved stays reserved.
    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError>;

    /// What is known of a request's id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<D>, StoreError>;

    /// Records a decision that charged nothing. An id that is known already keeps what it
    /// has, and the answer says what that is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    fn record(&self, identity: &Identity<'_>, decision: D) -> Result<Known<D>, StoreError>;

    /// As [`Store::settle`], by somebody whom the journal names.
    ///
    /// # Errors
    ///
    /// [`EventError`].
    fn settle_for(
        &self,
        settlement: &Settlement<'_>,
        _asked_by: &str,
    ) -> Result<Settled, EventError> {
        self.settle(settlement)
    }

    /// As [`Store::release`], by somebody whom the journal names.
    ///
    /// # Errors
    ///
    /// [`EventError`].
    fn release_for(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
        _asked_by: &str,
    ) -> Result<Released, EventError> {
        self.release(reservation, event)
    }

    /// Whether decisions are journaled; then [`Held::commit`] and [`Store::journal`] are told
    /// of all of them.
    fn is_durable(&self) -> bool {
        false
    }

    /// What is remembered of the router before.
    fn restored(&self) -> Restored {
        Restored::default()
    }

    /// As [`Store::open`], with a policy's budgets or none, for one that decisions are about to
    /// name; a store that journals gets to know it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] for a manifest whose budgets cannot be kept.
    fn open_for(&self, _policy: &Policy, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        self.open(budgets)
    }

    /// The component of a policy that was live, as it was stored.
    ///
    /// # Errors
    ///
    /// [`ComponentFault`].
    fn component(&self, _digest: Digest) -> Result<Vec<u8>, ComponentFault> {
        Err(ComponentFault::Missing)
    }

    /// Journals a decision that charged nothing, and says what it must wait for, if anything.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] where it had to be journaled and is not, and for every close
    /// that may not be: a close never waits for the journal.
    fn journal(&self, _decided: &Decided<'_>, _keeps_id: bool) -> Result<Ticket, StoreError> {
        Ok(Ticket::NONE)
    }

    /// Journals a change of what is live or let through, which holds already, and waits until it
    /// is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it is not there yet, and will be once the store is written
    /// again, if this process lives to see it.
    fn change(&self, _change: &ChangedEvent<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    /// As [`Store::change`], of what is to hold only once it is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it must not hold. It may be on disk all the same, so that
    /// whoever asked tells [`Store::change`] what holds instead.
    fn change_first(&self, _change: &ChangedEvent<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether what is changed now can be kept.
    fn is_serving(&self) -> bool {
        true
    }

    /// The last number that a generation may have. Numbers are on disk before they are given
    /// out, so that no router after this one gives them out again.
    fn generations_max(&self) -> u64 {
        u64::MAX
    }

    /// What stands last in the log.
    fn last_ticket(&self) -> Ticket {
        Ticket::NONE
    }

    /// Waits until everything up to the ticket is on disk, and no longer than the store waits
    /// for its disk, counted from `since`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it may not be there.
    fn wait_since(&self, _ticket: Ticket, _since: Instant) -> Result<(), StoreError> {
        Ok(())
    }

    /// The latest time that a request may bring; `None` where every time is believed.
    fn time_max(&self) -> Option<Timestamp> {
        None
    }

    /// When the next reservation's time is over, if any's ends.
    fn next_expiry(&self) -> Option<Timestamp> {
        None
    }

    /// Ends the time of reservations whose time is over, and says which.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    fn expire(&self, _now: Timestamp) -> Result<Vec<Expired>, StoreError> {
        Ok(Vec::new())
    }
}

/// Locked budgets: one decision's transaction. Dropped without [`Held::commit`], it takes back
/// what it reserved.
pub trait Held<D> {
    /// The time that the transaction is at.
    fn now(&self) -> Timestamp;

    /// Fills `into` with each budget's use in the request's window and scope, in the
    /// manifest's order.
    fn uses(&mut self, symbol: &str, strategy: &str, into: &mut Vec<BudgetUse>);

    /// Charges the claim's need to its budget.
    ///
    /// # Errors
    ///
    /// [`ReserveError`]; nothing has changed.
    fn reserve(&mut self, claim: &Claim<'_>) -> Result<ReservationId, ReserveError>;

    /// Records the decision, with the reservation if it holds one. An id that is known
    /// already keeps what it has, and the answer says what that is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] when it holds a reservation whose claim did not say `has_id` and
    /// there is no room, [`StoreError::Unavailable`].
    fn record(&mut self, identity: &Identity<'_>, decision: D) -> Result<Known<D>, StoreError>;

    /// Keeps what was done, as the decision that is told has it, and gives the locks up. What
    /// a durable store keeps is on disk once its ticket was waited for: not here, so that
    /// others can go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: nothing was kept.
    fn commit(self: Box<Self>, decided: &Decided<'_>) -> Result<Ticket, StoreError>;
}
