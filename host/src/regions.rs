//! What a table answers, over *all* requests and states at once.
//!
//! Rules cut the space of requests and states into finitely many regions: by finite fields, at
//! the cut points of numbers, into classes of symbols and strategies. `walk` finds out how
//! each region is answered, `witness` whether any request falls in one, and a request that
//! does. What follows from it is for those who ask: `check` proves, `diff` compares.
//!
//! Nothing here depends on how a component answers: it is about tables.

mod axis;
mod locate;
mod merge;
mod names;
mod number;
mod region;
mod space;
mod split;
mod walk;
mod witness;
mod words;

use router_guest::table::Table;

pub(crate) use merge::merged;
pub(crate) use names::TooMany;
pub(crate) use region::{Answers, Region};
pub(crate) use space::{Space, SymbolKind};
pub(crate) use split::{ABOVE_ZERO, Test};
pub use walk::{Impossible, REGIONS_MAX, RegionAnswer};
pub(crate) use walk::{Leaf, NeverHolds, Reaching, TooManyRegions, Walk, facing, pairs_of};
pub(crate) use witness::{tier_bit, tier_of_type};

use crate::scenario::Scenario;

/// Every region of a table, with how it is answered.
#[derive(Debug)]
pub struct Regions<'t> {
    space: Space<'t>,
    leaves: Vec<Leaf>,
}

/// Why a table is not decided for every request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionsError {
    /// It falls into more regions than the bound.
    #[error(
        "too many to decide: the rules cut the requests into more than {regions_max} regions, \
         most of all {}", .rules.join(", ")
    )]
    TooManyRegions {
        /// The bound.
        regions_max: usize,
        /// The rules that cut most often, the first most, in backticks.
        rules: Vec<String>,
    },
    /// Its patterns tell more names apart than can be followed.
    #[error(
        "too many to decide: the patterns with `*` and `?` on symbols or strategies overlap in \
         too many ways; fewer of them, or names in full, can be decided"
    )]
    TooManyNames,
}

impl RegionsError {
    pub(crate) fn of_rules(table: &Table, regions_max: usize, too_many: &TooManyRegions) -> Self {
        let name = |rule: &usize| Some(format!("`{}`", table.rules.get(*rule)?.name));
        Self::TooManyRegions {
            regions_max,
            rules: too_many.rules.iter().filter_map(name).collect(),
        }
    }
}

impl From<TooMany> for RegionsError {
    fn from(TooMany: TooMany) -> Self {
        Self::TooManyNames
    }
}

impl<'t> Regions<'t> {
    /// Decides a table for every request and state.
    ///
    /// # Errors
    /// [`RegionsError`] when that are too many to decide.
    pub fn of(table: &'t Table) -> Result<Self, RegionsError> {
        let space = Space::new(&[table])?;
        let mut leaves = Vec::new();
        let mut left = REGIONS_MAX;
        let walk = Walk::new(&space, 0);
        let everything = space.everything();
        let all = walk.before(&everything, table.rules.len(), 0);
        walk.run(
            everything,
            all,
            &mut left,
            |leaf| {
                // What stands beside the partition is no region of it.
                if !matches!(leaf.answer, RegionAnswer::Strained { .. }) {
                    leaves.push(leaf);
                }
            },
            |_| {},
        )
        .map_err(|too_many| RegionsError::of_rules(table, REGIONS_MAX, &too_many))?;
        Ok(Self { space, leaves })
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.leaves.len()
    }

    /// How each is answered, with a request and a state of it.
    pub fn examples(&self) -> impl Iterator<Item = (RegionAnswer, Scenario)> {
        self.leaves.iter().filter_map(|leaf| {
            let witness = self.space.witness(&leaf.region)?;
            Some((leaf.answer, witness.scenario(0)))
        })
    }

    /// How the regions that a request and its state fall in are answered: one region, unless
    /// there is a fault in this module.
    pub fn answers_to(&self, scenario: &Scenario) -> Vec<RegionAnswer> {
        let uses = scenario.budgets.as_deref().unwrap_or_default();
        let Some(place) = self.space.place(scenario, &[uses]) else {
            return Vec::new();
        };
        let covering = self.leaves.iter().filter(|leaf| leaf.region.covers(&place));
        covering.map(|leaf| leaf.answer).collect()
    }
}
