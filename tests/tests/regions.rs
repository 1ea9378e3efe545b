//! The partition of all requests into regions, held to the engine: on the shipped policy, and
//! on policies that nobody wrote.

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
use conformance::{DEFAULT_POLICY, variant_policy};
use execution_router::Scenario;
use execution_router::regions::{RegionAnswer, Regions};
use router_guest::decision::Refusal;
use router_guest::document::Document;
use router_guest::engine::Engine;

/// Requests that are placed in the regions of one random policy.
const REQUESTS_PER_POLICY: u32 = 300;

fn kind_of(answer: RegionAnswer) -> &'static str {
    match answer {
        RegionAnswer::Decided { .. } => "decided",
        RegionAnswer::Refused { .. } => "refused",
        RegionAnswer::NoAnswer { .. } | RegionAnswer::Strained { .. } => "no answer",
    }
}

/// Whether the engine answers as the region says.
fn agrees(engine: &Engine, scenario: &Scenario, answer: RegionAnswer) -> bool {
    let decided = engine.decide(&scenario.request(), &scenario.state());
    match (answer, decided) {
        (RegionAnswer::Decided { rule, .. }, Ok(decision)) => decision.rule as usize == rule,
        (RegionAnswer::Refused { field, .. }, Err(Refusal::FieldMissing(missing))) => {
            field == missing
        }
        (RegionAnswer::NoAnswer { .. }, Err(Refusal::NoRoute)) => true,
        _ => false,
    }
}

#[derive(Default)]
struct Seen {
    regions: usize,
    examples: BTreeMap<&'static str, usize>,
    placed: BTreeMap<&'static str, usize>,
    overflows: usize,
}

impl Seen {
    fn run(&mut self, text: &str, numbers: &mut Numbers, requests: u32) {
        let document = Document::parse(text).unwrap();
        let engine = Engine::new(document.table()).unwrap();
        let regions = Regions::of(document.table()).unwrap();
        self.regions += regions.count();
        let mut examples = 0;
        for (answer, scenario) in regions.examples() {
            let scenario = scenario.against(engine.manifest()).unwrap();
            assert!(
                agrees(&engine, &scenario, answer),
                "{answer:?} but {:?}: {}\nin\n{text}",
                engine.decide(&scenario.request(), &scenario.state()),
                scenario.to_json()
            );
            assert_eq!(Scenario::parse(&scenario.to_json()).unwrap(), scenario);
            *self.examples.entry(kind_of(answer)).or_default() += 1;
            examples += 1;
        }
        assert_eq!(examples, regions.count());
        for _ in 0..requests {
            self.place(&engine, &regions, numbers, text);
        }
    }

    fn place(&mut self, engine: &Engine, regions: &Regions<'_>, numbers: &mut Numbers, text: &str) {
        let request = generate_policy::request(numbers);
        let budgets = engine.manifest().budgets.len();
        let uses: Vec<_> = (0..budgets)
            .map(|_| generate::budget_use(numbers))
            .collect();
        let scenario = Scenario {
            trading_state: generate::trading_state(numbers),
            budgets: Some(uses),
            ..Scenario::new(request.symbol, request.strategy, request.terms)
        };
        let decided = engine.decide(&scenario.request(), &scenario.state());
        if let Err(Refusal::FieldOverflow(_)) = decided {
            self.overflows += 1;
            return;
        }
        let answers = regions.answers_to(&scenario);
        let [answer] = answers[..] else {
            panic!("{answers:?} to {}\nin\n{text}", scenario.to_json());
        };
        assert!(
            agrees(engine, &scenario, answer),
            "{answer:?} but {decided:?}: {}\nin\n{text}",
            scenario.to_json()
        );
        *self.placed.entry(kind_of(answer)).or_default() += 1;
    }
}

#[test]
fn every_region_is_answered_as_the_engine_answers_and_every_request_is_in_one() {
    let mut seen = Seen::default();
    let mut numbers = Numbers::new(7);
    for text in [DEFAULT_POLICY, &variant_policy()] {
        seen.run(text, &mut numbers, 20_000);
    }
    for seed in 0..150 {
        for kind in [Kind::ExitsFirst, Kind::Wild] {
            let mut numbers = Numbers::new(seed);
            let text = generate_policy::document(&mut numbers, kind);
            seen.run(&text, &mut numbers, REQUESTS_PER_POLICY);
        }
    }
    println!(
        "{} regions, examples {:?}, placed {:?}, {} overflows",
        seen.regions, seen.examples, seen.placed, seen.overflows
    );
    for kind in ["decided", "refused", "no answer"] {
        assert!(seen.examples[kind] >= 100, "{kind}: {:?}", seen.examples);
        assert!(seen.placed[kind] >= 100, "{kind}: {:?}", seen.placed);
    }
}
