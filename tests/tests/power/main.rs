//! Power that goes, disks that fail, and what is there afterwards: SQLite itself on the disk in
//! memory, so that the disk is known to be one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that says what it expects and stops there"
)]

mod failing;
mod plain;
mod store;
