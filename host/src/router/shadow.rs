//! A candidate that decides beside the live policy, on requests that the live one has decided:
//! on a thread of its own, behind a bounded queue that drops what it has no room for. Nothing
//! of what it says reaches a decision, a budget or the store.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use router_guest::amount::Amount;
use router_guest::state::BudgetUse;

use super::ask::{self, Shown, Unanswered};
use super::generation::Live;
use super::{Activation, Router, SwapRefusal};
use crate::decision::{Answer, PolicyIdentity};
use crate::digest::Digest;
use crate::events::Asker;
use crate::gate::{Candidate, GateRefusal};
use crate::guard::Question;
use crate::policy::{HostFault, Instance, Policy};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::scenario::Scenario;

/// Requests that wait for a shadow; what comes beyond is dropped, and counted.
pub const SHADOW_QUEUE_MAX: usize = 1024;
/// Kinds of differences that are told apart.
pub const SHADOW_KINDS_MAX: usize = 64;
/// Examples of each kind.
pub const SHADOW_SAMPLES_MAX: usize = 3;

/// What a shadow has said so far.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowReport {
    /// The candidate.
    pub digest: Digest,
    /// Decisions of the live policy that were taken as samples.
    pub sampled: u64,
    /// Samples that there was no room for.
    pub dropped: u64,
    /// Samples that the candidate decided.
    pub compared: u64,
    /// Those that it answered the same.
    pub same: u64,
    /// Those that differ in a kind beyond the bound of [`SHADOW_KINDS_MAX`].
    pub unlisted: u64,
    /// How the others differ, in the order of the answers' words.
    pub differences: Vec<ShadowDifference>,
}

/// Requests that the live policy answers in one way and the candidate in another.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowDifference {
    /// What the live policy says: `BUY normal open_long`.
    pub old: String,
    /// What the candidate says.
    pub new: String,
    /// How often.
    pub count: u64,
    /// The first of them.
    pub samples: Vec<Scenario>,
}

/// A candidate in the shadow.
pub(super) struct Shadow {
    candidate: Candidate,
    every: NonZeroU32,
    seen: AtomicU64,
    sampled: AtomicU64,
    dropped: AtomicU64,
    queue: SyncSender<Task>,
    tally: Arc<Mutex<Tally>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Task {
    Compare(Box<Sample>),
    Stop,
}

/// A request, what it met, and what the live policy said.
struct Sample {
    scenario: Scenario,
    asked: Arc<PolicyIdentity>,
    said: Said,
}

#[derive(Debug, Default)]
struct Tally {
    compared: u64,
    same: u64,
    unlisted: u64,
    differences: BTreeMap<(String, String), (u64, Vec<Scenario>)>,
}

/// An answer as far as it is compared.
#[derive(PartialEq)]
struct Said {
    words: String,
    quantity: Option<Amount>,
    notional: Option<Amount>,
}

impl Said {
    fn bare(words: String) -> Self {
        Self {
            words,
            quantity: None,
            notional: None,
        }
    }

    fn of(answered: Result<&Answer, &Rejection>) -> Self {
        match answered {
            Ok(answer) => Self {
                words: format!(
                    "{} {} {}",
                    answer.side.word(),
                    answer.intent.word(),
                    answer.reason()
                ),
                quantity: answer.quantity,
                notional: answer.notional,
            },
            Err(rejection) => Self::bare(format!("refused {}", rejection.code)),
        }
    }
}

impl Shadow {
    fn start(candidate: Candidate, policy: Policy, every: NonZeroU32) -> Result<Self, HostFault> {
        let (queue, tasks) = sync_channel(SHADOW_QUEUE_MAX);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let told = Arc::clone(&tally);
        let thread = thread::Builder::new()
            .name("shadow".into())
            .spawn(move || run(&policy, &tasks, &told))
            .map_err(|error| HostFault::Instance {
                message: error.to_string(),
            })?;
        Ok(Self {
            candidate,
            every,
            seen: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            queue,
            tally,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Offers what the live policy has just answered; it never waits.
    #[cold]
    pub(super) fn offer(
        &self,
        request: &Request<'_>,
        shown: &Shown<'_>,
        asked: &Arc<PolicyIdentity>,
        answered: Result<&Answer, &Rejection>,
    ) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        if !seen.is_multiple_of(u64::from(self.every.get())) {
            return;
        }
        self.sampled.fetch_add(1, Ordering::Relaxed);
        let mut scenario = Scenario::new(request.symbol(), request.strategy(), *request.terms());
        scenario.trading_state = shown.trading_state;
        scenario.budgets = shown.uses.map(<[BudgetUse]>::to_vec);
        let sample = Sample {
            scenario,
            asked: Arc::clone(asked),
            said: Said::of(answered),
        };
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Task::Compare(Box::new(sample))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Decides what still waits, and ends the thread.
    fn stop(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // It fails when the thread is gone already.
            let _ = self.queue.send(Task::Stop);
            let _ = thread.join();
        }
    }

    fn report(&self) -> ShadowReport {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let differences = tally.differences.iter();
        ShadowReport {
            digest: self.candidate.digest(),
            sampled: self.sampled.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            compared: tally.compared,
            same: tally.same,
            unlisted: tally.unlisted,
            differences: differences
                .map(|((old, new), (count, samples))| ShadowDifference {
                    old: old.clone(),
                    new: new.clone(),
                    count: *count,
                    samples: samples.clone(),
                })
                .collect(),
        }
    }
}

impl Tally {
    fn count(&mut self, sample: Sample, said: Said) {
        self.compared += 1;
        if sample.said == said {
            self.same += 1;
            return;
        }
        let (old, mut new) = (sample.said.words, said.words);
        if old == new {
            new.push_str(" of another size");
        }
        let kinds = self.differences.len();
        match self.differences.entry((old, new)) {
            Entry::Vacant(_) if kinds >= SHADOW_KINDS_MAX => self.unlisted += 1,
            Entry::Vacant(place) => {
                place.insert((1, vec![sample.scenario]));
            }
            Entry::Occupied(mut place) => {
                let (count, samples) = place.get_mut();
                *count += 1;
                if samples.len() < SHADOW_SAMPLES_MAX {
                    samples.push(sample.scenario);
                }
            }
        }
    }
}

/// The shadow's thread.
fn run(policy: &Policy, tasks: &Receiver<Task>, tally: &Mutex<Tally>) {
    let identity = Arc::new(PolicyIdentity {
        manifest: Arc::new(policy.manifest().clone()),
        digest: policy.digest(),
        digest_text: policy.digest().to_string(),
        generation: 0,
    });
    let mut instance = None;
    while let Ok(Task::Compare(sample)) = tasks.recv() {
        let uses = own_uses(&sample, policy);
        let said = decide(policy, &identity, &mut instance, &sample.scenario, &uses);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.count(*sample, said);
    }
}

/// The use of the candidate's own budgets, by their names; of one that the live policy does
/// not have nothing is used.
fn own_uses(sample: &Sample, policy: &Policy) -> Vec<BudgetUse> {
    let given = sample.scenario.budgets.as_deref().unwrap_or_default();
    let theirs = &sample.asked.manifest.budgets;
    let own = policy.manifest().budgets.iter();
    own.map(|budget| {
        let at = theirs.iter().position(|other| other.name == budget.name);
        at.and_then(|at| given.get(at)).copied().unwrap_or_default()
    })
    .collect()
}

fn decide(
    policy: &Policy,
    identity: &Arc<PolicyIdentity>,
    instance: &mut Option<Instance>,
    scenario: &Scenario,
    uses: &[BudgetUse],
) -> Said {
    let request = scenario.request();
    let state = router_guest::state::State {
        trading_state: scenario.trading_state,
        budgets: scenario.budgets.is_some().then_some(uses),
    };
    let mut ready = match instance.take().map_or_else(|| policy.instantiate(), Ok) {
        Ok(ready) => ready,
        Err(_) => return Said::bare("no answer (host)".into()),
    };
    let (answered, fuel) = match ready.decide(&request, &state) {
        Ok(answer) => answer,
        // After a fault an instance is dead.
        Err(_) => return Said::bare("no answer (fault)".into()),
    };
    *instance = Some(ready);
    let question = Question {
        manifest: policy.manifest(),
        symbol: policy.symbol(&scenario.symbol),
        request: &request,
        state: &state,
    };
    match ask::completed(&question, identity, answered, Some(fuel)) {
        Ok(answer) => Said::of(Ok(&answer)),
        Err(Unanswered::Rejected(rejection)) => Said::of(Err(&rejection)),
        Err(Unanswered::NoRoute) => Said::bare("no answer (no_route)".into()),
        Err(Unanswered::Violation(violation)) => {
            Said::bare(format!("no answer ({})", violation.invariant))
        }
    }
}

impl Router {
    /// Lets a candidate decide beside the live policy, on every `every`th request that the live
    /// one decides, in place of any shadow before. It is compiled, and not put to the gate.
    ///
    /// # Errors
    /// [`SwapRefusal::Gate`] when it is no policy, or cannot be run.
    pub fn shadow(&self, candidate: Candidate, every: NonZeroU32) -> Result<(), SwapRefusal> {
        let policy = candidate.policy(&self.gate.loader());
        let policy = policy.map_err(GateRefusal::Component)?;
        let shadow = Shadow::start(candidate, policy, every).map_err(GateRefusal::Host)?;
        if let Some(before) = self.replace_shadow(Some(Arc::new(shadow))) {
            before.stop();
        }
        Ok(())
    }

    /// What the shadow has said so far; `None` where there is none.
    pub fn shadow_report(&self) -> Option<ShadowReport> {
        self.slot
            .now()
            .shadow
            .as_ref()
            .map(|shadow| shadow.report())
    }

    /// Ends the shadow, once it has decided what waits for it, and answers all that it said.
    pub fn drop_shadow(&self) -> Option<ShadowReport> {
        let shadow = self.replace_shadow(None)?;
        shadow.stop();
        Some(shadow.report())
    }

    /// Puts the shadow to the gate, and makes it the live policy.
    ///
    /// # Errors
    /// [`SwapRefusal`]; the live policy stays, and the shadow goes on.
    pub fn promote(&self, asked_by: impl Into<Asker>) -> Result<Activation, SwapRefusal> {
        let shadow = self.slot.now().shadow.clone();
        let shadow = shadow.ok_or(SwapRefusal::NoShadow)?;
        let activation = self.swap(&shadow.candidate, asked_by)?;
        self.drop_shadow();
        Ok(activation)
    }

    fn replace_shadow(&self, shadow: Option<Arc<Shadow>>) -> Option<Arc<Shadow>> {
        let _desk = self.desk();
        let live = self.slot.now();
        self.slot.set(Live {
            generation: Arc::clone(&live.generation),
            earlier: live.earlier.clone(),
            shadow,
        });
        live.shadow.clone()
    }
}
