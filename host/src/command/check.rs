//! `check`: a policy document is proven, or what is wrong with it is told.

use std::path::PathBuf;

use super::{Outcome, ReportFormat};
use crate::authored::{Authored, AuthoredError};
use crate::check;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml`, a folder that holds one, or a component that was built from one.
    #[arg(value_name = "P")]
    policy: PathBuf,
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
            super::print_findings(&path.display().to_string(), &findings);
            return Ok(Outcome::Findings);
        }
        opened => opened?,
    };
    let report = check::check(&authored.document()?.document)?;
    let file = authored.path().display().to_string();
    match arguments.format {
        ReportFormat::Text => print!("{}", check::write_text(&report, &file)),
        ReportFormat::Json => println!("{:#}", check::write_json(&report, &file)),
    }
    Ok(if report.findings.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
