//! `table`: a policy as a truth table for people.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::Outcome;
use crate::truth_table::TruthTable;

/// Arguments of `table`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml`, a folder that holds one, or a component `.wasm` that was made of one.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// How the table is written.
    #[arg(long, value_enum, default_value = "markdown")]
    format: FormatArgument,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatArgument {
    /// A Markdown table with aligned columns.
    Markdown,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object.
    Json,
}

/// Prints the table.
///
/// # Errors
/// When the policy cannot be opened, or is a component whose rules cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let authored = super::open_authored(&arguments.policy)?;
    let written = authored
        .document()
        .context("there is no table to read off; `verify` and `diff` work on answers")?;
    let table = TruthTable::of(&written.document);
    let text = match arguments.format {
        FormatArgument::Markdown => table.to_markdown(),
        FormatArgument::Csv => table.to_csv(),
        FormatArgument::Json => table.to_json() + "\n",
    };
    io::stdout()
        .write_all(text.as_bytes())
        .context("cannot write the table")?;
    Ok(Outcome::Done)
}
