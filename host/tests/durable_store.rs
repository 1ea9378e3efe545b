//! A router on a durable store: what is answered is there after a restart, and a disk that fails
//! loses nothing that was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where its ground is missing"
)]

#[path = "store/bench.rs"]
mod bench;
#[path = "store/cells.rs"]
mod cells;
#[path = "store/failing.rs"]
mod failing;
#[path = "store/hanging.rs"]
mod hanging;
#[path = "store/keeping.rs"]
mod keeping;
