//! `state`: how much a router lets through, set from another terminal.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `state`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// ACTIVE, REDUCING (or stop) or HALTED.
    #[arg(value_name = "STATE")]
    state: String,
    /// When it goes back to ACTIVE by itself, RFC 3339.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Sets how much the router lets through.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut line = json!({ "control": "trading_state", "state": arguments.state });
    if let (Some(until), Some(facts)) = (&arguments.until, line.as_object_mut()) {
        facts.insert("until".to_owned(), until.as_str().into());
    }
    operate::ask(&arguments.store, "state", &line)
}
