//! The suite of hosts, held to itself: its cases agree in every way that they can be answered
//! here, the canonical form is what its page says, and a runner's faults are found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod agreement;
mod form;
mod laid_out;
mod planted;
