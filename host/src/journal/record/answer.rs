//! What a policy was shown and what it answered, as an entry keeps them: in indexes into its
//! manifest, so that what a name means is said once, and not by every entry.

use std::sync::Arc;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::request::PositionSide;
use router_guest::state::{BudgetUse, State, TradingState};

use crate::decision::{Answer, Author, Charge, PolicyIdentity};
use crate::guard::BudgetReport;
use crate::ledger::ReservationId;

/// The state that a policy was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownState {
    /// How much was let through.
    pub trading_state: TradingState,
    /// One for each budget of the policy, in its order; `None` when withheld.
    pub budgets: Option<Vec<BudgetUse>>,
}

/// What was answered, in indexes into the policy's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The side of the order, or SKIP.
    pub side: Side,
    /// What it is for.
    pub intent: OrderIntent,
    /// What it does to the position.
    pub effect: PositionEffect,
    /// The leg that it opens or closes.
    pub position_side: Option<PositionSide>,
    /// The tier that classified or sized the request.
    pub tier: Option<u32>,
    /// Base quantity.
    pub quantity: Option<Amount>,
    /// Quote currency.
    pub notional: Option<Amount>,
    /// What it cost in the sandbox, where that is known.
    pub fuel: Option<u64>,
    /// Who decided, and why.
    pub author: RecordedAuthor,
    /// The budget that was consulted, as it stood before.
    pub budget: Option<BudgetReport>,
    /// What is held of it.
    pub reservation: Option<ReservationId>,
}

/// Who decided, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedAuthor {
    /// The policy.
    Policy {
        /// Index into its reasons.
        reason: u32,
        /// Index into its rules.
        rule: u32,
    },
    /// The host, because no policy could.
    FailSafe {
        /// The reason.
        reason: &'static str,
    },
}

impl ShownState {
    /// What a policy is shown.
    pub fn state(&self) -> State<'_> {
        State {
            trading_state: self.trading_state,
            budgets: self.budgets.as_deref(),
        }
    }
}

impl RecordedAnswer {
    /// The router's own form.
    pub(crate) fn answer(&self, identity: &Arc<PolicyIdentity>) -> Answer {
        Answer {
            side: self.side,
            intent: self.intent,
            effect: self.effect,
            position_side: self.position_side,
            tier: self.tier,
            quantity: self.quantity,
            notional: self.notional,
            fuel: self.fuel,
            author: match self.author {
                RecordedAuthor::Policy { reason, rule } => Author::Policy {
                    identity: Arc::clone(identity),
                    reason,
                    rule,
                },
                RecordedAuthor::FailSafe { reason } => Author::FailSafe { reason },
            },
            charge: self.budget.map(|report| {
                Box::new(Charge {
                    report,
                    reservation: self.reservation,
                })
            }),
        }
    }

    /// What is kept of the router's own form.
    pub(crate) fn of(answer: &Answer) -> Self {
        let charge = answer.charge.as_deref();
        Self {
            side: answer.side,
            intent: answer.intent,
            effect: answer.effect,
            position_side: answer.position_side,
            tier: answer.tier,
            quantity: answer.quantity,
            notional: answer.notional,
            fuel: answer.fuel,
            author: match &answer.author {
                Author::Policy { reason, rule, .. } => RecordedAuthor::Policy {
                    reason: *reason,
                    rule: *rule,
                },
                Author::FailSafe { reason } => RecordedAuthor::FailSafe { reason },
            },
            budget: charge.map(|charge| charge.report),
            reservation: charge.and_then(|charge| charge.reservation),
        }
    }
}
