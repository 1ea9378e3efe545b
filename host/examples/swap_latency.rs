//! What it takes from saving a policy to its first decision: a document that nobody has seen,
//! through the whole gate; the same again, certified and compiled; and a component of which that is
//! so. It prints the least and the median.
//!
//! `cargo run --release -p execution-router --example swap_latency`

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use execution_router::gate::Gate;
use execution_router::watch::Watch;
use execution_router::{Cache, Candidate, FinalAction, Policy, Request, Router};

const DOCUMENT: &str = include_str!("../../policies/default/policy.yaml");
const CASES: &str = include_str!("../../policies/default/cases.yaml");
const ROUNDS: usize = 15;
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_micros(500);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The default policy, different in nothing but a remark, and so in its digest.
fn remarked(round: usize) -> String {
    format!("{DOCUMENT}# Round {round}.\n")
}

/// How long something took, each time.
#[derive(Default)]
struct Times(Vec<Duration>);

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.clone();
        times.sort();
        let least = times.first().copied().unwrap_or_default();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        write!(out, "{least:.1?} at least, {median:.1?} in the median")
    }
}

/// Asks until a later generation decides.
fn wait_for(router: &Router, request: &Request<'_>, generation: u64) -> Outcome<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let decision = router.decide(request)?;
        if decision
            .policy()
            .is_some_and(|policy| policy.generation >= generation)
        {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!("it is not live: {:?}", router.history().last()).into())
}

/// From the rename over a watched file to the first decision, for each round.
fn saved(router: &Router, request: &Request<'_>, path: &Path) -> Outcome<Times> {
    let mut times = Times::default();
    for round in 0..ROUNDS {
        let generation = router.policy().generation + 1;
        let beside = path.with_extension("tmp");
        fs::write(&beside, remarked(round))?;
        let started = Instant::now();
        fs::rename(beside, path)?;
        wait_for(router, request, generation)?;
        times.0.push(started.elapsed());
    }
    Ok(times)
}

/// From asking for a component by its file to the first decision.
fn asked_for(
    router: &Router,
    request: &Request<'_>,
    folder: &Path,
    cache: &Cache,
) -> Outcome<Times> {
    let mut times = Times::default();
    for round in 0..ROUNDS {
        let component = folder.join(format!("{round}.wasm"));
        let candidate = Candidate::of_document(&remarked(round), Some(CASES), cache)?;
        fs::write(&component, candidate.component())?;
        let started = Instant::now();
        let swapped = router.swap_file(&component, "figure");
        router.decide(request)?;
        times.0.push(started.elapsed());
        swapped?;
    }
    Ok(times)
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let cache = || Cache::at(folder.path().join("cache"));
    let watched = folder.path().join("watched");
    fs::create_dir(&watched)?;
    let path = watched.join("policy.yaml");
    fs::write(&path, DOCUMENT)?;
    fs::write(watched.join("cases.yaml"), CASES)?;
    let router = Router::new(Policy::load(&path, &cache())?)?.gate(Gate::new(cache()));
    let router = Arc::new(router);
    let request = Request::builder(FinalAction::Hold, "BTC/USDT", "trend").build()?;
    let watch = Watch::start(Arc::clone(&router), &path)?;
    let anew = saved(&router, &request, &path)?;
    let again = saved(&router, &request, &path)?;
    drop(watch);
    let asked = asked_for(&router, &request, folder.path(), &cache())?;
    println!("a document is saved, with the whole gate:    {anew}");
    println!("the same, certified and compiled before:     {again}");
    println!("a component is asked for that was so before: {asked}");
    Ok(())
}
