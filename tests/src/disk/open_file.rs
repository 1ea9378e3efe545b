//! What a connection does with a file that it has open, and which of SQLite's codes it gets.
//! All safe; `handle` is what SQLite calls it through.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use super::fault::Harm;
use super::files::{File, FileId, Files};
use super::locks::{HandleId, Level};
use super::shared_memory::{REGION_BYTES, SLOTS, SharedMemory, Taken};

/// One of SQLite's result codes.
pub(super) type Code = i32;

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    files: Arc<Mutex<Files>>,
    file: FileId,
    handle: HandleId,
    boot: u64,
    /// Journals and logs: syncing one syncs the folder that it was made in.
    syncs_folder: bool,
    deleted_on_close: Option<String>,
    shared: Option<Arc<SharedMemory>>,
    taken: Taken,
}

/// The kinds of file whose folder SQLite syncs with them.
const SYNCS_FOLDER: i32 = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;

impl OpenFile {
    /// Opens what is under a name, or makes it, as SQLite's flags say.
    pub(super) fn open(disk: &Arc<Mutex<Files>>, name: &str, flags: i32) -> Result<Self, Code> {
        let mut files = disk.lock().unwrap_or_else(PoisonError::into_inner);
        let says = |flag: i32| flags & flag != 0;
        if !files.is_on {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let file = match files.named(name) {
            Some(_) if says(ffi::SQLITE_OPEN_EXCLUSIVE) => return Err(ffi::SQLITE_CANTOPEN),
            Some(file) => file,
            None if says(ffi::SQLITE_OPEN_CREATE) => files.make(name),
            None => return Err(ffi::SQLITE_CANTOPEN),
        };
        Ok(Self {
            files: Arc::clone(disk),
            file,
            handle: files.handle(),
            boot: files.boot,
            syncs_folder: says(SYNCS_FOLDER),
            deleted_on_close: says(ffi::SQLITE_OPEN_DELETEONCLOSE).then(|| name.to_owned()),
            shared: None,
            taken: Taken::default(),
        })
    }

    /// Reads, and fills what is behind the file's end with zeros.
    pub(super) fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), Code> {
        let mut files = self.files(ffi::SQLITE_IOERR_READ)?;
        if let Some(harm) = files.strike(|struck| &mut struck.reads) {
            return Err(fail(&mut files, harm, ffi::SQLITE_IOERR_READ));
        }
        let file = files.file(self.file).ok_or(ffi::SQLITE_IOERR_READ)?;
        let count = file.image.read(offset, into);
        let missing = into.get_mut(count..).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        missing.fill(0);
        Err(ffi::SQLITE_IOERR_SHORT_READ)
    }

    pub(super) fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Code> {
        let mut files = self.files(ffi::SQLITE_IOERR_WRITE)?;
        let harm = files.strike(|struck| &mut struck.writes);
        let written = match harm {
            // The dice decide what the cut leaves of it.
            None | Some(Harm::PowerCut) => bytes.len(),
            Some(Harm::IoError | Harm::DiskFull) => files.part_of(bytes.len()),
        };
        let bytes = bytes.get(..written).unwrap_or(bytes);
        let fits = files
            .file_mut(self.file)
            .ok_or(ffi::SQLITE_IOERR_WRITE)?
            .image
            .write(offset, bytes);
        match harm {
            Some(harm) => Err(fail(&mut files, harm, ffi::SQLITE_IOERR_WRITE)),
            None if fits => Ok(()),
            None => Err(ffi::SQLITE_FULL),
        }
    }

    pub(super) fn resize(&self, length: usize) -> Result<(), Code> {
        let mut files = self.files(ffi::SQLITE_IOERR_TRUNCATE)?;
        let harm = files.strike(|struck| &mut struck.writes);
        if let Some(harm @ (Harm::IoError | Harm::DiskFull)) = harm {
            return Err(fail(&mut files, harm, ffi::SQLITE_IOERR_TRUNCATE));
        }
        let file = files
            .file_mut(self.file)
            .ok_or(ffi::SQLITE_IOERR_TRUNCATE)?;
        let fits = file.image.resize(length);
        match harm {
            Some(harm) => Err(fail(&mut files, harm, ffi::SQLITE_IOERR_TRUNCATE)),
            None if fits => Ok(()),
            None => Err(ffi::SQLITE_FULL),
        }
    }

    pub(super) fn sync(&self) -> Result<(), Code> {
        let mut files = self.files(ffi::SQLITE_IOERR_FSYNC)?;
        if let Some(harm) = files.strike(|struck| &mut struck.syncs) {
            if harm != Harm::PowerCut {
                files.fail_sync(self.file);
            }
            return Err(fail(&mut files, harm, ffi::SQLITE_IOERR_FSYNC));
        }
        let file = files.file_mut(self.file).ok_or(ffi::SQLITE_IOERR_FSYNC)?;
        file.image.sync();
        if self.syncs_folder {
            files.sync_folder();
        } else {
            files.sync_name(self.file);
        }
        Ok(())
    }

    pub(super) fn length(&self) -> Result<usize, Code> {
        let files = self.files(ffi::SQLITE_IOERR_FSTAT)?;
        let file = files.file(self.file).ok_or(ffi::SQLITE_IOERR_FSTAT)?;
        Ok(file.image.length())
    }

    pub(super) fn lock(&self, level: i32) -> Result<(), Code> {
        let level = Level::of(level).ok_or(ffi::SQLITE_IOERR_LOCK)?;
        let mut files = self.files(ffi::SQLITE_IOERR_LOCK)?;
        let file = files.file_mut(self.file).ok_or(ffi::SQLITE_IOERR_LOCK)?;
        if file.locks.raise(self.handle, level) {
            Ok(())
        } else {
            Err(ffi::SQLITE_BUSY)
        }
    }

    pub(super) fn unlock(&self, level: i32) -> Result<(), Code> {
        let level = Level::of(level).ok_or(ffi::SQLITE_IOERR_UNLOCK)?;
        // The locks of a program that died went with it.
        if let Ok(mut files) = self.files(ffi::SQLITE_IOERR_UNLOCK)
            && let Some(file) = files.file_mut(self.file)
        {
            file.locks.lower(self.handle, level);
        }
        Ok(())
    }

    pub(super) fn is_reserved(&self) -> Result<bool, Code> {
        let files = self.files(ffi::SQLITE_IOERR_CHECKRESERVEDLOCK)?;
        Ok(files
            .file(self.file)
            .is_some_and(|file| file.locks.is_reserved()))
    }

    /// Where a region of the log's index is; null when it is not there and not to be made.
    pub(super) fn region(
        &mut self,
        number: usize,
        bytes: usize,
        makes: bool,
    ) -> Result<*mut u64, Code> {
        if bytes != REGION_BYTES {
            return Err(ffi::SQLITE_IOERR_SHMSIZE);
        }
        if self.shared.is_none() {
            let shared = self
                .files(ffi::SQLITE_IOERR_SHMMAP)?
                .file_mut(self.file)
                .map(File::shared);
            self.shared = shared;
        }
        let shared = self.shared.as_ref().ok_or(ffi::SQLITE_IOERR_SHMMAP)?;
        let place = shared.region(number, makes);
        if makes && place.is_null() {
            return Err(ffi::SQLITE_IOERR_SHMMAP);
        }
        Ok(place)
    }

    /// Takes or gives back locks on the log's index.
    pub(super) fn lock_shared(
        &mut self,
        first: usize,
        count: usize,
        flags: i32,
    ) -> Result<(), Code> {
        if !self.is_alive() {
            return Err(ffi::SQLITE_IOERR_SHMLOCK);
        }
        let shared = self.shared.as_ref().ok_or(ffi::SQLITE_IOERR_SHMLOCK)?;
        let slots = (first..first.saturating_add(count).min(SLOTS))
            .fold(0_u8, |slots, number| slots | 1 << number);
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            shared.unlock(&mut self.taken, slots);
            return Ok(());
        }
        let is_exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
        if shared.lock(&mut self.taken, slots, is_exclusive) {
            Ok(())
        } else {
            Err(ffi::SQLITE_BUSY)
        }
    }

    pub(super) fn barrier(&self) {
        if let Some(shared) = &self.shared {
            shared.barrier();
        }
    }

    /// Lets the log's index go.
    pub(super) fn unmap(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.unlock(&mut self.taken, u8::MAX);
        }
    }

    fn is_alive(&self) -> bool {
        self.files(ffi::SQLITE_IOERR).is_ok()
    }

    /// The disk, if the program that opened the file still runs; else this code.
    fn files(&self, dead: Code) -> Result<MutexGuard<'_, Files>, Code> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.is_on && files.boot == self.boot {
            Ok(files)
        } else {
            Err(dead)
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.unmap();
        if let Ok(mut files) = self.files(ffi::SQLITE_IOERR_CLOSE) {
            if let Some(file) = files.file_mut(self.file) {
                file.locks.lower(self.handle, Level::None);
            }
            if let Some(name) = &self.deleted_on_close {
                files.remove(name);
            }
        }
    }
}

/// What SQLite is told of an operation that was struck.
fn fail(files: &mut Files, harm: Harm, code: Code) -> Code {
    match harm {
        Harm::IoError => code,
        Harm::DiskFull => ffi::SQLITE_FULL,
        Harm::PowerCut => {
            files.lose_power();
            code
        }
    }
}
