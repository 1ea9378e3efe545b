//! What is changed while the store cannot be written: what is refused, what holds all the same,
//! and what a router finds that starts after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conformance::DEFAULT_POLICY;
use execution_router::TradingState;
use execution_router::ledger::{EventError, EventId, Store};
use execution_router::router::{Kept, Probation};
use execution_router::store::{Disk, SqliteStore, StoreAddress, StoreOptions};
use rusqlite::{Connection, ffi};

use crate::support::*;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const STRICT: Probation = Probation {
    decisions: 1,
    faults: 1,
    window_decisions: 1,
};

/// A disk on which nothing can be written once it is told so.
#[derive(Default)]
struct Failing {
    fails: AtomicBool,
    /// Whether what was committed is there all the same, and only the word is lost.
    after: AtomicBool,
}

impl Failing {
    fn outcome(&self, is_after: bool) -> rusqlite::Result<()> {
        let fails = self.fails.load(Ordering::Acquire);
        if fails && self.after.load(Ordering::Acquire) == is_after {
            let error = ffi::Error::new(ffi::SQLITE_IOERR_FSYNC);
            return Err(rusqlite::Error::SqliteFailure(error, None));
        }
        Ok(())
    }
}

impl Disk for Failing {
    fn opening(&self) -> rusqlite::Result<()> {
        self.outcome(self.after.load(Ordering::Acquire))
    }

    fn committing(&self) -> rusqlite::Result<()> {
        self.outcome(false)
    }

    fn committed(&self) -> rusqlite::Result<()> {
        self.outcome(true)
    }
}

struct Place {
    folder: tempfile::TempDir,
    disk: Arc<Failing>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk: Arc::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("router.db")
    }

    fn store(&self) -> SqliteStore {
        let options = StoreOptions {
            disk: Box::new(Arc::clone(&self.disk)),
            ..StoreOptions::default()
        };
        SqliteStore::open(&StoreAddress::sqlite(self.path()), options).unwrap()
    }

    fn open(&self) -> Bench {
        Bench::on(&candidate(DEFAULT_POLICY), STRICT, Box::new(self.store()))
    }

    fn fail(&self) {
        self.disk.fails.store(true, Ordering::Release);
    }

    fn mend(&self) {
        self.disk.fails.store(false, Ordering::Release);
    }

    /// The files as a crash at this moment would leave them.
    fn crashed(&self) -> Self {
        let copy = Self::new();
        for name in ["router.db", "router.db-wal"] {
            std::fs::copy(self.folder.path().join(name), copy.folder.path().join(name)).unwrap();
        }
        copy
    }

    /// Policies that a router that starts keeps out.
    fn quarantined(&self) -> usize {
        Store::restored(&self.store()).quarantined.len()
    }

    /// What was made live, as `kind generation`.
    fn lives(&self) -> String {
        lives(&self.path())
    }
}

fn lives(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    let query = "SELECT group_concat(kind || ' ' || generation, ', ') FROM \
                 (SELECT * FROM changes WHERE generation IS NOT NULL ORDER BY seq)";
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[track_caller]
fn soon(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the store serves again.
#[track_caller]
fn until_back(bench: &Bench) {
    let event = EventId::new("probe").unwrap();
    soon("the store is not back", || {
        let released = bench.router.release("R99".parse().unwrap(), event);
        released
            == Err(EventError::UnknownReservation {
                reservation: "R99".parse().unwrap(),
            })
    });
}

const UNWRITTEN: &str = "the store cannot be written, so that a restart would take it back; the \
                         live policy stays, ask again once the store is back";

#[test]
fn what_somebody_asks_for_is_refused_while_it_cannot_be_kept() {
    let place = Place::new();
    let bench = place.open();
    place.fail();
    // The first one finds out, and may have been too late to be sure; the second one knows.
    for _ in 0..2 {
        let refused = bench.router.swap(&marking("next"), "ops").unwrap_err();
        assert_eq!(refused.to_string(), UNWRITTEN);
    }
    assert_eq!(bench.decide(&buy("mark")), "BUY open_long by default/1");
    let refused = bench.router.rollback("ops").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "there is no earlier policy to go back to"
    );
    let crashed = place.crashed();
    place.mend();
    soon("a swap", || {
        bench.router.swap(&marking("next"), "ops").is_ok()
    });
    // The number of the one that was refused is not given to another.
    assert_eq!(bench.decide(&buy("mark")), "SKIP next_marked by next/3");
    drop(bench);
    assert_eq!(place.lives(), "started 1, refused 2, swap 3");
    let again = crashed.open();
    assert_eq!(again.decide(&buy("mark")), "BUY open_long by default/18");
    drop(again);
    assert_eq!(crashed.lives(), "started 1, started 18");
    // What was reserved was given back by the router that ended as it should.
    drop(crashed.open());
    assert_eq!(crashed.lives(), "started 1, started 18, started 19");
}

#[test]
fn a_swap_that_is_on_disk_though_nobody_could_say_so_is_not_what_goes_on() {
    let place = Place::new();
    let bench = place.open();
    place.disk.after.store(true, Ordering::Release);
    place.fail();
    let refused = bench.router.swap(&marking("next"), "ops").unwrap_err();
    assert_eq!(refused.to_string(), UNWRITTEN);
    assert_eq!(bench.decide(&buy("mark")), "BUY open_long by default/1");
    place.mend();
    until_back(&bench);
    drop(bench);
    assert_eq!(place.lives(), "started 1, swap 2, refused 2");
    let store = place.store();
    let last = store.last_live().unwrap().unwrap();
    assert_eq!((last.name.as_str(), last.generation), ("default", 1));
}

#[test]
fn a_policy_that_may_not_decide_any_more_loses_its_place_at_once() {
    let place = Place::new();
    let bench = place.open();
    bench.router.swap(&violating(), "ops").unwrap();
    bench.told();
    place.fail();
    assert_eq!(bench.decide(&close("evil")), "SELL close_long by default/1");
    assert_eq!(
        bench.words(),
        [
            "violation",
            "quarantined",
            "not_kept",
            "rolled_back",
            "not_kept"
        ]
    );
    assert_eq!(bench.decide(&buy("evil")), "BUY open_long by default/3");
    let crashed = place.crashed();
    place.mend();
    until_back(&bench);
    drop(bench);
    assert_eq!(place.lives(), "started 1, swap 2, rollback 3");
    assert_eq!(place.quarantined(), 1);
    // Whoever starts after a crash does not give the number out again that was lost.
    drop(crashed.open());
    assert_eq!(crashed.lives(), "started 1, swap 2, started 19");
}

#[test]
fn a_quarantine_is_not_cleared_while_that_cannot_be_kept() {
    let place = Place::new();
    let bench = place.open();
    bench.router.swap(&violating(), "ops").unwrap();
    bench.decide(&close("evil"));
    let digest = violating().digest();
    place.fail();
    for _ in 0..2 {
        let refused = bench
            .router
            .clear_quarantine_for(digest, "ops")
            .unwrap_err();
        assert_eq!(refused.to_string(), "the store is unavailable");
        assert!(!bench.router.clear_quarantine(digest));
    }
    assert_eq!(bench.router.quarantine().len(), 1);
    place.mend();
    soon("cleared", || {
        bench.router.clear_quarantine_for(digest, "ops") == Ok(true)
    });
    assert!(bench.router.quarantine().is_empty());
    drop(bench);
    assert_eq!(place.quarantined(), 0);
}

#[test]
fn what_lets_less_through_holds_at_once_and_what_lets_more_through_does_not() {
    use TradingState::{Active, Halted, Reducing};
    let place = Place::new();
    let bench = place.open();
    let set = |state, until| bench.router.set_trading_state_for(state, until, "ops");
    let (noon, later) = (Some(noon()), Some(at("2026-03-02T13:00:00Z")));
    assert_eq!(set(Reducing, later), Ok(Kept::OnDisk));
    place.fail();
    bench.told();
    // The first one finds out.
    assert!(set(Reducing, noon).is_err());
    assert!(set(Active, None).is_err());
    assert_eq!(bench.words(), [] as [&str; 0]);
    assert_eq!(bench.router.trading_state(), Reducing);
    assert_eq!(bench.router.trading_state_until(), later);
    assert_eq!(set(Reducing, None), Ok(Kept::NotYet));
    assert_eq!(set(Halted, later), Ok(Kept::NotYet));
    assert!(set(Halted, noon).is_err());
    let told: Vec<_> = bench.told().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the trading state is REDUCING, after REDUCING",
            "the trading state REDUCING holds, and is not on disk: until the store is back, a \
             restart forgets it",
            "the trading state is HALTED, after REDUCING, until 2026-03-02T13:00:00Z",
            "the trading state HALTED holds, and is not on disk: until the store is back, a \
             restart forgets it",
        ]
    );
    place.mend();
    until_back(&bench);
    drop(bench);
    let again = place.open();
    assert_eq!(again.router.trading_state(), Halted);
    assert_eq!(again.router.trading_state_until(), later);
}
