//! Requests, fills and releases from several threads, until they are done or the store refuses.

use std::sync::{Mutex, MutexGuard, PoisonError};

use execution_router::ledger::{EventError, EventId, Settlement};
use execution_router::router::SwapRefusal;
use execution_router::{
    Candidate, Decision, PositionEffect, Rejection, Request, Router, Side, TradingState,
};
use jiff::{SignedDuration, Timestamp};
use router_guest::json::{Line, parse_line};

use super::acknowledged::Acknowledged;
use super::{EQUITY, STRATEGIES, SYMBOL};
use crate::disk::Dice;

/// The first day of all loads.
const FIRST_DAY: Timestamp = Timestamp::constant(1_767_571_200, 0);
/// Event ids that a reservation's events have, so that repeats are many.
const EVENTS: u64 = 4;

/// Calls of a thread between two swaps, about.
const CALLS_BETWEEN_SWAPS: u64 = 50;

/// An order that went out.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its request's line.
    pub line: String,
    /// Its reservation's number.
    pub number: u64,
}

/// A load on a router.
pub struct Load<'a> {
    router: &'a Router,
    /// Tells its ids from other loads'.
    run: u64,
    orders: Mutex<Vec<Order>>,
    says: &'a (dyn Fn(Acknowledged) + Sync),
    announces: &'a (dyn Fn(&Order) + Sync),
    /// Policies that are swapped in while it runs.
    candidates: Vec<Candidate>,
    /// Whether what charges nothing is answered from disk as well.
    is_full: bool,
}

/// Why a thread went no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The store refuses.
    Unavailable,
    /// An answer that cannot be.
    Wrong(String),
}

type Step = Result<(), Stop>;

impl<'a> Load<'a> {
    /// A load that goes on with the orders of others; `says` is told every answer before the
    /// next thing is asked.
    pub fn new(
        router: &'a Router,
        run: u64,
        orders: Vec<Order>,
        says: &'a (dyn Fn(Acknowledged) + Sync),
    ) -> Self {
        Self {
            router,
            run,
            orders: Mutex::new(orders),
            says,
            announces: &|_| {},
            candidates: Vec::new(),
            is_full: false,
        }
    }

    /// Swaps these in, one and then another.
    #[must_use]
    pub fn swapping(self, candidates: Vec<Candidate>) -> Self {
        Self { candidates, ..self }
    }

    /// Says also what charged nothing, where no answer goes out before it is on disk.
    #[must_use]
    pub fn from_disk(self, is_full: bool) -> Self {
        Self { is_full, ..self }
    }

    /// Tells `announces` of an order before its answer is said.
    #[must_use]
    pub fn announcing(self, announces: &'a (dyn Fn(&Order) + Sync)) -> Self {
        Self { announces, ..self }
    }

    /// Asks so many things from each of so many threads, or until the store refuses.
    ///
    /// # Errors
    /// An answer that cannot be.
    pub fn run(&self, threads: u64, calls: u64) -> Result<(), String> {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || self.thread(thread, calls)))
                .collect();
            running
                .into_iter()
                .try_for_each(|thread| match thread.join() {
                    Ok(Ok(()) | Err(Stop::Unavailable)) => Ok(()),
                    Ok(Err(Stop::Wrong(what))) => Err(what),
                    Err(_) => Err("a thread died".to_owned()),
                })
        })
    }

    /// The orders that went out, also before.
    pub fn into_orders(self) -> Vec<Order> {
        self.orders
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self, thread: u64, calls: u64) -> Step {
        let mut dice = Dice::new(self.run.wrapping_mul(1_000).wrapping_add(thread));
        for call in 0..calls {
            let id = format!("{}-{thread}-{call}", self.run);
            if dice.one_in(CALLS_BETWEEN_SWAPS) {
                self.swap(&mut dice)?;
            }
            match dice.below(20) {
                0..=8 => self.decide(&self.opening(&id, &mut dice))?,
                9..=10 => self.repeat(&mut dice)?,
                11 => self.decide(&closing(&id))?,
                12..=16 => self.settle(&mut dice)?,
                _ => self.release(&mut dice)?,
            }
        }
        Ok(())
    }

    /// A request that charges the budget, or a normal one that does not.
    fn opening(&self, id: &str, dice: &mut Dice) -> String {
        // A day holds some hundred of them, and time goes on from load to load, with leaps back.
        let minutes = self.run * 300 + dice.below(900);
        let ahead = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0));
        let time = FIRST_DAY.checked_add(ahead).unwrap_or(FIRST_DAY);
        let trade_type = match dice.below(8) {
            0 => "normal",
            1..=2 => "exploration",
            _ => "pilot",
        };
        let notional = format!("{}.{:02}", dice.below(60), 1 + dice.below(99));
        let strategy = STRATEGIES.get(dice.place(STRATEGIES.len())).unwrap_or(&"");
        format!(
            r#"{{"id":"{id}","timestamp":"{time}","final_action":"BUY","symbol":"{SYMBOL}","strategy":"{strategy}","trade_type":"{trade_type}","position":null,"price":"50000","target_notional":"{notional}","sized":true,"equity":"{EQUITY}"}}"#
        )
    }

    /// Another policy, unless the store cannot get to know it.
    fn swap(&self, dice: &mut Dice) -> Step {
        let place = dice.place(self.candidates.len());
        let Some(candidate) = self.candidates.get(place) else {
            return Ok(());
        };
        match self.router.swap(candidate, "load") {
            Ok(_) | Err(SwapRefusal::Budgets(_)) => Ok(()),
            Err(refusal) if refusal.is_unchanged() || refusal.blames_host() => Ok(()),
            Err(refusal) => Err(wrong(refusal.one_line())),
        }
    }

    fn repeat(&self, dice: &mut Dice) -> Step {
        match self.order(dice) {
            Some(order) => self.decide(&order.line),
            None => Ok(()),
        }
    }

    fn decide(&self, line: &str) -> Step {
        let Ok(Line::Request(read)) = parse_line(line.as_bytes()) else {
            return Err(Stop::Wrong(format!("`{line}` is no request")));
        };
        let request = Request::from_line(read)
            .map_err(|fault| Stop::Wrong(format!("`{line}` is refused: {fault:?}")))?;
        match self.router.decide(&request) {
            Ok(decision) => self.decided(line, &request, &decision),
            Err(rejection) => rejected(&rejection),
        }
    }

    fn decided(&self, line: &str, request: &Request<'_>, decision: &Decision) -> Step {
        let (Some(reservation), Some(report)) = (decision.reservation(), decision.budget()) else {
            let is_on_disk = self.is_full && decision.position_effect() != PositionEffect::Close;
            if let (true, Some(id)) = (is_on_disk, request.id()) {
                (self.says)(Acknowledged::Decided { id: id.to_owned() });
            }
            return Ok(());
        };
        let number = reservation.number();
        let order = Order {
            line: line.to_owned(),
            number,
        };
        if !decision.repeated {
            (self.announces)(&order);
        }
        (self.says)(Acknowledged::Granted {
            number,
            id: request.id().unwrap_or("-").to_owned(),
            need: report.need.to_string(),
            used: report.used.to_string(),
            reserved: report.reserved.to_string(),
        });
        if !decision.repeated {
            self.orders().push(order);
        }
        Ok(())
    }

    fn settle(&self, dice: &mut Dice) -> Step {
        let Some(Order { number, .. }) = self.order(dice) else {
            return Ok(());
        };
        let event = dice.below(EVENTS);
        let notional = format!("{}.{:02}", dice.below(40), dice.below(100));
        let is_mismatch = dice.one_in(40);
        let settled = self.router.settle(&Settlement {
            reservation: reservation(number)?,
            event_id: EventId::new(&format!("e{event}")).map_err(wrong)?,
            notional: notional.parse().map_err(wrong)?,
            side: if is_mismatch { Side::Sell } else { Side::Buy },
            is_final: dice.one_in(3),
        });
        if is_mismatch {
            // Such a fill lets nothing open any more, until somebody has looked.
            self.router.set_trading_state(TradingState::Active, None);
        }
        let settled = settled.map_err(refused)?;
        (self.says)(Acknowledged::Settled {
            number,
            event: u8::try_from(event).unwrap_or(0),
            used: settled.used.to_string(),
            repeated: settled.repeated,
        });
        Ok(())
    }

    fn release(&self, dice: &mut Dice) -> Step {
        let Some(Order { number, .. }) = self.order(dice) else {
            return Ok(());
        };
        let event = dice.below(EVENTS);
        let name = format!("e{event}");
        let event_id = EventId::new(&name).map_err(wrong)?;
        let released = self.router.release(reservation(number)?, event_id);
        let released = released.map_err(refused)?;
        (self.says)(Acknowledged::Released {
            number,
            event: u8::try_from(event).unwrap_or(0),
            released: released.released.to_string(),
            repeated: released.repeated,
        });
        Ok(())
    }

    /// One of the orders, mostly a late one.
    fn order(&self, dice: &mut Dice) -> Option<Order> {
        let orders = self.orders();
        let skipped = if dice.one_in(4) {
            0
        } else {
            orders.len().saturating_sub(12)
        };
        let recent = orders.get(skipped..)?;
        recent.get(dice.place(recent.len())).cloned()
    }

    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closing(id: &str) -> String {
    let [strategy, _] = STRATEGIES;
    format!(
        r#"{{"id":"{id}","final_action":"CLOSE","symbol":"{SYMBOL}","strategy":"{strategy}","position":{{"side":"long","quantity":"1"}}}}"#
    )
}

fn reservation(number: u64) -> Result<execution_router::ledger::ReservationId, Stop> {
    format!("R{number}").parse().map_err(wrong)
}

fn rejected(rejection: &Rejection) -> Step {
    match rejection.code {
        "store_unavailable" => Err(Stop::Unavailable),
        _ => Err(Stop::Wrong(format!("a request is refused: {rejection}"))),
    }
}

/// No reservation that went out may be unknown, so that the store alone can refuse.
fn refused(error: EventError) -> Stop {
    match error {
        EventError::Store(_) => Stop::Unavailable,
        other => wrong(other),
    }
}

fn wrong(error: impl std::fmt::Display) -> Stop {
    Stop::Wrong(error.to_string())
}
