//! The long run of the ledger against its model: `cargo run --release -p conformance --bin
//! ledger-model -- --operations 10000000 [--seed N] [--threads N]`. It prints what came up, or
//! the shortest sequence on which they differ, and ends with 1 then.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use conformance::ledger::pair::Seen;
use conformance::ledger::run::{Failure, explore};

/// Threads at most.
const THREADS_MAX: u64 = 64;
const USAGE: &str = "ledger-model [--operations N] [--seed N] [--threads N]";

/// What is asked for.
struct Asked {
    operations: u64,
    seed: u64,
    threads: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(asked) = read(&arguments) else {
        eprintln!("usage: {USAGE}");
        return ExitCode::from(2);
    };
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

fn read(arguments: &[String]) -> Option<Asked> {
    let mut asked = Asked {
        operations: 10_000_000,
        seed: 1,
        threads: 1,
    };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        let value = value.parse().ok()?;
        match name.as_str() {
            "--operations" => asked.operations = value,
            "--seed" => asked.seed = value,
            "--threads" => asked.threads = value.clamp(1, THREADS_MAX),
            _ => return None,
        }
    }
    Some(asked)
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
