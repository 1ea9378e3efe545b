//! `budget`: what is used and held of each budget of the live policy, and by which orders.
//!
//! It reads the reservations that the router has written, and sums them under the live policy's
//! windows and scopes, as the router's own books do. It changes nothing, and grants nothing.

mod report;

use std::collections::BTreeMap;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{BudgetInfo, Manifest, Scope};
use rusqlite::{OptionalExtension as _, Row};

use super::reader::{Journal, JournalError, Snapshot};
use super::record::DecisionRecord;
use crate::ledger::OpenError;
use crate::ledger::window::{Bounds, Calendar, Moment};
use crate::store::manifest;

pub use report::{write_json, write_text};

/// Orders that are told to hold a budget; the others are counted.
pub const HOLDERS_MAX: usize = 20;
/// Decisions that are looked through for an equity at most.
const EQUITIES_MAX: u32 = 10_000;
/// Parts of a scope that are told apart.
const PARTS_MAX: usize = 10_000;

/// The budgets of the live policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// The policy: its name and version.
    pub policy: String,
    /// What amounts are in.
    pub account_currency: String,
    /// The time that windows are taken at.
    pub at: Timestamp,
    /// In the policy's order.
    pub budgets: Vec<BudgetStanding>,
}

/// One budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetStanding {
    /// What the policy says of it.
    pub info: BudgetInfo,
    /// Its window; `None` on a side where it has no end.
    pub window: [Option<Timestamp>; 2],
    /// The limit; of one in percent, that of [`Self::equity`].
    pub limit: Option<Amount>,
    /// The equity of the last decision that consulted a budget of this name and gave one, and
    /// when that was; `None` where the limit is the same for every request, or none is known.
    pub equity: Option<(Amount, Timestamp)>,
    /// By part of its scope: one of an empty name where all requests share it.
    pub parts: BTreeMap<String, Part>,
    /// Orders whose fate is open, the oldest first.
    pub holders: Vec<Holder>,
    /// How many there are.
    pub held_by: u64,
}

/// What is used and held of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Settled.
    pub used: Amount,
    /// Held.
    pub reserved: Amount,
    /// Orders.
    pub orders: u32,
}

/// An order that holds a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The number behind the `R`.
    pub number: i64,
    /// The symbol.
    pub symbol: String,
    /// The strategy.
    pub strategy: String,
    /// `BUY` or `SELL`.
    pub side: String,
    /// What it holds.
    pub reserved: Amount,
    /// What it used so far.
    pub settled: Amount,
    /// Since when.
    pub at: Timestamp,
}

/// Why budgets cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum BudgetsError {
    /// The store cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A budget's window cannot be made.
    #[error(transparent)]
    Window(#[from] OpenError),
    /// No router has run on the store.
    #[error("the store has no policy yet: no router has run on it")]
    NoPolicy,
    /// A row makes no sense.
    #[error("reservation R{number} of the store has the {what} `{text}`, which is no amount")]
    Amount {
        /// Its number.
        number: i64,
        /// What of it.
        what: &'static str,
        /// What stands there.
        text: String,
    },
}

/// What is used and held, at this time or at the latest that the router has counted by.
///
/// # Errors
/// [`BudgetsError`].
pub fn budgets(journal: &Journal, at: Option<Timestamp>) -> Result<Budgets, BudgetsError> {
    let snapshot = journal.snapshot()?;
    let manifest = live_manifest(&snapshot)?;
    let at = match at {
        Some(at) => at,
        None => latest(&snapshot)?,
    };
    let all = manifest.budgets.iter();
    let standings = all.map(|info| standing(&snapshot, info, at));
    Ok(Budgets {
        budgets: standings.collect::<Result<_, _>>()?,
        policy: format!("`{}` version {}", manifest.name, manifest.version),
        account_currency: manifest.account_currency,
        at,
    })
}

/// The policy that a change made live last, or else that decided last.
fn live_manifest(snapshot: &Snapshot<'_>) -> Result<Manifest, BudgetsError> {
    let query = "SELECT number, manifest FROM policies ORDER BY
       digest = (SELECT digest FROM changes WHERE kind IN ('started', 'swap', 'rollback')
                 AND digest IS NOT NULL ORDER BY seq DESC LIMIT 1) DESC,
       number = (SELECT policy FROM decisions ORDER BY seq DESC LIMIT 1) DESC,
       number DESC LIMIT 1";
    let row = snapshot
        .transaction
        .query_row(query, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()
        .map_err(|error| snapshot.fault(&error))?;
    let (number, text) = row.ok_or(BudgetsError::NoPolicy)?;
    let what = "manifest";
    Ok(manifest::of_json(&text).ok_or(JournalError::Policy { number, what })?)
}

/// The latest effective time; now, where nothing was counted yet.
fn latest(snapshot: &Snapshot<'_>) -> Result<Timestamp, BudgetsError> {
    let query = "SELECT value FROM meta WHERE key = 'latest'";
    let latest: Option<i64> = snapshot
        .transaction
        .query_row(query, [], |row| row.get(0))
        .optional()
        .map_err(|error| snapshot.fault(&error))?;
    let latest = latest.filter(|latest| *latest != i64::MIN);
    Ok(latest.map_or_else(Timestamp::now, |latest| {
        Moment::from_microseconds(latest).timestamp()
    }))
}

fn standing(
    snapshot: &Snapshot<'_>,
    info: &BudgetInfo,
    at: Timestamp,
) -> Result<BudgetStanding, BudgetsError> {
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let bounds = Calendar::new(info)?.bounds(Moment::from(at));
    // What is limited by an amount alone has the same limit for every request.
    let equity = match info.percent {
        None => None,
        Some(_) => last_equity(snapshot, info)?,
    };
    let limit = sizing::limit(info, equity.map(|(equity, _)| equity));
    let mut standing = BudgetStanding {
        info: info.clone(),
        window: ends(bounds),
        // Of an equity that nobody has given yet there is none.
        limit: limit.unwrap_or_default(),
        equity,
        parts: BTreeMap::new(),
        holders: Vec::new(),
        held_by: 0,
    };
    let query = "SELECT number, symbol, strategy, side, reserved, settled, at, is_open
       FROM reservations WHERE budget = ?1 AND at >= ?2 AND at < ?3 ORDER BY number";
    let mut statement = snapshot.transaction.prepare(query).map_err(fault)?;
    let (start, end) = (bounds.start.microseconds(), bounds.end.microseconds());
    let mut rows = statement.query((&info.name, start, end)).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        let is_open: bool = row.get(7).map_err(fault)?;
        standing.take_in(holder(row, &fault)?, is_open);
    }
    Ok(standing)
}

fn ends(bounds: Bounds) -> [Option<Timestamp>; 2] {
    [bounds.start, bounds.end].map(|end| {
        let is_open = end == Moment::MIN || end == Moment::MAX;
        (!is_open).then(|| end.timestamp())
    })
}

fn holder(
    row: &Row<'_>,
    fault: &dyn Fn(rusqlite::Error) -> JournalError,
) -> Result<Holder, BudgetsError> {
    let number: i64 = row.get(0).map_err(fault)?;
    let amount = |index: usize, what: &'static str| {
        let text: String = row.get(index).map_err(fault)?;
        text.parse()
            .map_err(|_| BudgetsError::Amount { number, what, text })
    };
    let at: i64 = row.get(6).map_err(fault)?;
    Ok(Holder {
        number,
        symbol: row.get(1).map_err(fault)?,
        strategy: row.get(2).map_err(fault)?,
        side: row.get(3).map_err(fault)?,
        reserved: amount(4, "reserved amount")?,
        settled: amount(5, "settled amount")?,
        at: Moment::from_microseconds(at).timestamp(),
    })
}

impl BudgetStanding {
    fn take_in(&mut self, holder: Holder, is_open: bool) {
        let name = match self.info.scope {
            Scope::All => "",
            Scope::Symbol => &holder.symbol,
            Scope::Strategy => &holder.strategy,
        };
        if self.parts.len() < PARTS_MAX || self.parts.contains_key(name) {
            let part = self.parts.entry(name.to_owned()).or_default();
            part.used = plus(part.used, holder.settled);
            part.reserved = plus(part.reserved, holder.reserved);
            part.orders += u32::from(is_open || !holder.settled.is_zero());
        }
        if is_open {
            self.held_by += 1;
            if self.holders.len() < HOLDERS_MAX {
                self.holders.push(holder);
            }
        }
    }

    /// What is left of the limit in a part; `None` where none is known.
    pub fn remaining(&self, part: &Part) -> Option<Amount> {
        let limit = self.limit?;
        Some(limit.saturating_sub(plus(part.used, part.reserved)))
    }
}

/// The sum; sums past 28 digits stay at what they are, above any limit.
fn plus(left: Amount, right: Amount) -> Amount {
    left.checked_add(right).unwrap_or(left.max(right))
}

/// The equity of the last decision that consulted a budget of this name and gave one, and when
/// that was. The limit that it had then is not asked for: it was another policy's perhaps.
fn last_equity(
    snapshot: &Snapshot<'_>,
    info: &BudgetInfo,
) -> Result<Option<(Amount, Timestamp)>, BudgetsError> {
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let query = format!(
        "SELECT seq, record FROM decisions WHERE budget = ?1 AND repeated = 0
         ORDER BY seq DESC LIMIT {EQUITIES_MAX}"
    );
    let mut statement = snapshot.transaction.prepare(&query).map_err(fault)?;
    let mut rows = statement.query([&info.name]).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        let seq: i64 = row.get(0).map_err(fault)?;
        let bytes = row.get_ref(1).map_err(fault)?;
        let record = DecisionRecord::decode(bytes.as_blob().unwrap_or_default());
        let record = record.map_err(|error| JournalError::Record { seq, error })?;
        if let Some(equity) = record.request.terms().equity {
            return Ok(Some((equity, record.at.unwrap_or(record.recorded_at))));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
