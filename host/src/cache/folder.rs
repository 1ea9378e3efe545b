//! Whether a folder is the user's own: nobody else can write to it, and it is no link to
//! somewhere else.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum CacheRefusal {
    /// There is nowhere to keep anything.
    #[error("neither `XDG_CACHE_HOME` nor a home folder is known")]
    NoHome,
    /// It cannot be made or read.
    #[error("the folder `{}` cannot be used: {error}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// It is something else, or a link.
    #[error("`{}` is not a folder of its own but a link or a file", path.display())]
    NotAFolder {
        /// What it is called.
        path: PathBuf,
    },
    /// Others can write to it.
    #[error("the folder `{}` can be written to by others: empty it, then `chmod 700` makes it private", path.display())]
    Writable {
        /// The folder.
        path: PathBuf,
    },
    /// It is somebody else's.
    #[error("the folder `{}` belongs to another user", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
}

/// The folder of the user who runs this.
pub(super) fn of_user() -> Option<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from) {
        // The standard has relative ones ignored.
        Some(path) if path.is_absolute() => path,
        _ => env::home_dir()
            .filter(|home| home.is_absolute())?
            .join(".cache"),
    };
    Some(base.join("execution-router"))
}

/// Makes the folder when it is not there, and checks that it is private.
#[cfg(unix)]
pub(super) fn private(path: &Path) -> Result<(), CacheRefusal> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    let unusable = |error| CacheRefusal::Unusable {
        path: path.into(),
        error,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(unusable)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(error)),
        _ => {}
    }
    let folder = fs::symlink_metadata(path).map_err(unusable)?;
    if !folder.is_dir() {
        return Err(CacheRefusal::NotAFolder { path: path.into() });
    }
    if folder.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(CacheRefusal::Writable { path: path.into() });
    }
    // What this process makes belongs to its user: no other way to ask is in the standard library.
    let probe = path.join(format!(
        ".owner-{}-{}.tmp",
        std::process::id(),
        super::entry::number()
    ));
    let made = fs::File::create_new(&probe).and_then(|file| file.metadata());
    let _ = fs::remove_file(&probe);
    if made.map_err(unusable)?.uid() != folder.uid() {
        return Err(CacheRefusal::Foreign { path: path.into() });
    }
    Ok(())
}

/// Where folders have no such modes, nothing says that one is private.
#[cfg(not(unix))]
pub(super) fn private(path: &Path) -> Result<(), CacheRefusal> {
    let error = io::Error::from(io::ErrorKind::Unsupported);
    Err(CacheRefusal::Unusable {
        path: path.into(),
        error,
    })
}
