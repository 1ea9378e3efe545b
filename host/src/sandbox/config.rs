//! The engine's configuration: what a policy can use at all, and how it is compiled.

use std::hash::{Hash, Hasher};

use wasmtime::{Config, Engine, OptLevel, WasmFeatures};

use super::{HostFault, LIMITS, SandboxLimits, engine};
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

/// The engine that decides.
pub(super) fn deciding(limits: &SandboxLimits) -> wasmtime::Result<Engine> {
    let mut config = common(limits);
    config
        .consume_fuel(true)
        .cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config)
}

/// The engine that runs the rule engine once, to load a table: what counts is how soon its
/// code is there.
pub(super) fn composing(limits: &SandboxLimits) -> wasmtime::Result<Engine> {
    let mut config = common(limits);
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config)
}

fn common(limits: &SandboxLimits) -> Config {
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
/// program's version, the compiler's settings for this machine, and the bounds.
///
/// # Errors
/// [`HostFault::Engine`] when the sandbox could not be set up.
pub fn engine_digest() -> Result<Digest, HostFault> {
    let mut parts = Parts(Vec::new());
    engine()?.precompile_compatibility_hash().hash(&mut parts);
    let limits = format!("{LIMITS:?}");
    let version = env!("CARGO_PKG_VERSION");
    Ok(Digest::of_parts(&[
        version.as_bytes(),
        &parts.0,
        limits.as_bytes(),
    ]))
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
