//! `schema`: the JSON Schema of policy documents, for editors.

use std::io::Write as _;

use anyhow::Context as _;
use router_guest::document::schema_json;

use super::Outcome;

/// Arguments of `schema`: it has none.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Prints the schema.
///
/// # Errors
/// When standard output breaks.
pub fn run(_: &Arguments) -> anyhow::Result<Outcome> {
    std::io::stdout()
        .write_all(schema_json().as_bytes())
        .context("cannot write the schema")?;
    Ok(Outcome::Done)
}
