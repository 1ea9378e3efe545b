//! A region in the words of a policy document.

use router_guest::amount::Amount;
use router_guest::document::wording::action_word;
use router_guest::manifest::{AmountField, ScoreField};
use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::state::TradingState;
use router_guest::table::{NO_TIER_BIT, PAIRS_ALL, STATES_ALL, TYPES_ALL, pair_number};

use super::axis::{ABSENT, Axis, Run};
use super::names::{ClassSet, Classes};
use super::number::Number;
use super::region::{Answers, Region, View};
use super::space::Space;
use super::split::ABOVE_ZERO;
use super::walk::facing;

const POSITIONS: [(&str, Option<PositionSide>); 3] = [
    ("flat", None),
    ("long", Some(PositionSide::Long)),
    ("short", Some(PositionSide::Short)),
];
/// Names of a class that are shown one by one.
const NAMES_SHOWN_MAX: usize = 4;

impl Space<'_> {
    /// The conditions that a region is made of, `field: values` each; empty for everything.
    /// `tables` are the words for them, where there are two.
    pub(crate) fn words(&self, region: &Region, tables: &[&str]) -> Vec<String> {
        let mut words = Vec::new();
        let states = TradingState::ALL.map(|state| (state.word(), 1 << state as u32));
        let states = set(region.states.into(), STATES_ALL.into(), &states);
        words.extend(states.map(|states| format!("state: {states}")));
        let types = TradeType::ALL.map(|own| (own.word(), 1 << own as u32));
        let types = set(region.types.into(), TYPES_ALL.into(), &types);
        words.extend(types.map(|types| format!("type: {types}")));
        words.extend(pair_words(region.pairs));
        words.extend(answer("sized", region.sized));
        words.extend(self.symbol_words(region));
        if region.strategies != self.strategies.all() {
            words.push(format!(
                "strategy: {}",
                names(&self.strategies, &region.strategies)
            ));
        }
        words.extend(self.score_words(region));
        for field in AmountField::ALL {
            words.extend(self.amount_words(region, field));
        }
        words.extend(self.view_words(region, tables));
        words
    }

    fn symbol_words(&self, region: &Region) -> Option<String> {
        let own = &region.symbols;
        let all = self.symbols.all();
        if *own == all {
            return None;
        }
        let shortable = self.symbols.where_kind(|kind| kind.known(0).is_shortable);
        let in_account_currency = self
            .symbols
            .where_kind(|kind| kind.known(0).is_in_account_currency);
        if let Some(currency) = self.table(0).map(|table| &table.account_currency) {
            if *own == in_account_currency {
                return Some(format!("symbol: quoted in {currency}"));
            }
            if *own == all.without(&in_account_currency) && !in_account_currency.is_empty() {
                return Some(format!("symbol: not quoted in {currency}"));
            }
        }
        Some(if *own == shortable {
            "short_allowed: yes".to_owned()
        } else if *own == all.without(&shortable) && !shortable.is_empty() {
            "short_allowed: no".to_owned()
        } else {
            format!("symbol: {}", names(&self.symbols, own))
        })
    }

    fn score_words(&self, region: &Region) -> Vec<String> {
        let mut words = Vec::new();
        let strength = ScoreField::SignalStrength.word();
        words.extend(run(strength, &self.strength, region.strength));
        match region.negative {
            Answers::YES => words.push("signal_score: < 0".to_owned()),
            // One that is not given has no sign either.
            Answers::NO if region.strength.given().is_some() => {
                words.push("signal_score: not below 0".to_owned());
            }
            _ => {}
        }
        words.extend(run("confidence", &self.confidence, region.confidence));
        words.extend(run(
            "risk_reward_ratio",
            &self.risk_reward,
            region.risk_reward,
        ));
        words
    }

    fn amount_words(&self, region: &Region, field: AmountField) -> Option<String> {
        let (axis, own) = (self.amount_axis(field), region.amount(field));
        if own == axis.given() && is_computed_with(region, field) {
            return None;
        }
        // Where all that is asked is whether there is any, the language has a word for it.
        let fact = match field {
            AmountField::ClosableQuantity => "closable",
            AmountField::WorkingOpening => "opening",
            _ => return run(field.word(), axis, own),
        };
        let is = |range| axis.accepted(range) == own.given();
        if is(&ABOVE_ZERO) {
            Some(format!("{fact}: yes"))
        } else if own.ends().1 == axis.segment(Some(Amount::ZERO)) {
            Some(format!("{fact}: no"))
        } else {
            run(field.word(), axis, own)
        }
    }

    /// What the tables make of it; once, where both make the same.
    fn view_words(&self, region: &Region, tables: &[&str]) -> Vec<String> {
        let all: Vec<_> = (0..self.tables.len())
            .map(|table| self.words_of_view(region, table))
            .collect();
        match all.as_slice() {
            [first, second] if first != second => {
                let side = |at: usize| tables.get(at).copied().unwrap_or_default();
                let of_one = |words: &[String], others: &[String], side: &str| {
                    let own = words.iter().filter(|word| !others.contains(word));
                    own.map(|word| format!("{word} ({side})"))
                        .collect::<Vec<_>>()
                };
                let both = first.iter().filter(|word| second.contains(word)).cloned();
                both.chain(of_one(first, second, side(0)))
                    .chain(of_one(second, first, side(1)))
                    .collect()
            }
            [first, ..] => first.clone(),
            [] => Vec::new(),
        }
    }

    fn words_of_view(&self, region: &Region, table: usize) -> Vec<String> {
        let view = region.view(table);
        let mut words = Vec::new();
        if let Some(own) = self.table(table) {
            let tiers = (0_u32..).zip(&own.tiers);
            let mut tiers: Vec<(&str, u32)> = tiers
                .map(|(at, tier)| (tier.info.name.as_str(), 1 << at))
                .collect();
            tiers.push(("none", NO_TIER_BIT.into()));
            let all = tiers.iter().fold(0, |all, (_, bit)| all | bit);
            let set = set(u32::from(view.tiers) & all, all, &tiers);
            words.extend(set.map(|set| format!("tier: {set}")));
        }
        words.extend(answer("dust", view.dust));
        words.extend(answer("below_minimum", view.below_minimum));
        match view.exhausted {
            Answers::YES => words.push("budget: exhausted".to_owned()),
            Answers::NO => words.push("budget: holds".to_owned()),
            _ => {}
        }
        words
    }
}

/// Whether a fact of the region could not be told without the field, so that nobody needs to
/// be told that it is given.
fn is_computed_with(region: &Region, field: AmountField) -> bool {
    let asks = |answer: fn(&View) -> Answers| {
        let mut views = region.views.iter();
        views.any(|view| answer(view) != Answers::ANY)
    };
    let below = asks(|view| view.below_minimum);
    let budget = asks(|view| view.exhausted);
    match field {
        AmountField::Price => below,
        AmountField::TargetNotional => below || budget,
        AmountField::Equity | AmountField::QuoteRate => budget,
        _ => false,
    }
}

/// `a`, `[a, b]`, `not a` or `{ not: [a, b] }`, whichever is shorter; `None` for all of them.
fn set(own: u32, all: u32, known: &[(&str, u32)]) -> Option<String> {
    let words = |bits: u32| -> Vec<&str> {
        let words = known.iter().filter(|(_, bit)| bits & bit != 0);
        words.map(|(word, _)| *word).collect()
    };
    if own & all == all {
        return None;
    }
    let (within, without) = (words(own), words(all & !own));
    Some(match (within.as_slice(), without.as_slice()) {
        ([one], _) => (*one).to_owned(),
        (_, [one]) => format!("not {one}"),
        _ if within.len() <= without.len() => format!("[{}]", within.join(", ")),
        _ => format!("{{ not: [{}] }}", without.join(", ")),
    })
}

fn pair_words(pairs: u32) -> Vec<String> {
    if pairs == PAIRS_ALL {
        return Vec::new();
    }
    if pairs == facing() {
        return vec!["position: opposite".to_owned()];
    }
    let (mut actions, mut positions) = (0_u32, 0_u32);
    for action in FinalAction::ALL {
        for (at, (_, position)) in (0_u32..).zip(POSITIONS) {
            if pairs >> pair_number(action, position) & 1 == 1 {
                actions |= 1 << action as u32;
                positions |= 1 << at;
            }
        }
    }
    let is_product = FinalAction::ALL.into_iter().all(|action| {
        (0_u32..).zip(POSITIONS).all(|(at, (_, position))| {
            let wanted = actions >> action as u32 & 1 == 1 && positions >> at & 1 == 1;
            wanted == (pairs >> pair_number(action, position) & 1 == 1)
        })
    });
    if !is_product {
        return vec![format!("action and position: {}", listed(pairs).join(", "))];
    }
    let known = FinalAction::ALL.map(|action| (action_word(action), 1 << action as u32));
    let actions = set(actions, 0b11_1111, &known).map(|actions| format!("action: {actions}"));
    let known: Vec<_> = (0_u32..)
        .zip(POSITIONS)
        .map(|(at, (word, _))| (word, 1 << at))
        .collect();
    let positions = set(positions, 0b111, &known).map(|own| format!("position: {own}"));
    actions.into_iter().chain(positions).collect()
}

/// `BUY with flat or short`, for each action.
fn listed(pairs: u32) -> Vec<String> {
    let of_action = |action: FinalAction| {
        let positions: Vec<_> = POSITIONS
            .into_iter()
            .filter(|(_, position)| pairs >> pair_number(action, *position) & 1 == 1)
            .map(|(word, _)| word)
            .collect();
        match positions.len() {
            0 => None,
            3 => Some(action_word(action).to_owned()),
            _ => Some(format!(
                "{} with {}",
                action_word(action),
                positions.join(" or ")
            )),
        }
    };
    FinalAction::ALL.into_iter().filter_map(of_action).collect()
}

fn answer(word: &str, answers: Answers) -> Option<String> {
    match answers {
        Answers::YES => Some(format!("{word}: yes")),
        Answers::NO => Some(format!("{word}: no")),
        _ => None,
    }
}

fn names<K: Clone + Eq + std::hash::Hash>(classes: &Classes<K>, own: &ClassSet) -> String {
    let all = classes.all();
    let without = all.without(own);
    let (shown, negated) = if own.iter().count() <= without.iter().count() {
        (own, false)
    } else {
        (&without, true)
    };
    let mut names = Vec::new();
    let mut more = 0;
    let mut others = false;
    for class in shown.iter().filter_map(|class| classes.get(class)) {
        let named = class.is_named.then_some(&class.name);
        names.extend(named.into_iter().chain(&class.also).map(String::as_str));
        more += class.more;
        others |= class.has_others;
        if !class.is_named {
            names.push(&class.name);
        }
    }
    more += names.len().saturating_sub(NAMES_SHOWN_MAX);
    names.truncate(NAMES_SHOWN_MAX);
    let mut text = names.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    if others {
        text.push_str(" and names like these that no rule tells apart");
    }
    if negated { format!("not {text}") } else { text }
}

/// `field: >= 0.3 and < 0.55`; `None` for every number.
fn run<N: Number + ToString>(word: &str, axis: &Axis<N>, own: Run) -> Option<String> {
    let all = axis.all();
    // What cannot be is in nobody's way.
    let live = |segment: &u32| axis.is_live(*segment);
    let missing = (ABSENT..=all.high())
        .filter(live)
        .any(|segment| !own.holds(segment));
    if !missing {
        return None;
    }
    let absent = own.holds(ABSENT) && axis.is_live(ABSENT);
    let Some(given) = own.given() else {
        return absent.then(|| format!("{word}: absent"));
    };
    let numbers = numbers(axis, given);
    Some(match (numbers, absent) {
        (None, true) => return None,
        (None, false) => format!("{word}: present"),
        (Some(numbers), true) => format!("{word}: absent or {numbers}"),
        (Some(numbers), false) => format!("{word}: {numbers}"),
    })
}

/// The numbers from one end to another; `None` for all there are.
fn numbers<N: Number + ToString>(axis: &Axis<N>, given: Run) -> Option<String> {
    let below = (ABSENT + 1..given.low()).any(|segment| axis.is_live(segment));
    let above = (given.high() + 1..=axis.all().high()).any(|segment| axis.is_live(segment));
    let is_cut = |segment: u32| segment.is_multiple_of(2);
    let (low, _) = axis.ends(given.low());
    let (_, high) = axis.ends(given.high());
    let end = |sign: &str, number: Option<N>| {
        number.map(|number| format!("{sign} {}", number.to_string()))
    };
    let low = end(
        if is_cut(given.low()) { ">=" } else { ">" },
        low.filter(|_| below),
    );
    let high = end(
        if is_cut(given.high()) { "<=" } else { "<" },
        high.filter(|_| above),
    );
    match (low, high) {
        (Some(_), Some(_)) if given.low() == given.high() && is_cut(given.low()) => {
            axis.ends(given.low()).0.map(|number| number.to_string())
        }
        (Some(low), Some(high)) => Some(format!("{low} and {high}")),
        (low, high) => low.or(high),
    }
}

impl Run {
    const fn low(self) -> u32 {
        self.ends().0
    }

    const fn high(self) -> u32 {
        self.ends().1
    }
}
