//! What the verbs that operate a router through its store have in common: which store, who asks,
//! how the answer is printed.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::{Outcome, ReportFormat};
use crate::store::{self, Question, StoreAddress, WAIT_SECONDS_MAX};

/// Where the names of people are looked for who do not say who asks.
const USER_VARIABLES: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// The verb that runs the whole gate.
pub(super) const SWAP: &str = "swap";
/// How long an answer is waited for.
const WAIT_SECONDS: u64 = 10;
const SWAP_WAIT_SECONDS: u64 = 120;

/// Which store, and who asks.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// The store that the router runs on, as `sqlite:router.db`.
    #[arg(long, value_name = "STORE")]
    store: StoreAddress,
    /// Who asks, for the journal; the user's name, or number, when not given.
    #[arg(long = "as", value_name = "NAME")]
    asked_by: Option<String>,
    /// How long the answer is waited for, in seconds; 10 when not given, and 120 for `swap`. What
    /// the router has not taken up by then is withdrawn.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=WAIT_SECONDS_MAX))]
    wait: Option<u64>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

/// Asks for what the line says, and prints the answer.
pub(super) fn ask(arguments: &StoreArguments, verb: &str, line: &Value) -> anyhow::Result<Outcome> {
    let asked_by = match &arguments.asked_by {
        Some(name) if name.trim().is_empty() => anyhow::bail!("`--as` names nobody"),
        Some(name) => name.clone(),
        None => user(),
    };
    let seconds = arguments.wait.unwrap_or(match verb {
        SWAP => SWAP_WAIT_SECONDS,
        _ => WAIT_SECONDS,
    });
    let question = Question {
        verb,
        line: &line.to_string(),
        asked_by: &asked_by,
        wait: Duration::from_secs(seconds),
    };
    let asked = store::ask(&arguments.store, &question)?;
    match asked {
        Ok(done) => {
            match arguments.format {
                ReportFormat::Json => println!("{done}"),
                ReportFormat::Text => print!("{}", text(&done)),
            }
            Ok(Outcome::Done)
        }
        Err(rejected) => {
            if matches!(arguments.format, ReportFormat::Json) {
                let error = serde_json::json!({
                    "error": { "code": rejected.code, "message": rejected.message },
                });
                println!("{error}");
            }
            eprintln!(
                "execution-router: refused ({}): {}",
                rejected.code, rejected.message
            );
            Ok(Outcome::Findings)
        }
    }
}

/// The user's name, or number; a service or a container has no name in its environment.
fn user() -> String {
    USER_VARIABLES
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .or_else(user_number)
        .unwrap_or_else(|| "operator".to_owned())
}

#[cfg(target_os = "linux")]
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid {}", process.uid()))
}

#[cfg(not(target_os = "linux"))]
const fn user_number() -> Option<String> {
    None
}

/// The answer for people: a fact a line, what belongs together set in.
fn text(done: &Value) -> String {
    let mut out = String::new();
    if let Value::Object(facts) = done {
        write_facts(facts, 0, &mut out);
    }
    out
}

fn write_facts(facts: &Map<String, Value>, depth: usize, out: &mut String) {
    for (key, value) in facts {
        write_fact(key, value, depth, out);
    }
}

fn write_fact(key: &str, value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(facts) => {
            out.push_str(&format!("{indent}{key}\n"));
            write_facts(facts, depth + 1, out);
        }
        Value::Array(items) if items.is_empty() => out.push_str(&format!("{indent}{key} none\n")),
        Value::Array(items) => {
            for item in items {
                write_fact(key, item, depth, out);
            }
        }
        // What came from outside is printed escaped, so that a name cannot forge a line.
        Value::String(text) => out.push_str(&format!("{indent}{key} {}\n", text.escape_debug())),
        other => out.push_str(&format!("{indent}{key} {other}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_as_lines() {
        let done = serde_json::json!({
            "status": {
                "policy": { "name": "de\nfault", "generation": 3 },
                "quarantined": [],
                "seen": [{ "digest": "a" }, { "digest": "b" }],
            }
        });
        assert_eq!(
            text(&done),
            "status\n  policy\n    generation 3\n    name de\\nfault\n  quarantined none\n  \
             seen\n    digest a\n  seen\n    digest b\n"
        );
    }
}
