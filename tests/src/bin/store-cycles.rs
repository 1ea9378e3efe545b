//! The long runs of a store that power, disk and process fail under. Prints what came up, or the
//! first finding, and ends with 1 then.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use conformance::store::variants::Variants;
use conformance::store::{kill, power};
use execution_router::Cache;

/// Takes the power from stores, or kills their processes, over and over.
#[derive(Parser)]
#[command(name = "store-cycles")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Takes the power from a disk in memory, or lets the disk fail
    Power(Plan),
    /// Kills a process that has a store under load
    Kill(Plan),
    /// Is that process
    #[command(name = kill::VERB, hide = true)]
    Load { store: PathBuf, run: u64 },
}

#[derive(clap::Args)]
struct Plan {
    /// Cycles in all
    #[arg(long, default_value_t = 2_000)]
    cycles: u64,
    /// What decides everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Disks or processes at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=64))]
    at_once: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let variants = Variants::load(Cache::user);
    let outcome = variants.and_then(|variants| match &arguments.verb {
        Verb::Power(plan) => power(plan, &variants),
        Verb::Kill(plan) => kill(plan, &variants),
        Verb::Load { store, run } => kill::serve(store, *run, &variants),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(finding) => {
            eprintln!("store-cycles: {finding}");
            ExitCode::FAILURE
        }
    }
}

fn power(plan: &Plan, variants: &Variants) -> Result<(), String> {
    let began = Instant::now();
    let seen = power::run(plan.seed, plan.cycles, plan.at_once, variants)?;
    println!("{seen:#?}");
    nothing_was_lost(began);
    Ok(())
}

fn kill(plan: &Plan, variants: &Variants) -> Result<(), String> {
    let began = Instant::now();
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let each = plan.cycles.div_ceil(plan.at_once);
    let one = |number| kill::run(plan.seed + number, each, &program, variants);
    let seen = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.at_once)
            .map(|number| {
                let one = &one;
                scope.spawn(move || one(number))
            })
            .collect();
        threads
            .into_iter()
            .try_fold(kill::Kills::default(), |seen, thread| {
                let outcome = thread.join().map_err(|_| "a thread died".to_owned())?;
                Ok::<_, String>(seen.and(outcome?))
            })
    })?;
    println!("{seen:#?}");
    nothing_was_lost(began);
    Ok(())
}

fn nothing_was_lost(began: Instant) {
    println!("nothing was lost ({:.0} s)", began.elapsed().as_secs_f64());
}
