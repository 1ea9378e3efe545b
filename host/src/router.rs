//! The router: one live policy, the budgets in use, and what was decided before, shared by
//! every thread that has a request.
//!
//! A request goes: budgets locked and read, if its type sees any → known id? → the policy,
//! in this thread's instance → the guard → figures and reservation → recorded under its id.
//! The router decides no route; when no policy can answer, [`crate::failsafe`] does. Budgets,
//! ids, reservations and the trading state are the router's, and outlive every policy.

mod alone;
mod ask;
mod batch;
mod decide;
mod desk;
mod entry;
mod generation;
mod journaling;
mod kept;
mod pending;
mod recorded;
mod reservation;
mod seat;
mod shadow;
mod standing;
mod start;
mod status;
mod swap;
mod trading;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use router_guest::state::{BudgetUse, TradingState};

use crate::decision::{Decision, PolicyIdentity};
use crate::events::{Event, StateCause};
use crate::gate::Gate;
use crate::ledger::{
    Clock, EventError, EventId, MemoryStore, OpenError, Released, ReservationId, Settled,
    Settlement, Store,
};
use crate::policy::{Loader, Policy};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::sync::Mutex;
use desk::Desk;
use generation::{Generation, Live, Slot};
use trading::Trading;

pub(crate) use alone::decided;
pub(crate) use ask::{NO_ROUTE, Unanswered, completed, opening_quantity};
pub use batch::BATCH_ITEMS_MAX;
pub use desk::{Change, HISTORY_MAX, HistoryEntry, Outcome, QUARANTINE_MAX, Quarantined};
pub use generation::EARLIER_GENERATIONS_MAX;
pub use journaling::TIME_AHEAD_MAX;
pub use kept::Kept;
pub(crate) use pending::OnDisk;
pub use pending::Pending;
pub use recorded::Recorded;
pub use reservation::{Reservation, Unchanged};
pub use shadow::{
    SHADOW_KINDS_MAX, SHADOW_QUEUE_MAX, SHADOW_SAMPLES_MAX, ShadowDifference, ShadowReport,
};
pub use standing::{FAULT_WINDOW_DECISIONS, FAULTS_MAX, PROBATION_DECISIONS, Probation};
pub use start::{Start, StartError};
pub use status::Status;
pub use swap::{Activation, SwapRefusal};
pub use trading::trading_state_of_word;

/// Where the time of a charge comes from, and of the end of a trading state.
pub enum BudgetClock {
    /// The request's own timestamp, so that a recorded stream routes the same way twice.
    Request,
    /// A clock of the host's; timestamps are only recorded.
    System(Box<dyn Clock>),
}

/// Told of events, on the thread that they happen on.
pub type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// Routes requests. Shared by reference between threads.
pub struct Router {
    /// Tells the instances of this router from those of others on the same thread.
    key: u64,
    slot: Slot,
    store: Box<dyn Store<Recorded>>,
    /// Whether the store journals decisions.
    journals: bool,
    /// What budgets are counted in.
    account_currency: String,
    clock: BudgetClock,
    trading: Trading,
    observer: Observer,
    gate: Gate,
    probation: Probation,
    history_clock: Box<dyn Clock>,
    desk: Mutex<Desk>,
}

impl fmt::Debug for Router {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Router")
            .field("policy", &self.policy().digest_text)
            .finish_non_exhaustive()
    }
}

impl Router {
    /// A router with an empty memory, budgets counted by the requests' own time, in state
    /// ACTIVE, and nobody told of events.
    ///
    /// # Errors
    /// [`OpenError`] when the policy's budgets cannot be kept.
    pub fn new(policy: Policy) -> Result<Self, OpenError> {
        Self::with_store(policy, Box::new(MemoryStore::new()))
    }

    /// The same with another store, by just this policy. On a store that routers ran on before,
    /// [`Router::start`] chooses.
    ///
    /// # Errors
    /// [`OpenError`] when the policy's budgets cannot be kept, also because the store counts them
    /// in another currency.
    pub fn with_store(policy: Policy, store: Box<dyn Store<Recorded>>) -> Result<Self, OpenError> {
        let restored = store.restored();
        let budgets = Arc::new(start::opened(&*store, &restored, &policy)?);
        let generation = Generation::new(policy, budgets, restored.generations + 1);
        Self::begin(store, &restored, Live::alone(generation), None)
    }

    /// Counts budgets by another clock.
    #[must_use]
    pub fn clock(mut self, clock: BudgetClock) -> Self {
        self.clock = clock;
        self
    }

    /// Tells `observer` of events: of a request's before it is answered.
    #[must_use]
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// What policies must pass to be swapped in. Where nothing is said, the gate keeps nothing:
    /// every candidate is compiled and verified anew.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// When faults cost a policy its place.
    #[must_use]
    pub fn probation(mut self, probation: Probation) -> Self {
        self.probation = probation;
        self
    }

    /// Says when changes of policy happened; the machine's clock where nothing is said.
    #[must_use]
    pub fn history_clock(mut self, clock: Box<dyn Clock>) -> Self {
        self.history_clock = clock;
        self
    }

    /// How much is let through. With [`BudgetClock::Request`], a state whose time is over ends
    /// with the first request of a later time.
    pub fn trading_state(&self) -> TradingState {
        self.trading_state_at(|| match &self.clock {
            BudgetClock::Request => None,
            BudgetClock::System(clock) => Some(clock.now()),
        })
    }

    /// When the trading state goes back to ACTIVE by itself.
    pub fn trading_state_until(&self) -> Option<Timestamp> {
        self.trading.until()
    }

    /// Changes how much is let through, from the next decision on; at `until`, by the clock
    /// that budgets are counted by, it is ACTIVE again.
    ///
    /// While the store cannot be written, what lets more through stays out;
    /// [`Router::set_trading_state_for`] says so.
    pub fn set_trading_state(&self, state: TradingState, until: Option<Timestamp>) {
        // Whoever must know what became of it asks by the other one.
        let _ = self.set_trading_state_for(state, until, "program");
    }

    /// The state that a request meets.
    #[inline]
    fn trading_state_for(&self, request: &Request<'_>) -> TradingState {
        self.trading_state_at(|| self.time_of(request))
    }

    #[inline]
    fn trading_state_at(&self, now: impl FnOnce() -> Option<Timestamp>) -> TradingState {
        let (state, ended) = self.trading.at(now);
        if let Some(from) = ended {
            self.tell(&Event::StateChanged {
                from,
                to: state,
                until: None,
                cause: StateCause::Ended,
            });
            // It has ended whatever becomes of the store, which knows when it was to.
            let _ = self.store.change(&self.state_change(state, None, "until"));
        }
        state
    }

    /// The policy that is live.
    pub fn policy(&self) -> Arc<PolicyIdentity> {
        Arc::clone(&self.slot.now().generation.identity)
    }

    /// Whether the live policy lost its place with none to take it: the fail-safe decides.
    pub fn is_withdrawn(&self) -> bool {
        self.slot.now().generation.is_withdrawn()
    }

    /// Decides one request.
    ///
    /// # Errors
    /// [`Rejection`] when the request cannot be decided: its route needs what it lacks, its
    /// id is another request's, or the store cannot take it. Nothing is charged then.
    pub fn decide(&self, request: &Request<'_>) -> Result<Decision, Rejection> {
        seat::with(self, |seat| self.decide_in(request, None, seat))
    }

    /// The use of each budget of the live policy in the window and scope that a request falls
    /// in, in the manifest's order.
    ///
    /// # Errors
    /// [`Rejection`] when the store cannot be read.
    pub fn budget_uses(&self, request: &Request<'_>) -> Result<Vec<BudgetUse>, Rejection> {
        let now = self.time_of(request).unwrap_or(Timestamp::MIN);
        let live = self.slot.now();
        let mut held = self.store.lock(&live.generation.budgets, now)?;
        let mut uses = Vec::new();
        held.uses(request.symbol(), request.strategy(), &mut uses);
        Ok(uses)
    }

    /// Records the fill of an order under its reservation.
    ///
    /// # Errors
    /// [`EventError`]; what was reserved stays reserved.
    pub fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        let settled = self.store.settle(settlement)?;
        self.note_settled(settlement, &settled);
        Ok(settled)
    }

    /// The same, asked for by somebody whom the journal names.
    ///
    /// # Errors
    /// [`EventError`]; what was reserved stays reserved.
    pub fn settle_for(
        &self,
        settlement: &Settlement<'_>,
        asked_by: &str,
    ) -> Result<Settled, EventError> {
        let settled = self.store.settle_for(settlement, asked_by)?;
        self.note_settled(settlement, &settled);
        Ok(settled)
    }

    /// A fill on another side than was decided: something trades that was not asked to, so
    /// nothing opens until somebody has looked.
    fn note_settled(&self, settlement: &Settlement<'_>, settled: &Settled) {
        if !settled.side_mismatch || settled.repeated {
            return;
        }
        self.tell(&Event::FillSideMismatch {
            reservation: settlement.reservation,
            filled: settlement.side,
        });
        if self.trading_state() == TradingState::Active {
            // It holds for this process: a store that fails says so by itself.
            let _ = self.set_trading_state_for(TradingState::Reducing, None, kept::ROUTER);
        }
    }

    /// Frees what a reservation still holds.
    ///
    /// # Errors
    /// [`EventError`]; what was reserved stays reserved.
    pub fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.store.release(reservation, event)
    }

    /// The same, asked for by somebody whom the journal names.
    ///
    /// # Errors
    /// [`EventError`]; what was reserved stays reserved.
    pub fn release_for(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
        asked_by: &str,
    ) -> Result<Released, EventError> {
        self.store.release_for(reservation, event, asked_by)
    }

    /// The time at which a request meets the budgets; `None` when it does not say.
    fn time_of(&self, request: &Request<'_>) -> Option<Timestamp> {
        match &self.clock {
            BudgetClock::Request => request.timestamp(),
            BudgetClock::System(clock) => Some(clock.now()),
        }
    }

    /// Loads candidates as the gate does.
    pub(crate) fn loader(&self) -> Loader<'_> {
        self.gate.loader()
    }

    fn tell(&self, event: &Event) {
        (self.observer)(event);
    }
}
