//! Components and requests that several tests share.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(
    clippy::expect_used,
    reason = "a test stops where its ground is missing"
)]

use execution_router::policy::ComponentError;
use execution_router::{Cache, Compiler, Loader, Policy, compose};
use router_guest::amount::Amount;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, TradeType};

/// The default policy's document.
pub(crate) const DOCUMENT: &str = include_str!("../../../policies/default/policy.yaml");
/// The default policy's cases.
pub(crate) const CASES: &str = include_str!("../../../policies/default/cases.yaml");

/// The default policy's component.
pub(crate) fn default_component() -> Vec<u8> {
    compose::compose(DOCUMENT, Some(CASES)).expect("the default policy composes")
}

/// Loads policies without keeping them; components are compiled by the program that is shipped.
pub(crate) fn loader(cache: &Cache) -> Loader<'_> {
    Loader::new(cache).compiler(Compiler::child(env!("CARGO_BIN_EXE_execution-router")))
}

/// What becomes of a component.
pub(crate) fn loaded(bytes: &[u8]) -> Result<Policy, ComponentError> {
    loader(&Cache::disabled()).component(bytes)
}

/// An amount.
pub(crate) fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

/// Terms of many kinds: each action with each type, flat, long and short, with and without
/// figures.
pub(crate) fn many_terms() -> Vec<OrderTerms> {
    let mut all = Vec::new();
    for action in FinalAction::ALL {
        for trade_type in TradeType::ALL {
            for position in [None, Some(PositionSide::Long), Some(PositionSide::Short)] {
                let mut terms = OrderTerms::new(action, trade_type);
                terms.position = position.map(|side| Position {
                    side,
                    quantity: amount("0.25"),
                });
                all.push(terms);
                terms.price = Some(amount("43000.50"));
                terms.target_notional = Some(amount("1234.5678901234"));
                terms.equity = Some(amount("98765.4321"));
                terms.quote_rate = Some(amount("0.999912345678"));
                terms.signal_score = Some(-0.57);
                terms.confidence = Some(0.71);
                terms.risk_reward_ratio = Some(1.4);
                terms.stop_loss = Some(amount("41000"));
                terms.take_profit = Some(amount("9999999999999999999999999999"));
                terms.close_quantity = Some(amount("0.0000000000000000000000000001"));
                terms.working.closing = amount("0.05");
                all.push(terms);
            }
        }
    }
    all
}
