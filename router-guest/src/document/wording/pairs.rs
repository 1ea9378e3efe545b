//! A set of pairs of action and position, taken apart into the two conditions that it can be
//! written as: the shortest, and of the equally short the one with the plainer words.

use super::Wanted;
use crate::document::conditions::{action_words, position_words};
use crate::table::PAIRS_ALL;

/// The two conditions; a pair is accepted when both accept it.
pub(super) struct Split {
    /// Pairs that the actions accept; all where none is named.
    pub(super) actions: u32,
    /// The positions, and the pairs that they accept; `None` where none is named.
    pub(super) positions: Option<(Wanted, u32)>,
}

/// Words about the position in one condition.
struct Positions {
    wanted: Option<Wanted>,
    bits: u32,
    cost: u32,
}

/// Takes a set of pairs apart. One that no two conditions make, which no document has, is
/// told by its actions and, for each pair, its position.
pub(super) fn split(pairs: u32) -> Split {
    if pairs == PAIRS_ALL {
        let actions = PAIRS_ALL;
        let positions = None;
        return Split { actions, positions };
    }
    let actions = action_words().map(|(_, bits)| bits);
    let positions = positions();
    let mut best: Option<(u32, Split)> = None;
    for chosen in 1..1_u32 << actions.len() {
        let accepted = union(&actions, chosen);
        if accepted & pairs != pairs {
            continue;
        }
        let names = chosen.count_ones().min(6 - chosen.count_ones());
        for words in &positions {
            let cost = 2 * names + words.cost;
            let cheaper = best.as_ref().is_none_or(|(least, _)| cost < *least);
            if accepted & words.bits == pairs && cheaper {
                let positions = words.wanted.clone().map(|wanted| (wanted, words.bits));
                let split = Split {
                    actions: accepted,
                    positions,
                };
                best = Some((cost, split));
            }
        }
    }
    best.map_or_else(|| as_listed(pairs), |(_, split)| split)
}

fn union(bits: &[u32], chosen: u32) -> u32 {
    let chosen = (0..).zip(bits).filter(|(at, _)| chosen >> at & 1 == 1);
    chosen.fold(0, |all, (_, bits)| all | bits)
}

/// Every set of words about the position. `opposite` and `same` cost more: they say something
/// of the action as well.
fn positions() -> Vec<Positions> {
    let words = position_words();
    let bits = words.map(|(_, bits)| bits);
    let mut found = vec![Positions {
        wanted: None,
        bits: PAIRS_ALL,
        cost: 0,
    }];
    for chosen in 1..1_u32 << words.len() {
        let named = (0..).zip(words).filter(|(at, _)| chosen >> at & 1 == 1);
        let named: Vec<String> = named.map(|(_, (word, _))| word.to_owned()).collect();
        let accepted = union(&bits, chosen);
        let cost = 2 * chosen.count_ones() + (chosen >> 3).count_ones();
        for (negated, bits) in [(false, accepted), (true, PAIRS_ALL & !accepted)] {
            let words = named.clone();
            found.push(Positions {
                wanted: Some(Wanted::Words { words, negated }),
                bits,
                cost: cost + u32::from(negated),
            });
        }
    }
    found
}

fn as_listed(pairs: u32) -> Split {
    let mut words = Vec::new();
    for (action, of_action) in action_words() {
        for (position, of_position) in position_words().into_iter().take(3) {
            if of_action & of_position & pairs != 0 {
                words.push(format!("{position} for {action}"));
            }
        }
    }
    let negated = false;
    Split {
        actions: PAIRS_ALL,
        positions: Some((Wanted::Words { words, negated }, pairs)),
    }
}
