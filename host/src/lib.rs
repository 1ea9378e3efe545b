#![doc = include_str!("../../README.md")]

pub mod authored;
mod bindings;
pub mod cache;
pub mod cases;
pub mod check;
pub mod command;
pub mod compiler;
pub mod compose;
pub mod decider;
pub mod decision;
pub mod diff;
pub mod digest;
pub mod encode;
pub mod events;
pub mod explain;
pub mod failsafe;
pub mod gate;
pub mod guard;
mod heap;
pub mod import;
pub mod journal;
pub mod ledger;
pub mod log;
pub mod new;
pub mod policy;
pub mod regions;
mod regular;
pub mod rejection;
pub mod request;
pub mod router;
pub mod sandbox;
pub mod scenario;
pub mod store;
pub mod stream;
mod sync;
pub mod truth_table;
pub mod verify;
pub mod watch;

pub use cache::Cache;
pub use compiler::Compiler;
pub use decider::Decider;
pub use decision::Decision;
pub use digest::Digest;
pub use gate::Candidate;
pub use policy::{Loader, Policy};
pub use rejection::Rejection;
pub use request::Request;
pub use router::Router;
pub use router_guest::amount::Amount;
pub use router_guest::decision::{OrderIntent, PositionEffect, Side};
pub use router_guest::request::{FinalAction, Position, PositionSide, TradeType, WorkingOrders};
pub use router_guest::state::TradingState;
pub use sandbox::SandboxProfile;
pub use scenario::Scenario;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct HostReadme;

#[cfg(doctest)]
#[doc = include_str!("../../policies/README.md")]
pub struct PoliciesReadme;
