//! A decision as users hold it: names instead of indexes, and what the host adds.

use std::sync::Arc;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::json::{BudgetLine, DecisionLine, Fault, MetadataLine, PolicyLine};
use router_guest::manifest::{BudgetInfo, Manifest, TierInfo};
use router_guest::request::PositionSide;

use crate::digest::Digest;
use crate::failsafe::{FAIL_SAFE_RULE, FailSafe};
use crate::guard::BudgetReport;
use crate::ledger::ReservationId;
use crate::request::Request;

/// Which policy, in which of its lives, made a decision.
#[derive(Debug, Clone)]
pub struct PolicyIdentity {
    /// What the policy says of itself.
    pub manifest: Arc<Manifest>,
    /// The component's digest.
    pub digest: Digest,
    /// The digest in hexadecimal, as it is printed with every decision.
    pub digest_text: String,
    /// The number of the activation, from 1.
    pub generation: u64,
}

/// At most one order, and why.
#[derive(Debug, Clone)]
pub struct Decision {
    pub(crate) answer: Answer,
    /// What is worth knowing of the request: dropped faults, a cut quantity.
    pub warnings: Vec<Fault>,
    /// Whether an earlier request with this id got the decision first.
    pub repeated: bool,
}

/// The part of a decision that is recorded under the request's id.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) side: Side,
    pub(crate) intent: OrderIntent,
    pub(crate) effect: PositionEffect,
    pub(crate) position_side: Option<PositionSide>,
    pub(crate) tier: Option<u32>,
    pub(crate) quantity: Option<Amount>,
    pub(crate) notional: Option<Amount>,
    pub(crate) fuel: Option<u64>,
    pub(crate) author: Author,
    pub(crate) charge: Option<Box<Charge>>,
}

/// A budget that was consulted, and what is held of it.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) report: BudgetReport,
    pub(crate) reservation: Option<ReservationId>,
}

/// Who decided.
#[derive(Debug, Clone)]
pub(crate) enum Author {
    /// A policy, by one of its rules.
    Policy {
        identity: Arc<PolicyIdentity>,
        reason: u32,
        rule: u32,
    },
    /// The host, because no policy could.
    FailSafe { reason: &'static str },
}

impl Answer {
    /// Why.
    pub(crate) fn reason(&self) -> &str {
        match &self.author {
            Author::Policy {
                identity, reason, ..
            } => listed(&identity.manifest.reasons, *reason),
            Author::FailSafe { reason } => reason,
        }
    }

    /// The host's own answer.
    pub(crate) fn of_fail_safe(made: FailSafe) -> Self {
        Self {
            side: made.side,
            intent: made.intent,
            effect: if made.side == Side::Skip {
                PositionEffect::None
            } else {
                PositionEffect::Close
            },
            position_side: made.position_side,
            tier: None,
            quantity: made.quantity,
            notional: None,
            fuel: None,
            author: Author::FailSafe {
                reason: made.reason,
            },
            charge: None,
        }
    }
}

/// The name behind an index that the guard has checked.
fn listed(names: &[String], index: u32) -> &str {
    usize::try_from(index)
        .ok()
        .and_then(|index| names.get(index))
        .map_or("", String::as_str)
}

impl Decision {
    /// The side of the order, or SKIP.
    pub const fn side(&self) -> Side {
        self.answer.side
    }

    /// What the order is for; of a skip, what it would have been for.
    pub const fn order_intent(&self) -> OrderIntent {
        self.answer.intent
    }

    /// Why.
    pub fn reason(&self) -> &str {
        self.answer.reason()
    }

    /// The rule that decided; `fail-safe` when no policy could.
    pub fn rule(&self) -> &str {
        match &self.answer.author {
            Author::Policy { identity, rule, .. } => listed(&identity.manifest.rules, *rule),
            Author::FailSafe { .. } => FAIL_SAFE_RULE,
        }
    }

    /// The policy that decided; `None` when none could.
    pub fn policy(&self) -> Option<&PolicyIdentity> {
        match &self.answer.author {
            Author::Policy { identity, .. } => Some(identity),
            Author::FailSafe { .. } => None,
        }
    }

    /// What the order does to the position.
    pub const fn position_effect(&self) -> PositionEffect {
        self.answer.effect
    }

    /// The leg that it opens or closes.
    pub const fn position_side(&self) -> Option<PositionSide> {
        self.answer.position_side
    }

    /// True for every close.
    pub const fn reduce_only(&self) -> bool {
        matches!(self.answer.effect, PositionEffect::Close)
    }

    /// Base quantity of the order.
    pub const fn quantity(&self) -> Option<Amount> {
        self.answer.quantity
    }

    /// Quote currency of an opening.
    pub const fn notional(&self) -> Option<Amount> {
        self.answer.notional
    }

    /// The budget as it stood before this decision, when one was consulted.
    pub fn budget(&self) -> Option<&BudgetReport> {
        self.answer.charge.as_ref().map(|charge| &charge.report)
    }

    /// What the manifest says of the budget that was consulted.
    pub fn budget_info(&self) -> Option<&BudgetInfo> {
        let at = usize::try_from(self.budget()?.budget).ok()?;
        self.policy()?.manifest.budgets.get(at)
    }

    /// The tier that classified or sized the request.
    pub fn tier(&self) -> Option<&TierInfo> {
        let at = usize::try_from(self.answer.tier?).ok()?;
        self.policy()?.manifest.tiers.get(at)
    }

    /// The id under which the host holds the budget.
    pub fn reservation(&self) -> Option<ReservationId> {
        self.answer
            .charge
            .as_ref()
            .and_then(|charge| charge.reservation)
    }

    /// Units of work that it cost in the sandbox; `None` for the fail-safe, and in a batch,
    /// where the cost of one cannot be told.
    pub const fn fuel(&self) -> Option<u64> {
        self.answer.fuel
    }

    /// Writes the decision on `request` as one JSON object.
    pub fn write_json(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        let reservation = self.reservation().map(|id| id.to_string());
        DecisionLine {
            reservation: reservation.as_deref(),
            fuel: self.fuel(),
            repeated: self.repeated,
            ..self.line(request, &self.warnings)
        }
        .write(out);
    }

    /// Writes the decision in its canonical form, which is the same in every host: without
    /// reservation, fuel, the policy's digest and generation, and without what only a host
    /// that has a memory and a calendar can say.
    pub fn write_canonical(&self, request: &Request<'_>, out: &mut Vec<u8>) {
        let warnings = self
            .warnings
            .iter()
            .filter(|fault| !fault.code.is_of_host());
        let warnings: Vec<Fault> = warnings.cloned().collect();
        let line = self.line(request, &warnings);
        let policy = line.policy.map(|policy| PolicyLine {
            digest: None,
            generation: None,
            ..policy
        });
        DecisionLine { policy, ..line }.write(out);
    }

    /// The line but for what the host holds, measures and remembers.
    fn line<'l>(&'l self, request: &'l Request<'_>, warnings: &'l [Fault]) -> DecisionLine<'l> {
        let line = request.line();
        DecisionLine {
            id: request.id(),
            symbol: request.symbol(),
            final_action: &line.final_action,
            tags: line.tags,
            side: self.side(),
            order_intent: self.order_intent(),
            reason: self.reason(),
            rule: self.rule(),
            position_effect: self.position_effect(),
            position_side: self.position_side(),
            reduce_only: self.reduce_only(),
            quantity: self.quantity(),
            notional: self.notional(),
            budget: self.budget_line(),
            reservation: None,
            metadata: MetadataLine::of(line),
            policy: self.policy().map(|policy| PolicyLine {
                name: &policy.manifest.name,
                version: &policy.manifest.version,
                digest: Some(&policy.digest_text),
                generation: Some(policy.generation),
            }),
            fuel: None,
            repeated: false,
            warnings,
        }
    }

    /// The budget as the line has it.
    pub(crate) fn budget_line(&self) -> Option<BudgetLine<'_>> {
        let (report, info) = (self.budget()?, self.budget_info()?);
        Some(BudgetLine {
            name: &info.name,
            need: report.need,
            used: report.used,
            reserved: report.reserved,
            limit: report.limit,
            remaining: report.remaining(),
            orders: info.orders.map(|_| report.orders),
            orders_limit: info.orders,
        })
    }
}
