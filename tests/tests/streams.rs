//! Two recorded streams of signals, through the default policy: compared with what came out
//! before, routed in every way that there is, and held to the invariants in plain terms.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::HashMap;
use std::fs;

use conformance::run;
use execution_router::stream::Format;
use execution_router::{Amount, Cache, Decision, Policy, Request, Router, TradingState};
use router_guest::json::{Line, parse_line};
use serde_json::Value;

const STREAMS: [&str; 2] = ["btc_usdt_2022-01", "altcoins_2018-01"];

fn router() -> Router {
    run::router(Policy::default_policy(&Cache::at(env!("CARGO_TARGET_TMPDIR"))).unwrap())
}

fn input(stream: &str) -> Vec<u8> {
    fs::read(run::data_folder().join(stream).with_extension("jsonl")).unwrap()
}

#[track_caller]
fn routed(router: &Router, input: &[u8], format: Format) -> String {
    let (output, summary) = run::route(router, input, format);
    assert_eq!(summary.refused, 0);
    output
}

#[track_caller]
fn same(actual: &str, stream: &str, extension: &str) {
    let expected = run::data_folder().join(stream).with_extension(extension);
    run::compare(actual, &expected).unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn both_streams_route_as_they_did() {
    for stream in STREAMS {
        let input = input(stream);
        same(
            &run::canonical(&routed(&router(), &input, Format::Json)),
            stream,
            "decisions.jsonl",
        );
        same(&routed(&router(), &input, Format::Log), stream, "log");
    }
}

#[test]
fn routed_twice_they_give_the_same_bytes() {
    for stream in STREAMS {
        let input = input(stream);
        // Fuel and digest too: the second router has an instance of its own.
        assert_eq!(
            routed(&router(), &input, Format::Json),
            routed(&router(), &input, Format::Json)
        );
        // And told a second time, every line with an id is a repeat of what was decided.
        let router = router();
        let first = routed(&router, &input, Format::Json);
        let again = routed(&router, &input, Format::Json);
        for (first, again) in first.lines().zip(again.lines()) {
            assert_eq!(orders_of(again), orders_of(first));
            assert!(again.contains(r#""repeated":true"#), "{again}");
        }
    }
}

/// What a repeat must have in common with the first answer.
fn orders_of(answer: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    [
        "id",
        "side",
        "order_intent",
        "reason",
        "quantity",
        "notional",
        "reservation",
    ]
    .map(|key| answer[key].clone())
    .into()
}

#[test]
fn in_batches_they_give_the_same_decisions() {
    for stream in STREAMS {
        let input = input(stream);
        let singly = run::canonical(&routed(&router(), &input, Format::Json));
        let requests: Vec<Request<'_>> = input
            .trim_ascii_end()
            .split(|byte| *byte == b'\n')
            .map(request)
            .collect();
        for size in [1, 7, 256, 5000] {
            let router = router();
            let mut answers = Vec::new();
            for batch in requests.chunks(size) {
                for (request, decision) in batch.iter().zip(router.decide_batch(batch)) {
                    decision.unwrap().write_json(request, &mut answers);
                    answers.push(b'\n');
                }
            }
            let answers = run::canonical(&String::from_utf8(answers).unwrap());
            assert!(answers == singly, "{stream} in batches of {size}");
        }
    }
}

#[track_caller]
fn request(line: &[u8]) -> Request<'_> {
    let Line::Request(line) = parse_line(line).unwrap() else {
        panic!("a request")
    };
    Request::from_line(line).unwrap()
}

/// On several threads, each with a stream of its own on a router of its own, and on one router
/// that all share: orders without a budget do not depend on who else asks.
#[test]
fn on_several_threads_they_give_the_same_decisions() {
    let alone: Vec<String> = STREAMS
        .iter()
        .map(|stream| routed(&router(), &input(stream), Format::Json))
        .collect();
    std::thread::scope(|scope| {
        for (stream, alone) in STREAMS.iter().zip(&alone) {
            for _ in 0..2 {
                scope.spawn(move || {
                    assert!(routed(&router(), &input(stream), Format::Json) == *alone)
                });
            }
        }
    });
}

/// A request and the answer to it.
struct Routed {
    request: Value,
    answer: Value,
}

impl Routed {
    fn text<'v>(value: &'v Value, key: &str) -> &'v str {
        value[key].as_str().unwrap_or_default()
    }

    fn asked(&self, key: &str) -> &str {
        Self::text(&self.request, key)
    }

    fn said(&self, key: &str) -> &str {
        Self::text(&self.answer, key)
    }

    fn amount(value: &Value) -> Amount {
        value.as_str().unwrap().parse().unwrap()
    }

    fn budget(&self, key: &str) -> Amount {
        Self::amount(&self.answer["budget"][key])
    }

    fn opens(&self) -> bool {
        self.said("position_effect") == "open"
    }

    fn closes(&self) -> bool {
        self.said("position_effect") == "close"
    }
}

/// Both streams, in a trading state.
fn all_routed(state: TradingState) -> Vec<Routed> {
    let mut all = Vec::new();
    for stream in STREAMS {
        let router = router();
        router.set_trading_state(state, None);
        let input = input(stream);
        let answers = routed(&router, &input, Format::Json);
        let lines = std::str::from_utf8(&input).unwrap().lines();
        let value = |line: &str| serde_json::from_str(line).unwrap();
        all.extend(lines.zip(answers.lines()).map(|(request, answer)| Routed {
            request: value(request),
            answer: value(answer),
        }));
    }
    assert_eq!(all.len(), 4662);
    all
}

/// I1: a SELL never becomes a BUY nor a BUY a SELL, and what asks for nothing gets nothing.
#[test]
fn i1_no_action_becomes_its_opposite() {
    let mut counts: HashMap<(String, String), u32> = HashMap::new();
    for routed in all_routed(TradingState::Active) {
        let (action, side) = (routed.asked("final_action"), routed.said("side"));
        assert_eq!(action, routed.said("final_action"));
        assert!(side == "SKIP" || side == action, "{action} became {side}");
        *counts
            .entry((action.to_owned(), side.to_owned()))
            .or_default() += 1;
    }
    // All that can happen happens in these streams.
    for (action, side) in [
        ("BUY", "BUY"),
        ("BUY", "SKIP"),
        ("SELL", "SELL"),
        ("SELL", "SKIP"),
        ("HOLD", "SKIP"),
    ] {
        assert!(
            counts.contains_key(&(action.to_owned(), side.to_owned())),
            "{counts:?}"
        );
    }
}

/// I2 and I5: normal trades and exits never meet the budget; pilot and exploration openings
/// charge it with what they need, and never past its limit, day by day.
#[test]
fn i2_i5_budgets_are_for_exploration_alone_and_hold() {
    let limit_share: Amount = "0.03".parse().unwrap();
    let mut days: HashMap<String, Amount> = HashMap::new();
    let mut limited = 0;
    for routed in all_routed(TradingState::Active) {
        let explores = matches!(routed.said("order_intent"), "pilot" | "explore");
        assert!(explores || routed.answer.get("budget").is_none());
        assert_eq!(
            routed.answer.get("reservation").is_some(),
            explores && routed.opens()
        );
        if routed.answer.get("budget").is_none() {
            assert!(!(explores && routed.opens()) && routed.said("reason") != "exploration_limit");
            continue;
        }
        let equity = Routed::amount(&routed.request["equity"]);
        let limit = routed.budget("limit");
        assert_eq!(Some(limit), equity.mul_down_at(limit_share, 12));
        // The streams settle nothing; the two start their days apart.
        assert_eq!(routed.budget("used"), Amount::ZERO);
        let day = days
            .entry(routed.asked("timestamp")[..10].to_owned())
            .or_default();
        assert_eq!(routed.budget("reserved"), *day, "{}", routed.asked("id"));
        let with = day.checked_add(routed.budget("need")).unwrap();
        assert_eq!(with <= limit, routed.opens());
        if routed.opens() {
            let rate = routed
                .request
                .get("quote_rate")
                .map_or(Amount::ONE, Routed::amount);
            let need = Routed::amount(&routed.answer["notional"])
                .mul_up_at(rate, 12)
                .unwrap();
            assert_eq!(routed.budget("need"), need);
            *day = with;
        } else {
            assert_eq!(routed.said("reason"), "exploration_limit");
            limited += 1;
        }
    }
    assert!(
        days.len() >= 20 && limited > 50,
        "{} days, {limited} limited",
        days.len()
    );
}

/// I3 and I10: a close is reduce-only, on the other side, for the position and no more; its
/// intent is `exit`, and an opening's is its trade type's.
#[test]
fn i3_i10_closes_only_reduce() {
    let mut closed = 0;
    for routed in all_routed(TradingState::Active) {
        assert_eq!(routed.answer["reduce_only"], Value::Bool(routed.closes()));
        if routed.opens() {
            let intent = if routed.asked("trade_type") == "exploration" {
                "explore"
            } else {
                routed.asked("trade_type")
            };
            assert_eq!(routed.said("order_intent"), intent);
        }
        if routed.closes() {
            let position = &routed.request["position"];
            let side = if position["side"] == "long" {
                "SELL"
            } else {
                "BUY"
            };
            assert_eq!(routed.said("side"), side);
            assert_eq!(routed.answer["position_side"], position["side"]);
            assert_eq!(
                Routed::amount(&routed.answer["quantity"]),
                Routed::amount(&position["quantity"])
            );
            assert_eq!(routed.said("order_intent"), "exit");
            closed += 1;
        }
    }
    assert!(closed > 150, "{closed}");
}

/// I4, I6, I8: no short by a policy that allows none; declared reasons; nothing larger than
/// what was asked for.
#[test]
fn i4_i6_i8_nothing_that_was_not_asked_for() {
    let reasons = router().policy().manifest.reasons.clone();
    for routed in all_routed(TradingState::Active) {
        assert_ne!(routed.said("reason"), "open_short");
        assert!(reasons.iter().any(|reason| reason == routed.said("reason")));
        if routed.opens() {
            let notional = Routed::amount(&routed.answer["notional"]);
            assert!(notional <= Routed::amount(&routed.request["target_notional"]));
            let price = Routed::amount(&routed.request["price"]);
            let worth = Routed::amount(&routed.answer["quantity"])
                .mul_down(price)
                .unwrap();
            assert!(worth <= notional, "{worth} {notional}");
        }
    }
}

/// I12 (and I9, which these streams cannot break: they have no exits): what meets an opposite
/// position closes it, whatever its type.
#[test]
fn i12_what_would_close_closes() {
    for routed in all_routed(TradingState::Active) {
        let opposite = matches!(
            (
                routed.asked("final_action"),
                routed.request["position"]["side"].as_str()
            ),
            ("BUY", Some("short")) | ("SELL", Some("long"))
        );
        assert_eq!(routed.closes(), opposite, "{}", routed.asked("id"));
    }
}

/// I11: REDUCING opens nothing and closes what ACTIVE does; HALTED does nothing at all here,
/// for nothing in these streams is of type risk.
#[test]
fn i11_states_hold_back() {
    let active = all_routed(TradingState::Active);
    for (reducing, active) in all_routed(TradingState::Reducing).iter().zip(&active) {
        assert!(!reducing.opens());
        assert_eq!(reducing.closes(), active.closes());
    }
    for halted in all_routed(TradingState::Halted) {
        assert_eq!(
            (halted.said("side"), halted.said("reason")),
            ("SKIP", "trading_halted")
        );
    }
}

/// I7, on two instances that answered different requests before.
#[test]
fn i7_an_answer_does_not_depend_on_what_was_asked_before() {
    let warm = router();
    routed(&warm, &input(STREAMS[1]), Format::Json);
    let line = br#"{"final_action":"CLOSE","symbol":"BTC/USDT","strategy":"s","position":{"side":"long","quantity":"1"}}"#;
    let decide = |router: &Router| -> Decision { router.decide(&request(line)).unwrap() };
    let (fresh, warm) = (decide(&router()), decide(&warm));
    assert_eq!(fresh.fuel(), warm.fuel());
    assert_eq!(
        (fresh.side(), fresh.quantity(), fresh.rule()),
        (warm.side(), warm.quantity(), warm.rule())
    );
}
