//! Requests that two policies answer differently, gathered one by one: by what is said, and by
//! where in the domain that their manifests declare they fall.

use std::collections::HashMap;

use super::answers::{Said, Weight, compared};
use super::trial::TrialError;
use super::{Change, ChangedRegion, SIDES};
use crate::regions::{Region, Space, merged};
use crate::scenario::Scenario;

/// Changes that are told apart; further ones are too many to be read.
pub(super) const CHANGES_MAX: usize = 4_096;

/// What was met so far.
pub(crate) struct Meetings<'s> {
    space: &'s Space<'s>,
    found: Vec<Met>,
    at_of: HashMap<[Said; 2], usize>,
}

/// A change, with a scenario for each policy and every place that it was met at.
struct Met {
    said: [Said; 2],
    count: u64,
    places: HashMap<Region, [Scenario; 2]>,
}

impl<'s> Meetings<'s> {
    /// Nothing so far, in the space that both policies' manifests cut.
    pub(crate) fn new(space: &'s Space<'s>) -> Self {
        Self {
            space,
            found: Vec::new(),
            at_of: HashMap::new(),
        }
    }

    /// Takes in one request that was answered differently, as it stands in the space and as
    /// each policy meets it.
    pub(crate) fn meet(
        &mut self,
        said: [Said; 2],
        scenario: &Scenario,
        scenarios: [Scenario; 2],
    ) -> Result<(), TrialError> {
        let (old, new) = compared(said);
        let key = [old, new];
        let next = self.found.len();
        let at = *self.at_of.entry(key.clone()).or_insert(next);
        if at == next {
            if next == CHANGES_MAX {
                return Err(TrialError::TooManyChanges);
            }
            self.found.push(Met {
                said: key,
                count: 0,
                places: HashMap::new(),
            });
        }
        let place = self.place(scenario);
        if let Some(met) = self.found.get_mut(at) {
            met.count += 1;
            if let Some(place) = place {
                met.places.entry(place).or_insert(scenarios);
            }
        }
        Ok(())
    }

    /// Where a request falls, as far as a manifest tells: tiers, and what follows from them,
    /// are the policies' own.
    fn place(&self, scenario: &Scenario) -> Option<Region> {
        let place = self.space.place(scenario, &[])?;
        Some(self.space.outlined(place))
    }

    /// The changes, those of orders first, and how many requests each is about.
    pub(crate) fn changes(self) -> (Vec<Change>, Vec<u64>) {
        let mut changes: Vec<_> = self
            .found
            .into_iter()
            .map(|met| (met.count, change(self.space, met)))
            .collect();
        changes.sort_by_key(|(_, change)| Weight::of(&change.old, &change.new));
        let counts = changes.iter().map(|(count, _)| *count).collect();
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        (changes, counts)
    }
}

fn change(space: &Space<'_>, met: Met) -> Change {
    let [old, new] = met.said;
    let mut places: Vec<_> = met.places.keys().cloned().collect();
    places.sort_by_cached_key(|place| space.words(place, &SIDES));
    let regions = merged(places).into_iter().filter_map(|region| {
        let mut of_it: Vec<_> = met
            .places
            .iter()
            .filter(|(place, _)| region.covers(place))
            .map(|(_, scenarios)| scenarios)
            .collect();
        of_it.sort_by_cached_key(|[old, _]| old.to_json());
        let [old_example, new_example] = (*of_it.first()?).clone();
        Some(ChangedRegion {
            conditions: space.words(&region, &SIDES),
            old_example,
            new_example,
        })
    });
    Change {
        regions: regions.collect(),
        old,
        new,
    }
}
