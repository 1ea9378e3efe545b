use super::*;
use crate::decision::Answer;
use crate::failsafe;
use crate::journal::mask::{Mask, MaskedFields};
use crate::journal::record::{PolicyNumber, ShownState};
use crate::journal::testing::{
    CLOSES, EXPLORES, OPENS, SHORTS, TestStore, decision, loader, request, shown,
};
use crate::policy::{DEFAULT_DOCUMENT, Policy};
use crate::{Cache, Decision, Side, TradingState};

const LINES: [&str; 4] = [OPENS, SHORTS, EXPLORES, CLOSES];

/// The state that a request of the line is shown.
fn state_of(line: &str) -> ShownState {
    let mut shown = shown("120");
    shown.budgets = shown
        .budgets
        .filter(|_| request(line).terms().sees_budgets());
    shown
}

fn journaled() -> (TestStore, PolicyNumber, Policy) {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    for line in LINES {
        let (request, shown) = (request(line), state_of(line));
        let decision = decision(&policy, &request, &shown);
        store.decided(number, &request, Some(&shown), &decision, None);
    }
    (store, number, policy)
}

fn again(store: &TestStore, period: Period) -> Result<Replay, ReplayError> {
    let cache = Cache::disabled();
    replay(&store.journal(), period, &loader(&cache), &mut |_| {})
}

#[track_caller]
fn says(replay: &Replay, expected: &[&str]) {
    let text = write_text(replay);
    for line in expected {
        assert!(text.contains(line), "{line}\n--- is not in\n{text}");
    }
}

#[test]
fn what_was_decided_comes_out_the_same_to_the_last_unit_of_fuel() {
    let (store, ..) = journaled();
    let replay = again(&store, Period::default()).unwrap();
    assert_eq!((replay.decided, replay.fuel_compared), (4, 4));
    assert_eq!(replay.differences, []);
    says(
        &replay,
        &["4 decisions decided again, 4 with their fuel: all came out the same"],
    );
}

#[test]
fn whatever_differs_is_told_with_its_place() {
    let (mut store, number, policy) = journaled();
    let (request, shown) = (request(OPENS), state_of(OPENS));
    let mut other = decision(&policy, &request, &shown);
    other.answer.side = Side::Sell;
    other.answer.fuel = other.answer.fuel.map(|fuel| fuel + 1);
    other.answer.notional = Some("999".parse().unwrap());
    store.decided(number, &request, Some(&shown), &other, None);
    let replay = again(&store, Period::default()).unwrap();
    assert_eq!(replay.differing, 1);
    let difference = &replay.differences[0];
    assert_eq!((difference.seq, difference.id.as_deref()), (5, Some("o-1")));
    assert_eq!(
        difference.what[..2],
        ["side: SELL, now BUY", "notional: 999, now 1000"]
    );
    assert!(difference.what[2].starts_with("fuel: "), "{difference:?}");
    says(
        &replay,
        &["entry 5, id `o-1`: side: SELL, now BUY; notional: 999, now 1000; fuel: "],
    );
}

#[test]
fn the_state_that_decided_counts_and_not_todays() {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    let request = request(EXPLORES);
    for used in ["0", "299", "300"] {
        let shown = shown(used);
        let decision = decision(&policy, &request, &shown);
        store.decided(number, &request, Some(&shown), &decision, None);
    }
    assert_eq!(again(&store, Period::default()).unwrap().differing, 0);
}

#[test]
fn repeats_and_masked_names_are_left_out_and_counted() {
    let (mut store, number, policy) = journaled();
    let (request, shown) = (request(OPENS), state_of(OPENS));
    let mut decision = decision(&policy, &request, &shown);
    for (fields, expected) in [
        ("id,tags", (1, 0)),
        ("symbol", (1, 1)),
        ("strategy", (1, 2)),
    ] {
        let mask = Mask::new(&[1; 16], fields.parse::<MaskedFields>().unwrap()).unwrap();
        store.decided(number, &request, Some(&shown), &decision, Some(&mask));
        let replay = again(&store, Period::default()).unwrap();
        assert_eq!((replay.decided - 4, replay.masked), expected, "{fields}");
    }
    decision.repeated = true;
    store.decided(number, &request, None, &decision, None);
    let replay = again(&store, Period::default()).unwrap();
    assert_eq!(
        (replay.decisions, replay.repeats, replay.differing),
        (8, 1, 0)
    );
    says(
        &replay,
        &[
            "1 decision repeated an earlier one: nothing was decided there",
            "2 decisions cannot be decided again: rules may test a name that is masked in them",
        ],
    );
}

/// Nothing was decided again, and that was called the same.
#[test]
fn a_store_that_is_masked_throughout_shows_nothing() {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    let (request, shown) = (request(OPENS), state_of(OPENS));
    let decision = decision(&policy, &request, &shown);
    let mask = Mask::new(&[1; 16], "symbol".parse().unwrap()).unwrap();
    store.decided(number, &request, Some(&shown), &decision, Some(&mask));
    let replay = again(&store, Period::default()).unwrap();
    assert_eq!(replay.is_same(), None);
    assert_eq!(
        write_text(&replay),
        "1 decision cannot be decided again: rules may test a name that is masked in them\n\
         nothing was decided again\n"
    );
    assert_eq!(write_json(&replay)["same"], serde_json::Value::Null);
    let none = again(&TestStore::new(), Period::default()).unwrap();
    assert_eq!((none.is_same(), none.masked), (None, 0));
}

#[test]
fn what_the_fail_safe_decided_is_decided_by_it_again() {
    let (mut store, number, _) = journaled();
    let request = request(CLOSES);
    for (then, differing) in [(TradingState::Active, 0), (TradingState::Halted, 1)] {
        let made = failsafe::decide(request.terms(), TradingState::Active, None);
        let decision = Decision {
            answer: Answer::of_fail_safe(made),
            warnings: Vec::new(),
            repeated: false,
        };
        let shown = ShownState {
            trading_state: then,
            budgets: None,
        };
        store.decided(number, &request, Some(&shown), &decision, None);
        assert_eq!(
            again(&store, Period::default()).unwrap().differing,
            differing
        );
    }
}

#[test]
fn a_period_is_by_the_effective_time() {
    let (store, ..) = journaled();
    let at = |text: &str| Some(text.parse().unwrap());
    for (since, until, decided) in [
        (at("2026-11-24T08:02:00Z"), None, 2),
        (None, at("2026-11-24T08:02:00Z"), 2),
        (at("2026-11-24T08:01:00Z"), at("2026-11-24T08:01:01Z"), 1),
        (at("2026-11-25T00:00:00Z"), None, 0),
    ] {
        let replay = again(&store, Period { since, until }).unwrap();
        assert_eq!(replay.decided, decided);
    }
}

#[test]
fn a_component_that_is_another_one_is_refused() {
    let (store, ..) = journaled();
    store.tamper("UPDATE policies SET component = CAST(component || x'00' AS BLOB)");
    let error = again(&store, Period::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("the component of policy `default` version 1 ("),
        "{error}"
    );
    assert!(
        error.contains("in the store is another one: its digest is "),
        "{error}"
    );
}

#[test]
fn an_entry_that_cannot_be_read_is_named() {
    let (store, ..) = journaled();
    store.tamper("UPDATE decisions SET record = x'0900' WHERE seq = 3");
    assert_eq!(
        again(&store, Period::default()).unwrap_err().to_string(),
        "entry 3 of the journal cannot be read: its form has version 9, and this program reads \
         up to 2; `journal verify` looks at all"
    );
}

#[test]
fn another_policys_decisions_are_grouped_as_diff_groups_them() {
    let (store, _, policy) = journaled();
    let shorting = DEFAULT_DOCUMENT
        .replacen("short_enabled: false", "short_enabled: true", 1)
        .replacen(
            "ETH/USDT: { allow_short: false }",
            "ETH/USDT: { allow_short: true }",
            1,
        );
    assert_ne!(shorting, DEFAULT_DOCUMENT);
    let cache = Cache::disabled();
    let loader = loader(&cache);
    let new = loader.document(&shorting, None).unwrap();
    let by = |new: &Policy| {
        other::replay_by(
            &store.journal(),
            Period::default(),
            new,
            &loader,
            &mut |_| {},
        )
        .unwrap()
    };
    assert_eq!(by(&policy).is_same(), Some(true));
    let replay = by(&new);
    assert_eq!(replay.is_same(), Some(false));
    let text = write_other_text(&replay);
    for line in [
        "instead of policy `default` version 1 (",
        "SKIP shorting_disabled → SELL open_short (intent normal, 100% of the target) — 1 recorded requests",
        "1 of 4 recorded requests would be answered otherwise",
    ] {
        assert!(text.contains(line), "{line}\n--- is not in\n{text}");
    }
    let json = write_other_json(&replay);
    assert_eq!(json["policies"][0]["changes"][0]["recorded_requests"], 1);
}

/// `cargo test --release -p execution-router --lib replays_a_million -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute; prints a figure"]
fn replays_a_million() {
    const DECISIONS: u32 = 1_000_000;
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    let lines = LINES.map(|line| {
        let (request, shown) = (request(line), state_of(line));
        let decision = decision(&policy, &request, &shown);
        (request, shown, decision)
    });
    store.connection.execute_batch("BEGIN").unwrap();
    for at in 0..DECISIONS {
        let (request, shown, decision) = &lines[(at % 4) as usize];
        store.decided(number, request, Some(shown), decision, None);
    }
    store.connection.execute_batch("COMMIT").unwrap();
    for _ in 0..3 {
        let started = std::time::Instant::now();
        let replay = again(&store, Period::default()).unwrap();
        let took = started.elapsed();
        assert_eq!((replay.decided, replay.differing), (1_000_000, 0));
        let rate = f64::from(DECISIONS) / took.as_secs_f64();
        println!("{rate:.0} decisions a second, {took:?}");
    }
}
