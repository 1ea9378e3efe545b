//! The durable store: the ledger in memory, with a log that one thread writes to SQLite.
//!
//! Memory is where budgets are counted, and its locks give the order; what is done goes into a
//! queue under them, and from there to disk, a group at a time. What charges a budget is answered
//! only when it is there. On opening, and after a failure, memory is made from the disk again.
//! Nothing here decides a request, and nothing but [`journal`](crate::journal) reads the log.

mod address;
mod connection;
pub mod error;
pub mod lock;
pub mod schema;

pub use address::{AddressError, StoreAddress};
pub use connection::{BUSY_TIMEOUT, open_reader};
pub use error::{FaultKind, StoreFault};
