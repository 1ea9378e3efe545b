//! Components that attack whoever decodes, compiles or starts them.

use wasmparser::{Parser, Payload};

use crate::component::Hostile;
use crate::table::Case;

/// The sound component with another in it, once defined, and instantiated where asked.
fn with(nested: &str, is_instantiated: bool) -> Vec<u8> {
    with_bytes(&wat::parse_str(nested).unwrap(), is_instantiated)
}

fn with_bytes(nested: &[u8], is_instantiated: bool) -> Vec<u8> {
    const COMPONENT_SECTION: u8 = 4;
    const INSTANCE_SECTION: u8 = 5;
    let mut bytes = Hostile::new().bytes();
    let mut depth = 0;
    let mut index = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ComponentSection { .. } => {
                index += u8::from(depth == 0);
                depth += 1;
            }
            Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    bytes.push(COMPONENT_SECTION);
    leb(&mut bytes, nested.len());
    bytes.extend(nested);
    if is_instantiated {
        // One instance, of a component, that one, with nothing given.
        bytes.extend([INSTANCE_SECTION, 4, 1, 0, index, 0]);
    }
    bytes
}

fn leb(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
}

/// A module in the sound component.
fn module(fields: &str) -> Vec<u8> {
    with(&format!("(component (core module {fields}))"), false)
}

/// Loops within loops, all of which change what the others need.
fn loops(depth: usize) -> String {
    let open = "(loop (local.set 0 (i32.add (local.get 0) (local.get 1))) ".repeat(depth);
    let close = "(br_if 0 (local.get 0)))".repeat(depth);
    format!("(func (param i32 i32) {open}{close})")
}

/// Functions within every bound, each of which takes long: loops at the greatest depth, with as
/// many locals as there may be, all of which change in the innermost.
fn slow_functions(functions: usize) -> String {
    const DEPTH: usize = 250;
    const LOCALS: usize = 990;
    let open = "(loop ".repeat(DEPTH);
    let change: String = (0..LOCALS)
        .map(|local| {
            let other = (local * 7 + 1) % LOCALS;
            format!("(local.set {local} (i32.add (local.get {local}) (local.get {other})))")
        })
        .collect();
    let close: String = (0..DEPTH)
        .map(|depth| format!("(br_if 0 (local.get {}))) ", depth % LOCALS))
        .collect();
    let function = format!(
        "(func (local {}) {open}{change}{close})",
        "i32 ".repeat(LOCALS)
    );
    function.repeat(functions)
}

/// A component with one type, which is of a component that has one type, and so on. No text says
/// this: what reads texts goes no deeper than a hundred.
fn types_within(depth: usize) -> Vec<u8> {
    const TYPE_SECTION: u8 = 7;
    const COMPONENT_TYPE: u8 = 0x41;
    let mut types = vec![1];
    types.extend([COMPONENT_TYPE, 1, 1].repeat(depth));
    types.extend([COMPONENT_TYPE, 0]);
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(TYPE_SECTION);
    leb(&mut bytes, types.len());
    bytes.extend(types);
    bytes
}

/// Loops one after another, each of which hands on every local.
fn loops_in_a_row(functions: usize) -> String {
    const LOCALS: usize = 990;
    const LOOPS: usize = 16_000;
    let set: String = (0..LOCALS)
        .map(|local| format!("(local.set {local} (i32.load (i32.const {})))", local * 4))
        .collect();
    let sum: String = (0..LOCALS)
        .map(|local| format!("(i32.store (i32.const {}) (local.get {local}))", local * 4))
        .collect();
    let loops = "(loop (br_if 0 (local.get 0)))".repeat(LOOPS);
    let function = format!("(func (local {}) {set}{loops}{sum})", "i32 ".repeat(LOCALS));
    format!(
        "(import \"\" \"m\" (memory 1)) {}",
        function.repeat(functions)
    )
}

/// Components of which each makes sixteen of the next: 4,096 instances, out of 51 definitions.
fn instances_of_instances() -> String {
    let many = |instance: &str| instance.repeat(16);
    let leaf = many("(core instance (instantiate $m))");
    let leaf = format!("(component $c (core module $m) {leaf})");
    let branch = format!(
        "(component $c {leaf} {})",
        many("(instance (instantiate $c))")
    );
    format!(
        "(component {branch} {})",
        many("(instance (instantiate $c))")
    )
}

fn started(start: &'static str) -> impl Fn() -> Vec<u8> {
    move || {
        Hostile {
            start,
            ..Hostile::new()
        }
        .bytes()
    }
}

fn described(describe: &'static str, more: &'static str, memory: &'static str) -> Vec<u8> {
    Hostile {
        describe,
        more,
        memory,
        ..Hostile::new()
    }
    .bytes()
}

/// Makes the manifest's list of reasons one of 400 strings of 64 KiB, which all are the same.
const REASONS_OF_25_MB: &str = r#"
  (func $reasons (local $at i32)
    (local.set $at (i32.const 0x100000))
    (loop $on
      (i32.store (local.get $at) (i32.const 0x110000))
      (i32.store offset=4 (local.get $at) (i32.const 65536))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $on (i32.lt_u (local.get $at) (i32.const 0x100c80))))
    (i32.store offset=28 (i32.const {manifest}) (i32.const 0x100000))
    (i32.store offset=32 (i32.const {manifest}) (i32.const 400)))"#;

pub(crate) fn cases() -> Vec<Case> {
    let mut all = bombs();
    all.extend(greedy());
    all.extend(starting());
    all
}

/// What is small, and dear to compile.
fn bombs() -> Vec<Case> {
    vec![
        Case::new("loops 4,500 deep in one function", || module(&loops(4500))),
        Case::new("loops within the bounds that take long", || {
            module(&slow_functions(200))
        }),
        Case::new("loops within the bounds that take much memory", || {
            module(&loops_in_a_row(4))
        }),
        Case::new("100,000 functions", || module(&"(func)".repeat(100_000))),
        Case::new("50,000 locals in one function", || {
            module(&format!("(func (local {}))", "i64 ".repeat(50_000)))
        }),
        Case::new("a function of a megabyte", || {
            module(&format!("(func {})", "nop ".repeat(1 << 20)))
        }),
        Case::new("a type of 1,000 parameters", || {
            module(&format!("(type (func (param {})))", "i32 ".repeat(1000)))
        }),
        Case::new("types within types, each named", || {
            let lists: String = (1..1500)
                .map(|at| format!("(type (list {}))", at - 1))
                .collect();
            with(&format!("(component (type (list u8)) {lists})"), false)
        }),
        Case::new("types within types, each in the other", || {
            with_bytes(&types_within(10_000), false)
        }),
        Case::new("types that double with each", || {
            let pairs: String = (1..60)
                .map(|at| format!("(type (tuple {0} {0}))", at - 1))
                .collect();
            with(&format!("(component (type (tuple u8 u8)) {pairs})"), false)
        }),
        Case::new("components 100 deep", || {
            with(
                &format!("{}{}", "(component ".repeat(100), ")".repeat(100)),
                false,
            )
        }),
        Case::new("instances of instances of instances", || {
            with(&instances_of_instances(), true)
        }),
        Case::new("resources, whose handles nobody gives back", || {
            let fields = "(type $r (resource (rep i32))) (core func (canon resource.new $r))";
            with(&format!("(component {fields})"), false)
        }),
    ]
}

/// What wants more than there is from its start.
fn greedy() -> Vec<Case> {
    vec![
        Case::new("17 MiB of memory from its start", || {
            Hostile {
                memory: "257",
                ..Hostile::new()
            }
            .bytes()
        }),
        Case::new("4 GiB of memory from its start", || {
            Hostile {
                memory: "65536",
                ..Hostile::new()
            }
            .bytes()
        }),
        Case::new("a hundred memories", || module(&"(memory 1)".repeat(100))),
        Case::new("a hundred modules of a memory each", || {
            with(
                &format!("(component {})", "(core module (memory 1))".repeat(100)),
                false,
            )
        }),
        Case::new("a table of a million elements", || {
            module("(table 1000000 funcref)")
        }),
        Case::new("a hundred tables", || {
            module(&"(table 1 funcref)".repeat(100))
        }),
        Case::new("a table filled from 100,000 elements", || {
            let elements = "0 ".repeat(100_000);
            module(&format!("(table 1 funcref) (func) (elem func {elements})"))
        }),
        Case::new("threads", || {
            module("(import \"\" \"m\" (memory 1 1 shared))")
        }),
        Case::new("64-bit memory", || {
            module("(import \"\" \"m\" (memory i64 1))")
        }),
    ]
}

/// What does not start, or does not say what it is.
fn starting() -> Vec<Case> {
    vec![
        Case::new(
            "an endless loop in the start function",
            started("(loop $on (br $on))"),
        ),
        Case::new("a trap in the start function", started("unreachable")),
        Case::new("recursion in the start function", started("(call $start)")),
        Case::new("an endless loop in describe", || {
            described("(loop $on (br $on))", "", "6")
        }),
        Case::new("a trap in describe", || described("unreachable", "", "6")),
        Case::new("a manifest of 25 MB", || {
            described("(call $reasons)", REASONS_OF_25_MB, "32")
        }),
        Case::new("a manifest at an address that is none", || {
            described("(return (i32.const -4))", "", "6")
        }),
        Case::new("a name that is not UTF-8", || {
            Hostile {
                bend_image: |image, _| image[0] = 0xff,
                ..Hostile::new()
            }
            .bytes()
        }),
        Case::new("a tier that is larger than its order", || {
            let mut hostile = Hostile::new();
            hostile.manifest.tiers[0].size = crate::bench::amount("1.5");
            hostile.bytes()
        }),
        Case::new("a threshold that is NaN", || {
            let mut hostile = Hostile::new();
            hostile.manifest.score_thresholds[0].1 = f64::NAN;
            hostile.bytes()
        }),
        Case::new("a list of more names than there is memory", || {
            Hostile {
                // The length of the list of rules.
                bend_image: |image, at| image[at + 40..at + 44].copy_from_slice(&[0xff; 4]),
                ..Hostile::new()
            }
            .bytes()
        }),
        Case::new("a budget that has no limit", || {
            let mut hostile = Hostile::new();
            let budget = &mut hostile.manifest.budgets[0];
            (budget.amount, budget.percent, budget.orders) = (None, None, None);
            hostile.bytes()
        }),
    ]
}
