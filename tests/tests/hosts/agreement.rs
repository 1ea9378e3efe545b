//! Every case, answered in each way that there is in one process: by the Rust host through
//! records, by the component as text, and by the router in a stream. All say the same bytes.

use std::sync::OnceLock;

use conformance::generate::Numbers;
use conformance::hosts::embedded::Embedding;
use conformance::hosts::layout::{self, Prepared};
use conformance::hosts::unroll::{NoCase, Unroller};
use conformance::hosts::{Case, trapping};
use conformance::hosts::{canonical, generated};
use conformance::{DEFAULT_POLICY, generate_line, run, variant_policy};
use execution_router::stream::Format;
use execution_router::{Cache, Compiler, Decider, Loader, Policy, Request, TradingState};
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json::{Line, parse_line};

fn cache() -> Cache {
    Cache::at(env!("CARGO_TARGET_TMPDIR"))
}

/// All cases; the streams' are held to the router's answers while they are unrolled.
pub(crate) fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| layout::gather(&cache()).unwrap_or_else(|fault| panic!("{fault}")))
}

#[track_caller]
fn answers(case: &Case, answer: &str) {
    if case.expected == trapping::FAULT {
        let head = r#"{"side":"SKIP","error":{"code":"policy_fault","message":""#;
        assert!(answer.starts_with(head), "{answer}");
    } else {
        assert_eq!(answer, case.expected, "{case:?}");
    }
}

#[test]
fn the_rust_host_answers_every_case_as_expected() {
    let cache = cache();
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    for suite in &prepared().suites {
        let policy = loader.component(&suite.component).unwrap();
        let mut decider = Decider::new(policy);
        for case in &suite.cases {
            answers(case, &decider.decide_json(&case.request, &case.state));
        }
    }
}

#[test]
fn every_component_answers_every_case_as_expected() {
    for suite in prepared()
        .suites
        .iter()
        .filter(|suite| suite.name != "trapping")
    {
        let mut embedded = Embedding::new(&suite.component)
            .unwrap()
            .instance()
            .unwrap();
        for case in &suite.cases {
            answers(
                case,
                &embedded.decide(&case.request, &case.state).unwrap().0,
            );
        }
    }
}

#[test]
fn the_trapping_policy_traps_where_it_should() {
    let suite = trapping::suite();
    let embedding = Embedding::new(&suite.component).unwrap();
    for case in &suite.cases {
        let answer = embedding
            .instance()
            .unwrap()
            .decide(&case.request, &case.state);
        match answer {
            Ok((answer, _)) => assert_eq!(answer, case.expected),
            Err(_) => assert_eq!(case.expected, trapping::FAULT),
        }
    }
}

/// A line that is a request, with a time, so that budgets are charged.
fn timed(numbers: &mut Numbers, number: u32) -> String {
    let line = generate_line::line(numbers);
    let Some(rest) = line.strip_prefix('{') else {
        return line;
    };
    let (day, minute) = (1 + number / 1_440, number % 1_440);
    let (hour, minute) = (minute / 60, minute % 60);
    format!("{{\"timestamp\":\"2026-03-{day:02}T{hour:02}:{minute:02}:00Z\",{rest}")
}

/// Streams out of a seed, full of faults and repeats: what the router answers, with what only
/// it knows taken away, is what the engine says on the state that was shown.
#[test]
fn what_route_answers_is_the_canonical_form() {
    let mut numbers = Numbers::new(90);
    let mut documents = vec![DEFAULT_POLICY.to_owned(), variant_policy()];
    documents.extend((0..4).map(|number| generated::document(number * 1_000).unwrap()));
    for document in documents {
        let policy = Policy::from_document(&document, None, &cache()).unwrap();
        let engine = Engine::new(Document::parse(&document).unwrap().table()).unwrap();
        let lines = (0..3_000).map(|number| timed(&mut numbers, number) + "\n");
        let input: String = lines.collect();
        for state in [TradingState::Active, TradingState::Reducing] {
            let router = run::router(policy.clone());
            router.set_trading_state(state, None);
            let (routed, _) = run::route(&router, input.as_bytes(), Format::Json);
            let unroller = Unroller::new(&policy, &engine, state);
            let unrolled = unroller.unroll("generated", "generated", input.as_bytes(), &routed);
            let unrolled = unrolled.unwrap_or_else(|fault| panic!("{fault}\nin\n{document}"));
            println!("{unrolled}");
            assert!(unrolled.is_complete() && unrolled.lines == 3_000);
            assert!(unrolled.cases.len() > 800, "{unrolled}");
            let by_host = unrolled.no_cases.get(&NoCase::RefusedByHost);
            assert!(by_host.is_some_and(|lines| *lines > 100), "{unrolled}");
        }
    }
}

/// A decision that says everything that only a host can say.
#[test]
fn the_host_writes_what_is_left_of_its_own_line() {
    let policy = Policy::from_document(DEFAULT_POLICY, None, &cache()).unwrap();
    let router = run::router(policy);
    let mut reserved = 0;
    for stream in ["btc_usdt_2022-01", "altcoins_2018-01"] {
        let text = run::data_folder().join(stream).with_extension("jsonl");
        let text = std::fs::read_to_string(text).unwrap();
        for line in text.lines() {
            let Ok(Line::Request(line)) = parse_line(line.as_bytes()) else {
                panic!("a request")
            };
            let request = Request::from_line(line).unwrap();
            let decision = router.decide(&request).unwrap();
            let (mut own, mut form) = (Vec::new(), Vec::new());
            decision.write_json(&request, &mut own);
            decision.write_canonical(&request, &mut form);
            let own = String::from_utf8(own).unwrap();
            reserved += u32::from(own.contains("\"reservation\":\""));
            assert_eq!(
                canonical::of_route(&own),
                String::from_utf8(form).unwrap(),
                "{own}"
            );
        }
    }
    assert!(reserved > 30, "{reserved}");
}
