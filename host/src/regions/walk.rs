//! A table, decided for every request at once: the space falls into regions of which each is
//! answered in one way.
//!
//! Rule after rule and condition after condition, in the order in which the engine tests them,
//! a region is split where a condition cuts it; parts that no request falls in are dropped.
//! Nothing is sampled. It judges no answer.

use std::rc::Rc;

use router_guest::decision::RequestField;
use router_guest::manifest::AmountField;
use router_guest::request::FinalAction;
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
        /// The field.
        field: RequestField,
    },
    /// Not at all: a rule's verb cannot be carried out.
    NoAnswer {
        /// The rule.
        rule: usize,
    },
}

/// One alternative of a rule, in the terms of the space.
struct Alternative {
    rule: usize,
    alternative: usize,
    /// In the order in which the engine tests them.
    tests: Vec<Test>,
    /// What can be told at once: types, states, pairs, symbols, strategies.
    reach: (u8, u8, u32, ClassSet, ClassSet),
}

/// A table, ready to be walked.
pub(crate) struct Walk<'s, 't> {
    space: &'s Space<'t>,
    table: usize,
    alternatives: Vec<Alternative>,
}

/// A region that waits for its next test.
struct Task {
    region: Region,
    /// The alternatives that can still match, in order.
    left: Rc<[u32]>,
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

/// Rules that are named when there are too many regions.
const CUTTING_RULES_SHOWN_MAX: usize = 5;

impl RegionAnswer {
    /// The rule that it is about.
    pub const fn rule(self) -> usize {
        match self {
            Self::Decided { rule, .. } | Self::Refused { rule, .. } | Self::NoAnswer { rule } => {
                rule
            }
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

    /// The region of one alternative by itself: every request that meets its conditions. More
    /// than one part where a condition is no product; none when no request meets them.
    pub(crate) fn alone(&self, rule: usize, clause: usize) -> Vec<Region> {
        let own = self
            .alternatives
            .iter()
            .find(|own| (own.rule, own.alternative) == (rule, clause));
        let mut parts = vec![self.space.everything()];
        for test in own.map_or(&[][..], |own| &own.tests) {
            parts = parts
                .iter()
                .flat_map(|part| self.space.split(part, self.table, test).holds)
                .filter(|part| self.space.is_possible(part))
                .collect();
        }
        parts
    }

    /// Walks a region through the rules before `end`; leaves go to `found`, and what none of
    /// them decides to `rest`.
    ///
    /// # Errors
    /// [`TooManyRegions`] past the bound.
    pub(crate) fn run(
        &self,
        from: Region,
        end: usize,
        budget: &mut usize,
        mut found: impl FnMut(Leaf),
        mut rest: impl FnMut(Region),
    ) -> Result<(), TooManyRegions> {
        let all = (0_u32..)
            .zip(&self.alternatives)
            .take_while(|(_, own)| own.rule < end)
            .map(|(number, _)| number);
        let mut cuts = vec![
            0_usize;
            self.space
                .table(self.table)
                .map_or(0, |own| own.rules.len())
        ];
        let mut tasks = vec![Task {
            left: self.still_reaching(&from, all),
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
            let Some(test) = own.tests.get(task.test) else {
                self.carry_out(task.region, own, &mut found);
                continue;
            };
            let parts = self.space.split(&task.region, self.table, test);
            let whole = parts.holds.len() + parts.fails.len() + parts.refused.len() == 1;
            if !whole && let Some(cuts) = cuts.get_mut(own.rule) {
                *cuts += 1;
            }
            *budget = budget
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
        let rule = self.rule_at(task);
        for (region, field) in parts.refused {
            if possible(&region) {
                found(Leaf {
                    region,
                    answer: RegionAnswer::Refused { rule, field },
                });
            }
        }
    }

    fn rule_at(&self, task: &Task) -> usize {
        task.left
            .get(task.at)
            .and_then(|number| self.alternatives.get(*number as usize))
            .map_or(0, |own| own.rule)
    }

    fn still_reaching(&self, region: &Region, numbers: impl Iterator<Item = u32>) -> Rc<[u32]> {
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
        let rule = own.rule;
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
        for Step { only, test } in steps {
            let mut next = Vec::new();
            for region in done {
                let cut = self.space.split(&region, self.table, &Test::Pairs(only));
                next.extend(cut.fails);
                for region in cut.holds {
                    let parts = self.space.split(&region, self.table, &test);
                    next.extend(parts.holds);
                    let failed = parts.fails.into_iter();
                    let failed = failed.map(|region| (region, RegionAnswer::NoAnswer { rule }));
                    let refused = parts.refused.into_iter();
                    let refused = refused
                        .map(|(region, field)| (region, RegionAnswer::Refused { rule, field }));
                    for (region, answer) in failed.chain(refused) {
                        if self.space.is_possible(&region) {
                            found(Leaf { region, answer });
                        }
                    }
                }
            }
            done = next;
            done.retain(|region| self.space.is_possible(region));
        }
        let alternative = own.alternative;
        for region in done {
            found(Leaf {
                region,
                answer: RegionAnswer::Decided { rule, alternative },
            });
        }
    }
}

fn too_many(cuts: &[usize]) -> TooManyRegions {
    let mut rules: Vec<_> = (0..cuts.len()).collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(cuts.get(*rule).copied()));
    rules.truncate(CUTTING_RULES_SHOWN_MAX);
    TooManyRegions { rules }
}

fn reach(space: &Space<'_>, table: usize, clause: &Clause) -> (u8, u8, u32, ClassSet, ClassSet) {
    let mut symbols = space.symbols.all();
    let mut strategies = space.strategies.all();
    for test in tests(space, table, clause) {
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
fn tests(space: &Space<'_>, table: usize, clause: &Clause) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut add = |is_tested: bool, test: Test| {
        if is_tested {
            tests.push(test);
        }
    };
    add(clause.states != STATES_ALL, Test::States(clause.states));
    add(clause.types != TYPES_ALL, Test::Types(clause.types));
    add(clause.pairs != PAIRS_ALL, Test::Pairs(clause.pairs));
    if let Some(test) = &clause.symbol {
        add(true, Test::Symbols(space.symbols.accepted(test)));
    }
    if clause.shortable != Flag::Any {
        let set = space
            .symbols
            .where_kind(|kind| clause.shortable.accepts(kind.known(table).is_shortable));
        add(true, Test::Symbols(set));
    }
    if let Some(test) = &clause.strategy {
        add(true, Test::Strategies(space.strategies.accepted(test)));
    }
    add(clause.dust != Flag::Any, Test::Dust(clause.dust));
    for (flag, field) in [
        (clause.closable, AmountField::ClosableQuantity),
        (clause.opening, AmountField::WorkingOpening),
    ] {
        let range = if flag == Flag::Yes {
            ABOVE_ZERO
        } else {
            AT_ZERO
        };
        add(flag != Flag::Any, Test::Amount(field, range));
    }
    add(clause.sized != Flag::Any, Test::Sized(clause.sized));
    add(clause.tiers != TIERS_ALL, Test::Tiers(clause.tiers));
    for test in &clause.scores {
        add(true, Test::Score(test.field, test.range));
    }
    for test in &clause.amounts {
        add(true, Test::Amount(test.field, test.range));
    }
    let (below, exhausted) = (clause.below_minimum, clause.budget_exhausted);
    add(below != Flag::Any, Test::BelowMinimum(below));
    add(exhausted != Flag::Any, Test::Exhausted(exhausted));
    tests
}

/// What a verb asks for before it is carried out, of the requests with some pairs of action
/// and position.
struct Step {
    only: u32,
    test: Test,
}

fn closing() -> Vec<Step> {
    let of_all = |test| Step {
        only: PAIRS_ALL,
        test,
    };
    vec![
        of_all(Test::Pairs(facing())),
        of_all(Test::Amount(AmountField::ClosableQuantity, ABOVE_ZERO)),
    ]
}

fn opening(space: &Space<'_>, table: usize) -> Vec<Step> {
    use router_guest::request::TradeType::{Exit, Risk};

    let of_all = |test| Step {
        only: PAIRS_ALL,
        test,
    };
    let shortable = space
        .symbols
        .where_kind(|kind| kind.known(table).is_shortable);
    vec![
        of_all(Test::Pairs(
            pairs_of(FinalAction::Buy) | pairs_of(FinalAction::Sell),
        )),
        // A position that the action would reduce is in the way, unless it is dust.
        Step {
            only: facing(),
            test: Test::Dust(Flag::Yes),
        },
        of_all(Test::Types(TYPES_ALL & !type_bit(Exit) & !type_bit(Risk))),
        of_all(Test::States(state_bit(TradingState::Active))),
        Step {
            only: pairs_of(FinalAction::Sell),
            test: Test::Symbols(shortable),
        },
        of_all(Test::Needs(RequestField::TargetNotional)),
        of_all(Test::Needs(RequestField::Price)),
        of_all(Test::Exhausted(Flag::No)),
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
