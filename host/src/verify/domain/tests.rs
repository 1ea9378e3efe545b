use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use router_guest::amount::Amount;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::manifest::ScoreField;

use super::*;
use crate::policy::FoundNames;
use crate::verify::run::{FRESH_CELLS, Order};

const DEFAULT: &str = include_str!("../../../../policies/default/policy.yaml");

fn manifest(document: &str) -> Manifest {
    let document = Document::parse(document).unwrap_or_else(|findings| panic!("{findings}"));
    document.table().manifest()
}

/// The default policy with its list of symbols replaced, and what is cut besides.
fn with(symbols: &str, route: &str) -> String {
    let (head, tail) = DEFAULT
        .split_once("  BTC/USDT: { allow_short: false }\n")
        .unwrap();
    let (_, tail) = tail
        .split_once("  ETH/USDT: { allow_short: false }\n")
        .unwrap();
    let (middle, tail) = tail.split_once("routes:\n").unwrap();
    format!("{head}{symbols}{middle}routes:\n{route}{tail}")
        .replace("short_enabled: false", "short_enabled: true")
}

const RICH_SYMBOLS: &str =
    "  BTC/USDT: { allow_short: true, step: 0.001, min_quantity: 0.002, min_notional: 5 }
  ETH/USDT: { allow_short: false, min_quantity: 3 }
  SOL/EUR: { allow_short: true }
";
const RICH_ROUTE: &str = "  - odd: { when: { position_quantity: \"< 7\", closable_quantity: \"> 7\", close_quantity: \"<= 1\",
      working_opening: \">= 2\", working_closing: \"> 2\", price: \"< 50\", target_notional: \">= 777\",
      equity: \"< 5\", quote_rate: \"> 3\", stop_loss: \"> 1\", take_profit: \"< 2\",
      signal_score: \"< -0.5\", confidence: \">= 0.9\" }, skip: odd }
";

fn cells<'d>(domain: &'d Domain<'_>) -> impl Iterator<Item = Cell<'d>> {
    (0..domain.len()).map(|number| domain.cell(number).unwrap())
}

#[track_caller]
fn all_differ(document: &str) -> usize {
    let manifest = manifest(document);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let mut seen = HashSet::with_capacity(domain.len());
    for cell in cells(&domain) {
        let scenario = cell.scenario().to_json();
        assert!(
            seen.insert(scenario),
            "twice: {}",
            cell.scenario().to_json()
        );
    }
    let products: usize = domain.products().iter().map(|product| product.cells).sum();
    assert_eq!(products, domain.len());
    assert!(domain.is_complete());
    domain.len()
}

#[test]
fn no_two_cells_are_the_same_to_a_policy() {
    assert!(all_differ(DEFAULT) >= 100_000);
    assert!(all_differ(&with(RICH_SYMBOLS, RICH_ROUTE)) >= 400_000);
}

#[test]
fn every_cell_is_a_line_that_reads_back() {
    let document = with(RICH_SYMBOLS, RICH_ROUTE);
    let manifest = manifest(&document);
    let domain = Domain::of(&manifest, &FoundNames::default());
    for cell in cells(&domain).step_by(97) {
        let scenario = cell.scenario();
        let read = Scenario::parse(&scenario.to_json());
        assert_eq!(read.as_ref(), Ok(&scenario), "{}", scenario.to_json());
        assert_eq!(
            (read.as_ref().unwrap().request(), scenario.state()),
            (cell.request(), cell.state())
        );
    }
}

#[test]
fn every_rule_of_the_default_policy_decides_a_cell() {
    let document = Document::parse(DEFAULT).unwrap();
    let engine = Engine::new(document.table()).unwrap();
    let domain = Domain::of(engine.manifest(), &FoundNames::default());
    let mut reached = HashSet::new();
    for cell in cells(&domain) {
        if let Ok(decision) = engine.decide(&cell.request(), &cell.state()) {
            reached.insert(decision.rule as usize);
        }
    }
    let rules = &engine.manifest().rules;
    let missed: Vec<_> = (0..rules.len())
        .filter(|rule| !reached.contains(rule))
        .map(|rule| rules[rule].as_str())
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn every_threshold_is_met_below_on_and_above_by_a_trade_that_it_classifies() {
    let manifest = manifest(DEFAULT);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let mut met = HashSet::new();
    for cell in cells(&domain) {
        let terms = &cell.terms;
        let opens = terms.trade_type == TradeType::Auto
            && terms.final_action == FinalAction::Buy
            && cell.trading_state == TradingState::Active;
        if opens {
            met.insert((
                ScoreField::SignalStrength as u8,
                terms.signal_score.map(f64::to_bits),
            ));
            met.insert((
                ScoreField::RiskRewardRatio as u8,
                terms.risk_reward_ratio.map(f64::to_bits),
            ));
        }
    }
    assert_eq!(manifest.score_thresholds.len(), 5);
    for (field, cut) in &manifest.score_thresholds {
        let mut wanted = vec![cut.next_down(), *cut, cut.next_up()];
        if *field == ScoreField::SignalStrength {
            wanted.extend([-cut.next_down(), -*cut, -cut.next_up()]);
        }
        for score in wanted {
            assert!(
                met.contains(&(*field as u8, Some(score.to_bits()))),
                "{field:?} {score}"
            );
        }
        assert!(met.contains(&(*field as u8, None)), "{field:?} absent");
    }
}

#[test]
fn every_amount_threshold_is_met_below_on_and_above() {
    let document = with(RICH_SYMBOLS, RICH_ROUTE);
    let manifest = manifest(&document);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let mut met: HashSet<(&str, (u128, u8))> = HashSet::new();
    for cell in cells(&domain) {
        let terms = &cell.terms;
        let held = terms.open_position().map(|position| position.quantity);
        for (name, amount) in [
            ("position_quantity", held),
            ("closable_quantity", Some(terms.closable())),
            ("close_quantity", terms.close_quantity),
            ("working_opening", Some(terms.working.opening)),
            ("working_closing", Some(terms.working.closing)),
            ("price", terms.price),
            ("target_notional", terms.target_notional),
            ("equity", terms.equity),
            ("quote_rate", terms.quote_rate),
            ("stop_loss", terms.stop_loss),
            ("take_profit", terms.take_profit),
        ] {
            met.extend(amount.map(|amount| (name, amount.into())));
        }
    }
    assert_eq!(manifest.amount_thresholds.len(), 11);
    for (field, cut) in &manifest.amount_thresholds {
        for amount in crate::verify::cuts::around(*cut, true) {
            assert!(
                met.contains(&(field.word(), amount.into())),
                "{} {amount}",
                field.word()
            );
        }
    }
}

/// Fixed orders, minimums and dust are met where they decide something: what the engine answers
/// changes between the neighbours.
#[test]
fn every_rule_of_a_richer_policy_decides_a_cell() {
    let text = with(RICH_SYMBOLS, "").replace("per: day", "orders: 2, per: day");
    let document = Document::parse(&text).unwrap();
    let engine = Engine::new(document.table()).unwrap();
    let domain = Domain::of(engine.manifest(), &FoundNames::default());
    let mut reached = HashSet::new();
    let mut spent = HashSet::new();
    for cell in cells(&domain) {
        if let Ok(decision) = engine.decide(&cell.request(), &cell.state()) {
            reached.insert(decision.rule);
            if let Some([first]) = cell.budgets {
                let limited = first.orders >= 2;
                spent.insert((
                    limited,
                    engine.manifest().rules[decision.rule as usize].clone(),
                ));
            }
        }
    }
    assert_eq!(reached.len(), engine.manifest().rules.len());
    for (limited, rule) in [
        (true, "exploration_limit"),
        (false, "exploration_limit"),
        (false, "open"),
    ] {
        assert!(
            spent.contains(&(limited, rule.to_owned())),
            "{limited} {rule}"
        );
    }
    assert!(!spent.contains(&(true, "pilot".to_owned())));
}

/// What a cell changes of the base.
fn turns(domain: &Domain<'_>, number: usize) -> Vec<Turn> {
    let packed = &domain.cells[number];
    match mixes::unpacked(packed.turns[0]) {
        Some(mix) => {
            let mixes = domain.mixes_of(&domain.rows[packed.row as usize]);
            mixes.unwrap().turns(mix).collect()
        }
        None => packed.turns.into_iter().map_while(unpacked).collect(),
    }
}

/// For each group of rows that a function tells apart, the pairs of points that its cells meet.
fn met<K: std::hash::Hash + Eq>(
    domain: &Domain<'_>,
    group: impl Fn(&Row) -> Option<K>,
) -> HashMap<K, HashSet<(Turn, Turn)>> {
    let mut met: HashMap<K, HashSet<(Turn, Turn)>> = HashMap::new();
    for number in 0..domain.len() {
        let row = &domain.rows[domain.cells[number].row as usize];
        let Some(group) = group(row) else { continue };
        let turns = turns(domain, number);
        let pairs = met.entry(group).or_default();
        for (at, one) in turns.iter().enumerate() {
            pairs.extend(turns[at + 1..].iter().map(|other| ordered(*one, *other)));
        }
    }
    met
}

fn ordered(one: Turn, other: Turn) -> (Turn, Turn) {
    if one.0 as u8 <= other.0 as u8 {
        (one, other)
    } else {
        (other, one)
    }
}

/// All pairs of points of two figures, of a class that has them: what a row without budgets can
/// have at once.
fn pairs(domain: &Domain<'_>, class: usize, quantities: &[Axis]) -> HashSet<(Turn, Turn)> {
    let axes = Axis::OF_OPENINGS.iter().chain(quantities);
    let points: Vec<Turn> = axes
        .flat_map(|axis| {
            let points = match axis {
                Axis::CloseQuantity => domain.points.classes[class].closes_of(None),
                _ => 0..domain.points.changes(*axis, class).len(),
            };
            points.map(|point| (*axis, point))
        })
        .collect();
    let both = |one: &Turn, other: &Turn| {
        let is_quantity = |turn: &Turn| quantities.contains(&turn.0);
        one.0 != other.0 && !(is_quantity(one) && is_quantity(other))
    };
    let all = points.iter().flat_map(|one| {
        let others = points.iter().filter(move |other| both(one, other));
        others.map(move |other| ordered(*one, *other))
    });
    all.collect()
}

#[track_caller]
fn pairs_are_met(document: &str) {
    let manifest = manifest(document);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let classes = domain.points.classes.len();
    let quantities = [Axis::Holding, Axis::CloseQuantity];
    let dusty = |class: usize| domain.points.classes[class].dust.is_some();
    let by_class = met(&domain, |row| {
        row.faces()
            .then_some((row.trade_type, row.state as u8, row.class))
    });
    for ((trade_type, state, class), met) in &by_class {
        let missing = pairs(&domain, *class, &quantities);
        let missing: Vec<_> = missing.difference(met).collect();
        assert!(
            missing.is_empty(),
            "{trade_type:?} {state} {class}: {missing:?}"
        );
    }
    assert_eq!(by_class.len(), 18 * classes);
    // The points of one class stand for those of all, where they are as many.
    let alike = (0..classes).filter(|class| !dusty(*class));
    let by_way = met(&domain, |row| {
        row.faces()
            .then_some((row.trade_type, row.state as u8, row.action as u8, row.leg))
    });
    assert_eq!(by_way.len(), 18 * 4);
    if alike.count() == classes {
        for (way, met) in &by_way {
            assert!(pairs(&domain, 0, &quantities).is_subset(met), "{way:?}");
        }
    }
}

#[test]
fn closes_of_every_type_and_state_meet_every_pair_of_odd_figures() {
    pairs_are_met(DEFAULT);
    pairs_are_met(&with(RICH_SYMBOLS, RICH_ROUTE));
    pairs_are_met(&with("  BTC/USDT: { allow_short: false }\n", ""));
}

#[test]
fn rows_that_do_not_close_meet_every_pair_of_odd_figures_in_every_state() {
    for document in [DEFAULT, &with(RICH_SYMBOLS, RICH_ROUTE)] {
        let manifest = manifest(document);
        let domain = Domain::of(&manifest, &FoundNames::default());
        let by_class = met(&domain, |row| {
            (!row.faces()).then_some((row.trade_type, row.class))
        });
        for ((trade_type, class), met) in &by_class {
            let missing = pairs(&domain, *class, &[]);
            let missing: Vec<_> = missing.difference(met).collect();
            assert!(missing.is_empty(), "{trade_type:?} {class}: {missing:?}");
        }
        let by_state = met(&domain, |row| {
            (!row.faces()).then_some((row.trade_type, row.state as u8))
        });
        for (group, met) in &by_state {
            // The points that every class has.
            let all = pairs(&domain, 0, &[]);
            let missing = all.iter().filter(|((one, _), (other, _))| {
                *one != Axis::TargetNotional && *other != Axis::TargetNotional
            });
            let missing: Vec<_> = missing.filter(|pair| !met.contains(pair)).collect();
            assert!(missing.is_empty(), "{group:?}: {missing:?}");
        }
    }
}

#[test]
fn every_row_meets_every_point() {
    let manifest = manifest(DEFAULT);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let mut met: HashMap<u32, HashSet<Turn>> = HashMap::new();
    for number in 0..domain.len() {
        let turns = turns(&domain, number);
        met.entry(domain.cells[number].row)
            .or_default()
            .extend(turns);
    }
    for (number, row) in (0..).zip(&domain.rows) {
        let met = &met[&number];
        for axis in Axis::OF_OPENINGS {
            let points = 0..domain.points.changes(axis, row.class).len();
            for point in points {
                assert!(met.contains(&(axis, point)), "{row:?} {axis:?} {point}");
            }
        }
    }
}

#[test]
fn fresh_instances_decide_points_of_every_dimension() {
    let manifest = manifest(DEFAULT);
    let domain = Domain::of(&manifest, &FoundNames::default());
    let order = Order::of(domain.len());
    let mut seen = HashSet::new();
    for position in 0..FRESH_CELLS {
        let packed = &domain.cells[order.at(position)];
        let row = domain.rows[packed.row as usize];
        seen.insert(format!("{:?}", row.action));
        seen.insert(format!("{:?}", row.trade_type));
        seen.insert(format!("{:?}", row.leg));
        seen.insert(format!("{:?}", row.state));
        seen.insert(format!("class {}", row.class));
        for (axis, _) in turns(&domain, order.at(position)) {
            seen.insert(axis.word().to_owned());
        }
    }
    assert_eq!(seen.len(), 6 + 6 + 3 + 3 + 4 + AXES, "{seen:?}");
}

#[test]
fn an_order_goes_through_every_cell_and_leaves_none_in_its_place() {
    for count in [1, 2, 3, 4, 97, 1000, 4096, 110_597] {
        let order = Order::of(count);
        let cells: HashSet<_> = (0..count).map(|position| order.at(position)).collect();
        assert_eq!(cells.len(), count);
        assert!(count == 1 || order.at(0) != 0, "{count}");
        assert_eq!(order.at(count), order.at(0));
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_said() {
    let mut symbols = String::new();
    for number in 0..200 {
        writeln!(symbols, "  S{number}/USDT: {{ step: 0.{number:03}1 }}").unwrap();
    }
    let manifest = manifest(&with(&symbols, ""));
    let domain = Domain::of(&manifest, &FoundNames::default());
    assert!(!domain.is_complete());
    assert!(domain.len() <= CELLS_MAX, "{}", domain.len());
    let classes = &domain.extents()[4];
    assert_eq!(
        (classes.name, classes.cuts),
        (
            "symbol_class",
            Tried {
                declared: 203,
                tried: 64
            }
        )
    );
}

#[test]
fn thresholds_by_the_thousand_are_sampled_and_said() {
    let mut manifest = manifest(DEFAULT);
    manifest.amount_thresholds = (1..8001)
        .map(|cut| {
            (
                router_guest::manifest::AmountField::Price,
                Amount::whole(cut),
            )
        })
        .collect();
    let domain = Domain::of(&manifest, &FoundNames::default());
    assert!(!domain.is_complete());
    assert!(
        (1_000_000..=CELLS_MAX).contains(&domain.len()),
        "{}",
        domain.len()
    );
    let extents = domain.extents();
    let price = extents
        .iter()
        .find(|extent| extent.name == "price")
        .unwrap();
    assert_eq!((price.cuts.declared, price.cuts.tried), (8000, 1024));
}

#[test]
fn a_bound_that_nothing_fits_in_is_filled_and_said() {
    let manifest = manifest(DEFAULT);
    let domain = Domain::within(&manifest, &FoundNames::default(), 1000);
    assert_eq!((domain.len(), domain.is_complete()), (1000, false));
}

/// As much as a manifest can say at all: it is sampled, within the bounds, and soon.
#[test]
fn the_largest_manifest_makes_a_domain_within_bounds() {
    use router_guest::manifest::{AmountField, BudgetInfo, SymbolInfo, TierInfo};

    let mut manifest = manifest(DEFAULT);
    let tier = manifest.tiers[2].clone();
    let budget = manifest.budgets[0].clone();
    let symbol = manifest.symbols[0].clone();
    let cut = |number: u32| Amount::whole(u64::from(number) + 1);
    manifest.tiers = (0..15)
        .map(|number| TierInfo {
            name: format!("t{number}"),
            size: Amount::new(u128::from(number) + 1, 2).unwrap(),
            budget: Some(number),
            ..tier.clone()
        })
        .collect();
    manifest.budgets = (0..15)
        .map(|number| BudgetInfo {
            name: format!("b{number}"),
            orders: Some(number),
            ..budget.clone()
        })
        .collect();
    manifest.symbols = (0..8192)
        .map(|number| SymbolInfo {
            name: format!("S{number}/USDT"),
            min_quantity: Some(cut(number % 500)),
            min_notional: Some(cut(number)),
            ..symbol.clone()
        })
        .collect();
    manifest.score_thresholds = (0..65_536)
        .map(|number| (ScoreField::ALL[number % 4], 1.0 / (number + 1) as f64))
        .collect();
    manifest.amount_thresholds = (0..65_536)
        .map(|number| (AmountField::ALL[number as usize % 11], cut(number)))
        .collect();
    let started = std::time::Instant::now();
    let domain = Domain::of(&manifest, &FoundNames::default());
    println!("{} cells in {:?}", domain.len(), started.elapsed());
    assert!(!domain.is_complete());
    assert!(
        (1_000_000..=CELLS_MAX).contains(&domain.len()),
        "{}",
        domain.len()
    );
    let order = Order::of(domain.len());
    for position in 0..1000 {
        assert!(domain.cell(order.at(position)).is_some());
    }
}
