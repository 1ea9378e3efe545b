//! `check`, held to what it says: on documents with one planted fault each, and on policies
//! that nobody wrote.
//!
//! Each document of `cases/refused/proofs` says in its first line what must be found in it,
//! and has beside it what is printed (`<name>.txt`). Every finding's example must show its
//! fault in the engine, and a document without findings must have none that requests find.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind};
use conformance::run;
use execution_router::Scenario;
use execution_router::check::{self, Finding, FindingKind};
use execution_router::guard::{self, Invariant, Question};
use router_guest::decision::Refusal;
use router_guest::document::Document;
use router_guest::engine::Engine;

/// Requests that look for what a check of one random policy has missed.
const REQUESTS_PER_POLICY: u32 = 1_000;

fn documents() -> Vec<PathBuf> {
    let files = run::files(&run::cases_folder().join("refused/proofs"));
    let documents = files.into_iter();
    documents
        .filter(|file| file.extension().is_some_and(|kind| kind == "yaml"))
        .collect()
}

/// What stops a request: an invariant that its answer breaks, or that it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    NoAnswer,
    Exit,
    Halt,
    Other,
}

/// The fault of the answer to a scenario, and the rule that gave it.
fn fault_of(engine: &Engine, scenario: &Scenario) -> (Option<Fault>, Option<usize>) {
    let (request, state) = (scenario.request(), scenario.state());
    let manifest = engine.manifest();
    let symbol = manifest.symbol(request.symbol);
    let question = Question {
        manifest,
        symbol,
        request: &request,
        state: &state,
    };
    match engine.decide(&request, &state) {
        Ok(decision) => {
            let fault = match guard::check(&question, &decision).map_err(|found| found.invariant) {
                Ok(_) => None,
                Err(Invariant::ExitsNeverBlocked) => Some(Fault::Exit),
                Err(Invariant::StateRespected) => Some(Fault::Halt),
                Err(_) => Some(Fault::Other),
            };
            (fault, Some(decision.rule as usize))
        }
        Err(Refusal::NoRoute) => (Some(Fault::NoAnswer), None),
        Err(refusal) => {
            let blocked = guard::check_refusal(&question, refusal).is_err();
            (blocked.then_some(Fault::Exit), None)
        }
    }
}

/// The fault that an example of a finding must show; `None` where it shows no faulty answer.
fn fault_shown(kind: &FindingKind) -> Option<Fault> {
    match kind {
        FindingKind::NoAnswer { .. } => Some(Fault::NoAnswer),
        FindingKind::ExitBlocked { .. } | FindingKind::ExitRefused { .. } => Some(Fault::Exit),
        FindingKind::ClosesWhileHalted => Some(Fault::Halt),
        _ => None,
    }
}

/// The example of a finding shows what it is about.
#[track_caller]
fn shows_its_fault(document: &Document, engine: &Engine, finding: &Finding) {
    let Some(example) = &finding.example else {
        let without = matches!(
            finding.kind,
            // What is about names, of routes that may decide nothing.
            FindingKind::BudgetUnused
                | FindingKind::NamesAlike { .. }
                | FindingKind::ReasonClash { .. }
                | FindingKind::Reserved { .. }
        );
        assert!(without, "{finding} has no example");
        return;
    };
    let read = Scenario::parse(&example.to_json()).expect("a line that is read");
    let scenario = read.against(engine.manifest()).unwrap();
    let (fault, decided) = fault_of(engine, &scenario);
    let rules = &document.table().rules;
    let own = rules.iter().position(|rule| rule.name == finding.subject);
    match &finding.kind {
        // Another route decides it: one of those that mask it, or one that does as well.
        FindingKind::Masked {
            alternative: None, ..
        }
        | FindingKind::NeverHolds {
            alternative: None, ..
        } => {
            assert_ne!(decided, own, "{finding}: {}", scenario.to_json());
        }
        FindingKind::TierMasked { by, .. } => {
            let decision = engine.decide(&scenario.request(), &scenario.state());
            if let Some(tier) = decision.ok().and_then(|decision| decision.tier) {
                let tier = &document.table().tiers[tier as usize].info.name;
                assert_eq!(tier, by, "{finding}: {}", scenario.to_json());
            }
        }
        kind => {
            let shown = fault_shown(kind);
            assert!(
                shown.is_none() || shown == fault,
                "{finding} but {fault:?}: {}",
                scenario.to_json()
            );
        }
    }
}

#[test]
fn each_planted_fault_is_found_and_nothing_else() {
    let documents = documents();
    assert!(documents.len() >= 50, "{} documents", documents.len());
    let mut differing = Vec::new();
    let mut kinds = BTreeSet::new();
    for path in documents {
        let text = fs::read_to_string(&path).unwrap();
        let document = Document::parse(&text).unwrap_or_else(|findings| panic!("{findings}"));
        let report = check::check(&document).unwrap();
        let mut found: Vec<String> = Vec::new();
        for finding in &report.findings {
            let word = format!("{} {}", finding.code(), finding.subject);
            if !found.contains(&word) {
                found.push(word);
            }
            kinds.insert(finding.code());
        }
        let found = match found.is_empty() {
            true => "nothing".to_owned(),
            false => found.join(", "),
        };
        let wanted = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# finds: "));
        assert_eq!(wanted, Some(found.as_str()), "{}", path.display());
        let engine = Engine::new(document.table()).unwrap();
        for finding in &report.findings {
            shows_its_fault(&document, &engine, finding);
        }
        let printed = check::write_text(&report, "policy.yaml");
        differing.extend(run::compare(&printed, &path.with_extension("txt")).err());
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}

/// What random requests find wrong with a policy.
fn faults_met(engine: &Engine, numbers: &mut Numbers) -> BTreeMap<Fault, Scenario> {
    let mut met = BTreeMap::new();
    let budgets = engine.manifest().budgets.len();
    for _ in 0..REQUESTS_PER_POLICY {
        let request = generate_policy::request(numbers);
        let uses: Vec<_> = (0..budgets)
            .map(|_| generate::budget_use(numbers))
            .collect();
        let scenario = Scenario {
            trading_state: generate::trading_state(numbers),
            budgets: Some(uses),
            ..Scenario::new(request.symbol, request.strategy, request.terms)
        };
        if let (Some(fault), _) = fault_of(engine, &scenario) {
            met.entry(fault).or_insert(scenario);
        }
    }
    met
}

#[test]
fn what_requests_find_wrong_a_check_has_found() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..120 {
        for kind in [Kind::ExitsFirst, Kind::Wild] {
            let mut numbers = Numbers::new(seed + 5_000);
            let text = generate_policy::document(&mut numbers, kind);
            let document = Document::parse(&text).unwrap();
            let engine = Engine::new(document.table()).unwrap();
            let report = check::check(&document).unwrap();
            for finding in &report.findings {
                shows_its_fault(&document, &engine, finding);
                *counts.entry(finding.code()).or_default() += 1;
            }
            let found: BTreeSet<_> = report
                .findings
                .iter()
                .filter_map(|finding| fault_shown(&finding.kind))
                .collect();
            for (fault, scenario) in faults_met(&engine, &mut numbers) {
                assert!(
                    found.contains(&fault),
                    "{fault:?} was not found: {}\nin\n{text}",
                    scenario.to_json()
                );
                *counts.entry("met by requests").or_default() += 1;
            }
        }
    }
    println!("{counts:?}");
    for code in [
        "no_answer",
        "exit_blocked",
        "exit_refused",
        "masked",
        "never_holds",
    ] {
        assert!(
            counts.get(code).is_some_and(|count| *count >= 20),
            "{counts:?}"
        );
    }
}
