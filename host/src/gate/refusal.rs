//! Why a candidate is not let in, and whether it is to blame.

use router_guest::document::Findings;
use router_guest::table::TableError;

use crate::check::{CheckError, Finding};
use crate::digest::Digest;
use crate::policy::{ComponentError, HostFault, ShapeError};
use crate::verify::{Report, Verdict};

/// Why a candidate is not let in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GateRefusal {
    /// It is the live policy: there is nothing to do.
    #[error("policy {digest} is the live one")]
    Unchanged {
        /// Its digest.
        digest: Digest,
    },
    /// It failed before.
    #[error("policy {digest} is quarantined: {why}")]
    Quarantined {
        /// Its digest.
        digest: Digest,
        /// What it did.
        why: String,
    },
    /// It is no policy.
    #[error(transparent)]
    Component(ComponentError),
    /// `verify` found something wrong with an answer.
    #[error("`verify` found {kinds} kinds of faults, the first is {code}: {what}; {scenario}")]
    Counterexample {
        /// Kinds of findings.
        kinds: usize,
        /// The first one's code.
        code: &'static str,
        /// What is wrong with the answer.
        what: String,
        /// The request with its state, as one line.
        scenario: String,
    },
    /// `verify` could not try its whole domain.
    #[error("`verify` could not try all of its domain, so nothing says that it holds: {why}")]
    NotVerified {
        /// What was left out.
        why: &'static str,
    },
    /// `check` shows a request that its document answers wrongly, or not at all.
    #[error("`check` refutes it: {finding}")]
    Refuted {
        /// The first of its findings.
        finding: Box<Finding>,
    },
    /// `check` came to no end.
    #[error("`check` cannot prove its document: {0}")]
    NotChecked(CheckError),
    /// Its cases cannot be read.
    #[error("its cases have mistakes: {0}")]
    CasesUnreadable(Findings),
    /// Its own cases do not pass.
    #[error("{failed} of its own cases fail, the first is `{}`", first.escape_debug())]
    Cases {
        /// How many fail.
        failed: usize,
        /// The name of the first that does.
        first: String,
    },
    /// Its table does not validate.
    #[error("its cases cannot be decided: {0}")]
    Table(TableError),
    /// A decision of it takes too long.
    #[error("its dearest decision takes {worst_fuel} fuel, and {fuel_max} is the bound")]
    TooDear {
        /// Fuel of the decision.
        worst_fuel: u64,
        /// The bound.
        fuel_max: u64,
    },
    /// The machine could not run it.
    #[error(transparent)]
    Host(#[from] HostFault),
}

impl GateRefusal {
    /// Whether the same bytes would be refused again, so that there is no use in trying. What the
    /// wider profile would take may be asked for again under that one.
    pub const fn blames_candidate(&self) -> bool {
        match self {
            Self::Unchanged { .. } | Self::Quarantined { .. } | Self::Host(_) => false,
            Self::Component(ComponentError::Shape(ShapeError::Bound(bound))) => {
                bound.large.is_none()
            }
            _ => true,
        }
    }

    pub(super) fn of_report(report: &Report) -> Self {
        let findings = report.findings();
        match (report.verdict(), findings.first()) {
            (Verdict::Counterexamples, Some(first)) => Self::Counterexample {
                kinds: findings.len(),
                code: first.breach.code(),
                what: first.what.clone(),
                scenario: first.scenario.to_json(),
            },
            _ => Self::NotVerified {
                why: match report.stopped() {
                    Some(stop) => stop.why(),
                    None => "it has more names, thresholds or cells than are tried",
                },
            },
        }
    }
}
