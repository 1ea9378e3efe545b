//! `build` of what other languages were compiled to: core modules and components with exports of
//! their toolchain's become policies, and everything else says what to compile anew.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod support;

use execution_router::encode::encode;
use support::default_component;

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = encode(&wat::parse_str(text).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_policy_component_comes_out_as_it_is() {
    let component = default_component();
    assert_eq!(encode(&component).unwrap(), component);
}

/// A component around the default policy that exports something besides, as toolchains do that
/// initialize what they made by a function of its own.
fn with_an_initializer() -> Vec<u8> {
    let routing = "execution-router:policy/routing@0.1.0";
    let mut around = wasm_encoder::ComponentBuilder::default();
    let inner = around.component_raw(None, &default_component());
    let none: [(&str, wasm_encoder::ComponentExportKind, u32); 0] = [];
    let instance = around.instantiate(None, inner, none);
    let kind = wasm_encoder::ComponentExportKind::Instance;
    let exported = around.alias_export(instance, routing, kind);
    around.export("exports", kind, exported, None);
    around.export(routing, kind, exported, None);
    around.finish()
}

#[test]
fn what_a_toolchain_left_is_hidden() {
    let left = with_an_initializer();
    let error = support::loaded(&left).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the component exports `exports` besides, and a policy exports \
         `execution-router:policy/routing@0.1.0` alone: \
         what a toolchain leaves there, `execution-router build` hides"
    );
    let component = encode(&left).unwrap();
    let policy = support::loaded(&component).expect("it is a policy now");
    assert_eq!(policy.manifest().name, "default");
    assert_eq!(encode(&component).unwrap(), component);
}

#[test]
fn a_module_says_what_it_implements_and_imports_no_system() {
    refused(
        "(module)",
        "the core module says nothing of the interface that it implements: \
         generate its bindings with `wit-bindgen`, from the `wit` folder and world `policy`",
    );
    refused(
        r#"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))"#,
        "the core module imports `wasi_snapshot_preview1`, and a policy has no system: \
         compile it for `wasm32-unknown-unknown`",
    );
}

#[test]
fn what_is_neither_is_refused_as_any_policy_is() {
    refused(
        "(component)",
        "the component is of another world: \
         it does not export `execution-router:policy/routing@0.1.0`",
    );
    refused(
        r#"(component (import "wasi:cli/stdin@0.2.0" (instance)))"#,
        "the component imports `wasi:cli/stdin@0.2.0`, and a policy imports nothing; tell the \
         toolchain that there is no system: Rust with `--target wasm32-unknown-unknown`, \
         componentize-js with `--disable stdio random clocks http fetch-event`, componentize-py \
         and componentize-qjs with `--stub-wasi`",
    );
    let error = encode(b"#!/bin/sh").unwrap_err().to_string();
    assert_eq!(
        error,
        "this is not WebAssembly: it does not begin with `\\0asm`"
    );
    let error = encode(b"\0asm\x01\0\0\0\x01").unwrap_err().to_string();
    assert!(
        error.starts_with("the core module does not become a component: "),
        "{error}"
    );
}
