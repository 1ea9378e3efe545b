//! A durable store under a process that is killed: what it acknowledged, and what is there.
//!
//! The process prints a line after each answer that it got. Whatever stands in its output was
//! acknowledged; whatever does not may be in the store or not, but never in part.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a run stops at the first thing that is not as it was acknowledged"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use execution_router::ledger::{EventId, Settlement};
use execution_router::store::{SqliteStore, StoreAddress, StoreOptions};
use execution_router::{Amount, Cache, FinalAction, Policy, Request, Router, Side, TradeType};
use rusqlite::Connection;

/// The argument of a process that is to be killed.
pub const UNDER_LOAD: &str = "--under-load";
/// Threads of a process that is to be killed.
const THREADS: u64 = 4;
/// How long it lives at most, once it has acknowledged anything.
const LIVES_MILLISECONDS_MAX: u64 = 40;
/// Cycles on one store; then a new one begins.
const CYCLES_ON_A_STORE: u64 = 50;
/// How often progress is said.
const CYCLES_A_LINE: u64 = 500;
/// What each order needs, and what a fill uses of it.
const NEED: &str = "4";
const FILL: &str = "1.5";

/// What a run has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CrashReport {
    /// Processes that were killed.
    pub cycles: u64,
    /// Reservations that they acknowledged.
    pub reservations: u64,
    /// Fills that they acknowledged.
    pub fills: u64,
    /// Releases that they acknowledged.
    pub releases: u64,
    /// Reservations that are there and were not acknowledged: killed before the answer.
    pub unacknowledged: u64,
}

impl fmt::Display for CrashReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} kills: {} reservations, {} fills and {} releases acknowledged, all there, once; \
             {} reservations there that were not acknowledged yet",
            self.cycles, self.reservations, self.fills, self.releases, self.unacknowledged
        )
    }
}

/// What was acknowledged of one reservation.
#[derive(Debug, Default)]
struct Acknowledged {
    id: String,
    fills: u64,
    is_released: bool,
}

fn policy() -> Policy {
    Policy::default_policy(&Cache::user()).expect("the default policy")
}

fn open(path: &Path) -> Router {
    let address = StoreAddress::sqlite(path);
    let store = SqliteStore::open(&address, StoreOptions::default());
    let store = store.unwrap_or_else(|fault| panic!("the store does not open: {fault}"));
    Router::with_store(policy(), Box::new(store)).expect("a router")
}

fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn order(id: &str) -> Request<'_> {
    Request::builder(FinalAction::Buy, "BTC/USDT", "alpha")
        .id(id)
        .timestamp("2026-01-05T09:00:00Z".parse().expect("a time"))
        .trade_type(TradeType::Pilot)
        .position(None)
        .price(amount("50000"))
        .target_notional(amount("10"))
        .equity(amount("1000000000000"))
        .build()
        .expect("a request")
}

/// Reserves, settles and releases until it is killed.
pub fn load(path: &Path, seed: u64) {
    let router = open(path);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let router = &router;
            scope.spawn(move || orders(router, seed, number));
        }
    });
}

fn orders(router: &Router, seed: u64, thread: u64) {
    for number in 0_u64.. {
        let id = format!("{seed}-{thread}-{number}");
        let decision = router.decide(&order(&id)).expect("a decision");
        let reservation = decision.reservation().expect("a reservation");
        say(&format!("reserved {reservation} {id}"));
        for fill in 0..number % 3 {
            let event = format!("f{fill}");
            let settlement = Settlement {
                reservation,
                event_id: EventId::new(&event).expect("an event id"),
                notional: amount(FILL),
                side: Side::Buy,
                is_final: false,
            };
            router.settle(&settlement).expect("a settlement");
            say(&format!("filled {reservation} {event}"));
        }
        if number.is_multiple_of(2) {
            let event = EventId::new("done").expect("an event id");
            router.release(reservation, event).expect("a release");
            say(&format!("released {reservation}"));
        }
    }
}

/// One write, so that no line is ever half of one but the very last.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes());
    let _ = out.flush();
}

/// Kills so many processes of this program, and looks at what is left each time.
///
/// # Panics
/// When anything that was acknowledged is not there, or there twice.
pub fn run(program: &Path, cycles: u64, progress: &mut dyn FnMut(&str)) -> CrashReport {
    let mut report = CrashReport::default();
    let mut folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = BTreeMap::new();
    for cycle in 0..cycles {
        if cycle.is_multiple_of(CYCLES_ON_A_STORE) {
            folder = tempfile::tempdir().expect("a folder");
            acknowledged.clear();
        }
        let path = folder.path().join("router.db");
        let output = one_life(program, &path, cycle);
        take_in(&output, &mut acknowledged, &mut report);
        report.cycles += 1;
        let is_last = (cycle + 1).is_multiple_of(CYCLES_ON_A_STORE) || cycle + 1 == cycles;
        look(&path, &acknowledged, is_last.then_some(&mut report));
        if report.cycles.is_multiple_of(CYCLES_A_LINE) {
            progress(&report.to_string());
        }
    }
    report
}

/// Starts a process, kills it some moments after its first word, and answers what it said.
fn one_life(program: &Path, path: &Path, cycle: u64) -> String {
    let mut child = Command::new(program)
        .arg(UNDER_LOAD)
        .arg(path)
        .arg(cycle.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut stdout = child.stdout.take().expect("its output");
    let mut first = [0];
    let lives = stdout.read(&mut first).expect("its first word");
    assert_eq!(lives, 1, "the process ended before it was killed");
    // Any spread will do: what is random is where the threads are by then.
    let milliseconds = cycle.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    thread::sleep(Duration::from_millis(milliseconds % LIVES_MILLISECONDS_MAX));
    child.kill().expect("a kill");
    let mut rest = Vec::new();
    stdout
        .read_to_end(&mut rest)
        .expect("the rest of its output");
    child.wait().expect("its end");
    let mut text = String::from_utf8_lossy(&first).into_owned();
    text.push_str(&String::from_utf8_lossy(&rest));
    text
}

fn take_in(output: &str, all: &mut BTreeMap<i64, Acknowledged>, report: &mut CrashReport) {
    let whole = output
        .rfind('\n')
        .map_or("", |end| output.get(..end).unwrap_or_default());
    for line in whole.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = words.get(1).and_then(|name| name.strip_prefix('R'));
        let number: i64 = number
            .and_then(|digits| digits.parse().ok())
            .expect("a line");
        match (words.first().copied(), words.get(2)) {
            (Some("reserved"), Some(id)) => {
                report.reservations += 1;
                let one = Acknowledged {
                    id: (*id).to_owned(),
                    ..Acknowledged::default()
                };
                let before = all.insert(number, one);
                assert!(
                    before.is_none(),
                    "R{number} was given to two orders: {before:?}"
                );
            }
            (Some("filled"), _) => {
                report.fills += 1;
                all.entry(number).or_default().fills += 1;
            }
            _ => {
                report.releases += 1;
                all.entry(number).or_default().is_released = true;
            }
        }
    }
}

/// Opens the store as a router would, and holds it to what was acknowledged.
fn look(path: &Path, all: &BTreeMap<i64, Acknowledged>, report: Option<&mut CrashReport>) {
    let router = open(path);
    let uses = router.budget_uses(&order("look")).expect("the budgets");
    let uses = uses.first().copied().expect("a budget");
    let repeat = all.values().next_back().map(|one| one.id.clone());
    if let Some(id) = repeat {
        let again = router.decide(&order(&id)).expect("a repeat");
        assert!(again.repeated, "`{id}` was forgotten");
    }
    drop(router);
    let connection = Connection::open(path).expect("the store");
    let rows = rows(&connection);
    for (number, one) in all {
        let row = rows
            .get(number)
            .unwrap_or_else(|| panic!("R{number} is lost"));
        assert_eq!(row.id, one.id, "R{number} is another order's");
        assert!(row.fills >= one.fills, "R{number} lost a fill");
        assert!(
            row.released || !one.is_released,
            "R{number} lost its release"
        );
    }
    let mut expected = (Amount::ZERO, Amount::ZERO);
    for row in rows.values() {
        expected.0 = expected.0.checked_add(row.reserved).expect("a sum");
        expected.1 = expected.1.checked_add(row.settled).expect("a sum");
        assert_eq!(row.settled, times(FILL, row.fills), "each fill counts once");
    }
    assert_eq!(
        (uses.reserved, uses.used),
        expected,
        "the ledger says what the store says"
    );
    check_log(&connection);
    if let Some(report) = report {
        report.unacknowledged += (rows.len() - all.len()) as u64;
    }
}

fn times(each: &str, count: u64) -> Amount {
    (0..count).fold(Amount::ZERO, |sum, _| {
        sum.checked_add(amount(each)).expect("a sum")
    })
}

/// A reservation as the store has it.
struct Row {
    id: String,
    reserved: Amount,
    settled: Amount,
    fills: u64,
    released: bool,
}

fn rows(connection: &Connection) -> BTreeMap<i64, Row> {
    let mut statement = connection
        .prepare(
            "SELECT number, id, reserved, settled, reservations.need, \
             (SELECT count(*) FROM settlements WHERE reservation = number AND kind = 'settle'), \
             (SELECT count(*) FROM settlements WHERE reservation = number AND kind = 'release') \
             FROM reservations JOIN decisions ON seq = decision",
        )
        .expect("a query");
    let mut rows = statement.query([]).expect("rows");
    let mut all = BTreeMap::new();
    let mut ids = std::collections::BTreeSet::new();
    while let Some(row) = rows.next().expect("a row") {
        let text = |at: usize| row.get::<_, String>(at).expect("a text");
        let count = |at: usize| row.get::<_, u32>(at).map(u64::from);
        assert_eq!(text(4), NEED);
        assert!(ids.insert(text(1)), "`{}` was charged twice", text(1));
        let one = Row {
            id: text(1),
            reserved: amount(&text(2)),
            settled: amount(&text(3)),
            fills: count(5).expect("a count"),
            released: count(6).expect("a count") > 0,
        };
        all.insert(row.get(0).expect("a number"), one);
    }
    all
}

/// The log counts from 1 without a gap.
fn check_log(connection: &Connection) {
    let (count, last): (i64, i64) = connection
        .query_row(
            "SELECT count(*), max(seq) FROM (SELECT seq FROM decisions UNION ALL \
             SELECT seq FROM settlements UNION ALL SELECT seq FROM changes)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("the log");
    assert_eq!(count, last, "the log has a gap");
}
