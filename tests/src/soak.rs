//! Policies swapped under load: threads decide without pause while the four shipped policies take
//! each other's place, and every decision is held to what the policy that it names must answer.
//!
//! It measures and counts; what is too much or too slow is for whoever reads it to say.

mod answers;
mod deciding;
mod latency;
mod report;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use execution_router::gate::{Gate, GateRefusal};
use execution_router::ledger::{EventId, ReservationId};
use execution_router::router::{Activation, Probation, SwapRefusal};
use execution_router::{Amount, Cache, Candidate, Compiler, Loader, Router};

use crate::DEFAULT_POLICY;
use answers::Answers;
use deciding::{Ground, OVER, STAGES, Tally, WARMING};
pub use latency::Latencies;
pub use report::Report;

/// Why a run could not be made.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The shipped policies, in the order in which they take each other's place.
pub const POLICIES: [&str; 4] = ["default", "long-short", "cautious", "close-only"];
/// Memory is first looked at after so many swaps.
pub const RESIDENT_FROM: u64 = 100;

/// Changes that a reservation must outlive.
const ANCHORED: u64 = 50;
const WARM_UP: Duration = Duration::from_millis(300);
/// A change in so many is a rollback, where there are any.
const ROLLBACK_EVERY: u64 = 3;
/// Faults that a policy may show before it loses its place, where policies fail: so many that the
/// last good one is asked often, and so few that it happens.
const FAULTS_BORNE: usize = 5;

/// What happens beside the swaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Swaps,
    /// Every third change is a rollback by hand.
    Rollbacks,
    /// Every other policy fails: one has no route for some requests, one breaks an invariant.
    Faults,
}

impl Mode {
    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Swaps => "swaps",
            Self::Rollbacks => "rollbacks",
            Self::Faults => "faults",
        }
    }

    const fn has_trouble(self) -> bool {
        matches!(self, Self::Faults)
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What happens beside the swaps.
    pub mode: Mode,
    /// Changes of policy, rollbacks by hand among them.
    pub swaps: u64,
    /// Threads that decide.
    pub threads: usize,
    /// How long is waited between two swaps.
    pub pause: Duration,
    /// How long is measured without swaps: alone, and again beside a thread that loads policies.
    pub steady: Duration,
    /// Where compiled policies and certificates are kept.
    pub cache: PathBuf,
}

/// What the thread that swaps saw.
#[derive(Debug, Default)]
struct Swapped {
    swaps: u64,
    rollbacks: u64,
    /// Reservations that were there still after fifty changes.
    outlived: u64,
    took: Latencies,
    resident_first: Option<u64>,
    resident_last: Option<u64>,
}

/// Runs a plan.
///
/// # Errors
/// What keeps it from being run at all. Decisions that fail or mix are in the report.
pub fn run(plan: &Plan) -> Result<Report, Failure> {
    let cache = Cache::at(&plan.cache);
    if let Some(refusal) = cache.refusal() {
        return Err(refusal.to_string().into());
    }
    let candidates = candidates(plan.mode, &cache)?;
    let requests = answers::requests(0, plan.mode.has_trouble())?;
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    let mut policies = Vec::new();
    let mut first = None;
    for candidate in &candidates {
        let policy = loader.component(candidate.component())?;
        policies.push((candidate.digest(), Answers::of(&policy, &requests)?));
        first.get_or_insert(policy);
    }
    let gate = Gate::new(cache);
    let router = Router::new(first.ok_or("there is no policy")?)?
        .gate(if plan.mode.has_trouble() {
            // What makes trouble does so for names alone, which `check` would refute.
            gate.without_check()
        } else {
            gate
        })
        .probation(probation(plan.mode));
    let generations = usize::try_from(plan.swaps * 4 + 64)?;
    let ground = Ground {
        router: &router,
        mode: plan.mode,
        policies,
        generations: (0..generations).map(|_| AtomicU8::new(0)).collect(),
        stage: AtomicUsize::new(WARMING),
    };
    let started = Instant::now();
    let (tally, swapped) = under_load(plan, &ground, &candidates)?;
    Ok(Report {
        plan: plan.clone(),
        stages: STAGES.into_iter().zip(tally.latencies.clone()).collect(),
        tally,
        swapped,
        took: started.elapsed(),
    })
}

fn under_load(
    plan: &Plan,
    ground: &Ground<'_>,
    candidates: &[Candidate],
) -> Result<(Tally, Swapped), Failure> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads)
            .map(|thread| scope.spawn(move || ground.decide(thread)))
            .collect();
        let swapped = stages(plan, ground, candidates);
        ground.stage.store(OVER, Ordering::Release);
        let mut tally = Tally::default();
        for thread in threads {
            tally.merge(thread.join().map_err(|_| "a deciding thread died")??);
        }
        Ok((tally, swapped?))
    })
}

/// One stage after the other, on this thread.
fn stages(plan: &Plan, ground: &Ground<'_>, candidates: &[Candidate]) -> Result<Swapped, Failure> {
    // Each is certified before anything is measured, as it is where it was swapped in before.
    for candidate in candidates.iter().skip(1).chain(candidates.first()) {
        change(ground, candidate)?;
    }
    thread::sleep(WARM_UP);
    ground.stage.store(0, Ordering::Release);
    thread::sleep(plan.steady);
    ground.stage.store(1, Ordering::Release);
    load_only(plan, candidates)?;
    ground.stage.store(2, Ordering::Release);
    swaps(plan, ground, candidates)
}

/// As much work as swaps are, on the same cores, without one.
fn load_only(plan: &Plan, candidates: &[Candidate]) -> Result<(), Failure> {
    let cache = Cache::at(&plan.cache);
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    let started = Instant::now();
    for candidate in candidates.iter().cycle() {
        if started.elapsed() >= plan.steady {
            break;
        }
        drop(loader.component(candidate.component())?);
        thread::sleep(plan.pause);
    }
    Ok(())
}

fn swaps(plan: &Plan, ground: &Ground<'_>, candidates: &[Candidate]) -> Result<Swapped, Failure> {
    let mut swapped = Swapped::default();
    let mut next = candidates.iter().cycle().skip(1);
    let mut anchor = Anchor::default();
    while swapped.swaps + swapped.rollbacks < plan.swaps {
        let changes = swapped.swaps + swapped.rollbacks;
        if changes == RESIDENT_FROM {
            swapped.resident_first = resident();
        }
        swapped.outlived += u64::from(anchor.pass(ground.router, changes)?);
        let started = Instant::now();
        let rolls_back = plan.mode == Mode::Rollbacks && changes % ROLLBACK_EVERY == 2;
        if rolls_back {
            note(ground, &ground.router.rollback("soak")?)?;
            swapped.rollbacks += 1;
        } else {
            let candidate = next.next().ok_or("there is no policy")?;
            if !change(ground, candidate)? {
                continue;
            }
            swapped.swaps += 1;
        }
        swapped.took.add(started.elapsed());
        thread::sleep(plan.pause);
    }
    swapped.resident_last = resident();
    Ok(swapped)
}

/// Swaps a policy in; false when it is the live one, or not let in yet.
fn change(ground: &Ground<'_>, candidate: &Candidate) -> Result<bool, Failure> {
    if ground.mode.has_trouble() {
        ground.router.clear_quarantine(candidate.digest());
    }
    match ground.router.swap(candidate, "soak") {
        Ok(activation) => note(ground, &activation).map(|()| true),
        Err(SwapRefusal::Gate(GateRefusal::Unchanged { .. })) => Ok(false),
        // A decision that was on its way in its last life has found it out once more.
        Err(SwapRefusal::Gate(GateRefusal::Quarantined { .. })) if ground.mode.has_trouble() => {
            Ok(false)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn note(ground: &Ground<'_>, activation: &Activation) -> Result<(), Failure> {
    let policy = &activation.policy;
    let place = ground
        .place_of(policy.digest)
        .ok_or("a policy of no run is live")?;
    if ground.note(policy.generation, place) {
        Ok(())
    } else {
        Err(format!("generation {} was another policy", policy.generation).into())
    }
}

fn candidates(mode: Mode, cache: &Cache) -> Result<Vec<Candidate>, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let shipped: Vec<Candidate> = POLICIES
        .into_iter()
        .map(|name| Candidate::load(&folder.join(name), cache))
        .collect::<Result<_, _>>()?;
    if !mode.has_trouble() {
        return Ok(shipped);
    }
    // No position is closed where there is none: the policy has no answer.
    let gaping = "  - gap: { when: { strategy: gap }, close: position }";
    let violating = "  - evil: { when: { strategy: evil }, skip: not_today }";
    let failing = [("gaping", gaping), ("violating", violating)];
    let mut mixed = Vec::new();
    for (sound, (name, route)) in shipped.into_iter().zip(failing.into_iter().cycle()) {
        let document = DEFAULT_POLICY
            .replace("name: default", &format!("name: {name}"))
            .replace("routes:\n", &format!("routes:\n{route}\n"));
        mixed.extend([sound, Candidate::of_document(&document, None, cache)?]);
    }
    Ok(mixed)
}

fn probation(mode: Mode) -> Probation {
    if mode.has_trouble() {
        Probation {
            decisions: 0,
            faults: FAULTS_BORNE,
            ..Probation::default()
        }
    } else {
        Probation::default()
    }
}

/// A reservation that is made before so many changes and filled after them.
#[derive(Default)]
struct Anchor {
    held: Option<Anchored>,
}

struct Anchored {
    reservation: ReservationId,
    need: Amount,
    changes: u64,
}

impl Anchor {
    /// Weighs what was held long enough, all of which must be there still; true where it was.
    /// Holds another one where the live policy grants it.
    fn pass(&mut self, router: &Router, changes: u64) -> Result<bool, Failure> {
        match self.held.take_if(|held| held.changes + ANCHORED <= changes) {
            Some(held) => held.weigh(router).map(|()| true),
            None if self.held.is_some() => Ok(false),
            None => {
                let decision = router.decide(&answers::small_pilot()?)?;
                let granted = decision.reservation().zip(decision.notional());
                self.held = granted.map(|(reservation, need)| Anchored {
                    reservation,
                    need,
                    changes,
                });
                Ok(false)
            }
        }
    }
}

impl Anchored {
    fn weigh(self, router: &Router) -> Result<(), Failure> {
        let event = self.reservation.to_string();
        let released = router.release(self.reservation, EventId::new(&event)?)?;
        if released.released != self.need {
            let (need, left) = (self.need, released.released);
            return Err(format!("of {need} that was reserved, {left} was left").into());
        }
        Ok(())
    }
}

/// Resident memory of this process, in KiB; nothing where the system does not tell.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
