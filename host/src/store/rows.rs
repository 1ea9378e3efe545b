//! Rows: each entry of a group becomes its row, and what it changes of the ledger's tables, in
//! one transaction. Also where the log's numbers and its chain come from: they are given out in
//! the order of the queue, and nowhere else.

use rusqlite::{Connection, Statement, params};
use sha2::{Digest as _, Sha256};

use super::columns::{DecisionColumns, microseconds};
use super::policies::Policies;
use super::queue::{Batch, Effect, Head};
use crate::journal::record::{
    ChangeKind, ChangedEvent, DecisionRecord, Record, ReleasedEvent, SettledEvent,
};
use crate::ledger::Standing;
use crate::ledger::window::Moment;

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
        let mut hasher = Sha256::new();
        hasher.update(self.hash);
        hasher.update(record);
        Self {
            seq: self.seq + 1,
            hash: hasher.finalize().into(),
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
    connection: &'c Connection,
    policies: &'c Policies,
}

impl<'c> Rows<'c> {
    pub(super) fn prepare(
        connection: &'c Connection,
        policies: &'c Policies,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            decision: connection.prepare(
                "INSERT INTO decisions (seq, at, recorded_at, id, symbol, strategy, final_action, \
                 trade_type, trading_state, side, order_intent, position_effect, reason, rule, \
                 quantity, notional, budget, need, reservation, repeated, policy, generation, \
                 fuel, masked, keeps_id, record, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                 ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, \
                 ?25, ?26, ?27)",
            )?,
            reservation: connection.prepare(
                "INSERT INTO reservations (number, budget, at, symbol, strategy, side, need, \
                 quote_rate, reserved, settled, is_open, decision, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, '0', 1, ?9, ?10)",
            )?,
            standing: connection.prepare(
                "UPDATE reservations SET reserved = ?2, settled = ?3, is_open = ?4, \
                 expires_at = CASE WHEN ?5 THEN NULL ELSE expires_at END WHERE number = ?1",
            )?,
            settlement: connection.prepare(
                "INSERT INTO settlements (seq, at, reservation, event_id, kind, side, notional, \
                 is_final, used, released, overrun, side_mismatch, asked_by, record, chain) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?,
            change: connection.prepare(
                "INSERT INTO changes (seq, at, kind, asked_by, digest, generation, state, until, \
                 what, milliseconds, record, chain) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            head: connection.prepare(
                "INSERT INTO meta (key, value) VALUES ('chain_seq', ?1), ('chain_hash', ?2), ('latest', ?3) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?,
            connection,
            policies,
        })
    }

    /// Writes the group in one transaction, and answers the chain's new end. When it fails,
    /// the connection is of no use any more.
    pub(super) fn write(
        &mut self,
        batch: &Batch,
        head: ChainHead,
        latest: Moment,
        before_commit: impl FnOnce() -> rusqlite::Result<()>,
    ) -> Result<ChainHead, WriteError> {
        self.begin.execute([])?;
        let mut end = head;
        for (beside, record) in batch.entries() {
            end = end.after(record);
            self.entry(beside, record, &end)?;
        }
        self.head
            .execute(params![end.seq, end.hash, latest.microseconds()])?;
        before_commit()?;
        self.commit.execute([])?;
        Ok(end)
    }

    fn entry(&mut self, beside: &Head, bytes: &[u8], at: &ChainHead) -> Written {
        let record = Record::decode(bytes).map_err(|error| WriteError::Entry(error.to_string()))?;
        match &record {
            Record::Decided(decided) => self.decided(decided, beside, bytes, at),
            Record::Settled(settled) => self.settled(settled, &beside.effect, bytes, at),
            Record::Released(released) => self.released(released, &beside.effect, bytes, at),
            Record::Changed(changed) => self.changed(changed, bytes, at),
        }
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
        let columns = DecisionColumns::of(record, &policy.manifest);
        match self.decision_row(&columns, beside.keeps_id, bytes, at) {
            // The id was decided, written and forgotten by memory while this one was on its
            // way: it stays the other one's.
            Err(error) if beside.keeps_id && is_constraint(&error) => {
                self.decision_row(&columns, false, bytes, at)?
            }
            written => written?,
        };
        let Effect::Charged {
            budget,
            quote_rate,
            expires_at,
        } = &beside.effect
        else {
            return Ok(());
        };
        self.reservation.execute(params![
            columns.reservation.map(integer),
            &**budget,
            columns.at,
            columns.symbol,
            columns.strategy,
            columns.side,
            columns.need,
            quote_rate.to_string(),
            at.seq,
            expires_at.map(|deadline| deadline.microseconds()),
        ])?;
        Ok(())
    }

    fn decision_row(
        &mut self,
        columns: &DecisionColumns<'_>,
        keeps_id: bool,
        bytes: &[u8],
        at: &ChainHead,
    ) -> rusqlite::Result<usize> {
        self.decision.execute(params![
            at.seq,
            columns.at,
            columns.recorded_at,
            columns.id,
            columns.symbol,
            columns.strategy,
            columns.final_action,
            columns.trade_type,
            columns.trading_state,
            columns.side,
            columns.order_intent,
            columns.position_effect,
            columns.reason,
            columns.rule,
            columns.quantity,
            columns.notional,
            columns.budget,
            columns.need,
            columns.reservation.map(integer),
            columns.repeated,
            columns.policy,
            integer(columns.generation),
            columns.fuel.map(integer),
            columns.masked,
            keeps_id,
            bytes,
            at.hash,
        ])
    }

    fn settled(
        &mut self,
        event: &SettledEvent<'_>,
        effect: &Effect,
        bytes: &[u8],
        at: &ChainHead,
    ) -> Written {
        let (settlement, settled) = (&event.settlement, &event.settled);
        let number = integer(settlement.reservation.number());
        self.stands(number, effect, false)?;
        self.settlement.execute(params![
            at.seq,
            microseconds(event.recorded_at),
            number,
            settlement.event_id.as_str(),
            "settle",
            settlement.side.word(),
            settlement.notional.to_string(),
            settlement.is_final,
            settled.used.to_string(),
            settled.released.to_string(),
            settled.overrun.map(|overrun| overrun.to_string()),
            settled.side_mismatch,
            event.asked_by,
            bytes,
            at.hash,
        ])?;
        Ok(())
    }

    fn released(
        &mut self,
        event: &ReleasedEvent<'_>,
        effect: &Effect,
        bytes: &[u8],
        at: &ChainHead,
    ) -> Written {
        let number = integer(event.reservation.number());
        self.stands(number, effect, event.is_expiry)?;
        let nothing = None::<&str>;
        self.settlement.execute(params![
            at.seq,
            microseconds(event.recorded_at),
            number,
            event.event_id.as_str(),
            if event.is_expiry { "expire" } else { "release" },
            nothing,
            nothing,
            nothing,
            nothing,
            event.released.to_string(),
            nothing,
            nothing,
            event.asked_by,
            bytes,
            at.hash,
        ])?;
        Ok(())
    }

    fn stands(&mut self, number: i64, effect: &Effect, has_expired: bool) -> Written {
        let Effect::Changed(Standing {
            reserved,
            settled,
            is_open,
        }) = effect
        else {
            return Ok(());
        };
        self.standing.execute(params![
            number,
            reserved.to_string(),
            settled.to_string(),
            is_open,
            has_expired,
        ])?;
        Ok(())
    }

    fn changed(&mut self, event: &ChangedEvent<'_>, bytes: &[u8], at: &ChainHead) -> Written {
        self.change.execute(params![
            at.seq,
            microseconds(event.recorded_at),
            event.kind.word(),
            event.asked_by,
            event.digest.map(|digest| digest.to_string()),
            event.generation.map(integer),
            event.state.map(|state| state.word()),
            event.until.map(microseconds),
            event.what,
            event.milliseconds.map(integer),
            bytes,
            at.hash,
        ])?;
        self.takes_effect(event)?;
        Ok(())
    }

    /// The tables of what holds now. Changes are rare, so their statements are not kept.
    fn takes_effect(&self, event: &ChangedEvent<'_>) -> rusqlite::Result<()> {
        let digest = event.digest.map(|digest| digest.to_string());
        let at = microseconds(event.recorded_at);
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
                    event.until.map(microseconds),
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

/// SQLite's whole numbers end at 2⁶³: a count that got there would have taken ages.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
