//! All hosts, one after the other, on all policies: what the program `hosts` does.

use std::io::{IsTerminal as _, stderr};
use std::path::Path;

use super::Suite;
use super::compare;
use super::list::Host;
use super::report::{HostReport, Report};
use super::runner;
use super::unroll::Unrolled;

/// Asks every host all cases, which are laid out in a folder.
///
/// # Errors
/// That a runner's command cannot be told.
pub fn run(
    hosts: &[Host],
    suites: &[Suite],
    unrolled: &Unrolled,
    folder: &Path,
) -> Result<Report, String> {
    let mut report = Report::new(unrolled);
    for host in hosts {
        report.hosts.push(ask(host, suites, folder)?);
    }
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
