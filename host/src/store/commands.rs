//! Commands of other terminals: rows that they write and the router answers. Runs none: that is
//! the operator's.

use std::sync::mpsc::{SyncSender, TrySendError};

use rusqlite::{Connection, Row};

/// What the terminal that asked is told when its router is gone.
const GONE: &str =
    r#"{"error":{"code":"router_gone","message":"the router ended before it could answer"}}"#;

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
             WHERE done_at IS NULL AND number > ?1 AND length(arguments) <= 65536 \
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

/// Answers the commands that the router before this one did not.
pub(super) fn give_up_old(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute(
            "UPDATE commands SET done_at = asked_at, outcome = ?1 WHERE done_at IS NULL",
            [GONE],
        )
        .map(|_| ())
}
