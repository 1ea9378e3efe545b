//! A policy's own cases, run: each on the component that decides, through the guard and the
//! completion of a router, and on the native engine where there is a document.
//!
//! What a case may say is read by [`router_guest::document::cases`]. Nothing here charges a
//! budget, remembers an id or has a clock: a case brings the state that it meets.

mod coverage;
mod differences;
mod json;
mod run;
mod text;

use std::path::PathBuf;

use router_guest::document::cases::Cases;
use router_guest::document::{Document, Findings, Place};
use router_guest::table::TableError;

pub use coverage::{AlternativeHits, Coverage, Hits, RuleHits, Share};
pub use differences::Difference;
pub use json::write_json;
pub use run::{run, run_natively};
pub use text::{write_coverage, write_results};

use crate::authored::Authored;
use crate::policy::{HostFault, Loader, PolicyError};

/// What became of a policy's cases.
#[derive(Debug, Clone)]
pub struct Report {
    /// Each case, in the order of the file.
    pub results: Vec<CaseResult>,
    /// What of the policy they reach.
    pub coverage: Coverage,
}

/// What became of one case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Where it stands in the cases.
    pub place: Place,
    /// What it asks, as one line that `explain` takes; a request that is none stays as it is.
    /// `None` for a case that is only about the policy itself.
    pub scenario: Option<String>,
    /// Everything that is wrong; nothing of a case that passes.
    pub failures: Vec<Failure>,
}

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Fields of the answer, or of the policy, are not as expected.
    Differs(Vec<Difference>),
    /// The native engine answers otherwise than the component: `expected` is the native
    /// engine's, `actual` the component's.
    Engines(Vec<Difference>),
    /// The policy has no answer that a router would take, so that the fail-safe would decide:
    /// it trapped, has no route, or broke an invariant.
    Unanswered(String),
    /// The case's budgets are not the policy's.
    State(String),
}

/// Why cases are not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no instance to run them on.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// The document's table does not become a native engine.
    #[error("the policy cannot be decided by: {0}")]
    Table(#[from] TableError),
}

/// Why a policy is not tested.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// It has no cases.
    #[error(
        "`{}` has no cases: write them into a `cases.yaml` beside the policy document{}",
        path.display(),
        if *built { ", and build it again" } else { "" }
    )]
    NoCases {
        /// The policy's file.
        path: PathBuf,
        /// Whether it is a component.
        built: bool,
    },
    /// The cases have mistakes.
    #[error("the cases of `{file}` have mistakes:\n{findings}")]
    Mistakes {
        /// What they stand in, as findings are told.
        file: String,
        /// Everything that is wrong.
        findings: Findings,
    },
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// They cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A policy's cases and what became of them.
#[derive(Debug, Clone)]
pub struct Tested {
    /// What the cases stand in, as places in it are told: `policies/default/cases.yaml`.
    pub cases_file: String,
    /// What the rules stand in.
    pub policy_file: String,
    /// What became of them.
    pub report: Report,
}

/// Runs the cases that a policy brings: beside its document, or in its component.
///
/// # Errors
/// [`TestError`], which names the file.
pub fn test<'c>(authored: &Authored, loader: impl Into<Loader<'c>>) -> Result<Tested, TestError> {
    let Some(text) = authored.cases() else {
        return Err(TestError::NoCases {
            path: authored.path().to_path_buf(),
            built: authored.is_component(),
        });
    };
    let (cases_file, policy_file) = files(authored);
    let cases = match Cases::parse(&text) {
        Ok(cases) => cases,
        Err(findings) => {
            let file = cases_file;
            return Err(TestError::Mistakes { file, findings });
        }
    };
    let policy = authored.policy(loader)?;
    let document: Option<&Document> = authored.written().map(|written| &written.document);
    Ok(Tested {
        cases_file,
        policy_file,
        report: run(&cases, &policy, document)?,
    })
}

/// How the files of the cases and of the rules are told.
fn files(authored: &Authored) -> (String, String) {
    let path = authored.path();
    if authored.is_component() {
        let within = |file: &str| format!("{}: {file}", path.display());
        return (within("cases.yaml"), within("policy.yaml"));
    }
    let cases = authored.cases_path();
    (cases.display().to_string(), path.display().to_string())
}

impl Report {
    /// Cases that pass.
    pub fn passed(&self) -> usize {
        self.results.len() - self.failed()
    }

    /// Cases that do not.
    pub fn failed(&self) -> usize {
        self.failures().count()
    }

    /// The cases that do not pass.
    pub fn failures(&self) -> impl Iterator<Item = &CaseResult> {
        let results = self.results.iter();
        results.filter(|result| !result.failures.is_empty())
    }

    /// `37 cases passed, 1 failed`
    pub fn summary(&self) -> String {
        let (passed, failed) = (self.passed(), self.failed());
        let cases = if passed == 1 { "case" } else { "cases" };
        match failed {
            0 => format!("{passed} {cases} passed"),
            _ => format!("{passed} {cases} passed, {failed} failed"),
        }
    }
}
