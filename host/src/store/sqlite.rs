//! The durable store itself: the ledger's seam over memory, queue and writer.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::decision::PositionEffect;
use router_guest::manifest::BudgetInfo;
use router_guest::state::BudgetUse;

use super::commands::{self, Command};
use super::generations::Generations;
use super::ids::IdFilter;
use super::lock::StoreLock;
use super::operator::Inbox;
use super::policies::{KnownPolicy, Policies};
use super::queue::{Effect, Item, Queue};
use super::shared::{COMMANDS_WAITING_MAX, Order, Shared, lock};
use super::{Durability, StoreAddress, StoreFault, StoreOptions, connection, lives, load, writer};
use crate::digest::Digest;
use crate::journal::mask::MaskField;
use crate::journal::record::{
    ChangeKind, ChangedEvent, Decided, Entry, Grant, PolicyNumber, Proofs, ReleasedEvent,
};
use crate::ledger::window::{Calendar, Moment};
use crate::ledger::{
    Claim, Clock, ComponentFault, EventError, EventId, Expired, Guard, Held, Holding, Identity,
    Known, MemoryStore, OnExpiry, OpenBudgets, OpenError, Released, ReservationId, ReserveError,
    Restored, Settled, Settlement, Store, StoreError, Ticket,
};
use crate::policy::Policy;
use crate::router::{Recorded, TIME_AHEAD_MAX};

/// Ids that memory remembers in front of the disk: more than there are in the queue and on
/// their way to the disk, so that each is known to one of the two at every moment.
const IDS_MAX: usize = 4 * super::queue::QUEUE_ENTRIES_MAX;
/// The event id under which a reservation's time ends.
const EXPIRY: &str = "ttl";

/// A durable store in one SQLite file, held by this process alone. Dropped, it writes what it
/// still has, and lets go of the file.
pub struct SqliteStore {
    pub(super) shared: Arc<Shared>,
    orders: SyncSender<Order>,
    writer: Option<JoinHandle<()>>,
    durability: Durability,
    pub(super) clock: Box<dyn Clock>,
    /// Taken by one event at a time of reservations that memory has forgotten.
    pub(super) late: Mutex<()>,
    restored: Restored,
    commands: Mutex<Option<Receiver<Command>>>,
    _lock: StoreLock,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SqliteStore")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens a store, or makes it, and reads what it holds.
    ///
    /// # Errors
    /// [`StoreFault`]; the store is as it was.
    pub fn open(address: &StoreAddress, options: StoreOptions) -> Result<Self, StoreFault> {
        Self::open_as(address, options, true)
    }

    /// The same to settle, release and change what holds, for which nothing is masked; so it
    /// does not have to be known what is.
    pub(super) fn open_to_operate(address: &StoreAddress) -> Result<Self, StoreFault> {
        Self::open_as(address, StoreOptions::default(), false)
    }

    fn open_as(
        address: &StoreAddress,
        options: StoreOptions,
        decides: bool,
    ) -> Result<Self, StoreFault> {
        let path = address.path().to_path_buf();
        let fault = |error: rusqlite::Error| StoreFault::of_sqlite(&path, &error);
        let store_lock = StoreLock::take(&path)?;
        options.disk.opening().map_err(fault)?;
        let connection = connection::open_writer(&path)?;
        if decides && !load::keeps_mask(&connection, options.mask.as_ref()).map_err(fault)? {
            return Err(StoreFault::new(&path, super::FaultKind::OtherMask));
        }
        commands::give_up_old(&connection).map_err(fault)?;
        let loaded = load::load(&connection, &path)?;
        let restored = load::restored(&connection, &path)?;
        if let Some(account_currency) = &restored.account_currency {
            lives::begin_account_currency(&connection, account_currency).map_err(fault)?;
        }
        let policies = Policies::default();
        policies.load(&connection).map_err(fault)?;
        let ids = IdFilter::load(&connection).map_err(fault)?;
        let mut memory = MemoryStore::before_a_disk(IDS_MAX);
        if let Some(time_to_live) = options.time_to_live {
            memory = memory.expiring(time_to_live);
        }
        let (command_sender, commands) = sync_channel(COMMANDS_WAITING_MAX);
        let shared = Arc::new(Shared {
            memory,
            queue: Queue::new(options.disk_wait_max),
            hangs_since: Mutex::new(None),
            policies,
            ids,
            reader: Mutex::new(None),
            mask: options.mask,
            disk: options.disk,
            observer: options.observer,
            commands: command_sender,
            complete_from: Mutex::new(Moment::MIN),
            generations: Generations::after(restored.generations),
            path,
        });
        shared.take_over(&loaded)?;
        let (orders, received) = sync_channel(COMMANDS_WAITING_MAX);
        let writer = thread::Builder::new().name("store".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || writer::run(&shared, connection, loaded.head, &received)
        });
        let writer = writer.map_err(|error| {
            let what = format!("no thread to write it: {error}");
            StoreFault::new(&shared.path, super::FaultKind::Other { what })
        })?;
        Ok(Self {
            shared,
            orders,
            writer: Some(writer),
            durability: options.durability,
            clock: options.clock,
            late: Mutex::new(()),
            restored,
            commands: Mutex::new(Some(commands)),
            _lock: store_lock,
        })
    }

    /// The commands of other terminals, for the [`Operator`](super::Operator) who runs them;
    /// given out once.
    pub fn inbox(&self) -> Option<Inbox> {
        let commands = lock(&self.commands).take()?;
        Some(Inbox {
            commands,
            orders: self.orders.clone(),
        })
    }

    fn is_full(&self) -> bool {
        self.durability == Durability::Full
    }

    pub(super) fn push(&self, entry: &Entry<'_>, item: Item) -> Result<Ticket, StoreError> {
        let shared = &*self.shared;
        shared
            .queue
            .push(item, |out| entry.encode(shared.mask.as_ref(), out))
    }

    pub(super) fn serving(&self) -> Result<(), StoreError> {
        let is_serving = self.shared.queue.is_serving();
        is_serving.then_some(()).ok_or(StoreError::Unavailable)
    }

    /// What the store says of the policy that a change is about.
    fn policy_of(&self, change: &ChangedEvent<'_>) -> Option<KnownPolicy> {
        let policies = &self.shared.policies;
        policies.get(policies.number_of(change.digest?)?)
    }

    /// A budget whose window reaches back beyond what memory has cannot be counted.
    fn check_complete(&self, budgets: &[BudgetInfo]) -> Result<(), OpenError> {
        let complete_from = *lock(&self.shared.complete_from);
        if complete_from == Moment::MIN {
            return Ok(());
        }
        let now = self.shared.memory.latest();
        for budget in budgets {
            if Calendar::new(budget)?.bounds(now).start < complete_from {
                return Err(StoreError::Full(Holding::Charges).into());
            }
        }
        Ok(())
    }

    fn number_of(&self, policy: &Policy) -> Result<PolicyNumber, StoreError> {
        if let Some(number) = self.shared.policies.number_of(policy.digest()) {
            return Ok(number);
        }
        self.serving()?;
        let (reply, answer) = sync_channel(1);
        self.orders
            .send(Order::Introduce(Box::new(policy.clone()), reply))
            .map_err(|_| StoreError::Unavailable)?;
        answer.recv().map_err(|_| StoreError::Unavailable)?
    }
}

/// A change with what its entry proves.
fn proved<'c>(
    change: &ChangedEvent<'c>,
    policy: Option<&'c KnownPolicy>,
    mask: &'c str,
) -> ChangedEvent<'c> {
    ChangedEvent {
        proofs: Proofs {
            policy: policy.map(|policy| &*policy.proof),
            // Who only operates a store does not know what is masked.
            mask: (change.kind == ChangeKind::Started).then_some(mask),
        },
        ..*change
    }
}

pub(super) const fn awaited(effect: Effect) -> Item {
    Item {
        effect,
        keeps_id: false,
        is_awaited: true,
        may_wait: true,
    }
}

impl Store<Recorded> for SqliteStore {
    fn open(&self, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        self.check_complete(budgets)?;
        self.shared.memory.open(budgets)
    }

    fn restored(&self) -> Restored {
        self.restored.clone()
    }

    fn open_for(&self, policy: &Policy, budgets: &[BudgetInfo]) -> Result<OpenBudgets, OpenError> {
        let opened = self.open(budgets)?;
        Ok(opened.of_policy(self.number_of(policy)?))
    }

    fn component(&self, digest: Digest) -> Result<Vec<u8>, ComponentFault> {
        let connection = connection::open_reader(&self.shared.path);
        let connection = connection.map_err(|fault| ComponentFault::Unreadable {
            what: fault.to_string(),
        })?;
        lives::component(&connection, digest)
    }

    fn lock<'a>(
        &'a self,
        budgets: &'a OpenBudgets,
        now: Timestamp,
    ) -> Result<Box<dyn Held<Recorded> + 'a>, StoreError> {
        Ok(Box::new(Transaction {
            held: MemoryStore::lock(&self.shared.memory, budgets, now)?,
            store: self,
            charge: None,
            keeps_id: false,
        }))
    }

    fn settle(&self, settlement: &Settlement<'_>) -> Result<Settled, EventError> {
        self.settle_by(settlement, None)
    }

    fn release(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
    ) -> Result<Released, EventError> {
        self.release_by(reservation, event, None)
    }

    fn settle_for(
        &self,
        settlement: &Settlement<'_>,
        asked_by: &str,
    ) -> Result<Settled, EventError> {
        self.settle_by(settlement, Some(asked_by))
    }

    fn release_for(
        &self,
        reservation: ReservationId,
        event: EventId<'_>,
        asked_by: &str,
    ) -> Result<Released, EventError> {
        self.release_by(reservation, event, Some(asked_by))
    }

    fn lookup(&self, identity: &Identity<'_>) -> Result<Known<Recorded>, StoreError> {
        self.shared.with_masked(identity, |identity| {
            match self.shared.memory.lookup(identity)? {
                Known::New => self.shared.look_up(identity),
                known => Ok(known),
            }
        })
    }

    fn record(
        &self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        self.shared.with_masked(identity, |identity| {
            self.shared.memory.record(identity, decision)
        })
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn journal(&self, decided: &Decided<'_>, keeps_id: bool) -> Result<Ticket, StoreError> {
        let closes = decided.decision.position_effect() == PositionEffect::Close;
        let item = Item {
            effect: Effect::None,
            keeps_id,
            // A close is journaled as soon as that can be, and waited for by nobody.
            is_awaited: self.is_full() && !closes,
            may_wait: !closes,
        };
        let queue = &self.shared.queue;
        if item.is_awaited {
            // Nothing was done yet that would have to be kept.
            self.serving()?;
        }
        let pushed = self.push(&Entry::Decided(*decided), item);
        match pushed {
            Ok(_) if closes && !queue.is_serving() => {
                self.shared.note_hanging();
                Err(StoreError::Unavailable)
            }
            Ok(ticket) if self.is_full() && !closes => Ok(ticket),
            Ok(_) => Ok(Ticket::NONE),
            Err(error) if closes || self.is_full() => {
                if closes {
                    queue.lose();
                }
                Err(error)
            }
            Err(_) => {
                queue.lose();
                Ok(Ticket::NONE)
            }
        }
    }

    fn change(&self, change: &ChangedEvent<'_>) -> Result<(), StoreError> {
        // What has changed holds already: whoever asked is told when it is not on disk, and it
        // stays queued until the store is written again, in the room that closes have as well.
        let item = Item {
            is_awaited: false,
            may_wait: false,
            ..awaited(Effect::None)
        };
        let mask = load::mask_text(self.shared.mask.as_ref());
        let policy = self.policy_of(change);
        let change = proved(change, policy.as_ref(), &mask);
        let pushed = self.push(&Entry::Changed(change), item);
        let ticket = pushed.inspect_err(|_| self.shared.generations.lose())?;
        self.shared.queue.wait(ticket)?;
        self.shared.generations.reserved_by(&change);
        Ok(())
    }

    fn change_first(&self, change: &ChangedEvent<'_>) -> Result<(), StoreError> {
        let mask = load::mask_text(self.shared.mask.as_ref());
        let policy = self.policy_of(change);
        let change = proved(change, policy.as_ref(), &mask);
        let ticket = self.push(&Entry::Changed(change), awaited(Effect::None))?;
        self.shared.queue.wait(ticket)?;
        self.shared.generations.reserved_by(&change);
        Ok(())
    }

    fn is_serving(&self) -> bool {
        self.shared.queue.is_serving()
    }

    fn generations_max(&self) -> u64 {
        self.shared.generations.max()
    }

    fn last_ticket(&self) -> Ticket {
        self.shared.queue.last_ticket()
    }

    fn wait_since(&self, ticket: Ticket, since: Instant) -> Result<(), StoreError> {
        let waited = self.shared.queue.wait_since(ticket, since);
        if waited.is_err() {
            // Told here, since the thread that writes hangs with it.
            self.shared.note_hanging();
        }
        waited
    }

    fn time_max(&self) -> Option<Timestamp> {
        self.clock.now().checked_add(TIME_AHEAD_MAX).ok()
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.shared.memory.next_expiry()
    }

    fn expire(&self, now: Timestamp) -> Result<Vec<Expired>, StoreError> {
        self.serving()?;
        let event_id = EventId::new(EXPIRY).map_err(|_| StoreError::Unavailable)?;
        self.shared.memory.expire_then(now, |expired, standing| {
            let event = ReleasedEvent {
                recorded_at: self.clock.now(),
                reservation: expired.reservation,
                event_id,
                released: match expired.on_expiry {
                    OnExpiry::Keep => Amount::ZERO,
                    OnExpiry::Release => expired.held,
                },
                is_expiry: true,
                stays_open: Some(standing.is_open),
                asked_by: None,
            };
            let item = awaited(Effect::Changed(standing));
            self.push(&Entry::Released(event), item).map(|_| ())
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

/// One decision's hold on its budgets, with what its entry says beside the decision.
struct Transaction<'a> {
    held: Guard<'a, Recorded>,
    store: &'a SqliteStore,
    charge: Option<(Arc<str>, Amount)>,
    keeps_id: bool,
}

impl Held<Recorded> for Transaction<'_> {
    fn now(&self) -> Timestamp {
        self.held.now()
    }

    fn uses(&mut self, symbol: &str, strategy: &str, into: &mut Vec<BudgetUse>) {
        // Budgets are counted by what the journal holds, so that they can be counted again.
        let symbol = self.store.shared.masked(MaskField::Symbol, symbol);
        let strategy = self.store.shared.masked(MaskField::Strategy, strategy);
        self.held.uses(&symbol, &strategy, into);
    }

    fn reserve(&mut self, claim: &Claim<'_>) -> Result<ReservationId, ReserveError> {
        self.store.serving()?;
        let shared = &self.store.shared;
        let symbol = shared.masked(MaskField::Symbol, claim.symbol);
        let strategy = shared.masked(MaskField::Strategy, claim.strategy);
        let reservation = self.held.reserve(&Claim {
            symbol: &symbol,
            strategy: &strategy,
            ..*claim
        })?;
        let name = self.held.budget_name(claim.budget).cloned();
        self.charge = name.map(|name| (name, claim.quote_rate));
        Ok(reservation)
    }

    fn record(
        &mut self,
        identity: &Identity<'_>,
        decision: Recorded,
    ) -> Result<Known<Recorded>, StoreError> {
        let held = &mut self.held;
        let known = self
            .store
            .shared
            .with_masked(identity, |identity| held.record(identity, decision))?;
        self.keeps_id = matches!(known, Known::New);
        Ok(known)
    }

    fn commit(mut self: Box<Self>, decided: &Decided<'_>) -> Result<Ticket, StoreError> {
        let expires_at = || {
            let memory = &self.store.shared.memory;
            memory.deadline(Moment::from(self.held.now()))
        };
        let (effect, grant) = match self.charge.take() {
            None => (Effect::None, None),
            Some((budget, quote_rate)) => {
                let expires_at = expires_at();
                let grant = Grant {
                    quote_rate,
                    expires_at: expires_at.map(Moment::timestamp),
                };
                let effect = Effect::Charged {
                    budget,
                    quote_rate,
                    expires_at,
                };
                (effect, Some(grant))
            }
        };
        let item = Item {
            keeps_id: self.keeps_id,
            ..awaited(effect)
        };
        // Under the budgets' locks: the log is in the ledger's order.
        let decided = Decided { grant, ..*decided };
        let ticket = self.store.push(&Entry::Decided(decided), item)?;
        self.held.commit();
        Ok(ticket)
    }
}
