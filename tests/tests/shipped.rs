//! The policies that are shipped: each with its document, its cases and its page, and every
//! case answered as it says, by the component and by the native engine, with nothing left out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

use conformance::run;
use execution_router::authored::Authored;
use execution_router::cases::{self, Tested};
use execution_router::compose;
use execution_router::stream::Format;
use execution_router::{Cache, Policy};
use router_guest::document::cases::Cases;
use serde_json::Value;

fn policies() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut folders: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[track_caller]
fn tested(policy: &Path) -> Tested {
    let cache = Cache::at(env!("CARGO_TARGET_TMPDIR"));
    cases::test(&Authored::open(policy).unwrap(), &cache).unwrap()
}

/// What is printed of a policy whose cases pass and leave nothing out.
#[track_caller]
fn passes_and_is_covered(tested: &Tested) {
    let mut failures = Vec::new();
    cases::write_results(tested, &mut failures).unwrap();
    assert_eq!(
        String::from_utf8(failures).unwrap(),
        format!("{}\n", tested.report.summary())
    );
    assert_eq!(tested.report.failed(), 0);
    assert!(tested.report.passed() > 0);
    let coverage = &tested.report.coverage;
    let missed = coverage.rules.iter().find(|hits| hits.cases == 0);
    assert_eq!(missed, None);
    let alternatives = coverage.alternatives.as_ref().unwrap();
    let missed = alternatives.iter().find(|hits| hits.cases == 0);
    assert_eq!(missed, None);
    let missed = coverage.tiers.iter().find(|hits| hits.cases == 0);
    assert_eq!(missed, None);
    // The engine declares both reasons of a verb; a policy without shorts never gives one.
    let missed = coverage.reasons.iter().filter(|hits| hits.cases == 0);
    for hits in missed {
        assert_eq!(hits.name, "open_short");
    }
}

#[test]
fn there_are_four_and_each_has_its_three_files() {
    let names: Vec<_> = policies()
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["cautious", "close-only", "default", "long-short"]);
    for folder in policies() {
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert_eq!(files, ["README.md", "cases.yaml", "policy.yaml"]);
    }
}

#[test]
fn each_is_named_as_its_folder_and_says_where_its_table_goes() {
    for folder in policies() {
        let authored = Authored::open(&folder).unwrap();
        let name = authored.document().unwrap().document.name().to_owned();
        assert_eq!(Some(name.as_str()), folder.file_name().unwrap().to_str());
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        let (_, behind) = page.split_once("<!-- table -->").unwrap();
        assert!(behind.contains("<!-- /table -->"), "{name}");
    }
}

#[test]
fn every_case_passes_and_every_rule_and_alternative_is_reached() {
    for folder in policies() {
        passes_and_is_covered(&tested(&folder));
    }
}

/// What is built says the same of itself as what it was built from.
#[test]
fn a_component_brings_its_cases_and_its_coverage() {
    let built = tempfile::tempdir().unwrap();
    for folder in policies() {
        let authored = Authored::open(&folder).unwrap();
        let written = authored.document().unwrap();
        let component = compose::compose(&written.text, written.cases.as_deref()).unwrap();
        let path = built.path().join("policy.wasm");
        fs::write(&path, component).unwrap();
        let tested = tested(&path);
        passes_and_is_covered(&tested);
        assert_eq!(
            tested.report.coverage,
            self::tested(&folder).report.coverage
        );
    }
}

/// The requests of a page's worked example.
fn worked_example(page: &str) -> String {
    let (_, behind) = page.split_once("## One worked example").unwrap();
    let (_, behind) = behind.split_once("```json\n").unwrap();
    behind.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_worked_examples_are_what_the_policies_answer() {
    for (name, answers) in [
        ("default", &["BUY open_long open 0.1"][..]),
        ("long-short", &["SELL open_short add 0.02"]),
        ("cautious", &["BUY open_long open 0.002"]),
        (
            "close-only",
            &["BUY close_short closed 0.5", "SKIP close_only close_only"],
        ),
    ] {
        let folder = policies()
            .into_iter()
            .find(|folder| folder.ends_with(name))
            .unwrap();
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        let cache = Cache::at(env!("CARGO_TARGET_TMPDIR"));
        let router = run::router(Policy::load(&folder, &cache).unwrap());
        let (output, summary) = run::route(&router, worked_example(&page).as_bytes(), Format::Json);
        assert_eq!(summary.refused, 0, "{output}");
        let told: Vec<String> = output.lines().map(in_words).collect();
        assert_eq!(told, answers, "{name}");
    }
}

/// `BUY open_long open 0.1`
fn in_words(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let words = ["side", "reason", "rule", "quantity"].map(|field| answer[field].as_str());
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The example of the language's reference is true of the default policy.
#[test]
fn the_cases_of_the_reference_pass() {
    let reference = include_str!("../../router-guest/README.md");
    let (_, behind) = reference.split_once("\n## Cases\n").unwrap();
    let (_, behind) = behind.split_once("```yaml\n").unwrap();
    let cases = Cases::parse(behind.split_once("```").unwrap().0).unwrap();
    let document = router_guest::document::Document::parse(conformance::DEFAULT_POLICY).unwrap();
    let report = cases::run_natively(&cases, document.table()).unwrap();
    assert_eq!(report.summary(), "3 cases passed");
}
