//! Policies that differ in one word, requests for them, and clocks that stand still.

use std::sync::{Arc, Mutex};

use conformance::DEFAULT_POLICY;
use execution_router::events::Event;
use execution_router::gate::Gate;
use execution_router::ledger::{Clock, MemoryStore, Store};
use execution_router::policy::Policy;
use execution_router::router::{Probation, Recorded};
use execution_router::{
    Cache, Candidate, Compiler, Decision, FinalAction, Loader, Position, PositionSide, Request,
    Router, TradeType,
};
use jiff::Timestamp;

/// A cache of the tests' own: what one test has verified, the next need not.
pub(crate) fn cache() -> Cache {
    Cache::at(concat!(env!("CARGO_TARGET_TMPDIR"), "/swapping"))
}

/// What compiles foreign components, which to these tests all are that they take apart.
pub(crate) fn compiler() -> Compiler {
    Compiler::child(env!("CARGO_BIN_EXE_policy-compiler"))
}

/// The usual gate, but for `check`: what breaks an invariant here does so for names alone, and
/// must come through to do so.
pub(crate) fn gate() -> Gate {
    Gate::new(cache()).compiler(compiler()).without_check()
}

/// The default policy with a name, and routes in front of its own.
pub(crate) fn document(name: &str, routes: &str) -> String {
    let named = DEFAULT_POLICY.replace("name: default", &format!("name: {name}"));
    assert_ne!(named, DEFAULT_POLICY);
    named.replace("routes:\n", &format!("routes:\n{routes}\n"))
}

/// Skips what strategy `mark` asks for, with a reason of its own.
pub(crate) fn marking(name: &str) -> Candidate {
    let route = format!("  - mark: {{ when: {{ strategy: mark }}, skip: {name}_marked }}");
    candidate(&document(name, &route))
}

/// Holds up the exits of strategy `evil`, which breaks I12 where no manifest shows it.
pub(crate) fn violating() -> Candidate {
    candidate(&document(
        "violating",
        "  - evil: { when: { strategy: evil }, skip: not_today }",
    ))
}

/// Closes what strategy `gap` has not got, so that it has no answer.
pub(crate) const GAP: &str = "  - gap: { when: { strategy: gap }, close: position }";

/// Has no route for openings of strategy `gap`.
pub(crate) fn gaping() -> Candidate {
    candidate(&document("gaping", GAP))
}

pub(crate) fn candidate(document: &str) -> Candidate {
    Candidate::of_document(document, None, &cache()).unwrap()
}

pub(crate) fn policy_of(candidate: &Candidate) -> Policy {
    let cache = cache();
    let loader = Loader::new(&cache).compiler(compiler());
    loader.component(candidate.component()).unwrap()
}

/// A clock that stands still.
pub(crate) struct Stopped(pub(crate) Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn noon() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

/// A router on a candidate, behind the usual gate, with all that is told of it.
pub(crate) struct Bench {
    pub(crate) router: Router,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    pub(crate) fn new(candidate: &Candidate) -> Self {
        Self::with(candidate, Probation::default())
    }

    pub(crate) fn with(candidate: &Candidate, probation: Probation) -> Self {
        Self::on(candidate, probation, Box::new(MemoryStore::new()))
    }

    pub(crate) fn on(
        candidate: &Candidate,
        probation: Probation,
        store: Box<dyn Store<Recorded>>,
    ) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&told);
        let router = Router::with_store(policy_of(candidate), store)
            .unwrap()
            .gate(gate())
            .history_clock(Box::new(Stopped(noon())))
            .probation(probation)
            .observer(Box::new(move |event| {
                events.lock().unwrap().push(event.clone());
            }));
        Self { router, told }
    }

    /// The events since they were last asked for.
    pub(crate) fn told(&self) -> Vec<Event> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// Their words.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        self.told().iter().map(Event::word).collect()
    }

    pub(crate) fn decide(&self, request: &Request<'_>) -> String {
        said(&self.router.decide(request).unwrap())
    }
}

/// A decision in a line, with the policy that made it and its generation.
pub(crate) fn said(decision: &Decision) -> String {
    let by = match decision.policy() {
        Some(policy) => format!("{}/{}", policy.manifest.name, policy.generation),
        None => decision.rule().to_owned(),
    };
    let side = decision.side().word();
    format!("{side} {} by {by}", decision.reason())
}

pub(crate) fn buy(strategy: &'static str) -> Request<'static> {
    Request::builder(FinalAction::Buy, "BTC/USDT", strategy)
        .timestamp(noon())
        .position(None)
        .price("100".parse().unwrap())
        .target_notional("500".parse().unwrap())
        .build()
        .unwrap()
}

pub(crate) fn close(strategy: &'static str) -> Request<'static> {
    Request::builder(FinalAction::Close, "BTC/USDT", strategy)
        .timestamp(noon())
        .position(Some(Position {
            side: PositionSide::Long,
            quantity: "2".parse().unwrap(),
        }))
        .build()
        .unwrap()
}

/// A pilot that needs 200 of the exploration budget.
pub(crate) fn pilot(id: &'static str) -> Request<'static> {
    pilot_of("trend", id)
}

pub(crate) fn pilot_of(strategy: &'static str, id: &'static str) -> Request<'static> {
    Request::builder(FinalAction::Buy, "BTC/USDT", strategy)
        .id(id)
        .timestamp(noon())
        .trade_type(TradeType::Pilot)
        .position(None)
        .price("100".parse().unwrap())
        .target_notional("500".parse().unwrap())
        .equity("10000".parse().unwrap())
        .build()
        .unwrap()
}
