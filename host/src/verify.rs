//! Exhaustive verification of a component, whoever made it: its whole finite domain is decided,
//! in two orders, on fresh instances and in batches, and every answer is held to the invariants.
//!
//! It looks at nothing but the manifest and the answers, and at a foreign component for names that
//! it could tell apart. What neither says, which names a pattern takes in for one, is not part of
//! the domain (`check` reads a document's rules themselves). It changes nothing and keeps nothing; [`crate::Cache`] keeps what it certifies.

mod axis;
mod batches;
mod certificate;
mod cuts;
mod domain;
mod finding;
mod lane;
mod points;
mod report;
mod run;
mod spending;
mod symbols;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use router_guest::request::Request;
use router_guest::state::State;

use crate::compose::ComposeError;
use crate::policy::{HostFault, NAMES_FOUND_MAX, Policy, PolicyError};
use crate::sandbox::{self, LIMITS, ProfileLimits, SandboxProfile};

pub use certificate::{
    CERTIFICATE_BYTES_MAX, CERTIFICATE_FORMAT, Certificate, CertificateError, Decisions, Dimension,
    INVARIANTS, Names, OutcomeCounts, PolicyName, Product, Rules, Worst,
};
pub use domain::CELLS_MAX;
pub use finding::{Breach, Finding, Path};
pub use lane::{LANE_FAULTS_MAX, Stop, lane_fuel_max};
pub use run::Progress;

pub(crate) use domain::Domain;
use lane::Tally;
use run::{Again, Ran};

/// The program that verifies, and its version.
pub(crate) const TOOL: &str = concat!("execution-router ", env!("CARGO_PKG_VERSION"));
/// The interface that policies are asked by.
const INTERFACE: &str = "execution-router:policy@0.1.0";
/// Rules that no cell reached which a certificate names.
const RULES_NAMED_MAX: usize = 20;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every cell of the domain is answered as it must be.
    Certified,
    /// Nothing is wrong with what was tried, and not everything was.
    Partial,
    /// Something is wrong.
    Counterexamples,
}

/// What a run found. It is made by [`verify`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    measured: Certificate,
    findings: Vec<Finding>,
    stopped: Option<Stop>,
}

/// Verifies a policy. `watch` is told now and then how far it is, on this thread.
///
/// # Errors
/// [`HostFault`] when the machine could not run it: nothing is said of the policy then.
pub fn verify(policy: &Policy, watch: &mut dyn FnMut(Progress)) -> Result<Report, HostFault> {
    let started = Instant::now();
    let domain = Domain::of(policy.manifest(), &policy.found_names());
    report(policy, &domain, started, watch)
}

/// Shows every cell of a policy's domain, as the policy is asked it: the types that see no budget
/// have none in their state. For whoever holds another implementation to the same answers.
pub fn cells(policy: &Policy, visit: &mut dyn FnMut(&Request<'_>, &State<'_>)) {
    let domain = Domain::of(policy.manifest(), &policy.found_names());
    for cell in (0..domain.len()).filter_map(|number| domain.cell(number)) {
        visit(&cell.request(), &cell.state());
    }
}

fn report(
    policy: &Policy,
    domain: &Domain<'_>,
    started: Instant,
    watch: &mut dyn FnMut(Progress),
) -> Result<Report, HostFault> {
    let ran = run::over(policy, domain, watch)?;
    let mut measured = Certificate {
        format: CERTIFICATE_FORMAT,
        component: policy.digest(),
        policy: PolicyName {
            name: policy.manifest().name.clone(),
            version: policy.manifest().version.clone(),
        },
        interface: INTERFACE.to_owned(),
        engine: sandbox::engine_digest(policy.profile())?,
        tool: TOOL.to_owned(),
        rule_engine: policy.is_rule_engine(),
        cells: domain.len() as u64,
        complete: domain.is_complete(),
        dimensions: dimensions(domain),
        names: names(policy),
        products: products(domain),
        decisions: decisions(&ran),
        outcomes: ran.first.outcomes.into(),
        rules: Rules::default(),
        worst: None,
        invariants: BTreeMap::new(),
        limits: limits(policy.profile()),
        milliseconds: 0,
    };
    let all = together(ran);
    measured.rules = rules(policy, &all);
    measured.worst = all.worst.and_then(|(fuel, cell)| {
        let scenario = domain.cell(cell)?.scenario();
        Some(Worst { fuel, scenario })
    });
    let findings = all.findings.into_vec();
    measured.invariants = held(&findings);
    measured.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Report {
        measured,
        findings,
        stopped: all.stopped,
    })
}

impl Report {
    /// How it ended.
    pub fn verdict(&self) -> Verdict {
        if !self.findings.is_empty() {
            Verdict::Counterexamples
        } else if self.measured.complete && self.stopped.is_none() {
            Verdict::Certified
        } else {
            Verdict::Partial
        }
    }

    /// What is certified: nothing where something is wrong, or where the run was stopped. A
    /// domain that was sampled is certified as such, with `complete` false.
    pub fn certificate(&self) -> Option<&Certificate> {
        let is_sound = self.findings.is_empty() && self.stopped.is_none();
        is_sound.then_some(&self.measured)
    }

    /// What was tried, and what it took, whatever came of it.
    pub const fn measured(&self) -> &Certificate {
        &self.measured
    }

    /// What is wrong: an example of each kind, the first one first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Why it ended before the domain did, where it did.
    pub const fn stopped(&self) -> Option<Stop> {
        self.stopped
    }
}

/// Whether it is the policy's own fault that it cannot be loaded, and not that of the file, the
/// machine or whoever asked.
pub fn blames_policy(error: &PolicyError) -> bool {
    match error {
        PolicyError::Component { error, .. } => error.blames_policy(),
        PolicyError::Compose { error, .. } => !matches!(error, ComposeError::Host(_)),
        PolicyError::TooLarge { bytes_max, .. } => {
            *bytes_max == SandboxProfile::Large.limits().decode.component_bytes_max
        }
        PolicyError::Read { .. }
        | PolicyError::NotAFile { .. }
        | PolicyError::NotText { .. }
        | PolicyError::NotADocument { .. } => false,
    }
}

fn dimensions(domain: &Domain<'_>) -> Vec<Dimension> {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let extents = domain.extents().into_iter();
    extents
        .map(|extent| {
            let paired = extent.paired.unwrap_or_default();
            Dimension {
                name: extent.name.to_owned(),
                points: count(extent.points),
                paired: count(paired.declared),
                paired_tried: count(paired.tried),
                cuts: count(extent.cuts.declared),
                cuts_tried: count(extent.cuts.tried),
            }
        })
        .collect()
}

fn names(policy: &Policy) -> Names {
    let found = policy.found_names();
    let tried: BTreeSet<&String> = found.symbols.iter().chain(&found.strategies).collect();
    Names {
        declared: policy.manifest().symbols.len() as u64,
        found: found.found as u64,
        found_tried: tried.len() as u64,
    }
}

fn products(domain: &Domain<'_>) -> Vec<Product> {
    let products = domain.products().iter();
    products
        .map(|product| Product {
            name: product.name.clone(),
            cells: product.cells as u64,
        })
        .collect()
}

fn decisions(ran: &Ran) -> Decisions {
    let mut decisions = Decisions {
        first_order: ran.first.decided,
        warm_instances: ran.first.instances,
        ..Decisions::default()
    };
    if let Some(Again {
        second,
        fresh,
        batches,
    }) = &ran.again
    {
        decisions.second_order = second.decided;
        decisions.fresh = fresh.decided;
        decisions.batch = batches.decided;
        decisions.warm_instances += second.instances + batches.instances;
        decisions.fresh_instances = fresh.instances;
    }
    decisions
}

fn together(ran: Ran) -> Tally {
    let mut all = ran.first;
    if let Some(Again {
        second,
        fresh,
        batches,
    }) = ran.again
    {
        all.merge(second);
        all.merge(fresh);
        all.merge(batches);
    }
    all
}

fn rules(policy: &Policy, all: &Tally) -> Rules {
    let names = &policy.manifest().rules;
    let missed = names
        .iter()
        .zip(&all.rules)
        .filter(|(_, reached)| !**reached)
        .map(|(name, _)| name);
    let missing = missed.clone().count();
    Rules {
        declared: names.len() as u64,
        reached: names.len().saturating_sub(missing) as u64,
        not_reached: missed.take(RULES_NAMED_MAX).cloned().collect(),
    }
}

/// The invariants that nothing was found against.
fn held(findings: &[Finding]) -> BTreeMap<String, String> {
    let broken = |code: &str| findings.iter().any(|finding| finding.breach.code() == code);
    let held = INVARIANTS.iter().filter(|(code, _)| !broken(code));
    held.map(|(code, name)| ((*code).to_owned(), (*name).to_owned()))
        .collect()
}

/// Every bound, by name.
fn limits(profile: SandboxProfile) -> BTreeMap<String, u64> {
    let ProfileLimits { decode, run, .. } = profile.limits();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let limits = [
        ("cells_max", count(CELLS_MAX)),
        ("names_found_max", count(NAMES_FOUND_MAX)),
        ("lanes", count(run::LANES)),
        ("lane_faults_max", u64::from(LANE_FAULTS_MAX)),
        ("lane_fuel_max", lane_fuel_max(profile)),
        ("component_bytes_max", count(decode.component_bytes_max)),
        ("memory_bytes_max", count(run.memory_bytes_max)),
        ("stack_bytes_max", count(run.stack_bytes_max)),
        ("decide_fuel_max", LIMITS.decide_fuel_max),
        ("describe_fuel_max", LIMITS.describe_fuel_max),
        ("decision_bytes_max", count(LIMITS.decision_bytes_max)),
        ("manifest_bytes_max", count(LIMITS.manifest_bytes_max)),
        ("batch_items_max", count(LIMITS.batch_items_max)),
    ];
    limits
        .into_iter()
        .map(|(name, limit)| (name.to_owned(), limit))
        .collect()
}

#[cfg(test)]
mod tests;
