//! One decision's hold on its policy's budgets in memory.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use router_guest::state::BudgetUse;

use super::super::book::Book;
use super::super::error::{ReserveError, StoreError};
use super::super::ids::{Identity, Known};
use super::super::reservation::{Claim, ReservationId};
use super::super::store::{Held, Ticket};
use super::super::window::Moment;
use super::{MemoryStore, OpenBudgets};
use crate::journal::record::Decided;

/// Locked budgets. Dropped without [`Guard::commit`], it takes back what it reserved.
#[derive(Debug)]
pub struct Guard<'a, D: Clone> {
    store: &'a MemoryStore<D>,
    budgets: &'a OpenBudgets,
    /// In lock order.
    books: Vec<MutexGuard<'a, Book>>,
    now: Moment,
    pending: Option<Pending>,
}

/// A reservation that is not committed.
#[derive(Debug, Clone, Copy)]
struct Pending {
    place: usize,
    reservation: ReservationId,
    /// Until when its charge counts.
    until: Moment,
    /// Whether room for an id is held and not used.
    has_room: bool,
}

impl<'a, D: Clone> Guard<'a, D> {
    pub(super) fn new(
        store: &'a MemoryStore<D>,
        budgets: &'a OpenBudgets,
        books: Vec<MutexGuard<'a, Book>>,
        now: Moment,
    ) -> Self {
        Self {
            store,
            budgets,
            books,
            now,
            pending: None,
        }
    }

    /// As [`Held::now`].
    pub fn now(&self) -> Timestamp {
        self.now.timestamp()
    }

    /// As [`Held::uses`].
    pub fn uses(&mut self, symbol: &str, strategy: &str, into: &mut Vec<BudgetUse>) {
        into.clear();
        let books = self
            .budgets
            .places
            .iter()
            .filter_map(|place| self.books.get(*place));
        into.extend(books.map(|book| book.use_of(symbol, strategy)));
    }

    /// As [`Held::reserve`].
    ///
    /// # Errors
    ///
    /// [`ReserveError`]; nothing has changed.
    pub fn reserve(&mut self, claim: &Claim<'_>) -> Result<ReservationId, ReserveError> {
        if self.pending.is_some() {
            return Err(ReserveError::AlreadyReserved);
        }
        let missing = ReserveError::NoBudget {
            index: claim.budget,
        };
        let place = *self.budgets.places.get(claim.budget).ok_or(missing)?;
        let orders = self.budgets.opened.get(place).ok_or(missing)?.terms.orders;
        let book = self.books.get_mut(place).ok_or(missing)?;
        let has_room = claim.has_id && !self.store.ids_are_kept_elsewhere;
        if has_room {
            self.store.ids()?.allot(self.now)?;
        }
        let granted = &self.store.granted;
        let outcome = book.reserve(self.now, claim, orders, || {
            granted.fetch_add(1, Ordering::AcqRel) + 1
        });
        match outcome {
            Ok(reservation) => {
                let until = book.counts_until(self.now);
                self.pending = Some(Pending {
                    place,
                    reservation,
                    until,
                    has_room,
                });
            }
            Err(_) if has_room => self.store.ids()?.give_back(),
            Err(_) => {}
        }
        outcome
    }

    /// As [`Held::record`].
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing was recorded.
    pub fn record(&mut self, identity: &Identity<'_>, decision: D) -> Result<Known<D>, StoreError> {
        let mut ids = self.store.ids()?;
        let Some(pending) = &mut self.pending else {
            return Ok(ids.record(identity, decision));
        };
        if self.store.ids_are_kept_elsewhere {
            return Ok(ids.record(identity, decision));
        }
        if !pending.has_room {
            ids.allot(self.now)?;
            pending.has_room = true;
        }
        let known = ids.record_charged(identity, decision, pending.until);
        pending.has_room = !matches!(known, Known::New);
        Ok(known)
    }

    /// As [`Held::commit`].
    pub fn commit(mut self) {
        if let Some(pending) = self.pending.take() {
            self.store.expiries.watch(self.now, pending.reservation);
            self.give_back_room(pending);
        }
    }

    /// The budget's name.
    pub(crate) fn budget_name(&self, budget: usize) -> Option<&Arc<str>> {
        let place = *self.budgets.places.get(budget)?;
        self.budgets.opened.get(place).map(|opened| &opened.name)
    }

    fn give_back_room(&self, pending: Pending) {
        // Poisoned, the ids grant nothing any more: there is nobody to give room back to.
        if pending.has_room
            && let Ok(mut ids) = self.store.ids()
        {
            ids.give_back();
        }
    }
}

impl<D: Clone> Drop for Guard<'_, D> {
    fn drop(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        self.give_back_room(pending);
        if let Some(book) = self.books.get_mut(pending.place) {
            book.take_back(pending.reservation);
            // The next grant gets the number, unless another budget's grant came in between.
            let ReservationId(number) = pending.reservation;
            let _ = self.store.granted.compare_exchange(
                number,
                number - 1,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
        }
    }
}

impl<D: Clone> Held<D> for Guard<'_, D> {
    fn now(&self) -> Timestamp {
        Guard::now(self)
    }

    fn uses(&mut self, symbol: &str, strategy: &str, into: &mut Vec<BudgetUse>) {
        Guard::uses(self, symbol, strategy, into);
    }

    fn reserve(&mut self, claim: &Claim<'_>) -> Result<ReservationId, ReserveError> {
        Guard::reserve(self, claim)
    }

    fn record(&mut self, identity: &Identity<'_>, decision: D) -> Result<Known<D>, StoreError> {
        Guard::record(self, identity, decision)
    }

    fn commit(self: Box<Self>, _: &Decided<'_>) -> Result<Ticket, StoreError> {
        Guard::commit(*self);
        Ok(Ticket::NONE)
    }
}
