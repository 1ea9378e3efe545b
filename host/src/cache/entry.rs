//! One file of the cache: a SHA-256 and the bytes that it is of. Written beside and renamed,
//! so that no reader ever sees half of one; damaged ones read as absent.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use crate::digest::Digest;

/// The kind of a file that holds machine code.
pub(super) const COMPILED: &str = "compiled";
/// The kind of a file that holds a component made of a document.
pub(super) const COMPONENT: &str = "component";
/// The kind of a file that holds a certificate.
pub(super) const CERTIFICATE: &str = "certificate";
/// The kind of a file that says how many of its own cases a component passes: all of them.
pub(super) const CASES: &str = "proven";
/// The kind of a file that holds the machine code of single functions.
pub(super) const FUNCTIONS: &str = "functions";
/// Files of a cache; when there are more, the oldest go.
const FILES_MAX: usize = 128;
/// Bytes of a file: several times what the largest component compiles to.
const FILE_BYTES_MAX: u64 = 256 << 20;

pub(super) fn path(folder: &Path, key: Digest, kind: &str) -> PathBuf {
    folder.join(format!("{key}.{kind}"))
}

/// The bytes that were written, or none.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut file = own_file(path)?;
    let mut checksum = [0; Digest::BYTES];
    file.read_exact(&mut checksum).ok()?;
    let mut payload = Vec::new();
    file.read_to_end(&mut payload).ok()?;
    (Digest::of(&payload) == Digest::from_bytes(checksum)).then_some(payload)
}

/// The file, when it is nobody else's: not a link, owned by whoever owns the folder, writable
/// to nobody besides. The folder may have been open to others before it was made private.
#[cfg(unix)]
fn own_file(path: &Path) -> Option<File> {
    use std::os::unix::fs::MetadataExt as _;

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    let named = fs::symlink_metadata(path).ok()?;
    let file = File::open(path).ok()?;
    let opened = file.metadata().ok()?;
    let folder = fs::symlink_metadata(path.parent()?).ok()?;
    let is_own = named.is_file()
        && (named.dev(), named.ino()) == (opened.dev(), opened.ino())
        && opened.uid() == folder.uid()
        && opened.mode() & WRITABLE_BY_OTHERS == 0
        && opened.len() <= FILE_BYTES_MAX;
    is_own.then_some(file)
}

/// Where files have no such owners, no folder is taken as a cache either.
#[cfg(not(unix))]
fn own_file(_: &Path) -> Option<File> {
    None
}

/// Keeps the bytes. What cannot be kept is made again next time.
pub(super) fn write(path: &Path, payload: &[u8]) {
    if let Some(folder) = path.parent() {
        make_room(folder);
    }
    let temporary = temporary(path);
    if write_whole(&temporary, payload)
        .and_then(|()| fs::rename(&temporary, path))
        .is_err()
    {
        let _ = fs::remove_file(&temporary);
    }
}

/// Counts a file among the newest, since it is in use: it is written once and read for long.
pub(super) fn refresh(path: &Path) {
    if let Some(file) = own_file(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

fn write_whole(path: &Path, payload: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(Digest::of(payload).as_bytes())?;
    file.write_all(payload)
}

/// A name that no other process or thread writes to.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}.tmp", std::process::id(), number()));
    name.into()
}

/// A number that this process gives once.
pub(super) fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Removes the oldest files, so that one more has room.
fn make_room(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok().filter(|entry| is_ours(&entry.file_name()))?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(FILES_MAX);
    for (_, path) in files.iter().take(surplus) {
        let _ = fs::remove_file(path);
    }
}

/// Whether a file is one that [`write`] made, or left half made: a digest and a kind. What else
/// stands in the folder is somebody's.
fn is_ours(name: &OsStr) -> bool {
    let Some((key, kind)) = name.to_str().and_then(|name| name.split_once('.')) else {
        return false;
    };
    let is_digest =
        key.len() == 2 * Digest::BYTES && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let kind = kind.split('.').next().unwrap_or_default();
    is_digest && [COMPILED, COMPONENT, CERTIFICATE, CASES, FUNCTIONS].contains(&kind)
}
