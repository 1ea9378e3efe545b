//! Scores that give a request the tiers of a region.
//!
//! A tier fits from its thresholds upwards, so the lowest scores that reach one are the least
//! likely to reach another before it: they alone need trying.

use router_guest::decision::OrderIntent;
use router_guest::request::TradeType;
use router_guest::table::{NO_TIER_BIT, Table};

use super::types;
use crate::regions::region::{Answers, Region, TABLES_MAX};
use crate::regions::space::Space;

/// Segments of the scores, and the tiers that they give in each table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scores {
    pub(crate) strength: u32,
    pub(crate) confidence: u32,
    pub(crate) risk_reward: u32,
    pub(crate) tiers: [Option<u32>; TABLES_MAX],
}

impl Space<'_> {
    /// For each type of the region and each tier that it can get, scores that do so.
    pub(super) fn possible_scores(&self, region: &Region) -> Vec<(TradeType, Scores)> {
        let Some(lowest) = self.lowest_scores(region, [None; TABLES_MAX]) else {
            return Vec::new();
        };
        let mut possible = Vec::new();
        for trade_type in types(region) {
            if trade_type == TradeType::Auto {
                let classified = self.classified(region);
                possible.extend(classified.into_iter().map(|scores| (trade_type, scores)));
            } else {
                let tiers = std::array::from_fn(|at| {
                    self.table(at)
                        .and_then(|table| tier_of_type(table, trade_type))
                });
                let wanted = (0..self.tables.len()).all(|at| {
                    region.view(at).tiers & tier_bit(tiers.get(at).copied().flatten()) != 0
                });
                if wanted {
                    possible.push((trade_type, Scores { tiers, ..lowest }));
                }
            }
        }
        possible
    }

    /// Scores of `auto` for each tier of the first table, with each of the second.
    fn classified(&self, region: &Region) -> Vec<Scores> {
        let tiers_of = |at: usize| -> Vec<Option<u32>> {
            let Some(table) = self.table(at) else {
                return vec![None];
            };
            (0_u32..)
                .take(table.tiers.len())
                .map(Some)
                .chain([None])
                .filter(|tier| region.view(at).tiers & tier_bit(*tier) != 0)
                .collect()
        };
        let mut found = Vec::new();
        for first in tiers_of(0) {
            for second in tiers_of(1) {
                let tiers = [first, second];
                let scores = self.lowest_scores(region, tiers);
                found.extend(scores.filter(|scores| {
                    (0..self.tables.len())
                        .all(|at| tiers.get(at).copied().flatten() == self.tier_at(at, scores))
                }));
            }
        }
        found
    }

    /// The lowest scores of the region that reach the thresholds of these tiers.
    fn lowest_scores(&self, region: &Region, tiers: [Option<u32>; TABLES_MAX]) -> Option<Scores> {
        let mut lows = [ABSENT_OR_LOWEST; 3];
        for (at, tier) in tiers.into_iter().enumerate() {
            for (low, threshold) in lows.iter_mut().zip(self.thresholds(at, tier)) {
                *low = (*low).max(threshold);
            }
        }
        let strength = match region.negative {
            Answers::YES => region.strength.meet(self.above_zero()?)?,
            _ => region.strength,
        };
        let [strength_low, confidence_low, risk_reward_low] = lows;
        Some(Scores {
            strength: self.strength.lowest(strength.from(strength_low)?)?,
            confidence: self
                .confidence
                .lowest(region.confidence.from(confidence_low)?)?,
            risk_reward: self
                .risk_reward
                .lowest(region.risk_reward.from(risk_reward_low)?)?,
            tiers,
        })
    }

    /// The segments of a tier's thresholds: strength, confidence, risk/reward.
    fn thresholds(&self, table: usize, tier: Option<u32>) -> [u32; 3] {
        let Some(tier) = self.tier(table, tier) else {
            return [ABSENT_OR_LOWEST; 3];
        };
        // An absent threshold has the segment of an absent score, which is the lowest.
        [
            self.strength.segment(tier.signal_strength_min),
            self.confidence.segment(tier.confidence_min),
            self.risk_reward.segment(tier.risk_reward_min),
        ]
    }

    /// The first tier that the scores reach.
    fn tier_at(&self, table: usize, scores: &Scores) -> Option<u32> {
        let tiers = self.table(table).map_or(0, |table| table.tiers.len());
        (0_u32..).take(tiers).find(|tier| {
            let [strength, confidence, risk_reward] = self.thresholds(table, Some(*tier));
            scores.strength >= strength
                && scores.confidence >= confidence
                && scores.risk_reward >= risk_reward
        })
    }
}

const ABSENT_OR_LOWEST: u32 = crate::regions::axis::ABSENT;

/// The tier of a type that the request states: the first of its intent.
pub(crate) fn tier_of_type(table: &Table, trade_type: TradeType) -> Option<u32> {
    if trade_type.only_closes() {
        return None;
    }
    let intent = OrderIntent::of_type(trade_type);
    let at = table
        .tiers
        .iter()
        .position(|tier| tier.info.intent == intent)?;
    u32::try_from(at).ok()
}

pub(crate) const fn tier_bit(tier: Option<u32>) -> u16 {
    match tier {
        Some(tier) if tier < 15 => 1 << tier,
        _ => NO_TIER_BIT,
    }
}
