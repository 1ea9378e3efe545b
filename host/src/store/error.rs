//! What keeps a store from being opened, read or written, in words for whoever must act. What
//! SQLite says stands behind, never alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

use super::lock::Holder;
use super::schema::SCHEMA_VERSION;

/// Why a store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .kind.sentence(.path))]
pub struct StoreFault {
    /// The database's file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// There is no such file.
    Missing,
    /// A file of another kind.
    NotADatabase,
    /// A database of another program.
    Foreign,
    /// A newer program wrote it.
    Newer {
        /// Its schema's version.
        found: i64,
    },
    /// It may not be written.
    ReadOnly,
    /// It can only be read by who may write beside it.
    Unreadable {
        /// Why.
        why: UnreadableWhy,
    },
    /// There is no room left on its disk.
    Full,
    /// Another process holds it.
    Locked,
    /// Another router runs on it.
    Running(Holder),
    /// SQLite finds its pages in disorder.
    Damaged {
        /// What SQLite says.
        what: String,
    },
    /// A row says what cannot be.
    Unsound {
        /// Where, and what.
        what: String,
    },
    /// The file, or the folder that it stands in, cannot be opened.
    Unopenable {
        /// What the system says.
        what: String,
    },
    /// Its disk failed.
    Disk {
        /// What SQLite says.
        what: String,
    },
    /// Its disk takes nothing.
    Hangs {
        /// How long it was waited for.
        wait_max: Duration,
    },
    /// The library that was linked is too old to trust.
    Library {
        /// Its version.
        found: String,
    },
    /// It was begun with other fields masked, or by another key.
    OtherMask,
    /// Anything else.
    Other {
        /// What SQLite says.
        what: String,
    },
}

/// What takes the right to write beside a store also to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableWhy {
    /// A router writes to it.
    RouterRuns,
    /// A router that did not end by itself left its log.
    LogIsLeft,
}

impl StoreFault {
    /// Whether it may be a matter of the user's rights.
    pub(super) const fn keeps_out(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::ReadOnly | FaultKind::Unopenable { .. }
        )
    }

    /// A fault of the store in this file.
    pub fn new(path: &Path, kind: FaultKind) -> Self {
        let path = path.to_path_buf();
        Self { path, kind }
    }

    /// What SQLite said of the store in this file.
    pub(crate) fn of_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        Self::new(path, FaultKind::of_sqlite(error))
    }
}

impl FaultKind {
    fn of_sqlite(error: &rusqlite::Error) -> Self {
        let what = plain(error);
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { what },
            Some(ErrorCode::CannotOpen) => Self::Unopenable { what },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { what },
            _ => Self::Other { what },
        }
    }

    fn sentence(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::Missing => format!("there is no store at `{path}`"),
            Self::NotADatabase => format!("`{path}` is not a store: it is no SQLite database"),
            Self::Foreign => format!(
                "`{path}` is not a store: it is another program's database, which is left alone"
            ),
            Self::Newer { found } => format!(
                "`{path}` has schema {found}, and this program knows up to {SCHEMA_VERSION}; \
                 use the newer program that wrote it"
            ),
            Self::ReadOnly => format!(
                "`{path}` cannot be written: it, its folder or its disk is read-only to this user"
            ),
            Self::Unreadable { why } => {
                let kept_out =
                    format!("`{path}` cannot be read by a user who may not write in its folder");
                match why {
                    UnreadableWhy::RouterRuns => format!(
                        "{kept_out} while a router runs on it; read it as the user who runs the \
                         router"
                    ),
                    UnreadableWhy::LogIsLeft => format!(
                        "{kept_out}: a router left a log beside it, `{path}-wal`, which whoever \
                         reads it first takes in; read it once as the user who runs the router"
                    ),
                }
            }
            Self::Full => format!("`{path}` cannot be written: there is no room left on its disk"),
            Self::Locked => format!(
                "`{path}` is locked by another process, which did not let go of it for \
                 {} seconds",
                super::connection::BUSY_TIMEOUT.as_secs()
            ),
            Self::Running(holder) => format!("a router runs on `{path}` already: {holder}"),
            Self::Damaged { what } => format!(
                "`{path}` is damaged ({what}); keep the file, and restore the store from a backup"
            ),
            Self::Unsound { what } => format!("`{path}` holds what no router wrote: {what}"),
            Self::Unopenable { what } => format!("`{path}` cannot be opened: {what}"),
            Self::Disk { what } => format!("the disk of `{path}` failed: {what}"),
            Self::Hangs { wait_max } => format!(
                "`{path}` has taken nothing for {} ms: its disk hangs",
                wait_max.as_millis()
            ),
            Self::Library { found } => format!(
                "`{path}` is not opened by SQLite {found}: before 3.51.3 it can lose what was \
                 written"
            ),
            Self::OtherMask => format!(
                "`{path}` was begun with other fields masked, or by another key: ids and budgets \
                 could not be told from others; mask as before, or begin a new store"
            ),
            Self::Other { what } => format!("`{path}` cannot be used: {what}"),
        }
    }
}

/// SQLite's words, without the library's around them.
fn plain(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => {
            format!("{message} (SQLite code {})", code.extended_code)
        }
        rusqlite::Error::SqliteFailure(code, None) => {
            let said = rusqlite::ffi::code_to_str(code.extended_code);
            format!("{said} (SQLite code {})", code.extended_code)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn said(code: i32, expected: &str) {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let fault = StoreFault::of_sqlite(Path::new("router.db"), &error);
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn each_kind_of_failure_says_what_to_look_at() {
        use rusqlite::ffi::{
            SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_IOERR_FSYNC,
            SQLITE_MISUSE, SQLITE_NOTADB, SQLITE_READONLY,
        };
        said(
            SQLITE_NOTADB,
            "`router.db` is not a store: it is no SQLite database",
        );
        said(
            SQLITE_FULL,
            "`router.db` cannot be written: there is no room left on its disk",
        );
        said(
            SQLITE_READONLY,
            "`router.db` cannot be written: it, its folder or its disk is read-only to this user",
        );
        said(
            SQLITE_BUSY,
            "`router.db` is locked by another process, which did not let go of it for 5 seconds",
        );
        said(
            SQLITE_CORRUPT,
            "`router.db` is damaged (database disk image is malformed (SQLite code 11)); \
             keep the file, and restore the store from a backup",
        );
        said(
            SQLITE_CANTOPEN,
            "`router.db` cannot be opened: unable to open database file (SQLite code 14)",
        );
        said(
            SQLITE_IOERR_FSYNC,
            "the disk of `router.db` failed: disk I/O error (SQLite code 1034)",
        );
        said(
            SQLITE_MISUSE,
            "`router.db` cannot be used: bad parameter or other API misuse (SQLite code 21)",
        );
    }

    #[test]
    fn what_is_no_failure_of_sqlites_is_said_too() {
        let path = Path::new("router.db");
        let said = |kind| StoreFault::new(path, kind).to_string();
        assert_eq!(said(FaultKind::Missing), "there is no store at `router.db`");
        assert_eq!(
            said(FaultKind::Library {
                found: "3.50.4".to_owned()
            }),
            "`router.db` is not opened by SQLite 3.50.4: before 3.51.3 it can lose what was written"
        );
    }
}
