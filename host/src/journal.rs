//! The journal: every decision and whatever moved a budget or changed what is live, in the
//! order in which it happened, each entry chained to the one before.
//!
//! Owns the entries' binary form, the chain, masking, and everything that only reads a store.
//! Nothing here writes to a store, decides a request or keeps a budget.

pub mod budgets;
pub mod chain;
pub mod checkpoint;
pub mod columns;
pub mod export;
pub mod filter;
mod identities;
pub mod list;
pub mod mask;
pub mod period;
pub mod reader;
pub mod record;
pub mod replay;
pub mod verify;
pub mod why;

#[cfg(test)]
pub(crate) mod testing;

pub use period::Period;
pub use reader::{Journal, JournalError};
