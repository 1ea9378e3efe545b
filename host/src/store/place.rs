//! The file of a store: which one it is, whatever it is called, and whether it stands where it was
//! opened still. A database that was moved goes on being written where it is now, by a log that
//! stays where it was; so nothing is written then. Opens no database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::StoreAddress;
use super::connection::beside;
use super::error::{FaultKind, StoreFault};
use super::shared::lock;

/// The files of a store: how their names end, and what they are.
const STORE_FILES: [(&str, &str); 4] = [
    ("", "the store itself"),
    ("-wal", "the store's log"),
    ("-shm", "the index of the store's log"),
    (".lock", "the store's lock file"),
];

/// What tells a file from others, whatever they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

/// Where a store was opened.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Where it really is: its log is beside this name, also where a link leads elsewhere by now.
    real: PathBuf,
    /// `None` where the system does not tell files apart; there, open files cannot be moved.
    id: Option<FileId>,
    /// Where its log is.
    log: PathBuf,
    /// Which file that is, once there is one on the connection that writes.
    log_id: Mutex<Option<FileId>>,
}

impl FileId {
    /// That of a file.
    #[cfg(unix)]
    pub(super) fn of(metadata: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// That of a file.
    #[cfg(not(unix))]
    pub(super) const fn of(_metadata: &fs::Metadata) -> Option<Self> {
        None
    }
}

impl Place {
    /// The file that was just opened.
    pub(super) fn of(path: &Path) -> Self {
        let real = resolved(path).unwrap_or_else(|_| path.to_path_buf());
        Self {
            id: id_at(&real).ok().flatten(),
            path: path.to_path_buf(),
            log: beside(&real, "-wal"),
            real,
            log_id: Mutex::default(),
        }
    }

    /// That the file stands there still.
    ///
    /// # Errors
    /// [`StoreFault`]: it was moved, removed or replaced, or its folder cannot be read.
    pub(super) fn check(&self) -> Result<(), StoreFault> {
        let Some(id) = self.id else { return Ok(()) };
        let kind = match id_at(&self.real) {
            Ok(found) if found == Some(id) => return Ok(()),
            Ok(_) => FaultKind::Replaced,
            Err(error) if error.kind() == io::ErrorKind::NotFound => FaultKind::Moved,
            Err(error) => FaultKind::Unopenable {
                what: error.to_string(),
            },
        };
        Err(StoreFault::new(&self.path, kind))
    }

    /// The same, and that the log of the connection that writes stands beside it.
    ///
    /// # Errors
    /// [`StoreFault`]: also where the log was removed or replaced. Whoever opens the store next
    /// would not see what stands in it.
    pub(super) fn check_written(&self) -> Result<(), StoreFault> {
        self.check()?;
        let found = id_at(&self.log).ok().flatten();
        let mut log = lock(&self.log_id);
        match *log {
            None => *log = found,
            Some(_) if *log == found => {}
            Some(_) => return Err(StoreFault::new(&self.path, FaultKind::LogGone)),
        }
        Ok(())
    }

    /// Another connection writes from here on, with a log of its own.
    pub(super) fn forget_log(&self) {
        *lock(&self.log_id) = None;
    }
}

/// The file of just this name; a link has none of what it leads to.
fn id_at(path: &Path) -> io::Result<Option<FileId>> {
    Ok(FileId::of(&fs::symlink_metadata(path)?))
}

/// The path without links in it, also of a file that is yet to be made.
///
/// # Errors
/// [`StoreFault`] for a link to what is not there; of a folder that is not there, the path itself.
pub(super) fn resolved(path: &Path) -> Result<PathBuf, StoreFault> {
    if let Ok(resolved) = fs::canonicalize(path) {
        return Ok(resolved);
    }
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        let what = "it is a link to what is not there".to_owned();
        return Err(StoreFault::new(path, FaultKind::Unopenable { what }));
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = fs::canonicalize(parent.unwrap_or(Path::new(".")));
    Ok(match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    })
}

/// That what is to be written to this path is no file of the store's, which would be lost by it:
/// the database, its log, the log's index, the lock. The store need not be there yet.
///
/// # Errors
/// Which of them it is.
pub(crate) fn check_output(store: &StoreAddress, path: &Path) -> io::Result<()> {
    let (Ok(store), Ok(output)) = (resolved(store.path()), resolved(path)) else {
        // A store that is a link to nowhere is not opened, and the output is not the store.
        return Ok(());
    };
    for (ending, what) in STORE_FILES {
        if is_same(&beside(&store, ending), &output) {
            return Err(io::Error::other(format!("it is {what}; name another file")));
        }
    }
    Ok(())
}

/// Whether two paths without links in them lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path| fs::metadata(path).ok().as_ref().and_then(FileId::of);
    one == other || id(one).is_some_and(|found| id(other) == Some(found))
}

/// That the file has no other name: its log is beside the name, so that two routers by two names
/// would each have one of their own.
///
/// # Errors
/// [`StoreFault`].
#[cfg(unix)]
pub(super) fn check_names(path: &Path) -> Result<(), StoreFault> {
    use std::os::unix::fs::MetadataExt as _;

    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.nlink() > 1 => {
            let names = metadata.nlink();
            Err(StoreFault::new(path, FaultKind::Linked { names }))
        }
        // What is not there is made, and what is no file is refused as such.
        _ => Ok(()),
    }
}

/// That the file has no other name.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub(super) const fn check_names(_path: &Path) -> Result<(), StoreFault> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_it_is_and_not_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router.db");
        let elsewhere = folder.path().join("elsewhere.db");
        fs::write(&path, "a").unwrap();
        let place = Place::of(&path);
        assert_eq!(place.check(), Ok(()));
        fs::rename(&path, &elsewhere).unwrap();
        assert_eq!(place.check().unwrap_err().kind, FaultKind::Moved);
        fs::write(&path, "a").unwrap();
        assert_eq!(place.check().unwrap_err().kind, FaultKind::Replaced);
        fs::rename(&elsewhere, &path).unwrap();
        assert_eq!(place.check(), Ok(()));
    }

    /// A link in its place leads to the same file, and to another log.
    #[cfg(unix)]
    #[test]
    fn a_file_that_was_moved_is_not_where_a_link_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router.db");
        let elsewhere = folder.path().join("elsewhere.db");
        fs::write(&path, "a").unwrap();
        let place = Place::of(&path);
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(place.check().unwrap_err().kind, FaultKind::Replaced);
    }

    #[test]
    fn a_log_is_missed_once_there_was_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router.db");
        let log = folder.path().join("router.db-wal");
        fs::write(&path, "a").unwrap();
        let place = Place::of(&path);
        assert_eq!(place.check_written(), Ok(()));
        fs::write(&log, "a").unwrap();
        assert_eq!(place.check_written(), Ok(()));
        fs::remove_file(&log).unwrap();
        assert_eq!(place.check_written().unwrap_err().kind, FaultKind::LogGone);
        place.forget_log();
        assert_eq!(place.check_written(), Ok(()));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_is_resolved_whether_or_not_the_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(real.join("a")).unwrap();
        std::os::unix::fs::symlink(real.join("a"), real.join("b")).unwrap();
        let by_link = real.join("b/router.db");
        assert_eq!(resolved(&by_link).unwrap(), real.join("a/router.db"));
        fs::write(&by_link, "").unwrap();
        assert_eq!(resolved(&by_link).unwrap(), real.join("a/router.db"));
        let broken = real.join("c");
        std::os::unix::fs::symlink(real.join("nowhere"), &broken).unwrap();
        assert_eq!(
            resolved(&broken).unwrap_err().to_string(),
            format!(
                "`{}` cannot be opened: it is a link to what is not there",
                broken.display()
            )
        );
        assert_eq!(
            resolved(Path::new("/nowhere/at/all")).unwrap(),
            Path::new("/nowhere/at/all")
        );
    }
}
