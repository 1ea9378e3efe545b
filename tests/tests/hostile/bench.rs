//! A router on a hostile policy: requests and answers to bend, everything that is told of it,
//! and the one helper that says what an answer costs.

use std::sync::{Arc, Mutex};

use conformance::run;
use execution_router::ledger::{
    EventError, EventId, Held, Identity, Known, MemoryStore, OpenBudgets, OpenError, Released,
    ReservationId, Settled, Settlement, Store, StoreError,
};
use execution_router::policy::Policy;
use execution_router::router::Recorded;
use execution_router::{Decision, Request, Router};
use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::decision::{self, BudgetClaim, OrderIntent, PositionEffect, Refusal, Side};
use router_guest::manifest::BudgetInfo;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, TradeType};
use router_guest::state::{BudgetUse, TradingState};

use crate::component::Hostile;
use crate::image::answer_bytes;

pub(crate) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A sound answer to a BUY of type exploration.
pub(crate) fn opening() -> decision::Decision {
    decision::Decision {
        side: Side::Buy,
        intent: OrderIntent::Explore,
        reason: 0,
        rule: 0,
        effect: PositionEffect::Open,
        notional: Some(amount("100")),
        quantity: None,
        tier: Some(0),
        budget: Some(BudgetClaim {
            budget: 0,
            need: amount("100"),
        }),
    }
}

/// A sound opening of type normal.
pub(crate) fn normal_opening() -> decision::Decision {
    decision::Decision {
        intent: OrderIntent::Normal,
        tier: None,
        budget: None,
        ..opening()
    }
}

/// A sound answer to a CLOSE.
pub(crate) fn closing() -> decision::Decision {
    decision::Decision {
        side: Side::Sell,
        intent: OrderIntent::Exit,
        reason: 1,
        effect: PositionEffect::Close,
        notional: None,
        quantity: Some(amount("2")),
        tier: None,
        budget: None,
        ..opening()
    }
}

/// A skip with a reason of the manifest.
pub(crate) fn skipping(reason: u32) -> decision::Decision {
    decision::Decision {
        side: Side::Skip,
        intent: OrderIntent::Normal,
        reason,
        effect: PositionEffect::None,
        quantity: None,
        ..closing()
    }
}

pub(crate) fn bent(
    mut answer: decision::Decision,
    bend: impl FnOnce(&mut decision::Decision),
) -> decision::Decision {
    bend(&mut answer);
    answer
}

/// A request for a symbol, flat, with everything that an opening needs.
pub(crate) fn asked(
    action: FinalAction,
    trade_type: TradeType,
    symbol: &'static str,
    set: impl FnOnce(&mut OrderTerms),
) -> Request<'static> {
    Request::builder(action, symbol, "trend")
        .timestamp("2026-03-02T12:00:00Z".parse::<Timestamp>().unwrap())
        .trade_type(trade_type)
        .price(amount("50"))
        .target_notional(amount("500"))
        .equity(amount("100000"))
        .position(None)
        .terms(set)
        .build()
        .unwrap()
}

pub(crate) fn flat(action: FinalAction, trade_type: TradeType) -> Request<'static> {
    asked(action, trade_type, "ETH/USDT", |_| {})
}

pub(crate) fn on(
    action: FinalAction,
    trade_type: TradeType,
    side: PositionSide,
) -> Request<'static> {
    asked(action, trade_type, "ETH/USDT", |terms| {
        terms.position = Some(Position {
            side,
            quantity: amount("2"),
        });
    })
}

/// A decision in a line.
pub(crate) fn said(decided: Result<Decision, execution_router::Rejection>) -> String {
    match decided {
        Ok(decision) => {
            let size = decision
                .quantity()
                .map_or(String::new(), |quantity| format!(" {quantity}"));
            format!(
                "{} {} {}{size} by {}",
                decision.side().word(),
                decision.order_intent().word(),
                decision.reason(),
                decision.rule()
            )
        }
        Err(rejection) => format!("{}: {rejection}", rejection.code),
    }
}

/// A store that a test can look into.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<MemoryStore<Recorded>>);

impl Store<Recorded> for Shared {
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        self.0.open(budgets)
    }

    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<Recorded> + 'a>, StoreError> {
        Store::lock(&*self.0, budgets, now)
    }

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.0.settle(settlement)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.0.release(reservation, event)
    }

    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<Recorded>, StoreError> {
        self.0.lookup(identity)
    }

    fn record(
        &self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        Store::record(&*self.0, identity, decision)
    }
}

/// A router on a hostile policy, with everything that is told of it.
pub(crate) struct Bench {
    pub(crate) router: Router,
    store: Shared,
    budgets: OpenBudgets,
    incidents: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    pub(crate) fn new(policy: Policy) -> Self {
        Self::with(policy, |router| router)
    }

    /// The same with a router that is set up further.
    pub(crate) fn with(policy: Policy, set_up: impl FnOnce(Router) -> Router) -> Self {
        let store = Shared::default();
        let budgets = store.open(&policy.manifest().budgets).unwrap();
        let incidents = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&incidents);
        let router = Router::with_store(policy, Box::new(store.clone())).unwrap();
        let router = set_up(router).observer(Box::new(move |event| {
            told.lock().unwrap().extend(run::incident(event));
        }));
        Self {
            router,
            store,
            budgets,
            incidents,
        }
    }

    pub(crate) fn decide(&self, request: &Request<'_>) -> String {
        said(self.router.decide(request))
    }

    /// What is held of the budget.
    pub(crate) fn held(&self) -> BudgetUse {
        let mut uses = Vec::new();
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        Store::lock(&self.store, &self.budgets, now)
            .unwrap()
            .uses("BTC/USDT", "trend", &mut uses);
        uses[0]
    }

    pub(crate) fn incidents(&self) -> Vec<String> {
        std::mem::take(&mut *self.incidents.lock().unwrap())
    }
}

pub(crate) const SOUND: &str = "BUY explore opened 2 by only";

pub(crate) fn sound_request() -> Request<'static> {
    asked(FinalAction::Buy, TradeType::Exploration, "BTC/USDT", |_| {})
}

/// One request on which the policy misbehaves, between two on which it does not. The answer
/// to it, what is told, whether the policy keeps its place, and what follows.
#[track_caller]
pub(crate) fn costs(
    hostile: &Hostile,
    state: TradingState,
    request: &Request<'_>,
    decision: &str,
    incident: &str,
) {
    let bench = Bench::new(hostile.policy());
    assert_eq!(bench.decide(&sound_request()), SOUND);
    let before = bench.held();
    assert_eq!((before.reserved, before.orders), (amount("100"), 1));

    bench.router.set_trading_state(state, None);
    assert_eq!(bench.decide(request), decision);
    assert_eq!(
        bench.incidents(),
        if incident.is_empty() {
            vec![]
        } else {
            vec![incident]
        }
    );
    assert_eq!(bench.held(), before, "the budget is untouched");

    bench.router.set_trading_state(TradingState::Active, None);
    assert_eq!(
        bench.router.is_withdrawn(),
        incident.starts_with("Violation: ")
    );
    if bench.router.is_withdrawn() {
        assert_eq!(
            bench.decide(&sound_request()),
            "SKIP explore policy_unavailable by fail-safe"
        );
        let close = on(FinalAction::Close, TradeType::Normal, PositionSide::Long);
        assert_eq!(bench.decide(&close), "SELL exit close_long 2 by fail-safe");
        assert_eq!(bench.held(), before);
    } else {
        assert_eq!(bench.decide(&sound_request()), SOUND);
        assert_eq!(bench.held().reserved, amount("200"));
    }
    assert_eq!(bench.incidents(), [""; 0]);
}

#[track_caller]
pub(crate) fn lies(
    request: &Request<'_>,
    answer: decision::Decision,
    decision: &str,
    incident: &str,
) {
    lies_in(TradingState::Active, request, answer, decision, incident);
}

#[track_caller]
pub(crate) fn lies_in(
    state: TradingState,
    request: &Request<'_>,
    answer: decision::Decision,
    decision: &str,
    incident: &str,
) {
    let hostile = Hostile {
        bad: answer_bytes(&Ok(answer)),
        ..Hostile::new()
    };
    costs(&hostile, state, request, decision, incident);
}

#[track_caller]
pub(crate) fn refuses(request: &Request<'_>, refusal: Refusal, decision: &str, incident: &str) {
    let hostile = Hostile {
        bad: answer_bytes(&Err(refusal)),
        ..Hostile::new()
    };
    costs(&hostile, TradingState::Active, request, decision, incident);
}

pub(crate) const UNAVAILABLE: &str = "SKIP explore policy_unavailable by fail-safe";
pub(crate) const NORMAL_UNAVAILABLE: &str = "SKIP normal policy_unavailable by fail-safe";
pub(crate) const CLOSED: &str = "SELL exit close_long 2 by fail-safe";
