//! The routing document that this product was asked for with, held to: its mapping, its
//! metadata, its configuration, its log lines, its three goals and two acceptance headings.
//!
//! The log lines are to the letter, without the `INFO: ` of the bot's own logger. These lines
//! of the document are not printed here, because they tell what the bot did and not what was
//! decided, and a router that printed them would claim to know:
//!
//! - `DECISION: final_action=…, initial_action=…`: what the strategy said, before it asked;
//! - `ORDER: side=…, qty=… (…)` and `Trade executed with intent=…`: what the venue was sent;
//! - `Checking exploration budget …: $400.00`: the line behind it says whether it holds;
//! - `SELL signal for … downgraded to SKIP: …`, `Closing long position in …` and
//!   `EXPLORATION budget exhausted for SOL/USDT (need $100.00)`: the same again in other words,
//!   for which `ACTION_ROUTE`, `SKIP` and `EXPLORATION budget exhausted: used=…` stand.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use conformance::run;
use execution_router::stream::Format;
use execution_router::{Amount, Cache, Decision, FinalAction, OrderIntent, Policy, Position};
use execution_router::{
    PositionEffect, PositionSide, Request, Router, Side, TradeType, TradingState,
};
use serde_json::{Value, json};

const SHORTING: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

fn cache() -> Cache {
    Cache::at(env!("CARGO_TARGET_TMPDIR"))
}

fn router() -> Router {
    run::router(Policy::default_policy(&cache()).unwrap())
}

/// The default policy with the document's two switches set, the second for BTC/USDT.
fn router_with_shorting(short_enabled: bool, allow_short: bool) -> Router {
    let document = conformance::DEFAULT_POLICY
        .replace(
            "short_enabled: false",
            &format!("short_enabled: {short_enabled}"),
        )
        .replace(
            "BTC/USDT: { allow_short: false }",
            &format!("BTC/USDT: {{ allow_short: {allow_short} }}"),
        );
    run::router(Policy::from_document(&document, None, &cache()).unwrap())
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn position(side: PositionSide) -> Option<Position> {
    Some(Position {
        side,
        quantity: amount("0.0125"),
    })
}

/// A request that has whatever any route needs.
fn request(
    action: FinalAction,
    trade_type: TradeType,
    position: Option<Position>,
) -> Request<'static> {
    Request::builder(action, "BTC/USDT", "momentum")
        .timestamp("2025-10-07T12:00:00Z".parse().unwrap())
        .trade_type(trade_type)
        .position(position)
        .price(amount("100000"))
        .target_notional(amount("1250"))
        .equity(amount("10000000"))
        .terms(|terms| {
            terms.signal_score = Some(0.7);
            terms.risk_reward_ratio = Some(2.0);
        })
        .build()
        .unwrap()
}

#[track_caller]
fn decided(router: &Router, request: &Request<'_>) -> Decision {
    router.decide(request).unwrap()
}

#[track_caller]
fn routed(router: &Router, request: &Request<'_>) -> (Side, OrderIntent, String) {
    let decision = decided(router, request);
    (
        decision.side(),
        decision.order_intent(),
        decision.reason().to_owned(),
    )
}

/// The log lines of a stream on which no line is refused.
#[track_caller]
fn logged(router: &Router, lines: &[Value]) -> String {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (log, summary) = run::route(router, input.as_bytes(), Format::Log);
    assert_eq!(summary.refused, 0, "{log}");
    log
}

/// An opening of the document's day; `more` are the fields that matter.
fn opening(symbol: &str, trade_type: &str, target_notional: &str, more: &Value) -> Value {
    let mut line = json!({
        "timestamp": "2025-10-07T12:00:00Z", "final_action": "BUY", "symbol": symbol, "strategy": "momentum",
        "trade_type": trade_type, "position": null, "price": "100000", "target_notional": target_notional,
    });
    for (key, value) in more.as_object().unwrap() {
        line[key] = value.clone();
    }
    line
}

#[test]
fn the_action_mapping() {
    use FinalAction::{Buy, Sell};
    use TradeType::Normal;
    let open_long = (Side::Buy, OrderIntent::Normal, "open_long".to_owned());
    let open_short = (Side::Sell, OrderIntent::Normal, "open_short".to_owned());
    let disabled = (
        Side::Skip,
        OrderIntent::Normal,
        "shorting_disabled".to_owned(),
    );
    let close_long = (Side::Sell, OrderIntent::Exit, "close_long".to_owned());
    for (short_enabled, allow_short) in SHORTING {
        let router = router_with_shorting(short_enabled, allow_short);
        let allowed = short_enabled && allow_short;
        assert_eq!(routed(&router, &request(Buy, Normal, None)), open_long);
        let sold = routed(&router, &request(Sell, Normal, None));
        assert_eq!(
            sold,
            if allowed {
                open_short.clone()
            } else {
                disabled.clone()
            }
        );
        // Closing longs is allowed whatever shorting is.
        assert_eq!(
            routed(
                &router,
                &request(Sell, Normal, position(PositionSide::Long))
            ),
            close_long
        );
    }
}

#[test]
fn shorting_is_allowed_when_both_switches_are_on() {
    for (short_enabled, allow_short) in SHORTING {
        let router = router_with_shorting(short_enabled, allow_short);
        let decision = decided(
            &router,
            &request(FinalAction::Sell, TradeType::Normal, None),
        );
        let side = if short_enabled && allow_short {
            Side::Sell
        } else {
            Side::Skip
        };
        assert_eq!(
            decision.side(),
            side,
            "short_enabled {short_enabled}, allow_short {allow_short}"
        );
    }
}

#[test]
fn the_five_order_intents_and_which_of_them_ask_the_budget() {
    let router = router();
    for (trade_type, position, word, asks) in [
        (TradeType::Normal, None, "normal", false),
        (TradeType::Pilot, None, "pilot", true),
        (TradeType::Exploration, None, "explore", true),
        (
            TradeType::Exit,
            position(PositionSide::Short),
            "exit",
            false,
        ),
        (
            TradeType::Risk,
            position(PositionSide::Short),
            "risk",
            false,
        ),
    ] {
        let decision = decided(&router, &request(FinalAction::Buy, trade_type, position));
        assert_eq!(decision.side(), Side::Buy, "{word}");
        assert_eq!(decision.order_intent().word(), word);
        assert_eq!(
            (
                decision.budget().is_some(),
                decision.reservation().is_some()
            ),
            (asks, asks),
            "{word}"
        );
    }
}

#[test]
fn order_metadata_structure() {
    let line = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"momentum","position":null,"price":"100000","target_notional":"1250","signal_score":0.65,"confidence":0.75,"stop_loss":98000.0,"take_profit":102000.0,"risk_reward_ratio":2.0}"#;
    let (answer, _) = run::route(&router(), line.as_bytes(), Format::Json);
    let expected = r#""metadata":{"strategy":"momentum","order_intent":"normal","is_exploration":false,"is_pilot":false,"is_normal":true,"signal_score":0.65,"confidence":0.75,"stop_loss":98000.0,"take_profit":102000.0,"risk_reward_ratio":2.0}"#;
    assert!(answer.contains(expected), "{answer}");
}

#[test]
fn metadata_of_pilot_and_exploration_orders() {
    let router = router();
    for (trade_type, intent, is_exploration, is_pilot) in [
        ("pilot", "pilot", false, true),
        ("exploration", "explore", true, false),
    ] {
        let line = opening("BTC/USDT", trade_type, "100", &json!({"equity": "10000"})).to_string();
        let (answer, _) = run::route(&router, line.as_bytes(), Format::Json);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let expected = json!({
            "strategy": "momentum", "order_intent": intent,
            "is_exploration": is_exploration, "is_pilot": is_pilot, "is_normal": false,
        });
        assert_eq!(answer["metadata"], expected);
    }
}

#[test]
fn log_of_a_normal_buy() {
    let lines = [opening("BTC/USDT", "normal", "1250", &json!({}))];
    assert_eq!(
        logged(&router(), &lines),
        "ACTION_ROUTE: BUY → BUY (intent=normal, reason=open_long)\n\
         POSITION_SIZE: BTC/USDT buy qty=0.012500 notional=$1,250.00 (order_intent=normal)\n"
    );
}

#[test]
fn log_of_a_sell_with_shorting_disabled() {
    let lines = [opening(
        "BTC/USDT",
        "normal",
        "1250",
        &json!({"final_action": "SELL"}),
    )];
    assert_eq!(
        logged(&router(), &lines),
        "ACTION_ROUTE: SELL → SKIP (intent=normal, reason=shorting_disabled)\n\
         SKIP BTC/USDT SELL reason=shorting_disabled\n"
    );
}

#[test]
fn log_of_a_sell_that_closes_a_long() {
    let long = json!({"final_action": "SELL", "position": {"side": "long", "quantity": "0.0125"}});
    assert_eq!(
        logged(&router(), &[opening("BTC/USDT", "normal", "1250", &long)]),
        "ACTION_ROUTE: SELL → SELL (intent=exit, reason=close_long)\n\
         POSITION_SIZE: BTC/USDT sell qty=0.012500 (order_intent=exit)\n"
    );
}

#[test]
fn log_of_a_sell_that_opens_a_short() {
    let lines = [opening(
        "BTC/USDT",
        "normal",
        "1250",
        &json!({"final_action": "SELL"}),
    )];
    assert_eq!(
        logged(&router_with_shorting(true, true), &lines),
        "ACTION_ROUTE: SELL → SELL (intent=normal, reason=open_short)\n\
         POSITION_SIZE: BTC/USDT sell qty=0.012500 notional=$1,250.00 (order_intent=normal)\n"
    );
}

/// With $1,200 a day: $800 are left once $400 are held, and $550 once a part of what is held
/// after the pilot has come back.
#[test]
fn log_of_a_pilot_and_of_an_exploration_trade() {
    let equity = json!({"equity": "40000"});
    let router = router();
    let first = opening(
        "SOL/USDT",
        "exploration",
        "400",
        &json!({"equity": "40000", "sized": true}),
    );
    logged(&router, &[first]);
    assert_eq!(
        logged(&router, &[opening("BTC/USDT", "pilot", "1000", &equity)]),
        "ACTION_ROUTE: BUY → BUY (intent=pilot, reason=open_long)\n\
         🚁 PILOT: target_notional=$1,000.00 * 0.4 = $400.00\n\
         EXPLORATION: can_explore passed (need $400.00, have $800.00 left)\n\
         POSITION_SIZE: BTC/USDT buy qty=0.004000 notional=$400.00 (order_intent=pilot)\n"
    );
    let filled = json!({"reservation": "R1", "event_id": "fill-1", "notional": "250", "side": "BUY", "final": true});
    logged(&router, &[json!({"settle": filled})]);
    assert_eq!(
        logged(
            &router,
            &[opening("BTC/USDT", "exploration", "500", &equity)]
        ),
        "ACTION_ROUTE: BUY → BUY (intent=explore, reason=open_long)\n\
         🔍 EXPLORATION: target_notional=$500.00 * 0.5 = $250.00\n\
         EXPLORATION: can_explore passed (need $250.00, have $550.00 left)\n\
         POSITION_SIZE: BTC/USDT buy qty=0.002500 notional=$250.00 (order_intent=explore)\n"
    );
}

/// A router whose exploration budget of $300 has $300 used.
fn router_with_exhausted_budget() -> Router {
    let router = router();
    let all = opening(
        "ADA/USDT",
        "exploration",
        "300",
        &json!({"equity": "10000", "sized": true}),
    );
    let filled = json!({"reservation": "R1", "event_id": "fill-1", "notional": "300", "side": "BUY", "final": true});
    logged(&router, &[all, json!({"settle": filled})]);
    router
}

#[test]
fn log_of_an_exhausted_budget() {
    let router = router_with_exhausted_budget();
    let log = logged(
        &router,
        &[opening(
            "BTC/USDT",
            "exploration",
            "500",
            &json!({"equity": "10000"}),
        )],
    );
    assert_eq!(
        log,
        "ACTION_ROUTE: BUY → SKIP (intent=explore, reason=exploration_limit)\n\
         🔍 EXPLORATION: target_notional=$500.00 * 0.5 = $250.00\n\
         EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n\
         SKIP EXPLORATION BTC/USDT BUY reason=exploration_limit\n"
    );
    let normal = logged(
        &router,
        &[opening("BTC/USDT", "normal", "1250", &json!({}))],
    );
    assert!(
        normal.starts_with("ACTION_ROUTE: BUY → BUY (intent=normal, reason=open_long)\n"),
        "{normal}"
    );
}

/// Goal 1, over everything that a SELL can meet: type, position, state, shorting on and off.
#[test]
fn goal_a_sell_is_a_short_a_sell_or_a_skip_and_never_a_buy() {
    let positions = [
        None,
        position(PositionSide::Long),
        position(PositionSide::Short),
    ];
    let mut sides = [0; 2];
    for (short_enabled, allow_short) in SHORTING {
        let router = router_with_shorting(short_enabled, allow_short);
        for state in TradingState::ALL {
            router.set_trading_state(state, None);
            for trade_type in TradeType::ALL {
                for position in positions {
                    let decision =
                        decided(&router, &request(FinalAction::Sell, trade_type, position));
                    assert_ne!(decision.side(), Side::Buy);
                    let sold = decision.side() == Side::Sell;
                    sides[usize::from(sold)] += 1;
                    assert_eq!(sold, decision.position_effect() != PositionEffect::None);
                    // A skip has nothing that an order could be made of.
                    assert_eq!(sold, decision.quantity().is_some());
                }
            }
        }
    }
    assert!(sides.iter().all(|count| *count > 40), "{sides:?}");
}

/// Goal 2: with the budget exhausted, only what is exploration is refused by it.
#[test]
fn goal_the_exploration_budget_affects_only_exploration_orders() {
    let router = router_with_exhausted_budget();
    for trade_type in TradeType::ALL {
        for position in [
            None,
            position(PositionSide::Long),
            position(PositionSide::Short),
        ] {
            for action in FinalAction::ALL {
                // The auto request's scores are those of a normal trade.
                let decision = decided(
                    &router,
                    &request_of_small_equity(action, trade_type, position),
                );
                let explores = matches!(trade_type, TradeType::Pilot | TradeType::Exploration);
                let limited = explores && action == FinalAction::Buy && position.is_none();
                assert_eq!(
                    decision.reason() == "exploration_limit",
                    limited,
                    "{trade_type:?} {action:?}"
                );
                assert_eq!(
                    decision.budget().is_some(),
                    limited,
                    "{trade_type:?} {action:?}"
                );
            }
        }
    }
}

fn request_of_small_equity(
    action: FinalAction,
    trade_type: TradeType,
    position: Option<Position>,
) -> Request<'static> {
    Request::builder(action, "BTC/USDT", "momentum")
        .timestamp("2025-10-07T12:00:00Z".parse().unwrap())
        .trade_type(trade_type)
        .position(position)
        .price(amount("100000"))
        .target_notional(amount("100"))
        .equity(amount("10000"))
        .terms(|terms| {
            terms.signal_score = Some(0.7);
            terms.risk_reward_ratio = Some(2.0);
        })
        .build()
        .unwrap()
}

/// Goal 3: a normal trade is the same, to the last field, before and after the budget is gone.
#[test]
fn goal_normal_trades_ignore_exploration_limits() {
    let normal = opening("BTC/USDT", "normal", "1250", &json!({"equity": "10000"})).to_string();
    let (fresh, _) = run::route(&router(), normal.as_bytes(), Format::Json);
    let (exhausted, _) = run::route(
        &router_with_exhausted_budget(),
        normal.as_bytes(),
        Format::Json,
    );
    assert_eq!(exhausted, fresh);
    assert!(
        fresh.contains(r#""side":"BUY""#) && !fresh.contains(r#""budget""#),
        "{fresh}"
    );
    // It does not even need what the budget would be reckoned with.
    let bare = json!({
        "final_action": "BUY", "symbol": "ETH/BTC", "strategy": "momentum", "position": null,
        "price": "0.05", "target_notional": "1",
    });
    logged(&router_with_exhausted_budget(), &[bare]);
}

/// Acceptance heading 1.
#[test]
fn acceptance_logs_never_show_final_action_sell_with_buy_fills() {
    let states = [
        TradingState::Active,
        TradingState::Reducing,
        TradingState::Halted,
    ];
    for (short_enabled, allow_short) in SHORTING {
        let router = router_with_shorting(short_enabled, allow_short);
        for state in states {
            router.set_trading_state(state, None);
            for trade_type in ["normal", "pilot", "exploration", "exit", "risk", "auto"] {
                for side in [None, Some("long"), Some("short")] {
                    let position = side.map(|side| json!({"side": side, "quantity": "0.01"}));
                    let more = json!({
                        "final_action": "SELL", "position": position, "equity": "10000000",
                        "signal_score": -0.6, "risk_reward_ratio": 1.2,
                    });
                    let log = logged(&router, &[opening("BTC/USDT", trade_type, "1250", &more)]);
                    let sold = log.starts_with("ACTION_ROUTE: SELL → SELL (");
                    assert!(
                        sold || log.starts_with("ACTION_ROUTE: SELL → SKIP ("),
                        "{log}"
                    );
                    assert!(!log.contains(" buy ") && !log.contains("→ BUY"), "{log}");
                    assert_eq!(
                        log.contains("POSITION_SIZE: BTC/USDT sell qty="),
                        sold,
                        "{log}"
                    );
                }
            }
        }
    }
}

/// Acceptance heading 2: the budget is $300 and $300 are used; three trades of one cycle.
#[test]
fn acceptance_normal_trades_go_through_even_when_exploration_budget_depleted() {
    let sized = json!({"equity": "10000", "sized": true});
    let lines = [
        opening("SOL/USDT", "exploration", "100", &sized),
        opening("BTC/USDT", "normal", "1250", &sized),
        opening("ETH/USDT", "pilot", "400", &sized),
    ];
    assert_eq!(
        logged(&router_with_exhausted_budget(), &lines),
        "ACTION_ROUTE: BUY → SKIP (intent=explore, reason=exploration_limit)\n\
         🔍 EXPLORATION: target_notional=$100.00\n\
         EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n\
         SKIP EXPLORATION SOL/USDT BUY reason=exploration_limit\n\
         ACTION_ROUTE: BUY → BUY (intent=normal, reason=open_long)\n\
         POSITION_SIZE: BTC/USDT buy qty=0.012500 notional=$1,250.00 (order_intent=normal)\n\
         ACTION_ROUTE: BUY → SKIP (intent=pilot, reason=exploration_limit)\n\
         🚁 PILOT: target_notional=$400.00\n\
         EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n\
         SKIP PILOT ETH/USDT BUY reason=exploration_limit\n"
    );
}

/// The table at the document's end, by the scores that it gives.
#[test]
fn the_usage_summary_classifies_by_score() {
    let router = router();
    for (score, risk_reward_ratio, intent) in [
        (0.65, 1.3, "normal"),
        (0.64, 1.3, "pilot"),
        (0.65, 1.29, "pilot"),
        (0.55, 1.15, "pilot"),
        (0.54, 1.3, "explore"),
        (0.30, 0.1, "explore"),
    ] {
        let more = json!({"equity": "1000000", "signal_score": score, "risk_reward_ratio": risk_reward_ratio});
        let log = logged(&router, &[opening("BTC/USDT", "auto", "100", &more)]);
        let route = format!("ACTION_ROUTE: BUY → BUY (intent={intent}, reason=open_long)\n");
        assert!(
            log.starts_with(&route),
            "{score} {risk_reward_ratio}: {log}"
        );
    }
}
