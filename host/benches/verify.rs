//! What verifying the default policy takes, on as many cores as there are up to four: the
//! component is composed and compiled already. `cargo bench -p execution-router --bench verify`

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark stops where it fails"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use execution_router::verify::{Verdict, verify};
use execution_router::{Cache, Policy};

fn whole_domain(criterion: &mut Criterion) {
    let policy = Policy::default_policy(&Cache::disabled()).expect("a sound policy");
    let report = verify(&policy, &mut |_| {}).expect("a report");
    assert_eq!(report.verdict(), Verdict::Certified);
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(20);
    group.throughput(Throughput::Elements(report.measured().cells));
    group.bench_function("the default policy, each cell", |bencher| {
        bencher.iter(|| black_box(verify(&policy, &mut |_| {}).expect("a report")));
    });
    group.finish();
}

criterion_group!(benches, whole_domain);
criterion_main!(benches);
