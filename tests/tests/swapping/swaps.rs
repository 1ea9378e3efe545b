//! Swaps and rollbacks: which policy decided, on many threads and in mid-decision, and what of
//! the router outlives it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use conformance::DEFAULT_POLICY;
use execution_router::events::Asker;
use execution_router::ledger::{
    EventError, EventId, Held, Identity, Known, MemoryStore, OpenBudgets, OpenError, Released,
    ReservationId, Settled, Settlement, Store, StoreError,
};
use execution_router::router::{Change, Outcome, Recorded, SwapRefusal};
use execution_router::{FinalAction, Request, Router, Side};
use jiff::Timestamp;
use router_guest::manifest::BudgetInfo;

use crate::support::*;

const THREADS: usize = 4;
const SWAPS: u64 = 60;

#[test]
fn many_threads_decide_while_policies_are_swapped() {
    let (first, second) = (marking("first"), marking("second"));
    let bench = Bench::new(&first);
    let (router, request) = (&bench.router, &buy("mark"));
    let (is_over, decided) = (&AtomicBool::new(false), &AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(move || {
                let (mut latest, mut seen) = (0, 0);
                // One more after the last swap, which must be by what is live then.
                while !is_over.load(Ordering::Acquire) || seen == 0 {
                    let decision = router.decide(request).unwrap();
                    let policy = decision.policy().expect("no decision fails");
                    let name = &policy.manifest.name;
                    assert_eq!(decision.reason(), format!("{name}_marked"));
                    assert_eq!(name == "first", policy.generation % 2 == 1, "{name}");
                    assert!(policy.generation >= latest, "generations go up");
                    latest = policy.generation;
                    seen += 1;
                }
                decided.fetch_add(seen, Ordering::Relaxed);
                let last = router.decide(request).unwrap();
                assert_eq!(last.policy().unwrap().generation, SWAPS + 1);
            });
        }
        for swap in 0..SWAPS {
            let candidate = if swap % 2 == 0 { &second } else { &first };
            router.swap(candidate, "test").unwrap();
        }
        is_over.store(true, Ordering::Release);
    });
    assert!(decided.load(Ordering::Relaxed) >= THREADS as u64);
    let words = bench.words();
    assert_eq!(words.len() as u64, SWAPS);
    assert!(words.iter().all(|word| *word == "activated"));
}

/// A store that swaps the policy in the middle of a decision.
struct Meddling {
    store: MemoryStore<Recorded>,
    router: Arc<OnceLock<Router>>,
}

impl Store<Recorded> for Meddling {
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        self.store.open(budgets)
    }

    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<Recorded> + 'a>, StoreError> {
        Store::lock(&self.store, budgets, now)
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

    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<Recorded>, StoreError> {
        self.store.lookup(identity)
    }

    fn record(
        &self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        let router = self.router.get().unwrap();
        router.swap(&marking("second"), "meddler").unwrap();
        Store::record(&self.store, identity, decision)
    }
}

#[test]
fn a_decision_in_flight_is_the_policys_that_it_began_with() {
    let router = Arc::new(OnceLock::new());
    let store = Meddling {
        store: MemoryStore::new(),
        router: Arc::clone(&router),
    };
    let made = Router::with_store(policy_of(&marking("first")), Box::new(store)).unwrap();
    assert!(router.set(made.gate(gate())).is_ok());
    let router = router.get().unwrap();
    let request = Request::builder(FinalAction::Buy, "BTC/USDT", "mark")
        .id("a")
        .position(None)
        .build()
        .unwrap();
    let first = router.decide(&request).unwrap();
    assert_eq!(said(&first), "SKIP first_marked by first/1");
    assert_eq!(router.policy().manifest.name, "second");
    assert_eq!(
        said(&router.decide(&buy("mark")).unwrap()),
        "SKIP second_marked by second/2"
    );
    // The repeat of a recorded decision is that decision, whoever is live.
    assert_eq!(
        said(&router.decide(&request).unwrap()),
        "SKIP first_marked by first/1"
    );
}

#[test]
fn a_budget_in_use_survives_and_its_limit_is_the_live_policys() {
    let narrow = candidate(DEFAULT_POLICY);
    let wide = DEFAULT_POLICY.replace("limit: 3% of equity", "limit: 5% of equity");
    let bench = Bench::new(&narrow);
    let first = bench.router.decide(&pilot("p1")).unwrap();
    assert_eq!(said(&first), "BUY open_long by default/1");
    assert_eq!(
        bench.decide(&pilot("p2")),
        "SKIP exploration_limit by default/1"
    );

    bench.router.swap(&candidate(&wide), "test").unwrap();
    // 200 of 500 are held: what the policy before granted counts.
    let second = bench.router.decide(&pilot("p3")).unwrap();
    assert_eq!(said(&second), "BUY open_long by default/2");
    let budget = second.budget().unwrap();
    assert_eq!(budget.reserved, "200".parse().unwrap());
    assert_eq!(budget.limit, Some("500".parse().unwrap()));
    assert_eq!(
        bench.decide(&pilot("p4")),
        "SKIP exploration_limit by default/2"
    );

    bench.router.rollback("test").unwrap();
    let third = bench.router.decide(&pilot("p5")).unwrap();
    assert_eq!(said(&third), "SKIP exploration_limit by default/3");
    let budget = third.budget().unwrap();
    assert_eq!(budget.reserved, "400".parse().unwrap());
    assert_eq!(budget.limit, Some("300".parse().unwrap()));
    // A reservation is settled whoever granted it.
    let settled = bench.router.settle(&Settlement {
        reservation: first.reservation().unwrap(),
        event_id: EventId::new("fill").unwrap(),
        notional: "150".parse().unwrap(),
        side: Side::Buy,
        is_final: true,
    });
    assert_eq!(settled.unwrap().released, "50".parse().unwrap());
    assert_eq!(
        bench.words(),
        [
            "budget_exhausted",
            "activated",
            "budget_exhausted",
            "rolled_back",
            "budget_exhausted"
        ]
    );
}

#[test]
fn a_spent_budget_is_told_once_until_it_grants_again() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.decide(&pilot("p1"));
    for id in ["p2", "p3", "p4"] {
        bench.decide(&pilot(id));
    }
    assert_eq!(bench.words(), ["budget_exhausted"]);
    bench
        .router
        .release("R1".parse().unwrap(), EventId::new("cancel").unwrap())
        .unwrap();
    for id in ["p5", "p6", "p7"] {
        bench.decide(&pilot(id));
    }
    assert_eq!(bench.words(), ["budget_exhausted"]);
}

#[test]
fn rollbacks_go_back_one_by_one_and_then_no_further() {
    let bench = Bench::new(&marking("a"));
    let router = &bench.router;
    router.swap(&marking("b"), "test").unwrap();
    router.swap(&marking("c"), "test").unwrap();
    assert_eq!(bench.decide(&buy("mark")), "SKIP c_marked by c/3");
    let activation = router.rollback("ops").unwrap();
    assert_eq!(
        (activation.policy.generation, activation.replaced.generation),
        (4, 3)
    );
    assert_eq!(bench.decide(&buy("mark")), "SKIP b_marked by b/4");
    router.rollback("ops").unwrap();
    assert_eq!(bench.decide(&buy("mark")), "SKIP a_marked by a/5");
    let refusal = router.rollback("ops").unwrap_err();
    assert!(matches!(refusal, SwapRefusal::NothingEarlier));
    assert_eq!(
        refusal.to_string(),
        "there is no earlier policy to go back to"
    );
    assert_eq!(bench.decide(&buy("mark")), "SKIP a_marked by a/5");
    // Who is rolled back is not shut out.
    assert!(router.quarantine().is_empty());
    router.swap(&marking("c"), "test").unwrap();
    assert_eq!(bench.decide(&buy("mark")), "SKIP c_marked by c/6");
}

#[test]
fn only_so_many_earlier_policies_are_kept() {
    let bench = Bench::new(&marking("a"));
    for name in ["b", "c", "d", "e", "f"] {
        bench.router.swap(&marking(name), "test").unwrap();
    }
    let mut back = Vec::new();
    while bench.router.rollback("test").is_ok() {
        back.push(bench.router.policy().manifest.name.clone());
    }
    assert_eq!(back, ["e", "d", "c", "b"]);
}

#[test]
fn history_says_who_asked_for_what_and_what_came_of_it() {
    let bench = Bench::new(&marking("a"));
    let router = &bench.router;
    let b = marking("b");
    router.swap(&b, "ops").unwrap();
    assert!(router.swap(&b, "again").unwrap_err().is_unchanged());
    router.rollback("ops").unwrap();
    router.rollback("ops").unwrap_err();
    let missing = router.swap_file("/nowhere/policy.yaml".as_ref(), "ops");
    let why = missing.unwrap_err().to_string();
    assert_eq!(
        why,
        "cannot read `/nowhere/policy.yaml`: No such file or directory (os error 2)"
    );
    let history = router.history();
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.asked_by.as_str(), entry.change, entry.outcome.clone()))
        .collect();
    let nothing = "there is no earlier policy to go back to".to_owned();
    assert_eq!(
        told,
        [
            ("ops", Change::Swap, Outcome::Live { generation: 2 }),
            ("again", Change::Swap, Outcome::Unchanged),
            ("ops", Change::Rollback, Outcome::Live { generation: 3 }),
            ("ops", Change::Rollback, Outcome::Refused { why: nothing }),
            ("ops", Change::Swap, Outcome::Refused { why }),
        ]
    );
    assert_eq!(history[0].digest, Some(b.digest()));
    assert!(history.iter().all(|entry| entry.at == noon()));
    assert!(history.iter().all(|entry| entry.milliseconds == 0));
}

#[test]
fn history_and_names_are_bounded() {
    let bench = Bench::new(&marking("a"));
    for _ in 0..300 {
        bench.router.rollback("nobody").unwrap_err();
    }
    assert_eq!(bench.router.history().len(), 256);
    let long = format!("{}ß", "x".repeat(63));
    assert_eq!(Asker::from(long.as_str()).as_str(), "x".repeat(63));
}

#[test]
fn whoever_is_told_may_ask_the_router_itself() {
    let router = Arc::new(OnceLock::<Router>::new());
    let asked = Arc::clone(&router);
    let answers = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&answers);
    let made = Router::new(policy_of(&candidate(DEFAULT_POLICY))).unwrap();
    let made = made.observer(Box::new(move |event| {
        if event.word() == "budget_exhausted" {
            let router = asked.get().unwrap();
            let answer = router.decide(&pilot("p3")).unwrap();
            heard.lock().unwrap().push(said(&answer));
        }
    }));
    assert!(router.set(made).is_ok());
    let router = router.get().unwrap();
    router.decide(&pilot("p1")).unwrap();
    router.decide(&pilot("p2")).unwrap();
    assert_eq!(
        *answers.lock().unwrap(),
        ["SKIP exploration_limit by default/1"]
    );
}
