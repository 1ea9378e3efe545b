//! What the tests of the store stand on: a router on a store in a folder of its own, requests
//! in few words, and a disk that fails when it is told to.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::{Duration, Instant};

use execution_router::events::Event;
use execution_router::ledger::{EventId, Settlement};
use execution_router::store::{Disk, SqliteStore, StoreAddress, StoreFault, StoreOptions};
use execution_router::{Cache, Decision, Policy, Rejection, Request, Router, Side};
use rusqlite::{Connection, ffi};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn policy() -> Policy {
    static POLICY: LazyLock<Policy> =
        LazyLock::new(|| Policy::default_policy(&Cache::user()).unwrap());
    POLICY.clone()
}

/// A folder with a store.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// A router on the store.
pub(crate) struct Bench {
    pub(crate) router: Router,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
}

/// A disk that hangs while it is told to, and counts its commits.
#[derive(Default)]
pub(crate) struct Hanging {
    is_hanging: Mutex<bool>,
    goes_on: Condvar,
    pub(crate) commits: AtomicU32,
    /// Milliseconds that a commit takes.
    pub(crate) slowness: AtomicU32,
}

impl Disk for Hanging {
    fn committing(&self) -> rusqlite::Result<()> {
        self.commits.fetch_add(1, Ordering::AcqRel);
        let slowness = self.slowness.load(Ordering::Acquire);
        std::thread::sleep(Duration::from_millis(slowness.into()));
        let is_hanging = self.is_hanging.lock().unwrap();
        let waited = self.goes_on.wait_while(is_hanging, |hanging| *hanging);
        drop(waited.unwrap());
        Ok(())
    }
}

impl Hanging {
    pub(crate) fn hang(&self, hangs: bool) {
        *self.is_hanging.lock().unwrap() = hangs;
        self.goes_on.notify_all();
    }
}

/// A disk that fails when it is told to.
#[derive(Default)]
pub(crate) struct Faulty {
    /// Extended code of the next failing commits; 0 for none.
    pub(crate) commit: AtomicU32,
    /// Whether what was committed is there all the same, and only the word is lost.
    pub(crate) after: AtomicBool,
    /// Whether the store cannot be opened.
    pub(crate) is_gone: AtomicBool,
}

impl Disk for Faulty {
    fn opening(&self) -> rusqlite::Result<()> {
        if self.is_gone.load(Ordering::Acquire) {
            return Err(error(ffi::SQLITE_IOERR_READ));
        }
        Ok(())
    }

    fn committing(&self) -> rusqlite::Result<()> {
        self.fail(false)
    }

    fn committed(&self) -> rusqlite::Result<()> {
        self.fail(true)
    }
}

impl Faulty {
    fn fail(&self, after: bool) -> rusqlite::Result<()> {
        let code = self.commit.load(Ordering::Acquire);
        if code == 0 || self.after.load(Ordering::Acquire) != after {
            return Ok(());
        }
        Err(error(i32::try_from(code).unwrap()))
    }

    /// From now on commits fail with this code, and the store cannot be opened again.
    pub(crate) fn break_with(&self, code: i32) {
        self.is_gone.store(true, Ordering::Release);
        self.commit
            .store(u32::try_from(code).unwrap(), Ordering::Release);
    }

    pub(crate) fn mend(&self) {
        self.commit.store(0, Ordering::Release);
        self.is_gone.store(false, Ordering::Release);
    }
}

fn error(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("router.db")
    }

    pub(crate) fn address(&self) -> StoreAddress {
        StoreAddress::sqlite(self.path())
    }

    pub(crate) fn open(&self) -> Bench {
        self.open_with(StoreOptions::default()).unwrap()
    }

    pub(crate) fn open_with(&self, options: StoreOptions) -> Result<Bench, StoreFault> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = |events: &Arc<Mutex<Vec<String>>>| {
            let events = Arc::clone(events);
            move |event: &Event| events.lock().unwrap().push(event.to_string())
        };
        let options = StoreOptions {
            observer: Box::new(told(&events)),
            ..options
        };
        let store = SqliteStore::open(&self.address(), options)?;
        let router = Router::with_store(policy(), Box::new(store)).unwrap();
        let router = router.observer(Box::new(told(&events)));
        Ok(Bench { router, events })
    }

    /// A value that stands in the store.
    #[track_caller]
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let connection = Connection::open(self.path()).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

impl Bench {
    /// A pilot order that needs 400 of the 3,000 that the budget has a day.
    pub(crate) fn pilot(&self, id: &str) -> Result<Decision, Rejection> {
        self.pilot_at(id, "2026-01-05T09:00:00Z")
    }

    pub(crate) fn pilot_at(&self, id: &str, time: &str) -> Result<Decision, Rejection> {
        let text = format!(
            r#"{{"id":"{id}","timestamp":"{time}","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","trade_type":"pilot","position":null,"price":"50000","target_notional":"1000","equity":"100000","signal_score":0.6,"risk_reward_ratio":1.2}}"#
        );
        self.decide(&text)
    }

    /// Pilot orders that need 0.1 each, in one batch.
    pub(crate) fn small_pilots(&self, count: usize, time: &str) -> Vec<String> {
        let text = format!(
            r#"{{"timestamp":"{time}","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","trade_type":"pilot","position":null,"price":"50000","target_notional":"0.25","equity":"100000"}}"#
        );
        let requests: Vec<_> = (0..count).map(|_| request(&text)).collect();
        let decided = self.router.decide_batch(&requests);
        decided.into_iter().map(said).collect()
    }

    pub(crate) fn normal(&self, id: &str) -> Result<Decision, Rejection> {
        let text = format!(
            r#"{{"id":"{id}","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","position":null,"price":"50000","target_notional":"1000"}}"#
        );
        self.decide(&text)
    }

    pub(crate) fn close(&self, id: &str) -> Result<Decision, Rejection> {
        let text = format!(
            r#"{{"id":"{id}","final_action":"CLOSE","symbol":"BTC/USDT","strategy":"alpha","position":{{"side":"long","quantity":"1"}}}}"#
        );
        self.decide(&text)
    }

    pub(crate) fn decide(&self, text: &str) -> Result<Decision, Rejection> {
        self.router.decide(&request(text))
    }

    /// Reserved and used of the budget, in the window of this moment.
    pub(crate) fn budget(&self) -> (String, String) {
        self.budget_at("2026-01-05T09:00:00Z")
    }

    pub(crate) fn budget_at(&self, time: &str) -> (String, String) {
        let text = format!(
            r#"{{"timestamp":"{time}","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","trade_type":"pilot","position":null,"equity":"100000"}}"#
        );
        let uses = self.router.budget_uses(&request(&text)).unwrap();
        (uses[0].reserved.to_string(), uses[0].used.to_string())
    }

    #[track_caller]
    pub(crate) fn expect_budget(&self, reserved: &str, used: &str) {
        assert_eq!(self.budget(), (reserved.to_owned(), used.to_owned()));
    }

    pub(crate) fn fill(
        &self,
        reservation: &str,
        event: &str,
        notional: &str,
        side: Side,
    ) -> String {
        let settled = self.router.settle(&Settlement {
            reservation: reservation.parse().unwrap(),
            event_id: EventId::new(event).unwrap(),
            notional: notional.parse().unwrap(),
            side,
            is_final: false,
        });
        match settled {
            Ok(settled) => format!(
                "used {} reserved {}{}{}",
                settled.used,
                settled.reserved,
                if settled.repeated { " repeated" } else { "" },
                settled
                    .overrun
                    .map_or_else(String::new, |overrun| format!(" overrun {overrun}"))
            ),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) fn release(&self, reservation: &str, event: &str) -> String {
        let event = EventId::new(event).unwrap();
        match self.router.release(reservation.parse().unwrap(), event) {
            Ok(released) => format!(
                "released {}{}",
                released.released,
                if released.repeated { " repeated" } else { "" }
            ),
            Err(error) => error.to_string(),
        }
    }

    /// Waits until an event with this text was told.
    #[track_caller]
    pub(crate) fn expect_event(&self, text: &str) {
        let started = Instant::now();
        loop {
            let events = self.events.lock().unwrap().clone();
            if events.iter().any(|event| event.contains(text)) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "no `{text}` in {events:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn request(text: &str) -> Request<'_> {
    let Ok(router_guest::json::Line::Request(line)) =
        router_guest::json::parse_line(text.as_bytes())
    else {
        panic!("no request: {text}")
    };
    Request::from_line(line).unwrap()
}

/// A decision in few words.
#[track_caller]
pub(crate) fn said(decided: Result<Decision, Rejection>) -> String {
    match decided {
        Ok(decision) => format!(
            "{} {}{}{}{}",
            decision.side().word(),
            decision.reason(),
            decision
                .reservation()
                .map_or_else(String::new, |id| format!(" {id}")),
            if decision.repeated { " repeated" } else { "" },
            decision
                .warnings
                .iter()
                .map(|fault| format!(" [{}]", fault.code.word()))
                .collect::<String>()
        ),
        Err(rejection) => rejection.code.to_owned(),
    }
}
