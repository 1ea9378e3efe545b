//! Bounded room that threads take and give back. Knows nothing of what is in it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How much of a bounded room is left.
#[derive(Debug)]
pub(super) struct Room {
    left: AtomicUsize,
}

impl Room {
    /// All of it free.
    pub(super) const fn of(size: usize) -> Self {
        Self {
            left: AtomicUsize::new(size),
        }
    }

    /// Takes so much, if it is there. (Relaxed: a count that guards no other memory.)
    pub(super) fn take(&self, much: usize) -> bool {
        let less = |left: usize| left.checked_sub(much);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&self, much: usize) {
        self.left.fetch_add(much, Ordering::Relaxed);
    }

    /// What is left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }
}
