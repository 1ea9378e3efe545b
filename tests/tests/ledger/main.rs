//! The ledger against a naive model: random operations, and threads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that says what it expects and stops there"
)]

mod durable;
mod linear;
mod random;
mod threads;
