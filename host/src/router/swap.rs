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
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::events::{Asker, Event};
use crate::gate::{Admitted, Candidate, GateRefusal, Passed};
use crate::journal::record::ChangeKind;
use crate::ledger::OpenError;
use crate::policy::{Instance, Policy, PolicyError};
use crate::sync::MutexGuard;

/// Who asks when the router itself takes a policy from its place.
const ROUTER: &str = "router";
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
            Self::Gate(GateRefusal::Host(_)) => true,
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
        let budgets = Arc::new(self.store.open_for(&policy, &policy.manifest().budgets)?);
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
        let generation = Generation::new(policy, budgets, desk.next_generation()).with_ready(ready);
        let earlier = self.slot.now().with_live_behind();
        let activation = self.activate(
            &mut desk,
            Change::Swap,
            generation,
            earlier,
            asked_by,
            started,
        );
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

    /// Makes the last good policy the live one again, as a generation of its own. The one
    /// that was live is not kept, and not quarantined either.
    ///
    /// # Errors
    /// [`SwapRefusal::NothingEarlier`].
    pub fn rollback(&self, asked_by: impl Into<Asker>) -> Result<Activation, SwapRefusal> {
        let (asked_by, started) = (asked_by.into(), self.history_clock.now());
        let mut desk = self.desk();
        let earlier = self.slot.now().earlier.clone();
        let Some(activation) = self.reactivate(&mut desk, earlier, &asked_by, started) else {
            let refusal = SwapRefusal::NothingEarlier;
            let entry = self.entry(
                Change::Rollback,
                &asked_by,
                None,
                started,
                Outcome::Refused {
                    why: refusal.to_string(),
                },
            );
            self.persist(&entry);
            desk.enter(entry);
            return Err(refusal);
        };
        drop(desk);
        self.tell_rolled_back(&activation, asked_by);
        Ok(activation)
    }

    /// Policies that are not let in, the oldest first.
    pub fn quarantine(&self) -> Vec<Quarantined> {
        self.desk().all_quarantined()
    }

    /// Lets a policy in again; false when it was not quarantined.
    pub fn clear_quarantine(&self, digest: Digest) -> bool {
        self.clear_quarantine_for(digest, "program")
    }

    /// The same, asked for by somebody whom the journal names.
    pub fn clear_quarantine_for(&self, digest: Digest, asked_by: &str) -> bool {
        let was_shut_out = self.desk().clear(digest);
        if was_shut_out {
            self.persist_quarantine(ChangeKind::QuarantineCleared, digest, None, asked_by);
        }
        was_shut_out
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
            self.reactivate(&mut desk, earlier, &asked_by, started)
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
            self.persist_quarantine(ChangeKind::Quarantined, digest, Some(why), ROUTER);
            self.tell(&Event::Quarantined {
                digest,
                why: why.to_owned(),
            });
        }
        if let Some(activation) = activation {
            self.tell_rolled_back(&activation, asked_by);
        }
    }

    /// Makes the latest of some earlier generations live again.
    fn reactivate(
        &self,
        desk: &mut Desk,
        mut earlier: Vec<Arc<Generation>>,
        asked_by: &Asker,
        started: Timestamp,
    ) -> Option<Activation> {
        earlier.retain(|one| !one.is_withdrawn());
        let again = earlier.pop()?.again(desk.next_generation());
        Some(self.activate(desk, Change::Rollback, again, earlier, asked_by, started))
    }

    /// Replaces what is live, and writes it down.
    fn activate(
        &self,
        desk: &mut Desk,
        change: Change,
        generation: Generation,
        earlier: Vec<Arc<Generation>>,
        asked_by: &Asker,
        started: Timestamp,
    ) -> Activation {
        let before = self.slot.now();
        let replaced = Arc::clone(&before.generation.identity);
        let policy = Arc::clone(&generation.identity);
        self.slot.set(Live {
            generation: Arc::new(generation),
            earlier,
            shadow: before.shadow.clone(),
        });
        let outcome = Outcome::Live {
            generation: policy.generation,
        };
        let entry = self.entry(change, asked_by, Some(policy.digest), started, outcome);
        let milliseconds = entry.milliseconds;
        self.persist(&entry);
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
        self.persist(&entry);
        self.desk().enter(entry);
        if !refusal.is_unchanged() {
            self.tell(&Event::Refused {
                digest,
                asked_by: asked_by.clone(),
                what,
            });
        }
    }

    fn quarantine_for(&self, digest: Digest, why: &str) {
        let since = self.history_clock.now();
        let why = why.to_owned();
        let one = Quarantined { digest, why, since };
        if self.desk().quarantine(one.clone()) {
            let Quarantined { digest, why, .. } = one;
            self.persist_quarantine(ChangeKind::Quarantined, digest, Some(&why), ROUTER);
            self.tell(&Event::Quarantined { digest, why });
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
