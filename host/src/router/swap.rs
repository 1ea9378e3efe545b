//! Which policy is live: swapped for another one behind the gate, rolled back, or taken from
//! its place for what it did. Changes follow each other; no decision waits for any of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::thread;

use jiff::Timestamp;
use router_guest::request::{FinalAction, OrderTerms, Request as SeenRequest, TradeType};
use router_guest::state::{State, TradingState};

use super::Router;
use super::desk::{Change, Desk, HistoryEntry, Outcome, Quarantined};
use super::generation::{Generation, Live};
use super::kept::ROUTER;
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::events::{Asker, Event};
use crate::gate::{Admitted, Candidate, GateRefusal, Passed};
use crate::ledger::{OpenError, StoreError};
use crate::policy::{Instance, Policy, PolicyError};
use crate::sync::MutexGuard;

/// Instances that are made ready for a policy at most.
const READY_MAX: usize = 8;

/// A policy that became the live one.
#[derive(Debug, Clone)]
pub struct Activation {
    /// It, with its generation.
    pub policy: Arc<PolicyIdentity>,
    /// The one before.
    pub replaced: Arc<PolicyIdentity>,
    /// What it has shown at the gate; `None` after a rollback, which passes none.
    pub passed: Option<Passed>,
    /// What it took, in milliseconds.
    pub milliseconds: u64,
}

/// Why a policy did not become the live one.
#[derive(Debug, thiserror::Error)]
pub enum SwapRefusal {
    /// There is no policy where it was looked for, or a document that does not become one.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The gate keeps it out.
    #[error(transparent)]
    Gate(#[from] GateRefusal),
    /// Its budgets cannot be kept.
    #[error("its budgets cannot be kept: {0}")]
    Budgets(#[from] OpenError),
    /// It counts its budgets in another currency than those in use are counted in.
    #[error(
        "its account currency is {candidate}, and the budgets in use are counted in {live}; \
         it needs a router of its own"
    )]
    AccountCurrency {
        /// Its own.
        candidate: String,
        /// That of the budgets in use.
        live: String,
    },
    /// The file of the live policy is gone.
    #[error("`{}` is gone; the live policy stays", path.display())]
    Gone {
        /// The file, or the folder that it stood in.
        path: PathBuf,
    },
    /// The store cannot be written: after a restart, another policy would be live than was
    /// asked for last.
    #[error(
        "the store cannot be written, so that a restart would take it back; the live policy \
         stays, ask again once the store is back"
    )]
    StoreUnavailable {
        /// The generation that it would have been, where that may be on disk all the same.
        generation: Option<u64>,
    },
    /// There is no earlier policy to go back to.
    #[error("there is no earlier policy to go back to")]
    NothingEarlier,
    /// There is no shadow to promote.
    #[error("no policy decides in the shadow")]
    NoShadow,
}

impl SwapRefusal {
    /// Its words on one line: a document's mistakes stand on lines of their own.
    pub fn one_line(&self) -> String {
        let words = self.to_string();
        let words = words.trim_end().replace(":\n", ": ");
        words.replace('\n', "; ")
    }

    /// Whether the machine was at fault, so that the same policy may be let in another time.
    pub const fn blames_host(&self) -> bool {
        match self {
            Self::Gate(GateRefusal::Host(_)) | Self::StoreUnavailable { .. } => true,
            Self::Policy(error) => error.blames_host(),
            _ => false,
        }
    }

    /// Whether nothing was wrong: the policy is the live one already.
    pub const fn is_unchanged(&self) -> bool {
        matches!(self, Self::Gate(GateRefusal::Unchanged { .. }))
    }
}

impl Router {
    /// Makes a policy the live one, when the gate lets it in. The gate runs on this thread,
    /// which takes a moment; decisions go on meanwhile, by the policy that is live.
    ///
    /// # Errors
    /// [`SwapRefusal`]; the live policy stays.
    pub fn swap(
        &self,
        candidate: &Candidate,
        asked_by: impl Into<Asker>,
    ) -> Result<Activation, SwapRefusal> {
        let (asked_by, started) = (asked_by.into(), self.history_clock.now());
        self.swap_since(started, candidate, &asked_by)
    }

    /// The same with a `policy.yaml`, a folder that holds one, or a component.
    ///
    /// # Errors
    /// [`SwapRefusal`]; the live policy stays.
    pub fn swap_file(
        &self,
        path: &Path,
        asked_by: impl Into<Asker>,
    ) -> Result<Activation, SwapRefusal> {
        let (asked_by, started) = (asked_by.into(), self.history_clock.now());
        let candidate = match Candidate::load(path, self.gate.loader()) {
            Ok(candidate) => candidate,
            Err(error) => return Err(self.refuse(error.into(), &asked_by)),
        };
        self.swap_since(started, &candidate, &asked_by)
    }

    /// Swaps, or writes down why not; `started` is when it was asked for.
    fn swap_since(
        &self,
        started: Timestamp,
        candidate: &Candidate,
        asked_by: &Asker,
    ) -> Result<Activation, SwapRefusal> {
        let swapped = self.admit_and_activate(candidate, asked_by, started);
        if let Err(refusal) = &swapped {
            self.refused(Some(candidate.digest()), asked_by, started, refusal);
        }
        swapped
    }

    /// Writes down that there is no candidate where one was asked for.
    pub(crate) fn refuse(&self, refusal: SwapRefusal, asked_by: &Asker) -> SwapRefusal {
        let started = self.history_clock.now();
        self.refused(None, asked_by, started, &refusal);
        refusal
    }

    fn admit_and_activate(
        &self,
        candidate: &Candidate,
        asked_by: &Asker,
        started: Timestamp,
    ) -> Result<Activation, SwapRefusal> {
        // Before the gate, which takes a moment, and again behind it.
        self.check_kept()?;
        let digest = candidate.digest();
        let why = self.desk().quarantined(digest).map(str::to_owned);
        let admitted = self
            .gate
            .admit(candidate, self.deciding_digest(), why.as_deref());
        let Admitted { policy, passed } = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => {
                if refusal.blames_candidate() {
                    self.quarantine_for(digest, &refusal.to_string());
                }
                return Err(refusal.into());
            }
        };
        self.check_currency(&policy)?;
        let budgets = &policy.manifest().budgets;
        let budgets = self.store.open_for(&policy, budgets);
        let budgets = Arc::new(budgets.map_err(of_store)?);
        let ready = made_ready(&policy);
        let mut desk = self.desk();
        // Another swap, or a fault, may have come first while this one was at the gate.
        if self.deciding_digest() == Some(digest) {
            return Err(GateRefusal::Unchanged { digest }.into());
        }
        if let Some(why) = desk.quarantined(digest) {
            let why = why.to_owned();
            return Err(GateRefusal::Quarantined { digest, why }.into());
        }
        let number = self.next_generation(&mut desk)?;
        let generation = Generation::new(policy, budgets, number).with_ready(ready);
        let entry = self.activation(Change::Swap, &generation, asked_by, started);
        self.persist_first(&entry)?;
        let earlier = self.slot.now().with_live_behind();
        let activation = self.go_live(&mut desk, generation, earlier, entry);
        drop(desk);
        self.tell(&Event::Activated {
            policy: Arc::clone(&activation.policy),
            asked_by: asked_by.clone(),
        });
        Ok(Activation {
            passed: Some(passed),
            ..activation
        })
    }

    /// A budget is known by its name, and what is used of it is a bare amount.
    fn check_currency(&self, policy: &Policy) -> Result<(), SwapRefusal> {
        let candidate = &policy.manifest().account_currency;
        if *candidate == self.account_currency {
            return Ok(());
        }
        Err(SwapRefusal::AccountCurrency {
            candidate: candidate.clone(),
            live: self.account_currency.clone(),
        })
    }

    /// That another policy would be live after a restart as well.
    fn check_kept(&self) -> Result<(), SwapRefusal> {
        let refused = SwapRefusal::StoreUnavailable { generation: None };
        self.check_serving().map_err(|_| refused)
    }

    /// The number of a generation that somebody asks for; what is left of the reserved ones is
    /// for policies that lose their place.
    fn next_generation(&self, desk: &mut Desk) -> Result<u64, SwapRefusal> {
        self.check_kept()?;
        if desk.generations() >= self.store.generations_max() {
            return Err(SwapRefusal::StoreUnavailable { generation: None });
        }
        Ok(desk.next_generation())
    }

    /// Makes the last good policy the live one again, as a generation of its own. The one
    /// that was live is not kept, and not quarantined either.
    ///
    /// # Errors
    /// [`SwapRefusal::NothingEarlier`], [`SwapRefusal::StoreUnavailable`].
    pub fn rollback(&self, asked_by: impl Into<Asker>) -> Result<Activation, SwapRefusal> {
        let (asked_by, started) = (asked_by.into(), self.history_clock.now());
        let mut desk = self.desk();
        let activation = match self.go_back(&mut desk, &asked_by, started) {
            Ok(activation) => activation,
            Err(refusal) => {
                let why = refusal.to_string();
                let refused = Outcome::Refused { why };
                let entry = self.entry(Change::Rollback, &asked_by, None, started, refused);
                self.persist_refused(&entry, &refusal);
                desk.enter(entry);
                return Err(refusal);
            }
        };
        drop(desk);
        self.tell_rolled_back(&activation, asked_by);
        Ok(activation)
    }

    /// Goes back to the last good policy, once that is written down.
    fn go_back(
        &self,
        desk: &mut Desk,
        asked_by: &Asker,
        started: Timestamp,
    ) -> Result<Activation, SwapRefusal> {
        let mut earlier = self.slot.now().earlier.clone();
        let last_good = last_good(&mut earlier).ok_or(SwapRefusal::NothingEarlier)?;
        let again = last_good.again(self.next_generation(desk)?);
        let entry = self.activation(Change::Rollback, &again, asked_by, started);
        self.persist_first(&entry)?;
        Ok(self.go_live(desk, again, earlier, entry))
    }

    /// Policies that are not let in, the oldest first.
    pub fn quarantine(&self) -> Vec<Quarantined> {
        self.desk().all_quarantined()
    }

    /// Lets a policy in again; false when it was not quarantined, or stays so because that
    /// cannot be kept, as [`Router::clear_quarantine_for`] says.
    pub fn clear_quarantine(&self, digest: Digest) -> bool {
        let cleared = self.clear_quarantine_for(digest, "program");
        cleared.unwrap_or(false)
    }

    /// The changes that were asked for, the oldest first, at most
    /// [`HISTORY_MAX`](super::HISTORY_MAX).
    pub fn history(&self) -> Vec<HistoryEntry> {
        self.desk().history()
    }

    /// Takes a policy from its place for what a generation of it did, and quarantines it: the last
    /// good one is live again. Where there is none, it is withdrawn if it `must_go`, and stays
    /// otherwise.
    #[cold]
    pub(super) fn dismiss(&self, generation: &Generation, why: &str, must_go: bool) {
        let started = self.history_clock.now();
        let digest = generation.identity.digest;
        let mut desk = self.desk();
        let live = self.slot.now();
        // Another life of the policy may be the live one by now: a policy that loses its place
        // loses it in each.
        let is_its = |one: &Arc<Generation>| one.identity.digest == digest;
        let (gone, earlier): (Vec<_>, Vec<_>) = live.earlier.iter().cloned().partition(is_its);
        let is_live = is_its(&live.generation);
        if is_live && !must_go && earlier.iter().all(|one| one.is_withdrawn()) {
            return;
        }
        generation.withdraw();
        gone.iter().for_each(|one| one.withdraw());
        if is_live {
            live.generation.withdraw();
        }
        let is_new = desk.quarantine(Quarantined {
            digest,
            why: why.to_owned(),
            since: started,
        });
        let asked_by = Asker::from(ROUTER);
        let activation = if is_live {
            self.fall_back(&mut desk, earlier, &asked_by, started)
        } else {
            // What lost its place meanwhile must not be come back to.
            self.slot.set(Live {
                generation: Arc::clone(&live.generation),
                earlier,
                shadow: live.shadow.clone(),
            });
            None
        };
        drop(desk);
        if is_new {
            let kept = self.persist_quarantine(digest, why);
            self.tell_quarantined(digest, why.to_owned(), kept);
        }
        if let Some((activation, kept)) = activation {
            let generation = activation.policy.generation;
            self.tell_rolled_back(&activation, asked_by);
            if kept.is_err() {
                self.tell_not_kept(format!("the rollback to generation {generation}"));
            }
        }
    }

    /// Makes the latest of some earlier generations live at once, and writes it down then: a
    /// policy that may not decide any more does not wait for a disk. At most as many as there
    /// are earlier ones do so until somebody's swap is on disk, which are fewer than the numbers
    /// that are reserved.
    fn fall_back(
        &self,
        desk: &mut Desk,
        mut earlier: Vec<Arc<Generation>>,
        asked_by: &Asker,
        started: Timestamp,
    ) -> Option<(Activation, Result<(), StoreError>)> {
        let again = last_good(&mut earlier)?.again(desk.next_generation());
        let entry = self.activation(Change::Rollback, &again, asked_by, started);
        let activation = self.go_live(desk, again, earlier, entry.clone());
        Some((activation, self.persist(&entry, None)))
    }

    /// What is written down of an activation.
    fn activation(
        &self,
        change: Change,
        generation: &Generation,
        asked_by: &Asker,
        started: Timestamp,
    ) -> HistoryEntry {
        let outcome = Outcome::Live {
            generation: generation.number(),
        };
        let digest = Some(generation.identity.digest);
        self.entry(change, asked_by, digest, started, outcome)
    }

    /// Replaces what is live.
    fn go_live(
        &self,
        desk: &mut Desk,
        generation: Generation,
        earlier: Vec<Arc<Generation>>,
        entry: HistoryEntry,
    ) -> Activation {
        let before = self.slot.now();
        let replaced = Arc::clone(&before.generation.identity);
        let policy = Arc::clone(&generation.identity);
        self.slot.set(Live {
            generation: Arc::new(generation),
            earlier,
            shadow: before.shadow.clone(),
        });
        let milliseconds = entry.milliseconds;
        desk.enter(entry);
        Activation {
            policy,
            replaced,
            passed: None,
            milliseconds,
        }
    }

    /// Writes a refusal down, and tells of it where something is wrong.
    fn refused(
        &self,
        digest: Option<Digest>,
        asked_by: &Asker,
        started: Timestamp,
        refusal: &SwapRefusal,
    ) {
        let what = refusal.one_line();
        let outcome = if refusal.is_unchanged() {
            Outcome::Unchanged
        } else {
            Outcome::Refused { why: what.clone() }
        };
        let entry = self.entry(Change::Swap, asked_by, digest, started, outcome);
        self.persist_refused(&entry, refusal);
        self.desk().enter(entry);
        if !refusal.is_unchanged() {
            self.tell(&Event::Refused {
                digest,
                asked_by: asked_by.clone(),
                what,
            });
        }
    }

    /// Journals a refusal. While the store cannot be written, one for that is no news.
    fn persist_refused(&self, entry: &HistoryEntry, refusal: &SwapRefusal) {
        let generation = match refusal {
            SwapRefusal::StoreUnavailable { generation: None } => return,
            SwapRefusal::StoreUnavailable { generation } => *generation,
            _ => None,
        };
        // It changes nothing, so that nothing is to be told where it is not on disk.
        let _ = self.persist(entry, generation);
    }

    fn quarantine_for(&self, digest: Digest, why: &str) {
        let since = self.history_clock.now();
        let why = why.to_owned();
        let one = Quarantined { digest, why, since };
        if self.desk().quarantine(one.clone()) {
            let Quarantined { digest, why, .. } = one;
            let kept = self.persist_quarantine(digest, &why);
            self.tell_quarantined(digest, why, kept);
        }
    }

    fn tell_rolled_back(&self, activation: &Activation, asked_by: Asker) {
        self.tell(&Event::RolledBack {
            from: Arc::clone(&activation.replaced),
            to: Arc::clone(&activation.policy),
            asked_by,
        });
    }

    fn entry(
        &self,
        change: Change,
        asked_by: &Asker,
        digest: Option<Digest>,
        started: Timestamp,
        outcome: Outcome,
    ) -> HistoryEntry {
        let at = self.history_clock.now();
        HistoryEntry {
            at,
            asked_by: asked_by.clone(),
            change,
            digest,
            outcome,
            milliseconds: u64::try_from(at.duration_since(started).as_millis()).unwrap_or(0),
        }
    }

    /// The digest of the live policy, unless it lost its place and nobody decides by it.
    fn deciding_digest(&self) -> Option<Digest> {
        let live = self.slot.now();
        let decides = !live.generation.is_withdrawn();
        decides.then_some(live.generation.identity.digest)
    }

    /// The books. A thread that died beside them left them whole: nothing of it is half done.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The latest of some earlier generations that did not lose its place, taken out of them.
fn last_good(earlier: &mut Vec<Arc<Generation>>) -> Option<Arc<Generation>> {
    earlier.retain(|one| !one.is_withdrawn());
    earlier.pop()
}

/// What a store that cannot be written says of a policy's budgets, as what it is.
fn of_store(error: OpenError) -> SwapRefusal {
    match error {
        OpenError::Store(StoreError::Unavailable) => {
            SwapRefusal::StoreUnavailable { generation: None }
        }
        error => error.into(),
    }
}

/// Instances for as many threads as can decide at once. Each decides once beforehand, since most of
/// what a first decision takes is the memory that it touches first; what it says is of no account.
fn made_ready(policy: &Policy) -> Vec<Instance> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let terms = OrderTerms::new(FinalAction::Hold, TradeType::Normal);
    let request = SeenRequest {
        symbol: "none",
        strategy: "none",
        terms,
    };
    let state = State {
        trading_state: TradingState::Active,
        budgets: None,
    };
    (0..threads.min(READY_MAX))
        .map_while(|_| {
            let mut instance = policy.instantiate().ok()?;
            let _ = instance.decide(&request, &state).ok()?;
            Some(instance)
        })
        .collect()
}
