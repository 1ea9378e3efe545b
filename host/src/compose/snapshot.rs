//! Loading a table into the rule engine and snapshotting the result: the component is
//! instrumented, run once in the sandbox, and rewritten with the memory that it then has.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Instance, Lift, Linker, WasmList};
use wasmtime::{Store, StoreLimits};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use super::ComposeError;
use crate::bindings::loading::{LOADING, LoadError, LoadErrorKind, Loaded};
use crate::cache::Cache;
use crate::sandbox::{self, SandboxProfile};

/// Bytes of the memory that what is composed may have.
const MEMORY_BYTES_MAX: usize = SandboxProfile::Strict.limits().run.memory_bytes_max;

/// The component that holds the table.
pub(super) fn loaded(
    engine_component: &[u8],
    table: &[u8],
    rules: usize,
    cache: &Cache,
) -> Result<Vec<u8>, ComposeError> {
    let mut wizer = Wizer::new();
    // The function that loads stays: a component without it would be of no published world.
    wizer.keep_init_func(true);
    let (context, instrumented) = wizer
        .instrument_component(engine_component)
        .map_err(snapshot_error)?;
    let (mut store, instance) = run(&instrumented, table, rules, cache)?;
    // The memory is read out whole, several times what a policy may ever answer.
    store.set_hostcall_fuel(MEMORY_BYTES_MAX * 2);
    let mut state = Access {
        store,
        instance,
        memory: None,
        failed: None,
    };
    let snapshot = at_once(wizer.snapshot_component(&context, &mut state))
        .ok_or_else(|| ComposeError::Snapshot {
            message: "it waited for something".into(),
        })?
        .map_err(snapshot_error)?;
    match state.failed {
        None => Ok(snapshot),
        Some(error) => Err(snapshot_error(error)),
    }
}

fn run(
    instrumented: &[u8],
    table: &[u8],
    rules: usize,
    cache: &Cache,
) -> Result<(Store<StoreLimits>, Instance), ComposeError> {
    let engine = sandbox::composing_engine()?;
    let load_error = |error: wasmtime::Error| ComposeError::Load {
        message: load_trap(&error),
    };
    let component = cache.composing(&engine, instrumented);
    let component = component.map_err(|error| ComposeError::Snapshot {
        message: error.to_string(),
    })?;
    let mut store = sandbox::composing_store(&engine);
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .map_err(load_error)?;
    let load = component
        .get_export_index(None, LOADING)
        .and_then(|loading| component.get_export_index(Some(&loading), "load"))
        .ok_or_else(|| ComposeError::Load {
            message: format!("it has no `{LOADING}`"),
        })?;
    let load = instance
        .get_typed_func::<(&[u8],), (Result<Loaded, LoadError>,)>(&mut store, load)
        .map_err(load_error)?;
    let (answer,) = load.call(&mut store, (table,)).map_err(load_error)?;
    let message = match answer {
        Ok(loaded) if loaded.rules as usize == rules => return Ok((store, instance)),
        Ok(loaded) => format!("it holds {} of {rules} rules", loaded.rules),
        Err(error) => match error.kind {
            LoadErrorKind::AlreadyLoaded => "it holds one already".into(),
            LoadErrorKind::VersionUnsupported => "it reads another version of the table".into(),
            LoadErrorKind::TableInvalid => "it found the table invalid".into(),
        },
    };
    Err(ComposeError::Load { message })
}

/// A trap while loading is nearly always the bound on memory.
fn load_trap(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::UnreachableCodeReached) => format!(
            "it gave up, most likely because the policy needs more than the {} MiB of memory \
             that one has: fewer rules or symbols would fit",
            MEMORY_BYTES_MAX >> 20
        ),
        _ => error.root_cause().to_string(),
    }
}

fn snapshot_error(error: wasmtime::Error) -> ComposeError {
    ComposeError::Snapshot {
        message: error.root_cause().to_string(),
    }
}

/// The value of a future that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The state of the instance, by way of the functions that instrumenting added.
struct Access {
    store: Store<StoreLimits>,
    instance: Instance,
    /// The one memory that the rule engine has. To ask for it grows it, so it is asked for once,
    /// and it is read where it is: a copy would be most of what composing takes of the host's.
    memory: Option<WasmList<u8>>,
    /// The first failure; what was answered since is worthless.
    failed: Option<wasmtime::Error>,
}

impl Access {
    /// A number, or 0 where there is none to be had.
    fn number<R: Lift + Default + 'static>(&mut self, instance: &str, function: &str) -> R {
        self.call(instance, function).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            R::default()
        })
    }

    fn call<R: Lift + 'static>(&mut self, instance: &str, function: &str) -> wasmtime::Result<R> {
        let store = &mut self.store;
        let index = self
            .instance
            .get_export_index(&mut *store, None, instance)
            .and_then(|index| {
                self.instance
                    .get_export_index(&mut *store, Some(&index), function)
            })
            .ok_or_else(|| wasmtime::format_err!("`{instance}` has no `{function}`"))?;
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut *store, index)?;
        Ok(function.call(store, ())?.0)
    }
}

impl ComponentInstanceState for Access {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if self.memory.is_none() {
            match self.call::<WasmList<u8>>(instance, function) {
                Ok(list) => self.memory = Some(list),
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
        }
        let memory = self.memory.as_ref();
        contents(memory.map_or(&[], |memory| memory.as_le_slice(&self.store)));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, function: &str) -> i32 {
        self.number(instance, function)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, function: &str) -> i64 {
        self.number(instance, function)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, function: &str) -> u32 {
        self.number::<f32>(instance, function).to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, function: &str) -> u64 {
        self.number::<f64>(instance, function).to_bits()
    }
}
