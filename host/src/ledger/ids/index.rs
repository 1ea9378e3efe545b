//! From a hash to the slots whose entries may have it. Owns no entries: whether a slot's
//! entry is the one that is sought, its owner says.
//!
//! The standard map would hold a key of its own for each entry, or grow to three times the
//! size; this takes eight bytes a cell.

/// The bits of a hash that the index keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u32);

/// Open addressing with linear probing; removal shifts back what follows, so that there are
/// no marks of removed entries to sweep up.
#[derive(Debug)]
pub(super) struct Index {
    cells: Vec<Option<Cell>>,
    filled: usize,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    tag: Tag,
    /// One more than the slot, so that an empty cell takes no room of its own.
    slot_after: std::num::NonZeroU32,
}

const CELLS_MIN: usize = 64;

impl Tag {
    /// Of a hash all of whose bits are good.
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are what is kept")]
    pub(super) const fn of_hash(hash: u64) -> Self {
        Self(hash as u32)
    }
}

impl Index {
    /// Without entries.
    pub(super) fn new() -> Self {
        Self {
            cells: vec![None; CELLS_MIN],
            filled: 0,
        }
    }

    /// The slot that `is_sought`, among those with this tag.
    pub(super) fn find(&self, tag: Tag, is_sought: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(tag);
        // Never full, so there is an empty cell to end at.
        while let Some(cell) = self.cell(at) {
            if cell.tag == tag && is_sought(cell.slot()) {
                return Some(cell.slot());
            }
            at = self.next(at);
        }
        None
    }

    /// Adds a slot that it does not have.
    pub(super) fn insert(&mut self, tag: Tag, slot: u32) {
        if (self.filled + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        let Some(slot_after) = std::num::NonZeroU32::new(slot.saturating_add(1)) else {
            return;
        };
        self.place(Cell { tag, slot_after });
        self.filled += 1;
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, tag: Tag, slot: u32) {
        let mut hole = self.home(tag);
        loop {
            match self.cell(hole) {
                None => return,
                Some(cell) if cell.slot() == slot => break,
                Some(_) => hole = self.next(hole),
            }
        }
        self.filled -= 1;
        let mut at = self.next(hole);
        while let Some(cell) = self.cell(at) {
            // A cell may move back into the hole unless its home lies behind the hole.
            let mask = self.cells.len() - 1;
            let from_home = at.wrapping_sub(self.home(cell.tag)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.set(hole, Some(cell));
                hole = at;
            }
            at = self.next(at);
        }
        self.set(hole, None);
    }

    fn grow(&mut self) {
        let wider = vec![None; self.cells.len() * 2];
        for cell in std::mem::replace(&mut self.cells, wider)
            .into_iter()
            .flatten()
        {
            self.place(cell);
        }
    }

    fn place(&mut self, cell: Cell) {
        let mut at = self.home(cell.tag);
        while self.cell(at).is_some() {
            at = self.next(at);
        }
        self.set(at, Some(cell));
    }

    fn home(&self, tag: Tag) -> usize {
        // Always a power of two, and 32 bits fit a word.
        usize::try_from(tag.0).unwrap_or(0) & (self.cells.len() - 1)
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.cells.len() - 1)
    }

    fn cell(&self, at: usize) -> Option<Cell> {
        self.cells.get(at).copied().flatten()
    }

    fn set(&mut self, at: usize, cell: Option<Cell>) {
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }
}

impl Cell {
    fn slot(self) -> u32 {
        self.slot_after.get() - 1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_takes_eight_bytes() {
        assert_eq!(size_of::<Option<Cell>>(), 8);
    }

    proptest! {
        /// Few tags, so that runs of collisions form, wrap around and break up.
        #[test]
        fn finds_what_a_map_finds(steps in prop::collection::vec((any::<bool>(), 0_u32..90, 0_u32..200), 1..400)) {
            let mut index = Index::new();
            let mut model: HashMap<u32, u32> = HashMap::new();
            for (add, tag, slot) in steps {
                if add && !model.contains_key(&slot) {
                    index.insert(Tag(tag), slot);
                    model.insert(slot, tag);
                } else if let Some(tag) = model.remove(&slot) {
                    index.remove(Tag(tag), slot);
                }
                prop_assert_eq!(index.filled, model.len());
                for (slot, tag) in &model {
                    prop_assert_eq!(index.find(Tag(*tag), |found| found == *slot), Some(*slot));
                }
                prop_assert_eq!(index.find(Tag(tag), |found| found == 999), None);
            }
        }
    }
}
