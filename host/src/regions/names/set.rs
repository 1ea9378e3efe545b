//! Sets of name classes, by number. Cheap to copy, because regions are copied all the time.

use std::sync::Arc;

const BITS: usize = u64::BITS as usize;

/// A set of classes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClassSet(Arc<[u64]>);

impl ClassSet {
    /// The set of so many classes for which it holds.
    pub(crate) fn of(count: usize, mut is_in: impl FnMut(usize) -> bool) -> Self {
        let word = |at: usize, is_in: &mut dyn FnMut(usize) -> bool| {
            (0..BITS)
                .take_while(|bit| at * BITS + bit < count)
                .filter(|bit| is_in(at * BITS + bit))
                .fold(0, |word, bit| word | 1 << bit)
        };
        Self(
            (0..count.div_ceil(BITS))
                .map(|at| word(at, &mut is_in))
                .collect(),
        )
    }

    pub(crate) fn meet(&self, other: &Self) -> Self {
        self.with(other, |own, other| own & other)
    }

    pub(crate) fn join(&self, other: &Self) -> Self {
        self.with(other, |own, other| own | other)
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        self.with(other, |own, other| own & !other)
    }

    fn with(&self, other: &Self, both: impl Fn(u64, u64) -> u64) -> Self {
        let pairs = self.0.iter().zip(other.0.iter());
        Self(pairs.map(|(own, other)| both(*own, *other)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        let mut pairs = self.0.iter().zip(other.0.iter());
        pairs.any(|(own, other)| own & other != 0)
    }

    pub(crate) fn within(&self, other: &Self) -> bool {
        let mut pairs = self.0.iter().zip(other.0.iter());
        pairs.all(|(own, other)| own & !other == 0)
    }

    #[cfg(test)]
    fn holds(&self, class: usize) -> bool {
        self.0
            .get(class / BITS)
            .is_some_and(|word| word >> (class % BITS) & 1 == 1)
    }

    /// The classes in it, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2().map(|_| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * BITS + bit as usize)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_across_words() {
        let even = ClassSet::of(130, |class| class % 2 == 0);
        let late = ClassSet::of(130, |class| class >= 126);
        assert_eq!(even.meet(&late).iter().collect::<Vec<_>>(), [126, 128]);
        assert_eq!(late.without(&even).iter().collect::<Vec<_>>(), [127, 129]);
        assert!(even.meets(&late) && !even.within(&late) && even.meet(&late).within(&late));
        assert!(late.without(&late).is_empty() && late.join(&even).holds(0));
    }
}
