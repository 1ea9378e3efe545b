//! How good the net is: every shipped policy with one mistake, over and over, and what of check
//! and cases catches it.
//!
//! A mutant that reads as a document is caught when `check` finds anything in it, or one of the
//! policy's own cases fails on it. Of the rest, `diff` says which mean the same as before, for
//! every request there is. What is left has slipped through: it is told, with whether `verify`
//! of its component would have seen it, and asks for a case in the policy's `cases.yaml`.
//!
//! ```sh
//! MUTANTS=all cargo test --release -p conformance --test mutants -- --nocapture
//! ```
//!
//! prints what became of each; without `MUTANTS`, the counts of each kind of mistake and what
//! slipped through.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use conformance::mutate::{self, Mutant};
use conformance::tree::Tree;
use execution_router::cases::run_natively;
use execution_router::check;
use execution_router::diff::Comparison;
use execution_router::verify::{Verdict, verify};
use execution_router::{Cache, Policy};
use router_guest::document::Document;
use router_guest::document::cases::Cases;

/// Of the mutants that mean something else, so many in a thousand are caught at least.
const CAUGHT_PER_MILLE_MIN: usize = 970;

/// What slips through and may, with the reason.
const KNOWN: [(&str, &str); 0] = [];

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It is no document.
    Unread,
    Checked,
    Tested,
    /// It means the same as before.
    Equivalent,
    /// Only a proof of its component sees it.
    Verified,
    Survived,
}

const FATES: [Fate; 6] = [
    Fate::Unread,
    Fate::Checked,
    Fate::Tested,
    Fate::Equivalent,
    Fate::Verified,
    Fate::Survived,
];

impl Fate {
    const fn word(self) -> &'static str {
        match self {
            Self::Unread => "reader",
            Self::Checked => "check",
            Self::Tested => "test",
            Self::Equivalent => "equivalent",
            Self::Verified => "verify",
            Self::Survived => "surviving",
        }
    }
}

/// A shipped policy with its cases.
struct Shipped {
    name: &'static str,
    document: Document,
    tree: Tree,
    cases: Cases,
}

impl Shipped {
    fn open(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../policies")
            .join(name);
        let text = fs::read_to_string(folder.join("policy.yaml")).unwrap();
        let cases = fs::read_to_string(folder.join("cases.yaml")).unwrap();
        let own = Self {
            name,
            document: Document::parse(&text).unwrap(),
            tree: Tree::read(&text),
            cases: Cases::parse(&cases).unwrap(),
        };
        let again = Document::parse(&own.tree.write()).unwrap();
        assert_eq!(again.table(), own.document.table(), "{name}");
        assert!(check::check(&own.document).unwrap().findings.is_empty());
        let report = run_natively(&own.cases, own.document.table()).unwrap();
        assert_eq!(report.failed(), 0, "{name}");
        own
    }

    fn fate(&self, mutant: &Mutant) -> Fate {
        let text = mutant.document.write();
        let Ok(document) = Document::parse(&text) else {
            return Fate::Unread;
        };
        if !check::check(&document).unwrap().findings.is_empty() {
            return Fate::Checked;
        }
        if run_natively(&self.cases, document.table())
            .unwrap()
            .failed()
            > 0
        {
            return Fate::Tested;
        }
        let comparison = Comparison::of(self.document.table(), document.table()).unwrap();
        if comparison.difference().is_empty() {
            return Fate::Equivalent;
        }
        let policy = Policy::from_document(&text, None, &Cache::disabled()).unwrap();
        match verify(&policy, &mut |_| {}).unwrap().verdict() {
            Verdict::Counterexamples => Fate::Verified,
            Verdict::Certified | Verdict::Partial => Fate::Survived,
        }
    }
}

/// How many mutants met each fate, by the kind of mistake.
type Counts = BTreeMap<&'static str, BTreeMap<Fate, usize>>;

fn print_counts(name: &str, counts: &Counts) {
    let line = |what: &str, by_fate: &BTreeMap<Fate, usize>| {
        let mut line = format!("{what:30} {:7}", by_fate.values().sum::<usize>());
        for fate in FATES {
            let count = by_fate.get(&fate).copied().unwrap_or(0);
            line.push_str(&format!(" {count:>10}"));
        }
        println!("{line}");
    };
    let words: String = FATES.map(|fate| format!(" {:>10}", fate.word())).concat();
    println!("\n{name:30} mutants{words}");
    let mut all = BTreeMap::new();
    for (operator, by_fate) in counts {
        line(operator, by_fate);
        for (fate, count) in by_fate {
            *all.entry(*fate).or_default() += count;
        }
    }
    line("all", &all);
}

#[track_caller]
fn is_held_by_its_net(name: &'static str) {
    let shipped = Shipped::open(name);
    let print_all = std::env::var_os("MUTANTS").is_some_and(|wanted| wanted == "all");
    let mut counts = Counts::new();
    let mut slipped = Vec::new();
    for mutant in mutate::mutants(&shipped.tree) {
        let fate = shipped.fate(&mutant);
        let by_fate = counts.entry(mutant.operator).or_default();
        *by_fate.entry(fate).or_insert(0) += 1;
        let told = format!("{}: {}: {}", shipped.name, mutant.operator, mutant.what);
        if print_all {
            println!("{:10} {told}", fate.word());
        }
        if matches!(fate, Fate::Survived | Fate::Verified) {
            slipped.push(told);
        }
    }
    print_counts(name, &counts);
    println!("slipped through: {slipped:#?}");
    let count = |fate: Fate| -> usize {
        let own = counts.values().filter_map(|by_fate| by_fate.get(&fate));
        own.sum()
    };
    let caught = count(Fate::Checked) + count(Fate::Tested);
    let counted = caught + slipped.len();
    assert!(counted >= 100, "{counted}");
    assert!(
        caught * 1_000 >= counted * CAUGHT_PER_MILLE_MIN,
        "{caught} of {counted}"
    );
    let unknown: Vec<_> = slipped
        .iter()
        .filter(|told| KNOWN.iter().all(|(known, _)| known != told))
        .collect();
    assert!(unknown.is_empty(), "without a case: {unknown:#?}");
}

#[test]
fn mistakes_in_the_default_policy() {
    is_held_by_its_net("default");
}

#[test]
fn mistakes_in_the_policy_for_both_ways() {
    is_held_by_its_net("long-short");
}

#[test]
fn mistakes_in_the_cautious_policy() {
    is_held_by_its_net("cautious");
}

#[test]
fn mistakes_in_the_policy_that_only_closes() {
    is_held_by_its_net("close-only");
}
