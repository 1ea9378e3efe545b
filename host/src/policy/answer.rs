//! A policy's answer, made from the records of the interface and checked for form: indexes
//! in range of the manifest, amounts within their digits. (How requests go the other way is
//! in `bindings/images.rs`.)

use router_guest::amount::Amount;
use router_guest::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};
use router_guest::manifest::Manifest;
use router_guest::state::TradingState;

use super::PolicyFault;
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
same_cases!(side: wit::Side => Side { Buy Sell Skip });
same_cases!(intent: wit::OrderIntent => OrderIntent { Normal Pilot Explore Exit Risk });
same_cases!(effect: wit::PositionEffect => PositionEffect { Open Close None });
same_cases!(field: wit::RequestField => RequestField {
    Position Price TargetNotional Equity QuoteRate
});

/// The amount, or the name of the field that is none.
pub(super) fn amount(decimal: wit::Decimal, field: &'static str) -> Result<Amount, PolicyFault> {
    Amount::from_words(decimal.high, decimal.low, decimal.scale)
        .ok_or(PolicyFault::AmountInvalid { field })
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
