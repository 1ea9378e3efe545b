//! A manifest's thresholds by what they cut, as many of each as are tried.

use router_guest::amount::Amount;
use router_guest::manifest::{AmountField, Manifest, ScoreField};

use super::{Tried, sampled};
use crate::verify::axis::{AXES, Axis};

/// The thresholds that are tried, and how many there are.
pub(super) struct Cutter<'m> {
    pub(super) manifest: &'m Manifest,
    /// By the numbers of their fields: how many are declared, and those that are tried.
    amounts: [(usize, Vec<Amount>); AmountField::ALL.len()],
    scores: [(usize, Vec<f64>); ScoreField::ALL.len()],
    pub(super) cuts: [Tried; AXES],
}

impl<'m> Cutter<'m> {
    pub(super) fn new(manifest: &'m Manifest, cuts_max: usize) -> Self {
        let mut amounts: [Vec<Amount>; AmountField::ALL.len()] = Default::default();
        for (field, cut) in &manifest.amount_thresholds {
            if let Some(cuts) = amounts.get_mut(*field as usize) {
                cuts.push(*cut);
            }
        }
        let mut scores: [Vec<f64>; ScoreField::ALL.len()] = Default::default();
        for (field, cut) in &manifest.score_thresholds {
            if let Some(cuts) = scores.get_mut(*field as usize) {
                cuts.push(*cut);
            }
        }
        Self {
            manifest,
            amounts: amounts.map(|cuts| (cuts.len(), sampled(cuts, cuts_max))),
            scores: scores.map(|cuts| (cuts.len(), sampled(cuts, cuts_max))),
            cuts: [Tried::default(); AXES],
        }
    }

    pub(super) fn amounts(&mut self, field: AmountField, axis: Axis) -> Vec<Amount> {
        let known = self.amounts.get(field as usize).cloned();
        self.count(known.unwrap_or_default(), axis)
    }

    pub(super) fn scores(&mut self, field: ScoreField, axis: Axis) -> Vec<f64> {
        let known = self.scores.get(field as usize).cloned();
        self.count(known.unwrap_or_default(), axis)
    }

    fn count<T>(&mut self, (declared, cuts): (usize, Vec<T>), axis: Axis) -> Vec<T> {
        if let Some(tried) = self.cuts.get_mut(axis as usize) {
            tried.declared += declared;
            tried.tried += cuts.len();
        }
        cuts
    }

    /// Every class cuts these anew, and they are counted once.
    pub(super) fn forget(&mut self, axes: &[Axis]) {
        for axis in axes {
            if let Some(tried) = self.cuts.get_mut(*axis as usize) {
                *tried = Tried::default();
            }
        }
    }
}
