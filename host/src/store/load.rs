//! Reads back what a store holds: the ledger, the log's end, and what the router before it left.
//! Changes nothing, and believes no row that cannot be.

use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;

use jiff::Timestamp;
use router_guest::decision::Side;
use router_guest::state::TradingState;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::error::{FaultKind, StoreFault};
use super::rows::ChainHead;
use super::{generations, lives};
use crate::digest::Digest;
use crate::journal::mask::Mask;
use crate::ledger::window::Moment;
use crate::ledger::{KEPT_CHARGES_MAX, KeptCharge, KeptLedger, Restored};
use crate::router::Quarantined;

/// What a store holds of the ledger.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) ledger: KeptLedger,
    pub(super) head: ChainHead,
    /// From when on every charge is there; [`Moment::MIN`] where none was left out.
    pub(super) complete_from: Moment,
}

/// Reads the ledger and the log's end.
pub(super) fn load(connection: &Connection, path: &Path) -> Result<Loaded, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let transaction = connection.unchecked_transaction().map_err(fault)?;
    let granted: Option<i64> = connection
        .query_row("SELECT max(number) FROM reservations", [], |row| row.get(0))
        .map_err(fault)?;
    let charges = charges(connection, path)?;
    let left_out = match charges.first() {
        Some(first) => older_than(connection, first.number).map_err(fault)?,
        None => false,
    };
    let complete_from = match charges.first() {
        Some(first) if left_out => first.at,
        _ => Moment::MIN,
    };
    let loaded = Loaded {
        ledger: KeptLedger {
            charges,
            granted: granted
                .and_then(|number| number.try_into().ok())
                .unwrap_or(0),
            latest: latest(connection).map_err(fault)?,
        },
        head: head(connection, path)?,
        complete_from,
    };
    drop(transaction);
    Ok(loaded)
}

/// Reads what the router before left.
pub(super) fn restored(connection: &Connection, path: &Path) -> Result<Restored, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let generations: Option<i64> = connection
        .query_row("SELECT max(generation) FROM changes", [], |row| row.get(0))
        .map_err(fault)?;
    let trading_state = connection
        .query_row("SELECT state, until FROM trading_state", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?))
        })
        .optional()
        .map_err(fault)?;
    let trading_state = trading_state
        .map(|(word, until)| {
            let state = TradingState::of_word(&word)
                .ok_or_else(|| unsound(path, format!("the trading state `{word}`")))?;
            let until = until.and_then(|until| Timestamp::from_microsecond(until).ok());
            Ok((state, until))
        })
        .transpose()?;
    let lives = lives::lives(connection, path)?;
    Ok(Restored {
        account_currency: lives::account_currency(connection, &lives).map_err(fault)?,
        lives,
        generations: generations
            .max(meta(connection, generations::KEY).map_err(fault)?)
            .and_then(|last| last.try_into().ok())
            .unwrap_or(0),
        trading_state,
        quarantined: quarantined(connection, path)?,
    })
}

fn quarantined(connection: &Connection, path: &Path) -> Result<Vec<Quarantined>, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let mut statement = connection
        .prepare("SELECT digest, why, since FROM quarantine ORDER BY since, digest")
        .map_err(fault)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let text: String = row.get(0).map_err(fault)?;
        let digest = Digest::of_text(&text)
            .ok_or_else(|| unsound(path, format!("the quarantined digest `{text}`")))?;
        let since: i64 = row.get(2).map_err(fault)?;
        all.push(Quarantined {
            digest,
            why: row.get(1).map_err(fault)?,
            since: Moment::from_microseconds(since).timestamp(),
        });
    }
    Ok(all)
}

/// The log's end, which the last transaction wrote down.
pub(super) fn head(connection: &Connection, path: &Path) -> Result<ChainHead, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let seq: Option<i64> = meta(connection, "chain_seq").map_err(fault)?;
    let hash: Option<Vec<u8>> = meta(connection, "chain_hash").map_err(fault)?;
    match (seq, hash) {
        (None, None) => Ok(ChainHead::START),
        (Some(seq), Some(hash)) => match hash.try_into() {
            Ok(hash) => Ok(ChainHead { seq, hash }),
            Err(_) => Err(unsound(
                path,
                "the chain's end, which is no hash".to_owned(),
            )),
        },
        _ => Err(unsound(path, "half of the chain's end".to_owned())),
    }
}

/// Whether the store was begun with the same fields masked by the same key; a new store is from
/// here on. Memory and disk would else know the same ids under different names.
pub(super) fn keeps_mask(connection: &Connection, mask: Option<&Mask>) -> rusqlite::Result<bool> {
    let text = mask_text(mask);
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('mask', ?1) ON CONFLICT (key) DO NOTHING",
        [&text],
    )?;
    let begun: Option<String> = meta(connection, "mask")?;
    Ok(begun.is_some_and(|begun| begun == text))
}

/// What a store keeps of which fields are masked, and by which key.
pub(super) fn mask_text(mask: Option<&Mask>) -> String {
    mask.map_or_else(String::new, |mask| {
        format!("{} {}", mask.fields(), mask.key_digest())
    })
}

fn latest(connection: &Connection) -> rusqlite::Result<Moment> {
    let latest: Option<i64> = meta(connection, "latest")?;
    Ok(latest.map_or(Moment::MIN, Moment::from_microseconds))
}

pub(super) fn meta<T: rusqlite::types::FromSql>(
    connection: &Connection,
    key: &str,
) -> rusqlite::Result<Option<T>> {
    connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
            row.get(0)
        })
        .optional()
}

fn older_than(connection: &Connection, number: u64) -> rusqlite::Result<bool> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM reservations WHERE number < ?1)",
        [number],
        |row| row.get(0),
    )
}

/// The latest charges, in the order of their numbers, with the events that each has seen.
fn charges(connection: &Connection, path: &Path) -> Result<Vec<KeptCharge>, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let mut statement = connection
        .prepare(&select_charges("ORDER BY number DESC LIMIT ?1"))
        .map_err(fault)?;
    let mut rows = statement
        .query(params![KEPT_CHARGES_MAX as i64])
        .map_err(fault)?;
    let mut charges = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        charges.push(charge(row, path)?);
    }
    charges.reverse();
    let Some(first) = charges.first().map(|charge| charge.number) else {
        return Ok(charges);
    };
    let mut events = events(connection, first).map_err(fault)?;
    for charge in &mut charges {
        charge.events = events.remove(&charge.number).unwrap_or_default();
    }
    Ok(charges)
}

/// The query whose rows [`charge`] reads.
fn select_charges(which: &str) -> String {
    format!(
        "SELECT number, budget, at, symbol, strategy, side, quote_rate, reserved, settled, \
         is_open, expires_at FROM reservations {which}"
    )
}

fn charge(row: &Row<'_>, path: &Path) -> Result<KeptCharge, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let number: i64 = row.get(0).map_err(fault)?;
    let bad = |what: &str, text: &str| {
        unsound(
            path,
            format!("reservation R{number} has the {what} `{text}`"),
        )
    };
    let side: String = row.get(5).map_err(fault)?;
    let side = match side.as_str() {
        "BUY" => Side::Buy,
        "SELL" => Side::Sell,
        other => return Err(bad("side", other)),
    };
    let amount = |index: usize, what: &str| {
        let text: String = row.get(index).map_err(fault)?;
        parsed(&text).ok_or_else(|| bad(what, &text))
    };
    let expires_at: Option<i64> = row.get(10).map_err(fault)?;
    Ok(KeptCharge {
        number: u64::try_from(number).map_err(|_| bad("number", &number.to_string()))?,
        budget: row.get(1).map_err(fault)?,
        at: Moment::from_microseconds(row.get(2).map_err(fault)?),
        symbol: row.get(3).map_err(fault)?,
        strategy: row.get(4).map_err(fault)?,
        side,
        quote_rate: amount(6, "quote rate")?,
        reserved: amount(7, "reserved amount")?,
        settled: amount(8, "settled amount")?,
        is_open: row.get(9).map_err(fault)?,
        events: Vec::new(),
        expires_at: expires_at.map(Moment::from_microseconds),
    })
}

/// Reads one charge, with the events that it has seen.
pub(super) fn one_charge(
    connection: &Connection,
    path: &Path,
    number: u64,
) -> Result<Option<KeptCharge>, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let row_number = i64::try_from(number).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare(&select_charges("WHERE number = ?1"))
        .map_err(fault)?;
    let mut rows = statement.query([row_number]).map_err(fault)?;
    let Some(row) = rows.next().map_err(fault)? else {
        return Ok(None);
    };
    let mut charge = charge(row, path)?;
    let mut statement = connection
        .prepare(
            "SELECT event_id FROM settlements WHERE reservation = ?1 AND kind <> 'expire' \
             ORDER BY seq",
        )
        .map_err(fault)?;
    let events = statement.query_map([row_number], |row| row.get(0));
    let events: rusqlite::Result<Vec<String>> = events.map_err(fault)?.collect();
    charge.events = events.map_err(fault)?;
    Ok(Some(charge))
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The event ids of each reservation from a number on, in their order.
fn events(connection: &Connection, first: u64) -> rusqlite::Result<HashMap<u64, Vec<String>>> {
    let mut statement = connection.prepare(
        "SELECT reservation, event_id FROM settlements \
         WHERE reservation >= ?1 AND kind <> 'expire' ORDER BY seq",
    )?;
    let first = i64::try_from(first).unwrap_or(i64::MAX);
    let mut rows = statement.query([first])?;
    let mut events: HashMap<u64, Vec<String>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let number = u64::try_from(number).unwrap_or(0);
        events.entry(number).or_default().push(row.get(1)?);
    }
    Ok(events)
}

pub(super) fn unsound(path: &Path, what: String) -> StoreFault {
    StoreFault::new(path, FaultKind::Unsound { what })
}
