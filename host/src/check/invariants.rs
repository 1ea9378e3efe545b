//! The invariants: which of them the language cannot express a breach of, and what of a region
//! breaks one of the others.

use router_guest::manifest::AmountField;
use router_guest::request::{FinalAction, TradeType};
use router_guest::state::TradingState;
use router_guest::table::{Flag, PAIRS_ALL, STATES_ALL, TYPES_ALL, state_bit, type_bit};

use crate::guard::Invariant;
use crate::regions::{ABOVE_ZERO, Region, Space, Test, facing, pairs_of};

/// Why an invariant holds for a document without findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The language has no way to break it; this is why.
    ByTheLanguage(&'static str),
    /// It was proven for every region; this is what was asked.
    Proven(&'static str),
    /// It is about components; this is what holds it.
    Elsewhere(&'static str),
}

/// Every invariant that a document can be held to, in the order of their numbers; that the parts of
/// an answer agree is about components.
pub const INVARIANTS: &[Invariant] = match &Invariant::ALL {
    [Invariant::AnswerCoherent, of_documents @ ..] => of_documents,
    all => all,
};

/// An invariant of the router, and why a document without findings keeps it.
pub const fn held(invariant: Invariant) -> Held {
    use Held::{ByTheLanguage, Elsewhere, Proven};
    match invariant {
        Invariant::SideFollowsAction => ByTheLanguage(
            "the side of `close` and `open` follows from action and position; no route names one",
        ),
        Invariant::BudgetIsolated => ByTheLanguage(
            "a budget is consulted through a tier alone, and tiers of intent normal have none",
        ),
        Invariant::CloseReduces => {
            ByTheLanguage("`close: position` is for what is closable, or the request's share of it")
        }
        Invariant::ShortsListed => ByTheLanguage(
            "`open: sized` does not open a short where the document's own switches forbid it",
        ),
        Invariant::BudgetHolds => ByTheLanguage(
            "tiers of intent pilot and explore must name a budget, and `open: sized` charges it",
        ),
        Invariant::ReasonDeclared => ByTheLanguage("a reason is declared by being used"),
        Invariant::NotionalWithinTarget => ByTheLanguage("a tier's size is at most 100%"),
        Invariant::ClosersNeverOpen => ByTheLanguage(
            "`open: sized` does not open for CLOSE or the types exit and risk; \
             that no such request is sent to it is proven",
        ),
        Invariant::IntentFollowsType => {
            ByTheLanguage("the intent follows from the request's type and tier; no route names one")
        }
        Invariant::StateRespected => Proven(
            "no `close` is reached while HALTED by another type than risk, \
             no `open` while REDUCING or HALTED",
        ),
        Invariant::ExitsNeverBlocked => Proven(
            "CLOSE and the types exit and risk get their close; \
             only halts, dust and closing orders hold it up",
        ),
        Invariant::AnswerCoherent => Elsewhere("the rule engine makes every answer from one verb"),
    }
}

/// What of a region must be closed, and is skipped for a reason that does not stand.
pub(super) fn blocked_parts(space: &Space<'_>, region: &Region, reason: &str) -> Vec<Region> {
    let others = TYPES_ALL & !type_bit(TradeType::Risk);
    let halted = state_bit(TradingState::Halted);
    must_close(space, region)
        .iter()
        .flat_map(|part| match reason {
            "trading_halted" => {
                let mut wrong = holding(space, part, &Test::States(STATES_ALL & !halted));
                for halted in holding(space, part, &Test::States(halted)) {
                    wrong.extend(holding(space, &halted, &Test::Types(!others)));
                }
                wrong
            }
            "already_closing" => holding(space, part, &closable()),
            "dust" => holding(space, part, &Test::Dust(Flag::No)),
            _ => vec![part.clone()],
        })
        .collect()
}

/// What of a region closes although trading is halted.
pub(super) fn halted_parts(space: &Space<'_>, region: &Region) -> Vec<Region> {
    let halted = Test::States(state_bit(TradingState::Halted));
    let others = Test::Types(TYPES_ALL & !type_bit(TradeType::Risk));
    holding(space, region, &halted)
        .iter()
        .flat_map(|part| holding(space, part, &others))
        .collect()
}

/// What of a region closes, and must therefore not be refused: as the guard has it.
pub(super) fn closing_parts(space: &Space<'_>, region: &Region) -> Vec<Region> {
    let mut parts = must_close(space, region);
    // To a BUY or SELL that is no exit, dust is no position.
    for facing in holding(space, region, &Test::Pairs(facing())) {
        parts.extend(holding(space, &facing, &Test::Dust(Flag::No)));
    }
    parts
        .iter()
        .flat_map(|part| holding(space, part, &closable()))
        .collect()
}

/// CLOSE, and the types exit and risk, where they face a position.
fn must_close(space: &Space<'_>, region: &Region) -> Vec<Region> {
    let close = pairs_of(FinalAction::Close);
    let exits = Test::Types(type_bit(TradeType::Exit) | type_bit(TradeType::Risk));
    let mut parts = holding(space, region, &Test::Pairs(facing() & close));
    for others in holding(space, region, &Test::Pairs(facing() & PAIRS_ALL & !close)) {
        parts.extend(holding(space, &others, &exits));
    }
    parts
}

const fn closable() -> Test {
    Test::Amount(AmountField::ClosableQuantity, ABOVE_ZERO)
}

fn holding(space: &Space<'_>, region: &Region, test: &Test) -> Vec<Region> {
    space.split(region, 0, test).holds
}
