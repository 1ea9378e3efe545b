//! The durable store: the ledger in memory, with a log that one thread writes to SQLite.
//!
//! Memory is where budgets are counted, and its locks give the order; what is done goes into a
//! queue under them, and from there to disk, a group at a time. What charges a budget is answered
//! only when it is there. On opening, and after a failure, memory is made from the disk again.
//! Nothing here decides a request, and nothing but [`journal`](crate::journal) reads the log.

mod address;
mod client;
mod commands;
mod connection;
pub mod error;
mod events;
mod generations;
mod ids;
mod lives;
mod load;
pub mod lock;
pub(crate) mod manifest;
mod operator;
mod policies;
mod queue;
mod rows;
pub mod schema;
mod shared;
mod sqlite;
mod writer;

use std::time::Duration;

use crate::events::Event;
use crate::journal::mask::Mask;
use crate::ledger::{Clock, SystemClock, TimeToLive};

pub use address::{AddressError, StoreAddress};
pub use client::{ANSWER_WAIT_MAX, AskError, Asked, Rejected, ask};
pub use connection::{BUSY_TIMEOUT, open_reader};
pub use error::{FaultKind, StoreFault, UnreadableWhy};
pub use operator::{Inbox, Operator};
pub(crate) use policies::{PROVED_COLUMNS, proof, proved_columns};
pub use queue::{QUEUE_BYTES_MAX, QUEUE_ENTRIES_MAX};
pub use sqlite::SqliteStore;
pub use writer::{POLL_EVERY, REOPEN_EVERY};

/// How long the disk is waited for, where nothing else is said. In one stream an exit stands behind
/// what waits for the disk, and a second is what it may lose there; disks that are merely slow take
/// some tens of milliseconds.
pub const DISK_WAIT_MAX: Duration = Duration::from_secs(1);

/// What must be on disk before an answer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// What charges a budget, settles or releases; all else within 50 milliseconds.
    #[default]
    Budgets,
    /// Every decision but a close, which never waits.
    Full,
}

/// Told of a store that fails and comes back, on the thread that writes it; of a disk that hangs, on
/// one that waited for it.
pub type StoreObserver = Box<dyn Fn(&Event) + Send + Sync>;

/// What is done to the disk, to be told of it before, and to be able to fail: for tests of what
/// becomes of a store then.
pub trait Disk: Send + Sync {
    /// The store is to be opened.
    ///
    /// # Errors
    /// As the disk would fail.
    fn opening(&self) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A group is to be committed.
    ///
    /// # Errors
    /// As the disk would fail: nothing is committed.
    fn committing(&self) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A group was committed.
    ///
    /// # Errors
    /// As a disk would that has it and cannot say so.
    fn committed(&self) -> rusqlite::Result<()> {
        Ok(())
    }
}

impl<D: Disk + ?Sized> Disk for std::sync::Arc<D> {
    fn opening(&self) -> rusqlite::Result<()> {
        (**self).opening()
    }

    fn committing(&self) -> rusqlite::Result<()> {
        (**self).committing()
    }

    fn committed(&self) -> rusqlite::Result<()> {
        (**self).committed()
    }
}

/// The machine's own disk, which fails by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// How a store is kept.
pub struct StoreOptions {
    /// What must be on disk before an answer goes out.
    pub durability: Durability,
    /// When the time of a reservation is over; never, where nothing is said.
    pub time_to_live: Option<TimeToLive>,
    /// Fields that are journaled as keyed hashes.
    pub mask: Option<Mask>,
    /// How long the disk is waited for; [`DISK_WAIT_MAX`] where nothing is said.
    pub disk_wait_max: Duration,
    /// The host's clock.
    pub clock: Box<dyn Clock>,
    /// Who is told when the store fails and when it is back.
    pub observer: StoreObserver,
    /// The disk.
    pub disk: Box<dyn Disk>,
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StoreOptions")
            .field("durability", &self.durability)
            .field("time_to_live", &self.time_to_live)
            .field("mask", &self.mask)
            .field("disk_wait_max", &self.disk_wait_max)
            .finish_non_exhaustive()
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            time_to_live: None,
            mask: None,
            disk_wait_max: DISK_WAIT_MAX,
            clock: Box::new(SystemClock),
            observer: Box::new(|_| {}),
            disk: Box::new(RealDisk),
        }
    }
}
