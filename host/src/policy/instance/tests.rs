//! What the rule engine is asked in one piece is what any policy is asked.

use router_guest::request::{FinalAction, TradeType};

use super::*;
use crate::cache::Cache;
use crate::compose;

const DOCUMENT: &str = include_str!("../../../../policies/default/policy.yaml");

fn default_component() -> Vec<u8> {
    compose::compose(DOCUMENT, None).unwrap()
}

fn instance_of(component: &[u8]) -> Instance {
    let policy = Policy::from_component(component, &Cache::disabled()).unwrap();
    policy.instantiate().unwrap()
}

fn terms(number: usize) -> OrderTerms {
    let mut terms = OrderTerms::new(FinalAction::ALL[number % 6], TradeType::ALL[number / 6 % 6]);
    terms.price = Some("46983.5".parse().unwrap());
    terms.target_notional = Some("230.6".parse().unwrap());
    terms.equity = Some("10000".parse().unwrap());
    terms.signal_score = Some(0.7);
    terms.confidence = Some(0.6);
    terms.risk_reward_ratio = Some(1.9);
    terms
}

#[test]
fn arguments_in_one_piece_say_what_they_say_one_by_one() {
    let component = default_component();
    let mut placing = instance_of(&component);
    let mut passing = instance_of(&component);
    assert!(passing.room.take().is_some(), "the rule engine has room");
    // The last two are more than a request line can say, and do not fit into the room.
    for bytes in [1, 7, 8, 64, 1_700, 5_000] {
        let name = "n".repeat(bytes);
        for number in 0..36 {
            let terms = terms(number);
            let uses = [BudgetUse::default()];
            let state = State {
                trading_state: TradingState::ALL[number % 3],
                budgets: terms.sees_budgets().then_some(&uses[..]),
            };
            for (symbol, strategy) in [("BTC/USDT", &*name), (&*name, "trend"), (&*name, &*name)] {
                let request = Request {
                    symbol,
                    strategy,
                    terms,
                };
                let (placed, _) = placing.decide(&request, &state).unwrap();
                let (passed, _) = passing.decide(&request, &state).unwrap();
                assert_eq!(placed, passed, "{bytes} {request:?}");
            }
        }
    }
}

#[test]
fn more_uses_than_there_is_room_for_are_passed_one_by_one() {
    let mut instance = instance_of(&default_component());
    let terms = terms(2 * 6);
    let request = Request {
        symbol: "BTC/USDT",
        strategy: "trend",
        terms,
    };
    for (count, answers) in [(1, true), (15, false), (100, false)] {
        let uses = vec![BudgetUse::default(); count];
        let state = State {
            trading_state: TradingState::Active,
            budgets: Some(&uses),
        };
        let (answer, _) = instance.decide(&request, &state).unwrap();
        assert_eq!(answer.is_ok(), answers, "{count}: {answer:?}");
    }
}

#[test]
fn only_the_rule_engine_is_called_in_one_piece() {
    let mut component = default_component();
    assert!(instance_of(&component).room.is_some());
    let code = shape::code(&component).unwrap();
    let middle = code.as_ptr().addr() - component.as_ptr().addr() + code.len() / 2;
    component[middle] ^= 1;
    assert!(!shape::is_own_engine(&component), "another code");
    for nothing in [&b""[..], b"\0asm\x0d\0\x01\0", &component[..1000]] {
        assert!(!shape::is_own_engine(nothing));
    }
}
