//! A ledger as something else keeps it, on its way back into memory. Reads no store.

use router_guest::amount::Amount;
use router_guest::decision::Side;

use super::charge::{Charge, Seen};
use super::error::EventError;
use super::reservation::{EventId, Released, ReservationId, Settled, Settlement, Standing};
use super::window::Moment;

/// One charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptCharge {
    /// The number in its reservation's id.
    pub(crate) number: u64,
    /// The name of its budget.
    pub(crate) budget: String,
    /// When it was granted, in effective time.
    pub(crate) at: Moment,
    /// The request's symbol.
    pub(crate) symbol: String,
    /// The request's strategy.
    pub(crate) strategy: String,
    /// The side that was decided.
    pub(crate) side: Side,
    /// Account currency for one unit of the quote currency.
    pub(crate) quote_rate: Amount,
    /// What it still holds, account currency.
    pub(crate) reserved: Amount,
    /// What it used, account currency.
    pub(crate) settled: Amount,
    /// Whether its fate is open.
    pub(crate) is_open: bool,
    /// The ids of its events.
    pub(crate) events: Vec<String>,
    /// When its time is over, if that is still to be told.
    pub(crate) expires_at: Option<Moment>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptLedger {
    /// In the order of their numbers.
    pub(crate) charges: Vec<KeptCharge>,
    /// The number of the last reservation.
    pub(crate) granted: u64,
    /// The latest effective time.
    pub(crate) latest: Moment,
}

impl KeptCharge {
    /// What a fill makes of a charge that memory has forgotten: its window passed long ago, so
    /// no sum is to be kept up to date. `None` for a charge that cannot be.
    pub(crate) fn settle(
        &self,
        settlement: &Settlement<'_>,
    ) -> Option<Result<(Settled, Standing), EventError>> {
        let mut charge = Charge::restored(self)?;
        let settled = match charge.seen(settlement.event_id) {
            Seen::New => charge.settle(settlement),
            Seen::Repeated => charge.settled_before(settlement),
            Seen::TooMany => return Some(Err(self.too_many_events())),
        };
        Some(Ok((settled, charge.standing())))
    }

    /// What a release makes of it.
    pub(crate) fn release(
        &self,
        event: EventId<'_>,
    ) -> Option<Result<(Released, Standing), EventError>> {
        let mut charge = Charge::restored(self)?;
        let released = match charge.seen(event) {
            Seen::New => charge.release(event),
            Seen::Repeated => Released {
                released: Amount::ZERO,
                repeated: true,
            },
            Seen::TooMany => return Some(Err(self.too_many_events())),
        };
        Some(Ok((released, charge.standing())))
    }

    const fn too_many_events(&self) -> EventError {
        EventError::TooManyEvents {
            reservation: ReservationId::of_number(self.number),
        }
    }
}
