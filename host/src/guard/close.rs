//! I3, I10 and I12 for an answer that closes.

use router_guest::decision::{Decision, OrderIntent, Side};
use router_guest::request::{FinalAction, PositionSide, TradeType};

use super::{Invariant, Question, Violation, ensure};

/// Holds a close to the invariants, and says which leg it closes.
pub(super) fn check(question: &Question<'_>, answer: &Decision) -> Result<PositionSide, Violation> {
    let terms = &question.request.terms;
    let Some(position) = terms.open_position() else {
        let what = "closes, and there is no position".to_owned();
        return Err(Violation {
            invariant: Invariant::CloseReduces,
            what,
        });
    };
    let opposite = match position.side {
        PositionSide::Long => Side::Sell,
        PositionSide::Short => Side::Buy,
    };
    ensure(
        answer.side == opposite && terms.faces_position(),
        Invariant::CloseReduces,
        || {
            format!(
                "closes a {} with a {}",
                position.side.word(),
                answer.side.word()
            )
        },
    )?;
    let asked = terms.quantity_to_close();
    let quantity = answer.quantity.unwrap_or_default();
    ensure(
        !quantity.is_zero() && quantity <= asked,
        Invariant::CloseReduces,
        || format!("closes {quantity}, and {asked} may be closed"),
    )?;
    let must_close = terms.final_action == FinalAction::Close || terms.trade_type.only_closes();
    ensure(
        !must_close || quantity == asked,
        Invariant::ExitsNeverBlocked,
        || format!("closes {quantity} where {asked} must be closed"),
    )?;
    let intent = match terms.trade_type {
        TradeType::Risk => OrderIntent::Risk,
        _ => OrderIntent::Exit,
    };
    ensure(
        answer.intent == intent,
        Invariant::IntentFollowsType,
        || {
            format!(
                "closes with intent {}, not {}",
                answer.intent.word(),
                intent.word()
            )
        },
    )?;
    Ok(position.side)
}
