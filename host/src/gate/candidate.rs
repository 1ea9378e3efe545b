//! A policy that is to become the live one: the bytes of its component, composed first where
//! it is a document. Nothing of it has been run.

use std::path::Path;

use router_guest::document::Document;

use crate::authored;
use crate::compose;
use crate::digest::Digest;
use crate::policy::{
    ComponentError, DocumentSource, Loader, Policy, PolicyError, PolicyFile, read_policy_file,
};
use crate::sandbox::SandboxProfile;

/// A policy before the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    component: Vec<u8>,
    digest: Digest,
    /// Whether this program composed it: then it is its own code, and compiled here.
    is_own: bool,
    /// Whose bounds it is held to; the gate's where nothing is said.
    profile: Option<SandboxProfile>,
}

impl Candidate {
    /// A component, whoever made it.
    pub fn of_component(component: Vec<u8>) -> Self {
        let digest = Digest::of(&component);
        Self {
            component,
            digest,
            is_own: false,
            profile: None,
        }
    }

    /// Composes a policy document, with its cases.
    ///
    /// # Errors
    /// [`PolicyError::Compose`].
    pub fn of_document<'c>(
        text: &str,
        cases: Option<&str>,
        loader: impl Into<Loader<'c>>,
    ) -> Result<Self, PolicyError> {
        let component = loader.into().composed(text, cases)?;
        Ok(Self {
            is_own: true,
            ..Self::of_component(component)
        })
    }

    /// Reads a `policy.yaml`, a folder that holds one, or a component.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn load<'c>(path: &Path, loader: impl Into<Loader<'c>>) -> Result<Self, PolicyError> {
        Self::of_file(read_policy_file(path)?, loader)
    }

    /// Takes what a policy's file holds.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn of_file<'c>(
        file: PolicyFile,
        loader: impl Into<Loader<'c>>,
    ) -> Result<Self, PolicyError> {
        match file {
            PolicyFile::Document(DocumentSource { path, text, cases }) => {
                Self::of_document(&text, cases.as_deref(), loader).map_err(|error| error.at(path))
            }
            PolicyFile::Component { bytes, .. } => Ok(Self::of_component(bytes)),
        }
    }

    /// The same, held to the bounds of this profile, whatever the gate holds others to.
    #[must_use]
    pub const fn in_profile(mut self, profile: SandboxProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Whose bounds it is held to, where that was said.
    pub const fn profile(&self) -> Option<SandboxProfile> {
        self.profile
    }

    /// The document that it was made of; `None` where it was made of none, by this version.
    pub(crate) fn document(&self) -> Option<Document> {
        if self.is_own {
            let about = compose::sections(&self.component).ok()?;
            return Document::parse(&about.document).ok();
        }
        let written = authored::written_into(&self.component)?;
        Some(written.document)
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
    pub(crate) fn policy(&self, loader: &Loader<'_>) -> Result<Policy, ComponentError> {
        let loader = match self.profile {
            Some(profile) => &loader.clone().profile(profile),
            None => loader,
        };
        if self.is_own {
            loader.own_component(&self.component)
        } else {
            loader.component(&self.component)
        }
    }
}
