//! Explanations held to the engine and to a table read line by line, on policies that nobody
//! wrote: traces, and what is said would be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeMap;

use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind};
use conformance::naive::{self, Tally};
use execution_router::explain::counterfactual::{Counterfactual, Range, Target, To, Value};
use execution_router::explain::{Answer, Explainer, Rules, Verdict};
use execution_router::guard::Question;
use execution_router::{Cache, Policy, Scenario};
use router_guest::amount::Amount;
use router_guest::document::Document;
use router_guest::document::wording::Condition;
use router_guest::engine::Engine;
use router_guest::engine::trace::{Ending, Failure};
use router_guest::request::Position;
use router_guest::state::BudgetUse;
use router_guest::table::{Clause, Flag, Table};

/// Policies of both kinds, and a generator for requests that meet their conditions.
fn policies(count: u64, seed: u64) -> impl Iterator<Item = (String, Numbers)> {
    (0..count).map(move |number| {
        let mut numbers = Numbers::new(seed ^ (number << 20));
        let kind = if number % 2 == 0 {
            Kind::ExitsFirst
        } else {
            Kind::Wild
        };
        (generate_policy::document(&mut numbers, kind), numbers)
    })
}

#[track_caller]
fn rules_of(text: &str) -> Rules {
    let document =
        Document::parse(text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}"));
    Rules::new(document).unwrap()
}

fn scenario(numbers: &mut Numbers, budgets: usize) -> Scenario {
    let request = generate_policy::request(numbers);
    let mut scenario = Scenario::new(request.symbol, request.strategy, request.terms);
    scenario.trading_state = generate::trading_state(numbers);
    scenario.budgets = Some(
        (0..budgets)
            .map(|_| generate::budget_use(numbers))
            .collect(),
    );
    scenario
}

/// The clause of these conditions together.
fn together<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Clause {
    let mut all = Clause::ANY;
    for condition in conditions {
        let one = condition.alone();
        all.states &= one.states;
        all.types &= one.types;
        all.pairs &= one.pairs;
        all.tiers &= one.tiers;
        for (flag, other) in [
            (&mut all.dust, one.dust),
            (&mut all.closable, one.closable),
            (&mut all.opening, one.opening),
            (&mut all.shortable, one.shortable),
            (&mut all.sized, one.sized),
            (&mut all.below_minimum, one.below_minimum),
            (&mut all.budget_exhausted, one.budget_exhausted),
        ] {
            if other != Flag::Any {
                *flag = other;
            }
        }
        all.symbol = all.symbol.or(one.symbol.clone());
        all.strategy = all.strategy.or(one.strategy.clone());
        all.scores.extend(&one.scores);
        all.amounts.extend(&one.amounts);
    }
    all
}

/// A scenario before a table, read line by line.
struct Reading<'a> {
    rules: &'a Rules,
    scenario: &'a Scenario,
}

impl Reading<'_> {
    fn table(&self) -> &Table {
        self.rules.document().table()
    }

    fn holds(&self, clause: &Clause) -> Result<bool, router_guest::decision::Refusal> {
        let (request, state) = (self.scenario.request(), self.scenario.state());
        naive::holds(self.table(), &request, &state, clause)
    }

    /// The first condition that fails is the one that is named: all before it hold.
    #[track_caller]
    fn check_failure(&self, rule: usize, alternative: usize, failure: &Failure) {
        let conditions = &self.rules.tracer().conditions(rule)[alternative];
        assert_eq!(conditions[failure.held], failure.condition);
        let before = together(&conditions[..failure.held]);
        assert_eq!(self.holds(&before), Ok(true), "{before:?}");
        let with_it = together(&conditions[..=failure.held]);
        assert_eq!(self.holds(&with_it), Ok(false), "{failure}");
        // What is observed is not what is needed, in words too.
        let wanted = failure.condition.wanted().to_string();
        assert_ne!(failure.observed.to_string(), wanted);
    }

    #[track_caller]
    fn check_ending(&self, ending: &Ending) {
        for (alternative, failure) in ending.before.iter().enumerate() {
            self.check_failure(ending.rule, alternative, failure);
        }
        assert_eq!(ending.before.len(), ending.alternative);
        let held = together(&ending.held);
        assert_eq!(self.holds(&held), Ok(true));
        match &ending.asked_by {
            None => {
                let clause = &self.table().rules[ending.rule].clauses[ending.alternative];
                assert_eq!(held, *clause);
            }
            Some(asked_by) => {
                let with_it = together(ending.held.iter().chain([asked_by]));
                assert_eq!(self.holds(&with_it), ending.answer.map(|_| true));
                assert!(ending.answer.is_err());
            }
        }
    }
}

#[test]
fn traces_end_where_the_engine_does_and_every_condition_that_is_named_fails() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for (text, mut numbers) in policies(600, 0x7ace) {
        let rules = rules_of(&text);
        let table = rules.document().table();
        let engine = Engine::new(table).unwrap();
        for (number, rule) in table.rules.iter().enumerate() {
            for (clause, conditions) in rule.clauses.iter().zip(rules.tracer().conditions(number)) {
                assert_eq!(together(conditions), *clause);
            }
        }
        for _ in 0..200 {
            let scenario = scenario(&mut numbers, table.budgets.len());
            let (request, state) = (scenario.request(), scenario.state());
            let trace = rules.trace(&scenario);
            assert_eq!(trace.answer(), engine.decide(&request, &state), "{text}");
            let reading = Reading {
                rules: &rules,
                scenario: &scenario,
            };
            for (number, passed) in trace.passed_over.iter().enumerate() {
                assert_eq!(passed.rule, number);
                assert_eq!(passed.alternatives.len(), table.rules[number].clauses.len());
                for (alternative, failure) in passed.alternatives.iter().enumerate() {
                    reading.check_failure(number, alternative, failure);
                    *seen.entry(failure.condition.subject().word()).or_default() += 1;
                }
            }
            if let Some(ending) = &trace.ending {
                assert_eq!(ending.rule, trace.passed_over.len());
                reading.check_ending(ending);
                let asked = ending.asked_by.as_ref();
                *seen.entry(asked.map_or("ended", |_| "asked")).or_default() += 1;
            }
        }
    }
    // Sixteen subjects, of which the numbers have fifteen names.
    assert_eq!(seen.len(), 14 + 15 + 2, "{seen:?}");
    assert!(seen.values().all(|count| *count > 20), "{seen:?}");
}

/// A scenario and a table, changed by hand.
#[derive(Clone)]
struct Hand {
    scenario: Scenario,
    table: Table,
    short_enabled: bool,
    allow_short: bool,
}

impl Hand {
    fn of(rules: &Rules, scenario: &Scenario) -> Self {
        let document = rules.document();
        Self {
            scenario: scenario.clone(),
            table: document.table().clone(),
            short_enabled: document.short_enabled(),
            allow_short: document.allows_short(&scenario.symbol),
        }
    }

    /// What is said to it, by a table read line by line.
    fn answer(&self) -> Answer {
        let manifest = self.table.manifest();
        let (request, state) = (self.scenario.request(), self.scenario.state());
        let question = Question {
            manifest: &manifest,
            symbol: manifest.symbol(&self.scenario.symbol),
            request: &request,
            state: &state,
        };
        let answered = naive::decide(&self.table, &request, &state, &mut Tally::new());
        Verdict::of(&question, answered).answer()
    }

    fn with(&self, target: Target, value: Value) -> Self {
        let mut changed = self.clone();
        changed.set(target, value);
        changed
    }

    fn spent(&mut self, at: usize) -> &mut BudgetUse {
        &mut self.scenario.budgets.as_mut().unwrap()[at]
    }

    fn symbol(&mut self) -> &mut router_guest::manifest::SymbolInfo {
        let name = &self.scenario.symbol;
        let mut symbols = self.table.symbols.iter_mut();
        symbols.find(|symbol| symbol.name == *name).unwrap()
    }

    fn set(&mut self, target: Target, value: Value) {
        let amount = match value {
            Value::Amount(amount) => Some(amount),
            _ => None,
        };
        let score = match value {
            Value::Score(score) => Some(score),
            _ => None,
        };
        let terms = &mut self.scenario.terms;
        match (target, value) {
            (Target::FinalAction, Value::Action(action)) => terms.final_action = action,
            (Target::TradeType, Value::Type(trade_type)) => terms.trade_type = trade_type,
            (Target::Position, Value::Position(position)) => terms.position = position,
            (Target::PositionQuantity, Value::Amount(quantity)) => {
                let side = terms.position.unwrap().side;
                terms.position = Some(Position { side, quantity });
            }
            (Target::CloseQuantity, _) => terms.close_quantity = amount,
            (Target::WorkingOpening, _) => terms.working.opening = amount.unwrap(),
            (Target::WorkingClosing, _) => terms.working.closing = amount.unwrap(),
            (Target::Price, _) => terms.price = amount,
            (Target::TargetNotional, _) => terms.target_notional = amount,
            (Target::Sized, Value::Switch(sized)) => terms.sized = sized,
            (Target::Equity, _) => terms.equity = amount,
            (Target::QuoteRate, _) => terms.quote_rate = amount,
            (Target::SignalScore, _) => terms.signal_score = score,
            (Target::Confidence, _) => terms.confidence = score,
            (Target::RiskReward, _) => terms.risk_reward_ratio = score,
            (Target::StopLoss, _) => terms.stop_loss = amount,
            (Target::TakeProfit, _) => terms.take_profit = amount,
            (Target::TradingState, Value::State(state)) => self.scenario.trading_state = state,
            (Target::Used(at), _) => self.spent(at).used = amount.unwrap(),
            (Target::Reserved(at), _) => self.spent(at).reserved = amount.unwrap(),
            (Target::Orders(at), Value::Count(orders)) => self.spent(at).orders = orders,
            (Target::ShortEnabled, Value::Switch(on)) => self.set_shorting(on, self.allow_short),
            (Target::AllowShort, Value::Switch(on)) => self.set_shorting(self.short_enabled, on),
            (Target::MinQuantity, _) => self.symbol().min_quantity = amount,
            (Target::MinNotional, _) => self.symbol().min_notional = amount,
            (Target::TierScore(at), _) => self.table.tiers[at].signal_strength_min = score,
            (Target::TierRiskReward(at), _) => self.table.tiers[at].risk_reward_min = score,
            (Target::TierConfidence(at), _) => self.table.tiers[at].confidence_min = score,
            (Target::TierSize(at), Value::Amount(percent)) => {
                let (coefficient, scale) = percent.into();
                self.table.tiers[at].info.size = Amount::new(coefficient, scale + 2).unwrap();
            }
            (Target::LimitAmount(at), _) => self.table.budgets[at].amount = amount,
            (Target::LimitPercent(at), _) => self.table.budgets[at].percent = amount,
            (Target::LimitOrders(at), Value::Count(orders)) => {
                self.table.budgets[at].orders = Some(orders);
            }
            other => panic!("{other:?}"),
        }
    }

    fn set_shorting(&mut self, enabled: bool, allowed: bool) {
        (self.short_enabled, self.allow_short) = (enabled, allowed);
        let name = self.scenario.symbol.clone();
        if !self.table.symbols.iter().any(|symbol| symbol.name == name) {
            self.table.symbols.push(router_guest::manifest::SymbolInfo {
                name,
                shortable: false,
                step: None,
                min_quantity: None,
                min_notional: None,
            });
        }
        self.symbol().shortable = enabled && allowed;
    }

    fn start(&self, target: Target) -> Option<Value> {
        let terms = &self.scenario.terms;
        let spent = |at: usize| self.scenario.budgets.as_ref().unwrap()[at];
        let amount = |amount: Option<Amount>| amount.map(Value::Amount);
        match target {
            Target::PositionQuantity => amount(terms.position.map(|open| open.quantity)),
            Target::WorkingClosing => amount(Some(terms.working.closing)),
            Target::WorkingOpening => amount(Some(terms.working.opening)),
            Target::Price => amount(terms.price),
            Target::TargetNotional => amount(terms.target_notional),
            Target::Equity => amount(terms.equity),
            Target::QuoteRate => amount(terms.quote_rate),
            Target::CloseQuantity => amount(terms.close_quantity),
            Target::StopLoss => amount(terms.stop_loss),
            Target::TakeProfit => amount(terms.take_profit),
            Target::SignalScore => terms.signal_score.map(Value::Score),
            Target::Confidence => terms.confidence.map(Value::Score),
            Target::RiskReward => terms.risk_reward_ratio.map(Value::Score),
            Target::Used(at) => amount(Some(spent(at).used)),
            Target::Reserved(at) => amount(Some(spent(at).reserved)),
            _ => None,
        }
    }
}

/// A value somewhere between two, both included.
fn between(numbers: &mut Numbers, one: Value, other: Value) -> Value {
    let thousandths = numbers.below(1001);
    match (one, other) {
        (Value::Amount(one), Value::Amount(other)) => {
            let (low, high) = (one.min(other), one.max(other));
            let part = Amount::new(thousandths.into(), 3).unwrap();
            let more = high
                .checked_sub(low)
                .and_then(|span| span.mul_down_at(part, 12));
            Value::Amount(more.and_then(|more| low.checked_add(more)).unwrap_or(low))
        }
        (Value::Score(one), Value::Score(other)) => {
            let share = thousandths as f64 / 1000.0;
            let (low, high) = (one.min(other), one.max(other));
            Value::Score((low * (1.0 - share) + high * share).clamp(low, high))
        }
        (one, _) => one,
    }
}

/// Whether two values are next to each other on the finest scale that is searched.
fn are_neighbours(one: Value, other: Value) -> bool {
    match (one, other) {
        (Value::Amount(one), Value::Amount(other)) => {
            let apart = one.max(other).checked_sub(one.min(other)).unwrap();
            let (coefficient, _) = apart.into();
            // One unit of some place, or a step of the symbol.
            coefficient == 1 || coefficient == 25
        }
        (Value::Score(one), Value::Score(other)) => {
            [one.next_up(), one.next_down()].contains(&other)
        }
        (Value::Count(one), Value::Count(other)) => one.abs_diff(other) == 1,
        _ => false,
    }
}

#[track_caller]
fn check_range(hand: &Hand, target: Target, range: &Range, new: Answer, numbers: &mut Numbers) {
    let old = hand.answer();
    let said = |value: Value| hand.with(target, value).answer();
    assert_eq!(said(range.edge), new, "at {}", range.edge);
    let start = hand.start(target);
    if let Some(before) = range.before {
        assert!(
            are_neighbours(before, range.edge),
            "{before} and {}",
            range.edge
        );
        if start.is_some() || target.is_setting() {
            assert_eq!(said(before), old, "at {before}");
        } else {
            assert_ne!(said(before), new, "at {before}");
        }
    }
    // Nothing nearer: whatever lies on the way still gives the old answer.
    if let (Some(start), Some(before)) = (start, range.before) {
        for _ in 0..8 {
            let on_the_way = between(numbers, start, before);
            assert_eq!(said(on_the_way), old, "at {on_the_way}");
        }
    }
    if let (Some(last), Some(behind)) = (range.last, range.behind) {
        assert!(are_neighbours(last, behind), "{last} and {behind}");
        assert_ne!(said(behind), new, "at {behind}");
        for _ in 0..8 {
            let inside = between(numbers, range.edge, last);
            assert_eq!(said(inside), new, "at {inside}");
        }
        assert_eq!(said(last), new, "at {last}");
    }
}

#[track_caller]
fn check(hand: &Hand, found: &Counterfactual, numbers: &mut Numbers) {
    let new = Answer::Decided {
        side: found.side,
        intent: found.intent,
        reason: found.reason,
    };
    assert_ne!(hand.answer(), new);
    if let [change] = found.changes.as_slice() {
        match &change.to {
            To::Exactly(value) => assert_eq!(hand.with(change.target, *value).answer(), new),
            To::Range(range) => check_range(hand, change.target, range, new, numbers),
        }
        return;
    }
    let mut changed = hand.clone();
    for change in &found.changes {
        let To::Exactly(value) = change.to else {
            panic!("{change:?}")
        };
        // Both are needed.
        assert_ne!(hand.with(change.target, value).answer(), new);
        changed.set(change.target, value);
    }
    assert_eq!(changed.answer(), new);
}

#[test]
fn what_is_said_would_be_is() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (text, mut numbers) in policies(200, 0xcafe) {
        let mut rules = rules_of(&text);
        let manifest = rules.manifest().clone();
        for _ in 0..40 {
            let scenario = scenario(&mut numbers, manifest.budgets.len());
            let found = rules.counterfactuals(&scenario, 100);
            let hand = Hand::of(&rules, &scenario);
            for one in &found {
                let told = one.text(&scenario.symbol, &manifest);
                let context = format!("{told}\n{}\n{text}", scenario.to_json());
                let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    check(&hand, one, &mut numbers.clone());
                }));
                assert!(checked.is_ok(), "{context}");
                numbers.next();
                for change in &one.changes {
                    let kind = format!("{:?}", change.target);
                    let kind = kind.split('(').next().unwrap_or_default().to_owned();
                    *seen.entry(kind).or_default() += 1;
                }
            }
            assert!(found.is_sorted_by_key(|one| one.distance), "{text}");
        }
        // Settings are put back; of symbols that are not listed nothing is known again.
        let mut after = rules.manifest().clone();
        for unlisted in after.symbols.split_off(manifest.symbols.len()) {
            assert_eq!(
                (
                    unlisted.shortable,
                    unlisted.min_quantity,
                    unlisted.min_notional
                ),
                (false, None, None)
            );
        }
        assert_eq!(after, manifest);
    }
    assert_eq!(seen.len(), 32, "{seen:?}");
    assert!(seen.values().all(|count| *count >= 3), "{seen:?}");
}

/// A component answers as its rules do, so what is found by asking it is what is found by
/// asking them; and both explain what the component says.
#[test]
fn components_and_their_rules_say_the_same() {
    let mut compared = 0;
    for (text, mut numbers) in policies(4, 0xf0e) {
        let policy = Policy::from_document(&text, None, &Cache::disabled()).unwrap();
        let document = Document::parse(&text).unwrap();
        let mut own = Explainer::new(policy.clone(), Some(document)).unwrap();
        let mut foreign = Explainer::new(policy, None).unwrap();
        let budgets = own.manifest().budgets.len();
        for _ in 0..60 {
            let scenario = scenario(&mut numbers, budgets);
            let explained = own.explain(scenario.clone(), 100).unwrap();
            let asked = foreign.explain(scenario.clone(), 100).unwrap();
            assert_eq!(asked.verdict, explained.verdict);
            assert!(asked.trace.is_none() && explained.trace.is_some());
            let mut of_rules = explained.counterfactuals;
            of_rules.retain(|one| !one.changes.iter().any(|change| change.target.is_setting()));
            compared += of_rules.len();
            let told = scenario.to_json();
            assert_eq!(asked.counterfactuals, of_rules, "{told}\n{text}");
        }
    }
    assert!(compared > 500, "{compared}");
}
