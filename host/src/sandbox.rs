//! The sandbox that every policy runs in: an engine for each profile, and every bound on what a
//! policy may take or give.
//!
//! It knows nothing of what a policy answers (see [`crate::policy`]). Nothing here depends on
//! the machine's clock or load: fuel is counted, time is not.

mod config;
mod fault;
mod profile;

use std::sync::LazyLock;

use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};

pub use config::engine_digest;
pub(crate) use config::{compiling, compiling_with, digest_of};
pub use fault::{HostFault, PolicyFault, TrapKind};
pub use profile::{
    CompileLimits, DecodeLimits, ProfileLimits, RunLimits, SandboxProfile, UnknownProfile,
};

/// The bounds on what a policy is asked and answers. They are the same in every profile, so that
/// no decision depends on one, and part of every compiled form's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Fuel of one decision; in a batch, of each item.
    pub decide_fuel_max: u64,
    /// Fuel of instantiation and of `describe`.
    pub describe_fuel_max: u64,
    /// Host bytes of one decision; in a batch, of each item.
    pub decision_bytes_max: usize,
    /// Host bytes of a manifest.
    pub manifest_bytes_max: usize,
    /// Items of a batch.
    pub batch_items_max: usize,
}

/// The bounds that hold for every policy. What a profile bounds is in [`SandboxProfile::limits`].
pub const LIMITS: SandboxLimits = SandboxLimits {
    // A decision of the default policy takes a few thousand.
    decide_fuel_max: 10_000_000,
    describe_fuel_max: 100_000_000,
    decision_bytes_max: 1 << 10,
    manifest_bytes_max: 8 << 20,
    batch_items_max: 1024,
};

type Shared = LazyLock<Result<Engine, String>>;

// An engine for each profile and not one for both: the stack of a call and the sizes of the
// pool's slots are the engine's, and who runs rule documents alone never makes the larger one.
static STRICT_ENGINE: Shared = LazyLock::new(|| deciding(SandboxProfile::Strict));
static LARGE_ENGINE: Shared = LazyLock::new(|| deciding(SandboxProfile::Large));

fn deciding(profile: SandboxProfile) -> Result<Engine, String> {
    config::deciding(&profile.limits().run).map_err(|error| error.to_string())
}

/// The engine that decides, one for each profile: for measuring beside it, and for embedders who
/// count on its configuration.
///
/// # Errors
/// [`HostFault`] when the machine cannot run one.
pub fn engine(profile: SandboxProfile) -> Result<&'static Engine, HostFault> {
    shared(match profile {
        SandboxProfile::Strict => &STRICT_ENGINE,
        SandboxProfile::Large => &LARGE_ENGINE,
    })
}

/// An engine that loads a table into the rule engine, once, and is compiled for quickly. It is
/// not kept: what an engine has compiled with stays with it, several megabytes.
pub(crate) fn composing_engine() -> Result<Engine, HostFault> {
    config::composing(&SandboxProfile::Strict.limits().run).map_err(engine_fault)
}

fn engine_fault(error: wasmtime::Error) -> HostFault {
    HostFault::Engine {
        message: error.to_string(),
    }
}

fn shared(engine: &'static Shared) -> Result<&'static Engine, HostFault> {
    engine.as_ref().map_err(|message| HostFault::Engine {
        message: message.clone(),
    })
}

/// A store for one instance, with every bound set and fuel for its instantiation.
pub(crate) fn store(
    engine: &Engine,
    profile: SandboxProfile,
) -> Result<Store<StoreLimits>, HostFault> {
    let limits = &profile.limits().run;
    let mut store = store_of(engine, limits, limits.memory_bytes_max);
    store
        .set_fuel(LIMITS.describe_fuel_max)
        .map_err(engine_fault)?;
    Ok(store)
}

/// A store for one instance of the composing engine, which counts no fuel. There is one page
/// more than a policy has: reading the memory out takes it.
pub(crate) fn composing_store(engine: &Engine) -> Store<StoreLimits> {
    const WASM_PAGE_BYTES: usize = 64 << 10;
    let limits = &SandboxProfile::Strict.limits().run;
    store_of(engine, limits, limits.memory_bytes_max + WASM_PAGE_BYTES)
}

fn store_of(engine: &Engine, limits: &RunLimits, memory_bytes_max: usize) -> Store<StoreLimits> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(memory_bytes_max)
        .memories(1)
        .instances(limits.core_instances_max)
        .tables(limits.tables_max)
        .table_elements(limits.table_elements_max)
        .build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    store
}
