//! A reservation as a value: what settles or releases it takes it, and what drops it before the
//! order went out gives it back. It is a handle: the ledger holds the money.

use std::fmt;

use router_guest::amount::Amount;
use router_guest::decision::Side;

use super::Router;
use crate::decision::Decision;
use crate::ledger::{EventError, EventId, Released, ReservationId, Settled, Settlement};

/// The event under which a reservation that was dropped unsent is released.
const DROPPED: &str = "dropped";

/// What an approved order holds of a budget. Dropped before [`Reservation::sent`], it is
/// released: the order never went out.
#[must_use = "dropped, it is released"]
pub struct Reservation<'r> {
    router: &'r Router,
    id: ReservationId,
    /// The order may have gone out: only the venue's word ends it.
    is_sent: bool,
}

/// A reservation that was not settled or released, and why. It is as it was. Whoever does not
/// try again makes an [`EventError`] of it, which `?` hands on.
pub struct Unchanged<'r> {
    /// Why.
    pub error: EventError,
    /// The reservation, to try again.
    pub reservation: Reservation<'r>,
}

impl From<Unchanged<'_>> for EventError {
    /// Why; the reservation goes, which releases it if its order was never sent.
    fn from(unchanged: Unchanged<'_>) -> Self {
        unchanged.error
    }
}

impl Router {
    /// The reservation that a decision holds, as a value. `None` when it holds none, or is a
    /// repeat: then the reservation is that of whoever got the decision first.
    pub fn reservation(&self, decision: &Decision) -> Option<Reservation<'_>> {
        let id = decision.reservation().filter(|_| !decision.repeated)?;
        Some(Reservation {
            router: self,
            id,
            is_sent: false,
        })
    }
}

impl<'r> Reservation<'r> {
    /// Its id.
    pub const fn id(&self) -> ReservationId {
        self.id
    }

    /// The order goes out now: from here on only a fill or a release ends it, and it is held
    /// until then, whatever becomes of this process.
    pub fn sent(mut self) -> Self {
        self.is_sent = true;
        self
    }

    /// Records a fill of the order, of so much in quote currency. Comes back, unless it was
    /// the last one.
    ///
    /// # Errors
    /// [`Unchanged`].
    pub fn settle(
        mut self,
        event_id: EventId<'_>,
        notional: Amount,
        side: Side,
        is_final: bool,
    ) -> Result<(Settled, Option<Self>), Unchanged<'r>> {
        // What was filled went out.
        self.is_sent = true;
        let settled = self.router.settle(&Settlement {
            reservation: self.id,
            event_id,
            notional,
            side,
            is_final,
        });
        match settled {
            Ok(settled) => Ok((settled, (!is_final).then_some(self))),
            Err(error) => Err(Unchanged {
                error,
                reservation: self,
            }),
        }
    }

    /// Frees what it still holds.
    ///
    /// # Errors
    /// [`Unchanged`].
    pub fn release(mut self, event_id: EventId<'_>) -> Result<Released, Unchanged<'r>> {
        match self.router.release(self.id, event_id) {
            Ok(released) => {
                self.is_sent = true;
                Ok(released)
            }
            Err(error) => Err(Unchanged {
                error,
                reservation: self,
            }),
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.is_sent {
            return;
        }
        if let Ok(event) = EventId::new(DROPPED) {
            // A store that cannot write keeps it: it is rather held too long than granted twice.
            let _ = self.router.release(self.id, event);
        }
    }
}

impl fmt::Debug for Reservation<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reservation")
            .field("id", &self.id)
            .field("is_sent", &self.is_sent)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Unchanged<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Unchanged")
            .field("error", &self.error)
            .field("reservation", &self.reservation.id)
            .finish()
    }
}
