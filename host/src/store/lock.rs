//! The lock file beside a store: held for as long as a router runs on it, so that there is
//! never a second one, and readable by everybody, so that it can be said who it is.
//!
//! The operating system's lock decides, which goes with the process however that ends; what
//! stands in the file only says whose it is.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::connection::beside;
use super::error::{FaultKind, StoreFault};
use super::place::{self, FileId};

/// Bytes that are read of a lock file.
const TEXT_BYTES_MAX: u64 = 4 * 1024;

/// How long a look at who holds a lock may keep others from it.
const LOOK_MAX: Duration = Duration::from_millis(100);

/// Who runs on a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Since when, RFC 3339.
    pub started: String,
    /// The program and its version.
    pub program: String,
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
    /// The store itself, locked whatever name it has been opened by.
    store: Option<File>,
    /// The lock file, where there was none before.
    made: Option<PathBuf>,
}

impl Holder {
    /// This process, now.
    pub fn this_process() -> Self {
        Self {
            pid: std::process::id(),
            started: Timestamp::now().to_string(),
            program: concat!("execution-router ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Nothing is known but that somebody holds it.
    fn unknown() -> Self {
        Self {
            pid: 0,
            started: String::new(),
            program: String::new(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return out.write_str("a process that does not say which");
        }
        write!(
            out,
            "process {}, {}, since {}",
            self.pid,
            self.program.escape_debug(),
            self.started.escape_debug()
        )
    }
}

impl StoreLock {
    /// Takes the lock of the store in this file, whatever links lead to it.
    ///
    /// # Errors
    /// [`StoreFault`]: another router holds it, or there is no lock file to be had.
    pub fn take(store: &Path) -> Result<Self, StoreFault> {
        let unopenable = |error: io::Error| {
            let what = format!("its lock file: {error}");
            StoreFault::new(store, FaultKind::Unopenable { what })
        };
        let path = lock_path(store)?;
        let started = Instant::now();
        loop {
            let (mut file, is_new) = open_lock(&path).map_err(unopenable)?;
            match file.try_lock() {
                // Whoever had it may have taken the file away with it.
                Ok(()) if !is_at(&file, &path) && started.elapsed() < LOOK_MAX => {}
                Ok(()) => {
                    write_holder(&mut file, &Holder::this_process()).map_err(unopenable)?;
                    let made = is_new.then_some(path);
                    return Ok(Self {
                        _file: file,
                        store: None,
                        made,
                    });
                }
                // Whoever only looks who holds it holds it for a moment.
                Err(TryLockError::WouldBlock) if started.elapsed() < LOOK_MAX => {
                    thread::sleep(LOOK_MAX / 10);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = read_holder(&mut file);
                    return Err(StoreFault::new(store, FaultKind::Running(holder)));
                }
                Err(TryLockError::Error(error)) => return Err(unopenable(error)),
            }
        }
    }

    /// Locks the file itself as well, once it is there: by another name of it (a hard link, a
    /// mount of the one file) there is another lock file. SQLite's own locks are of another kind.
    ///
    /// # Errors
    /// [`StoreFault`]: a router runs on it by another name.
    pub(super) fn hold(&mut self, store: &Path) -> Result<(), StoreFault> {
        let Some(file) = regular(store).filter(|_| self.store.is_none()) else {
            return Ok(());
        };
        let started = Instant::now();
        loop {
            match file.try_lock() {
                // Whoever only looks holds it for a moment.
                Err(TryLockError::WouldBlock) if started.elapsed() < LOOK_MAX => {
                    thread::sleep(LOOK_MAX / 10);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreFault::new(store, FaultKind::RunningElsewhere));
                }
                // Where files cannot be locked so, the lock file has to do.
                Ok(()) | Err(TryLockError::Error(_)) => {
                    self.store = Some(file);
                    return Ok(());
                }
            }
        }
    }

    /// Gives the lock up for what turned out to be no store; a file that was made for it goes.
    pub(super) fn discard(self) {
        if let Some(path) = &self.made {
            // While it is held still, so that nobody else's is taken away.
            let _ = fs::remove_file(path);
        }
    }
}

/// Opens the lock file, and says whether it was made.
fn open_lock(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // It may be taken away in between, and is made anew then.
            let opened = options.create(true).truncate(false).open(path)?;
            Ok((opened, false))
        }
        made => Ok((made?, true)),
    }
}

/// Whether the open file is the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => FileId::of(&open) == FileId::of(&named),
        _ => false,
    }
}

/// Who runs on the store, if anybody does.
///
/// # Errors
/// [`StoreFault`] when the lock file cannot be read.
pub fn holder(store: &Path) -> Result<Option<Holder>, StoreFault> {
    let mut file = match File::open(lock_path(store)?) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let what = format!("its lock file: {error}");
            return Err(StoreFault::new(store, FaultKind::Unopenable { what }));
        }
    };
    // A shared lock, given back at once: a router that starts in that moment waits for it.
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read_holder(&mut file))),
        Err(TryLockError::Error(error)) => {
            let what = format!("its lock file: {error}");
            Err(StoreFault::new(store, FaultKind::Unopenable { what }))
        }
    }
}

/// Whether a router runs on this very file, by whatever name; `None` where that cannot be seen.
pub(super) fn is_held(store: &Path) -> Option<bool> {
    match regular(store)?.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

/// The store's file, where it is there and one: to open a pipe is to wait for its other end.
fn regular(store: &Path) -> Option<File> {
    let is_file = fs::metadata(store).is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| File::open(store).ok()).flatten()
}

/// Beside the file itself, so that every link to it leads to one lock.
fn lock_path(store: &Path) -> Result<PathBuf, StoreFault> {
    Ok(beside(&place::resolved(store)?, ".lock"))
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(TEXT_BYTES_MAX).read_to_string(&mut text);
    read.ok()
        .and_then(|_| serde_json::from_str(text.trim_end()).ok())
        .unwrap_or_else(Holder::unknown)
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut text = serde_json::to_string(holder)?;
    text.push('\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_everybody_can_say_who() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("router.db");
        assert_eq!(holder(&store).unwrap(), None);
        let lock = StoreLock::take(&store).unwrap();
        let here = holder(&store).unwrap().unwrap();
        assert_eq!(here.pid, std::process::id());
        let refused = StoreLock::take(&store).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "a router runs on `{}` already: process {}, execution-router {}, since {}",
                store.display(),
                std::process::id(),
                env!("CARGO_PKG_VERSION"),
                here.started
            )
        );
        drop(lock);
        assert_eq!(holder(&store).unwrap(), None);
        StoreLock::take(&store).unwrap();
    }

    #[test]
    fn a_holder_that_does_not_say_who_it_is_is_respected_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("router.db");
        let file = File::create(lock_path(&store).unwrap()).unwrap();
        file.try_lock().unwrap();
        assert_eq!(
            StoreLock::take(&store).unwrap_err().to_string(),
            format!(
                "a router runs on `{}` already: a process that does not say which",
                store.display()
            )
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("router.db");
        fs::write(&store, "").unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&store, &link).unwrap();
        let lock = StoreLock::take(&link).unwrap();
        assert_eq!(holder(&store).unwrap(), holder(&link).unwrap());
        assert!(holder(&store).unwrap().is_some());
        StoreLock::take(&store).unwrap_err();
        drop(lock);
        StoreLock::take(&store).unwrap();
        assert!(!folder.path().join("link.db.lock").exists());
    }

    #[test]
    fn a_lock_file_is_left_behind_by_a_store_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("router.db");
        let file = folder.path().join("router.db.lock");
        StoreLock::take(&store).unwrap().discard();
        assert!(!file.exists());
        drop(StoreLock::take(&store).unwrap());
        assert!(file.exists());
        // It was there before.
        StoreLock::take(&store).unwrap().discard();
        assert!(file.exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let store = Path::new("/nowhere/at/all/router.db");
        assert_eq!(
            StoreLock::take(store).unwrap_err().to_string(),
            "`/nowhere/at/all/router.db` cannot be opened: \
             its lock file: No such file or directory (os error 2)"
        );
    }
}
