//! Between the records of the interface and the types of the rule engine's crate: requests
//! outwards, answers inwards. What comes in is checked for form: indexes in range of the
//! manifest, amounts within their digits.

use router_guest::amount::Amount;
use router_guest::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};
use router_guest::manifest::Manifest;
use router_guest::request::{FinalAction, OrderTerms, PositionSide, TradeType};
use router_guest::state::{BudgetUse, TradingState};

use super::{BatchItem, PolicyFault};
use crate::bindings::v0_1_0::exports::execution_router::policy::routing as wit;

/// Between two enums with the same cases; it compiles to nothing.
macro_rules! same_cases {
    ($name:ident: $from:path => $into:path { $($case:ident)* }) => {
        pub(super) const fn $name(value: $from) -> $into {
            type From = $from;
            type Into = $into;
            match value {
                $(From::$case => Into::$case,)*
            }
        }
    };
}

same_cases!(trading_state: TradingState => wit::TradingState { Active Reducing Halted });
same_cases!(final_action: FinalAction => wit::FinalAction { Buy Sell Hold Skip Close Unknown });
same_cases!(trade_type: TradeType => wit::TradeType { Normal Pilot Exploration Exit Risk Auto });
same_cases!(position_side: PositionSide => wit::PositionSide { Long Short });
same_cases!(side: wit::Side => Side { Buy Sell Skip });
same_cases!(intent: wit::OrderIntent => OrderIntent { Normal Pilot Explore Exit Risk });
same_cases!(effect: wit::PositionEffect => PositionEffect { Open Close None });
same_cases!(field: wit::RequestField => RequestField {
    Position Price TargetNotional Equity QuoteRate
});

/// The interface's form of an amount.
#[inline]
pub(super) fn decimal(amount: Amount) -> wit::Decimal {
    let (high, low, scale) = amount.to_words();
    wit::Decimal { high, low, scale }
}

/// The amount, or the name of the field that is none.
pub(super) fn amount(decimal: wit::Decimal, field: &'static str) -> Result<Amount, PolicyFault> {
    Amount::from_words(decimal.high, decimal.low, decimal.scale)
        .ok_or(PolicyFault::AmountInvalid { field })
}

#[inline]
pub(super) fn terms(terms: &OrderTerms) -> wit::OrderTerms {
    wit::OrderTerms {
        final_action: final_action(terms.final_action),
        trade_type: trade_type(terms.trade_type),
        position: terms.position.map(|position| wit::Position {
            side: position_side(position.side),
            quantity: decimal(position.quantity),
        }),
        close_quantity: terms.close_quantity.map(decimal),
        working: wit::WorkingOrders {
            opening: decimal(terms.working.opening),
            closing: decimal(terms.working.closing),
        },
        price: terms.price.map(decimal),
        target_notional: terms.target_notional.map(decimal),
        sized: terms.sized,
        equity: terms.equity.map(decimal),
        quote_rate: terms.quote_rate.map(decimal),
        signal_score: terms.signal_score,
        confidence: terms.confidence,
        risk_reward_ratio: terms.risk_reward_ratio,
        stop_loss: terms.stop_loss.map(decimal),
        take_profit: terms.take_profit.map(decimal),
    }
}

pub(super) fn budget_use(spent: &BudgetUse) -> wit::BudgetUse {
    wit::BudgetUse {
        used: decimal(spent.used),
        reserved: decimal(spent.reserved),
        orders: spent.orders,
    }
}

pub(super) fn batch_item(item: &BatchItem) -> wit::BatchItem {
    wit::BatchItem {
        symbol: item.symbol,
        strategy: item.strategy,
        terms: terms(&item.terms),
        trading_state: trading_state(item.trading_state),
        budgets: item.budgets,
    }
}

/// How many of each the manifest has.
pub(super) struct Bounds {
    reasons: usize,
    rules: usize,
    tiers: usize,
    budgets: usize,
}

impl Bounds {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            reasons: manifest.reasons.len(),
            rules: manifest.rules.len(),
            tiers: manifest.tiers.len(),
            budgets: manifest.budgets.len(),
        }
    }

    pub(super) fn answer(
        &self,
        answer: &Result<wit::Decision, wit::Refusal>,
    ) -> Result<Result<Decision, Refusal>, PolicyFault> {
        match answer {
            Ok(decision) => self.decision(decision).map(Ok),
            Err(refused) => Ok(Err(refusal(*refused))),
        }
    }

    fn decision(&self, decision: &wit::Decision) -> Result<Decision, PolicyFault> {
        let budget = match decision.budget {
            None => None,
            Some(claim) => Some(BudgetClaim {
                budget: index(claim.budget, self.budgets, "budget")?,
                need: amount(claim.need, "need")?,
            }),
        };
        let tier = decision.tier.map(|tier| index(tier, self.tiers, "tier"));
        Ok(Decision {
            side: side(decision.side),
            intent: intent(decision.intent),
            reason: index(decision.reason, self.reasons, "reason")?,
            rule: index(decision.rule, self.rules, "rule")?,
            effect: effect(decision.effect),
            notional: decision
                .notional
                .map(|value| amount(value, "notional"))
                .transpose()?,
            quantity: decision
                .quantity
                .map(|value| amount(value, "quantity"))
                .transpose()?,
            tier: tier.transpose()?,
            budget,
        })
    }
}

fn index(index: u32, count: usize, field: &'static str) -> Result<u32, PolicyFault> {
    if (index as usize) < count {
        Ok(index)
    } else {
        Err(PolicyFault::IndexInvalid {
            field,
            index,
            count,
        })
    }
}

const fn refusal(refusal: wit::Refusal) -> Refusal {
    let at = field(refusal.field);
    match refusal.kind {
        wit::RefusalKind::FieldMissing => Refusal::FieldMissing(at),
        wit::RefusalKind::FieldOverflow => Refusal::FieldOverflow(at),
        wit::RefusalKind::BudgetsMissing => Refusal::BudgetsMissing,
        wit::RefusalKind::NoRoute => Refusal::NoRoute,
    }
}
