//! A disk that is slow or hangs, under one stream: what is decided meanwhile, what goes out when,
//! and how long an exit stands behind what waits.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use execution_router::store::{Durability, StoreOptions};
use execution_router::stream::{self, Format, Summary};

use super::bench::{Bench, Faulty, Hanging, Place, said};

struct Slow {
    bench: Bench,
    disk: Arc<Hanging>,
    place: Place,
}

fn waiting(disk_wait_max: Duration, durability: Durability) -> Slow {
    let place = Place::new();
    let disk = Arc::new(Hanging::default());
    let options = StoreOptions {
        disk: Box::new(Arc::clone(&disk)),
        disk_wait_max,
        durability,
        ..StoreOptions::default()
    };
    let bench = place.open_with(options).unwrap();
    Slow { bench, disk, place }
}

fn pilot(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","timestamp":"2026-01-05T09:00:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","trade_type":"pilot","position":null,"price":"50000","target_notional":"1","equity":"100000"}}"#
    )
}

fn close(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","final_action":"CLOSE","symbol":"BTC/USDT","strategy":"alpha","position":{{"side":"long","quantity":"1"}}}}"#
    )
}

const HOLD: &str =
    r#"{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"alpha","position":null}"#;

/// Answers in few words.
fn words(output: &str) -> Vec<String> {
    let lines = output.lines().map(|line| {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| answer[key].as_str().unwrap_or("-").to_owned();
        match answer["error"]["code"].as_str() {
            Some(code) => format!("{} {} {code}", answer["line"], word("id")),
            None => format!(
                "{} {} {}{}{}",
                word("id"),
                word("side"),
                word("reason"),
                if answer["repeated"] == true {
                    " repeated"
                } else {
                    ""
                },
                match answer["warnings"][0]["code"].as_str() {
                    Some(code) => format!(" [{code}]"),
                    None => String::new(),
                }
            ),
        }
    });
    lines.collect()
}

fn route(bench: &Bench, lines: &[String]) -> (Vec<String>, Summary) {
    let mut output = Vec::new();
    let input = lines.join("\n");
    let summary = stream::route(&bench.router, input.as_bytes(), &mut output, Format::Json);
    (words(&String::from_utf8(output).unwrap()), summary.unwrap())
}

/// A stream that is held open: lines go in one by one.
struct Lines(Receiver<Vec<u8>>);

impl Read for Lines {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.0.recv().unwrap_or_default();
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn words(&self) -> Vec<String> {
        words(&String::from_utf8(self.0.lock().unwrap().clone()).unwrap())
    }

    fn wait_for(&self, count: usize) -> Vec<String> {
        let started = Instant::now();
        while self.words().len() < count {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{:?}",
                self.words()
            );
            thread::sleep(Duration::from_millis(1));
        }
        self.words()
    }
}

/// Runs `run` beside a stream on the router, which ends with it.
fn streaming(bench: &Bench, run: impl FnOnce(&Sender<Vec<u8>>, &Output)) {
    let (send, received) = channel();
    let output = Output::default();
    thread::scope(|scope| {
        let mut written = output.clone();
        scope.spawn(move || {
            stream::route(&bench.router, Lines(received), &mut written, Format::Json).unwrap();
        });
        run(&send, &output);
        drop(send);
    });
}

#[test]
fn openings_of_one_stream_go_to_the_disk_in_groups() {
    let Slow { bench, disk, place } = waiting(Duration::from_secs(10), Durability::Budgets);
    let before = disk.commits.load(Ordering::Acquire);
    disk.slowness.store(5, Ordering::Release);
    let lines: Vec<_> = (0..1_000)
        .map(|number| pilot(&format!("p{number}")))
        .collect();
    let (answers, summary) = route(&bench, &lines);
    assert_eq!((summary.lines, summary.refused), (1_000, 0));
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, format!("p{number} BUY open_long"));
    }
    let commits = disk.commits.load(Ordering::Acquire) - before;
    assert!(commits <= 100, "{commits} commits for 1,000 openings");
    drop(bench);
    assert_eq!(
        place.value::<i64>("SELECT count(*) FROM reservations"),
        1_000
    );
}

#[test]
fn no_answer_goes_out_before_it_is_on_disk_and_none_before_its_turn() {
    let Slow { bench, disk, .. } = waiting(Duration::from_secs(20), Durability::Budgets);
    streaming(&bench, |send, output| {
        disk.hang(true);
        let lines = [HOLD.to_owned(), pilot("a"), HOLD.to_owned(), close("x")];
        send.send(format!("{}\n", lines.join("\n")).into_bytes())
            .unwrap();
        thread::sleep(Duration::from_millis(100));
        assert_eq!(output.words(), Vec::<String>::new());
        disk.hang(false);
        let expected = [
            "- SKIP hold_signal",
            "a BUY open_long",
            "- SKIP hold_signal",
            "x SELL close_long",
        ];
        assert_eq!(output.wait_for(4), expected);
    });
}

#[test]
fn an_exit_stands_behind_a_disk_that_hangs_for_no_longer_than_was_said() {
    let wait_max = Duration::from_millis(300);
    let Slow { bench, disk, place } = waiting(wait_max, Durability::Budgets);
    streaming(&bench, |send, output| {
        disk.hang(true);
        let began = Instant::now();
        let line = |text: String| send.send(format!("{text}\n").into_bytes()).unwrap();
        line(pilot("a"));
        // It comes while the stream waits for the disk.
        thread::sleep(Duration::from_millis(50));
        line(close("x"));
        let answers = output.wait_for(2);
        let took = began.elapsed();
        assert_eq!(answers[0], "1 a store_unavailable");
        assert_eq!(answers[1], "x SELL close_long [store_unavailable]");
        assert!(took >= wait_max && took < wait_max * 3, "{took:?}");
        bench.expect_event(&format!(
            "THE STORE FAILED: `{}` has taken nothing for 300 ms: its disk hangs",
            place.path().display()
        ));
        // From now on nobody waits for it.
        let began = Instant::now();
        for text in [pilot("b"), close("y"), HOLD.to_owned(), pilot("a")] {
            line(text);
        }
        let answers = output.wait_for(6);
        assert!(began.elapsed() < wait_max, "{:?}", began.elapsed());
        assert_eq!(
            answers[2..5],
            [
                "3 b store_unavailable",
                "y SELL close_long [store_unavailable]",
                "- SKIP hold_signal",
            ]
        );
        disk.hang(false);
        bench.expect_event("the store is written again, after ");
        // What was refused is on disk all the same, and its retry gets it, charged once.
        line(pilot("a"));
        assert_eq!(output.wait_for(7)[6], "a BUY open_long repeated");
    });
    bench.expect_budget("0.4", "0");
    assert_eq!(said(bench.pilot("c")), "BUY open_long R2");
    let events = bench.events.lock().unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn settlements_and_changes_wait_no_longer_either() {
    let wait_max = Duration::from_millis(300);
    let Slow { bench, disk, .. } = waiting(wait_max, Durability::Full);
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    disk.hang(true);
    let began = Instant::now();
    assert_eq!(
        bench.fill("R1", "f1", "1", execution_router::Side::Buy),
        "the store is unavailable"
    );
    assert!(began.elapsed() >= wait_max);
    let began = Instant::now();
    // All that follows is refused at once.
    assert_eq!(said(bench.normal("n")), "store_unavailable");
    assert_eq!(bench.release("R1", "c1"), "the store is unavailable");
    assert_eq!(
        said(bench.close("x")),
        "SELL close_long [store_unavailable]"
    );
    assert!(began.elapsed() < wait_max, "{:?}", began.elapsed());
    disk.hang(false);
    bench.expect_event("the store is written again, after ");
    assert_eq!(
        bench.fill("R1", "f1", "1", execution_router::Side::Buy),
        "used 0 reserved 399 repeated"
    );
}

#[test]
fn what_the_disk_refuses_is_refused_in_its_place() {
    let place = Place::new();
    let disk = Arc::new(Faulty::default());
    let options = StoreOptions {
        disk: Box::new(Arc::clone(&disk)),
        ..StoreOptions::default()
    };
    let bench = place.open_with(options).unwrap();
    disk.break_with(rusqlite::ffi::SQLITE_IOERR_FSYNC);
    // More than is held back at once.
    let mut lines = Vec::new();
    for number in 0..900 {
        lines.push(pilot(&format!("p{number}")));
        lines.push(close(&format!("x{number}")));
    }
    let (answers, summary) = route(&bench, &lines);
    assert_eq!((summary.lines, summary.refused), (1_800, 900));
    for (number, pair) in answers.chunks(2).enumerate() {
        let line = 2 * number + 1;
        assert_eq!(pair[0], format!("{line} p{number} store_unavailable"));
        assert!(
            pair[1].starts_with(&format!("x{number} SELL close_long")),
            "{}",
            pair[1]
        );
    }
    disk.mend();
    bench.expect_event("the store is written again, after ");
    bench.expect_budget("0", "0");
}
