//! Several threads on one ledger, each call with the moments of its beginning and its end, and
//! whether one thread alone could have been answered like that. Which ledger that is, is not
//! known here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};

use conformance::disk::Dice;
use conformance::ledger::linear::{Answer, Call, Done, order};
use conformance::ledger::model::{Filled, Model, Units};
use conformance::ledger::operation::{Decimal, Fate, Fill, Wish};
use execution_router::ledger::{EventError, EventId, Released, ReservationId, Settled, Settlement};
use execution_router::{Amount, Side};

/// Threads of a history.
pub(crate) const THREADS: u64 = 4;
/// Calls of each.
pub(crate) const CALLS: u64 = 8;
/// 2026-01-14, minutes before midnight in UTC, so that some calls lie on the next day.
pub(crate) const START: i64 = 1_768_434_900_000_000;

/// A ledger under test.
pub(crate) trait Ledger: Sync {
    /// What is asked next.
    fn wish(&self, decision: u64, dice: &mut Dice) -> Wish;

    /// Decides a request.
    fn decide(&self, wish: &Wish, clock: i64, decision: u64, dice: &mut Dice) -> Answer;

    /// Settles a fill of a reservation.
    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError>;

    /// Releases a reservation by an event.
    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError>;
}

struct Bench<'l> {
    ledger: &'l dyn Ledger,
    moments: AtomicU64,
    /// Numbers that were granted.
    granted: Mutex<Vec<u64>>,
}

impl Bench<'_> {
    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// What one thread asks, and is answered.
    fn thread(&self, number: u64, dice: &mut Dice) -> Vec<Done> {
        (0..CALLS)
            .map(|call| {
                let call = self.next_call(number * CALLS + call + 1, dice);
                let began = self.moment();
                let answer = self.ask(call, dice);
                let ended = self.moment();
                if let Answer::Granted { number, .. } = answer {
                    self.granted.lock().unwrap().push(number);
                }
                Done {
                    call,
                    answer,
                    began,
                    ended,
                }
            })
            .collect()
    }

    fn next_call(&self, decision: u64, dice: &mut Dice) -> Call {
        let granted = self.granted.lock().unwrap();
        let number = match granted.len() {
            0 => 1,
            length => granted[dice.place(length)],
        };
        let event = u8::try_from(dice.below(3)).unwrap();
        match dice.below(10) {
            0..=5 => {
                let wish = self.ledger.wish(decision, dice);
                // What charges nothing is a request of a type of its own.
                let kind = match (wish.id, wish.fate) {
                    (None, _) => 0,
                    (Some(_), Fate::Free) => u8::MAX,
                    (Some(id), _) => id.variant,
                };
                Call::Decide {
                    wish,
                    identity: (kind, wish.symbol, 0),
                    clock: START + i64::try_from(dice.below(600_000_000)).unwrap(),
                    decision,
                }
            }
            6..=7 => Call::Settle(
                number,
                Fill {
                    ago: 0,
                    event,
                    notional: Decimal::whole(dice.below(4)),
                    bought: true,
                    is_final: dice.one_in(2),
                },
            ),
            _ => Call::Release(number, event),
        }
    }

    fn ask(&self, call: Call, dice: &mut Dice) -> Answer {
        match call {
            Call::Decide {
                wish,
                clock,
                decision,
                ..
            } => self.ledger.decide(&wish, clock, decision, dice),
            Call::Settle(number, fill) => self.settle(number, &fill),
            Call::Release(number, event) => self.release(number, event),
        }
    }

    fn settle(&self, number: u64, fill: &Fill) -> Answer {
        let event = format!("e{}", fill.event);
        let settled = self.ledger.settle(&Settlement {
            reservation: format!("R{number}").parse().unwrap(),
            event_id: EventId::new(&event).unwrap(),
            notional: fill.notional.amount(),
            side: Side::Buy,
            is_final: fill.is_final,
        });
        Answer::Settled(settled.ok().map(|settled| filled(&settled)))
    }

    fn release(&self, number: u64, event: u8) -> Answer {
        let (id, event) = (format!("R{number}"), format!("e{event}"));
        let event = EventId::new(&event).unwrap();
        let released = self.ledger.release(id.parse().unwrap(), event).ok();
        Answer::Released(released.map(|one| (units(one.released), one.repeated)))
    }
}

/// A fill in the model's words.
fn filled(settled: &Settled) -> Filled {
    Filled {
        used: units(settled.used),
        released: units(settled.released),
        reserved: units(settled.reserved),
        overrun: settled.overrun.map_or(0, units),
        side_mismatch: settled.side_mismatch,
        repeated: settled.repeated,
    }
}

/// What all threads were answered.
pub(crate) fn history(ledger: &dyn Ledger, seed: u64) -> Vec<Done> {
    let bench = Bench {
        ledger,
        moments: AtomicU64::new(0),
        granted: Mutex::default(),
    };
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (bench, barrier) = (&bench, &barrier);
                scope.spawn(move || {
                    let mut dice = Dice::new(seed.wrapping_mul(31).wrapping_add(number));
                    barrier.wait();
                    bench.thread(number, &mut dice)
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    })
}

/// What came up in histories: calls that never met would prove nothing.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Calls that began while another one was on its way.
    pub(crate) at_once: usize,
    pub(crate) grants: usize,
    pub(crate) known: usize,
}

impl Met {
    /// Takes in a history, for whose answers there must be an order.
    #[track_caller]
    pub(crate) fn explain(&mut self, seed: u64, model: &Model, history: &[Done]) {
        assert!(
            order(model, history).is_some(),
            "seed {seed}: no order explains {history:#?}"
        );
        let crosses = |one: &&Done| {
            let meets = |other: &Done| other.began < one.ended && one.began < other.began;
            history.iter().any(meets)
        };
        self.at_once += history.iter().filter(crosses).count();
        let count =
            |is: fn(&Answer) -> bool| history.iter().filter(|done| is(&done.answer)).count();
        self.grants += count(|answer| matches!(answer, Answer::Granted { .. }));
        self.known += count(|answer| matches!(answer, Answer::Known(_)));
    }
}

/// An amount in the model's units.
pub(crate) fn units(amount: Amount) -> Units {
    let (high, low, scale) = amount.to_words();
    assert_eq!(high, 0);
    u128::from(low) * 10_u128.pow(12 - u32::from(scale))
}
