use std::sync::OnceLock;

use super::*;
use crate::cache::Cache;
use crate::policy::Policy;
use crate::sandbox::SandboxProfile;
use crate::verify::{Report, verify};

/// The default policy's, made once.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let policy = Policy::default_policy(&Cache::disabled()).unwrap();
        verify(&policy, &mut |_| {}).unwrap()
    })
}

fn certificate() -> Certificate {
    report().certificate().unwrap().clone()
}

#[test]
fn the_default_policy_is_certified_in_full() {
    let certificate = certificate();
    assert!(certificate.complete && certificate.rule_engine);
    assert!(certificate.cells >= 100_000, "{}", certificate.cells);
    assert!(certificate.decisions.fresh >= 2000);
    assert_eq!(
        certificate.decisions.fresh,
        certificate.decisions.fresh_instances
    );
    assert!(certificate.decisions.batch >= 4000);
    assert!(certificate.rules.not_reached.is_empty());
    assert_eq!(certificate.invariants.len(), 13);
    let OutcomeCounts {
        opens,
        closes,
        skips,
        refusals,
        faults,
    } = certificate.outcomes;
    assert!(
        [opens, closes, skips, refusals]
            .iter()
            .all(|count| *count > 1000)
    );
    assert_eq!(faults, 0);
}

#[test]
fn a_certificate_reads_back_the_same() {
    let certificate = certificate();
    let text = certificate.to_json();
    assert_eq!(Certificate::read(text.as_bytes()), Ok(certificate));
}

#[track_caller]
fn refused(bend: impl FnOnce(&mut Certificate), message: &str) {
    let mut certificate = certificate();
    bend(&mut certificate);
    let error = Certificate::read(certificate.to_json().as_bytes()).expect_err(message);
    assert_eq!(error.to_string(), message);
}

#[test]
fn what_cannot_be_is_not_read() {
    refused(
        |it| it.format = 1,
        "the certificate is of format 1, and this program reads 2",
    );
    let contradicts = |what: &str| format!("the certificate contradicts itself: {what}");
    refused(
        |it| it.cells += 1,
        &contradicts("the products are not its cells"),
    );
    refused(
        |it| it.products[0].cells = u64::MAX,
        &contradicts("the products are not its cells"),
    );
    refused(
        |it| it.outcomes.skips -= 1,
        &contradicts("the outcomes are not its cells"),
    );
    refused(
        |it| it.decisions.second_order -= 1,
        &contradicts("not every cell was decided in both orders"),
    );
    refused(
        |it| {
            it.outcomes.skips -= 1;
            it.outcomes.faults += 1;
        },
        &contradicts("not every cell was decided in both orders"),
    );
    refused(
        |it| it.rules.reached = it.rules.declared + 1,
        &contradicts("more rules were reached than there are"),
    );
    refused(
        |it| {
            it.invariants.remove("I12");
        },
        &contradicts("not every invariant held"),
    );
    refused(
        |it| it.rules.not_reached = vec!["r".into(); 65],
        "`rules.not_reached` of the certificate is longer than any that this program writes",
    );
    refused(
        |it| it.policy.name = "n".repeat(4097),
        "`a text` of the certificate is longer than any that this program writes",
    );
}

#[track_caller]
fn unreadable(from: &str, to: &str, message: &str) {
    let text = certificate().to_json();
    assert!(text.contains(from), "{from}");
    let error = Certificate::read(text.replacen(from, to, 1).as_bytes()).expect_err(message);
    let error = error.to_string();
    assert!(error.starts_with(message), "{error}");
}

#[test]
fn what_is_not_of_the_form_is_not_read() {
    let digest = certificate().component.to_string();
    let hexadecimal = "this is no certificate: a digest has 64 digits of 0-9 and a-f at line 3";
    unreadable(&digest, &digest[1..], hexadecimal);
    unreadable(&digest, &digest.to_uppercase(), hexadecimal);
    unreadable(
        "\"cells\"",
        "\"sells\"",
        "this is no certificate: unknown field `sells`, expected one of ",
    );
    unreadable(
        "\"fuel\": ",
        "\"fuel\": -",
        "this is no certificate: invalid value: integer",
    );
    unreadable(
        "\"trading_state\":\"ACTIVE\"",
        "\"trading_state\":\"OPEN\"",
        "this is no certificate: `trading_state` is `\"OPEN\"`; it must be `ACTIVE`, `REDUCING` or `HALTED`",
    );
    let long = vec![b' '; CERTIFICATE_BYTES_MAX + 1];
    let error = Certificate::read(&long).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a certificate has at most 262144 bytes, and this has 262145"
    );
    assert!(Certificate::read(b"").is_err());
}

#[cfg(unix)]
#[test]
fn a_certificate_is_found_where_it_was_kept_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let certificate = certificate();
    let found = |cache: &Cache, digest| cache.certificate(digest, SandboxProfile::Strict).unwrap();
    assert_eq!(found(&cache, certificate.component), None);
    cache.keep_certificate(report()).unwrap();
    assert_eq!(
        found(&cache, certificate.component),
        Some(certificate.clone())
    );
    assert_eq!(found(&cache, Digest::of(b"another")), None);
    assert_eq!(found(&Cache::disabled(), certificate.component), None);

    // One that stands under another component's name, damaged, or cut off is none.
    let file = std::fs::read_dir(folder.path().join("cache"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let good = std::fs::read(&file).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [&flipped[..], &good[..good.len() - 1], b""] {
        std::fs::write(&file, bad).unwrap();
        assert_eq!(found(&cache, certificate.component), None);
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_certified_in_full_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let mut partial = report().clone();
    partial.measured.complete = false;
    cache.keep_certificate(&partial).unwrap();
    assert_eq!(
        cache
            .certificate(certificate().component, SandboxProfile::Strict)
            .unwrap(),
        None
    );
}
