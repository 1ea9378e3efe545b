//! The numbers of generations: each activation reserves the next few on disk, in its own
//! transaction, so that a router that ends while the store cannot be written has given out none
//! that the next one would give out again. Makes no policy live.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use crate::journal::record::ChangedEvent;

/// The key in `meta` of the last number that is reserved.
pub(super) const KEY: &str = "generations";

/// Numbers that are reserved ahead: more than there are policies that can lose their place one
/// after the other, with a swap before each that could not be written.
const AHEAD: u64 = 16;

/// What is known of the numbers.
#[derive(Debug)]
pub(super) struct Generations {
    /// The last one that routers before may have given out.
    before: u64,
    reserved: AtomicU64,
    /// Whether an activation found no room in the queue.
    is_one_lost: AtomicBool,
}

impl Generations {
    /// Those behind the last one that may have been given out.
    pub(super) const fn after(before: u64) -> Self {
        Self {
            before,
            reserved: AtomicU64::new(before),
            is_one_lost: AtomicBool::new(false),
        }
    }

    /// Notes what a change that is on disk has reserved.
    pub(super) fn reserved_by(&self, change: &ChangedEvent<'_>) {
        if let Some(generation) = change.generation {
            self.reserved
                .fetch_max(generation.saturating_add(AHEAD), Ordering::AcqRel);
        }
    }

    /// The last number that may be given out to whoever asks: some are left for policies that
    /// lose their place.
    pub(super) fn max(&self) -> u64 {
        let left = AHEAD / 2;
        self.reserved.load(Ordering::Acquire).saturating_sub(left)
    }

    /// Notes that a change will never be on disk.
    pub(super) fn lose(&self) {
        self.is_one_lost.store(true, Ordering::Release);
    }

    /// Gives back what was reserved and not given out: the router ends, and all that it did is on
    /// disk. Where this fails, the next one goes on behind what was reserved.
    pub(super) fn end(&self, connection: &Connection) {
        if self.is_one_lost.load(Ordering::Acquire) {
            return;
        }
        let before = i64::try_from(self.before).unwrap_or(i64::MAX);
        // Where no router began on it, what the one before reserved stays reserved.
        let _ = connection.execute(
            "UPDATE meta SET value = last FROM (SELECT max(generation) AS last FROM changes) \
             WHERE key = 'generations' AND last > ?1",
            [before],
        );
    }
}

/// Reserves the numbers behind that of a generation, in the transaction that is open.
pub(super) fn reserve(connection: &Connection, generation: u64) -> rusqlite::Result<usize> {
    let last = i64::try_from(generation.saturating_add(AHEAD)).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('generations', ?1) ON CONFLICT (key) DO UPDATE \
         SET value = max(value, excluded.value)",
        [last],
    )
}
