//! The router's own files, compiled with locks, flags and a slot that try every order in which
//! threads can take their steps; `tests/` says what must hold in all of them.
//!
//! What a router is told by others is simple here: a policy is a number that answers its own name,
//! and a gate lets in whoever is not quarantined. Everything from `Router::decide`, `swap` and
//! `rollback` down to the slot is the host's.

#![allow(
    missing_docs,
    dead_code,
    reason = "the host's files are documented there, and not all of them is used here"
)]

#[allow(
    clippy::cmp_owned,
    reason = "a profile is a word here, and more than one in the host"
)]
#[allow(
    unused_imports,
    reason = "what they hand on is for files that are not here"
)]
#[path = "../../../host/src"]
mod host {
    pub mod decision;
    pub mod digest;
    pub mod events;
    pub mod failsafe;
    pub mod guard;
    /// What is journaled, which a store in memory lets go of.
    pub mod journal {
        pub mod mask;
        pub mod record;
    }
    pub mod ledger;
    pub mod regular;
    pub mod rejection;
    pub mod request;
    pub mod router;
    pub mod scenario;
}

pub mod cache;
pub mod gate;
pub mod policy;
pub mod store;
mod sync;

pub use host::{
    decision, digest, events, failsafe, guard, journal, ledger, regular, rejection, request,
    router, scenario,
};
