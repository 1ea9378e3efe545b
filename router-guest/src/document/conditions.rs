//! Conditions: what stands under `when`, as the clauses of a rule.
//!
//! A clause that can hold for no request is refused here; whether a rule can be reached past
//! the others is for the static check of the whole table.

use super::findings::Collector;
use super::numbers;
use super::policy::KnownTiers;
use super::reader::{self, Fields};
use super::sets;
use super::tiers::NO_TIER;
use super::vocabulary;
use super::yaml::{Entry, Node, Value};
use crate::manifest::{AmountField, ScoreField};
use crate::request::{FinalAction, PositionSide, TradeType};
use crate::state::TradingState;
use crate::table::{
    Clause, Flag, NO_TIER_BIT, PAIRS_ALL, STATES_ALL, TIERS_ALL, TYPES_ALL, pair_number, state_bit,
    type_bit,
};

/// What a tier's budget can be found to do, as the clause's flag.
pub(super) const BUDGET_WORDS: [(&str, Flag); 2] = [("exhausted", Flag::Yes), ("holds", Flag::No)];

const POSITIONS: [Option<PositionSide>; 3] =
    [None, Some(PositionSide::Long), Some(PositionSide::Short)];

/// Reads `when`: a map whose conditions must all hold, or a list of such maps.
pub(super) fn read(when: &Entry, tiers: &KnownTiers<'_>, findings: &mut Collector) -> Vec<Clause> {
    let alternatives: &[Node] = match &when.value.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(&when.value),
    };
    if alternatives.is_empty() {
        findings.report(when.place, EMPTY);
    }
    alternatives
        .iter()
        .filter_map(|node| {
            let place = match node.value {
                Value::Nothing => when.place,
                _ => node.place,
            };
            let keys = vocabulary::conditions();
            let fields = Fields::read(node, place, "a condition", &keys, findings)?;
            if fields.entries().is_empty() {
                findings.report(place, EMPTY);
                return None;
            }
            let before = findings.count();
            let clause = clause(&fields, tiers, findings);
            if findings.count() == before
                && let Some(message) = contradiction(&clause)
            {
                findings.report(place, message);
            }
            Some(clause)
        })
        .collect()
}

const EMPTY: &str = "`when` is empty: leave it out, or name a condition";

fn clause(fields: &Fields<'_>, tiers: &KnownTiers<'_>, findings: &mut Collector) -> Clause {
    let mut clause = Clause::ANY;
    masks(fields, tiers, &mut clause, findings);
    flags(fields, &mut clause, findings);
    let mut names = |key| sets::names(fields.get(key)?, findings);
    clause.symbol = names("symbol");
    clause.strategy = names("strategy");
    // In the order of the fields, whatever that of the document, so that equal conditions
    // have equal tables.
    clause.scores = ScoreField::ALL
        .into_iter()
        .filter_map(|field| numbers::score_test(field, fields.get(field.word())?, findings))
        .collect();
    clause.amounts = AmountField::ALL
        .into_iter()
        .filter_map(|field| numbers::amount_test(field, fields.get(field.word())?, findings))
        .collect();
    clause
}

fn masks(
    fields: &Fields<'_>,
    tiers: &KnownTiers<'_>,
    clause: &mut Clause,
    findings: &mut Collector,
) {
    let mut bits =
        |key, known: &[(&str, u32)], all: u32| sets::bits(fields.get(key)?, known, all, findings);
    let states = bits("state", &state_words(), u32::from(STATES_ALL));
    clause.states = narrow(states, STATES_ALL);
    let types = bits("type", &type_words(), u32::from(TYPES_ALL));
    clause.types = narrow(types, TYPES_ALL);
    let actions = bits("action", &action_words(), PAIRS_ALL).unwrap_or(PAIRS_ALL);
    let positions = bits("position", &position_words(), PAIRS_ALL).unwrap_or(PAIRS_ALL);
    clause.pairs = actions & positions;
    let tiers = tier_words(tiers);
    let all = tiers.iter().fold(0, |all, (_, bit)| all | bit);
    // Every tier and none is no condition; the normal form of that is all bits.
    let named = bits("tier", &tiers, all).filter(|bits| *bits != all);
    clause.tiers = narrow(named, TIERS_ALL);
}

/// The bits in the width that the table keeps them in; all where nothing was said.
fn narrow<T: TryFrom<u32>>(bits: Option<u32>, all: T) -> T {
    bits.and_then(|bits| T::try_from(bits).ok()).unwrap_or(all)
}

pub(super) fn state_words() -> [(&'static str, u32); 3] {
    TradingState::ALL.map(|state| (state.word(), u32::from(state_bit(state))))
}

pub(super) fn type_words() -> Vec<(&'static str, u32)> {
    let explore = ("explore", TradeType::Exploration);
    TradeType::ALL
        .into_iter()
        .map(|trade_type| (trade_type.word(), trade_type))
        // Requests may say either.
        .chain([explore])
        .map(|(word, trade_type)| (word, u32::from(type_bit(trade_type))))
        .collect()
}

pub(super) fn action_words() -> [(&'static str, u32); 6] {
    FinalAction::ALL.map(|action| {
        let word = match action {
            // It stands for every word that is no action, and is none itself.
            FinalAction::Unknown => "unknown",
            _ => action.word(),
        };
        (word, pairs(|other, _| other == action))
    })
}

pub(super) fn position_words() -> [(&'static str, u32); 5] {
    use FinalAction::{Buy, Close, Sell};
    use PositionSide::{Long, Short};
    [
        ("flat", pairs(|_, position| position.is_none())),
        ("long", pairs(|_, position| position == Some(Long))),
        ("short", pairs(|_, position| position == Some(Short))),
        (
            "opposite",
            pairs(|action, position| {
                matches!(
                    (action, position),
                    (Buy, Some(Short)) | (Sell, Some(Long)) | (Close, Some(_))
                )
            }),
        ),
        (
            "same",
            pairs(|action, position| {
                matches!((action, position), (Buy, Some(Long)) | (Sell, Some(Short)))
            }),
        ),
    ]
}

/// The bits of the pairs of an action and a position that are wanted.
fn pairs(wanted: impl Fn(FinalAction, Option<PositionSide>) -> bool) -> u32 {
    let mut bits = 0;
    for action in FinalAction::ALL {
        for position in POSITIONS {
            if wanted(action, position) {
                bits |= 1 << pair_number(action, position);
            }
        }
    }
    bits
}

fn tier_words<'d>(tiers: &KnownTiers<'d>) -> Vec<(&'d str, u32)> {
    let tiers = tiers.names.iter().zip(0_u32..);
    tiers
        .map(|(name, index)| (*name, 1 << index))
        .chain([(NO_TIER, u32::from(NO_TIER_BIT))])
        .collect()
}

fn flags(fields: &Fields<'_>, clause: &mut Clause, findings: &mut Collector) {
    let mut flag = |key| match fields
        .get(key)
        .map(|entry| reader::yes_or_no(entry, findings))
    {
        Some(Some(true)) => Flag::Yes,
        Some(Some(false)) => Flag::No,
        Some(None) | None => Flag::Any,
    };
    clause.dust = flag("dust");
    clause.closable = flag("closable");
    clause.opening = flag("opening");
    clause.shortable = flag("short_allowed");
    clause.sized = flag("sized");
    clause.below_minimum = flag("below_minimum");
    if let Some(entry) = fields.get("budget") {
        clause.budget_exhausted =
            reader::choice(entry, &BUDGET_WORDS, findings).unwrap_or(Flag::Any);
    }
}

/// Why no request can meet the clause, as far as its own parts tell.
fn contradiction(clause: &Clause) -> Option<&'static str> {
    if clause.pairs == 0 {
        return Some("this can never hold: no such action meets such a position");
    }
    let open = pairs(|_, position| position.is_some());
    if clause.pairs & open == 0 {
        if clause.dust == Flag::Yes {
            return Some("this can never hold: a flat position is not dust");
        }
        if clause.closable == Flag::Yes {
            return Some("this can never hold: nothing of a flat position is closable");
        }
    }
    let budgeted = [TradeType::Pilot, TradeType::Exploration, TradeType::Auto]
        .into_iter()
        .fold(0, |bits, trade_type| bits | type_bit(trade_type));
    if clause.budget_exhausted == Flag::Yes && clause.types & budgeted == 0 {
        return Some("this can never hold: `normal`, `exit` and `risk` never consult a budget");
    }
    None
}
