//! What proving a document takes, and comparing two: the default policy, and policies of many
//! routes over 200 symbols, of which each decides something. One core.
//!
//! `cargo bench -p execution-router --bench check`

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark stops where it fails"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use execution_router::check::check;
use execution_router::diff::Comparison;
use router_guest::document::Document;

const DEFAULT: &str = include_str!("../../policies/default/policy.yaml");
const SYMBOLS: usize = 200;
/// The aim of a comparison is for so many routes.
const COMPARED: usize = 1_000;

fn document(text: &str) -> Document {
    Document::parse(text).expect("a sound document")
}

/// The default routes with others in front of `open`: for each symbol some of what people ask
/// of an opening, each with a threshold of its own that the ones before it leave room for.
/// `first` is where the thresholds begin.
fn document_of(routes: usize, first: usize) -> Document {
    let (head, tail) = DEFAULT.split_once("  - open:").expect("a last route");
    let mut text = head.to_owned();
    for route in 0..routes {
        let (symbol, round) = (route % SYMBOLS, route / SYMBOLS);
        let condition = match round % 5 {
            0 => format!("signal_strength: \"< 0.{:03}\"", first + round),
            1 => format!("confidence: \"< 0.{:03}\"", first + round),
            2 => format!(
                "strategy: \"s{round}*\", risk_reward_ratio: \"< 1.{:03}\"",
                first + round
            ),
            3 => format!("price: \"> {}\"", 90_000 - first - 10 * round),
            _ => format!("target_notional: \"> {}\"", 90_000 - first - 10 * round),
        };
        writeln!(
            text,
            "  - asks_{route}: {{ when: {{ symbol: S{symbol}/USDT, {condition} }}, skip: asks_{round} }}"
        )
        .expect("a string");
    }
    document(&format!("{text}  - open:{tail}"))
}

fn checks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    let default = document(DEFAULT);
    group.bench_function("the default policy", |bencher| {
        bencher.iter(|| black_box(check(&default).expect("a report")));
    });
    for routes in [10, 100, 1_000, 5_000] {
        let document = document_of(routes, 100);
        let report = check(&document).expect("a report");
        assert!(report.findings.is_empty(), "{:?}", report.findings.first());
        let name = format!("{routes} routes more, {} regions", report.regions);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(check(&document).expect("a report")));
        });
    }
    group.finish();
}

fn comparisons(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    group.sample_size(10);
    let default = document(DEFAULT);
    let edited = document(&DEFAULT.replace("score: 0.55", "score: 0.5"));
    let (old, new) = (document_of(COMPARED, 100), document_of(COMPARED, 101));
    for (name, [old, new]) in [
        (
            "the default policy and one with a changed tier",
            [&default, &edited],
        ),
        (
            "1,000 routes more, and all their thresholds changed",
            [&old, &new],
        ),
        ("1,000 routes more, and the same", [&old, &old]),
    ] {
        let comparison = Comparison::of(old.table(), new.table()).expect("a comparison");
        assert_eq!(
            comparison.difference().is_empty(),
            old.table() == new.table()
        );
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(Comparison::of(old.table(), new.table())));
        });
    }
    group.finish();
}

criterion_group!(benches, checks, comparisons);
criterion_main!(benches);
