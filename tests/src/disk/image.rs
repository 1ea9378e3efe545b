//! One file as the programs see it, as it would be found after a power cut, and what lies in
//! between. Knows no names, no locks and no faults.

use super::random::Dice;

/// Bytes that a disk writes as a whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;
/// Bytes that a file can have.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A file.
#[derive(Debug, Default)]
pub(super) struct Image {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What was changed since the last sync, in order.
    waiting: Vec<Change>,
}

/// How much of what was not synced a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remains {
    /// Nothing.
    Nothing,
    /// All of it: the power went after the disk had written everything by itself.
    Everything,
    /// What came first, and of the last of it some sectors.
    Beginning,
    /// Any of it in any order, and of some of it some sectors.
    Anything,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize { length: usize },
}

impl Remains {
    /// One of them.
    pub(super) fn throw(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2..=4 => Self::Beginning,
            _ => Self::Anything,
        }
    }
}

impl Image {
    /// Bytes, as the programs see it.
    pub(super) fn length(&self) -> usize {
        self.cached.len()
    }

    /// What a power cut cannot take away.
    pub(super) fn durable(&self) -> &[u8] {
        &self.durable
    }

    /// Reads from an offset on; how many bytes there were.
    pub(super) fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let found = self.cached.get(offset..).unwrap_or_default();
        let count = found.len().min(into.len());
        for (to, from) in into.iter_mut().zip(found) {
            *to = *from;
        }
        count
    }

    /// Writes at an offset; false when the file would be too large.
    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) -> bool {
        let fits = offset
            .checked_add(bytes.len())
            .is_some_and(|end| end <= FILE_BYTES_MAX);
        if fits {
            self.change(Change::Write {
                offset,
                bytes: bytes.to_vec(),
            });
        }
        fits
    }

    /// Cuts the file, or fills it with zeros, to a length; false when that is too large.
    pub(super) fn resize(&mut self, length: usize) -> bool {
        let fits = length <= FILE_BYTES_MAX;
        if fits {
            self.change(Change::Resize { length });
        }
        fits
    }

    /// Makes everything durable.
    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.waiting) {
            change.apply(&mut self.durable);
        }
    }

    /// A sync that failed, as Linux has them: some of what waited reached the disk, the rest
    /// never will, and the cache goes on showing all of it. The next sync succeeds, and says
    /// nothing of what this one lost.
    pub(super) fn fail_sync(&mut self, dice: &mut Dice) {
        let remains = Remains::throw(dice);
        self.keep(remains, dice);
    }

    /// What is found when the power is back.
    pub(super) fn lose_power(&mut self, remains: Remains, dice: &mut Dice) {
        self.keep(remains, dice);
        self.cached.clone_from(&self.durable);
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.waiting.push(change);
    }

    fn keep(&mut self, remains: Remains, dice: &mut Dice) {
        let waiting = std::mem::take(&mut self.waiting);
        match remains {
            Remains::Nothing => {}
            Remains::Everything => {
                for change in &waiting {
                    change.apply(&mut self.durable);
                }
            }
            Remains::Beginning => {
                let whole = dice.place(waiting.len());
                for change in waiting.iter().take(whole) {
                    change.apply(&mut self.durable);
                }
                if let Some(torn) = waiting.get(whole) {
                    torn.apply_torn(&mut self.durable, dice);
                }
            }
            Remains::Anything => self.keep_any(waiting, dice),
        }
    }

    fn keep_any(&mut self, mut waiting: Vec<Change>, dice: &mut Dice) {
        // Two writes to one place reach the disk in either order, or one of them does.
        for last in (1..waiting.len()).rev() {
            if dice.one_in(4) {
                let other = dice.place(last);
                waiting.swap(last, other);
            }
        }
        for change in waiting {
            match dice.below(4) {
                0 => {}
                1 => change.apply_torn(&mut self.durable, dice),
                _ => change.apply(&mut self.durable),
            }
        }
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => put(to, *offset, bytes),
            Self::Resize { length } => to.resize(*length, 0),
        }
    }

    /// Some of its sectors; a change of length happens or does not.
    fn apply_torn(&self, to: &mut Vec<u8>, dice: &mut Dice) {
        match self {
            Self::Resize { .. } => {
                if dice.one_in(2) {
                    self.apply(to);
                }
            }
            Self::Write { offset, bytes } => {
                let (mut at, mut rest) = (*offset, bytes.as_slice());
                while !rest.is_empty() {
                    let in_sector = SECTOR_BYTES - at % SECTOR_BYTES;
                    let (sector, behind) = rest.split_at(in_sector.min(rest.len()));
                    if dice.one_in(2) {
                        put(to, at, sector);
                    }
                    at += sector.len();
                    rest = behind;
                }
            }
        }
    }
}

fn put(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    if let Some(place) = to.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(parts: &[(usize, &[u8])]) -> Image {
        let mut image = Image::default();
        for (offset, bytes) in parts {
            assert!(image.write(*offset, bytes));
        }
        image
    }

    fn seen(image: &Image) -> Vec<u8> {
        let mut bytes = vec![0xee; image.length()];
        assert_eq!(image.read(0, &mut bytes), image.length());
        bytes
    }

    #[test]
    fn what_was_synced_stays_and_the_rest_is_the_dices() {
        let mut image = written(&[(0, b"abc")]);
        image.sync();
        assert!(image.write(1, b"XY"));
        assert_eq!(seen(&image), b"aXY");
        image.lose_power(Remains::Nothing, &mut Dice::new(1));
        assert_eq!(seen(&image), b"abc");
        assert!(image.write(5, b"f"));
        image.lose_power(Remains::Everything, &mut Dice::new(1));
        assert_eq!(seen(&image), b"abc\0\0f");
    }

    #[test]
    fn a_torn_write_keeps_whole_sectors() {
        let mut partly = 0;
        for seed in 0..64 {
            let mut image = Image::default();
            assert!(image.write(256, &[1; 3 * SECTOR_BYTES]));
            image.lose_power(Remains::Beginning, &mut Dice::new(seed));
            let found = seen(&image);
            let in_sector = |number: usize| {
                let start = (number * SECTOR_BYTES).max(256);
                let end = ((number + 1) * SECTOR_BYTES).min(256 + 3 * SECTOR_BYTES);
                let sector: Vec<u8> = (start..end)
                    .map(|at| found.get(at).copied().unwrap_or(0))
                    .collect();
                assert!(
                    sector.iter().all(|byte| *byte == sector[0]),
                    "torn within a sector"
                );
                usize::from(sector[0])
            };
            let kept: usize = (0..4).map(in_sector).sum();
            partly += usize::from((1..4).contains(&kept));
        }
        assert!(partly > 32, "{partly}");
    }

    #[test]
    fn writes_reach_the_disk_in_any_order() {
        let found: std::collections::BTreeSet<Vec<u8>> = (0..256)
            .map(|seed| {
                let mut image = written(&[(0, b"1"), (0, b"2"), (1, b"3")]);
                image.lose_power(Remains::Anything, &mut Dice::new(seed));
                seen(&image)
            })
            .collect();
        for expected in [b"13".as_slice(), b"23", b"\x003", b"1", b"2", b""] {
            assert!(found.contains(expected), "{expected:?} of {found:?}");
        }
    }

    #[test]
    fn a_failed_sync_is_never_made_good() {
        let lost = (0..64).filter(|seed| {
            let mut dice = Dice::new(*seed);
            let mut image = written(&[(0, b"abc")]);
            image.fail_sync(&mut dice);
            assert_eq!(seen(&image), b"abc", "the cache shows it");
            image.sync();
            image.lose_power(Remains::Everything, &mut dice);
            seen(&image) != b"abc"
        });
        assert!(lost.count() > 16);
    }

    #[test]
    fn a_file_has_bounds() {
        let mut image = Image::default();
        assert!(!image.write(FILE_BYTES_MAX, b"x"));
        assert!(!image.write(usize::MAX, b"x"));
        assert!(!image.resize(FILE_BYTES_MAX + 1));
        assert_eq!(image.length(), 0);
        assert_eq!(image.read(7, &mut [0; 4]), 0);
    }
}
