//! The charges of one budget, and what they come to in the live window and scope.
//!
//! What is used is by definition the sum over the charges that the live policy's window and
//! scope take in; the tallies are that sum kept up to date, never an account of their own.
//! Knows nothing of locks, request ids or policies.

mod sums;
mod upkeep;

use std::collections::VecDeque;
use std::sync::Arc;

use router_guest::manifest::Scope;
use router_guest::state::BudgetUse;

use super::charge::{Charge, Seen, Tally};
use super::error::{EventError, ReserveError};
use super::expiry::{Expired, OnExpiry};
use super::money::Money;
use super::names::NameId;
use super::reservation::{Claim, EventId, Released, ReservationId, Settled, Settlement, Standing};
use super::room::Room;
use super::window::{Bounds, Calendar, Moment};
use sums::Sums;

/// Charges that a ledger holds at most, over all its budgets.
pub const CHARGES_MAX: usize = 65_536;
/// Charges of passed windows that one budget remembers, so that late events find them and a
/// swap to a longer window counts them again.
pub const PASSED_MAX: usize = 8_192;
/// Bytes of event ids that a ledger holds at most: a hundred and more for every charge.
pub const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How the live policy has a budget: what it takes in and how many orders it lets through.
#[derive(Debug)]
pub(super) struct Terms {
    /// When use starts again at zero.
    pub(super) calendar: Calendar,
    /// What shares the budget.
    pub(super) scope: Scope,
    /// Limit on orders.
    pub(super) orders: Option<u32>,
}

/// What all books of a ledger hold together.
#[derive(Debug)]
pub(super) struct Holdings {
    charges: Room,
    event_bytes: Room,
}

impl Default for Holdings {
    fn default() -> Self {
        Self {
            charges: Room::of(CHARGES_MAX),
            event_bytes: Room::of(EVENT_BYTES_MAX),
        }
    }
}

/// One budget's charges.
#[derive(Debug)]
pub(super) struct Book {
    holdings: Arc<Holdings>,
    /// In the order of their grants: by number and by time, as effective time never runs back.
    charges: VecDeque<Charge>,
    /// How many of the first charges the window has passed.
    passed: usize,
    view: Option<View>,
    sums: Sums,
}

/// The terms and window that the tallies are of.
#[derive(Debug)]
struct View {
    terms: Arc<Terms>,
    bounds: Bounds,
}

impl Book {
    /// A book without charges.
    pub(super) fn new(holdings: Arc<Holdings>) -> Self {
        Self {
            holdings,
            charges: VecDeque::new(),
            passed: 0,
            view: None,
            sums: Sums::new(Scope::All),
        }
    }

    /// Whether there is nothing to keep it for.
    pub(super) fn is_empty(&self) -> bool {
        self.charges.is_empty()
    }

    /// Brings the tallies to these terms and this moment. A comparison, as long as both the
    /// terms and the window are those of the last call.
    pub(super) fn turn(&mut self, terms: &Arc<Terms>, now: Moment) {
        match &mut self.view {
            Some(view) if view.terms.count_alike(terms) => {
                if !view.bounds.contains(now) {
                    let bounds = terms.calendar.bounds(now);
                    view.bounds = bounds;
                    self.pass(bounds.start);
                }
            }
            _ => {
                let bounds = terms.calendar.bounds(now);
                self.view = Some(View {
                    terms: Arc::clone(terms),
                    bounds,
                });
                self.recount(terms.scope, bounds.start);
            }
        }
    }

    /// What is used and held in the request's scope.
    pub(super) fn use_of(&self, symbol: &str, strategy: &str) -> BudgetUse {
        let tally = self.tally(symbol, strategy);
        BudgetUse {
            used: tally.used.amount(),
            reserved: tally.reserved.amount(),
            orders: tally.orders,
        }
    }

    /// Charges the claim's need, if what remains holds it. The number must be larger than
    /// that of every charge before it.
    pub(super) fn reserve(
        &mut self,
        now: Moment,
        claim: &Claim<'_>,
        orders: Option<u32>,
        number: impl FnOnce() -> u64,
    ) -> Result<ReservationId, ReserveError> {
        let tally = self.tally(claim.symbol, claim.strategy);
        let need = Money::up(claim.need).ok_or(ReserveError::NeedTooLarge { need: claim.need })?;
        if let Some(orders) = orders.filter(|orders| tally.orders >= *orders) {
            return Err(ReserveError::OrdersSpent { orders });
        }
        let spent = tally.used.plus(tally.reserved);
        if let Some(limit) = claim.limit.map(Money::down)
            && need.plus(spent) > limit
        {
            let remaining = limit.minus(spent).amount();
            return Err(ReserveError::OverLimit {
                need: claim.need,
                remaining,
            });
        }
        self.make_room()?;
        let names = (NameId::of(claim.symbol), NameId::of(claim.strategy));
        let charge = Charge::open(number(), now, names, need, (claim.side, claim.quote_rate));
        let id = ReservationId(charge.number);
        self.sums.change(&charge, Tally::add);
        self.charges.push_back(charge);
        Ok(id)
    }

    /// Takes the last charge back, as if it had never been granted.
    pub(super) fn take_back(&mut self, reservation: ReservationId) {
        let Some(charge) = self
            .charges
            .pop_back_if(|last| last.number == reservation.0)
        else {
            return;
        };
        self.sums.change(&charge, Tally::take);
        self.let_go(&charge);
    }

    /// Records a fill; `None` when the reservation is not of this budget.
    pub(super) fn settle(
        &mut self,
        settlement: &Settlement<'_>,
    ) -> Option<Result<Settled, EventError>> {
        self.position(settlement.reservation)?;
        self.make_event_room(settlement.event_id);
        let position = self.position(settlement.reservation)?;
        Some(
            match self.admit(position, settlement.reservation, settlement.event_id) {
                Err(error) => Err(error),
                Ok(Seen::New) => Ok(self.change(position, |charge| charge.settle(settlement))?),
                Ok(_) => Ok(self.charges.get(position)?.settled_before(settlement)),
            },
        )
    }

    /// Frees what is left; `None` when the reservation is not of this budget.
    pub(super) fn release(
        &mut self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Option<Result<Released, EventError>> {
        self.position(reservation)?;
        self.make_event_room(event);
        let position = self.position(reservation)?;
        Some(match self.admit(position, reservation, event) {
            Err(error) => Err(error),
            Ok(Seen::New) => Ok(self.change(position, |charge| charge.release(event))?),
            Ok(_) => Ok(Released {
                released: Money::ZERO.amount(),
                repeated: true,
            }),
        })
    }

    /// What a reservation has come to; nothing, when it is not of this budget.
    pub(super) fn standing(&self, reservation: ReservationId) -> Standing {
        let charge = self
            .position(reservation)
            .and_then(|at| self.charges.get(at));
        charge.map_or(
            Standing {
                reserved: Money::ZERO.amount(),
                settled: Money::ZERO.amount(),
                is_open: false,
            },
            Charge::standing,
        )
    }

    /// Ends a reservation's time; `None` when it is not of this budget, and inside, when its
    /// fate is known.
    pub(super) fn expire(
        &mut self,
        reservation: ReservationId,
        on_expiry: OnExpiry,
    ) -> Option<Option<Expired>> {
        let position = self.position(reservation)?;
        self.change(position, |charge| charge.expire(on_expiry))
    }

    /// Until when a charge of this moment counts, under the terms of the last turn.
    pub(super) fn counts_until(&self, now: Moment) -> Moment {
        self.view.as_ref().map_or(Moment::MAX, |view| {
            view.terms.calendar.counts_until(now, view.bounds)
        })
    }

    /// Moves on under its own last terms: what becomes of a budget that the live policy does not
    /// have.
    pub(super) fn move_on(&mut self, now: Moment) {
        if let Some(terms) = self.view.as_ref().map(|view| Arc::clone(&view.terms)) {
            self.turn(&terms, now);
        }
    }

    /// Forgets what has passed.
    pub(super) fn forget_passed(&mut self) {
        while self.forget_oldest_passed() {}
    }
}

impl Terms {
    /// Whether the same charges count under both, in the same sums.
    fn count_alike(&self, other: &Arc<Self>) -> bool {
        std::ptr::eq(self, Arc::as_ptr(other))
            || (self.scope == other.scope && self.calendar == other.calendar)
    }
}

#[cfg(test)]
mod tests;
