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
//! held.commit()               dropping `held` instead takes the reservation back
//! ```

use jiff::Timestamp;
use router_guest::manifest::BudgetInfo;
use router_guest::state::BudgetUse;

use super::error::{EventError, OpenError, ReserveError, StoreError};
use super::ids::{Identity, Known};
use super::memory::OpenBudgets;
use super::reservation::{Claim, EventId, Released, ReservationId, Settled, Settlement};

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

    /// Keeps what was done, and gives the locks up; a durable store waits for the disk after
    /// that, so that others can go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: nothing was kept.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
