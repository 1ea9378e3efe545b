//! Swaps policies under load, and prints what that does to decisions: `tests/README.md` says how
//! it is run, and what came of it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use conformance::soak::{self, Mode, Plan};

/// Swaps the four shipped policies while threads decide without pause.
#[derive(Parser)]
#[command(name = "soak")]
struct Arguments {
    /// Changes of policy
    #[arg(long, default_value_t = 10_000)]
    swaps: u64,
    /// Threads that decide
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Milliseconds between two changes
    #[arg(long, default_value_t = 0)]
    pause_ms: u64,
    /// Seconds that are measured without swaps
    #[arg(long, default_value_t = 10)]
    steady_s: u64,
    /// Every third change is a rollback
    #[arg(long, conflicts_with = "faults")]
    rollbacks: bool,
    /// Every other policy fails now and then
    #[arg(long)]
    faults: bool,
    /// Where compiled policies are kept
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/soak"))]
    cache: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mode = match (arguments.rollbacks, arguments.faults) {
        (true, _) => Mode::Rollbacks,
        (_, true) => Mode::Faults,
        _ => Mode::Swaps,
    };
    let report = soak::run(&Plan {
        mode,
        swaps: arguments.swaps,
        threads: arguments.threads,
        pause: Duration::from_millis(arguments.pause_ms),
        steady: Duration::from_secs(arguments.steady_s),
        cache: arguments.cache,
    });
    match report {
        Ok(report) => {
            print!("{report}");
            ExitCode::from(u8::from(!report.is_sound()))
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::from(2)
        }
    }
}
