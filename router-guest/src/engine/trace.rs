//! How a decision comes about: rule after rule, alternative after alternative, the first
//! condition that fails of each, in the order in which the engine tests.
//!
//! It decides with the engine's own facts and verbs, and reads of the table what the index
//! over it has boiled down. Native only.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::ControlFlow;

use super::facts::Facts;
use super::index::Cell;
use super::{Engine, glob};
use crate::amount::Amount;
use crate::decision::{Decision, Refusal};
use crate::document::wording::{self, Condition, Subject};
use crate::request::{OrderTerms, Request};
use crate::state::State;
use crate::table::{
    Clause, NameTest, Outcome, Table, TableError, pair_number, state_bit, type_bit,
};

/// A table beside its engine, for telling how the engine decides.
#[derive(Debug)]
pub struct Tracer {
    engine: Engine,
    /// By rule, then alternative.
    rules: Vec<Vec<Vec<Condition>>>,
}

/// How one request was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The rules that did not match, from the first.
    pub passed_over: Vec<PassedOver>,
    /// The rule at which it ended; `None` when no rule matched.
    pub ending: Option<Ending>,
}

/// A rule that did not match.
#[derive(Debug, Clone, PartialEq)]
pub struct PassedOver {
    /// Index into the rules.
    pub rule: usize,
    /// Why, for each alternative; at least one.
    pub alternatives: Vec<Failure>,
}

/// An alternative that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The first condition of it that failed.
    pub condition: Condition,
    /// What the request or its state have instead.
    pub observed: Observed,
    /// How many conditions before it held.
    pub held: usize,
}

/// The rule at which the search for one ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Index into the rules.
    pub rule: usize,
    /// Index into the rule's alternatives.
    pub alternative: usize,
    /// Why the alternatives before it did not hold.
    pub before: Vec<Failure>,
    /// The conditions of it that held.
    pub held: Vec<Condition>,
    /// The condition that asked for something that is not there; `None` when all of them
    /// held and the rule's verb had its turn.
    pub asked_by: Option<Condition>,
    /// What came of it.
    pub answer: Result<Decision, Refusal>,
}

/// What a condition looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// A word of the document: a state, a type, an action, a position, a tier.
    Word(String),
    /// A symbol or a strategy.
    Name(String),
    /// A fact.
    Fact(bool),
    /// Whether the budget is exhausted.
    Budget {
        /// It does not hold the need.
        exhausted: bool,
    },
    /// A score or ratio.
    Score(Option<f64>),
    /// An amount.
    Amount(Option<Amount>),
}

impl Trace {
    /// What the engine answers.
    ///
    /// # Errors
    /// [`Refusal`] as of [`Engine::decide`].
    pub fn answer(&self) -> Result<Decision, Refusal> {
        match &self.ending {
            Some(ending) => ending.answer,
            None => Err(Refusal::NoRoute),
        }
    }
}

impl PassedOver {
    /// The alternative that got furthest: the one to look at first.
    pub fn nearest(&self) -> Option<&Failure> {
        let mut furthest: Option<&Failure> = None;
        for failure in &self.alternatives {
            if furthest.is_none_or(|best| failure.held > best.held) {
                furthest = Some(failure);
            }
        }
        furthest
    }
}

impl fmt::Display for Observed {
    /// As it is said to people: `REDUCING`, `no`, `0.5`, `absent`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => out.write_str(word),
            Self::Name(name) => out.write_str(&wording::shown(name)),
            Self::Fact(true) => out.write_str("yes"),
            Self::Fact(false) => out.write_str("no"),
            Self::Budget { exhausted: true } => out.write_str("exhausted"),
            Self::Budget { exhausted: false } => out.write_str("holds"),
            Self::Score(Some(score)) => write!(out, "{score}"),
            Self::Amount(Some(amount)) => write!(out, "{amount}"),
            Self::Score(None) | Self::Amount(None) => out.write_str("absent"),
        }
    }
}

impl fmt::Display for Failure {
    /// `signal_strength is 0.5, needs >= 0.55`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.condition.subject().word();
        let wanted = self.condition.wanted();
        match self.observed {
            Observed::Budget { exhausted: false } => write!(out, "{word} holds")?,
            _ => write!(out, "{word} is {}", self.observed)?,
        }
        write!(out, ", needs {wanted}")
    }
}

impl Tracer {
    /// Prepares a table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] when the table does not validate.
    pub fn new(table: &Table) -> Result<Self, TableError> {
        let conditions = |clause: &Clause| wording::conditions(clause, &table.tiers);
        Ok(Self {
            engine: Engine::new(table)?,
            rules: table
                .rules
                .iter()
                .map(|rule| rule.clauses.iter().map(conditions).collect())
                .collect(),
        })
    }

    /// The engine that decides.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The engine, for changing its settings: see [`Engine::replace_symbol`].
    pub const fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The conditions of a rule, by alternative.
    pub fn conditions(&self, rule: usize) -> &[Vec<Condition>] {
        self.rules.get(rule).map_or(&[], Vec::as_slice)
    }

    /// The verb of a rule.
    pub fn outcome(&self, rule: usize) -> Option<Outcome> {
        self.engine.outcomes.get(rule).copied()
    }

    /// The index of the tier that sizes a request: of `auto`, the first that its figures fit;
    /// of a stated type, the first of its intent.
    pub fn tier_of(&self, terms: &OrderTerms) -> Option<u32> {
        self.engine.tier_of(terms).map(|(tier, _)| tier)
    }

    /// Follows one request through the rules.
    pub fn trace(&self, request: &Request<'_>, state: &State<'_>) -> Trace {
        let mut facts = Facts::new(&self.engine, request, state);
        let mut passed_over = Vec::new();
        for (rule, alternatives) in self.rules.iter().enumerate() {
            match tried(rule, alternatives, &mut facts) {
                ControlFlow::Continue(failed) => passed_over.push(PassedOver {
                    rule,
                    alternatives: failed,
                }),
                ControlFlow::Break(ending) => {
                    return Trace {
                        passed_over,
                        ending: Some(ending),
                    };
                }
            }
        }
        Trace {
            passed_over,
            ending: None,
        }
    }
}

/// Why no alternative of the rule holds, or what came of the first that does.
fn tried(
    rule: usize,
    alternatives: &[Vec<Condition>],
    facts: &mut Facts<'_, '_>,
) -> ControlFlow<Ending, Vec<Failure>> {
    let mut failed = Vec::new();
    for (alternative, conditions) in alternatives.iter().enumerate() {
        let (held, asked_by, answer) = match first_failure(conditions, facts) {
            Ok(Some(failure)) => {
                failed.push(failure);
                continue;
            }
            Ok(None) => {
                let number = u32::try_from(rule).map_err(|_| Refusal::NoRoute);
                let answer = number.and_then(|number| facts.carry_out(number));
                (conditions.as_slice(), None, answer)
            }
            Err((held, condition, refusal)) => (held, Some(condition.clone()), Err(refusal)),
        };
        return ControlFlow::Break(Ending {
            rule,
            alternative,
            before: failed,
            held: held.to_vec(),
            asked_by,
            answer,
        });
    }
    ControlFlow::Continue(failed)
}

/// The conditions that held, the one that asked for what is not there, and what that is.
type Asked<'c> = (&'c [Condition], &'c Condition, Refusal);

fn first_failure<'c>(
    conditions: &'c [Condition],
    facts: &mut Facts<'_, '_>,
) -> Result<Option<Failure>, Asked<'c>> {
    for (held, condition) in conditions.iter().enumerate() {
        match holds(condition, facts) {
            Ok(true) => {}
            Ok(false) => {
                return Ok(Some(Failure {
                    condition: condition.clone(),
                    observed: observed(condition, facts),
                    held,
                }));
            }
            Err(refusal) => {
                let before = conditions.get(..held).unwrap_or_default();
                return Err((before, condition, refusal));
            }
        }
    }
    Ok(None)
}

fn holds(condition: &Condition, facts: &mut Facts<'_, '_>) -> Result<bool, Refusal> {
    let alone = condition.alone();
    let named = |test: &Option<NameTest>, name| test.as_ref().is_none_or(|test| lets(test, name));
    match condition.subject() {
        Subject::Symbol => Ok(named(&alone.symbol, facts.request.symbol)),
        Subject::Strategy => Ok(named(&alone.strategy, facts.request.strategy)),
        Subject::Tier
        | Subject::Score(_)
        | Subject::Amount(_)
        | Subject::BelowMinimum
        | Subject::Budget => facts.satisfy(alone),
        _ => Ok(accepts(alone, &facts.cell())),
    }
}

fn lets(test: &NameTest, name: &str) -> bool {
    let mut patterns = test.patterns.iter();
    patterns.any(|pattern| glob::matches(pattern, name)) != test.negated
}

/// What the index has tested of a clause, once more.
fn accepts(clause: &Clause, cell: &Cell) -> bool {
    let [dust, closable, opening, shortable, sized] = cell.flags;
    clause.states & state_bit(cell.state) != 0
        && clause.types & type_bit(cell.trade_type) != 0
        && clause.pairs & 1 << pair_number(cell.action, cell.position) != 0
        && clause.dust.accepts(dust)
        && clause.closable.accepts(closable)
        && clause.opening.accepts(opening)
        && clause.shortable.accepts(shortable)
        && clause.sized.accepts(sized)
}

fn observed(condition: &Condition, facts: &mut Facts<'_, '_>) -> Observed {
    let cell = facts.cell();
    let [dust, closable, opening, shortable, sized] = cell.flags;
    match condition.subject() {
        Subject::State => Observed::Word(cell.state.word().into()),
        Subject::Type => Observed::Word(cell.trade_type.word().into()),
        Subject::Action => Observed::Word(wording::action_word(cell.action).into()),
        Subject::Position => Observed::Word(wording::position_word(cell.position).into()),
        Subject::Tier => {
            let tier = facts.tier.map_or("none", |(_, tier)| &tier.info.name);
            Observed::Word(tier.into())
        }
        Subject::Symbol => Observed::Name(facts.request.symbol.into()),
        Subject::Strategy => Observed::Name(facts.request.strategy.into()),
        Subject::Dust => Observed::Fact(dust),
        Subject::Closable => Observed::Fact(closable),
        Subject::Opening => Observed::Fact(opening),
        Subject::ShortAllowed => Observed::Fact(shortable),
        Subject::Sized => Observed::Fact(sized),
        // It failed, so it is the other one.
        Subject::BelowMinimum => Observed::Fact(!condition.wants_yes()),
        Subject::Budget => Observed::Budget {
            exhausted: !condition.wants_yes(),
        },
        Subject::Score(field) => Observed::Score(facts.score(field)),
        Subject::Amount(field) => Observed::Amount(facts.amount(field)),
    }
}
