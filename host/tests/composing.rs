//! What composing promises: the same bytes each time, one loaded table, nothing imported.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use execution_router::compose::{self, SectionsError};
use execution_router::digest::Digest;
use support::{CASES, DOCUMENT, default_component};
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Engine, Store};

#[test]
fn composing_twice_gives_the_same_bytes() {
    assert_eq!(
        Digest::of(&default_component()),
        Digest::of(&default_component())
    );
}

#[test]
fn the_sections_read_back() {
    let sections = compose::sections(&default_component()).unwrap();
    assert_eq!(sections.name, "default");
    assert_eq!(sections.version, "1");
    assert_eq!(sections.document, DOCUMENT);
    assert_eq!(sections.cases.as_deref(), Some(CASES));
    let without = compose::compose(DOCUMENT, None).unwrap();
    assert_eq!(compose::sections(&without).unwrap().cases, None);
}

#[test]
fn other_components_have_no_sections() {
    let empty = wat::parse_str("(component)").unwrap();
    let error = compose::sections(&empty).unwrap_err();
    assert!(matches!(error, SectionsError::Missing { .. }), "{error}");
    let module = wat::parse_str("(module)").unwrap();
    let error = compose::sections(&module).unwrap_err();
    assert!(
        matches!(error, SectionsError::NoComponent { .. }),
        "{error}"
    );
    assert!(compose::sections(b"").is_err());
}

#[test]
fn a_component_imports_nothing_and_stays_small() {
    const ENGINE_BYTES_MAX: usize = 150_000;
    let component = default_component();
    let texts = DOCUMENT.len() + CASES.len();
    // What the table becomes in memory comes on top of the engine.
    const TABLE_BYTES_MAX: usize = 16_000;
    assert!(
        component.len() <= ENGINE_BYTES_MAX + TABLE_BYTES_MAX + texts,
        "{}",
        component.len()
    );
    let engine = Engine::default();
    let component = Component::new(&engine, &component).unwrap();
    assert_eq!(component.component_type().imports(&engine).count(), 0);
}

#[test]
fn a_second_table_is_refused() {
    let engine = Engine::default();
    let component = Component::new(&engine, default_component()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .unwrap();
    let loading = component.get_export_index(None, "execution-router:policy/loading@0.1.0");
    let load = component
        .get_export_index(loading.as_ref(), "load")
        .unwrap();
    let load = instance.get_func(&mut store, load).unwrap();
    let document = router_guest::document::Document::parse(DOCUMENT).unwrap();
    let table = document
        .table()
        .encode()
        .unwrap()
        .into_iter()
        .map(Val::U8)
        .collect();
    let mut answers = [Val::Bool(false)];
    load.call(&mut store, &[Val::List(table)], &mut answers)
        .unwrap();
    let kind = Val::Enum("already-loaded".into());
    let error = Val::Record(vec![("kind".into(), kind)]);
    assert_eq!(answers, [Val::Result(Err(Some(Box::new(error))))]);
}

#[test]
fn a_document_with_mistakes_is_no_component() {
    let error = compose::compose("name: x\nversion: 1\nroutes: 3\n", None).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the policy document has mistakes"),
        "{error}"
    );
}
