//! Memory that the process has and no longer uses, given back to the machine.
//!
//! Compiling takes several times what routing does, for a quarter of a second. The allocator
//! would keep it for the next one, which seldom comes.

/// Gives back what is free. Worth it after work that took much, and only then: it takes a
/// millisecond.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it may be called at any time, from any thread.
        let _ = unsafe { libc::malloc_trim(0) };
    }
}
