//! What it takes from saving a policy to its first decision: a document that nobody has seen,
//! through the whole gate; and a component that was certified and compiled before.
//!
//! `cargo run --release -p execution-router --example swap_latency`

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use execution_router::gate::Gate;
use execution_router::watch::Watch;
use execution_router::{Cache, Candidate, FinalAction, Policy, Request, Router};

const DOCUMENT: &str = include_str!("../../policies/default/policy.yaml");
const CASES: &str = include_str!("../../policies/default/cases.yaml");
const ROUNDS: usize = 9;
const PATIENCE: Duration = Duration::from_secs(30);

/// The default policy, different in nothing but a remark, and so in its digest.
fn remarked(round: usize) -> String {
    format!("{DOCUMENT}# Round {round}.\n")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Asks until a later generation decides.
fn wait_for(router: &Router, request: &Request<'_>, generation: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let decision = router.decide(request)?;
        if decision
            .policy()
            .is_some_and(|policy| policy.generation >= generation)
        {
            return Ok(());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Err(format!("it is not live: {:?}", router.history().last()).into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let cache = || Cache::at(folder.path().join("cache"));
    let path = folder.path().join("policy.yaml");
    fs::write(&path, DOCUMENT)?;
    fs::write(folder.path().join("cases.yaml"), CASES)?;
    let router = Router::new(Policy::load(&path, &cache())?)?.gate(Gate::new(cache()));
    let router = Arc::new(router);
    let request = Request::builder(FinalAction::Hold, "BTC/USDT", "trend").build()?;
    let watch = Watch::start(Arc::clone(&router), &path)?;

    let mut saved = Vec::new();
    for round in 0..ROUNDS {
        let generation = router.policy().generation + 1;
        let beside = folder.path().join("policy.tmp");
        fs::write(&beside, remarked(round))?;
        let started = Instant::now();
        fs::rename(beside, &path)?;
        wait_for(&router, &request, generation)?;
        saved.push(started.elapsed());
    }
    drop(watch);

    let mut known = Vec::new();
    for round in 0..ROUNDS {
        // The last one is live.
        let document = remarked(round % (ROUNDS - 1));
        let candidate = Candidate::of_document(&document, Some(CASES), &cache())?;
        let started = Instant::now();
        let swapped = router.swap(&candidate, "figure");
        router.decide(&request)?;
        known.push(started.elapsed());
        swapped?;
    }
    println!(
        "from saving `policy.yaml` to its first decision: {:?}",
        median(saved)
    );
    println!(
        "from a certified, cached component:              {:?}",
        median(known)
    );
    Ok(())
}
