//! What the policy answers, a reason at a time.

use super::*;
use crate::bindings::exports::execution_router::policy::routing::WorkingOrders;

const fn whole(number: u64) -> Decimal {
    Decimal { high: 0, low: number, scale: 0 }
}

/// A BUY of 1000 at 50000, flat.
fn buy() -> OrderTerms {
    OrderTerms {
        final_action: FinalAction::Buy,
        trade_type: TradeType::Normal,
        position: None,
        close_quantity: None,
        working: WorkingOrders { opening: whole(0), closing: whole(0) },
        price: Some(whole(50_000)),
        target_notional: Some(whole(1_000)),
        sized: false,
        equity: None,
        quote_rate: None,
        signal_score: None,
        confidence: None,
        risk_reward_ratio: None,
        stop_loss: None,
        take_profit: None,
    }
}

fn long(quantity: u64) -> Option<Position> {
    Some(Position { side: PositionSide::Long, quantity: whole(quantity) })
}

fn short(quantity: u64) -> Option<Position> {
    Some(Position { side: PositionSide::Short, quantity: whole(quantity) })
}

#[track_caller]
fn skips(terms: &OrderTerms, state: TradingState, reason: Reason) {
    assert_eq!(decide(terms, state), Ok(skip(terms, reason)));
}

#[track_caller]
fn closes(terms: &OrderTerms, side: Side, quantity: Decimal) {
    let decision = decide(terms, TradingState::Active).unwrap();
    assert_eq!((decision.side, decision.effect), (side, PositionEffect::Close));
    assert_eq!(decision.quantity.map(amount), Some(amount(quantity)));
}

#[test]
fn every_index_has_its_name() {
    assert_eq!(REASONS[Reason::OpenLong as usize], "open_long");
    assert_eq!(REASONS[Reason::NothingToClose as usize], "nothing_to_close");
    assert_eq!(REASONS.len(), Reason::OpenLong as usize + 1);
    assert_eq!(RULES[Rule::Open as usize], "open");
}

#[test]
fn a_buy_when_flat_opens_what_is_asked_for() {
    let decision = decide(&buy(), TradingState::Active).unwrap();
    assert_eq!((decision.side, decision.effect), (Side::Buy, PositionEffect::Open));
    assert_eq!(decision.notional, Some(whole(1_000)));
    assert_eq!((decision.quantity, decision.budget), (None, None));
}

#[test]
fn what_an_opening_needs_is_asked_for() {
    let without_target = OrderTerms { target_notional: None, ..buy() };
    let refused = decide(&without_target, TradingState::Active);
    assert_eq!(refused, Err(missing(RequestField::TargetNotional)));
    let without_price = OrderTerms { price: None, ..buy() };
    assert_eq!(decide(&without_price, TradingState::Active), Err(missing(RequestField::Price)));
}

#[test]
fn what_reduces_a_position_closes_it_whatever_else_is_missing() {
    let bare = OrderTerms { price: None, target_notional: None, ..buy() };
    closes(&OrderTerms { position: short(3), ..bare }, Side::Buy, whole(3));
    let sell = OrderTerms { final_action: FinalAction::Sell, position: long(3), ..bare };
    closes(&sell, Side::Sell, whole(3));
    closes(&OrderTerms { close_quantity: Some(whole(1)), ..sell }, Side::Sell, whole(1));
    closes(&OrderTerms { close_quantity: Some(whole(9)), ..sell }, Side::Sell, whole(3));
    let working = WorkingOrders { closing: whole(2), ..sell.working };
    closes(&OrderTerms { working, ..sell }, Side::Sell, whole(1));
    let working = WorkingOrders { closing: whole(3), ..sell.working };
    skips(&OrderTerms { working, ..sell }, TradingState::Active, Reason::AlreadyClosing);
}

#[test]
fn a_halt_lets_risk_management_through_alone() {
    let close = OrderTerms { final_action: FinalAction::Close, position: long(3), ..buy() };
    skips(&close, TradingState::Halted, Reason::TradingHalted);
    skips(&buy(), TradingState::Halted, Reason::TradingHalted);
    let risk = OrderTerms { trade_type: TradeType::Risk, ..close };
    let decision = decide(&risk, TradingState::Halted).unwrap();
    assert_eq!((decision.side, decision.intent), (Side::Sell, OrderIntent::Risk));
}

#[test]
fn what_may_not_open_says_why() {
    let active = TradingState::Active;
    skips(&OrderTerms { final_action: FinalAction::Hold, ..buy() }, active, Reason::NoSignal);
    skips(&OrderTerms { final_action: FinalAction::Close, ..buy() }, active, Reason::NothingToClose);
    skips(&OrderTerms { trade_type: TradeType::Exit, ..buy() }, active, Reason::NothingToClose);
    skips(&OrderTerms { position: long(3), ..buy() }, active, Reason::PositionOpen);
    skips(&buy(), TradingState::Reducing, Reason::ReducingOnly);
    skips(&OrderTerms { final_action: FinalAction::Sell, ..buy() }, active, Reason::LongOnly);
    skips(&OrderTerms { trade_type: TradeType::Pilot, ..buy() }, active, Reason::NoExploration);
    let working = WorkingOrders { opening: whole(1), ..buy().working };
    skips(&OrderTerms { working, ..buy() }, active, Reason::AlreadyOpening);
    // Quantity 0 is flat.
    skips(
        &OrderTerms { final_action: FinalAction::Close, position: long(0), ..buy() },
        active,
        Reason::NothingToClose,
    );
}
