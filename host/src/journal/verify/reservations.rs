//! The reservations, held to the decisions that made them and the settlements that followed:
//! what a budget has used is what the journal says, and nothing else.

use router_guest::amount::Amount;
use rusqlite::{OptionalExtension as _, Row, Statement};

use super::Findings;
use super::entries::value;
use crate::journal::columns::{Cell, budget_name};
use crate::journal::reader::{JournalError, Policies, Snapshot};
use crate::journal::record::{DecisionRecord, Grant, Record, ReleasedEvent};

/// The columns that are held to the journal.
const COLUMNS: [&str; 11] = [
    "budget",
    "at",
    "symbol",
    "strategy",
    "side",
    "need",
    "quote_rate",
    "reserved",
    "settled",
    "is_open",
    "expires_at",
];

/// Looks at every reservation, and for those that are not there.
pub(super) fn check(
    snapshot: &Snapshot<'_>,
    policies: &Policies,
    findings: &mut Findings,
) -> Result<(), JournalError> {
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    check_all(snapshot, policies, findings).map_err(fault)?;
    check_gone(snapshot, findings).map_err(fault)
}

fn check_all(
    snapshot: &Snapshot<'_>,
    policies: &Policies,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let connection = &snapshot.transaction;
    let columns = COLUMNS.join(", ");
    let query = format!("SELECT number, decision, {columns} FROM reservations ORDER BY number");
    let mut all = connection.prepare(&query)?;
    let mut check = Check {
        decision: connection.prepare("SELECT record FROM decisions WHERE seq = ?1")?,
        events: connection
            .prepare("SELECT record FROM settlements WHERE reservation = ?1 ORDER BY seq")?,
        policies,
        findings,
    };
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        check.reservation(row)?;
    }
    Ok(())
}

/// Tells of reservations that decisions made and that are not there.
fn check_gone(snapshot: &Snapshot<'_>, findings: &mut Findings) -> rusqlite::Result<()> {
    let mut gone = snapshot.transaction.prepare(
        "SELECT seq, reservation FROM decisions WHERE reservation IS NOT NULL
         AND repeated = 0 AND reservation NOT IN (SELECT number FROM reservations)",
    )?;
    let mut rows = gone.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, number): (i64, i64) = (row.get(0)?, row.get(1)?);
        let what = format!("entry {seq} made it, and it is missing");
        findings.add(format!("reservation R{number}"), what);
    }
    Ok(())
}

struct Check<'c> {
    decision: Statement<'c>,
    events: Statement<'c>,
    policies: &'c Policies,
    findings: &'c mut Findings,
}

/// What the journal says of a reservation.
struct Standing {
    reserved: Amount,
    settled: Amount,
    /// `None` where its time ended, and a record of version 1 does not say what became of it.
    is_open: Option<bool>,
    has_expired: bool,
}

impl Check<'_> {
    fn reservation(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let number: i64 = row.get(0)?;
        let place = format!("reservation R{number}");
        let seq: i64 = row.get(1)?;
        let record: Option<Vec<u8>> = self
            .decision
            .query_row([seq], |row| row.get(0))
            .optional()?;
        let record = record.as_deref().map(DecisionRecord::decode);
        let Some(Ok(record)) = record else {
            let what = format!("entry {seq} is to have made it, and is no decision");
            self.findings.add(place, what);
            return Ok(());
        };
        let made = record.answer.reservation.map(|made| made.number());
        if made != u64::try_from(number).ok() {
            let what = format!("entry {seq} is to have made it, and did not");
            self.findings.add(place, what);
            return Ok(());
        }
        let need = record.answer.budget.map(|report| report.need);
        let standing = self.standing(number, need.unwrap_or_default())?;
        for (at, cell) in expected(self.policies, &record, &standing)
            .iter()
            .enumerate()
        {
            let written = row.get_ref(at + 2)?;
            if let (Some(column), Some(cell)) = (COLUMNS.get(at), cell)
                && !cell.is(written)
            {
                let what = format!(
                    "its column `{column}` says {}, and the journal {}",
                    value(written),
                    value(cell.into())
                );
                self.findings.add(place.clone(), what);
            }
        }
        Ok(())
    }

    /// What its events have made of it.
    fn standing(&mut self, number: i64, need: Amount) -> rusqlite::Result<Standing> {
        let mut standing = Standing {
            reserved: need,
            settled: Amount::ZERO,
            is_open: Some(true),
            has_expired: false,
        };
        let mut rows = self.events.query([number])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
            match Record::decode(bytes) {
                Ok(Record::Settled(event)) => {
                    let used = event.settled.used;
                    standing.settled = standing.settled.checked_add(used).unwrap_or(used);
                    standing.reserved = event.settled.reserved;
                    if event.settlement.is_final {
                        standing.is_open = Some(false);
                    }
                }
                Ok(Record::Released(event)) => standing.release(&event),
                // The walk over the entries has told of these.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(standing)
    }
}

impl Standing {
    fn release(&mut self, event: &ReleasedEvent<'_>) {
        // What held something and gave nothing back was kept, whatever the record's version.
        let is_kept = !self.reserved.is_zero() && event.released.is_zero();
        let is_freed = !event.released.is_zero();
        self.reserved = self.reserved.saturating_sub(event.released);
        self.has_expired |= event.is_expiry;
        self.is_open = match event.stays_open {
            None if is_kept => self.is_open,
            None if is_freed => Some(false),
            told => told,
        };
    }
}

/// Its columns; `None` for one that cannot be told.
fn expected<'r>(
    policies: &'r Policies,
    record: &'r DecisionRecord<'_>,
    standing: &Standing,
) -> [Option<Cell<'r>>; COLUMNS.len()] {
    let report = record.answer.budget.as_ref();
    let policy = policies.get(record.policy);
    let budget = report.zip(policy);
    let grant = record.grant.as_ref();
    let expires_at = |grant: &Grant| match grant.expires_at {
        Some(end) if !standing.has_expired => Cell::Whole(end.as_microsecond()),
        _ => Cell::Null,
    };
    let text = |text: &'r str| Some(Cell::Text(text.into()));
    let amount = |amount: Amount| Some(Cell::Text(amount.to_string().into()));
    [
        budget.and_then(|(report, policy)| text(budget_name(&policy.manifest, report.budget))),
        record.at.map(|at| Cell::Whole(at.as_microsecond())),
        text(record.request.symbol()),
        text(record.request.strategy()),
        text(record.answer.side.word()),
        report.and_then(|report| amount(report.need)),
        grant.and_then(|grant| amount(grant.quote_rate)),
        amount(standing.reserved),
        amount(standing.settled),
        standing.is_open.map(|is_open| Cell::Whole(is_open.into())),
        grant.map(expires_at),
    ]
}
