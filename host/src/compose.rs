//! A policy document becomes a component: its canonical table is loaded into the rule engine
//! that this program carries, and what that made of it is snapshotted.
//!
//! The result is a function of the document, its cases and this program's version alone: the
//! same bytes on every machine. Nothing here decides whether a policy is a good one.

mod sections;
mod snapshot;

use router_guest::document::{Document, Findings};
use router_guest::table::{Table, TableError};

pub use sections::{Sections, SectionsError, sections};

use crate::cache::Cache;
use crate::sandbox::{HostFault, SandboxProfile};

/// The rule engine, a component without a table.
pub(crate) const ENGINE_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/engine.wasm"));

/// Why a document does not become a component.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The document has mistakes.
    #[error("the policy document has mistakes:\n{0}")]
    Document(Findings),
    /// The document says what no table can hold.
    #[error("the policy cannot be decided by: {0}")]
    Table(#[from] TableError),
    /// The rule engine did not take the table.
    #[error("the rule engine did not take the policy: {message}")]
    Load {
        /// What it said.
        message: String,
    },
    /// The component is larger than any that is taken.
    #[error(
        "the policy makes a component of {bytes} bytes, and {bytes_max} are the bound: \
         fewer rules, or fewer names in them, would fit"
    )]
    TooLarge {
        /// Its bytes.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// The component came out damaged.
    #[error("the component did not come out right: {message}")]
    Snapshot {
        /// What is wrong with it.
        message: String,
    },
    /// The machine is at fault.
    #[error(transparent)]
    Host(#[from] HostFault),
}

/// The component of a policy document, with the document and its cases in it.
///
/// # Errors
/// [`ComposeError::Document`] for everything that is wrong with the document; the other
/// kinds are faults of this program or the machine.
pub fn compose(document_text: &str, cases_text: Option<&str>) -> Result<Vec<u8>, ComposeError> {
    compose_kept(document_text, cases_text, &Cache::disabled())
}

/// The same, with what it needs compiled kept in a cache.
pub(crate) fn compose_kept(
    document_text: &str,
    cases_text: Option<&str>,
    cache: &Cache,
) -> Result<Vec<u8>, ComposeError> {
    let document = Document::parse(document_text).map_err(ComposeError::Document)?;
    compose_table(
        document.table(),
        &Sections {
            name: document.name().into(),
            version: document.version().into(),
            document: document_text.into(),
            cases: cases_text.map(Into::into),
        },
        cache,
    )
}

/// The component of a table, with what is known of where it came from.
fn compose_table(table: &Table, about: &Sections, cache: &Cache) -> Result<Vec<u8>, ComposeError> {
    let table_bytes = table.encode()?;
    let rules = table.rules.len();
    let mut component = snapshot::loaded(ENGINE_COMPONENT, &table_bytes, rules, cache)?;
    about.append_to(&mut component);
    let limits = &SandboxProfile::Strict.limits().decode;
    let (bytes, bytes_max) = (component.len(), limits.component_bytes_max);
    if bytes > bytes_max {
        return Err(ComposeError::TooLarge { bytes, bytes_max });
    }
    wasmparser::Validator::new()
        .validate_all(&component)
        .map_err(|error| ComposeError::Snapshot {
            message: error.to_string(),
        })?;
    Ok(component)
}
