//! `status`: how a router stands, asked from another terminal.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
}

/// Prints how the router stands that runs on a store, or how it was left.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let line = json!({ "control": "status" });
    operate::ask(&arguments.store, "status", &line)
}
