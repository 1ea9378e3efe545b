//! `budget`: what is used and held of each budget, and by which orders.

use jiff::Timestamp;

use super::journal::StoreArgument;
use super::{Outcome, ReportFormat};
use crate::journal::budgets::{self, budgets};
use crate::journal::period::End;

/// Arguments of `budget`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArgument,
    /// The time that windows are taken at, as RFC 3339, a day in UTC or an age (`0s` is now);
    /// the latest that the router has counted by, where none is given.
    #[arg(long, value_name = "T")]
    at: Option<End>,
    /// How the budgets are written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

/// Prints the budgets.
///
/// # Errors
/// When the store cannot be read, or no router has run on it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let at = arguments.at.map(|at| at.instant(Timestamp::now()));
    let found = budgets(&arguments.store.open()?, at)?;
    match arguments.format {
        ReportFormat::Text => print!("{}", budgets::write_text(&found)),
        ReportFormat::Json => println!("{:#}", budgets::write_json(&found)),
    }
    Ok(Outcome::Done)
}
