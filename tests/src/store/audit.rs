//! What must hold of a store's tables, whatever ended the process that wrote them.

mod cells;
mod log;
mod replay;

use std::collections::HashSet;
use std::path::Path;

use execution_router::journal::Journal;
use execution_router::journal::verify::{verify, write_text};
use execution_router::store::StoreAddress;
use execution_router::{Amount, Digest};
use rusqlite::Connection;

use super::acknowledged::Acknowledged;
use super::variants::Variants;
use crate::ledger::model::{Model, Units};
use cells::{count, finding, get};
use log::log;
use replay::Replay;

/// What does not hold, in words.
pub type Finding = String;

/// What was found in order.
#[derive(Debug)]
pub struct Audit {
    /// The ledger as the journal has it.
    pub model: Model,
    /// Entries of the log.
    pub entries: u64,
    /// Reservations that nobody was told of, or whose answer was on its way.
    pub unacknowledged: u64,
    /// Swaps in the log.
    pub swaps: u64,
    /// Reservations whose time was over.
    pub expired: u64,
}

/// Holds a store to what was acknowledged.
///
/// # Errors
/// The first thing that does not hold.
pub fn audit(
    store: &Path,
    acknowledged: &[Acknowledged],
    variants: &Variants,
) -> Result<Audit, Finding> {
    let connection = Connection::open(store).map_err(finding)?;
    let connection = &connection;
    sound(connection)?;
    let entries = chained(connection)?;
    verified(store)?;
    let mut replay = Replay::new(decided(connection)?);
    for (seq, entry) in log(connection)? {
        replay
            .take(entry, variants)
            .map_err(|finding| format!("entry {seq}: {finding}"))?;
    }
    replay.agrees(connection)?;
    replay.time(connection)?;
    for one in acknowledged {
        replay
            .has(one)
            .map_err(|finding| format!("`{one}` was answered, but {finding}"))?;
    }
    let told = acknowledged.iter().filter_map(|one| match one {
        Acknowledged::Granted { number, .. } => Some(*number),
        _ => None,
    });
    let told: HashSet<u64> = told.collect();
    let grants = replay.grants.len().saturating_sub(told.len());
    Ok(Audit {
        model: replay.model,
        entries,
        unacknowledged: u64::try_from(grants).unwrap_or(0),
        swaps: rows(connection, "changes WHERE kind = 'swap'")?,
        expired: rows(connection, "settlements WHERE kind = 'expire'")?,
    })
}

fn sound(connection: &Connection) -> Result<(), Finding> {
    let said: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(finding)?;
    if said != "ok" {
        return Err(format!("the database is damaged: {said}"));
    }
    let mut statement = connection
        .prepare("PRAGMA foreign_key_check")
        .map_err(finding)?;
    if statement.exists([]).map_err(finding)? {
        return Err("a row refers to one that is not there".to_owned());
    }
    Ok(())
}

/// Every column says what the chained entries say, by the program's own word.
fn verified(store: &Path) -> Result<(), Finding> {
    let words = |error: &dyn std::error::Error| error.to_string();
    let journal = Journal::open(&StoreAddress::sqlite(store)).map_err(|error| words(&error))?;
    let verified = verify(&journal, None, &mut |_| {}).map_err(|error| words(&error))?;
    if verified.is_sound() {
        Ok(())
    } else {
        Err(write_text(&verified))
    }
}

fn rows(connection: &Connection, of: &str) -> Result<u64, Finding> {
    let query = format!("SELECT count(*) FROM {of}");
    let count = connection.query_row(&query, [], |row| row.get::<_, i64>(0));
    u64::try_from(count.map_err(finding)?).map_err(|error| error.to_string())
}

fn decided(connection: &Connection) -> Result<HashSet<String>, Finding> {
    let query = "SELECT id FROM decisions WHERE id IS NOT NULL";
    let mut statement = connection.prepare(query).map_err(finding)?;
    let ids = statement.query_map([], |row| row.get(0)).map_err(finding)?;
    ids.collect::<Result<_, _>>().map_err(finding)
}

/// Every entry follows the one before, from the first to the head that is written down.
fn chained(connection: &Connection) -> Result<u64, Finding> {
    let mut statement = connection
        .prepare(
            "SELECT seq, record, chain FROM decisions UNION ALL \
             SELECT seq, record, chain FROM settlements UNION ALL \
             SELECT seq, record, chain FROM changes ORDER BY seq",
        )
        .map_err(finding)?;
    let mut rows = statement.query([]).map_err(finding)?;
    let (mut last, mut link) = (0_u64, vec![0_u8; 32]);
    while let Some(row) = rows.next().map_err(finding)? {
        let seq = count(row, 0)?;
        if seq != last + 1 {
            return Err(format!("entry {seq} follows entry {last}"));
        }
        let record: Vec<u8> = get(row, 1)?;
        link.extend(record);
        link = Digest::of(&link).as_bytes().to_vec();
        if link != get::<Vec<u8>>(row, 2)? {
            return Err(format!("entry {seq} does not follow the one before it"));
        }
        last = seq;
    }
    let head = |key: &str| format!("SELECT value FROM meta WHERE key = '{key}'");
    let seq = connection.query_row(&head("chain_seq"), [], |row| row.get::<_, i64>(0));
    let hash = connection.query_row(&head("chain_hash"), [], |row| row.get::<_, Vec<u8>>(0));
    match (last, seq, hash) {
        (0, _, _) => Ok(0),
        (_, Ok(seq), Ok(hash)) if u64::try_from(seq) == Ok(last) && hash == link => Ok(last),
        (_, seq, _) => Err(format!("the log ends at {last}, and its head says {seq:?}")),
    }
}

/// A sum of the router's in the model's units.
pub fn units_of(amount: Amount) -> Units {
    let (high, low, scale) = amount.to_words();
    let coefficient = (u128::from(high) << 64) | u128::from(low);
    // The ledger keeps twelve places.
    coefficient * 10_u128.pow(u32::from(12_u8.saturating_sub(scale)))
}
