//! Which ids were ever decided: a filter in memory that says "never seen" without a look at the
//! disk, and the disk for all others. What memory still knows of an id is asked before.

use std::sync::{Mutex, PoisonError, RwLock};

use fastbloom::AtomicBloomFilter;
use rusqlite::{Connection, OptionalExtension as _};

use super::shared::lock;

/// Bits for each id: one in two thousand new ids is looked for on disk.
const BITS_PER_ID: usize = 16;
/// Ids that the first filter has room for.
const IDS_MIN: usize = 65_536;

/// Filters, each with twice the room of the one before: none is ever built again, so that nobody
/// waits for it.
#[derive(Debug)]
pub(super) struct IdFilter {
    filters: RwLock<Vec<Layer>>,
}

#[derive(Debug)]
struct Layer {
    filter: AtomicBloomFilter,
    room: usize,
    /// Ids in it; the writer alone counts.
    filled: Mutex<usize>,
}

/// What the disk has under an id: the decision's record.
#[derive(Debug)]
pub(super) struct FoundId {
    pub(super) record: Vec<u8>,
}

impl Layer {
    fn new(room: usize) -> Self {
        let filter = AtomicBloomFilter::with_num_bits(room.saturating_mul(BITS_PER_ID));
        Self {
            filter: filter.expected_items(room),
            room,
            filled: Mutex::new(0),
        }
    }
}

impl IdFilter {
    /// A filter with room for so many ids and as many again.
    pub(super) fn with_room(ids: usize) -> Self {
        Self {
            filters: RwLock::new(vec![Layer::new(ids.saturating_mul(2).max(IDS_MIN))]),
        }
    }

    /// Whether the id may have been decided; never false for one that was.
    pub(super) fn may_have(&self, id: &str) -> bool {
        let filters = self.filters.read().unwrap_or_else(PoisonError::into_inner);
        filters.iter().any(|layer| layer.filter.contains(id))
    }

    /// Takes an id in.
    pub(super) fn insert(&self, id: &str) {
        let filters = self.filters.read().unwrap_or_else(PoisonError::into_inner);
        let room = filters.last().map_or(0, |last| {
            last.filter.insert(id);
            let mut filled = lock(&last.filled);
            *filled += 1;
            if *filled < last.room { 0 } else { last.room }
        });
        drop(filters);
        if room > 0 {
            let next = Layer::new(room.saturating_mul(2));
            let mut filters = self.filters.write().unwrap_or_else(PoisonError::into_inner);
            filters.push(next);
        }
    }

    /// Takes in every id of a store.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let count: i64 = connection.query_row(
            "SELECT count(*) FROM decisions WHERE keeps_id = 1 AND id IS NOT NULL",
            [],
            |row| row.get(0),
        )?;
        let filter = Self::with_room(usize::try_from(count).unwrap_or(0));
        let mut statement =
            connection.prepare("SELECT id FROM decisions WHERE keeps_id = 1 AND id IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Ok(id) = row.get_ref(0)?.as_str() {
                filter.insert(id);
            }
        }
        Ok(filter)
    }
}

/// Looks an id up on disk.
pub(super) fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<FoundId>> {
    connection
        .query_row(
            "SELECT record FROM decisions WHERE id = ?1 AND keeps_id = 1",
            [id],
            |row| {
                Ok(FoundId {
                    record: row.get(0)?,
                })
            },
        )
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_taken_in_is_never_denied_and_others_mostly_are() {
        let filter = IdFilter::with_room(0);
        let taken = 3 * IDS_MIN;
        for number in 0..taken {
            filter.insert(&format!("order-{number}"));
        }
        assert!((0..taken).all(|number| filter.may_have(&format!("order-{number}"))));
        let wrong = (0..100_000)
            .filter(|number| filter.may_have(&format!("other-{number}")))
            .count();
        assert!(wrong < 500, "{wrong} of 100000");
    }
}
