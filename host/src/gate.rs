//! What a candidate must pass before it may decide: it is another policy than the live one, it
//! is not quarantined, it is a policy at all, it holds over its whole domain, its own cases
//! pass, and its dearest decision is within a bound.
//!
//! It runs on its caller's thread, beside the decisions, and activates nothing: that is the
//! router's. A certificate is believed only where this host wrote it itself.

mod candidate;
mod refusal;

use router_guest::document::Document;
use router_guest::document::cases::Cases;

use crate::cache::Cache;
use crate::cases::{self, RunError};
use crate::check::{self, Finding};
use crate::compiler::Compiler;
use crate::compose;
use crate::digest::Digest;
use crate::policy::{ComponentError, Loader, Policy};
use crate::sandbox::SandboxProfile;
use crate::verify::{self, Certificate, Verdict};

pub use candidate::Candidate;
pub use refusal::GateRefusal;

/// Fuel of a candidate's dearest decision at most, where nothing else is said: a tenth of what
/// the sandbox stops a decision at.
pub const WORST_FUEL_MAX: u64 = 1_000_000;

/// What candidates must pass.
#[derive(Debug)]
pub struct Gate {
    cache: Cache,
    compiler: Compiler,
    profile: SandboxProfile,
    fuel_max: u64,
    checks: bool,
}

/// What came through the gate.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) policy: Policy,
    pub(crate) passed: Passed,
}

/// What a candidate has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Whether a certificate that this host had kept stood in for a run of `verify`.
    pub was_certified: bool,
    /// Fuel of its dearest decision.
    pub worst_fuel: u64,
    /// Its own cases, all of which pass; 0 when it brings none.
    pub cases: usize,
}

/// Why a policy of a store is not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// A later program may have others.
    #[error("the store holds it to the profile `{profile}`, which this program does not have")]
    Profile { profile: String },
    /// It is no policy any more.
    #[error(transparent)]
    Component(#[from] ComponentError),
}

impl Gate {
    /// A gate that keeps what it compiles and certifies in a cache.
    pub fn new(cache: Cache) -> Self {
        Self {
            cache,
            compiler: Compiler::default(),
            profile: SandboxProfile::default(),
            fuel_max: WORST_FUEL_MAX,
            checks: true,
        }
    }

    /// The same with another bound on the fuel of a candidate's dearest decision.
    #[must_use]
    pub const fn worst_fuel_max(mut self, fuel_max: u64) -> Self {
        self.fuel_max = fuel_max;
        self
    }

    /// The same, with foreign components compiled by this.
    #[must_use]
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// The same, with candidates that say no other held to the bounds of this profile.
    #[must_use]
    pub const fn profile(mut self, profile: SandboxProfile) -> Self {
        self.profile = profile;
        self
    }

    /// The same, without `check`: what a document does for names that only its routes know is
    /// then told by nobody before it does it. For a document whose check takes too long.
    #[must_use]
    pub const fn without_check(mut self) -> Self {
        self.checks = false;
        self
    }

    /// Loads candidates by the gate's bounds, its compiler and its cache.
    pub fn loader(&self) -> Loader<'_> {
        Loader::new(&self.cache)
            .compiler(self.compiler.clone())
            .profile(self.profile)
    }

    /// Loads what was live on a store, by the bounds that it was held to then.
    pub(crate) fn kept(&self, component: &[u8], profile: &str) -> Result<Policy, KeptError> {
        let profile = profile.parse().map_err(|_| KeptError::Profile {
            profile: profile.to_owned(),
        })?;
        Ok(self.loader().profile(profile).component(component)?)
    }

    /// Lets a candidate in, or says why not. `live` is the digest of the policy that decides
    /// now, `quarantined` why the candidate is not let in any more, where that is so.
    pub(crate) fn admit(
        &self,
        candidate: &Candidate,
        live: Option<Digest>,
        quarantined: Option<&str>,
    ) -> Result<Admitted, GateRefusal> {
        let digest = candidate.digest();
        if live == Some(digest) {
            return Err(GateRefusal::Unchanged { digest });
        }
        if let Some(why) = quarantined {
            let why = why.to_owned();
            return Err(GateRefusal::Quarantined { digest, why });
        }
        let policy = candidate
            .policy(&self.loader())
            .map_err(|error| match error {
                ComponentError::Host(fault) => GateRefusal::Host(fault),
                error => GateRefusal::Component(error),
            })?;
        let (certificate, was_certified) = self.certified(&policy)?;
        let cases = self.cases_passed(candidate, &policy)?;
        let worst_fuel = certificate.worst.map_or(0, |worst| worst.fuel);
        if worst_fuel > self.fuel_max {
            let fuel_max = self.fuel_max;
            return Err(GateRefusal::TooDear {
                worst_fuel,
                fuel_max,
            });
        }
        let passed = Passed {
            was_certified,
            worst_fuel,
            cases,
        };
        Ok(Admitted { policy, passed })
    }

    /// The policy's certificate: the one that was kept, or that of a run.
    fn certified(&self, policy: &Policy) -> Result<(Certificate, bool), GateRefusal> {
        if let Some(kept) = self.cache.certificate(policy.digest(), policy.profile())? {
            return Ok((kept, true));
        }
        let report = verify::verify(policy, &mut |_| {})?;
        match (report.verdict(), report.certificate()) {
            (Verdict::Certified, Some(certificate)) => {
                self.cache.keep_certificate(&report)?;
                Ok((certificate.clone(), false))
            }
            _ => Err(GateRefusal::of_report(&report)),
        }
    }

    /// How many cases the candidate brings, all of which pass, and its document holds: as was
    /// kept, or as a run shows.
    fn cases_passed(&self, candidate: &Candidate, policy: &Policy) -> Result<usize, GateRefusal> {
        let (digest, profile) = (policy.digest(), policy.profile());
        if let Some(cases) = self.cache.cases_passed(digest, profile)? {
            return Ok(cases);
        }
        if !self.checks {
            return run_cases(candidate, policy);
        }
        if let Some(document) = candidate.document() {
            check_document(&document)?;
        }
        let cases = run_cases(candidate, policy)?;
        self.cache.keep_cases_passed(digest, profile, cases)?;
        Ok(cases)
    }
}

/// Refuses a document that has no answer for somebody, or breaks an invariant for a name that
/// no manifest lists, which `verify` cannot know.
fn check_document(document: &Document) -> Result<(), GateRefusal> {
    let report = check::check(document).map_err(GateRefusal::NotChecked)?;
    let is_fault = |finding: &&Finding| finding.kind.is_fault_of_answers();
    match report.findings.iter().find(is_fault) {
        None => Ok(()),
        Some(first) => Err(GateRefusal::Refuted {
            finding: Box::new(first.clone()),
        }),
    }
}

/// Runs the cases that a candidate brings, and answers how many there are.
fn run_cases(candidate: &Candidate, policy: &Policy) -> Result<usize, GateRefusal> {
    // A component that was not built from a document brings none that could be read.
    let sections = compose::sections(candidate.component()).ok();
    let Some(text) = sections.and_then(|sections| sections.cases) else {
        return Ok(0);
    };
    let cases = Cases::parse(&text).map_err(GateRefusal::CasesUnreadable)?;
    let report = match cases::run(&cases, policy, None) {
        Ok(report) => report,
        Err(RunError::Host(fault)) => return Err(GateRefusal::Host(fault)),
        Err(RunError::Table(error)) => return Err(GateRefusal::Table(error)),
    };
    let first = report.failures().next().map(|case| case.name.clone());
    match first {
        None => Ok(report.results.len()),
        Some(first) => Err(GateRefusal::Cases {
            failed: report.failed(),
            first,
        }),
    }
}
