//! What keeps a candidate out, in the words that it is told in, and what lets it in again.

use conformance::DEFAULT_POLICY;
use execution_router::gate::{Gate, GateRefusal};
use execution_router::router::{Router, SwapRefusal};
use execution_router::{Cache, Candidate};

use crate::support::*;

/// The gate refuses the candidate in these words, quarantines it or not, and the live policy
/// stays. Asked again, it is refused for its quarantine.
#[track_caller]
fn refused(gate: Gate, candidate: &Candidate, expected: &str, is_quarantined: bool) {
    let router = Router::new(policy_of(&marking("live"))).unwrap().gate(gate);
    let refusal = router.swap(candidate, "test").unwrap_err().to_string();
    assert!(
        refusal.starts_with(expected),
        "{refusal}\ninstead of\n{expected}"
    );
    assert_eq!(
        said(&router.decide(&buy("mark")).unwrap()),
        "SKIP live_marked by live/1"
    );
    let digests: Vec<_> = router.quarantine().iter().map(|one| one.digest).collect();
    if !is_quarantined {
        assert_eq!(digests, []);
        return;
    }
    assert_eq!(digests, [candidate.digest()]);
    let again = router.swap(candidate, "test").unwrap_err();
    assert!(matches!(
        again,
        SwapRefusal::Gate(GateRefusal::Quarantined { .. })
    ));
    assert_eq!(
        again.to_string(),
        format!("policy {} is quarantined: {refusal}", candidate.digest())
    );
    // Cleared, it is looked at again, and fails for the same reason.
    assert!(router.clear_quarantine(candidate.digest()));
    assert!(!router.clear_quarantine(candidate.digest()));
    let cleared = router.swap(candidate, "test").unwrap_err().to_string();
    assert_eq!(cleared, refusal);
}

#[test]
fn the_live_policy_is_left_alone() {
    let live = marking("live");
    let unchanged = format!("policy {} is the live one", live.digest());
    refused(gate(), &live, &unchanged, false);
}

#[test]
fn what_is_no_policy() {
    // The words are the loader's own, which are held elsewhere.
    for bytes in [&b""[..], b"name: default", b"\0asm\x01\0\0\0"] {
        let refusal = execution_router::Policy::from_component(bytes, &cache()).unwrap_err();
        let candidate = Candidate::of_component(bytes.to_vec());
        refused(gate(), &candidate, &refusal.to_string(), true);
    }
}

#[test]
fn what_verify_finds() {
    let skips =
        "name: skips\nversion: 1\naccount_currency: USDT\nroutes:\n  - last: { skip: not_today }\n";
    refused(
        gate(),
        &candidate(skips),
        "`verify` found 1 kinds of faults, the first is I12: skips a close of 2 with reason `not_today`; {\"request\":{",
        true,
    );
}

#[test]
fn what_cannot_be_verified_in_full() {
    let quiet: String = (1..=1100)
        .map(|at| {
            format!(
                "  - quiet_{at}: {{ when: {{ strategy: s{at}, price: \"< {at}\" }}, skip: quiet }}\n"
            )
        })
        .collect();
    // Once: such a domain takes a while.
    let many = candidate(&document("many", &quiet));
    let router = Router::new(policy_of(&marking("live"))).unwrap();
    assert_eq!(
        router.swap(&many, "test").unwrap_err().to_string(),
        "`verify` could not try all of its domain, so nothing says that it holds: it has more names, thresholds or cells than are tried"
    );
    assert_eq!(router.quarantine()[0].digest, many.digest());
}

#[test]
fn what_check_refutes() {
    refused(
        Gate::new(cache()).compiler(compiler()),
        &violating(),
        "`check` refutes it: line ",
        true,
    );
    // The same bytes, whoever composed them.
    refused(
        Gate::new(cache()).compiler(compiler()),
        &Candidate::of_component(violating().component().to_vec()),
        "`check` refutes it: line ",
        true,
    );
}

#[test]
fn what_counts_budgets_in_another_currency() {
    let euros = DEFAULT_POLICY.replace("account_currency: USDT", "account_currency: EUR");
    let router = Router::new(policy_of(&marking("live")))
        .unwrap()
        .gate(gate());
    assert_eq!(
        router
            .swap(&candidate(&euros), "test")
            .unwrap_err()
            .to_string(),
        "its account currency is EUR, and the budgets in use are counted in USDT; \
         it needs a router of its own"
    );
    assert!(router.quarantine().is_empty());
}

const CASES: &str = "- name: a hold is skipped\n  request: { final_action: HOLD, symbol: BTC/USDT, strategy: trend }\n  expect: { side: SKIP, reason: hold_signal }\n";

#[track_caller]
fn with_cases(cases: &str) -> Candidate {
    Candidate::of_document(&document("cased", ""), Some(cases), &cache()).unwrap()
}

#[test]
fn whose_own_cases_fail() {
    let failing = CASES.replace("reason: hold_signal", "reason: skip_signal");
    refused(
        gate(),
        &with_cases(&format!(
            "{CASES}{}",
            failing.replace("a hold", "another hold")
        )),
        "1 of its own cases fail, the first is `another hold is skipped`",
        true,
    );
}

#[test]
fn whose_cases_cannot_be_read() {
    let component = with_cases(CASES).component().to_vec();
    let at = component
        .windows(10)
        .position(|window| window == b"side: SKIP")
        .unwrap();
    let mut damaged = component;
    damaged[at..at + 10].copy_from_slice(b"side: SKIQ");
    refused(
        gate(),
        &Candidate::of_component(damaged),
        "its cases have mistakes: line 3, column ",
        true,
    );
}

#[test]
fn whose_dearest_decision_is_too_dear() {
    let candidate = marking("dear");
    let report = execution_router::verify::verify(&policy_of(&candidate), &mut |_| {}).unwrap();
    let worst = report.measured().worst.as_ref().unwrap().fuel;
    let within = |fuel| gate().worst_fuel_max(fuel);
    refused(
        within(worst - 1),
        &candidate,
        &format!(
            "its dearest decision takes {worst} fuel, and {} is the bound",
            worst - 1
        ),
        true,
    );
    let router = Router::new(policy_of(&marking("live"))).unwrap();
    let activation = router.gate(within(worst)).swap(&candidate, "test").unwrap();
    assert_eq!(activation.passed.unwrap().worst_fuel, worst);
}

#[test]
fn a_certificate_is_believed_only_from_the_hosts_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Cache::at(folder.path().join("cache"));
    let candidate = with_cases(CASES);
    for (cache, was_certified) in [
        (Cache::disabled(), false),
        (kept(), false),
        (kept(), true),
        (Cache::disabled(), false),
        (Cache::at(folder.path().join("another")), false),
    ] {
        let router = Router::new(policy_of(&marking("live"))).unwrap();
        let activation = router
            .gate(Gate::new(cache).compiler(compiler()))
            .swap(&candidate, "test");
        let passed = activation.unwrap().passed.unwrap();
        assert_eq!((passed.was_certified, passed.cases), (was_certified, 1));
    }
}

#[test]
fn the_shipped_default_passes_with_all_of_its_cases() {
    let cases = include_str!("../../../policies/default/cases.yaml");
    let candidate = Candidate::of_document(DEFAULT_POLICY, Some(cases), &cache()).unwrap();
    let router = Router::new(policy_of(&marking("live"))).unwrap();
    let activation = router.gate(gate()).swap(&candidate, "test");
    assert!(activation.unwrap().passed.unwrap().cases > 40);
}

#[test]
fn the_quarantine_is_bounded() {
    let router = Router::new(policy_of(&marking("live"))).unwrap();
    let candidate = |number: u16| Candidate::of_component(number.to_be_bytes().to_vec());
    for number in 0..300 {
        router.swap(&candidate(number), "test").unwrap_err();
    }
    let all = router.quarantine();
    assert_eq!(all.len(), 256);
    assert_eq!(all[0].digest, candidate(44).digest());
    assert_eq!(all[255].digest, candidate(299).digest());
}
