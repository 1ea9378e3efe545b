//! The nearest value of one thing that gives another decision: asked for at every mark on the
//! way, and between the two marks where the answer turns, to the unit.

use super::axis::Axis;
use super::{
    AMOUNT_PLACES, Change, Class, Counterfactual, Distance, PERCENT_PLACES, Range, Target, To,
    Value, World, marks,
};
use crate::explain::verdict::Answer;
use router_guest::amount::Amount;
use router_guest::engine::sizing;

/// One scenario, and what is said to it now.
pub(super) struct Search<'s, 'a> {
    world: &'s mut World<'a>,
    old: Answer,
    tier: Option<u32>,
}

/// Where the answer turned into a decision, and where that ends.
struct Turn {
    before: Option<i128>,
    edge: i128,
    answer: Answer,
    /// The last step with this answer, and the first without.
    end: Option<(i128, i128)>,
}

impl<'s, 'a> Search<'s, 'a> {
    /// A search in a scenario to which `old` is said; `tier` sizes its order.
    pub(super) fn new(world: &'s mut World<'a>, old: Answer, tier: Option<u32>) -> Self {
        Self { world, old, tier }
    }

    /// The scenario.
    pub(super) const fn world(&self) -> &World<'a> {
        self.world
    }

    /// The nearest changes of a number: one up and one down, where there are any.
    pub(super) fn along(&mut self, target: Target) -> Vec<Counterfactual> {
        let there = self.world.get(target);
        let Some(axis) = axis(self.world, target) else {
            return Vec::new();
        };
        let marks = marks::along(self.world, target, &axis, self.tier);
        let found = match axis.start {
            Some(start) => {
                let above = marks.iter().copied().filter(|at| *at > start);
                let below = marks.iter().rev().copied().filter(|at| *at < start);
                let up = self.walk(target, &axis, start, above.collect());
                let down = self.walk(target, &axis, start, below.collect());
                [(up, true), (down, false)].map(|(turn, upwards)| {
                    turn.and_then(|turn| self.told(target, &axis, &turn, upwards))
                })
            }
            None => {
                let turn = self.first_given(target, &axis, &marks);
                [
                    turn.and_then(|turn| self.told(target, &axis, &turn, true)),
                    None,
                ]
            }
        };
        self.world.set(target, there);
        if self.world.is_exhausted() {
            return Vec::new();
        }
        found.into_iter().flatten().collect()
    }

    /// What a change of words gives, where it is another decision.
    pub(super) fn at(&mut self, changes: Vec<(Target, Value)>) -> Option<Counterfactual> {
        let mut there = Vec::new();
        for (target, value) in &changes {
            there.push((*target, self.world.get(*target)));
            self.world.set(*target, *value);
        }
        let answer = self.world.answer();
        for (target, value) in there {
            self.world.set(target, value);
        }
        let class = changes.first().map_or(Class::Word, |(target, value)| {
            if *value == Value::Absent {
                Class::Word
            } else {
                target.class()
            }
        });
        let changes = changes.into_iter().map(|(target, value)| Change {
            target,
            to: To::Exactly(value),
        });
        if answer == self.old {
            return None;
        }
        Counterfactual::new(changes.collect(), answer, Distance::of_word(class))
    }

    fn ask(&mut self, target: Target, axis: &Axis, at: i128) -> Answer {
        self.world.set(target, axis.value(at));
        self.world.answer()
    }

    /// Goes from mark to mark until the answer turns; `None` when it never does, or not into
    /// a decision.
    fn walk(&mut self, target: Target, axis: &Axis, start: i128, marks: Vec<i128>) -> Option<Turn> {
        let mut previous = start;
        let mut marks = marks.into_iter();
        let turned = loop {
            let mark = marks.next()?;
            if self.ask(target, axis, mark) != self.old {
                break mark;
            }
            previous = mark;
        };
        let old = self.old;
        let (before, edge) = self.turn(target, axis, (previous, turned), old);
        let answer = self.ask(target, axis, edge);
        let rest = std::iter::once(turned).chain(marks);
        self.decided(target, axis, Some(before), edge, answer, rest)
    }

    /// The first numbers that give a decision where none was given.
    fn first_given(&mut self, target: Target, axis: &Axis, marks: &[i128]) -> Option<Turn> {
        let mut previous: Option<(i128, Answer)> = None;
        for (number, mark) in marks.iter().enumerate() {
            let mut answer = self.ask(target, axis, *mark);
            let rest = marks.iter().skip(number).copied();
            let (mut before, mut edge) = (None, *mark);
            if let Some((last, said)) = previous.filter(|(_, said)| *said != answer) {
                let (kept, first) = self.turn(target, axis, (last, *mark), said);
                (before, edge) = (Some(kept), first);
                answer = self.ask(target, axis, first);
            }
            let turn = self.decided(target, axis, before, edge, answer, rest);
            if answer != self.old && turn.is_some() {
                return turn;
            }
            previous = Some((*mark, self.ask(target, axis, *mark)));
        }
        None
    }

    /// The turn into a decision, followed to its end.
    fn decided(
        &mut self,
        target: Target,
        axis: &Axis,
        before: Option<i128>,
        edge: i128,
        answer: Answer,
        marks: impl Iterator<Item = i128>,
    ) -> Option<Turn> {
        if !matches!(answer, Answer::Decided { .. }) {
            return None;
        }
        let mut end = None;
        let mut previous = edge;
        for mark in marks {
            if self.ask(target, axis, mark) != answer {
                end = Some(self.turn(target, axis, (previous, mark), answer));
                break;
            }
            previous = mark;
        }
        Some(Turn {
            before,
            edge,
            answer,
            end,
        })
    }

    /// The last step that still gives an answer, and the one behind it that does not.
    fn turn(
        &mut self,
        target: Target,
        axis: &Axis,
        (mut kept, mut lost): (i128, i128),
        answer: Answer,
    ) -> (i128, i128) {
        while (lost - kept).abs() > 1 {
            let middle = kept + (lost - kept) / 2;
            if self.ask(target, axis, middle) == answer {
                kept = middle;
            } else {
                lost = middle;
            }
        }
        (kept, lost)
    }

    fn told(
        &mut self,
        target: Target,
        axis: &Axis,
        turn: &Turn,
        upwards: bool,
    ) -> Option<Counterfactual> {
        let mut holds_beside = |at: Option<i128>, upwards: bool| {
            let beside = at.and_then(|at| axis.just_beyond(at, upwards));
            // Between doubles, and between counts, there is nothing.
            beside.map_or(!axis.is_of_amounts(), |value| {
                self.world.set(target, value);
                self.world.answer() == turn.answer
            })
        };
        let range = Range {
            edge: axis.value(turn.edge),
            before: turn.before.map(|at| axis.value(at)),
            last: turn.end.map(|(last, _)| axis.value(last)),
            behind: turn.end.map(|(_, behind)| axis.value(behind)),
            upwards,
            holds_from_before: holds_beside(turn.before, upwards),
            holds_to_behind: holds_beside(turn.end.map(|(_, behind)| behind), !upwards),
        };
        let distance = self.distance(target, axis, turn.edge);
        let to = To::Range(range);
        Counterfactual::new(vec![Change { target, to }], turn.answer, distance)
    }
}

impl Search<'_, '_> {
    fn distance(&self, target: Target, axis: &Axis, edge: i128) -> Distance {
        let is_setting = target.is_setting();
        let (class, millionths) = match axis.start {
            // What is missing is the nearest thing to give.
            None if self.old == Answer::Refused => (Class::Number, 0),
            None => (Class::Word, super::WHOLE),
            Some(start) => {
                let share = axis.distance(edge);
                let far = share > super::FAR && edge != 0 && axis.is_of_amounts();
                let class = match target.class() {
                    // To have something where there was nothing is another request.
                    Class::Number if start == 0 => Class::Word,
                    _ if far && !is_setting => Class::Far,
                    class => class,
                };
                (class, share)
            }
        };
        Distance { class, millionths }
    }
}

/// The values that a number can have; `None` for what is none here.
fn axis(world: &World<'_>, target: Target) -> Option<Axis> {
    let there = world.get(target);
    let amounts = |least| match there {
        Value::Amount(amount) => Some(Axis::of_amounts(Some(amount), least, AMOUNT_PLACES)),
        Value::Absent => Some(Axis::of_amounts(None, least, AMOUNT_PLACES)),
        _ => None,
    };
    match target {
        Target::PositionQuantity
        | Target::CloseQuantity
        | Target::Price
        | Target::TargetNotional
        | Target::QuoteRate
        | Target::MinNotional => amounts(Amount::ONE),
        Target::WorkingOpening
        | Target::WorkingClosing
        | Target::Equity
        | Target::StopLoss
        | Target::TakeProfit
        | Target::Used(_)
        | Target::Reserved(_)
        | Target::LimitAmount(_) => amounts(Amount::ZERO),
        Target::MinQuantity => {
            let step = world.symbol().and_then(|symbol| symbol.step);
            let step = step.unwrap_or_else(sizing::default_step);
            match there {
                Value::Amount(least) => Some(Axis::of_steps(least, step)),
                _ => None,
            }
        }
        Target::LimitPercent(_) => match there {
            Value::Amount(percent) => Some(Axis::of_amounts(
                Some(percent),
                Amount::ZERO,
                PERCENT_PLACES,
            )),
            _ => None,
        },
        Target::TierSize(_) => match there {
            Value::Amount(percent) => Some(Axis::of_share(percent, PERCENT_PLACES)),
            _ => None,
        },
        _ => match there {
            Value::Score(score) => Some(Axis::of_scores(Some(score))),
            Value::Count(count) => Some(Axis::of_counts(count)),
            Value::Absent if !target.is_setting() => Some(Axis::of_scores(None)),
            _ => None,
        },
    }
}
