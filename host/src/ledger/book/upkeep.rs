//! What keeps a book's sums true and its memory bounded: charges pass out of the window, make
//! room, and are found again by late events.

use router_guest::manifest::Scope;

use super::super::charge::{Charge, Seen, Tally};
use super::super::error::{EventError, Holding, StoreError};
use super::super::names::NameId;
use super::super::reservation::{EventId, ReservationId};
use super::super::window::Moment;
use super::sums::Sums;
use super::{Book, PASSED_MAX};

/// Charges by which a book grows: doubling would leave up to half of it empty.
const GROWTH_MIN: usize = 16;
const GROWTH_MAX: usize = 16_384;

impl Book {
    pub(super) fn tally(&self, symbol: &str, strategy: &str) -> Tally {
        match self.sums.scope() {
            Scope::All => self.sums.of_all(),
            Scope::Symbol => self.sums.of(NameId::of(symbol)),
            Scope::Strategy => self.sums.of(NameId::of(strategy)),
        }
    }

    /// Lets the window's start pass the charges that lie before it.
    pub(super) fn pass(&mut self, start: Moment) {
        while let Some(charge) = self
            .charges
            .get(self.passed)
            .filter(|charge| charge.at < start)
        {
            self.sums.change(charge, Tally::take);
            self.passed += 1;
        }
        self.bound_passed();
    }

    /// Counts all charges anew, under terms that the sums are not of.
    pub(super) fn recount(&mut self, scope: Scope, start: Moment) {
        self.passed = self.charges.partition_point(|charge| charge.at < start);
        self.sums = Sums::new(scope);
        for charge in self.charges.iter().skip(self.passed) {
            self.sums.change(charge, Tally::add);
        }
        self.bound_passed();
    }

    fn bound_passed(&mut self) {
        while self.passed > PASSED_MAX && self.forget_oldest_passed() {}
    }

    /// Whether there are charges that the window has passed.
    pub(in super::super) const fn has_passed(&self) -> bool {
        self.passed > 0
    }

    /// Whether there are no others.
    pub(in super::super) fn has_all_passed(&self) -> bool {
        self.passed == self.charges.len()
    }

    /// When the first charge was granted.
    pub(in super::super) fn first_at(&self) -> Option<Moment> {
        self.charges.front().map(|charge| charge.at)
    }

    /// When the last charge was granted.
    pub(in super::super) fn last_at(&self) -> Option<Moment> {
        self.charges.back().map(|charge| charge.at)
    }

    /// How many charges have passed, and the bytes of their events.
    pub(in super::super) fn passed_holding(&self) -> (usize, usize) {
        let passed = self.charges.iter().take(self.passed);
        (self.passed, passed.map(Charge::events_bytes).sum())
    }

    /// Bytes of the events of the charge that is forgotten first.
    pub(in super::super) fn first_event_bytes(&self) -> usize {
        self.charges.front().map_or(0, Charge::events_bytes)
    }

    /// Whether there was one.
    pub(in super::super) fn forget_oldest_passed(&mut self) -> bool {
        if self.passed == 0 {
            return false;
        }
        let Some(charge) = self.charges.pop_front() else {
            return false;
        };
        self.passed -= 1;
        self.let_go(&charge);
        true
    }

    /// Gives back what a charge that is taken out holds elsewhere.
    pub(super) fn let_go(&mut self, charge: &Charge) {
        self.holdings.charges.give_back(1);
        self.holdings.event_bytes.give_back(charge.events_bytes());
    }

    /// Takes room for one more charge, that of the oldest passed one when all is taken.
    pub(super) fn make_room(&mut self) -> Result<(), StoreError> {
        if !self.holdings.charges.take(1) {
            // Room that is given back can be lost to another budget, once for each thread.
            let found = self.forget_oldest_passed() && self.holdings.charges.take(1);
            if !found {
                return Err(StoreError::Full(Holding::Charges));
            }
        }
        if self.charges.len() == self.charges.capacity() {
            self.charges
                .reserve_exact(self.charges.len().clamp(GROWTH_MIN, GROWTH_MAX));
        }
        Ok(())
    }

    /// Sees to it that an event can be remembered, as long as forgetting what has passed helps:
    /// else the events of bygone windows would keep every later fill out.
    pub(super) fn make_event_room(&mut self, event: EventId<'_>) {
        let bytes = Charge::event_bytes(event);
        while !self.holdings.event_bytes.take(bytes) {
            if !self.forget_oldest_passed() {
                return;
            }
        }
        self.holdings.event_bytes.give_back(bytes);
    }

    /// Forgets all charges, and with them what the tallies were of.
    pub(in super::super) fn clear(&mut self) {
        while let Some(charge) = self.charges.pop_front() {
            self.let_go(&charge);
        }
        self.passed = 0;
        self.view = None;
        self.sums = Sums::new(Scope::All);
    }

    /// Takes in a charge as it was kept elsewhere; the tallies are told of it with the next
    /// turn. False when there is no room for it.
    pub(in super::super) fn take_in(&mut self, charge: Charge) -> bool {
        if self.make_room().is_err() {
            return false;
        }
        if !self.holdings.event_bytes.take(charge.events_bytes()) {
            self.holdings.charges.give_back(1);
            return false;
        }
        self.charges.push_back(charge);
        true
    }

    pub(super) fn position(&self, reservation: ReservationId) -> Option<usize> {
        self.charges
            .binary_search_by_key(&reservation.0, |charge| charge.number)
            .ok()
    }

    /// Whether an event is new, and if it is, takes room to remember it.
    pub(super) fn admit(
        &self,
        position: usize,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Seen, EventError> {
        let unknown = EventError::UnknownReservation { reservation };
        match self.charges.get(position).ok_or(unknown)?.seen(event) {
            Seen::TooMany => Err(EventError::TooManyEvents { reservation }),
            Seen::New if !self.holdings.event_bytes.take(Charge::event_bytes(event)) => {
                Err(StoreError::Full(Holding::Events).into())
            }
            seen => Ok(seen),
        }
    }

    /// Changes a charge and, if the window takes it in, the sums with it.
    pub(super) fn change<T>(
        &mut self,
        position: usize,
        change: impl FnOnce(&mut Charge) -> T,
    ) -> Option<T> {
        let charge = self.charges.get_mut(position)?;
        if position < self.passed {
            return Some(change(charge));
        }
        self.sums.change(charge, Tally::take);
        let outcome = change(charge);
        self.sums.change(charge, Tally::add);
        Some(outcome)
    }
}
