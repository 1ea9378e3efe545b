//! The symbols and strategies of one budget's charges, each kept once however many charges
//! name it, and forgotten with the last of them.

use std::collections::HashMap;
use std::sync::Arc;

/// A name's number among the names of one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NameId(u32);

/// Names with the number of charges that hold them.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<Arc<str>, NameId>,
    slots: Vec<Slot>,
    free: Vec<NameId>,
}

#[derive(Debug)]
struct Slot {
    name: Arc<str>,
    holders: u32,
}

impl NameId {
    /// Stands for all names; never given to one. A budget has at most twice as many names as
    /// a ledger has charges.
    pub(super) const ALL: Self = Self(u32::MAX);
}

impl Names {
    /// The number of a name that some charge holds.
    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        self.by_name.get(name).copied()
    }

    /// The name's number, held once more.
    pub(super) fn hold(&mut self, name: &str) -> NameId {
        if let Some(id) = self.find(name) {
            if let Some(slot) = self.slot(id) {
                slot.holders += 1;
            }
            return id;
        }
        let name: Arc<str> = name.into();
        let slot = Slot {
            name: Arc::clone(&name),
            holders: 1,
        };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(old) = self.slot(id) {
                    *old = slot;
                }
                id
            }
            None => {
                let id = NameId(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
                self.slots.push(slot);
                id
            }
        };
        self.by_name.insert(name, id);
        id
    }

    /// Held once less; forgotten when nothing holds it any more.
    pub(super) fn let_go(&mut self, id: NameId) {
        let Some(slot) = self.slot(id) else { return };
        slot.holders = slot.holders.saturating_sub(1);
        if slot.holders == 0 {
            let name = Arc::clone(&slot.name);
            self.by_name.remove(&name);
            self.free.push(id);
        }
    }

    fn slot(&mut self, id: NameId) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(id.0).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lives_as_long_as_it_is_held() {
        let mut names = Names::default();
        let first = names.hold("BTC/USDT");
        let second = names.hold("ETH/USDT");
        assert_ne!(first, second);
        assert_eq!(names.hold("BTC/USDT"), first);
        names.let_go(first);
        assert_eq!(names.find("BTC/USDT"), Some(first));
        names.let_go(first);
        assert_eq!(names.find("BTC/USDT"), None);
        assert_eq!(names.hold("SOL/USDT"), first, "numbers are used again");
        assert_eq!(names.find("ETH/USDT"), Some(second));
        assert_eq!(names.slots.len(), 2);
    }
}
