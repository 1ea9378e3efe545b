//! Files that are no policy: each gets one clear error, and none a panic.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use support::default_component;

const ROUTING: &str = "execution-router:policy/routing@0.1.0";

fn error_of(bytes: &[u8]) -> String {
    match support::loaded(bytes) {
        Ok(policy) => panic!("taken: {policy:?}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(error_of(&wat::parse_str(text).unwrap()), message);
}

/// A component that exports an empty instance under each name.
fn exporting(names: &[&str]) -> String {
    let exports: String = names
        .iter()
        .map(|name| format!("(export \"{name}\" (instance $i))"))
        .collect();
    format!("(component (component $c) (instance $i (instantiate $c)) {exports})")
}

#[test]
fn what_is_no_component_says_what_it_is() {
    assert_eq!(
        error_of(b""),
        "the file is empty, and a policy component was expected"
    );
    assert_eq!(
        error_of(b"name: default\n"),
        "this is not WebAssembly: it does not begin with `\\0asm`"
    );
    refused(
        "(module)",
        "this is a core module, and a policy is a component: \
         `execution-router build` makes one of it",
    );
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize((4 << 20) + 1, 0);
    assert_eq!(
        error_of(&large),
        "the component has 4194305 bytes, and 4194304 are the bound of profile `strict`; \
         profile `large` takes 33554432"
    );
}

#[test]
fn a_precompiled_artifact_is_never_taken() {
    let message = "this is a precompiled artifact, which is never taken from outside: \
                   give the `.wasm` that it was made from";
    let engine = wasmtime::Engine::default();
    let compiled = engine.precompile_component(&default_component()).unwrap();
    assert_eq!(error_of(&compiled), message);
    assert_eq!(error_of(b"\x7fELF"), message);
}

#[test]
fn a_component_of_another_world_says_what_it_lacks() {
    let world = format!("the component is of another world: it does not export `{ROUTING}`");
    refused("(component)", &world);
    refused(&exporting(&["wasi:http/handler@0.2.0"]), &world);
    refused(
        &exporting(&["execution-router:policy/routing@0.2.0"]),
        &format!(
            "the component exports `execution-router:policy/routing@0.2.0`, \
             and this host reads `{ROUTING}`"
        ),
    );
    refused(
        &exporting(&[ROUTING, "wasi:cli/run@0.2.0"]),
        &format!(
            "the component exports `wasi:cli/run@0.2.0` besides, \
             and a policy exports `{ROUTING}` alone: \
             what a toolchain leaves there, `execution-router build` hides"
        ),
    );
    refused(
        &exporting(&[ROUTING, "execution-router:policy/loading@0.1.0"]),
        "the component exports `execution-router:policy/loading@0.1.0` without \
         `execution-router:policy/routing-json@0.1.0`: \
         a rule engine has both, any other policy neither",
    );
}

#[test]
fn imports_are_refused_by_name() {
    refused(
        "(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance)))",
        "the component imports `wasi:clocks/wall-clock@0.2.0`, and a policy imports nothing; tell the toolchain that there is no system: Rust with `--target wasm32-unknown-unknown`, componentize-js with `--disable stdio random clocks http fetch-event`, componentize-py and componentize-qjs with `--stub-wasi`",
    );
}

#[test]
fn an_interface_of_other_types_says_where_it_differs() {
    let error = error_of(&wat::parse_str(exporting(&[ROUTING])).unwrap());
    assert!(error.contains("does not have export `describe`"), "{error}");
    assert!(
        error.ends_with("build it against the `wit` folder of this version"),
        "{error}"
    );
    let other = format!(
        "(component
            (core module $m (func (export \"f\") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i \"f\")))
            (component $c (import \"f\" (func $f (result u32)))
                (export \"describe\" (func $f)) (export \"decide\" (func $f))
                (export \"decide-batch\" (func $f)))
            (instance $r (instantiate $c (with \"f\" (func $f))))
            (export \"{ROUTING}\" (instance $r)))"
    );
    let error = error_of(&wat::parse_str(other).unwrap());
    assert!(
        error.contains("differs from the published interface"),
        "{error}"
    );
}

#[test]
fn what_the_sandbox_lacks_does_not_compile() {
    let module = "(component (core module (memory i64 1)))";
    let bytes = wat::parse_str(module).unwrap();
    let world = format!("the component is of another world: it does not export `{ROUTING}`");
    assert_eq!(error_of(&bytes), world);
    let threads = format!(
        "(component (core module (memory 1 1 shared)) (component $c)
            (instance $i (instantiate $c)) (export \"{ROUTING}\" (instance $i)))"
    );
    let error = error_of(&wat::parse_str(threads).unwrap());
    assert!(
        error.starts_with("the component does not compile for the sandbox: "),
        "{error}"
    );
}

#[test]
fn a_truncated_component_is_refused_wherever_it_ends() {
    let whole = default_component();
    let texts = support::DOCUMENT.len() + support::CASES.len();
    // Behind the last export only texts follow, which a policy can do without.
    let needed = whole.len() - texts - 200;
    let ends = (0..64).chain((64..needed).step_by(509));
    for end in ends {
        let error = error_of(&whole[..end]);
        assert!(!error.is_empty() && !error.contains('\n'), "{end}: {error}");
    }
    let error = error_of(&whole[..needed / 2]);
    assert!(
        error.starts_with("the component is cut off or damaged at byte "),
        "{error}"
    );
}

#[test]
fn random_bytes_and_flipped_bits_never_panic() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for length in 0..200_usize {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend((0..length).map(|_| random().to_le_bytes()[0]));
        let _ = support::loaded(&bytes);
    }
    let whole = default_component();
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let at = usize::try_from(random() % whole.len() as u64).unwrap();
        bytes[at] ^= 1 << (random() % 8);
        let _ = support::loaded(&bytes);
    }
}
