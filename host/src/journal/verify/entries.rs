//! All entries in their order, out of the three tables that hold them: each held to the chain,
//! and its columns to its record.
//!
//! After a finding it goes on from what is written, so that one change is one or two findings
//! and not one for every entry behind it.

use router_guest::json::fault::shown;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, Statement};

use super::Findings;
use super::holds::Holds;
use crate::journal::chain::Link;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::columns::{self, CHANGE_COLUMNS, Cell, DECISION_COLUMNS, SETTLEMENT_COLUMNS};
use crate::journal::reader::{JournalError, Policies, Snapshot};
use crate::journal::record::{DecisionRecord, Record};

/// Entries between two words on how far it is.
const ENTRIES_BETWEEN_WORDS: u64 = 1 << 16;

/// A table of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Decisions,
    Settlements,
    Changes,
}

const TABLES: [Table; 3] = [Table::Decisions, Table::Settlements, Table::Changes];

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Settlements => "settlements",
            Self::Changes => "changes",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Decisions => &DECISION_COLUMNS,
            Self::Settlements => &SETTLEMENT_COLUMNS,
            Self::Changes => &CHANGE_COLUMNS,
        }
    }

    fn statement(self, connection: &Connection) -> rusqlite::Result<Statement<'_>> {
        let columns = self.columns().join(", ");
        let table = self.name();
        connection.prepare(&format!(
            "SELECT seq, record, chain, {columns} FROM {table} ORDER BY seq"
        ))
    }
}

/// Where the walk has come to.
pub(super) struct Walked {
    pub(super) entries: u64,
    pub(super) last: i64,
    /// What is written with the last entry.
    pub(super) link: Link,
    /// What the entries come to.
    pub(super) holds: Holds,
}

/// Looks at every entry.
pub(super) fn walk(
    snapshot: &Snapshot<'_>,
    policies: &Policies,
    checkpoint: Option<&Checkpoint>,
    findings: &mut Findings,
    watch: &mut dyn FnMut(u64),
) -> Result<Walked, JournalError> {
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let connection = &snapshot.transaction;
    let mut statements = TABLES
        .map(|table| table.statement(connection))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    let mut cursors = Vec::with_capacity(TABLES.len());
    for (table, statement) in TABLES.into_iter().zip(&mut statements) {
        let mut rows = statement.query([]).map_err(fault)?;
        rows.advance().map_err(fault)?;
        cursors.push((table, rows));
    }
    let mut walk = Walk {
        walked: Walked {
            entries: 0,
            last: 0,
            link: Link::START,
            holds: Holds::default(),
        },
        policies,
        checkpoint,
        snapshot,
        findings,
    };
    while let Some((table, rows)) = next(&mut cursors).map_err(fault)? {
        if let Some(row) = rows.get() {
            walk.entry(table, row)?;
        }
        rows.advance().map_err(fault)?;
        if walk.walked.entries.is_multiple_of(ENTRIES_BETWEEN_WORDS) {
            watch(walk.walked.entries);
        }
    }
    Ok(walk.walked)
}

/// The table whose next entry comes first.
fn next<'c, 's>(
    cursors: &'c mut [(Table, Rows<'s>)],
) -> rusqlite::Result<Option<(Table, &'c mut Rows<'s>)>> {
    let mut first: Option<(usize, i64)> = None;
    for (at, (_, rows)) in cursors.iter().enumerate() {
        let Some(row) = rows.get() else { continue };
        let seq: i64 = row.get(0)?;
        if first.is_none_or(|(_, least)| seq < least) {
            first = Some((at, seq));
        }
    }
    let cursor = first.and_then(|(at, _)| cursors.get_mut(at));
    Ok(cursor.map(|(table, rows)| (*table, rows)))
}

struct Walk<'w> {
    walked: Walked,
    policies: &'w Policies,
    checkpoint: Option<&'w Checkpoint>,
    snapshot: &'w Snapshot<'w>,
    findings: &'w mut Findings,
}

impl Walk<'_> {
    fn entry(&mut self, table: Table, row: &Row<'_>) -> Result<(), JournalError> {
        let fault = |error: rusqlite::Error| self.snapshot.fault(&error);
        let seq: i64 = row.get(0).map_err(fault)?;
        let record = row.get_ref(1).map_err(fault)?;
        let record = record.as_blob().unwrap_or_default();
        let chain = row.get_ref(2).map_err(fault)?;
        let place = format!("entry {seq} ({})", table.name());
        self.walked.entries += 1;
        let follows = self.place_in_order(seq, &place);
        let link = chain.as_blob().ok().and_then(Link::from_slice);
        match link {
            None => self
                .findings
                .add(place.clone(), "its chain is no hash".to_owned()),
            Some(link) if follows && self.walked.link.next(record) != link => self.findings.add(
                place.clone(),
                "the chain does not come to what is written with it: it, or the chain of the \
                 entry before it, was changed"
                    .to_owned(),
            ),
            Some(_) => {}
        }
        let link = link.unwrap_or_else(|| self.walked.link.next(record));
        if let Some(checkpoint) = self.checkpoint.filter(|checkpoint| checkpoint.seq == seq)
            && checkpoint.link != link
        {
            let what = format!(
                "the checkpoint says that the chain stood at {} after it, and {link} is written: \
                 the journal was written anew",
                checkpoint.link
            );
            self.findings.add(place.clone(), what);
        }
        self.walked.last = self.walked.last.max(seq);
        self.walked.link = link;
        match Record::decode(record) {
            Ok(record) => self.columns(table, seq, &place, &record, row),
            Err(error) => {
                self.findings
                    .add(place, format!("its record cannot be read: {error}"));
                Ok(())
            }
        }
    }

    /// Whether the entry stands right behind the one before.
    fn place_in_order(&mut self, seq: i64, place: &str) -> bool {
        let expected = self.walked.last + 1;
        if seq < expected {
            let what = "there is another entry of this number".to_owned();
            self.findings.add(place.to_owned(), what);
        } else if seq > expected {
            let gone = match seq - 1 {
                last if last == expected => format!("entry {expected} is missing"),
                last => format!("entries {expected} to {last} are missing"),
            };
            self.findings
                .add(place.to_owned(), format!("{gone} before it"));
        }
        seq == expected
    }

    /// Holds the readable columns to the record.
    fn columns(
        &mut self,
        table: Table,
        seq: i64,
        place: &str,
        record: &Record<'_>,
        row: &Row<'_>,
    ) -> Result<(), JournalError> {
        match (table, record) {
            (Table::Decisions, Record::Decided(record)) => {
                self.walked.holds.decided(record);
                self.decision(place, record, row)
            }
            (Table::Settlements, Record::Settled(event)) => {
                self.cells(table, place, &columns::of_settlement(event), row)
            }
            (Table::Settlements, Record::Released(event)) => {
                self.cells(table, place, &columns::of_release(event), row)
            }
            (Table::Changes, Record::Changed(event)) => {
                let holds = &mut self.walked.holds;
                holds.changed(seq, place, event, self.findings);
                self.cells(table, place, &columns::of_change(event), row)
            }
            _ => {
                let what = "its record is one of another table".to_owned();
                self.findings.add(place.to_owned(), what);
                Ok(())
            }
        }
    }

    fn decision(
        &mut self,
        place: &str,
        record: &DecisionRecord<'_>,
        row: &Row<'_>,
    ) -> Result<(), JournalError> {
        let number = record.policy;
        let Some(policy) = self.policies.get(number) else {
            let what = format!(
                "policy {} decided it, and the store has none of that number that can be read",
                number.number()
            );
            self.findings.add(place.to_owned(), what);
            return Ok(());
        };
        if let Some(live) = self.walked.holds.live(record.generation)
            && live.to_string() != policy.digest
        {
            let what = format!(
                "generation {} was {live}, and policy {} is now another one",
                record.generation,
                number.number()
            );
            self.findings.add(place.to_owned(), what);
        }
        let mut cells = columns::of_decision(record, &policy.manifest);
        self.allow_for_known_id(record, row, &mut cells)?;
        self.cells(Table::Decisions, place, &cells, row)
    }

    /// An id that memory had forgotten while the disk knew it stays the earlier decision's.
    fn allow_for_known_id(
        &self,
        record: &DecisionRecord<'_>,
        row: &Row<'_>,
        cells: &mut [Cell<'_>],
    ) -> Result<(), JournalError> {
        let fault = |error: rusqlite::Error| self.snapshot.fault(&error);
        let Some(keeps_id) = cells.last_mut().filter(|_| record.keeps_id) else {
            return Ok(());
        };
        let written = row.get_ref(DECISION_COLUMNS.len() + 2).map_err(fault)?;
        if keeps_id.is(written) {
            return Ok(());
        }
        let query = "SELECT EXISTS (SELECT 1 FROM decisions WHERE id = ?1 AND keeps_id = 1)";
        let other = self
            .snapshot
            .transaction
            .query_row(query, [record.request.id()], |row| row.get::<_, bool>(0));
        if other.map_err(fault)? {
            *keeps_id = Cell::Whole(0);
        }
        Ok(())
    }

    fn cells(
        &mut self,
        table: Table,
        place: &str,
        cells: &[Cell<'_>],
        row: &Row<'_>,
    ) -> Result<(), JournalError> {
        for (at, (column, cell)) in table.columns().iter().zip(cells).enumerate() {
            let written = row.get_ref(at + 3);
            let written = written.map_err(|error| self.snapshot.fault(&error))?;
            if !cell.is(written) {
                let what = format!(
                    "its column `{column}` says {}, and its record {}",
                    value(written),
                    value(ValueRef::from(cell))
                );
                self.findings.add(place.to_owned(), what);
            }
        }
        Ok(())
    }
}

/// A column's value as a message shows it.
pub(super) fn value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "nothing".to_owned(),
        ValueRef::Integer(number) => format!("`{number}`"),
        ValueRef::Text(text) => format!("`{}`", shown(&String::from_utf8_lossy(text))),
        ValueRef::Real(_) | ValueRef::Blob(_) => "what is no text".to_owned(),
    }
}
