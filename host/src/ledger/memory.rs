//! The store that lives and dies with the process.
//!
//! One lock for each budget's book, taken in the order in which the books were made; the lock
//! on the ids is taken last and for one call only. So no two threads wait for each other.

mod guard;
mod restore;
mod tidy;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use jiff::Timestamp;
use router_guest::manifest::BudgetInfo;

use super::book::{Book, Holdings, Terms};
use super::error::{EventError, Holding, OpenError, StoreError};
use super::expiry::{Expired, Expiries, TimeToLive};
use super::ids::{IdMemory, Identity, Known};
use super::reservation::{EventId, Released, ReservationId, Settled, Settlement, Standing};
use super::store::{Held, Store};
use super::window::{Calendar, Moment};
pub use guard::Guard;
pub(crate) use restore::KEPT_CHARGES_MAX;

use crate::journal::record::PolicyNumber;

/// Budgets that a ledger keeps books for, over all policies that it has seen; those without
/// charges are dropped as new ones are opened, and where that is not enough, those whose charges
/// have passed.
pub const BOOKS_MAX: usize = 1_024;

/// Budgets in use and decided ids, in memory.
#[derive(Debug)]
pub struct MemoryStore<D> {
    shelves: RwLock<Vec<Shelf>>,
    holdings: Arc<Holdings>,
    /// The latest time seen, microseconds.
    latest: AtomicI64,
    /// The number of the last reservation.
    granted: AtomicU64,
    ids: Mutex<IdMemory<D>>,
    /// Whether a disk knows every id, so that memory may forget those that charged as well.
    ids_are_kept_elsewhere: bool,
    expiries: Expiries,
}

/// The books of one policy's budgets, with the terms that the policy has them on.
#[derive(Debug)]
pub struct OpenBudgets {
    /// In the order in which they are locked.
    opened: Vec<Opened>,
    /// For each budget of the manifest, its place in that order.
    places: Vec<usize>,
    /// What a store that journals calls the policy.
    policy: PolicyNumber,
}

#[derive(Debug)]
struct Shelf {
    name: Arc<str>,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug)]
struct Opened {
    name: Arc<str>,
    book: Arc<Mutex<Book>>,
    terms: Arc<Terms>,
}

impl OpenBudgets {
    /// How many there are: as many as the manifest has.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// What a store that journals calls the policy; 0 for one that does not.
    pub const fn policy(&self) -> PolicyNumber {
        self.policy
    }

    /// The same, of the policy of this number.
    pub(crate) const fn of_policy(mut self, policy: PolicyNumber) -> Self {
        self.policy = policy;
        self
    }

    /// Whether the policy has none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl<D: Clone> MemoryStore<D> {
    /// Nothing used, nothing decided.
    pub fn new() -> Self {
        Self::with_ids(IdMemory::new(), false)
    }

    /// The same in front of a disk that knows every id once it is written: the last so many
    /// others are remembered, whether or not they charged.
    pub(crate) fn before_a_disk(ids_max: usize) -> Self {
        Self::with_ids(IdMemory::of_the_last(ids_max), true)
    }

    /// Ends the time of reservations so long after their grant.
    #[must_use]
    pub fn expiring(mut self, time_to_live: TimeToLive) -> Self {
        self.expiries = Expiries::after(time_to_live);
        self
    }

    fn with_ids(ids: IdMemory<D>, ids_are_kept_elsewhere: bool) -> Self {
        Self {
            shelves: RwLock::default(),
            holdings: Arc::default(),
            latest: AtomicI64::new(i64::MIN),
            granted: AtomicU64::new(0),
            ids: Mutex::new(ids),
            ids_are_kept_elsewhere,
            expiries: Expiries::default(),
        }
    }

    /// As [`Store::lock`], without an allocation for the trait object.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    pub fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Guard<'a, D>, StoreError> {
        let mut books = Vec::with_capacity(budgets.opened.len());
        for opened in &budgets.opened {
            books.push(locked(&opened.book)?);
        }
        // Read under the locks, so that a book's charges are in the order of their times.
        let now = self.not_before_latest(now);
        for (book, opened) in books.iter_mut().zip(&budgets.opened) {
            book.turn(&opened.terms, now);
        }
        Ok(Guard::new(self, budgets, books, now))
    }

    /// The time, or the latest that was seen: a clock that is set back refills no budget.
    fn not_before_latest(&self, now: Timestamp) -> Moment {
        let now = Moment::from(now);
        let latest = self.latest.fetch_max(now.microseconds(), Ordering::AcqRel);
        now.max(Moment::from_microseconds(latest))
    }

    fn ids(&self) -> Result<MutexGuard<'_, IdMemory<D>>, StoreError> {
        locked(&self.ids)
    }

    /// Settles, and under the same lock does what is to follow: with it, what the reservation
    /// has come to.
    pub(crate) fn settle_then<T>(
        &self,
        settlement: &Settlement<'_>,
        mut then: impl FnMut(&Settled, Standing) -> Result<T, StoreError>,
    ) -> Result<(Settled, T), EventError> {
        self.on_book(settlement.reservation, |book| {
            let settled = book.settle(settlement)?;
            Some(settled.and_then(|settled| {
                let followed = then(&settled, book.standing(settlement.reservation))?;
                Ok((settled, followed))
            }))
        })
    }

    /// Releases, and under the same lock does what is to follow.
    pub(crate) fn release_then<T>(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
        mut then: impl FnMut(&Released, Standing) -> Result<T, StoreError>,
    ) -> Result<(Released, T), EventError> {
        self.on_book(reservation, |book| {
            let released = book.release(reservation, event)?;
            Some(released.and_then(|released| {
                let followed = then(&released, book.standing(reservation))?;
                Ok((released, followed))
            }))
        })
    }

    /// Ends the time of reservations, and under the same lock does for each what is to follow.
    pub(crate) fn expire_then(
        &self,
        now: Timestamp,
        mut then: impl FnMut(&Expired, Standing) -> Result<(), StoreError>,
    ) -> Result<Vec<Expired>, StoreError> {
        let now = self.not_before_latest(now);
        let on_expiry = self.expiries.on_expiry();
        let mut expired = Vec::new();
        while let Some((deadline, reservation)) = self.expiries.due(now) {
            let ended = self.on_book(reservation, |book| {
                let one = book.expire(reservation, on_expiry)?;
                Some(match one {
                    None => Ok(None),
                    Some(one) => then(&one, book.standing(reservation))
                        .map(|()| Some(one))
                        .map_err(EventError::from),
                })
            });
            match ended {
                Ok(Some(one)) => expired.push(one),
                // It is done with, or forgotten.
                Ok(None) | Err(EventError::UnknownReservation { .. }) => {}
                Err(_) => {
                    self.expiries.watch_until(deadline, reservation);
                    return Err(StoreError::Unavailable);
                }
            }
        }
        Ok(expired)
    }

    /// The latest time that was seen.
    pub(crate) fn latest(&self) -> Moment {
        Moment::from_microseconds(self.latest.load(Ordering::Acquire))
    }

    /// The answer of the book that knows the reservation.
    fn on_book<T>(
        &self,
        reservation: ReservationId,
        mut event: impl FnMut(&mut Book) -> Option<Result<T, EventError>>,
    ) -> Result<T, EventError> {
        let shelves = self.shelves.read().map_err(|_| StoreError::Unavailable)?;
        for shelf in shelves.iter() {
            let mut book = locked(&shelf.book)?;
            if let Some(outcome) = event(&mut book) {
                return outcome;
            }
        }
        Err(EventError::UnknownReservation { reservation })
    }
}

impl<D: Clone> Default for MemoryStore<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Clone + Send> Store<D> for MemoryStore<D> {
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        let terms = budgets
            .iter()
            .map(terms_of)
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(budget) = declared_twice(budgets) {
            return Err(OpenError::DeclaredTwice {
                budget: budget.into(),
            });
        }
        let mut shelves = self.shelves.write().map_err(|_| StoreError::Unavailable)?;
        self.tidy(&mut shelves, budgets)?;
        let made = budgets
            .iter()
            .filter(|info| shelf_of(&shelves, &info.name).is_none())
            .count();
        if shelves.len() + made > BOOKS_MAX {
            return Err(StoreError::Full(Holding::Budgets).into());
        }
        let mut opened = Vec::with_capacity(budgets.len());
        for (number, (info, terms)) in budgets.iter().zip(terms).enumerate() {
            let shelf = shelf_of(&shelves, &info.name).unwrap_or_else(|| {
                let book = Arc::new(Mutex::new(Book::new(Arc::clone(&self.holdings))));
                shelves.push(Shelf {
                    name: info.name.as_str().into(),
                    book,
                });
                shelves.len() - 1
            });
            if let Some(Shelf { name, book }) = shelves.get(shelf) {
                opened.push((
                    shelf,
                    number,
                    Opened {
                        name: Arc::clone(name),
                        book: Arc::clone(book),
                        terms: Arc::new(terms),
                    },
                ));
            }
        }
        Ok(in_lock_order(opened))
    }

    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<D> + 'a>, StoreError> {
        Ok(Box::new(Self::lock(self, budgets, now)?))
    }

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.settle_then(settlement, |_, _| Ok(()))
            .map(|(settled, ())| settled)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.release_then(reservation, event, |_, _| Ok(()))
            .map(|(released, ())| released)
    }

    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<D>, StoreError> {
        Ok(self.ids()?.lookup(identity))
    }

    fn record(&self, identity: &Identity<'_>, decision: D) -> Result<Known<D>, StoreError> {
        Ok(self.ids()?.record(identity, decision))
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.next().map(Moment::timestamp)
    }

    fn expire(&self, now: Timestamp) -> Result<Vec<Expired>, StoreError> {
        self.expire_then(now, |_, _| Ok(()))
    }
}

/// The lock; a thread that died while it held it may have left half a change, which no charge
/// may be granted on.
fn locked<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, StoreError> {
    mutex.lock().map_err(|_| StoreError::Unavailable)
}

fn terms_of(info: &BudgetInfo) -> Result<Terms, OpenError> {
    Ok(Terms {
        calendar: Calendar::new(info)?,
        scope: info.scope,
        orders: info.orders,
    })
}

fn declared_twice(budgets: &[BudgetInfo]) -> Option<&str> {
    let earlier = |number: usize| budgets.iter().take(number);
    let mut numbered = budgets.iter().enumerate();
    numbered
        .find(|(number, info)| earlier(*number).any(|other| other.name == info.name))
        .map(|(_, info)| info.name.as_str())
}

fn shelf_of(shelves: &[Shelf], name: &str) -> Option<usize> {
    shelves.iter().position(|shelf| *shelf.name == *name)
}

/// Sorted by shelf: shelves are only ever added behind, so that all threads lock in one order.
fn in_lock_order(mut opened: Vec<(usize, usize, Opened)>) -> OpenBudgets {
    opened.sort_by_key(|(shelf, _, _)| *shelf);
    let mut places: Vec<(usize, usize)> = opened
        .iter()
        .enumerate()
        .map(|(place, (_, number, _))| (*number, place))
        .collect();
    places.sort_unstable();
    OpenBudgets {
        opened: opened.into_iter().map(|(_, _, opened)| opened).collect(),
        places: places.into_iter().map(|(_, place)| place).collect(),
        policy: PolicyNumber::new(0),
    }
}

#[cfg(test)]
mod tests;
