//! `journal why`: what became of the requests of a period, counted by reason, the answer to
//! "why was there no trade today".

use std::fmt::Write as _;

use jiff::Timestamp;
use router_guest::json::fault::shown;
use rusqlite::Row;
use serde_json::{Value, json};

use super::period::Period;
use super::reader::{Journal, JournalError};

/// Symbols that are named beside a reason; the others are counted.
const SYMBOLS_NAMED: usize = 4;

/// What became of a period's requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Why {
    /// The period.
    pub period: Period,
    /// Decisions, without those that repeated an earlier one.
    pub decisions: u64,
    /// Orders that opened.
    pub opened: u64,
    /// Orders that closed.
    pub closed: u64,
    /// Decisions that the fail-safe made.
    pub fail_safe: u64,
    /// By side and reason, the most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// Changes of the trading state in the period, and the one before it.
    pub states: Vec<StateChange>,
    /// The last decision before the period's end, where the period has none.
    pub last_before: Option<Timestamp>,
}

/// How often a reason was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCount {
    /// `BUY`, `SELL` or `SKIP`.
    pub side: String,
    /// The reason.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// The last time.
    pub last: Timestamp,
    /// By symbol, the most frequent first.
    pub symbols: Vec<(String, u64)>,
}

/// A change of the trading state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// When.
    pub at: Timestamp,
    /// What it became.
    pub state: String,
    /// Who asked for it.
    pub asked_by: String,
}

const COUNTS: &str = "SELECT side, reason, symbol, position_effect, rule = 'fail-safe', count(*),
       max(coalesce(at, recorded_at))
     FROM decisions WHERE repeated = 0
       AND coalesce(at, recorded_at) >= ?1 AND coalesce(at, recorded_at) < ?2
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 3";
const STATES: &str = "SELECT at, state, asked_by FROM changes WHERE kind = 'trading_state'
       AND at < ?2 AND at >= coalesce(
         (SELECT max(at) FROM changes WHERE kind = 'trading_state' AND at < ?1), ?1)
     ORDER BY seq";

/// Counts what became of a period's requests.
///
/// # Errors
/// [`JournalError`].
pub fn why(journal: &Journal, period: Period) -> Result<Why, JournalError> {
    let snapshot = journal.snapshot()?;
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let ends = period.microseconds();
    let mut found = Why {
        period,
        ..Why::default()
    };
    let mut statement = snapshot.transaction.prepare(COUNTS).map_err(fault)?;
    let mut rows = statement.query(ends).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        found.take_in(row).map_err(fault)?;
    }
    found
        .reasons
        .sort_by(|left, right| (right.count, &left.reason).cmp(&(left.count, &right.reason)));
    let mut statement = snapshot.transaction.prepare(STATES).map_err(fault)?;
    let mut rows = statement.query(ends).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        found.states.push(StateChange {
            at: instant(row.get(0).map_err(fault)?),
            state: row.get(1).map_err(fault)?,
            asked_by: row.get(2).map_err(fault)?,
        });
    }
    if found.decisions == 0 {
        let query = "SELECT max(coalesce(at, recorded_at)) FROM decisions
                     WHERE coalesce(at, recorded_at) < ?1";
        let last: Option<i64> = snapshot
            .transaction
            .query_row(query, [ends.1], |row| row.get(0))
            .map_err(fault)?;
        found.last_before = last.map(instant);
    }
    Ok(found)
}

fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Why {
    fn take_in(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let (side, reason): (String, String) = (row.get(0)?, row.get(1)?);
        let effect: String = row.get(3)?;
        let count: i64 = row.get(5)?;
        let count = u64::try_from(count).unwrap_or(0);
        self.decisions += count;
        match effect.as_str() {
            "open" => self.opened += count,
            "close" => self.closed += count,
            _ => {}
        }
        if row.get(4)? {
            self.fail_safe += count;
        }
        let last = instant(row.get(6)?);
        let symbol: String = row.get(2)?;
        let mut known = self.reasons.iter_mut();
        let known = known.find(|one| one.side == side && one.reason == reason);
        let Some(known) = known else {
            self.reasons.push(ReasonCount {
                side,
                reason,
                count,
                last,
                symbols: vec![(symbol, count)],
            });
            return Ok(());
        };
        known.count += count;
        known.last = known.last.max(last);
        let mut symbols = known.symbols.iter_mut();
        match symbols.find(|(name, _)| *name == symbol) {
            Some((_, counted)) => *counted += count,
            None => known.symbols.push((symbol, count)),
        }
        Ok(())
    }

    fn title(&self) -> String {
        match (self.period.since, self.period.until) {
            (None, None) => "in all".to_owned(),
            (Some(since), None) => format!("since {since}"),
            (None, Some(until)) => format!("until {until}"),
            (Some(since), Some(until)) => format!("from {since} to {until}"),
        }
    }

    /// As text for people.
    pub fn to_text(&self) -> String {
        let skipped = self.decisions - self.opened - self.closed;
        let word = if self.decisions == 1 {
            "decision"
        } else {
            "decisions"
        };
        let mut text = format!(
            "{}: {} {word}, of which {} opened, {} closed and {skipped} were skipped\n",
            self.title(),
            self.decisions,
            self.opened,
            self.closed
        );
        for reason in &self.reasons {
            let mut symbols: Vec<String> = reason
                .symbols
                .iter()
                .take(SYMBOLS_NAMED)
                .map(|(symbol, count)| format!("{} {count}", shown(symbol)))
                .collect();
            let more = reason.symbols.len().saturating_sub(SYMBOLS_NAMED);
            if more > 0 {
                symbols.push(format!("{more} more symbols"));
            }
            let _ = writeln!(
                text,
                "{:>8} {} {} — {}; last {}",
                reason.count,
                reason.side,
                shown(&reason.reason),
                symbols.join(", "),
                reason.last
            );
        }
        if self.fail_safe > 0 {
            let _ = writeln!(
                text,
                "{} were decided by the fail-safe: no policy could",
                self.fail_safe
            );
        }
        for change in &self.states {
            let _ = writeln!(
                text,
                "trading state {} since {}, set by {}",
                change.state,
                change.at,
                shown(&change.asked_by)
            );
        }
        if self.decisions == 0 {
            let _ = match self.last_before {
                None => writeln!(text, "no request has reached the router"),
                Some(last) => writeln!(
                    text,
                    "no request reached the router; the last decision before was at {last}"
                ),
            };
        }
        text
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        let reasons = self.reasons.iter().map(|reason| {
            let symbols: serde_json::Map<String, Value> = reason
                .symbols
                .iter()
                .map(|(symbol, count)| (symbol.clone(), json!(count)))
                .collect();
            json!({
                "side": reason.side,
                "reason": reason.reason,
                "count": reason.count,
                "last": reason.last.to_string(),
                "symbols": symbols,
            })
        });
        let states = self.states.iter().map(|change| {
            json!({
                "at": change.at.to_string(),
                "trading_state": change.state,
                "asked_by": change.asked_by,
            })
        });
        let text = |instant: Option<Timestamp>| instant.map(|instant| instant.to_string());
        json!({
            "since": text(self.period.since),
            "until": text(self.period.until),
            "decisions": self.decisions,
            "opened": self.opened,
            "closed": self.closed,
            "fail_safe": self.fail_safe,
            "reasons": reasons.collect::<Vec<_>>(),
            "trading_states": states.collect::<Vec<_>>(),
            "last_before": text(self.last_before),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::testing::{
        CLOSES, EXPLORES, OPENS, SHORTS, TestStore, decision, request, shown,
    };
    use crate::policy::DEFAULT_DOCUMENT;

    fn journaled() -> TestStore {
        let mut store = TestStore::new();
        let (number, policy) = store.policy(DEFAULT_DOCUMENT);
        for line in [OPENS, SHORTS, SHORTS, EXPLORES, CLOSES] {
            let (request, mut shown) = (request(line), shown("290"));
            if !request.terms().sees_budgets() {
                shown.budgets = None;
            }
            let decision = decision(&policy, &request, &shown);
            store.decided(number, &request, Some(&shown), &decision, None);
        }
        store.tamper(
            "INSERT INTO changes VALUES
             (6, 1763971200000000, 'trading_state', 'ops', NULL, NULL, 'REDUCING', NULL, NULL, NULL, x'', x''),
             (7, 1763974800000000, 'trading_state', 'ops', NULL, NULL, 'ACTIVE', NULL, NULL, NULL, x'', x'')",
        );
        store
    }

    #[test]
    fn counts_by_reason() {
        let why = why(&journaled().journal(), Period::default()).unwrap();
        assert_eq!(
            why.to_text(),
            "\
in all: 5 decisions, of which 1 opened, 1 closed and 3 were skipped
       2 SKIP shorting_disabled — ETH/USDT 2; last 2026-11-24T08:01:00Z
       1 SELL close_long — BTC/USDT 1; last 2026-11-24T08:03:00Z
       1 SKIP exploration_limit — BTC/USDT 1; last 2026-11-24T08:02:00Z
       1 BUY open_long — BTC/USDT 1; last 2026-11-24T08:00:00Z
trading state REDUCING since 2025-11-24T08:00:00Z, set by ops
trading state ACTIVE since 2025-11-24T09:00:00Z, set by ops
"
        );
        assert_eq!(why.to_json()["reasons"][0]["symbols"]["ETH/USDT"], 2);
    }

    #[test]
    fn a_period_without_decisions_says_when_the_last_one_was() {
        let since = Some("2026-11-25T00:00:00Z".parse().unwrap());
        let period = Period { since, until: None };
        let why = why(&journaled().journal(), period).unwrap();
        assert_eq!(
            why.to_text(),
            "\
since 2026-11-25T00:00:00Z: 0 decisions, of which 0 opened, 0 closed and 0 were skipped
trading state ACTIVE since 2025-11-24T09:00:00Z, set by ops
no request reached the router; the last decision before was at 2026-11-24T08:03:00Z
"
        );
    }
}
