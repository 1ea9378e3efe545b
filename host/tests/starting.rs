//! Which policy a router begins with on a store that routers ran on before, and what is said of
//! those that it passes over.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where its ground is missing"
)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use execution_router::{Digest, compose};
use rusqlite::Connection;

mod support;

const BUY: &str = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"s","position":null,"price":"50000","target_notional":"1000"}"#;
const CLOSE: &str = r#"{"final_action":"CLOSE","symbol":"BTC/USDT","strategy":"s","position":{"side":"long","quantity":"1"}}"#;
const STATUS: &str = r#"{"control":"status"}"#;
const ROLLBACK: &str = r#"{"control":"rollback"}"#;

/// A store and policies, in a folder.
struct Place(tempfile::TempDir);

/// What a router said.
struct Said {
    code: Option<i32>,
    /// Each answer in few words.
    answers: Vec<String>,
    /// Lines on standard error, digests and the program's name left out.
    told: Vec<String>,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A policy of this name; the account currency is the second word, where there are two.
    fn component(name: &str) -> Vec<u8> {
        let (name, currency) = name.split_once(' ').unwrap_or((name, "USDT"));
        let document = support::DOCUMENT
            .replacen("name: default", &format!("name: {name}"), 1)
            .replacen(
                "account_currency: USDT",
                &format!("account_currency: {currency}"),
                1,
            );
        compose::compose(&document, None).unwrap()
    }

    fn policy(&self, name: &str) -> String {
        let path = self.file(&format!("{}.wasm", name.replace(' ', "-")));
        fs::write(&path, Self::component(name)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn digest(name: &str) -> String {
        Digest::of(&Self::component(name)).to_string()
    }

    /// Runs a router over some lines. What may begin is named, or the default policy.
    fn route(&self, named: Option<&str>, more: &[&str], lines: &[&str]) -> Said {
        let policy = named.map(|name| self.policy(name));
        let named: Vec<&str> = match &policy {
            Some(path) => vec!["--policy", path],
            None => Vec::new(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_execution-router"))
            .args(["route", "--allow-control", "--store"])
            .arg(format!("sqlite:{}", self.file("router.db").display()))
            .arg("--events")
            .arg(self.file("events.jsonl"))
            .args(named)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // One that does not begin reads nothing.
        let _ = stdin.write_all(lines.join("\n").as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Said {
            code: output.status.code(),
            answers: stdout.lines().map(answer).collect(),
            told: stderr.lines().map(told).collect(),
        }
    }

    /// Has these policies live, one after the other: the first begins, the others are swapped in.
    fn lives(&self, names: &[&str]) {
        let swaps: Vec<String> = names[1..]
            .iter()
            .map(|name| format!(r#"{{"control":"swap","policy":"{}"}}"#, self.policy(name)))
            .collect();
        let swaps: Vec<&str> = swaps.iter().map(String::as_str).collect();
        let said = self.route(Some(names[0]), &[], &swaps);
        assert_eq!(said.code, Some(0), "{:?}", said.answers);
    }

    fn change(&self, sql: &str) {
        let connection = Connection::open(self.file("router.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn quarantine(&self, name: &str) {
        self.change(&format!(
            "INSERT INTO quarantine (digest, why, since) VALUES ('{}', 'it lied', 0)",
            Self::digest(name)
        ));
    }

    fn damage(&self, name: &str) {
        self.change(&format!(
            "UPDATE policies SET component = zeroblob(length(component)) WHERE digest = '{}'",
            Self::digest(name)
        ));
    }

    /// What the journal says of the last start.
    fn journaled(&self) -> (Option<String>, Option<String>) {
        let connection = Connection::open(self.file("router.db")).unwrap();
        let query = "SELECT digest, what FROM changes WHERE kind = 'started' \
                     ORDER BY seq DESC LIMIT 1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        connection.query_row(query, [], row).unwrap()
    }

    /// The events that were told, in words; `activated` tells of whom.
    fn events(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("events.jsonl")).unwrap();
        let words = text.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = event["event"].as_str().unwrap();
            match event["policy"]["name"].as_str() {
                Some(name) => format!("{word} {name}"),
                None => word.to_owned(),
            }
        });
        words.collect()
    }
}

fn answer(line: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(line).unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(status) = answer.get("status") {
        let policy = &status["policy"];
        return format!(
            "{} {}{}",
            word(&policy["name"]),
            policy["generation"],
            match policy["withdrawn"].as_bool() {
                Some(true) => " withdrawn",
                _ => "",
            }
        );
    }
    for change in ["swapped", "rolled_back"] {
        if let Some(changed) = answer.get(change) {
            return format!("{change} {}", word(&changed["name"]));
        }
    }
    match answer.get("error") {
        Some(error) => word(&error["message"]),
        None => format!("{} {}", word(&answer["side"]), word(&answer["reason"])),
    }
}

fn told(line: &str) -> String {
    let line = line.strip_prefix("execution-router: ").unwrap_or(line);
    let is_digest = |word: &str| word.len() >= 64 && Digest::of_text(&word[..64]).is_some();
    line.split(' ')
        .map(|word| if is_digest(word) { &word[64..] } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Holds the start of a router, with nothing named or this, to what it answers and tells.
#[track_caller]
fn begins(place: &Place, named: Option<&str>, answers: &[&str], expected: &[&str]) {
    let said = place.route(named, &[], &[STATUS, BUY, CLOSE]);
    assert_eq!(said.told, expected);
    assert_eq!(said.answers, answers);
    assert_eq!(said.code, Some(0));
}

const GOES_ON_A: &str = "policy `a` version `1`,  (generation GENERATION) goes on, which was live \
                         on this store before; use `swap` for another";

fn goes_on(generation: u64) -> String {
    GOES_ON_A.replace("GENERATION", &generation.to_string())
}

const DECIDED: [&str; 2] = ["BUY open_long", "SELL close_long"];

#[test]
fn what_is_in_quarantine_is_passed_over() {
    let place = Place::new();
    place.lives(&["a", "b"]);
    place.quarantine("b");
    let passed = "policy `b` version `1`, , is passed over: it is in quarantine: it lied";
    let expected = ["a 3", DECIDED[0], DECIDED[1]];
    begins(&place, None, &expected, &[passed, &goes_on(3)]);
    let (digest, what) = place.journaled();
    assert_eq!(digest, Some(Place::digest("a")));
    assert_eq!(told(&what.unwrap()), passed);
    assert_eq!(
        place.events(),
        [
            "activated a",
            "activated b",
            "passed_over",
            "goes_on a",
            "activated a"
        ]
    );
    // From then on it is the one that was live last.
    begins(
        &place,
        None,
        &["a 4", DECIDED[0], DECIDED[1]],
        &[&goes_on(4)],
    );
    assert_eq!(place.journaled().1, None);
}

#[test]
fn what_the_store_lost_is_passed_over() {
    let place = Place::new();
    place.lives(&["a", "b", "c"]);
    place.damage("c");
    place.change(&format!(
        "PRAGMA foreign_keys = OFF; DELETE FROM policies WHERE digest = '{}'",
        Place::digest("b")
    ));
    begins(
        &place,
        None,
        &["a 4", DECIDED[0], DECIDED[1]],
        &[
            "policy `c` version `1`, , is passed over: its component in the store is damaged, or \
             another one's: it has another digest",
            "policy `` version ``, , is passed over: its component is not in the store",
            &goes_on(4),
        ],
    );
}

#[test]
fn where_none_can_be_used_the_fail_safe_decides_alone() {
    let place = Place::new();
    place.lives(&["a", "b"]);
    place.quarantine("a");
    place.quarantine("b");
    let alone = [
        "policy `b` version `1`, , is passed over: it is in quarantine: it lied",
        "policy `a` version `1`, , is passed over: it is in quarantine: it lied",
        "NO POLICY CAN BE USED: the fail-safe decides alone, and only exits go out",
    ];
    let skips = [
        "b 3 withdrawn",
        "SKIP policy_unavailable",
        "SELL close_long",
    ];
    begins(&place, None, &skips, &alone);
    let (digest, what) = place.journaled();
    assert_eq!(digest, None);
    assert_eq!(
        told(&what.unwrap()),
        format!("the fail-safe alone: {}; {}", alone[0], alone[1])
    );
    assert_eq!(
        place.events()[2..],
        ["passed_over", "passed_over", "no_policy"]
    );
    // Another policy takes its place, and begins the next time.
    let swap = format!(r#"{{"control":"swap","policy":"{}"}}"#, place.policy("c"));
    let said = place.route(None, &[], &[BUY, &swap, BUY]);
    assert_eq!(
        said.answers,
        ["SKIP policy_unavailable", "swapped c", "BUY open_long"]
    );
    let said = place.route(None, &[], &[STATUS]);
    assert_eq!(said.answers, ["c 6"]);
    let verified = Command::new(env!("CARGO_BIN_EXE_execution-router"))
        .args(["journal", "verify", "--store"])
        .arg(format!("sqlite:{}", place.file("router.db").display()))
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn once_its_quarantine_is_cleared_the_last_one_goes_on() {
    let place = Place::new();
    place.lives(&["b", "a"]);
    place.quarantine("a");
    place.quarantine("b");
    let said = place.route(None, &[], &[STATUS]);
    assert_eq!(said.answers, ["a 3 withdrawn"]);
    place.change("DELETE FROM quarantine");
    begins(
        &place,
        None,
        &["a 4", DECIDED[0], DECIDED[1]],
        &[&goes_on(4)],
    );
}

#[test]
fn a_named_policy_that_is_new_begins_unless_it_cannot_be_used() {
    let place = Place::new();
    place.lives(&["b", "a"]);
    begins(&place, Some("c"), &["c 3", DECIDED[0], DECIDED[1]], &[]);
    // Named and known, it stands back behind what took its place.
    place.change("DELETE FROM changes WHERE generation = 3");
    let goes_on = goes_on(3);
    begins(
        &place,
        Some("b"),
        &["a 3", DECIDED[0], DECIDED[1]],
        &[&goes_on],
    );
    place.change("DELETE FROM changes WHERE generation = 3");
    place.quarantine("d");
    let passed = "policy `d` version `1`, , is passed over: it is in quarantine: it lied";
    begins(
        &place,
        Some("d"),
        &["a 3", DECIDED[0], DECIDED[1]],
        &[passed, &goes_on],
    );
    place.change("DELETE FROM changes WHERE generation = 3");
    place.quarantine("b");
    // Named, known and in quarantine: it would not have begun, and that is told all the same.
    begins(
        &place,
        Some("b"),
        &["a 3", DECIDED[0], DECIDED[1]],
        &[&passed.replace("`d`", "`b`"), &goes_on],
    );
}

#[test]
fn a_named_policy_that_counts_in_another_currency_does_not_begin() {
    let place = Place::new();
    place.lives(&["a"]);
    let currency = "the policy's account currency is EUR, and the budgets on the store are counted \
                    in USDT; it needs a store of its own";
    begins(
        &place,
        Some("euro EUR"),
        &["a 2", DECIDED[0], DECIDED[1]],
        &[
            &format!("policy `euro` version `1`, , is passed over: {currency}"),
            &goes_on(2),
        ],
    );
    // A store of an earlier program says what it counts in by its policies alone.
    place.change("DELETE FROM meta WHERE key = 'account_currency'");
    let said = place.route(Some("euro EUR"), &[], &[STATUS]);
    assert_eq!(said.answers, ["a 3"]);
    // Where nothing was decided yet there is nothing to fall back on.
    place.change("DELETE FROM decisions; DELETE FROM changes");
    let said = place.route(Some("euro EUR"), &[], &[BUY]);
    assert_eq!((said.code, said.answers), (Some(2), vec![]));
    assert_eq!(said.told, [currency]);
}

#[test]
fn the_first_policy_of_a_store_is_taken_or_nothing_begins() {
    let place = Place::new();
    place.lives(&["a"]);
    place.change("DELETE FROM changes");
    place.quarantine("b");
    let said = place.route(Some("b"), &[], &[BUY]);
    assert_eq!((said.code, said.answers), (Some(2), vec![]));
    assert_eq!(
        said.told,
        [
            "policy  is in quarantine: it lied; give another one, or clear it with \
          `quarantine --clear`"
        ]
    );
    begins(&place, Some("a"), &["a 1", DECIDED[0], DECIDED[1]], &[]);
}

#[test]
fn a_rollback_after_a_restart_goes_back_to_what_was_live_before() {
    let place = Place::new();
    place.lives(&["a", "b", "c"]);
    let lines = [ROLLBACK, STATUS, ROLLBACK, STATUS, ROLLBACK];
    let nothing = "there is no earlier policy to go back to";
    let said = place.route(None, &[], &lines);
    assert_eq!(
        said.answers,
        ["rolled_back b", "b 5", "rolled_back a", "a 6", nothing]
    );
    // What was rolled back from is not gone back to.
    let said = place.route(None, &[], &[STATUS, ROLLBACK]);
    assert_eq!(said.answers, ["a 7", nothing]);
    // Behind one that was named stands what was live before it.
    let said = place.route(Some("d"), &[], &[STATUS, ROLLBACK]);
    assert_eq!(said.answers, ["d 8", "rolled_back a"]);
}

#[test]
fn a_rollback_passes_over_what_cannot_be_used() {
    let place = Place::new();
    place.lives(&["a", "b", "c", "d"]);
    place.quarantine("c");
    place.damage("b");
    let said = place.route(None, &[], &[STATUS, ROLLBACK]);
    assert_eq!(said.answers, ["d 5", "rolled_back a"]);
    assert_eq!(said.told.len(), 2, "{:?}", said.told);
}

#[test]
fn what_is_held_to_the_wider_bounds_goes_on_under_them() {
    let place = Place::new();
    // Longer than `strict` takes, by a section that nobody reads.
    let mut component = Place::component("wide");
    let data = vec![0; 5 << 20];
    component.push(0);
    let mut length = data.len() + 5;
    while length >= 0x80 {
        component.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    component.push(u8::try_from(length).unwrap());
    component.extend_from_slice(b"\x04data");
    component.extend_from_slice(&data);
    let path = place.file("wide.wasm");
    fs::write(&path, component).unwrap();
    let path = path.to_str().unwrap();
    let said = place.route(None, &["--policy", path, "--profile", "large"], &[BUY]);
    assert_eq!(said.answers, ["BUY open_long"], "{:?}", said.told);
    begins(
        &place,
        None,
        &["wide 2", DECIDED[0], DECIDED[1]],
        &[
            "policy `wide` version `1`,  (generation 2) goes on, which was live on this store \
           before; use `swap` for another",
        ],
    );
    place.change("UPDATE policies SET profile = 'huge'");
    let said = place.route(None, &[], &[BUY]);
    assert_eq!(said.answers, ["SKIP policy_unavailable"]);
    assert_eq!(
        said.told[0],
        "policy `wide` version `1`, , is passed over: the store holds it to the profile `huge`, \
         which this program does not have"
    );
}
