//! The rule engine as a component: the exports of world `rule-engine`.
//!
//! It holds the one engine and translates; it decides nothing (see [`crate::engine`]).
//! Whatever a well-behaved host cannot do (ask before a table is loaded, hand in an amount
//! of 40 digits) traps: an answer would be a guess.
//!
//! Loading, describing and JSON go through generated code; the two calls that must be fast
//! are in `calls`.

mod calls;
mod convert;

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::panic::PanicInfo;

use bindings::exports::execution_router::policy::{loading, routing, routing_json};

use crate::arena;
use crate::engine::Engine;
use crate::table::{Table, TableError};

#[allow(
    missing_docs,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    unused_qualifications,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::allow_attributes_without_reason,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "generated code"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "rule-engine",
        // A constructor that ran at the first call only would make that call dearer.
        disable_run_ctors_once_workaround: true,
    });
}

struct Component;

/// What was loaded, and then snapshotted into the component.
static ENGINE: Loaded = Loaded(OnceCell::new());

struct Loaded(OnceCell<Engine>);

// SAFETY: the target has no threads.
unsafe impl Sync for Loaded {}

fn engine() -> &'static Engine {
    given(ENGINE.0.get())
}

/// The value, or a trap.
fn given<T>(value: Option<T>) -> T {
    match value {
        Some(value) => value,
        None => core::arch::wasm32::unreachable(),
    }
}

impl loading::Guest for Component {
    fn load(table: Vec<u8>) -> Result<loading::Loaded, loading::LoadError> {
        if ENGINE.0.get().is_some() {
            return Err(loading::LoadError {
                kind: loading::LoadErrorKind::AlreadyLoaded,
            });
        }
        let rules = match compile(table) {
            Ok(rules) => rules,
            Err(error) => {
                let kind = match error {
                    TableError::VersionUnsupported { .. } => {
                        loading::LoadErrorKind::VersionUnsupported
                    }
                    _ => loading::LoadErrorKind::TableInvalid,
                };
                return Err(loading::LoadError { kind });
            }
        };
        arena::seal();
        Ok(loading::Loaded { rules })
    }
}

/// A panic is a trap: its message would have no reader, and is not even compiled in.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Fills [`ENGINE`]. All that it allocates besides is freed when it returns.
fn compile(table: Vec<u8>) -> Result<u32, TableError> {
    let table = Table::decode(&table)?;
    let engine = ENGINE.0.get_or_init(|| given(Engine::new(&table).ok()));
    Ok(given(u32::try_from(engine.manifest().rules.len()).ok()))
}

impl routing::Guest for Component {
    fn describe() -> routing::Manifest {
        convert::manifest(engine().manifest())
    }

    fn decide(_: routing::Request, _: routing::State) -> calls::Generated {
        // Never called, nor compiled in: `calls` exports the function.
        core::arch::wasm32::unreachable()
    }

    fn decide_batch(
        _: Vec<String>,
        _: Vec<routing::BudgetUse>,
        _: Vec<routing::BatchItem>,
    ) -> Vec<calls::Generated> {
        // As above.
        core::arch::wasm32::unreachable()
    }
}

impl routing_json::Guest for Component {
    fn decide_json(request: String, state: String) -> String {
        crate::json::decide_json(engine(), &request, &state)
    }
}
