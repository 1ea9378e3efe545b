//! `settle`: records the fill of an order, from another terminal.

use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};

/// Arguments of `settle`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The reservation that the order went out under, as R1.
    #[arg(value_name = "RESERVATION")]
    reservation: String,
    /// The own name of the event; for each reservation it counts once.
    #[arg(long, value_name = "ID")]
    event_id: String,
    /// What was filled since the last event, in quote currency.
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    notional: String,
    /// The side that was filled: BUY or SELL.
    #[arg(long, value_name = "SIDE")]
    side: String,
    /// No more fills come: what is still held is released.
    #[arg(long = "final")]
    is_final: bool,
}

/// Records a fill.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let line = json!({
        "settle": {
            "reservation": arguments.reservation,
            "event_id": arguments.event_id,
            "notional": arguments.notional,
            "side": arguments.side,
            "final": arguments.is_final,
        },
    });
    operate::ask(&arguments.store, "settle", &line)
}
