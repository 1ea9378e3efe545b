//! What whoever decides and the thread that writes share of a store. Neither waits for the other
//! here: the queue is where they meet.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;

use super::commands::Command;
use super::error::StoreFault;
use super::generations::Generations;
use super::ids::{self, IdFilter};
use super::load::Loaded;
use super::policies::Policies;
use super::queue::{Batch, Queue};
use super::{Disk, StoreObserver};
use crate::events::Event;
use crate::journal::mask::{Mask, MaskField};
use crate::journal::record::{DecisionRecord, PolicyNumber};
use crate::ledger::ids::IdMemory;
use crate::ledger::window::Moment;
use crate::ledger::{Identity, Known, MemoryStore, StoreError};
use crate::policy::Policy;
use crate::router::Recorded;

/// Commands of other terminals that wait to be run at most; the others stand in the store.
pub(super) const COMMANDS_WAITING_MAX: usize = 64;

/// What the writer is asked for beside entries.
pub(super) enum Order {
    /// Write a policy down that is new to the store.
    Introduce(Box<Policy>, SyncSender<Result<PolicyNumber, StoreError>>),
    /// Write down what came of a command.
    Answer {
        number: i64,
        done_at: i64,
        outcome: String,
    },
}

/// What is shared.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) memory: MemoryStore<Recorded>,
    pub(super) queue: Queue,
    /// Since when the disk hangs, once that was told.
    pub(super) hangs_since: Mutex<Option<Instant>>,
    pub(super) policies: Policies,
    pub(super) ids: IdFilter,
    /// For ids that memory does not know and the filter does; made anew when it failed.
    pub(super) reader: Mutex<Option<Connection>>,
    pub(super) mask: Option<Mask>,
    pub(super) disk: Box<dyn Disk>,
    pub(super) observer: StoreObserver,
    pub(super) commands: SyncSender<Command>,
    /// From when on memory has every charge.
    pub(super) complete_from: Mutex<Moment>,
    pub(super) generations: Generations,
}

impl Shared {
    /// Makes memory say what was read from the disk, and what is queued still; then the store
    /// serves.
    pub(super) fn take_over(&self, loaded: &Loaded) -> Result<(), StoreFault> {
        let restored = self.memory.restore(
            &loaded.ledger,
            |ids| self.queue.queued(|batch| self.remember(batch, ids)),
            || {
                *lock(&self.complete_from) = loaded.complete_from;
                self.queue.serve();
            },
        );
        restored.map_err(|error| {
            let what = format!("more charges than memory takes ({error})");
            StoreFault::new(&self.path, super::FaultKind::Unsound { what })
        })
    }

    /// Remembers the ids of decisions that are on their way to the disk.
    fn remember(&self, batch: &Batch, ids: &mut IdMemory<Recorded>) {
        for (_, bytes) in batch.entries().filter(|(head, _)| head.keeps_id) {
            if let Ok(record) = DecisionRecord::decode(bytes)
                && let Some((identity, recorded)) = self.recorded(&record)
            {
                ids.record(&identity, recorded);
            }
        }
    }

    /// What a repeat of a record's id gets.
    fn recorded<'r>(&self, record: &'r DecisionRecord<'_>) -> Option<(Identity<'r>, Recorded)> {
        let request = &record.request;
        let identity = Identity::new(
            request.id()?,
            request.terms().final_action,
            request.symbol(),
            request.strategy(),
            request.terms().trade_type,
        );
        let policy = self.policies.identity(record.policy, record.generation)?;
        let recorded = Recorded::of(&record.answer.answer(&policy));
        Some((identity.ok()?, recorded))
    }

    /// Does something with an identity as the journal has it.
    pub(super) fn with_masked<T>(
        &self,
        identity: &Identity<'_>,
        run: impl FnOnce(&Identity<'_>) -> T,
    ) -> T {
        if self.mask.is_none() {
            return run(identity);
        }
        let id = self.masked(MaskField::Id, identity.id());
        let symbol = self.masked(MaskField::Symbol, identity.symbol());
        let strategy = self.masked(MaskField::Strategy, identity.strategy());
        run(&identity.named(&id, &symbol, &strategy))
    }

    /// Looks on disk for an id that memory does not know.
    pub(super) fn look_up(&self, identity: &Identity<'_>) -> Result<Known<Recorded>, StoreError> {
        if !self.ids.may_have(identity.id()) {
            return Ok(Known::New);
        }
        let found = self.read(|connection| {
            let found = ids::find(connection, identity.id());
            found.map_err(|error| StoreFault::of_sqlite(&self.path, &error))
        })?;
        let Some(found) = found else {
            return Ok(Known::New);
        };
        let record = DecisionRecord::decode(&found.record).map_err(|_| StoreError::Unavailable)?;
        let (known, recorded) = self.recorded(&record).ok_or(StoreError::Unavailable)?;
        if known == *identity {
            Ok(Known::Repeat(recorded))
        } else {
            Ok(Known::OtherIdentity)
        }
    }

    /// Reads from the disk, on the connection that is for that.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let mut reader = lock(&self.reader);
        let connection = match &mut *reader {
            Some(connection) => connection,
            none => none.insert(
                super::connection::open_reader(&self.path).map_err(|_| StoreError::Unavailable)?,
            ),
        };
        let found = read(connection);
        if found.is_err() {
            *reader = None;
        }
        found.map_err(|_| StoreError::Unavailable)
    }

    /// What the journal holds of a field's value.
    pub(super) fn masked<'t>(&self, field: MaskField, value: &'t str) -> std::borrow::Cow<'t, str> {
        match &self.mask {
            None => std::borrow::Cow::Borrowed(value),
            Some(mask) => mask.text(field, value),
        }
    }

    /// Tells when the disk has come to hang, and when it goes on. No budget may be locked.
    pub(super) fn note_hanging(&self) {
        let hangs = self.queue.hangs();
        let mut since = lock(&self.hangs_since);
        if hangs == since.is_some() {
            return;
        }
        let ended = since.take();
        if hangs {
            *since = Some(Instant::now());
        }
        // Whoever is told may ask the store.
        drop(since);
        let event = match ended {
            Some(since) => Event::StoreBack {
                seconds: since.elapsed().as_secs(),
                lost: 0,
            },
            None => {
                let wait_max = self.queue.disk_wait_max();
                let kind = super::FaultKind::Hangs { wait_max };
                let what = StoreFault::new(&self.path, kind).to_string();
                Event::StoreFailed { what, lost: 0 }
            }
        };
        self.tell(&event);
    }

    pub(super) fn tell(&self, event: &Event) {
        (self.observer)(event);
    }
}

/// A thread that died beside it left it whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
