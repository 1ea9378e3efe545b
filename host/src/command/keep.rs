//! Where `route` keeps what it decides: the arguments of a store, and which policy goes on on it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::journal::mask::{Mask, MaskedFields};
use crate::ledger::{MemoryStore, OnExpiry, TimeToLive};
use crate::policy::{Loader, Policy};
use crate::router::Router;
use crate::store::{Durability, LastLive, SqliteStore, StoreAddress, StoreObserver, StoreOptions};

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
            observer,
            ..StoreOptions::default()
        };
        Ok(Some(SqliteStore::open(address, options)?))
    }

    /// A router that keeps everything in memory.
    pub(super) fn in_memory(&self, policy: Policy) -> anyhow::Result<Router> {
        let mut store = MemoryStore::new();
        if let Some(time_to_live) = self.time_to_live() {
            store = store.expiring(time_to_live);
        }
        Ok(Router::with_store(policy, Box::new(store))?)
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

/// Which policy goes on on a store: one that is named and new to the store, is what whoever
/// started the router wants; else the one that was live when the last router ended, which an
/// operator may have swapped in or rolled back to.
pub(super) fn live_policy(
    store: &SqliteStore,
    given: Policy,
    is_explicit: bool,
    loader: &Loader<'_>,
) -> anyhow::Result<Policy> {
    let shut_out = store.quarantined(given.digest());
    let last = store.last_live()?;
    let is_wanted = is_explicit && !store.knows(given.digest());
    let Some(last) = last.filter(|last| last.digest != given.digest() && !is_wanted) else {
        return match shut_out {
            None => Ok(given),
            Some(why) => anyhow::bail!(
                "policy {} is in quarantine: {}; give another one, or clear it with \
                 `quarantine --clear`",
                given.digest(),
                why.escape_debug()
            ),
        };
    };
    let LastLive {
        digest, component, ..
    } = &last;
    if let Some(why) = store.quarantined(*digest) {
        anyhow::bail!(
            "policy {digest}, which was live last, is in quarantine: {}",
            why.escape_debug()
        );
    }
    eprintln!(
        "execution-router: policy `{}` version `{}`, {digest}, goes on, which was live when the \
         last router on this store ended; use `swap` for another",
        last.name.escape_debug(),
        last.version.escape_debug()
    );
    loader
        .component(component)
        .with_context(|| format!("cannot use policy {digest}, which was live last"))
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
