//! Whether a policy's refusal can be true: a policy must not refuse a close, and must not
//! make up what is missing.

use router_guest::decision::{Refusal, RequestField};
use router_guest::json::Fault;
use router_guest::request::{FinalAction, OrderTerms};

use super::{Invariant, Question, Violation, is_dust};

/// A refusal is believed only where it can be true: of a field that is missing, and never of
/// a close, which needs nothing that a request can lack. (To a BUY or SELL that is no exit, a
/// position under the symbol's least quantity is none, so that it may open and lack things.)
///
/// # Errors
/// The [`Violation`] that it is; of [`Refusal::NoRoute`] always, because no request is to
/// blame for that.
pub fn check(question: &Question<'_>, refusal: Refusal) -> Result<(), Violation> {
    let broken = |invariant, what: String| Err(Violation { invariant, what });
    let terms = &question.request.terms;
    let must_close = terms.final_action == FinalAction::Close || terms.trade_type.only_closes();
    if terms.faces_position() && !terms.closable().is_zero() && (must_close || !is_dust(question)) {
        return broken(
            Invariant::ExitsNeverBlocked,
            "refuses a request that closes".to_owned(),
        );
    }
    if refusal == Refusal::BudgetsMissing && !terms.sees_budgets() {
        let what = format!(
            "refuses type {} for want of a budget",
            terms.trade_type.word()
        );
        return broken(Invariant::BudgetIsolated, what);
    }
    let untrue = match refusal {
        Refusal::FieldMissing(field) => field_is_given(terms, field),
        Refusal::FieldOverflow(field) => !field_is_given(terms, field),
        Refusal::BudgetsMissing => question.state.budgets.is_some(),
        Refusal::NoRoute => true,
    };
    if untrue {
        return broken(
            Invariant::AnswerCoherent,
            format!(
                "refuses for what is not so: {}",
                Fault::of_refusal(refusal).message
            ),
        );
    }
    Ok(())
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
