use super::*;
use crate::compose::ENGINE_COMPONENT;

/// What is said of a component, in a profile.
fn said(bytes: &[u8], profile: SandboxProfile) -> String {
    match check(bytes, profile) {
        Ok(()) => "taken".to_owned(),
        Err(DecodeError::Bound(error)) => error.to_string(),
        Err(DecodeError::Canonical(name)) => name.to_owned(),
        Err(DecodeError::Damaged(error)) => format!("damaged: {error}"),
    }
}

/// One of `at_most` is taken, one more is refused in these words.
#[track_caller]
fn bounded(make: impl Fn(usize) -> String, at_most: usize, words: &str) {
    let strict = SandboxProfile::Strict;
    let component = |count| wat::parse_str(make(count)).unwrap();
    assert_eq!(said(&component(at_most), strict), "taken");
    assert_eq!(said(&component(at_most + 1), strict), words);
    assert_eq!(
        said(&component(at_most + 1), SandboxProfile::Large),
        "taken"
    );
}

fn module(fields: &str) -> String {
    format!("(component (core module {fields}))")
}

fn function(body: &str) -> String {
    module(&format!("(func {body})"))
}

#[test]
fn the_rule_engine_is_far_within_the_bounds() {
    let strict = SandboxProfile::Strict;
    assert_eq!(said(ENGINE_COMPONENT, strict), "taken");
    let mut counts = Counts::new(strict);
    for payload in Parser::new(0).parse_all(ENGINE_COMPONENT) {
        assert!(counts.take(payload.unwrap()).is_ok());
    }
    let limits = &strict.limits().decode;
    for (what, counted, bound) in [
        ("definitions", counts.definitions, limits.definitions_max),
        ("types", counts.types, limits.types_max),
        ("type bytes", counts.type_bytes, limits.type_bytes_max),
        ("names", counts.names, limits.names_max),
        ("functions", counts.functions, limits.functions_max),
        ("globals", counts.globals, limits.globals_max),
        ("data", counts.data_segments, limits.data_segments_max),
    ] {
        assert!(
            counted > 0 && counted * 4 <= bound,
            "{what}: {counted} of {bound}"
        );
    }
}

#[test]
fn bounds_on_modules_and_components() {
    bounded(
        |count| format!("(component {})", "(core module)".repeat(count)),
        8,
        "the component has 9 core modules, and 8 are the bound of profile `strict`; \
         profile `large` takes 64",
    );
    bounded(
        |count| format!("(component {})", "(component)".repeat(count)),
        16,
        "the component has 17 components in it, and 16 are the bound of profile `strict`; \
         profile `large` takes 64",
    );
    bounded(
        |count| {
            format!(
                "(component {}{})",
                "(component ".repeat(count),
                ")".repeat(count)
            )
        },
        4,
        "the component has 5 modules and components within each other, \
         and 4 are the bound of profile `strict`; profile `large` takes 8",
    );
    bounded(
        |count| {
            let instances = "(instance (instantiate $c))".repeat(count);
            format!("(component (component $c) {instances})")
        },
        1000,
        "the component has 1001 definitions of components, \
         and 1000 are the bound of profile `strict`; profile `large` takes 10000",
    );
}

#[test]
fn nothing_of_the_component_model_but_lifting() {
    for (what, fields) in [
        ("canon resource.new", "(core func (canon resource.new $r))"),
        (
            "canon resource.drop",
            "(core func (canon resource.drop $r))",
        ),
        ("canon resource.rep", "(core func (canon resource.rep $r))"),
        (
            "canon lower",
            "(import \"f\" (func $f)) (core func (canon lower (func $f)))",
        ),
        (
            "canon of threads or tasks",
            "(core func (canon task.cancel))",
        ),
        (
            "taken",
            "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
             (func (canon lift (core func $i \"f\")))",
        ),
    ] {
        let resource = "(type $r (resource (rep i32)))";
        let component = format!("(component (component {resource} {fields}))");
        let component = wat::parse_str(component).unwrap();
        for profile in SandboxProfile::ALL {
            assert_eq!(said(&component, profile), what);
        }
    }
}

#[test]
fn bounds_on_types() {
    let words = |found: &str, what: &str, strict: &str, large: &str| {
        format!(
            "the component has {found} {what}, and {strict} are the bound of profile `strict`; \
             profile `large` takes {large}"
        )
    };
    bounded(
        |count| module(&"(type (func))".repeat(count)),
        2000,
        &words("2001", "types", "2000", "20000"),
    );
    bounded(
        |count| format!("(component {})", "(type u8)".repeat(count)),
        2000,
        &words("2001", "types", "2000", "20000"),
    );
    bounded(
        |count| {
            module(&format!(
                "(type (func (param {}) (result i32)))",
                "i32 ".repeat(count)
            ))
        },
        63,
        &words(
            "65",
            "parameters and results in one function type",
            "64",
            "256",
        ),
    );
    // Three bytes say that there is one type, an enum, of so many names; each name takes two and
    // its length one.
    let bytes = |count: usize| {
        let labels: String = (0..count / 6).map(|at| format!(" \"a{at:04}\"")).collect();
        format!("(component (type (enum{labels})))")
    };
    let enough = wat::parse_str(bytes(60_000)).unwrap();
    assert_eq!(said(&enough, SandboxProfile::Strict), "taken");
    let strict = said(
        &wat::parse_str(bytes(70_000)).unwrap(),
        SandboxProfile::Strict,
    );
    assert!(
        strict.ends_with(
            " bytes of component types, and 65536 are the bound of profile `strict`; \
         profile `large` takes 262144"
        ),
        "{strict}"
    );
}

#[test]
fn bounds_on_what_modules_list() {
    let many = |field: &'static str| move |count: usize| module(&field.repeat(count));
    bounded(
        many("(func)"),
        10_000,
        "the component has 10001 functions, and 10000 are the bound of profile `strict`; \
         profile `large` takes 100000",
    );
    bounded(
        many("(global i32 (i32.const 0))"),
        1000,
        "the component has 1001 globals, and 1000 are the bound of profile `strict`; \
         profile `large` takes 10000",
    );
    bounded(
        |count| module(&format!("(memory 1) {}", "(data \"\")".repeat(count))),
        12_000,
        "the component has 12001 segments of data, and 12000 are the bound of profile `strict`; \
         profile `large` takes 50000",
    );
    bounded(
        |count| {
            module(&format!(
                "(table 1 funcref) {}",
                "(elem func)".repeat(count)
            ))
        },
        64,
        "the component has 65 segments of elements, and 64 are the bound of profile `strict`; \
         profile `large` takes 1000",
    );
    bounded(
        |count| {
            let exports = (0..count).map(|at| format!("(export \"f{at}\" (func $f))"));
            module(&format!("(func $f) {}", exports.collect::<String>()))
        },
        1000,
        "the component has 1001 imports and exports of core modules, \
         and 1000 are the bound of profile `strict`; profile `large` takes 10000",
    );
}

#[test]
fn bounds_on_memories_and_tables() {
    bounded(
        |count| module(&format!("(memory {count})")),
        256,
        "the component has 16842752 bytes of memory from its start, \
         and 16777216 are the bound of profile `strict`; profile `large` takes 268435456",
    );
    bounded(
        |count| module(&"(table 1 funcref)".repeat(count)),
        2,
        "the component has 3 tables, and 2 are the bound of profile `strict`; \
         profile `large` takes 4",
    );
    bounded(
        |count| module(&format!("(table {count} funcref)")),
        10_000,
        "the component has 10001 elements in one table from its start, \
         and 10000 are the bound of profile `strict`; profile `large` takes 100000",
    );
    bounded(
        |count| {
            let elements = "0 ".repeat(count);
            module(&format!("(table 1 funcref) (func) (elem func {elements})"))
        },
        10_000,
        "the component has 10001 elements in its segments, \
         and 10000 are the bound of profile `strict`; profile `large` takes 100000",
    );
    let two = wat::parse_str(module("(memory 1) (memory 1)")).unwrap();
    for profile in SandboxProfile::ALL {
        assert_eq!(
            said(&two, profile),
            format!("the component has 2 memories, and 1 are the bound of profile `{profile}`")
        );
    }
}

#[test]
fn bounds_on_a_function() {
    bounded(
        |count| function(&format!("(local {})", "i32 ".repeat(count))),
        1000,
        "the component has 1001 locals in one function, \
         and 1000 are the bound of profile `strict`; profile `large` takes 10000",
    );
    for block in ["block", "loop", "i32.const 0 if"] {
        bounded(
            |count| {
                function(&format!(
                    "{} {}",
                    format!("{block} ").repeat(count),
                    "end ".repeat(count)
                ))
            },
            256,
            "the component has 257 blocks within each other in one function, \
             and 256 are the bound of profile `strict`; profile `large` takes 1024",
        );
    }
    // A count of no locals and the end stand beside the instructions.
    bounded(
        |count| function(&"nop ".repeat(count - 2)),
        128 << 10,
        "the component has 131073 bytes in one function, \
         and 131072 are the bound of profile `strict`; profile `large` takes 1048576",
    );
}

#[test]
fn locals_that_no_number_holds_are_too_many() {
    let sound = wat::parse_str(function("(local i64)")).unwrap();
    let at = sound
        .windows(3)
        .position(|bytes| bytes == [1, 1, 0x7e])
        .unwrap();
    // One group of one local becomes one of 4,294,967,295.
    let mut bytes = sound[..at].to_vec();
    bytes.extend([1, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    bytes.extend(&sound[at + 2..]);
    let grown = |length: &mut u8| *length += 4;
    // Lengths of the body, the code, and the module, each in one byte.
    grown(&mut bytes[at - 1]);
    grown(&mut bytes[at - 3]);
    grown(&mut bytes[9]);
    let said = said(&bytes, SandboxProfile::Strict);
    assert!(
        said.starts_with("the component has 4294967295 locals in one function"),
        "{said}"
    );
}

#[test]
fn what_the_largest_profile_does_not_take_is_not_promised() {
    let bytes = vec![0; (32 << 20) + 1];
    let error = check_bytes(&bytes, SandboxProfile::Strict).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the component has 33554433 bytes, and 4194304 are the bound of profile `strict`"
    );
}
