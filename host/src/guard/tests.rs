use router_guest::amount::Amount;
use router_guest::decision::BudgetClaim;
use router_guest::manifest::{BudgetInfo, Scope, TierInfo, Window};
use router_guest::request::{OrderTerms, Position};
use router_guest::state::BudgetUse;

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn manifest() -> Manifest {
    let symbol = |name: &str, shortable, least: Option<&str>| SymbolInfo {
        name: name.to_owned(),
        shortable,
        step: None,
        min_quantity: least.map(amount),
        min_notional: None,
    };
    let reasons = [
        "open",
        "close",
        "trading_halted",
        "already_closing",
        "dust",
        "because",
    ];
    Manifest {
        schema: 1,
        name: "tried".to_owned(),
        version: "1".to_owned(),
        account_currency: "USDT".to_owned(),
        reasons: reasons.map(str::to_owned).to_vec(),
        rules: vec!["only".to_owned()],
        tiers: vec![TierInfo {
            name: "explore".to_owned(),
            intent: OrderIntent::Explore,
            size: amount("0.5"),
            budget: Some(0),
        }],
        budgets: vec![BudgetInfo {
            name: "exploration".to_owned(),
            amount: Some(amount("300")),
            percent: None,
            orders: Some(3),
            window: Window::Day,
            zone: "UTC".to_owned(),
            scope: Scope::All,
        }],
        symbols: vec![
            symbol("BTC/USDT", false, Some("0.001")),
            symbol("ETH/USDT", true, None),
        ],
        score_thresholds: Vec::new(),
        amount_thresholds: Vec::new(),
    }
}

/// A question and an answer, to be bent by each test.
struct Try {
    symbol: &'static str,
    terms: OrderTerms,
    state: TradingState,
    uses: Option<Vec<BudgetUse>>,
    answer: Decision,
}

/// A sound opening of 250 for an exploration BUY of 500.
fn opening() -> Try {
    let mut terms = OrderTerms::new(FinalAction::Buy, TradeType::Exploration);
    terms.target_notional = Some(amount("500"));
    terms.price = Some(amount("100"));
    Try {
        symbol: "ETH/USDT",
        terms,
        state: TradingState::Active,
        uses: Some(vec![BudgetUse {
            used: amount("10"),
            reserved: amount("40"),
            orders: 2,
        }]),
        answer: Decision {
            side: Side::Buy,
            intent: OrderIntent::Explore,
            reason: 0,
            rule: 0,
            effect: PositionEffect::Open,
            notional: Some(amount("250")),
            quantity: None,
            tier: Some(0),
            budget: Some(BudgetClaim {
                budget: 0,
                need: amount("250"),
            }),
        },
    }
}

/// A sound close of a long of 2 by a CLOSE.
fn closing() -> Try {
    let mut terms = OrderTerms::new(FinalAction::Close, TradeType::Normal);
    terms.position = Some(Position {
        side: PositionSide::Long,
        quantity: amount("2"),
    });
    Try {
        symbol: "BTC/USDT",
        terms,
        state: TradingState::Active,
        uses: None,
        answer: Decision {
            side: Side::Sell,
            intent: OrderIntent::Exit,
            reason: 1,
            rule: 0,
            effect: PositionEffect::Close,
            notional: None,
            quantity: Some(amount("2")),
            tier: None,
            budget: None,
        },
    }
}

fn skipping(mut tried: Try, reason: u32) -> Try {
    tried.answer = Decision {
        side: Side::Skip,
        reason,
        effect: PositionEffect::None,
        notional: None,
        quantity: None,
        budget: None,
        ..tried.answer
    };
    tried
}

fn judge(tried: &Try) -> Result<Sound, Violation> {
    let manifest = manifest();
    let question = Question {
        manifest: &manifest,
        symbol: manifest.symbol(tried.symbol),
        request: &Request {
            symbol: tried.symbol,
            strategy: "momentum",
            terms: tried.terms,
        },
        state: &State {
            trading_state: tried.state,
            budgets: tried.uses.as_deref(),
        },
    };
    check(&question, &tried.answer)
}

#[track_caller]
fn broken(tried: Try, message: &str) {
    assert_eq!(judge(&tried).expect_err(message).to_string(), message);
}

#[track_caller]
fn bent(mut tried: Try, bend: impl FnOnce(&mut Try), message: &str) {
    bend(&mut tried);
    broken(tried, message);
}

#[test]
fn sound_answers_pass() {
    let sound = judge(&opening()).unwrap();
    assert_eq!(sound.position_side, Some(PositionSide::Long));
    assert_eq!(
        sound.budget.and_then(|report| report.remaining()),
        Some(amount("250"))
    );
    assert_eq!(
        judge(&closing()).unwrap().position_side,
        Some(PositionSide::Long)
    );
    let halted = |tried: Try| Try {
        state: TradingState::Halted,
        ..tried
    };
    assert!(judge(&halted(skipping(closing(), 2))).is_ok());
    let mut all_closing = skipping(closing(), 3);
    all_closing.terms.working.closing = amount("2");
    assert!(judge(&all_closing).is_ok());
    let mut dust = skipping(closing(), 4);
    dust.terms.position = Some(Position {
        side: PositionSide::Long,
        quantity: amount("0.0009"),
    });
    assert!(judge(&dust).is_ok());
}

#[test]
fn i1_the_side_follows_the_action() {
    bent(
        opening(),
        |tried| tried.terms.final_action = FinalAction::Sell,
        "I1: answers SELL with BUY",
    );
    bent(
        opening(),
        |tried| tried.answer.side = Side::Sell,
        "I1: answers BUY with SELL",
    );
    for (action, word) in [
        (FinalAction::Hold, "HOLD"),
        (FinalAction::Skip, "SKIP"),
        (FinalAction::Unknown, "UNKNOWN"),
    ] {
        let message = format!("I1: answers {word} with BUY");
        bent(
            opening(),
            |tried| tried.terms.final_action = action,
            &message,
        );
    }
}

#[test]
fn i2_budgets_are_for_pilots_and_exploration() {
    let message = "I2: consults a budget for type normal with intent normal";
    bent(
        opening(),
        |tried| {
            tried.terms.trade_type = TradeType::Normal;
            tried.answer.intent = OrderIntent::Normal;
        },
        message,
    );
    bent(
        closing(),
        |tried| {
            tried.answer.budget = Some(BudgetClaim {
                budget: 0,
                need: Amount::ONE,
            })
        },
        "I2: consults a budget for type normal with intent exit",
    );
}

#[test]
fn i3_a_close_reduces_and_no_more() {
    bent(
        closing(),
        |tried| tried.terms.position = None,
        "I3: closes, and there is no position",
    );
    bent(
        closing(),
        |tried| tried.answer.side = Side::Buy,
        "I3: closes a long with a BUY",
    );
    let oversized = |tried: &mut Try| tried.answer.quantity = Some(amount("2.1"));
    bent(closing(), oversized, "I3: closes 2.1, and 2 may be closed");
    let working = |tried: &mut Try| tried.terms.working.closing = amount("0.5");
    bent(closing(), working, "I3: closes 2, and 1.5 may be closed");
    let nothing = |tried: &mut Try| tried.answer.quantity = Some(Amount::ZERO);
    bent(closing(), nothing, "I3: closes 0, and 2 may be closed");
    let asked = |tried: &mut Try| tried.terms.close_quantity = Some(Amount::ONE);
    bent(closing(), asked, "I3: closes 2, and 1 may be closed");
}

#[test]
fn i4_shorts_are_listed() {
    let message = "I4: opens a short in `BTC/USDT`, which is not listed as shortable";
    let short = |tried: &mut Try| {
        tried.terms.final_action = FinalAction::Sell;
        tried.answer.side = Side::Sell;
        tried.symbol = "BTC/USDT";
    };
    bent(opening(), short, message);
    let mut listed = opening();
    short(&mut listed);
    listed.symbol = "ETH/USDT";
    assert_eq!(
        judge(&listed).unwrap().position_side,
        Some(PositionSide::Short)
    );
    listed.symbol = "SOL/USDT";
    broken(
        listed,
        "I4: opens a short in `SOL/USDT`, which is not listed as shortable",
    );
}

#[test]
fn i5_budgets_hold_what_is_charged() {
    bent(
        opening(),
        |tried| tried.answer.budget = None,
        "I5: opens with intent explore and charges no budget",
    );
    let small = |tried: &mut Try| {
        tried.answer.budget = Some(BudgetClaim {
            budget: 0,
            need: amount("249.999999999999"),
        });
    };
    bent(
        opening(),
        small,
        "I5: charges 249.999999999999, and the order needs 250",
    );
    let large = |tried: &mut Try| {
        tried.answer.budget = Some(BudgetClaim {
            budget: 0,
            need: amount("250.000000000001"),
        });
    };
    bent(
        opening(),
        large,
        "I5: charges 250.000000000001 to a budget that has 250 left",
    );
    let count = |tried: &mut Try| tried.uses.as_mut().unwrap()[0].orders = 3;
    bent(
        opening(),
        count,
        "I5: charges 250 to a budget that has 250 left",
    );
    bent(
        opening(),
        |tried| tried.symbol = "ETH/BTC",
        "I5: charges a budget without a quote rate",
    );
    let dear = |tried: &mut Try| {
        tried.symbol = "ETH/BTC";
        tried.terms.quote_rate = Some(amount("14000"));
    };
    bent(
        opening(),
        dear,
        "I5: charges 250, and the order needs 3500000",
    );
}

#[test]
fn i6_reasons_are_declared() {
    bent(
        opening(),
        |tried| tried.answer.reason = 6,
        "I6: gives reason 6, and the manifest declares 6",
    );
    let last = |tried: &mut Try| tried.answer.reason = u32::MAX;
    bent(
        opening(),
        last,
        "I6: gives reason 4294967295, and the manifest declares 6",
    );
}

#[test]
fn i8_an_opening_is_no_larger_than_asked_for() {
    let large = |tried: &mut Try| tried.answer.notional = Some(amount("500.01"));
    let message = "I5: charges 250, and the order needs 500.01";
    bent(opening(), large, message);
    let normal = |tried: &mut Try| {
        tried.terms.trade_type = TradeType::Normal;
        tried.answer.intent = OrderIntent::Normal;
        tried.answer.budget = None;
        tried.answer.notional = Some(amount("500.01"));
    };
    bent(opening(), normal, "I8: opens 500.01, and the target is 500");
    let without = |tried: &mut Try| tried.terms.target_notional = None;
    bent(opening(), without, "I8: opens 250, and there is no target");
}

#[test]
fn i9_closers_never_open() {
    let close = |tried: &mut Try| tried.terms.final_action = FinalAction::Close;
    bent(opening(), close, "I9: opens for CLOSE of type exploration");
    for (trade_type, intent, word) in [
        (TradeType::Exit, OrderIntent::Exit, "exit"),
        (TradeType::Risk, OrderIntent::Risk, "risk"),
    ] {
        let exit = |tried: &mut Try| {
            tried.terms.trade_type = trade_type;
            tried.answer.intent = intent;
            tried.answer.budget = None;
        };
        bent(
            opening(),
            exit,
            &format!("I9: opens for BUY of type {word}"),
        );
    }
}

#[test]
fn i10_the_intent_follows_the_type() {
    let pilot = |tried: &mut Try| tried.answer.intent = OrderIntent::Pilot;
    bent(
        opening(),
        pilot,
        "I10: opens type exploration with intent pilot",
    );
    let normal = |tried: &mut Try| tried.answer.intent = OrderIntent::Normal;
    bent(
        closing(),
        normal,
        "I10: closes with intent normal, not exit",
    );
    let risk = |tried: &mut Try| tried.terms.trade_type = TradeType::Risk;
    bent(closing(), risk, "I10: closes with intent exit, not risk");
}

#[test]
fn i11_the_trading_state_is_respected() {
    let reducing = |tried: &mut Try| tried.state = TradingState::Reducing;
    bent(
        opening(),
        reducing,
        "I11: opens while the trading state is REDUCING",
    );
    let halted = |tried: &mut Try| tried.state = TradingState::Halted;
    bent(
        opening(),
        halted,
        "I11: opens while the trading state is HALTED",
    );
    bent(
        closing(),
        halted,
        "I11: closes while the trading state is HALTED",
    );
    let risk = |tried: &mut Try| {
        halted(tried);
        tried.terms.trade_type = TradeType::Risk;
        tried.answer.intent = OrderIntent::Risk;
    };
    let mut stop = closing();
    risk(&mut stop);
    assert!(judge(&stop).is_ok());
}

#[test]
fn i12_exits_are_never_blocked() {
    for (reason, word) in [
        (2, "trading_halted"),
        (3, "already_closing"),
        (4, "dust"),
        (5, "because"),
    ] {
        broken(
            skipping(closing(), reason),
            &format!("I12: skips a close of 2 with reason `{word}`"),
        );
    }
    let partly = |tried: &mut Try| tried.answer.quantity = Some(amount("1.5"));
    bent(closing(), partly, "I12: closes 1.5 where 2 must be closed");
    let halted_risk = |tried: &mut Try| {
        tried.state = TradingState::Halted;
        tried.terms.trade_type = TradeType::Risk;
    };
    bent(
        skipping(closing(), 2),
        halted_risk,
        "I12: skips a close of 2 with reason `trading_halted`",
    );
}

#[test]
fn answers_agree_with_themselves() {
    bent(
        opening(),
        |tried| tried.answer.rule = 1,
        "I0: names rule 1, and the manifest lists 1",
    );
    bent(
        opening(),
        |tried| tried.answer.tier = Some(1),
        "I0: names a tier, and the manifest lists 1",
    );
    let elsewhere = |tried: &mut Try| {
        tried.answer.budget = Some(BudgetClaim {
            budget: 1,
            need: Amount::ONE,
        });
    };
    bent(
        opening(),
        elsewhere,
        "I0: names budget 1, and the manifest lists 1",
    );
    let sizeless = |tried: &mut Try| tried.answer.notional = None;
    bent(
        opening(),
        sizeless,
        "I0: side BUY with effect open and the size of neither or both",
    );
    let effectless = |tried: &mut Try| tried.answer.effect = PositionEffect::None;
    bent(
        opening(),
        effectless,
        "I0: side BUY with effect none and the size of neither or both",
    );
}
