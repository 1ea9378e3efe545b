//! `route`: requests in, decisions out.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;
use router_guest::state::TradingState;

use super::{Outcome, PolicyArguments};
use crate::ledger::SystemClock;
use crate::router::{BudgetClock, Incident, IncidentKind, Router};
use crate::stream::{self, Format};

/// Arguments of `route`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,
    /// How decisions are written.
    #[arg(long, value_enum, default_value = "json")]
    format: FormatArgument,
    /// Where the time of a budget's charge comes from.
    #[arg(long, value_enum, default_value = "request")]
    clock: ClockArgument,
    /// How much is let through.
    #[arg(long, value_enum, ignore_case = true, default_value = "ACTIVE")]
    trading_state: StateArgument,
    /// Requests, one JSON object a line; `-` or nothing reads standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArgument {
    /// A JSON object a line.
    Json,
    /// Log lines for people.
    Log,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ClockArgument {
    /// The request's own timestamp: a recorded stream routes the same way twice.
    Request,
    /// The clock of this machine; timestamps are only recorded.
    System,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum StateArgument {
    /// Everything.
    Active,
    /// Nothing that opens.
    Reducing,
    /// Closes of type risk alone.
    Halted,
}

/// Routes the file or standard input to standard output.
///
/// # Errors
/// When the input cannot be read, the policy cannot be used, or the output is closed.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let input = open(arguments.file.as_deref())?;
    let router = Router::new(arguments.policy.load()?)?.clock(match arguments.clock {
        ClockArgument::Request => BudgetClock::Request,
        ClockArgument::System => BudgetClock::System(Box::new(SystemClock)),
    });
    let router = router.observer(Box::new(say));
    router.set_trading_state(arguments.trading_state.state());
    let format = match arguments.format {
        FormatArgument::Json => Format::Json,
        FormatArgument::Log => Format::Log,
    };
    let summary = stream::route(&router, input, &mut io::stdout().lock(), format)?;
    if summary.refused > 0 {
        eprintln!(
            "execution-router: {} of {} lines were refused",
            summary.refused, summary.lines
        );
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Done)
}

impl StateArgument {
    /// The state of the argument.
    pub(super) const fn state(self) -> TradingState {
        match self {
            Self::Active => TradingState::Active,
            Self::Reducing => TradingState::Reducing,
            Self::Halted => TradingState::Halted,
        }
    }
}

/// A file of requests, or standard input.
pub(super) fn open(file: Option<&Path>) -> anyhow::Result<Box<dyn Read>> {
    match file.filter(|path| path.as_os_str() != "-") {
        None => Ok(Box::new(io::stdin().lock())),
        Some(path) => {
            let file =
                File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
            let is_folder = file.metadata().is_ok_and(|metadata| metadata.is_dir());
            anyhow::ensure!(
                !is_folder,
                "cannot read `{}`: it is a folder, not a file of requests",
                path.display()
            );
            Ok(Box::new(file))
        }
    }
}

/// An incident, on standard error, with what follows from it.
fn say(incident: &Incident) {
    let Incident {
        kind,
        policy,
        request,
        what,
    } = incident;
    let whose = match kind {
        IncidentKind::PolicyFault => "failed to answer",
        IncidentKind::Violation => "broke an invariant and no longer decides",
        IncidentKind::HostFault => "could not be run",
    };
    let request = request.as_deref().map_or(String::new(), |id| {
        format!(" request `{}`:", id.escape_debug())
    });
    eprintln!("execution-router: policy {policy} {whose}:{request} {what}; the fail-safe decided");
}
