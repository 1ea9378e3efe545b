//! What happens to a request when no policy can answer it: exits get their close, and
//! everything else is skipped. This is the only routing that the host does itself.

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, Side};
use router_guest::request::{FinalAction, OrderTerms, PositionSide, TradeType};
use router_guest::state::TradingState;

/// The name of the rule in such a decision.
pub const FAIL_SAFE_RULE: &str = "fail-safe";
/// The reason of what no policy could decide.
pub const UNAVAILABLE: &str = "policy_unavailable";
/// Every reason that the fail-safe gives. Journals hold their numbers, so none ever moves.
pub const REASONS: [&str; 6] = [
    UNAVAILABLE,
    "trading_halted",
    "already_closing",
    "dust",
    "close_long",
    "close_short",
];

/// The decision that is made without a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailSafe {
    /// The side of the order.
    pub side: Side,
    /// What it is for.
    pub intent: OrderIntent,
    /// Why.
    pub reason: &'static str,
    /// Base quantity of a close.
    pub quantity: Option<Amount>,
    /// The leg that is closed.
    pub position_side: Option<PositionSide>,
}

/// Closes what the request may close, unless trading is halted, everything is closing
/// already, or the position is under `least` (the symbol's least quantity, where known).
pub fn decide(terms: &OrderTerms, state: TradingState, least: Option<Amount>) -> FailSafe {
    let Some(position) = terms.open_position().filter(|_| terms.faces_position()) else {
        return skip(terms, UNAVAILABLE);
    };
    let is_dust = least.is_some_and(|least| position.quantity < least);
    let must_close = terms.final_action == FinalAction::Close || terms.trade_type.only_closes();
    if is_dust && !must_close {
        // To a BUY or SELL that is no exit, a position under the minimum is none.
        return skip(terms, UNAVAILABLE);
    }
    if state == TradingState::Halted && terms.trade_type != TradeType::Risk {
        return skip(terms, "trading_halted");
    }
    if terms.closable().is_zero() {
        return skip(terms, "already_closing");
    }
    if is_dust {
        return skip(terms, "dust");
    }
    let (side, reason) = match position.side {
        PositionSide::Long => (Side::Sell, "close_long"),
        PositionSide::Short => (Side::Buy, "close_short"),
    };
    let intent = match terms.trade_type {
        TradeType::Risk => OrderIntent::Risk,
        _ => OrderIntent::Exit,
    };
    FailSafe {
        side,
        intent,
        reason,
        quantity: Some(terms.quantity_to_close()),
        position_side: Some(position.side),
    }
}

fn skip(terms: &OrderTerms, reason: &'static str) -> FailSafe {
    FailSafe {
        side: Side::Skip,
        intent: OrderIntent::of_type(terms.trade_type),
        reason,
        quantity: None,
        position_side: None,
    }
}

#[cfg(test)]
mod tests {
    use router_guest::request::Position;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn terms(
        action: FinalAction,
        trade_type: TradeType,
        side: PositionSide,
        closing: &str,
    ) -> OrderTerms {
        let mut terms = OrderTerms::new(action, trade_type);
        terms.position = Some(Position {
            side,
            quantity: amount("2"),
        });
        terms.working.closing = amount(closing);
        terms
    }

    #[test]
    fn exits_get_their_close_and_nothing_else_moves() {
        use FinalAction::{Buy, Close, Hold, Sell};
        use PositionSide::{Long, Short};
        use TradeType::{Exit, Normal, Risk};
        use TradingState::{Active, Halted, Reducing};
        for (action, trade_type, side, closing, state, least, expected) in [
            (
                Sell,
                Normal,
                Long,
                "0",
                Active,
                None,
                "SELL exit close_long 2",
            ),
            (
                Buy,
                Normal,
                Short,
                "0.5",
                Active,
                None,
                "BUY exit close_short 1.5",
            ),
            (
                Close,
                Risk,
                Long,
                "0",
                Halted,
                None,
                "SELL risk close_long 2",
            ),
            (
                Close,
                Exit,
                Long,
                "0",
                Reducing,
                None,
                "SELL exit close_long 2",
            ),
            (
                Close,
                Exit,
                Long,
                "0",
                Halted,
                None,
                "SKIP exit trading_halted",
            ),
            (
                Close,
                Normal,
                Short,
                "2",
                Active,
                None,
                "SKIP normal already_closing",
            ),
            (
                Close,
                Normal,
                Short,
                "0",
                Active,
                Some("3"),
                "SKIP normal dust",
            ),
            (Sell, Exit, Long, "0", Active, Some("3"), "SKIP exit dust"),
            (
                Sell,
                Normal,
                Long,
                "0",
                Active,
                Some("3"),
                "SKIP normal policy_unavailable",
            ),
            (
                Buy,
                Normal,
                Long,
                "0",
                Active,
                None,
                "SKIP normal policy_unavailable",
            ),
            (
                Hold,
                Normal,
                Long,
                "0",
                Active,
                None,
                "SKIP normal policy_unavailable",
            ),
        ] {
            let made = decide(
                &terms(action, trade_type, side, closing),
                state,
                least.map(amount),
            );
            let quantity = made
                .quantity
                .map_or(String::new(), |quantity| format!(" {quantity}"));
            let said = format!(
                "{} {} {}{quantity}",
                made.side.word(),
                made.intent.word(),
                made.reason
            );
            assert_eq!(said, expected);
        }
    }
}
