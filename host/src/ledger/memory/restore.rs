//! Makes the books say what something else kept of them, whatever they said before.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::book::{Book, CHARGES_MAX, PASSED_MAX};
use super::super::charge::Charge;
use super::super::error::{Holding, StoreError};
use super::super::ids::IdMemory;
use super::super::kept::{KeptCharge, KeptLedger};
use super::super::reservation::ReservationId;
use super::super::window::Moment;
use super::{MemoryStore, Shelf, locked};

impl<D: Clone> MemoryStore<D> {
    /// Replaces what all books, the ids and the deadlines say, under all locks at once; then
    /// does what is to follow, under them still. `remember` fills the ids.
    pub(crate) fn restore(
        &self,
        kept: &KeptLedger,
        remember: impl FnOnce(&mut IdMemory<D>),
        then: impl FnOnce(),
    ) -> Result<(), StoreError> {
        let mut shelves = self.shelves.write().map_err(|_| StoreError::Unavailable)?;
        for charge in &kept.charges {
            self.shelf_for(&mut shelves, &charge.budget)?;
        }
        let mut books = Vec::with_capacity(shelves.len());
        for shelf in shelves.iter() {
            books.push((&*shelf.name, locked(&shelf.book)?));
        }
        for (_, book) in &mut books {
            book.clear();
        }
        self.expiries.clear();
        for charge in &kept.charges {
            take_in(&mut books, charge)?;
            if let Some(deadline) = charge.expires_at.filter(|_| charge.is_open) {
                let reservation = ReservationId::of_number(charge.number);
                self.expiries.watch_until(deadline, reservation);
            }
        }
        self.granted.store(kept.granted, Ordering::Release);
        // A clock that is set back between two runs refills no budget either.
        self.latest
            .fetch_max(kept.latest.microseconds(), Ordering::AcqRel);
        let mut ids = self.ids()?;
        ids.clear();
        remember(&mut ids);
        drop(ids);
        then();
        Ok(())
    }

    /// When a reservation of this moment has its time over.
    pub(crate) fn deadline(&self, granted: Moment) -> Option<Moment> {
        self.expiries.deadline(granted)
    }

    fn shelf_for(&self, shelves: &mut Vec<Shelf>, name: &str) -> Result<(), StoreError> {
        if super::shelf_of(shelves, name).is_some() {
            return Ok(());
        }
        if shelves.len() >= super::BOOKS_MAX {
            return Err(StoreError::Full(Holding::Budgets));
        }
        shelves.push(Shelf {
            name: name.into(),
            book: Arc::new(Mutex::new(Book::new(Arc::clone(&self.holdings)))),
        });
        Ok(())
    }
}

/// Charges that are kept elsewhere and come back into memory at most; there is room for new ones
/// beside them.
pub(crate) const KEPT_CHARGES_MAX: usize = CHARGES_MAX - PASSED_MAX;

fn take_in(
    books: &mut [(&str, MutexGuard<'_, Book>)],
    kept: &KeptCharge,
) -> Result<(), StoreError> {
    let charge = Charge::restored(kept).ok_or(StoreError::Unavailable)?;
    let book = books.iter_mut().find(|(name, _)| **name == *kept.budget);
    let (_, book) = book.ok_or(StoreError::Unavailable)?;
    if book.take_in(charge) {
        Ok(())
    } else {
        Err(StoreError::Full(Holding::Charges))
    }
}
