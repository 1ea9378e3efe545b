//! `diff`: the exact set of requests and states on which two policies answer differently.
//!
//! Of two documents it is exact over everything: each region that the one answers in one way
//! is cut again by the other. It compares answers, not texts: names of routes and the order in
//! which they stand do not count, what is decided does. Settings that show only over time (a
//! budget's window, zone, scope) are compared beside it.

mod answers;
mod meetings;
mod report;
mod settings;
mod traffic;
mod trial;

use std::collections::HashMap;

use router_guest::table::Table;

use crate::check::REGIONS_BETWEEN_WORDS;
use crate::regions::{Leaf, REGIONS_MAX, Region, RegionAnswer, RegionsError, Space, Walk, merged};
use crate::scenario::Scenario;
use answers::{Weight, differing};

pub use answers::{Said, compared};
pub(crate) use meetings::Meetings;
pub use report::{trial_json, write_json, write_text, write_trial};
pub use settings::SettingChange;
pub(crate) use settings::changes as setting_changes;
pub use traffic::{TrafficCount, TrafficError};
pub use trial::{Trial, TrialError, compare};
pub(crate) use trial::{carried, outline, said, said_of, size};

/// Words for the two policies.
const SIDES: [&str; 2] = ["old", "new"];

/// Where two policies differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Changes of answers: those of orders first, then in the order of the old policy's routes.
    pub changes: Vec<Change>,
    /// Changes of settings.
    pub settings: Vec<SettingChange>,
}

/// One change of answers, and every request that it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What the old policy answers.
    pub old: Said,
    /// What the new policy answers.
    pub new: Said,
    /// The regions, which together hold exactly the requests and states of this change.
    pub regions: Vec<ChangedRegion>,
}

/// A region of one change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedRegion {
    /// Its conditions, in the document's words, all of which hold; none for everything.
    pub conditions: Vec<String>,
    /// A request and state of it, with budgets in the old policy's order.
    pub old_example: Scenario,
    /// The same request and state, with budgets in the new policy's order.
    pub new_example: Scenario,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.settings.is_empty()
    }
}

/// A comparison that can also be asked where a request falls.
#[derive(Debug)]
pub struct Comparison<'t> {
    space: Space<'t>,
    found: Vec<(Said, Said, Vec<Region>)>,
}

impl<'t> Comparison<'t> {
    /// Compares two tables over every request and state.
    ///
    /// # Errors
    /// [`RegionsError`] when there are too many regions to decide.
    pub fn of(old: &'t Table, new: &'t Table) -> Result<Self, RegionsError> {
        Self::watched([old, new], &mut |_| {})
    }

    /// The same, of the old and the new table; `watch` is told now and then how many regions
    /// are compared.
    ///
    /// # Errors
    /// [`RegionsError`] when there are too many regions to decide.
    pub fn watched(
        tables: [&'t Table; 2],
        watch: &mut dyn FnMut(usize),
    ) -> Result<Self, RegionsError> {
        let space = Space::new(&tables)?;
        let found = found(&space, tables, watch)?;
        Ok(Self { space, found })
    }

    /// What was found, in words and with examples.
    pub fn difference(&self) -> Difference {
        let tables = &self.space.tables;
        Difference {
            changes: self.found.iter().map(|found| self.change(found)).collect(),
            settings: match tables.as_slice() {
                [old, new] => settings::changes(old, new),
                _ => Vec::new(),
            },
        }
    }

    fn change(&self, (old, new, regions): &(Said, Said, Vec<Region>)) -> Change {
        let region = |region: &Region| {
            let witness = self.space.witness(region)?;
            Some(ChangedRegion {
                conditions: self.space.words(region, &SIDES),
                old_example: witness.clone().scenario(0),
                new_example: witness.scenario(1),
            })
        };
        Change {
            old: old.clone(),
            new: new.clone(),
            regions: regions.iter().filter_map(region).collect(),
        }
    }
}

/// A leaf, unless it stands beside the partition.
fn in_the_partition(leaf: Leaf) -> Option<Leaf> {
    (!matches!(leaf.answer, RegionAnswer::Strained { .. })).then_some(leaf)
}

/// The regions of each change.
fn found(
    space: &Space<'_>,
    [old, new]: [&Table; 2],
    watch: &mut dyn FnMut(usize),
) -> Result<Vec<(Said, Said, Vec<Region>)>, RegionsError> {
    let (walk_old, walk_new) = (Walk::new(space, 0), Walk::new(space, 1));
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut left = REGIONS_MAX;
    let everything = space.everything();
    let all = walk_old.before(&everything, old.rules.len(), 0);
    walk_old
        .run(
            everything,
            all,
            &mut left,
            |leaf| leaves.extend(in_the_partition(leaf)),
            |_| {},
        )
        .map_err(|error| RegionsError::of_rules(old, REGIONS_MAX, &error))?;
    // In the order of the old policy's routes, so that the report reads along with it.
    leaves.sort_by_key(|leaf| leaf.answer.rule());
    let mut found: Vec<(Said, Said, Vec<Region>)> = Vec::new();
    let mut at_of: HashMap<(Said, Said), usize> = HashMap::new();
    let mut compared = 0_usize;
    for Leaf { region, answer } in leaves {
        let all = walk_new.before(&region, new.rules.len(), 0);
        let mut keep = |leaf: Leaf| {
            let Some(leaf) = in_the_partition(leaf) else {
                return;
            };
            compared += 1;
            if compared.is_multiple_of(REGIONS_BETWEEN_WORDS) {
                watch(compared);
            }
            for (old, new, region) in differing(space, &leaf.region, [answer, leaf.answer]) {
                let key = (old.clone(), new.clone());
                let at = *at_of.entry(key).or_insert_with(|| {
                    found.push((old, new, Vec::new()));
                    found.len() - 1
                });
                if let Some((_, _, regions)) = found.get_mut(at) {
                    regions.push(region);
                }
            }
        };
        walk_new
            .run(region, all, &mut left, &mut keep, |_| {})
            .map_err(|error| RegionsError::of_rules(new, REGIONS_MAX, &error))?;
    }
    for (_, _, regions) in &mut found {
        *regions = merged(std::mem::take(regions));
    }
    found.sort_by_key(|(old, new, _)| Weight::of(old, new));
    Ok(found)
}

#[cfg(test)]
mod tests;
