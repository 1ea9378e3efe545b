//! Which requests were decided already: the memory behind `repeated` and `duplicate_id`.
//!
//! Ids are compared byte for byte, never by digest alone: a wrong match would give one order
//! another's answer. What else makes the request the same one is compared with what stands for
//! it (`names.rs`). Knows nothing of what a decision is.

mod identity;
mod index;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::error::{Holding, StoreError};
use super::window::Moment;
use identity::Key;
pub use identity::{ID_BYTES_MAX, Identity};
use index::{Index, Tag};

/// Ids that charged a budget: remembered as long as the window of their charge lasts.
pub const CHARGED_IDS_MAX: usize = 65_536;
/// Other ids: the last so many are remembered.
pub const OTHER_IDS_MAX: usize = 16_384;
/// What is known of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<D> {
    /// Nothing.
    New,
    /// The same request was decided before.
    Repeat(D),
    /// Another request had this id: `duplicate_id`.
    OtherIdentity,
}

/// The ids of decided requests, with what was decided.
#[derive(Debug)]
pub struct IdMemory<D> {
    /// Seeded anew in each process, so that nobody can choose ids that collide.
    hasher: RandomState,
    index: Index,
    entries: Vec<Entry<D>>,
    /// Slots whose entries were forgotten.
    free: Vec<u32>,
    /// Slots of ids that charged, the one that is forgotten first on top.
    charged: BinaryHeap<Reverse<(Moment, u32)>>,
    /// Slots of the others, oldest first.
    others: VecDeque<u32>,
    /// Room that is held for charging requests on their way.
    allotted: usize,
    others_max: usize,
}

#[derive(Debug)]
struct Entry<D> {
    key: Key,
    tag: Tag,
    decision: D,
}

impl<D: Clone> IdMemory<D> {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::of_the_last(OTHER_IDS_MAX)
    }

    /// The same, with room for so many ids that charged nothing.
    pub fn of_the_last(others_max: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            index: Index::new(),
            entries: Vec::new(),
            free: Vec::new(),
            charged: BinaryHeap::new(),
            others: VecDeque::new(),
            allotted: 0,
            others_max,
        }
    }

    /// What is known of the request.
    pub fn lookup(&self, identity: &Identity<'_>) -> Known<D> {
        self.known(identity, self.tag(identity))
    }

    /// Records a decision that charged nothing, and forgets the oldest such one if there are
    /// too many. An id that is known already keeps what it has: then it is told, and nothing
    /// changes.
    pub fn record(&mut self, identity: &Identity<'_>, decision: D) -> Known<D> {
        let tag = self.tag(identity);
        let known = self.known(identity, tag);
        if matches!(known, Known::New) {
            if self.others.len() >= self.others_max
                && let Some(oldest) = self.others.pop_front()
            {
                self.forget(oldest);
            }
            let slot = self.insert(identity, tag, decision);
            self.others.push_back(slot);
        }
        known
    }

    /// Whether another id that charges can be remembered.
    pub fn has_room_for_charge(&self, now: Moment) -> bool {
        self.charged.len() + self.allotted < CHARGED_IDS_MAX
            || self
                .charged
                .peek()
                .is_some_and(|Reverse((until, _))| *until <= now)
    }

    /// Holds room for one id that charges: asked for before the charge is granted, so that no
    /// charge is granted to an id that cannot be remembered. An id whose window has ended
    /// makes room for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] when the windows of all that are remembered still last.
    pub fn allot(&mut self, now: Moment) -> Result<(), StoreError> {
        if !self.has_room_for_charge(now) {
            return Err(StoreError::Full(Holding::Ids));
        }
        if self.charged.len() + self.allotted >= CHARGED_IDS_MAX
            && let Some(Reverse((_, slot))) = self.charged.pop()
        {
            self.forget(slot);
        }
        self.allotted += 1;
        Ok(())
    }

    /// Gives back room that was allotted.
    pub fn give_back(&mut self) {
        self.allotted = self.allotted.saturating_sub(1);
    }

    /// Records a decision that charged a budget, in room that was allotted, until its charge
    /// no longer counts. An id that is known already keeps what it has: then it is told,
    /// nothing changes, and the room stays allotted.
    pub fn record_charged(
        &mut self,
        identity: &Identity<'_>,
        decision: D,
        until: Moment,
    ) -> Known<D> {
        let tag = self.tag(identity);
        let known = self.known(identity, tag);
        if matches!(known, Known::New) {
            self.give_back();
            let slot = self.insert(identity, tag, decision);
            self.charged.push(Reverse((until, slot)));
        }
        known
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        let hasher = self.hasher.clone();
        *self = Self {
            hasher,
            ..Self::of_the_last(self.others_max)
        };
    }

    /// Ids that are remembered.
    pub fn len(&self) -> usize {
        self.charged.len() + self.others.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<D: Clone> IdMemory<D> {
    fn tag(&self, identity: &Identity<'_>) -> Tag {
        Tag::of_hash(self.hasher.hash_one(identity.id()))
    }

    fn known(&self, identity: &Identity<'_>, tag: Tag) -> Known<D> {
        let has_id = |slot| {
            self.entry(slot)
                .is_some_and(|entry| entry.key.id() == identity.id().as_bytes())
        };
        match self
            .index
            .find(tag, has_id)
            .and_then(|slot| self.entry(slot))
        {
            None => Known::New,
            Some(entry) if entry.key.is_of(identity) => Known::Repeat(entry.decision.clone()),
            Some(_) => Known::OtherIdentity,
        }
    }

    fn insert(&mut self, identity: &Identity<'_>, tag: Tag, decision: D) -> u32 {
        let entry = Entry {
            key: Key::new(identity),
            tag,
            decision,
        };
        let reused = self
            .free
            .pop()
            .and_then(|slot| Some((slot, self.entry_mut(slot)?)));
        let slot = match reused {
            Some((slot, place)) => {
                *place = entry;
                slot
            }
            None => {
                // At most 81,920 slots.
                let slot = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                self.entries.push(entry);
                slot
            }
        };
        self.index.insert(tag, slot);
        slot
    }

    /// Takes an entry out of the index and frees its slot; its memory goes with the next one.
    fn forget(&mut self, slot: u32) {
        if let Some(tag) = self.entry(slot).map(|entry| entry.tag) {
            self.index.remove(tag, slot);
            self.free.push(slot);
        }
    }

    fn entry(&self, slot: u32) -> Option<&Entry<D>> {
        self.entries.get(usize::try_from(slot).ok()?)
    }

    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry<D>> {
        self.entries.get_mut(usize::try_from(slot).ok()?)
    }
}

impl<D: Clone> Default for IdMemory<D> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
