//! `check`: a policy document is proven, or what is wrong with it is told.

use std::fs::File;
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Outcome, ReportFormat};
use crate::authored::{Authored, AuthoredError};
use crate::cache::Cache;
use crate::check;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml`, a folder that holds one, or a component that was built from one.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// Recorded requests, as `route` takes them: symbols and strategies that the document does
    /// not know, and routes that are never reached. They change nothing of the proof.
    #[arg(long, value_name = "FILE")]
    traffic: Option<PathBuf>,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

/// Checks the document and prints what was found.
///
/// # Errors
/// When the policy cannot be read, or has too many regions to decide.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let authored = match Authored::open(&arguments.policy) {
        Err(AuthoredError::Mistakes { path, findings }) => {
            super::print_findings(path.display(), &findings);
            return Ok(Outcome::Findings);
        }
        opened => opened?,
    };
    let document = &authored.document()?.document;
    let report = check::check(document)?;
    let remarks = match &arguments.traffic {
        None => None,
        Some(path) => {
            let record = File::open(path);
            let record = record.with_context(|| format!("cannot read `{}`", path.display()))?;
            let policy = authored.policy(&Cache::user())?;
            Some(check::remark(document, policy, record)?)
        }
    };
    let file = authored.path().display().to_string();
    match arguments.format {
        ReportFormat::Text => {
            print!("{}", check::write_text(&report, &file));
            print!(
                "{}",
                remarks
                    .as_ref()
                    .map_or_else(String::new, check::write_remarks)
            );
        }
        ReportFormat::Json => {
            println!("{:#}", check::write_json(&report, remarks.as_ref(), &file));
        }
    }
    Ok(if report.findings.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
