//! Where `route` keeps what it decides: the arguments of a store.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::journal::mask::{Mask, MaskedFields};
use crate::ledger::{MemoryStore, OnExpiry, TimeToLive};
use crate::store::{Durability, SqliteStore, StoreAddress, StoreObserver, StoreOptions};

/// Where a router keeps what it decides.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// Keep budgets, ids and decisions in this store, as `sqlite:router.db`; in memory when not
    /// given.
    #[arg(long, value_name = "STORE")]
    store: Option<StoreAddress>,
    /// What must be on disk before it is answered.
    #[arg(long, value_enum, default_value = "budgets", requires = "store")]
    durability: DurabilityArgument,
    /// How long an answer waits for the disk, and what stands behind it; then it is refused.
    #[arg(long, value_name = "TIME", value_parser = time_to_live, default_value = "1s", requires = "store")]
    disk_wait: Duration,
    /// How long a reservation waits for word of its order, as `1h`, `90m` or `30s`; for good when
    /// not given.
    #[arg(long, value_name = "TIME", value_parser = time_to_live)]
    reservation_ttl: Option<Duration>,
    /// What becomes of a reservation whose time is over.
    #[arg(long, value_enum, default_value = "keep", requires = "reservation_ttl")]
    on_expiry: ExpiryArgument,
    /// Fields to journal as keyed hashes: id, symbol, strategy, tags.
    #[arg(long, value_name = "FIELDS", requires_all = ["store", "mask_key"])]
    mask: Option<MaskedFields>,
    /// The file with the key of those hashes.
    #[arg(long, value_name = "FILE", requires = "mask")]
    mask_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DurabilityArgument {
    /// What charges a budget, settles or releases; all else within 50 ms.
    Budgets,
    /// Every decision but a close, which never waits.
    Full,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExpiryArgument {
    /// It holds on, and that is told.
    Keep,
    /// What it holds is freed, and that is told.
    Release,
}

impl StoreArguments {
    /// Opens the store, where there is to be one.
    pub(super) fn open(&self, observer: StoreObserver) -> anyhow::Result<Option<SqliteStore>> {
        let Some(address) = &self.store else {
            return Ok(None);
        };
        let options = StoreOptions {
            durability: match self.durability {
                DurabilityArgument::Budgets => Durability::Budgets,
                DurabilityArgument::Full => Durability::Full,
            },
            time_to_live: self.time_to_live(),
            mask: self.mask()?,
            disk_wait_max: self.disk_wait,
            observer,
            ..StoreOptions::default()
        };
        Ok(Some(SqliteStore::open(address, options)?))
    }

    /// The store that there is without one.
    pub(super) fn in_memory<D: Clone>(&self) -> MemoryStore<D> {
        let store = MemoryStore::new();
        match self.time_to_live() {
            Some(time_to_live) => store.expiring(time_to_live),
            None => store,
        }
    }

    fn time_to_live(&self) -> Option<TimeToLive> {
        Some(TimeToLive {
            after: self.reservation_ttl?,
            on_expiry: match self.on_expiry {
                ExpiryArgument::Keep => OnExpiry::Keep,
                ExpiryArgument::Release => OnExpiry::Release,
            },
        })
    }

    fn mask(&self) -> anyhow::Result<Option<Mask>> {
        let (Some(key), Some(fields)) = (&self.mask_key, self.mask) else {
            return Ok(None);
        };
        Ok(Some(Mask::read(key, fields)?))
    }
}

/// A time as `1h`, `90m` or `30s`.
fn time_to_live(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{}` is no time: write `1h`, `90m` or `30s`",
            text.escape_debug()
        )
    };
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds_each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count = text
        .strip_suffix(unit)
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let count: u64 = count
        .and_then(|digits| digits.parse().ok())
        .filter(|count| *count > 0)
        .ok_or_else(wrong)?;
    let seconds = count.checked_mul(seconds_each).ok_or_else(wrong)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        for (text, seconds) in [("30s", 30), ("90m", 5_400), ("1h", 3_600), ("2d", 172_800)] {
            assert_eq!(time_to_live(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "h",
            "1",
            "-1h",
            "1.5h",
            "0s",
            "1 h",
            "1h30m",
            "1é",
            "99999999999999999999d",
        ] {
            assert_eq!(
                time_to_live(text),
                Err(format!("`{text}` is no time: write `1h`, `90m` or `30s`"))
            );
        }
    }
}
