//! The engine's configuration: what a policy can use at all, and how it is compiled.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use wasmtime::{
    CacheStore, Config, Enabled, Engine, OptLevel, PoolingAllocationConfig, WasmFeatures,
};

use super::{HostFault, LIMITS, RunLimits, SandboxProfile, engine};
use crate::digest::Digest;

/// What a policy may use beside plain WebAssembly 2.0: nothing that could tell machines
/// apart, start a thread or pass the bound on memory.
const FEATURES_OFF: [WasmFeatures; 12] = [
    WasmFeatures::THREADS,
    WasmFeatures::SHARED_EVERYTHING_THREADS,
    WasmFeatures::MEMORY64,
    WasmFeatures::MULTI_MEMORY,
    WasmFeatures::RELAXED_SIMD,
    WasmFeatures::TAIL_CALL,
    WasmFeatures::FUNCTION_REFERENCES,
    WasmFeatures::GC,
    WasmFeatures::EXCEPTIONS,
    WasmFeatures::STACK_SWITCHING,
    WasmFeatures::CUSTOM_PAGE_SIZES,
    WasmFeatures::WIDE_ARITHMETIC,
];

/// Slots of instances that are gone whose memory is kept for the next one.
const WARM_SLOTS_MAX: u32 = 16;
/// Bytes of a slot's memory that are reset in place, and not given back: nearly all that a
/// decision touches. It is what makes a fresh instance and its first decision take 10 µs;
/// without, page faults alone take 30.
const RESIDENT_BYTES: usize = 256 << 10;

/// The engine that decides. Instances come from a pool; where there is no address space for
/// one (4 GiB a slot, none of it used), each is allocated by itself, and only slower.
pub(super) fn deciding(limits: &RunLimits) -> wasmtime::Result<Engine> {
    let config = deciding_config(limits);
    let mut pooled = config.clone();
    pooled.allocation_strategy(pool(limits));
    Engine::new(&pooled).or_else(|_| Engine::new(&config))
}

fn deciding_config(limits: &RunLimits) -> Config {
    let mut config = common(limits);
    config
        .consume_fuel(true)
        .cranelift_opt_level(OptLevel::Speed);
    config
}

fn pool(limits: &RunLimits) -> PoolingAllocationConfig {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let core_instances = count(limits.core_instances_max);
    let tables = count(limits.tables_max);
    let instances = count(limits.instances_max);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * core_instances)
        .max_core_instances_per_component(core_instances)
        .total_memories(instances)
        .max_memories_per_component(1)
        .max_memories_per_module(1)
        .max_memory_size(limits.memory_bytes_max)
        .total_tables(instances * tables)
        .max_tables_per_component(tables)
        .max_tables_per_module(tables)
        .table_elements(limits.table_elements_max)
        .max_unused_warm_slots(WARM_SLOTS_MAX)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .table_keep_resident(RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// An engine that compiles for [`deciding`] and runs nothing: no pool, for which there would be no
/// address space where that is bounded.
pub(crate) fn compiling(limits: &RunLimits) -> wasmtime::Result<Engine> {
    Engine::new(&deciding_config(limits))
}

/// The same, which asks a store what it made of a function before.
pub(crate) fn compiling_with(
    limits: &RunLimits,
    functions: Arc<dyn CacheStore>,
) -> wasmtime::Result<Engine> {
    let mut config = deciding_config(limits);
    config.enable_incremental_compilation(functions)?;
    Engine::new(&config)
}

/// The engine that runs the rule engine once, to load a table: what counts is how soon its
/// code is there.
pub(super) fn composing(limits: &RunLimits) -> wasmtime::Result<Engine> {
    let mut config = common(limits);
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config)
}

fn common(limits: &RunLimits) -> Config {
    let mut config = Config::new();
    for feature in FEATURES_OFF {
        config.wasm_features(feature, false);
    }
    config
        // Epochs follow the clock, and a decision must not.
        .epoch_interruption(false)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(limits.stack_bytes_max)
        // Calls would be three times as dear, for what is not compiled in.
        .concurrency_support(false)
        .memory_init_cow(true)
        // A fault is told by its kind. Frames would cost time at every trap.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    config
}

/// The digest of everything that a compiled form depends on beside the component: this
/// program's version, the compiler's settings for this machine, and the bounds of the profile.
///
/// # Errors
/// [`HostFault::Engine`] when the sandbox could not be set up.
pub fn engine_digest(profile: SandboxProfile) -> Result<Digest, HostFault> {
    Ok(digest_of(engine(profile)?, profile))
}

/// The same of any engine of a configuration of the profile's.
pub(crate) fn digest_of(engine: &Engine, profile: SandboxProfile) -> Digest {
    let mut parts = Parts(Vec::new());
    engine.precompile_compatibility_hash().hash(&mut parts);
    let limits = format!("{profile:?} {LIMITS:?} {:?}", profile.limits());
    let version = env!("CARGO_PKG_VERSION");
    Digest::of_parts(&[version.as_bytes(), &parts.0, limits.as_bytes()])
}

/// Keeps what is hashed, so that all of it goes into a digest.
struct Parts(Vec<u8>);

impl Hasher for Parts {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
