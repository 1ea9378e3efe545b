//! What becomes of a policy's answer: it stands, the request is refused, or the fail-safe
//! decides. The same as the router does with it, but for budgets and ids in memory.

use router_guest::amount::Amount;
use router_guest::decision::{Decision, OrderIntent, PositionEffect, Refusal, Side};
use router_guest::json::Fault;
use router_guest::request::PositionSide;

use crate::failsafe::{self, FailSafe};
use crate::guard::{self, BudgetReport, Question};
use crate::rejection::Rejection;
use crate::router::opening_quantity;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The policy's decision stands.
    Decided(Decided),
    /// The request is refused: it lacks what the route needs.
    Refused(Rejection),
    /// The policy has no answer, or one that breaks an invariant; it is decided without it.
    Failed {
        /// What the policy did.
        what: String,
        /// The decision that is made instead.
        instead: FailSafe,
    },
}

/// A decision that the guard found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// As the policy gave it, in indexes into its manifest.
    pub decision: Decision,
    /// The leg that is opened or closed.
    pub position_side: Option<PositionSide>,
    /// Base quantity of the order.
    pub quantity: Option<Amount>,
    /// The budget that was consulted.
    pub budget: Option<BudgetReport>,
}

/// What a counterfactual changes: sizes and budgets may differ between equal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A decision that stands.
    Decided {
        /// The side of the order.
        side: Side,
        /// What the order is for; of a skip it makes no difference.
        intent: Option<OrderIntent>,
        /// Index into the manifest's reasons.
        reason: u32,
    },
    /// The request is refused.
    Refused,
    /// The policy fails, and the fail-safe decides.
    Failed,
}

impl Verdict {
    /// Holds an answer to the invariants and completes it.
    pub fn of(question: &Question<'_>, answered: Result<Decision, Refusal>) -> Self {
        let decision = match answered {
            Ok(decision) => decision,
            Err(Refusal::NoRoute) => {
                return Self::failed(question, "it has no route for the request".to_owned());
            }
            Err(refusal) => {
                return match guard::check_refusal(question, refusal) {
                    Ok(()) => Self::Refused(Fault::of_refusal(refusal).into()),
                    Err(violation) => Self::failed(question, violation.to_string()),
                };
            }
        };
        let sound = match guard::check(question, &decision) {
            Ok(sound) => sound,
            Err(violation) => return Self::failed(question, violation.to_string()),
        };
        let step = question.symbol.and_then(|symbol| symbol.step);
        let quantity = match decision.effect {
            PositionEffect::Open => {
                match opening_quantity(&question.request.terms, &decision, step) {
                    Ok(quantity) => Some(quantity),
                    Err(rejection) => return Self::Refused(rejection),
                }
            }
            _ => decision.quantity,
        };
        Self::Decided(Decided {
            decision,
            position_side: sound.position_side,
            quantity,
            budget: sound.budget,
        })
    }

    /// The verdict on a policy that did not answer soundly.
    pub fn failed(question: &Question<'_>, what: String) -> Self {
        let least = question.symbol.and_then(|symbol| symbol.min_quantity);
        let terms = &question.request.terms;
        Self::Failed {
            what,
            instead: failsafe::decide(terms, question.state.trading_state, least),
        }
    }

    /// What a counterfactual would change of it.
    pub const fn answer(&self) -> Answer {
        match self {
            Self::Decided(decided) => Answer::Decided {
                side: decided.decision.side,
                intent: match decided.decision.side {
                    Side::Skip => None,
                    Side::Buy | Side::Sell => Some(decided.decision.intent),
                },
                reason: decided.decision.reason,
            },
            Self::Refused(_) => Answer::Refused,
            Self::Failed { .. } => Answer::Failed,
        }
    }
}
