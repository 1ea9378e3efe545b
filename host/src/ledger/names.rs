//! Symbols and strategies as the ledger keeps them: told apart, and not remembered.
//!
//! A ledger holds tens of thousands of charges and ids, each of which may name a symbol and a
//! strategy of its own, and their texts would be most of its memory. It never needs to say
//! them, only to know them again, so 16 bytes stand for each.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

/// What stands for a name, or for several in order: 128 bits of keyed hashes.
///
/// The keys are drawn anew in each process, so that nobody can choose names that meet. That
/// any two of a full ledger's do by chance is less likely than one in 10^28.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NameId([u64; 2]);

impl NameId {
    /// Of one name, or of several: where one ends and the next begins makes a difference.
    pub(super) fn of(names: impl Hash) -> Self {
        static KEYS: LazyLock<[RandomState; 2]> =
            LazyLock::new(|| [RandomState::new(), RandomState::new()]);
        let [first, second] = &*KEYS;
        Self([first.hash_one(&names), second.hash_one(&names)])
    }

    /// The bytes that stand for the name.
    pub(super) fn bytes(self) -> [u8; 16] {
        let [first, second] = self.0;
        (u128::from(first) << 64 | u128::from(second)).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_told_apart() {
        assert_eq!(NameId::of("BTC/USDT"), NameId::of("BTC/USDT".to_owned()));
        assert_eq!(NameId::of(("a", "b")), NameId::of(("a", "b")));
        assert_ne!(NameId::of(("a", "b")), NameId::of(("b", "a")));
        assert_ne!(NameId::of(("ab", "c")), NameId::of(("a", "bc")));
        assert_ne!(NameId::of(("ab", "")), NameId::of(("", "ab")));
        let many: HashSet<_> = (0..100_000)
            .map(|number| NameId::of(format!("S{number}")))
            .collect();
        assert_eq!(many.len(), 100_000);
        let halves: HashSet<_> = many.iter().flat_map(|id| id.0).collect();
        assert_eq!(
            halves.len(),
            200_000,
            "both halves say something of their own"
        );
    }
}
