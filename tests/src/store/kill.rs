//! Cycles of a store that a process of its own has under load until it is killed (`SIGKILL`):
//! what it had said on its standard output must be in the store.
//!
//! The process says `order NUMBER LINE` before the answer to a request of its own, so that the
//! next one can repeat it, and each answer as [`Acknowledged`] prints it, flushed at once.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use execution_router::Router;
use execution_router::store::{SqliteStore, StoreAddress};

use super::acknowledged::Acknowledged;
use super::audit::{self, Audit, Finding};
use super::load::{Load, Order};
use super::options::{answers_from_disk, options};
use super::power::counts;
use super::variants::{Variant, Variants};
use crate::disk::Dice;

/// The verb by which the program that runs the cycles is the process under load.
pub const VERB: &str = "load";
/// Threads that ask at once.
const THREADS: u64 = 3;
/// What each asks at most: more than it gets to.
const CALLS: u64 = 100_000;
/// Orders that a process is told of.
const ORDERS_TOLD: usize = 64;
/// How long after its first answer a process is killed, at most.
const KILLED_AFTER_MAX: Duration = Duration::from_millis(24);
/// How long a process may take to its first answer.
const FIRST_ANSWER_MAX: Duration = Duration::from_secs(60);
/// Cycles on one store, before another is begun.
const CYCLES_ON_ONE: u64 = 20;

/// Held while a store is open here, and while a process is started: one that is just being
/// started has, for a moment, all files of this one, with their locks.
static LOOKING: Mutex<()> = Mutex::new(());

/// What came up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kills {
    /// Processes that were killed.
    pub cycles: u64,
    /// Answers that they had given.
    pub acknowledged: u64,
    /// Reservations on disk that nobody was told of.
    pub unacknowledged: u64,
    /// Times that a store was held to the answers.
    pub audits: u64,
    /// Swaps that are in the logs.
    pub swaps: u64,
    /// Reservations whose time was over.
    pub expired: u64,
}

/// What a process said until it was killed.
#[derive(Debug, Default)]
struct Said {
    acknowledged: Vec<Acknowledged>,
    orders: Vec<Order>,
}

impl Kills {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            acknowledged: self.acknowledged + other.acknowledged,
            unacknowledged: self.unacknowledged + other.unacknowledged,
            audits: self.audits + other.audits,
            swaps: self.swaps + other.swaps,
            expired: self.expired + other.expired,
        }
    }
}

/// The process under load: opens the store, goes on with the orders that standard input names,
/// and says what it is answered.
///
/// # Errors
/// When the store cannot be opened, or an answer cannot be.
pub fn serve(store: &Path, run: u64, variants: &Variants) -> Result<(), Finding> {
    let mut orders = Vec::new();
    for line in std::io::stdin().lock().lines() {
        orders.extend(order(&line.map_err(|error| error.to_string())?));
    }
    // Every third process has another policy than the one before.
    let router = open(store, variants.one(run / 3)?, run)?.gate(variants.gate());
    let says = |answer: Acknowledged| {
        // A line at once, so that what is killed says it or does not.
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{answer}").and_then(|()| out.flush());
    };
    Load::new(&router, run, orders, &says)
        .swapping(variants.candidates())
        .from_disk(answers_from_disk(run))
        .announcing(&|order| {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "order {} {}", order.number, order.line);
        })
        .run(THREADS, CALLS)
}

/// So many cycles; `program` with [`VERB`] is the process under load.
///
/// # Errors
/// The first finding.
pub fn run(seed: u64, cycles: u64, program: &Path, variants: &Variants) -> Result<Kills, Finding> {
    // A process lives too short to certify a policy itself.
    variants.certify()?;
    let mut seen = Kills::default();
    let mut dice = Dice::new(seed);
    while seen.cycles < cycles {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let store = folder.path().join("router.db");
        let mut said = Said::default();
        let count = CYCLES_ON_ONE.min(cycles - seen.cycles);
        for run in 1..=count {
            one(program, &store, run, &mut said, &mut dice)?;
            seen.cycles += 1;
            // Not each time: whoever looks takes the log in, and the next process shall, too.
            if run == count || dice.one_in(2) {
                seen.audits += 1;
                let left = look(&store, &said, variants, dice.below(u64::MAX)).map_err(|finding| {
                    let kept = folder.path().display();
                    format!("run {run} on {kept}: {finding}")
                });
                match left {
                    Ok(audit) if run == count => {
                        seen.unacknowledged += audit.unacknowledged;
                        seen.swaps += audit.swaps;
                        seen.expired += audit.expired;
                    }
                    Ok(_) => {}
                    Err(finding) => {
                        let _ = folder.keep();
                        return Err(finding);
                    }
                }
            }
        }
        seen.acknowledged += u64::try_from(said.acknowledged.len()).unwrap_or(0);
    }
    Ok(seen)
}

fn open(store: &Path, variant: &Variant, number: u64) -> Result<Router, Finding> {
    let store = SqliteStore::open(&StoreAddress::sqlite(store), options(number))
        .map_err(|fault| fault.to_string())?;
    Router::with_store(variant.policy.clone(), Box::new(store)).map_err(|error| error.to_string())
}

/// Starts a process, kills it, and takes in what it said.
fn one(
    program: &Path,
    store: &Path,
    run: u64,
    said: &mut Said,
    dice: &mut Dice,
) -> Result<(), Finding> {
    let starting = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut child = Command::new(program)
        .arg(VERB)
        .arg(store)
        .arg(run.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    drop(starting);
    tell_orders(&mut child, &said.orders).map_err(|error| error.to_string())?;
    let lines = lines(&mut child)?;
    let first = lines.recv_timeout(FIRST_ANSWER_MAX);
    let most = u64::try_from(KILLED_AFTER_MAX.as_micros()).unwrap_or(0);
    std::thread::sleep(Duration::from_micros(dice.below(most)));
    child.kill().map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())?;
    let first = first.map_err(|_| "a process said nothing".to_owned())?;
    for line in std::iter::once(first).chain(lines) {
        match order(&line) {
            Some(order) => said.orders.push(order),
            None => said.acknowledged.push(line.parse()?),
        }
    }
    Ok(())
}

fn tell_orders(child: &mut Child, orders: &[Order]) -> std::io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else {
        return Ok(());
    };
    let old = orders.len().saturating_sub(ORDERS_TOLD);
    for order in orders.iter().skip(old) {
        writeln!(stdin, "order {} {}", order.number, order.line)?;
    }
    Ok(())
}

/// The whole lines that a process says, until it is gone.
fn lines(child: &mut Child) -> Result<Receiver<String>, Finding> {
    let stdout = child.stdout.take().ok_or("a process without output")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            // Half a line was not said.
            let Some(whole) = line.strip_suffix('\n') else {
                return;
            };
            if sender.send(whole.to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    Ok(lines)
}

fn order(line: &str) -> Option<Order> {
    let (number, line) = line.strip_prefix("order ")?.split_once(' ')?;
    Some(Order {
        number: number.parse().ok()?,
        line: line.to_owned(),
    })
}

/// Holds the store to everything that was said.
fn look(store: &Path, said: &Said, variants: &Variants, live: u64) -> Result<Audit, Finding> {
    let _alone = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    let router = open(store, variants.one(live)?, live)?;
    let live = variants.one(live)?;
    let audit = audit::audit(store, &said.acknowledged, variants)?;
    counts(&router, &audit, live)?;
    Ok(audit)
}
