//! Where the threads of a router meet: locks, flags, and the slot that holds what is live.
//!
//! The router's files take these from nowhere else, so that `tests/interleavings` can compile the
//! same files with a file of its own in this one's place, and try every order of their steps.

use std::sync::Arc;

use arc_swap::ArcSwap;

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use std::thread_local;

/// A value that many read at any time and few replace, as a whole: no reader ever sees a part of
/// two, and none ever waits.
pub(crate) struct Slot<T>(Arc<ArcSwap<T>>);

/// A thread's own view of a slot: it looks whether the pointer is still the same, and touches
/// nothing that other threads write while it is.
pub(crate) struct View<T>(arc_swap::Cache<Arc<ArcSwap<T>>, Arc<T>>);

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    pub(crate) fn view(&self) -> View<T> {
        View(arc_swap::Cache::new(Arc::clone(&self.0)))
    }

    pub(crate) fn set(&self, value: T) {
        self.0.store(Arc::new(value));
    }

    pub(crate) fn now(&self) -> Arc<T> {
        self.0.load_full()
    }
}

impl<T> View<T> {
    /// What the slot holds; it stays the same for as long as it is borrowed.
    #[inline]
    pub(crate) fn load(&mut self) -> &Arc<T> {
        self.0.load()
    }
}
