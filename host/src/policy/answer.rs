//! A policy's answer, made from the records of the interface and checked for form: amounts
//! within their digits. Whether its indexes point at anything is for the guard: a policy that
//! gives a reason which it never declared has broken an invariant. (How requests go the other
//! way is in `bindings/images.rs`.)

use router_guest::amount::Amount;
use router_guest::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};
use router_guest::state::TradingState;

use super::PolicyFault;
use crate::bindings::images::AnswerImage;
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

/// The answer, when all of its amounts are some.
pub(super) fn of(answer: &AnswerImage) -> Result<Result<Decision, Refusal>, PolicyFault> {
    match answer {
        AnswerImage::Sound(answer) => Ok(*answer),
        AnswerImage::Unsound(Ok(answered)) => decision(answered).map(Ok),
        AnswerImage::Unsound(Err(refused)) => Ok(Err(refusal(*refused))),
    }
}

fn decision(decision: &wit::Decision) -> Result<Decision, PolicyFault> {
    let optional = |value: Option<wit::Decimal>, field| match value {
        None => Ok(None),
        Some(value) => amount(value, field).map(Some),
    };
    let budget = match decision.budget {
        None => None,
        Some(claim) => Some(BudgetClaim {
            budget: claim.budget,
            need: amount(claim.need, "need")?,
        }),
    };
    Ok(Decision {
        side: side(decision.side),
        intent: intent(decision.intent),
        reason: decision.reason,
        rule: decision.rule,
        effect: effect(decision.effect),
        notional: optional(decision.notional, "notional")?,
        quantity: optional(decision.quantity, "quantity")?,
        tier: decision.tier,
        budget,
    })
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
