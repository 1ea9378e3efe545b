//! A policy that is to become the live one: the bytes of its component, composed first where
//! it is a document. Nothing of it has been run.

use std::path::Path;

use crate::cache::Cache;
use crate::compose;
use crate::digest::Digest;
use crate::policy::{
    ComponentError, DocumentSource, Policy, PolicyError, PolicyFile, read_policy_file,
};

/// A policy before the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    component: Vec<u8>,
    digest: Digest,
}

impl Candidate {
    /// A component, whoever made it.
    pub fn of_component(component: Vec<u8>) -> Self {
        let digest = Digest::of(&component);
        Self { component, digest }
    }

    /// Composes a policy document, with its cases.
    ///
    /// # Errors
    /// [`PolicyError::Compose`].
    pub fn of_document(
        text: &str,
        cases: Option<&str>,
        cache: &Cache,
    ) -> Result<Self, PolicyError> {
        cache
            .composed(text, cases, || compose::compose(text, cases))
            .map(Self::of_component)
            .map_err(|error| PolicyError::Compose { path: None, error })
    }

    /// Reads a `policy.yaml`, a folder that holds one, or a component.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn load(path: &Path, cache: &Cache) -> Result<Self, PolicyError> {
        Self::of_file(read_policy_file(path)?, cache)
    }

    /// Takes what a policy's file holds.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn of_file(file: PolicyFile, cache: &Cache) -> Result<Self, PolicyError> {
        match file {
            PolicyFile::Document(DocumentSource { path, text, cases }) => {
                Self::of_document(&text, cases.as_deref(), cache).map_err(|error| error.at(path))
            }
            PolicyFile::Component { bytes, .. } => Ok(Self::of_component(bytes)),
        }
    }

    /// The digest of its component.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its component.
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// Compiles and describes it.
    pub(crate) fn policy(&self, cache: &Cache) -> Result<Policy, ComponentError> {
        Policy::from_component(&self.component, cache)
    }
}
