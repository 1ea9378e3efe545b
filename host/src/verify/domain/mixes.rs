//! Requests in which many figures are odd at once, so that any two odd ones meet without a cell
//! for each pair alone.
//!
//! Mixes are the points of a plane over a prime `p`: in mix (i, j) column `a` has the level
//! (i + a·j) mod p, folded to the levels that the column has; level 0 is the base. Over the whole
//! plane any two columns have each pair of their levels in one mix at least, because two lines of
//! different slope meet once; a *block*, all mixes of one j, has every level of every column. It
//! knows no rows: which rows have which blocks is said where they are filled.

use std::collections::HashSet;

use super::{POINT_BITS, Turn};
use crate::verify::axis::AXES;

/// The plane and what stands in its columns, for rows that have the same points.
pub(super) struct Mixes {
    columns: Vec<Vec<Turn>>,
    prime: usize,
    /// The first mix of each that is told from those before.
    distinct: HashSet<usize>,
}

/// The number that stands for an axis where a mix is meant.
const MIX: u32 = 63;

const _: () = assert!(
    AXES < MIX as usize && MIX < 1 << (u32::BITS - POINT_BITS),
    "a mix is no axis, and fits above the bits of a point"
);

/// Mixes that a plane may have: their numbers must fit into the bits of a point.
const MIXES_MAX: usize = 1 << POINT_BITS;

/// The least prime that a plane with these columns can stand over; `None` when none fits.
pub(super) fn prime_of(columns: &[Vec<Turn>]) -> Option<usize> {
    let levels = columns.iter().map(|points| points.len() + 1).max();
    let least = columns.len().max(levels.unwrap_or(0)).max(2);
    let is_prime = |number: &usize| {
        (2..)
            .take_while(|factor| factor * factor <= *number)
            .all(|factor| !number.is_multiple_of(factor))
    };
    let prime = (least..).find(is_prime)?;
    (prime.checked_mul(prime)? <= MIXES_MAX).then_some(prime)
}

impl Mixes {
    /// The plane over a prime that is at least that of its columns.
    pub(super) fn new(columns: Vec<Vec<Turn>>, prime: usize) -> Self {
        let mut mixes = Self {
            columns,
            prime,
            distinct: HashSet::new(),
        };
        let mut seen = HashSet::new();
        for mix in 0..prime * prime {
            let turns: Vec<Turn> = mixes.turns(mix).collect();
            if seen.insert(turns) {
                mixes.distinct.insert(mix);
            }
        }
        mixes
    }

    /// The mixes of a block that are told from those of the blocks before.
    pub(super) fn block(&self, number: usize) -> impl Iterator<Item = usize> {
        let start = number * self.prime;
        (start..start + self.prime).filter(|mix| self.distinct.contains(mix))
    }

    /// What a mix changes of the base.
    pub(super) fn turns(&self, mix: usize) -> impl Iterator<Item = Turn> {
        let (slope, start) = (mix / self.prime, mix % self.prime);
        self.columns
            .iter()
            .enumerate()
            .filter_map(move |(column, points)| {
                let level = (start + column * slope) % self.prime % (points.len() + 1);
                points.get(level.checked_sub(1)?).copied()
            })
    }
}

/// As a turn is packed.
pub(super) fn pack(mix: usize) -> u32 {
    // A plane has no more mixes than fit.
    let mix = u32::try_from(mix).unwrap_or(u32::MAX) & ((1 << POINT_BITS) - 1);
    MIX << POINT_BITS | mix
}

/// The mix, where one is packed.
pub(super) fn unpacked(packed: u32) -> Option<usize> {
    let is_mix = packed >> POINT_BITS == MIX;
    let mix = usize::try_from(packed & ((1 << POINT_BITS) - 1)).ok()?;
    is_mix.then_some(mix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::axis::Axis;

    fn columns(points: &[usize]) -> Vec<Vec<Turn>> {
        let axes = Axis::ALL.iter().zip(points);
        axes.map(|(axis, points)| (0..*points).map(|point| (*axis, point)).collect())
            .collect()
    }

    #[track_caller]
    fn all_meet(points: &[usize], prime: usize) {
        let columns = columns(points);
        assert_eq!(prime_of(&columns), Some(prime));
        let mixes = Mixes::new(columns.clone(), prime);
        let mut met = HashSet::new();
        let mut all = HashSet::new();
        for block in 0..prime {
            let mut of_block = HashSet::new();
            for mix in block * prime..(block + 1) * prime {
                assert_eq!(unpacked(pack(mix)), Some(mix));
                let turns: Vec<Turn> = mixes.turns(mix).collect();
                of_block.extend(turns.iter().copied());
                met.extend(
                    turns
                        .iter()
                        .flat_map(|one| turns.iter().map(move |other| (*one, *other))),
                );
            }
            assert_eq!(
                of_block.len(),
                points.iter().sum::<usize>(),
                "block {block}"
            );
            for mix in mixes.block(block) {
                assert!(all.insert(mixes.turns(mix).collect::<Vec<_>>()));
            }
        }
        for (at, column) in columns.iter().enumerate() {
            for other in &columns[at + 1..] {
                for (one, another) in column
                    .iter()
                    .flat_map(|one| other.iter().map(move |other| (*one, *other)))
                {
                    assert!(met.contains(&(one, another)), "{one:?} {another:?}");
                }
            }
        }
    }

    #[test]
    fn every_block_has_every_point_and_the_plane_every_pair() {
        all_meet(&[1, 1], 2);
        all_meet(&[1, 1, 1, 1], 5);
        all_meet(&[1, 1, 10, 21, 1, 7, 3, 21, 3, 3, 1, 1, 7, 1], 23);
        all_meet(&[12, 3, 0, 1], 13);
    }

    #[test]
    fn a_plane_whose_mixes_do_not_fit_is_none() {
        assert_eq!(prime_of(&columns(&[8190])), Some(8191));
        assert_eq!(prime_of(&columns(&[8191])), None);
    }

    #[test]
    fn a_turn_is_no_mix() {
        let last = Axis::ALL[AXES - 1];
        assert_eq!(unpacked(super::super::pack((last, usize::MAX))), None);
        assert_eq!(unpacked(0), None);
    }
}
