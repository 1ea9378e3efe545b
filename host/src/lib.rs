//! The host of execution-router.

pub mod ledger;
