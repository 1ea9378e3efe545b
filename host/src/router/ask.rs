//! Asking the policy, and what becomes of its answer: held to the invariants, and completed
//! with the figures that are the host's. Who decides instead where it has none is not said here.

use std::sync::Arc;

use router_guest::amount::Amount;
use router_guest::decision::{Decision as PolicyDecision, PositionEffect, Refusal, RequestField};
use router_guest::engine::sizing;
use router_guest::json::Fault;
use router_guest::request::OrderTerms;
use router_guest::state::{BudgetUse, State, TradingState};

use super::Router;
use super::batch::Told;
use super::generation::Generation;
use super::seat::Tools;
use super::shadow::Shadow;
use crate::decision::{Answer, Author, Charge, PolicyIdentity};
use crate::events::{Event, Incident};
use crate::guard::{self, Question, Violation};
use crate::ledger::StoreError;
use crate::rejection::Rejection;
use crate::request::Request;

/// Why a generation did not decide.
pub(super) enum Setback {
    /// The request is at fault, or the store: nobody else would decide it either.
    Rejected(Rejection),
    /// The policy is, or the host that runs it.
    Failed(Failure),
}

/// What kept a policy from answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It lost its place before.
    Withdrawn,
    /// It trapped, ran out of fuel, answered out of bounds or has no route.
    Fault(String),
    /// Its answer breaks an invariant.
    Violation(String),
    /// The host could not run it.
    Host(String),
}

impl From<Rejection> for Setback {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<StoreError> for Setback {
    fn from(error: StoreError) -> Self {
        Self::Rejected(error.into())
    }
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

/// What a policy said, and what it cost where that is known.
type Answered = (Result<PolicyDecision, Refusal>, Option<u64>);

/// Who else has to do with a request.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// What a batch was told of it already.
    pub(super) told: Option<&'a Told<'a>>,
    /// Who decides it in the shadow.
    pub(super) shadow: Option<&'a Shadow>,
}

impl Router {
    /// Asks the policy in this thread's instance, unless a batch was told what still holds.
    pub(super) fn ask(
        &self,
        request: &Request<'_>,
        generation: &Generation,
        uses: Option<&[BudgetUse]>,
        beside: Beside<'_>,
        tools: &mut Tools,
    ) -> Result<Answer, Setback> {
        let shown = Shown {
            trading_state: self.trading_state_for(request),
            uses,
        };
        tools.trading_state = shown.trading_state;
        if generation.is_withdrawn() {
            return Err(Setback::Failed(Failure::Withdrawn));
        }
        let told = beside
            .told
            .filter(|told| told.still_holds(generation, &shown));
        let answered = match told {
            Some(told) => Ok((told.answered, None)),
            None => self.call(request, generation, &shown, tools),
        };
        let answer = answered.and_then(|(answered, fuel)| {
            self.weigh(request, generation, &shown, answered, fuel, tools)
        });
        if let Some(shadow) = beside.shadow {
            match &answer {
                Ok(answer) => shadow.offer(request, &shown, &tools.identity, Ok(answer)),
                Err(Setback::Rejected(rejection)) => {
                    shadow.offer(request, &shown, &tools.identity, Err(rejection));
                }
                Err(Setback::Failed(_)) => {}
            }
        }
        answer
    }

    /// Calls the policy in this thread's instance.
    fn call(
        &self,
        request: &Request<'_>,
        generation: &Generation,
        shown: &Shown<'_>,
        tools: &mut Tools,
    ) -> Result<Answered, Setback> {
        let state = State {
            trading_state: shown.trading_state,
            budgets: shown.uses,
        };
        let answered = match tools.instance(generation) {
            Ok(instance) => instance.decide(&request.seen(), &state),
            Err(fault) => return Err(Setback::Failed(Failure::Host(fault.to_string()))),
        };
        match answered {
            Ok((answered, fuel)) => Ok((answered, Some(fuel))),
            Err(fault) => {
                tools.discard();
                Err(Setback::Failed(Failure::Fault(fault.to_string())))
            }
        }
    }

    /// Holds what the policy answered to the invariants, and completes it.
    fn weigh(
        &self,
        request: &Request<'_>,
        generation: &Generation,
        shown: &Shown<'_>,
        answered: Result<PolicyDecision, Refusal>,
        fuel: Option<u64>,
        tools: &mut Tools,
    ) -> Result<Answer, Setback> {
        let policy = &generation.policy;
        let question = Question {
            manifest: policy.manifest(),
            symbol: policy.symbol(request.symbol()),
            request: &request.seen(),
            state: &State {
                trading_state: shown.trading_state,
                budgets: shown.uses,
            },
        };
        match completed(&question, &tools.identity, answered, fuel) {
            Ok(answer) => {
                let standing = &generation.standing;
                standing.count(&self.probation, &mut tools.uncounted);
                Ok(answer)
            }
            Err(Unanswered::Rejected(rejection)) => Err(Setback::Rejected(rejection)),
            Err(Unanswered::NoRoute) => Err(Setback::Failed(Failure::Fault(NO_ROUTE.to_owned()))),
            Err(Unanswered::Violation(violation)) => {
                Err(Setback::Failed(Failure::Violation(violation.to_string())))
            }
        }
    }

    /// Tells what a policy is at fault for, and takes its place where that costs it. Budgets are
    /// not locked: whoever is told may ask the router for anything.
    #[cold]
    pub(super) fn blame(
        &self,
        request: &Request<'_>,
        generation: &Generation,
        failure: &Failure,
        tools: &mut Tools,
    ) {
        match failure {
            Failure::Withdrawn => {}
            Failure::Host(what) => {
                self.tell(&Event::HostFault(incident(generation, request, what)));
            }
            Failure::Fault(what) => {
                let standing = &generation.standing;
                let lost = standing.fault(&self.probation, &mut tools.uncounted);
                self.tell(&Event::PolicyFault(incident(generation, request, what)));
                if let Some(when) = lost {
                    self.dismiss(generation, &format!("it failed {when}: {what}"), false);
                }
            }
            Failure::Violation(what) => {
                self.tell(&Event::Violation(incident(generation, request, what)));
                self.dismiss(generation, &format!("it broke an invariant: {what}"), true);
            }
        }
    }
}

fn incident(generation: &Generation, request: &Request<'_>, what: &str) -> Incident {
    Incident {
        policy: Arc::clone(&generation.identity),
        request: request.id().map(str::to_owned),
        what: what.to_owned(),
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
        return Err(Fault::of_step(price).into());
    }
    Ok(quantity)
}
