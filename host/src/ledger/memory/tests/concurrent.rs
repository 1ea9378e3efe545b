//! Threads on one ledger.

use std::thread;

use super::*;

const THREADS: usize = 4;
/// A released charge keeps its place until its window passes, so that all of them fit.
const ROUNDS: usize = CHARGES_MAX / THREADS;

/// Each reads the use and reserves under one lock; settles and releases go on in between.
#[test]
fn threads_never_pass_the_limit_together() {
    let store = MemoryStore::<u32>::new();
    let limit = amount("300");
    let infos = [
        budget("a", Window::Day, Scope::All),
        budget("b", Window::Day, Scope::All),
    ];
    let run = |thread: usize| {
        // Manifests in two orders: locks are taken in one all the same.
        let mut mine = infos.to_vec();
        mine.rotate_left(thread % 2);
        let budgets = store.open(&mine).unwrap();
        let mut uses = Vec::new();
        let mut granted = 0_u32;
        for round in 0..ROUNDS {
            let target = (thread + round) % 2;
            let mut held = store.lock(&budgets, at(0)).unwrap();
            held.uses("BTC", "alpha", &mut uses);
            let spent = uses[target]
                .used
                .checked_add(uses[target].reserved)
                .unwrap();
            assert!(spent <= limit);
            let outcome = held.reserve(&claim(target, "7"));
            assert_eq!(
                outcome.is_ok(),
                spent.checked_add(amount("7")).unwrap() <= limit
            );
            held.commit();
            let Ok(id) = outcome else { continue };
            granted += 1;
            if round % 3 == 0 {
                let settlement = Settlement {
                    reservation: id,
                    event_id: EventId::new("fill").unwrap(),
                    notional: amount("0.01"),
                    side: Side::Buy,
                    is_final: false,
                };
                store.settle(&settlement).unwrap();
            }
            store.release(id, EventId::new("done").unwrap()).unwrap();
        }
        granted
    };
    let granted: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert!(granted > 0);
    let budgets = store.open(&infos).unwrap();
    expect_reserved(&store, &budgets, 0, &["0", "0"]);
}

/// Without releases, exactly as many grants as the limit holds.
#[test]
fn threads_share_out_the_whole_limit() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let granted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    (0..1_000)
                        .filter(|_| reserve(&store, &budgets, 0, &claim(0, "0.7")).is_ok())
                        .count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(granted, 428);
    expect_reserved(&store, &budgets, 0, &["299.6"]);
}

/// One id on all threads at once reserves once, and all get the one decision.
#[test]
fn one_id_reserves_once_on_all_threads() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let decide = |id: &str, thread: u32| -> u32 {
        let mut held = store.lock(&budgets, at(0)).unwrap();
        if let Known::Repeat(decision) = store.lookup(&identity(id)).unwrap() {
            return decision;
        }
        held.reserve(&Claim {
            has_id: true,
            ..claim(0, "1")
        })
        .unwrap();
        assert_eq!(held.record(&identity(id), thread), Ok(Known::New));
        held.commit();
        thread
    };
    for round in 0..300 {
        let id = format!("order {round}");
        let decisions: Vec<u32> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    scope.spawn({
                        let id = &id;
                        move || decide(id, thread)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(decisions.iter().all(|decision| *decision == decisions[0]));
    }
    expect_reserved(&store, &budgets, 0, &["300"]);
}
