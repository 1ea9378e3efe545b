//! The rule engine of execution-router.

pub mod amount;
pub mod decision;
#[cfg(feature = "document")]
pub mod document;
pub mod engine;
pub mod json;
pub mod manifest;
pub mod request;
pub mod state;
pub mod table;
