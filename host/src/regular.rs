//! Files that a person names for a key, a checkpoint, an export, a component: read and written in full. A pipe
//! waits for whoever is at its other end, a device may have no end, a folder is a slip: none of
//! them is opened.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Reads a file of at most so many bytes.
///
/// # Errors
/// What the file system says, or that it is no file of this kind.
pub(crate) fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    check(&path.metadata()?)?;
    let mut bytes = Vec::new();
    // One byte more than the bound shows that there is more.
    File::open(path)?
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        let what = format!("it has more than {bytes_max} bytes");
        return Err(io::Error::other(what));
    }
    Ok(bytes)
}

/// That a file may be written here: there is none, or a regular one.
///
/// # Errors
/// What the file system says, or what stands there.
pub(crate) fn check_place(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(metadata) => check(&metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The file that the links lead to: it is what gets written, and the links stay.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::other("it is a link to what is not there"),
        _ => error,
    })
}

fn check(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() {
        "it is a folder"
    } else {
        "it is no regular file, but a pipe, a socket or a device"
    };
    Err(io::Error::other(what))
}

/// A file on its way: written beside its place, and put there whole or not at all. What stood
/// there before stands until then.
pub(crate) struct Whole {
    path: PathBuf,
    beside: PathBuf,
    is_placed: bool,
}

impl Whole {
    /// Opens the file to write it.
    ///
    /// # Errors
    /// What the file system says, or what stands in its place.
    pub(crate) fn create(path: &Path) -> io::Result<(Self, File)> {
        check_place(path)?;
        let path = behind_links(path)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let whole = Self {
            path,
            beside: beside.into(),
            is_placed: false,
        };
        let file = File::create(&whole.beside)?;
        Ok((whole, file))
    }

    /// Puts what was written in its place, once it is on disk.
    ///
    /// # Errors
    /// What the file system says; what stood there stands.
    pub(crate) fn place(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.beside, &self.path)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.is_placed {
            // Nothing is to be done about a file that cannot be removed.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "before").unwrap();
        let (whole, mut file) = Whole::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(whole);
        assert_eq!(fs::read(&path).unwrap(), b"before");
        let (whole, mut file) = Whole::create(&path).unwrap();
        file.write_all(b"after").unwrap();
        whole.place(&file).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_too_long_or_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let said = |error: io::Error| error.to_string();
        assert_eq!(
            said(read(&path, 4).unwrap_err()),
            "it has more than 4 bytes"
        );
        assert_eq!(said(read(folder.path(), 4).unwrap_err()), "it is a folder");
        assert_eq!(
            said(check_place(folder.path()).unwrap_err()),
            "it is a folder"
        );
        check_place(&folder.path().join("new")).unwrap();
    }

    /// Bug: the link itself was replaced.
    #[cfg(unix)]
    #[test]
    fn a_link_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let (whole, mut out) = Whole::create(&link).unwrap();
        out.write_all(b"after").unwrap();
        whole.place(&out).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"after");
        fs::remove_file(&file).unwrap();
        let refused = Whole::create(&link).err().unwrap();
        assert_eq!(refused.to_string(), "it is a link to what is not there");
        assert!(link.is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let expected = "it is no regular file, but a pipe, a socket or a device";
        assert_eq!(read(&path, 9).unwrap_err().to_string(), expected);
        let refused = Whole::create(&path).err().unwrap();
        assert_eq!(refused.to_string(), expected);
    }
}
