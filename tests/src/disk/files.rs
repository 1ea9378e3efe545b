//! What is on a disk: files, the names that they are found under, and what a fault does to them.
//!
//! A name that was made or removed is durable once its folder was synced, which SQLite does when
//! it syncs a new journal or log. Until then, a power cut may undo it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use super::fault::{Fault, Harm, Struck};
use super::image::{Image, Remains};
use super::locks::{FileLocks, HandleId};
use super::random::Dice;
use super::shared_memory::SharedMemory;

/// A file's number, whatever name it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileId(u64);

/// A disk's files.
#[derive(Debug)]
pub(super) struct Files {
    files: HashMap<FileId, File>,
    names: BTreeMap<String, FileId>,
    durable_names: BTreeMap<String, FileId>,
    numbers: u64,
    /// How often its programs died: what they had open is no longer.
    pub(super) boot: u64,
    /// Whether it can be read and written.
    pub(super) is_on: bool,
    faults: Vec<Fault>,
    pub(super) struck: Struck,
    dice: Dice,
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) image: Image,
    pub(super) locks: FileLocks,
    shared: Weak<SharedMemory>,
}

impl Files {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            files: HashMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            numbers: 0,
            boot: 0,
            is_on: true,
            faults: Vec::new(),
            struck: Struck::default(),
            dice: Dice::new(seed),
        }
    }

    pub(super) fn handle(&mut self) -> HandleId {
        HandleId(self.number())
    }

    pub(super) fn named(&self, name: &str) -> Option<FileId> {
        self.names.get(name).copied()
    }

    pub(super) fn make(&mut self, name: &str) -> FileId {
        let id = FileId(self.number());
        self.files.insert(id, File::default());
        self.names.insert(name.to_owned(), id);
        id
    }

    /// Removes a name; false when there is none. Whoever has the file open keeps it.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.names.remove(name).is_some()
    }

    /// Makes the names durable.
    pub(super) fn sync_folder(&mut self) {
        self.durable_names.clone_from(&self.names);
    }

    /// Makes the name of one file durable, as file systems do for a new file that is synced.
    pub(super) fn sync_name(&mut self, file: FileId) {
        let name = self.names.iter().find(|(_, id)| **id == file);
        if let Some((name, id)) = name {
            self.durable_names.insert(name.clone(), *id);
        }
    }

    pub(super) fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(&id)
    }

    pub(super) fn file_mut(&mut self, id: FileId) -> Option<&mut File> {
        self.files.get_mut(&id)
    }

    pub(super) fn fail_sync(&mut self, id: FileId) {
        if let Some(file) = self.files.get_mut(&id) {
            file.image.fail_sync(&mut self.dice);
        }
    }

    /// How much of a write that fails was written all the same.
    pub(super) fn part_of(&mut self, length: usize) -> usize {
        self.dice.place(length)
    }

    /// What this operation meets, if anything.
    pub(super) fn strike(&mut self, operation: fn(&mut Struck) -> &mut u64) -> Option<Harm> {
        *operation(&mut self.struck) += 1;
        let mut met = None;
        for fault in &mut self.faults {
            if *operation(&mut fault.each) == 1 && fault.comes_due() {
                met = met.or(Some(fault.harm));
            }
        }
        self.faults.retain(|fault| !fault.is_over());
        met
    }

    pub(super) fn set_faults(&mut self, faults: Vec<Fault>) {
        self.faults = faults;
    }

    /// All programs die; what they wrote stays in the cache.
    pub(super) fn kill(&mut self) {
        self.boot += 1;
        for file in self.files.values_mut() {
            file.locks = FileLocks::default();
            file.shared = Weak::new();
        }
    }

    /// The power goes, and with it what was not synced, or some of it.
    pub(super) fn lose_power(&mut self) {
        self.kill();
        self.is_on = false;
        self.faults.clear();
        let names: Vec<String> = self
            .names
            .keys()
            .chain(self.durable_names.keys())
            .cloned()
            .collect();
        for name in names {
            let (now, durable) = (self.names.get(&name), self.durable_names.get(&name));
            if now == durable {
                continue;
            }
            let found = if self.dice.one_in(2) { now } else { durable }.copied();
            for names in [&mut self.names, &mut self.durable_names] {
                match found {
                    Some(id) => names.insert(name.clone(), id),
                    None => names.remove(&name),
                };
            }
        }
        let kept: Vec<FileId> = self.names.values().copied().collect();
        self.files.retain(|id, _| kept.contains(id));
        // By number, so that a seed decides what every file loses.
        for id in kept {
            let remains = Remains::throw(&mut self.dice);
            if let Some(file) = self.files.get_mut(&id) {
                file.image.lose_power(remains, &mut self.dice);
            }
        }
    }

    /// What each name stands for: durable bytes, those that programs see.
    pub(super) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let named = self.names.iter();
        named
            .filter_map(|(name, id)| {
                let image = &self.files.get(id)?.image;
                let mut bytes = vec![0; image.length()];
                image.read(0, &mut bytes);
                Some((name.clone(), bytes))
            })
            .collect()
    }

    /// The durable bytes under a name.
    pub(super) fn durable(&self, name: &str) -> Option<&[u8]> {
        let id = self.durable_names.get(name)?;
        Some(self.files.get(id)?.image.durable())
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

impl File {
    /// The index of the log that this file's connections share.
    pub(super) fn shared(&mut self) -> Arc<SharedMemory> {
        self.shared.upgrade().unwrap_or_else(|| {
            let made = Arc::new(SharedMemory::default());
            self.shared = Arc::downgrade(&made);
            made
        })
    }
}
