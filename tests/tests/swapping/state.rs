//! The trading state: what it is called, and when it ends.

use conformance::DEFAULT_POLICY;
use execution_router::events::Event;
use execution_router::router::{BudgetClock, Router, trading_state_of_word};
use execution_router::{FinalAction, Request, TradingState};
use jiff::Timestamp;

use crate::support::*;

fn buy_at(timestamp: Option<&str>) -> Request<'static> {
    let mut builder = Request::builder(FinalAction::Buy, "BTC/USDT", "trend")
        .position(None)
        .price("100".parse().unwrap())
        .target_notional("500".parse().unwrap());
    if let Some(timestamp) = timestamp {
        builder = builder.timestamp(at(timestamp));
    }
    builder.build().unwrap()
}

#[test]
fn words_of_the_state() {
    use TradingState::{Active, Halted, Reducing};
    for (word, state) in [
        ("ACTIVE", Some(Active)),
        ("reducing", Some(Reducing)),
        ("stop", Some(Reducing)),
        ("STOP", Some(Reducing)),
        ("Halted", Some(Halted)),
        ("halt", None),
        ("", None),
    ] {
        assert_eq!(trading_state_of_word(word), state, "{word}");
    }
}

#[test]
fn a_state_ends_with_the_first_request_of_a_later_time() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let router = &bench.router;
    router.set_trading_state(TradingState::Reducing, Some(noon()));
    for (timestamp, reason) in [
        (Some("2026-03-02T11:59:59Z"), "SKIP reducing_only"),
        // Who says no time ends nothing.
        (None, "SKIP reducing_only"),
        (Some("2026-03-02T12:00:00Z"), "BUY open_long"),
        // What has ended has ended.
        (Some("2026-03-02T11:59:59Z"), "BUY open_long"),
        (None, "BUY open_long"),
    ] {
        let expected = format!("{reason} by default/1");
        assert_eq!(bench.decide(&buy_at(timestamp)), expected, "{timestamp:?}");
    }
    assert_eq!(router.trading_state(), TradingState::Active);
    assert_eq!(router.trading_state_until(), None);
    let told: Vec<_> = bench.told().iter().map(Event::to_string).collect();
    assert_eq!(
        told,
        [
            "the trading state is REDUCING, after ACTIVE, until 2026-03-02T12:00:00Z",
            "the trading state is ACTIVE, after REDUCING, whose time is over",
        ]
    );
}

#[test]
fn with_a_clock_of_the_hosts_it_ends_by_that_clock() {
    let ends = |until: &str| {
        let router = Router::new(policy_of(&candidate(DEFAULT_POLICY)))
            .unwrap()
            .clock(BudgetClock::System(Box::new(Stopped(noon()))));
        router.set_trading_state(TradingState::Halted, Some(at(until)));
        // Whatever the request says.
        router
            .decide(&buy_at(Some("2030-01-01T00:00:00Z")))
            .unwrap();
        router.trading_state() == TradingState::Active
    };
    assert!(ends("2026-03-02T11:59:59Z"));
    assert!(ends("2026-03-02T12:00:00Z"));
    assert!(!ends("2026-03-02T12:00:01Z"));
}

#[test]
fn the_last_word_counts() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let router = &bench.router;
    let later = "2026-03-02T13:00:00Z";
    router.set_trading_state(TradingState::Reducing, Some(noon()));
    router.set_trading_state(TradingState::Halted, None);
    assert_eq!(
        bench.decide(&buy_at(Some(later))),
        "SKIP trading_halted by default/1"
    );
    // ACTIVE is what the others end in.
    router.set_trading_state(TradingState::Active, Some(Timestamp::MAX));
    assert_eq!(router.trading_state_until(), None);
    // A batch, too, meets the end in its midst.
    router.set_trading_state(TradingState::Reducing, Some(noon()));
    let batch = [
        buy_at(Some("2026-03-02T11:00:00Z")),
        buy_at(Some(later)),
        buy_at(Some(later)),
    ];
    let decided = router.decide_batch(&batch).into_iter();
    let reasons: Vec<_> = decided
        .map(|decision| decision.unwrap().reason().to_owned())
        .collect();
    assert_eq!(reasons, ["reducing_only", "open_long", "open_long"]);
    // And survives every policy.
    router.set_trading_state(TradingState::Reducing, None);
    router.swap(&marking("next"), "test").unwrap();
    assert_eq!(bench.decide(&buy_at(None)), "SKIP reducing_only by next/2");
}
