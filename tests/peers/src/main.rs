//! The routing table of the default policy in Cedar, Rego, JDM and CEL, proven equal to the
//! component on every cell of its domain that each can express, and timed beside it.

mod board;
mod case;
mod cedar;
mod cel_rules;
mod original;
mod ours;
mod peer;
mod prove;
mod rego;
mod report;
mod timing;
mod zen;

use std::hint::black_box;

use anyhow::{Result, bail};
use execution_router::{Policy, Router, TradeType};

const USAGE: &str =
    "peers prove | cells | time [ROUNDS] | memory NAME | decide [COUNT [normal|pilot|batch]]";
/// Rounds where none are asked for.
const ROUNDS: usize = 15;
const DECISIONS: usize = 10_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |default| match arguments.get(1) {
        Some(text) => text.parse::<usize>(),
        None => Ok(default),
    };
    match arguments.first().map(String::as_str) {
        Some("prove") => prove_all(&prove::policy()?),
        Some("cells") => original::print_cells(&prove::policy()?),
        Some("time") => report::write(&timing::all(&prove::policy()?, number(ROUNDS)?)?),
        Some("memory") => report::print_memory(arguments.get(1).map_or("", String::as_str)),
        Some("decide") => decide(
            &prove::policy()?,
            number(DECISIONS)?,
            arguments.get(2).map_or("normal", String::as_str),
        ),
        _ => bail!("usage: {USAGE}"),
    }
}

/// Holds every peer to the component. A difference is a failure.
fn prove_all(policy: &Policy) -> Result<()> {
    let proofs = [
        prove::prove::<rego::Machine>(policy)?,
        prove::prove::<rego::Interpreted>(policy)?,
        prove::prove::<zen::Zen>(policy)?,
        prove::prove::<cedar::Cedar>(policy)?,
        prove::prove::<cel_rules::Cel>(policy)?,
    ];
    proofs.iter().for_each(prove::print);
    let different: u64 = proofs.iter().map(|proof| proof.different).sum();
    if different > 0 {
        bail!("{different} cells are answered differently");
    }
    Ok(())
}

/// Decides one opening over and over, or the recorded signals in batches, for profilers.
fn decide(policy: &Policy, count: usize, what: &str) -> Result<()> {
    let router = Router::new(policy.clone())?;
    let request = match what {
        "normal" => ours::opening(TradeType::Normal)?,
        "pilot" => ours::opening(TradeType::Pilot)?,
        "batch" => {
            black_box(router.decide_batch(&ours::stream(count)?));
            return Ok(());
        }
        _ => bail!("usage: {USAGE}"),
    };
    for _ in 0..count {
        black_box(router.decide(&request)?);
    }
    Ok(())
}
