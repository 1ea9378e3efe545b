//! Regions that differ in one thing become one: what a walk took apart is put together again,
//! so that people read few regions and not many.

use std::collections::HashMap;

use super::axis::Run;
use super::region::{AMOUNTS, Answers, Region, TABLES_MAX};

/// Regions that are merged; more are left as they are, which is as exact and less readable.
const MERGED_MAX: usize = 20_000;

/// One thing that regions can differ in.
#[derive(Debug, Clone, Copy)]
enum Side {
    States,
    Types,
    Pairs,
    Sized,
    Negative,
    Symbols,
    Strategies,
    Strength,
    Confidence,
    RiskReward,
    Amount(usize),
    Dust(usize),
    BelowMinimum(usize),
    Exhausted(usize),
    Tiers(usize),
}

/// The same set of requests in fewer regions.
pub(crate) fn merged(mut regions: Vec<Region>) -> Vec<Region> {
    if regions.len() > MERGED_MAX {
        return regions;
    }
    loop {
        let before = regions.len();
        for side in sides() {
            regions = merged_along(regions, side);
        }
        if regions.len() == before {
            return regions;
        }
    }
}

fn sides() -> impl Iterator<Item = Side> {
    let of_tables = (0..TABLES_MAX).flat_map(|table| {
        [
            Side::Exhausted(table),
            Side::BelowMinimum(table),
            Side::Dust(table),
            Side::Tiers(table),
        ]
    });
    [
        Side::Strength,
        Side::Confidence,
        Side::RiskReward,
        Side::Negative,
        Side::Sized,
        Side::Types,
        Side::Pairs,
        Side::States,
        Side::Symbols,
        Side::Strategies,
    ]
    .into_iter()
    .chain((0..AMOUNTS).map(Side::Amount))
    .chain(of_tables)
}

/// Regions that are alike but for one side, joined along it where that makes one.
fn merged_along(regions: Vec<Region>, side: Side) -> Vec<Region> {
    let mut order: Vec<Vec<Region>> = Vec::new();
    let mut groups: HashMap<Region, usize> = HashMap::new();
    for region in regions {
        let mut alike = region.clone();
        blank(&mut alike, side);
        let next = order.len();
        let at = *groups.entry(alike).or_insert(next);
        match order.get_mut(at) {
            Some(group) => group.push(region),
            None => order.push(vec![region]),
        }
    }
    order
        .into_iter()
        .flat_map(|group| joined(group, side))
        .collect()
}

fn joined(group: Vec<Region>, side: Side) -> Vec<Region> {
    let mut done: Vec<Region> = Vec::new();
    for region in group {
        let with = done
            .iter()
            .position(|other| join(other, &region, side).is_some());
        match with.and_then(|at| Some((at, join(done.get(at)?, &region, side)?))) {
            Some((at, both)) => {
                done.swap_remove(at);
                // The larger one may now meet another.
                done = joined(
                    std::mem::take(&mut done)
                        .into_iter()
                        .chain([both])
                        .collect(),
                    side,
                );
            }
            None => done.push(region),
        }
    }
    done
}

/// Makes all regions that differ in one side alone the same.
fn blank(region: &mut Region, side: Side) {
    let nothing = Run::point(super::axis::ABSENT);
    match side {
        Side::States => region.states = 0,
        Side::Types => region.types = 0,
        Side::Pairs => region.pairs = 0,
        Side::Sized => region.sized = Answers::NONE,
        Side::Negative => region.negative = Answers::NONE,
        Side::Symbols => region.symbols = region.symbols.without(&region.symbols),
        Side::Strategies => region.strategies = region.strategies.without(&region.strategies),
        Side::Strength => region.strength = nothing,
        Side::Confidence => region.confidence = nothing,
        Side::RiskReward => region.risk_reward = nothing,
        Side::Amount(field) => {
            if let Some(amount) = region.amounts.get_mut(field) {
                *amount = nothing;
            }
        }
        Side::Dust(table)
        | Side::BelowMinimum(table)
        | Side::Exhausted(table)
        | Side::Tiers(table) => {
            if let Some(view) = region.views.get_mut(table) {
                match side {
                    Side::Dust(_) => view.dust = Answers::NONE,
                    Side::BelowMinimum(_) => view.below_minimum = Answers::NONE,
                    Side::Exhausted(_) => view.exhausted = Answers::NONE,
                    _ => view.tiers = 0,
                }
            }
        }
    }
}

/// Both in one, along a side in which alone they differ; `None` where that is no region.
fn join(left: &Region, right: &Region, side: Side) -> Option<Region> {
    let mut both = left.clone();
    match side {
        Side::States => both.states |= right.states,
        Side::Types => both.types |= right.types,
        Side::Pairs => both.pairs |= right.pairs,
        Side::Sized => both.sized = left.sized.join(right.sized),
        Side::Negative => both.negative = left.negative.join(right.negative),
        Side::Symbols => both.symbols = left.symbols.join(&right.symbols),
        Side::Strategies => both.strategies = left.strategies.join(&right.strategies),
        Side::Strength => both.strength = left.strength.join(right.strength)?,
        Side::Confidence => both.confidence = left.confidence.join(right.confidence)?,
        Side::RiskReward => both.risk_reward = left.risk_reward.join(right.risk_reward)?,
        Side::Amount(field) => {
            let right = right.amounts.get(field)?;
            let own = both.amounts.get_mut(field)?;
            *own = own.join(*right)?;
        }
        Side::Dust(table)
        | Side::BelowMinimum(table)
        | Side::Exhausted(table)
        | Side::Tiers(table) => {
            let right = right.views.get(table)?;
            let own = both.views.get_mut(table)?;
            own.dust = own.dust.join(right.dust);
            own.below_minimum = own.below_minimum.join(right.below_minimum);
            own.exhausted = own.exhausted.join(right.exhausted);
            own.tiers |= right.tiers;
        }
    }
    Some(both)
}
