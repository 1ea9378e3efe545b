//! What is live: one generation of a policy, with the earlier ones that may take its place.
//!
//! It is replaced as a whole, by one store of a pointer, so that no reader ever sees a part
//! of two generations and none ever waits. It decides nothing and judges nobody.

use std::sync::Arc;

use super::shadow::Shadow;
use super::standing::Standing;
use crate::decision::PolicyIdentity;
use crate::ledger::OpenBudgets;
use crate::policy::{Instance, Policy};
use crate::sync::{self, AtomicBool, Ordering};

/// Earlier generations that are kept compiled, to be rolled back to.
pub const EARLIER_GENERATIONS_MAX: usize = 4;

/// One activation of a policy.
pub(crate) struct Generation {
    pub(super) policy: Policy,
    pub(super) identity: Arc<PolicyIdentity>,
    /// Shared with later activations of the same policy: a rollback opens nothing, and cannot
    /// fail.
    pub(super) budgets: Arc<OpenBudgets>,
    /// Shared likewise: a policy that comes back is no newcomer.
    pub(super) standing: Arc<Standing>,
    /// For each budget, whether it was said that it is spent.
    said_spent: Box<[AtomicBool]>,
    /// Instances that have decided once, so that the first decision of a thread need not make one.
    ready: std::sync::Mutex<Vec<Instance>>,
    /// It lost its place: nobody asks it any more.
    withdrawn: AtomicBool,
}

impl Generation {
    pub(super) fn new(policy: Policy, budgets: Arc<OpenBudgets>, number: u64) -> Self {
        let identity = PolicyIdentity {
            manifest: Arc::new(policy.manifest().clone()),
            digest: policy.digest(),
            digest_text: policy.digest().to_string(),
            generation: number,
        };
        Self {
            policy,
            identity: Arc::new(identity),
            said_spent: none_said(&budgets),
            budgets,
            standing: Arc::default(),
            ready: std::sync::Mutex::default(),
            withdrawn: AtomicBool::new(false),
        }
    }

    /// Another activation of the same policy.
    pub(super) fn again(&self, number: u64) -> Self {
        let identity = PolicyIdentity {
            generation: number,
            ..PolicyIdentity::clone(&self.identity)
        };
        Self {
            policy: self.policy.clone(),
            identity: Arc::new(identity),
            said_spent: none_said(&self.budgets),
            budgets: Arc::clone(&self.budgets),
            standing: Arc::clone(&self.standing),
            ready: std::sync::Mutex::default(),
            withdrawn: AtomicBool::new(false),
        }
    }

    /// Has these for the threads that decide by it first.
    pub(super) fn with_ready(mut self, ready: Vec<Instance>) -> Self {
        self.ready = ready.into();
        self
    }

    /// An instance that was made ready, if one is left. No decision waits for it.
    pub(super) fn take_ready(&self) -> Option<Instance> {
        self.ready.try_lock().ok()?.pop()
    }

    pub(super) fn number(&self) -> u64 {
        self.identity.generation
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Acquire)
    }

    pub(super) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Release);
    }

    /// Notes whether a budget is spent; true when that is new and is to be said.
    pub(super) fn note_spent(&self, budget: u32, is_spent: bool) -> bool {
        let said = usize::try_from(budget)
            .ok()
            .and_then(|at| self.said_spent.get(at));
        // Read first: while nothing changes, threads share what none of them writes.
        said.is_some_and(|said| {
            said.load(Ordering::Relaxed) != is_spent
                && said.swap(is_spent, Ordering::Relaxed) != is_spent
                && is_spent
        })
    }
}

fn none_said(budgets: &OpenBudgets) -> Box<[AtomicBool]> {
    (0..budgets.len()).map(|_| AtomicBool::new(false)).collect()
}

/// The generation that decides, and what stands behind it.
pub(super) struct Live {
    pub(super) generation: Arc<Generation>,
    /// Oldest first; the last one is the last good generation.
    pub(super) earlier: Vec<Arc<Generation>>,
    /// A candidate that decides beside it.
    pub(super) shadow: Option<Arc<Shadow>>,
}

impl Live {
    pub(super) fn alone(generation: Generation) -> Self {
        Self {
            generation: Arc::new(generation),
            earlier: Vec::new(),
            shadow: None,
        }
    }

    /// The earlier generations, once another one takes the place of the live one.
    pub(super) fn with_live_behind(&self) -> Vec<Arc<Generation>> {
        let mut earlier = self.earlier.clone();
        if !self.generation.is_withdrawn() {
            earlier.push(Arc::clone(&self.generation));
        }
        if earlier.len() > EARLIER_GENERATIONS_MAX {
            earlier.remove(0);
        }
        earlier
    }

    /// The policy that is asked when the live one has no answer.
    pub(super) fn last_good(&self) -> Option<&Generation> {
        let mut latest_first = self.earlier.iter().rev();
        latest_first
            .find(|generation| !generation.is_withdrawn())
            .map(Arc::as_ref)
    }
}

/// The place that is read by every decision and replaced by a swap. Whoever sets it holds the
/// desk.
pub(super) type Slot = sync::Slot<Live>;

/// A thread's own view of it.
pub(super) type View = sync::View<Live>;
