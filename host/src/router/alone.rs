//! A policy's answer to one request, made into the decision that a router would give to it
//! alone: nothing is charged, recorded or remembered, and no fail-safe stands in.

use std::sync::Arc;

use router_guest::decision::{Decision as PolicyDecision, PositionEffect, Refusal};

use super::ask::{self, Unanswered};
use super::entry::Entry;
use crate::decision::{Decision, PolicyIdentity};
use crate::guard::Question;
use crate::request::Request;

/// The decision on `request`, which is the one of `question`.
pub(crate) fn decided(
    question: &Question<'_>,
    request: &Request<'_>,
    identity: &Arc<PolicyIdentity>,
    answered: Result<PolicyDecision, Refusal>,
    fuel: Option<u64>,
) -> Result<Decision, Unanswered> {
    let answer = ask::completed(question, identity, answered, fuel)?;
    let mut entry = Entry::of(request).map_err(Unanswered::Rejected)?;
    if answer.effect == PositionEffect::Open {
        // Nothing was recorded before, so it can only refuse.
        entry.opened_before().map_err(Unanswered::Rejected)?;
    }
    Ok(entry.decision(answer))
}
