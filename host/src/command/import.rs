//! `import`: a policy document out of a bot's configuration.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Outcome, ReportFormat};
use crate::import::{
    self, BudgetUnit, CONFIGURATION_BYTES_MAX, Configuration, ConfigurationFindings, ImportError,
    Imported, ImportedKey,
};

const DOCUMENT_FILE: &str = "policy.yaml";

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The bot's configuration.
    #[arg(value_name = "BOT.yaml")]
    configuration: PathBuf,
    /// Write the policy there, never over a file that is there: a folder gets a `policy.yaml`, a
    /// name that ends with `.yaml` or `.yml` is a file. Standard output when not given.
    #[arg(short, long, value_name = "FOLDER|FILE")]
    output: Option<PathBuf>,
    /// `budget_pct_per_day: 1` is 1% of equity.
    #[arg(long, conflicts_with = "fraction")]
    percent: bool,
    /// `budget_pct_per_day: 1` is all of equity.
    #[arg(long)]
    fraction: bool,
    /// How it is told what became of each key: text on standard error, or one JSON object on
    /// standard output, with the policy in it when it is written nowhere else.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

/// Makes the document, writes it, and tells what became of each key.
///
/// # Errors
/// When the configuration cannot be read or the policy cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let file = &arguments.configuration;
    let bytes = read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let made = import::import(&Configuration {
        file_name: &file_name,
        bytes: &bytes,
        budget_unit: unit(arguments),
    });
    match made {
        Ok(imported) => {
            let written = arguments
                .output
                .as_deref()
                .map(|output| write_new(output, &imported.policy));
            report(arguments, &imported, written.transpose()?.as_deref())?;
            Ok(Outcome::Done)
        }
        Err(ImportError::Configuration(findings)) => {
            refuse(arguments, &findings);
            Ok(Outcome::Findings)
        }
        Err(error @ ImportError::Policy(_)) => {
            Err(error).with_context(|| format!("cannot import `{}`", file.display()))
        }
    }
}

const fn unit(arguments: &Arguments) -> Option<BudgetUnit> {
    match (arguments.percent, arguments.fraction) {
        (true, _) => Some(BudgetUnit::Percent),
        (false, true) => Some(BudgetUnit::Fraction),
        (false, false) => None,
    }
}

/// Reads one byte more than is allowed, so that a file that is too large is told as such.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let bytes_max = u64::try_from(CONFIGURATION_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(file)?
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the file, which must not be there: a policy is edited by hand.
fn write_new(output: &Path, policy: &str) -> anyhow::Result<PathBuf> {
    let is_file = output
        .extension()
        .is_some_and(|kind| kind == "yaml" || kind == "yml");
    let path = if is_file && !output.is_dir() {
        output.to_path_buf()
    } else {
        fs::create_dir_all(output)
            .with_context(|| format!("cannot make the folder `{}`", output.display()))?;
        output.join(DOCUMENT_FILE)
    };
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| {
        let written = file.write_all(policy.as_bytes());
        if written.is_err() {
            // Half a policy is none.
            let _ = fs::remove_file(&path);
        }
        written
    });
    match written {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => anyhow::bail!(
            "`{}` is there already, and is not written over: move it away, or name another",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot write `{}`", path.display())),
    }
}

fn report(
    arguments: &Arguments,
    imported: &Imported,
    written: Option<&Path>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match arguments.format {
        ReportFormat::Json => {
            let mut report = serde_json::to_value(imported)?;
            if let (Some(path), Value::Object(report)) = (written, &mut report) {
                report.remove("policy");
                report.insert("written".into(), json!(path.to_string_lossy()));
            }
            writeln!(out, "{report}")?;
        }
        ReportFormat::Text => {
            eprint!("{}", told(&arguments.configuration, imported));
            match written {
                Some(path) => writeln!(out, "{}", path.display())?,
                None => out.write_all(imported.policy.as_bytes())?,
            }
        }
    }
    Ok(())
}

/// A line for each key, in the file's order, and what the file does not say behind them.
fn told(file: &Path, imported: &Imported) -> String {
    let file = file.display();
    let mut lines: Vec<(usize, usize, String)> = Vec::new();
    for key in &imported.imported {
        let ImportedKey {
            key: path,
            value,
            became,
            ..
        } = key;
        let value = if value.is_empty() {
            String::new()
        } else {
            format!(": {value}")
        };
        let note = key.note.as_ref();
        let note = note.map_or_else(String::new, |note| format!(" ({note})"));
        let line = format!("`{path}{value}` became `{became}`{note}");
        lines.push((key.line, key.column, line));
    }
    for key in &imported.left_out {
        let under = match key.keys_under_it {
            0 => String::new(),
            1 => " and the key under it".into(),
            many => format!(" and {many} keys under it"),
        };
        lines.push((
            key.line,
            key.column,
            format!("left out `{}`{under}", key.key),
        ));
    }
    lines.sort();
    let mut told = String::new();
    for (line, column, what) in lines {
        told.push_str(&format!("{file}: line {line}, column {column}: {what}\n"));
    }
    for kept in &imported.kept {
        told.push_str(&format!(
            "{file}: `{}` is not given; as in the default policy: {}\n",
            kept.key, kept.value
        ));
    }
    told
}

fn refuse(arguments: &Arguments, findings: &ConfigurationFindings) {
    let file = arguments.configuration.display();
    if arguments.format == ReportFormat::Json {
        let found: Vec<_> = findings
            .as_slice()
            .iter()
            .map(|finding| {
                json!({ "line": finding.line, "column": finding.column, "message": finding.message })
            })
            .collect();
        println!(
            "{}",
            json!({ "findings": found, "omitted": findings.omitted() })
        );
        return;
    }
    for finding in findings.as_slice() {
        eprintln!("{file}: {finding}");
    }
    if findings.omitted() > 0 {
        eprintln!("{file}: and {} more", findings.omitted());
    }
}
