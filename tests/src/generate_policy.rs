//! Policy documents out of a seed: sound, but in every other way as odd as the language
//! allows, and requests that meet their conditions often.
//!
//! It writes text, as people do; what is drawn is only kept when the document's own check
//! takes it.

use router_guest::amount::Amount;
use router_guest::document::Document;
use router_guest::manifest::{AmountField, ScoreField};
use router_guest::request::Request;
use router_guest::state::BudgetUse;

use crate::generate::{self, Numbers};

/// What a policy does with exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every exit meets the default policy's routes before anything that could stop it.
    ExitsFirst,
    /// Any route stands anywhere.
    Wild,
}

/// Symbols that requests are for; policies know some of them by name.
pub const SYMBOLS: [&str; 7] = [
    "BTC/USDT",
    "ETH/USDT",
    "SOL/BTC",
    "XRP",
    "BTC/USDT:USDT",
    "DOGE/EUR",
    "ETH/",
];
/// Strategies that requests are of.
pub const STRATEGIES: [&str; 5] = ["momentum", "mean-reversion", "trend_2", "m", "trend"];

/// Patterns over both.
const PATTERNS: [&str; 12] = [
    "BTC/USDT", "ETH/USDT", "SOL/BTC", "*/USDT", "BTC/*", "*", "???", "*T*", "momentum", "m*",
    "trend?*", "*-*",
];
const SCORES: [&str; 8] = ["-0.65", "0", "0.3", "0.55", "0.65", "0.8", "1.15", "1.3"];
const AMOUNTS: [&str; 8] = ["0", "0.1", "0.5", "1", "100", "1000", "46983", "123456.789"];

/// What closes in the default policy, before anything that could hold it up.
const EXITS: &str = "  - halted: { when: { state: HALTED, type: not risk }, skip: trading_halted }
  - already_closing:
      when:
        - { position: opposite, closable: no, dust: no }
        - { position: opposite, closable: no, action: CLOSE }
        - { position: opposite, closable: no, type: [exit, risk] }
      skip: already_closing
  - dust:
      when:
        - { dust: yes, action: CLOSE }
        - { dust: yes, type: [exit, risk] }
      skip: dust
  - close_facing: { when: { position: opposite, dust: no }, close: position }
";

/// A sound document.
pub fn document(numbers: &mut Numbers, kind: Kind) -> String {
    let mut text = head(numbers);
    let tiers = tiers(numbers, &mut text);
    text.push_str("routes:\n");
    let head = text.clone();
    let routes = 1 + numbers.below(14);
    let exits_at = numbers.below(routes);
    for number in 0..routes {
        if kind == Kind::ExitsFirst && number == exits_at {
            text.push_str(EXITS);
        }
        let before_exits = kind == Kind::ExitsFirst && number < exits_at;
        let when = sound_when(numbers, &head, &tiers, before_exits);
        let verb = if before_exits {
            skip(numbers)
        } else {
            verb(numbers, kind)
        };
        text.push_str(&format!("  - r{number}: {{ when: {when}, {verb} }}\n"));
    }
    let last = verb(numbers, kind);
    text.push_str(&format!("  - last: {{ {last} }}\n"));
    text
}

/// A request that policies of this module tell apart, now and then with amounts at the ends
/// of what there is.
pub fn request(numbers: &mut Numbers) -> Request<'static> {
    let mut terms = generate::terms(numbers);
    if numbers.once_in(40) {
        let far = [
            "9999999999999999999999999999",
            "0.000000000001",
            "1234567890.12345678901234567",
        ];
        let far = numbers.choose(&far).parse::<Amount>().ok();
        match numbers.below(4) {
            0 => terms.target_notional = far,
            1 => terms.price = far,
            2 => terms.equity = far,
            _ => terms.quote_rate = far,
        }
    }
    Request {
        symbol: numbers.choose::<&str>(&SYMBOLS),
        strategy: numbers.choose::<&str>(&STRATEGIES),
        terms,
    }
}

/// The use of so many budgets; now and then of another number, as no sound host gives it.
pub fn uses(numbers: &mut Numbers, budgets: usize) -> Vec<BudgetUse> {
    let count = if numbers.once_in(200) {
        budgets + 1
    } else {
        budgets
    };
    (0..count).map(|_| generate::budget_use(numbers)).collect()
}

fn head(numbers: &mut Numbers) -> String {
    let currency = numbers.choose(&["USDT", "USDT", "EUR"]);
    let short = numbers.choose(&["yes", "yes", "yes", "no"]);
    let version = numbers.below(1000);
    let mut text = format!(
        "name: drawn\nversion: {version}\naccount_currency: {currency}\nrisk: {{ short_enabled: {short} }}\nsymbols:\n"
    );
    for symbol in SYMBOLS {
        if numbers.once_in(3) {
            continue;
        }
        let short = numbers.choose(&["yes", "yes", "no"]);
        text.push_str(&format!("  \"{symbol}\": {{ allow_short: {short}"));
        if !numbers.once_in(3) {
            text.push_str(numbers.choose::<&str>(&[
                ", step: 0.0001",
                ", step: 0.25",
                ", step: 0.00000001",
            ]));
        }
        if !numbers.once_in(3) {
            text.push_str(numbers.choose::<&str>(&[
                ", min_quantity: 0.5",
                ", min_quantity: 1",
                ", min_quantity: 2.5",
            ]));
        }
        if !numbers.once_in(2) {
            text.push_str(numbers.choose::<&str>(&[", min_notional: 10", ", min_notional: 100.5"]));
        }
        text.push_str(" }\n");
    }
    text.push_str("budgets:\n");
    for budget in 0..BUDGETS {
        let limits = [
            "limit: 3% of equity".to_owned(),
            format!("limit: 400 {currency}"),
            format!("limit: [7.5% of equity, 1000.25 {currency}]"),
            "orders: 4".to_owned(),
            "limit: 10% of equity, orders: 3".to_owned(),
            "limit: 0% of equity".to_owned(),
        ];
        let limit = numbers.choose(&limits);
        let per = numbers.choose(&["hour", "day", "week", "none", "rolling 36h"]);
        let zone = numbers.choose(&["UTC", "Europe/Berlin", "Asia/Kolkata"]);
        let scope = numbers.choose(&["all", "symbol", "strategy"]);
        text.push_str(&format!(
            "  b{budget}: {{ {limit}, per: {per}, zone: {zone}, scope: {scope} }}\n"
        ));
    }
    text
}

const BUDGETS: u64 = 3;

/// Tiers of every intent, at least the two without which nothing may open, in any order.
fn tiers(numbers: &mut Numbers, text: &mut String) -> Vec<String> {
    let mut intents = vec!["pilot", "explore"];
    for _ in 0..numbers.below(4) {
        let at = usize::try_from(numbers.below(intents.len() as u64 + 1)).unwrap_or(0);
        intents.insert(
            at,
            *numbers.choose(&["normal", "normal", "pilot", "explore"]),
        );
    }
    text.push_str("tiers:\n");
    let mut names = Vec::new();
    for (number, intent) in intents.iter().enumerate() {
        let name = format!("t{number}");
        text.push_str(&format!("  {name}: {{ intent: {intent}"));
        for (key, scores) in [
            ("score", ["0.3", "0.55", "0.65"]),
            ("risk_reward", ["1.15", "1.3", "2"]),
            ("confidence", ["0", "0.4", "0.8"]),
        ] {
            if numbers.once_in(2) {
                text.push_str(&format!(", {key}: {}", numbers.choose(&scores)));
            }
        }
        if !numbers.once_in(4) {
            text.push_str(&format!(
                ", size: {}",
                numbers.choose(&["40%", "50%", "100%", "33.333%", "0.01%"])
            ));
        }
        if *intent != "normal" {
            text.push_str(&format!(", budget: b{}", numbers.below(BUDGETS)));
        }
        text.push_str(" }\n");
        names.push(name);
    }
    names
}

fn skip(numbers: &mut Numbers) -> String {
    format!(
        "skip: {}",
        numbers.choose(&["too_late", "not_today", "exploration_limit", "watched"])
    )
}

fn verb(numbers: &mut Numbers, kind: Kind) -> String {
    let reason = if numbers.once_in(4) {
        ", reason: own_words"
    } else {
        ""
    };
    match numbers.below(if kind == Kind::Wild { 6 } else { 4 }) {
        0 => skip(numbers),
        1 | 2 => format!("open: sized{reason}"),
        3 => skip(numbers),
        _ => format!("close: position{reason}"),
    }
}

/// A `when` that the document's check takes: drawn again until it can hold.
fn sound_when(numbers: &mut Numbers, head: &str, tiers: &[String], before_exits: bool) -> String {
    loop {
        let count = *numbers.choose(&[1, 1, 1, 2, 3]);
        let clauses: Vec<_> = (0..count)
            .map(|_| clause(numbers, tiers, before_exits))
            .collect();
        let when = match clauses.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let alone = format!(
            "{head}  - only: {{ when: {when}, skip: tried }}\n  - last: {{ skip: tried }}\n"
        );
        if Document::parse(&alone).is_ok() {
            return when;
        }
    }
}

/// Some conditions, each at most once. What stands before the exits is no exit's.
fn clause(numbers: &mut Numbers, tiers: &[String], before_exits: bool) -> String {
    let mut kinds: Vec<u64> = Vec::new();
    let mut conditions = Vec::new();
    if before_exits {
        conditions
            .push("action: [BUY, SELL, HOLD, unknown], type: { not: [exit, risk] }".to_owned());
        kinds.extend([ACTION, TYPE]);
    }
    for _ in 0..=numbers.below(4) {
        let kind = numbers.below(KINDS);
        if !kinds.contains(&kind) {
            conditions.push(condition(numbers, kind, tiers));
            kinds.push(kind);
        }
    }
    if conditions.is_empty() {
        conditions.push("sized: no".to_owned());
    }
    format!("{{ {} }}", conditions.join(", "))
}

const ACTION: u64 = 0;
const TYPE: u64 = 1;
const KINDS: u64 = 16;

fn condition(numbers: &mut Numbers, kind: u64, tiers: &[String]) -> String {
    let yes_or_no = *numbers.choose(&["yes", "no"]);
    match kind {
        ACTION => set(
            numbers,
            "action",
            &["BUY", "SELL", "HOLD", "SKIP", "CLOSE", "unknown"],
        ),
        TYPE => set(
            numbers,
            "type",
            &["normal", "pilot", "exploration", "exit", "risk", "auto"],
        ),
        2 => set(numbers, "state", &["ACTIVE", "REDUCING", "HALTED"]),
        3 => set(
            numbers,
            "position",
            &["flat", "long", "short", "opposite", "same"],
        ),
        4 => {
            let mut words: Vec<&str> = tiers.iter().map(String::as_str).collect();
            words.push("none");
            set(numbers, "tier", &words)
        }
        5 => set(numbers, "symbol", &PATTERNS),
        6 => set(numbers, "strategy", &PATTERNS),
        7 => format!("dust: {yes_or_no}"),
        8 => format!("closable: {yes_or_no}"),
        9 => format!("opening: {yes_or_no}"),
        10 => format!("short_allowed: {yes_or_no}"),
        11 => format!("sized: {yes_or_no}"),
        12 => format!("below_minimum: {yes_or_no}"),
        13 => format!("budget: {}", numbers.choose(&["exhausted", "holds"])),
        14 => {
            let field = *numbers.choose(&ScoreField::ALL);
            format!("{}: \"{}\"", field.word(), range(numbers, &SCORES))
        }
        _ => {
            let field = *numbers.choose(&AmountField::ALL);
            format!("{}: \"{}\"", field.word(), range(numbers, &AMOUNTS))
        }
    }
}

/// `"a"`, `["a", "b"]`, `"not a"` or `{ not: ["a", "b"] }`.
fn set(numbers: &mut Numbers, key: &str, words: &[&str]) -> String {
    let mut drawn: Vec<&str> = Vec::new();
    for _ in 0..=numbers.below(3) {
        let word = *numbers.choose(words);
        if !drawn.contains(&word) {
            drawn.push(word);
        }
    }
    let list = drawn
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ");
    match (drawn.as_slice(), numbers.once_in(3)) {
        ([one], false) => format!("{key}: \"{one}\""),
        ([one], true) => format!("{key}: \"not {one}\""),
        (_, false) => format!("{key}: [{list}]"),
        (_, true) => format!("{key}: {{ not: [{list}] }}"),
    }
}

fn range(numbers: &mut Numbers, ends: &[&str]) -> String {
    let (one, other) = (*numbers.choose(ends), *numbers.choose(ends));
    match numbers.below(10) {
        0 => "absent".to_owned(),
        1 => "present".to_owned(),
        2 | 3 => format!(">= {one}"),
        4 => format!("> {one}"),
        5 => format!("<= {one}"),
        6 => format!("< {one}"),
        7 => format!(">= {one} and < {other}"),
        8 => format!("> {one} and <= {other}"),
        _ => format!("{one} .. {other}"),
    }
}
