//! Where a request and its state fall: the other direction of `witness`, with the engine's own
//! figures.

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::AmountField;
use router_guest::request::{OrderTerms, TradeType};
use router_guest::state::BudgetUse;
use router_guest::table::{Table, Tier, pair_number, state_bit, type_bit};

use super::axis::Run;
use super::region::{Answers, Region, View};
use super::space::Space;
use super::witness::{tier_bit, tier_of_type};
use crate::scenario::Scenario;

impl Space<'_> {
    /// The smallest region that a scenario is known to fall in; facts that cannot be computed,
    /// because a field is missing, stay open. `uses` are those of each table's budgets.
    /// `None` for a name that no class stands for, which there is none of.
    pub(crate) fn place(&self, scenario: &Scenario, uses: &[&[BudgetUse]]) -> Option<Region> {
        let terms = &scenario.terms;
        let mut region = self.everything();
        let position = terms.open_position();
        region.states = state_bit(scenario.trading_state);
        region.types = type_bit(terms.trade_type);
        region.pairs = 1 << pair_number(terms.final_action, position.map(|open| open.side));
        region.sized = Answers::of_fact(terms.sized);
        region.negative = Answers::of_fact(terms.signal_score.is_some_and(|score| score < 0.0));
        region.strength = Run::point(self.strength.segment(terms.signal_score.map(f64::abs)));
        region.confidence = Run::point(self.confidence.segment(terms.confidence));
        region.risk_reward = Run::point(self.risk_reward.segment(terms.risk_reward_ratio));
        for (own, field) in region.amounts.iter_mut().zip(AmountField::ALL) {
            *own = Run::point(self.amount_axis(field).segment(amount_of(terms, field)));
        }
        region.symbols = self
            .symbols
            .of_name(&scenario.symbol, |name| self.kind_of(name))?;
        region.strategies = self.strategies.of_name(&scenario.strategy, |_| ())?;
        for (at, (view, table)) in region.views.iter_mut().zip(&self.tables).enumerate() {
            let uses = uses.get(at).copied().unwrap_or_default();
            *view = view_of(table, scenario, uses);
        }
        Some(region)
    }
}

impl Region {
    /// Whether a place falls in the region.
    pub(crate) fn covers(&self, place: &Self) -> bool {
        place.states & !self.states == 0
            && place.types & !self.types == 0
            && place.pairs & !self.pairs == 0
            && place.sized.within(self.sized)
            && place.negative.within(self.negative)
            && place.symbols.within(&self.symbols)
            && place.strategies.within(&self.strategies)
            && place.strength.within(self.strength)
            && place.confidence.within(self.confidence)
            && place.risk_reward.within(self.risk_reward)
            && place
                .amounts
                .iter()
                .zip(&self.amounts)
                .all(|(own, all)| own.within(*all))
            && place.views.iter().zip(&self.views).all(|(own, all)| {
                own.tiers & !all.tiers == 0
                    && own.dust.within(all.dust)
                    && own.below_minimum.within(all.below_minimum)
                    && own.exhausted.within(all.exhausted)
            })
    }
}

fn amount_of(terms: &OrderTerms, field: AmountField) -> Option<Amount> {
    match field {
        AmountField::PositionQuantity => Some(
            terms
                .open_position()
                .map_or(Amount::ZERO, |open| open.quantity),
        ),
        AmountField::ClosableQuantity => Some(terms.closable()),
        AmountField::CloseQuantity => terms.close_quantity,
        AmountField::WorkingOpening => Some(terms.working.opening),
        AmountField::WorkingClosing => Some(terms.working.closing),
        AmountField::Price => terms.price,
        AmountField::TargetNotional => terms.target_notional,
        AmountField::Equity => terms.equity,
        AmountField::QuoteRate => terms.quote_rate,
        AmountField::StopLoss => terms.stop_loss,
        AmountField::TakeProfit => terms.take_profit,
    }
}

fn view_of(table: &Table, scenario: &Scenario, uses: &[BudgetUse]) -> View {
    let terms = &scenario.terms;
    let symbol = table
        .symbols
        .iter()
        .find(|known| known.name == scenario.symbol);
    let tier = tier_of(table, terms);
    let own = tier.and_then(|tier| table.tiers.get(usize::try_from(tier).ok()?));
    let notional = notional(own, terms);
    let minimum = symbol.and_then(|known| known.min_quantity);
    let dust = terms
        .open_position()
        .zip(minimum)
        .is_some_and(|(open, least)| open.quantity < least);
    let below = notional
        .zip(terms.price)
        .map(|(notional, price)| sizing::below_minimum(notional, price, symbol));
    View {
        dust: Answers::of_fact(dust),
        below_minimum: below.map_or(Answers::ANY, Answers::of_fact),
        exhausted: exhausted(table, own, scenario, notional, uses)
            .map_or(Answers::ANY, Answers::of_fact),
        tiers: tier_bit(tier),
    }
}

fn tier_of(table: &Table, terms: &OrderTerms) -> Option<u32> {
    if terms.trade_type != TradeType::Auto {
        return tier_of_type(table, terms.trade_type);
    }
    let reaches = |least: Option<f64>, number: Option<f64>| {
        least.is_none_or(|least| number.is_some_and(|number| number >= least))
    };
    let at = table.tiers.iter().position(|tier| {
        reaches(tier.signal_strength_min, terms.signal_score.map(f64::abs))
            && reaches(tier.risk_reward_min, terms.risk_reward_ratio)
            && reaches(tier.confidence_min, terms.confidence)
    })?;
    u32::try_from(at).ok()
}

fn notional(tier: Option<&Tier>, terms: &OrderTerms) -> Option<Amount> {
    let target = terms.target_notional?;
    match tier.filter(|_| !terms.sized) {
        Some(tier) => target.mul_down(tier.info.size),
        None => Some(target),
    }
}

/// Whether the tier's budget does not hold the need; `None` where that cannot be computed.
fn exhausted(
    table: &Table,
    tier: Option<&Tier>,
    scenario: &Scenario,
    notional: Option<Amount>,
    uses: &[BudgetUse],
) -> Option<bool> {
    let Some(budget) = tier.and_then(|tier| tier.info.budget) else {
        return Some(false);
    };
    let at = usize::try_from(budget).ok()?;
    let info = table.budgets.get(at)?;
    let limit = sizing::limit(info, scenario.terms.equity).ok()?;
    let given = scenario.terms.quote_rate;
    let rate = sizing::quote_rate(&scenario.symbol, &table.account_currency, given)?;
    let need = sizing::need(notional?, rate)?;
    let spent = uses.get(at).copied().unwrap_or_default();
    Some(!sizing::holds(info, limit, &spent, need))
}
