//! One charge: what an order holds of a budget, what it used, and the events it has seen.
//!
//! Knows no window and no limit: a fill is recorded whatever they say.

use router_guest::amount::Amount;
use router_guest::decision::Side;

use super::expiry::{Expired, OnExpiry};
use super::kept::KeptCharge;
use super::money::{Money, Packed};
use super::names::NameId;
use super::reservation::{
    EVENTS_MAX, EventId, Released, ReservationId, Settled, Settlement, Standing,
};
use super::window::Moment;

/// What one order was granted and what came of it. Up to 65,536 are held at once, so it is
/// laid out in 112 bytes (`layout_is_compact` below holds it to that).
#[derive(Debug)]
pub(super) struct Charge {
    /// The number in its reservation's id; they only grow.
    pub(super) number: u64,
    /// When it was granted, in effective time.
    pub(super) at: Moment,
    /// The request's symbol.
    pub(super) symbol: NameId,
    /// The request's strategy.
    pub(super) strategy: NameId,
    /// What is still held for it.
    pub(super) reserved: Money,
    /// What it used.
    pub(super) settled: Money,
    quote_rate: Packed,
    side: Side,
    is_open: bool,
    events: Events,
}

/// What the charges of one scope come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Settled.
    pub(super) used: Money,
    /// Held.
    pub(super) reserved: Money,
    /// Charges that count as an order.
    pub(super) orders: u32,
    /// All charges, so that a tally of none can be dropped.
    pub(super) charges: u32,
}

/// What became of an event: it may have been seen before, or be one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Not seen before.
    New,
    /// Seen before.
    Repeated,
    /// Not seen before, and there is no room to remember it.
    TooMany,
}

/// Event ids, one behind the other, each after its length. Orders have a handful of fills, so
/// that a scan is cheaper than a table for each of 65,536 charges.
#[derive(Debug, Default)]
struct Events(Box<[u8]>);

impl Charge {
    /// A charge that holds its need.
    pub(super) fn open(
        number: u64,
        at: Moment,
        names: (NameId, NameId),
        need: Money,
        order: (Side, Amount),
    ) -> Self {
        Self {
            number,
            at,
            symbol: names.0,
            strategy: names.1,
            reserved: need,
            settled: Money::ZERO,
            quote_rate: Packed::new(order.1),
            side: order.0,
            is_open: true,
            events: Events::default(),
        }
    }

    /// Whether it counts as an order: while its fate is open, and for good once anything was
    /// filled. An order that was released unfilled gives its place back.
    pub(super) fn counts_as_order(&self) -> bool {
        self.is_open || !self.settled.is_zero()
    }

    /// Whether the event was seen before.
    pub(super) fn seen(&self, event: EventId<'_>) -> Seen {
        self.events.seen(event)
    }

    /// Bytes that it takes to remember the event.
    pub(super) fn event_bytes(event: EventId<'_>) -> usize {
        event.as_str().len() + 1
    }

    /// Bytes that its events take.
    pub(super) fn events_bytes(&self) -> usize {
        self.events.0.len()
    }

    /// Records a fill that was not seen before.
    pub(super) fn settle(&mut self, settlement: &Settlement<'_>) -> Settled {
        self.events.remember(settlement.event_id);
        let used = Money::of_fill(settlement.notional, self.quote_rate.amount());
        let held = used.min(self.reserved);
        let overrun = used.minus(held);
        self.settled = self.settled.plus_capped(used);
        self.reserved = self.reserved.minus(held);
        let released = if settlement.is_final {
            self.close()
        } else {
            Money::ZERO
        };
        Settled {
            used: used.amount(),
            released: released.amount(),
            reserved: self.reserved.amount(),
            overrun: (!overrun.is_zero()).then(|| overrun.amount()),
            side_mismatch: settlement.side != self.side,
            repeated: false,
        }
    }

    /// The answer to a fill that was seen before.
    pub(super) fn settled_before(&self, settlement: &Settlement<'_>) -> Settled {
        Settled {
            used: Amount::ZERO,
            released: Amount::ZERO,
            reserved: self.reserved.amount(),
            overrun: None,
            side_mismatch: settlement.side != self.side,
            repeated: true,
        }
    }

    /// Frees what is left, by an event that was not seen before.
    pub(super) fn release(&mut self, event: EventId<'_>) -> Released {
        self.events.remember(event);
        Released {
            released: self.close().amount(),
            repeated: false,
        }
    }

    /// What it has come to.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            reserved: self.reserved.amount(),
            settled: self.settled.amount(),
            is_open: self.is_open,
        }
    }

    /// Its time is over: keeps what it holds, or frees it. `None` when its fate is known.
    pub(super) fn expire(&mut self, on_expiry: OnExpiry) -> Option<Expired> {
        let reservation = ReservationId(self.number);
        let held = self.reserved.amount();
        match on_expiry {
            _ if !self.is_open => return None,
            OnExpiry::Keep => {}
            OnExpiry::Release => {
                self.close();
            }
        }
        Some(Expired {
            reservation,
            held,
            on_expiry,
        })
    }

    /// A charge as it was kept elsewhere.
    pub(super) fn restored(kept: &KeptCharge) -> Option<Self> {
        let mut events = Events::default();
        for event in &kept.events {
            events.remember(EventId::new(event).ok()?);
        }
        Some(Self {
            number: kept.number,
            at: kept.at,
            symbol: NameId::of(kept.symbol.as_str()),
            strategy: NameId::of(kept.strategy.as_str()),
            reserved: Money::up(kept.reserved)?,
            settled: Money::up(kept.settled)?,
            quote_rate: Packed::new(kept.quote_rate),
            side: kept.side,
            is_open: kept.is_open,
            events,
        })
    }

    fn close(&mut self) -> Money {
        self.is_open = false;
        std::mem::take(&mut self.reserved)
    }
}

impl Tally {
    /// With the charge.
    pub(super) fn add(&mut self, charge: &Charge) {
        self.used = self.used.plus(charge.settled);
        self.reserved = self.reserved.plus(charge.reserved);
        self.orders += u32::from(charge.counts_as_order());
        self.charges += 1;
    }

    /// Without a charge that it was given.
    pub(super) fn take(&mut self, charge: &Charge) {
        self.used = self.used.minus(charge.settled);
        self.reserved = self.reserved.minus(charge.reserved);
        self.orders = self
            .orders
            .saturating_sub(u32::from(charge.counts_as_order()));
        self.charges = self.charges.saturating_sub(1);
    }
}

impl Events {
    fn seen(&self, event: EventId<'_>) -> Seen {
        let mut count = 0;
        let mut rest = &*self.0;
        while let Some((length, behind)) = rest.split_first() {
            let (id, others) = behind
                .split_at_checked(usize::from(*length))
                .unwrap_or((behind, &[]));
            if id == event.as_str().as_bytes() {
                return Seen::Repeated;
            }
            count += 1;
            rest = others;
        }
        if count < EVENTS_MAX {
            Seen::New
        } else {
            Seen::TooMany
        }
    }

    fn remember(&mut self, event: EventId<'_>) {
        let id = event.as_str().as_bytes();
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        bytes.reserve_exact(id.len() + 1);
        // At most 64 by its type.
        bytes.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(id);
        self.0 = bytes.into_boxed_slice();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_compact() {
        assert!(size_of::<Charge>() <= 112, "{}", size_of::<Charge>());
    }

    #[test]
    fn events_are_told_apart_and_bounded() {
        let mut events = Events::default();
        // One id is a prefix of another, and of another's encoding.
        for id in ["a", "ab", "\u{1}a"] {
            let id = EventId::new(id).unwrap();
            assert_eq!(events.seen(id), Seen::New);
            events.remember(id);
            assert_eq!(events.seen(id), Seen::Repeated);
        }
        for number in 3..EVENTS_MAX {
            events.remember(EventId::new(&format!("e{number}")).unwrap());
        }
        assert_eq!(events.seen(EventId::new("other").unwrap()), Seen::TooMany);
        assert_eq!(events.seen(EventId::new("ab").unwrap()), Seen::Repeated);
    }
}
