//! The queue between whoever decides and the thread that writes: entries in the order of the
//! ledger's locks, taken out a group at a time. Knows no database.
//!
//! A ticket is good for one epoch, the time between two failures: when the store fails, whoever
//! waits is told, and what nobody waits for stays queued until the store is written again.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use router_guest::amount::Amount;

use super::shared::lock;
use crate::journal::record::RECORD_BYTES_MAX;
use crate::ledger::window::Moment;
use crate::ledger::{Standing, StoreError, Ticket};

/// Entries that wait to be written at most. As many again may be on their way to the disk, and
/// memory knows the ids of all of them (`IDS_MAX`).
pub const QUEUE_ENTRIES_MAX: usize = 16_384;
/// Bytes of entries that wait to be written at most, and an entry more.
pub const QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long entries that nobody waits for are gathered.
pub(super) const GATHER: Duration = Duration::from_millis(20);
/// How often it is looked whether the others are there.
const LINGER_STEP: Duration = Duration::from_micros(50);
/// How long a whole queue is waited for before the store counts as one that cannot write.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(10);

/// What an entry means for the ledger, beside what its record says.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// A budget was charged.
    Charged {
        budget: Arc<str>,
        quote_rate: Amount,
        expires_at: Option<Moment>,
    },
    /// A reservation has come to this.
    Changed(Standing),
}

/// How long others are waited for once somebody waits: as many as there were in the last group,
/// who were all woken together, but no longer than that group took to write. Groups would else be
/// of whoever came first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Linger {
    /// Entries of the last group.
    pub(super) entries: usize,
    /// What it took.
    pub(super) time: Duration,
}

/// What stands beside an entry's bytes.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// Where its bytes end.
    end: usize,
    pub(super) effect: Effect,
    /// Whether a repeat of its id gets this decision.
    pub(super) keeps_id: bool,
    /// Whether somebody waits for it.
    is_awaited: bool,
}

/// Entries in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    heads: Vec<Head>,
}

/// What is to go into the queue.
pub(super) struct Item {
    pub(super) effect: Effect,
    pub(super) keeps_id: bool,
    /// Whether somebody will wait for it.
    pub(super) is_awaited: bool,
    /// Whether it may wait for room in the queue.
    pub(super) may_wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Serving,
    Failed,
    Closed,
}

#[derive(Debug)]
struct Inner {
    state: State,
    waiting: Batch,
    /// Since when the first of them waits.
    since: Option<Instant>,
    /// Whether somebody waits for one of them.
    is_urgent: bool,
    pushed: u64,
    durable: u64,
    /// Up to where each past epoch was durable when it ended.
    ended: Vec<u64>,
    lost: u64,
    /// Who waits for the entries that wait, and for those that were taken.
    gathering: Arc<Group>,
    taken: Arc<Group>,
    /// The last entry that was taken.
    taken_to: u64,
    /// Since when those are on their way to the disk, if they are.
    taken_at: Option<Instant>,
}

/// Those who wait for one group of entries.
#[derive(Debug, Default)]
struct Group {
    state: AtomicU8,
    waiters: Mutex<Vec<Thread>>,
}

const PENDING: u8 = 0;
const DURABLE: u8 = 1;
const FAILED: u8 = 2;
/// Waiters that the writer wakes. Each wakes one more and goes on: woken all at once, hundreds
/// would stand before the lock of one budget, and each be put to sleep and woken once more there.
const WOKEN_FIRST: usize = 2;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    work: Condvar,
    room: Condvar,
    disk_wait_max: Duration,
}

impl Group {
    /// What became of the group, once that is known; an error where it is not in time.
    fn wait(&self, until: Instant) -> Result<(), StoreError> {
        loop {
            match self.state.load(Ordering::Acquire) {
                PENDING => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        self.leave();
                        return Err(StoreError::Unavailable);
                    }
                    thread::park_timeout(left);
                }
                state => {
                    self.wake(1);
                    return (state == DURABLE)
                        .then_some(())
                        .ok_or(StoreError::Unavailable);
                }
            }
        }
    }

    /// This thread waits no longer. Where it was just woken, it was to wake another one.
    fn leave(&self) {
        let me = thread::current().id();
        let mut waiters = lock(&self.waiters);
        let at = waiters.iter().position(|waiter| waiter.id() == me);
        let was_waiting = at.map(|at| waiters.swap_remove(at)).is_some();
        drop(waiters);
        if !was_waiting {
            self.wake(1);
        }
    }

    fn end(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        self.wake(WOKEN_FIRST);
    }

    fn wake(&self, count: usize) {
        let woken = {
            let mut waiters = lock(&self.waiters);
            let left = waiters.len().saturating_sub(count);
            waiters.split_off(left)
        };
        for waiter in woken {
            waiter.unpark();
        }
    }
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.heads.clear();
    }

    /// The entries, each with its bytes.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Head, &[u8])> {
        let mut start = 0;
        self.heads.iter().map(move |head| {
            let bytes = self.bytes.get(start..head.end).unwrap_or_default();
            start = head.end;
            (head, bytes)
        })
    }

    fn push(&mut self, item: Item, encode: impl FnOnce(&mut Vec<u8>)) {
        encode(&mut self.bytes);
        self.heads.push(Head {
            end: self.bytes.len(),
            effect: item.effect,
            keeps_id: item.keeps_id,
            is_awaited: item.is_awaited,
        });
    }

    /// Takes the entries in that nobody waits for: whoever waited for the others was told that
    /// they were not kept.
    fn keep_unawaited(&mut self, other: &Self) {
        for (head, bytes) in other.entries().filter(|(head, _)| !head.is_awaited) {
            self.bytes.extend_from_slice(bytes);
            self.heads.push(Head {
                end: self.bytes.len(),
                ..head.clone()
            });
        }
    }
}

impl Queue {
    /// An empty queue of a store that is not written yet, whose disk is waited for so long.
    pub(super) fn new(disk_wait_max: Duration) -> Self {
        Self {
            inner: Mutex::new(Inner {
                state: State::Failed,
                waiting: Batch::default(),
                since: None,
                is_urgent: false,
                pushed: 0,
                durable: 0,
                ended: Vec::new(),
                lost: 0,
                gathering: Arc::default(),
                taken: Arc::default(),
                taken_to: 0,
                taken_at: None,
            }),
            work: Condvar::new(),
            room: Condvar::new(),
            disk_wait_max,
        }
    }

    /// Puts an entry behind the others; `encode` writes its bytes. What may be lost in a crash
    /// is also taken while the store cannot be written, as long as there is room.
    pub(super) fn push(
        &self,
        item: Item,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Ticket, StoreError> {
        let mut inner = self.inner();
        // What is awaited is bounded by who waits, and finds room always: what the ledger has done
        // already must not be refused here.
        // What must not wait has as much room again, which nothing else fills.
        let is_full = if item.may_wait {
            inner.is_full()
        } else {
            inner.is_overfull()
        };
        if !item.is_awaited && is_full {
            inner = self.wait_for_room(inner, item.may_wait)?;
        }
        if inner.state != State::Serving && item.is_awaited || inner.state == State::Closed {
            return Err(StoreError::Unavailable);
        }
        let is_awaited = item.is_awaited;
        inner.waiting.push(item, encode);
        inner.pushed += 1;
        if inner.since.is_none() {
            inner.since = Some(Instant::now());
        }
        let ticket = inner.last_ticket();
        if is_awaited && !std::mem::replace(&mut inner.is_urgent, true) {
            self.work.notify_one();
        }
        Ok(ticket)
    }

    /// Waits until the ticket's entry is on disk, for as long as the disk is waited for.
    pub(super) fn wait(&self, ticket: Ticket) -> Result<(), StoreError> {
        self.wait_since(ticket, Instant::now())
    }

    /// The same where it has been waited for since then. What is not on disk in time is written
    /// all the same, if it can be: nobody was told that it is.
    pub(super) fn wait_since(&self, ticket: Ticket, since: Instant) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if let Some(ended) = inner.ended.get(ticket.epoch) {
            let was_durable = ticket.number <= *ended;
            return was_durable.then_some(()).ok_or(StoreError::Unavailable);
        }
        if inner.durable >= ticket.number {
            return Ok(());
        }
        if inner.state == State::Failed {
            return Err(StoreError::Unavailable);
        }
        let group = if ticket.number <= inner.taken_to {
            Arc::clone(&inner.taken)
        } else {
            // Somebody may ask for what was not to be waited for.
            if !std::mem::replace(&mut inner.is_urgent, true) {
                self.work.notify_one();
            }
            Arc::clone(&inner.gathering)
        };
        lock(&group.waiters).push(thread::current());
        drop(inner);
        group.wait(since + self.disk_wait_max)
    }

    /// The ticket of what stands last.
    pub(super) fn last_ticket(&self) -> Ticket {
        self.inner().last_ticket()
    }

    /// Whether the store is written, as far as is known.
    pub(super) fn is_serving(&self) -> bool {
        let inner = self.inner();
        inner.state == State::Serving && !inner.hangs(self.disk_wait_max)
    }

    /// Whether the store would be written, and nothing has got to the disk for too long.
    pub(super) fn hangs(&self) -> bool {
        let inner = self.inner();
        inner.state == State::Serving && inner.hangs(self.disk_wait_max)
    }

    /// How long the disk is waited for.
    pub(super) const fn disk_wait_max(&self) -> Duration {
        self.disk_wait_max
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner().state == State::Closed
    }

    /// Counts an entry that found no room.
    pub(super) fn lose(&self) {
        self.inner().lost += 1;
    }

    /// Entries that were lost since this was last asked.
    pub(super) fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.inner().lost)
    }

    /// What waits, once it is time to write it; empty when there is nothing for so long, or the
    /// queue is closed. `spent` is taken to gather the next ones in.
    pub(super) fn take(&self, spent: Batch, idle_max: Duration, linger: Linger) -> Batch {
        let mut inner = self.inner();
        let started = Instant::now();
        loop {
            let gathered = inner.since.map(|since| since.elapsed());
            let is_due = gathered.is_some_and(|gathered| gathered >= GATHER);
            let is_full = inner.waiting.len() >= QUEUE_ENTRIES_MAX / 4;
            if is_due || is_full || inner.state == State::Closed {
                break;
            }
            if inner.is_urgent {
                let left = linger.time.saturating_sub(started.elapsed());
                if inner.waiting.len() >= linger.entries.div_ceil(2) || left.is_zero() {
                    break;
                }
                drop(inner);
                thread::sleep(LINGER_STEP.min(left));
                inner = self.inner();
                continue;
            }
            let idle = started.elapsed();
            if idle >= idle_max && inner.waiting.is_empty() {
                break;
            }
            let wait = GATHER.saturating_sub(gathered.unwrap_or_default());
            inner = self
                .work
                .wait_timeout(inner, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        inner.since = None;
        inner.is_urgent = false;
        inner.taken = std::mem::take(&mut inner.gathering);
        inner.taken_to = inner.pushed;
        inner.taken_at = (!inner.waiting.is_empty()).then(Instant::now);
        let mut spent = spent;
        spent.clear();
        let taken = std::mem::replace(&mut inner.waiting, spent);
        self.room.notify_all();
        taken
    }

    /// So many entries more are on disk.
    pub(super) fn written(&self, entries: usize) {
        let mut inner = self.inner();
        inner.durable += entries as u64;
        inner.taken_at = None;
        let group = Arc::clone(&inner.taken);
        drop(inner);
        group.end(DURABLE);
    }

    /// The store cannot be written: whoever waits is told. What was taken and is not on disk
    /// goes back, as far as nobody waited for it.
    pub(super) fn fail(&self, taken: &Batch) {
        let mut inner = self.inner();
        let mut kept = Batch::default();
        kept.keep_unawaited(taken);
        kept.keep_unawaited(&inner.waiting);
        inner.waiting = kept;
        inner.is_urgent = false;
        inner.taken_at = None;
        if inner.state == State::Serving {
            inner.state = State::Failed;
        }
        let durable = inner.durable;
        inner.ended.push(durable);
        let groups = [
            std::mem::take(&mut inner.taken),
            std::mem::take(&mut inner.gathering),
        ];
        drop(inner);
        for group in groups {
            group.end(FAILED);
        }
        self.room.notify_all();
    }

    /// The store is written (again), with what is queued.
    pub(super) fn serve(&self) {
        let mut inner = self.inner();
        inner.durable = inner.pushed - inner.waiting.len() as u64;
        // What is queued is taken with the next group.
        inner.taken_to = inner.durable;
        inner.since = inner.since.map(|_| Instant::now());
        if inner.state == State::Failed {
            inner.state = State::Serving;
        }
    }

    /// Looks at what is queued.
    pub(super) fn queued<T>(&self, look: impl FnOnce(&Batch) -> T) -> T {
        look(&self.inner().waiting)
    }

    /// Nothing more is taken; what is there is written.
    pub(super) fn close(&self) {
        self.inner().state = State::Closed;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Nobody writes any more: whoever waits is told, now and from here on.
    pub(super) fn abandon(&self) {
        self.fail(&Batch::default());
        self.close();
    }

    fn wait_for_room<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
        may_wait: bool,
    ) -> Result<MutexGuard<'a, Inner>, StoreError> {
        let started = Instant::now();
        self.work.notify_one();
        while inner.is_full() {
            let left = ROOM_WAIT_MAX.saturating_sub(started.elapsed());
            let is_serving = inner.state == State::Serving && !inner.hangs(self.disk_wait_max);
            if !may_wait || !is_serving || left.is_zero() {
                return Err(StoreError::Unavailable);
            }
            inner = self
                .room
                .wait_timeout(inner, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(inner)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Inner {
    fn hangs(&self, disk_wait_max: Duration) -> bool {
        let oldest = self.taken_at.or(self.since);
        oldest.is_some_and(|since| since.elapsed() > disk_wait_max)
    }

    fn is_full(&self) -> bool {
        self.waiting.len() >= QUEUE_ENTRIES_MAX
            || self.waiting.bytes.len() >= QUEUE_BYTES_MAX - RECORD_BYTES_MAX
    }

    fn is_overfull(&self) -> bool {
        self.waiting.len() >= 2 * QUEUE_ENTRIES_MAX
            || self.waiting.bytes.len() >= 2 * QUEUE_BYTES_MAX - RECORD_BYTES_MAX
    }

    fn last_ticket(&self) -> Ticket {
        Ticket {
            epoch: self.ended.len(),
            number: self.pushed,
        }
    }
}

#[cfg(test)]
mod tests;
