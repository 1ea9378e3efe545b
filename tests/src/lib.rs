//! The conformance suite: what any policy component and any host can be held to.
//!
//! Cases are data (`cases/`), and what is needed to run them is here. Nothing in this crate
//! knows how a policy is written.

pub mod generate;
pub mod routing;
