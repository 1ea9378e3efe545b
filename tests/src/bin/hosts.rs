//! Lays out everything that hosts are asked, and holds each host's answers to it:
//! `tests/embedding/README.md` says how it is run.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use conformance::hosts::layout;
use execution_router::Cache;

/// Holds hosts in any language to the same answers.
#[derive(Parser)]
#[command(name = "hosts")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Lays out policies, cases and expected answers in `target/hosts`
    Prepare,
}

fn main() -> ExitCode {
    let Verb::Prepare = Arguments::parse().verb;
    match prepare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hosts: {error}");
            ExitCode::from(2)
        }
    }
}

fn prepare() -> Result<(), String> {
    let prepared = layout::gather(&Cache::user())?;
    layout::write(&prepared.suites, &layout::folder())?;
    println!("{}", prepared.unrolled);
    for suite in &prepared.suites {
        println!("{}: {} cases", suite.name, suite.cases.len());
    }
    Ok(())
}
