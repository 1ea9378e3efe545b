//! Bots' configurations as policies: what is imported decides as the configuration says, and in
//! all else as the default policy does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use conformance::generate::{self, Numbers};
use conformance::{DEFAULT_POLICY, engine_of};
use execution_router::import::{Configuration, Imported, import};
use router_guest::decision::{Decision, PositionEffect, Refusal, Side};
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};
use router_guest::table::Table;

/// Everything that is known, as the bot's own file has it.
const ALL: &str = "risk:
  short_enabled: true
  exploration:
    enabled: true
    budget_pct_per_day: 0.025
    max_forced_per_day: 3
    min_score: 0.4
    size_mult_vs_normal: 0.25
symbols:
  BTC/USDT: { allow_short: true }
  ETH/USDT: { allow_short: false }
";

#[track_caller]
fn imported(text: &str) -> Imported {
    let configuration = Configuration {
        file_name: "bot.yaml",
        bytes: text.as_bytes(),
        budget_unit: None,
    };
    import(&configuration).unwrap_or_else(|error| panic!("{error}\nof\n{text}"))
}

/// The table of a document under one name, so that two can be compared.
#[track_caller]
fn table(document: &str) -> Table {
    let document = Document::parse(document).unwrap_or_else(|error| panic!("{error}\n{document}"));
    let mut table = document.table().clone();
    table.name = "any".into();
    table
}

/// The default policy with parts of it written otherwise, by hand.
#[track_caller]
fn by_hand(changes: &[(&str, &str)]) -> Table {
    let mut text = DEFAULT_POLICY.to_owned();
    for (part, instead) in changes {
        assert_eq!(text.matches(part).count(), 1, "`{part}`");
        text = text.replace(part, instead);
    }
    table(&text)
}

#[track_caller]
fn becomes(configuration: &str, changes: &[(&str, &str)]) {
    // A bot's symbols come in place of all of the default policy's.
    let without_example = configuration.contains("symbols").then_some((LTC, ""));
    let changes: Vec<_> = changes.iter().copied().chain(without_example).collect();
    assert!(
        table(&imported(configuration).policy) == by_hand(&changes),
        "{configuration}"
    );
}

const MASTER: &str = "short_enabled: false";
const BTC: &str = "BTC/USDT: { allow_short: false }";
const LTC: &str =
    "LTC/USDT: { allow_short: false, step: 0.001, min_quantity: 0.01, min_notional: 5 }";
const EXPLORE: &str = "score: 0.30, size: 50%";
const LIMIT: &str = "limit: 3% of equity";

#[test]
fn each_key_changes_what_it_is_for() {
    becomes("{}", &[]);
    becomes("other: 1", &[]);
    becomes(
        "risk:\nsymbols:",
        &[(BTC, ""), ("ETH/USDT: { allow_short: false }", "")],
    );
    becomes(
        "risk: { short_enabled: true }",
        &[(MASTER, "short_enabled: true")],
    );
    becomes(
        "symbols: { BTC/USDT: { allow_short: true }, ETH/USDT: {} }",
        &[(BTC, "BTC/USDT: { allow_short: true }")],
    );
    becomes("symbols: [ETH/USDT, BTC/USDT]", &[]);
    let exploration = |key: &str| format!("risk: {{ exploration: {{ {key} }} }}");
    becomes(&exploration("enabled: true"), &[]);
    becomes(
        &exploration("min_score: .45"),
        &[(EXPLORE, "score: 0.45, size: 50%")],
    );
    becomes(
        &exploration("size_mult_vs_normal: 1.0"),
        &[(EXPLORE, "score: 0.30, size: 100%")],
    );
    becomes(
        &exploration("max_forced_per_day: 0"),
        &[(LIMIT, "limit: 3% of equity, orders: 0")],
    );
    for (written, percent) in [
        ("0.03", "3"),
        ("3", "3"),
        ("3e-2", "3"),
        ("1.5", "1.5"),
        ("0.2", "20"),
        ("100", "100"),
        ("0", "0"),
        ("\"0.5%\"", "0.5"),
        ("1 %", "1"),
    ] {
        becomes(
            &exploration(&format!("budget_pct_per_day: {written}")),
            &[(LIMIT, &format!("limit: {percent}% of equity"))],
        );
    }
    becomes(
        ALL,
        &[
            (MASTER, "short_enabled: true"),
            (BTC, "BTC/USDT: { allow_short: true }"),
            (EXPLORE, "score: 0.4, size: 25%"),
            (LIMIT, "limit: 2.5% of equity, orders: 3"),
        ],
    );
}

#[test]
fn anchors_aliases_and_merge_keys_mean_what_they_mean_to_the_bot() {
    becomes(
        "pair: &pair { allow_short: yes, leverage: 3 }
off: &off no
risk: { short_enabled: &on Yes, exploration: &e { enabled: *on } }
symbols:
  BTC/USDT: *pair
  ETH/USDT: { <<: [*pair, { allow_short: yes }], allow_short: *off }
backup: { <<: *e }
",
        &[
            (MASTER, "short_enabled: true"),
            (BTC, "BTC/USDT: { allow_short: true }"),
        ],
    );
}

/// A request with enough of everything to open.
fn terms(action: FinalAction, trade_type: TradeType) -> OrderTerms {
    let mut terms = OrderTerms::new(action, trade_type);
    terms.price = Some("100".parse().unwrap());
    terms.target_notional = Some("400".parse().unwrap());
    terms.equity = Some("10000".parse().unwrap());
    terms
}

/// `SIDE reason notional` of a decision in state ACTIVE.
#[track_caller]
fn decided(engine: &Engine, symbol: &str, terms: OrderTerms, used: &str, orders: u32) -> String {
    let uses = [BudgetUse {
        used: used.parse().unwrap(),
        orders,
        ..BudgetUse::default()
    }];
    let state = State {
        trading_state: TradingState::Active,
        budgets: terms.sees_budgets().then_some(&uses[..]),
    };
    let request = Request {
        symbol,
        strategy: "trend",
        terms,
    };
    let decision = engine.decide(&request, &state).unwrap();
    let reason = &engine.manifest().reasons[decision.reason as usize];
    let size = decision.notional.or(decision.quantity);
    let size = size.map_or(String::new(), |size| format!(" {size}"));
    format!("{} {reason}{size}", decision.side.word())
}

/// A symbol, what is asked, what is used of the budget, how many orders, and what is decided.
type Case = (&'static str, OrderTerms, &'static str, u32, &'static str);

#[track_caller]
fn all_decided(cases: &[Case]) {
    let (engine, _) = engine_of(&imported(ALL).policy);
    for (symbol, terms, used, orders, expected) in cases {
        assert_eq!(
            decided(&engine, symbol, *terms, used, *orders),
            *expected,
            "{symbol} {terms:?} {used} {orders}"
        );
    }
}

#[test]
fn it_decides_as_the_configuration_says() {
    use FinalAction::{Buy, Sell};
    use TradeType::{Exploration, Normal, Pilot};
    let scored = |score| {
        let mut terms = terms(Buy, TradeType::Auto);
        terms.signal_score = Some(score);
        terms
    };
    all_decided(&[
        // Shorts: the master switch and the symbol's.
        (
            "BTC/USDT",
            terms(Sell, Normal),
            "0",
            0,
            "SELL open_short 400",
        ),
        (
            "ETH/USDT",
            terms(Sell, Normal),
            "0",
            0,
            "SKIP shorting_disabled",
        ),
        (
            "SOL/USDT",
            terms(Sell, Normal),
            "0",
            0,
            "SKIP shorting_disabled",
        ),
        // An exploration is a quarter of its target, a pilot what it was.
        (
            "BTC/USDT",
            terms(Buy, Exploration),
            "0",
            0,
            "BUY open_long 100",
        ),
        ("BTC/USDT", terms(Buy, Pilot), "0", 0, "BUY open_long 160"),
        // 2.5 % of 10,000 are 250.
        (
            "BTC/USDT",
            terms(Buy, Exploration),
            "150",
            1,
            "BUY open_long 100",
        ),
        (
            "BTC/USDT",
            terms(Buy, Exploration),
            "150.01",
            1,
            "SKIP exploration_limit",
        ),
        (
            "BTC/USDT",
            terms(Buy, Exploration),
            "0",
            2,
            "BUY open_long 100",
        ),
        (
            "BTC/USDT",
            terms(Buy, Exploration),
            "0",
            3,
            "SKIP exploration_limit",
        ),
        (
            "BTC/USDT",
            terms(Buy, Normal),
            "250",
            3,
            "BUY open_long 400",
        ),
        // The least score of an exploration.
        ("BTC/USDT", scored(0.4), "0", 0, "BUY open_long 100"),
        ("BTC/USDT", scored(0.39), "0", 0, "SKIP below_threshold"),
    ]);
}

#[test]
fn a_short_needs_both_switches() {
    for (master, own, expected) in [
        (true, true, "SELL open_short 400"),
        (true, false, "SKIP shorting_disabled"),
        (false, true, "SKIP shorting_disabled"),
        (false, false, "SKIP shorting_disabled"),
    ] {
        let text = format!(
            "risk: {{ short_enabled: {master} }}\nsymbols: {{ X: {{ allow_short: {own} }} }}\n"
        );
        let (engine, _) = engine_of(&imported(&text).policy);
        let mut terms = terms(FinalAction::Sell, TradeType::Normal);
        terms.quote_rate = Some("1".parse().unwrap());
        assert_eq!(decided(&engine, "X", terms, "0", 0), expected, "{text}");
    }
}

fn rule(engine: &Engine, decision: &Decision) -> String {
    engine.manifest().rules[decision.rule as usize].clone()
}

fn reason(engine: &Engine, decision: &Decision) -> String {
    engine.manifest().reasons[decision.reason as usize].clone()
}

/// Everything of a decision that a bot acts on.
fn told(engine: &Engine, decision: &Decision) -> impl PartialEq + std::fmt::Debug {
    (
        (decision.side, decision.intent),
        (reason(engine, decision), rule(engine, decision)),
        (decision.notional, decision.quantity),
    )
}

/// Requests that go through a policy without exploration.
const REQUESTS: u32 = 300_000;

/// Nothing explores, and nothing else changes: no exit, no normal trade, no skip above.
#[test]
fn where_exploration_is_off_nothing_explores_and_all_else_is_as_it_was() {
    let (on, _) = engine_of(&imported(ALL).policy);
    let off = imported(&ALL.replace("enabled: true\n    budget", "enabled: false\n    budget"));
    let (off, _) = engine_of(&off.policy);
    let mut numbers = Numbers::new(7);
    let (mut skipped, mut closes, mut opens) = (0_u32, 0_u32, 0_u32);
    for _ in 0..REQUESTS {
        let terms = generate::terms(&mut numbers);
        let request = Request {
            symbol: numbers.choose::<&str>(&["BTC/USDT", "ETH/USDT", "SOL/BTC"]),
            strategy: "momentum",
            terms,
        };
        let uses = [generate::budget_use(&mut numbers)];
        let state = State {
            trading_state: generate::trading_state(&mut numbers),
            budgets: terms.sees_budgets().then_some(&uses[..]),
        };
        let before = on.decide(&request, &state);
        let after = off.decide(&request, &state);
        let is_disabled = after
            .as_ref()
            .is_ok_and(|decision| rule(&off, decision) == "exploration_off");
        if is_disabled {
            let decision = after.unwrap();
            assert_eq!(decision.side, Side::Skip);
            assert_eq!(reason(&off, &decision), "exploration_disabled");
            assert!(decision.intent.charges_budget(), "{request:?}");
            // Whatever it was, it was on its way to open.
            let was = match &before {
                Ok(before) => rule(&on, before),
                Err(Refusal::FieldMissing(_) | Refusal::FieldOverflow(_)) => continue,
                Err(refusal) => panic!("{refusal:?}"),
            };
            assert!(
                ["below_minimum", "exploration_limit", "open"].contains(&&*was),
                "{was}: {request:?}"
            );
            skipped += 1;
            continue;
        }
        match (before, after) {
            (Ok(before), Ok(after)) => {
                assert_eq!(told(&off, &after), told(&on, &before), "{request:?}");
                assert!(
                    after.effect != PositionEffect::Open || !after.intent.charges_budget(),
                    "{request:?}"
                );
                closes += u32::from(after.effect == PositionEffect::Close);
                opens += u32::from(after.effect == PositionEffect::Open);
            }
            (before, after) => assert_eq!(after.err(), before.err(), "{request:?}"),
        }
    }
    assert!(skipped > 1_000 && closes > 1_000 && opens > 1_000);
}

/// A trade of a type that explores still closes what it faces.
#[test]
fn where_exploration_is_off_its_trades_still_close() {
    let off = "risk: { exploration: { enabled: no } }";
    let (engine, _) = engine_of(&imported(off).policy);
    for trade_type in [TradeType::Pilot, TradeType::Exploration, TradeType::Exit] {
        let mut close = terms(FinalAction::Sell, trade_type);
        close.position = Some(Position {
            side: PositionSide::Long,
            quantity: "0.5".parse().unwrap(),
        });
        assert_eq!(
            decided(&engine, "BTC/USDT", close, "0", 0),
            "SELL close_long 0.5"
        );
    }
    // Without figures too: it is skipped before anything computes with them.
    let bare = OrderTerms::new(FinalAction::Buy, TradeType::Exploration);
    assert_eq!(
        decided(&engine, "BTC/USDT", bare, "0", 0),
        "SKIP exploration_disabled"
    );
}

#[test]
fn what_is_imported_again_is_the_same() {
    let first = imported(ALL);
    assert_eq!(imported(ALL), first);
    assert_eq!(table(&first.policy).name, "any");
    let document = Document::parse(&first.policy).unwrap();
    assert_eq!((document.name(), document.version()), ("bot", "1"));
}
