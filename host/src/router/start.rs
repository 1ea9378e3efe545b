//! Which policy a router begins with on a store that routers ran on before, and what stands behind
//! it. Each that is passed over is told, with why; where none can be used, the fail-safe begins
//! alone, so that exits go out. Nothing is put to the gate here: what is live had passed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::generation::{EARLIER_GENERATIONS_MAX, Generation, Live, Slot};
use super::kept::{WHAT_BYTES_MAX, cut};
use super::trading::Trading;
use super::{BudgetClock, Observer, Probation, Recorded, Router};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::events::Event;
use crate::gate::{Gate, KeptError};
use crate::journal::record::{ChangeKind, ChangedEvent, Proofs};
use crate::ledger::{
    Clock, ComponentFault, Life, OpenBudgets, OpenError, Restored, Store, StoreError, SystemClock,
};
use crate::policy::Policy;
use crate::sync::Mutex;

/// Who asks for what happens when a router starts.
const START: &str = "start";
/// How long earlier policies are loaded, to be rolled back to: nothing is decided meanwhile. The
/// last of them is loaded however long that takes.
const EARLIER_LOADING_MAX: Duration = Duration::from_secs(1);

/// How often the disk is waited for anew until it has the start.
const START_WAITS_MAX: usize = 10;

/// What a router is to begin with.
pub struct Start<'t> {
    given: Policy,
    is_named: bool,
    gate: Gate,
    tell: &'t dyn Fn(&Event),
}

/// Why a router does not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The policy is not let in, and no other one was live on the store.
    #[error(
        "policy {digest} is in quarantine: {why}; give another one, or clear it with \
         `quarantine --clear`"
    )]
    Quarantined {
        /// Its digest.
        digest: Digest,
        /// What it did.
        why: String,
    },
    /// Its budgets cannot be kept on the store, or the store cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a policy is passed over.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("it is in quarantine: {0}")]
    Quarantined(String),
    #[error(transparent)]
    Component(#[from] ComponentFault),
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error(transparent)]
    Budgets(OpenError),
}

/// Why a policy is not taken: it is passed over, or the store is at fault, and nothing begins.
enum Setback {
    Unusable(Unusable),
    Store(StoreError),
}

impl<'t> Start<'t> {
    /// With this policy, unless another one was live on the store.
    pub fn with(given: Policy) -> Self {
        Self {
            given,
            is_named: false,
            gate: Gate::new(Cache::disabled()),
            tell: &|_| {},
        }
    }

    /// The same where somebody asks for just this policy: it begins on a store where it was never
    /// live. Where it was, whatever took its place since goes on.
    #[must_use]
    pub const fn named(mut self, is_named: bool) -> Self {
        self.is_named = is_named;
        self
    }

    /// The gate of the router, by which what the store has is loaded as well.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Tells of every policy that is passed over, and of what goes on in its stead.
    #[must_use]
    pub fn telling(mut self, tell: &'t dyn Fn(&Event)) -> Self {
        self.tell = tell;
        self
    }
}

impl Router {
    /// A router on a store, with the policy that goes on there: the given one where it is named and
    /// was never live on the store, else the one that was live last, else earlier ones that a
    /// rollback would go back to, the latest first. Each is passed over that is in quarantine,
    /// cannot be loaded from the store, or whose budgets the store cannot keep: they are counted in
    /// the account currency that it was begun with. Where none is left, the fail-safe decides alone.
    ///
    /// The earlier ones stand ready for a rollback, and for what the live one fails to answer.
    ///
    /// # Errors
    /// [`StartError`]: the store cannot be written; or none was live on it, and the given one cannot
    /// be used.
    pub fn start(start: Start<'_>, store: Box<dyn Store<Recorded>>) -> Result<Self, StartError> {
        let restored = store.restored();
        let mut choice = Choice {
            start: &start,
            store: &*store,
            restored: &restored,
            passed_over: Vec::new(),
        };
        let live = choice.live()?;
        let what = choice.words(&live);
        let router = Self::begin(store, &restored, live, what.as_deref())?;
        let live = router.slot.now();
        if live.generation.is_withdrawn() {
            (start.tell)(&Event::NoPolicy);
        } else if live.generation.identity.digest != start.given.digest() {
            let policy = Arc::clone(&live.generation.identity);
            (start.tell)(&Event::GoesOn { policy });
        }
        Ok(router.gate(start.gate))
    }

    /// A router with what is live, which is journaled.
    pub(super) fn begin(
        store: Box<dyn Store<Recorded>>,
        restored: &Restored,
        live: Live,
        what: Option<&str>,
    ) -> Result<Self, OpenError> {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        let trading = match restored.trading_state {
            None => Trading::active(),
            Some((state, until)) => Trading::of(state, until),
        };
        let generation = &live.generation;
        let identity = &generation.identity;
        let started = store.change(&ChangedEvent {
            recorded_at: SystemClock.now(),
            kind: ChangeKind::Started,
            asked_by: START,
            // One that is withdrawn is not live, and does not go on after the next restart.
            digest: (!generation.is_withdrawn()).then_some(identity.digest),
            generation: Some(generation.number()),
            state: Some(trading.state()),
            until: trading.until(),
            what: what.map(|what| cut(what, WHAT_BYTES_MAX)),
            milliseconds: None,
            proofs: Proofs::default(),
        });
        if started.is_err() {
            on_disk_at_last(&*store)?;
        }
        let account_currency = match &restored.account_currency {
            Some(begun) => begun.clone(),
            None => identity.manifest.account_currency.clone(),
        };
        let observer: Observer = Box::new(|_| {});
        Ok(Self {
            key: KEYS.fetch_add(1, Ordering::Relaxed),
            desk: Mutex::new(Desk::restored(
                generation.number(),
                restored.quarantined.clone(),
            )),
            slot: Slot::new(live),
            journals: store.is_durable(),
            store,
            account_currency,
            clock: BudgetClock::Request,
            trading,
            observer,
            gate: Gate::new(Cache::disabled()),
            probation: Probation::default(),
            history_clock: Box::new(SystemClock),
        })
    }
}

/// Waits on for a disk that is slow at first: no exit stands behind it yet.
fn on_disk_at_last(store: &dyn Store<Recorded>) -> Result<(), StoreError> {
    let started = store.last_ticket();
    let mut waited = Err(StoreError::Unavailable);
    for _ in 0..START_WAITS_MAX {
        waited = store.wait_since(started, Instant::now());
        if waited.is_ok() {
            break;
        }
    }
    waited
}

/// Opens the budgets of a policy that is to begin on a store.
pub(super) fn opened(
    store: &dyn Store<Recorded>,
    restored: &Restored,
    policy: &Policy,
) -> Result<OpenBudgets, OpenError> {
    let manifest = policy.manifest();
    match &restored.account_currency {
        Some(begun) if *begun != manifest.account_currency => Err(OpenError::AccountCurrency {
            policy: manifest.account_currency.clone(),
            store: begun.clone(),
        }),
        _ => store.open_for(policy, &manifest.budgets),
    }
}

/// The choice of what begins.
struct Choice<'s> {
    start: &'s Start<'s>,
    store: &'s dyn Store<Recorded>,
    restored: &'s Restored,
    /// Each that was passed over, with why, in words.
    passed_over: Vec<String>,
}

impl Choice<'_> {
    fn live(&mut self) -> Result<Live, StartError> {
        let given = &self.start.given;
        let lives = &self.restored.lives;
        if lives.is_empty() {
            return self.first();
        }
        let was_live = lives.iter().any(|life| life.digest == given.digest());
        // One that was live and is in quarantine is looked at first, to be told of.
        if self.start.is_named && (!was_live || self.quarantined(given.digest()).is_some()) {
            match self.usable(given.clone()) {
                Ok(begins) => return Ok(self.with_earlier(begins, lives)),
                Err(setback) => {
                    let manifest = given.manifest();
                    self.pass_over(given.digest(), &manifest.name, &manifest.version, setback)?;
                }
            }
        }
        for (at, life) in lives.iter().enumerate() {
            match self.kept(life).and_then(|policy| self.usable(policy)) {
                Ok(begins) => {
                    let behind = lives.get(at + 1..).unwrap_or_default();
                    return Ok(self.with_earlier(begins, behind));
                }
                Err(setback) => self.pass_over(life.digest, &life.name, &life.version, setback)?,
            }
        }
        self.fail_safe()
    }

    /// Where nobody was live there is nothing to fall back on.
    fn first(&self) -> Result<Live, StartError> {
        let given = &self.start.given;
        if let Some(why) = self.quarantined(given.digest()) {
            let (digest, why) = (given.digest(), why.to_owned());
            return Err(StartError::Quarantined { digest, why });
        }
        let budgets = opened(self.store, self.restored, given)?;
        Ok(Live::alone(self.generation(given.clone(), budgets)))
    }

    /// The fail-safe alone, in the name of the policy that was live last, or else of the given one:
    /// what is decided is journaled under it, and it may know how small a position is dust.
    fn fail_safe(&self) -> Result<Live, StartError> {
        let mut lives = self.restored.lives.iter();
        let last = lives.find_map(|life| self.loaded(life).ok());
        let policy = last.unwrap_or_else(|| self.start.given.clone());
        // It charges nothing, in whatever currency that would be.
        let budgets = self.store.open_for(&policy, &[])?;
        let generation = self.generation(policy, budgets);
        generation.withdraw();
        Ok(Live::alone(generation))
    }

    fn generation(&self, policy: Policy, budgets: OpenBudgets) -> Generation {
        let number = self.restored.generations + 1;
        Generation::new(policy, Arc::new(budgets), number)
    }

    fn with_earlier(&self, begins: (Policy, OpenBudgets), behind: &[Life]) -> Live {
        let (policy, budgets) = begins;
        let mut live = Live::alone(self.generation(policy, budgets));
        live.earlier = self.earlier(behind);
        live
    }

    /// What can be rolled back to, the oldest first. One that cannot be used is no matter for now.
    fn earlier(&self, behind: &[Life]) -> Vec<Arc<Generation>> {
        let began = Instant::now();
        let mut earlier = Vec::new();
        for life in behind {
            let is_enough = earlier.len() >= EARLIER_GENERATIONS_MAX;
            if is_enough || !earlier.is_empty() && began.elapsed() > EARLIER_LOADING_MAX {
                break;
            }
            let usable = self.kept(life).and_then(|policy| self.usable(policy));
            if let Ok((policy, budgets)) = usable {
                let generation = Generation::new(policy, Arc::new(budgets), life.generation);
                earlier.push(Arc::new(generation));
            }
        }
        earlier.reverse();
        earlier
    }

    /// A policy that the store has, unless it is in quarantine.
    fn kept(&self, life: &Life) -> Result<Policy, Setback> {
        self.let_in(life.digest)?;
        self.loaded(life).map_err(Setback::Unusable)
    }

    /// A policy that the store has, by the bounds that it was loaded by then.
    fn loaded(&self, life: &Life) -> Result<Policy, Unusable> {
        let given = &self.start.given;
        if given.digest() == life.digest && given.profile().to_string() == life.profile {
            return Ok(given.clone());
        }
        let component = self.store.component(life.digest)?;
        Ok(self.start.gate.kept(&component, &life.profile)?)
    }

    fn usable(&self, policy: Policy) -> Result<(Policy, OpenBudgets), Setback> {
        self.let_in(policy.digest())?;
        match opened(self.store, self.restored, &policy) {
            Ok(budgets) => Ok((policy, budgets)),
            Err(OpenError::Store(StoreError::Unavailable)) => {
                Err(Setback::Store(StoreError::Unavailable))
            }
            Err(error) => Err(Setback::Unusable(Unusable::Budgets(error))),
        }
    }

    fn let_in(&self, digest: Digest) -> Result<(), Setback> {
        match self.quarantined(digest) {
            None => Ok(()),
            Some(why) => Err(Setback::Unusable(Unusable::Quarantined(why.to_owned()))),
        }
    }

    fn quarantined(&self, digest: Digest) -> Option<&str> {
        let mut all = self.restored.quarantined.iter();
        all.find(|one| one.digest == digest)
            .map(|one| one.why.as_str())
    }

    fn pass_over(
        &mut self,
        digest: Digest,
        name: &str,
        version: &str,
        setback: Setback,
    ) -> Result<(), StartError> {
        let unusable = match setback {
            Setback::Unusable(unusable) => unusable,
            Setback::Store(error) => return Err(OpenError::from(error).into()),
        };
        let event = Event::PassedOver {
            digest,
            name: name.to_owned(),
            version: version.to_owned(),
            why: unusable.to_string(),
        };
        // A named policy that was live is looked at twice.
        let words = event.to_string();
        if !self.passed_over.contains(&words) {
            (self.start.tell)(&event);
            self.passed_over.push(words);
        }
        Ok(())
    }

    /// What the journal says of the choice, where there was one.
    fn words(&self, live: &Live) -> Option<String> {
        let passed_over = self.passed_over.join("; ");
        match (live.generation.is_withdrawn(), passed_over.is_empty()) {
            (true, _) => Some(format!("the fail-safe alone: {passed_over}")),
            (false, true) => None,
            (false, false) => Some(passed_over),
        }
    }
}
