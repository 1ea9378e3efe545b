//! Runners with a fault each, planted: every one is found, named and told.

use std::fs;
use std::path::Path;
use std::time::Duration;

use conformance::hosts::compare::{Comparison, compare};
use conformance::hosts::report::{HostReport, Report};
use conformance::hosts::runner::{ANSWER_BYTES_MAX, Run, RunnerCommand, Times, run};
use conformance::hosts::unroll::{NoCase, Unrolled};
use conformance::hosts::{Case, Origin, trapping};

/// Five cases with answers of their own, the fourth of a trap.
fn cases() -> Vec<Case> {
    (1..=5)
        .map(|line| Case {
            request: format!("{{\"id\":\"{line}\"}}"),
            state: "{}".to_owned(),
            expected: match line {
                4 => trapping::FAULT.to_owned(),
                _ => format!("{{\"id\":\"{line}\",\"side\":\"BUY\"}}"),
            },
            origin: Origin {
                group: if line < 3 { "first" } else { "last" }.to_owned(),
                file: "some.jsonl".to_owned(),
                line: line + 10,
            },
        })
        .collect()
}

/// More than any script takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is waited for one that does.
const IMPATIENCE: Duration = Duration::from_millis(1_500);

/// Runs a script that finds the expected answers in `$1`, and cases on standard input.
fn ran(script: &str) -> (Comparison, Option<Times>) {
    let (run, compared) = ran_within(script, PATIENCE);
    (compared, run.times)
}

fn ran_within(script: &str, time_max: Duration) -> (Run, Comparison) {
    let folder = tempfile::tempdir().unwrap();
    let (asked, expected) = (folder.path().join("cases"), folder.path().join("expected"));
    let cases = cases();
    let lines: String = cases
        .iter()
        .map(|case| case.expected.clone() + "\n")
        .collect();
    fs::write(&expected, lines).unwrap();
    fs::write(&asked, "{}\n".repeat(cases.len())).unwrap();
    let words = ["sh", "-c", script, "sh", expected.to_str().unwrap()];
    let command = RunnerCommand {
        words: words.map(str::to_owned).into(),
        folder: folder.path().to_owned(),
        time_max,
    };
    let run = run(&command, &asked, cases.len());
    let compared = compare(&cases, &run);
    (run, compared)
}

/// The differences of a runner, as they are told, and the faults of its run.
#[track_caller]
fn found(script: &str, differences: &[&str], faults: &[&str]) {
    tells(&ran(script).0, differences, faults);
}

#[track_caller]
fn tells(compared: &Comparison, differences: &[&str], faults: &[&str]) {
    let told: Vec<String> = compared.first.iter().map(ToString::to_string).collect();
    assert_eq!(told, differences);
    assert_eq!(compared.faults, faults);
    assert_eq!(compared.count().cases, 5);
    assert_eq!(compared.count().differences, differences.len() as u64);
    assert!(!compared.is_same());
}

const THIRD: &str =
    "\n  request  {\"id\":\"3\"}\n  state    {}\n  expected {\"id\":\"3\",\"side\":\"BUY\"}";
const FOURTH: &str = "\n  request  {\"id\":\"4\"}\n  state    {}\n  expected {\"side\":\"SKIP\",\"error\":{\"code\":\"policy_fault\",\"message\":\"\"}}";
const FIFTH: &str =
    "\n  request  {\"id\":\"5\"}\n  state    {}\n  expected {\"id\":\"5\",\"side\":\"BUY\"}";

#[test]
fn a_sound_runner_differs_in_nothing() {
    for script in [
        "cat $1",
        // Nothing says that a runner must read all before it answers, or at all.
        "exec 0<&-; cat $1",
        // The last line needs no end, and a trap's message is its own.
        r#"printf '%s' "$(sed 's/"message":""/"message":"out of \\"fuel\\""/' $1)""#,
    ] {
        let (compared, times) = ran(script);
        assert!(compared.is_same(), "{script}: {compared:?}");
        assert_eq!((compared.count().cases, times), (5, None));
        let first = compared.groups["first"];
        assert_eq!((first.cases, first.differences), (2, 0));
    }
}

#[test]
fn times_are_read_wherever_they_stand() {
    let (compared, times) = ran(
        r#"cat $1; echo note >&2; echo '{"cases":5,"nanoseconds_total":70,"load_nanoseconds":9,"runtime":"sh"}' >&2; echo more >&2"#,
    );
    assert!(compared.is_same(), "{compared:?}");
    let expected = Times {
        cases: 5,
        nanoseconds_total: 70,
        load_nanoseconds: 9,
        runtime: Some("sh".to_owned()),
    };
    assert_eq!(times, Some(expected));
}

#[test]
fn a_byte_that_is_another() {
    found(
        "sed 3s/BUY/BUT/ $1",
        &[&format!(
            "some.jsonl, line 13: differs at byte 20{THIRD}\n  came     {{\"id\":\"3\",\"side\":\"BUT\"}}"
        )],
        &[],
    );
    // A space is no part of the form.
    found(
        "sed '3s/:/: /' $1",
        &[&format!(
            "some.jsonl, line 13: differs at byte 6{THIRD}\n  came     {{\"id\": \"3\",\"side\":\"BUY\"}}"
        )],
        &[],
    );
    found(
        r"sed '3s/$/\r/' $1",
        &[&format!(
            "some.jsonl, line 13: differs at byte 23{THIRD}\n  came     {{\"id\":\"3\",\"side\":\"BUY\"}}\\r"
        )],
        &[],
    );
}

#[test]
fn a_trap_that_is_told_in_another_form() {
    for (script, came, at) in [
        (
            "sed s/policy_fault/trap/ $1",
            r#"{"side":"SKIP","error":{"code":"trap","message":""}}"#,
            32,
        ),
        (
            r#"sed 's/"message":""/"message":7/' $1"#,
            r#"{"side":"SKIP","error":{"code":"policy_fault","message":7}}"#,
            56,
        ),
        (
            r#"sed 's/"message":""/"message":"","at":"x"/' $1"#,
            r#"{"side":"SKIP","error":{"code":"policy_fault","message":"","at":"x"}}"#,
            58,
        ),
    ] {
        let told = format!("some.jsonl, line 14: differs at byte {at}{FOURTH}\n  came     {came}");
        found(script, &[&told], &[]);
    }
}

#[test]
fn a_line_that_is_missing() {
    found(
        "sed 3d $1",
        &[&format!(
            "some.jsonl, line 13: its answer is missing{THIRD}\n  came     {}",
            trapping::FAULT
        )],
        &["it ended well, after 4 answers to 5 cases"],
    );
    found(
        "head -n 4 $1",
        &[&format!(
            "some.jsonl, line 15: the output ended before it{FIFTH}"
        )],
        &["it ended well, after 4 answers to 5 cases"],
    );
}

#[test]
fn a_line_too_many() {
    found(
        "sed '3i loading' $1",
        &[&format!(
            "some.jsonl, line 13: a line too many before it{THIRD}\n  came     loading"
        )],
        &["it ended well, after 6 answers to 5 cases"],
    );
    found(
        "cat $1; echo; echo done",
        &[],
        &[
            "it ended well, after 7 answers to 5 cases",
            "2 lines came behind the last answer, the first of them ``",
        ],
    );
    found(
        "cat $1; yes",
        &[],
        &[
            "it was ended: it prints on after its last case, after 21 answers to 5 cases",
            "16 lines came behind the last answer, the first of them `y`",
        ],
    );
}

#[test]
fn a_crash() {
    let ended = [
        format!("some.jsonl, line 13: the output ended before it{THIRD}"),
        format!("some.jsonl, line 14: the output ended before it{FOURTH}"),
        format!("some.jsonl, line 15: the output ended before it{FIFTH}"),
    ];
    let ended = ended.each_ref().map(String::as_str);
    found(
        "head -n 2 $1; echo boom >&2; exit 3",
        &ended,
        &["it ended with exit code 3, after 2 answers to 5 cases; it said\nboom"],
    );
    found(
        "head -n 2 $1; kill -9 $$",
        &ended,
        &["it ended with signal: 9 (SIGKILL), after 2 answers to 5 cases"],
    );
    // All answers are there, and it is no success all the same.
    found(
        "cat $1; exit 1",
        &[],
        &["it ended with exit code 1, after 5 answers to 5 cases"],
    );
}

#[test]
fn a_runner_that_hangs_is_ended() {
    let last = format!("some.jsonl, line 15: the output ended before it{FIFTH}");
    let started = std::time::Instant::now();
    for script in [
        "head -n 4 $1; exec sleep 60",
        // What it has started itself goes on, and is not waited for.
        "head -n 4 $1; sleep 20; cat $1",
    ] {
        tells(
            &ran_within(script, IMPATIENCE).1,
            &[&last],
            &["it was ended after 1.5 s, after 4 answers to 5 cases"],
        );
    }
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn garbage() {
    found(
        r"sed '3s/.*/\xff\x00BUY/' $1",
        &[&format!(
            "some.jsonl, line 13: differs at byte 0{THIRD}\n  came     \\xff\\u{{0}}BUY"
        )],
        &[],
    );
    let (compared, _) = ran("head -c 5000 /dev/urandom");
    assert_eq!(compared.count().differences, 5);
    let (compared, _) = ran("true");
    assert_eq!(compared.count().differences, 5);
    assert_eq!(
        compared.faults,
        ["it ended well, after 0 answers to 5 cases"]
    );
}

#[test]
fn a_line_that_is_too_long_is_not_held() {
    found(
        "head -n 4 $1; yes | tr -d '\\n'",
        &[&format!(
            "some.jsonl, line 15: the output ended before it{FIFTH}"
        )],
        &[&format!(
            "it was ended: a line of its output has more than {ANSWER_BYTES_MAX} bytes, after 4 answers to 5 cases"
        )],
    );
}

/// Much is shown in part: what stands around the first byte that differs.
#[test]
fn a_long_answer_is_shown_where_it_differs() {
    let (compared, _) = ran(r#"x=$(printf '%4000s' | tr ' ' x); sed "3s/BUY/BUY$x/" $1"#);
    let told = compared.first[0].to_string();
    assert!(told.starts_with("some.jsonl, line 13: differs at byte 21\n"));
    assert!(told.ends_with("xxx…") && told.len() < 700, "{told}");
}

#[test]
fn a_runner_that_is_not_there() {
    let cases = cases();
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("cases");
    fs::write(&asked, "").unwrap();
    for (words, error) in [
        (
            vec!["/nowhere/runner".to_owned()],
            "No such file or directory (os error 2)",
        ),
        (vec![], "its command is empty"),
    ] {
        let command = RunnerCommand {
            words,
            folder: Path::new("/").to_owned(),
            time_max: Duration::from_secs(1),
        };
        let compared = compare(&cases, &run(&command, &asked, cases.len()));
        assert_eq!(compared.count().differences, 5);
        assert_eq!(
            compared.faults,
            [format!(
                "it could not be started: {error}, after 0 answers to 5 cases"
            )]
        );
    }
}

#[test]
fn a_report_says_which_host_differs_and_where() {
    let timed = r#"cat $1; echo '{"cases":5,"nanoseconds_total":35000,"load_nanoseconds":2500000,"runtime":"sh 1"}' >&2"#;
    let mut unrolled = Unrolled {
        lines: 7,
        cases: cases(),
        ..Unrolled::default()
    };
    unrolled.no_cases.insert(NoCase::Settle, 2);
    let mut report = Report::new(&unrolled);
    for (name, scripts) in [
        ("sound", [timed, timed]),
        ("faulty", ["sed 3s/BUY/BUT/ $1", "head -n 4 $1; exit 3"]),
    ] {
        let mut host = HostReport::new(name);
        for (policy, script) in ["one", "two"].into_iter().zip(scripts) {
            let (run, compared) = ran_within(script, PATIENCE);
            host.add(policy, &run, compared);
        }
        report.hosts.push(host);
    }
    assert!(!report.is_same() && report.hosts[0].is_same());
    assert_eq!(report.not_started().count(), 0);
    let text = report.to_string();
    let (_, tables) = text.split_once("threads.\n\n").unwrap();
    let expected = format!(
        "\
| host | runtime | cases | differences | ns a decision | ms to load |
| --- | --- | ---: | ---: | ---: | ---: |
| sound | sh 1 | 10 | 0 | 7000 | 2.5 |
| faulty |  | 10 | 2 | – | – |

The streams have 7 lines: 5 cases, 2 settlements.

| cases of | cases | sound: differences | faulty: differences |
| --- | ---: | ---: | ---: |
| first | 4 | 0 | 0 |
| last | 6 | 0 | 2 |

| policy | cases | sound: ns a decision | faulty: ns a decision |
| --- | ---: | ---: | ---: |
| one | 5 | 7000 | – |
| two | 5 | 7000 | – |

## What differs: faulty

- two: it ended with exit code 3, after 4 answers to 5 cases

```text
some.jsonl, line 13: differs at byte 20{THIRD}
  came     {{\"id\":\"3\",\"side\":\"BUT\"}}
```

```text
some.jsonl, line 15: the output ended before it{FIFTH}
```
"
    );
    assert_eq!(tables, expected);
    let data: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    let first = &data["hosts"][1]["differences_first"][0];
    assert_eq!(first["kind"], "differs");
    assert_eq!(first["byte"], 20);
    assert_eq!(first["file"], "some.jsonl");
    assert_eq!(first["line"], 13);
    assert_eq!(data["lines"]["settlements"], 2);
}
