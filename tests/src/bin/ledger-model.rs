//! The long run of the ledger against its model: `cargo run --release -p conformance --bin
//! ledger-model -- --operations 10000000 [--seed N] [--threads N]`. It prints what came up, or
//! the shortest sequence on which they differ, and ends with 1 then.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use conformance::ledger::pair::Seen;
use conformance::ledger::run::{Failure, explore};

/// Does random sequences of operations to the ledger and to its model.
#[derive(Parser)]
#[command(name = "ledger-model")]
struct Asked {
    /// Operations in all
    #[arg(long, default_value_t = 10_000_000)]
    operations: u64,
    /// What decides everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads, each with sequences of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    threads: u64,
}

fn main() -> ExitCode {
    let asked = Asked::parse();
    let began = Instant::now();
    match run(&asked) {
        Ok(seen) => {
            let seconds = began.elapsed().as_secs_f64();
            println!("ledger and model agree after each of them ({seconds:.1} s):");
            println!("{seen:#?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("ledger and model differ: {}", failure.difference);
            println!("{:#?}", failure.sequence);
            ExitCode::FAILURE
        }
    }
}

/// Runs on each thread with a seed of its own.
fn run(asked: &Asked) -> Result<Seen, Box<Failure>> {
    let done = AtomicU64::new(0);
    let shows = std::io::stderr().is_terminal();
    let each = asked.operations.div_ceil(asked.threads);
    let one = |number: u64| {
        let mut before = 0;
        explore(asked.seed + number, each, None, |seen| {
            let more = seen.operations - before;
            before = seen.operations;
            let all = done.fetch_add(more, Ordering::Relaxed) + more;
            if shows && all / 100_000 != (all - more) / 100_000 {
                eprint!("\r{all} of {} operations", asked.operations);
            }
        })
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..asked.threads)
            .map(|number| {
                let one = &one;
                scope.spawn(move || one(number))
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    });
    if shows {
        eprintln!();
    }
    outcomes
        .into_iter()
        .try_fold(Seen::default(), |seen, outcome| Ok(seen.and(outcome?)))
}
