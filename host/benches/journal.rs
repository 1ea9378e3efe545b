//! What a journal costs: encoding a decision where its caller waits, and deciding a store's
//! journal again on one core. `cargo bench -p execution-router --bench journal`

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark stops where it fails"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use execution_router::journal::record::{Decided, DecisionRecord, PolicyNumber};
use execution_router::journal::replay::replay;
use execution_router::journal::{Journal, Period};
use execution_router::store::{SqliteStore, StoreOptions};
use execution_router::{
    Cache, FinalAction, Loader, Policy, Position, PositionSide, Request, Router, TradeType,
    TradingState,
};
use jiff::Timestamp;
use router_guest::state::State;

/// Decisions of the journal that is decided again.
const DECISIONS: u32 = 200_000;
const SYMBOLS: [&str; 4] = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"];

/// Requests of a bot: openings, signals that are skipped, closes, and those that tiers classify
/// (which are shown the budgets). Each has an id, a time and a price of its own.
fn request(number: u32) -> Request<'static> {
    let kind = number % 8;
    let action = match kind {
        0..=2 => FinalAction::Buy,
        3 => FinalAction::Sell,
        4 => FinalAction::Close,
        5 => FinalAction::Buy,
        _ => FinalAction::Hold,
    };
    let symbol = SYMBOLS.iter().cycle().nth(number as usize % SYMBOLS.len());
    let amount = |text: String| text.parse().expect("an amount");
    let position = (kind == 4).then(|| Position {
        side: PositionSide::Long,
        quantity: amount("0.25".to_owned()),
    });
    Request::builder(action, *symbol.expect("a symbol"), "momentum")
        .id(format!("order-{number}"))
        .timestamp(Timestamp::new(1_767_600_000 + i64::from(number), 0).expect("a time"))
        .position(position)
        .terms(|terms| {
            terms.position = position;
            terms.trade_type = if kind == 5 {
                TradeType::Auto
            } else {
                TradeType::Normal
            };
            terms.price = Some(amount(format!("4{:04}.5", number % 10_000)));
            terms.target_notional = Some(amount("1000".to_owned()));
            terms.equity = Some(amount("25000.75".to_owned()));
            terms.signal_score = Some(0.05);
            terms.risk_reward_ratio = Some(1.5);
        })
        .build()
        .expect("a request")
}

fn encoding(criterion: &mut Criterion) {
    let policy = Policy::default_policy(&Cache::user()).expect("a sound policy");
    let router = Router::new(policy).expect("a router");
    let request = request(0);
    let decision = router.decide(&request).expect("a decision");
    let decided = Decided {
        request: &request,
        shown: Some(State {
            trading_state: TradingState::Active,
            budgets: None,
        }),
        decision: &decision,
        at: request.timestamp(),
        recorded_at: Timestamp::new(1_767_600_000, 123_456_000).expect("a time"),
        policy: PolicyNumber::new(1),
        generation: 1,
        keeps_id: true,
        grant: None,
    };
    let mut bytes = Vec::with_capacity(4_096);
    let mut group = criterion.benchmark_group("record");
    group.bench_function("encode an opening", |bencher| {
        bencher.iter(|| {
            bytes.clear();
            black_box(&decided).encode(None, &mut bytes);
            black_box(bytes.len())
        });
    });
    group.bench_function("decode an opening", |bencher| {
        bencher.iter(|| black_box(DecisionRecord::decode(black_box(&bytes)).expect("a record")));
    });
    group.finish();
}

fn replaying(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("router.db").display());
    let address = address.parse().expect("an address");
    let store = SqliteStore::open(&address, StoreOptions::default()).expect("a store");
    let policy = Policy::default_policy(&Cache::user()).expect("a sound policy");
    let router = Router::with_store(policy, Box::new(store)).expect("a router");
    for number in 0..DECISIONS {
        router.decide(&request(number)).expect("a decision");
    }
    drop(router);
    let journal = Journal::open(&address).expect("a journal");
    let cache = Cache::user();
    let loader = Loader::new(&cache);
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10);
    group.throughput(Throughput::Elements(DECISIONS.into()));
    group.bench_function("each decision of a store", |bencher| {
        bencher.iter(|| {
            let replay = replay(&journal, Period::default(), &loader, &mut |_| {});
            let replay = replay.expect("a journal that can be read");
            assert_eq!((replay.decided, replay.differing), (DECISIONS.into(), 0));
        });
    });
    group.finish();
}

criterion_group!(benches, encoding, replaying);
criterion_main!(benches);
