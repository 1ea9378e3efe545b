//! A policy's answer in words, with the names behind its indexes where there are any.

use std::fmt::Write as _;

use router_guest::decision::{Decision, Refusal};
use router_guest::json::Fault;
use router_guest::manifest::Manifest;

/// What was answered.
pub(super) fn of(manifest: &Manifest, answer: &Result<Decision, Refusal>) -> String {
    match answer {
        Ok(decision) => of_decision(manifest, decision),
        Err(refusal) => format!("refused: {}", Fault::of_refusal(*refusal).message),
    }
}

fn of_decision(manifest: &Manifest, decision: &Decision) -> String {
    let mut words = format!(
        "{}, intent {}, effect {}, reason {}, rule {}",
        decision.side.word(),
        decision.intent.word(),
        decision.effect.word(),
        name(&manifest.reasons, decision.reason),
        name(&manifest.rules, decision.rule),
    );
    // A string takes all that is written to it.
    if let Some(notional) = decision.notional {
        let _ = write!(words, ", notional {notional}");
    }
    if let Some(quantity) = decision.quantity {
        let _ = write!(words, ", quantity {quantity}");
    }
    if let Some(tier) = decision.tier {
        let names: Vec<_> = manifest.tiers.iter().map(|tier| &tier.name).collect();
        let _ = write!(words, ", tier {}", name(&names, tier));
    }
    if let Some(claim) = decision.budget {
        let names: Vec<_> = manifest.budgets.iter().map(|budget| &budget.name).collect();
        let budget = name(&names, claim.budget);
        let _ = write!(words, ", needs {} of {budget}", claim.need);
    }
    words
}

/// The name, or the number where there is none.
fn name(names: &[impl AsRef<str>], index: u32) -> String {
    let name = usize::try_from(index).ok().and_then(|at| names.get(at));
    name.map_or_else(
        || format!("number {index}"),
        |name| format!("`{}`", name.as_ref()),
    )
}
