//! Section 4 of the contract, row by row: the first that fits decides.

use crate::amount::{Amount, Rounding};
use crate::bindings::exports::execution_router::policy::routing::{
    BudgetClaim, BudgetUse, Decision, FinalAction, OrderIntent, OrderTerms, Position,
    PositionEffect, PositionSide, Refusal, RefusalKind, RequestField, Side, TradeType,
    TradingState,
};
use crate::manifest::{
    ACCOUNT_CURRENCY, BUDGETS, EXPLORATION, EXPLORATION_SHARE, Reason, Rule, SymbolRule, TIERS,
    TierRule, symbol,
};

/// Places at which needs round up and limits round down.
const MONEY_PLACES: u32 = 12;
/// What a product is rounded at where nothing but its digits bounds it.
const PLACES_MAX: u32 = 28;
/// The step of a symbol whose step is not known: 8 places.
const DEFAULT_STEP: Amount = Amount::new(1, 8);

/// One request and the state that it is decided in.
pub struct Question<'a> {
    pub symbol: &'a str,
    pub terms: &'a OrderTerms,
    pub trading_state: TradingState,
    pub budgets: Option<&'a [BudgetUse]>,
}

type Answer = Result<Decision, Refusal>;

/// What the rows look at, worked out once.
struct Facts<'a> {
    question: &'a Question<'a>,
    symbol: Option<&'static SymbolRule>,
    /// The tier that classifies or sizes the trade, with its index.
    tier: Option<(u32, &'static TierRule)>,
    /// The position that counts: dust does only where closing was asked for.
    position: Option<Position>,
    is_dust: bool,
    closable: Amount,
}

pub fn route(question: &Question<'_>) -> Answer {
    let facts = Facts::of(question);
    facts
        .without_asking_for_anything()
        .or_else(|| facts.closing())
        .or_else(|| facts.not_opening())
        .map_or_else(|| facts.opening(), Ok)
}

fn only_closes(trade_type: TradeType) -> bool {
    matches!(trade_type, TradeType::Exit | TradeType::Risk)
}

impl<'a> Facts<'a> {
    fn of(question: &'a Question<'a>) -> Self {
        let terms = question.terms;
        let symbol = symbol(question.symbol);
        let open = terms
            .position
            .filter(|position| !amount(position.quantity).is_zero());
        let least = symbol.and_then(|symbol| symbol.min_quantity);
        let is_dust = open
            .zip(least)
            .is_some_and(|(position, least)| amount(position.quantity) < least);
        let minds_dust = terms.final_action == FinalAction::Close || only_closes(terms.trade_type);
        let position = open.filter(|_| !is_dust || minds_dust);
        let closable = position.map_or(Amount::ZERO, |position| {
            amount(position.quantity).minus(amount(terms.working.closing))
        });
        Self {
            question,
            symbol,
            tier: tier(terms),
            position,
            is_dust,
            closable,
        }
    }

    fn terms(&self) -> &'a OrderTerms {
        self.question.terms
    }

    fn leg(&self) -> Option<PositionSide> {
        self.position.map(|position| position.side)
    }

    fn intent(&self) -> OrderIntent {
        match self.terms().trade_type {
            TradeType::Normal => OrderIntent::Normal,
            TradeType::Pilot => OrderIntent::Pilot,
            TradeType::Exploration => OrderIntent::Explore,
            TradeType::Exit => OrderIntent::Exit,
            TradeType::Risk => OrderIntent::Risk,
            TradeType::Auto => self
                .tier
                .map_or(OrderIntent::Normal, |(_, tier)| tier.intent),
        }
    }

    /// Rows 1 to 2a.
    fn without_asking_for_anything(&self) -> Option<Decision> {
        let OrderTerms {
            final_action,
            trade_type,
            ..
        } = *self.terms();
        if self.question.trading_state == TradingState::Halted && trade_type != TradeType::Risk {
            return Some(self.skip(Rule::Halted, Reason::TradingHalted));
        }
        match final_action {
            FinalAction::Hold => Some(self.skip(Rule::NoSignal, Reason::HoldSignal)),
            FinalAction::Skip => Some(self.skip(Rule::NoSignal, Reason::SkipSignal)),
            FinalAction::Unknown => Some(self.skip(Rule::NoSignal, Reason::UnknownAction)),
            FinalAction::Buy | FinalAction::Sell
                if trade_type == TradeType::Auto && self.tier.is_none() =>
            {
                Some(self.skip(Rule::BelowThreshold, Reason::BelowThreshold))
            }
            _ => None,
        }
    }

    /// Rows 2b to 5.
    fn closing(&self) -> Option<Decision> {
        let action = self.terms().final_action;
        let rule = match (action, self.leg()) {
            (FinalAction::Buy, Some(PositionSide::Short)) => Some(Rule::CloseShort),
            (FinalAction::Sell, Some(PositionSide::Long)) => Some(Rule::CloseLong),
            (FinalAction::Close, Some(_)) => Some(Rule::Close),
            _ => None,
        };
        if rule.is_some() && self.closable.is_zero() {
            return Some(self.skip(Rule::AlreadyClosing, Reason::AlreadyClosing));
        }
        // Where dust does not matter, it is no position.
        if self.is_dust && self.position.is_some() {
            return Some(self.skip(Rule::Dust, Reason::Dust));
        }
        match rule {
            Some(rule) => self.leg().map(|leg| self.close(rule, leg)),
            None if action == FinalAction::Close => {
                Some(self.skip(Rule::Close, Reason::NoPositionToClose))
            }
            None => None,
        }
    }

    /// Rows 6 to 11: BUY and SELL that would open, and may not.
    fn not_opening(&self) -> Option<Decision> {
        let exits = only_closes(self.terms().trade_type);
        let may_short = self.symbol.is_some_and(SymbolRule::is_shortable);
        let is_opening = !amount(self.terms().working.opening).is_zero();
        let (rule, reason) = match self.leg() {
            None if exits => (Rule::ExitWhenFlat, Reason::NoPositionToClose),
            Some(_) if exits => (Rule::ExitCannotOpen, Reason::ExitCannotOpen),
            Some(PositionSide::Long) => (Rule::NoPyramid, Reason::AlreadyLongNoPyramid),
            Some(PositionSide::Short) => (Rule::NoPyramid, Reason::AlreadyShortNoPyramid),
            None if self.question.trading_state == TradingState::Reducing => {
                (Rule::Reducing, Reason::ReducingOnly)
            }
            None if self.terms().final_action == FinalAction::Sell && !may_short => {
                (Rule::ShortingDisabled, Reason::ShortingDisabled)
            }
            None if is_opening => (Rule::AlreadyOpening, Reason::AlreadyOpening),
            None => return None,
        };
        Some(self.skip(rule, reason))
    }

    /// Rows 11a to 13.
    fn opening(&self) -> Answer {
        let notional = self.notional()?;
        let price = self.terms().price.map(amount);
        let price = price.ok_or(missing(RequestField::Price))?;
        if self.is_below_minimum(notional, price) {
            return Ok(self.skip(Rule::BelowMinimum, Reason::BelowMinimum));
        }
        let charged = self.tier.and_then(|(_, tier)| tier.budget);
        let budget = charged.map(|_| self.claim(notional)).transpose()?;
        if let Some((claim, false)) = budget {
            let refused = self.skip(Rule::ExplorationLimit, Reason::ExplorationLimit);
            return Ok(Decision {
                budget: Some(claim),
                ..refused
            });
        }
        let (side, reason) = match self.terms().final_action {
            FinalAction::Buy => (Side::Buy, Reason::OpenLong),
            _ => (Side::Sell, Reason::OpenShort),
        };
        Ok(Decision {
            side,
            effect: PositionEffect::Open,
            notional: Some(notional.into()),
            budget: budget.map(|(claim, _)| claim),
            ..self.skip(Rule::Open, reason)
        })
    }

    fn notional(&self) -> Result<Amount, Refusal> {
        let target = self.terms().target_notional.map(amount);
        let target = target.ok_or(missing(RequestField::TargetNotional))?;
        match self.tier {
            Some((_, tier)) if !self.terms().sized => target
                .times(tier.size, PLACES_MAX, Rounding::Down)
                .ok_or(overflow(RequestField::TargetNotional)),
            _ => Ok(target),
        }
    }

    /// The quantity, notional / price rounded down to the step, is under the minimum, which is a
    /// multiple of the step, exactly where the notional is under minimum × price.
    fn is_below_minimum(&self, notional: Amount, price: Amount) -> bool {
        let known = self.symbol;
        let step = known.and_then(|symbol| symbol.step).unwrap_or(DEFAULT_STEP);
        let least = known.and_then(|symbol| symbol.min_quantity).unwrap_or(step);
        let least_notional = known.and_then(|symbol| symbol.min_notional);
        notional.is_below_product(least.max(step), price)
            || least_notional.is_some_and(|least| notional < least)
    }

    /// What the exploration budget is asked for, and whether it holds it.
    fn claim(&self, notional: Amount) -> Result<(BudgetClaim, bool), Refusal> {
        let spent = match self.question.budgets {
            Some([spent]) if BUDGETS == 1 => spent,
            _ => return Err(refused(RefusalKind::BudgetsMissing, RequestField::Equity)),
        };
        let equity = self.terms().equity.map(amount);
        let limit = equity
            .ok_or(missing(RequestField::Equity))?
            .times(EXPLORATION_SHARE, MONEY_PLACES, Rounding::Down)
            .ok_or(overflow(RequestField::Equity))?;
        let rate = self.quote_rate().ok_or(missing(RequestField::QuoteRate))?;
        let need = notional
            .times(rate, MONEY_PLACES, Rounding::Up)
            .ok_or(overflow(RequestField::QuoteRate))?;
        let left = limit
            .minus(amount(spent.used))
            .minus(amount(spent.reserved));
        let claim = BudgetClaim {
            budget: EXPLORATION,
            need: need.into(),
        };
        Ok((claim, need <= left))
    }

    /// 1 where the symbol is quoted in the account currency: behind `/`, before any `:`.
    fn quote_rate(&self) -> Option<Amount> {
        let quote = self.question.symbol.split_once('/').map(|(_, quote)| quote);
        let quote = quote.and_then(|quote| quote.split(':').next());
        if quote == Some(ACCOUNT_CURRENCY) {
            Some(Amount::ONE)
        } else {
            self.terms().quote_rate.map(amount)
        }
    }

    fn close(&self, rule: Rule, leg: PositionSide) -> Decision {
        let asked = self.terms().close_quantity.map(amount);
        let quantity = asked.map_or(self.closable, |asked| asked.min(self.closable));
        let (side, reason) = match leg {
            PositionSide::Long => (Side::Sell, Reason::CloseLong),
            PositionSide::Short => (Side::Buy, Reason::CloseShort),
        };
        Decision {
            side,
            intent: match self.terms().trade_type {
                TradeType::Risk => OrderIntent::Risk,
                _ => OrderIntent::Exit,
            },
            effect: PositionEffect::Close,
            quantity: Some(quantity.into()),
            tier: None,
            ..self.skip(rule, reason)
        }
    }

    fn skip(&self, rule: Rule, reason: Reason) -> Decision {
        Decision {
            side: Side::Skip,
            intent: self.intent(),
            reason: reason as u32,
            rule: rule as u32,
            effect: PositionEffect::None,
            notional: None,
            quantity: None,
            tier: self.tier.map(|(index, _)| index),
            budget: None,
        }
    }
}

/// Of `auto`, the first tier that the figures reach, and a missing one reaches none; of a type that
/// the bot states, the tier of its intent, whatever the figures.
fn tier(terms: &OrderTerms) -> Option<(u32, &'static TierRule)> {
    let reaches = |least: f64, figure: Option<f64>| figure.is_some_and(|figure| figure >= least);
    let strength = terms.signal_score.map(f64::abs);
    (0..).zip(&TIERS).find(|(_, tier)| match terms.trade_type {
        TradeType::Auto => {
            reaches(tier.score_min, strength)
                && tier
                    .risk_reward_min
                    .is_none_or(|least| reaches(least, terms.risk_reward_ratio))
        }
        TradeType::Normal => tier.intent == OrderIntent::Normal,
        TradeType::Pilot => tier.intent == OrderIntent::Pilot,
        TradeType::Exploration => tier.intent == OrderIntent::Explore,
        TradeType::Exit | TradeType::Risk => false,
    })
}

fn amount(decimal: impl Into<Amount>) -> Amount {
    decimal.into()
}

const fn refused(kind: RefusalKind, field: RequestField) -> Refusal {
    Refusal { kind, field }
}

const fn missing(field: RequestField) -> Refusal {
    refused(RefusalKind::FieldMissing, field)
}

const fn overflow(field: RequestField) -> Refusal {
    refused(RefusalKind::FieldOverflow, field)
}

#[cfg(test)]
mod tests;
