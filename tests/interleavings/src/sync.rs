//! What stands in the place of the host's `sync.rs`: the same, of what loom can see into.
//!
//! The host's slot is an `ArcSwap`, which loom cannot see into: its pointer is read with plain
//! instructions. A lock that writers hold for one store stands for it. A view, as that of the
//! host, looks at what names the value without any order, so that it may find a value that has
//! just been replaced wherever nothing else says that it was.

use std::sync::Arc;

use loom::sync::RwLock;
use loom::sync::atomic::AtomicUsize;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// As the standard library's, whose initial value is a constant.
macro_rules! local {
    ($(#[$attribute:meta])* static $name:ident: $type:ty = const $value:block;) => {
        // Its attributes are for the host's one.
        loom::thread_local! { static $name: $type = $value }
    };
}
pub(crate) use local as thread_local;

pub(crate) struct Slot<T>(Arc<Place<T>>);

struct Place<T> {
    /// Stands for the pointer's bits.
    version: AtomicUsize,
    value: RwLock<(usize, Arc<T>)>,
}

pub(crate) struct View<T> {
    place: Arc<Place<T>>,
    seen: (usize, Arc<T>),
}

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Place {
            version: AtomicUsize::new(0),
            value: RwLock::new((0, Arc::new(value))),
        }))
    }

    pub(crate) fn view(&self) -> View<T> {
        View {
            place: Arc::clone(&self.0),
            seen: self.0.load(),
        }
    }

    pub(crate) fn set(&self, value: T) {
        let mut held = self.0.value.write().unwrap();
        let version = held.0 + 1;
        // The one before is dropped only when nobody looks, as an `ArcSwap` does it.
        let before = std::mem::replace(&mut *held, (version, Arc::new(value)));
        self.0.version.store(version, Ordering::Release);
        drop(held);
        drop(before);
    }

    pub(crate) fn now(&self) -> Arc<T> {
        self.0.load().1
    }
}

impl<T> Place<T> {
    fn load(&self) -> (usize, Arc<T>) {
        let held = self.value.read().unwrap();
        (held.0, Arc::clone(&held.1))
    }
}

impl<T> View<T> {
    pub(crate) fn load(&mut self) -> &Arc<T> {
        if self.place.version.load(Ordering::Relaxed) != self.seen.0 {
            self.seen = self.place.load();
        }
        &self.seen.1
    }
}
