//! The sums of a budget's charges in each part of its scope.

use std::collections::HashMap;

use router_guest::manifest::Scope;

use super::super::charge::{Charge, Tally};
use super::super::names::NameId;

/// One tally for each symbol or strategy that has charges, or one for all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums {
    scope: Scope,
    all: Tally,
    by_name: HashMap<NameId, Tally>,
}

impl Sums {
    /// Of no charges.
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            all: Tally::default(),
            by_name: HashMap::new(),
        }
    }

    /// What a budget of this scope sums by.
    pub(super) const fn scope(&self) -> Scope {
        self.scope
    }

    /// The sum of all.
    pub(super) const fn of_all(&self) -> Tally {
        self.all
    }

    /// The sum of a name.
    pub(super) fn of(&self, name: NameId) -> Tally {
        self.by_name.get(&name).copied().unwrap_or_default()
    }

    /// Names that have a sum.
    #[cfg(test)]
    pub(super) fn names(&self) -> usize {
        self.by_name.len()
    }

    /// Adds the charge to the sum that it belongs to, or takes it out.
    pub(super) fn change(&mut self, charge: &Charge, change: fn(&mut Tally, &Charge)) {
        let name = match self.scope {
            Scope::All => return change(&mut self.all, charge),
            Scope::Symbol => charge.symbol,
            Scope::Strategy => charge.strategy,
        };
        let tally = self.by_name.entry(name).or_default();
        change(tally, charge);
        if tally.charges == 0 {
            // Names come and go for as long as the process runs; their sums go with them.
            self.by_name.remove(&name);
        }
    }
}
