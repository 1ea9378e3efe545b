//! Policies that are swapped while they decide: which one made a decision, what keeps a
//! candidate out, what costs a policy its place, and what survives every policy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod control;
mod events;
mod gate;
mod kept;
mod opinions;
mod shadow;
mod state;
mod support;
mod swaps;
