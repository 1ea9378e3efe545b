//! The rule engine of execution-router.

// Without the standard library, whose panics write messages that nobody in the sandbox reads.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod amount;
#[cfg(target_arch = "wasm32")]
mod arena;
mod bytes;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod decision;
#[cfg(feature = "document")]
pub mod document;
pub mod engine;
pub mod json;
pub mod layout;
mod lookup;
pub mod manifest;
pub mod request;
pub mod state;
pub mod table;
