//! What a composed component says of where it came from, in custom sections behind the code:
//! name, version, document and cases. No host decides by them; they are there to be read.

use std::borrow::Cow;

use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{Encoding, Parser, Payload};

const NAME: &str = "execution-router:name";
const VERSION: &str = "execution-router:version";
const DOCUMENT: &str = "execution-router:document";
const CASES: &str = "execution-router:cases";

/// Where a component came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sections {
    /// The policy's name.
    pub name: String,
    /// The policy's version.
    pub version: String,
    /// The policy document, as it was written.
    pub document: String,
    /// The policy's own cases, as they were written.
    pub cases: Option<String>,
}

/// Why a component does not say where it came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SectionsError {
    /// It was not composed from a document.
    #[error("the component has no section `{name}`: it was not built from a policy document")]
    Missing {
        /// The section.
        name: &'static str,
    },
    /// A section stands twice, or is not text.
    #[error("the component's section `{name}` is damaged")]
    Damaged {
        /// The section.
        name: &'static str,
    },
    /// It is no component, or a damaged one.
    #[error("this is no component, or a damaged one: {message}")]
    NoComponent {
        /// What the parser says.
        message: String,
    },
}

impl Sections {
    pub(super) fn append_to(&self, component: &mut Vec<u8>) {
        let texts = [
            (NAME, Some(&self.name)),
            (VERSION, Some(&self.version)),
            (DOCUMENT, Some(&self.document)),
            (CASES, self.cases.as_ref()),
        ];
        for (name, text) in texts {
            let Some(text) = text else { continue };
            let data = Cow::Borrowed(text.as_bytes());
            CustomSection {
                name: name.into(),
                data,
            }
            .append_to_component(component);
        }
    }
}

/// Reads back where a component came from.
///
/// # Errors
/// [`SectionsError`], for a component that was not composed from a document.
pub fn sections(component: &[u8]) -> Result<Sections, SectionsError> {
    let mut found = [
        (NAME, None),
        (VERSION, None),
        (DOCUMENT, None),
        (CASES, None),
    ];
    let no_component = |message: String| SectionsError::NoComponent { message };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| no_component(error.to_string().replace('\n', " ")))? {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => {
                return Err(no_component("it is a core module".into()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 => {
                let Some((name, text)) = found.iter_mut().find(|(name, _)| *name == section.name())
                else {
                    continue;
                };
                let read = String::from_utf8(section.data().into());
                match (read, &text) {
                    (Ok(read), None) => *text = Some(read),
                    _ => return Err(SectionsError::Damaged { name }),
                }
            }
            _ => {}
        }
    }
    let [name, version, document, (_, cases)] = found;
    let needed =
        |(name, text): (&'static str, Option<String>)| text.ok_or(SectionsError::Missing { name });
    Ok(Sections {
        name: needed(name)?,
        version: needed(version)?,
        document: needed(document)?,
        cases,
    })
}
