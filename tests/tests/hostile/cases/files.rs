//! Files that are no sound component at all.

use execution_router::compose;

use crate::component::Hostile;
use crate::table::Case;

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component that exports an empty instance under this name.
fn exporting(name: &str) -> Vec<u8> {
    text(&format!(
        "(component (component $c) (instance $i (instantiate $c)) (export \"{name}\" (instance $i)))"
    ))
}

/// The sound component without its end.
fn cut_off(tenths: usize) -> Vec<u8> {
    let mut bytes = Hostile::new().bytes();
    bytes.truncate(bytes.len() * tenths / 10);
    bytes
}

/// The sound component with a byte that stands behind these replaced.
fn flipped(behind: &[u8], mask: u8) -> Vec<u8> {
    let mut bytes = Hostile::new().bytes();
    let at = bytes
        .windows(behind.len())
        .position(|window| window == behind)
        .unwrap();
    bytes[at + behind.len()] ^= mask;
    bytes
}

fn default_component() -> Vec<u8> {
    compose::compose(conformance::DEFAULT_POLICY, None).unwrap()
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a file that is empty", Vec::new),
        Case::new("a file of text", || b"name: default\n".to_vec()),
        Case::new("a core module", || text("(module)")),
        Case::new("a precompiled artifact", || {
            let engine = wasmtime::Engine::default();
            engine.precompile_component(&default_component()).unwrap()
        }),
        Case::new("cut off in the middle", || cut_off(5)),
        Case::new("cut off near its end", || cut_off(9)),
        Case::new("a bit flipped in a section's length", || {
            flipped(b"\0asm\x0d\0\x01\0\x01", 0x40)
        }),
        Case::new("a bit flipped in the name of an export", || {
            flipped(b"execution-router:policy/routing@0.1.", 1)
        }),
        // What fuzzing found: the parser told of it in two lines, and a refusal is one.
        Case::new("a module within that does not begin as one", || {
            let mut bytes = b"\0asm\x0d\0\x01\0\x01\x08".to_vec();
            bytes.extend(b"\0as\x93\x01\0\0\0");
            bytes
        }),
        Case::new("an import that is not declared", || {
            text("(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance)))")
        }),
        Case::new("another version of the interface", || {
            exporting("execution-router:policy/routing@0.2.0")
        }),
        Case::new("the interface without its functions", || {
            exporting("execution-router:policy/routing@0.1.0")
        }),
        Case::new("another world", || exporting("wasi:cli/run@0.2.0")),
        Case::new("more bytes than a component may have", || {
            let mut bytes = Hostile::new().bytes();
            bytes.resize((4 << 20) + 1, 0);
            bytes
        }),
    ]
}
