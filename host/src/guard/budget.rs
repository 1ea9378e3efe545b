//! I2 and I5: who consults a budget, and whether it holds what is charged to it. Need and
//! limit are computed here again, from the request and the manifest.

use router_guest::amount::Amount;
use router_guest::decision::{BudgetClaim, Decision, PositionEffect};
use router_guest::engine::sizing::{self, LimitError};

use super::{Invariant, Question, Violation, ensure};

/// A budget as it stood before a decision that consulted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetReport {
    /// Index into the manifest's budgets.
    pub budget: u32,
    /// What the order needs, in account currency.
    pub need: Amount,
    /// Settled.
    pub used: Amount,
    /// Held.
    pub reserved: Amount,
    /// The limit for this request; `None` when the budget limits orders alone.
    pub limit: Option<Amount>,
    /// Orders granted.
    pub orders: u32,
}

impl BudgetReport {
    /// limit − used − reserved, never below 0.
    pub fn remaining(&self) -> Option<Amount> {
        self.limit.map(|limit| {
            limit
                .saturating_sub(self.used)
                .saturating_sub(self.reserved)
        })
    }
}

/// Holds the answer's claim to the invariants.
pub(super) fn check(
    question: &Question<'_>,
    answer: &Decision,
) -> Result<Option<BudgetReport>, Violation> {
    let must_charge = answer.effect == PositionEffect::Open && answer.intent.charges_budget();
    let Some(claim) = answer.budget else {
        ensure(!must_charge, Invariant::BudgetHolds, || {
            format!(
                "opens with intent {} and charges no budget",
                answer.intent.word()
            )
        })?;
        return Ok(None);
    };
    let isolated = question.request.terms.sees_budgets() && answer.intent.charges_budget();
    ensure(isolated, Invariant::BudgetIsolated, || {
        format!(
            "consults a budget for type {} with intent {}",
            question.request.terms.trade_type.word(),
            answer.intent.word()
        )
    })?;
    ensure(
        answer.effect != PositionEffect::Close,
        Invariant::BudgetIsolated,
        || "charges a budget for a close".to_owned(),
    )?;
    let report = report(question, claim)?;
    if must_charge {
        check_charge(question, answer, &report)?;
    }
    Ok(Some(report))
}

fn report(question: &Question<'_>, claim: BudgetClaim) -> Result<BudgetReport, Violation> {
    let at = usize::try_from(claim.budget).unwrap_or(usize::MAX);
    let budgets = &question.manifest.budgets;
    let uses = question.state.budgets.unwrap_or_default();
    let (Some(info), Some(spent)) = (budgets.get(at), uses.get(at)) else {
        let what = format!(
            "names budget {}, and the manifest lists {}",
            claim.budget,
            budgets.len()
        );
        return Err(Violation {
            invariant: Invariant::AnswerCoherent,
            what,
        });
    };
    let limit = sizing::limit(info, question.request.terms.equity).map_err(|error| Violation {
        invariant: Invariant::BudgetHolds,
        what: match error {
            LimitError::EquityMissing => {
                format!(
                    "consults budget `{}` without an equity to take its limit of",
                    info.name
                )
            }
            LimitError::Overflow => {
                format!("consults budget `{}`, whose limit overflows", info.name)
            }
        },
    })?;
    Ok(BudgetReport {
        budget: claim.budget,
        need: claim.need,
        used: spent.used,
        reserved: spent.reserved,
        limit,
        orders: spent.orders,
    })
}

fn check_charge(
    question: &Question<'_>,
    answer: &Decision,
    report: &BudgetReport,
) -> Result<(), Violation> {
    let broken = |what: String| Violation {
        invariant: Invariant::BudgetHolds,
        what,
    };
    let terms = &question.request.terms;
    let currency = &question.manifest.account_currency;
    let rate = sizing::quote_rate(question.request.symbol, currency, terms.quote_rate)
        .ok_or_else(|| broken("charges a budget without a quote rate".to_owned()))?;
    let need = sizing::need(answer.notional.unwrap_or_default(), rate)
        .ok_or_else(|| broken("charges more than 28 digits hold".to_owned()))?;
    ensure(
        report.need >= need && !report.need.is_zero(),
        Invariant::BudgetHolds,
        || format!("charges {}, and the order needs {need}", report.need),
    )?;
    let at = usize::try_from(report.budget).unwrap_or(usize::MAX);
    let spent = question.state.budgets.and_then(|uses| uses.get(at));
    let holds = question.manifest.budgets.get(at).zip(spent);
    let holds =
        holds.is_some_and(|(info, spent)| sizing::holds(info, report.limit, spent, report.need));
    ensure(holds, Invariant::BudgetHolds, || {
        let left = report
            .remaining()
            .map_or_else(|| "no order".to_owned(), |left| left.to_string());
        format!("charges {} to a budget that has {left} left", report.need)
    })
}
