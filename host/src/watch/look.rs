//! One look at a policy's file: whether anything stands there that did not stand there at the
//! look before. It says each thing once, and knows nothing of how a file comes to change.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::gate::Candidate;
use crate::policy::{Loader, PolicyError, PolicyFile, read_policy_file};

/// What a look at the file finds.
#[derive(Debug)]
pub enum Look {
    /// Nothing new.
    Same,
    /// Another policy, or at least another text of one.
    Changed(Candidate),
    /// Something that is no policy.
    Faulty(PolicyError),
    /// Nothing stands there any more.
    Gone(PathBuf),
}

/// Remembers what stood in a policy's file.
#[derive(Debug)]
pub struct Looker {
    path: PathBuf,
    /// Of what stood there, or of what was said about it.
    seen: Option<Digest>,
}

impl Looker {
    /// A looker that has seen nothing yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            seen: None,
        }
    }

    /// Takes what stands there for new the next time.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// Looks at the file.
    pub fn look(&mut self, loader: &Loader<'_>) -> Look {
        let read = read_policy_file(&self.path);
        let now = match &read {
            Ok(PolicyFile::Document(document)) => {
                let cases = document.cases.as_deref().map(str::as_bytes);
                let parts = [
                    b"document",
                    document.text.as_bytes(),
                    cases.unwrap_or_default(),
                ];
                Digest::of_parts(if cases.is_some() {
                    &parts
                } else {
                    parts.split_at(2).0
                })
            }
            Ok(PolicyFile::Component { bytes, .. }) => Digest::of_parts(&[b"component", bytes]),
            Err(error) => Digest::of_parts(&[b"error", error.to_string().as_bytes()]),
        };
        if self.seen.replace(now) == Some(now) {
            return Look::Same;
        }
        match read.and_then(|file| Candidate::of_file(file, loader.clone())) {
            Ok(candidate) => Look::Changed(candidate),
            Err(PolicyError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Look::Gone(self.path.clone())
            }
            Err(error) => Look::Faulty(error),
        }
    }
}
