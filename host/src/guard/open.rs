//! I4, I8, I9 and I10 for an answer that opens.

use router_guest::decision::{Decision, Side};
use router_guest::request::{FinalAction, PositionSide};

use super::{Invariant, Question, Violation, ensure, is_dust, may_open_as};

/// Holds an opening to the invariants, and says which leg it opens.
pub(super) fn check(question: &Question<'_>, answer: &Decision) -> Result<PositionSide, Violation> {
    let terms = &question.request.terms;
    let opens = terms.final_action != FinalAction::Close && !terms.trade_type.only_closes();
    ensure(opens, Invariant::ClosersNeverOpen, || {
        format!(
            "opens for {} of type {}",
            terms.final_action.word(),
            terms.trade_type.word()
        )
    })?;
    ensure(
        may_open_as(terms.trade_type, answer.intent),
        Invariant::IntentFollowsType,
        || {
            format!(
                "opens type {} with intent {}",
                terms.trade_type.word(),
                answer.intent.word()
            )
        },
    )?;
    let leg = match answer.side {
        Side::Buy => PositionSide::Long,
        _ => PositionSide::Short,
    };
    let may_short = question.symbol.is_some_and(|symbol| symbol.shortable);
    ensure(
        leg == PositionSide::Long || may_short,
        Invariant::ShortsListed,
        || {
            format!(
                "opens a short in `{}`, which is not listed as shortable",
                question.request.symbol
            )
        },
    )?;
    ensure(
        !terms.faces_position() || is_dust(question),
        Invariant::AnswerCoherent,
        || format!("opens a {} while the other leg is open", leg.word()),
    )?;
    let notional = answer.notional.unwrap_or_default();
    let within = !notional.is_zero()
        && terms
            .target_notional
            .is_some_and(|target| notional <= target);
    ensure(within, Invariant::NotionalWithinTarget, || {
        match terms.target_notional {
            Some(target) => format!("opens {notional}, and the target is {target}"),
            None => format!("opens {notional}, and there is no target"),
        }
    })?;
    Ok(leg)
}
