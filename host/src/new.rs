//! `new`: a policy project in a language, whole or not at all.
//!
//! What a project holds stands in the folder `templates`,
//! compiled into this program, with the interface beside it. Nothing is fetched and nothing is run:
//! the project's README says what to run, and that is the author's to do.

mod name;
mod templates;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use name::{NAME_CHARS_MAX, NameError, ProjectName};
use templates::NAME_SLOT;

/// What a policy can be written in from a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// A component of Rust code, through `wit-bindgen`.
    Rust,
    /// A component that carries a JavaScript engine, through `componentize-js`.
    #[value(name = "javascript")]
    JavaScript,
    /// A component that carries a Python interpreter, through `componentize-py`.
    Python,
    /// A policy document, which this program makes a component of.
    Rules,
}

/// A project that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its files, in it.
    pub files: Vec<&'static str>,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// There is no folder to make it in.
    #[error("there is no folder `{}` to make it in", path.display())]
    NoFolder {
        /// What was given as one.
        path: PathBuf,
    },
    /// There is a file of the name.
    #[error("`{}` is a file: a project is a folder of its own", path.display())]
    IsAFile {
        /// The file.
        path: PathBuf,
    },
    /// There is a folder of the name, and something in it.
    #[error("the folder `{}` is not empty, and nothing in it is written over", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write `{}`: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::Rules];

    /// What it is called in sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Rules => "rules",
        }
    }
}

/// Makes the project in a folder of its name, which must be empty or not be there yet, in this
/// folder.
///
/// # Errors
/// [`NewError`]; there is then nothing that was not there before.
pub fn create(within: &Path, name: &ProjectName, language: Language) -> Result<Project, NewError> {
    if !within.is_dir() {
        let path = within.to_path_buf();
        return Err(NewError::NoFolder { path });
    }
    let folder = within.join(name.as_str());
    check_free(&folder)?;
    // Beside it, so that a project that could not be finished never has its name.
    let unfinished = within.join(format!(".{name}.{}.tmp", std::process::id()));
    let made = write_files(&unfinished, name, language).and_then(|files| {
        put(&unfinished, &folder)?;
        Ok(files)
    });
    match made {
        Ok(files) => Ok(Project { folder, files }),
        Err(error) => {
            let _ = fs::remove_dir_all(&unfinished);
            Err(error)
        }
    }
}

fn check_free(folder: &Path) -> Result<(), NewError> {
    let path = folder.to_path_buf();
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(NewError::NotEmpty { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(NewError::IsAFile { path })
        }
        Err(error) => Err(NewError::Write { path, error }),
    }
}

fn write_files(
    folder: &Path,
    name: &ProjectName,
    language: Language,
) -> Result<Vec<&'static str>, NewError> {
    let mut files = Vec::new();
    fs::create_dir(folder).map_err(at(folder))?;
    for (file, text) in templates::of(language) {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(at(parent))?;
        fs::write(&path, text.replace(NAME_SLOT, name.as_str())).map_err(at(&path))?;
        files.push(*file);
    }
    Ok(files)
}

/// Gives the finished folder its name. One that is not empty by now is not replaced.
fn put(unfinished: &Path, folder: &Path) -> Result<(), NewError> {
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => fs::rename(unfinished, folder).map_err(at(folder)),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> NewError {
    let path = path.to_path_buf();
    |error| NewError::Write { path, error }
}

#[cfg(test)]
mod tests;
