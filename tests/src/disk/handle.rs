//! How SQLite calls an open file: the table of functions, each of which only turns pointers and
//! numbers into what `open_file` takes. No rule of a disk is here.
//!
//! # Safety of all of them
//! SQLite passes the `sqlite3_file` that `put` filled, from then until it has called `xClose`,
//! one call at a time for one file; and buffers of the length that it says, for as long as the
//! call. That is SQLite's contract with every VFS, and nothing else calls these.

use std::os::raw::{c_int, c_void};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};

use super::image::SECTOR_BYTES;
use super::open_file::{Code, OpenFile};

/// What SQLite keeps of an open file. It makes the room, `put` fills it.
#[repr(C)]
pub(super) struct Handle {
    /// First, so that SQLite's pointer to it is one to all of it.
    base: sqlite3_file,
    file: *mut OpenFile,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Puts an open file where SQLite will look for it.
///
/// # Safety
/// `to` points to room for a [`Handle`] that nothing else uses.
pub(super) unsafe fn put(to: *mut sqlite3_file, file: OpenFile) {
    let handle = Handle {
        base: sqlite3_file { pMethods: &METHODS },
        file: Box::into_raw(Box::new(file)),
    };
    // SAFETY: there is room for it, by this function's contract.
    unsafe { to.cast::<Handle>().write(handle) };
}

/// The open file behind SQLite's pointer.
///
/// # Safety
/// `from` was filled by [`put`] and not closed since, and nobody else has the file now.
unsafe fn file<'a>(from: *mut sqlite3_file) -> &'a mut OpenFile {
    // SAFETY: by this function's contract, both pointers are good, and the reference is alone.
    unsafe { &mut *(*from.cast::<Handle>()).file }
}

fn code(outcome: Result<(), Code>) -> c_int {
    outcome.err().unwrap_or(ffi::SQLITE_OK)
}

/// A number of SQLite's that is never negative.
fn size<T>(number: T) -> usize
where
    usize: TryFrom<T>,
{
    usize::try_from(number).unwrap_or(usize::MAX)
}

unsafe extern "C" fn close(from: *mut sqlite3_file) -> c_int {
    // SAFETY: see above; after `xClose` SQLite does not use the file again, so that the box is
    // taken back once.
    drop(unsafe { Box::from_raw((*from.cast::<Handle>()).file) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    from: *mut sqlite3_file,
    into: *mut c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: see above; the buffer has `length` bytes, and is nobody else's during the call.
    let (file, into) = unsafe {
        let into = std::slice::from_raw_parts_mut(into.cast::<u8>(), size(length));
        (file(from), into)
    };
    code(file.read(size(offset), into))
}

unsafe extern "C" fn write(
    to: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: see above; the buffer has `length` bytes, which nobody writes during the call.
    let (file, bytes) = unsafe {
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), size(length));
        (file(to), bytes)
    };
    code(file.write(size(offset), bytes))
}

unsafe extern "C" fn truncate(of: *mut sqlite3_file, length: i64) -> c_int {
    // SAFETY: see above.
    code(unsafe { file(of) }.resize(size(length)))
}

unsafe extern "C" fn sync(of: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: see above.
    code(unsafe { file(of) }.sync())
}

unsafe extern "C" fn file_size(of: *mut sqlite3_file, into: *mut i64) -> c_int {
    // SAFETY: see above.
    let length = unsafe { file(of) }.length();
    code(length.map(|length| {
        // SAFETY: SQLite passes room for the number.
        unsafe { into.write(i64::try_from(length).unwrap_or(i64::MAX)) };
    }))
}

unsafe extern "C" fn lock(of: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    code(unsafe { file(of) }.lock(level))
}

unsafe extern "C" fn unlock(of: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    code(unsafe { file(of) }.unlock(level))
}

unsafe extern "C" fn check_reserved_lock(of: *mut sqlite3_file, into: *mut c_int) -> c_int {
    // SAFETY: see above.
    let is_reserved = unsafe { file(of) }.is_reserved();
    code(is_reserved.map(|is_reserved| {
        // SAFETY: SQLite passes room for the number.
        unsafe { into.write(c_int::from(is_reserved)) };
    }))
}

unsafe extern "C" fn file_control(
    _of: *mut sqlite3_file,
    _operation: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_of: *mut sqlite3_file) -> c_int {
    c_int::try_from(SECTOR_BYTES).unwrap_or(512)
}

unsafe extern "C" fn device_characteristics(_of: *mut sqlite3_file) -> c_int {
    // As SQLite takes every disk to be: a write that is torn leaves the bytes beside it alone.
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    of: *mut sqlite3_file,
    number: c_int,
    bytes: c_int,
    makes: c_int,
    into: *mut *mut c_void,
) -> c_int {
    // SAFETY: see above.
    let place = unsafe { file(of) }.region(size(number), size(bytes), makes != 0);
    code(place.map(|place| {
        // SAFETY: SQLite passes room for the pointer.
        unsafe { into.write(place.cast()) };
    }))
}

unsafe extern "C" fn shm_lock(
    of: *mut sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: see above.
    code(unsafe { file(of) }.lock_shared(size(first), size(count), flags))
}

unsafe extern "C" fn shm_barrier(of: *mut sqlite3_file) {
    // SAFETY: see above.
    unsafe { file(of) }.barrier();
}

unsafe extern "C" fn shm_unmap(of: *mut sqlite3_file, _deletes: c_int) -> c_int {
    // SAFETY: see above.
    unsafe { file(of) }.unmap();
    ffi::SQLITE_OK
}
