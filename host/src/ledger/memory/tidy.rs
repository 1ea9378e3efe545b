//! Books that no policy has open: they are remembered for a later policy that has their budgets
//! again, as far as there is room, since a swap away and back must refill nothing.

use std::sync::{Arc, MutexGuard};

use router_guest::manifest::BudgetInfo;

use super::super::book::{Book, EVENT_BYTES_MAX, PASSED_MAX};
use super::super::error::StoreError;
use super::{BOOKS_MAX, MemoryStore, Shelf, locked, shelf_of};

/// Charges of passed windows that all books together remember which nobody has open: as many as
/// one does that somebody has.
const IDLE_PASSED_MAX: usize = PASSED_MAX;
/// Bytes of their events: the rest is for fills that are still to come.
const IDLE_EVENT_BYTES_MAX: usize = EVENT_BYTES_MAX / 4;

impl<D: Clone> MemoryStore<D> {
    /// Moves on the books that nobody has open, nor the new policy will have, and drops those
    /// that nothing is left in, until the new policy's find room.
    pub(super) fn tidy(
        &self,
        shelves: &mut Vec<Shelf>,
        budgets: &[BudgetInfo],
    ) -> Result<(), StoreError> {
        let latest = self.latest();
        let is_idle = |shelf: &Shelf| {
            Arc::strong_count(&shelf.book) == 1
                && budgets.iter().all(|info| *info.name != *shelf.name)
        };
        let idle = shelves.iter().filter(|shelf| is_idle(shelf));
        let mut books = idle
            .map(|shelf| locked(&shelf.book))
            .collect::<Result<Vec<_>, _>>()?;
        for book in &mut books {
            book.move_on(latest);
        }
        forget_the_oldest(&mut books);
        let made = budgets
            .iter()
            .filter(|info| shelf_of(shelves, &info.name).is_none())
            .count();
        // Those without charges go in any case.
        let used = books.iter().filter(|book| !book.is_empty()).count();
        let others = shelves.len() - books.len();
        make_way(&mut books, (others + used + made).saturating_sub(BOOKS_MAX));
        drop(books);
        shelves.retain(|shelf| {
            !is_idle(shelf) || locked(&shelf.book).is_ok_and(|book| !book.is_empty())
        });
        Ok(())
    }
}

/// Forgets passed charges, the oldest of all books first, until the others are few enough.
fn forget_the_oldest(books: &mut [MutexGuard<'_, Book>]) {
    let (mut charges, mut event_bytes) = (0, 0);
    for book in books.iter() {
        let (more, more_bytes) = book.passed_holding();
        charges += more;
        event_bytes += more_bytes;
    }
    while charges > IDLE_PASSED_MAX || event_bytes > IDLE_EVENT_BYTES_MAX {
        let with_passed = books.iter_mut().filter(|book| book.has_passed());
        let Some(oldest) = with_passed.min_by_key(|book| book.first_at()) else {
            return;
        };
        let before = oldest.first_event_bytes();
        oldest.forget_oldest_passed();
        charges -= 1;
        event_bytes -= before;
    }
}

/// Empties so many books whose charges have all passed, those of the longest ago first.
fn make_way(books: &mut [MutexGuard<'_, Book>], count: usize) {
    let mut passed: Vec<_> = books
        .iter_mut()
        .filter(|book| book.has_passed() && book.has_all_passed())
        .collect();
    passed.sort_by_key(|book| book.last_at());
    for book in passed.into_iter().take(count) {
        book.forget_passed();
    }
}
