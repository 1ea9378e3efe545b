//! The program's own journal, from the outside: `route` writes a store, and `journal`, `budget`
//! and `replay` read it, also while the router runs.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;

const LINES: &str = r#"{"id":"o-1","timestamp":"2026-01-05T08:00:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"momentum","position":null,"price":"50000","target_notional":"1000","equity":"10000","signal_score":0.7,"tags":{"desk":"a"}}
{"id":"o-2","timestamp":"2026-01-05T08:01:00Z","final_action":"SELL","symbol":"ETH/USDT","strategy":"momentum","position":null,"price":"2000","target_notional":"1000","equity":"10000"}
{"id":"o-3","timestamp":"2026-01-05T08:02:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"scout","trade_type":"exploration","position":null,"price":"50000","target_notional":"400","equity":"10000"}
{"id":"o-3","timestamp":"2026-01-05T08:02:00Z","final_action":"BUY","symbol":"BTC/USDT","strategy":"scout","trade_type":"exploration","position":null,"price":"50000","target_notional":"400","equity":"10000"}
{"settle":{"reservation":"R1","event_id":"fill-1","notional":"120","side":"BUY","final":false}}
{"id":"o-4","timestamp":"2026-01-05T08:03:00Z","final_action":"BUY","symbol":"SOL/USDT","strategy":"scout","trade_type":"exploration","position":null,"price":"100","target_notional":"400","equity":"10000"}
{"id":"o-5","timestamp":"2026-01-05T08:04:00Z","final_action":"CLOSE","symbol":"BTC/USDT","strategy":"momentum","position":{"side":"long","quantity":"0.5"},"price":"-1"}
"#;

struct Store {
    folder: tempfile::TempDir,
    address: String,
}

impl Store {
    /// A store on which a router has routed the lines.
    fn routed(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("router.db").display());
        let store = Self { folder, address };
        let requests = store.folder.path().join("requests.jsonl");
        fs::write(&requests, LINES).unwrap();
        let requests = requests.display().to_string();
        let mut all = vec!["route"];
        all.extend_from_slice(arguments);
        all.push(&requests);
        let output = store.run(&all);
        assert!(output.status.success(), "{output:?}");
        store
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_execution-router"))
            .args(arguments)
            .args(["--store", &self.address])
            .output()
            .unwrap()
    }

    /// What it prints, when it ends with this code.
    #[track_caller]
    fn prints(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.prints(arguments, 0);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.path().join("router.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

#[test]
fn what_was_routed_is_listed() {
    let store = Store::routed(&[]);
    let entries = store.json_lines(&["journal", "--format", "json"]);
    let decisions: Vec<_> = entries
        .iter()
        .filter(|entry| entry.get("decision").is_some())
        .map(|entry| {
            let decision = &entry["decision"];
            format!(
                "{} {} {}",
                decision["id"], decision["side"], decision["reason"]
            )
        })
        .collect();
    assert_eq!(
        decisions,
        [
            r#""o-1" "BUY" "open_long""#,
            r#""o-2" "SKIP" "shorting_disabled""#,
            r#""o-3" "BUY" "open_long""#,
            r#""o-3" "BUY" "open_long""#,
            r#""o-4" "SKIP" "exploration_limit""#,
            r#""o-5" "SELL" "close_long""#,
        ]
    );
    let settled = entries.iter().find(|entry| entry.get("settle").is_some());
    assert_eq!(settled.unwrap()["settled"]["used"], "120");
    let only = store.prints(&["journal", "--symbol", "SOL/USDT"], 0);
    assert_eq!(only.lines().count(), 1, "{only}");
    assert!(only.contains("SKIP exploration_limit"), "{only}");
    let last = store.prints(&["journal", "--limit", "1", "--side", "sell"], 0);
    assert!(last.contains("warning=negative"), "{last}");
    assert_eq!(
        store
            .prints(&["journal", "--since", "2026-01-06"], 0)
            .lines()
            .filter(|line| line.contains('→'))
            .count(),
        0
    );
}

#[test]
fn it_comes_out_the_same_and_is_sound() {
    let store = Store::routed(&[]);
    let replay: Value =
        serde_json::from_str(&store.prints(&["replay", "--format", "json"], 0)).unwrap();
    assert_eq!(replay["decided"], 5);
    assert_eq!(replay["repeats"], 1);
    assert_eq!(replay["same"], true);
    let checkpoint = store.path().join("checkpoint.json").display().to_string();
    store.prints(&["journal", "checkpoint", "-o", &checkpoint], 0);
    let text = store.prints(&["journal", "verify", "--checkpoint", &checkpoint], 0);
    assert!(text.contains("as they were written"), "{text}");
    assert!(text.contains("held to the checkpoint of "), "{text}");
}

#[test]
fn tampering_is_found_and_says_where() {
    let store = Store::routed(&[]);
    store.tamper("UPDATE decisions SET notional = '10' WHERE id = 'o-1'");
    let text = store.prints(&["journal", "verify"], 1);
    assert!(
        text.contains("(decisions): its column `notional` says `10`, and its record `1000`"),
        "{text}"
    );
    let store = Store::routed(&[]);
    store.tamper("UPDATE reservations SET settled = '1'");
    let text = store.prints(&["journal", "verify"], 1);
    assert!(
        text.contains("reservation R1: its column `settled` says `1`, and the journal `120`"),
        "{text}"
    );
}

#[test]
fn another_policy_is_held_against_it() {
    let store = Store::routed(&[]);
    let policy = store.path().join("policy.yaml");
    let document = include_str!("../../policies/default/policy.yaml");
    fs::write(&policy, document.replace("3% of equity", "5% of equity")).unwrap();
    let policy = policy.display().to_string();
    let text = store.prints(&["replay", "--policy", &policy], 1);
    assert!(
        text.contains("SKIP exploration_limit → BUY open_long (intent explore, 50% of the target"),
        "{text}"
    );
    assert!(
        text.contains("1 of 5 recorded requests would be answered otherwise"),
        "{text}"
    );
}

#[test]
fn budgets_and_reasons_are_told() {
    let store = Store::routed(&[]);
    let text = store.prints(&["budget"], 0);
    assert!(
        text.contains("used 120, reserved 80, remaining 100, 1 order"),
        "{text}"
    );
    assert!(
        text.contains("held by R1: BUY BTC/USDT (scout), 80 since 2026-01-05T08:02:00Z"),
        "{text}"
    );
    let text = store.prints(
        &[
            "journal",
            "why",
            "--since",
            "2026-01-05",
            "--until",
            "2026-01-06",
        ],
        0,
    );
    assert!(
        text.contains("5 decisions, of which 2 opened, 1 closed and 2 were skipped"),
        "{text}"
    );
    assert!(
        text.contains("1 SKIP shorting_disabled — ETH/USDT 1"),
        "{text}"
    );
}

#[test]
fn it_is_exported() {
    let store = Store::routed(&[]);
    let lines = store.json_lines(&["journal", "export", "--format", "jsonl"]);
    assert_eq!(
        lines.len(),
        store.json_lines(&["journal", "--format", "json"]).len()
    );
    let file = store.path().join("journal.parquet").display().to_string();
    store.prints(
        &["journal", "export", "--format", "parquet", "-o", &file],
        0,
    );
    let bytes = fs::read(&file).unwrap();
    assert_eq!(
        (&bytes[..4], &bytes[bytes.len() - 4..]),
        (&b"PAR1"[..], &b"PAR1"[..])
    );
}

#[test]
fn masked_fields_are_nowhere_and_can_be_asked_for_with_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let key = key.display().to_string();
    let store = Store::routed(&["--mask", "symbol,strategy", "--mask-key", &key]);
    for file in fs::read_dir(store.path()).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension != "jsonl")
        {
            let bytes = fs::read(&path).unwrap();
            let says = bytes.windows(8).any(|part| part == b"momentum");
            assert!(!says, "{}", path.display());
        }
    }
    let with_key = ["journal", "--symbol", "ETH/USDT", "--mask-key", &key];
    assert_eq!(store.prints(&with_key, 0).lines().count(), 1);
    // Nothing is shown by that, and it is not called the same.
    let text = store.prints(&["replay"], 1);
    assert!(
        text.contains("5 decisions cannot be decided again"),
        "{text}"
    );
    assert!(text.ends_with("\nnothing was decided again\n"), "{text}");
    assert!(
        store
            .prints(&["journal", "verify"], 0)
            .contains("as they were written")
    );
}

#[test]
fn a_router_that_runs_is_followed_and_not_held_up() {
    let store = Store::routed(&[]);
    let start = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_execution-router"))
            .args(arguments)
            .args(["--store", &store.address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut router = start(&["route", "-"]);
    let mut follower = start(&["journal", "--follow", "--id", "late"]);
    let mut input = router.stdin.take().unwrap();
    writeln!(
        input,
        r#"{{"id":"late","final_action":"HOLD","symbol":"BTC/USDT","strategy":"momentum"}}"#
    )
    .unwrap();
    let mut answers = BufReader::new(router.stdout.take().unwrap());
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    assert!(line.contains("hold_signal"), "{line}");
    let mut followed = BufReader::new(follower.stdout.take().unwrap());
    line.clear();
    followed.read_line(&mut line).unwrap();
    assert!(
        line.contains("SKIP hold_signal") && line.contains("id=late"),
        "{line}"
    );
    follower.kill().unwrap();
    follower.wait().unwrap();
    assert!(
        store
            .prints(&["journal", "verify"], 0)
            .contains("as they were written")
    );
    drop(input);
    assert!(router.wait().unwrap().success());
}

/// Each hung for ever, or said something that helped nobody.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_and_never_waited_for() {
    let store = Store::routed(&[]);
    let pipe = store.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let pipe = pipe.to_str().unwrap();
    let folder = store.path().to_str().unwrap();
    for (path, why) in [
        (
            pipe,
            "it is no regular file, but a pipe, a socket or a device",
        ),
        (folder, "it is a folder"),
    ] {
        for (arguments, what) in [
            (&["journal", "--mask-key", path][..], "cannot read the key"),
            (
                &["journal", "verify", "--checkpoint", path],
                "cannot read the checkpoint",
            ),
            (
                &["journal", "checkpoint", "-o", path],
                "cannot write the checkpoint",
            ),
            (
                &["journal", "export", "--format", "jsonl", "-o", path],
                "cannot write",
            ),
            (&["route", "--events", path], "cannot write events to"),
            (
                &["route", "--mask", "id", "--mask-key", path],
                "cannot read the key",
            ),
        ] {
            let output = store.run(arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
            assert_eq!(
                String::from_utf8_lossy(&output.stderr),
                format!("execution-router: {what} `{path}`: {why}\n"),
                "{arguments:?}"
            );
        }
    }
}

/// Bug: an export, a checkpoint or the events took the store's own place.
#[cfg(unix)]
#[test]
fn the_stores_own_files_are_never_written_over() {
    let store = Store::routed(&[]);
    let database = store.path().join("router.db");
    let link = store.path().join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    let files = || {
        let files = fs::read_dir(store.path()).unwrap();
        files
            .map(|file| file.unwrap().file_name())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let before = (fs::read(&database).unwrap(), files());
    for (name, why) in [
        ("router.db", "it is the store itself"),
        ("link.db", "it is the store itself"),
        ("router.db-wal", "it is the store's log"),
        ("router.db-shm", "it is the index of the store's log"),
        ("router.db.lock", "it is the store's lock file"),
    ] {
        let path = store.path().join(name);
        let path = path.to_str().unwrap();
        for (arguments, what) in [
            (
                &["journal", "checkpoint", "-o", path][..],
                "cannot write the checkpoint",
            ),
            (
                &["journal", "export", "--format", "jsonl", "-o", path],
                "cannot write",
            ),
            (
                &["journal", "export", "--format", "parquet", "-o", path],
                "cannot write",
            ),
            (&["route", "--events", path], "cannot write events to"),
        ] {
            let output = store.run(arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
            assert_eq!(
                String::from_utf8_lossy(&output.stderr),
                format!("execution-router: {what} `{path}`: {why}; name another file\n"),
                "{arguments:?}"
            );
        }
    }
    assert!((fs::read(&database).unwrap(), files()) == before);
    // Nor is one made that the store would be made in.
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("router.db").display());
    let new = Store { folder, address };
    let path = new.path().join("router.db");
    let output = new.run(&["route", "--events", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(fs::read_dir(new.path()).unwrap().count(), 0);
}

#[test]
fn an_export_takes_the_place_of_an_earlier_one_whole() {
    let store = Store::routed(&[]);
    let path = store.path().join("out.jsonl");
    fs::write(&path, "an earlier one").unwrap();
    let out = path.to_str().unwrap();
    let export = |more: &[&str]| {
        let arguments = ["journal", "export", "--format", "jsonl", "-o", out];
        store.run(&[&arguments[..], more].concat())
    };
    let output = export(&["--limit", "1"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!("execution-router: wrote 1 entry to `{out}`\n")
    );
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    store.tamper("UPDATE decisions SET record = x'09' WHERE seq = 3");
    assert_eq!(export(&[]).status.code(), Some(2));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert_eq!(
        fs::read_dir(store.path()).unwrap().count(),
        // The store with its lock, the requests, and this.
        4
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("router.db");
    let address = format!("sqlite:{}", path.display());
    let store = Store { folder, address };
    for verb in [
        &["journal"][..],
        &["replay"],
        &["budget"],
        &["journal", "verify"],
    ] {
        let output = store.run(verb);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            text,
            format!(
                "execution-router: there is no store at `{}`\n",
                path.display()
            )
        );
    }
}
