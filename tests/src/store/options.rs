//! How each process keeps the store that it opens: some of them answer nothing that is not on
//! disk, and some end the time of reservations of which nobody hears.

use std::time::Duration;

use execution_router::ledger::{OnExpiry, TimeToLive};
use execution_router::store::{Durability, StoreOptions};

/// How long reservations have; loads go on by five hours each, so that many end.
const PATIENCE: Duration = Duration::from_secs(4 * 3_600);

/// What the process of this number goes by.
pub fn options(number: u64) -> StoreOptions {
    let on_expiry = match number % 4 {
        0 => Some(OnExpiry::Keep),
        1 => Some(OnExpiry::Release),
        _ => None,
    };
    StoreOptions {
        durability: if answers_from_disk(number) {
            Durability::Full
        } else {
            Durability::Budgets
        },
        time_to_live: on_expiry.map(|on_expiry| TimeToLive {
            after: PATIENCE,
            on_expiry,
        }),
        ..StoreOptions::default()
    }
}

/// Whether the process of this number answers nothing but closes before it is on disk.
pub const fn answers_from_disk(number: u64) -> bool {
    number.is_multiple_of(3)
}
