//! The compiled decision table: one request and state in, one decision out.

use crate::decision::{Decision, Refusal};
use crate::manifest::Manifest;
use crate::request::Request;
use crate::state::State;
use crate::table::{Table, TableError};

/// A table, compiled for deciding.
#[derive(Debug)]
pub struct Engine {
    manifest: Manifest,
}

impl Engine {
    /// Compiles a table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] when the table does not validate.
    pub fn new(table: &Table) -> Result<Self, TableError> {
        Ok(Self { manifest: table.manifest() })
    }

    /// What the policy is.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Decides one request.
    ///
    /// # Errors
    /// [`Refusal`] when the route needs what the request or the state does not give.
    pub fn decide(&self, _request: &Request<'_>, _state: &State<'_>) -> Result<Decision, Refusal> {
        Err(Refusal::NoRoute)
    }
}
