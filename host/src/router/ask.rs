//! Asking the policy, and what becomes of its answer: held to the invariants, completed with
//! the figures that are the host's, or replaced by the fail-safe.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use router_guest::amount::Amount;
use router_guest::decision::{Decision as PolicyDecision, PositionEffect, Refusal, RequestField};
use router_guest::engine::sizing;
use router_guest::json::Fault;
use router_guest::request::OrderTerms;
use router_guest::state::{BudgetUse, State, TradingState};

use super::Router;
use super::batch::Told;
use super::seat::Seat;
use crate::decision::{Answer, Author, Charge, PolicyIdentity};
use crate::digest::Digest;
use crate::failsafe;
use crate::guard::{self, Question, Violation};
use crate::rejection::Rejection;
use crate::request::Request;

/// An answer that a policy did not give, or gave wrongly.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Whose fault it is, and what follows.
    pub kind: IncidentKind,
    /// The policy's digest.
    pub policy: Digest,
    /// The request's id, where it has one.
    pub request: Option<String>,
    /// What happened, in words.
    pub what: String,
}

/// Whose fault an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncidentKind {
    /// The policy trapped, ran out of fuel or answered out of bounds; its instance is gone.
    PolicyFault,
    /// The policy broke an invariant and has lost its place.
    Violation,
    /// The host could not run the policy; the policy is not to blame.
    HostFault,
}

impl Answer {
    /// Whether a policy gave it.
    pub(super) const fn is_a_policys(&self) -> bool {
        matches!(self.author, Author::Policy { .. })
    }
}

/// What the policy was shown.
pub(super) struct Shown<'s> {
    pub(super) trading_state: TradingState,
    pub(super) uses: Option<&'s [BudgetUse]>,
}

impl Router {
    /// Asks the policy in this thread's instance, unless a batch was told what still holds.
    pub(super) fn ask(
        &self,
        request: &Request<'_>,
        uses: Option<&[BudgetUse]>,
        told: Option<&Told<'_>>,
        seat: &mut Seat,
    ) -> Result<Answer, Rejection> {
        let shown = Shown {
            trading_state: self.trading_state(),
            uses,
        };
        if self.is_withdrawn() {
            return Ok(self.fail_safe(request, &shown));
        }
        if let Some(told) = told.filter(|told| told.still_holds(&shown)) {
            return self.weigh(request, &shown, told.answered, None, seat);
        }
        let state = State {
            trading_state: shown.trading_state,
            budgets: uses,
        };
        let answered = match seat.instance(self) {
            Ok(instance) => instance.decide(&request.seen(), &state),
            Err(fault) => {
                self.report(IncidentKind::HostFault, request, fault.to_string());
                return Ok(self.fail_safe(request, &shown));
            }
        };
        match answered {
            Ok((answered, fuel)) => self.weigh(request, &shown, answered, Some(fuel), seat),
            Err(fault) => {
                seat.discard();
                self.report(IncidentKind::PolicyFault, request, fault.to_string());
                Ok(self.fail_safe(request, &shown))
            }
        }
    }

    /// Holds what the policy answered to the invariants, and completes it.
    pub(super) fn weigh(
        &self,
        request: &Request<'_>,
        shown: &Shown<'_>,
        answered: Result<PolicyDecision, Refusal>,
        fuel: Option<u64>,
        seat: &Seat,
    ) -> Result<Answer, Rejection> {
        let policy = &self.generation.policy;
        let question = Question {
            manifest: policy.manifest(),
            symbol: policy.symbol(request.symbol()),
            request: &request.seen(),
            state: &State {
                trading_state: shown.trading_state,
                budgets: shown.uses,
            },
        };
        match completed(&question, &seat.identity, answered, fuel) {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Rejected(rejection)) => Err(rejection),
            Err(Unanswered::NoRoute) => {
                let what = NO_ROUTE.to_owned();
                self.report(IncidentKind::PolicyFault, request, what);
                Ok(self.fail_safe(request, shown))
            }
            Err(Unanswered::Violation(violation)) => Ok(self.withdraw(request, shown, &violation)),
        }
    }

    /// A violation costs the policy its place, and the request is decided without it.
    fn withdraw(&self, request: &Request<'_>, shown: &Shown<'_>, violation: &Violation) -> Answer {
        self.generation.withdrawn.store(true, Ordering::Release);
        self.report(IncidentKind::Violation, request, violation.to_string());
        self.fail_safe(request, shown)
    }

    fn fail_safe(&self, request: &Request<'_>, shown: &Shown<'_>) -> Answer {
        let least = self.least_quantity(request);
        Answer::of_fail_safe(failsafe::decide(
            request.terms(),
            shown.trading_state,
            least,
        ))
    }

    fn least_quantity(&self, request: &Request<'_>) -> Option<Amount> {
        self.generation
            .policy
            .symbol(request.symbol())
            .and_then(|symbol| symbol.min_quantity)
    }

    fn report(&self, kind: IncidentKind, request: &Request<'_>, what: String) {
        (self.observer)(&Incident {
            kind,
            policy: self.generation.identity.digest,
            request: request.id().map(str::to_owned),
            what,
        });
    }
}

/// Why a policy's answer does not become one of the router's.
pub(crate) enum Unanswered {
    /// The request lacks what its route needs.
    Rejected(Rejection),
    /// The policy has no answer.
    NoRoute,
    /// The answer breaks an invariant.
    Violation(Violation),
}

/// What is said of a policy that has no answer.
pub(crate) const NO_ROUTE: &str = "it has no route for the request";

/// A policy's answer, held to the invariants and completed with the host's own figures.
#[inline]
pub(crate) fn completed(
    question: &Question<'_>,
    identity: &Arc<PolicyIdentity>,
    answered: Result<PolicyDecision, Refusal>,
    fuel: Option<u64>,
) -> Result<Answer, Unanswered> {
    let decision = match answered {
        Ok(decision) => decision,
        Err(Refusal::NoRoute) => return Err(Unanswered::NoRoute),
        Err(refusal) => {
            guard::check_refusal(question, refusal).map_err(Unanswered::Violation)?;
            return Err(Unanswered::Rejected(Fault::of_refusal(refusal).into()));
        }
    };
    let sound = guard::check(question, &decision).map_err(Unanswered::Violation)?;
    let quantity = match decision.effect {
        PositionEffect::Open => {
            let step = question.symbol.and_then(|symbol| symbol.step);
            let quantity = opening_quantity(&question.request.terms, &decision, step);
            Some(quantity.map_err(Unanswered::Rejected)?)
        }
        _ => decision.quantity,
    };
    Ok(Answer {
        side: decision.side,
        intent: decision.intent,
        effect: decision.effect,
        position_side: sound.position_side,
        tier: decision.tier,
        quantity,
        notional: decision.notional,
        fuel,
        author: Author::Policy {
            identity: Arc::clone(identity),
            reason: decision.reason,
            rule: decision.rule,
        },
        charge: sound.budget.map(|report| {
            Box::new(Charge {
                report,
                reservation: None,
            })
        }),
    })
}

/// The opening's quantity, which is the host's to compute.
pub(crate) fn opening_quantity(
    terms: &OrderTerms,
    decision: &PolicyDecision,
    step: Option<Amount>,
) -> Result<Amount, Rejection> {
    let price = terms.price.ok_or_else(|| {
        Rejection::field_missing(
            "price",
            "an opening's quantity is its notional divided by it",
        )
    })?;
    let quantity = decision
        .notional
        .and_then(|notional| sizing::opening_quantity(notional, price, step))
        .ok_or_else(|| Fault::of_refusal(Refusal::FieldOverflow(RequestField::Price)))?;
    if quantity.is_zero() {
        return Err(Rejection::new(
            "below_step",
            format!("the order's quantity at `price` `{price}` rounds down to nothing"),
        ));
    }
    Ok(quantity)
}
