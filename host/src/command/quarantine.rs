//! `quarantine`: the policies that are not let in, and letting one in again.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `quarantine`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The digest of a policy to let in again; without it, those that are not are printed.
    #[arg(long, value_name = "DIGEST")]
    clear: Option<String>,
}

/// Prints which policies are not let in, or lets one in again.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut line = json!({ "control": "quarantine" });
    if let (Some(digest), Some(facts)) = (&arguments.clear, line.as_object_mut()) {
        facts.insert("clear".to_owned(), digest.as_str().into());
    }
    operate::ask(&arguments.store, "quarantine", &line)
}
