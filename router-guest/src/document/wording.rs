//! Conditions of a clause back in the document's words, in the order in which the engine
//! tests them: what a message, a table or a trace says of a rule.
//!
//! It is the other direction of `conditions`, and held to it by a test: what is written here
//! reads as the same clause. It decides nothing.

mod pairs;

use std::fmt;

use super::conditions::action_words;
use crate::manifest::{AmountField, ScoreField};
use crate::request::{FinalAction, PositionSide, TradeType};
use crate::state::TradingState;
use crate::table::{
    Clause, End, Flag, NO_TIER_BIT, NameTest, NumberRange, PAIRS_ALL, STATES_ALL, TIERS_ALL,
    TYPES_ALL, Tier, state_bit, type_bit,
};

/// One condition of a clause.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    subject: Subject,
    wanted: Wanted,
    alone: Clause,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// `state`
    State,
    /// `type`
    Type,
    /// `action`
    Action,
    /// `position`
    Position,
    /// `dust`
    Dust,
    /// `closable`
    Closable,
    /// `opening`
    Opening,
    /// `short_allowed`
    ShortAllowed,
    /// `sized`
    Sized,
    /// `symbol`
    Symbol,
    /// `strategy`
    Strategy,
    /// `tier`
    Tier,
    /// A score or ratio.
    Score(ScoreField),
    /// An amount.
    Amount(AmountField),
    /// `below_minimum`
    BelowMinimum,
    /// `budget`
    Budget,
}

/// What a condition accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A set of words.
    Words {
        /// At least one.
        words: Vec<String>,
        /// None of them.
        negated: bool,
    },
    /// A set of names, given by patterns.
    Names(NameTest),
    /// A fact: it must hold, or must not.
    Fact(bool),
    /// `exhausted` or `holds`.
    Budget {
        /// Whether it must be exhausted.
        exhausted: bool,
    },
    /// A range of numbers: `>= 0.55`, `absent`.
    Range(String),
}

impl Condition {
    /// What it is about.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// What it accepts.
    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The clause that has this condition and no other.
    pub const fn alone(&self) -> &Clause {
        &self.alone
    }

    /// Whether it is a fact that must hold, or a budget that must be exhausted.
    pub const fn wants_yes(&self) -> bool {
        matches!(
            self.wanted,
            Wanted::Fact(true) | Wanted::Budget { exhausted: true }
        )
    }
}

impl Subject {
    /// The condition's key in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Type => "type",
            Self::Action => "action",
            Self::Position => "position",
            Self::Dust => "dust",
            Self::Closable => "closable",
            Self::Opening => "opening",
            Self::ShortAllowed => "short_allowed",
            Self::Sized => "sized",
            Self::Symbol => "symbol",
            Self::Strategy => "strategy",
            Self::Tier => "tier",
            Self::Score(field) => field.word(),
            Self::Amount(field) => field.word(),
            Self::BelowMinimum => "below_minimum",
            Self::Budget => "budget",
        }
    }
}

/// The word of an action in a document.
pub const fn action_word(action: FinalAction) -> &'static str {
    match action {
        FinalAction::Unknown => "unknown",
        known => known.word(),
    }
}

/// The word of a leg in a document; `None` is `flat`.
pub const fn position_word(side: Option<PositionSide>) -> &'static str {
    match side {
        None => "flat",
        Some(side) => side.word(),
    }
}

/// The conditions of a clause; none for one that always holds.
pub fn conditions(clause: &Clause, tiers: &[Tier]) -> Vec<Condition> {
    let mut found = masks(clause);
    found.extend(flags(clause));
    found.extend(names(clause));
    if clause.tiers != TIERS_ALL {
        let words: Vec<_> = (0..)
            .zip(tiers)
            .map(|(index, tier)| (tier.info.name.as_str(), 1 << index))
            .chain([("none", u32::from(NO_TIER_BIT))])
            .collect();
        found.push(Condition {
            subject: Subject::Tier,
            wanted: set(&words, clause.tiers.into()),
            alone: Clause {
                tiers: clause.tiers,
                ..Clause::ANY
            },
        });
    }
    found.extend(numbers(clause));
    found.extend(computed(clause));
    found
}

fn masks(clause: &Clause) -> Vec<Condition> {
    let mut found = Vec::new();
    if clause.states != STATES_ALL {
        let words = TradingState::ALL.map(|state| (state.word(), u32::from(state_bit(state))));
        found.push(Condition {
            subject: Subject::State,
            wanted: set(&words, clause.states.into()),
            alone: Clause {
                states: clause.states,
                ..Clause::ANY
            },
        });
    }
    if clause.types != TYPES_ALL {
        let words = TradeType::ALL.map(|of| (of.word(), u32::from(type_bit(of))));
        found.push(Condition {
            subject: Subject::Type,
            wanted: set(&words, clause.types.into()),
            alone: Clause {
                types: clause.types,
                ..Clause::ANY
            },
        });
    }
    let pairs = |subject, wanted, pairs| Condition {
        subject,
        wanted,
        alone: Clause {
            pairs,
            ..Clause::ANY
        },
    };
    let split = pairs::split(clause.pairs);
    if split.actions != PAIRS_ALL {
        let wanted = set(&action_words(), split.actions);
        found.push(pairs(Subject::Action, wanted, split.actions));
    }
    if let Some((wanted, bits)) = split.positions {
        found.push(pairs(Subject::Position, wanted, bits));
    }
    found
}

fn flags(clause: &Clause) -> impl Iterator<Item = Condition> {
    type Set = fn(&mut Clause, Flag);
    let flags: [(Subject, Flag, Set); 5] = [
        (Subject::Dust, clause.dust, |clause, flag| {
            clause.dust = flag;
        }),
        (Subject::Closable, clause.closable, |clause, flag| {
            clause.closable = flag;
        }),
        (Subject::Opening, clause.opening, |clause, flag| {
            clause.opening = flag;
        }),
        (Subject::ShortAllowed, clause.shortable, |clause, flag| {
            clause.shortable = flag;
        }),
        (Subject::Sized, clause.sized, |clause, flag| {
            clause.sized = flag;
        }),
    ];
    let tested = flags.into_iter().filter(|(_, flag, _)| *flag != Flag::Any);
    tested.map(|(subject, flag, set)| {
        let mut alone = Clause::ANY;
        set(&mut alone, flag);
        Condition {
            subject,
            wanted: Wanted::Fact(flag == Flag::Yes),
            alone,
        }
    })
}

fn names(clause: &Clause) -> impl Iterator<Item = Condition> {
    let symbol = clause.symbol.as_ref().map(|test| Condition {
        subject: Subject::Symbol,
        wanted: Wanted::Names(test.clone()),
        alone: Clause {
            symbol: Some(test.clone()),
            ..Clause::ANY
        },
    });
    let strategy = clause.strategy.as_ref().map(|test| Condition {
        subject: Subject::Strategy,
        wanted: Wanted::Names(test.clone()),
        alone: Clause {
            strategy: Some(test.clone()),
            ..Clause::ANY
        },
    });
    symbol.into_iter().chain(strategy)
}

fn numbers(clause: &Clause) -> impl Iterator<Item = Condition> {
    let scores = clause.scores.iter().map(|test| Condition {
        subject: Subject::Score(test.field),
        wanted: Wanted::Range(range(&test.range)),
        alone: Clause {
            scores: vec![*test],
            ..Clause::ANY
        },
    });
    let amounts = clause.amounts.iter().map(|test| Condition {
        subject: Subject::Amount(test.field),
        wanted: Wanted::Range(range(&test.range)),
        alone: Clause {
            amounts: vec![*test],
            ..Clause::ANY
        },
    });
    scores.chain(amounts)
}

/// The conditions that may ask for a field that is not there.
fn computed(clause: &Clause) -> impl Iterator<Item = Condition> {
    let minimum = (clause.below_minimum != Flag::Any).then(|| Condition {
        subject: Subject::BelowMinimum,
        wanted: Wanted::Fact(clause.below_minimum == Flag::Yes),
        alone: Clause {
            below_minimum: clause.below_minimum,
            ..Clause::ANY
        },
    });
    let budget = (clause.budget_exhausted != Flag::Any).then(|| Condition {
        subject: Subject::Budget,
        wanted: Wanted::Budget {
            exhausted: clause.budget_exhausted == Flag::Yes,
        },
        alone: Clause {
            budget_exhausted: clause.budget_exhausted,
            ..Clause::ANY
        },
    });
    minimum.into_iter().chain(budget)
}

/// The shorter of a set and what is not in it.
fn set(known: &[(&str, u32)], bits: u32) -> Wanted {
    let words = |inside: bool| -> Vec<String> {
        let wanted = known.iter().filter(|(_, bit)| (bits & bit != 0) == inside);
        wanted.map(|(word, _)| (*word).to_owned()).collect()
    };
    let (inside, outside) = (words(true), words(false));
    if outside.len() < inside.len() && !outside.is_empty() {
        Wanted::Words {
            words: outside,
            negated: true,
        }
    } else {
        Wanted::Words {
            words: inside,
            negated: false,
        }
    }
}

fn range<N: fmt::Display>(range: &NumberRange<N>) -> String {
    let (low, high) = match range {
        NumberRange::Absent => return "absent".into(),
        NumberRange::Present => return "present".into(),
        NumberRange::Within { low, high } => (low, high),
    };
    let low = match low {
        End::Open => None,
        End::Including(number) => Some(format!(">= {number}")),
        End::Excluding(number) => Some(format!("> {number}")),
    };
    let high = match high {
        End::Open => None,
        End::Including(number) => Some(format!("<= {number}")),
        End::Excluding(number) => Some(format!("< {number}")),
    };
    let ends: Vec<String> = low.into_iter().chain(high).collect();
    ends.join(" and ")
}

impl fmt::Display for Condition {
    /// As it is said to people: `state HALTED`, `type not risk`, `dust`, `not dust`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.subject.word();
        match &self.wanted {
            Wanted::Fact(true) => out.write_str(word),
            Wanted::Fact(false) => write!(out, "not {word}"),
            wanted => write!(out, "{word} {wanted}"),
        }
    }
}

impl fmt::Display for Wanted {
    /// As it is said to people: `BUY or SELL`, `not risk`, ``neither `a` nor `b` ``.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words { words, negated } => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                write_set(&words, *negated, out)
            }
            Self::Names(test) => {
                let names: Vec<_> = test.patterns.iter().map(|name| shown(name)).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                write_set(&names, test.negated, out)
            }
            Self::Fact(true) => out.write_str("yes"),
            Self::Fact(false) => out.write_str("no"),
            Self::Budget { exhausted: true } => out.write_str("exhausted"),
            Self::Budget { exhausted: false } => out.write_str("holds"),
            Self::Range(range) => out.write_str(range),
        }
    }
}

/// A name in backticks, on one line.
pub fn shown(name: &str) -> String {
    super::findings::quoted(name)
}

fn write_set(words: &[&str], negated: bool, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (words, negated) {
        ([word], true) => write!(out, "not {word}"),
        ([one, other], true) => write!(out, "neither {one} nor {other}"),
        (words, true) => write!(out, "none of {}", words.join(", ")),
        (words, false) => write!(out, "{}", alternatives(words)),
    }
}

/// `a`, `a or b`, `a, b or c`.
pub fn alternatives(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => {
            format!("{} or {last}", before.join(", "))
        }
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests;
