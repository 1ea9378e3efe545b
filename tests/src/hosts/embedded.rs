//! A component, called by name with text in and text out: all that an embedder needs, and
//! nothing of this project's host.

use wasmtime::component::{Component, Instance, Linker, TypedFunc};
use wasmtime::{Config, Engine, Store};

/// The interface that embedders call.
const INTERFACE: &str = "execution-router:policy/routing-json@0.1.0";
/// More than any call costs.
const FUEL: u64 = 1 << 40;

type DecideJson = TypedFunc<(String, String), (String,)>;

/// A component that makes instances.
pub struct Embedding {
    engine: Engine,
    component: Component,
}

/// One instance.
pub struct Embedded {
    store: Store<()>,
    decide_json: DecideJson,
}

impl Embedding {
    /// Compiles a component.
    ///
    /// # Errors
    /// That it is none.
    pub fn new(component: &[u8]) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        Ok(Self { engine, component })
    }

    /// A fresh instance.
    ///
    /// # Errors
    /// That it imports something, or does not take text.
    pub fn instance(&self) -> wasmtime::Result<Embedded> {
        let Self { engine, component } = self;
        let mut store = Store::new(engine, ());
        store.set_fuel(FUEL)?;
        let instance = Linker::new(engine).instantiate(&mut store, component)?;
        let decide_json = exported(component, &instance, &mut store)?;
        Ok(Embedded { store, decide_json })
    }
}

fn exported(
    component: &Component,
    instance: &Instance,
    store: &mut Store<()>,
) -> wasmtime::Result<DecideJson> {
    let interface = component.get_export_index(None, INTERFACE);
    let function = component
        .get_export_index(interface.as_ref(), "decide-json")
        .ok_or_else(|| wasmtime::format_err!("it does not export `{INTERFACE}`"))?;
    instance.get_typed_func(store, function)
}

impl Embedded {
    /// What the component answers, and what that cost. After an error the instance is dead.
    ///
    /// # Errors
    /// That it trapped.
    pub fn decide(&mut self, request: &str, state: &str) -> wasmtime::Result<(String, u64)> {
        self.store.set_fuel(FUEL)?;
        let arguments = (request.to_owned(), state.to_owned());
        let (answer,) = self.decide_json.call(&mut self.store, arguments)?;
        Ok((answer, FUEL - self.store.get_fuel()?))
    }
}
