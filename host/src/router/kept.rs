//! Changes that are to outlast the process: which of them hold at once, and which only once they
//! are on disk.
//!
//! What lets less through (a stricter trading state, a policy that loses its place, a quarantine)
//! holds at once whatever becomes of the store, and is told where it is not on disk. What lets
//! more through, and another policy that somebody asks for, is written first and refused where
//! that fails: a restart would else take it back, and nobody would know. Makes no policy live.

use jiff::Timestamp;
use router_guest::state::TradingState;

use super::Router;
use super::desk::{Change, HistoryEntry, Outcome};
use super::swap::SwapRefusal;
use super::trading::is_as_strict;
use crate::digest::Digest;
use crate::events::{Event, StateCause};
use crate::journal::record::{ChangeKind, ChangedEvent, Proofs};
use crate::ledger::StoreError;

/// Who asks for what the router does by itself.
pub(super) const ROUTER: &str = "router";
/// Bytes of a reason that are journaled; a document's mistakes can be many.
pub(super) const WHAT_BYTES_MAX: usize = 4 * 1024;

/// Whether what holds from now on would outlast the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is on disk, or there is no disk to keep it.
    OnDisk,
    /// The store cannot be written; it is written once that is back.
    NotYet,
}

impl Router {
    /// As [`Router::set_trading_state`], asked for by somebody whom the journal names. What lets
    /// no more through holds at once, whatever becomes of the store.
    ///
    /// # Errors
    /// [`StoreError`], where it lets more through and cannot be kept: the state is as it was.
    pub fn set_trading_state_for(
        &self,
        state: TradingState,
        until: Option<Timestamp>,
        asked_by: &str,
    ) -> Result<Kept, StoreError> {
        // ACTIVE is what the others end in.
        let until = until.filter(|_| state != TradingState::Active);
        let before = loop {
            let before = self.trading.now();
            if !is_as_strict((state, until), before) {
                return self.loosen(before, state, until, asked_by);
            }
            if self.trading.set_from(before, state, until) {
                break before;
            }
        };
        if before != (state, until) {
            self.tell_state(before.0, state, until);
        } else if !self.journals {
            return Ok(Kept::OnDisk);
        }
        // Said again, it is written again: the store may have failed the time before.
        let change = self.state_change(state, until, asked_by);
        if self.store.change(&change).is_ok() {
            return Ok(Kept::OnDisk);
        }
        self.tell_not_kept(format!("the trading state {}", state.word()));
        Ok(Kept::NotYet)
    }

    fn loosen(
        &self,
        before: (TradingState, Option<Timestamp>),
        state: TradingState,
        until: Option<Timestamp>,
        asked_by: &str,
    ) -> Result<Kept, StoreError> {
        self.check_serving()?;
        let change = self.state_change(state, until, asked_by);
        let kept = self.store.change_first(&change);
        if kept.is_ok() && self.trading.set_from(before, state, until) {
            self.tell_state(before.0, state, until);
        } else {
            // It may be on disk though nobody could say so, or was overtaken by a stricter one:
            // what holds is written behind it.
            let (state, until) = self.trading.now();
            let _ = self.store.change(&self.state_change(state, until, ROUTER));
        }
        kept.map(|()| Kept::OnDisk)
    }

    fn tell_state(&self, from: TradingState, to: TradingState, until: Option<Timestamp>) {
        self.tell(&Event::StateChanged {
            from,
            to,
            until,
            cause: StateCause::Set,
        });
    }

    pub(super) fn state_change<'c>(
        &self,
        state: TradingState,
        until: Option<Timestamp>,
        asked_by: &'c str,
    ) -> ChangedEvent<'c> {
        ChangedEvent {
            state: Some(state),
            until,
            ..plain(self.history_clock.now(), ChangeKind::TradingState, asked_by)
        }
    }

    /// As [`Router::clear_quarantine`], asked for by somebody whom the journal names.
    ///
    /// # Errors
    /// [`StoreError`], where it cannot be kept: the policy stays out.
    pub fn clear_quarantine_for(&self, digest: Digest, asked_by: &str) -> Result<bool, StoreError> {
        let mut desk = self.desk();
        let Some(why) = desk.quarantined(digest).map(str::to_owned) else {
            return Ok(false);
        };
        self.check_serving()?;
        let cleared = ChangedEvent {
            digest: Some(digest),
            ..plain(
                self.history_clock.now(),
                ChangeKind::QuarantineCleared,
                asked_by,
            )
        };
        if let Err(error) = self.store.change_first(&cleared) {
            // It may be on disk though nobody could say so.
            let _ = self.persist_quarantine(digest, &why);
            return Err(error);
        }
        desk.clear(digest);
        Ok(true)
    }

    /// That what is changed now can be kept.
    pub(crate) fn check_serving(&self) -> Result<(), StoreError> {
        let is_serving = self.store.is_serving();
        is_serving.then_some(()).ok_or(StoreError::Unavailable)
    }

    /// Journals an activation before it holds.
    pub(super) fn persist_first(&self, entry: &HistoryEntry) -> Result<(), SwapRefusal> {
        let (Some(change), Outcome::Live { generation }) = (change_of(entry), &entry.outcome)
        else {
            return Ok(());
        };
        let kept = self.store.change_first(&change);
        kept.map_err(|_| SwapRefusal::StoreUnavailable {
            generation: Some(*generation),
        })
    }

    /// Journals a change of policy that was asked for, and what came of it: of one that was
    /// refused, also which generation it may have become on disk.
    pub(super) fn persist(
        &self,
        entry: &HistoryEntry,
        generation: Option<u64>,
    ) -> Result<(), StoreError> {
        let Some(change) = change_of(entry) else {
            return Ok(());
        };
        self.store.change(&ChangedEvent {
            generation: change.generation.or(generation),
            ..change
        })
    }

    /// Journals that a policy is not let in any more.
    pub(super) fn persist_quarantine(&self, digest: Digest, why: &str) -> Result<(), StoreError> {
        self.store.change(&ChangedEvent {
            digest: Some(digest),
            what: Some(cut(why, WHAT_BYTES_MAX)),
            ..plain(self.history_clock.now(), ChangeKind::Quarantined, ROUTER)
        })
    }

    /// Tells that a policy is not let in any more, and where that is not on disk.
    pub(super) fn tell_quarantined(
        &self,
        digest: Digest,
        why: String,
        kept: Result<(), StoreError>,
    ) {
        self.tell(&Event::Quarantined { digest, why });
        if kept.is_err() {
            self.tell_not_kept(format!("the quarantine of policy {digest}"));
        }
    }

    #[cold]
    pub(super) fn tell_not_kept(&self, what: String) {
        self.tell(&Event::NotKept { what });
    }
}

fn plain(at: Timestamp, kind: ChangeKind, asked_by: &str) -> ChangedEvent<'_> {
    ChangedEvent {
        recorded_at: at,
        kind,
        asked_by,
        digest: None,
        generation: None,
        state: None,
        until: None,
        what: None,
        milliseconds: None,
        proofs: Proofs::default(),
    }
}

/// What the journal is told of an entry of the history; nothing, where nothing was changed.
fn change_of(entry: &HistoryEntry) -> Option<ChangedEvent<'_>> {
    let (kind, generation, what) = match (&entry.outcome, entry.change) {
        (Outcome::Live { generation }, Change::Swap) => (ChangeKind::Swap, Some(*generation), None),
        (Outcome::Live { generation }, Change::Rollback) => {
            (ChangeKind::Rollback, Some(*generation), None)
        }
        (Outcome::Refused { why }, _) => (ChangeKind::Refused, None, Some(why.as_str())),
        (Outcome::Unchanged, _) => return None,
    };
    Some(ChangedEvent {
        digest: entry.digest,
        generation,
        what: what.map(|what| cut(what, WHAT_BYTES_MAX)),
        milliseconds: Some(entry.milliseconds),
        ..plain(entry.at, kind, entry.asked_by.as_str())
    })
}

pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = text.floor_char_boundary(bytes_max);
    text.get(..end).unwrap_or_default()
}
