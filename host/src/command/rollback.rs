//! `rollback`: back to the policy before, asked from another terminal.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
}

/// Asks the router that runs on a store to make the last good policy live again.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let line = json!({ "control": "rollback" });
    operate::ask(&arguments.store, "rollback", &line)
}
