//! The sandbox that every policy runs in: one engine for the process, and every bound on
//! what a policy may take or give.
//!
//! It knows nothing of what a policy answers (see [`crate::policy`]). Nothing here depends on
//! the machine's clock or load: fuel is counted, time is not.

mod config;
mod fault;

use std::sync::LazyLock;

use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};

pub use config::engine_digest;
pub use fault::{HostFault, PolicyFault, TrapKind};

/// The bounds on one policy. They are part of every compiled form's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Bytes of a component.
    pub component_bytes_max: usize,
    /// Bytes of an instance's one linear memory.
    pub memory_bytes_max: usize,
    /// Core instances, tables and, one for each module, memories of a component.
    pub core_instances_max: usize,
    /// Tables of an instance.
    pub tables_max: usize,
    /// Elements of a table.
    pub table_elements_max: usize,
    /// Bytes of the stack that a call may use.
    pub stack_bytes_max: usize,
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

/// The bounds that hold for every policy.
pub const LIMITS: SandboxLimits = SandboxLimits {
    component_bytes_max: 4 << 20,
    memory_bytes_max: 16 << 20,
    core_instances_max: 8,
    tables_max: 2,
    table_elements_max: 10_000,
    stack_bytes_max: 256 << 10,
    // A decision of the default policy takes a few thousand.
    decide_fuel_max: 10_000_000,
    describe_fuel_max: 100_000_000,
    decision_bytes_max: 1 << 10,
    manifest_bytes_max: 8 << 20,
    batch_items_max: 1024,
};

type Shared = LazyLock<Result<Engine, String>>;

static ENGINE: Shared =
    LazyLock::new(|| config::deciding(&LIMITS).map_err(|error| error.to_string()));

/// The engine that decides, one for the process: for measuring beside it, and for embedders who
/// count on its configuration.
///
/// # Errors
/// [`HostFault`] when the machine cannot run one.
pub fn engine() -> Result<&'static Engine, HostFault> {
    shared(&ENGINE)
}

/// An engine that loads a table into the rule engine, once, and is compiled for quickly. It is
/// not kept: what an engine has compiled with stays with it, several megabytes.
pub(crate) fn composing_engine() -> Result<Engine, HostFault> {
    config::composing(&LIMITS).map_err(engine_fault)
}

/// The compiled form of a component, for [`engine`]. Made on an engine of its own, which is
/// not kept either.
///
/// # Errors
/// What the compiler says.
pub(crate) fn compiled(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    config::deciding(&LIMITS)?.precompile_component(component)
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
pub(crate) fn store(engine: &Engine) -> Result<Store<StoreLimits>, HostFault> {
    let mut store = store_of(engine, LIMITS.memory_bytes_max);
    store
        .set_fuel(LIMITS.describe_fuel_max)
        .map_err(engine_fault)?;
    Ok(store)
}

/// A store for one instance of the composing engine, which counts no fuel. There is one page
/// more than a policy has: reading the memory out takes it.
pub(crate) fn composing_store(engine: &Engine) -> Store<StoreLimits> {
    const WASM_PAGE_BYTES: usize = 64 << 10;
    store_of(engine, LIMITS.memory_bytes_max + WASM_PAGE_BYTES)
}

fn store_of(engine: &Engine, memory_bytes_max: usize) -> Store<StoreLimits> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(memory_bytes_max)
        .memories(1)
        .instances(LIMITS.core_instances_max)
        .tables(LIMITS.tables_max)
        .table_elements(LIMITS.table_elements_max)
        .build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    store
}
