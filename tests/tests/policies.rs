//! Policies that nobody wrote: the rule engine against a table read line by line and against the
//! document read word by word, and the guard against everything that the language can express.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeMap;

use conformance::as_written::{self, Answer};
use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind};
use conformance::naive::{self, Tally};
use conformance::tree::Tree;
use execution_router::guard::{self, Question};
use router_guest::decision::{Decision, PositionEffect};
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::manifest::{AmountField, ScoreField};
use router_guest::request::Request;
use router_guest::state::State;
use router_guest::table::Table;

/// How often each thing happened, by a name for it.
type Counts = BTreeMap<String, u64>;

#[track_caller]
fn parsed(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}"))
}

/// What the guard says to an answer; empty when it finds nothing.
fn judged(
    engine: &Engine,
    request: &Request<'_>,
    state: &State<'_>,
    decision: &Decision,
) -> String {
    let manifest = engine.manifest();
    let symbol = manifest.symbol(request.symbol);
    let question = Question {
        manifest,
        symbol,
        request,
        state,
    };
    guard::check(&question, decision)
        .map_or_else(|violation| violation.to_string(), |_| String::new())
}

/// Requests that go through one random policy.
const REQUESTS_PER_POLICY: u32 = 1_000;

/// What a run over many policies has seen.
#[derive(Default)]
struct Seen {
    decisions: u64,
    rules: u64,
    rules_hit: u64,
    outcomes: Counts,
    violations: Counts,
    conditions: Tally,
}

impl Seen {
    fn run(&mut self, seed: u64, kind: Kind) {
        let mut numbers = Numbers::new(seed);
        let text = generate_policy::document(&mut numbers, kind);
        let document = parsed(&text);
        let table = document.table();
        assert_eq!(
            Table::decode(&table.encode().unwrap()).as_ref(),
            Ok(table),
            "{text}"
        );
        let tree = Tree::read(&text);
        let engine = Engine::new(table).unwrap();
        let mut hits = vec![0_u32; table.rules.len()];
        for _ in 0..REQUESTS_PER_POLICY {
            let request = generate_policy::request(&mut numbers);
            let uses = generate_policy::uses(&mut numbers, table.budgets.len());
            let shown = request.terms.sees_budgets() && !numbers.once_in(300);
            let trading_state = generate::trading_state(&mut numbers);
            let state = State {
                trading_state,
                budgets: shown.then_some(&uses[..]),
            };
            let expected = naive::decide(table, &request, &state, &mut self.conditions);
            let decided = engine.decide(&request, &state);
            assert_eq!(
                decided, expected,
                "seed {seed}: {request:?} {state:?} in\n{text}"
            );
            let written = as_written::decide(&tree, &request, &state);
            assert_eq!(
                decided.map(|decision| Answer::of(&decision, engine.manifest())),
                written,
                "seed {seed}: {request:?} {state:?} in\n{text}"
            );
            self.decisions += 1;
            let outcome = match &decided {
                Ok(decision) => {
                    hits[decision.rule as usize] += 1;
                    let judged = judged(&engine, &request, &state, decision);
                    let expected = judged.is_empty() || (kind == Kind::Wild && may_break(&judged));
                    assert!(
                        expected,
                        "seed {seed}: {judged}: {request:?} {state:?} {decision:?} in\n{text}"
                    );
                    if !judged.is_empty() {
                        *self
                            .violations
                            .entry(judged[..3].trim_end_matches(':').to_owned())
                            .or_default() += 1;
                    }
                    match decision.effect {
                        PositionEffect::None => "skip".to_owned(),
                        effect => effect.word().to_owned(),
                    }
                }
                Err(refusal) => format!("{refusal:?}"),
            };
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        self.rules += hits.len() as u64;
        self.rules_hit += hits.iter().filter(|hits| **hits > 0).count() as u64;
    }
}

/// The two invariants that a document can break: it can skip exits, and close while HALTED.
/// See `documents_that_break_an_invariant`.
fn may_break(judged: &str) -> bool {
    judged.starts_with("I12: skips a close of ")
        || judged == "I11: closes while the trading state is HALTED"
}

#[test]
fn the_engine_decides_as_table_and_document_read_and_the_guard_agrees() {
    let mut seen = Seen::default();
    for seed in 0..240 {
        seen.run(seed, Kind::ExitsFirst);
        seen.run(seed + 1_000, Kind::Wild);
    }
    println!(
        "{} decisions, {} of {} rules hit",
        seen.decisions, seen.rules_hit, seen.rules
    );
    println!(
        "outcomes {:#?}\nviolations {:#?}",
        seen.outcomes, seen.violations
    );
    println!("conditions {:#?}", seen.conditions);
    assert!(seen.decisions >= 300_000, "{}", seen.decisions);
    assert!(
        seen.rules_hit * 2 > seen.rules,
        "{} of {}",
        seen.rules_hit,
        seen.rules
    );
    for outcome in [
        "skip",
        "close",
        "open",
        "NoRoute",
        "FieldMissing(TargetNotional)",
        "FieldMissing(Price)",
        "FieldMissing(Equity)",
        "FieldMissing(QuoteRate)",
    ] {
        let count = seen.outcomes.get(outcome).copied().unwrap_or(0);
        assert!(count >= 1_000, "{outcome}: {count}");
    }
    for outcome in ["BudgetsMissing", "FieldOverflow(QuoteRate)"] {
        let count = seen.outcomes.get(outcome).copied().unwrap_or(0);
        assert!(count > 0, "{outcome} never happened");
    }
    let words = [
        "state",
        "type",
        "action and position",
        "tier",
        "symbol",
        "strategy",
        "dust",
        "closable",
        "opening",
        "short_allowed",
        "sized",
        "below_minimum",
        "budget",
    ];
    let fields = ScoreField::ALL
        .map(ScoreField::word)
        .into_iter()
        .chain(AmountField::ALL.map(AmountField::word));
    for word in words.into_iter().chain(fields) {
        let tested = seen.conditions.get(word).copied().unwrap_or_default();
        assert!(
            tested.held >= 1_000 && tested.failed >= 1_000,
            "{word}: {tested:?}"
        );
    }
}
