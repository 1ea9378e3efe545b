//! Peers held to the component: every cell of its domain that a peer's numbers hold.

use anyhow::{Context, Result};
use execution_router::policy::Instance;
use execution_router::{Cache, Policy, verify};

use crate::case::{Answer, Case};
use crate::peer::Peer;

/// Differences that are shown.
const SHOWN_MAX: usize = 5;

/// How a peer stood.
#[derive(Debug, Default)]
pub struct Proof {
    pub name: &'static str,
    /// Cells of the domain.
    pub cells: u64,
    /// Cells that the component refuses, because a figure is missing or too large.
    pub refused: u64,
    /// Cells whose figures the peer's numbers do not hold.
    pub inexpressible: u64,
    /// Cells answered alike.
    pub equal: u64,
    /// Cells answered differently where need and budget are within rounding of each other.
    pub rounded: u64,
    /// Cells answered differently, and the first of them.
    pub different: u64,
    pub shown: Vec<String>,
}

/// Asks a peer and the component every cell.
pub fn prove<P: Peer>(policy: &Policy) -> Result<Proof> {
    let mut peer = P::load(0)?;
    let mut instance: Instance = policy.instantiate()?;
    let manifest = policy.manifest();
    let mut proof = Proof {
        name: P::NAME,
        ..Proof::default()
    };
    let mut failure = None;
    verify::cells(policy, &mut |request, state| {
        proof.cells += 1;
        let answered = match instance.decide(request, state) {
            Ok(answered) => answered,
            Err(fault) => {
                failure = Some(fault);
                return;
            }
        };
        let Some(wanted) = Answer::of_component(manifest, &answered, request.terms.sized) else {
            proof.refused += 1;
            return;
        };
        let case = Case::of(manifest, request, state);
        let Some(input) = peer.input(&case) else {
            proof.inexpressible += 1;
            return;
        };
        // Twice, because an engine must leave its input as it was.
        let mut ask = || {
            peer.decide(&input)
                .and_then(|output| peer.answer(&case, &output))
        };
        let _first = ask();
        let found = ask();
        if found.as_ref().is_ok_and(|found| *found == wanted) {
            proof.equal += 1;
        } else if [0.4, 0.5].into_iter().any(|size| case.is_at_an_edge(size)) {
            proof.rounded += 1;
        } else {
            proof.different += 1;
            if proof.shown.len() < SHOWN_MAX {
                proof.shown.push(format!(
                    "{}\n    component: {wanted:?}\n    {}: {found:?}",
                    case.line(),
                    P::NAME
                ));
            }
        }
    });
    match failure {
        Some(fault) => Err(fault).context("the component does not answer"),
        None => Ok(proof),
    }
}

/// The default policy, compiled.
pub fn policy() -> Result<Policy> {
    Ok(Policy::default_policy(&Cache::user())?)
}

/// One line a peer, and its differences.
pub fn print(proof: &Proof) {
    println!(
        "{}: {} cells, {} refused by the component, {} not expressible, {} equal, {} within rounding of doubles, {} different",
        proof.name,
        proof.cells,
        proof.refused,
        proof.inexpressible,
        proof.equal,
        proof.rounded,
        proof.different
    );
    for shown in &proof.shown {
        println!("  {shown}");
    }
}
