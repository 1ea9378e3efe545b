//! `replay`: the journal decided again, by the policies that decided it or by another one.

use super::journal::{PeriodArguments, StoreArgument};
use super::progress::Progress;
use super::{Outcome, PolicyArguments, ReportFormat};
use crate::journal::Journal;
use crate::journal::replay::{self, other::replay_by};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    policy: PolicyArguments,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

/// Decides the journal again and prints what differs.
///
/// # Errors
/// When the store cannot be read, or a policy not be used.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let journal = arguments.store.open()?;
    if arguments.policy.is_given() {
        return by_another(arguments, &journal);
    }
    let cache = arguments.policy.open_cache();
    let loader = arguments.policy.loader(&cache);
    let mut progress = Progress::new();
    let replayed = replay::replay(
        &journal,
        arguments.period.period(),
        &loader,
        &mut |decisions| progress.say(format_args!("deciding again: {decisions} decisions")),
    );
    progress.end();
    let replayed = replayed?;
    match arguments.format {
        ReportFormat::Text => print!("{}", replay::write_text(&replayed)),
        ReportFormat::Json => println!("{:#}", replay::write_json(&replayed)),
    }
    Ok(outcome(replayed.is_same(), replayed.masked))
}

fn by_another(arguments: &Arguments, journal: &Journal) -> anyhow::Result<Outcome> {
    let cache = arguments.policy.open_cache();
    let new = arguments.policy.load(&cache)?;
    let loader = arguments.policy.loader(&cache);
    let mut progress = Progress::new();
    let replayed = replay_by(
        journal,
        arguments.period.period(),
        &new,
        &loader,
        &mut |decisions| progress.say(format_args!("deciding again: {decisions} decisions")),
    );
    progress.end();
    let replayed = replayed?;
    match arguments.format {
        ReportFormat::Text => print!("{}", replay::write_other_text(&replayed)),
        ReportFormat::Json => println!("{:#}", replay::write_other_json(&replayed)),
    }
    Ok(outcome(replayed.is_same(), replayed.masked))
}

/// A store without decisions has nothing to differ. One whose decisions are all masked shows
/// nothing, and whoever goes on after this must not take it for a proof.
const fn outcome(is_same: Option<bool>, masked: u64) -> Outcome {
    match is_same {
        Some(true) => Outcome::Done,
        None if masked == 0 => Outcome::Done,
        Some(false) | None => Outcome::Findings,
    }
}
