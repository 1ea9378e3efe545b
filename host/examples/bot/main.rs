//! A bot from its signals to its last settlement: it routes recorded signals, sends what is
//! approved to a venue in memory, says of each order that holds a budget what became of it, has
//! its policy swapped half way, and ends with its budget and with why it did what it did.
//!
//! `cargo run --release -p execution-router --example bot [FOLDER]`
//!
//! The store is kept in the folder, or thrown away where none is given. On a store that has seen
//! the signals, each is known by its id, and no order goes out twice.

mod signal;
mod venue;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use execution_router::gate::Gate;
use execution_router::journal::budgets::{self, budgets};
use execution_router::journal::{Journal, Period, why};
use execution_router::ledger::{EventError, EventId, ReservationId, Settlement};
use execution_router::router::{Reservation, Start};
use execution_router::store::{SqliteStore, StoreAddress, StoreOptions};
use execution_router::{Amount, Cache, Policy, Router, Side};
use signal::Signal;
use venue::{Order, Report, Venue, What};

const SIGNALS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/data/btc_usdt_2022-01.jsonl"
);
const CAUTIOUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/cautious");
/// The signal before which the policy is swapped.
const SWAP_AT: usize = 1_326;
/// The venue's smallest order, quote currency.
const MIN_NOTIONAL: Amount = Amount::whole(22);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// An order that is out, and charged to a budget.
struct Charged<'r> {
    side: Side,
    id: ReservationId,
    /// What is held of the budget, until the venue has said its last word.
    reservation: Option<Reservation<'r>>,
}

/// The bot: it owns what is out, and the router owns what that may cost.
struct Bot<'r, W> {
    router: &'r Router,
    venue: Venue,
    charged: HashMap<u64, Charged<'r>>,
    out: W,
}

impl<W: Write> Bot<'_, W> {
    /// One signal, from the question to the order.
    fn route(&mut self, signal: &Signal<'_>) -> Outcome<()> {
        // What may be closed is the venue's word, not the strategy's.
        let (position, working) = (self.venue.position(), self.venue.working()?);
        let request = signal.request(position, working)?;
        let decision = self.router.decide(&request)?;
        // A SKIP has no quantity. A repeat went out the first time.
        let (Some(quantity), false) = (decision.quantity(), decision.repeated) else {
            return Ok(());
        };
        let reservation = self.router.reservation(&decision);
        if decision
            .notional()
            .is_some_and(|notional| notional < MIN_NOTIONAL)
        {
            writeln!(
                self.out,
                "{} is too small for the venue, and is not sent",
                signal.id
            )?;
            // Dropped before it was sent, the reservation gives back what it held.
            return Ok(());
        }
        // From here on only the venue's word ends it, whatever becomes of this process.
        let reservation = reservation.map(Reservation::sent);
        let side = decision.side();
        let price = signal.price()?;
        let number = self.venue.send(Order {
            side,
            quantity,
            price,
        })?;
        if let Some(reservation) = reservation {
            let charged = Charged {
                side,
                id: reservation.id(),
                reservation: Some(reservation),
            };
            self.charged.insert(number, charged);
        }
        Ok(())
    }

    /// What the venue says of an order, told to the router where a budget hangs on it.
    fn hear(&mut self, report: &Report) -> Outcome<()> {
        let Some(order) = self.charged.get_mut(&report.order) else {
            return Ok(());
        };
        let (side, event_id) = (order.side, EventId::new(&report.execution)?);
        match (&report.what, order.reservation.take()) {
            (&What::Filled { notional, is_final }, Some(reservation)) => {
                let settled = reservation.settle(event_id, notional, side, is_final);
                // It comes back until the last fill.
                (_, order.reservation) = settled.map_err(EventError::from)?;
            }
            // A fill is a fact, also of an order that was cancelled.
            (&What::Filled { notional, is_final }, None) => {
                let settled = self.router.settle(&Settlement {
                    reservation: order.id,
                    event_id,
                    notional,
                    side,
                    is_final,
                })?;
                let (id, used) = (order.id, settled.used);
                writeln!(self.out, "{id}: {used} filled after the end")?;
            }
            (What::Rejected | What::Cancelled, Some(reservation)) => {
                let id = reservation.id();
                let released = reservation.release(event_id).map_err(EventError::from)?;
                writeln!(self.out, "{id}: {} released", released.released)?;
            }
            (What::Rejected | What::Cancelled, None) => {}
        }
        Ok(())
    }
}

/// Routes all signals on a store in `folder`, and reports what was done.
pub(crate) fn run(folder: &Path, mut out: impl Write) -> Outcome<()> {
    let address = StoreAddress::sqlite(folder.join("router.db"));
    let store = SqliteStore::open(&address, StoreOptions::default())?;
    let start = Start::with(Policy::default_policy(&Cache::user())?).gate(Gate::new(Cache::user()));
    let router = Router::start(start, Box::new(store))?;
    let mut bot = Bot {
        router: &router,
        venue: Venue::default(),
        charged: HashMap::new(),
        out: &mut out,
    };
    for (at, line) in fs::read_to_string(SIGNALS)?.lines().enumerate() {
        if at == SWAP_AT {
            match router.swap_file(CAUTIOUS.as_ref(), "bot") {
                // On a store on which it was live last, it goes on from the start.
                Err(refusal) if !refusal.is_unchanged() => return Err(refusal.into()),
                _ => {}
            }
            let live = router.policy();
            let name = &live.manifest.name;
            writeln!(bot.out, "policy `{name}` decides from signal {at} on")?;
        }
        for report in bot.venue.poll()? {
            bot.hear(&report)?;
        }
        bot.route(&serde_json::from_str(line)?)?;
    }
    // The router writes what it still has when it goes.
    drop(bot);
    drop(router);
    let journal = Journal::open(&address)?;
    let why = why::why(&journal, Period::default())?;
    write!(out, "\n{}", budgets::write_text(&budgets(&journal, None)?))?;
    write!(out, "\n{}", why.to_text())?;
    Ok(())
}

fn main() -> Outcome<()> {
    match std::env::args_os().nth(1) {
        Some(folder) => run(folder.as_ref(), io::stdout().lock()),
        None => run(tempfile::tempdir()?.path(), io::stdout().lock()),
    }
}
