//! The invariants that hold for every policy, enforced outside the sandbox.
//!
//! The guard reads a request, the state that the policy was shown, the manifest, and the
//! policy's answer, and either finds the answer sound or names the invariant that it breaks.
//! It never mends an answer and never makes one (see [`crate::failsafe`]). I7, that the same
//! request gives the same decision everywhere, cannot be seen from one answer.

mod budget;
mod close;
mod open;
mod refusal;

use std::fmt;

use router_guest::decision::{Decision, OrderIntent, PositionEffect, Side};
use router_guest::manifest::{Manifest, SymbolInfo};
use router_guest::request::{FinalAction, PositionSide, Request, TradeType};
use router_guest::state::{State, TradingState};

pub use budget::BudgetReport;
pub use refusal::check_refusal;

/// What a decision must hold to, whatever policy made it, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// The parts of an answer agree with each other and with the manifest.
    AnswerCoherent,
    /// SELL never becomes BUY, BUY never SELL; HOLD, SKIP and unknown become SKIP.
    SideFollowsAction,
    /// `normal`, `exit` and `risk` never consult, charge or are refused by a budget.
    BudgetIsolated,
    /// A close is on the position's opposite side, and never larger than what it may close.
    CloseReduces,
    /// What opens a short is for a symbol that the manifest lists as shortable.
    ShortsListed,
    /// Pilot and exploration openings charge at least what they need, within the limit.
    BudgetHolds,
    /// The reason is one that the manifest declares.
    ReasonDeclared,
    /// An opening's notional never exceeds `target_notional`.
    NotionalWithinTarget,
    /// CLOSE and the types exit and risk never open.
    ClosersNeverOpen,
    /// A close's intent is exit or risk; an opening's that of its trade type.
    IntentFollowsType,
    /// HALTED lets only closes of type risk through; REDUCING lets nothing open.
    StateRespected,
    /// CLOSE and the types exit and risk get their close wherever there is one.
    ExitsNeverBlocked,
}

/// An answer that breaks an invariant: what the policy wanted, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{invariant}: {what}")]
pub struct Violation {
    /// What was broken.
    pub invariant: Invariant,
    /// How.
    pub what: String,
}

/// What the guard knows when it looks at an answer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The manifest of the policy that answered.
    pub manifest: &'a Manifest,
    /// What the manifest says of the request's symbol.
    pub symbol: Option<&'a SymbolInfo>,
    /// The request as the policy saw it.
    pub request: &'a Request<'a>,
    /// The state as the policy saw it.
    pub state: &'a State<'a>,
}

/// What follows from a sound answer: the figures that the host computes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sound {
    /// The leg that is opened or closed.
    pub position_side: Option<PositionSide>,
    /// The budget as it stood before, when one was consulted.
    pub budget: Option<BudgetReport>,
}

impl Invariant {
    /// Every invariant that can be seen from one answer, in the order of their numbers.
    pub const ALL: [Self; Self::ExitsNeverBlocked as usize + 1] = [
        Self::AnswerCoherent,
        Self::SideFollowsAction,
        Self::BudgetIsolated,
        Self::CloseReduces,
        Self::ShortsListed,
        Self::BudgetHolds,
        Self::ReasonDeclared,
        Self::NotionalWithinTarget,
        Self::ClosersNeverOpen,
        Self::IntentFollowsType,
        Self::StateRespected,
        Self::ExitsNeverBlocked,
    ];

    /// The number that it has in the documentation.
    pub const fn code(self) -> &'static str {
        self.code_and_name().0
    }

    /// What it is called in certificates.
    pub const fn name(self) -> &'static str {
        self.code_and_name().1
    }

    const fn code_and_name(self) -> (&'static str, &'static str) {
        match self {
            Self::AnswerCoherent => ("I0", "answer_coherent"),
            Self::SideFollowsAction => ("I1", "side_follows_action"),
            Self::BudgetIsolated => ("I2", "budget_isolated"),
            Self::CloseReduces => ("I3", "close_reduces"),
            Self::ShortsListed => ("I4", "shorts_listed"),
            Self::BudgetHolds => ("I5", "budget_holds"),
            Self::ReasonDeclared => ("I6", "reason_declared"),
            Self::NotionalWithinTarget => ("I8", "notional_within_target"),
            Self::ClosersNeverOpen => ("I9", "closers_never_open"),
            Self::IntentFollowsType => ("I10", "intent_follows_type"),
            Self::StateRespected => ("I11", "state_respected"),
            Self::ExitsNeverBlocked => ("I12", "exits_never_blocked"),
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// The violation of an invariant, unless the condition holds.
fn ensure(
    holds: bool,
    invariant: Invariant,
    what: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            invariant,
            what: what(),
        })
    }
}

/// Holds an answer to the invariants.
///
/// # Errors
/// The first [`Violation`] that is found.
pub fn check(question: &Question<'_>, answer: &Decision) -> Result<Sound, Violation> {
    check_indexes(question, answer)?;
    check_side(question.request, answer)?;
    check_state(question, answer)?;
    let budget = budget::check(question, answer)?;
    let position_side = match answer.effect {
        PositionEffect::None => {
            check_skip(question, answer)?;
            None
        }
        PositionEffect::Close => Some(close::check(question, answer)?),
        PositionEffect::Open => Some(open::check(question, answer)?),
    };
    Ok(Sound {
        position_side,
        budget,
    })
}

fn check_indexes(question: &Question<'_>, answer: &Decision) -> Result<(), Violation> {
    let within = |index: u32, len: usize| usize::try_from(index).is_ok_and(|index| index < len);
    let Manifest {
        reasons,
        rules,
        tiers,
        ..
    } = question.manifest;
    ensure(
        within(answer.reason, reasons.len()),
        Invariant::ReasonDeclared,
        || {
            format!(
                "gives reason {}, and the manifest declares {}",
                answer.reason,
                reasons.len()
            )
        },
    )?;
    ensure(
        within(answer.rule, rules.len()),
        Invariant::AnswerCoherent,
        || {
            format!(
                "names rule {}, and the manifest lists {}",
                answer.rule,
                rules.len()
            )
        },
    )?;
    ensure(
        answer.tier.is_none_or(|tier| within(tier, tiers.len())),
        Invariant::AnswerCoherent,
        || format!("names a tier, and the manifest lists {}", tiers.len()),
    )
}

fn check_side(request: &Request<'_>, answer: &Decision) -> Result<(), Violation> {
    let action = request.terms.final_action;
    let follows = match action {
        FinalAction::Buy => answer.side != Side::Sell,
        FinalAction::Sell => answer.side != Side::Buy,
        FinalAction::Close => true,
        FinalAction::Hold | FinalAction::Skip | FinalAction::Unknown => answer.side == Side::Skip,
    };
    ensure(follows, Invariant::SideFollowsAction, || {
        format!("answers {} with {}", action.word(), answer.side.word())
    })?;
    let orders = answer.side != Side::Skip;
    let agrees = orders == (answer.effect != PositionEffect::None)
        && answer.notional.is_some() == (answer.effect == PositionEffect::Open)
        && answer.quantity.is_some() == (answer.effect == PositionEffect::Close);
    ensure(agrees, Invariant::AnswerCoherent, || {
        format!(
            "side {} with effect {} and the size of neither or both",
            answer.side.word(),
            answer.effect.word()
        )
    })
}

fn check_state(question: &Question<'_>, answer: &Decision) -> Result<(), Violation> {
    let is_risk = question.request.terms.trade_type == TradeType::Risk;
    let state = question.state.trading_state;
    let respected = match (state, answer.effect) {
        (_, PositionEffect::None) | (TradingState::Active, _) => true,
        (_, PositionEffect::Open) => false,
        (TradingState::Reducing, PositionEffect::Close) => true,
        (TradingState::Halted, PositionEffect::Close) => is_risk,
    };
    ensure(respected, Invariant::StateRespected, || {
        format!(
            "{}s while the trading state is {}",
            answer.effect.word(),
            state.word()
        )
    })
}

/// I12: a skip where CLOSE, exit or risk has something to close stands only on its reasons.
fn check_skip(question: &Question<'_>, answer: &Decision) -> Result<(), Violation> {
    let terms = &question.request.terms;
    let must_close = terms.final_action == FinalAction::Close || terms.trade_type.only_closes();
    if !must_close || !terms.faces_position() {
        return Ok(());
    }
    let halted =
        question.state.trading_state == TradingState::Halted && terms.trade_type != TradeType::Risk;
    let reason = usize::try_from(answer.reason)
        .ok()
        .and_then(|at| question.manifest.reasons.get(at));
    let stands = match reason.map_or("", String::as_str) {
        "trading_halted" => halted,
        "already_closing" => terms.closable().is_zero(),
        "dust" => is_dust(question),
        _ => false,
    };
    ensure(stands, Invariant::ExitsNeverBlocked, || {
        let reason = reason.map_or("", String::as_str);
        format!(
            "skips a close of {} with reason `{reason}`",
            terms.closable()
        )
    })
}

/// Whether the position is under the symbol's least quantity, where the manifest knows it.
fn is_dust(question: &Question<'_>) -> bool {
    let least = question.symbol.and_then(|symbol| symbol.min_quantity);
    let position = question.request.terms.open_position();
    matches!((position, least), (Some(position), Some(least)) if position.quantity < least)
}

/// The intents that a trade type may open with.
fn may_open_as(trade_type: TradeType, intent: OrderIntent) -> bool {
    match trade_type {
        TradeType::Auto => {
            matches!(
                intent,
                OrderIntent::Normal | OrderIntent::Pilot | OrderIntent::Explore
            )
        }
        stated => !stated.only_closes() && intent == OrderIntent::of_type(stated),
    }
}

#[cfg(test)]
mod tests;
