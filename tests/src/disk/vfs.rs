//! Where SQLite gets its files: a VFS that becomes the process's default one, serves what lies
//! in a mounted folder from its disk in memory, and leaves everything else to the system's.
//!
//! Being the default, it is under whatever opens a database in this process, and the store under
//! test is opened as it always is.

use std::ffi::CStr;
use std::os::raw::{c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_filename, sqlite3_vfs};

use super::files::Files;
use super::handle::{self, Handle};
use super::open_file::OpenFile;

/// Its name, should somebody ask SQLite for it.
const NAME: &CStr = c"disk-in-memory";
/// SQLite's code for deleting what is not there.
const DELETE_MISSING: c_int = ffi::SQLITE_IOERR_DELETE_NOENT;

/// A disk and the folder that it is mounted at.
struct Mounted {
    folder: PathBuf,
    files: Arc<Mutex<Files>>,
}

/// The system's own VFS.
struct System(*mut sqlite3_vfs);

// SAFETY: SQLite calls a VFS from all threads, so that a pointer to one is good on all of them.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static MOUNTED: Mutex<Vec<Mounted>> = Mutex::new(Vec::new());
static SYSTEM: OnceLock<System> = OnceLock::new();

/// Mounts a disk at a folder: databases in it are on the disk from now on.
pub(super) fn mount(folder: &Path, files: Arc<Mutex<Files>>) {
    SYSTEM.get_or_init(register);
    mounted().push(Mounted {
        folder: folder.to_path_buf(),
        files,
    });
}

/// Takes the disk off that is mounted at a folder.
pub(super) fn unmount(folder: &Path) {
    mounted().retain(|mounted| mounted.folder != folder);
}

fn mounted() -> MutexGuard<'static, Vec<Mounted>> {
    MOUNTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The disk that a path is on, if it is on one.
fn disk_of(path: &str) -> Option<Arc<Mutex<Files>>> {
    let path = Path::new(path);
    let mounted = mounted();
    let found = mounted
        .iter()
        .find(|mounted| path.starts_with(&mounted.folder));
    found.map(|mounted| Arc::clone(&mounted.files))
}

/// Makes the VFS the default one. It is never taken off again, so that it may live for ever.
fn register() -> System {
    // SAFETY: SQLite is initialised by looking; a null name asks for the default VFS, of which
    // there is one on every system, and which is never taken off here.
    let system = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    // SAFETY: the pointer is SQLite's own, and good.
    let theirs = unsafe { system.read() };
    let own_bytes = c_int::try_from(size_of::<Handle>()).unwrap_or(c_int::MAX);
    let vfs = sqlite3_vfs {
        iVersion: theirs.iVersion.min(2),
        // Room for a file of either.
        szOsFile: own_bytes.max(theirs.szOsFile),
        zName: NAME.as_ptr(),
        pNext: std::ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        // Those that remain ignore which VFS they are called through: libraries, random
        // numbers, sleep, the time, the last error.
        ..theirs
    };
    let vfs = Box::leak(Box::new(vfs));
    // SAFETY: the VFS lives for ever and is complete.
    let outcome = unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
    debug_assert_eq!(outcome, ffi::SQLITE_OK);
    System(system)
}

/// The system's VFS, for what is on none of the disks.
fn system() -> *mut sqlite3_vfs {
    SYSTEM.get().map_or(std::ptr::null_mut(), |system| system.0)
}

/// A name of SQLite's; empty for a file that has none.
///
/// # Safety
/// `name` is null or ends in a zero, and is good for as long as it is used.
unsafe fn text<'a>(name: *const c_char) -> &'a str {
    if name.is_null() {
        return "";
    }
    // SAFETY: by this function's contract. A path that is no UTF-8 is on none of the disks.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("")
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    into: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's names end in a zero and outlive the file.
    let path = unsafe { text(name) };
    let Some(disk) = disk_of(path) else {
        let system = system();
        // SAFETY: the system's VFS gets what SQLite would have given it, and room enough.
        return unsafe {
            match (*system).xOpen {
                Some(open) => open(system, name, into, flags, flags_out),
                None => ffi::SQLITE_CANTOPEN,
            }
        };
    };
    // SAFETY: SQLite passes room for `szOsFile` bytes. Without methods, it closes nothing.
    unsafe { (*into).pMethods = std::ptr::null() };
    let file = match OpenFile::open(&disk, path, flags) {
        Ok(file) => file,
        Err(code) => return code,
    };
    // SAFETY: the room is at least a handle's; where the flags go may be null.
    unsafe {
        handle::put(into, file);
        if !flags_out.is_null() {
            flags_out.write(flags);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    syncs_folder: c_int,
) -> c_int {
    // SAFETY: SQLite's names end in a zero.
    let path = unsafe { text(name) };
    let Some(disk) = disk_of(path) else {
        let system = system();
        // SAFETY: the system's VFS gets what SQLite would have given it.
        return unsafe {
            match (*system).xDelete {
                Some(delete) => delete(system, name, syncs_folder),
                None => ffi::SQLITE_IOERR_DELETE,
            }
        };
    };
    let mut files = disk.lock().unwrap_or_else(PoisonError::into_inner);
    if !files.is_on {
        return ffi::SQLITE_IOERR_DELETE;
    }
    if !files.remove(path) {
        return DELETE_MISSING;
    }
    if syncs_folder != 0 {
        files.sync_folder();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn access(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    into: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's names end in a zero.
    let path = unsafe { text(name) };
    let Some(disk) = disk_of(path) else {
        let system = system();
        // SAFETY: the system's VFS gets what SQLite would have given it.
        return unsafe {
            match (*system).xAccess {
                Some(access) => access(system, name, flags, into),
                None => ffi::SQLITE_IOERR_ACCESS,
            }
        };
    };
    let files = disk.lock().unwrap_or_else(PoisonError::into_inner);
    if !files.is_on {
        return ffi::SQLITE_IOERR_ACCESS;
    }
    let is_there = files.named(path).is_some();
    // SAFETY: SQLite passes room for the number.
    unsafe { into.write(c_int::from(is_there)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    length: c_int,
    into: *mut c_char,
) -> c_int {
    let system = system();
    // SAFETY: the system's VFS gets what SQLite would have given it.
    unsafe {
        match (*system).xFullPathname {
            Some(full_pathname) => full_pathname(system, name, length, into),
            None => ffi::SQLITE_CANTOPEN,
        }
    }
}
