//! Mistakes in a `when`: a condition or an alternative left out, another word, more or fewer of
//! them, the opposite, a number that is a little off, an end that is in where it should be out,
//! a condition too many.

use super::{Maker, numbers};
use crate::tree::Tree;

const STATES: [&str; 3] = ["ACTIVE", "REDUCING", "HALTED"];
const ACTIONS: [&str; 6] = ["BUY", "SELL", "HOLD", "SKIP", "CLOSE", "unknown"];
const TYPES: [&str; 6] = ["normal", "pilot", "exploration", "exit", "risk", "auto"];
const POSITIONS: [&str; 5] = ["flat", "long", "short", "opposite", "same"];
const SCORES: [&str; 4] = [
    "signal_score",
    "signal_strength",
    "confidence",
    "risk_reward_ratio",
];
/// Words that stand for their opposites.
const OPPOSITES: [(&str, &str); 3] = [("yes", "no"), ("exhausted", "holds"), ("absent", "present")];
/// Each operator, with what takes its end in or out, and with what is true where it is not.
const OPERATORS: [(&str, &str, &str); 4] = [
    (">=", ">", "<"),
    ("<=", "<", ">"),
    (">", ">=", "<="),
    ("<", "<=", ">="),
];
/// Conditions that may be one too many, where a clause has none of their kind.
const TOO_MANY: [(&str, &str); 7] = [
    ("state", "ACTIVE"),
    ("action", "not CLOSE"),
    ("type", "not risk"),
    ("position", "not short"),
    ("dust", "no"),
    ("sized", "no"),
    ("opening", "no"),
];

/// `when` of a route: a map, or a list of maps.
pub(super) fn mutate(maker: &mut Maker<'_>, body: &[usize], when: usize) {
    let path = [body, &[when]].concat();
    let own = maker.at(&path);
    if matches!(own, Tree::Map(_)) {
        clause(maker, &path, Some((body, when)));
        return;
    }
    for at in 0..own.items().len() {
        maker.remove("drop an alternative", &path, at);
        clause(maker, &[path.as_slice(), &[at]].concat(), None);
    }
}

/// One map of conditions; `whole` is where it stands, when it is all of a `when`.
fn clause(maker: &mut Maker<'_>, path: &[usize], whole: Option<(&[usize], usize)>) {
    let own = maker.at(path);
    for (key, word) in TOO_MANY {
        if own.get(key).is_none() {
            maker.add("add a condition", path, key, Tree::of(word));
        }
    }
    for (at, (key, value)) in own.entries().iter().enumerate() {
        match whole {
            // A `when` without a condition is none.
            Some((body, when)) if own.entries().len() == 1 => {
                maker.remove("drop a condition", body, when);
            }
            _ => maker.remove("drop a condition", path, at),
        }
        let own = [path, &[at]].concat();
        match vocabulary(maker, key) {
            Some(words) => set(maker, &own, value, &words),
            None => fact_or_number(maker, &own, key, value.word()),
        }
    }
}

fn vocabulary(maker: &Maker<'_>, key: &str) -> Option<Vec<String>> {
    let names = |section: &str| -> Vec<String> {
        let entries = maker.original.get(section).map_or(&[][..], Tree::entries);
        entries.iter().map(|(name, _)| name.clone()).collect()
    };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Some(match key {
        "state" => words(&STATES),
        "action" => words(&ACTIONS),
        "type" => words(&TYPES),
        "position" => words(&POSITIONS),
        "tier" => [names("tiers"), words(&["none"])].concat(),
        "symbol" => [names("symbols"), words(&["*/USDT", "BTC*", "???/*"])].concat(),
        _ => return None,
    })
}

fn set(maker: &mut Maker<'_>, path: &[usize], value: &Tree, words: &[String]) {
    let (negated, own) = set_of(value);
    maker.replace("negate a condition", path, set_as(!negated, &own));
    let others: Vec<_> = words.iter().filter(|word| !own.contains(word)).collect();
    for (at, _) in own.iter().enumerate() {
        for other in &others {
            let mut changed = own.clone();
            changed.splice(at..=at, [(*other).clone()]);
            maker.replace("change a word", path, set_as(negated, &changed));
        }
        if own.len() > 1 {
            let mut fewer = own.clone();
            fewer.remove(at);
            maker.replace("take a word out of a set", path, set_as(negated, &fewer));
        }
    }
    for other in others {
        let more = [own.clone(), vec![other.clone()]].concat();
        maker.replace("put a word into a set", path, set_as(negated, &more));
    }
}

/// Whether it is negated, and its words.
fn set_of(value: &Tree) -> (bool, Vec<String>) {
    let words = |tree: &Tree| {
        let items = tree.items().iter();
        items.map(|item| item.word().to_owned()).collect()
    };
    if let Some(not) = value.get("not") {
        return (true, words(not));
    }
    match value.word().strip_prefix("not ") {
        Some(word) => (true, vec![word.to_owned()]),
        None => (false, words(value)),
    }
}

fn set_as(negated: bool, words: &[String]) -> Tree {
    match (negated, words) {
        (false, [word]) => Tree::of(word.clone()),
        (true, [word]) => Tree::of(format!("not {word}")),
        (negated, words) => {
            let list = Tree::List(words.iter().map(Tree::of).collect());
            match negated {
                true => Tree::Map(vec![("not".to_owned(), list)]),
                false => list,
            }
        }
    }
}

fn fact_or_number(maker: &mut Maker<'_>, path: &[usize], key: &str, word: &str) {
    for (one, other) in OPPOSITES {
        for (own, opposite) in [(one, other), (other, one)] {
            if word == own {
                maker.replace("negate a condition", path, Tree::of(opposite));
            }
        }
    }
    let operator = OPERATORS
        .iter()
        .find(|(operator, ..)| word.starts_with(operator));
    let Some((operator, other_end, opposite)) = operator else {
        return;
    };
    let number = word.trim_start_matches(operator).trim();
    let compared = |operator: &str, number: &str| Tree::of(format!("{operator} {number}"));
    maker.replace("move an end in or out", path, compared(other_end, number));
    maker.replace("negate a condition", path, compared(opposite, number));
    let next = if SCORES.contains(&key) {
        numbers::next_scores(number)
    } else {
        numbers::next_amounts(number)
    };
    for other in numbers::by_a_unit(number).into_iter().chain(next) {
        maker.replace("change a threshold", path, compared(operator, &other));
    }
    for other in ["absent", "present"] {
        maker.replace("change a threshold", path, Tree::of(other));
    }
}
