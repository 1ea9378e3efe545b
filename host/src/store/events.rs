//! Fills and releases on a durable store: answered once they are on disk. Those of reservations
//! that memory has forgotten are counted from what the disk has: a fill is a fact, however late.

use super::SqliteStore;
use super::load;
use super::queue::Effect;
use super::shared::lock;
use super::sqlite::awaited;
use crate::journal::record::{Entry, ReleasedEvent, SettledEvent};
use crate::ledger::{
    EventError, EventId, KeptCharge, MemoryStore, Released, ReservationId, Settled, Settlement,
    Standing, StoreError, Ticket,
};
use crate::router::Recorded;

/// Journals what an event changed.
type Journal<'j, T> = dyn FnMut(&T, Standing) -> Result<Ticket, StoreError> + 'j;

impl SqliteStore {
    pub(super) fn settle_by(
        &self,
        settlement: &Settlement<'_>,
        asked_by: Option<&str>,
    ) -> Result<Settled, EventError> {
        self.event(
            settlement.reservation,
            |memory, journal| memory.settle_then(settlement, journal),
            |kept| kept.settle(settlement),
            &mut |settled: &Settled, standing| {
                let event = SettledEvent {
                    recorded_at: self.clock.now(),
                    settlement: *settlement,
                    settled: *settled,
                    asked_by,
                };
                self.journal_event(settled.repeated, &Entry::Settled(event), standing)
            },
        )
    }

    pub(super) fn release_by(
        &self,
        reservation: ReservationId,
        event_id: EventId<'_>,
        asked_by: Option<&str>,
    ) -> Result<Released, EventError> {
        self.event(
            reservation,
            |memory, journal| memory.release_then(reservation, event_id, journal),
            |kept| kept.release(event_id),
            &mut |released: &Released, standing| {
                let event = ReleasedEvent {
                    recorded_at: self.clock.now(),
                    reservation,
                    event_id,
                    released: released.released,
                    is_expiry: false,
                    stays_open: Some(false),
                    asked_by,
                };
                self.journal_event(released.repeated, &Entry::Released(event), standing)
            },
        )
    }

    /// Has an event happen in memory, or to what the disk has of its reservation, and answers once
    /// it is on disk.
    fn event<T>(
        &self,
        reservation: ReservationId,
        in_memory: impl Fn(
            &MemoryStore<Recorded>,
            &mut Journal<'_, T>,
        ) -> Result<(T, Ticket), EventError>,
        on_disk: impl FnOnce(&KeptCharge) -> Option<Result<(T, Standing), EventError>>,
        journal: &mut Journal<'_, T>,
    ) -> Result<T, EventError> {
        self.serving()?;
        let happened = match in_memory(&self.shared.memory, journal) {
            Err(EventError::UnknownReservation { .. }) => {
                // One at a time, from what is queued on: each counts from what the one before
                // left.
                let _turn = lock(&self.late);
                self.queued_charge(reservation)?;
                // What is on disk was in memory before. If it is there now, it was granted since
                // memory was asked, and counted there: by the disk alone, memory would go on
                // without this event, and the two would part.
                match in_memory(&self.shared.memory, journal) {
                    Err(EventError::UnknownReservation { .. }) => {
                        return self.late(reservation, on_disk, journal);
                    }
                    happened => happened,
                }
            }
            happened => happened,
        };
        let (outcome, ticket) = happened?;
        self.shared.queue.wait(ticket)?;
        Ok(outcome)
    }

    /// What the disk has of a reservation, once everything that is queued is there.
    fn queued_charge(&self, reservation: ReservationId) -> Result<KeptCharge, EventError> {
        let queue = &self.shared.queue;
        queue.wait(queue.last_ticket())?;
        let kept = self.shared.read(|connection| {
            load::one_charge(connection, &self.shared.path, reservation.number())
        })?;
        kept.ok_or(EventError::UnknownReservation { reservation })
    }

    /// What is to be waited for, also of a repeat: the event itself may be on its way still.
    fn journal_event(
        &self,
        is_repeated: bool,
        entry: &Entry<'_>,
        standing: Standing,
    ) -> Result<Ticket, StoreError> {
        if is_repeated {
            return Ok(self.shared.queue.last_ticket());
        }
        self.push(entry, awaited(Effect::Changed(standing)))
    }

    /// The event of a reservation that memory has forgotten, by what the disk says of it.
    fn late<T>(
        &self,
        reservation: ReservationId,
        change: impl FnOnce(&KeptCharge) -> Option<Result<(T, Standing), EventError>>,
        journal: &mut Journal<'_, T>,
    ) -> Result<T, EventError> {
        // Read again: memory may have forgotten it in between, with an event on its way.
        let kept = self.queued_charge(reservation)?;
        let (changed, standing) = change(&kept).ok_or(StoreError::Unavailable)??;
        self.shared.queue.wait(journal(&changed, standing)?)?;
        Ok(changed)
    }
}
