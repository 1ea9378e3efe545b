//! Where the answer to a scenario can change along one number: the thresholds that the policy
//! declares, and the turns of what it computes (minimums, budgets), found to the unit.
//!
//! These are hints for the search, which asks for itself; what is missing here can only hide
//! a nearer change, never make one up.

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{AmountField, ScoreField, TierInfo};

use super::axis::Axis;
use super::{Target, Value, World};

/// What is computed for an order of one size, so far as it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Computed {
    below_minimum: Option<bool>,
    rounds_to_nothing: Option<bool>,
    budget_holds: Option<bool>,
    /// Whether there is a notional, and it is above 0.
    sized: Option<bool>,
}

/// Steps at which something can change, in order; each with its neighbours.
pub(super) fn along(
    world: &mut World<'_>,
    target: Target,
    axis: &Axis,
    tier: Option<u32>,
) -> Vec<i128> {
    let mut marks = vec![axis.least, axis.most];
    for value in declared(world, target) {
        let at = axis.floor(value);
        marks.extend([at - 1, at, at + 1]);
    }
    marks.extend(ladder(axis));
    if needs_computing(target) {
        marks.extend(turns(world, target, axis, tier));
    }
    marks.retain(|at| (axis.least..=axis.most).contains(at) && Some(*at) != axis.start);
    marks.sort_unstable();
    marks.dedup();
    marks
}

/// Halves and doubles, tenths and tenfolds: for policies whose thresholds nobody declares.
fn ladder(axis: &Axis) -> Vec<i128> {
    let Some(start) = axis.start else {
        return Vec::new();
    };
    let factors = [2, 10, 100];
    let up = factors.map(|factor| start.saturating_mul(factor));
    let down = factors.map(|factor| start / factor);
    [up, down].concat()
}

const fn needs_computing(target: Target) -> bool {
    matches!(
        target,
        Target::Price
            | Target::TargetNotional
            | Target::Equity
            | Target::QuoteRate
            | Target::Used(_)
            | Target::Reserved(_)
            | Target::MinQuantity
            | Target::MinNotional
            | Target::TierSize(_)
            | Target::LimitAmount(_)
            | Target::LimitPercent(_)
    )
}

/// Values that the policy or the request itself names for the target.
fn declared(world: &World<'_>, target: Target) -> Vec<Value> {
    let terms = &world.scenario().terms;
    let score = |score: Option<f64>| score.map(Value::Score).into_iter().collect();
    match target {
        Target::SignalScore => signal_scores(world),
        Target::Confidence => scores(world, ScoreField::Confidence),
        Target::RiskReward => scores(world, ScoreField::RiskRewardRatio),
        Target::TierScore(_) => score(terms.signal_score.map(f64::abs)),
        Target::TierRiskReward(_) => score(terms.risk_reward_ratio),
        Target::TierConfidence(_) => score(terms.confidence),
        Target::PositionQuantity => position_quantities(world),
        Target::WorkingClosing => working_closings(world),
        Target::CloseQuantity => amounts(world, AmountField::CloseQuantity),
        Target::WorkingOpening => amounts(world, AmountField::WorkingOpening),
        Target::Price => amounts(world, AmountField::Price),
        Target::TargetNotional => amounts(world, AmountField::TargetNotional),
        Target::Equity => amounts(world, AmountField::Equity),
        Target::QuoteRate => amounts(world, AmountField::QuoteRate),
        Target::StopLoss => amounts(world, AmountField::StopLoss),
        Target::TakeProfit => amounts(world, AmountField::TakeProfit),
        Target::Orders(at) => limit_of_orders(world, at),
        Target::LimitOrders(at) => vec![world.get(Target::Orders(at))],
        Target::MinQuantity => vec![world.get(Target::PositionQuantity)],
        _ => Vec::new(),
    }
}

fn limit_of_orders(world: &World<'_>, at: usize) -> Vec<Value> {
    let budget = world.manifest().budgets.get(at);
    let orders = budget.and_then(|budget| budget.orders);
    orders.map(Value::Count).into_iter().collect()
}

fn scores(world: &World<'_>, field: ScoreField) -> Vec<Value> {
    let thresholds = world.manifest().score_thresholds.iter();
    let own = thresholds.filter(|(of, _)| *of == field);
    own.map(|(_, threshold)| Value::Score(*threshold)).collect()
}

/// Of the score itself, and of its strength on either side of 0.
fn signal_scores(world: &World<'_>) -> Vec<Value> {
    let mut values = scores(world, ScoreField::SignalScore);
    for value in scores(world, ScoreField::SignalStrength) {
        if let Value::Score(strength) = value {
            values.extend([Value::Score(strength), Value::Score(-strength)]);
        }
    }
    values.push(Value::Score(0.0));
    values
}

fn thresholds(world: &World<'_>, field: AmountField) -> impl Iterator<Item = Amount> {
    let thresholds = world.manifest().amount_thresholds.iter();
    let own = thresholds.filter(move |(of, _)| *of == field);
    own.map(|(_, threshold)| *threshold)
}

fn amounts(world: &World<'_>, field: AmountField) -> Vec<Value> {
    thresholds(world, field).map(Value::Amount).collect()
}

/// A position is tested by itself, by what working orders leave of it, and as dust.
fn position_quantities(world: &World<'_>) -> Vec<Value> {
    let closing = world.scenario().terms.working.closing;
    let left = thresholds(world, AmountField::ClosableQuantity);
    let mut values = amounts(world, AmountField::PositionQuantity);
    values.extend(
        left.filter_map(|left| left.checked_add(closing))
            .map(Value::Amount),
    );
    values.push(Value::Amount(closing));
    let least = world.symbol().and_then(|symbol| symbol.min_quantity);
    values.extend(least.map(Value::Amount));
    values
}

fn working_closings(world: &World<'_>) -> Vec<Value> {
    let open = world.scenario().terms.open_position();
    let quantity = open.map_or(Amount::ZERO, |open| open.quantity);
    let left = thresholds(world, AmountField::ClosableQuantity);
    let mut values = amounts(world, AmountField::WorkingClosing);
    values.extend(
        left.filter_map(|left| quantity.checked_sub(left))
            .map(Value::Amount),
    );
    values.push(Value::Amount(quantity));
    values
}

/// Where something that is computed turns, to the step. Each of it turns at most once along
/// a number, but for amounts that do not fit: that is searched for from both ends.
fn turns(world: &mut World<'_>, target: Target, axis: &Axis, tier: Option<u32>) -> Vec<i128> {
    let there = world.get(target);
    let mut found = Vec::new();
    for tier in tiers(world, tier) {
        let mut computed = |at: i128| {
            world.set(target, axis.value(at));
            compute(world, tier)
        };
        let parts: [fn(&Computed) -> Option<bool>; 4] = [
            |computed| computed.below_minimum,
            |computed| computed.rounds_to_nothing,
            |computed| computed.budget_holds,
            |computed| computed.sized,
        ];
        for part in parts {
            let ends = [axis.least, axis.most];
            let [first, last] = ends.map(|at| part(&computed(at)));
            if first == last {
                continue;
            }
            for kept in [first, last] {
                let (mut from, mut to) = if kept == first {
                    (axis.least, axis.most)
                } else {
                    (axis.most, axis.least)
                };
                while (to - from).abs() > 1 {
                    let middle = from + (to - from) / 2;
                    if part(&computed(middle)) == kept {
                        from = middle;
                    } else {
                        to = middle;
                    }
                }
                found.extend([from, to]);
            }
        }
    }
    world.set(target, there);
    found
}

/// The tier that sizes the order where that is known, else all that there are.
fn tiers(world: &World<'_>, tier: Option<u32>) -> Vec<Option<usize>> {
    match tier.and_then(|tier| usize::try_from(tier).ok()) {
        Some(tier) => vec![Some(tier)],
        None if world.has_settings() => vec![None],
        None => (0..world.manifest().tiers.len())
            .map(Some)
            .chain([None])
            .collect(),
    }
}

fn compute(world: &World<'_>, tier: Option<usize>) -> Computed {
    let manifest = world.manifest();
    let terms = &world.scenario().terms;
    let tier: Option<&TierInfo> = tier.and_then(|tier| manifest.tiers.get(tier));
    let size = tier
        .filter(|_| !terms.sized)
        .map_or(Amount::ONE, |tier| tier.size);
    let notional = terms
        .target_notional
        .and_then(|target| target.mul_down(size));
    let order = notional.zip(terms.price);
    let symbol = world.symbol();
    let step = symbol.and_then(|symbol| symbol.step);
    Computed {
        below_minimum: order
            .map(|(notional, price)| sizing::below_minimum(notional, price, symbol)),
        rounds_to_nothing: order
            .and_then(|(notional, price)| sizing::opening_quantity(notional, price, step))
            .map(|quantity| quantity.is_zero()),
        budget_holds: tier
            .zip(notional)
            .and_then(|(tier, notional)| holds(world, tier, notional)),
        sized: notional.map(|notional| !notional.is_zero()),
    }
}

fn holds(world: &World<'_>, tier: &TierInfo, notional: Amount) -> Option<bool> {
    let at = usize::try_from(tier.budget?).ok()?;
    let manifest = world.manifest();
    let scenario = world.scenario();
    let info = manifest.budgets.get(at)?;
    let spent = scenario.budgets.as_ref()?.get(at)?;
    let terms = &scenario.terms;
    let currency = &manifest.account_currency;
    let rate = sizing::quote_rate(&scenario.symbol, currency, terms.quote_rate)?;
    let need = sizing::need(notional, rate)?;
    let limit = sizing::limit(info, terms.equity).ok()?;
    Some(sizing::holds(info, limit, spent, need))
}
