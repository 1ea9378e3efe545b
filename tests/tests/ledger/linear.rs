//! Threads on one ledger: what each was answered must be what one thread alone could have been,
//! in some order of the calls. Four threads of eight calls, on budgets of a few units, so that
//! they are in each other's way; between the steps of a decision a thread lets others go first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};

use conformance::disk::Dice;
use conformance::ledger::calendar::{Clocks, timestamp};
use conformance::ledger::linear::{Answer, Call, Done, order};
use conformance::ledger::model::{Filled, Model, Remembered, Units};
use conformance::ledger::operation::{Decimal, Fate, Fill, RequestId, Terms, Wish};
use conformance::ledger::{STRATEGIES, SYMBOLS};
use execution_router::ledger::{
    Claim, EventId, Identity, Known, MemoryStore, OpenBudgets, Settlement, Store,
};
use execution_router::{Amount, FinalAction, Side, TradeType};
use router_guest::manifest::{BudgetInfo, Scope, Window};

const HISTORIES: u64 = 1_500;
const THREADS: u64 = 4;
const CALLS: u64 = 8;
/// 2026-01-14, minutes before midnight in UTC, so that some calls lie on the next day.
const START: i64 = 1_768_434_900_000_000;

struct Bench {
    store: MemoryStore<u64>,
    budgets: OpenBudgets,
    infos: Vec<BudgetInfo>,
    moments: AtomicU64,
    /// Numbers that were granted.
    granted: Mutex<Vec<u64>>,
}

fn policy(dice: &mut Dice) -> Vec<Terms> {
    let terms = |budget, dice: &mut Dice| Terms {
        budget,
        amount: Some(Decimal::whole(6 + dice.below(6))),
        percent: None,
        orders: dice.one_in(3).then_some(3),
        window: if dice.one_in(2) {
            Window::Day
        } else {
            Window::Rolling { seconds: 600 }
        },
        zone: 0,
        scope: if dice.one_in(3) {
            Scope::Symbol
        } else {
            Scope::All
        },
    };
    vec![terms(0, dice), terms(1, dice)]
}

fn wish(dice: &mut Dice) -> Wish {
    Wish {
        budget: dice.place(2),
        need: Decimal::whole(1 + dice.below(5)),
        rest: None,
        equity: Decimal::whole(0),
        symbol: dice.place(2),
        strategy: 0,
        buys: true,
        rate: Decimal::whole(1),
        id: dice.one_in(2).then(|| RequestId {
            id: u8::try_from(dice.below(6)).unwrap(),
            variant: u8::from(dice.one_in(8)),
        }),
        fate: if dice.one_in(6) {
            Fate::Free
        } else {
            Fate::Commit
        },
    }
}

impl Bench {
    fn new(policy: &[Terms]) -> Self {
        let infos: Vec<BudgetInfo> = policy.iter().map(Terms::info).collect();
        let store = MemoryStore::new();
        let budgets = store.open(&infos).unwrap();
        Self {
            store,
            budgets,
            infos,
            moments: AtomicU64::new(0),
            granted: Mutex::default(),
        }
    }

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
                let wish = wish(dice);
                Call::Decide {
                    wish,
                    identity: (wish.id.map_or(0, |id| id.variant), wish.symbol, 0),
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
            } => self.decide(&wish, clock, decision, dice),
            Call::Settle(number, fill) => {
                let event = format!("e{}", fill.event);
                let settled = self.store.settle(&Settlement {
                    reservation: format!("R{number}").parse().unwrap(),
                    event_id: EventId::new(&event).unwrap(),
                    notional: fill.notional.amount(),
                    side: Side::Buy,
                    is_final: fill.is_final,
                });
                Answer::Settled(settled.ok().map(|settled| Filled {
                    used: units(settled.used),
                    released: units(settled.released),
                    reserved: units(settled.reserved),
                    overrun: settled.overrun.map_or(0, units),
                    side_mismatch: settled.side_mismatch,
                    repeated: settled.repeated,
                }))
            }
            Call::Release(number, event) => {
                let (id, event) = (format!("R{number}"), format!("e{event}"));
                let released = self
                    .store
                    .release(id.parse().unwrap(), EventId::new(&event).unwrap());
                let released = released.ok();
                Answer::Released(released.map(|one| (units(one.released), one.repeated)))
            }
        }
    }

    fn decide(&self, wish: &Wish, clock: i64, decision: u64, dice: &mut Dice) -> Answer {
        let identity = wish.id.map(|id| identity(id, wish));
        let known = |identity: &Option<Identity<'_>>| match identity {
            None => None,
            Some(identity) => remembered(self.store.lookup(identity).unwrap()),
        };
        if let Some(known) = known(&identity) {
            return Answer::Known(known);
        }
        pause(dice);
        if wish.fate == Fate::Free {
            let Some(identity) = &identity else {
                return Answer::Free;
            };
            let told = self.store.record(identity, decision).unwrap();
            return remembered(told).map_or(Answer::Free, Answer::Known);
        }
        let mut held = MemoryStore::lock(&self.store, &self.budgets, timestamp(clock)).unwrap();
        pause(dice);
        if let Some(known) = known(&identity) {
            return Answer::Known(known);
        }
        let (symbol, strategy) = (SYMBOLS[wish.symbol], STRATEGIES[wish.strategy]);
        let mut uses = Vec::new();
        held.uses(symbol, strategy, &mut uses);
        let (used, reserved) = (
            units(uses[wish.budget].used),
            units(uses[wish.budget].reserved),
        );
        pause(dice);
        let claim = Claim {
            budget: wish.budget,
            need: wish.need.amount(),
            limit: self.infos[wish.budget].amount,
            symbol,
            strategy,
            side: Side::Buy,
            quote_rate: Amount::ONE,
            has_id: identity.is_some(),
        };
        let granted = held.reserve(&claim);
        pause(dice);
        let outcome = match granted {
            Ok(reservation) => Answer::Granted {
                number: reservation.number(),
                used,
                reserved,
            },
            Err(_) => {
                drop(held);
                if let Some(identity) = &identity {
                    let told = self.store.record(identity, decision).unwrap();
                    if let Some(known) = remembered(told) {
                        return Answer::Known(known);
                    }
                }
                return Answer::Refused { used, reserved };
            }
        };
        if let Some(identity) = &identity
            && let Some(known) = remembered(held.record(identity, decision).unwrap())
        {
            return Answer::Known(known);
        }
        pause(dice);
        held.commit();
        outcome
    }
}

/// Lets other threads go first, sometimes.
fn pause(dice: &mut Dice) {
    if dice.one_in(3) {
        std::thread::yield_now();
    }
}

fn identity(id: RequestId, wish: &Wish) -> Identity<'static> {
    let trade_type = match id.variant {
        0 => TradeType::Pilot,
        _ => TradeType::Exploration,
    };
    Identity::new(
        ["a", "b", "c", "d", "e", "f"][usize::from(id.id)],
        FinalAction::Buy,
        SYMBOLS[wish.symbol],
        STRATEGIES[wish.strategy],
        trade_type,
    )
    .unwrap()
}

fn remembered(known: Known<u64>) -> Option<Remembered> {
    match known {
        Known::New => None,
        Known::Repeat(decision) => Some(Remembered::Repeat(decision)),
        Known::OtherIdentity => Some(Remembered::Other),
    }
}

fn units(amount: Amount) -> Units {
    let (high, low, scale) = amount.to_words();
    assert_eq!(high, 0);
    u128::from(low) * 10_u128.pow(12 - u32::from(scale))
}

/// What all threads were answered.
fn history(seed: u64) -> (Model, Vec<Done>) {
    let policy = policy(&mut Dice::new(seed));
    let bench = Bench::new(&policy);
    // The first time that the ledger sees.
    drop(MemoryStore::lock(&bench.store, &bench.budgets, timestamp(START)).unwrap());
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    let done = std::thread::scope(|scope| {
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
    });
    (
        Model::new(Clocks::new().at(START), policy, None, None),
        done,
    )
}

#[test]
fn what_threads_are_answered_one_thread_could_have_been() {
    let (mut at_once, mut grants, mut known) = (0_u64, 0_u64, 0_u64);
    for seed in 0..HISTORIES {
        let (model, history) = history(seed);
        assert!(
            order(&model, &history).is_some(),
            "seed {seed}: no order explains {history:#?}"
        );
        let overlap = |one: &&Done| {
            let crosses = |other: &Done| other.began < one.ended && one.began < other.began;
            history.iter().any(crosses)
        };
        at_once += u64::try_from(history.iter().filter(overlap).count()).unwrap();
        for done in &history {
            grants += u64::from(matches!(done.answer, Answer::Granted { .. }));
            known += u64::from(matches!(done.answer, Answer::Known(_)));
        }
    }
    // Calls that never met would prove nothing.
    assert!(at_once > HISTORIES * 4, "{at_once} calls met another");
    assert!(
        grants > HISTORIES * 2 && known > HISTORIES,
        "{grants}, {known}"
    );
}

/// One answer that is wrong by a unit, and there is no order any more.
#[test]
fn a_wrong_answer_is_noticed() {
    let mut tampered = 0;
    for seed in 0..100 {
        let (model, mut history) = history(seed);
        let wrong = history.iter_mut().find_map(|done| match &mut done.answer {
            Answer::Granted { reserved, .. } | Answer::Refused { reserved, .. } => Some(reserved),
            _ => None,
        });
        // Needs and fills are whole, so that no order comes to this.
        let Some(reserved) = wrong else { continue };
        *reserved += 1;
        assert_eq!(order(&model, &history), None, "seed {seed}");
        tampered += 1;
    }
    assert!(tampered > 90, "{tampered}");
}
