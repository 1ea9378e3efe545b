//! A candidate in the shadow: what it is counted for, and that it touches nothing.

use std::num::NonZeroU32;

use conformance::DEFAULT_POLICY;
use execution_router::router::{SHADOW_KINDS_MAX, ShadowReport};
use execution_router::{Candidate, Scenario};

use crate::support::*;

fn every(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// Each kind of difference, with its count.
fn kinds(report: &ShadowReport) -> Vec<(String, u64)> {
    let differences = report.differences.iter();
    differences
        .map(|one| (format!("{} → {}", one.old, one.new), one.count))
        .collect()
}

#[test]
fn a_shadow_counts_what_it_answers_otherwise() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.shadow(marking("next"), every(1)).unwrap();
    for _ in 0..5 {
        assert_eq!(bench.decide(&buy("mark")), "BUY open_long by default/1");
        bench.decide(&buy("trend"));
    }
    assert_eq!(bench.decide(&close("mark")), "SELL close_long by default/1");
    let report = bench.router.drop_shadow().unwrap();
    assert_eq!(report.digest, marking("next").digest());
    assert_eq!(
        (report.sampled, report.compared, report.same, report.dropped),
        (11, 11, 5, 0)
    );
    // What the candidate would hold up is no answer of its.
    assert_eq!(
        kinds(&report),
        [
            (
                "BUY normal open_long → SKIP normal next_marked".to_owned(),
                5
            ),
            ("SELL exit close_long → no answer (I12)".to_owned(), 1),
        ]
    );
    let samples = &report.differences[0].samples;
    assert_eq!(samples.len(), 3);
    assert_eq!(samples[0], {
        let request = buy("mark");
        Scenario::new("BTC/USDT", "mark", *request.terms())
    });
    // It is gone, and nothing was told of it: it costs nobody a place.
    assert_eq!(bench.router.shadow_report(), None);
    assert_eq!(bench.router.drop_shadow(), None);
    assert_eq!(bench.words(), [""; 0]);
    assert!(bench.router.quarantine().is_empty());
}

#[test]
fn a_shadow_sees_budgets_and_charges_none() {
    let wide = DEFAULT_POLICY.replace("limit: 3% of equity", "limit: 5% of equity");
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.shadow(candidate(&wide), every(1)).unwrap();
    for id in ["p1", "p2", "p3"] {
        bench.decide(&pilot(id));
    }
    let report = bench.router.drop_shadow().unwrap();
    // It finds 200 of 500 held each time, since only the live policy's grant counts.
    assert_eq!(
        kinds(&report),
        [(
            "SKIP pilot exploration_limit → BUY pilot open_long".to_owned(),
            2
        )]
    );
}

#[test]
fn another_size_is_a_difference() {
    let half = DEFAULT_POLICY.replace("size: 40%", "size: 30%");
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.shadow(candidate(&half), every(1)).unwrap();
    bench.decide(&pilot("p1"));
    assert_eq!(
        kinds(&bench.router.drop_shadow().unwrap()),
        [(
            "BUY pilot open_long → BUY pilot open_long of another size".to_owned(),
            1
        )]
    );
}

#[test]
fn a_shadow_takes_every_so_many() {
    for (sample, sampled) in [(1, 10), (2, 5), (3, 4), (10, 1), (11, 1)] {
        let bench = Bench::new(&candidate(DEFAULT_POLICY));
        bench.router.shadow(marking("next"), every(sample)).unwrap();
        for _ in 0..10 {
            bench.decide(&buy("trend"));
        }
        let report = bench.router.drop_shadow().unwrap();
        assert_eq!(report.sampled, sampled, "every {sample}");
        assert_eq!(report.compared + report.dropped, report.sampled);
    }
}

#[test]
fn kinds_of_differences_are_bounded() {
    let routes: String = (0..70)
        .map(|at| format!("  - s{at}: {{ when: {{ strategy: s{at} }}, skip: r{at} }}\n"))
        .collect();
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    let many = candidate(&document("many", &routes));
    bench.router.shadow(many, every(1)).unwrap();
    for at in 0..70 {
        bench.decide(&buy(format!("s{at}").leak()));
    }
    let report = bench.router.drop_shadow().unwrap();
    assert_eq!(report.differences.len(), SHADOW_KINDS_MAX);
    assert_eq!(report.unlisted, 70 - SHADOW_KINDS_MAX as u64);
}

#[test]
fn a_shadow_is_promoted_through_the_gate() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    assert_eq!(
        bench.router.promote("ops").unwrap_err().to_string(),
        "no policy decides in the shadow"
    );
    bench.router.shadow(marking("next"), every(1)).unwrap();
    bench.router.promote("ops").unwrap();
    assert_eq!(bench.decide(&buy("mark")), "SKIP next_marked by next/2");
    assert_eq!(bench.router.shadow_report(), None);

    // What fails at the gate stays in the shadow.
    let skips =
        "name: skips\nversion: 1\naccount_currency: USDT\nroutes:\n  - last: { skip: not_today }\n";
    bench.router.shadow(candidate(skips), every(1)).unwrap();
    bench.router.promote("ops").unwrap_err();
    assert_eq!(bench.router.policy().manifest.name, "next");
    assert!(bench.router.shadow_report().is_some());
    // And what is no policy does not get there.
    let refusal = bench
        .router
        .shadow(Candidate::of_component(b"?".to_vec()), every(1));
    refusal.unwrap_err();
    assert!(bench.router.shadow_report().is_some());
}

#[test]
fn a_shadow_stays_when_the_live_policy_is_another() {
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.shadow(marking("next"), every(1)).unwrap();
    bench.router.swap(&marking("other"), "test").unwrap();
    bench.decide(&buy("mark"));
    assert_eq!(
        kinds(&bench.router.drop_shadow().unwrap()),
        [(
            "SKIP normal other_marked → SKIP normal next_marked".to_owned(),
            1
        )]
    );
}
