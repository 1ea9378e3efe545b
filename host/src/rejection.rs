//! A request that is not decided: the code and the message that its sender gets.

use router_guest::json::{Fault, FaultCode};

use crate::ledger::{EventError, ReserveError, StoreError};

/// Why there is no decision. Its text is the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// A word that programs can act on.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Rejection {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The id belongs to another request.
    pub(crate) fn duplicate_id(id: &str) -> Self {
        let id = id.escape_debug();
        Self::new(
            "duplicate_id",
            format!(
                "`id` is `{id}`, which another request had; every order needs an id of its own"
            ),
        )
    }

    /// The id closed a position that is gone, and would now open one.
    pub(crate) fn repeated_close(id: &str) -> Self {
        let id = id.escape_debug();
        Self::new(
            "duplicate_id",
            format!(
                "`id` is `{id}`, which closed a position; to open one it needs an id of its own"
            ),
        )
    }

    /// A field that the route turned out to need.
    pub(crate) fn field_missing(field: &str, what_for: &str) -> Self {
        Self::new(
            FaultCode::FieldMissing.word(),
            format!("`{field}` is missing; {what_for}"),
        )
    }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::new(fault.code.word(), fault.message)
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<ReserveError> for Rejection {
    fn from(error: ReserveError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<EventError> for Rejection {
    fn from(error: EventError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
