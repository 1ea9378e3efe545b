//! Threads on one ledger in memory: what each was answered must be what one thread alone could have
//! been, in some order of the calls. Four threads of eight calls, on budgets of a few units, so that
//! they are in each other's way; between the steps of a decision a thread lets others go first.

use conformance::disk::Dice;
use conformance::ledger::calendar::{Clocks, timestamp};
use conformance::ledger::linear::{Answer, Done, order};
use conformance::ledger::model::{Model, Remembered};
use conformance::ledger::operation::{Decimal, Fate, RequestId, Terms, Wish};
use conformance::ledger::{STRATEGIES, SYMBOLS};
use execution_router::ledger::{
    Claim, EventError, EventId, Identity, Known, MemoryStore, OpenBudgets, Released, ReservationId,
    Settled, Settlement, Store,
};
use execution_router::{Amount, FinalAction, Side, TradeType};
use router_guest::manifest::{BudgetInfo, Scope, Window};

use super::threads::{self, Ledger, Met, START, units};

const HISTORIES: u64 = 1_500;

struct Bench {
    store: MemoryStore<u64>,
    budgets: OpenBudgets,
    infos: Vec<BudgetInfo>,
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
        }
    }
}

impl Ledger for Bench {
    fn wish(&self, _decision: u64, dice: &mut Dice) -> Wish {
        wish(dice)
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

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.store.settle(settlement)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.store.release(reservation, event)
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
        _ if wish.fate == Fate::Free => TradeType::Normal,
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

/// What all threads were answered.
fn history(seed: u64) -> (Model, Vec<Done>) {
    let policy = policy(&mut Dice::new(seed));
    let bench = Bench::new(&policy);
    // The first time that the ledger sees.
    drop(MemoryStore::lock(&bench.store, &bench.budgets, timestamp(START)).unwrap());
    let done = threads::history(&bench, seed);
    (
        Model::new(Clocks::new().at(START), policy, None, None),
        done,
    )
}

#[test]
fn what_threads_are_answered_one_thread_could_have_been() {
    let mut met = Met::default();
    for seed in 0..HISTORIES {
        let (model, history) = history(seed);
        met.explain(seed, &model, &history);
    }
    let histories = usize::try_from(HISTORIES).unwrap();
    assert!(met.at_once > histories * 4, "{met:?}");
    assert!(met.grants > histories * 2, "{met:?}");
    assert!(met.known > histories, "{met:?}");
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
