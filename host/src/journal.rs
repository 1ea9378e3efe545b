//! The journal: every decision and whatever moved a budget or changed what is live, in the
//! order in which it happened, each entry chained to the one before.
//!
//! Owns the entries' binary form, the chain, masking, and everything that only reads a store.
//! Nothing here writes to a store, decides a request or keeps a budget.

pub mod mask;
pub mod record;
