//! What a peer must do to be compared: load the table, take a case in its own form, decide.

use anyhow::Result;

use crate::case::{Answer, Case};

/// An implementation of the routing table.
pub trait Peer: Sized {
    const NAME: &'static str;
    /// A case in the peer's own form.
    type Input;
    /// What it answers, in its own form.
    type Output;

    /// The table, with rules in front that each skip one symbol more.
    fn load(rules: usize) -> Result<Self>;

    /// `None` of a case that its numbers do not hold.
    fn input(&self, case: &Case) -> Option<Self::Input>;

    fn decide(&mut self, input: &Self::Input) -> Result<Self::Output>;

    /// What it answered, to be compared.
    fn answer(&self, case: &Case, output: &Self::Output) -> Result<Answer>;
}
