//! The program on a durable store, operated from other terminals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where its ground is missing"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PILOT: &str = r#"{"id":"ID","timestamp":"2026-01-05T09:00:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"alpha","trade_type":"pilot","position":null,"price":"50000","target_notional":"1000","equity":"100000"}"#;

struct Place(tempfile::TempDir);

/// A router that runs, its stream held open.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_execution-router"))
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("router.db")
    }

    fn store(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    fn route(&self, more: &[&str]) -> Running {
        let mut child = program()
            .args(["route", "--allow-control", "--store", &self.store()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Runs a verb against the store.
    fn ask(&self, arguments: &[&str]) -> Output {
        program()
            .args(arguments)
            .args(["--store", &self.store(), "--as", "ana"])
            .output()
            .unwrap()
    }

    #[track_caller]
    fn expect(&self, arguments: &[&str], code: i32, stdout: &str, stderr: &str) {
        let output = self.ask(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        let place = self.path().display().to_string();
        assert_eq!(said, stderr.replace("PATH", &place), "{arguments:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            stdout,
            "{arguments:?}"
        );
    }

    /// A policy that differs from the default one by its version.
    fn other_policy(&self, version: &str) -> PathBuf {
        let folder = self.0.path().join(version);
        fs::create_dir_all(&folder).unwrap();
        let document = include_str!("../../policies/default/policy.yaml");
        let document = document.replacen("version: 1", &format!("version: {version}"), 1);
        fs::write(folder.join("policy.yaml"), document).unwrap();
        folder
    }
}

impl Running {
    fn send(&mut self, line: &str) -> serde_json::Value {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.stdout.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{answer}: {error}"))
    }

    fn pilot(&mut self, id: &str) -> String {
        let answer = self.send(&PILOT.replace("ID", id));
        let word = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {} {}",
            word("side"),
            word("reason"),
            word("reservation")
        )
    }

    /// Ends the stream, and answers what was said on standard error.
    fn end(mut self) -> String {
        self.stdin = None;
        let output = self.child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn digest_of(status: &Output) -> String {
    let text = String::from_utf8_lossy(&status.stdout);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["status"]["policy"]["digest"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
fn quickly<T>(run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    result
}

#[test]
fn a_router_is_operated_from_another_terminal_and_remembers_it() {
    let place = Place::new();
    let mut router = place.route(&[]);
    assert_eq!(router.pilot("a"), "BUY open_long R1");
    quickly(|| {
        place.expect(
            &["state", "HALTED"],
            0,
            "trading_state\n  state HALTED\n",
            "",
        );
    });
    assert_eq!(router.pilot("b"), "SKIP trading_halted ");
    place.expect(
        &[
            "settle",
            "R1",
            "--event-id",
            "f1",
            "--notional",
            "150",
            "--side",
            "BUY",
        ],
        0,
        "settled\n  event_id f1\n  released 0\n  reservation R1\n  reserved 250\n  used 150\n",
        "",
    );
    place.expect(
        &["release", "R1", "--event-id", "c1"],
        0,
        "released\n  event_id c1\n  released 250\n  reservation R1\n",
        "",
    );
    let status = place.ask(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["status"]["trading_state"]["state"], "HALTED");
    assert_eq!(status["status"]["policy"]["generation"], 1);
    assert_eq!(
        status["status"]["running"]["pid"],
        serde_json::json!(router.child.id())
    );
    router.end();
    let mut again = place.route(&[]);
    assert_eq!(again.pilot("c"), "SKIP trading_halted ");
    place.expect(
        &["state", "active"],
        0,
        "trading_state\n  state ACTIVE\n",
        "",
    );
    assert_eq!(again.pilot("d"), "BUY open_long R2");
    again.end();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let asked: String = connection
        .query_row(
            "SELECT group_concat(verb || ' by ' || asked_by, ', ') FROM commands",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        asked,
        "state by ana, settle by ana, release by ana, status by ana, state by ana"
    );
    let journaled: String = connection
        .query_row(
            "SELECT group_concat(asked_by || ' ' || state) FROM changes WHERE kind = 'trading_state'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(journaled, "ana HALTED,ana ACTIVE");
}

#[test]
fn a_policy_is_swapped_rolled_back_and_goes_on_after_a_restart() {
    let place = Place::new();
    let second = place.other_policy("2");
    let second = second.to_str().unwrap();
    let mut router = place.route(&[]);
    let status = ["status", "--format", "json"];
    assert_eq!(router.pilot("0"), "BUY open_long R1");
    let first_digest = digest_of(&place.ask(&status));
    assert_eq!(place.ask(&["swap", second]).status.code(), Some(0));
    let second_digest = digest_of(&place.ask(&status));
    assert_ne!(first_digest, second_digest);
    place.expect(
        &["swap", "/nowhere/policy.yaml"],
        1,
        "",
        "execution-router: refused (swap_refused): cannot read `/nowhere/policy.yaml`: \
         No such file or directory (os error 2)\n",
    );
    assert_eq!(router.pilot("a"), "BUY open_long R2");
    router.end();
    // Nothing is named, or what is named was live before: what was swapped in goes on.
    let mut router = place.route(&[]);
    assert_eq!(router.pilot("a"), "BUY open_long R2");
    assert_eq!(digest_of(&place.ask(&status)), second_digest);
    // What was live before that is there to be rolled back to.
    assert_eq!(place.ask(&["rollback"]).status.code(), Some(0));
    assert_eq!(digest_of(&place.ask(&status)), first_digest);
    assert!(
        router
            .end()
            .contains("goes on, which was live on this store before")
    );
    // A policy that the store has not seen is what whoever starts the router wants.
    let third = place.other_policy("3");
    let mut router = place.route(&["--policy", third.to_str().unwrap()]);
    assert_eq!(router.pilot("a"), "BUY open_long R2");
    assert_eq!(place.ask(&["swap", second]).status.code(), Some(0));
    assert_eq!(place.ask(&["rollback"]).status.code(), Some(0));
    router.end();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let lives: String = connection
        .query_row(
            "SELECT group_concat(kind || ' ' || generation) FROM \
             (SELECT * FROM changes WHERE generation IS NOT NULL ORDER BY seq)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        lives,
        "started 1,swap 2,started 3,rollback 4,started 5,swap 6,rollback 7"
    );
}

#[test]
fn without_a_router_a_store_takes_what_needs_none() {
    let place = Place::new();
    place.expect(
        &["status"],
        2,
        "",
        "execution-router: there is no store at `PATH`\n",
    );
    let mut router = place.route(&[]);
    assert_eq!(router.pilot("a"), "BUY open_long R1");
    router.end();
    place.expect(
        &[
            "settle",
            "R1",
            "--event-id",
            "f1",
            "--notional",
            "500",
            "--side",
            "SELL",
        ],
        0,
        "settled\n  event_id f1\n  overrun 100\n  released 0\n  reservation R1\n  reserved 0\n  \
         side_mismatch true\n  used 500\n",
        "",
    );
    place.expect(
        &["release", "R9", "--event-id", "c1"],
        1,
        "",
        "execution-router: refused (unknown_reservation): there is no reservation `R9`\n",
    );
    place.expect(
        &["rollback"],
        2,
        "",
        "execution-router: no router runs on `PATH`, and this takes one\n",
    );
    place.expect(
        &["quarantine", "--clear", "abc"],
        1,
        "",
        "execution-router: refused (bad_control): `clear` is `abc`; \
         it must be a policy's digest, 64 digits of 0-9 and a-f\n",
    );
    for (notional, code, said) in [
        (
            "-1",
            "negative",
            r#"`settle.notional` is `"-1"`; it must be a decimal of 0 or more"#,
        ),
        (
            "much",
            "not_a_decimal",
            r#"`settle.notional` is `"much"`; it must be a decimal of 0 or more"#,
        ),
    ] {
        let settle = [
            "settle",
            "R1",
            "--event-id",
            "f2",
            "--side",
            "BUY",
            "--notional",
        ];
        place.expect(
            &[&settle[..], &[notional]].concat(),
            1,
            "",
            &format!("execution-router: refused ({code}): {said}\n"),
        );
    }
    place.expect(&["quarantine"], 0, "quarantine\n  quarantined none\n", "");
    let nobody = program()
        .args(["status", "--as", " ", "--store", &place.store()])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&nobody.stderr),
        "execution-router: `--as` names nobody\n"
    );
    // A service has no name in its environment.
    #[cfg(target_os = "linux")]
    {
        let asked = program()
            .args(["state", "ACTIVE", "--store", &place.store()])
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(asked.status.code(), Some(0), "{asked:?}");
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        let by: String = connection
            .query_row(
                "SELECT asked_by FROM changes ORDER BY seq DESC",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(by.starts_with("uid "), "{by}");
        place.ask(&["state", "REDUCING"]);
    }
    // The fill was on another side than decided.
    let mut router = place.route(&[]);
    assert_eq!(router.pilot("b"), "SKIP reducing_only ");
    router.end();
}

#[test]
fn two_routers_on_one_store_are_refused() {
    let place = Place::new();
    let mut first = place.route(&[]);
    assert_eq!(first.pilot("a"), "BUY open_long R1");
    let second = place.route(&[]);
    let pid = first.child.id();
    let said = second.end();
    let expected = format!(
        "execution-router: a router runs on `{}` already: process {pid}, execution-router {}, since ",
        place.path().display(),
        env!("CARGO_PKG_VERSION")
    );
    assert!(said.starts_with(&expected), "{said}");
    first.end();
}

#[track_caller]
fn refused_store(make: impl FnOnce(&Path), expected: &str) {
    let place = Place::new();
    make(&place.path());
    let said = place.route(&[]).end();
    let expected = expected.replace("PATH", &place.path().display().to_string());
    assert_eq!(said, format!("execution-router: {expected}\n"));
}

#[test]
fn a_store_that_cannot_be_used_is_said_to_be() {
    refused_store(
        |path| {
            fs::write(
                path,
                "no database, but a text that is long enough".repeat(200),
            )
            .unwrap()
        },
        "`PATH` is not a store: it is no SQLite database",
    );
    refused_store(
        |path| {
            let other = rusqlite::Connection::open(path).unwrap();
            other.execute_batch("CREATE TABLE trades (x)").unwrap();
        },
        "`PATH` is not a store: it is another program's database, which is left alone",
    );
    refused_store(
        |path| {
            let newer = rusqlite::Connection::open(path).unwrap();
            newer
                .execute_batch("PRAGMA application_id = 1163416148; PRAGMA user_version = 9")
                .unwrap();
        },
        "`PATH` has schema 9, and this program knows up to 2; use the newer program that wrote it",
    );
    let output = program()
        .args(["route", "--store", "router.db"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains(
        "`router.db` is no store: one is written `sqlite:` and its file, as `sqlite:router.db`"
    ));
}
