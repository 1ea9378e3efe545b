//! The host of execution-router.

mod bindings;
pub mod sandbox;
pub mod policy;
pub mod digest;
pub mod compose;
pub mod cache;
pub mod failsafe;
pub mod guard;
pub mod ledger;
