//! A thread that decides without pause, holds every decision to what the policy that it names
//! must answer, and gives back what it is granted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Instant;

use execution_router::ledger::{EventId, ReservationId, Settlement};
use execution_router::{Amount, Decision, Digest, Request, Router, Side};

use super::answers::{self, Answers};
use super::latency::Latencies;
use super::{Failure, Mode};

/// Stages of a run, in this order.
pub(super) const STAGES: [&str; 3] = [
    "steady",
    "beside a thread that loads policies",
    "during swaps",
];
/// Nothing is measured yet: instances are made, pages are touched.
pub(super) const WARMING: usize = STAGES.len();
/// Threads come to an end.
pub(super) const OVER: usize = STAGES.len() + 1;

/// Decisions of a thread in a day of its requests: budgets begin anew with each.
const DAY_DECISIONS: u64 = 500_000;
/// Every so many decisions, a reservation is given back: in between, budgets are spent.
const GIVE_BACK: u64 = 40;
/// Of those that are given back, one in so many is filled, and so little of it that budgets last.
const FILLED: u64 = 2048;
const FILL: Amount = match Amount::new(1, 6) {
    Some(fill) => fill,
    None => Amount::ZERO,
};
const RESERVATIONS_MAX: usize = 64;
/// Requests that some policies fail on are one in so many.
const TROUBLE: u64 = 97;
const FAULTS_KEPT: usize = 8;

/// What all threads of a run share.
pub(super) struct Ground<'a> {
    pub(super) router: &'a Router,
    pub(super) mode: Mode,
    pub(super) policies: Vec<(Digest, Answers)>,
    /// The place among the policies of what each generation was, plus one; 0 where none decided
    /// yet.
    pub(super) generations: Box<[AtomicU8]>,
    pub(super) stage: AtomicUsize,
}

/// What a thread saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) latencies: [Latencies; STAGES.len()],
    /// Decisions on a generation that the thread had not met.
    pub(super) first: Latencies,
    pub(super) decided: u64,
    pub(super) failed: u64,
    pub(super) mixed: u64,
    /// By another generation than the one that was asked first.
    pub(super) again: u64,
    pub(super) granted: u64,
    pub(super) filled: u64,
    pub(super) faults: Vec<String>,
}

impl Tally {
    pub(super) fn merge(&mut self, other: Self) {
        for (own, more) in self.latencies.iter_mut().zip(&other.latencies) {
            own.merge(more);
        }
        self.first.merge(&other.first);
        self.decided += other.decided;
        self.failed += other.failed;
        self.mixed += other.mixed;
        self.again += other.again;
        self.granted += other.granted;
        self.filled += other.filled;
        self.faults.extend(other.faults);
        self.faults.truncate(FAULTS_KEPT);
    }

    fn fault(&mut self, what: impl FnOnce() -> String) {
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(what());
        }
    }
}

impl Ground<'_> {
    /// Notes what a generation is; false when it was something else before, or is none.
    pub(super) fn note(&self, generation: u64, policy: usize) -> bool {
        let known = usize::try_from(generation).ok();
        let known = known.and_then(|at| self.generations.get(at));
        let (Some(known), Ok(policy)) = (known, u8::try_from(policy + 1)) else {
            return false;
        };
        let earlier = known.load(Ordering::Relaxed);
        let noted = || known.compare_exchange(0, policy, Ordering::Relaxed, Ordering::Relaxed);
        earlier == policy || earlier == 0 && noted().map_or_else(|now| now == policy, |_| true)
    }

    pub(super) fn place_of(&self, digest: Digest) -> Option<usize> {
        self.policies.iter().position(|(one, _)| *one == digest)
    }

    /// Decides until the run is over.
    pub(super) fn decide(&self, thread: usize) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut held = Held::of(thread);
        let with_trouble = self.mode.has_trouble();
        let mut requests = answers::requests(0, with_trouble)?;
        let sound = answers::requests(0, false)?.len();
        let (mut at, mut latest) = (thread * sound / 3, 0);
        loop {
            let stage = self.stage.load(Ordering::Acquire);
            if stage == OVER {
                break;
            }
            let number = tally.decided;
            if number.is_multiple_of(DAY_DECISIONS) {
                requests = answers::requests(u32::try_from(number / DAY_DECISIONS)?, with_trouble)?;
            }
            at = (at + 1) % sound;
            let is_trouble = with_trouble && number.is_multiple_of(TROUBLE);
            let asked = if is_trouble { sound + at % 2 } else { at };
            let Some(request) = requests.get(asked) else {
                return Err("there is no such request".into());
            };
            let started = Instant::now();
            let decided = self.router.decide(request);
            let took = started.elapsed();
            tally.decided += 1;
            let measured = tally.latencies.get_mut(stage);
            let is_measured = measured.is_some();
            if let Some(latencies) = measured {
                latencies.add(took);
            }
            match decided {
                Ok(decision) => {
                    let generation = self.judge(asked, request, &decision, latest, &mut tally);
                    if generation > latest {
                        if is_measured {
                            tally.first.add(took);
                        }
                        latest = generation;
                    }
                    held.take(&decision, &mut tally);
                }
                Err(rejection) => {
                    tally.failed += 1;
                    tally.fault(|| format!("{}: refused, {rejection}", told(request)));
                }
            }
            if number.is_multiple_of(GIVE_BACK) {
                held.give_back(self.router, &mut tally)?;
            }
        }
        while !held.reservations.is_empty() {
            held.give_back(self.router, &mut tally)?;
        }
        Ok(tally)
    }

    /// Holds a decision to the policy that it names, and answers its generation.
    fn judge(
        &self,
        asked: usize,
        request: &Request<'_>,
        decision: &Decision,
        latest: u64,
        tally: &mut Tally,
    ) -> u64 {
        let Some(policy) = decision.policy() else {
            tally.failed += 1;
            tally.fault(|| {
                format!(
                    "{}: no policy decided, {}",
                    told(request),
                    decision.reason()
                )
            });
            return 0;
        };
        let generation = policy.generation;
        let fault = match self.place_of(policy.digest) {
            None => Some("no policy of the run"),
            Some(place) if !self.note(generation, place) => {
                Some("the generation was another policy")
            }
            Some(place) => self
                .policies
                .get(place)
                .and_then(|(_, answers)| answers.fault(asked, decision)),
        };
        // Who decides again in a policy's stead is an earlier one.
        let is_back = generation < latest;
        tally.again += u64::from(is_back);
        let fault = fault.or((is_back && !self.mode.has_trouble()).then_some("generations go up"));
        if let Some(fault) = fault {
            tally.mixed += 1;
            let (name, by) = (&policy.manifest.name, decision.rule());
            let said = format!(
                "{} {} by {by} of {name}/{generation}",
                decision.side().word(),
                decision.reason()
            );
            tally.fault(|| format!("{}: {said}: {fault}", told(request)));
        }
        generation
    }
}

fn told(request: &Request<'_>) -> String {
    let terms = request.terms();
    format!(
        "{} {} {} on {:?}",
        terms.final_action.word(),
        request.symbol(),
        request.strategy(),
        terms.position,
    )
}

/// What a thread was granted and has not given back.
struct Held {
    thread: usize,
    reservations: VecDeque<(ReservationId, Side)>,
    given_back: u64,
}

impl Held {
    fn of(thread: usize) -> Self {
        Self {
            thread,
            reservations: VecDeque::with_capacity(RESERVATIONS_MAX),
            given_back: 0,
        }
    }

    fn take(&mut self, decision: &Decision, tally: &mut Tally) {
        if let Some(reservation) = decision.reservation() {
            tally.granted += 1;
            self.reservations.push_back((reservation, decision.side()));
        }
    }

    /// Releases or fills the oldest. That it is still known shows that it outlived the policies
    /// that came and went since.
    fn give_back(&mut self, router: &Router, tally: &mut Tally) -> Result<(), Failure> {
        let Some((reservation, side)) = self.reservations.pop_front() else {
            return Ok(());
        };
        self.given_back += 1;
        let event = format!("{}-{}", self.thread, self.given_back);
        let event_id = EventId::new(&event)?;
        if self.given_back % FILLED == 1 {
            router.settle(&Settlement {
                reservation,
                event_id,
                notional: FILL,
                side,
                is_final: true,
            })?;
            tally.filled += 1;
        } else {
            router.release(reservation, event_id)?;
        }
        Ok(())
    }
}
