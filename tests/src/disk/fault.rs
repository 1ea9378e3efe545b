//! What can be made to go wrong with a disk, and when.

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// The power goes, in the middle of the operation.
    PowerCut,
    /// The operation fails (`EIO`).
    IoError,
    /// There is no room left (`ENOSPC`).
    DiskFull,
}

/// Counts of what can be struck. In a [`Fault`], 1 for what it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Struck {
    /// Reads.
    pub reads: u64,
    /// Writes, and changes of length.
    pub writes: u64,
    /// Syncs.
    pub syncs: u64,
}

/// Something that goes wrong later.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// What.
    pub harm: Harm,
    pub(super) each: Struck,
    before: u64,
    times: u64,
}

impl Struck {
    /// Writes and syncs.
    pub const CHANGES: Self = Self {
        reads: 0,
        writes: 1,
        syncs: 1,
    };
    /// Syncs.
    pub const SYNCS: Self = Self {
        reads: 0,
        writes: 0,
        syncs: 1,
    };
    /// Writes.
    pub const WRITES: Self = Self {
        reads: 0,
        writes: 1,
        syncs: 0,
    };
    /// Reads.
    pub const READS: Self = Self {
        reads: 1,
        writes: 0,
        syncs: 0,
    };
}

impl Fault {
    /// Strikes once, after so many operations of this kind went well.
    pub const fn after(harm: Harm, each: Struck, before: u64) -> Self {
        Self {
            harm,
            each,
            before,
            times: 1,
        }
    }

    /// Strikes so many operations, one after the other.
    #[must_use]
    pub const fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// Whether it strikes this one.
    pub(super) const fn comes_due(&mut self) -> bool {
        if self.before > 0 {
            self.before -= 1;
            return false;
        }
        self.times = self.times.saturating_sub(1);
        true
    }

    pub(super) const fn is_over(&self) -> bool {
        self.times == 0
    }
}
