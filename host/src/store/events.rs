//! Fills and releases on a durable store: answered once they are on disk. Those of reservations
//! that memory has forgotten are counted from what the disk has: a fill is a fact, however late.

use super::SqliteStore;
use super::load;
use super::queue::Effect;
use super::shared::lock;
use super::sqlite::awaited;
use crate::journal::record::{Entry, ReleasedEvent, SettledEvent};
use crate::ledger::{
    EventError, EventId, KeptCharge, Released, ReservationId, Settled, Settlement, Standing,
    StoreError, Ticket,
};

impl SqliteStore {
    pub(super) fn settle_by(
        &self,
        settlement: &Settlement<'_>,
        asked_by: Option<&str>,
    ) -> Result<Settled, EventError> {
        self.serving()?;
        let journal = |settled: &Settled, standing| {
            if settled.repeated {
                return Ok(self.shared.queue.last_ticket());
            }
            let event = SettledEvent {
                recorded_at: self.clock.now(),
                settlement: *settlement,
                settled: *settled,
                asked_by,
            };
            self.push(&Entry::Settled(event), awaited(Effect::Changed(standing)))
        };
        match self.shared.memory.settle_then(settlement, journal) {
            Err(EventError::UnknownReservation { reservation }) => {
                let settle = |kept: &KeptCharge| kept.settle(settlement);
                self.late(reservation, settle, journal)
            }
            settled => {
                let (settled, ticket) = settled?;
                self.shared.queue.wait(ticket)?;
                Ok(settled)
            }
        }
    }

    pub(super) fn release_by(
        &self,
        reservation: ReservationId,
        event_id: EventId<'_>,
        asked_by: Option<&str>,
    ) -> Result<Released, EventError> {
        self.serving()?;
        let journal = |released: &Released, standing| {
            if released.repeated {
                return Ok(self.shared.queue.last_ticket());
            }
            let event = ReleasedEvent {
                recorded_at: self.clock.now(),
                reservation,
                event_id,
                released: released.released,
                is_expiry: false,
                stays_open: Some(false),
                asked_by,
            };
            self.push(&Entry::Released(event), awaited(Effect::Changed(standing)))
        };
        let memory = &self.shared.memory;
        match memory.release_then(reservation, event_id, journal) {
            Err(EventError::UnknownReservation { reservation }) => {
                let release = |kept: &KeptCharge| kept.release(event_id);
                self.late(reservation, release, journal)
            }
            released => {
                let (released, ticket) = released?;
                self.shared.queue.wait(ticket)?;
                Ok(released)
            }
        }
    }

    /// The event of a reservation that memory does not have, by what the disk says of it.
    fn late<T>(
        &self,
        reservation: ReservationId,
        change: impl FnOnce(&KeptCharge) -> Option<Result<(T, Standing), EventError>>,
        journal: impl FnOnce(&T, Standing) -> Result<Ticket, StoreError>,
    ) -> Result<T, EventError> {
        // One at a time, from what is queued on: each counts from what the one before left.
        let _turn = lock(&self.late);
        let queue = &self.shared.queue;
        queue.wait(queue.last_ticket())?;
        let kept = self.shared.read(|connection| {
            load::one_charge(connection, &self.shared.path, reservation.number())
        })?;
        let kept = kept.ok_or(EventError::UnknownReservation { reservation })?;
        let (changed, standing) = change(&kept).ok_or(StoreError::Unavailable)??;
        queue.wait(journal(&changed, standing)?)?;
        Ok(changed)
    }
}
