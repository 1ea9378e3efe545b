//! The host's store in memory behind one lock that loom sees: its own locks are those of the
//! system, on which a run of loom would stand still.

use jiff::Timestamp;
use loom::sync::{Mutex, MutexGuard};
use router_guest::manifest::BudgetInfo;
use router_guest::state::BudgetUse;

use crate::journal::record::Decided;
use crate::ledger::{
    Claim, EventError, EventId, Held, Identity, Known, MemoryStore, OpenBudgets, OpenError,
    Released, ReservationId, ReserveError, Settled, Settlement, Store, StoreError, Ticket,
};
use crate::router::Recorded;

pub struct LockedStore {
    lock: Mutex<()>,
    store: MemoryStore<Recorded>,
}

struct LockedHeld<'a> {
    // Dropped first: what it holds is inside the lock.
    held: Box<dyn Held<Recorded> + 'a>,
    _lock: MutexGuard<'a, ()>,
}

impl Default for LockedStore {
    fn default() -> Self {
        Self {
            lock: Mutex::new(()),
            store: MemoryStore::new(),
        }
    }
}

impl Store<Recorded> for LockedStore {
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        let _lock = self.lock.lock().unwrap();
        self.store.open(budgets)
    }

    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<Recorded> + 'a>, StoreError> {
        let lock = self.lock.lock().unwrap();
        Ok(Box::new(LockedHeld {
            held: Store::lock(&self.store, budgets, now)?,
            _lock: lock,
        }))
    }

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        let _lock = self.lock.lock().unwrap();
        self.store.settle(settlement)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        let _lock = self.lock.lock().unwrap();
        self.store.release(reservation, event)
    }

    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<Recorded>, StoreError> {
        self.store.lookup(identity)
    }

    fn record(
        &self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        Store::record(&self.store, identity, decision)
    }
}

impl Held<Recorded> for LockedHeld<'_> {
    fn now(&self) -> Timestamp {
        self.held.now()
    }

    fn uses(&mut self, symbol: &str, strategy: &str, into: &mut Vec<BudgetUse>) {
        self.held.uses(symbol, strategy, into);
    }

    fn reserve(&mut self, claim: &Claim<'_>) -> Result<ReservationId, ReserveError> {
        self.held.reserve(claim)
    }

    fn record(
        &mut self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        self.held.record(identity, decision)
    }

    fn commit(self: Box<Self>, decided: &Decided<'_>) -> Result<Ticket, StoreError> {
        self.held.commit(decided)
    }
}
