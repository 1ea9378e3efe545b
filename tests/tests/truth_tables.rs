//! The truth tables in the READMEs of the shipped policies, and truth tables of policies that
//! nobody wrote: what they leave out is never reached, and every answer has its row.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind};
use conformance::run;
use execution_router::truth_table::TruthTable;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::state::State;

const BEGIN: &str = "<!-- table -->\n";
const END: &str = "<!-- /table -->\n";

fn policies() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let policies = run::files(&folder).into_iter();
    let policies: Vec<_> = policies
        .filter(|file| file.ends_with("policy.yaml"))
        .collect();
    assert!(!policies.is_empty());
    policies
}

fn table_of(text: &str) -> TruthTable {
    let document =
        Document::parse(text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}"));
    TruthTable::of(&document)
}

/// The README with the table that it should have.
#[track_caller]
fn with_table(readme: &str, table: &str) -> String {
    let parts = readme.split_once(BEGIN);
    let parts = parts.and_then(|(before, behind)| Some((before, behind.split_once(END)?.1)));
    let (before, behind) = parts.expect("`<!-- table -->` and `<!-- /table -->`, each on a line");
    format!("{before}{BEGIN}{table}{END}{behind}")
}

#[test]
fn every_readme_holds_the_table_of_its_policy() {
    for policy in policies() {
        let readme_file = policy.with_file_name("README.md");
        let readme = fs::read_to_string(&readme_file).expect("a README beside the policy");
        let table = table_of(&fs::read_to_string(&policy).unwrap());
        let expected = with_table(&readme, &table.to_markdown());
        if let Err(difference) = run::compare(&expected, &readme_file) {
            panic!("{difference}");
        }
    }
}

#[test]
fn a_table_is_put_between_its_marks() {
    let readme = "before\n<!-- table -->\nold\n<!-- /table -->\nbehind\n";
    assert_eq!(
        with_table(readme, "new\n"),
        "before\n<!-- table -->\nnew\n<!-- /table -->\nbehind\n"
    );
}

/// Whether the table has a row for an answer.
fn has_row(table: &TruthTable, rule: &str, side: &str, reason: &str, state: &State<'_>) -> bool {
    let mut rows = table.rows.iter();
    rows.any(|row| {
        let of_state = row.state.is_empty()
            || row
                .state
                .split(' ')
                .any(|word| word == state.trading_state.word())
                != row.state.starts_with("not ");
        row.rule == rule && row.side == side && row.reason == reason && of_state
    })
}

#[test]
fn every_answer_has_its_row_and_nothing_is_reached_that_is_left_out() {
    let (mut answers, mut left_out, mut unanswered) = (0, 0, 0);
    for number in 0..300_u64 {
        let mut numbers = Numbers::new(0x7ab1e ^ (number << 20));
        let kind = if number % 2 == 0 {
            Kind::ExitsFirst
        } else {
            Kind::Wild
        };
        let text = generate_policy::document(&mut numbers, kind);
        let table = table_of(&text);
        let engine = Engine::new(Document::parse(&text).unwrap().table()).unwrap();
        let manifest = engine.manifest();
        left_out += table.left_out.len();
        unanswered += table.rows.iter().filter(|row| row.side == "none").count();
        for _ in 0..300 {
            let request = generate_policy::request(&mut numbers);
            let uses: Vec<_> = manifest
                .budgets
                .iter()
                .map(|_| generate::budget_use(&mut numbers))
                .collect();
            let state = State {
                trading_state: generate::trading_state(&mut numbers),
                budgets: request.terms.sees_budgets().then_some(&uses[..]),
            };
            let Ok(decision) = engine.decide(&request, &state) else {
                continue;
            };
            let name = |names: &[String], at: u32| names[usize::try_from(at).unwrap()].clone();
            let rule = name(&manifest.rules, decision.rule);
            let reason = name(&manifest.reasons, decision.reason);
            assert!(
                !table.left_out.iter().any(|out| out.rule == rule),
                "{rule}\n{text}"
            );
            assert!(
                has_row(&table, &rule, decision.side.word(), &reason, &state),
                "{rule} {reason}\n{}\n{text}",
                table.to_markdown()
            );
            answers += 1;
        }
    }
    assert!(
        answers > 40_000 && left_out > 20 && unanswered > 100,
        "{answers} {left_out} {unanswered}"
    );
}
