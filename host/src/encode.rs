//! What a language's toolchain leaves becomes a policy component: a core module is wrapped in the
//! interface that it was compiled against, and exports that a toolchain keeps for itself are hidden.
//!
//! Nothing of the code is changed, and nothing runs. Whether the policy is a sound one is for
//! [`crate::verify`] to say.

use wasm_encoder::{ComponentBuilder, ComponentExportKind};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::policy::{self, ROUTING, ShapeError};
use crate::sandbox::SandboxProfile;

/// Custom sections in which bindings say what a core module implements.
const INTERFACE_SECTION: &str = "component-type";
/// What a core module imports that was compiled for a system.
const SYSTEM_MODULES: &str = "wasi";

/// Why there is no policy component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The core module does not say what it implements.
    #[error(
        "the core module says nothing of the interface that it implements: \
         generate its bindings with `wit-bindgen`, from the `wit` folder and world `policy`"
    )]
    NoInterface,
    /// The core module imports a system.
    #[error(
        "the core module imports `{import}`, and a policy has no system: \
         compile it for `wasm32-unknown-unknown`"
    )]
    System {
        /// The module of its first such import.
        import: String,
    },
    /// It cannot be made into a component.
    #[error("the core module does not become a component: {message}")]
    Encode {
        /// What stands against it.
        message: String,
    },
    /// What came of it is no policy.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// The policy component of a core module, or of a component that exports more than a policy does.
/// A policy component comes out as it is.
///
/// # Errors
/// [`EncodeError`]: what is wrong with it, for whoever compiled it.
pub fn encode(bytes: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let component = match encoding(bytes) {
        Some(Encoding::Module) => encode_module(bytes)?,
        _ => bytes.to_vec(),
    };
    // Every profile has the same shape; what it may hold is said where one is chosen.
    match policy::inspect(&component, SandboxProfile::Large) {
        Err(ShapeError::Export { .. }) => {
            let alone = routing_alone(&component);
            policy::inspect(&alone, SandboxProfile::Large)?;
            Ok(alone)
        }
        inspected => Ok(inspected.map(|()| component)?),
    }
}

fn encoding(bytes: &[u8]) -> Option<Encoding> {
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version { encoding, .. })) => Some(encoding),
        _ => None,
    }
}

fn encode_module(module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let outline = outline(module)?;
    if let Some(import) = outline.system {
        return Err(EncodeError::System { import });
    }
    if !outline.has_interface {
        return Err(EncodeError::NoInterface);
    }
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| EncodeError::Encode {
            message: policy::one_line(&format!("{error:#}")),
        })
}

/// What is looked at in a core module before it is encoded.
#[derive(Default)]
struct Outline {
    has_interface: bool,
    system: Option<String>,
}

fn outline(module: &[u8]) -> Result<Outline, EncodeError> {
    let damaged = |error: wasmparser::BinaryReaderError| EncodeError::Encode {
        message: policy::one_line(&error.to_string()),
    };
    let mut outline = Outline::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(damaged)? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let module = import.map_err(damaged)?.module;
                    if module.starts_with(SYSTEM_MODULES) && outline.system.is_none() {
                        outline.system = Some(module.to_owned());
                    }
                }
            }
            Payload::CustomSection(section) => {
                outline.has_interface |= section.name().starts_with(INTERFACE_SECTION);
            }
            _ => {}
        }
    }
    Ok(outline)
}

/// A component around the component, which exports its routing and nothing else. What a toolchain
/// left besides, such as what it was initialized by, is out of reach then.
fn routing_alone(component: &[u8]) -> Vec<u8> {
    let mut around = ComponentBuilder::default();
    let inner = around.component_raw(None, component);
    let instance = around.instantiate(None, inner, [] as [(&str, ComponentExportKind, u32); 0]);
    let routing = around.alias_export(instance, ROUTING, ComponentExportKind::Instance);
    around.export(ROUTING, ComponentExportKind::Instance, routing, None);
    around.finish()
}
