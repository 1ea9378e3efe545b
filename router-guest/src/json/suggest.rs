//! The nearest name to a misspelt one. No general distance crate: the component stays small.

use alloc::vec;
use alloc::vec::Vec;

/// Letters of an unknown key that are compared; the longest known one has 17.
const LETTERS_MAX: usize = 32;

/// The name that the key was meant to be: off by a letter, or by one in four of a long one.
/// Case, underscores and hyphens do not count, so `stopLoss` is `stop_loss`.
pub(super) fn nearest(
    key: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let key = letters(key);
    let limit = (key.len() / 4).max(1);
    names
        .map(|name| (distance(&key, &letters(name)), name))
        .filter(|(distance, name)| *distance <= limit && *distance < name.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text
        .chars()
        .take(LETTERS_MAX)
        .filter(|letter| !matches!(letter, '_' | '-' | ' '))
        .collect();
    letters
        .iter_mut()
        .for_each(|letter| letter.make_ascii_lowercase());
    letters
}

/// Letters to insert, drop, replace or swap with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX / 2);
            let replaced = cell(&above, column) + usize::from(letter != other);
            let mut least = replaced
                .min(cell(&above, column + 1) + 1)
                .min(cell(&current, column) + 1);
            let swapped = row > 0
                && column > 0
                && left.get(row - 1) == Some(other)
                && right.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(cell(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = core::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(0)
}
