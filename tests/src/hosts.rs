//! Hosts, held to each other: the same components asked the same, and every answer compared to
//! the byte.
//!
//! `unroll`, `generated` and `trapping` make cases, `layout` writes them down for runners in any
//! language, `run` speaks to a runner, `compare` says where its answers differ, `report` what
//! came of it. None of them decides anything.

pub mod answer;
pub mod canonical;
pub mod compare;
pub mod embedded;
pub mod generated;
pub mod layout;
pub mod list;
pub mod report;
pub mod runner;
pub mod session;
pub mod trapping;
pub mod unroll;

use serde::Serialize;

/// What a runner is asked, and what it must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The request's text, as it stood on its line.
    pub request: String,
    /// The state's text: what the router showed to the policy.
    pub state: String,
    /// The answer, in the canonical form.
    pub expected: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a case comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Origin {
    /// The row of the report that it counts in.
    pub group: String,
    /// The file, from the repository's top; of what was generated, how.
    pub file: String,
    /// The line of that file; of what was generated, its number.
    pub line: u64,
}

/// A policy and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The name of its folder.
    pub name: String,
    /// The component.
    pub component: Vec<u8>,
    /// In the order in which they are asked.
    pub cases: Vec<Case>,
}
