//! The default policy against the default routing as a plain function: every row crossed with
//! every trade type, and random requests until every rule was hit a thousand times.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use conformance::generate::{self, Numbers};
use conformance::routing::{Settings, route};
use conformance::{default_engine, variant_engine};
use router_guest::amount::Amount;
use router_guest::decision::{Decision, PositionEffect, Refusal};
use router_guest::engine::Engine;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};

/// Symbols that the two policies know differently: nothing known, minimums and shorting on,
/// quoted in another currency, unknown.
const SYMBOLS: [&str; 6] = [
    "BTC/USDT",
    "ETH/USDT",
    "LTC/USDT",
    "SOL/BTC",
    "XRP",
    "BTC/USDT:USDT",
];

#[track_caller]
fn agrees(
    engine: &Engine,
    settings: &Settings,
    request: &Request<'_>,
    state: &State<'_>,
) -> Option<Decision> {
    let expected = route(request, state, settings);
    let decided = engine.decide(request, state);
    let manifest = engine.manifest();
    match (&expected, &decided) {
        (Err(expected), Err(refusal)) => {
            assert_eq!(refusal, expected, "{request:?} {state:?}");
            None
        }
        (Ok(row), Ok(decision)) => {
            let reason = manifest.reasons[decision.reason as usize].as_str();
            let need = decision.budget.map(|claim| claim.need);
            assert_eq!(
                (
                    decision.side,
                    decision.intent,
                    reason,
                    decision.notional,
                    decision.quantity,
                    need
                ),
                (
                    row.side,
                    row.intent,
                    row.reason,
                    row.notional,
                    row.quantity,
                    row.need
                ),
                "row {} of {request:?} {state:?}",
                row.row
            );
            let opens = row.reason.starts_with("open");
            let closes = row.reason.starts_with("close");
            assert_eq!(decision.effect == PositionEffect::Open, opens);
            assert_eq!(decision.effect == PositionEffect::Close, closes);
            Some(*decision)
        }
        _ => panic!("{request:?} {state:?}: expected {expected:?}, decided {decided:?}"),
    }
}

/// Positions as they can stand to a symbol with a minimum of 0.001.
fn positions() -> Vec<Option<Position>> {
    let mut positions = vec![None];
    for side in [PositionSide::Long, PositionSide::Short] {
        for quantity in ["0", "0.0009", "0.001", "2"] {
            positions.push(Some(Position {
                side,
                quantity: quantity.parse().unwrap(),
            }));
        }
    }
    positions
}

/// Every combination of what rows look at, apart from state and budget.
fn all_terms() -> Vec<OrderTerms> {
    let mut all = Vec::new();
    let amount = |text: &str| text.parse::<Amount>().unwrap();
    for action in FinalAction::ALL {
        for trade_type in TradeType::ALL {
            for position in positions() {
                for closing in ["0", "0.5", "2"] {
                    for (opening, sized) in [("0", false), ("0", true), ("1", false)] {
                        for (score, ratio) in [(0.7, 1.3), (-0.6, 1.2), (0.3, 1.0), (0.2, 9.0)] {
                            let mut terms = OrderTerms::new(action, trade_type);
                            terms.position = position;
                            terms.working.closing = amount(closing);
                            terms.working.opening = amount(opening);
                            terms.sized = sized;
                            terms.price = Some(amount("100"));
                            terms.target_notional = Some(amount("500"));
                            terms.equity = Some(amount("10000"));
                            terms.signal_score = Some(score);
                            terms.risk_reward_ratio = Some(ratio);
                            all.push(terms);
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_row_crossed_with_every_trade_type() {
    let uses = ["0", "50", "50.000000000001", "300"].map(|used| BudgetUse {
        used: used.parse().unwrap(),
        reserved: Amount::ZERO,
        orders: 0,
    });
    let all = all_terms();
    let mut decided = 0;
    for (engine, settings) in [default_engine(), variant_engine()] {
        for terms in &all {
            for symbol in ["BTC/USDT", "ETH/USDT"] {
                for trading_state in TradingState::ALL {
                    let request = Request {
                        symbol,
                        strategy: "momentum",
                        terms: *terms,
                    };
                    let shown = if terms.sees_budgets() {
                        &uses[..]
                    } else {
                        &uses[..1]
                    };
                    for spent in shown {
                        let budgets = terms.sees_budgets().then_some(std::slice::from_ref(spent));
                        agrees(
                            &engine,
                            &settings,
                            &request,
                            &State {
                                trading_state,
                                budgets,
                            },
                        );
                        decided += 1;
                    }
                }
            }
        }
    }
    assert!(decided > 200_000, "{decided}");
}

#[test]
fn random_requests_hit_every_rule_a_thousand_times() {
    for (seed, (engine, settings)) in (1..).zip([default_engine(), variant_engine()]) {
        let mut numbers = Numbers::new(seed);
        let mut hits = vec![0_u32; engine.manifest().rules.len()];
        let mut refused = 0_u32;
        for _ in 0..600_000 {
            let terms = generate::terms(&mut numbers);
            let request = Request {
                symbol: numbers.choose::<&str>(&SYMBOLS),
                strategy: "momentum",
                terms,
            };
            let spent = [generate::budget_use(&mut numbers)];
            let budgets = terms.sees_budgets().then_some(&spent[..]);
            let state = State {
                trading_state: generate::trading_state(&mut numbers),
                budgets,
            };
            match agrees(&engine, &settings, &request, &state) {
                Some(decision) => hits[decision.rule as usize] += 1,
                None => refused += 1,
            }
        }
        let rules: Vec<_> = engine.manifest().rules.iter().zip(&hits).collect();
        println!("{rules:?}, refused {refused}");
        let rare = rules.iter().find(|(_, hits)| **hits < 1_000);
        assert_eq!(rare, None);
        assert!(refused > 1_000, "{refused}");
    }
}

#[test]
fn a_policy_that_is_broken_says_so_instead_of_bending() {
    let (engine, _) = default_engine();
    let terms = {
        let mut terms = OrderTerms::new(FinalAction::Buy, TradeType::Pilot);
        terms.target_notional = Some(Amount::ONE);
        terms.price = Some(Amount::ONE);
        terms.equity = Some(Amount::ONE);
        terms
    };
    let request = Request {
        symbol: "BTC/USDT",
        strategy: "momentum",
        terms,
    };
    let state = State {
        trading_state: TradingState::Active,
        budgets: None,
    };
    assert_eq!(
        engine.decide(&request, &state),
        Err(Refusal::BudgetsMissing)
    );
    let two = [BudgetUse::default(); 2];
    let state = State {
        trading_state: TradingState::Active,
        budgets: Some(&two),
    };
    assert_eq!(
        engine.decide(&request, &state),
        Err(Refusal::BudgetsMissing)
    );
}
