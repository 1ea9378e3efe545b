//! A policy, ready to decide: a component that was checked, compiled, linked to nothing and
//! asked once what it is.
//!
//! It trusts no answer (the guard holds the invariants) and keeps no state: instances come
//! and go. Where a policy comes from is in `source`, what a component must look like in
//! `shape`.

mod answer;
mod decode;
mod instance;
mod loader;
mod manifest;
mod names;
mod shape;
pub mod source;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::RandomState;
use router_guest::manifest::{Manifest, SymbolInfo};
use wasmtime::StoreLimits;
use wasmtime::component::{Component, Linker};

use crate::bindings::loading::LOADING;
use crate::bindings::v0_1_0;
use crate::cache::Cache;
use crate::compiler::CompileBound;
use crate::digest::Digest;
use crate::sandbox::{self, SandboxProfile};

pub use crate::sandbox::{HostFault, PolicyFault};
pub use decode::BoundError;
pub use instance::{Answer, BatchAnswers, BatchItem, CallError, Instance};
pub use loader::Loader;
pub use names::{FoundNames, NAMES_FOUND_MAX};
pub use shape::ShapeError;
pub(crate) use shape::{ROUTING, one_line};
pub(crate) use source::DEFAULT_DOCUMENT;
pub(crate) use source::cases_beside;
pub use source::{DocumentSource, PolicyError, PolicyFile, read_document, read_policy_file};

/// A policy that is compiled, linked and described. Cheap to clone: clones share it.
#[derive(Clone)]
pub struct Policy(Arc<Linked>);

struct Linked {
    digest: Digest,
    /// What a journal keeps, to decide again by the same policy, and what names are looked for in.
    component: Box<[u8]>,
    profile: SandboxProfile,
    manifest: Manifest,
    /// Index into the manifest's symbols by name.
    symbols: HashMap<String, usize, RandomState>,
    pre: v0_1_0::PolicyPre<StoreLimits>,
    exports: instance::Exports,
    is_rule_engine: bool,
    /// Its code is that of the rule engine which this program carries.
    is_own_engine: bool,
}

/// Why a component is not taken as a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// It does not look like a policy component.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// It does not compile within the sandbox's rules.
    #[error("the component does not compile for the sandbox: {message}")]
    Compile {
        /// What the compiler says.
        message: String,
    },
    /// Compiling it takes more than a policy may cost.
    #[error(transparent)]
    Costly(#[from] CompileBound),
    /// It does not become an instance within the sandbox's bounds.
    #[error("the component does not start in the sandbox: {message}")]
    Instantiate {
        /// What stands against it.
        message: String,
    },
    /// Its exports have other types than the interface.
    #[error(
        "the component's `{}` differs from the published interface: {message}; \
         build it against the `wit` folder of this version",
        shape::ROUTING
    )]
    Interface {
        /// Where it differs.
        message: String,
    },
    /// It did not answer `describe`.
    #[error("the policy does not say what it is: {0}")]
    Describe(PolicyFault),
    /// What it says of itself cannot be.
    #[error("the policy's manifest is not sound: {message}")]
    Manifest {
        /// The first fault.
        message: String,
    },
    /// The machine is at fault, not the policy.
    #[error(transparent)]
    Host(#[from] HostFault),
}

/// Whether a file looks like a policy component and is within a profile's bounds: all that is said
/// of one before it is compiled.
///
/// # Errors
/// [`ShapeError`]: the first thing that it is not.
pub fn inspect(bytes: &[u8], profile: SandboxProfile) -> Result<(), ShapeError> {
    shape::check(bytes, profile)?;
    shape::check_contents(bytes, profile)
}

impl ComponentError {
    /// Whether the component is at fault, and not the machine or whoever asked.
    pub const fn blames_policy(&self) -> bool {
        !matches!(self, Self::Host(_))
    }
}

impl Policy {
    /// Loads a `policy.yaml`, a folder that holds one, or a component, in profile `strict`. A
    /// component is compiled by the compiler that is found: see [`Loader`] for others.
    ///
    /// # Errors
    /// [`PolicyError`], which names the file.
    pub fn load(path: &Path, cache: &Cache) -> Result<Self, PolicyError> {
        Loader::new(cache).load(path)
    }

    /// Composes and loads a policy document.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn from_document(
        text: &str,
        cases: Option<&str>,
        cache: &Cache,
    ) -> Result<Self, PolicyError> {
        Loader::new(cache).document(text, cases)
    }

    /// The policy that this program carries.
    ///
    /// # Errors
    /// [`PolicyError`], of the machine's making alone.
    pub fn default_policy(cache: &Cache) -> Result<Self, PolicyError> {
        Loader::new(cache).default_policy()
    }

    /// Checks, compiles, links and asks a component, as [`Policy::load`] does.
    ///
    /// # Errors
    /// [`ComponentError`], for whatever the component is not.
    pub fn from_component(bytes: &[u8], cache: &Cache) -> Result<Self, ComponentError> {
        Loader::new(cache).component(bytes)
    }

    fn link(
        bytes: &[u8],
        digest: Digest,
        profile: SandboxProfile,
        component: &Component,
    ) -> Result<Self, ComponentError> {
        let engine = sandbox::engine(profile)?;
        // Nothing is ever put into the linker: a policy imports nothing.
        let pre = Linker::new(engine)
            .instantiate_pre(component)
            .and_then(v0_1_0::PolicyPre::new)
            .map_err(|error| interface(&error))?;
        let mut store = sandbox::store(engine, profile)?;
        let fuel_max = sandbox::LIMITS.describe_fuel_max;
        let instance = pre
            .instance_pre()
            .instantiate(&mut store)
            .map_err(|error| {
                if error.is::<wasmtime::Trap>() {
                    ComponentError::Describe(PolicyFault::of_call(&error, fuel_max))
                } else {
                    ComponentError::Instantiate {
                        message: plain(&error),
                    }
                }
            })?;
        let bindings =
            v0_1_0::Policy::new(&mut store, &instance).map_err(|error| interface(&error))?;
        let exports = instance::Exports::of(component, &mut store, &instance)
            .map_err(|error| interface(&error))?;
        store.set_hostcall_fuel(sandbox::LIMITS.manifest_bytes_max);
        let described = bindings
            .execution_router_policy_routing()
            .call_describe(&mut store)
            .map_err(|error| ComponentError::Describe(PolicyFault::of_call(&error, fuel_max)))?;
        let manifest = manifest::of(described)
            .and_then(|manifest| manifest::check(&manifest).map(|()| manifest))
            .map_err(|message| ComponentError::Manifest { message })?;
        let symbols = manifest.symbols.iter().enumerate();
        let symbols = symbols
            .map(|(index, symbol)| (symbol.name.clone(), index))
            .collect();
        Ok(Self(Arc::new(Linked {
            digest,
            profile,
            manifest,
            symbols,
            pre,
            exports,
            is_rule_engine: component.get_export_index(None, LOADING).is_some(),
            is_own_engine: shape::is_own_engine(bytes),
            component: bytes.into(),
        })))
    }

    /// A fresh instance.
    ///
    /// # Errors
    /// [`HostFault`] when there is no room for one: the policy has shown that it instantiates.
    pub fn instantiate(&self) -> Result<Instance, HostFault> {
        Instance::new(self)
    }

    /// The digest of the component's bytes: the policy's identity.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The component's bytes.
    pub fn component(&self) -> &[u8] {
        &self.0.component
    }

    /// Whose bounds it is held to.
    pub fn profile(&self) -> SandboxProfile {
        self.0.profile
    }

    /// What the policy says of itself, checked.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// What it knows of a symbol, in constant time.
    pub fn symbol(&self, name: &str) -> Option<&SymbolInfo> {
        let index = self.0.symbols.get(name)?;
        self.0.manifest.symbols.get(*index)
    }

    /// Names that it could tell apart although its manifest lists none of them, drawn from its code
    /// and data anew at each call. Of the rule engine that this program carries none: its rules
    /// stand in a document, which `check` reads.
    pub fn found_names(&self) -> FoundNames {
        if self.0.is_own_engine {
            return Default::default();
        }
        names::found(&self.0.component)
    }

    /// Whether it exports what components of the rule engine do, and is held to what they are
    /// held to: the same fuel for the same request. Whoever else exports it is held to it too.
    pub fn is_rule_engine(&self) -> bool {
        self.0.is_rule_engine
    }

    fn linked(&self) -> &Linked {
        &self.0
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { name, version, .. } = self.manifest();
        write!(
            out,
            "policy `{name}` version `{version}`, digest {}",
            self.digest()
        )
    }
}

fn interface(error: &wasmtime::Error) -> ComponentError {
    ComponentError::Interface {
        message: plain(error),
    }
}

/// An error of the engine with its causes, on one line.
fn plain(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    one_line(&causes.join(": "))
}
