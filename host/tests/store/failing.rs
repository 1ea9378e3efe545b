//! A disk that fails: what was answered stays true, what was not is not there, and it is said.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use std::time::{Duration, Instant};

use execution_router::Side;
use execution_router::ledger::{OnExpiry, TimeToLive};
use execution_router::router::Kept;
use execution_router::store::{Durability, StoreOptions};
use rusqlite::ffi;

use super::bench::{Bench, Faulty, Place, said};

struct Broken {
    place: Place,
    bench: Bench,
    disk: Arc<Faulty>,
}

fn broken_later(durability: Durability) -> Broken {
    let place = Place::new();
    let disk = Arc::new(Faulty::default());
    let options = StoreOptions {
        durability,
        disk: Box::new(Arc::clone(&disk)),
        ..StoreOptions::default()
    };
    let bench = place.open_with(options).unwrap();
    Broken { place, bench, disk }
}

#[test]
fn while_the_disk_fails_closes_go_out_and_charges_do_not() {
    let Broken { place, bench, disk } = broken_later(Durability::Budgets);
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    assert_eq!(said(bench.normal("kept")), "BUY open_long");
    disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    assert_eq!(said(bench.pilot("b")), "store_unavailable");
    bench.expect_event(&format!(
        "THE STORE FAILED: the disk of `{}` failed: disk I/O error (SQLite code 1034)",
        place.path().display()
    ));
    assert_eq!(said(bench.pilot("b")), "store_unavailable");
    assert_eq!(
        said(bench.close("x")),
        "SELL close_long [store_unavailable]"
    );
    assert_eq!(said(bench.normal("n")), "BUY open_long");
    assert_eq!(
        bench.fill("R1", "f1", "10", Side::Buy),
        "the store is unavailable"
    );
    assert_eq!(bench.release("R1", "c1"), "the store is unavailable");
    disk.mend();
    bench.expect_event("the store is written again, after ");
    // What was refused was not kept, and the rest goes on where it stood.
    bench.expect_budget("400", "0");
    assert_eq!(said(bench.pilot("b")), "BUY open_long R2");
    assert_eq!(said(bench.normal("n")), "BUY open_long repeated");
    assert_eq!(
        bench.fill("R1", "f1", "10", Side::Buy),
        "used 10 reserved 390"
    );
    drop(bench);
    // Decisions that charged nothing waited for the disk, and are in the journal.
    assert_eq!(
        place.value::<String>(
            "SELECT group_concat(id) FROM (SELECT id FROM decisions WHERE keeps_id = 1 ORDER BY id)"
        ),
        "a,b,kept,n,x"
    );
    place.open().expect_budget("790", "10");
}

#[test]
fn a_charge_that_is_on_disk_though_nobody_said_so_is_found_there() {
    let Broken { place, bench, disk } = broken_later(Durability::Budgets);
    disk.after.store(true, Ordering::Release);
    disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    assert_eq!(said(bench.pilot("a")), "store_unavailable");
    disk.mend();
    bench.expect_event("the store is written again, after ");
    // The retry gets it, and it is charged once.
    bench.expect_budget("400", "0");
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1 repeated");
    drop(bench);
    place.open().expect_budget("400", "0");
}

#[test]
fn under_full_durability_nothing_goes_out_unwritten_but_closes() {
    let Broken { place, bench, disk } = broken_later(Durability::Full);
    disk.break_with(ffi::SQLITE_FULL);
    assert_eq!(said(bench.normal("n")), "store_unavailable");
    bench.expect_event(&format!(
        "THE STORE FAILED: `{}` cannot be written: there is no room left on its disk",
        place.path().display()
    ));
    assert_eq!(
        said(bench.close("x")),
        "SELL close_long [store_unavailable]"
    );
    disk.mend();
    bench.expect_event("the store is written again, after ");
    assert_eq!(said(bench.normal("n")), "BUY open_long");
}

#[test]
fn a_router_that_ends_while_the_disk_fails_says_what_is_lost() {
    let Broken { bench, disk, .. } = broken_later(Durability::Budgets);
    disk.break_with(ffi::SQLITE_FULL);
    assert_eq!(said(bench.pilot("a")), "store_unavailable");
    assert_eq!(
        said(bench.close("x")),
        "SELL close_long [store_unavailable]"
    );
    let events = Arc::clone(&bench.events);
    drop(bench);
    let last = events.lock().unwrap().last().cloned().unwrap();
    assert!(
        last.ends_with(
            "it could not be written until the end; \
             1 decisions that were answered are in no journal"
        ),
        "{last}"
    );
}

#[test]
fn a_halt_while_the_disk_fails_is_written_afterwards() {
    let Broken { place, bench, disk } = broken_later(Durability::Budgets);
    disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    let halted = bench.router.set_trading_state_for(
        execution_router::TradingState::Halted,
        None,
        "operator",
    );
    assert_eq!(halted, Ok(Kept::NotYet));
    // It holds all the same, and that it may be forgotten is told.
    bench.expect_event("the trading state HALTED holds, and is not on disk");
    assert_eq!(said(bench.normal("n")), "SKIP trading_halted");
    disk.mend();
    bench.expect_event("the store is written again, after ");
    // It is written though nothing comes behind it.
    let kept = || {
        place.value::<String>(
            "SELECT coalesce(max(state || ' by ' || asked_by), '') FROM trading_state",
        )
    };
    let started = Instant::now();
    while kept().is_empty() && started.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(kept(), "HALTED by operator");
}

/// Bug: a reservation whose time was over while the store failed was told of once more when the
/// store was back.
#[test]
fn an_end_of_time_that_could_not_be_written_is_told_once() {
    let place = Place::new();
    let disk = Arc::new(Faulty::default());
    let options = StoreOptions {
        disk: Box::new(Arc::clone(&disk)),
        time_to_live: Some(TimeToLive {
            after: Duration::from_secs(3_600),
            on_expiry: OnExpiry::Release,
        }),
        ..StoreOptions::default()
    };
    let bench = place.open_with(options).unwrap();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    let later = |id: &str| said(bench.pilot_at(id, "2026-01-05T10:00:00Z"));
    assert_eq!(later("b"), "store_unavailable");
    let ended = "nobody said in time what became of the order under R1";
    bench.expect_event(ended);
    disk.mend();
    bench.expect_event("the store is written again, after ");
    assert_eq!(later("c"), "BUY open_long R2");
    bench.expect_budget("400", "0");
    let events = Arc::clone(&bench.events);
    drop(bench);
    let told = events.lock().unwrap();
    let told = told.iter().filter(|event| event.contains(ended)).count();
    assert_eq!(told, 1);
    let kept = "SELECT count(*) FROM settlements WHERE kind = 'expire'";
    assert_eq!(place.value::<i64>(kept), 1);
}
