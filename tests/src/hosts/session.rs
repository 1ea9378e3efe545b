//! All hosts, one after the other, on all policies: what the program `hosts` does.

use std::io::{IsTerminal as _, stderr};
use std::path::Path;

use execution_router::Policy;

use super::layout::{self, DEFAULT, Prepared};
use super::list::Host;
use super::report::{HostReport, Report};
use super::{Suite, canonical, compare, runner};

/// The folder of a policy that is asked another one's cases.
const OTHER: &str = "other";

/// Asks every host all cases, which are laid out in a folder.
///
/// # Errors
/// That a runner's command cannot be told.
pub fn run(hosts: &[Host], prepared: &Prepared, folder: &Path) -> Result<Report, String> {
    let mut report = Report::new(&prepared.unrolled);
    for host in hosts {
        report.hosts.push(ask(host, &prepared.suites, folder)?);
    }
    Ok(report)
}

/// Asks the Rust host the default policy's cases on another policy. What the two policies
/// call their rules and themselves is not compared.
///
/// # Errors
/// That there are no such cases, or they cannot be laid out.
pub fn run_other(
    host: &Host,
    other: &Policy,
    prepared: &Prepared,
    folder: &Path,
) -> Result<Report, String> {
    let default = prepared.suites.iter().find(|suite| suite.name == DEFAULT);
    let default = default.ok_or("the default policy has no cases")?;
    let mut suite = Suite {
        name: OTHER.to_owned(),
        component: other.component().to_vec(),
        cases: default.cases.clone(),
    };
    layout::write(std::slice::from_ref(&suite), folder)?;
    let folder = folder.join(&suite.name);
    let mut command = host.command(&folder.join("policy.wasm"))?;
    let profile = other.profile().to_string();
    command.words.extend(["--profile".to_owned(), profile]);
    let mut run = runner::run(&command, &folder.join("cases.jsonl"), suite.cases.len());
    for case in &mut suite.cases {
        case.expected = canonical::without_names(&case.expected);
    }
    for answer in &mut run.answers {
        if let Ok(text) = std::str::from_utf8(answer) {
            *answer = canonical::without_names(text).into_bytes();
        }
    }
    let mut asked = HostReport::new(&host.name);
    asked.add(&suite.name, &run, compare::compare(&suite.cases, &run));
    let mut report = Report::new(&prepared.unrolled);
    report.hosts.push(asked);
    Ok(report)
}

fn ask(host: &Host, suites: &[Suite], folder: &Path) -> Result<HostReport, String> {
    let mut report = HostReport::new(&host.name);
    for suite in suites {
        progress(&format!("{}: {}", host.name, suite.name));
        let folder = folder.join(&suite.name);
        let command = host.command(&folder.join("policy.wasm"))?;
        let run = runner::run(&command, &folder.join("cases.jsonl"), suite.cases.len());
        report.add(&suite.name, &run, compare::compare(&suite.cases, &run));
        if !report.is_started {
            // It will not be started by another policy either.
            break;
        }
    }
    progress("");
    Ok(report)
}

/// What is being done, on one line of a terminal.
fn progress(what: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{what}");
    }
}
