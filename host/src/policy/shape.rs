//! What a file must look like to be a policy component: told from its outline, before
//! anything is compiled, so that each mistake has an error of its own.

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

use super::decode::{self, BoundError, DecodeError};
use crate::compose::ENGINE_COMPONENT;
use crate::sandbox::SandboxProfile;

/// The interface that every policy exports.
pub(crate) const ROUTING: &str = "execution-router:policy/routing@0.1.0";
/// What components of the rule engine export besides, both or neither.
const ENGINE_EXPORTS: [&str; 2] = [
    "execution-router:policy/loading@0.1.0",
    "execution-router:policy/routing-json@0.1.0",
];
const PACKAGE: &str = "execution-router:policy/";
/// The package of what a component imports whose toolchain took it for a program with a system.
const SYSTEM: &str = "wasi:";
/// The switches of the toolchains that policies are known to be made with.
const WITHOUT_SYSTEM: &str = "; tell the toolchain that there is no system: Rust with \
    `--target wasm32-unknown-unknown`, componentize-js with `--disable stdio random clocks http \
    fetch-event`, componentize-py and componentize-qjs with `--stub-wasi`";

/// Why a file is no policy component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There is nothing in it.
    #[error("the file is empty, and a policy component was expected")]
    Empty,
    /// It holds more of something than its profile takes.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// It was compiled already, and compiled forms are only trusted from the own cache.
    #[error(
        "this is a precompiled artifact, which is never taken from outside: give the `.wasm` that it was made from"
    )]
    Precompiled,
    /// It is no WebAssembly.
    #[error("this is not WebAssembly: it does not begin with `\\0asm`")]
    NotWebAssembly,
    /// It has functions of the component model that no policy needs.
    #[error(
        "the component has `{name}`, and a policy has `canon lift` alone: \
         it calls no other component, and has no resources, threads or tasks"
    )]
    Canonical {
        /// The first of them.
        name: &'static str,
    },
    /// It is WebAssembly, but no component.
    #[error(
        "this is a core module, and a policy is a component: `execution-router build` makes one of it"
    )]
    CoreModule,
    /// It breaks off or is damaged.
    #[error("the component is cut off or damaged at byte {offset}: {message}")]
    Damaged {
        /// Where.
        offset: u64,
        /// What the parser says.
        message: String,
    },
    /// It imports something.
    #[error(
        "the component imports `{import}`, and a policy imports nothing{}",
        without_system(import)
    )]
    Import {
        /// The first import.
        import: String,
    },
    /// It exports the interface in another version.
    #[error("the component exports `{found}`, and this host reads `{ROUTING}`")]
    Version {
        /// What it exports.
        found: String,
    },
    /// It does not export the interface at all.
    #[error("the component is of another world: it does not export `{ROUTING}`")]
    World,
    /// It exports something else as well.
    #[error(
        "the component exports `{export}` besides, and a policy exports `{ROUTING}` alone: \
         what a toolchain leaves there, `execution-router build` hides"
    )]
    Export {
        /// The first export too many.
        export: String,
    },
    /// It exports one of the rule engine's interfaces without the other.
    #[error(
        "the component exports `{found}` without `{missing}`: a rule engine has both, any other policy neither"
    )]
    HalfAnEngine {
        /// What it exports.
        found: &'static str,
        /// What it does not.
        missing: &'static str,
    },
}

/// Names at the top level of a component.
#[derive(Default)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<(String, ComponentExternalKind)>,
}

/// Checks the outline of a component, and its size.
pub(super) fn check(bytes: &[u8], profile: SandboxProfile) -> Result<(), ShapeError> {
    check_beginning(bytes)?;
    decode::check_bytes(bytes, profile)?;
    let outline = outline(bytes)?;
    if let Some(import) = outline.imports.into_iter().next() {
        return Err(ShapeError::Import { import });
    }
    check_exports(&outline.exports)
}

/// Checks what a component holds, before it is compiled.
pub(super) fn check_contents(bytes: &[u8], profile: SandboxProfile) -> Result<(), ShapeError> {
    decode::check(bytes, profile).map_err(|error| match error {
        DecodeError::Bound(error) => error.into(),
        DecodeError::Canonical(name) => ShapeError::Canonical { name },
        DecodeError::Damaged(error) => damaged(error),
    })
}

/// Whether the component's code is, byte for byte, that of the rule engine which this program
/// carries. It says how the policy may be called, and nothing else rests on it.
pub(super) fn is_own_engine(bytes: &[u8]) -> bool {
    let code = code(bytes);
    code.is_some() && code == self::code(ENGINE_COMPONENT)
}

/// The code of a component with one module.
pub(super) fn code(bytes: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::CodeSectionStart {
                unchecked_range: at,
                ..
            } if found.is_none() => {
                found = bytes.get(usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?);
            }
            Payload::CodeSectionStart { .. } => return None,
            _ => {}
        }
    }
    found
}

/// How not to import it, where that is known.
fn without_system(import: &str) -> &'static str {
    if import.starts_with(SYSTEM) {
        WITHOUT_SYSTEM
    } else {
        ""
    }
}

fn check_beginning(bytes: &[u8]) -> Result<(), ShapeError> {
    const MAGIC: &[u8] = b"\0asm";
    if bytes.is_empty() {
        return Err(ShapeError::Empty);
    }
    if bytes.starts_with(b"\x7fELF") {
        return Err(ShapeError::Precompiled);
    }
    if !bytes.starts_with(MAGIC) && !MAGIC.starts_with(bytes) {
        return Err(ShapeError::NotWebAssembly);
    }
    Ok(())
}

fn outline(bytes: &[u8]) -> Result<Outline, ShapeError> {
    let mut outline = Outline::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err(ShapeError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    outline
                        .imports
                        .push(import.map_err(damaged)?.name.name.into());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(damaged)?;
                    outline.exports.push((export.name.name.into(), export.kind));
                }
            }
            _ => {}
        }
    }
    Ok(outline)
}

/// What the parser says in several lines, in one: a refusal is one line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn damaged(error: wasmparser::BinaryReaderError) -> ShapeError {
    ShapeError::Damaged {
        offset: error.offset(),
        message: one_line(error.message()),
    }
}

fn check_exports(exports: &[(String, ComponentExternalKind)]) -> Result<(), ShapeError> {
    let has = |name: &str| {
        let instance = ComponentExternalKind::Instance;
        exports
            .iter()
            .any(|(export, kind)| export == name && *kind == instance)
    };
    if !has(ROUTING) {
        let routing = format!("{PACKAGE}routing@");
        let other = exports
            .iter()
            .find(|(export, _)| export.starts_with(&routing));
        return Err(match other {
            Some((found, _)) if found != ROUTING => ShapeError::Version {
                found: found.clone(),
            },
            _ => ShapeError::World,
        });
    }
    let known = |name: &str| name == ROUTING || ENGINE_EXPORTS.contains(&name);
    if let Some((export, _)) = exports.iter().find(|(export, _)| !known(export)) {
        return Err(ShapeError::Export {
            export: export.clone(),
        });
    }
    let [loading, json] = ENGINE_EXPORTS;
    match (has(loading), has(json)) {
        (true, false) => Err(ShapeError::HalfAnEngine {
            found: loading,
            missing: json,
        }),
        (false, true) => Err(ShapeError::HalfAnEngine {
            found: json,
            missing: loading,
        }),
        _ => Ok(()),
    }
}
