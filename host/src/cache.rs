//! Compiled components and composed documents, kept in a private folder, so that a policy
//! that was seen before is there at once.
//!
//! A compiled form is machine code that is run as it is: it is taken from nowhere but a
//! folder that the user alone can write to, and only when its checksum holds. A cache that
//! cannot be used is not an error: everything is made anew, and [`Cache::refusal`] says why.

mod certificates;
mod entry;
mod folder;
mod functions;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compiler::one_line;
use crate::compose::{ComposeError, ENGINE_COMPONENT};
use crate::digest::Digest;
use crate::heap;
use crate::policy::ComponentError;
use crate::sandbox::{self, SandboxProfile, engine_digest};

pub use folder::CacheRefusal;
pub(crate) use functions::Functions;

/// The digest of the rule engine that this program carries.
fn engine_component() -> Digest {
    static DIGEST: LazyLock<Digest> = LazyLock::new(|| Digest::of(ENGINE_COMPONENT));
    *DIGEST
}

/// What a compiled form is kept under.
fn form_key(component: Digest, configuration: Digest) -> Digest {
    Digest::of_parts(&[component.as_bytes(), configuration.as_bytes()])
}

/// Where compiled policies are kept.
#[derive(Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
    refusal: Option<CacheRefusal>,
}

impl Cache {
    /// No cache: everything is made anew.
    pub const fn disabled() -> Self {
        Self {
            folder: None,
            refusal: None,
        }
    }

    /// A cache in this folder, which is made when it is not there. It is not used when others
    /// could write to it.
    pub fn at(path: impl AsRef<Path>) -> Self {
        match folder::private(path.as_ref()) {
            Ok(()) => Self {
                folder: Some(path.as_ref().into()),
                refusal: None,
            },
            Err(refusal) => Self {
                folder: None,
                refusal: Some(refusal),
            },
        }
    }

    /// The cache of the user who runs this: `execution-router` in `$XDG_CACHE_HOME`, or else
    /// in `~/.cache`.
    pub fn user() -> Self {
        match folder::of_user() {
            Some(path) => Self::at(path),
            None => Self {
                folder: None,
                refusal: Some(CacheRefusal::NoHome),
            },
        }
    }

    /// Why nothing is kept, when it should be.
    pub const fn refusal(&self) -> Option<&CacheRefusal> {
        self.refusal.as_ref()
    }

    /// The compiled form of a component, compiled when it is not kept.
    pub(crate) fn component(
        &self,
        digest: Digest,
        profile: SandboxProfile,
        compile: impl FnOnce() -> Result<Vec<u8>, ComponentError>,
    ) -> Result<Component, ComponentError> {
        let engine = sandbox::engine(profile)?;
        self.form(engine, engine_digest(profile)?, digest, compile)
    }

    /// The rule engine as it is before it has a table, instrumented to be snapshotted: the same
    /// bytes for every document.
    pub(crate) fn composing(
        &self,
        engine: &Engine,
        instrumented: &[u8],
    ) -> Result<Component, ComponentError> {
        let configuration = sandbox::digest_of(engine, SandboxProfile::Strict);
        let digest = Digest::of(instrumented);
        if let Some(folder) = &self.folder {
            // Every document needs it, and it is older than whatever they leave here.
            let key = form_key(digest, configuration);
            entry::refresh(&entry::path(folder, key, entry::COMPILED));
        }
        self.form(engine, configuration, digest, || {
            let form = engine.precompile_component(instrumented);
            form.map_err(|error| ComponentError::Compile {
                message: one_line(&error),
            })
        })
    }

    /// A compiled form for an engine, compiled when it is not kept.
    fn form(
        &self,
        engine: &Engine,
        configuration: Digest,
        digest: Digest,
        compile: impl FnOnce() -> Result<Vec<u8>, ComponentError>,
    ) -> Result<Component, ComponentError> {
        let key = form_key(digest, configuration);
        let kept = self
            .folder
            .as_deref()
            .map(|folder| entry::path(folder, key, entry::COMPILED));
        if let Some(compiled) = kept.as_deref().and_then(entry::read) {
            // SAFETY: the bytes are what was written below, by this user and for this engine's
            // configuration: nobody else can write to the folder, the key holds the
            // configuration, and the checksum was right.
            if let Ok(component) = unsafe { Component::deserialize(engine, &compiled) } {
                return Ok(component);
            }
        }
        let form = compile()?;
        heap::give_back();
        // SAFETY: the bytes are the compiler's, which is this program or one that is trusted as it.
        let component = unsafe { Component::deserialize(engine, &form) };
        // Version and configuration are the same, so it is what the component would need.
        let component = component.map_err(|error| ComponentError::Instantiate {
            message: one_line(&error),
        })?;
        if let Some(path) = kept {
            entry::write(&path, &form);
        }
        Ok(component)
    }

    /// The component of a document, composed when it is not kept.
    pub(crate) fn composed(
        &self,
        document: &str,
        cases: Option<&str>,
        compose: impl FnOnce() -> Result<Vec<u8>, ComposeError>,
    ) -> Result<Vec<u8>, ComposeError> {
        let cases = cases.map_or(Cow::Borrowed("none"), |text| {
            Cow::Owned(format!("some {text}"))
        });
        let kept = self.folder.as_deref().map(|folder| {
            let engine = engine_component();
            let key = Digest::of_parts(&[
                env!("CARGO_PKG_VERSION").as_bytes(),
                engine.as_bytes(),
                document.as_bytes(),
                cases.as_bytes(),
            ]);
            entry::path(folder, key, entry::COMPONENT)
        });
        if let Some(component) = kept.as_deref().and_then(entry::read) {
            return Ok(component);
        }
        let component = compose()?;
        if let Some(path) = kept {
            entry::write(&path, &component);
        }
        Ok(component)
    }
}
