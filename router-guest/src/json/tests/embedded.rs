//! Text to text, over a small policy.

use super::*;
use crate::decision::OrderIntent;
use crate::engine::Engine;
use crate::manifest::{BudgetInfo, Scope, SymbolInfo, TierInfo, Window};
use crate::request::{FinalAction, PositionSide};
use crate::table::{Clause, Outcome, Rule, Table, Tier, pair_number};

fn rule(name: &str, pairs: &[(FinalAction, Option<PositionSide>)], outcome: Outcome) -> Rule {
    let pairs = pairs.iter().fold(0, |bits, (action, side)| {
        bits | 1 << pair_number(*action, *side)
    });
    let pairs = if pairs == 0 { Clause::ANY.pairs } else { pairs };
    Rule {
        name: name.to_owned(),
        clauses: vec![Clause {
            pairs,
            ..Clause::ANY
        }],
        outcome,
    }
}

/// Closes what faces a position, opens buys, skips the rest.
fn engine() -> Engine {
    let tier = |name: &str, intent, size: &str, budget| Tier {
        info: TierInfo {
            name: name.to_owned(),
            intent,
            size: amount(size),
            budget,
        },
        signal_strength_min: None,
        risk_reward_min: None,
        confidence_min: None,
    };
    let closes = [
        (FinalAction::Buy, Some(PositionSide::Short)),
        (FinalAction::Sell, Some(PositionSide::Long)),
        (FinalAction::Close, Some(PositionSide::Long)),
        (FinalAction::Close, Some(PositionSide::Short)),
    ];
    let table = Table {
        name: "small".to_owned(),
        version: "1".to_owned(),
        account_currency: "USDT".to_owned(),
        symbols: vec![SymbolInfo {
            name: "BTC/USDT".to_owned(),
            shortable: false,
            step: Some(amount("0.001")),
            min_quantity: None,
            min_notional: None,
        }],
        tiers: vec![
            tier("normal", OrderIntent::Normal, "1", None),
            tier("explore", OrderIntent::Explore, "0.5", Some(0)),
        ],
        budgets: vec![BudgetInfo {
            name: "exploration".to_owned(),
            amount: None,
            percent: Some(amount("3")),
            orders: Some(5),
            window: Window::Day,
            zone: "UTC".to_owned(),
            scope: Scope::All,
        }],
        reasons: [
            "close_long",
            "close_short",
            "open_long",
            "open_short",
            "hold_signal",
        ]
        .map(str::to_owned)
        .to_vec(),
        rules: vec![
            rule(
                "close",
                &closes,
                Outcome::Close {
                    long_reason: 0,
                    short_reason: 1,
                },
            ),
            rule(
                "open",
                &[(FinalAction::Buy, None)],
                Outcome::Open {
                    long_reason: 2,
                    short_reason: 3,
                },
            ),
            rule("rest", &[], Outcome::Skip { reason: 4 }),
        ],
    };
    Engine::new(&table).unwrap()
}

#[track_caller]
fn answers(request: &str, state: &str, expected: &str) {
    assert_eq!(decide_json(&engine(), request, state), expected);
}

#[test]
fn an_opening_with_its_budget() {
    answers(
        &flat(
            r#","id":"a","trade_type":"explore","price":"30000","target_notional":250,"equity":10000,"signal_score":0.4"#,
        ),
        r#"{"budgets":[{"used":"100","reserved":"50.5","orders":2}]}"#,
        concat!(
            r#"{"id":"a","symbol":"BTC/USDT","final_action":"BUY","side":"BUY","order_intent":"explore","#,
            r#""reason":"open_long","rule":"open","position_effect":"open","position_side":"long","reduce_only":false,"#,
            r#""quantity":"0.004","notional":"125","#,
            r#""budget":{"name":"exploration","need":"125","used":"100","reserved":"50.5","limit":"300","remaining":"149.5","orders":2,"orders_limit":5},"#,
            r#""metadata":{"strategy":"s","order_intent":"explore","is_exploration":true,"is_pilot":false,"is_normal":false,"signal_score":0.4},"#,
            r#""policy":{"name":"small","version":"1"}}"#,
        ),
    );
}

#[test]
fn a_close_with_its_warnings() {
    answers(
        &close(r#","price":0,"close_quantity":5,"working":{"closing":0.5}"#),
        "{}",
        concat!(
            r#"{"symbol":"BTC/USDT","final_action":"SELL","side":"SELL","order_intent":"exit","#,
            r#""reason":"close_long","rule":"close","position_effect":"close","position_side":"long","reduce_only":true,"#,
            r#""quantity":"1.5","#,
            r#""metadata":{"strategy":"s","order_intent":"exit","is_exploration":false,"is_pilot":false,"is_normal":false},"#,
            r#""policy":{"name":"small","version":"1"},"#,
            r#""warnings":[{"code":"not_positive","field":"price","message":"`price` is `0`; it must be a decimal above 0"},"#,
            r#"{"code":"close_quantity_cut","field":"close_quantity","message":"`close_quantity` is `5`; it was cut to `1.5`"}]}"#,
        ),
    );
}

#[test]
fn refusals_are_answers_too() {
    let state = r#"{"budgets":[{"used":0,"reserved":0,"orders":0}]}"#;
    for (request, state, expected) in [
        (
            "",
            "{}",
            r#"{"side":"SKIP","error":{"code":"empty_line","message":"the line is empty; it must be one object"}}"#,
        ),
        (
            &*flat(r#","id":"a","price":0"#),
            "{}",
            r#"{"id":"a","symbol":"BTC/USDT","side":"SKIP","error":{"code":"not_positive","message":"`price` is `0`; it must be a decimal above 0"}}"#,
        ),
        (
            &*flat(""),
            "[]",
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"not_an_object","message":"the state is no object; it must be `{\"trading_state\", \"budgets\"}`"}}"#,
        ),
        (
            &*flat(r#","price":1"#),
            "{}",
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"field_missing","message":"`target_notional` is missing; the route needs it"}}"#,
        ),
        (
            &*flat(r#","target_notional":1"#),
            "{}",
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"field_missing","message":"`price` is missing; the route needs it"}}"#,
        ),
        (
            &*flat(r#","trade_type":"explore","price":1,"target_notional":1"#),
            state,
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"field_missing","message":"`equity` is missing; the route needs it"}}"#,
        ),
        (
            &*flat(r#","trade_type":"explore","price":1,"target_notional":1,"equity":9"#),
            "{}",
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"budgets_missing","message":"`budgets` of the state must have one entry for each budget of the policy"}}"#,
        ),
        (
            &*flat(r#","price":30000.0,"target_notional":29"#),
            "{}",
            r#"{"symbol":"BTC/USDT","side":"SKIP","error":{"code":"below_step","message":"the order's quantity at `price` `30000` rounds down to nothing"}}"#,
        ),
        (
            r#"{"control":"status"}"#,
            "{}",
            r#"{"side":"SKIP","error":{"code":"unknown_field","message":"`control` is `\"status\"`; it must be on a control line"}}"#,
        ),
    ] {
        answers(request, state, expected);
    }
}
