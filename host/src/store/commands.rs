//! Commands of other terminals: rows that they write and the router answers. Runs none: that is
//! the operator's.

use std::sync::mpsc::{SyncSender, TrySendError};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;

/// The code of what the terminal that asked is told when its router is gone.
pub(super) const ROUTER_GONE: &str = "router_gone";
/// What is said of a command that was taken up.
pub(super) const GONE: &str = "the router ended before it could answer: this may be done or not, \
                               `status` and `journal` say";
/// What is said of one that was not.
pub(super) const GONE_BEFORE: &str = "the router ended before it took this up: nothing was done";
/// What stands beside a command that was not run because nobody waited for it any more.
const WITHDRAWN: &str = r#"{"error":{"code":"withdrawn","message":"nobody waited for it any more, and it was not run"}}"#;

/// A command as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) number: i64,
    pub(super) asked_by: String,
    pub(super) verb: String,
    /// JSON.
    pub(super) arguments: String,
}

/// What was seen of the commands.
pub(super) struct Polled {
    /// SQLite's count of what other connections committed; another one means there is news.
    data_version: Option<i64>,
    /// The last command that was handed on.
    handed_on: i64,
}

impl Polled {
    pub(super) const fn new() -> Self {
        Self {
            data_version: None,
            handed_on: 0,
        }
    }

    /// Looks again, whatever was seen by another connection.
    pub(super) const fn forget_version(&mut self) {
        self.data_version = None;
    }

    /// Hands on again from this command on; what was taken up already is not run again.
    pub(super) fn hand_on_from(&mut self, number: i64) {
        self.handed_on = self.handed_on.min(number - 1);
        self.data_version = None;
    }

    /// Hands on the commands that are new.
    pub(super) fn poll(
        &mut self,
        connection: &Connection,
        to: &SyncSender<Command>,
    ) -> rusqlite::Result<()> {
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if self.data_version == Some(version) {
            return Ok(());
        }
        let mut statement = connection.prepare(
            "SELECT number, asked_by, verb, arguments FROM commands \
             WHERE done_at IS NULL AND taken_at IS NULL AND number > ?1 AND length(arguments) <= 65536 \
             ORDER BY number",
        )?;
        let mut rows = statement.query([self.handed_on])?;
        while let Some(row) = rows.next()? {
            let command = Command {
                number: row.get(0)?,
                asked_by: text(row, 1)?,
                verb: text(row, 2)?,
                arguments: text(row, 3)?,
            };
            let number = command.number;
            match to.try_send(command) {
                Ok(()) => self.handed_on = number,
                // It stands in the store until there is room.
                Err(TrySendError::Full(_)) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        self.data_version = Some(version);
        Ok(())
    }
}

/// A text, whoever wrote it: what is no UTF-8 is a command that nobody knows, and no failure of
/// the store.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let value = row.get_ref(column)?;
    let bytes = value.as_bytes().unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// Notes that a command is run now; false when it was withdrawn, or nobody waits for it any more.
pub(super) fn take(connection: &Connection, number: i64, now: Timestamp) -> rusqlite::Result<bool> {
    let now = now.as_microsecond();
    let taken = connection.execute(
        "UPDATE commands SET taken_at = ?2 WHERE number = ?1 AND done_at IS NULL \
         AND taken_at IS NULL AND (wait_until IS NULL OR wait_until > ?2)",
        [number, now],
    )?;
    if taken == 0 {
        withdraw(connection, number, now)?;
    }
    Ok(taken > 0)
}

/// Sees to it that a command is never run; false when it was taken up already.
pub(super) fn withdraw(connection: &Connection, number: i64, at: i64) -> rusqlite::Result<bool> {
    let withdrawn = connection.execute(
        "UPDATE commands SET done_at = ?2, outcome = ?3 \
         WHERE number = ?1 AND done_at IS NULL AND taken_at IS NULL",
        params![number, at, WITHDRAWN],
    )?;
    Ok(withdrawn > 0)
}

/// Takes back that a command was taken up: it was not run.
pub(super) fn put_back(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    let back = "UPDATE commands SET taken_at = NULL WHERE number = ?1 AND done_at IS NULL";
    connection.execute(back, [number]).map(|_| ())
}

/// Answers the commands that the router before this one did not.
pub(super) fn give_up_old(connection: &Connection) -> rusqlite::Result<()> {
    let outcome =
        |message: &str| json!({ "error": { "code": ROUTER_GONE, "message": message } }).to_string();
    connection
        .execute(
            "UPDATE commands SET done_at = asked_at, \
             outcome = CASE WHEN taken_at IS NULL THEN ?1 ELSE ?2 END WHERE done_at IS NULL",
            [outcome(GONE_BEFORE), outcome(GONE)],
        )
        .map(|_| ())
}
