//! `diff`: what changes between two policies.

use std::fs::File;
use std::path::PathBuf;

use anyhow::Context as _;

use super::progress::Progress;
use super::{Outcome, ReportFormat, SandboxArguments};
use crate::authored::{Authored, AuthoredError};
use crate::cache::Cache;
use crate::diff::{self, Comparison, Difference};

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The old policy: a `policy.yaml`, a folder that holds one, or a component.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new policy.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Recorded requests, as `route` takes them: how many fall in each change.
    #[arg(long, value_name = "FILE")]
    traffic: Option<PathBuf>,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// Compares the policies and prints what differs.
///
/// # Errors
/// When a policy cannot be read, or there is too much to decide.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (old, new) = (open(&arguments.old)?, open(&arguments.new)?);
    let (Some(old_written), Some(new_written)) = (old.written(), new.written()) else {
        return ask_both(arguments, &old, &new);
    };
    let mut progress = Progress::new();
    let tables = [old_written, new_written].map(|written| written.document.table());
    let comparison = Comparison::watched(tables, &mut |regions| {
        progress.say(format_args!("comparing: {regions} regions"));
    });
    progress.end();
    let comparison = comparison?;
    let difference = comparison.difference();
    let traffic = match &arguments.traffic {
        None => None,
        Some(path) => {
            let record = File::open(path);
            let record = record.with_context(|| format!("cannot read `{}`", path.display()))?;
            Some(comparison.count(old.policy(&Cache::user())?, record)?)
        }
    };
    match arguments.format {
        ReportFormat::Text => print!("{}", diff::write_text(&difference, traffic.as_ref())),
        ReportFormat::Json => println!("{:#}", diff::write_json(&difference, traffic.as_ref())),
    }
    Ok(outcome(&difference))
}

/// Of components whose rules cannot be read the answers are compared.
fn ask_both(arguments: &Arguments, old: &Authored, new: &Authored) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        arguments.traffic.is_none(),
        "`--traffic` needs two policies whose documents can be read"
    );
    let cache = Cache::user();
    let loader = arguments.sandbox.loader(&cache);
    let trial = diff::compare(&old.policy(loader.clone())?, &new.policy(loader)?)?;
    match arguments.format {
        ReportFormat::Text => print!("{}", diff::write_trial(&trial)),
        ReportFormat::Json => println!("{:#}", diff::trial_json(&trial)),
    }
    Ok(outcome(&trial.difference))
}

fn outcome(difference: &Difference) -> Outcome {
    if difference.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    }
}

fn open(path: &std::path::Path) -> anyhow::Result<Authored> {
    match Authored::open(path) {
        Err(AuthoredError::Mistakes { path, findings }) => {
            super::print_findings(path.display(), &findings);
            anyhow::bail!(
                "cannot compare `{}`: its document has mistakes",
                path.display()
            )
        }
        opened => Ok(opened?),
    }
}
