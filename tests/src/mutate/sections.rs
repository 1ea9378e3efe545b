//! Mistakes above the routes: switches, symbols, tiers and budgets.

use super::{Maker, numbers};
use crate::tree::Tree;

const INTENTS: [&str; 3] = ["normal", "pilot", "explore"];
/// Thresholds of a tier, with one that it may get where it has none.
const THRESHOLDS: [(&str, &str); 3] = [
    ("score", "0.4"),
    ("risk_reward", "1.1"),
    ("confidence", "0.5"),
];
/// Figures of a symbol, with one that it may get where it has none.
const FIGURES: [(&str, &str); 3] = [
    ("step", "0.01"),
    ("min_quantity", "1"),
    ("min_notional", "10"),
];
const WINDOWS: [&str; 5] = ["hour", "day", "week", "none", "rolling 24h"];
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Europe/London", "America/New_York"];
const SCOPES: [&str; 3] = ["all", "symbol", "strategy"];

pub(super) fn mutate(maker: &mut Maker<'_>) {
    currency(maker);
    switch(maker);
    each(maker, "symbols", symbol);
    each(maker, "tiers", tier);
    each(maker, "budgets", budget);
}

/// Drops and changes every entry of a section.
fn each(maker: &mut Maker<'_>, section: &str, mutate: fn(&mut Maker<'_>, &[usize])) {
    let Some(at) = maker.original.place_of(section) else {
        return;
    };
    let count = maker.at(&[at]).entries().len();
    for entry in 0..count {
        maker.remove("drop a symbol, tier or budget", &[at], entry);
        mutate(maker, &[at, entry]);
        if section == "tiers" && entry + 1 < count {
            maker.swap("reorder tiers", &[at], entry, entry + 1);
        }
    }
}

fn currency(maker: &mut Maker<'_>) {
    if let Some(at) = maker.original.place_of("account_currency") {
        for other in ["USDC", "BTC"] {
            maker.replace("change the account currency", &[at], Tree::of(other));
        }
    }
}

fn switch(maker: &mut Maker<'_>) {
    let risk = maker.original.place_of("risk");
    let entry = risk.and_then(|risk| Some([risk, maker.at(&[risk]).place_of("short_enabled")?]));
    if let Some(path) = entry {
        flip(maker, &path);
    }
}

fn flip(maker: &mut Maker<'_>, path: &[usize]) {
    let is_on = matches!(maker.at(path).word(), "yes" | "true");
    let other = if is_on { "no" } else { "yes" };
    maker.replace("flip a switch for shorts", path, Tree::of(other));
}

fn symbol(maker: &mut Maker<'_>, path: &[usize]) {
    let own = maker.at(path);
    if let Some(at) = own.place_of("allow_short") {
        flip(maker, &[path, &[at]].concat());
    }
    for (figure, given) in FIGURES {
        let Some(at) = own.place_of(figure) else {
            maker.add("change a symbol's figure", path, figure, Tree::of(given));
            continue;
        };
        maker.remove("change a symbol's figure", path, at);
        let figure = [path, &[at]].concat();
        let text = maker.at(&figure).word().to_owned();
        let tenfold = text.parse::<router_guest::amount::Amount>().ok();
        let tenfold = tenfold
            .and_then(|own| own.mul_down(router_guest::amount::Amount::whole(10)))
            .map(|own| own.to_string());
        for other in numbers::by_a_unit(&text).into_iter().chain(tenfold) {
            maker.replace("change a symbol's figure", &figure, Tree::of(other));
        }
    }
}

fn tier(maker: &mut Maker<'_>, path: &[usize]) {
    let own = maker.at(path);
    for intent in INTENTS {
        maker.add("change a tier's intent", path, "intent", Tree::of(intent));
    }
    for (threshold, given) in THRESHOLDS {
        let Some(at) = own.place_of(threshold) else {
            maker.add("change a threshold", path, threshold, Tree::of(given));
            continue;
        };
        maker.remove("change a threshold", path, at);
        let threshold = [path, &[at]].concat();
        let text = maker.at(&threshold).word().to_owned();
        let near = numbers::by_a_unit(&text).into_iter();
        for other in near.chain(numbers::next_scores(&text)) {
            maker.replace("change a threshold", &threshold, Tree::of(other));
        }
    }
    match own.place_of("size") {
        Some(at) => {
            maker.remove("change a tier's size", path, at);
            let size = [path, &[at]].concat();
            let text = maker.at(&size).word().to_owned();
            for other in numbers::by_a_unit(&text) {
                maker.replace("change a tier's size", &size, Tree::of(other));
            }
        }
        None => maker.add("change a tier's size", path, "size", Tree::of("99%")),
    }
    budget_of_tier(maker, path);
}

/// A tier that charges nothing, or a budget of its own that is just like the one it should charge.
fn budget_of_tier(maker: &mut Maker<'_>, path: &[usize]) {
    const OTHER: &str = "other";
    const OPERATOR: &str = "change a tier's budget";
    let own = maker.at(path);
    let budgets = maker.original.get("budgets");
    let first = budgets
        .and_then(|budgets| budgets.entries().first())
        .cloned();
    let Some((name, budget)) = first else { return };
    let Some(at) = own.place_of("budget") else {
        maker.add(OPERATOR, path, "budget", Tree::of(name));
        return;
    };
    maker.remove(OPERATOR, path, at);
    let what = format!(
        "{}/budget: another one, just like it",
        maker.original.name_of(path)
    );
    let place = maker.original.place_of("budgets");
    maker.change(OPERATOR, what, &[], |document| {
        if let Some(own) = document.at_mut(&[path, &[at]].concat()) {
            *own = Tree::of(OTHER);
        }
        let section = place.and_then(|place| document.at_mut(&[place]));
        if let Some(Tree::Map(entries)) = section {
            entries.push((OTHER.to_owned(), budget));
        }
    });
}

fn budget(maker: &mut Maker<'_>, path: &[usize]) {
    let own = maker.at(path);
    match own.place_of("limit") {
        Some(at) => limit(maker, path, at),
        None => maker.add(
            "change a budget's limit",
            path,
            "limit",
            Tree::of("3% of equity"),
        ),
    }
    match own.place_of("orders") {
        Some(at) => {
            maker.remove("change a budget's orders", path, at);
            let orders = [path, &[at]].concat();
            let text = maker.at(&orders).word().to_owned();
            for other in numbers::by_a_unit(&text) {
                maker.replace("change a budget's orders", &orders, Tree::of(other));
            }
        }
        None => maker.add("change a budget's orders", path, "orders", Tree::of("10")),
    }
    for (operator, key, words) in [
        ("change a budget's window", "per", &WINDOWS[..]),
        ("change a budget's zone", "zone", &ZONES),
        ("change a budget's scope", "scope", &SCOPES),
    ] {
        for word in words {
            match own.place_of(key) {
                Some(at) => maker.replace(operator, &[path, &[at]].concat(), Tree::of(*word)),
                None => maker.add(operator, path, key, Tree::of(*word)),
            }
        }
    }
}

/// One limit, or a list of both.
fn limit(maker: &mut Maker<'_>, path: &[usize], at: usize) {
    const OPERATOR: &str = "change a budget's limit";
    maker.remove(OPERATOR, path, at);
    let limit = [path, &[at]].concat();
    let own = maker.at(&limit);
    for (number, part) in own.items().iter().enumerate() {
        let several = own.items().len() > 1;
        let place = match several {
            true => [limit.as_slice(), &[number]].concat(),
            false => limit.clone(),
        };
        for other in numbers::by_a_unit(part.word()) {
            maker.replace(OPERATOR, &place, Tree::of(other));
        }
        if several {
            maker.remove(OPERATOR, &limit, number);
        } else {
            let both = ["3% of equity", "500 USDT"].map(Tree::of);
            let other = both
                .into_iter()
                .find(|other| other.word().contains("equity") != part.word().contains("equity"));
            let both = [Some(part.clone()), other].into_iter().flatten().collect();
            maker.replace(OPERATOR, &limit, Tree::List(both));
        }
    }
}
