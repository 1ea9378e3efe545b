//! Connections to a store's file: to write to it, and to read it beside a router that writes.
//! What is in the tables is not looked at here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::error::{FaultKind, StoreFault, UnreadableWhy};
use super::{lock, schema};

/// How long a connection waits for another process to let go of the store.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The oldest SQLite that does not lose a write-ahead log which two connections have open.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// Pages of the write-ahead log after which it is copied into the database: some 16 MB, so
/// that a group of commits is not held up by a copy each time.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Opens the store in this file to write to it; makes it where there is none.
///
/// # Errors
/// [`StoreFault`].
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreFault> {
    open_writer_with(path, OpenFlags::SQLITE_OPEN_CREATE)
}

/// The same with a store that there was: none is made where it is gone.
///
/// # Errors
/// [`StoreFault`].
pub(super) fn open_writer_again(path: &Path) -> Result<Connection, StoreFault> {
    open_writer_with(path, OpenFlags::empty())
}

fn open_writer_with(path: &Path, more: OpenFlags) -> Result<Connection, StoreFault> {
    check_library(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let mut connection = open(path, flags)?;
    // Before anything is written: a database of another program is left as it is.
    schema::version(&connection, path)?;
    set_up(&connection).map_err(|error| StoreFault::of_sqlite(path, &error))?;
    let writable = connection.is_readonly("main").map(|read_only| !read_only);
    if !writable.map_err(|error| StoreFault::of_sqlite(path, &error))? {
        return Err(StoreFault::new(path, FaultKind::ReadOnly));
    }
    schema::migrate(&mut connection, path)?;
    begin_log(&connection, path)?;
    Ok(connection)
}

/// Copies the write-ahead log into the database, and begins it anew with a commit of its own.
///
/// The process before this one may have died of a sync that failed. Then the log that is read
/// here stands in the system's cache, and not on the disk; what is written behind it would be
/// out of reach after a power cut, whereas the copy is written and synced by this process.
fn begin_log(connection: &Connection, path: &Path) -> Result<(), StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let is_busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(fault)?;
    if is_busy {
        return Err(StoreFault::new(path, FaultKind::Locked));
    }
    connection
        .execute(
            "INSERT INTO meta (key, value) VALUES ('opened', ?1) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [Timestamp::now().as_microsecond()],
        )
        .map_err(fault)?;
    Ok(())
}

/// Opens a store that there is, to read it; nothing is written through this connection. Whoever
/// may not write beside the store can read it all the same while nobody else does.
///
/// # Errors
/// [`StoreFault`], also where there is none.
pub fn open_reader(path: &Path) -> Result<Connection, StoreFault> {
    let connection = match open_existing(path) {
        Err(fault) if fault.keeps_out() && path.is_file() => open_sealed(path, fault)?,
        opened => opened?,
    };
    let read_only = connection.pragma_update(None, "query_only", true);
    read_only.map_err(|error| StoreFault::of_sqlite(path, &error))?;
    Ok(connection)
}

/// Opens a store that nobody writes meanwhile as a file that does not change: no index of a log is
/// made beside it, for which its folder would have to be written. `fault` is what became of opening
/// it as ever.
fn open_sealed(path: &Path, fault: StoreFault) -> Result<Connection, StoreFault> {
    let why = if lock::holder(path)?.is_some() {
        UnreadableWhy::RouterRuns
    } else if beside(path, "-wal")
        .metadata()
        .is_ok_and(|log| log.len() > 0)
    {
        UnreadableWhy::LogIsLeft
    } else {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sealed = Connection::open_with_flags(sealed_address(path), flags);
        let is_store = |connection: &Connection| {
            schema::version(connection, path).is_ok_and(|version| version > 0)
        };
        return sealed.ok().filter(is_store).ok_or(fault);
    };
    Err(StoreFault::new(path, FaultKind::Unreadable { why }))
}

/// The file's name as an address of SQLite's, which says that it does not change.
fn sealed_address(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                address.push(char::from(*byte));
            }
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address + "?immutable=1"
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    beside.into()
}

/// Opens a store that there is, for what other terminals may write: commands.
///
/// # Errors
/// [`StoreFault`], also where there is none.
pub(super) fn open_existing(path: &Path) -> Result<Connection, StoreFault> {
    check_library(path)?;
    if !path.exists() {
        return Err(StoreFault::new(path, FaultKind::Missing));
    }
    // Read-write also to read: a write-ahead log that a crash left is taken in by whoever comes
    // first, and a connection that may not write cannot.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags)?;
    if schema::version(&connection, path)? == 0 {
        return Err(StoreFault::new(path, FaultKind::Missing));
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(|error| StoreFault::of_sqlite(path, &error))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
}

fn check_library(path: &Path) -> Result<(), StoreFault> {
    if rusqlite::version_number() >= SQLITE_VERSION_MIN {
        return Ok(());
    }
    let found = rusqlite::version().to_owned();
    Err(StoreFault::new(path, FaultKind::Library { found }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn store() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router.db");
        (folder, path)
    }

    #[track_caller]
    fn refused(path: &Path, expected: &str) {
        let expected = expected.replace("PATH", &path.display().to_string());
        assert_eq!(open_writer(path).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_new_store_has_the_tables_and_says_what_it_is() {
        let (_folder, path) = store();
        let connection = open_writer(&path).unwrap();
        let mode: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        assert_eq!(schema::version(&connection, &path), Ok(3));
        let tables: i64 = connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(tables, 9);
        // Opening it again changes nothing.
        open_writer(&path).unwrap();
        open_reader(&path).unwrap();
    }

    #[test]
    fn what_is_no_database_is_left_alone() {
        let (_folder, path) = store();
        let text = "these are my notes, and no database at all\n".repeat(100);
        fs::write(&path, &text).unwrap();
        refused(&path, "`PATH` is not a store: it is no SQLite database");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let (_folder, path) = store();
        let theirs = Connection::open(&path).unwrap();
        theirs.execute_batch("CREATE TABLE trades (x)").unwrap();
        drop(theirs);
        let before = fs::read(&path).unwrap();
        refused(
            &path,
            "`PATH` is not a store: it is another program's database, which is left alone",
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let (_folder, path) = store();
        let newer = open_writer(&path).unwrap();
        newer.pragma_update(None, "user_version", 4).unwrap();
        drop(newer);
        refused(
            &path,
            "`PATH` has schema 4, and this program knows up to 3; \
             use the newer program that wrote it",
        );
    }

    #[test]
    fn an_older_store_is_brought_up_to_date() {
        let (_folder, path) = store();
        let old = Connection::open(&path).unwrap();
        old.execute_batch(include_str!("schema.sql")).unwrap();
        old.execute_batch(
            "PRAGMA application_id = 1163416148; PRAGMA user_version = 1; \
             INSERT INTO commands (asked_at, asked_by, verb, arguments) VALUES (1, 'a', 'b', 'c')",
        )
        .unwrap();
        drop(old);
        let connection = open_writer(&path).unwrap();
        assert_eq!(schema::version(&connection, &path), Ok(3));
        let kept: (String, Option<i64>) = connection
            .query_row("SELECT verb, taken_at FROM commands", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(kept, ("b".to_owned(), None));
    }

    #[test]
    fn a_store_that_is_not_there_is_not_made_by_reading() {
        let (_folder, path) = store();
        assert_eq!(
            open_reader(&path).unwrap_err().to_string(),
            format!("there is no store at `{}`", path.display())
        );
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_is_no_store() {
        let (folder, _) = store();
        refused(
            folder.path(),
            "`PATH` cannot be opened: unable to open database file: PATH (SQLite code 14)",
        );
    }

    #[test]
    fn a_reader_writes_nothing() {
        let (_folder, path) = store();
        open_writer(&path).unwrap();
        let reader = open_reader(&path).unwrap();
        let error = reader
            .execute("INSERT INTO meta VALUES ('a', 'b')", [])
            .unwrap_err();
        assert_eq!(
            StoreFault::of_sqlite(&path, &error).kind,
            FaultKind::ReadOnly
        );
    }

    /// What whoever may not write in the folder gets; whoever may do so never comes here.
    #[test]
    fn a_store_at_rest_is_read_as_a_file_that_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a store?#%.db");
        drop(open_writer(&path).unwrap());
        let fault = || StoreFault::new(&path, FaultKind::ReadOnly);
        let sealed = open_sealed(&path, fault()).unwrap();
        assert_eq!(schema::version(&sealed, &path), Ok(3));
        assert!(!beside(&path, "-shm").exists());
        let refused = |expected: &str| {
            let error = open_sealed(&path, fault()).unwrap_err().to_string();
            assert_eq!(error, expected.replace("PATH", &path.display().to_string()));
        };
        fs::write(beside(&path, "-wal"), "a log").unwrap();
        refused(
            "`PATH` cannot be read by a user who may not write in its folder: a router left a log \
             beside it, `PATH-wal`, which whoever reads it first takes in; read it once as the \
             user who runs the router",
        );
        let _held = lock::StoreLock::take(&path).unwrap();
        refused(
            "`PATH` cannot be read by a user who may not write in its folder while a router runs \
             on it; read it as the user who runs the router",
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_written_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_folder, path) = store();
        open_writer(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        // Whoever may write everything is not kept out by permissions.
        if fs::OpenOptions::new().write(true).open(&path).is_ok() {
            return;
        }
        refused(
            &path,
            "`PATH` cannot be written: it, its folder or its disk is read-only to this user",
        );
    }
}
