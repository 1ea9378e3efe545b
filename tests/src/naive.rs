//! A table, evaluated as it reads: rule after rule, clause after clause, condition after
//! condition. The oracle for the rule engine on policies that nobody wrote.
//!
//! It has no index, keeps nothing between requests and shares no code with the engine but the
//! types and the decimal. It is slow, and meant to be read.

use std::collections::BTreeMap;

use router_guest::amount::Amount;
use router_guest::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};
use router_guest::manifest::{AmountField, BudgetInfo, ScoreField, SymbolInfo};
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use router_guest::state::{State, TradingState};
use router_guest::table::{
    Clause, End, Flag, NO_TIER_BIT, NameTest, NumberRange, Outcome, Table, Tier,
};

/// How often a kind of condition was tested and held, or did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tested {
    /// It held.
    pub held: u64,
    /// It did not.
    pub failed: u64,
}

/// How often each kind of condition was tested, by its word in a document.
pub type Tally = BTreeMap<&'static str, Tested>;

/// Decides one request by a table, and counts the conditions that it tests.
///
/// # Errors
/// The [`Refusal`] of a request that lacks what the table asks for, or that no rule can answer.
pub fn decide(
    table: &Table,
    request: &Request<'_>,
    state: &State<'_>,
    tally: &mut Tally,
) -> Result<Decision, Refusal> {
    let mut trial = Trial::new(table, request, state, tally);
    for (number, rule) in (0..).zip(&table.rules) {
        for clause in &rule.clauses {
            if trial.holds(clause)? {
                return trial.carry_out(number, rule.outcome);
            }
        }
    }
    Err(Refusal::NoRoute)
}

/// Whether one clause holds, whatever stands before it.
///
/// # Errors
/// The [`Refusal`] of a request that lacks what the clause asks for.
pub fn holds(
    table: &Table,
    request: &Request<'_>,
    state: &State<'_>,
    clause: &Clause,
) -> Result<bool, Refusal> {
    Trial::new(table, request, state, &mut Tally::new()).holds(clause)
}

/// One request on its way through the table.
struct Trial<'a> {
    table: &'a Table,
    request: &'a Request<'a>,
    state: &'a State<'a>,
    symbol: Option<&'a SymbolInfo>,
    tier: Option<(u32, &'a Tier)>,
    /// The budget that a condition has asked, and whether it holds the need.
    consulted: Option<(BudgetClaim, bool)>,
    tally: &'a mut Tally,
}

impl<'a> Trial<'a> {
    fn new(
        table: &'a Table,
        request: &'a Request<'a>,
        state: &'a State<'a>,
        tally: &'a mut Tally,
    ) -> Self {
        let mut symbols = table.symbols.iter();
        Self {
            table,
            request,
            state,
            symbol: symbols.find(|symbol| symbol.name == request.symbol),
            tier: tier_of(table, &request.terms),
            consulted: None,
            tally,
        }
    }

    /// Every condition of the clause. What can be told without asking for a field comes
    /// first: a clause that fails on it asks for none.
    fn holds(&mut self, clause: &Clause) -> Result<bool, Refusal> {
        Ok(self.holds_finite(clause)
            && self.holds_names(clause)
            && self.holds_numbers(clause)
            && self.holds_minimum(clause.below_minimum)?
            && self.holds_budget(clause.budget_exhausted)?)
    }

    fn holds_finite(&mut self, clause: &Clause) -> bool {
        let terms = &self.request.terms;
        let state = 1 << self.state.trading_state as u8;
        let trade_type = 1 << terms.trade_type as u8;
        let position = match self.position() {
            None => 0,
            Some(Position {
                side: PositionSide::Long,
                ..
            }) => 1,
            Some(Position {
                side: PositionSide::Short,
                ..
            }) => 2,
        };
        let pair = 1 << (terms.final_action as u32 * 3 + position);
        let tier = self.tier.map_or(NO_TIER_BIT, |(tier, _)| 1 << tier);
        let closable = self.closable() > Amount::ZERO;
        let opening = terms.working.opening > Amount::ZERO;
        let shortable = self.symbol.is_some_and(|symbol| symbol.shortable);
        let sized = terms.sized;
        let dust = self.is_dust();
        self.mask("state", clause.states.into(), 0b111, state)
            && self.mask("type", clause.types.into(), 0b11_1111, trade_type)
            && self.mask("action and position", clause.pairs, (1 << 18) - 1, pair)
            && self.mask("tier", clause.tiers.into(), u16::MAX.into(), tier.into())
            && self.flag("dust", clause.dust, dust)
            && self.flag("closable", clause.closable, closable)
            && self.flag("opening", clause.opening, opening)
            && self.flag("short_allowed", clause.shortable, shortable)
            && self.flag("sized", clause.sized, sized)
    }

    fn holds_names(&mut self, clause: &Clause) -> bool {
        self.name("symbol", clause.symbol.as_ref(), self.request.symbol)
            && self.name("strategy", clause.strategy.as_ref(), self.request.strategy)
    }

    fn holds_numbers(&mut self, clause: &Clause) -> bool {
        clause.scores.iter().all(|test| {
            let held = in_range(&test.range, self.score(test.field));
            self.count(test.field.word(), held)
        }) && clause.amounts.iter().all(|test| {
            let held = in_range(&test.range, self.amount(test.field));
            self.count(test.field.word(), held)
        })
    }

    fn holds_minimum(&mut self, wanted: Flag) -> Result<bool, Refusal> {
        if wanted == Flag::Any {
            return Ok(true);
        }
        let notional = self.notional()?;
        let price = self.price()?;
        let step = self
            .symbol
            .and_then(|symbol| symbol.step)
            .or(Amount::new(1, 8))
            .unwrap_or_default();
        // A quotient that no amount can hold is above every minimum.
        let quantity = notional.div_down_to_step(price, step);
        let known = |of: fn(&SymbolInfo) -> Option<Amount>| self.symbol.and_then(of);
        let under = quantity.is_some_and(|quantity| {
            quantity.is_zero()
                || known(|symbol| symbol.min_quantity).is_some_and(|least| quantity < least)
        }) || known(|symbol| symbol.min_notional).is_some_and(|least| notional < least);
        Ok(self.flag("below_minimum", wanted, under))
    }

    fn holds_budget(&mut self, wanted: Flag) -> Result<bool, Refusal> {
        if wanted == Flag::Any {
            return Ok(true);
        }
        let exhausted = self.consult()?.is_some_and(|(_, holds)| !holds);
        Ok(self.flag("budget", wanted, exhausted))
    }

    fn mask(&mut self, word: &'static str, accepted: u32, all: u32, bit: u32) -> bool {
        accepted == all || self.count(word, accepted & bit != 0)
    }

    fn flag(&mut self, word: &'static str, wanted: Flag, fact: bool) -> bool {
        match wanted {
            Flag::Any => true,
            Flag::Yes => self.count(word, fact),
            Flag::No => self.count(word, !fact),
        }
    }

    fn name(&mut self, word: &'static str, test: Option<&NameTest>, name: &str) -> bool {
        let Some(test) = test else { return true };
        let named = test
            .patterns
            .iter()
            .any(|pattern| matches(pattern.as_bytes(), name.as_bytes()));
        self.count(word, named != test.negated)
    }

    fn count(&mut self, word: &'static str, held: bool) -> bool {
        let tested = self.tally.entry(word).or_default();
        if held {
            tested.held += 1;
        } else {
            tested.failed += 1;
        }
        held
    }

    /// Quantity 0 is flat.
    fn position(&self) -> Option<Position> {
        self.request
            .terms
            .position
            .filter(|position| position.quantity > Amount::ZERO)
    }

    fn closable(&self) -> Amount {
        let closing = self.request.terms.working.closing;
        let quantity = self
            .position()
            .map_or(Amount::ZERO, |position| position.quantity);
        quantity.checked_sub(closing).unwrap_or(Amount::ZERO)
    }

    fn is_dust(&self) -> bool {
        let least = self.symbol.and_then(|symbol| symbol.min_quantity);
        self.position()
            .is_some_and(|position| least.is_some_and(|least| position.quantity < least))
    }

    /// Whether the action would reduce the position.
    fn reduces(&self) -> bool {
        match (
            self.request.terms.final_action,
            self.position().map(|position| position.side),
        ) {
            (FinalAction::Buy, side) => side == Some(PositionSide::Short),
            (FinalAction::Sell, side) => side == Some(PositionSide::Long),
            (FinalAction::Close, side) => side.is_some(),
            _ => false,
        }
    }

    fn score(&self, field: ScoreField) -> Option<f64> {
        let terms = &self.request.terms;
        match field {
            ScoreField::SignalScore => terms.signal_score,
            ScoreField::SignalStrength => terms.signal_score.map(f64::abs),
            ScoreField::Confidence => terms.confidence,
            ScoreField::RiskRewardRatio => terms.risk_reward_ratio,
        }
    }

    fn amount(&self, field: AmountField) -> Option<Amount> {
        let terms = &self.request.terms;
        match field {
            AmountField::PositionQuantity => Some(
                self.position()
                    .map_or(Amount::ZERO, |position| position.quantity),
            ),
            AmountField::ClosableQuantity => Some(self.closable()),
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

    fn price(&self) -> Result<Amount, Refusal> {
        self.request
            .terms
            .price
            .ok_or(Refusal::FieldMissing(RequestField::Price))
    }

    fn notional(&self) -> Result<Amount, Refusal> {
        let terms = &self.request.terms;
        let target = terms
            .target_notional
            .ok_or(Refusal::FieldMissing(RequestField::TargetNotional))?;
        let size = match self.tier {
            Some((_, tier)) if !terms.sized => tier.info.size,
            _ => Amount::ONE,
        };
        target
            .mul_down(size)
            .ok_or(Refusal::FieldOverflow(RequestField::TargetNotional))
    }

    /// What the tier's budget says; `None` where the tier has none.
    fn consult(&mut self) -> Result<Option<(BudgetClaim, bool)>, Refusal> {
        let Some(budget) = self.tier.and_then(|(_, tier)| tier.info.budget) else {
            return Ok(None);
        };
        let notional = self.notional()?;
        let at = usize::try_from(budget).unwrap_or(usize::MAX);
        let uses = self
            .state
            .budgets
            .filter(|uses| uses.len() == self.table.budgets.len());
        let spent = uses
            .and_then(|uses| uses.get(at))
            .ok_or(Refusal::BudgetsMissing)?;
        let info = self.table.budgets.get(at).ok_or(Refusal::NoRoute)?;
        let terms = &self.request.terms;
        let limit = limit(info, terms.equity)?;
        let rate = match quote(self.request.symbol) {
            Some(quote) if quote == self.table.account_currency => Amount::ONE,
            _ => terms
                .quote_rate
                .ok_or(Refusal::FieldMissing(RequestField::QuoteRate))?,
        };
        let overflow = Refusal::FieldOverflow(RequestField::QuoteRate);
        let need = notional.mul_up_at(rate, 12).ok_or(overflow)?;
        let after = spent
            .used
            .checked_add(spent.reserved)
            .and_then(|held| held.checked_add(need));
        let money = limit.is_none_or(|limit| after.is_some_and(|after| after <= limit));
        let count = info.orders.is_none_or(|most| spent.orders < most);
        self.consulted = Some((BudgetClaim { budget, need }, money && count));
        Ok(self.consulted)
    }

    fn intent(&self) -> OrderIntent {
        match self.request.terms.trade_type {
            TradeType::Auto => self
                .tier
                .map_or(OrderIntent::Normal, |(_, tier)| tier.info.intent),
            TradeType::Normal => OrderIntent::Normal,
            TradeType::Pilot => OrderIntent::Pilot,
            TradeType::Exploration => OrderIntent::Explore,
            TradeType::Exit => OrderIntent::Exit,
            TradeType::Risk => OrderIntent::Risk,
        }
    }

    fn carry_out(&mut self, rule: u32, outcome: Outcome) -> Result<Decision, Refusal> {
        let skipped = Decision {
            side: Side::Skip,
            intent: self.intent(),
            reason: 0,
            rule,
            effect: PositionEffect::None,
            notional: None,
            quantity: None,
            tier: self.tier.map(|(tier, _)| tier),
            budget: self.consulted.map(|(claim, _)| claim),
        };
        match outcome {
            Outcome::Skip { reason } => Ok(Decision { reason, ..skipped }),
            Outcome::Close {
                long_reason,
                short_reason,
            } => self.close(skipped, long_reason, short_reason),
            Outcome::Open {
                long_reason,
                short_reason,
            } => self.open(skipped, long_reason, short_reason),
        }
    }

    fn close(
        &self,
        skipped: Decision,
        long_reason: u32,
        short_reason: u32,
    ) -> Result<Decision, Refusal> {
        let position = self
            .position()
            .filter(|_| self.reduces())
            .ok_or(Refusal::NoRoute)?;
        let closable = self.closable();
        if closable.is_zero() {
            return Err(Refusal::NoRoute);
        }
        let terms = &self.request.terms;
        let (side, reason) = match position.side {
            PositionSide::Long => (Side::Sell, long_reason),
            PositionSide::Short => (Side::Buy, short_reason),
        };
        Ok(Decision {
            side,
            intent: if terms.trade_type == TradeType::Risk {
                OrderIntent::Risk
            } else {
                OrderIntent::Exit
            },
            reason,
            effect: PositionEffect::Close,
            quantity: Some(
                terms
                    .close_quantity
                    .map_or(closable, |asked| asked.min(closable)),
            ),
            tier: None,
            budget: None,
            ..skipped
        })
    }

    fn open(
        &mut self,
        skipped: Decision,
        long_reason: u32,
        short_reason: u32,
    ) -> Result<Decision, Refusal> {
        let terms = &self.request.terms;
        let reversal = self.reduces() && !self.is_dust();
        let only_closes = matches!(terms.trade_type, TradeType::Exit | TradeType::Risk);
        let shortable = self.symbol.is_some_and(|symbol| symbol.shortable);
        let (side, reason) = match terms.final_action {
            FinalAction::Buy => (Side::Buy, long_reason),
            FinalAction::Sell if shortable => (Side::Sell, short_reason),
            _ => return Err(Refusal::NoRoute),
        };
        let needs_budget = matches!(self.intent(), OrderIntent::Pilot | OrderIntent::Explore);
        let has_budget = self
            .tier
            .is_some_and(|(_, tier)| tier.info.budget.is_some());
        let active = self.state.trading_state == TradingState::Active;
        if reversal || only_closes || !active || needs_budget != has_budget {
            return Err(Refusal::NoRoute);
        }
        let notional = self.notional()?;
        if notional.is_zero() {
            return Err(Refusal::FieldOverflow(RequestField::TargetNotional));
        }
        self.price()?;
        let budget = match self.consult()? {
            Some((_, false)) => return Err(Refusal::NoRoute),
            claim => claim.map(|(claim, _)| claim),
        };
        let effect = PositionEffect::Open;
        Ok(Decision {
            side,
            reason,
            effect,
            notional: Some(notional),
            budget,
            ..skipped
        })
    }
}

fn tier_of<'t>(table: &'t Table, terms: &OrderTerms) -> Option<(u32, &'t Tier)> {
    let reaches = |least: Option<f64>, score: Option<f64>| match (least, score) {
        (None, _) => true,
        (Some(least), Some(score)) => score >= least,
        (Some(_), None) => false,
    };
    let mut tiers = (0..).zip(&table.tiers);
    match terms.trade_type {
        TradeType::Auto => tiers.find(|(_, tier)| {
            reaches(tier.signal_strength_min, terms.signal_score.map(f64::abs))
                && reaches(tier.risk_reward_min, terms.risk_reward_ratio)
                && reaches(tier.confidence_min, terms.confidence)
        }),
        TradeType::Normal => tiers.find(|(_, tier)| tier.info.intent == OrderIntent::Normal),
        TradeType::Pilot => tiers.find(|(_, tier)| tier.info.intent == OrderIntent::Pilot),
        TradeType::Exploration => tiers.find(|(_, tier)| tier.info.intent == OrderIntent::Explore),
        TradeType::Exit | TradeType::Risk => None,
    }
}

/// The lesser of the limits in money; `None` where orders alone are counted.
fn limit(budget: &BudgetInfo, equity: Option<Amount>) -> Result<Option<Amount>, Refusal> {
    let Some(percent) = budget.percent else {
        return Ok(budget.amount);
    };
    let equity = equity.ok_or(Refusal::FieldMissing(RequestField::Equity))?;
    let share = Amount::new(1, 2)
        .and_then(|hundredth| percent.mul_down(hundredth))
        .and_then(|factor| equity.mul_down_at(factor, 12))
        .ok_or(Refusal::FieldOverflow(RequestField::Equity))?;
    Ok(Some(
        budget.amount.map_or(share, |amount| amount.min(share)),
    ))
}

/// What stands behind the first `/`, up to any `:`.
pub(crate) fn quote(symbol: &str) -> Option<&str> {
    let behind = symbol.split_once('/')?.1;
    behind.split(':').next().filter(|quote| !quote.is_empty())
}

fn in_range<N: PartialOrd + Copy>(range: &NumberRange<N>, number: Option<N>) -> bool {
    let Some(number) = number else {
        return matches!(range, NumberRange::Absent);
    };
    match *range {
        NumberRange::Absent => false,
        NumberRange::Present => true,
        NumberRange::Within { low, high } => {
            let above = match low {
                End::Open => true,
                End::Including(low) => low <= number,
                End::Excluding(low) => low < number,
            };
            let below = match high {
                End::Open => true,
                End::Including(high) => number <= high,
                End::Excluding(high) => number < high,
            };
            above && below
        }
    }
}

/// Whether the pattern matches the whole name, by trying every length for every `*`.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, _) => name.is_empty(),
        (Some((b'*', rest)), None) => matches(rest, name),
        (Some((b'*', rest)), Some((_, tail))) => matches(rest, name) || matches(pattern, tail),
        (Some((wanted, rest)), Some((byte, tail))) => {
            (*wanted == b'?' || wanted == byte) && matches(rest, tail)
        }
        (Some(_), None) => false,
    }
}
