//! What a decision costs, beside an empty component call in the same run.
//!
//! Read the ratios: absolute times are the machine's. `cargo bench -p execution-router`

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark stops where it fails"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use execution_router::policy::{BatchItem, Instance};
use execution_router::stream::{self, Format};
use execution_router::{
    Cache, Compiler, Loader, Policy, Request, Router, SandboxProfile, TradingState, sandbox,
};
use router_guest::json::{self, Line};
use router_guest::state::{BudgetUse, State};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

const STREAM: &str = include_str!("../../tests/data/btc_usdt_2022-01.jsonl");
const DEFAULT: &str = include_str!("../../policies/default/policy.yaml");
const BATCH: usize = 256;

fn policy(document: &str) -> Policy {
    Policy::from_document(document, None, &Cache::disabled()).expect("a sound policy")
}

fn requests() -> Vec<Request<'static>> {
    let lines = STREAM
        .lines()
        .map(|line| match json::parse_line(line.as_bytes()) {
            Ok(Line::Request(line)) => Request::from_line(line).expect("a sound request"),
            other => panic!("{other:?}"),
        });
    lines.collect()
}

/// The default routes with more of them in front: each for a symbol of its own.
fn document_of(rules: usize) -> String {
    let (head, tail) = DEFAULT.split_once("routes:\n").expect("routes");
    let mut document = format!("{head}routes:\n");
    for rule in 0..rules {
        writeln!(
            document,
            "  - quiet_{rule}: {{ when: {{ action: [BUY, SELL], symbol: S{rule}/USDT, confidence: \"< 0.4\" }}, skip: quiet }}"
        )
        .expect("a string");
    }
    document + tail
}

/// Decides the whole stream, one call a request.
fn decide_all(instance: &mut Instance, requests: &[Request<'_>], uses: &[BudgetUse]) {
    for request in requests {
        let budgets = request.terms().sees_budgets().then_some(uses);
        let state = State {
            trading_state: TradingState::Active,
            budgets,
        };
        let answer = instance.decide(&request.seen(), &state);
        let _ = black_box(answer.expect("an answer"));
    }
}

fn empty_call(engine: &Engine) -> impl FnMut() {
    let component = r#"(component
        (core module $module (func (export "empty")))
        (core instance $instance (instantiate $module))
        (func (export "empty") (canon lift (core func $instance "empty"))))"#;
    let component =
        Component::new(engine, wat::parse_str(component).expect("WAT")).expect("a component");
    let mut store = Store::new(engine, ());
    store.set_fuel(u64::MAX).expect("fuel is on");
    let instance = Linker::new(engine)
        .instantiate(&mut store, &component)
        .expect("an instance");
    let empty = instance
        .get_typed_func::<(), ()>(&mut store, "empty")
        .expect("the export");
    move || empty.call(&mut store, ()).expect("a call")
}

fn calls(criterion: &mut Criterion) {
    let requests = requests();
    let uses = [BudgetUse::default()];
    let engine = sandbox::engine(SandboxProfile::Strict).expect("an engine");
    let mut group = criterion.benchmark_group("call");
    let mut empty = empty_call(engine);
    group.bench_function("empty component call", |bencher| bencher.iter(&mut empty));

    group.throughput(Throughput::Elements(requests.len() as u64));
    let policy_default = policy(DEFAULT);
    let mut instance = policy_default.instantiate().expect("an instance");
    group.bench_function("typed decision, each of a stream", |bencher| {
        bencher.iter(|| decide_all(&mut instance, &requests, &uses));
    });
    for rules in [0, 87, 987] {
        let policy = policy(&document_of(rules));
        let mut instance = policy.instantiate().expect("an instance");
        let name = format!("typed decision, {} rules", policy.manifest().rules.len());
        group.bench_function(name, |bencher| {
            bencher.iter(|| decide_all(&mut instance, &requests, &uses))
        });
    }

    let items: Vec<_> = requests
        .iter()
        .take(BATCH)
        .map(|request| BatchItem {
            symbol: 0,
            strategy: 1,
            terms: *request.terms(),
            trading_state: TradingState::Active,
            budgets: request.terms().sees_budgets().then_some(0),
        })
        .collect();
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("batch, each of 256", |bencher| {
        bencher.iter(|| black_box(instance.decide_batch(&["BTC/USDT", "momentum"], &uses, &items)));
    });

    group.throughput(Throughput::Elements(1));
    let request = requests
        .iter()
        .find(|request| request.terms().sees_budgets())
        .expect("one of them");
    group.bench_function("fresh instance for one decision", |bencher| {
        bencher.iter(|| {
            let mut instance = policy_default.instantiate().expect("an instance");
            decide_all(&mut instance, std::slice::from_ref(request), &uses);
        });
    });
    group.finish();
}

fn router(criterion: &mut Criterion) {
    let requests = requests();
    let mut group = criterion.benchmark_group("route");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.sample_size(20);
    let fresh = || Router::new(policy_shared()).expect("a router");
    group.bench_function("router, typed, each of a stream", |bencher| {
        bencher.iter_batched(
            fresh,
            |router| {
                for request in &requests {
                    black_box(router.decide(request).expect("a decision"));
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("lines to lines, each of a stream", |bencher| {
        bencher.iter_batched(
            fresh,
            |router| {
                stream::route(
                    &router,
                    STREAM.as_bytes(),
                    &mut std::io::sink(),
                    Format::Json,
                )
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("reading a line", |bencher| {
        bencher.iter(|| {
            for line in STREAM.lines() {
                black_box(json::parse_line(line.as_bytes()).expect("a request"));
            }
        });
    });
    let router = fresh();
    let decisions: Vec<_> = requests
        .iter()
        .map(|request| router.decide(request).expect("a decision"))
        .collect();
    let mut line = Vec::new();
    group.bench_function("writing a decision", |bencher| {
        bencher.iter(|| {
            for (request, decision) in requests.iter().zip(&decisions) {
                line.clear();
                decision.write_json(request, &mut line);
                black_box(&line);
            }
        });
    });
    group.finish();
}

/// The default policy, compiled once.
fn policy_shared() -> Policy {
    static POLICY: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| policy(DEFAULT)).clone()
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("document to component", |bencher| {
        bencher.iter(|| {
            black_box(execution_router::compose::compose(DEFAULT, None).expect("a component"))
        });
    });
    let component = execution_router::compose::compose(DEFAULT, None).expect("a component");
    group.bench_function("component to policy, compiled", |bencher| {
        bencher.iter(|| {
            Loader::new(&Cache::disabled())
                .compiler(Compiler::in_process())
                .component(&component)
                .expect("a policy")
        });
    });
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache::at(folder.path().join("cache"));
    group.bench_function("component to policy, cached", |bencher| {
        bencher.iter(|| {
            Loader::new(&cache)
                .compiler(Compiler::in_process())
                .component(&component)
                .expect("a policy")
        });
    });
    group.finish();
}

criterion_group!(benches, calls, router, loading);
criterion_main!(benches);
