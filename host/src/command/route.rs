//! `route`: requests in, decisions out.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::ValueEnum;
use router_guest::state::TradingState;

use super::{Outcome, PolicyArguments, keep};
use crate::events::{Event, EventFile};
use crate::gate::{Gate, WORST_FUEL_MAX};
use crate::ledger::{Store, SystemClock};
use crate::router::{
    BudgetClock, FAULT_WINDOW_DECISIONS, FAULTS_MAX, PROBATION_DECISIONS, Probation, Recorded,
    Router, Start,
};
use crate::store::{Inbox, Operator, SqliteStore};
use crate::stream::{self, Format, StreamOptions};
use crate::watch::Watch;

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
    /// How much is let through; not given, ACTIVE, or what the store says.
    #[arg(long, value_enum, ignore_case = true)]
    trading_state: Option<StateArgument>,
    /// Watch the file or folder of `--policy`: what is saved there decides from then on, when
    /// it passes the gate.
    #[arg(long, requires = "policy")]
    watch: bool,
    /// Follow control lines of the input: swap, rollback, shadow, trading_state, status and others.
    #[arg(long)]
    allow_control: bool,
    /// Append what happens to the router to this file, a JSON object a line.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Fuel of the dearest decision of a policy that is swapped in, at most.
    #[arg(long, value_name = "FUEL", default_value_t = WORST_FUEL_MAX)]
    worst_fuel_max: u64,
    #[command(flatten)]
    store: keep::StoreArguments,
    #[command(flatten)]
    probation: ProbationArguments,
    /// Requests, one JSON object a line; `-` or nothing reads standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// When faults cost a policy its place, provided that another one can take it.
#[derive(Debug, clap::Args)]
struct ProbationArguments {
    /// In so many first decisions of a policy, one fault costs it its place.
    #[arg(long, value_name = "DECISIONS", default_value_t = PROBATION_DECISIONS)]
    probation: u64,
    /// Later, so many faults do.
    #[arg(long, value_name = "FAULTS", default_value_t = FAULTS_MAX)]
    faults_max: usize,
    /// When they are among so many of its latest decisions.
    #[arg(long, value_name = "DECISIONS", default_value_t = FAULT_WINDOW_DECISIONS)]
    fault_window: u64,
}

impl ProbationArguments {
    const fn probation(&self) -> Probation {
        Probation {
            decisions: self.probation,
            faults: self.faults_max,
            window_decisions: self.fault_window,
        }
    }
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
    #[value(alias = "STOP")]
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
    let (router, inbox) = router(arguments)?;
    let router = Arc::new(router);
    let operator = inbox.map(|inbox| Operator::start(Arc::clone(&router), inbox));
    let operator = operator.transpose().context("cannot take commands")?;
    let watch = match arguments.policy.policy.as_deref() {
        Some(path) if arguments.watch => Some(Watch::start(Arc::clone(&router), path)?),
        _ => None,
    };
    let options = StreamOptions {
        format: match arguments.format {
            FormatArgument::Json => Format::Json,
            FormatArgument::Log => Format::Log,
        },
        control: arguments.allow_control,
    };
    let summary = stream::route_with(&router, input, &mut io::stdout().lock(), options)?;
    drop(watch);
    drop(operator);
    if summary.refused > 0 {
        eprintln!(
            "execution-router: {} of {} lines were refused",
            summary.refused, summary.lines
        );
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Done)
}

fn router(arguments: &Arguments) -> anyhow::Result<(Router, Option<Inbox>)> {
    let cache = arguments.policy.open_cache();
    let given = arguments.policy.load(&cache)?;
    let events = arguments.events.as_deref().map(open_events).transpose()?;
    let teller = Arc::new(Teller(events));
    let of_store = Arc::clone(&teller);
    let kept = arguments
        .store
        .open(Box::new(move |event| of_store.tell(event)))?;
    let gate = Gate::new(cache)
        .profile(arguments.policy.sandbox.profile)
        .worst_fuel_max(arguments.worst_fuel_max);
    let inbox = kept.as_ref().and_then(SqliteStore::inbox);
    let store: Box<dyn Store<Recorded>> = match kept {
        None => Box::new(arguments.store.in_memory()),
        Some(store) => Box::new(store),
    };
    let tell = |event: &Event| teller.tell(event);
    let start = Start::with(given)
        .named(arguments.policy.is_given())
        .gate(gate)
        .telling(&tell);
    let router = Router::start(start, store)?
        .probation(arguments.probation.probation())
        .clock(match arguments.clock {
            ClockArgument::Request => BudgetClock::Request,
            ClockArgument::System => BudgetClock::System(Box::new(SystemClock)),
        });
    if !router.is_withdrawn() {
        let policy = router.policy();
        let asked_by = "start".into();
        // Whoever started it knows: only the file is told.
        teller.write(&Event::Activated { policy, asked_by });
    }
    if let Some(state) = arguments.trading_state {
        let set = router.set_trading_state_for(state.state(), None, "start");
        set.context("cannot set the trading state")?;
    }
    let router = router.observer(Box::new(move |event| teller.tell(event)));
    Ok((router, inbox))
}

fn open_events(path: &Path) -> anyhow::Result<EventFile> {
    EventFile::open(path, Box::new(SystemClock))
        .with_context(|| format!("cannot write events to `{}`", path.display()))
}

/// Tells of events on standard error and in the events file, where there is one.
struct Teller(Option<EventFile>);

impl Teller {
    fn tell(&self, event: &Event) {
        // Every decision says by itself what its budget held.
        if !matches!(event, Event::BudgetExhausted { .. }) {
            eprintln!("execution-router: {event}");
        }
        self.write(event);
    }

    /// Appends an event; a file that cannot be written to holds no decision up.
    fn write(&self, event: &Event) {
        if let Some(events) = &self.0
            && let Err(error) = events.write(event)
        {
            eprintln!("execution-router: an event could not be written: {error}");
        }
    }
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
