//! `release`: frees what a reservation holds, asked from another terminal.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `release`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The reservation, as R1.
    #[arg(value_name = "RESERVATION")]
    reservation: String,
    /// The own name of the event; for each reservation it counts once.
    #[arg(long, value_name = "ID")]
    event_id: String,
}

/// Frees what a reservation still holds.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let line = json!({
        "release": {
            "reservation": arguments.reservation,
            "event_id": arguments.event_id,
        },
    });
    operate::ask(&arguments.store, "release", &line)
}
