//! Commands of other terminals on a store that fails in between.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use execution_router::store::{
    self, AskError, Asked, Operator, Question, SqliteStore, StoreOptions,
};
use execution_router::{Router, TradingState};
use rusqlite::{Connection, ffi};

use super::bench::{Faulty, Place, policy};

/// A router that takes commands, on a disk that fails when it is told to.
struct Operated {
    place: Place,
    disk: Arc<Faulty>,
    router: Arc<Router>,
    _operator: Operator,
}

impl Operated {
    fn new() -> Self {
        let place = Place::new();
        let disk = Arc::new(Faulty::default());
        let options = StoreOptions {
            disk: Box::new(Arc::clone(&disk)),
            ..StoreOptions::default()
        };
        let store = SqliteStore::open(&place.address(), options).unwrap();
        let inbox = store.inbox().unwrap();
        let router = Arc::new(Router::with_store(policy(), Box::new(store)).unwrap());
        let operator = Operator::start(Arc::clone(&router), inbox).unwrap();
        Self {
            place,
            disk,
            router,
            _operator: operator,
        }
    }

    fn ask(&self, line: &str, seconds: u64) -> Result<Asked, AskError> {
        let question = Question {
            verb: "test",
            line,
            asked_by: "ana",
            wait: Duration::from_secs(seconds),
        };
        store::ask(&self.place.address(), &question)
    }
}

const HALT: &str = r#"{"control":"trading_state","state":"HALTED"}"#;

/// Bug: a command whose answer could not be written was run again once the store was back, and
/// nobody was answered.
#[test]
fn a_command_that_the_store_failed_under_is_run_once_and_answered() {
    let operated = Operated::new();
    operated.disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    let answer = thread::scope(|scope| {
        let asked = scope.spawn(|| operated.ask(HALT, 20));
        while operated.router.trading_state() != TradingState::Halted {
            thread::sleep(Duration::from_millis(5));
        }
        // Long enough that it would be run again by a connection that knows nothing of it.
        thread::sleep(store::REOPEN_EVERY);
        operated.disk.mend();
        asked.join().unwrap()
    });
    assert_eq!(
        answer.unwrap().unwrap().to_string(),
        r#"{"trading_state":{"state":"HALTED","warnings":[{"code":"store_unavailable","message":"it holds, and is not on disk: until the store is back, a restart forgets it"}]}}"#
    );
    thread::sleep(store::POLL_EVERY * 3);
    let written = "SELECT count(*) FROM changes WHERE asked_by = 'ana'";
    assert_eq!(operated.place.value::<i64>(written), 1);
}

#[test]
fn a_command_that_is_not_taken_up_is_withdrawn_and_never_run() {
    let operated = Operated::new();
    operated.disk.is_gone.store(true, Ordering::Release);
    operated.disk.break_with(ffi::SQLITE_IOERR_FSYNC);
    // A change that finds out that the disk fails; from then on nothing is taken up.
    operated
        .router
        .set_trading_state(TradingState::Reducing, None);
    let error = operated.ask(HALT, 1).unwrap_err();
    let AskError::NotTaken { seconds: 1, .. } = &error else {
        panic!("{error}")
    };
    let said = error.to_string();
    let expected = format!(
        "did not take this up within 1 s, and it was withdrawn: nothing was done; where that \
         process is stopped, let it go on (`kill -CONT {}`), else look at its events, or end it \
         and start it again",
        std::process::id()
    );
    assert!(said.ends_with(&expected), "{said}");
    operated.disk.mend();
    while operated.ask(r#"{"control":"status"}"#, 5).is_err() {}
    assert_eq!(operated.router.trading_state(), TradingState::Reducing);
    let outcome = "SELECT outcome FROM commands WHERE number = 1";
    assert_eq!(
        operated.place.value::<String>(outcome),
        r#"{"error":{"code":"withdrawn","message":"nobody waited for it any more, and it was not run"}}"#
    );
}

#[test]
fn what_nobody_waits_for_any_more_is_not_run() {
    let operated = Operated::new();
    let connection = Connection::open(operated.place.path()).unwrap();
    // As one is left whose asker was killed.
    let late = "INSERT INTO commands (asked_at, asked_by, verb, arguments, wait_until) \
                VALUES (1, 'ana', 'state', ?1, 2)";
    connection.execute(late, [HALT]).unwrap();
    assert!(operated.ask(r#"{"control":"status"}"#, 5).is_ok());
    assert_eq!(operated.router.trading_state(), TradingState::Active);
    let outcome: String = operated
        .place
        .value("SELECT outcome FROM commands WHERE number = 1");
    assert!(outcome.contains("withdrawn"), "{outcome}");
}

#[test]
fn commands_that_a_router_left_behind_are_answered_by_what_became_of_them() {
    let place = Place::new();
    drop(place.open());
    let connection = Connection::open(place.path()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO commands (asked_at, asked_by, verb, arguments, taken_at) VALUES \
             (1, 'ana', 'state', '{}', NULL), (1, 'ana', 'state', '{}', 2)",
        )
        .unwrap();
    drop(place.open());
    let said = |number: i64| {
        place.value::<String>(&format!(
            "SELECT outcome ->> '$.error.code' || ': ' || (outcome ->> '$.error.message') \
             FROM commands WHERE number = {number}"
        ))
    };
    assert_eq!(
        said(1),
        "router_gone: the router ended before it took this up: nothing was done"
    );
    assert_eq!(
        said(2),
        "router_gone: the router ended before it could answer: this may be done or not, \
         `status` and `journal` say"
    );
}
