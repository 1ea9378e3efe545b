//! Values by name, for tables that are filled once and then asked.
//!
//! Owns the hashing: without a seed, so that a table is the same in every process, and small,
//! because it is part of every component. Entries keep the order in which they came; none is
//! ever removed.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::bytes::same;

/// Slots for each entry at least: half of them stay empty, so that a search ends soon.
const SLOTS_PER_ENTRY: usize = 2;
const SLOTS_MIN: usize = 8;
/// An odd number without a pattern in its bits: 2^64 over the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Values by name.
#[derive(Debug)]
pub(crate) struct Lookup<K, T> {
    /// An entry's number plus one, 0 where there is none; a power of two of them.
    slots: Box<[u32]>,
    entries: Vec<(K, T)>,
}

impl<K, T> Default for Lookup<K, T> {
    fn default() -> Self {
        Self {
            slots: Box::default(),
            entries: Vec::new(),
        }
    }
}

impl<K: AsRef<[u8]>, T: Default> Lookup<K, T> {
    /// The value of a name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&T> {
        let (_, number) = self.search(name);
        self.entries.get(number?).map(|(_, value)| value)
    }

    /// The value of a name, which is put in if it is new.
    pub(crate) fn of(&mut self, name: K) -> Option<&mut T> {
        let (_, number) = self.search(name.as_ref());
        let number = match number {
            Some(number) => number,
            None => self.put(name),
        };
        self.entries.get_mut(number).map(|(_, value)| value)
    }

    /// Whether a name was new; it no longer is.
    pub(crate) fn insert(&mut self, name: K) -> bool {
        let known = self.entries.len();
        self.of(name);
        self.entries.len() > known
    }

    /// Names and values, in the order in which they came.
    pub(crate) fn into_entries(self) -> Vec<(K, T)> {
        self.entries
    }

    fn put(&mut self, name: K) -> usize {
        let number = self.entries.len();
        self.entries.push((name, T::default()));
        let slots = (self.entries.len() * SLOTS_PER_ENTRY).max(SLOTS_MIN);
        if slots > self.slots.len() {
            self.slots = vec![0; slots.next_power_of_two()].into();
            (0..=number).for_each(|number| self.settle(number));
        } else {
            self.settle(number);
        }
        number
    }

    /// Gives an entry its slot.
    fn settle(&mut self, number: usize) {
        let name = self.entries.get(number).map(|(name, _)| name.as_ref());
        let (slot, _) = self.search(name.unwrap_or_default());
        if let (Some(slot), Ok(number)) = (self.slots.get_mut(slot), u32::try_from(number + 1)) {
            *slot = number;
        }
    }

    /// The slot of a name or, where it is not in, the slot for it; and the entry's number.
    fn search(&self, name: &[u8]) -> (usize, Option<usize>) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash(name) & mask;
        while let Some(number @ 1..) = self.slots.get(slot) {
            let number = *number as usize - 1;
            if self
                .entries
                .get(number)
                .is_some_and(|(known, _)| same(known.as_ref(), name))
            {
                return (slot, Some(number));
            }
            slot = (slot + 1) & mask;
        }
        (slot, None)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "any bits of the hash will do"
)]
#[inline]
fn hash(name: &[u8]) -> usize {
    let (words, rest) = name.as_chunks::<8>();
    let last = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words.chain([last]).fold(0_u64, |hash, word| {
        (hash.rotate_left(23) ^ word).wrapping_mul(MIX)
    });
    (hash ^ (hash >> 32)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_was_put_in(names in prop::collection::vec("[a-c]{0,12}", 0..300), asked in "[a-c]{0,4}") {
            let (mut lookup, mut model) = (Lookup::default(), HashMap::new());
            for (at, name) in names.iter().enumerate() {
                prop_assert_eq!(lookup.insert(name), !model.contains_key(name));
                *lookup.of(name).unwrap() = at;
                model.insert(name, at);
            }
            for name in names.iter().chain([&asked]) {
                prop_assert_eq!(lookup.get(name.as_bytes()), model.get(name));
            }
            let mut order: Vec<&String> = Vec::new();
            for name in &names {
                if !order.contains(&name) {
                    order.push(name);
                }
            }
            let entries = lookup.into_entries();
            prop_assert_eq!(entries.iter().map(|(name, _)| *name).collect::<Vec<_>>(), order);
        }
    }
}
