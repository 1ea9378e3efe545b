//! What durability costs: reservations a second that are on disk before they are answered, by
//! how many are in flight (from as many threads, from one that decides ahead, in one batch), beside a bare insert of the same rows in groups of the same size, in
//! the same run; and what journaling adds to a `normal` decision on the caller's thread.
//!
//! `cargo bench --bench store`, with a folder on the disk that is meant as `STORE_BENCH_FOLDER`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a measurement stops where its ground is missing"
)]

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use execution_router::store::{SqliteStore, StoreAddress, StoreOptions};
use execution_router::{Amount, Cache, FinalAction, Policy, Request, Router, TradeType};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

const IN_FLIGHT: [usize; 4] = [1, 16, 128, 512];
const ROUNDS: usize = 3;
const LASTS: Duration = Duration::from_secs(2);
/// As many as memory takes of one window.
const RESERVATIONS_MAX: u64 = 50_000;
const NORMAL_DECISIONS: u32 = 200_000;

fn folder() -> PathBuf {
    std::env::var_os("STORE_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from)
}

fn policy() -> Policy {
    Policy::default_policy(&Cache::user()).unwrap()
}

fn durable(path: &Path) -> Router {
    let address = StoreAddress::sqlite(path);
    let store = SqliteStore::open(&address, StoreOptions::default()).unwrap();
    Router::with_store(policy(), Box::new(store)).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn pilot(id: &str) -> Request<'_> {
    Request::builder(FinalAction::Buy, "BTC/USDT", "alpha")
        .id(id)
        .timestamp("2026-01-05T09:00:00Z".parse().unwrap())
        .trade_type(TradeType::Pilot)
        .position(None)
        .price(amount("50000"))
        .target_notional(amount("0.01"))
        .equity(amount("1000000000"))
        .build()
        .unwrap()
}

struct Measured {
    a_second: f64,
    p99: Duration,
}

/// Reserves from so many threads at once, each of which waits for its answer.
fn reservations(router: &Router, threads: usize) -> Measured {
    let next = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let ready = Barrier::new(threads + 1);
    let mut took: Vec<Duration> = Vec::new();
    let mut lasted = Duration::ZERO;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut took = Vec::new();
                    ready.wait();
                    while !is_over.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= RESERVATIONS_MAX {
                            break;
                        }
                        let id = format!("{threads}-{number}");
                        let started = Instant::now();
                        let decision = router.decide(&pilot(&id)).unwrap();
                        took.push(started.elapsed());
                        assert!(decision.reservation().is_some(), "{}", decision.reason());
                    }
                    took
                })
            })
            .collect();
        ready.wait();
        let started = Instant::now();
        while started.elapsed() < LASTS && next.load(Ordering::Relaxed) < RESERVATIONS_MAX {
            std::thread::sleep(Duration::from_millis(5));
        }
        is_over.store(true, Ordering::Relaxed);
        for worker in workers {
            took.extend(worker.join().unwrap());
        }
        lasted = started.elapsed();
    });
    took.sort_unstable();
    Measured {
        a_second: took.len() as f64 / lasted.as_secs_f64(),
        p99: took[took.len() * 99 / 100],
    }
}

/// Reserves from one thread that goes on while so many are on their way to the disk.
fn pipelined(router: &Router, in_flight: usize) -> Measured {
    let mut waiting = VecDeque::new();
    let mut took = Vec::new();
    let (mut number, started) = (0_u64, Instant::now());
    while started.elapsed() < LASTS && number < RESERVATIONS_MAX {
        while waiting.len() < in_flight {
            let id = format!("p{number}");
            number += 1;
            let asked = Instant::now();
            waiting.push_back((asked, router.decide_pending(&pilot(&id)).unwrap()));
        }
        let (asked, pending) = waiting.pop_front().unwrap();
        assert!(pending.wait().unwrap().reservation().is_some());
        took.push(asked.elapsed());
    }
    let lasted = started.elapsed();
    took.sort_unstable();
    Measured {
        a_second: took.len() as f64 / lasted.as_secs_f64(),
        p99: took[took.len() * 99 / 100],
    }
}

/// Reservations a second from one thread that gives so many requests at once.
fn batches(router: &Router, size: usize) -> f64 {
    let (mut reserved, started) = (0_u64, Instant::now());
    while started.elapsed() < LASTS && reserved + (size as u64) < RESERVATIONS_MAX {
        let ids: Vec<String> = (0..size).map(|at| format!("b{reserved}-{at}")).collect();
        let requests: Vec<_> = ids.iter().map(|id| pilot(id)).collect();
        for decision in router.decide_batch(&requests) {
            assert!(decision.unwrap().reservation().is_some());
        }
        reserved += size as u64;
    }
    reserved as f64 / started.elapsed().as_secs_f64()
}

/// The rows that a store has of its reservations, to be inserted again.
struct Rows {
    decision: Vec<Value>,
    reservation: Vec<Value>,
}

fn row(connection: &Connection, sql: &str) -> Vec<Value> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    statement
        .query_row([], |row| (0..columns).map(|at| row.get(at)).collect())
        .unwrap()
}

fn sample(path: &Path) -> Rows {
    let connection = Connection::open(path).unwrap();
    Rows {
        decision: row(
            &connection,
            "SELECT * FROM decisions WHERE reservation IS NOT NULL ORDER BY seq DESC LIMIT 1",
        ),
        reservation: row(
            &connection,
            "SELECT * FROM reservations ORDER BY number DESC LIMIT 1",
        ),
    }
}

/// Inserts the same rows, bare, in groups of this size.
fn bare(path: &Path, rows: &Rows, group: usize) -> f64 {
    // The tables, by the store itself; then nobody but this connection.
    drop(durable(path));
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;")
        .unwrap();
    let marks = |count: usize| vec!["?"; count].join(", ");
    let mut decision = connection
        .prepare(&format!(
            "INSERT INTO decisions VALUES ({})",
            marks(rows.decision.len())
        ))
        .unwrap();
    let mut reservation = connection
        .prepare(&format!(
            "INSERT INTO reservations VALUES ({})",
            marks(rows.reservation.len())
        ))
        .unwrap();
    let (mut number, started) = (100_i64, Instant::now());
    let mut values = (rows.decision.clone(), rows.reservation.clone());
    while started.elapsed() < LASTS {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for _ in 0..group {
            number += 1;
            values.0[0] = number.into();
            values.0[3] = format!("bare-{number}").into();
            values.1[0] = number.into();
            values.1[11] = number.into();
            decision.execute(params_from_iter(&values.0)).unwrap();
            reservation.execute(params_from_iter(&values.1)).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    (number - 100) as f64 / started.elapsed().as_secs_f64()
}

/// Nanoseconds of a `normal` decision.
fn normal(router: &Router) -> f64 {
    let request = Request::builder(FinalAction::Buy, "BTC/USDT", "alpha")
        .position(None)
        .price(amount("50000"))
        .target_notional(amount("1000"))
        .build()
        .unwrap();
    // In bursts that the queue takes: what is measured is the caller's part, not the disk's.
    let mut spent = Duration::ZERO;
    for _ in 0..NORMAL_DECISIONS / 2_000 {
        let started = Instant::now();
        for _ in 0..2_000 {
            std::hint::black_box(router.decide(&request).unwrap());
        }
        spent += started.elapsed();
        std::thread::sleep(Duration::from_millis(40));
    }
    spent.as_nanos() as f64 / f64::from(NORMAL_DECISIONS)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    // `cargo test` runs benches too; there is nothing to check here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "in flight | by threads, p99 | by one thread ahead, p99 | by one batch | bare inserts | \
         threads, ahead, batch of it"
    );
    for in_flight in IN_FLIGHT {
        let mut rates: [Vec<f64>; 4] = Default::default();
        let mut latencies: [Vec<Duration>; 2] = Default::default();
        for _ in 0..ROUNDS {
            let place = tempfile::tempdir_in(folder()).unwrap();
            let by_threads = place.path().join("threads.db");
            let measured = reservations(&durable(&by_threads), in_flight);
            let ahead = pipelined(&durable(&place.path().join("ahead.db")), in_flight);
            let batch = batches(&durable(&place.path().join("batches.db")), in_flight);
            let bare = bare(
                &place.path().join("bare.db"),
                &sample(&by_threads),
                in_flight,
            );
            let all = [measured.a_second, ahead.a_second, batch, bare];
            for (rates, rate) in rates.iter_mut().zip(all) {
                rates.push(rate);
            }
            latencies[0].push(measured.p99);
            latencies[1].push(ahead.p99);
        }
        let [threads_p99, ahead_p99] = latencies.map(|mut all| {
            all.sort_unstable();
            all[all.len() / 2]
        });
        let [threads, ahead, batch, bare] = rates.map(median);
        println!(
            "{in_flight:>9} | {threads:>8.0}/s, {threads_p99:.2?} | {ahead:>8.0}/s, {ahead_p99:.2?} | \
             {batch:>8.0}/s | {bare:>8.0}/s | {:.0} %, {:.0} %, {:.0} %",
            100.0 * threads / bare,
            100.0 * ahead / bare,
            100.0 * batch / bare,
        );
    }
    let place = tempfile::tempdir_in(folder()).unwrap();
    let (memory, kept) = (
        Router::new(policy()).unwrap(),
        durable(&place.path().join("router.db")),
    );
    normal(&memory);
    let rounds = (0..ROUNDS).map(|_| (normal(&memory), normal(&kept)));
    let (memory, kept): (Vec<_>, Vec<_>) = rounds.unzip();
    let (memory, kept) = (median(memory), median(kept));
    println!(
        "a normal decision: {memory:.0} ns in memory, {kept:.0} ns journaled: {:.0} ns more",
        kept - memory
    );
}
