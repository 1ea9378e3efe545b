//! Budgets in use: what is used and held of each, by which orders, and which requests were
//! decided already.
//!
//! Owns windows, charges, reservations and the memory of ids; a pure state machine that is
//! told the time. Decides no route, reads no policy document and writes no file: a durable
//! store keeps the same books behind [`Store`].

mod book;
mod charge;
pub mod clock;
pub mod error;
mod expiry;
pub mod ids;
mod kept;
mod memory;
mod money;
mod names;
mod reservation;
mod room;
mod store;
pub mod window;

pub use book::{CHARGES_MAX, EVENT_BYTES_MAX, PASSED_MAX};
pub use clock::{Clock, SystemClock};
pub use error::{
    ComponentFault, EventError, EventIdError, Holding, IdentityError, OpenError,
    ReservationIdError, ReserveError, StoreError,
};
pub use expiry::{Expired, OnExpiry, TimeToLive};
pub use ids::{ID_BYTES_MAX, Identity, Known};
pub(crate) use kept::{KeptCharge, KeptLedger};
pub(crate) use memory::KEPT_CHARGES_MAX;
pub use memory::{BOOKS_MAX, Guard, MemoryStore, OpenBudgets};
pub(crate) use reservation::Standing;
pub use reservation::{
    Claim, EVENT_ID_BYTES_MAX, EVENTS_MAX, EventId, Released, ReservationId, Settled, Settlement,
};
pub use store::{Held, Life, Restored, Store, Ticket};
