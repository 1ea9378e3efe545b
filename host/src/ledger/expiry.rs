//! Reservations whose time may end: an order of which nobody ever hears again. Ends none by
//! itself: the ledger is told the time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use router_guest::amount::Amount;

use super::reservation::ReservationId;
use super::window::Moment;

/// What becomes of a reservation whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExpiry {
    /// It holds on: the order may have been filled.
    #[default]
    Keep,
    /// What it holds is freed.
    Release,
}

/// How long a reservation waits for word of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeToLive {
    /// From its grant on, in effective time.
    pub after: Duration,
    /// What then becomes of it.
    pub on_expiry: OnExpiry,
}

/// A reservation whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// Which.
    pub reservation: ReservationId,
    /// What it held then, account currency.
    pub held: Amount,
    /// What became of it.
    pub on_expiry: OnExpiry,
}

/// The deadlines of open reservations.
#[derive(Debug)]
pub(super) struct Expiries {
    time_to_live: Option<TimeToLive>,
    /// The earliest one, so that looking takes no lock.
    next: AtomicI64,
    deadlines: Mutex<BinaryHeap<Reverse<(Moment, ReservationId)>>>,
}

impl OnExpiry {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Release => "release",
        }
    }
}

impl Default for Expiries {
    fn default() -> Self {
        Self {
            time_to_live: None,
            next: AtomicI64::new(i64::MAX),
            deadlines: Mutex::default(),
        }
    }
}

impl Expiries {
    /// Of reservations that have so long.
    pub(super) fn after(time_to_live: TimeToLive) -> Self {
        Self {
            time_to_live: Some(time_to_live),
            ..Self::default()
        }
    }

    pub(super) fn on_expiry(&self) -> OnExpiry {
        self.time_to_live
            .map_or(OnExpiry::Keep, |time_to_live| time_to_live.on_expiry)
    }

    /// When a reservation of this moment has its time over.
    pub(super) fn deadline(&self, granted: Moment) -> Option<Moment> {
        let after = self.time_to_live?.after;
        let after = i64::try_from(after.as_micros()).unwrap_or(i64::MAX);
        Some(Moment::from_microseconds(
            granted.microseconds().saturating_add(after),
        ))
    }

    /// Watches over a reservation that was granted.
    pub(super) fn watch(&self, granted: Moment, reservation: ReservationId) {
        if let Some(deadline) = self.deadline(granted) {
            self.watch_until(deadline, reservation);
        }
    }

    pub(super) fn watch_until(&self, deadline: Moment, reservation: ReservationId) {
        let mut deadlines = self
            .deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deadlines.push(Reverse((deadline, reservation)));
        self.note_next(&deadlines);
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Moment> {
        let next = self.next.load(Ordering::Acquire);
        (next != i64::MAX).then(|| Moment::from_microseconds(next))
    }

    /// A reservation whose time is over, which is watched no longer.
    pub(super) fn due(&self, now: Moment) -> Option<(Moment, ReservationId)> {
        if self.next().is_none_or(|next| next > now) {
            return None;
        }
        let mut deadlines = self
            .deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_due = deadlines
            .peek()
            .is_some_and(|Reverse((deadline, _))| *deadline <= now);
        let due = is_due.then(|| deadlines.pop()).flatten();
        self.note_next(&deadlines);
        due.map(|Reverse(due)| due)
    }

    /// Watches over none.
    pub(super) fn clear(&self) {
        let mut deadlines = self
            .deadlines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deadlines.clear();
        self.note_next(&deadlines);
    }

    fn note_next(&self, deadlines: &BinaryHeap<Reverse<(Moment, ReservationId)>>) {
        let next = deadlines
            .peek()
            .map_or(i64::MAX, |Reverse((deadline, _))| deadline.microseconds());
        self.next.store(next, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_due_in_order_and_once() {
        let expiries = Expiries::after(TimeToLive {
            after: Duration::from_secs(60),
            on_expiry: OnExpiry::Keep,
        });
        let at = |seconds: i64| Moment::from_microseconds(seconds * 1_000_000);
        expiries.watch(at(10), ReservationId(2));
        expiries.watch(at(0), ReservationId(1));
        assert_eq!(expiries.next(), Some(at(60)));
        assert_eq!(expiries.due(at(59)), None);
        assert_eq!(expiries.due(at(70)), Some((at(60), ReservationId(1))));
        assert_eq!(expiries.due(at(70)), Some((at(70), ReservationId(2))));
        assert_eq!(expiries.due(at(1_000)), None);
        assert_eq!(expiries.next(), None);
    }

    #[test]
    fn without_a_time_to_live_nothing_is_watched() {
        let expiries = Expiries::default();
        expiries.watch(Moment::MIN, ReservationId(1));
        assert_eq!(expiries.next(), None);
        assert_eq!(expiries.due(Moment::MAX), None);
    }
}
