//! What the compiler made of each function of a component, kept for the next component of the
//! same code. A document's component is always the rule engine's code with other data, so that
//! nothing of it is compiled twice.
//!
//! It is machine code like any other compiled form, and kept under the same rules. It holds what
//! the last component needed and nothing older, and decides nothing about what is compiled.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::CacheStore;

use super::{Cache, engine_component, entry};
use crate::digest::Digest;

/// Bytes of all functions together: several times what the rule engine's come to. What is made
/// beyond them is compiled each time.
const FUNCTIONS_BYTES_MAX: usize = 16 << 20;
/// Bytes of a function's key, which is the compiler's own digest of it.
const KEY_BYTES: usize = 32;
/// Bytes of the length behind a key.
const LENGTH_BYTES: usize = 4;

/// One function in so many may be new before all are written anew.
const ONE_IN_NEW: usize = 16;

type Key = [u8; KEY_BYTES];

/// The functions of one component, while it is compiled.
pub(crate) struct Functions {
    path: PathBuf,
    bytes: Vec<u8>,
    known: HashMap<Key, Range<usize>>,
    made: Mutex<Made>,
}

/// What a compilation asked for.
#[derive(Default)]
struct Made {
    /// Those that were known.
    used: Vec<Key>,
    /// Those that were not.
    new: Vec<(Key, Vec<u8>)>,
    bytes: usize,
}

impl Functions {
    /// What was kept at `path`; nothing where there is none, or it is damaged.
    pub(super) fn kept_at(path: PathBuf) -> Self {
        let bytes = entry::read(&path).unwrap_or_default();
        Self {
            known: index(&bytes).unwrap_or_default(),
            path,
            bytes,
            made: Mutex::default(),
        }
    }

    /// Keeps what this compilation used and made, where it made more than a few.
    pub(crate) fn keep(&self) {
        let made = self.made();
        // The compiler finds a few in a hundred never again: what it knows a function by depends a
        // little on what the same thread compiled before.
        if made.new.len() <= made.used.len() / ONE_IN_NEW {
            return entry::refresh(&self.path);
        }
        let used = made
            .used
            .iter()
            .filter_map(|key| Some((key, self.known(key)?)));
        let new = made.new.iter().map(|(key, function)| (key, &**function));
        // By their keys: threads compile in no order.
        let all: BTreeMap<&Key, &[u8]> = used.chain(new).collect();
        let mut bytes = Vec::new();
        for (key, function) in all {
            append(&mut bytes, key, function);
        }
        entry::write(&self.path, &bytes);
    }

    fn known(&self, key: &Key) -> Option<&[u8]> {
        self.bytes.get(self.known.get(key)?.clone())
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} functions", self.known.len())
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let key = Key::try_from(key).ok()?;
        let function = self.known(&key)?;
        let mut made = self.made();
        made.used.push(key);
        made.bytes += KEY_BYTES + LENGTH_BYTES + function.len();
        Some(Cow::Borrowed(function))
    }

    fn insert(&self, key: &[u8], function: Vec<u8>) -> bool {
        let Ok(key) = Key::try_from(key) else {
            return false;
        };
        let mut made = self.made();
        let bytes = made.bytes + KEY_BYTES + LENGTH_BYTES + function.len();
        let has_room = bytes <= FUNCTIONS_BYTES_MAX;
        if has_room {
            made.bytes = bytes;
            made.new.push((key, function));
        }
        has_room
    }
}

/// Where each function stands; `None` when the bytes are not what [`append`] writes.
fn index(bytes: &[u8]) -> Option<HashMap<Key, Range<usize>>> {
    let mut known = HashMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let (key, rest) = bytes.get(at..)?.split_first_chunk::<KEY_BYTES>()?;
        let (length, _) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let start = at + KEY_BYTES + LENGTH_BYTES;
        let end = start.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        bytes.get(start..end)?;
        known.insert(*key, start..end);
        at = end;
    }
    Some(known)
}

fn append(bytes: &mut Vec<u8>, key: &Key, function: &[u8]) {
    // Bounded far below what the length can say.
    let length = u32::try_from(function.len()).unwrap_or(0);
    bytes.extend(key);
    bytes.extend(length.to_le_bytes());
    bytes.extend(function);
}

impl Cache {
    /// The functions of the rule engine that this program carries, compiled for an engine's
    /// configuration; `None` where nothing is kept.
    pub(crate) fn functions(&self, configuration: Digest) -> Option<Functions> {
        let folder = self.folder.as_deref()?;
        let engine = engine_component();
        let key = Digest::of_parts(&[engine.as_bytes(), configuration.as_bytes()]);
        let path = entry::path(folder, key, entry::FUNCTIONS);
        Some(Functions::kept_at(path))
    }
}

#[cfg(test)]
mod tests;
