//! A table, decided for every request at once: the space falls into regions of which each is
//! answered in one way.
//!
//! Rule after rule and condition after condition, in the order in which the engine tests them,
//! a region is split where a condition cuts it; parts that no request falls in are dropped.
//! Nothing is sampled. It judges no answer.

use std::collections::HashMap;
use std::rc::Rc;

use router_guest::decision::RequestField;
use router_guest::manifest::AmountField;
use router_guest::request::{FinalAction, TradeType};
use router_guest::state::TradingState;
use router_guest::table::{
    Clause, Flag, Outcome, PAIRS_ALL, STATES_ALL, TIERS_ALL, TYPES_ALL, pair_number, state_bit,
    type_bit,
};

use super::names::ClassSet;
use super::region::Region;
use super::space::Space;
use super::split::{ABOVE_ZERO, AT_ZERO, Parts, Test};

/// Regions that one walk makes at most.
pub const REGIONS_MAX: usize = 4_000_000;

/// A region of which every request is answered in one way.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) region: Region,
    pub(crate) answer: RegionAnswer,
}

/// How a region is answered. Rules and alternatives are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionAnswer {
    /// By a rule.
    Decided {
        /// The rule.
        rule: usize,
        /// The alternative of its `when` that holds first.
        alternative: usize,
    },
    /// With a refusal: a field is not given.
    Refused {
        /// The rule that asks for it.
        rule: usize,
        /// The alternative of its `when` that holds, when its verb asks; `None` when a
        /// condition does.
        alternative: Option<usize>,
        /// The field.
        field: RequestField,
    },
    /// In part with a refusal, because its figures leave 28 digits: the requests of a region
    /// that are answered otherwise by another one. It stands beside the partition.
    Strained {
        /// The rule that asks for the figures.
        rule: usize,
    },
    /// Not at all: a rule's verb cannot be carried out.
    NoAnswer {
        /// The rule.
        rule: usize,
        /// The alternative of its `when` that holds first.
        alternative: usize,
        /// What stands in the verb's way.
        because: Impossible,
    },
}

/// Why a verb cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Impossible {
    /// `close`: the action does not reduce the position.
    NothingToReduce,
    /// `close`: nothing is closable.
    NothingClosable,
    /// `open`: the action is neither BUY nor SELL.
    OpensNothing,
    /// `open`: the action would reduce the position.
    PositionInTheWay,
    /// `open`: the type is exit or risk.
    OnlyCloses,
    /// `open`: the state is REDUCING or HALTED.
    NotActive,
    /// `open`: a SELL where shorting is not allowed.
    NoShort,
    /// `open`: the budget does not hold the need.
    BudgetExhausted,
}

/// One alternative of a rule, in the terms of the space.
struct Alternative {
    rule: usize,
    alternative: usize,
    /// In the order in which the engine tests them.
    tests: Vec<Condition>,
    /// What can be told at once: types, states, pairs, symbols, strategies.
    reach: (u8, u8, u32, ClassSet, ClassSet),
}

/// A test, and the word that a document has for it.
type Condition = (&'static str, Test);

/// A table, ready to be walked.
pub(crate) struct Walk<'s, 't> {
    space: &'s Space<'t>,
    table: usize,
    alternatives: Vec<Alternative>,
}

/// Alternatives that can still match, in order.
pub(crate) type Reaching = Rc<[u32]>;

/// A region that waits for its next test.
struct Task {
    region: Region,
    /// The alternatives that can still match, in order.
    left: Reaching,
    /// The one that is being tested, and how far that has come.
    at: usize,
    test: usize,
}

/// Why a walk was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooManyRegions {
    /// The rules that cut most often, the first most.
    pub(crate) rules: Vec<usize>,
}

/// No request meets the conditions of an alternative.
#[derive(Debug)]
pub(crate) struct NeverHolds {
    /// The first condition that cannot hold once those before it do.
    pub(crate) condition: &'static str,
    /// The requests that meet those before it.
    pub(crate) before: Vec<Region>,
}

/// Rules that are named when there are too many regions.
const CUTTING_RULES_SHOWN_MAX: usize = 5;

impl RegionAnswer {
    /// The rule that it is about.
    pub const fn rule(self) -> usize {
        match self {
            Self::Decided { rule, .. }
            | Self::Refused { rule, .. }
            | Self::Strained { rule }
            | Self::NoAnswer { rule, .. } => rule,
        }
    }
}

impl<'s, 't> Walk<'s, 't> {
    pub(crate) fn new(space: &'s Space<'t>, table: usize) -> Self {
        let rules = space.table(table).map_or(&[][..], |table| &table.rules);
        let alternatives = rules.iter().enumerate().flat_map(|(number, rule)| {
            rule.clauses
                .iter()
                .enumerate()
                .map(move |(clause, own)| Alternative {
                    rule: number,
                    alternative: clause,
                    tests: tests(space, table, own),
                    reach: reach(space, table, own),
                })
        });
        Self {
            space,
            table,
            alternatives: alternatives.collect(),
        }
    }

    /// The region of one alternative by itself: every request that meets its conditions, in
    /// more than one part where a condition is no product.
    ///
    /// # Errors
    /// [`NeverHolds`] when no request meets them.
    pub(crate) fn alone(&self, rule: usize, alternative: usize) -> Result<Vec<Region>, NeverHolds> {
        let own = self
            .alternatives
            .iter()
            .find(|own| (own.rule, own.alternative) == (rule, alternative));
        let mut parts = vec![self.space.everything()];
        for (condition, test) in own.map_or(&[][..], |own| &own.tests) {
            let holding: Vec<_> = parts
                .iter()
                .flat_map(|part| self.space.split(part, self.table, test).holds)
                .filter(|part| self.space.is_possible(part))
                .collect();
            if holding.is_empty() {
                let before = parts;
                return Err(NeverHolds { condition, before });
            }
            parts = holding;
        }
        Ok(parts)
    }

    /// The alternatives before one of a rule that can match anything of a region.
    pub(crate) fn before(&self, region: &Region, rule: usize, alternative: usize) -> Reaching {
        let before = self
            .alternatives
            .partition_point(|own| (own.rule, own.alternative) < (rule, alternative));
        self.still_reaching(region, (0_u32..).take(before))
    }

    /// Those of them that are not a rule's.
    pub(crate) fn without(&self, reaching: &Reaching, rule: usize) -> Reaching {
        let is_anothers = |number: &u32| {
            let own = self.alternatives.get(*number as usize);
            own.is_some_and(|own| own.rule != rule)
        };
        reaching.iter().copied().filter(is_anothers).collect()
    }

    /// Walks a region through some of the alternatives; leaves go to `found`, and what none of
    /// them decides to `rest`. Every region takes one of `left`.
    ///
    /// # Errors
    /// [`TooManyRegions`] past the bound.
    pub(crate) fn run(
        &self,
        from: Region,
        through: Reaching,
        left: &mut usize,
        mut found: impl FnMut(Leaf),
        mut rest: impl FnMut(Region),
    ) -> Result<(), TooManyRegions> {
        let mut cuts: HashMap<usize, usize> = HashMap::new();
        let mut tasks = vec![Task {
            left: through,
            region: from,
            at: 0,
            test: 0,
        }];
        while let Some(task) = tasks.pop() {
            let Some(own) = task
                .left
                .get(task.at)
                .and_then(|number| self.alternatives.get(*number as usize))
            else {
                rest(task.region);
                continue;
            };
            let Some((_, test)) = own.tests.get(task.test) else {
                self.carry_out(task.region, own, &mut found);
                continue;
            };
            let parts = self.space.split(&task.region, self.table, test);
            let whole = parts.holds.len() + parts.fails.len() + parts.refused.len() == 1;
            if !whole {
                *cuts.entry(own.rule).or_default() += 1;
            }
            *left = left
                .checked_sub(usize::from(!whole))
                .ok_or_else(|| too_many(&cuts))?;
            self.go_on(&task, parts, whole, &mut tasks, &mut found);
        }
        Ok(())
    }

    fn go_on(
        &self,
        task: &Task,
        parts: Parts,
        whole: bool,
        tasks: &mut Vec<Task>,
        found: &mut impl FnMut(Leaf),
    ) {
        // What was possible as a whole is not asked again.
        let possible = |region: &Region| whole || self.space.is_possible(region);
        for region in parts.fails.into_iter().filter(possible) {
            tasks.push(Task {
                left: Rc::clone(&task.left),
                region,
                at: task.at + 1,
                test: 0,
            });
        }
        for region in parts.holds.into_iter().filter(possible) {
            let (left, at) = if whole {
                (Rc::clone(&task.left), task.at)
            } else {
                let from = task.left.get(task.at..).unwrap_or_default();
                (self.still_reaching(&region, from.iter().copied()), 0)
            };
            // The alternative itself may turn out to be out of reach by what it tests later.
            let goes_on = left.get(at) == task.left.get(task.at);
            tasks.push(Task {
                left,
                region,
                at,
                test: if goes_on { task.test + 1 } else { 0 },
            });
        }
        let Some(rule) = self.rule_at(task) else {
            return;
        };
        for region in parts.strained.into_iter().filter(possible) {
            let answer = RegionAnswer::Strained { rule };
            found(Leaf { region, answer });
        }
        for (region, field) in parts.refused {
            if possible(&region) {
                found(Leaf {
                    region,
                    answer: RegionAnswer::Refused {
                        rule,
                        alternative: None,
                        field,
                    },
                });
            }
        }
    }

    fn rule_at(&self, task: &Task) -> Option<usize> {
        let number = task.left.get(task.at)?;
        Some(self.alternatives.get(*number as usize)?.rule)
    }

    fn still_reaching(&self, region: &Region, numbers: impl Iterator<Item = u32>) -> Reaching {
        numbers
            .filter(|number| {
                let own = self.alternatives.get(*number as usize);
                own.is_some_and(|own| {
                    let (types, states, pairs, symbols, strategies) = &own.reach;
                    types & region.types != 0
                        && states & region.states != 0
                        && pairs & region.pairs != 0
                        && symbols.meets(&region.symbols)
                        && strategies.meets(&region.strategies)
                })
            })
            .collect()
    }

    /// What a rule's verb cannot be carried out for has no answer.
    fn carry_out(&self, region: Region, own: &Alternative, found: &mut impl FnMut(Leaf)) {
        let (rule, alternative) = (own.rule, own.alternative);
        let outcome = self
            .space
            .table(self.table)
            .and_then(|table| table.rules.get(rule))
            .map(|rule| rule.outcome);
        let steps = match outcome {
            Some(Outcome::Close { .. }) => closing(),
            Some(Outcome::Open { .. }) => opening(self.space, self.table),
            Some(Outcome::Skip { .. }) | None => Vec::new(),
        };
        let mut done = vec![region];
        for step in steps {
            let mut next = Vec::new();
            for region in done {
                let cut = self
                    .space
                    .split(&region, self.table, &Test::Pairs(step.only));
                next.extend(cut.fails);
                for region in cut.holds {
                    let parts = self.space.split(&region, self.table, &step.test);
                    let answers = unanswered(&parts, rule, alternative, step.because);
                    next.extend(parts.holds);
                    answers
                        .into_iter()
                        .filter(|leaf| self.space.is_possible(&leaf.region))
                        .for_each(&mut *found);
                }
            }
            done = next;
            done.retain(|region| self.space.is_possible(region));
        }
        for region in done {
            found(Leaf {
                region,
                answer: RegionAnswer::Decided { rule, alternative },
            });
        }
    }
}

fn too_many(cuts: &HashMap<usize, usize>) -> TooManyRegions {
    let mut rules: Vec<_> = cuts.keys().copied().collect();
    rules.sort_by_key(|rule| (std::cmp::Reverse(cuts.get(rule).copied()), *rule));
    rules.truncate(CUTTING_RULES_SHOWN_MAX);
    TooManyRegions { rules }
}

fn reach(space: &Space<'_>, table: usize, clause: &Clause) -> (u8, u8, u32, ClassSet, ClassSet) {
    let mut symbols = space.symbols.all();
    let mut strategies = space.strategies.all();
    for (_, test) in tests(space, table, clause) {
        match test {
            Test::Symbols(set) => symbols = symbols.meet(&set),
            Test::Strategies(set) => strategies = strategies.meet(&set),
            _ => {}
        }
    }
    (
        clause.types,
        clause.states,
        clause.pairs,
        symbols,
        strategies,
    )
}

/// The conditions of a clause, in the order in which the engine tests them.
fn tests(space: &Space<'_>, table: usize, clause: &Clause) -> Vec<Condition> {
    let mut tests = Vec::new();
    let mut add = |is_tested: bool, word: &'static str, test: Test| {
        if is_tested {
            tests.push((word, test));
        }
    };
    add(
        clause.states != STATES_ALL,
        "state",
        Test::States(clause.states),
    );
    add(clause.types != TYPES_ALL, "type", Test::Types(clause.types));
    add(
        clause.pairs != PAIRS_ALL,
        "action` and `position",
        Test::Pairs(clause.pairs),
    );
    if let Some(test) = &clause.symbol {
        add(true, "symbol", Test::Symbols(space.symbols.accepted(test)));
    }
    if clause.shortable != Flag::Any {
        let accepts = |fact| clause.shortable.accepts(fact);
        let set = space
            .symbols
            .where_kind(|kind| accepts(kind.known(table).is_shortable));
        add(true, "short_allowed", Test::Symbols(set));
    }
    if let Some(test) = &clause.strategy {
        add(
            true,
            "strategy",
            Test::Strategies(space.strategies.accepted(test)),
        );
    }
    add(clause.dust != Flag::Any, "dust", Test::Dust(clause.dust));
    for (flag, word, field) in [
        (clause.closable, "closable", AmountField::ClosableQuantity),
        (clause.opening, "opening", AmountField::WorkingOpening),
    ] {
        let range = if flag == Flag::Yes {
            ABOVE_ZERO
        } else {
            AT_ZERO
        };
        add(flag != Flag::Any, word, Test::Amount(field, range));
    }
    add(
        clause.sized != Flag::Any,
        "sized",
        Test::Sized(clause.sized),
    );
    add(clause.tiers != TIERS_ALL, "tier", Test::Tiers(clause.tiers));
    for test in &clause.scores {
        add(true, test.field.word(), Test::Score(test.field, test.range));
    }
    for test in &clause.amounts {
        add(
            true,
            test.field.word(),
            Test::Amount(test.field, test.range),
        );
    }
    let (below, exhausted) = (clause.below_minimum, clause.budget_exhausted);
    add(
        below != Flag::Any,
        "below_minimum",
        Test::BelowMinimum(below),
    );
    add(exhausted != Flag::Any, "budget", Test::Exhausted(exhausted));
    tests
}

/// The parts of a region that a verb cannot be carried out for, or that lack a field for it.
fn unanswered(parts: &Parts, rule: usize, alternative: usize, because: Impossible) -> Vec<Leaf> {
    let failed = parts.fails.iter().map(|region| Leaf {
        region: region.clone(),
        answer: RegionAnswer::NoAnswer {
            rule,
            alternative,
            because,
        },
    });
    let refused = parts.refused.iter().map(|(region, field)| Leaf {
        region: region.clone(),
        answer: RegionAnswer::Refused {
            rule,
            alternative: Some(alternative),
            field: *field,
        },
    });
    failed.chain(refused).collect()
}

/// What a verb asks for before it is carried out, of the requests with some pairs of action
/// and position.
struct Step {
    only: u32,
    test: Test,
    because: Impossible,
}

impl Step {
    const fn of_all(test: Test, because: Impossible) -> Self {
        Self {
            only: PAIRS_ALL,
            test,
            because,
        }
    }
}

fn closing() -> Vec<Step> {
    let closable = Test::Amount(AmountField::ClosableQuantity, ABOVE_ZERO);
    vec![
        Step::of_all(Test::Pairs(facing()), Impossible::NothingToReduce),
        Step::of_all(closable, Impossible::NothingClosable),
    ]
}

/// In the order in which the engine asks.
fn opening(space: &Space<'_>, table: usize) -> Vec<Step> {
    let openers = pairs_of(FinalAction::Buy) | pairs_of(FinalAction::Sell);
    let types = TYPES_ALL & !type_bit(TradeType::Exit) & !type_bit(TradeType::Risk);
    let active = state_bit(TradingState::Active);
    let shortable = space
        .symbols
        .where_kind(|kind| kind.known(table).is_shortable);
    vec![
        Step::of_all(Test::Pairs(openers), Impossible::OpensNothing),
        // A position that the action would reduce is in the way, unless it is dust.
        Step {
            only: facing(),
            test: Test::Dust(Flag::Yes),
            because: Impossible::PositionInTheWay,
        },
        Step::of_all(Test::Types(types), Impossible::OnlyCloses),
        Step::of_all(Test::States(active), Impossible::NotActive),
        Step {
            only: pairs_of(FinalAction::Sell),
            test: Test::Symbols(shortable),
            because: Impossible::NoShort,
        },
        // These are refused where the field is not given; nothing of them fails.
        Step::of_all(
            Test::Needs(RequestField::TargetNotional),
            Impossible::BudgetExhausted,
        ),
        Step::of_all(
            Test::Needs(RequestField::Price),
            Impossible::BudgetExhausted,
        ),
        Step::of_all(Test::Exhausted(Flag::No), Impossible::BudgetExhausted),
    ]
}

/// The pairs of an action with any position.
pub(crate) const fn pairs_of(action: FinalAction) -> u32 {
    0b111 << pair_number(action, None)
}

/// The pairs of which the action would reduce the position.
pub(crate) const fn facing() -> u32 {
    use router_guest::request::PositionSide::{Long, Short};

    1 << pair_number(FinalAction::Buy, Some(Short))
        | 1 << pair_number(FinalAction::Sell, Some(Long))
        | 1 << pair_number(FinalAction::Close, Some(Long))
        | 1 << pair_number(FinalAction::Close, Some(Short))
}
