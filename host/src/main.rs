//! The command line: raw arguments become checked ones, one match runs them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use execution_router::command::{self, Outcome};
use execution_router::compiler;

/// Routes a trading bot's signals through a sandboxed policy.
#[derive(Debug, Parser)]
#[command(name = "execution-router", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Route requests: JSON Lines in, a decision a line out.
    Route(command::route::Arguments),
    /// Make a policy project: a document, or code in Rust, JavaScript or Python.
    New(command::new::Arguments),
    /// Make a component out of a policy document, or of what another language was compiled to.
    Build(command::build::Arguments),
    /// Say why each request gets its decision, and what would change it.
    Explain(command::explain::Arguments),
    /// Print a policy as a truth table.
    Table(command::table::Arguments),
    /// Prove a policy document over all requests and states.
    Check(command::check::Arguments),
    /// Compare two policies: every request that they answer differently.
    Diff(command::diff::Arguments),
    /// Run a policy's own cases.
    Test(command::test::Arguments),
    /// Decide a component's whole domain and certify it.
    Verify(command::verify::Arguments),
    /// List, export, count and verify what a store has journaled.
    Journal(Box<command::journal::Arguments>),
    /// Tell what is used and held of each budget of a store.
    Budget(command::budget::Arguments),
    /// Decide a store's journal again, by the same policies or by another one.
    Replay(command::replay::Arguments),
    /// Make a policy document out of a bot's configuration.
    Import(command::import::Arguments),
    /// Print the JSON Schema of policy documents, for editors.
    Schema(command::schema::Arguments),
    /// How a router on a store stands, or how it was left.
    Status(command::status::Arguments),
    /// Set how much a router on a store lets through.
    State(command::state::Arguments),
    /// Make another policy the live one of a router on a store.
    Swap(command::swap::Arguments),
    /// Make the last good policy of a router on a store the live one again.
    Rollback(command::rollback::Arguments),
    /// Record the fill of an order under its reservation.
    Settle(command::settle::Arguments),
    /// Free what a reservation still holds.
    Release(command::release::Arguments),
    /// Policies that are not let in, and letting one in again.
    Quarantine(command::quarantine::Arguments),
    #[command(hide = true)]
    CompilePolicy(command::compile_policy::Arguments),
}

fn main() -> ExitCode {
    compiler::this_program_serves();
    let run = match Arguments::parse().verb {
        Verb::Route(arguments) => command::route::run(&arguments),
        Verb::New(arguments) => command::new::run(&arguments),
        Verb::Build(arguments) => command::build::run(&arguments),
        Verb::Explain(arguments) => command::explain::run(&arguments),
        Verb::Table(arguments) => command::table::run(&arguments),
        Verb::Check(arguments) => command::check::run(&arguments),
        Verb::Diff(arguments) => command::diff::run(&arguments),
        Verb::Test(arguments) => command::test::run(&arguments),
        Verb::Verify(arguments) => command::verify::run(&arguments),
        Verb::Journal(arguments) => command::journal::run(&arguments),
        Verb::Budget(arguments) => command::budget::run(&arguments),
        Verb::Replay(arguments) => command::replay::run(&arguments),
        Verb::Import(arguments) => command::import::run(&arguments),
        Verb::Schema(arguments) => command::schema::run(&arguments),
        Verb::Status(arguments) => command::status::run(&arguments),
        Verb::State(arguments) => command::state::run(&arguments),
        Verb::Swap(arguments) => command::swap::run(&arguments),
        Verb::Rollback(arguments) => command::rollback::run(&arguments),
        Verb::Settle(arguments) => command::settle::run(&arguments),
        Verb::Release(arguments) => command::release::run(&arguments),
        Verb::Quarantine(arguments) => command::quarantine::run(&arguments),
        Verb::CompilePolicy(arguments) => return command::compile_policy::run(arguments),
    };
    match run {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            eprintln!("execution-router: {error:#}");
            ExitCode::from(2)
        }
    }
}
