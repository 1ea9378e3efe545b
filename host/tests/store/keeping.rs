//! What a store keeps from one router to the next.

use std::time::Duration;

use execution_router::Side;
use execution_router::TradingState;
use execution_router::ledger::{EventId, OnExpiry, TimeToLive};
use execution_router::store::{Durability, SqliteStore, StoreOptions};

use super::bench::{Place, said};

#[test]
fn a_reservation_is_there_after_a_restart_and_its_id_is_known() {
    let place = Place::new();
    let first = place.open();
    assert_eq!(said(first.pilot("a")), "BUY open_long R1");
    assert_eq!(said(first.pilot("a")), "BUY open_long R1 repeated");
    first.expect_budget("400", "0");
    drop(first);
    let second = place.open();
    second.expect_budget("400", "0");
    assert_eq!(said(second.pilot("a")), "BUY open_long R1 repeated");
    assert_eq!(said(second.pilot("b")), "BUY open_long R2");
    second.expect_budget("800", "0");
    drop(second);
    assert_eq!(place.value::<i64>("SELECT count(*) FROM decisions"), 4);
    assert_eq!(
        place.value::<i64>("SELECT count(*) FROM decisions WHERE keeps_id = 1"),
        2
    );
    assert_eq!(
        place.value::<String>(
            "SELECT group_concat(budget || ' ' || reserved || ' ' || side) FROM reservations"
        ),
        "exploration 400 BUY,exploration 400 BUY"
    );
}

#[test]
fn an_id_of_another_request_is_refused_also_from_the_disk() {
    let place = Place::new();
    let first = place.open();
    assert_eq!(said(first.normal("a")), "BUY open_long");
    assert_eq!(said(first.pilot("a")), "duplicate_id");
    drop(first);
    let second = place.open();
    assert_eq!(said(second.pilot("a")), "duplicate_id");
    // A refused id stays refused, and what it was first stays what it is.
    assert_eq!(said(second.pilot("a")), "duplicate_id");
    assert_eq!(said(second.normal("a")), "BUY open_long repeated");
    assert_eq!(said(second.close("a")), "SELL close_long [duplicate_id]");
    second.expect_budget("0", "0");
}

#[test]
fn a_repeat_prints_what_was_printed_first() {
    let place = Place::new();
    let first = place.open();
    let before = first.pilot("a").unwrap();
    drop(first);
    let second = place.open();
    let after = second.pilot("a").unwrap();
    assert_eq!(before.rule(), after.rule());
    assert_eq!(before.quantity(), after.quantity());
    assert_eq!(before.notional(), after.notional());
    assert_eq!(before.budget(), after.budget());
    assert_eq!(before.fuel(), after.fuel());
    let identity = |decision: &execution_router::Decision| {
        let policy = decision.policy().unwrap();
        (policy.digest, policy.generation)
    };
    assert_eq!(identity(&before), identity(&after));
    // A new decision is of the second router's own generation.
    assert_eq!(identity(&second.pilot("b").unwrap()).1, 2);
}

#[test]
fn fills_and_releases_are_kept_and_count_once() {
    let place = Place::new();
    let first = place.open();
    first.pilot("a").unwrap();
    first.pilot("b").unwrap();
    let fill = |bench: &super::bench::Bench, event| bench.fill("R1", event, "150", Side::Buy);
    assert_eq!(fill(&first, "f1"), "used 150 reserved 250");
    drop(first);
    let second = place.open();
    second.expect_budget("650", "150");
    assert_eq!(fill(&second, "f1"), "used 0 reserved 250 repeated");
    assert_eq!(fill(&second, "f2"), "used 150 reserved 100");
    assert_eq!(second.release("R2", "c1"), "released 400");
    assert_eq!(second.release("R2", "c1"), "released 0 repeated");
    drop(second);
    let third = place.open();
    third.expect_budget("100", "300");
    assert_eq!(third.release("R2", "c1"), "released 0 repeated");
    assert_eq!(fill(&third, "f3"), "used 150 reserved 0 overrun 50");
    assert_eq!(
        third.fill("R3", "f1", "1", Side::Buy),
        "there is no reservation `R3`"
    );
    drop(third);
    place.open().expect_budget("0", "450");
    assert_eq!(
        place.value::<String>(
            "SELECT group_concat(kind || ' ' || event_id) FROM \
             (SELECT * FROM settlements ORDER BY seq)"
        ),
        "settle f1,settle f2,release c1,settle f3"
    );
    assert_eq!(
        place.value::<String>("SELECT settled FROM reservations WHERE number = 1"),
        "450"
    );
}

#[test]
fn the_log_counts_from_one_without_gaps_and_is_chained() {
    let place = Place::new();
    let bench = place.open();
    bench.pilot("a").unwrap();
    bench.normal("b").unwrap();
    bench.fill("R1", "f1", "10", Side::Buy);
    bench.router.set_trading_state(TradingState::Reducing, None);
    bench.close("c").unwrap();
    drop(bench);
    let all = "SELECT seq FROM decisions UNION ALL SELECT seq FROM settlements \
               UNION ALL SELECT seq FROM changes ORDER BY seq";
    assert_eq!(
        place.value::<String>(&format!("SELECT group_concat(seq) FROM ({all})")),
        "1,2,3,4,5,6"
    );
    let head: Vec<u8> = place.value("SELECT value FROM meta WHERE key = 'chain_hash'");
    let last: Vec<u8> = place.value("SELECT chain FROM decisions WHERE seq = 6");
    assert_eq!(head, last);
}

#[test]
fn a_clock_that_runs_backwards_between_two_routers_refills_nothing() {
    let place = Place::new();
    let first = place.open();
    assert_eq!(
        said(first.pilot_at("a", "2026-01-06T00:10:00Z")),
        "BUY open_long R1"
    );
    drop(first);
    let second = place.open();
    assert_eq!(
        said(second.pilot_at("b", "2026-01-05T23:50:00Z")),
        "BUY open_long R2"
    );
    let both = ("800".to_owned(), "0".to_owned());
    assert_eq!(second.budget_at("2026-01-05T12:00:00Z"), both);
    assert_eq!(second.budget_at("2026-01-06T12:00:00Z"), both);
}

#[test]
fn a_time_that_runs_ahead_is_not_believed() {
    let place = Place::new();
    let bench = place.open();
    let ahead = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(6)).to_string();
    let refused = bench.pilot_at("a", &ahead).unwrap_err();
    assert_eq!(refused.code, "clock_ahead");
    assert!(
        refused.message.starts_with(&format!(
            "`timestamp` is `{ahead}`, which is more than 5 minutes ahead of this machine's clock ("
        )),
        "{}",
        refused.message
    );
    let near = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(4)).to_string();
    assert_eq!(said(bench.pilot_at("b", &near)), "BUY open_long R1");
}

#[test]
fn the_trading_state_is_what_it_was() {
    let place = Place::new();
    let first = place.open();
    let until = "2026-01-05T10:00:00Z".parse().unwrap();
    first
        .router
        .set_trading_state(TradingState::Halted, Some(until));
    drop(first);
    let second = place.open();
    assert_eq!(second.router.trading_state(), TradingState::Halted);
    assert_eq!(second.router.trading_state_until(), Some(until));
    assert_eq!(said(second.pilot("a")), "SKIP trading_halted");
    assert_eq!(
        said(second.pilot_at("b", "2026-01-05T10:00:01Z")),
        "BUY open_long R1"
    );
}

#[test]
fn a_fill_on_the_other_side_lets_nothing_open() {
    let place = Place::new();
    let bench = place.open();
    bench.pilot("a").unwrap();
    bench.fill("R1", "f1", "10", Side::Sell);
    bench.expect_event("the order under R1 was filled as a SELL, which is not what was decided");
    assert_eq!(said(bench.pilot("b")), "SKIP reducing_only");
    drop(bench);
    assert_eq!(said(place.open().pilot("c")), "SKIP reducing_only");
}

/// Bug: a router that ended between writing such a fill down and what follows from it let the
/// next one open again, and a state with an end came back to ACTIVE by itself.
#[test]
fn a_fill_on_the_other_side_is_remembered_until_somebody_has_looked() {
    let place = Place::new();
    let bench = place.open();
    bench.pilot("a").unwrap();
    bench.fill("R1", "f1", "10", Side::Sell);
    drop(bench);
    // As a crash in between leaves it.
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let forget = "DELETE FROM changes WHERE kind = 'trading_state'; DELETE FROM trading_state;
        UPDATE meta SET value = (SELECT max(seq) FROM settlements) WHERE key = 'chain_seq';
        UPDATE meta SET value = (SELECT chain FROM settlements ORDER BY seq DESC LIMIT 1)
        WHERE key = 'chain_hash'";
    connection.execute_batch(forget).unwrap();
    let again = place.open();
    assert_eq!(said(again.pilot("b")), "SKIP reducing_only");
    again.router.set_trading_state(TradingState::Active, None);
    drop(again);
    let third = place.open();
    assert_eq!(said(third.pilot("c")), "BUY open_long R2");
    let until = "2026-01-05T10:00:00Z".parse().unwrap();
    let router = &third.router;
    router.set_trading_state(TradingState::Halted, Some(until));
    third.fill("R2", "f1", "10", Side::Sell);
    assert_eq!(router.trading_state(), TradingState::Halted);
    assert_eq!(router.trading_state_until(), None);
}

#[track_caller]
fn expires(on_expiry: OnExpiry, held_after: &str) {
    let place = Place::new();
    let options = || StoreOptions {
        time_to_live: Some(TimeToLive {
            after: Duration::from_secs(3_600),
            on_expiry,
        }),
        ..StoreOptions::default()
    };
    let first = place.open_with(options()).unwrap();
    first.pilot("a").unwrap();
    drop(first);
    let second = place.open_with(options()).unwrap();
    second.pilot_at("b", "2026-01-05T09:59:59Z").unwrap();
    assert_eq!(second.budget().0, "800");
    second.pilot_at("c", "2026-01-05T10:00:00Z").unwrap();
    second.expect_event("nobody said in time what became of the order under R1");
    assert_eq!(second.budget().0, held_after);
    drop(second);
    let third = place.open_with(options()).unwrap();
    assert_eq!(third.budget().0, held_after);
    third.pilot_at("d", "2026-01-05T10:00:01Z").unwrap();
    assert!(third.events.lock().unwrap().is_empty(), "it is told once");
    assert_eq!(
        place.value::<String>("SELECT group_concat(kind || ' ' || released) FROM settlements"),
        match on_expiry {
            OnExpiry::Keep => "expire 0",
            OnExpiry::Release => "expire 400",
        }
    );
}

#[test]
fn a_reservation_whose_time_is_over_holds_on_or_is_released() {
    expires(OnExpiry::Keep, "1200");
    expires(OnExpiry::Release, "800");
}

#[test]
fn a_reservation_that_is_dropped_unsent_is_released() {
    let place = Place::new();
    let bench = place.open();
    let router = &bench.router;
    let event = |name| EventId::new(name).unwrap();
    let amount = |text: &str| text.parse().unwrap();
    let decision = bench.pilot("a").unwrap();
    drop(router.reservation(&decision));
    bench.expect_budget("0", "0");
    // A repeat's reservation is that of whoever got the decision first.
    assert!(router.reservation(&bench.pilot("a").unwrap()).is_none());
    assert!(router.reservation(&bench.normal("n").unwrap()).is_none());
    let held = router.reservation(&bench.pilot("b").unwrap()).unwrap();
    drop(held.sent());
    bench.expect_budget("400", "0");
    let held = router.reservation(&bench.pilot("c").unwrap()).unwrap();
    let (settled, held) = held
        .settle(event("f1"), amount("150"), Side::Buy, false)
        .unwrap();
    assert_eq!(settled.reserved, amount("250"));
    let released = held.unwrap().release(event("c1")).unwrap();
    assert_eq!(released.released, amount("250"));
    let held = router.reservation(&bench.pilot("d").unwrap()).unwrap();
    let (_, rest) = held
        .settle(event("f1"), amount("100"), Side::Buy, true)
        .unwrap();
    assert!(rest.is_none());
    bench.expect_budget("400", "250");
}

#[test]
fn every_decision_is_durable_when_asked_for() {
    let place = Place::new();
    let bench = place
        .open_with(StoreOptions {
            durability: Durability::Full,
            ..StoreOptions::default()
        })
        .unwrap();
    for number in 0..3 {
        bench.normal(&format!("n{number}")).unwrap();
        assert_eq!(
            place.value::<i64>("SELECT count(*) FROM decisions"),
            number + 1
        );
    }
}

#[test]
fn what_charges_nothing_is_on_disk_within_50_milliseconds() {
    let place = Place::new();
    let bench = place.open();
    bench.normal("a").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(place.value::<i64>("SELECT count(*) FROM decisions"), 1);
}

#[test]
fn a_second_router_is_refused_by_the_name_of_the_first() {
    let place = Place::new();
    let _first = place.open();
    let Err(refused) = SqliteStore::open(&place.address(), StoreOptions::default()) else {
        panic!("two routers on one store")
    };
    let words = refused.to_string();
    let expected = format!(
        "a router runs on `{}` already: process {}, execution-router ",
        place.path().display(),
        std::process::id()
    );
    assert!(words.starts_with(&expected), "{words}");
}

#[test]
fn a_fill_of_a_reservation_that_memory_forgot_is_recorded_all_the_same() {
    let place = Place::new();
    let bench = place.open();
    // More than a budget remembers of passed windows.
    let forgotten = execution_router::ledger::PASSED_MAX + 2;
    for chunk in (0..forgotten).collect::<Vec<_>>().chunks(256) {
        let decisions = bench.small_pilots(chunk.len(), "2026-01-05T09:00:00Z");
        assert!(decisions.iter().all(|decision| decision.starts_with("BUY")));
    }
    assert!(bench.small_pilots(1, "2026-01-06T09:00:00Z")[0].starts_with("BUY"));
    let fill = || bench.fill("R1", "f1", "0.1", Side::Buy);
    assert_eq!(fill(), "used 0.1 reserved 0");
    assert_eq!(fill(), "used 0 reserved 0 repeated");
    assert_eq!(bench.release("R2", "c1"), "released 0.1");
    assert_eq!(bench.release("R2", "c1"), "released 0 repeated");
    assert_eq!(
        bench.fill("R99999", "f1", "1", Side::Buy),
        "there is no reservation `R99999`"
    );
    drop(bench);
    assert_eq!(
        place.value::<String>(
            "SELECT group_concat(reserved || ' ' || settled || ' ' || is_open, ', ') \
             FROM reservations WHERE number < 3"
        ),
        "0 0.1 1, 0 0 0"
    );
}

#[test]
fn a_trading_state_is_kept_as_it_was_said_last() {
    let place = Place::new();
    let bench = place.open();
    let until = "2026-01-05T10:00:00Z".parse().unwrap();
    let kept = || {
        place.value::<String>("SELECT state || coalesce(' until ' || until, '') FROM trading_state")
    };
    bench
        .router
        .set_trading_state(TradingState::Halted, Some(until));
    assert_eq!(kept(), "HALTED until 1767607200000000");
    bench.router.set_trading_state(TradingState::Halted, None);
    assert_eq!(kept(), "HALTED");
    bench
        .router
        .set_trading_state(TradingState::Reducing, Some(until));
    // It ends with the first request of that time, and has ended after a restart as well.
    assert_eq!(
        said(bench.pilot_at("a", "2026-01-05T10:00:00Z")),
        "BUY open_long R1"
    );
    assert_eq!(kept(), "ACTIVE");
}

#[test]
fn a_second_router_that_got_past_the_lock_file_is_found_out() {
    let place = Place::new();
    let first = place.open();
    assert_eq!(said(first.pilot("a")), "BUY open_long R1");
    std::fs::remove_file(place.path().with_extension("db.lock")).unwrap();
    // The file itself is locked as well.
    let refused = place.open_with(StoreOptions::default()).err().unwrap();
    assert!(
        refused
            .to_string()
            .starts_with("a router runs on the file ")
    );
    // Where that lock does not reach, as over a network, the next write finds it out.
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection
        .execute(
            "UPDATE meta SET value = value + 1 WHERE key = 'chain_seq'",
            [],
        )
        .unwrap();
    assert_eq!(said(first.pilot("b")), "store_unavailable");
    first.expect_event("another router has written to it; run one router on a store");
}
