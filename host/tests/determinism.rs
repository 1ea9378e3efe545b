//! A decision costs the same fuel and says the same, on an instance that is fresh and on one
//! that has answered thousands of others.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use execution_router::policy::{Answer, BatchItem, Instance};
use router_guest::request::{OrderTerms, Request};
use router_guest::state::{BudgetUse, State, TradingState};
use support::{amount, default_component, many_terms};

const SYMBOLS: [&str; 4] = [
    "BTC/USDT",
    "ETH/USDT",
    "X",
    "A-NAME-OF-SIXTY-FOUR-BYTES/THAT-NO-POLICY-HAS-EVER-HEARD-OF-YET",
];

fn uses() -> [BudgetUse; 1] {
    [BudgetUse {
        used: amount("12.5"),
        reserved: amount("0.000000000001"),
        orders: 3,
    }]
}

fn decide(instance: &mut Instance, number: usize, terms: OrderTerms) -> Answer {
    let uses = uses();
    let state = State {
        trading_state: TradingState::ALL[number % 3],
        budgets: terms.sees_budgets().then_some(&uses[..]),
    };
    let request = Request {
        symbol: SYMBOLS[number % 4],
        strategy: "momentum",
        terms,
    };
    instance.decide(&request, &state).expect("no fault")
}

#[test]
fn a_warm_instance_costs_what_a_fresh_one_costs() {
    let policy = support::loaded(&default_component()).unwrap();
    let all = many_terms();
    let mut warm = policy.instantiate().unwrap();
    for round in 0..3 {
        for (number, terms) in all.iter().enumerate() {
            let mut fresh = policy.instantiate().unwrap();
            let first = decide(&mut fresh, number + round, *terms);
            assert_eq!(
                decide(&mut warm, number + round, *terms),
                first,
                "{terms:?}"
            );
            assert!(first.1 > 0);
        }
        let names: Vec<&str> = SYMBOLS.iter().chain(&["momentum"]).copied().collect();
        let items = batch(&all);
        let answers = warm.decide_batch(&names, &uses(), &items).unwrap();
        let fresh = policy
            .instantiate()
            .unwrap()
            .decide_batch(&names, &uses(), &items)
            .unwrap();
        assert_eq!(answers, fresh);
    }
}

fn batch(all: &[OrderTerms]) -> Vec<BatchItem> {
    let item = |(number, terms): (usize, &OrderTerms)| BatchItem {
        symbol: u32::try_from(number % 4).unwrap(),
        strategy: 4,
        terms: *terms,
        trading_state: TradingState::ALL[number % 3],
        budgets: terms.sees_budgets().then_some(0),
    };
    all.iter().enumerate().map(item).collect()
}

#[test]
fn a_batch_answers_as_single_calls_do() {
    let policy = support::loaded(&default_component()).unwrap();
    let all = many_terms();
    let names: Vec<&str> = SYMBOLS.iter().chain(&["momentum"]).copied().collect();
    let mut instance = policy.instantiate().unwrap();
    let (answers, _) = instance
        .decide_batch(&names, &uses(), &batch(&all))
        .unwrap();
    for (number, (answer, terms)) in answers.into_iter().zip(&all).enumerate() {
        assert_eq!(answer, decide(&mut instance, number, *terms).0, "{terms:?}");
    }
}

#[test]
fn the_component_decides_as_the_native_engine_does() {
    let document = router_guest::document::Document::parse(support::DOCUMENT).unwrap();
    let engine = router_guest::engine::Engine::new(document.table()).unwrap();
    let policy = support::loaded(&default_component()).unwrap();
    assert_eq!(policy.manifest(), engine.manifest());
    let mut instance = policy.instantiate().unwrap();
    for (number, terms) in many_terms().into_iter().enumerate() {
        let uses = uses();
        let state = State {
            trading_state: TradingState::ALL[number % 3],
            budgets: terms.sees_budgets().then_some(&uses[..]),
        };
        let request = Request {
            symbol: SYMBOLS[number % 4],
            strategy: "momentum",
            terms,
        };
        assert_eq!(
            decide(&mut instance, number, terms).0,
            engine.decide(&request, &state)
        );
    }
}

#[test]
fn an_empty_batch_has_no_answers() {
    let policy = support::loaded(&default_component()).unwrap();
    let (answers, _) = policy
        .instantiate()
        .unwrap()
        .decide_batch(&[], &[], &[])
        .unwrap();
    assert_eq!(answers, []);
}

#[test]
fn the_largest_batch_fits() {
    let policy = support::loaded(&default_component()).unwrap();
    let mut items = batch(&many_terms());
    items.resize(execution_router::sandbox::LIMITS.batch_items_max, items[0]);
    let names: Vec<&str> = SYMBOLS.iter().chain(&["momentum"]).copied().collect();
    let mut instance = policy.instantiate().unwrap();
    let (answers, _) = instance.decide_batch(&names, &uses(), &items).unwrap();
    assert_eq!(answers.len(), items.len());
    items.push(items[0]);
    let error = instance.decide_batch(&names, &uses(), &items).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a batch of 1025 items was asked for, and 1024 are the bound"
    );
}
