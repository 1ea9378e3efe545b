//! The host of execution-router.

mod bindings;
pub mod cache;
pub mod command;
pub mod compose;
pub mod decision;
pub mod digest;
pub mod failsafe;
pub mod guard;
pub mod ledger;
pub mod log;
pub mod policy;
pub mod rejection;
pub mod request;
pub mod router;
pub mod sandbox;
pub mod stream;
