//! `route` whose policy is changed while it runs: by its file, by control lines, and what is
//! said of that where.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use execution_router::compose;
use serde_json::Value;

const DEFAULT: &str = include_str!("../../policies/default/policy.yaml");
const HOLD: &str = r#"{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend"}"#;
/// How often a saved policy is waited for, and how long each time.
const TRIES: u32 = 3_000;
const PAUSE: Duration = Duration::from_millis(20);

fn named(name: &str) -> String {
    DEFAULT.replace("name: default", &format!("name: {name}"))
}

/// The program in the middle of a stream.
struct Bot {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Bot {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_execution-router"))
            .arg("route")
            .args(arguments)
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// The answer to a line.
    #[track_caller]
    fn asks(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert!(answer.ends_with('\n'), "it ended");
        answer.trim_end().to_owned()
    }

    /// The name of the policy that decides.
    #[track_caller]
    fn policy(&mut self) -> String {
        let answer: Value = serde_json::from_str(&self.asks(HOLD)).unwrap();
        answer["policy"]["name"].as_str().unwrap().to_owned()
    }

    /// Asks until another policy decides.
    #[track_caller]
    fn waits_for(&mut self, name: &str) {
        for _ in 0..TRIES {
            if self.policy() == name {
                return;
            }
            thread::sleep(PAUSE);
        }
        panic!("`{name}` is not live");
    }

    /// Its exit code, and what it said on standard error.
    fn ends(mut self) -> (Option<i32>, String) {
        drop(self.input);
        let mut errors = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The words of a file of events, each with who asked.
fn events(path: &Path) -> Vec<String> {
    let lines = fs::read_to_string(path).unwrap();
    let event = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        let asked_by = event["asked_by"].as_str().unwrap_or("nobody");
        format!("{} {asked_by}", event["event"].as_str().unwrap())
    };
    lines.lines().map(event).collect()
}

#[test]
fn a_saved_policy_decides_in_the_middle_of_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let log = folder.path().join("events.jsonl");
    fs::write(&path, named("first")).unwrap();
    for watched in [&path, folder.path()] {
        let mut bot = Bot::start(&["--policy", text(watched), "--watch", "--events", text(&log)]);
        assert_eq!(bot.policy(), "first");
        let beside = folder.path().join("new");
        fs::write(&beside, named("second")).unwrap();
        fs::rename(&beside, &path).unwrap();
        bot.waits_for("second");
        fs::write(&beside, named("first")).unwrap();
        fs::rename(&beside, &path).unwrap();
        bot.waits_for("first");
        let (code, errors) = bot.ends();
        let errors: Vec<_> = errors.lines().collect();
        assert_eq!((code, errors.len()), (Some(0), 2), "{errors:?}");
        for (line, name, generation) in [(0, "second", 2), (1, "first", 3)] {
            let start = format!("execution-router: policy `{name}` version `1`, ");
            let end = format!(" (generation {generation}) is live, asked for by watch");
            assert!(
                errors[line].starts_with(&start) && errors[line].ends_with(&end),
                "{errors:?}"
            );
        }
    }
    let once = ["activated start", "activated watch", "activated watch"];
    assert_eq!(events(&log), [once, once].concat());
}

#[test]
fn a_saved_policy_with_mistakes_leaves_the_live_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let log = folder.path().join("events.jsonl");
    fs::write(&path, named("first")).unwrap();
    let mut bot = Bot::start(&["--policy", text(&path), "--watch", "--events", text(&log)]);
    assert_eq!(bot.policy(), "first");
    let beside = folder.path().join("new");
    fs::write(
        &beside,
        named("broken").replace("skip: hold_signal", "skipp: hold_signal"),
    )
    .unwrap();
    fs::rename(&beside, &path).unwrap();
    for _ in 0..TRIES {
        if events(&log).len() > 1 {
            break;
        }
        thread::sleep(PAUSE);
    }
    assert_eq!(bot.policy(), "first");
    let (code, errors) = bot.ends();
    assert_eq!(code, Some(0));
    let at = DEFAULT.lines().position(|line| line.contains("- hold:"));
    let line = at.expect("the route") + 1;
    let start = format!(
        "execution-router: the policy that watch asked for is not let in: `{}`: the policy document has mistakes: line {line}, column 5: ",
        path.display()
    );
    assert!(errors.starts_with(&start), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert_eq!(events(&log), ["activated start", "refused watch"]);
}

#[test]
fn control_lines_are_followed_when_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, named("second")).unwrap();
    let swap = format!(r#"{{"control":"swap","policy":{:?}}}"#, text(&path));
    let mut bot = Bot::start(&["--allow-control"]);
    assert_eq!(bot.policy(), "default");
    let swapped = bot.asks(&swap);
    assert!(
        swapped.starts_with(r#"{"swapped":{"digest":""#)
            && swapped.ends_with(r#"","generation":2,"name":"second","version":"1"}}"#),
        "{swapped}"
    );
    assert_eq!(bot.policy(), "second");
    assert!(
        bot.asks(r#"{"control":"rollback"}"#)
            .starts_with(r#"{"rolled_back":{"#)
    );
    assert_eq!(bot.policy(), "default");
    assert_eq!(
        bot.asks(r#"{"control":"trading_state","state":"HALTED"}"#),
        r#"{"trading_state":{"state":"HALTED"}}"#
    );
    assert!(bot.asks(HOLD).contains("trading_halted"));
    let (code, errors) = bot.ends();
    assert_eq!((code, errors.lines().count()), (Some(0), 3), "{errors}");
    // And are lines like any other in a log.
    let mut bot = Bot::start(&["--allow-control", "--format", "log"]);
    assert_eq!(
        bot.asks(r#"{"control":"trading_state","state":"stop"}"#),
        "TRADING_STATE state=REDUCING"
    );
    assert_eq!(
        bot.asks(r#"{"control":"rollback"}"#),
        "REFUSED line=2 nothing_earlier: there is no earlier policy to go back to"
    );
    let (code, _) = bot.ends();
    assert_eq!(code, Some(1));
}

#[test]
fn how_many_faults_cost_a_policy_its_place_is_the_operators_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.wasm");
    let gap = "routes:\n  - gap: { when: { strategy: gap }, close: position }\n";
    let document = named("gaping").replace("routes:\n", gap);
    // With a custom section `own` it is nobody's document, whose `check` would keep it out.
    let mut component = compose::compose(&document, None).unwrap();
    component.extend(b"\x00\x04\x03own");
    fs::write(&path, component).unwrap();
    let swap = format!(r#"{{"control":"swap","policy":{:?}}}"#, text(&path));
    let buy = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"gap","position":null,"price":"100","target_notional":"500"}"#;
    for (arguments, faults) in [
        (&[][..], 1),
        (
            &[
                "--probation",
                "0",
                "--faults-max",
                "2",
                "--fault-window",
                "100",
            ],
            2,
        ),
        (&["--probation", "0", "--faults-max", "3"], 3),
    ] {
        let mut bot = Bot::start(&[&["--allow-control"], arguments].concat());
        bot.asks(&swap);
        for fault in 1..=faults {
            assert_eq!(bot.policy(), "gaping", "{arguments:?} {fault}");
            // The policy before decides it, in the same call.
            let decision: Value = serde_json::from_str(&bot.asks(buy)).unwrap();
            assert_eq!(decision["policy"]["name"], "default");
            assert_eq!(decision["reason"], "open_long");
        }
        assert_eq!(bot.policy(), "default", "{arguments:?}");
        bot.ends();
    }
}

/// It does not start: the code, and how its last words begin.
#[track_caller]
fn does_not_start(arguments: &[&str], expected: &str) {
    let (code, errors) = Bot::start(arguments).ends();
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.starts_with(expected), "{errors}");
}

#[test]
fn arguments_that_cannot_be() {
    does_not_start(
        &["--watch"],
        "error: the following required arguments were not provided:\n  --policy <P>",
    );
    does_not_start(
        &["--events", "/nowhere/events.jsonl"],
        "execution-router: cannot write events to `/nowhere/events.jsonl`: ",
    );
    does_not_start(
        &["--faults-max", "-1"],
        "error: unexpected argument '-1' found",
    );
    does_not_start(
        &["--probation", "always"],
        "error: invalid value 'always' for '--probation <DECISIONS>': invalid digit found in string",
    );
    does_not_start(
        &["--worst-fuel-max", "much"],
        "error: invalid value 'much' for '--worst-fuel-max <FUEL>': invalid digit found in string",
    );
}

#[test]
fn stop_is_a_trading_state() {
    let mut bot = Bot::start(&["--trading-state", "stop"]);
    let buy = r#"{"final_action":"BUY","symbol":"BTC/USDT","strategy":"trend","position":null,"price":"100","target_notional":"500"}"#;
    assert!(bot.asks(buy).contains("reducing_only"));
    assert_eq!(bot.ends(), (Some(0), String::new()));
}
