//! A policy as its author holds it: a document, or a component with the document that it was
//! made of. What can be proven on a document needs one; what runs needs a component.
//!
//! A component says itself which document it came from, and is believed only when that
//! document composes to the very same bytes: otherwise it is treated as foreign, that is by
//! what it answers alone.

use std::path::{Path, PathBuf};

use router_guest::document::{Document, Findings};

use crate::compose::{self, ComposeError};
use crate::policy::{
    self, DocumentSource, Loader, Policy, PolicyError, PolicyFile, cases_beside, read_policy_file,
};

/// A policy, opened for checking, testing, explaining or comparing.
#[derive(Debug, Clone)]
pub struct Authored {
    path: PathBuf,
    written: Option<Written>,
    component: Option<Vec<u8>>,
}

/// The document behind a policy.
#[derive(Debug, Clone)]
pub struct Written {
    /// The document, checked and lowered.
    pub document: Document,
    /// Its text.
    pub text: String,
    /// The text of the cases beside it.
    pub cases: Option<String>,
}

/// Why a policy cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AuthoredError {
    /// The document has mistakes.
    #[error("`{}` has mistakes:\n{findings}", path.display())]
    Mistakes {
        /// The document's file.
        path: PathBuf,
        /// Everything that is wrong.
        findings: Findings,
    },
    /// The file cannot be read as a policy at all.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A document was needed, and this component was not made of one.
    #[error(
        "`{}` is a component that was not made of a policy document by this version: \
         its rules cannot be read, only its answers",
        path.display()
    )]
    NoDocument {
        /// The component's file.
        path: PathBuf,
    },
}

impl Authored {
    /// Opens a `policy.yaml`, a folder that holds one, or a component.
    ///
    /// # Errors
    /// [`AuthoredError`], which names the file.
    pub fn open(path: &Path) -> Result<Self, AuthoredError> {
        match read_policy_file(path)? {
            PolicyFile::Document(DocumentSource { path, text, cases }) => {
                let document = match Document::parse(&text) {
                    Ok(document) => document,
                    Err(findings) => return Err(AuthoredError::Mistakes { path, findings }),
                };
                Ok(Self {
                    path,
                    written: Some(Written {
                        document,
                        text,
                        cases,
                    }),
                    component: None,
                })
            }
            PolicyFile::Component { path, bytes } => Ok(Self {
                path,
                written: written_into(&bytes),
                component: Some(bytes),
            }),
        }
    }

    /// Opens the policy that the program carries.
    ///
    /// # Errors
    /// [`AuthoredError`], of a broken build alone.
    pub fn default_policy() -> Result<Self, AuthoredError> {
        let DocumentSource { path, text, cases } = policy::source::default_document();
        match Document::parse(&text) {
            Ok(document) => Ok(Self {
                path,
                written: Some(Written {
                    document,
                    text,
                    cases,
                }),
                component: None,
            }),
            Err(findings) => Err(AuthoredError::Mistakes { path, findings }),
        }
    }

    /// The file that it stands in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the cases that it brings: beside its document, or in its component.
    pub fn cases(&self) -> Option<String> {
        match (&self.written, &self.component) {
            (Some(written), _) => written.cases.clone(),
            // What a foreign component carries is only ever compared with its own answers.
            (None, Some(component)) => compose::sections(component).ok()?.cases,
            (None, None) => None,
        }
    }

    /// The file that a document's cases stand in, beside it.
    pub fn cases_path(&self) -> PathBuf {
        cases_beside(&self.path)
    }

    /// Whether it was opened as a component.
    pub const fn is_component(&self) -> bool {
        self.component.is_some()
    }

    /// The document; `None` for a foreign component.
    pub const fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }

    /// The document.
    ///
    /// # Errors
    /// [`AuthoredError::NoDocument`] for a foreign component.
    pub fn document(&self) -> Result<&Written, AuthoredError> {
        self.written
            .as_ref()
            .ok_or_else(|| AuthoredError::NoDocument {
                path: self.path.clone(),
            })
    }

    /// The component that decides: the one that was opened, or the document's. A component that
    /// is its document's own is this program's own code, and loaded as that.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn policy<'c>(&self, loader: impl Into<Loader<'c>>) -> Result<Policy, PolicyError> {
        let loader = loader.into();
        match (&self.component, &self.written) {
            (_, Some(written)) => loader
                .document(&written.text, written.cases.as_deref())
                .map_err(|error| error.at(self.path.clone())),
            (Some(bytes), None) => {
                loader
                    .component(bytes)
                    .map_err(|error| PolicyError::Component {
                        path: Some(self.path.clone()),
                        error,
                    })
            }
            (None, None) => Err(PolicyError::NotADocument {
                path: self.path.clone(),
            }),
        }
    }
}

/// The document that a component was made of, if it is one that makes it.
pub(crate) fn written_into(component: &[u8]) -> Option<Written> {
    let about = compose::sections(component).ok()?;
    let composed: Result<_, ComposeError> =
        compose::compose(&about.document, about.cases.as_deref());
    if composed.ok()? != component {
        return None;
    }
    Some(Written {
        document: Document::parse(&about.document).ok()?,
        text: about.document,
        cases: about.cases,
    })
}
