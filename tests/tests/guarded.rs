//! What a policy document can make of the invariants: the default policies break none, most
//! cannot be broken in the language at all, and those that can cost the policy its place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::sync::{Arc, Mutex};

use conformance::generate::{self, Numbers};
use conformance::generate_policy;
use conformance::run;
use conformance::{default_engine, variant_engine};
use execution_router::guard::{self, Question};
use execution_router::policy::Policy;
use execution_router::{Cache, Request, Router};
use router_guest::amount::Amount;
use router_guest::decision::PositionEffect;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, TradeType};
use router_guest::state::{State, TradingState};

#[test]
fn the_default_policies_break_no_invariant() {
    for (seed, (engine, _)) in (90..).zip([default_engine(), variant_engine()]) {
        let manifest = engine.manifest();
        let mut numbers = Numbers::new(seed);
        let mut hits = vec![0_u32; manifest.rules.len()];
        let mut effects = [0_u32; 3];
        for _ in 0..400_000 {
            let request = generate_policy::request(&mut numbers);
            let uses = [generate::budget_use(&mut numbers)];
            let budgets = request.terms.sees_budgets().then_some(&uses[..]);
            let state = State {
                trading_state: generate::trading_state(&mut numbers),
                budgets,
            };
            let Ok(decision) = engine.decide(&request, &state) else {
                continue;
            };
            let symbol = manifest.symbol(request.symbol);
            let question = Question {
                manifest,
                symbol,
                request: &request,
                state: &state,
            };
            let sound = guard::check(&question, &decision)
                .unwrap_or_else(|violation| panic!("{violation}: {request:?}"));
            // What the guard finds sound is also complete: a side for every order, no other.
            assert_eq!(
                sound.position_side.is_some(),
                decision.effect != PositionEffect::None
            );
            assert_eq!(
                sound.budget.map(|report| report.need),
                decision.budget.map(|claim| claim.need)
            );
            hits[decision.rule as usize] += 1;
            effects[decision.effect as usize] += 1;
        }
        let rules: Vec<_> = manifest.rules.iter().zip(&hits).collect();
        println!("{rules:?}, open, close and none {effects:?}");
        let rare = rules
            .iter()
            .find(|(rule, hits)| **hits < 1_000 && !(seed == 90 && *rule == "dust"));
        assert_eq!(rare, None);
        assert!(effects.iter().all(|count| *count >= 1_000), "{effects:?}");
    }
}

/// A policy whose routes are these.
fn policy(routes: &str) -> Policy {
    let text = format!(
        "name: tried\nversion: 1\naccount_currency: USDT\nrisk: {{ short_enabled: yes }}\n\
         symbols: {{ EOS/USDT: {{ allow_short: yes }} }}\n\
         tiers:\n  pilot: {{ size: 40%, budget: all }}\n  explore: {{ size: 50%, budget: all }}\n\
         budgets: {{ all: {{ limit: 100 USDT, per: day }} }}\nroutes:\n{routes}\n"
    );
    Policy::from_document(&text, None, &Cache::disabled()).unwrap()
}

/// A request with everything that an opening needs, for a symbol that may not be shorted.
fn asked(
    action: FinalAction,
    trade_type: TradeType,
    set: impl FnOnce(&mut OrderTerms),
) -> Request<'static> {
    Request::builder(action, "BTC/USDT", "trend")
        .timestamp("2026-03-02T12:00:00Z".parse().unwrap())
        .trade_type(trade_type)
        .position(None)
        .price(Amount::ONE)
        .target_notional("100".parse().unwrap())
        .terms(set)
        .build()
        .unwrap()
}

fn flat(action: FinalAction, trade_type: TradeType) -> Request<'static> {
    asked(action, trade_type, |_| {})
}

fn on(action: FinalAction, trade_type: TradeType, side: PositionSide) -> Request<'static> {
    asked(action, trade_type, |terms| {
        terms.position = Some(Position {
            side,
            quantity: "2".parse().unwrap(),
        });
    })
}

/// The answer of a policy to a request, what is told of it, and whether that costs the
/// policy its place.
#[track_caller]
fn routed(
    policy: &Policy,
    state: TradingState,
    request: &Request<'_>,
    decision: &str,
    incident: &str,
) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let incidents = Arc::clone(&told);
    let router = Router::new(policy.clone())
        .unwrap()
        .observer(Box::new(move |event| {
            incidents.lock().unwrap().extend(run::incident(event));
        }));
    router.set_trading_state(state, None);
    let made = router.decide(request).unwrap();
    let said = format!(
        "{} {} {} by {}",
        made.side().word(),
        made.order_intent().word(),
        made.reason(),
        made.rule()
    );
    assert_eq!(
        (said.as_str(), told.lock().unwrap().as_slice()),
        (decision, &[incident.to_owned()][..])
    );
    assert_eq!(router.is_withdrawn(), incident.starts_with("Violation: "));
}

const CLOSED: &str = "SELL exit close_long by fail-safe";
const NORMAL_UNAVAILABLE: &str = "SKIP normal policy_unavailable by fail-safe";

#[test]
fn documents_that_break_an_invariant() {
    use FinalAction::{Close, Sell};
    use PositionSide::Long;
    use TradeType::{Exit, Normal, Risk};
    use TradingState::{Active, Halted};
    // Nothing in the language says which skips hold an exit up: I12 is the guard's alone.
    let skips = policy("  - last: { skip: not_today }");
    for (request, decision) in [
        (on(Close, Normal, Long), CLOSED),
        (on(Sell, Exit, Long), CLOSED),
        (on(Sell, Risk, Long), "SELL risk close_long by fail-safe"),
    ] {
        routed(
            &skips,
            Active,
            &request,
            decision,
            "Violation: I12: skips a close of 2 with reason `not_today`",
        );
    }
    // The right word at the wrong time.
    for reason in ["trading_halted", "already_closing", "dust"] {
        let incident = format!("Violation: I12: skips a close of 2 with reason `{reason}`");
        let skips = policy(&format!("  - last: {{ skip: {reason} }}"));
        routed(&skips, Active, &on(Close, Normal, Long), CLOSED, &incident);
    }
    // I11: a close is carried out whatever the trading state is.
    routed(
        &policy(
            "  - closes: { when: { position: opposite }, close: position }\n  - last: { skip: nothing }",
        ),
        Halted,
        &on(Sell, Normal, Long),
        "SKIP normal trading_halted by fail-safe",
        "Violation: I11: closes while the trading state is HALTED",
    );
}

#[test]
fn documents_that_ask_for_what_cannot_be_done() {
    use FinalAction::{Buy, Close, Hold, Sell, Skip, Unknown};
    use PositionSide::{Long, Short};
    use TradeType::{Exit, Exploration, Normal, Risk};
    use TradingState::{Active, Halted, Reducing};
    let opens = &policy("  - last: { open: sized }");
    let closes = &policy("  - last: { close: position }");
    let no_route = "PolicyFault: it has no route for the request";
    let of = |trade_type: &str| format!("SKIP {trade_type} policy_unavailable by fail-safe");
    let reversed = asked(Sell, Normal, |terms| {
        terms.position = Some(Position {
            side: Long,
            quantity: "2".parse().unwrap(),
        });
    });
    let working = asked(Sell, Normal, |terms| {
        terms.position = Some(Position {
            side: Long,
            quantity: "2".parse().unwrap(),
        });
        terms.working.closing = "2".parse().unwrap();
    });
    let dear = asked(Buy, Exploration, |terms| {
        terms.target_notional = "200.000000000002".parse().ok()
    });
    for (routes, state, request, decision) in [
        (opens, Active, flat(Hold, Normal), of("normal")),
        (opens, Active, flat(Skip, Normal), of("normal")),
        (opens, Active, flat(Unknown, Normal), of("normal")),
        (opens, Active, flat(Close, Normal), of("normal")),
        (opens, Active, flat(Buy, Exit), of("exit")),
        (opens, Active, flat(Buy, Risk), of("risk")),
        (opens, Active, flat(Sell, Normal), of("normal")),
        (opens, Reducing, flat(Buy, Normal), of("normal")),
        (opens, Halted, flat(Buy, Normal), of("normal")),
        (opens, Active, dear, of("explore")),
        (opens, Active, on(Close, Normal, Long), CLOSED.to_owned()),
        (opens, Active, reversed, CLOSED.to_owned()),
        (
            closes,
            Active,
            flat(Buy, Normal),
            NORMAL_UNAVAILABLE.to_owned(),
        ),
        (closes, Active, flat(Close, Risk), of("risk")),
        (closes, Active, on(Buy, Normal, Long), of("normal")),
        (closes, Active, on(Sell, Normal, Short), of("normal")),
        (closes, Active, on(Hold, Normal, Short), of("normal")),
        (
            closes,
            Active,
            working,
            "SKIP normal already_closing by fail-safe".to_owned(),
        ),
    ] {
        routed(routes, state, &request, &decision, no_route);
    }
}
