//! Threads on one router with a durable store, whose every answer waits for the disk: what each
//! was answered must be what one thread alone could have been, in some order of the calls, and the
//! journal sound afterwards.
//!
//! A request needs a whole number and a few millionths, which say which of the decisions it is: so
//! a repeat says what it repeats.

use conformance::DEFAULT_POLICY;
use conformance::disk::Dice;
use conformance::ledger::SYMBOLS;
use conformance::ledger::calendar::{Clocks, timestamp};
use conformance::ledger::linear::Answer;
use conformance::ledger::model::{Model, Remembered};
use conformance::ledger::operation::{Decimal, Fate, RequestId, Terms, Wish};
use execution_router::journal::Journal;
use execution_router::journal::verify::verify;
use execution_router::ledger::{EventError, EventId, Released, ReservationId, Settled, Settlement};
use execution_router::store::{SqliteStore, StoreAddress, StoreOptions};
use execution_router::{Amount, Cache, Decision, Loader, Policy, Request, Router};
use router_guest::json::parse_request;
use router_guest::manifest::{Scope, Window};

use super::threads::{self, Ledger, Met, START, units};

const HISTORIES: u64 = 120;
/// Millionths that tell decisions apart.
const PLACES: u8 = 6;
const MILLION: u64 = 1_000_000;
const BUDGET: &str = "  exploration: { limit: 3% of equity, per: day, zone: UTC }";

struct Durable {
    router: Router,
}

/// Budgets of a few units, as a document has them and as the model does.
fn budgets() -> [(&'static str, Terms); 4] {
    let day = Terms {
        budget: 0,
        amount: Some(Decimal::whole(9)),
        percent: None,
        orders: None,
        window: Window::Day,
        zone: 0,
        scope: Scope::All,
    };
    [
        ("limit: 9 USDT, per: day, zone: UTC", day),
        (
            "limit: 9 USDT, orders: 3, per: day, zone: UTC",
            Terms {
                orders: Some(3),
                ..day
            },
        ),
        (
            "limit: 7 USDT, per: rolling 10m",
            Terms {
                amount: Some(Decimal::whole(7)),
                window: Window::Rolling { seconds: 600 },
                ..day
            },
        ),
        (
            "limit: 6 USDT, per: day, zone: UTC, scope: symbol",
            Terms {
                amount: Some(Decimal::whole(6)),
                scope: Scope::Symbol,
                ..day
            },
        ),
    ]
}

fn policies() -> Vec<(Policy, Terms)> {
    let cache = Cache::at(concat!(env!("CARGO_TARGET_TMPDIR"), "/durable"));
    let loader = Loader::new(&cache);
    let policy = |(line, terms)| {
        let document = DEFAULT_POLICY.replace(BUDGET, &format!("  exploration: {{ {line} }}"));
        assert_ne!(document, DEFAULT_POLICY);
        (loader.document(&document, None).unwrap(), terms)
    };
    budgets().into_iter().map(policy).collect()
}

impl Ledger for Durable {
    fn wish(&self, decision: u64, dice: &mut Dice) -> Wish {
        let free = dice.one_in(6);
        Wish {
            budget: 0,
            need: Decimal {
                coefficient: (1 + dice.below(5)) * MILLION + decision,
                scale: PLACES,
            },
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
            fate: if free { Fate::Free } else { Fate::Commit },
        }
    }

    fn decide(&self, wish: &Wish, clock: i64, _decision: u64, _dice: &mut Dice) -> Answer {
        let line = line(wish, clock);
        let request = Request::from_line(parse_request(line.as_bytes()).unwrap()).unwrap();
        match self.router.decide(&request) {
            Ok(decision) => answered(&decision),
            Err(rejection) if rejection.code == "duplicate_id" => Answer::Known(Remembered::Other),
            Err(rejection) => panic!("{line}: {rejection}"),
        }
    }

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.router.settle(settlement)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.router.release(reservation, event)
    }
}

fn line(wish: &Wish, clock: i64) -> String {
    let id = wish
        .id
        .map_or_else(String::new, |id| format!(r#""id":"{}","#, id.id));
    let trade_type = match (wish.fate, wish.id) {
        (Fate::Free, _) => "normal",
        (_, Some(id)) if id.variant > 0 => "exploration",
        _ => "pilot",
    };
    let (time, need) = (timestamp(clock), wish.need.amount());
    let symbol = SYMBOLS[wish.symbol];
    format!(
        r#"{{{id}"timestamp":"{time}","final_action":"BUY","symbol":"{symbol}","strategy":"alpha","trade_type":"{trade_type}","position":null,"price":"1","target_notional":"{need}","sized":true,"quote_rate":"1"}}"#
    )
}

fn answered(decision: &Decision) -> Answer {
    let report = decision.budget();
    if decision.repeated {
        let need = report.map(|report| report.need).or(decision.notional());
        return Answer::Known(Remembered::Repeat(number(need.unwrap())));
    }
    let Some(report) = report else {
        return Answer::Free;
    };
    let (used, reserved) = (units(report.used), units(report.reserved));
    match decision.reservation() {
        Some(reservation) => Answer::Granted {
            number: reservation.number(),
            used,
            reserved,
        },
        None => Answer::Refused { used, reserved },
    }
}

/// Which of the decisions needed that.
fn number(need: Amount) -> u64 {
    let millionths = units(need) / 10_u128.pow(12 - u32::from(PLACES));
    u64::try_from(millionths).unwrap() % MILLION
}

#[test]
fn what_threads_are_answered_from_the_disk_one_thread_could_have_been() {
    let policies = policies();
    let mut met = Met::default();
    for seed in 0..HISTORIES {
        let (policy, terms) = &policies[usize::try_from(seed).unwrap() % policies.len()];
        let folder = tempfile::tempdir().unwrap();
        let address = StoreAddress::sqlite(folder.path().join("router.db"));
        let store = SqliteStore::open(&address, StoreOptions::default()).unwrap();
        let router = Router::with_store(policy.clone(), Box::new(store)).unwrap();
        let durable = Durable { router };
        let history = threads::history(&durable, seed);
        let model = Model::new(Clocks::new().at(START), vec![*terms], None, None);
        met.explain(seed, &model, &history);
        drop(durable);
        let verified = verify(&Journal::open(&address).unwrap(), None, &mut |_| {}).unwrap();
        assert_eq!(verified.findings, [], "seed {seed}");
    }
    let histories = usize::try_from(HISTORIES).unwrap();
    assert!(met.at_once > histories * 4, "{met:?}");
    assert!(met.grants > histories * 2, "{met:?}");
    assert!(met.known > histories, "{met:?}");
}
