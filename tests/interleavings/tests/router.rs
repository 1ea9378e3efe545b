//! What must hold of decisions, swaps, rollbacks and dismissals in whatever order their steps are
//! taken. Every test is run once for each order within its bound; a thread that waits for another
//! that waits for it is found by the explorer.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests say what they expect and stop there"
)]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize as Counter;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use interleavings::decision::Decision;
use interleavings::events::Event;
use interleavings::gate::{Candidate, GateRefusal};
use interleavings::ledger::Clock;
use interleavings::policy::{Manner, NAMES, Policy};
use interleavings::request::Request;
use interleavings::router::{Change, HistoryEntry, Outcome, Probation, Router, SwapRefusal};
use interleavings::store::LockedStore;
use jiff::Timestamp;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread::{self, JoinHandle};
use router_guest::amount::Amount;
use router_guest::request::{FinalAction, TradeType};

/// Switches from a thread that could go on, in one run.
const PREEMPTIONS_MAX: usize = 3;

const A: u32 = 0;
const B: u32 = 1;
const C: u32 = 2;
const D: u32 = 3;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        noon()
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// Runs the model in every order, and says in how many.
fn in_every_order(model: impl Fn() + Send + Sync + 'static) {
    let runs = Arc::new(Counter::new(0));
    let counted = Arc::clone(&runs);
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound.get_or_insert(PREEMPTIONS_MAX);
    explorer.check(move || {
        counted.fetch_add(1, Relaxed);
        model();
    });
    let name = std::thread::current().name().map(str::to_owned);
    println!("{}: {} orders", name.unwrap_or_default(), runs.load(SeqCst));
}

fn hold() -> Request<'static> {
    Request::builder(FinalAction::Hold, "BTC/USDT", "trend")
        .position(None)
        .build()
        .unwrap()
}

fn pilot() -> Request<'static> {
    Request::builder(FinalAction::Buy, "BTC/USDT", "trend")
        .trade_type(TradeType::Pilot)
        .timestamp(noon())
        .position(None)
        .price(Amount::whole(10))
        .target_notional(Amount::whole(100))
        .build()
        .unwrap()
}

fn router_on(policy: Policy) -> Router {
    Router::with_store(policy, Box::new(LockedStore::default()))
        .unwrap()
        .history_clock(Box::new(Noon))
}

fn router(name: u32) -> Router {
    router_on(Policy::of(name, Manner::Sound))
}

fn sound(name: u32) -> Candidate {
    Candidate::of(Policy::of(name, Manner::Sound))
}

fn violating(name: u32) -> Candidate {
    Candidate::of(Policy::of(name, Manner::Violating))
}

/// Decides, holds the decision to the policy that it names, and answers that one's generation.
#[track_caller]
fn decided(router: &Router, request: &Request<'_>) -> (u32, u64) {
    let decision = router.decide(request).unwrap();
    by(&decision)
}

#[track_caller]
fn by(decision: &Decision) -> (u32, u64) {
    let policy = decision.policy().expect("no decision fails");
    // The reason is the name of the instance that was asked.
    assert_eq!(
        decision.reason(),
        policy.manifest.name,
        "one policy decides"
    );
    let name = NAMES.iter().position(|name| *name == policy.manifest.name);
    (u32::try_from(name.unwrap()).unwrap(), policy.generation)
}

fn spawn<T: 'static>(
    router: &Arc<Router>,
    work: impl FnOnce(&Router) -> T + 'static,
) -> JoinHandle<T> {
    let router = Arc::clone(router);
    thread::spawn(move || work(&router))
}

/// The generations that history knows, each with its policy; that it is in order is held.
#[track_caller]
fn activations(router: &Router, first: u32) -> Vec<(u64, u32)> {
    let mut all = vec![(1, first)];
    for entry in router.history() {
        let HistoryEntry {
            outcome: Outcome::Live { generation },
            digest: Some(digest),
            ..
        } = entry
        else {
            continue;
        };
        assert_eq!(generation, all.last().unwrap().0 + 1, "history is in order");
        all.push((generation, u32::from(digest.as_bytes()[0])));
    }
    let (generation, policy) = *all.last().unwrap();
    let live = router.policy();
    assert_eq!(live.generation, generation, "history ends in what is live");
    assert_eq!(live.manifest.name, NAMES[policy as usize]);
    all
}

#[track_caller]
fn assert_were_live(activations: &[(u64, u32)], decisions: &[(u32, u64)]) {
    for (name, generation) in decisions {
        assert!(
            activations.contains(&(*generation, *name)),
            "{name}/{generation} was live"
        );
    }
}

#[test]
fn each_decision_is_one_generations_that_was_live_during_it() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        // What a thread can have been told is live: decisions that begin later are not older.
        let told = Arc::new(AtomicU64::new(1));
        let deciders: Vec<_> = (0..2)
            .map(|_| {
                let told = Arc::clone(&told);
                spawn(&router, move |router| {
                    let mut seen = Vec::new();
                    for _ in 0..2 {
                        let least = told.load(Ordering::Acquire);
                        let (name, generation) = decided(router, &hold());
                        assert!(generation >= least, "{generation} is older than {least}");
                        seen.push((name, generation));
                    }
                    assert!(seen[0].1 <= seen[1].1, "generations go up");
                    seen
                })
            })
            .collect();
        for name in [B, C] {
            let activation = router.swap(&sound(name), "test").unwrap();
            told.store(activation.policy.generation, Ordering::Release);
        }
        let activations_seen = activations(&router, A);
        assert_eq!(activations_seen, [(1, A), (2, B), (3, C)]);
        for decider in deciders {
            assert_were_live(&activations_seen, &decider.join().unwrap());
        }
    });
}

#[test]
fn swaps_and_rollbacks_follow_each_other() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&sound(B), "test").unwrap();
        let swapper = spawn(&router, |router| router.swap(&sound(C), "swapper").is_ok());
        let decider = spawn(&router, |router| {
            [decided(router, &hold()), decided(router, &hold())]
        });
        let back = router.rollback("test").unwrap().policy.generation;
        assert!(swapper.join().unwrap());
        let seen = activations(&router, A);
        // Back from B to A and then C, or from C to B.
        let (expected, at) = if back == 3 {
            ([(3, A), (4, C)], 3)
        } else {
            ([(3, C), (4, B)], 4)
        };
        assert_eq!((&seen[2..], back), (&expected[..], at));
        let decisions = decider.join().unwrap();
        assert!(decisions[0].1 <= decisions[1].1, "generations go up");
        assert_were_live(&seen, &decisions);
        let changes: Vec<_> = router.history().iter().map(|entry| entry.change).collect();
        let rolled_back = changes.iter().filter(|change| **change == Change::Rollback);
        assert_eq!((changes.len(), rolled_back.count()), (3, 1));
        // Whoever was rolled back from is not kept.
        let further = router.rollback("test").unwrap().policy;
        assert_eq!(further.manifest.name, "a");
    });
}

#[test]
fn two_swaps_to_one_policy_are_one() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        let other = spawn(&router, |router| router.swap(&sound(B), "other").is_ok());
        let own = router.swap(&sound(B), "own").is_ok();
        assert!(
            own != other.join().unwrap(),
            "one of them has nothing to do"
        );
        assert_eq!(activations(&router, A), [(1, A), (2, B)]);
    });
}

/// Nothing of a quarantined policy decides any more, is live, or is gone back to.
#[track_caller]
fn assert_is_out(router: &Router, name: u32) {
    let digest = Policy::of(name, Manner::Violating).digest();
    let all = router.quarantine();
    assert_eq!(all.iter().filter(|one| one.digest == digest).count(), 1);
    assert_ne!(router.policy().digest, digest, "it is not live");
    let (by, _) = decided(router, &hold());
    assert_ne!(by, name, "it does not decide");
    let refusal = router.swap(&violating(name), "again").unwrap_err();
    assert!(
        matches!(refusal, SwapRefusal::Gate(GateRefusal::Quarantined { .. })),
        "{refusal}"
    );
    while let Ok(activation) = router.rollback("test") {
        assert_ne!(activation.policy.digest, digest, "it is not come back to");
    }
}

#[test]
fn who_breaks_an_invariant_is_out_once_anybody_knows() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&violating(B), "test").unwrap();
        let deciders: Vec<_> = (0..2)
            .map(|_| {
                spawn(&router, |router| {
                    let decisions = [decided(router, &hold()), decided(router, &hold())];
                    // Whoever is answered by another policy knows that B is out, even where the
                    // one that takes its place is not there yet.
                    assert!(router.is_withdrawn() || router.policy().manifest.name == "a");
                    decisions
                })
            })
            .collect();
        for decider in deciders {
            for decision in decider.join().unwrap() {
                assert!([(A, 1), (A, 3)].contains(&decision), "{decision:?}");
            }
        }
        assert_eq!(activations(&router, A), [(1, A), (2, B), (3, A)]);
        assert_is_out(&router, B);
    });
}

#[test]
fn who_breaks_an_invariant_while_it_is_replaced_is_out() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| {
            let first = decided(router, &hold());
            (first, router.quarantine().len())
        });
        router.swap(&sound(C), "test").unwrap();
        let ((name, _), quarantined) = decider.join().unwrap();
        assert!(name == C || quarantined == 1);
        if quarantined == 0 {
            return;
        }
        let seen = activations(&router, A);
        assert_eq!(*seen.last().unwrap(), (seen.len() as u64, C));
        assert_is_out(&router, B);
    });
}

#[test]
fn who_breaks_an_invariant_is_out_in_every_life() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| {
            decided(router, &hold());
            router.quarantine().len()
        });
        // It comes back while a decision of its first life is on its way.
        router.swap(&sound(C), "test").unwrap();
        let again = router.swap(&violating(B), "test");
        let quarantined = decider.join().unwrap();
        assert!(again.is_ok() || quarantined == 1);
        if quarantined == 1 {
            activations(&router, A);
            assert_is_out(&router, B);
        }
    });
}

#[test]
fn who_breaks_an_invariant_is_out_when_it_was_gone_back_to() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| {
            decided(router, &hold());
            router.quarantine().len()
        });
        router.swap(&sound(C), "test").unwrap();
        router.rollback("test").unwrap();
        if decider.join().unwrap() == 1 {
            activations(&router, A);
            assert_is_out(&router, B);
        }
    });
}

#[test]
fn who_breaks_an_invariant_is_out_where_another_life_of_it_stands_behind() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| {
            decided(router, &hold());
            router.quarantine().len()
        });
        router.swap(&sound(C), "test").unwrap();
        let again = router.swap(&violating(B), "test").is_ok();
        let last = router.swap(&sound(D), "test").unwrap();
        if decider.join().unwrap() == 1 {
            let seen = activations(&router, A);
            assert!(again || !seen.contains(&(4, B)));
            assert_eq!(*seen.last().unwrap(), (last.policy.generation, D));
            assert_is_out(&router, B);
        }
    });
}

#[test]
fn a_last_good_policy_that_is_out_is_not_asked() {
    in_every_order(|| {
        let router = Arc::new(router(A).probation(Probation {
            decisions: 0,
            faults: 100,
            window_decisions: 100,
        }));
        router.swap(&violating(B), "test").unwrap();
        let trapping = Candidate::of(Policy::of(C, Manner::Trapping));
        router.swap(&trapping, "test").unwrap();
        // B does that well, and A stands behind it.
        let sound = spawn(&router, |router| by(&router.decide(&pilot()).unwrap()));
        let decision = router.decide(&hold()).unwrap();
        assert!(decision.policy().is_none(), "nobody is asked a third time");
        assert!([(A, 1), (B, 2)].contains(&sound.join().unwrap()));
        assert_eq!(router.policy().generation, 3);
        assert_eq!(by(&router.decide(&pilot()).unwrap()), (A, 1));
    });
}

#[test]
fn a_rollback_meets_a_dismissal() {
    in_every_order(|| {
        let router = Arc::new(router(A));
        router.swap(&sound(C), "test").unwrap();
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| decided(router, &hold()));
        let activation = router.rollback("test").unwrap();
        // From B to C, or, where B was out already, from C to A.
        let (name, generation) = decider.join().unwrap();
        assert!(name == C || name == A, "{name}/{generation}");
        assert_ne!(activation.policy.manifest.name, "b");
        let seen = activations(&router, A);
        assert_were_live(&seen, &[(name, generation)]);
        let digest = Policy::of(B, Manner::Violating).digest();
        if router.quarantine().iter().any(|one| one.digest == digest) {
            assert_is_out(&router, B);
        }
    });
}

#[test]
fn with_nobody_behind_it_the_fail_safe_decides() {
    in_every_order(|| {
        let router = Arc::new(router_on(Policy::of(B, Manner::Violating)));
        let other = spawn(&router, |router| {
            let decision = router.decide(&hold()).unwrap();
            assert!(decision.policy().is_none());
            assert!(router.is_withdrawn());
        });
        let decision = router.decide(&hold()).unwrap();
        assert!(decision.policy().is_none());
        other.join().unwrap();
        assert_eq!(router.quarantine().len(), 1);
        // Nor is it asked for what it would do well.
        assert!(router.decide(&pilot()).unwrap().policy().is_none());
        router.swap(&sound(A), "test").unwrap();
        assert_eq!(decided(&router, &hold()), (A, 2));
        assert_eq!(
            router.rollback("test").unwrap_err().to_string(),
            "there is no earlier policy to go back to"
        );
    });
}

#[test]
fn faults_cost_a_policy_its_place_once() {
    in_every_order(|| {
        let router = Arc::new(router(A).probation(Probation {
            decisions: 0,
            faults: 2,
            window_decisions: 100,
        }));
        let trapping = Candidate::of(Policy::of(B, Manner::Trapping));
        router.swap(&trapping, "test").unwrap();
        let other = spawn(&router, |router| decided(router, &hold()));
        assert_eq!(decided(&router, &hold()).0, A);
        assert_eq!(other.join().unwrap().0, A);
        assert_eq!(activations(&router, A), [(1, A), (2, B), (3, A)]);
        assert_is_out(&router, B);
    });
}

#[test]
fn budgets_are_given_up_before_anybody_waits_for_the_desk() {
    in_every_order(|| {
        let told = Arc::new(Counter::new(0));
        let counted = Arc::clone(&told);
        let router = Arc::new_cyclic(|itself: &std::sync::Weak<Router>| {
            let itself = itself.clone();
            router(A).observer(Box::new(move |event| {
                // Whoever is told may ask for anything.
                if let Some(router) = itself.upgrade() {
                    router.status();
                    router.budget_uses(&pilot()).unwrap();
                }
                if matches!(event, Event::Violation(_)) {
                    counted.fetch_add(1, SeqCst);
                }
            }))
        });
        router.swap(&violating(B), "test").unwrap();
        let decider = spawn(&router, |router| decided(router, &hold()));
        let charger = spawn(&router, |router| {
            let decision = router.decide(&pilot()).unwrap();
            assert!(decision.reservation().is_some());
            by(&decision)
        });
        router.swap(&sound(C), "test").unwrap();
        let seen = [decider.join().unwrap(), charger.join().unwrap()];
        assert_were_live(&activations(&router, A), &seen);
        let uses = router.budget_uses(&pilot()).unwrap();
        assert_eq!(
            uses[0].reserved,
            Amount::whole(100),
            "it outlived the policy"
        );
        assert_eq!(told.load(SeqCst), router.quarantine().len());
    });
}
