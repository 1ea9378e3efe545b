//! The entries of a store's log that move its ledger. Decides nothing about them.

use std::collections::BTreeMap;

use execution_router::journal::record::Record;
use rusqlite::{Connection, Row};

use super::Finding;
use super::cells::{count, decimal, event, finding, get, units};
use crate::ledger::model::{Filled, Units};
use crate::ledger::operation::{Decimal, Fill};

/// A decision that charged the budget.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) at: i64,
    pub(super) number: u64,
    pub(super) id: Option<String>,
    pub(super) need: Decimal,
    pub(super) strategy: String,
    /// The digest of the policy that decided.
    pub(super) policy: String,
}

/// An entry of the log that moves the ledger.
#[derive(Debug)]
pub(super) enum Entry {
    Granted(Granted),
    Settled {
        number: u64,
        fill: Fill,
        expected: Filled,
    },
    Released {
        number: u64,
        event: u8,
        released: Units,
    },
    Expired {
        number: u64,
        released: Units,
        stays_open: bool,
    },
}

/// The entries that move the ledger, in the order of the log.
pub(super) fn log(connection: &Connection) -> Result<BTreeMap<u64, Entry>, Finding> {
    let mut entries = BTreeMap::new();
    let mut read = |sql: &str, entry: fn(&Row<'_>) -> Result<Entry, Finding>| {
        let mut statement = connection.prepare(sql).map_err(finding)?;
        let mut rows = statement.query([]).map_err(finding)?;
        while let Some(row) = rows.next().map_err(finding)? {
            entries.insert(count(row, 0)?, entry(row)?);
        }
        Ok::<(), Finding>(())
    };
    read(
        "SELECT seq, at, reservation, id, need, strategy, digest \
         FROM decisions JOIN policies ON number = policy \
         WHERE reservation IS NOT NULL AND repeated = 0",
        grant,
    )?;
    read(
        "SELECT seq, reservation, event_id, notional, side, is_final, used, released, overrun, \
         side_mismatch FROM settlements WHERE kind = 'settle'",
        settlement,
    )?;
    read(
        "SELECT seq, reservation, event_id, released FROM settlements WHERE kind = 'release'",
        release,
    )?;
    read(
        "SELECT seq, reservation, released, record FROM settlements WHERE kind = 'expire'",
        expiry,
    )?;
    Ok(entries)
}

fn grant(row: &Row<'_>) -> Result<Entry, Finding> {
    Ok(Entry::Granted(Granted {
        at: get(row, 1)?,
        number: count(row, 2)?,
        id: get(row, 3)?,
        need: decimal(&get::<String>(row, 4)?)?,
        strategy: get(row, 5)?,
        policy: get(row, 6)?,
    }))
}

fn settlement(row: &Row<'_>) -> Result<Entry, Finding> {
    let overrun: Option<String> = get(row, 8)?;
    Ok(Entry::Settled {
        number: count(row, 1)?,
        fill: Fill {
            ago: 0,
            event: event(&get::<String>(row, 2)?)?,
            notional: decimal(&get::<String>(row, 3)?)?,
            bought: get::<String>(row, 4)? == "BUY",
            is_final: get(row, 5)?,
        },
        expected: Filled {
            used: units(&get::<String>(row, 6)?)?,
            released: units(&get::<String>(row, 7)?)?,
            reserved: 0,
            overrun: overrun.map_or(Ok(0), |overrun| units(&overrun))?,
            side_mismatch: get(row, 9)?,
            repeated: false,
        },
    })
}

fn release(row: &Row<'_>) -> Result<Entry, Finding> {
    Ok(Entry::Released {
        number: count(row, 1)?,
        event: event(&get::<String>(row, 2)?)?,
        released: units(&get::<String>(row, 3)?)?,
    })
}

fn expiry(row: &Row<'_>) -> Result<Entry, Finding> {
    let record: Vec<u8> = get(row, 3)?;
    let stays_open = match Record::decode(&record) {
        Ok(Record::Released(event)) if event.is_expiry => event.stays_open,
        _ => None,
    };
    Ok(Entry::Expired {
        number: count(row, 1)?,
        released: units(&get::<String>(row, 2)?)?,
        stays_open: stays_open.ok_or("an expiry does not say what became of the order")?,
    })
}
