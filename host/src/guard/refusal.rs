//! I0, I2 and I12 for a policy that refuses a request: a refusal is believed only where it can
//! be true.

use router_guest::decision::{Refusal, RequestField};
use router_guest::json::Fault;
use router_guest::request::{FinalAction, OrderTerms};

use super::{Invariant, Question, Violation, ensure, is_dust};

/// Holds a refusal to the invariants: it is of a field that is missing, and never of a close,
/// which needs nothing that a request can lack. (To a BUY or SELL that is no exit, a position
/// under the symbol's least quantity is none, so that it may open and lack things.)
///
/// [`Refusal::NoRoute`] says nothing of the request, and is for the caller to judge.
///
/// # Errors
/// The first [`Violation`] that is found.
pub fn check_refusal(question: &Question<'_>, refusal: Refusal) -> Result<(), Violation> {
    let terms = &question.request.terms;
    let must_close = terms.final_action == FinalAction::Close || terms.trade_type.only_closes();
    let closes =
        terms.faces_position() && !terms.closable().is_zero() && (must_close || !is_dust(question));
    ensure(!closes, Invariant::ExitsNeverBlocked, || {
        "refuses a request that closes".to_owned()
    })?;
    let withheld = refusal == Refusal::BudgetsMissing && !terms.sees_budgets();
    ensure(!withheld, Invariant::BudgetIsolated, || {
        format!(
            "refuses type {} for want of a budget",
            terms.trade_type.word()
        )
    })?;
    let given = match refusal {
        Refusal::FieldMissing(field) => field_is_given(terms, field),
        Refusal::FieldOverflow(field) => !field_is_given(terms, field),
        Refusal::BudgetsMissing => question.state.budgets.is_some(),
        Refusal::NoRoute => false,
    };
    ensure(!given, Invariant::AnswerCoherent, || {
        let said = Fault::of_refusal(refusal).message;
        format!("refuses for what is not so: {said}")
    })
}

fn field_is_given(terms: &OrderTerms, field: RequestField) -> bool {
    match field {
        RequestField::Position => terms.position.is_some(),
        RequestField::Price => terms.price.is_some(),
        RequestField::TargetNotional => terms.target_notional.is_some(),
        RequestField::Equity => terms.equity.is_some(),
        RequestField::QuoteRate => terms.quote_rate.is_some(),
    }
}
