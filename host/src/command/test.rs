//! `test`: a policy's own cases, run.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::{Outcome, ReportFormat, SandboxArguments};
use crate::authored::{Authored, AuthoredError};
use crate::cache::Cache;
use crate::cases::{self, TestError};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml` or a folder that holds one, with a `cases.yaml` beside it, or a
    /// component `.wasm` that was built with one.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// Say what of the policy the cases reach, and ask that every rule decides one.
    #[arg(long)]
    coverage: bool,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// Runs the cases and writes what became of them.
///
/// # Errors
/// When the policy cannot be used, or has no cases.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let path = arguments.policy.display();
    let authored = match Authored::open(&arguments.policy) {
        Err(AuthoredError::Mistakes { path, findings }) => {
            super::print_findings(path.display(), &findings);
            anyhow::bail!(
                "cannot test `{}`: its document has mistakes",
                path.display()
            )
        }
        opened => opened.with_context(|| format!("cannot test `{path}`"))?,
    };
    let cache = Cache::user();
    super::say_refusal(&cache);
    let tested = match cases::test(&authored, arguments.sandbox.loader(&cache)) {
        Err(TestError::Mistakes { file, findings }) => {
            super::print_findings(&file, &findings);
            return Ok(Outcome::Findings);
        }
        tested => tested.with_context(|| format!("cannot test `{path}`"))?,
    };
    let mut out = io::stdout().lock();
    match arguments.format {
        ReportFormat::Json => cases::write_json(&tested, arguments.coverage, &mut out)?,
        ReportFormat::Text => {
            cases::write_results(&tested, &mut out)?;
            if arguments.coverage {
                cases::write_coverage(&tested, &mut out)?;
            }
        }
    }
    out.flush()?;
    let report = &tested.report;
    let reached = !arguments.coverage || report.coverage.rules_share().is_whole();
    Ok(if report.failed() == 0 && reached {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
