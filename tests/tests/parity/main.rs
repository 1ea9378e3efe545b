//! The component against the same engine run natively: the same decision to the digit, the
//! same text, the same fuel whatever went before, one by one or in batches.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod random;
mod router;
mod text;

use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind, STRATEGIES, SYMBOLS};
use conformance::{DEFAULT_POLICY, variant_policy};
use execution_router::Cache;
use execution_router::policy::{BatchItem, Instance, Policy};
use router_guest::amount::Amount;
use router_guest::decision::{Decision, Refusal};
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};

/// A policy both ways.
struct Both {
    native: Engine,
    policy: Policy,
}

impl Both {
    fn of(text: &str) -> Self {
        let document =
            Document::parse(text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}"));
        let native = Engine::new(document.table()).unwrap();
        let policy = Policy::from_document(text, None, &Cache::disabled()).unwrap();
        assert_eq!(policy.manifest(), native.manifest());
        Self { native, policy }
    }

    fn budgets(&self) -> usize {
        self.native.manifest().budgets.len()
    }
}

/// Everything of an answer, amounts digit for digit: `1.0` is not `1` here.
fn exactly(answer: &Result<Decision, Refusal>) -> String {
    let digits = |amount: Option<Amount>| amount.map(Amount::to_words);
    let amounts = answer.as_ref().ok().map(|decision| {
        let need = decision.budget.map(|claim| claim.need);
        (
            digits(decision.notional),
            digits(decision.quantity),
            digits(need),
        )
    });
    format!("{answer:?} {amounts:?}")
}

/// The component's answer, held to the native one.
#[track_caller]
fn same(
    both: &Both,
    instance: &mut Instance,
    request: &Request<'_>,
    state: &State<'_>,
) -> Result<Decision, Refusal> {
    let native = both.native.decide(request, state);
    let (component, _) = instance.decide(request, state).unwrap();
    // Comparing first costs a tenth of writing both out.
    if component != native || exactly(&component) != exactly(&native) {
        panic!("{request:?} {state:?}: native {native:?}, component {component:?}");
    }
    component
}

/// A request with the state that a host shows for it.
struct Asked {
    request: Request<'static>,
    trading_state: TradingState,
    uses: Option<Vec<BudgetUse>>,
}

impl Asked {
    fn draw(numbers: &mut Numbers, budgets: usize) -> Self {
        let request = generate_policy::request(numbers);
        let trading_state = generate::trading_state(numbers);
        let uses = generate_policy::uses(numbers, budgets);
        let uses = (request.terms.sees_budgets() && !numbers.once_in(300)).then_some(uses);
        Self {
            request,
            trading_state,
            uses,
        }
    }

    fn state(&self) -> State<'_> {
        State {
            trading_state: self.trading_state,
            budgets: self.uses.as_deref(),
        }
    }
}

/// What the routes of the default policy look at, in every combination.
fn crossed() -> impl Iterator<Item = (OrderTerms, TradingState)> {
    let amount = |text: &str| text.parse::<Amount>().unwrap();
    let mut positions = vec![None];
    for side in [PositionSide::Long, PositionSide::Short] {
        positions.extend(["0", "0.0009", "2"].map(|text| {
            Some(Position {
                side,
                quantity: amount(text),
            })
        }));
    }
    let pairs = FinalAction::ALL
        .into_iter()
        .flat_map(|action| TradeType::ALL.map(|trade_type| (action, trade_type)));
    let pairs: Vec<_> = pairs.collect();
    positions
        .into_iter()
        .flat_map(move |position| pairs.clone().into_iter().map(move |pair| (pair, position)))
        .flat_map(move |((action, trade_type), position)| {
            let mut all = Vec::new();
            for (closing, opening, sized) in
                [("0", "0", false), ("2", "0", true), ("0.5", "1", false)]
            {
                for (score, ratio) in [(0.7, 1.3), (-0.6, 1.2), (0.3, 1.0), (0.2, 9.0)] {
                    for trading_state in TradingState::ALL {
                        let mut terms = OrderTerms::new(action, trade_type);
                        terms.position = position;
                        terms.working.closing = amount(closing);
                        terms.working.opening = amount(opening);
                        terms.sized = sized;
                        terms.price = Some(amount("100"));
                        terms.target_notional = Some(amount("500"));
                        terms.equity = Some(amount("10000"));
                        terms.signal_score = Some(score);
                        terms.risk_reward_ratio = Some(ratio);
                        all.push((terms, trading_state));
                    }
                }
            }
            all
        })
}

#[test]
fn every_route_crossed_with_everything_that_it_looks_at() {
    let spent = ["0", "50.000000000001", "300"].map(|used| BudgetUse {
        used: used.parse().unwrap(),
        reserved: Amount::ZERO,
        orders: 0,
    });
    let mut decisions = 0_u32;
    for text in [DEFAULT_POLICY.to_owned(), variant_policy()] {
        let both = Both::of(&text);
        let mut instance = both.policy.instantiate().unwrap();
        for (terms, trading_state) in crossed() {
            for symbol in ["BTC/USDT", "ETH/USDT"] {
                for uses in spent.iter().map(std::slice::from_ref) {
                    let budgets = terms.sees_budgets().then_some(uses);
                    let request = Request {
                        symbol,
                        strategy: "momentum",
                        terms,
                    };
                    let decided = same(
                        &both,
                        &mut instance,
                        &request,
                        &State {
                            trading_state,
                            budgets,
                        },
                    );
                    assert!(decided.is_ok(), "{request:?}: {decided:?}");
                    decisions += 1;
                }
            }
        }
    }
    println!("{decisions} decisions");
    assert!(decisions > 100_000, "{decisions}");
}

#[test]
fn random_requests_on_the_default_policies() {
    for (seed, text) in (20..).zip([DEFAULT_POLICY.to_owned(), variant_policy()]) {
        let both = Both::of(&text);
        let mut instance = both.policy.instantiate().unwrap();
        let mut numbers = Numbers::new(seed);
        let mut hits = vec![0_u32; both.native.manifest().rules.len()];
        let mut refused = 0_u32;
        for _ in 0..400_000 {
            let asked = Asked::draw(&mut numbers, both.budgets());
            match same(&both, &mut instance, &asked.request, &asked.state()) {
                Ok(decision) => hits[decision.rule as usize] += 1,
                Err(_) => refused += 1,
            }
        }
        let rules: Vec<_> = both.native.manifest().rules.iter().zip(&hits).collect();
        println!("{rules:?}, refused {refused}");
        // The default policy knows no minimums, so nothing is dust to it.
        let rare = rules
            .iter()
            .find(|(rule, hits)| **hits < 1_000 && !(seed == 20 && *rule == "dust"));
        assert_eq!(rare, None);
        assert!(refused >= 1_000, "{refused}");
    }
}

/// The requests as one batch of the interface.
struct Batch {
    names: Vec<&'static str>,
    uses: Vec<BudgetUse>,
    items: Vec<BatchItem>,
}

impl Batch {
    fn of(asked: &[Asked], budgets: usize) -> Self {
        let names: Vec<&str> = SYMBOLS.into_iter().chain(STRATEGIES).collect();
        let mut batch = Self {
            names,
            uses: Vec::new(),
            items: Vec::new(),
        };
        for Asked {
            request,
            trading_state,
            uses,
        } in asked
        {
            let name = |wanted: &str| {
                let at = batch.names.iter().position(|name| *name == wanted).unwrap();
                u32::try_from(at).unwrap()
            };
            let (symbol, strategy) = (name(request.symbol), name(request.strategy));
            // A batch points into one list, so that no item can bring another number of uses.
            let first = u32::try_from(batch.uses.len()).unwrap();
            let budgets = uses.as_ref().map(|uses| {
                batch.uses.extend(&uses[..budgets]);
                first
            });
            batch.items.push(BatchItem {
                symbol,
                strategy,
                terms: request.terms,
                trading_state: *trading_state,
                budgets,
            });
        }
        batch
    }
}

#[test]
fn a_batch_answers_as_its_items_would() {
    let mut numbers = Numbers::new(40);
    for text in [
        variant_policy(),
        generate_policy::document(&mut numbers, Kind::Wild),
    ] {
        let both = Both::of(&text);
        let mut single = both.policy.instantiate().unwrap();
        let mut batched = both.policy.instantiate().unwrap();
        let mut decisions = 0;
        while decisions < 20_000 {
            let count = numbers.below(300);
            let mut asked: Vec<_> = (0..count)
                .map(|_| Asked::draw(&mut numbers, both.budgets()))
                .collect();
            for asked in &mut asked {
                if let Some(uses) = &mut asked.uses {
                    uses.truncate(both.budgets());
                }
            }
            let Batch { names, uses, items } = Batch::of(&asked, both.budgets());
            let (answers, _) = batched.decide_batch(&names, &uses, &items).unwrap();
            assert_eq!(answers.len(), asked.len());
            for (asked, answer) in asked.iter().zip(&answers) {
                let alone = same(&both, &mut single, &asked.request, &asked.state());
                assert_eq!(exactly(answer), exactly(&alone), "{:?}", asked.request);
            }
            decisions += asked.len();
        }
    }
}

#[test]
fn fuel_is_the_same_whatever_went_before() {
    let mut numbers = Numbers::new(50);
    for text in [
        DEFAULT_POLICY.to_owned(),
        variant_policy(),
        generate_policy::document(&mut numbers, Kind::Wild),
    ] {
        let both = Both::of(&text);
        let asked: Vec<_> = (0..400)
            .map(|_| Asked::draw(&mut numbers, both.budgets()))
            .collect();
        let fuel = |instance: &mut Instance, asked: &Asked| {
            instance.decide(&asked.request, &asked.state()).unwrap().1
        };
        let fresh: Vec<u64> = asked
            .iter()
            .map(|asked| fuel(&mut both.policy.instantiate().unwrap(), asked))
            .collect();
        let cheapest = fresh.iter().min().unwrap();
        assert!(*cheapest > 100, "{cheapest}");
        println!("fuel {cheapest} to {}", fresh.iter().max().unwrap());

        let warm = &mut both.policy.instantiate().unwrap();
        let order: Vec<usize> = (0..asked.len()).collect();
        let backwards = order.iter().rev().copied().collect();
        let shuffled = (0..2_000).map(|_| *numbers.choose(&order)).collect();
        for order in [order, backwards, shuffled] {
            for at in order {
                assert_eq!(fuel(warm, &asked[at]), fresh[at], "{:?}", asked[at].request);
            }
        }
        let long = "s".repeat(60_000);
        for (at, request) in asked.iter().enumerate() {
            match at % 3 {
                0 => {
                    let some: Vec<_> = (0..numbers.below(40))
                        .map(|_| Asked::draw(&mut numbers, both.budgets()))
                        .collect();
                    let Batch { names, uses, items } = Batch::of(&some, both.budgets());
                    warm.decide_batch(&names, &uses, &items).unwrap();
                }
                1 => {
                    let longer = Request {
                        symbol: &long,
                        strategy: &long[at..],
                        ..request.request
                    };
                    let answered = warm.decide(&longer, &request.state());
                    assert!(answered.is_ok(), "{answered:?}");
                }
                _ => {}
            }
            assert_eq!(fuel(warm, request), fresh[at], "{:?}", request.request);
        }
        let batch = Batch::of(&asked, both.budgets());
        let batch_fuel = |instance: &mut Instance| {
            instance
                .decide_batch(&batch.names, &batch.uses, &batch.items)
                .unwrap()
                .1
        };
        assert_eq!(
            batch_fuel(warm),
            batch_fuel(&mut both.policy.instantiate().unwrap())
        );
    }
}
