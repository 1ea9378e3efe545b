//! Who may read and who may write a file: SQLite's five levels, between the connections of one
//! process. Waits for nobody.

use std::collections::HashMap;

/// One open file, among all that a disk ever opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct HandleId(pub(super) u64);

/// How far a connection has locked a file, in SQLite's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Not at all.
    None,
    /// Reads.
    Shared,
    /// Reads, and will write.
    Reserved,
    /// Waits for the readers to go.
    Pending,
    /// Writes.
    Exclusive,
}

/// The locks of one file.
#[derive(Debug, Default)]
pub(super) struct FileLocks(HashMap<HandleId, Level>);

impl Level {
    /// The level of SQLite's number for it.
    pub(super) const fn of(number: i32) -> Option<Self> {
        Some(match number {
            rusqlite::ffi::SQLITE_LOCK_NONE => Self::None,
            rusqlite::ffi::SQLITE_LOCK_SHARED => Self::Shared,
            rusqlite::ffi::SQLITE_LOCK_RESERVED => Self::Reserved,
            rusqlite::ffi::SQLITE_LOCK_PENDING => Self::Pending,
            rusqlite::ffi::SQLITE_LOCK_EXCLUSIVE => Self::Exclusive,
            _ => return None,
        })
    }
}

impl FileLocks {
    /// Raises a connection's lock; false when others are in the way.
    pub(super) fn raise(&mut self, handle: HandleId, to: Level) -> bool {
        let own = self.0.get(&handle).copied().unwrap_or(Level::None);
        if own >= to {
            return true;
        }
        let others = self
            .0
            .iter()
            .filter(|(other, _)| **other != handle)
            .map(|(_, level)| *level)
            .max()
            .unwrap_or(Level::None);
        let (granted, is_free) = match to {
            Level::None => (own, true),
            Level::Shared => (Level::Shared, others < Level::Pending),
            Level::Reserved => (Level::Reserved, others < Level::Reserved),
            Level::Pending | Level::Exclusive if others >= Level::Reserved => (own, false),
            // Readers that are there finish, and no new ones come.
            Level::Pending | Level::Exclusive if others == Level::Shared => {
                self.0.insert(handle, Level::Pending);
                return false;
            }
            Level::Pending | Level::Exclusive => (Level::Exclusive, true),
        };
        if is_free {
            self.0.insert(handle, granted);
        }
        is_free
    }

    /// Lowers a connection's lock.
    pub(super) fn lower(&mut self, handle: HandleId, to: Level) {
        if to == Level::None {
            self.0.remove(&handle);
        } else if let Some(level) = self.0.get_mut(&handle) {
            *level = to.min(*level);
        }
    }

    /// Whether anybody writes, or will.
    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|level| *level >= Level::Reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_a_writer_is_alone() {
        let (one, two) = (HandleId(1), HandleId(2));
        let mut locks = FileLocks::default();
        assert!(locks.raise(one, Level::Shared) && locks.raise(two, Level::Shared));
        assert!(locks.raise(one, Level::Reserved));
        assert!(!locks.raise(two, Level::Reserved));
        assert!(locks.is_reserved());
        assert!(!locks.raise(one, Level::Exclusive), "two still reads");
        locks.lower(two, Level::None);
        assert!(!locks.raise(two, Level::Shared), "one waits to write");
        assert!(locks.raise(one, Level::Exclusive));
        locks.lower(one, Level::Shared);
        assert!(locks.raise(two, Level::Shared));
        locks.lower(one, Level::None);
        assert!(!locks.is_reserved());
    }
}
