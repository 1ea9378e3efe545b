//! The tables of a store, and how an older store gets to them. Which columns mean what is said
//! in `schema.sql`, `schema3.sql` and in the host's README.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{FaultKind, StoreFault};

/// What tells a store from other databases: `EXRT`.
pub const APPLICATION_ID: i64 = 0x4558_5254;
/// The version of the tables that this program writes.
pub const SCHEMA_VERSION: i64 = 3;

/// What leads from each version to the next one; the first makes the tables.
const MIGRATIONS: [&str; 3] = [
    include_str!("schema.sql"),
    LATEST_OF_RECORDS,
    include_str!("schema3.sql"),
];

/// From version 1, whose records an older program reads, to records of version 2, which it does
/// not; and to a latest time that the journal proves, where it was memory's own.
const LATEST_OF_RECORDS: &str = "
    UPDATE meta SET value = coalesce(
        (SELECT max(at) FROM decisions WHERE budget IS NOT NULL AND repeated = 0),
        -9223372036854775807 - 1)
    WHERE key = 'latest'";

/// Makes the tables of a new store, and brings those of an older one up to date.
///
/// # Errors
/// [`StoreFault`]; an existing store is as it was.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    // Two that start at once find out here who comes first; the other one finds it made.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(fault)?;
    let found = version(&transaction, path)?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    if done >= MIGRATIONS.len() {
        return Ok(());
    }
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step).map_err(fault)?;
    }
    let mark = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
    );
    transaction.execute_batch(&mark).map_err(fault)?;
    transaction.commit().map_err(fault)
}

/// The version of the tables that there are; 0 of an empty database.
///
/// # Errors
/// [`StoreFault`] for a database that is no store, or one of a newer program.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, StoreFault> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| StoreFault::of_sqlite(path, &error))
    };
    let application = pragma("application_id")?;
    let found = pragma("user_version")?;
    if application == APPLICATION_ID {
        if found > SCHEMA_VERSION {
            return Err(StoreFault::new(path, FaultKind::Newer { found }));
        }
        return Ok(found);
    }
    let tables = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
            row.get::<_, i64>(0)
        })
        .map_err(|error| StoreFault::of_sqlite(path, &error))?;
    if application != 0 || found != 0 || tables != 0 {
        return Err(StoreFault::new(path, FaultKind::Foreign));
    }
    Ok(0)
}
