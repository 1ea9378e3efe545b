//! What single change would give another answer: found by asking again, never by reasoning
//! about the rules, so that each is true of whatever policy it is told of.
//!
//! It owns what can be changed, what a change is called and how far away it is. Where the
//! values are is `search`, what is asked is `world`.

mod axis;
mod marks;
mod search;
mod target;
mod text;
mod world;

use std::cmp::Reverse;
use std::fmt;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, Side};
use router_guest::request::{FinalAction, Position, TradeType};
use router_guest::state::TradingState;

pub use target::Target;
pub(super) use world::{Oracle, World};

use super::verdict::Answer;
use search::Search;

/// Places at which amounts are searched: the value on the other side of an edge is one unit of
/// the last of them away. An amount that has more places itself is searched at those.
pub const AMOUNT_PLACES: u8 = 12;
/// Places at which percentages of the policy are searched.
pub const PERCENT_PLACES: u8 = 4;

/// The whole of a number, for distances: one change of a word is as far as a number's whole.
const WHOLE: u64 = 1_000_000;
/// A change of more than this leaves a hundredth, or makes a hundredfold. (Nothing at all is
/// a whole away, and no farther than that: `working.opening` is meant to be 0.)
const FAR: u64 = 990_000;

/// A change, and the answer that it would give.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterfactual {
    /// What must change: one thing, or the two switches of shorting.
    pub changes: Vec<Change>,
    /// The side of the order then.
    pub side: Side,
    /// What the order is for then; a skip is for nothing.
    pub intent: Option<OrderIntent>,
    /// Index of its reason into the manifest's.
    pub reason: u32,
    /// How far away it is; see [`Distance`].
    pub distance: Distance,
}

/// How far away a change is: the nearest come first.
///
/// Numbers of the request and its state by how much of themselves they change, then the
/// trading state, then the policy's settings, then the words of the request, which make
/// another trade of it; last what no sender would mean: more than a hundredfold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distance {
    /// What is changed.
    pub class: Class,
    /// Change over the larger of the two values, in millionths; a word is a whole.
    pub millionths: u64,
}

/// What a change changes, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A number of the request or its state; to a request that is refused for want of one,
    /// giving it.
    Number,
    /// The trading state.
    TradingState,
    /// A setting of the policy.
    Setting,
    /// A word of the request, whether it gives a number, or whether that is above 0.
    Word,
    /// A number that is more than a hundred times as large, or as small.
    Far,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is changed.
    pub target: Target,
    /// To what.
    pub to: To,
}

/// What something is changed to.
#[derive(Debug, Clone, PartialEq)]
pub enum To {
    /// A word, a switch, or no value at all.
    Exactly(Value),
    /// Any number of a range.
    Range(Range),
}

/// Numbers that give one answer, from the nearest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The nearest of them.
    pub edge: Value,
    /// The number before it, which still gives the old answer (where none was given: another
    /// than the edge does); `None` where there is none.
    pub before: Option<Value>,
    /// The last of them before the answer is another again; `None` when it never is.
    pub last: Option<Value>,
    /// The number behind the last.
    pub behind: Option<Value>,
    /// They are larger than what is there now.
    pub upwards: bool,
    /// The amount that is nearest to `before`, finer than the unit, gives the new answer too.
    pub holds_from_before: bool,
    /// The amount that is nearest to `behind`, finer than the unit, gives the new answer too.
    pub holds_to_behind: bool,
}

/// A value of a field or a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Not given.
    Absent,
    /// An amount, or a percentage.
    Amount(Amount),
    /// A score, a ratio or a threshold for one.
    Score(f64),
    /// A number of orders.
    Count(u32),
    /// A switch.
    Switch(bool),
    /// `final_action`
    Action(FinalAction),
    /// `trade_type`
    Type(TradeType),
    /// `trading_state`
    State(TradingState),
    /// `position`; `None` is flat.
    Position(Option<Position>),
}

/// The nearest changes that give another decision, at most `count`.
pub(super) fn nearest(
    world: &mut World<'_>,
    old: Answer,
    tier: Option<u32>,
    count: usize,
) -> Vec<Counterfactual> {
    if count == 0 {
        return Vec::new();
    }
    let mut search = Search::new(world, old, tier);
    let mut found = Vec::new();
    for target in target::numbers(search.world()) {
        found.extend(search.along(target));
    }
    for changes in target::words(search.world()) {
        found.extend(search.at(changes));
    }
    // Stable: what is equally near stays in the order of the fields. Of two ways to the same
    // place an order is worth more than a skip.
    found.sort_by_key(|found| (found.distance, Reverse(found.side != Side::Skip)));
    found.truncate(count);
    found
}

/// Scores under it are written with an exponent.
const SCORE_MIN_PLAIN: f64 = 1e-12;

impl Counterfactual {
    fn new(changes: Vec<Change>, answer: Answer, distance: Distance) -> Option<Self> {
        let Answer::Decided {
            side,
            intent,
            reason,
        } = answer
        else {
            return None;
        };
        Some(Self {
            changes,
            side,
            intent,
            reason,
            distance,
        })
    }
}

impl Distance {
    const fn of_word(class: Class) -> Self {
        Self {
            class,
            millionths: WHOLE,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => out.write_str("absent"),
            Self::Amount(amount) => write!(out, "{amount}"),
            // Doubles beside 0 have hundreds of zeros behind the point.
            Self::Score(score) if *score != 0.0 && score.abs() < SCORE_MIN_PLAIN => {
                write!(out, "{score:e}")
            }
            Self::Score(score) => write!(out, "{score}"),
            Self::Count(count) => write!(out, "{count}"),
            Self::Switch(on) => write!(out, "{on}"),
            Self::Action(action) => out.write_str(action.word()),
            Self::Type(trade_type) => out.write_str(trade_type.word()),
            Self::State(state) => out.write_str(state.word()),
            Self::Position(None) => out.write_str("flat"),
            Self::Position(Some(position)) => {
                write!(out, "{} {}", position.side.word(), position.quantity)
            }
        }
    }
}
