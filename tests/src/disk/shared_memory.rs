//! The index of a write-ahead log, which connections share: regions of memory, and eight locks.
//!
//! It lives as long as a connection holds it, as SQLite's own does: whoever comes after the last
//! one finds zeros and makes it anew from the log.

use std::cell::UnsafeCell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi::SQLITE_SHM_NLOCK;

/// Regions that an index can have: 32 KiB each, enough for a log of four million pages.
const REGIONS_MAX: usize = 1_024;
/// Words in a region, as SQLite asks for them.
const REGION_WORDS: usize = 32 * 1024 / size_of::<u64>();
/// Bytes in a region.
pub(super) const REGION_BYTES: usize = REGION_WORDS * size_of::<u64>();
/// Locks.
pub(super) const SLOTS: usize = SQLITE_SHM_NLOCK as usize;

/// An index.
#[derive(Debug, Default)]
pub(super) struct SharedMemory {
    inner: Mutex<Inner>,
}

/// The locks that one connection has, a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    shared: u8,
    exclusive: u8,
}

#[derive(Debug, Default)]
struct Inner {
    regions: Vec<Region>,
    slots: [Slot; SLOTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    readers: u32,
    is_exclusive: bool,
}

/// Memory that SQLite reads and writes behind our back. Nobody here looks into it.
#[derive(Debug)]
struct Region(Box<UnsafeCell<[u64; REGION_WORDS]>>);

// SAFETY: the bytes are only ever reached through the pointer that `region` hands out, by
// SQLite, which synchronises its connections by the locks here, by barriers and by atomics.
unsafe impl Send for Region {}

impl SharedMemory {
    /// Where a region is; null when it is not there and is not to be made. The pointer is good
    /// for as long as this value is.
    pub(super) fn region(&self, number: usize, makes: bool) -> *mut u64 {
        let mut inner = self.inner();
        while makes && inner.regions.len() <= number && number < REGIONS_MAX {
            let zeros = Box::new(UnsafeCell::new([0; REGION_WORDS]));
            inner.regions.push(Region(zeros));
        }
        inner
            .regions
            .get(number)
            .map_or(std::ptr::null_mut(), |region| region.0.get().cast())
    }

    /// Takes locks for a connection, all of them or none.
    pub(super) fn lock(&self, taken: &mut Taken, slots: u8, is_exclusive: bool) -> bool {
        let mut inner = self.inner();
        let own = *taken;
        let is_free = bits(slots).all(|(number, bit)| {
            let slot = inner.slots.get(number).copied().unwrap_or_default();
            let others = slot.readers - u32::from(own.shared & bit != 0);
            let others_write = slot.is_exclusive && own.exclusive & bit == 0;
            !others_write && (!is_exclusive || others == 0)
        });
        if !is_free {
            return false;
        }
        for (number, bit) in bits(slots) {
            let Some(slot) = inner.slots.get_mut(number) else {
                continue;
            };
            if is_exclusive {
                slot.is_exclusive = true;
                taken.exclusive |= bit;
            } else if taken.shared & bit == 0 {
                slot.readers += 1;
                taken.shared |= bit;
            }
        }
        true
    }

    /// Gives locks back.
    pub(super) fn unlock(&self, taken: &mut Taken, slots: u8) {
        let mut inner = self.inner();
        for (number, bit) in bits(slots) {
            let Some(slot) = inner.slots.get_mut(number) else {
                continue;
            };
            if taken.exclusive & bit != 0 {
                slot.is_exclusive = false;
            }
            if taken.shared & bit != 0 {
                slot.readers -= 1;
            }
            taken.exclusive &= !bit;
            taken.shared &= !bit;
        }
    }

    /// Orders what was written before it before what is read after it.
    pub(super) fn barrier(&self) {
        // SQLite asks for a full one; a lock taken and given up is one, and the fence says so.
        drop(self.inner());
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bits(slots: u8) -> impl Iterator<Item = (usize, u8)> {
    (0..SLOTS)
        .map(|number| (number, 1_u8 << number))
        .filter(move |(_, bit)| slots & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_stay_where_they_are() {
        let memory = SharedMemory::default();
        assert!(memory.region(0, false).is_null());
        let first = memory.region(0, true);
        let third = memory.region(2, true);
        assert!(!first.is_null() && !third.is_null());
        assert_eq!(memory.region(0, true), first);
        assert_eq!(memory.region(2, false), third);
        assert!(memory.region(REGIONS_MAX, true).is_null());
    }

    #[test]
    fn locks_are_shared_or_one_connections() {
        let memory = SharedMemory::default();
        let (mut one, mut two) = (Taken::default(), Taken::default());
        assert!(memory.lock(&mut one, 0b11, false) && memory.lock(&mut two, 0b10, false));
        assert!(!memory.lock(&mut one, 0b110, true), "two reads one of them");
        memory.unlock(&mut two, 0b10);
        assert!(memory.lock(&mut one, 0b100, true));
        assert!(!memory.lock(&mut two, 0b100, false));
        memory.unlock(&mut one, 0b111);
        assert_eq!(one, Taken::default());
        assert!(memory.lock(&mut two, 0b111, true));
    }
}
