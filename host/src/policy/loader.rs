//! How policies are loaded: which bounds hold, who compiles what is foreign, and where compiled
//! forms are kept.
//!
//! What this program composes of a document is its own code with the document as data, and is
//! compiled here. Every other component is somebody's code, and compiling it is what a hostile one
//! attacks first: its bounds are counted, and then the loader's [`Compiler`] has it.

use std::path::Path;

use super::source::{DEFAULT_CASES, DEFAULT_DOCUMENT};
use super::{ComponentError, Policy, PolicyError, PolicyFile, read_policy_file, shape};
use crate::cache::Cache;
use crate::compiler::{self, Compiler};
use crate::compose;
use crate::digest::Digest;
use crate::sandbox::{SandboxProfile, engine_digest};

/// Loads policies.
#[derive(Debug, Clone)]
pub struct Loader<'c> {
    cache: &'c Cache,
    compiler: Compiler,
    profile: SandboxProfile,
}

impl<'c> Loader<'c> {
    /// One of profile `strict`, with the compiler that is found (see [`Compiler::found`]).
    pub fn new(cache: &'c Cache) -> Self {
        Self {
            cache,
            compiler: Compiler::default(),
            profile: SandboxProfile::default(),
        }
    }

    /// Has foreign components compiled by this.
    #[must_use]
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// Holds policies to the bounds of this profile.
    #[must_use]
    pub const fn profile(mut self, profile: SandboxProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Loads a `policy.yaml`, a folder that holds one, or a component.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn load(&self, path: &Path) -> Result<Policy, PolicyError> {
        match read_policy_file(path)? {
            PolicyFile::Document(document) => self
                .document(&document.text, document.cases.as_deref())
                .map_err(|error| error.at(document.path)),
            PolicyFile::Component { path, bytes } => {
                self.component(&bytes)
                    .map_err(|error| PolicyError::Component {
                        path: Some(path),
                        error,
                    })
            }
        }
    }

    /// Composes and loads a policy document.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn document(&self, text: &str, cases: Option<&str>) -> Result<Policy, PolicyError> {
        let component = self.composed(text, cases)?;
        self.own_component(&component)
            .map_err(|error| PolicyError::Component { path: None, error })
    }

    /// Composes a policy document to a component.
    pub(crate) fn composed(&self, text: &str, cases: Option<&str>) -> Result<Vec<u8>, PolicyError> {
        self.cache
            .composed(text, cases, || {
                compose::compose_kept(text, cases, self.cache)
            })
            .map_err(|error| PolicyError::Compose { path: None, error })
    }

    /// The policy that this program carries.
    ///
    /// # Errors
    /// [`PolicyError`], of the machine's making alone.
    pub fn default_policy(&self) -> Result<Policy, PolicyError> {
        self.document(DEFAULT_DOCUMENT, Some(DEFAULT_CASES))
    }

    /// Checks, compiles, links and asks a component.
    ///
    /// # Errors
    /// [`ComponentError`], for whatever the component is not.
    pub fn component(&self, bytes: &[u8]) -> Result<Policy, ComponentError> {
        self.compiled(bytes, || self.compiler.compile(bytes, self.profile))
    }

    /// The same with what this program composed, now or before: its own code.
    pub(crate) fn own_component(&self, bytes: &[u8]) -> Result<Policy, ComponentError> {
        self.compiled(bytes, || {
            let functions = self.cache.functions(engine_digest(self.profile)?);
            compiler::compile_own(bytes, self.profile, functions)
        })
    }

    fn compiled(
        &self,
        bytes: &[u8],
        compile: impl FnOnce() -> Result<Vec<u8>, ComponentError>,
    ) -> Result<Policy, ComponentError> {
        let profile = self.profile;
        shape::check(bytes, profile)?;
        let digest = Digest::of(bytes);
        let component = self.cache.component(digest, profile, || {
            shape::check_contents(bytes, profile)?;
            compile()
        })?;
        Policy::link(bytes, digest, profile, &component)
    }
}

/// As [`Loader::new`], where nothing but the cache is said.
impl<'c> From<&'c Cache> for Loader<'c> {
    fn from(cache: &'c Cache) -> Self {
        Self::new(cache)
    }
}
