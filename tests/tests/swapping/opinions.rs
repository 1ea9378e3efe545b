//! Policies that pass the gate and fail later: who decides instead, in the same call, and when
//! that costs a policy its place.

use conformance::DEFAULT_POLICY;
use execution_router::router::Probation;

use crate::support::*;

const NEVER: Probation = Probation {
    decisions: 0,
    faults: usize::MAX,
    window_decisions: 1,
};

#[test]
fn a_violation_is_decided_again_by_the_last_good_policy_and_rolls_back() {
    // Whatever probation says.
    let bench = Bench::with(&candidate(DEFAULT_POLICY), NEVER);
    let violating = violating();
    bench.router.swap(&violating, "test").unwrap();
    assert_eq!(bench.decide(&buy("trend")), "BUY open_long by violating/2");
    let decision = bench.router.decide(&close("evil")).unwrap();
    assert_eq!(said(&decision), "SELL close_long by default/1");
    assert_eq!(
        decision.policy().unwrap().digest,
        candidate(DEFAULT_POLICY).digest()
    );
    assert_eq!(
        bench.words(),
        ["activated", "violation", "quarantined", "rolled_back"]
    );
    assert_eq!(bench.decide(&close("evil")), "SELL close_long by default/3");
    assert!(!bench.router.is_withdrawn());
    let why = "it broke an invariant: I12: skips a close of 2 with reason `not_today`";
    let quarantined = bench.router.quarantine();
    assert_eq!(
        (quarantined[0].digest, quarantined[0].why.as_str()),
        (violating.digest(), why)
    );
    assert_eq!(
        bench
            .router
            .swap(&violating, "test")
            .unwrap_err()
            .to_string(),
        format!("policy {} is quarantined: {why}", violating.digest())
    );
    // Nothing is behind the first one any more.
    bench.router.rollback("test").unwrap_err();
}

#[test]
fn without_an_earlier_policy_a_violation_withdraws_and_the_fail_safe_decides() {
    let violating = violating();
    let bench = Bench::new(&violating);
    for told in [
        &["violation", "quarantined", "fail_safe"][..],
        // Told once.
        &[],
    ] {
        assert_eq!(bench.decide(&close("evil")), "SELL close_long by fail-safe");
        assert_eq!(bench.words(), told);
    }
    assert!(bench.router.is_withdrawn());
    assert_eq!(
        bench.decide(&buy("trend")),
        "SKIP policy_unavailable by fail-safe"
    );
    // It is the live one, and yet no policy decides: what is cleared may come back.
    let why = bench.router.swap(&violating, "test").unwrap_err();
    assert!(why.to_string().contains("is quarantined"), "{why}");
    bench.router.clear_quarantine(violating.digest());
    bench.router.swap(&violating, "test").unwrap();
    assert_eq!(bench.decide(&buy("trend")), "BUY open_long by violating/2");
    // The life that it lost is nothing to go back to.
    bench.router.rollback("test").unwrap_err();
}

#[test]
fn a_fault_is_decided_again_and_costs_nothing_once_it_is_rare() {
    let bench = Bench::with(&candidate(DEFAULT_POLICY), NEVER);
    bench.router.swap(&gaping(), "test").unwrap();
    for _ in 0..5 {
        assert_eq!(bench.decide(&buy("gap")), "BUY open_long by default/1");
        assert_eq!(bench.decide(&buy("trend")), "BUY open_long by gaping/2");
    }
    assert_eq!(
        bench.words(),
        [
            "activated",
            "policy_fault",
            "policy_fault",
            "policy_fault",
            "policy_fault",
            "policy_fault"
        ]
    );
}

#[test]
fn the_budget_of_a_second_opinion_is_that_of_who_gives_it() {
    // The live policy has the budget under another name, and no route for `gap`.
    let renamed = document("renamed", GAP)
        .replace("budget: exploration", "budget: trial")
        .replace("  exploration: { limit", "  trial: { limit");
    let bench = Bench::with(&candidate(DEFAULT_POLICY), NEVER);
    bench.router.swap(&candidate(&renamed), "test").unwrap();
    let first = bench.router.decide(&pilot("p1")).unwrap();
    assert_eq!(said(&first), "BUY open_long by renamed/2");
    assert_eq!(first.budget_info().unwrap().name, "trial");
    for (id, expected) in [
        ("g1", "BUY open_long by default/1"),
        ("g2", "SKIP exploration_limit by default/1"),
    ] {
        let decision = bench.router.decide(&pilot_of("gap", id)).unwrap();
        assert_eq!(said(&decision), expected);
        assert_eq!(decision.budget_info().unwrap().name, "exploration");
    }
    // What the other policy's budget holds is no concern of this one's.
    let decision = bench.router.decide(&pilot("p2")).unwrap();
    assert_eq!(said(&decision), "SKIP exploration_limit by renamed/2");
    assert_eq!(decision.budget_info().unwrap().name, "trial");
}

/// What the live policy's fault costs it when it makes so many decisions before.
#[track_caller]
fn after(decisions: u64, probation: Probation, keeps: bool) {
    let bench = Bench::with(&candidate(DEFAULT_POLICY), probation);
    bench.router.swap(&gaping(), "test").unwrap();
    for _ in 0..decisions {
        bench.decide(&buy("trend"));
    }
    bench.decide(&buy("gap"));
    let live = bench.router.policy();
    assert_eq!(
        live.manifest.name == "gaping",
        keeps,
        "after {decisions} decisions"
    );
    assert_eq!(bench.router.quarantine().is_empty(), keeps);
}

#[test]
fn one_fault_in_the_first_decisions_costs_the_place() {
    let probation = Probation {
        decisions: 100,
        faults: 2,
        window_decisions: 1000,
    };
    for (decisions, keeps) in [
        (0, false),
        (98, false),
        (99, false),
        (100, true),
        (101, true),
    ] {
        after(decisions, probation, keeps);
    }
    after(
        0,
        Probation {
            decisions: 1,
            ..probation
        },
        false,
    );
    after(
        0,
        Probation {
            decisions: 0,
            ..probation
        },
        true,
    );
}

#[test]
fn later_so_many_faults_in_so_many_decisions_do() {
    let probation = Probation {
        decisions: 0,
        faults: 3,
        window_decisions: 200,
    };
    for (between, keeps) in [(98, false), (99, true), (100, true), (10, false)] {
        let bench = Bench::with(&candidate(DEFAULT_POLICY), probation);
        bench.router.swap(&gaping(), "test").unwrap();
        for fault in 1..=3 {
            bench.decide(&buy("gap"));
            if fault < 3 {
                assert_eq!(bench.router.policy().generation, 2, "fault {fault}");
                for _ in 0..between {
                    bench.decide(&buy("trend"));
                }
            }
        }
        let generation = if keeps { 2 } else { 3 };
        assert_eq!(
            bench.router.policy().generation,
            generation,
            "{between} decisions between faults"
        );
        if !keeps {
            assert_eq!(
                bench.router.quarantine()[0].why,
                "it failed for the 3. time in 200 decisions: it has no route for the request"
            );
        }
    }
}

#[test]
fn without_an_earlier_policy_no_fault_costs_the_place() {
    let probation = Probation {
        decisions: 1000,
        faults: 1,
        window_decisions: 1000,
    };
    let bench = Bench::with(&gaping(), probation);
    for _ in 0..3 {
        assert_eq!(
            bench.decide(&buy("gap")),
            "SKIP policy_unavailable by fail-safe"
        );
        assert_eq!(bench.words(), ["policy_fault", "fail_safe"]);
        assert_eq!(bench.decide(&buy("trend")), "BUY open_long by gaping/1");
    }
    assert!(bench.router.quarantine().is_empty());
}

#[test]
fn a_batch_decides_as_one_by_one_does_when_a_policy_loses_its_place_in_it() {
    let requests = [buy("trend"), close("evil"), buy("trend"), close("evil")];
    let expected = [
        "BUY open_long by violating/2",
        "SELL close_long by default/1",
        "BUY open_long by default/3",
        "SELL close_long by default/3",
    ];
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.swap(&violating(), "test").unwrap();
    let singly: Vec<_> = requests.iter().map(|one| bench.decide(one)).collect();
    assert_eq!(singly, expected);
    let bench = Bench::new(&candidate(DEFAULT_POLICY));
    bench.router.swap(&violating(), "test").unwrap();
    let batch = bench.router.decide_batch(&requests).into_iter();
    let batch: Vec<_> = batch.map(|decided| said(&decided.unwrap())).collect();
    assert_eq!(batch, expected);
}

#[test]
fn a_last_good_policy_that_violates_is_not_come_back_to() {
    let bench = Bench::with(&candidate(DEFAULT_POLICY), NEVER);
    bench.router.swap(&violating(), "test").unwrap();
    // No route for the closes of `evil`, so that the policy before is asked.
    let silent = document(
        "silent",
        "  - evil: { when: { strategy: evil }, open: sized }",
    );
    bench.router.swap(&candidate(&silent), "test").unwrap();
    bench.told();
    assert_eq!(bench.decide(&close("evil")), "SELL close_long by fail-safe");
    assert_eq!(
        bench.words(),
        ["policy_fault", "violation", "quarantined", "fail_safe"]
    );
    assert_eq!(bench.router.policy().manifest.name, "silent");
    assert_eq!(bench.router.quarantine()[0].digest, violating().digest());
    bench.router.rollback("test").unwrap();
    assert_eq!(bench.router.policy().manifest.name, "default");
}
