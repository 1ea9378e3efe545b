//! What stands on each axis: the policy's cuts with their neighbours, and the values that need
//! no policy to be odd.

use std::collections::HashSet;

use router_guest::amount::{Amount, MONEY_PLACES};
use router_guest::engine::sizing;
use router_guest::manifest::{AmountField, Manifest, ScoreField, SymbolInfo};
use router_guest::request::{FinalAction, NAME_BYTES_MAX, OrderTerms, PositionSide, TradeType};

use super::cutter::Cutter;
use super::{STRATEGY, sampled};
use crate::verify::axis::{AXES, Axis, Change};
use crate::verify::cuts::{around, around_score, greatest, next_above, next_below, smallest};

/// An amount by its value; `None` of one that is absent.
type Value = Option<(u128, u8)>;

/// Amounts, or pairs of them, each once.
#[derive(Default)]
struct Distinct {
    seen: HashSet<(Value, Value)>,
}

impl Distinct {
    fn is_new(&mut self, amount: Option<Amount>, beside: Option<Amount>) -> bool {
        self.seen
            .insert((amount.map(Into::into), beside.map(Into::into)))
    }
}

/// A target that opens: above the symbol's minimums after every tier, and within every budget.
pub(super) fn base_target(manifest: &Manifest, info: Option<&SymbolInfo>, price: Amount) -> Amount {
    let mut target = Amount::whole(1000);
    for budget in manifest.budgets.iter().filter_map(|budget| budget.amount) {
        let quarter = budget.mul_down(Amount::new(25, 2).unwrap_or_default());
        if let Some(quarter) = quarter.filter(|quarter| !quarter.is_zero()) {
            target = target.min(quarter);
        }
    }
    let smallest_tier = manifest.tiers.iter().map(|tier| tier.size).min();
    for least in minimums(info, price) {
        let size = smallest_tier.unwrap_or(Amount::ONE);
        let enough = least.div_down_to_step(size, sizing::default_step());
        let enough = enough.and_then(|enough| enough.mul_down(Amount::whole(2)));
        target = target.max(enough.unwrap_or(target));
    }
    target
}

/// The least notionals of an order at a price: by quantity, and by notional where it is known.
fn minimums(info: Option<&SymbolInfo>, price: Amount) -> impl Iterator<Item = Amount> {
    let step = info
        .and_then(|info| info.step)
        .unwrap_or_else(sizing::default_step);
    let least = info
        .and_then(|info| info.min_quantity)
        .map_or(step, |least| least.max(step));
    let notional = info.and_then(|info| info.min_notional);
    [least.mul_down(price), notional].into_iter().flatten()
}

/// The base of every class, but for its target.
pub(super) fn base(cutter: &mut Cutter<'_>, price: Amount, target: Option<Amount>) -> OrderTerms {
    let mut terms = OrderTerms::new(FinalAction::Buy, TradeType::Normal);
    let above = |thresholds: &[(ScoreField, f64)], fields: &[ScoreField], least: f64| {
        let cuts = thresholds
            .iter()
            .filter(|(field, _)| fields.contains(field));
        let most = cuts.map(|(_, cut)| cut.abs()).fold(least, f64::max);
        Some((most * 2.0).min(f64::MAX))
    };
    let scores = &cutter.manifest.score_thresholds;
    let strength = [ScoreField::SignalScore, ScoreField::SignalStrength];
    terms.signal_score = above(scores, &strength, 0.5);
    terms.confidence = above(scores, &[ScoreField::Confidence], 0.5);
    terms.risk_reward_ratio = above(scores, &[ScoreField::RiskRewardRatio], 1.0);
    terms.price = Some(price);
    terms.quote_rate = Amount::new(11, 1);
    // So much that the least percentage of it holds a hundred orders.
    let least = cutter.manifest.budgets.iter();
    let least = least.filter_map(|budget| budget.percent).min();
    let orders = target.and_then(|target| target.mul_down(Amount::whole(10_000)));
    let equity = least
        .filter(|percent| *percent < Amount::ONE)
        .and_then(|percent| orders?.div_down_to_step(percent, Amount::ONE))
        .or(orders);
    terms.equity = equity.or(Some(Amount::whole(1_000_000)));
    terms
}

pub(super) fn shared(
    cutter: &mut Cutter<'_>,
    base: &OrderTerms,
    strategies: &[String],
) -> [Vec<Change>; AXES] {
    let above_zero = true;
    Axis::ALL.map(|axis| match axis {
        Axis::Opening => {
            let mut lists = vec![Amount::ONE];
            lists.extend(cut_amounts(cutter, AmountField::WorkingOpening, true));
            distinct(lists, Some(Amount::ZERO), Change::Opening)
        }
        Axis::Sized => vec![Change::Sized],
        Axis::Flat => vec![
            Change::Flat(Some(PositionSide::Long), Amount::ZERO),
            Change::Flat(Some(PositionSide::Short), Amount::ZERO),
            Change::Flat(None, Amount::ONE),
        ],
        Axis::SignalScore => signals(cutter, base.signal_score),
        Axis::Confidence => scores(cutter, ScoreField::Confidence, base.confidence)
            .map(Change::Confidence)
            .collect(),
        Axis::RiskReward => scores(cutter, ScoreField::RiskRewardRatio, base.risk_reward_ratio)
            .map(Change::RiskReward)
            .collect(),
        Axis::Price => amounts(cutter, AmountField::Price, base.price, above_zero)
            .map(Change::Price)
            .collect(),
        Axis::Equity => amounts(cutter, AmountField::Equity, base.equity, false)
            .map(Change::Equity)
            .collect(),
        Axis::QuoteRate => amounts(cutter, AmountField::QuoteRate, base.quote_rate, above_zero)
            .map(Change::QuoteRate)
            .collect(),
        Axis::StopLoss => {
            let mut stops = cut_amounts(cutter, AmountField::StopLoss, false);
            stops.push(Amount::whole(90));
            distinct(stops, None, Change::StopLoss)
        }
        Axis::TakeProfit => {
            let mut targets = cut_amounts(cutter, AmountField::TakeProfit, false);
            targets.push(Amount::whole(110));
            distinct(targets, None, Change::TakeProfit)
        }
        // Of more than one byte each, and as long as a name can be.
        Axis::Strategy => {
            let found = strategies.iter().filter(|name| *name != STRATEGY);
            let longest = "é".repeat(NAME_BYTES_MAX / 2);
            [longest]
                .into_iter()
                .chain(found.cloned())
                .map(Change::Strategy)
                .collect()
        }
        Axis::Holding
        | Axis::CloseQuantity
        | Axis::TargetNotional
        | Axis::Symbol
        | Axis::Budgets => Vec::new(),
    })
}

fn cut_amounts(cutter: &mut Cutter<'_>, field: AmountField, above_zero: bool) -> Vec<Amount> {
    let cuts = cutter.amounts(field);
    cuts.into_iter()
        .flat_map(|cut| around(cut, above_zero))
        .collect()
}

fn distinct(
    amounts: Vec<Amount>,
    base: Option<Amount>,
    change: impl Fn(Amount) -> Change,
) -> Vec<Change> {
    let mut seen = Distinct::default();
    seen.is_new(base, None);
    let amounts = amounts.into_iter();
    amounts
        .filter(|amount| seen.is_new(Some(*amount), None))
        .map(change)
        .collect()
}

/// The cuts of an amount, and absent, the least and the greatest.
fn amounts(
    cutter: &mut Cutter<'_>,
    field: AmountField,
    base: Option<Amount>,
    above_zero: bool,
) -> impl Iterator<Item = Option<Amount>> + use<> {
    let cut = cut_amounts(cutter, field, above_zero);
    let least = if above_zero { smallest() } else { Amount::ZERO };
    let mut seen = Distinct::default();
    seen.is_new(base, None);
    let extremes = [None, Some(least), Some(greatest())];
    cut.into_iter()
        .map(Some)
        .chain(extremes)
        .filter(move |amount| seen.is_new(*amount, None))
}

/// The cuts of a score, and absent.
fn scores(
    cutter: &mut Cutter<'_>,
    field: ScoreField,
    base: Option<f64>,
) -> impl Iterator<Item = Option<f64>> + use<> {
    let cut = cutter.scores(field);
    let cut = cut.into_iter().flat_map(around_score).map(Some);
    let mut seen = HashSet::from([base.map(f64::to_bits)]);
    cut.chain([None])
        .filter(move |score| seen.insert(score.map(f64::to_bits)))
}

/// The cuts of the signal's score, and those of its strength with either sign.
fn signals(cutter: &mut Cutter<'_>, base: Option<f64>) -> Vec<Change> {
    let strengths = cutter.scores(ScoreField::SignalStrength);
    let signed = cutter.scores(ScoreField::SignalScore);
    let strengths = strengths.into_iter().flat_map(around_score);
    let mut points: Vec<_> = strengths
        .flat_map(|score| [Some(score), Some(-score)])
        .chain(signed.into_iter().flat_map(around_score).map(Some))
        .collect();
    points.extend([None, Some(0.0), base.map(|base| -base)]);
    let mut seen = HashSet::from([base.map(f64::to_bits)]);
    points.retain(|score| seen.insert(score.map(f64::to_bits)));
    points.into_iter().map(Change::SignalScore).collect()
}

/// Targets at the policy's cuts, and at those where an order comes under a minimum: in full,
/// and by each tier's size.
pub(super) fn targets(
    cutter: &mut Cutter<'_>,
    base: &OrderTerms,
    info: Option<&SymbolInfo>,
) -> Vec<Change> {
    let unit = Amount::new(1, MONEY_PLACES).unwrap_or_default();
    let mut targets = cut_amounts(cutter, AmountField::TargetNotional, true);
    let tiers = cutter.manifest.tiers.iter().map(|tier| tier.size);
    let sizes: Vec<_> = [Amount::ONE].into_iter().chain(tiers).collect();
    for least in minimums(info, base.price.unwrap_or_default()) {
        for size in &sizes {
            // The greatest target that is cut to no more than the least order, and its neighbours.
            let Some(on) = least.div_down_to_step(*size, unit) else {
                continue;
            };
            targets.extend([on.saturating_sub(unit), on]);
            targets.extend(on.checked_add(unit));
        }
    }
    let mut seen = Distinct::default();
    seen.is_new(base.target_notional, None);
    let points = targets.into_iter().filter(|target| !target.is_zero());
    points
        .map(Some)
        .chain([None, Some(smallest()), Some(greatest())])
        .filter(|target| seen.is_new(*target, None))
        .map(Change::TargetNotional)
        .collect()
}

/// Quantities of a position beside what closes of it: at the policy's cuts, around the symbol's
/// least quantity, and with something, all, and more than all closing.
pub(super) fn holdings(
    cutter: &mut Cutter<'_>,
    quantity: Amount,
    least: Option<Amount>,
) -> Vec<(Amount, Amount)> {
    let none = Amount::ZERO;
    let half = quantity.mul_down(Amount::new(5, 1).unwrap_or_default());
    let mut points = vec![(quantity, half.unwrap_or_default()), (quantity, quantity)];
    points.extend(next_above(quantity).map(|above| (quantity, above)));
    if let Some(least) = least {
        points.extend(around(least, true).map(|held| (held, none)));
        points.extend(next_below(least).map(|dust| (dust, dust)));
    }
    let held = cut_amounts(cutter, AmountField::PositionQuantity, true);
    points.extend(held.into_iter().map(|held| (held, none)));
    let closable = cut_amounts(cutter, AmountField::ClosableQuantity, false);
    for left in closable {
        points.extend(
            left.checked_add(Amount::ONE)
                .map(|held| (held, Amount::ONE)),
        );
        points.push((left, none));
    }
    let closing = cut_amounts(cutter, AmountField::WorkingClosing, false);
    for closing in closing {
        points.push((quantity, closing));
        points.extend(quantity.checked_add(closing).map(|held| (held, closing)));
    }
    let mut seen = Distinct::default();
    seen.is_new(Some(quantity), Some(none));
    points.retain(|(held, closing)| !held.is_zero() && seen.is_new(Some(*held), Some(*closing)));
    points
}

/// Close quantities for each holding: a part of what is closable, all of it, and more; at the
/// policy's cuts for the base alone. With each holding goes the range of its own.
pub(super) fn closes(
    cutter: &mut Cutter<'_>,
    quantity: Amount,
    holdings: &[(Amount, Amount)],
    holdings_max: usize,
) -> (Vec<Change>, Vec<(usize, usize)>) {
    let mut wanted = sampled((0..holdings.len()).collect(), holdings_max)
        .into_iter()
        .peekable();
    let cuts = cut_amounts(cutter, AmountField::CloseQuantity, true);
    let half = Amount::new(5, 1).unwrap_or_default();
    let mut changes = Vec::new();
    let mut ranges = Vec::new();
    let mut of_base = Some(cuts);
    for (number, (held, closing)) in [(quantity, Amount::ZERO)]
        .iter()
        .chain(holdings)
        .enumerate()
    {
        if number > 0 && wanted.next_if_eq(&(number - 1)).is_none() {
            ranges.push((0, 0));
            continue;
        }
        let closable = held.saturating_sub(*closing);
        let mut asked = vec![closable];
        asked.extend(closable.mul_down(half));
        asked.extend(next_above(closable));
        asked.extend(of_base.take().into_iter().flatten());
        asked.retain(|amount| !amount.is_zero());
        let start = changes.len();
        changes.extend(distinct(asked, None, Change::CloseQuantity));
        ranges.push((start, changes.len()));
    }
    (changes, ranges)
}
