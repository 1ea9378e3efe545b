//! The router: one live policy, the budgets in use, and what was decided before, shared by
//! every thread that has a request.
//!
//! A request goes: budgets locked and read, if its type sees any → known id? → the policy,
//! in this thread's instance → the guard → figures and reservation → recorded under its id.
//! The router decides no route; when the policy cannot answer, [`crate::failsafe`] does.

mod alone;
mod ask;
mod batch;
mod entry;
mod recorded;
mod seat;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use jiff::Timestamp;
use router_guest::decision::PositionEffect;
use router_guest::state::{BudgetUse, TradingState};

use crate::decision::{Answer, Decision, PolicyIdentity};
use crate::ledger::{
    Claim, Clock, EventError, EventId, Held, Known, MemoryStore, OpenBudgets, OpenError, Released,
    ReservationId, Settled, Settlement, Store,
};
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::request::Request;
use batch::Told;
use entry::{Entry, store_warning};
use seat::Seat;

pub(crate) use alone::decided;
pub use ask::{Incident, IncidentKind};
pub(crate) use ask::{NO_ROUTE, Unanswered, opening_quantity};
pub use batch::BATCH_ITEMS_MAX;
pub use recorded::Recorded;

/// Where the time of a charge comes from.
pub enum BudgetClock {
    /// The request's own timestamp, so that a recorded stream routes the same way twice.
    Request,
    /// A clock of the host's; timestamps are only recorded.
    System(Box<dyn Clock>),
}

/// Told of every answer that a policy failed to give, or gave wrongly.
pub type Observer = Box<dyn Fn(&Incident) + Send + Sync>;

/// Routes requests. Shared by reference between threads.
pub struct Router {
    /// Tells the instances of this router from those of others on the same thread.
    key: u64,
    generation: Arc<Generation>,
    store: Box<dyn Store<Recorded>>,
    clock: BudgetClock,
    trading_state: AtomicU8,
    observer: Observer,
}

/// One activation of a policy.
pub(crate) struct Generation {
    policy: Policy,
    identity: PolicyIdentity,
    budgets: OpenBudgets,
    /// It broke an invariant and lost its place.
    withdrawn: AtomicBool,
}

impl fmt::Debug for Router {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Router")
            .field("policy", &self.generation.identity.digest_text)
            .finish_non_exhaustive()
    }
}

impl Router {
    /// A router with an empty memory, budgets counted by the requests' own time, in state
    /// ACTIVE, and nobody told of incidents.
    ///
    /// # Errors
    /// [`OpenError`] when the policy's budgets cannot be kept.
    pub fn new(policy: Policy) -> Result<Self, OpenError> {
        Self::with_store(policy, Box::new(MemoryStore::new()))
    }

    /// The same with another store.
    ///
    /// # Errors
    /// [`OpenError`] when the policy's budgets cannot be kept.
    pub fn with_store(policy: Policy, store: Box<dyn Store<Recorded>>) -> Result<Self, OpenError> {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        let budgets = store.open(&policy.manifest().budgets)?;
        let identity = PolicyIdentity {
            manifest: Arc::new(policy.manifest().clone()),
            digest: policy.digest(),
            digest_text: policy.digest().to_string(),
            generation: 1,
        };
        Ok(Self {
            key: KEYS.fetch_add(1, Ordering::Relaxed),
            generation: Arc::new(Generation {
                policy,
                identity,
                budgets,
                withdrawn: AtomicBool::new(false),
            }),
            store,
            clock: BudgetClock::Request,
            trading_state: AtomicU8::new(TradingState::Active as u8),
            observer: Box::new(|_| {}),
        })
    }

    /// Counts budgets by another clock.
    #[must_use]
    pub fn clock(mut self, clock: BudgetClock) -> Self {
        self.clock = clock;
        self
    }

    /// Tells `observer` of incidents, on the thread of the request, before it is answered.
    #[must_use]
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// How much is let through.
    pub fn trading_state(&self) -> TradingState {
        let number = self.trading_state.load(Ordering::Acquire);
        TradingState::ALL
            .into_iter()
            .find(|state| *state as u8 == number)
            .unwrap_or(TradingState::Halted)
    }

    /// Changes how much is let through, from the next decision on.
    pub fn set_trading_state(&self, state: TradingState) {
        self.trading_state.store(state as u8, Ordering::Release);
    }

    /// The policy that is live.
    pub fn policy(&self) -> &PolicyIdentity {
        &self.generation.identity
    }

    /// Whether the policy broke an invariant and no longer decides.
    pub fn is_withdrawn(&self) -> bool {
        self.generation.withdrawn.load(Ordering::Acquire)
    }

    /// Decides one request.
    ///
    /// # Errors
    /// [`Rejection`] when the request cannot be decided: its route needs what it lacks, its
    /// id is another request's, or the store cannot take it. Nothing is charged then.
    pub fn decide(&self, request: &Request<'_>) -> Result<Decision, Rejection> {
        seat::with(self, |seat| self.decide_in(request, None, seat))
    }

    fn decide_in(
        &self,
        request: &Request<'_>,
        told: Option<&Told<'_>>,
        seat: &mut Seat,
    ) -> Result<Decision, Rejection> {
        let mut entry = Entry::of(request)?;
        if request.terms().sees_budgets() {
            self.decide_held(&mut entry, told, seat)
        } else {
            if let Some(decision) = entry.recall(&*self.store)? {
                return Ok(decision);
            }
            let answer = self.ask(request, None, told, seat)?;
            self.finish_free(&mut entry, answer)
        }
    }

    /// The use of each budget in the window and scope that a request falls in, in the
    /// manifest's order.
    ///
    /// # Errors
    /// [`Rejection`] when the store cannot be read.
    pub fn budget_uses(&self, request: &Request<'_>) -> Result<Vec<BudgetUse>, Rejection> {
        let now = self.time_of(request).unwrap_or(Timestamp::MIN);
        let mut held = self.store.lock(&self.generation.budgets, now)?;
        let mut uses = Vec::new();
        held.uses(request.symbol(), request.strategy(), &mut uses);
        Ok(uses)
    }

    /// Records the fill of an order under its reservation.
    ///
    /// # Errors
    /// [`EventError`]; what was reserved stays reserved.
    pub fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.store.settle(settlement)
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

    /// The time at which a request meets the budgets; `None` when it does not say.
    fn time_of(&self, request: &Request<'_>) -> Option<Timestamp> {
        match &self.clock {
            BudgetClock::Request => request.timestamp(),
            BudgetClock::System(clock) => Some(clock.now()),
        }
    }

    /// Reads the budgets, decides and reserves under one lock.
    fn decide_held(
        &self,
        entry: &mut Entry<'_, '_>,
        told: Option<&Told<'_>>,
        seat: &mut Seat,
    ) -> Result<Decision, Rejection> {
        let request = entry.request;
        let now = self.time_of(request);
        let mut held = match self
            .store
            .lock(&self.generation.budgets, now.unwrap_or(Timestamp::MIN))
        {
            Ok(held) => held,
            // An exit asks for no budget, so it does not wait for one that cannot be had.
            Err(_) if entry.closes => {
                if let Some(decision) = entry.recall(&*self.store)? {
                    return Ok(decision);
                }
                let answer = self.ask(request, None, told, seat)?;
                return self.finish_free(entry, answer);
            }
            Err(error) => return Err(error.into()),
        };
        // Under the lock: another thread may have decided the same id while this one waited.
        if let Some(decision) = entry.recall(&*self.store)? {
            return Ok(decision);
        }
        let mut uses = std::mem::take(&mut seat.uses);
        held.uses(request.symbol(), request.strategy(), &mut uses);
        let answer = self.ask(request, Some(&uses), told, seat);
        seat.uses = uses;
        self.finish_held(entry, answer?, held, now)
    }

    /// Reserves what the answer charges, and records it.
    fn finish_held(
        &self,
        entry: &mut Entry<'_, '_>,
        mut answer: Answer,
        mut held: Box<dyn Held<Recorded> + '_>,
        now: Option<Timestamp>,
    ) -> Result<Decision, Rejection> {
        if answer.effect == PositionEffect::Open && answer.charge.is_some() {
            if let Some(decision) = entry.opened_before()? {
                return Ok(decision);
            }
            if now.is_none() {
                return Err(Rejection::field_missing(
                    "timestamp",
                    "a budget is charged by it",
                ));
            }
            self.reserve(entry, &mut answer, &mut *held)?;
            if let Some(identity) = &entry.identity {
                match held.record(identity, Recorded::of(&answer))? {
                    Known::New => {}
                    Known::Repeat(earlier) => return Ok(entry.repeat(earlier.answer()?)),
                    Known::OtherIdentity => return Err(Rejection::duplicate_id(identity.id())),
                }
            }
            held.commit()?;
            return Ok(entry.decision(answer));
        }
        drop(held);
        self.finish_free(entry, answer)
    }

    fn reserve(
        &self,
        entry: &Entry<'_, '_>,
        answer: &mut Answer,
        held: &mut (dyn Held<Recorded> + '_),
    ) -> Result<(), Rejection> {
        let request = entry.request;
        let Some(charge) = answer.charge.as_mut() else {
            return Ok(());
        };
        let rate = router_guest::engine::sizing::quote_rate(
            request.symbol(),
            &self.generation.identity.manifest.account_currency,
            request.terms().quote_rate,
        );
        let claim = Claim {
            budget: usize::try_from(charge.report.budget).unwrap_or(usize::MAX),
            need: charge.report.need,
            limit: charge.report.limit,
            symbol: request.symbol(),
            strategy: request.strategy(),
            side: answer.side,
            quote_rate: rate.unwrap_or_default(),
            has_id: entry.identity.is_some(),
        };
        charge.reservation = Some(held.reserve(&claim)?);
        Ok(())
    }

    /// Records an answer that charges nothing.
    fn finish_free(
        &self,
        entry: &mut Entry<'_, '_>,
        answer: Answer,
    ) -> Result<Decision, Rejection> {
        if answer.effect == PositionEffect::Open
            && let Some(decision) = entry.opened_before()?
        {
            return Ok(decision);
        }
        // What the host skipped itself was nobody's decision: a retry asks again. A close of
        // its own is remembered, so that its retry does not open.
        let closes = answer.effect == PositionEffect::Close;
        let identity = entry
            .identity
            .as_ref()
            .filter(|_| closes || answer.is_a_policys());
        if let Some(identity) = identity {
            match self.store.record(identity, Recorded::of(&answer)) {
                Ok(Known::New) => {}
                Ok(_) if entry.closes => {}
                Ok(Known::Repeat(earlier)) if !entry.repeated => {
                    return Ok(entry.repeat(earlier.answer()?));
                }
                Ok(Known::Repeat(_)) => {}
                Ok(Known::OtherIdentity) => return Err(Rejection::duplicate_id(identity.id())),
                Err(error) if entry.closes => entry.warn(store_warning(error)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(entry.decision(answer))
    }
}
