//! A manifest's thresholds by what they cut, as many of each as are tried.

use router_guest::amount::Amount;
use router_guest::manifest::{AmountField, Manifest, ScoreField};

use super::{Tried, sampled};
use crate::verify::axis::{AXES, Axis};

/// The thresholds that are tried, and how many there are.
pub(super) struct Cutter<'m> {
    pub(super) manifest: &'m Manifest,
    /// Those that are tried, by the numbers of their fields.
    amounts: [Vec<Amount>; AmountField::ALL.len()],
    scores: [Vec<f64>; ScoreField::ALL.len()],
    pub(super) cuts: [Tried; AXES],
}

impl<'m> Cutter<'m> {
    pub(super) fn new(manifest: &'m Manifest, cuts_max: usize) -> Self {
        // By name, each of them: what a manifest says that is new must be varied, or said not to be.
        let Manifest {
            // These cut nothing by themselves: spending, targets and symbols have points of them.
            schema: _,
            name: _,
            version: _,
            account_currency: _,
            reasons: _,
            rules: _,
            tiers: _,
            budgets: _,
            symbols: _,
            score_thresholds,
            amount_thresholds,
        } = manifest;
        let mut declared = [Tried::default(); AXES];
        let mut declare = |axis: Axis| {
            if let Some(tried) = declared.get_mut(axis as usize) {
                tried.declared += 1;
            }
        };
        let mut amounts: [Vec<Amount>; AmountField::ALL.len()] = Default::default();
        for (field, cut) in amount_thresholds {
            declare(Axis::of_amount(*field));
            if let Some(cuts) = amounts.get_mut(*field as usize) {
                cuts.push(*cut);
            }
        }
        let mut scores: [Vec<f64>; ScoreField::ALL.len()] = Default::default();
        for (field, cut) in score_thresholds {
            declare(Axis::of_score(*field));
            if let Some(cuts) = scores.get_mut(*field as usize) {
                cuts.push(*cut);
            }
        }
        Self {
            manifest,
            amounts: amounts.map(|cuts| sampled(cuts, cuts_max)),
            scores: scores.map(|cuts| sampled(cuts, cuts_max)),
            cuts: declared,
        }
    }

    /// The thresholds of a field, to be cut on its axis. Those that nobody asks for are declared and
    /// not tried.
    pub(super) fn amounts(&mut self, field: AmountField) -> Vec<Amount> {
        let cuts = self.amounts.get(field as usize).cloned();
        self.count(cuts.unwrap_or_default(), Axis::of_amount(field))
    }

    /// The same of a score.
    pub(super) fn scores(&mut self, field: ScoreField) -> Vec<f64> {
        let cuts = self.scores.get(field as usize).cloned();
        self.count(cuts.unwrap_or_default(), Axis::of_score(field))
    }

    fn count<T>(&mut self, cuts: Vec<T>, axis: Axis) -> Vec<T> {
        if let Some(tried) = self.cuts.get_mut(axis as usize) {
            tried.tried += cuts.len();
        }
        cuts
    }

    /// Every class cuts these anew, and they are counted once.
    pub(super) fn forget(&mut self, axes: &[Axis]) {
        for axis in axes {
            if let Some(tried) = self.cuts.get_mut(*axis as usize) {
                tried.tried = 0;
            }
        }
    }
}
