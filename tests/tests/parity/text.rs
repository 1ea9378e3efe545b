//! `routing-json`, called as an embedder would, against the same function run natively.

use conformance::generate::Numbers;
use conformance::generate_line::{line, state};
use conformance::hosts::embedded::Embedding;
use conformance::{DEFAULT_POLICY, variant_policy};
use execution_router::compose;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json;

#[test]
fn text_in_text_out_is_the_same_text() {
    let mut numbers = Numbers::new(60);
    let recorded = [
        include_str!("../../data/btc_usdt_2022-01.jsonl"),
        include_str!("../../data/altcoins_2018-01.jsonl"),
    ];
    for text in [DEFAULT_POLICY.to_owned(), variant_policy()] {
        let native = Engine::new(Document::parse(&text).unwrap().table()).unwrap();
        let component = compose::compose(&text, None).unwrap();
        let mut embedded = Embedding::new(&component).unwrap().instance().unwrap();
        let mut lines: Vec<String> = recorded
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned)
            .collect();
        lines.extend((0..20_000).map(|_| line(&mut numbers)));
        let (mut decided, mut refused) = (0_u32, 0_u32);
        for line in &lines {
            let state = state(&mut numbers, 1);
            let expected = json::decide_json(&native, line, &state);
            assert_eq!(
                embedded.decide(line, &state).unwrap().0,
                expected,
                "{line} {state}"
            );
            if expected.contains("\"error\":") {
                refused += 1
            } else {
                decided += 1
            }
        }
        println!("{decided} decided, {refused} refused");
        assert!(
            decided > 10_000 && refused > 3_000,
            "{decided} and {refused}"
        );
    }
}

#[test]
fn text_costs_the_same_fuel_whatever_went_before() {
    let mut numbers = Numbers::new(61);
    let component = compose::compose(&variant_policy(), None).unwrap();
    let embedding = Embedding::new(&component).unwrap();
    let mut warm = embedding.instance().unwrap();
    let long = format!("{{\"tags\":{{\"a\":\"{}\"}}}}", "x".repeat(60_000));
    for _ in 0..400 {
        let (line, state) = (line(&mut numbers), state(&mut numbers, 1));
        let mut fresh = embedding.instance().unwrap();
        let fresh = fresh.decide(&line, &state).unwrap();
        assert_eq!(warm.decide(&line, &state).unwrap(), fresh, "{line}");
        warm.decide(&long, &state).unwrap();
        assert_eq!(warm.decide(&line, &state).unwrap(), fresh, "{line}");
    }
}
