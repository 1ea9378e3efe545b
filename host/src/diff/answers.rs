//! Two answers to one region, and where in it they differ.
//!
//! An answer is what a host acts on: side and effect, intent, reason, the share of the target
//! that is opened, the symbol's step, the budget that is charged. Regions are cut no further
//! than these differ.

use std::fmt;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, RequestField, Side};
use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::table::{Outcome, Table, pair_number, type_bit};

use crate::regions::{
    Answers, Region, RegionAnswer, Space, SymbolKind, pairs_of, tier_bit, tier_of_type,
};

/// What a policy says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Said {
    /// No order.
    Skip {
        /// The reason.
        reason: String,
        /// What it would have been for, where the other policy says otherwise.
        intent: Option<OrderIntent>,
    },
    /// No order, for the same reason as the other policy, but for something else.
    SkipFor {
        /// What it would have been for.
        intent: OrderIntent,
    },
    /// A close of what is closable, or of what the request asks of it.
    Close {
        /// The reason.
        reason: String,
        /// The leg.
        leg: PositionSide,
    },
    /// An opening.
    Open {
        /// The reason.
        reason: String,
        /// The leg.
        leg: PositionSide,
        /// What it is for.
        intent: OrderIntent,
        /// The share of the target that is opened.
        share: Amount,
        /// What quantities are rounded down to, where the other policy opens with another step;
        /// `None` is 8 places.
        step: Option<Amount>,
        /// The budget that is charged.
        budget: Option<String>,
    },
    /// The request is refused for want of a field.
    Refused {
        /// The field.
        field: RequestField,
    },
    /// There is no answer: the host decides without the policy.
    NoAnswer,
}

/// How much a change is worth looking at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// An order appears, vanishes or is another one.
    Order,
    /// An answer appears or vanishes.
    Answer,
    /// A skip has another reason.
    Reason,
    /// A skip would have been for something else.
    Intent,
}

impl Weight {
    pub(super) fn of(old: &Said, new: &Said) -> Self {
        match (old, new) {
            (Said::SkipFor { .. }, Said::SkipFor { .. }) => Self::Intent,
            (Said::Skip { .. }, Said::Skip { .. }) => Self::Reason,
            (old, new) if old.is_order() || new.is_order() => Self::Order,
            _ => Self::Answer,
        }
    }
}

/// Both answers, without what does not tell them apart: the intent of a skip that the other
/// one has too, or has nothing like, the reason of skips whose intents alone differ, and a step
/// that is not another one.
pub(super) fn compared([mut old, mut new]: [Said; 2]) -> (Said, Said) {
    let (old_intent, new_intent) = (old.intent(), new.intent());
    if old_intent == new_intent || old_intent.is_none() || new_intent.is_none() {
        for said in [&mut old, &mut new] {
            if let Said::Skip { intent, .. } = said {
                *intent = None;
            }
        }
    }
    if old.step() == new.step() || old.step().is_none() || new.step().is_none() {
        for said in [&mut old, &mut new] {
            if let Said::Open { step, .. } = said {
                *step = None;
            }
        }
    }
    match (&old, &new) {
        (
            Said::Skip {
                reason: old_reason,
                intent: Some(old),
            },
            Said::Skip {
                reason: new_reason,
                intent: Some(new),
            },
        ) if old_reason == new_reason => (
            Said::SkipFor { intent: *old },
            Said::SkipFor { intent: *new },
        ),
        _ => (old, new),
    }
}

impl Said {
    const fn intent(&self) -> Option<OrderIntent> {
        match self {
            Self::Skip { intent, .. } => *intent,
            Self::Open { intent, .. } | Self::SkipFor { intent } => Some(*intent),
            Self::Close { .. } | Self::Refused { .. } | Self::NoAnswer => None,
        }
    }

    /// The step of an opening; outside `None` for what opens nothing.
    const fn step(&self) -> Option<Option<Amount>> {
        match self {
            Self::Open { step, .. } => Some(*step),
            _ => None,
        }
    }

    /// The leg that an order opens or closes.
    pub(super) const fn leg_of(side: Side, effect: PositionEffect) -> Option<PositionSide> {
        match (side, effect) {
            (Side::Buy, PositionEffect::Open) | (Side::Sell, PositionEffect::Close) => {
                Some(PositionSide::Long)
            }
            (Side::Sell, PositionEffect::Open) | (Side::Buy, PositionEffect::Close) => {
                Some(PositionSide::Short)
            }
            _ => None,
        }
    }

    const fn is_order(&self) -> bool {
        matches!(self, Self::Close { .. } | Self::Open { .. })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip {
                reason,
                intent: None,
            } => write!(out, "SKIP {reason}"),
            Self::Skip {
                reason,
                intent: Some(intent),
            } => write!(out, "SKIP {reason} (intent {})", intent.word()),
            Self::SkipFor { intent } => {
                write!(
                    out,
                    "SKIP, whatever the reason, with intent {}",
                    intent.word()
                )
            }
            Self::Close { reason, leg } => write!(out, "{} {reason}", closing_side(*leg)),
            Self::Open {
                reason,
                leg,
                intent,
                share,
                step,
                budget,
            } => {
                let percent = share.mul_down(Amount::whole(100)).unwrap_or(*share);
                write!(
                    out,
                    "{} {reason} (intent {}, {percent}% of the target",
                    opening_side(*leg),
                    intent.word()
                )?;
                if let Some(step) = step {
                    write!(out, ", step {step}")?;
                }
                match budget {
                    Some(budget) => write!(out, ", charges `{budget}`)"),
                    None => out.write_str(")"),
                }
            }
            Self::Refused { field } => write!(out, "refused without `{}`", field.word()),
            Self::NoAnswer => out.write_str("no answer"),
        }
    }
}

const fn opening_side(leg: PositionSide) -> &'static str {
    match leg {
        PositionSide::Long => "BUY",
        PositionSide::Short => "SELL",
    }
}

const fn closing_side(leg: PositionSide) -> &'static str {
    match leg {
        PositionSide::Long => "SELL",
        PositionSide::Short => "BUY",
    }
}

/// The parts of a region on which two answers differ, with what each says.
pub(super) fn differing(
    space: &Space<'_>,
    region: &Region,
    answers: [RegionAnswer; 2],
) -> Vec<(Said, Said, Region)> {
    let [old, new] = answers.map(Verb::of_none);
    if old.is_fixed(space, 0) == new.is_fixed(space, 1) && old.is_fixed(space, 0).is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for part in parts(space, region) {
        let said = [(0, old), (1, new)].map(|(table, verb)| verb.said(space, table, &part));
        let (old, new) = compared(said);
        if old != new && space.is_possible(&part.region) {
            found.push((old, new, part.region));
        }
    }
    found
}

/// A part of a region in which each answer says one thing.
struct Part<'s> {
    region: Region,
    legs: Legs,
    trade_type: TradeType,
    is_sized: bool,
    kind: &'s SymbolKind,
    tiers: [Option<u32>; 2],
}

/// An answer, with its outcome at hand.
#[derive(Debug, Clone, Copy)]
struct Verb(RegionAnswer);

impl Verb {
    const fn of_none(answer: RegionAnswer) -> Self {
        Self(answer)
    }

    fn outcome(self, table: &Table) -> Option<Outcome> {
        match self.0 {
            RegionAnswer::Decided { rule, .. } => Some(table.rules.get(rule)?.outcome),
            RegionAnswer::Refused { .. } | RegionAnswer::NoAnswer { .. } => None,
        }
    }

    /// What is said to every request of the region alike; `None` where that depends on it.
    fn is_fixed(self, space: &Space<'_>, table: usize) -> Option<Said> {
        let same_tiers = match space.tables.as_slice() {
            [old, new] => old.tiers == new.tiers,
            _ => true,
        };
        let own = space.table(table)?;
        match (self.0, self.outcome(own)) {
            (RegionAnswer::Refused { field, .. }, _) => Some(Said::Refused { field }),
            (RegionAnswer::NoAnswer { .. }, _) => Some(Said::NoAnswer),
            // Of equal tiers intents are equal, so that any one stands for all.
            (_, Some(Outcome::Skip { reason })) if same_tiers => Some(Said::Skip {
                reason: reason_of(own, reason),
                intent: None,
            }),
            _ => None,
        }
    }

    fn said(self, space: &Space<'_>, table: usize, part: &Part<'_>) -> Said {
        let own = space.table(table);
        let outcome = own.and_then(|own| self.outcome(own));
        let (Some(own), Some(outcome)) = (own, outcome) else {
            return match self.0 {
                RegionAnswer::Refused { field, .. } => Said::Refused { field },
                _ => Said::NoAnswer,
            };
        };
        let tier = part.tiers.get(table).copied().flatten();
        let of_leg = |leg: PositionSide, long, short| match leg {
            PositionSide::Long => reason_of(own, long),
            PositionSide::Short => reason_of(own, short),
        };
        match outcome {
            Outcome::Skip { reason } => Said::Skip {
                reason: reason_of(own, reason),
                intent: Some(intent(space, table, part.trade_type, tier)),
            },
            Outcome::Close {
                long_reason,
                short_reason,
            } => Said::Close {
                reason: of_leg(part.legs.closed, long_reason, short_reason),
                leg: part.legs.closed,
            },
            Outcome::Open {
                long_reason,
                short_reason,
            } => Said::Open {
                reason: of_leg(part.legs.opened, long_reason, short_reason),
                leg: part.legs.opened,
                intent: intent(space, table, part.trade_type, tier),
                share: match space.tier(table, tier) {
                    Some(tier) if !part.is_sized => tier.info.size.normalized(),
                    _ => Amount::ONE,
                },
                step: part.kind.known(table).step,
                budget: space
                    .budget(table, tier)
                    .map(|(_, budget)| budget.name.clone()),
            },
        }
    }
}

fn reason_of(table: &Table, reason: u32) -> String {
    let at = usize::try_from(reason).ok();
    at.and_then(|at| table.reasons.get(at))
        .cloned()
        .unwrap_or_default()
}

fn intent(
    space: &Space<'_>,
    table: usize,
    trade_type: TradeType,
    tier: Option<u32>,
) -> OrderIntent {
    match space.tier(table, tier) {
        Some(tier) if trade_type == TradeType::Auto => tier.info.intent,
        _ => OrderIntent::of_type(trade_type),
    }
}

/// The region in parts that leg, type, tiers, size and kind of symbol tell apart.
fn parts<'s>(space: &'s Space<'_>, region: &Region) -> Vec<Part<'s>> {
    let mut parts = Vec::new();
    for (legs, pairs) in legs(region.pairs) {
        for trade_type in TradeType::ALL {
            if region.types & type_bit(trade_type) == 0 {
                continue;
            }
            for tiers in tiers_of(space, region, trade_type) {
                for is_sized in [false, true] {
                    for (kind, classes) in &space.kinds {
                        let mut own = region.clone();
                        own.pairs = pairs;
                        own.types = type_bit(trade_type);
                        own.sized = region.sized.meet(Answers::of_fact(is_sized));
                        own.symbols = region.symbols.meet(classes);
                        for (view, tier) in own.views.iter_mut().zip(tiers) {
                            view.tiers = tier_bit(tier);
                        }
                        if own.sized == Answers::NONE || own.symbols.is_empty() {
                            continue;
                        }
                        parts.push(Part {
                            region: own,
                            legs,
                            trade_type,
                            is_sized,
                            kind,
                            tiers,
                        });
                    }
                }
            }
        }
    }
    parts
}

/// The leg that a close would close, and the one that an opening would open. (A BUY with a
/// short that is dust opens a long.) Where there is none, no answer asks for it.
#[derive(Debug, Clone, Copy)]
struct Legs {
    closed: PositionSide,
    opened: PositionSide,
}

/// The pairs by their legs.
fn legs(pairs: u32) -> impl Iterator<Item = (Legs, u32)> {
    use PositionSide::{Long, Short};

    let of_position = |position| {
        let all = FinalAction::ALL.into_iter();
        all.fold(0, |bits, action| {
            bits | 1_u32 << pair_number(action, position)
        })
    };
    let (sells, shorts) = (pairs_of(FinalAction::Sell), of_position(Some(Short)));
    [(Short, shorts), (Long, !shorts)]
        .into_iter()
        .flat_map(move |(closed, held)| {
            [(Short, held & sells), (Long, held & !sells)]
                .map(|(opened, bits)| (Legs { closed, opened }, pairs & bits))
        })
        .filter(|(_, bits)| *bits != 0)
}

/// The tiers that a type can get in both tables.
fn tiers_of(space: &Space<'_>, region: &Region, trade_type: TradeType) -> Vec<[Option<u32>; 2]> {
    if trade_type != TradeType::Auto {
        let own = [0, 1].map(|at| {
            let table = space.table(at);
            table.and_then(|table| tier_of_type(table, trade_type))
        });
        let is_wanted = (0..)
            .zip(own)
            .all(|(at, tier)| region.view(at).tiers & tier_bit(tier) != 0);
        return if is_wanted { vec![own] } else { Vec::new() };
    }
    let of_table = |at: usize| -> Vec<Option<u32>> {
        let tiers = space.table(at).map_or(0, |own| own.tiers.len());
        (0_u32..)
            .take(tiers)
            .map(Some)
            .chain([None])
            .filter(|tier| region.view(at).tiers & tier_bit(*tier) != 0)
            .collect()
    };
    let (old, new) = (of_table(0), of_table(1));
    old.iter()
        .flat_map(|old| new.iter().map(|new| [*old, *new]))
        .collect()
}
