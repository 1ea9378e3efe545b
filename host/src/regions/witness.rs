//! Is any request like that? A region is empty when no request and state fall in it; else one
//! that does is found, and made to read well.
//!
//! The facts that several numbers make are solved for: a tier by the scores, dust and what is
//! closable by position and working orders, an order's size and a budget by target, price,
//! equity and rate. Each of these is monotone in its numbers, so that the ends of their ranges
//! and the places where an answer changes tell all.

mod money;
mod quantities;
mod scores;

use router_guest::amount::Amount;
use router_guest::manifest::AmountField;
use router_guest::request::{
    FinalAction, OrderTerms, Position, PositionSide, TradeType, WorkingOrders,
};
use router_guest::state::{BudgetUse, TradingState};
use router_guest::table::{pair_number, state_bit, type_bit};

use super::region::{Answers, Region, TABLES_MAX};
use super::space::{Space, SymbolKind};
use crate::scenario::Scenario;
use money::Money;
use quantities::Quantities;
use scores::Scores;
pub(crate) use scores::{tier_bit, tier_of_type};

const POSITIONS: [Option<PositionSide>; 3] =
    [None, Some(PositionSide::Long), Some(PositionSide::Short)];

/// A request and a state of a region.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Witness {
    scenario: Scenario,
    /// The use of each table's budgets, where any matters.
    uses: [Vec<BudgetUse>; TABLES_MAX],
}

/// What a witness is made of.
struct Choice<'k> {
    kind: &'k SymbolKind,
    action: FinalAction,
    position: Option<PositionSide>,
    trade_type: TradeType,
    is_sized: bool,
    scores: Scores,
    quantities: Quantities,
    money: Money,
}

impl Witness {
    /// The request, and the state as a table's policy sees it.
    pub(crate) fn scenario(mut self, table: usize) -> Scenario {
        let uses = self.uses.get_mut(table).map(std::mem::take);
        self.scenario.budgets = uses.filter(|uses| !uses.is_empty());
        self.scenario
    }
}

impl Space<'_> {
    /// Whether any request and state fall in the region.
    pub(crate) fn is_possible(&self, region: &Region) -> bool {
        self.choice(region).is_some()
    }

    /// A request and a state of the region; `None` when there are none.
    pub(crate) fn witness(&self, region: &Region) -> Option<Witness> {
        let choice = self.choice(region)?;
        let class = region.symbols.iter().find_map(|class| {
            let class = self.symbols.get(class)?;
            (class.kind == *choice.kind).then_some(class)
        })?;
        let strategy = self.strategies.get(region.strategies.iter().next()?)?;
        let state = TradingState::ALL
            .into_iter()
            .find(|state| region.states & state_bit(*state) != 0)?;
        let mut terms = OrderTerms::new(choice.action, choice.trade_type);
        let Quantities { position, closing } = choice.quantities;
        terms.position = choice.position.map(|side| Position {
            side,
            quantity: position,
        });
        terms.working = WorkingOrders {
            opening: self.readable(region, AmountField::WorkingOpening)?,
            closing,
        };
        terms.close_quantity = self.readable_if_asked(region, AmountField::CloseQuantity);
        terms.stop_loss = self.readable_if_asked(region, AmountField::StopLoss);
        terms.take_profit = self.readable_if_asked(region, AmountField::TakeProfit);
        terms.price = choice.money.price;
        terms.target_notional = choice.money.target;
        terms.equity = choice.money.equity;
        terms.quote_rate = choice.money.rate;
        terms.sized = choice.is_sized;
        self.set_scores(&mut terms, region, choice.scores);
        let mut scenario = Scenario::new(&class.name, &strategy.name, terms);
        scenario.trading_state = state;
        let uses = choice.money.uses;
        Some(Witness { scenario, uses })
    }

    fn set_scores(&self, terms: &mut OrderTerms, region: &Region, scores: Scores) {
        let strength = self.strength.typical(scores.strength);
        let sign = if region.negative.accepts(false) {
            1.0
        } else {
            -1.0
        };
        terms.signal_score = strength.map(|strength| strength * sign);
        terms.confidence = self.confidence.typical(scores.confidence);
        terms.risk_reward_ratio = self.risk_reward.typical(scores.risk_reward);
    }

    fn readable(&self, region: &Region, field: AmountField) -> Option<Amount> {
        let axis = self.amount_axis(field);
        axis.typical(axis.readable(region.amount(field))?)
    }

    /// A number that nobody asks for is better left out.
    fn readable_if_asked(&self, region: &Region, field: AmountField) -> Option<Amount> {
        let axis = self.amount_axis(field);
        axis.typical(axis.lowest(region.amount(field))?)
    }

    fn choice(&self, region: &Region) -> Option<Choice<'_>> {
        let any_of_each = region.states != 0
            && region.negative != Answers::NONE
            && !region.strategies.is_empty()
            && self.has_lone_amounts(region);
        if !any_of_each {
            return None;
        }
        let scores = self.possible_scores(region);
        self.kinds
            .iter()
            .filter(|(_, classes)| classes.meets(&region.symbols))
            .find_map(|(kind, _)| self.choice_of_kind(region, kind, &scores))
    }

    fn choice_of_kind<'k>(
        &self,
        region: &Region,
        kind: &'k SymbolKind,
        scores: &[(TradeType, Scores)],
    ) -> Option<Choice<'k>> {
        let ((action, position), quantities) = pairs(region).find_map(|pair| {
            let quantities = self.quantities(region, kind, pair.1.is_some())?;
            Some((pair, quantities))
        })?;
        scores.iter().find_map(|(trade_type, scores)| {
            [false, true]
                .into_iter()
                .filter(|is_sized| region.sized.accepts(*is_sized))
                .find_map(|is_sized| {
                    Some(Choice {
                        kind,
                        action,
                        position,
                        trade_type: *trade_type,
                        is_sized,
                        scores: *scores,
                        quantities,
                        money: self.money(region, kind, scores.tiers, is_sized)?,
                    })
                })
        })
    }

    /// The amounts that nothing else depends on.
    fn has_lone_amounts(&self, region: &Region) -> bool {
        [
            AmountField::CloseQuantity,
            AmountField::WorkingOpening,
            AmountField::StopLoss,
            AmountField::TakeProfit,
        ]
        .into_iter()
        .all(|field| {
            self.amount_axis(field)
                .lowest(region.amount(field))
                .is_some()
        })
    }
}

/// The pairs of a region, flat ones first: they need the least.
fn pairs(region: &Region) -> impl Iterator<Item = (FinalAction, Option<PositionSide>)> + '_ {
    POSITIONS.into_iter().flat_map(|position| {
        FinalAction::ALL
            .into_iter()
            .map(move |action| (action, position))
            .filter(|(action, position)| region.pairs >> pair_number(*action, *position) & 1 == 1)
    })
}

/// The types of a region.
fn types(region: &Region) -> impl Iterator<Item = TradeType> + '_ {
    TradeType::ALL
        .into_iter()
        .filter(|trade_type| region.types & type_bit(*trade_type) != 0)
}
