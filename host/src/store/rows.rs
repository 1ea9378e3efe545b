//! Rows: each entry of a group becomes its row, and what it changes of the ledger's tables, in
//! one transaction. Also where the log's numbers and its chain come from: they are given out in
//! the order of the queue, and nowhere else.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use super::generations;
use super::ids::IdFilter;
use super::policies::Policies;
use super::queue::{Batch, Effect, Head};
use crate::journal::chain::Link;
use crate::journal::columns::{self, CHANGE_COLUMNS, Cell, DECISION_COLUMNS, SETTLEMENT_COLUMNS};
use crate::journal::record::{
    ChangeKind, ChangedEvent, DecisionRecord, Record, ReleasedEvent, SettledEvent,
};
use crate::ledger::window::Moment;
use crate::ledger::{ReservationId, Standing};

/// The chain's end: the number of the last entry and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainHead {
    pub(crate) seq: i64,
    pub(crate) hash: [u8; 32],
}

/// Why a group was not written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// SQLite says why.
    Sqlite(rusqlite::Error),
    /// An entry is none that this program writes: a fault of its own.
    Entry(String),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

type Written = Result<(), WriteError>;

impl ChainHead {
    /// Before the first entry.
    pub(crate) const START: Self = Self {
        seq: 0,
        hash: [0; 32],
    };

    /// After one more.
    pub(crate) fn after(&self, record: &[u8]) -> Self {
        Self {
            seq: self.seq + 1,
            hash: *Link::from_bytes(self.hash).next(record).as_bytes(),
        }
    }
}

/// The statements that write, prepared once for each connection.
pub(super) struct Rows<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    decision: Statement<'c>,
    reservation: Statement<'c>,
    standing: Statement<'c>,
    settlement: Statement<'c>,
    change: Statement<'c>,
    head: Statement<'c>,
    kept_seq: Statement<'c>,
    connection: &'c Connection,
    policies: &'c Policies,
    ids: &'c IdFilter,
}

impl<'c> Rows<'c> {
    pub(super) fn prepare(
        connection: &'c Connection,
        policies: &'c Policies,
        ids: &'c IdFilter,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            decision: connection.prepare(&insert_into("decisions", &DECISION_COLUMNS))?,
            reservation: connection.prepare(
                "INSERT INTO reservations (number, budget, at, symbol, strategy, side, need, \
                 quote_rate, reserved, settled, is_open, decision, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, '0', 1, ?9, ?10)",
            )?,
            standing: connection.prepare(
                "UPDATE reservations SET reserved = ?2, settled = ?3, is_open = ?4, \
                 expires_at = CASE WHEN ?5 THEN NULL ELSE expires_at END WHERE number = ?1",
            )?,
            settlement: connection.prepare(&insert_into("settlements", &SETTLEMENT_COLUMNS))?,
            change: connection.prepare(&insert_into("changes", &CHANGE_COLUMNS))?,
            head: connection.prepare(
                "INSERT INTO meta (key, value) VALUES ('chain_seq', ?1), ('chain_hash', ?2), ('latest', ?3) \
                 ON CONFLICT (key) DO UPDATE SET value = \
                 CASE key WHEN 'latest' THEN max(value, excluded.value) ELSE excluded.value END",
            )?,
            kept_seq: connection.prepare("SELECT value FROM meta WHERE key = 'chain_seq'")?,
            connection,
            policies,
            ids,
        })
    }

    /// Writes the group in one transaction, and answers the chain's new end. When it fails,
    /// the connection is of no use any more.
    pub(super) fn write(
        &mut self,
        batch: &Batch,
        head: ChainHead,
        before_commit: impl FnOnce() -> rusqlite::Result<()>,
    ) -> Result<ChainHead, WriteError> {
        self.begin.execute([])?;
        self.check_head(&head)?;
        let mut end = head;
        // The latest time that a budget was consulted at, and not memory's own: a request that
        // came to nothing moves memory's on, and no budget, and no entry would prove it.
        let mut latest = Moment::MIN;
        for (beside, record) in batch.entries() {
            end = end.after(record);
            latest = latest.max(self.entry(beside, record, &end)?);
        }
        self.head
            .execute(params![end.seq, end.hash, latest.microseconds()])?;
        before_commit()?;
        self.commit.execute([])?;
        Ok(end)
    }

    /// Nobody else may have written: a lock file that was deleted, or a second name of the
    /// database, lets another router in.
    fn check_head(&mut self, head: &ChainHead) -> Written {
        let kept: Option<i64> = self.kept_seq.query_row([], |row| row.get(0)).optional()?;
        if kept.unwrap_or(0) == head.seq {
            return Ok(());
        }
        let what = "another router has written to it; run one router on a store".to_owned();
        Err(WriteError::Entry(what))
    }

    /// Writes an entry, and answers the time that it consulted a budget at, where it did.
    fn entry(&mut self, beside: &Head, bytes: &[u8], at: &ChainHead) -> Result<Moment, WriteError> {
        let record = Record::decode(bytes).map_err(|error| WriteError::Entry(error.to_string()))?;
        match &record {
            Record::Decided(decided) => {
                self.decided(decided, beside, bytes, at)?;
                return Ok(decided.counted_at().map_or(Moment::MIN, Moment::from));
            }
            Record::Settled(settled) => self.settled(settled, &beside.effect, bytes, at)?,
            Record::Released(released) => self.released(released, &beside.effect, bytes, at)?,
            Record::Changed(changed) => self.changed(changed, bytes, at)?,
        }
        Ok(Moment::MIN)
    }

    fn decided(
        &mut self,
        record: &DecisionRecord<'_>,
        beside: &Head,
        bytes: &[u8],
        at: &ChainHead,
    ) -> Written {
        let policy = self.policies.get(record.policy).ok_or_else(|| {
            WriteError::Entry(format!("policy {} is not known", record.policy.number()))
        })?;
        // Looked for on disk from here on, since it may be there even when the commit fails; what
        // looks too early finds nothing there, and memory knew it before.
        if let Some(id) = record.request.id().filter(|_| beside.keeps_id) {
            self.ids.insert(id);
        }
        let mut cells = columns::of_decision(record, &policy.manifest);
        match insert(&mut self.decision, &cells, bytes, at) {
            // The id was decided, written and forgotten by memory while this one was on its
            // way: it stays the other one's.
            Err(error) if beside.keeps_id && is_constraint(&error) => {
                if let Some(keeps_id) = cells.last_mut() {
                    *keeps_id = Cell::Whole(0);
                }
                insert(&mut self.decision, &cells, bytes, at)?;
            }
            written => written?,
        }
        let Effect::Charged {
            budget,
            quote_rate,
            expires_at,
        } = &beside.effect
        else {
            return Ok(());
        };
        let (request, answer) = (&record.request, &record.answer);
        self.reservation.execute(params![
            answer.reservation.map(|held| integer(held.number())),
            &**budget,
            record.at.map(Timestamp::as_microsecond),
            request.symbol(),
            request.strategy(),
            answer.side.word(),
            answer.budget.map(|report| report.need.to_string()),
            quote_rate.to_string(),
            at.seq,
            expires_at.map(|deadline| deadline.microseconds()),
        ])?;
        Ok(())
    }

    fn settled(
        &mut self,
        event: &SettledEvent<'_>,
        effect: &Effect,
        bytes: &[u8],
        at: &ChainHead,
    ) -> Written {
        self.stands(event.settlement.reservation, effect, false)?;
        let cells = columns::of_settlement(event);
        Ok(insert(&mut self.settlement, &cells, bytes, at)?)
    }

    fn released(
        &mut self,
        event: &ReleasedEvent<'_>,
        effect: &Effect,
        bytes: &[u8],
        at: &ChainHead,
    ) -> Written {
        self.stands(event.reservation, effect, event.is_expiry)?;
        let cells = columns::of_release(event);
        Ok(insert(&mut self.settlement, &cells, bytes, at)?)
    }

    fn stands(
        &mut self,
        reservation: ReservationId,
        effect: &Effect,
        has_expired: bool,
    ) -> Written {
        let Effect::Changed(Standing {
            reserved,
            settled,
            is_open,
        }) = effect
        else {
            return Ok(());
        };
        self.standing.execute(params![
            integer(reservation.number()),
            reserved.to_string(),
            settled.to_string(),
            is_open,
            has_expired,
        ])?;
        Ok(())
    }

    fn changed(&mut self, event: &ChangedEvent<'_>, bytes: &[u8], at: &ChainHead) -> Written {
        insert(&mut self.change, &columns::of_change(event), bytes, at)?;
        self.takes_effect(event)?;
        Ok(())
    }

    /// The tables of what holds now. Changes are rare, so their statements are not kept.
    fn takes_effect(&self, event: &ChangedEvent<'_>) -> rusqlite::Result<()> {
        if let Some(generation) = event.generation {
            generations::reserve(self.connection, generation)?;
        }
        let digest = event.digest.map(|digest| digest.to_string());
        let at = event.recorded_at.as_microsecond();
        match event.kind {
            ChangeKind::Quarantined => self.connection.execute(
                "INSERT INTO quarantine (digest, why, since) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (digest) DO NOTHING",
                params![digest, event.what.unwrap_or_default(), at],
            ),
            ChangeKind::QuarantineCleared => self
                .connection
                .execute("DELETE FROM quarantine WHERE digest = ?1", [digest]),
            ChangeKind::TradingState => self.connection.execute(
                "INSERT INTO trading_state (one, state, until, since, asked_by) \
                 VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (one) DO UPDATE SET \
                 state = excluded.state, until = excluded.until, since = excluded.since, \
                 asked_by = excluded.asked_by",
                params![
                    event.state.map(|state| state.word()),
                    event.until.map(Timestamp::as_microsecond),
                    at,
                    event.asked_by
                ],
            ),
            ChangeKind::Started
            | ChangeKind::Swap
            | ChangeKind::Rollback
            | ChangeKind::Refused
            | ChangeKind::Violation => Ok(0),
        }
        .map(|_| ())
    }
}

/// What puts an entry's row into its table.
fn insert_into(table: &str, columns: &[&str]) -> String {
    let marks = vec!["?"; columns.len() + 3].join(", ");
    let columns = columns.join(", ");
    format!("INSERT INTO {table} (seq, {columns}, record, chain) VALUES ({marks})")
}

/// Puts an entry's row in.
fn insert(
    statement: &mut Statement<'_>,
    cells: &[Cell<'_>],
    record: &[u8],
    at: &ChainHead,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(1, at.seq)?;
    for (column, cell) in (2..).zip(cells) {
        statement.raw_bind_parameter(column, cell)?;
    }
    let last = cells.len() + 2;
    statement.raw_bind_parameter(last, record)?;
    statement.raw_bind_parameter(last + 1, at.hash)?;
    statement.raw_execute().map(|_| ())
}

/// SQLite's whole numbers end at 2⁶³: a count that got there would have taken ages.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
