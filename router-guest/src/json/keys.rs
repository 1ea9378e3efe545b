//! The keys of an object, found by a table that is made when the program is compiled.
//!
//! Owns the search: bots write their fields in whatever order, and each costs the same. Does
//! not know which keys there are.

use super::object::Field;
use crate::bytes::same;

const CELLS: usize = 64;
const CELL_BITS: u32 = CELLS.ilog2();
const NOBODYS: u8 = u8::MAX;

/// The fields of an object, each at its place, to be found by their keys.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) all: &'static [Field],
    /// By which no two keys come to the same cell.
    multiplier: u32,
    /// The place of the field whose key comes to the cell.
    cells: [u8; CELLS],
}

impl Fields {
    /// Tries multipliers until one parts all keys.
    pub(super) const fn new(all: &'static [Field]) -> Self {
        let mut multiplier = 0x9e37_79b1_u32;
        loop {
            if let Some(cells) = parted(all, multiplier) {
                return Self {
                    all,
                    multiplier,
                    cells,
                };
            }
            multiplier = multiplier.wrapping_add(0x3779_b1fa);
        }
    }

    /// The place of the field with this key.
    #[inline]
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        let place = self.cells.get(cell(key.as_bytes(), self.multiplier))?;
        let field = self.all.get(usize::from(*place))?;
        same(field.key.as_bytes(), key.as_bytes()).then_some(field.at)
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a constant expression; objects have a few dozen fields"
)]
const fn parted(all: &[Field], multiplier: u32) -> Option<[u8; CELLS]> {
    let mut cells = [NOBODYS; CELLS];
    let mut place = 0;
    while place < all.len() {
        let cell = cell(all[place].key.as_bytes(), multiplier);
        if cells[cell] != NOBODYS {
            return None;
        }
        cells[cell] = place as u8;
        place += 1;
    }
    Some(cells)
}

/// The cell of a key, by its length and its first, middle and last byte.
#[inline]
const fn cell(key: &[u8], multiplier: u32) -> usize {
    let [length, ..] = key.len().to_le_bytes();
    let (Some(first), Some(last)) = (key.first(), key.last()) else {
        return 0;
    };
    let (_, behind) = key.split_at(key.len() / 2);
    let middle = match behind.first() {
        Some(middle) => *middle,
        None => 0,
    };
    let traits = u32::from_le_bytes([*first, middle, *last, length]);
    (traits.wrapping_mul(multiplier) >> (u32::BITS - CELL_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::super::fields::{IN_SETTLE, LINE};

    #[test]
    fn every_key_is_at_its_place_and_no_other_is() {
        for fields in [&LINE, &IN_SETTLE] {
            for field in fields.all {
                let key = field.key;
                assert_eq!(fields.place(key), Some(field.at), "{key}");
                for other in [format!("{key}s"), key[1..].to_owned(), key.to_uppercase()] {
                    assert_eq!(fields.place(&other), None, "{other}");
                }
            }
            assert_eq!(fields.place(""), None);
            assert_eq!(fields.place(&"k".repeat(300)), None);
        }
    }
}
