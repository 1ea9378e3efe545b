//! Whether what several threads were answered could have been answered to one: a search for an
//! order of their calls in which the model gives the very same answers, and in which no call
//! comes before one that had ended when it began (Wing and Gong's search, with Lowe's memory of
//! what was tried).
//!
//! What is checked are whole answers: the number of a grant and the use that was shown with it,
//! the refusal, what a fill or a release changed, what was known of an id. Numbers of grants are
//! names here: they must be new, not the next.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Debug;

use super::calendar::Clocks;
use super::model::{Filled, Identity, Model, Remembered, Units, Verdict};
use super::operation::{Fate, Fill, Wish};

/// Calls that one history can have: a bit each.
pub const CALLS_MAX: usize = 128;

/// What was asked of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// To decide a request, whose clock shows so many microseconds.
    Decide {
        /// The request.
        wish: Wish,
        /// What makes it the same one.
        identity: Identity,
        /// Its time.
        clock: i64,
        /// What it gets to be known by.
        decision: u64,
    },
    /// To settle a fill of this reservation.
    Settle(u64, Fill),
    /// To release this reservation, by this event.
    Release(u64, u8),
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A grant.
    Granted {
        /// Of this number.
        number: u64,
        /// What was used before it.
        used: Units,
        /// What was held before it.
        reserved: Units,
    },
    /// No grant.
    Refused {
        /// What was used.
        used: Units,
        /// What was held.
        reserved: Units,
    },
    /// A decision that charged nothing, of a request that was new.
    Free,
    /// What was known of the id.
    Known(Remembered),
    /// What the fill came to; nothing for a reservation that there is not.
    Settled(Option<Filled>),
    /// What the release came to.
    Released(Option<(Units, bool)>),
}

/// A call and its answer, with the moments of both on one counter.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// What was asked.
    pub call: Call,
    /// What was answered.
    pub answer: Answer,
    /// When it was asked.
    pub began: u64,
    /// When it was answered.
    pub ended: u64,
}

/// What can differ between two states of the model that a history leads to.
type State = (Vec<ChargeState>, i64, Vec<(u8, u64)>);
type ChargeState = (i64, (u64, Units, Units, bool, Vec<u8>));

/// An order of the calls in which the model would have answered the same, if there is one.
pub fn order(model: &Model, history: &[Done]) -> Option<Vec<usize>> {
    let mut search = Search {
        history,
        clocks: Clocks::new(),
        tried: HashSet::new(),
        order: Vec::new(),
    };
    (history.len() <= CALLS_MAX && search.goes_on(model, 0)).then_some(search.order)
}

struct Search<'a> {
    history: &'a [Done],
    clocks: Clocks,
    /// Which calls were done, and what that led to, from where there was no way on.
    tried: HashSet<(u128, State)>,
    order: Vec<usize>,
}

impl Search<'_> {
    /// Whether the calls that are not among `done` can follow.
    fn goes_on(&mut self, model: &Model, done: u128) -> bool {
        let is_open = |number: &usize| done & (1 << number) == 0;
        let open: Vec<usize> = (0..self.history.len()).filter(is_open).collect();
        let ends = open.iter().filter_map(|number| self.history.get(*number));
        let Some(first_end) = ends.map(|done| done.ended).min() else {
            return true;
        };
        if !self.tried.insert((done, state(model))) {
            return false;
        }
        for number in open {
            let Some(next) = self.history.get(number).copied() else {
                continue;
            };
            // Something ended before it began, and must come first.
            if next.began > first_end {
                continue;
            }
            for after in answers(model, &self.clocks, &next) {
                self.order.push(number);
                if self.goes_on(&after, done | (1 << number)) {
                    return true;
                }
                self.order.pop();
            }
        }
        false
    }
}

/// The states that the model can be in after it gave this answer; none when it would not.
fn answers(model: &Model, clocks: &Clocks, done: &Done) -> Vec<Model> {
    let mut after = model.clone();
    match (done.call, done.answer) {
        (Call::Settle(number, fill), Answer::Settled(filled)) => {
            keep(after.settle(number, &fill) == filled, after)
        }
        (Call::Release(number, event), Answer::Released(released)) => {
            keep(after.release(number, event) == released, after)
        }
        (
            Call::Decide {
                wish,
                identity,
                clock,
                decision,
            },
            answer,
        ) => decided(after, clocks, (wish, identity, clock, decision), answer),
        _ => Vec::new(),
    }
}

fn decided(
    mut model: Model,
    clocks: &Clocks,
    (wish, identity, clock, decision): (Wish, Identity, i64, u64),
    answer: Answer,
) -> Vec<Model> {
    let known = wish
        .id
        .map_or(Remembered::New, |id| model.lookup(id, identity));
    if let Answer::Known(told) = answer {
        // It may have been found out before or after the budgets were locked, and only then
        // did the ledger get to see the time.
        let mut later = model.clone();
        later.clock(clocks.at(clock));
        let agrees = known != Remembered::New && told == known;
        return if agrees {
            vec![model, later]
        } else {
            Vec::new()
        };
    }
    if known != Remembered::New {
        return Vec::new();
    }
    let remember = |model: &mut Model| {
        if let Some(id) = wish.id {
            model.remember(id, identity, decision);
        }
    };
    if wish.fate == Fate::Free {
        remember(&mut model);
        return keep(answer == Answer::Free, model);
    }
    model.clock(clocks.at(clock));
    let terms = model
        .policy
        .get(wish.budget % model.policy.len().max(1))
        .copied();
    let Some(terms) = terms else {
        return Vec::new();
    };
    let sum = model.sum(&terms, wish.symbol, wish.strategy);
    let verdict = model.judge(&terms, &wish);
    let agrees = match answer {
        Answer::Granted {
            number,
            used,
            reserved,
        } => {
            let is_new = model.charges().iter().all(|charge| charge.number != number);
            model.grant(&terms, &wish, number);
            is_new && verdict == Verdict::Granted && (used, reserved) == (sum.used, sum.reserved)
        }
        Answer::Refused { used, reserved } => {
            verdict != Verdict::Granted && (used, reserved) == (sum.used, sum.reserved)
        }
        _ => false,
    };
    remember(&mut model);
    keep(agrees, model)
}

fn keep(agrees: bool, model: Model) -> Vec<Model> {
    if agrees { vec![model] } else { Vec::new() }
}

fn state(model: &Model) -> State {
    let charges: BTreeSet<ChargeState> = model
        .charges()
        .iter()
        .map(|charge| (charge.at(), charge.state()))
        .collect();
    (
        charges.into_iter().collect(),
        model.now.microseconds,
        model.remembered(),
    )
}

#[cfg(test)]
mod tests {
    use router_guest::manifest::{Scope, Window};

    use super::super::operation::{Decimal, Terms};
    use super::*;

    fn model() -> Model {
        let terms = Terms {
            budget: 0,
            amount: Some(Decimal::whole(10)),
            percent: None,
            orders: None,
            window: Window::Day,
            zone: 0,
            scope: Scope::All,
        };
        Model::new(Clocks::new().at(0), vec![terms], None, None)
    }

    fn decide(need: u64) -> Call {
        let wish = Wish {
            budget: 0,
            need: Decimal::whole(need),
            rest: None,
            equity: Decimal::whole(0),
            symbol: 0,
            strategy: 0,
            buys: true,
            rate: Decimal::whole(1),
            id: None,
            fate: Fate::Commit,
        };
        Call::Decide {
            wish,
            identity: (0, 0, 0),
            clock: 0,
            decision: 0,
        }
    }

    const ONE: Units = 10_u128.pow(12);

    fn granted(number: u64, reserved: Units) -> Answer {
        Answer::Granted {
            number,
            used: 0,
            reserved: reserved * ONE,
        }
    }

    fn refused(reserved: Units) -> Answer {
        Answer::Refused {
            used: 0,
            reserved: reserved * ONE,
        }
    }

    #[track_caller]
    fn ordered(history: &[(Call, Answer, u64, u64)], expected: Option<&[usize]>) {
        let history: Vec<Done> = history
            .iter()
            .map(|(call, answer, began, ended)| Done {
                call: *call,
                answer: *answer,
                began: *began,
                ended: *ended,
            })
            .collect();
        assert_eq!(order(&model(), &history).as_deref(), expected);
    }

    #[test]
    fn calls_at_once_may_take_effect_in_either_order() {
        let (first, second) = ((decide(6), refused(6)), (decide(6), granted(1, 0)));
        ordered(
            &[(first.0, first.1, 1, 4), (second.0, second.1, 2, 3)],
            Some(&[1, 0]),
        );
    }

    #[test]
    fn what_had_ended_comes_first() {
        ordered(
            &[
                (decide(6), refused(6), 1, 2),
                (decide(6), granted(1, 0), 3, 4),
            ],
            None,
        );
        ordered(
            &[
                (decide(6), granted(1, 0), 1, 2),
                (decide(6), refused(6), 3, 4),
            ],
            Some(&[0, 1]),
        );
    }

    #[test]
    fn no_order_explains_two_grants_of_one_place() {
        for second in [granted(2, 0), granted(2, 6), granted(1, 6)] {
            ordered(
                &[(decide(6), granted(1, 0), 1, 9), (decide(6), second, 2, 8)],
                None,
            );
        }
        ordered(
            &[
                (decide(4), granted(1, 0), 1, 9),
                (decide(6), granted(1, 4), 2, 8),
            ],
            None,
        );
    }

    #[test]
    fn a_release_frees_once() {
        let freed = Answer::Released(Some((6 * ONE, false)));
        let known = Answer::Released(Some((0, true)));
        let grant = (decide(6), granted(1, 0), 1, 2);
        let first = |answer| (Call::Release(1, 7), answer, 3, 6);
        let second = |answer| (Call::Release(1, 7), answer, 4, 5);
        ordered(&[grant, first(known), second(freed)], Some(&[0, 2, 1]));
        ordered(&[grant, first(freed), second(freed)], None);
        ordered(&[grant, first(known), second(known)], None);
    }
}
