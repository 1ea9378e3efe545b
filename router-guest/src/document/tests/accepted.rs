//! What sound documents lower to.

use super::*;
use crate::amount::Amount;
use crate::decision::OrderIntent;
use crate::manifest::{AmountField, BudgetInfo, Scope, ScoreField, Window};
use crate::request::{FinalAction, PositionSide, TradeType};
use crate::state::TradingState;
use crate::table::{
    Clause, End, Flag, NO_TIER_BIT, NameTest, NumberRange, NumberTest, Outcome, PAIRS_ALL,
    TIERS_ALL, TYPES_ALL, pair_number, state_bit, type_bit,
};

const HEAD: &str = "name: x\nversion: 1\naccount_currency: USDT\n";

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

/// The one clause of a condition, in the flow style of `when: { … }`.
#[track_caller]
fn clause(when: &str) -> Clause {
    let [clause] = clauses(&format!("{{ {when} }}")).try_into().unwrap();
    clause
}

#[track_caller]
fn clauses(when: &str) -> Vec<Clause> {
    let tiers = "tiers: { normal: { score: 1 }, good: { intent: normal } }";
    let text =
        format!("{HEAD}{tiers}\nroutes:\n- a: {{ when: {when}, skip: x }}\n- b: {{ skip: y }}\n");
    parsed(&text).table().rules[0].clauses.clone()
}

fn pairs(wanted: &[(FinalAction, Option<PositionSide>)]) -> u32 {
    wanted.iter().fold(0, |bits, (action, position)| {
        bits | 1 << pair_number(*action, *position)
    })
}

#[track_caller]
fn budget(text: &str) -> BudgetInfo {
    let text = format!("{HEAD}budgets: {{ b: {{ {text} }} }}\nroutes: [ a: {{ skip: x }} ]\n");
    parsed(&text).table().budgets[0].clone()
}

#[test]
fn the_default_policy_has_its_three_tiers() {
    let document = parsed(DEFAULT);
    let table = document.table();
    let tiers: Vec<_> = table
        .tiers
        .iter()
        .map(|tier| {
            let info = &tier.info;
            let least = (
                tier.signal_strength_min,
                tier.risk_reward_min,
                tier.confidence_min,
            );
            (
                info.name.as_str(),
                info.intent,
                info.size,
                info.budget,
                least,
            )
        })
        .collect();
    use OrderIntent::{Explore, Normal, Pilot};
    assert_eq!(
        tiers,
        [
            (
                "normal",
                Normal,
                Amount::ONE,
                None,
                (Some(0.65), Some(1.3), None)
            ),
            (
                "pilot",
                Pilot,
                amount("0.4"),
                Some(0),
                (Some(0.55), Some(1.15), None)
            ),
            (
                "explore",
                Explore,
                amount("0.5"),
                Some(0),
                (Some(0.3), None, None)
            ),
        ]
    );
}

#[test]
fn the_default_policy_shorts_nothing_and_halts_all_but_risk() {
    let document = parsed(DEFAULT);
    let table = document.table();
    let symbols: Vec<_> = table
        .symbols
        .iter()
        .map(|symbol| (&*symbol.name, symbol.shortable))
        .collect();
    assert_eq!(
        symbols,
        [
            ("BTC/USDT", false),
            ("ETH/USDT", false),
            ("LTC/USDT", false)
        ]
    );
    let halted = Clause {
        states: state_bit(TradingState::Halted),
        types: TYPES_ALL & !type_bit(TradeType::Risk),
        ..Clause::ANY
    };
    assert_eq!(table.rules[0].clauses, [halted]);
    assert_eq!(table.rules[20].clauses, [Clause::ANY]);
}

#[test]
fn sets_are_words_lists_and_negations_of_either() {
    let exits = type_bit(TradeType::Exit) | type_bit(TradeType::Risk);
    assert_eq!(clause("type: risk").types, type_bit(TradeType::Risk));
    assert_eq!(clause("type: [exit, risk]").types, exits);
    assert_eq!(
        clause("type: not risk").types,
        TYPES_ALL & !type_bit(TradeType::Risk)
    );
    assert_eq!(
        clause("type: { not: risk }").types,
        TYPES_ALL & !type_bit(TradeType::Risk)
    );
    assert_eq!(
        clause("type: { not: [exit, risk] }").types,
        TYPES_ALL & !exits
    );
    assert_eq!(
        clause("type: explore").types,
        type_bit(TradeType::Exploration)
    );
    assert_eq!(clause("state: [ACTIVE, REDUCING]").states, 0b011);
}

#[test]
fn actions_and_positions_meet_in_pairs() {
    use FinalAction::{Buy, Close, Sell};
    let (long, short) = (Some(PositionSide::Long), Some(PositionSide::Short));
    let opposite = pairs(&[(Buy, short), (Sell, long), (Close, long), (Close, short)]);
    assert_eq!(clause("position: opposite").pairs, opposite);
    assert_eq!(
        clause("position: not opposite").pairs,
        PAIRS_ALL & !opposite
    );
    assert_eq!(
        clause("position: same").pairs,
        pairs(&[(Buy, long), (Sell, short)])
    );
    assert_eq!(
        clause("position: opposite, action: CLOSE").pairs,
        pairs(&[(Close, long), (Close, short)])
    );
    assert_eq!(
        clause("position: [flat, same], action: BUY").pairs,
        pairs(&[(Buy, None), (Buy, long)])
    );
    assert_eq!(
        clause("position: { not: [flat, long] }, action: unknown").pairs,
        pairs(&[(FinalAction::Unknown, short)])
    );
}

#[test]
fn facts_are_yes_no_true_or_false() {
    let all = clause(
        "dust: yes, closable: no, opening: true, short_allowed: false, sized: yes, below_minimum: no, budget: exhausted",
    );
    let want = Clause {
        dust: Flag::Yes,
        closable: Flag::No,
        opening: Flag::Yes,
        shortable: Flag::No,
        sized: Flag::Yes,
        below_minimum: Flag::No,
        budget_exhausted: Flag::Yes,
        ..Clause::ANY
    };
    assert_eq!(all, want);
    assert_eq!(clause("budget: holds").budget_exhausted, Flag::No);
}

#[test]
fn tiers_are_bits_of_their_order() {
    assert_eq!(clause("tier: good").tiers, 0b10);
    assert_eq!(clause("tier: [none, normal]").tiers, NO_TIER_BIT | 0b01);
    assert_eq!(clause("tier: not none").tiers, 0b11);
    assert_eq!(clause("tier: [normal, good, none]").tiers, TIERS_ALL);
}

#[test]
fn names_are_sorted_patterns() {
    let test = |patterns: &[&str], negated| {
        let patterns = patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect();
        Some(NameTest { patterns, negated })
    };
    assert_eq!(
        clause("symbol: BTC/USDT").symbol,
        test(&["BTC/USDT"], false)
    );
    assert_eq!(
        clause("symbol: [\"*/USDT\", BTC/?]").symbol,
        test(&["*/USDT", "BTC/?"], false)
    );
    assert_eq!(
        clause("strategy: not grid-*").strategy,
        test(&["grid-*"], true)
    );
    assert_eq!(
        clause("strategy: [not a]").strategy,
        test(&["not a"], false)
    );
}

#[test]
fn numbers_are_ranges_in_the_order_of_their_fields() {
    let range = |low, high| NumberRange::Within { low, high };
    let cases = [
        ("\">= 0.55\"", range(End::Including(0.55), End::Open)),
        ("\">0\"", range(End::Excluding(0.0), End::Open)),
        ("<= 1e0", range(End::Open, End::Including(1.0))),
        ("< -3", range(End::Open, End::Excluding(-3.0))),
        (
            "0.3 .. 0.55",
            range(End::Including(0.3), End::Excluding(0.55)),
        ),
        ("-1..1", range(End::Including(-1.0), End::Excluding(1.0))),
        (
            "\"> -0.0 and <= 2\"",
            range(End::Excluding(0.0), End::Including(2.0)),
        ),
        ("absent", NumberRange::Absent),
        ("present", NumberRange::Present),
    ];
    for (text, range) in cases {
        let field = ScoreField::SignalScore;
        let got = clause(&format!("signal_score: {text}")).scores;
        assert_eq!(got, [NumberTest { field, range }], "{text}");
    }
    let both =
        clause("take_profit: present, price: \">= 0.1\", confidence: < 1, signal_score: < 1");
    let amounts: Vec<_> = both.amounts.iter().map(|test| test.field).collect();
    assert_eq!(amounts, [AmountField::Price, AmountField::TakeProfit]);
    let scores: Vec<_> = both.scores.iter().map(|test| test.field).collect();
    assert_eq!(scores, [ScoreField::SignalScore, ScoreField::Confidence]);
}

#[test]
fn amounts_are_never_read_through_a_float() {
    let long = "0.1234567890123456789012345678";
    let clause = clause(&format!("price: \"<= {long}\""));
    let high = End::Including(amount(long));
    assert_eq!(
        clause.amounts[0].range,
        NumberRange::Within {
            low: End::Open,
            high
        }
    );
}

#[test]
fn a_list_under_when_is_alternatives() {
    let [first, second] = clauses("[ { dust: yes }, { sized: yes } ]")
        .try_into()
        .unwrap();
    assert_eq!((first.dust, first.sized), (Flag::Yes, Flag::Any));
    assert_eq!((second.dust, second.sized), (Flag::Any, Flag::Yes));
}

#[test]
fn limits_windows_and_scopes() {
    let day = budget("limit: 3% of equity, per: day");
    let want = BudgetInfo {
        name: "b".into(),
        amount: None,
        percent: Some(amount("3")),
        orders: None,
        window: Window::Day,
        zone: "UTC".into(),
        scope: Scope::All,
    };
    assert_eq!(day, want);
    let both =
        budget("limit: [500.50 USDT, 0.5 % of equity], orders: 10, per: none, scope: symbol");
    assert_eq!(
        (both.amount, both.percent),
        (Some(amount("500.5")), Some(amount("0.5")))
    );
    assert_eq!((both.orders, both.scope), (Some(10), Scope::Symbol));
    let windows = [
        ("hour", Window::Hour),
        ("week", Window::Week),
        ("none", Window::None),
        ("rolling 90s", Window::Rolling { seconds: 90 }),
        ("rolling 90m", Window::Rolling { seconds: 5400 }),
        ("rolling 36h", Window::Rolling { seconds: 129_600 }),
        (
            "rolling 366d",
            Window::Rolling {
                seconds: 31_622_400,
            },
        ),
    ];
    for (text, window) in windows {
        assert_eq!(
            budget(&format!("orders: 0, per: {text}")).window,
            window,
            "{text}"
        );
    }
    assert_eq!(
        budget("orders: 1, per: week, zone: Asia/Kathmandu").zone,
        "Asia/Kathmandu"
    );
}

#[test]
fn a_short_needs_both_switches() {
    for (master, own, shortable) in [
        ("true", "true", true),
        ("yes", "false", false),
        ("false", "true", false),
        ("no", "no", false),
    ] {
        let text = format!(
            "{HEAD}risk: {{ short_enabled: {master} }}\nsymbols: {{ B: {{ allow_short: {own} }}, A: {{ step: 0.5, min_quantity: 1.5, min_notional: 5 }} }}\nroutes: [ a: {{ skip: x }} ]\n"
        );
        let document = parsed(&text);
        let [a, b] = document.table().symbols.as_slice() else {
            panic!("two symbols");
        };
        assert_eq!((a.name.as_str(), a.shortable), ("A", false));
        assert_eq!((b.name.as_str(), b.shortable), ("B", shortable));
        assert_eq!(a.min_quantity, Some(amount("1.5")));
    }
}

#[test]
fn reasons_can_be_replaced_and_are_declared_once() {
    let tiers = "tiers: { pilot: { budget: b }, explore: { budget: b } }\nbudgets: { b: { orders: 1, per: day } }\n";
    let text = format!(
        "{HEAD}{tiers}routes:\n- a: {{ when: {{ dust: no }}, close: position, reason: done }}\n- b: {{ when: {{ dust: yes }}, skip: done }}\n- c: {{ open: sized, reason: go }}\n"
    );
    let document = parsed(&text);
    let table = document.table();
    assert_eq!(table.reasons, ["done", "go"]);
    let outcomes: Vec<_> = table.rules.iter().map(|rule| rule.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Close {
                long_reason: 0,
                short_reason: 0
            },
            Outcome::Skip { reason: 0 },
            Outcome::Open {
                long_reason: 1,
                short_reason: 1
            },
        ]
    );
}

#[test]
fn versions_are_text_as_written() {
    for version in ["1", "1.10", "2026-11-23", "true", "'007'"] {
        let text = DEFAULT.replace("version: 1\n", &format!("version: {version}\n"));
        assert_eq!(parsed(&text).version(), version.trim_matches('\''));
    }
}

#[test]
fn sections_may_be_empty_or_absent() {
    let routes = "routes: [ a: { skip: x } ]\n";
    let without = parsed(&format!("{HEAD}{routes}"));
    for sections in [
        "risk:\nsymbols:\ntiers:\nbudgets:\n",
        "risk: {}\nsymbols: {}\ntiers: {}\nbudgets: {}\n",
    ] {
        assert_eq!(
            parsed(&format!("{HEAD}{sections}{routes}")).table(),
            without.table()
        );
    }
}

#[test]
fn line_ends_order_marks_and_quotes_do_not_matter() {
    let plain = parsed(DEFAULT);
    let windows = format!("\u{feff}{}", DEFAULT.replace('\n', "\r\n"));
    assert_eq!(parsed(&windows), plain);
    let quoted = DEFAULT
        .replace("name: default", "name: \"default\"")
        .replace("skip: dust", "skip: 'dust'");
    assert_eq!(parsed(&quoted).table(), plain.table());
    let explicit = format!("%YAML 1.2\n---\n{DEFAULT}...\n");
    assert_eq!(parsed(&explicit).table(), plain.table());
}
