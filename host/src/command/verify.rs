//! `verify`: a component is decided over its whole domain, and certified.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::progress::Progress;
use super::{Outcome, ReportFormat, SandboxArguments};
use crate::cache::Cache;
use crate::compose::ComposeError;
use crate::policy::PolicyError;
use crate::verify::{self, Report, Verdict};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A component `.wasm`, a `policy.yaml`, or a folder that holds one.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// Write the certificate here; nothing is written where there are counterexamples.
    #[arg(short, long, value_name = "CERTIFICATE.json")]
    output: Option<PathBuf>,
    /// Keep compiled policies and certificates in this folder instead of the user's cache folder.
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Compile the policy anew and keep nothing.
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// Verifies the policy, and prints what was found.
///
/// # Errors
/// When the policy cannot be read, the machine cannot run it, or the certificate cannot be
/// written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let cache = match &arguments.cache {
        _ if arguments.no_cache => Cache::disabled(),
        Some(folder) => Cache::at(folder),
        None => Cache::user(),
    };
    if let Some(reason) = cache.refusal() {
        eprintln!("execution-router: compiled policies are not kept: {reason}");
    }
    let policy = match arguments.sandbox.loader(&cache).load(&arguments.policy) {
        Ok(policy) => policy,
        Err(error) if verify::blames_policy(&error) => {
            print_unfit(arguments.format, &error);
            return Ok(Outcome::Findings);
        }
        Err(error) => {
            let path = arguments.policy.display();
            return Err(error).with_context(|| format!("cannot verify `{path}`"));
        }
    };
    let mut progress = Progress::new();
    let report = verify::verify(&policy, &mut |done| {
        let percent = 100 * done.decided / done.total.max(1);
        progress.say(format_args!("verifying: {} %", percent.min(100)));
    })?;
    progress.end();
    cache.keep_certificate(&report)?;
    if let Some(path) = &arguments.output {
        write_certificate(path, &report)?;
    }
    match arguments.format {
        ReportFormat::Text => println!("{report}"),
        ReportFormat::Json => println!("{}", report.to_json()),
    }
    Ok(match report.verdict() {
        Verdict::Certified => Outcome::Done,
        Verdict::Partial | Verdict::Counterexamples => Outcome::Findings,
    })
}

fn write_certificate(path: &Path, report: &Report) -> anyhow::Result<()> {
    let Some(certificate) = report.certificate() else {
        eprintln!(
            "execution-router: `{}` is not written: nothing is certified",
            path.display()
        );
        return Ok(());
    };
    let text = certificate.to_json() + "\n";
    super::build::write_whole(path, text.as_bytes())
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// What is wrong with a policy that cannot even be asked.
fn print_unfit(format: ReportFormat, error: &PolicyError) {
    match (format, error) {
        (ReportFormat::Json, error) => {
            let report = serde_json::json!({ "verdict": "unfit", "what": error.to_string() });
            println!("{report:#}");
        }
        (
            ReportFormat::Text,
            PolicyError::Compose {
                path: Some(path),
                error: ComposeError::Document(findings),
            },
        ) => super::print_findings(path.display(), findings),
        (ReportFormat::Text, error) => println!("unfit: {error}"),
    }
}
