//! A disk in memory that loses what was not synced, as disks do when the power goes.
//!
//! It stands under SQLite as a VFS. Each file is what programs see and what is durable, with the
//! changes in between: a sync makes them durable, and a power cut leaves none of them, all, the
//! first, or any, some of them torn at sectors (512 bytes). Names are lost in the same way. A sync
//! that fails loses some of its changes for good, while the cache goes on showing them: as Linux
//! does, and why a sync must not be tried again.
//!
//! What it does not do: it never damages what was synced, it knows no folders, and it shares the
//! write-ahead log's index between the connections of this process alone.
//!
//! ```
//! use conformance::disk::{Disk, Fault, Harm, Struck};
//!
//! let folder = tempfile::tempdir()?;
//! let disk = Disk::mount(folder.path(), 7)?;
//! let database = rusqlite::Connection::open(disk.path("a.db"))?;
//! database.execute_batch("PRAGMA synchronous = EXTRA; CREATE TABLE t (x); INSERT INTO t VALUES (1)")?;
//! disk.arm(&[Fault::after(Harm::PowerCut, Struck::SYNCS, 0)]);
//! assert!(database.execute("INSERT INTO t VALUES (2)", []).is_err());
//! drop(database);
//!
//! disk.power_on();
//! let database = rusqlite::Connection::open(disk.path("a.db"))?;
//! let first: i64 = database.query_row("SELECT min(x) FROM t", [], |row| row.get(0))?;
//! assert_eq!(first, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fault;
mod files;
mod handle;
mod image;
mod locks;
mod open_file;
mod random;
mod shared_memory;
mod vfs;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use fault::{Fault, Harm, Struck};
use files::Files;
pub use random::Dice;

/// A disk, mounted at a folder until it is dropped. The folder is a real one, and stays empty
/// but for what is put there beside SQLite.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    files: Arc<Mutex<Files>>,
}

impl Disk {
    /// An empty disk, mounted at a folder that there is; the seed decides what is lost.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn mount(folder: &Path, seed: u64) -> io::Result<Self> {
        // As SQLite will name it.
        let folder = folder.canonicalize()?;
        let files = Arc::new(Mutex::new(Files::new(seed)));
        vfs::mount(&folder, Arc::clone(&files));
        Ok(Self { folder, files })
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Has these faults happen, and no others that were to.
    pub fn arm(&self, faults: &[Fault]) {
        self.files().set_faults(faults.to_vec());
    }

    /// Cuts the power now. Whatever has a file open gets errors for ever after.
    pub fn power_cut(&self) {
        self.files().lose_power();
    }

    /// Whether the power is there.
    pub fn is_on(&self) -> bool {
        self.files().is_on
    }

    /// Gives the power back. Files must be opened anew.
    pub fn power_on(&self) {
        self.files().is_on = true;
    }

    /// Has all programs die that have files open, as `kill -9` does: what they wrote stays.
    pub fn kill(&self) {
        self.files().kill();
    }

    /// What was read, written and synced so far.
    pub fn struck(&self) -> Struck {
        self.files().struck
    }

    /// The durable bytes of a file.
    pub fn durable(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path(name);
        self.files().durable(path.to_str()?).map(<[u8]>::to_vec)
    }

    /// Writes what programs see into a real folder, to look at it with other tools.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn copy_to(&self, folder: &Path) -> io::Result<()> {
        for (name, bytes) in self.files().contents() {
            if let Some(name) = Path::new(&name).file_name() {
                std::fs::write(folder.join(name), bytes)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::unmount(&self.folder);
    }
}
