//! Section 4, a row at a time. The whole domain is compared with the policy document elsewhere.

use super::*;
use crate::bindings::exports::execution_router::policy::routing::{Decimal, WorkingOrders};

const fn decimal(low: u64, scale: u8) -> Decimal {
    Decimal {
        high: 0,
        low,
        scale,
    }
}

const NOTHING: Decimal = decimal(0, 0);

/// A BUY of 1000 at 50000, flat, with all that a budget is asked by.
const BUY: OrderTerms = OrderTerms {
    final_action: FinalAction::Buy,
    trade_type: TradeType::Normal,
    position: None,
    close_quantity: None,
    working: WorkingOrders {
        opening: NOTHING,
        closing: NOTHING,
    },
    price: Some(decimal(50_000, 0)),
    target_notional: Some(decimal(1_000, 0)),
    sized: false,
    equity: Some(decimal(10_000, 0)),
    quote_rate: None,
    signal_score: None,
    confidence: None,
    risk_reward_ratio: None,
    stop_loss: None,
    take_profit: None,
};

const fn used(used: u64) -> BudgetUse {
    BudgetUse {
        used: decimal(used, 0),
        reserved: NOTHING,
        orders: 0,
    }
}

fn answer(symbol: &str, terms: &OrderTerms, trading_state: TradingState) -> Answer {
    let spent = [used(0)];
    let budgets = Some(&spent[..]);
    route(&Question {
        symbol,
        terms,
        trading_state,
        budgets,
    })
}

#[track_caller]
fn skips(symbol: &str, terms: &OrderTerms, state: TradingState, row: Rule, reason: Reason) {
    let decision = answer(symbol, terms, state).unwrap();
    assert_eq!(
        (decision.side, decision.effect),
        (Side::Skip, PositionEffect::None)
    );
    assert_eq!(
        (decision.rule, decision.reason),
        (row as u32, reason as u32)
    );
}

#[track_caller]
fn closes(terms: &OrderTerms, row: Rule, side: Side, quantity: Decimal) {
    let decision = answer("BTC/USDT", terms, TradingState::Reducing).unwrap();
    assert_eq!((decision.side, decision.rule), (side, row as u32));
    assert_eq!(decision.quantity.map(amount), Some(amount(quantity)));
}

const fn held(side: PositionSide, low: u64, scale: u8) -> Option<Position> {
    Some(Position {
        side,
        quantity: decimal(low, scale),
    })
}

#[test]
fn rows_that_ask_for_nothing() {
    let (btc, active) = ("BTC/USDT", TradingState::Active);
    skips(
        btc,
        &BUY,
        TradingState::Halted,
        Rule::Halted,
        Reason::TradingHalted,
    );
    let hold = OrderTerms {
        final_action: FinalAction::Hold,
        ..BUY
    };
    skips(btc, &hold, active, Rule::NoSignal, Reason::HoldSignal);
    let auto = OrderTerms {
        trade_type: TradeType::Auto,
        ..BUY
    };
    skips(
        btc,
        &auto,
        active,
        Rule::BelowThreshold,
        Reason::BelowThreshold,
    );
    let weak = OrderTerms {
        signal_score: Some(-0.29),
        risk_reward_ratio: Some(9.0),
        ..auto
    };
    skips(
        btc,
        &weak,
        active,
        Rule::BelowThreshold,
        Reason::BelowThreshold,
    );
}

#[test]
fn rows_that_close() {
    let (long, short) = (PositionSide::Long, PositionSide::Short);
    let buy = OrderTerms {
        position: held(short, 5, 1),
        ..BUY
    };
    closes(&buy, Rule::CloseShort, Side::Buy, decimal(5, 1));
    let close = OrderTerms {
        final_action: FinalAction::Close,
        position: held(long, 5, 1),
        ..BUY
    };
    closes(&close, Rule::Close, Side::Sell, decimal(5, 1));
    let sell = OrderTerms {
        final_action: FinalAction::Sell,
        ..close
    };
    let some = OrderTerms {
        close_quantity: Some(decimal(2, 1)),
        ..sell
    };
    closes(&some, Rule::CloseLong, Side::Sell, decimal(2, 1));
    let working = WorkingOrders {
        closing: decimal(5, 1),
        ..BUY.working
    };
    let closing = OrderTerms { working, ..close };
    let active = TradingState::Active;
    skips(
        "BTC/USDT",
        &closing,
        active,
        Rule::AlreadyClosing,
        Reason::AlreadyClosing,
    );
    let dust = OrderTerms {
        position: held(long, 9, 3),
        ..close
    };
    skips("LTC/USDT", &dust, active, Rule::Dust, Reason::Dust);
    let flat = OrderTerms {
        position: held(long, 0, 0),
        ..close
    };
    skips(
        "BTC/USDT",
        &flat,
        active,
        Rule::Close,
        Reason::NoPositionToClose,
    );
}

#[test]
fn rows_that_keep_from_opening() {
    let (btc, active) = ("BTC/USDT", TradingState::Active);
    let exit = OrderTerms {
        trade_type: TradeType::Exit,
        ..BUY
    };
    skips(
        btc,
        &exit,
        active,
        Rule::ExitWhenFlat,
        Reason::NoPositionToClose,
    );
    let long = held(PositionSide::Long, 5, 1);
    let onto = OrderTerms {
        position: long,
        ..exit
    };
    skips(
        btc,
        &onto,
        active,
        Rule::ExitCannotOpen,
        Reason::ExitCannotOpen,
    );
    let more = OrderTerms {
        position: long,
        ..BUY
    };
    skips(
        btc,
        &more,
        active,
        Rule::NoPyramid,
        Reason::AlreadyLongNoPyramid,
    );
    skips(
        btc,
        &BUY,
        TradingState::Reducing,
        Rule::Reducing,
        Reason::ReducingOnly,
    );
    let sell = OrderTerms {
        final_action: FinalAction::Sell,
        ..BUY
    };
    skips(
        btc,
        &sell,
        active,
        Rule::ShortingDisabled,
        Reason::ShortingDisabled,
    );
    let working = WorkingOrders {
        opening: decimal(1, 0),
        ..BUY.working
    };
    let opening = OrderTerms { working, ..BUY };
    skips(
        btc,
        &opening,
        active,
        Rule::AlreadyOpening,
        Reason::AlreadyOpening,
    );
    let small = OrderTerms {
        target_notional: Some(decimal(499, 2)),
        price: Some(decimal(1, 2)),
        ..BUY
    };
    skips(
        "LTC/USDT",
        &small,
        active,
        Rule::BelowMinimum,
        Reason::BelowMinimum,
    );
}

#[test]
fn pilots_and_explorers_open_what_the_budget_holds() {
    let pilot = OrderTerms {
        trade_type: TradeType::Pilot,
        target_notional: Some(decimal(500, 0)),
        ..BUY
    };
    for (spent, opens) in [(100, true), (101, false)] {
        let spent = [used(spent)];
        let question = Question {
            symbol: "BTC/USDT",
            terms: &pilot,
            trading_state: TradingState::Active,
            budgets: Some(&spent),
        };
        let decision = route(&question).unwrap();
        assert_eq!(decision.side, if opens { Side::Buy } else { Side::Skip });
        assert_eq!(
            decision.budget.map(|claim| amount(claim.need)),
            Some(Amount::new(200, 0))
        );
    }
    let withheld = Question {
        symbol: "BTC/USDT",
        terms: &pilot,
        trading_state: TradingState::Active,
        budgets: None,
    };
    assert_eq!(
        route(&withheld).unwrap_err().kind,
        RefusalKind::BudgetsMissing
    );
}

#[test]
fn what_an_opening_needs_is_asked_for() {
    let pilot = OrderTerms {
        trade_type: TradeType::Pilot,
        ..BUY
    };
    for (symbol, terms, field) in [
        (
            "BTC/USDT",
            OrderTerms {
                target_notional: None,
                ..BUY
            },
            RequestField::TargetNotional,
        ),
        (
            "BTC/USDT",
            OrderTerms { price: None, ..BUY },
            RequestField::Price,
        ),
        (
            "BTC/USDT",
            OrderTerms {
                equity: None,
                ..pilot
            },
            RequestField::Equity,
        ),
        ("BTC/EUR", pilot, RequestField::QuoteRate),
    ] {
        assert_eq!(
            answer(symbol, &terms, TradingState::Active),
            Err(missing(field))
        );
    }
    let normal = answer("BTC/EUR", &BUY, TradingState::Active).unwrap();
    assert_eq!((normal.side, normal.budget), (Side::Buy, None));
    let settled = OrderTerms {
        trade_type: TradeType::Pilot,
        ..BUY
    };
    let futures = answer("BTC/USDT:USDT", &settled, TradingState::Active);
    assert!(futures.is_ok_and(|decision| decision.budget.is_some()));
}
