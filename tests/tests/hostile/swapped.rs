//! Every hostile component of the table, handed to a router whose policy decides meanwhile: none gets
//! in, or it is thrown out again at its first lie, and nothing of it is seen in a decision or in
//! a budget. In which words a component is refused stands in `tests/hostile/outcomes.tsv`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use conformance::DEFAULT_POLICY;
use execution_router::gate::{Gate, GateRefusal};
use execution_router::router::SwapRefusal;
use execution_router::{Cache, Candidate, Compiler, Policy, Request};
use router_guest::request::{FinalAction, PositionSide, TradeType};

use crate::bench::*;
use crate::cases;

/// Between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(1);
/// How many of those a decision may take to come.
const PAUSES_MAX: usize = 10_000;

/// Requests that charge nothing, so that each has one answer however often it is asked.
fn requests() -> Vec<Request<'static>> {
    use FinalAction::{Buy, Close, Hold, Sell};
    use TradeType::{Exit, Normal, Risk};
    vec![
        flat(Buy, Normal),
        flat(Sell, Normal),
        flat(Hold, Normal),
        flat(Close, Normal),
        flat(Buy, Exit),
        on(Close, Normal, PositionSide::Long),
        on(Sell, Exit, PositionSide::Long),
        on(Buy, Risk, PositionSide::Short),
    ]
}

/// A router on the default policy that has charged its budget once, behind a gate that keeps
/// nothing and has what is foreign compiled by a process of its own.
fn bench() -> Bench {
    let policy = Policy::from_document(DEFAULT_POLICY, None, &Cache::disabled()).unwrap();
    let compiler = Compiler::child(env!("CARGO_BIN_EXE_policy-compiler"));
    // A document that lies for one name alone must come through to do so.
    let gate = Gate::new(Cache::disabled())
        .compiler(compiler)
        .without_check();
    let bench = Bench::with(policy, |router| router.gate(gate));
    assert_eq!(
        bench.decide(&sound_request()),
        "BUY explore open_long 5 by open"
    );
    bench
}

/// Until more was decided.
#[track_caller]
fn wait_for_more(decided: &AtomicU64, before: u64) {
    let has_decided = (0..PAUSES_MAX).any(|_| {
        thread::sleep(PAUSE);
        decided.load(Ordering::Relaxed) > before
    });
    assert!(has_decided, "the live policy was held up");
}

/// Says that it is done when it is dropped, a failed test's panic included: nothing waits for ever.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs this while a thread decides, and holds what it is answered to what it was answered before.
fn while_deciding(bench: &Bench, run: impl FnOnce(&AtomicU64)) {
    let requests = requests();
    let expected: Vec<String> = requests.iter().map(|one| bench.decide(one)).collect();
    let is_done = AtomicBool::new(false);
    let decided = AtomicU64::new(0);
    thread::scope(|scope| {
        let deciding = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                for (request, expected) in requests.iter().zip(&expected) {
                    assert_eq!(bench.decide(request), *expected);
                    decided.fetch_add(1, Ordering::Relaxed);
                }
                // Without pause it would take the processor that the gate needs.
                thread::sleep(PAUSE);
            }
        });
        let done = Done(&is_done);
        run(&decided);
        drop(done);
        deciding.join().unwrap();
    });
}

#[test]
fn no_hostile_component_gets_past_the_gate_and_none_is_felt() {
    let bench = bench();
    let (held, live) = (bench.held(), bench.router.status().policy.digest);
    let mut quarantined = 0;
    while_deciding(&bench, |decided| {
        for case in cases::all() {
            let before = decided.load(Ordering::Relaxed);
            let candidate = Candidate::of_component((case.component)());
            // Some lies are told by the same component.
            bench.router.clear_quarantine(candidate.digest());
            let refusal = bench.router.swap(&candidate, "test").unwrap_err();
            let SwapRefusal::Gate(refused) = &refusal else {
                panic!("{}: {refusal}", case.name);
            };
            assert!(
                !matches!(refused, GateRefusal::Host(_)),
                "{}: {refused}",
                case.name
            );
            wait_for_more(decided, before);
            assert_eq!(bench.held(), held, "{}", case.name);
            // What another profile might take is no fault, and is looked at again.
            let again = bench.router.swap(&candidate, "test").unwrap_err();
            let is_kept_out = matches!(again, SwapRefusal::Gate(GateRefusal::Quarantined { .. }));
            assert_eq!(
                is_kept_out,
                refused.blames_candidate(),
                "{}: {again}",
                case.name
            );
            quarantined += usize::from(is_kept_out);
        }
    });
    assert!(quarantined >= 100, "{quarantined}");
    assert_eq!(bench.router.status().policy.digest, live);
    assert!(!bench.router.is_withdrawn());
}

/// What lies for one strategy alone, which stands in no manifest, is let in. Its first lie costs it
/// its place, the decision is made by the policy before it, and nothing was charged for the lie.
#[test]
fn what_lies_where_no_domain_reaches_is_rolled_back_at_its_first_lie() {
    let bench = bench();
    let held = bench.held();
    let evil = DEFAULT_POLICY.replace(
        "routes:\n",
        "routes:\n  - evil: { when: { strategy: evil }, skip: not_today }\n",
    );
    let evil = Candidate::of_document(&evil, None, &Cache::disabled()).unwrap();
    let before = bench.router.status().policy.digest;
    bench.router.swap(&evil, "test").unwrap();
    while_deciding(&bench, |decided| {
        let lied_to = Request::builder(FinalAction::Close, "ETH/USDT", "evil")
            .position(Some(execution_router::Position {
                side: PositionSide::Long,
                quantity: amount("2"),
            }))
            .build()
            .unwrap();
        assert_eq!(
            bench.decide(&lied_to),
            "SELL exit close_long 2 by close_position"
        );
        wait_for_more(decided, decided.load(Ordering::Relaxed));
    });
    assert_eq!(bench.held(), held);
    let told = bench.incidents();
    assert!(
        told.iter()
            .any(|told| told.contains("I12: skips a close of 2 with reason `not_today`")),
        "{told:?}"
    );
    assert_eq!(bench.router.status().policy.digest, before);
    let quarantined: Vec<_> = bench
        .router
        .quarantine()
        .iter()
        .map(|one| one.digest)
        .collect();
    assert_eq!(quarantined, [evil.digest()]);
}
