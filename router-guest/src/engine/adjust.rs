//! Settings changed in an engine that is already compiled, to ask what it would decide then.
//!
//! Native only: a component's policy never changes under it. Routes cannot be changed, only
//! what the index over them does not hold: symbols, tiers and budgets.

use super::Engine;
use crate::manifest::{BudgetInfo, SymbolInfo};
use crate::table::Tier;

impl Engine {
    /// Puts other settings of a symbol in, and gives back what was known of it; of one that
    /// was not listed, what is known of any such symbol: nothing.
    pub fn replace_symbol(&mut self, symbol: SymbolInfo) -> SymbolInfo {
        let name = symbol.name.clone();
        let unlisted = SymbolInfo {
            name: name.clone(),
            shortable: false,
            step: None,
            min_quantity: None,
            min_notional: None,
        };
        let known = self.symbols.get(name.as_bytes()).copied();
        if let Some(known) = known.and_then(|at| self.manifest.symbols.get_mut(at)) {
            return core::mem::replace(known, symbol);
        }
        if let Some(number) = self.symbols.of(name.into_bytes().into()) {
            *number = self.manifest.symbols.len();
            self.manifest.symbols.push(symbol);
        }
        unlisted
    }

    /// Puts another tier in the place of one, which is given back; `None` when there is none.
    pub fn replace_tier(&mut self, index: usize, tier: Tier) -> Option<Tier> {
        let info = self.manifest.tiers.get_mut(index)?;
        let place = self.tiers.get_mut(index)?;
        *info = tier.info.clone();
        Some(core::mem::replace(place, tier))
    }

    /// Puts another budget in the place of one, which is given back; `None` when there is none.
    pub fn replace_budget(&mut self, index: usize, budget: BudgetInfo) -> Option<BudgetInfo> {
        let place = self.manifest.budgets.get_mut(index)?;
        Some(core::mem::replace(place, budget))
    }

    /// What is known of a symbol, in constant time.
    pub fn symbol_info(&self, name: &str) -> Option<&SymbolInfo> {
        self.symbol(name)
    }

    /// The tiers, with their thresholds.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }
}
