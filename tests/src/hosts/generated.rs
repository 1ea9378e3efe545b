//! Requests out of a seed, on states that no stream leads to, with odd spellings and faults.

use execution_router::guard::{self, Question};
use router_guest::decision::Refusal;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json;
use router_guest::state::State;

use super::{Case, Origin};
use crate::generate::Numbers;
use crate::generate_line;
use crate::generate_policy::{self, Kind};

/// Documents that are drawn until one is sound enough: more than are ever needed.
const DRAWN_MAX: u64 = 1_000;
/// Requests that a document is tried on.
const TRIED: u64 = 4_000;

/// The first document from a seed on whose answers the invariants allow, on many requests: a
/// host that holds policies to them answers for itself where they do not.
///
/// # Errors
/// That there is none.
pub fn document(seed: u64) -> Result<String, String> {
    let drawn = (seed..seed + DRAWN_MAX).find_map(|seed| {
        let text = generate_policy::document(&mut Numbers::new(seed), Kind::ExitsFirst);
        let document = Document::parse(&text).ok()?;
        let engine = Engine::new(document.table()).ok()?;
        let mut asked = cases(&engine, seed, TRIED).into_iter();
        asked.all(|case| is_allowed(&engine, &case)).then_some(text)
    });
    drawn.ok_or_else(|| format!("from seed {seed} on no document keeps the invariants"))
}

/// Whether the invariants allow what an engine answers.
fn is_allowed(engine: &Engine, case: &Case) -> bool {
    let request = json::parse_request(case.request.as_bytes());
    let (Ok(line), Ok(state)) = (request, json::parse_state(&case.state)) else {
        // It is refused before any policy sees it.
        return true;
    };
    let budgets = state.budgets.as_deref();
    let state = State {
        trading_state: state.trading_state,
        budgets: budgets.filter(|_| line.terms.sees_budgets()),
    };
    let request = line.request();
    let question = Question {
        manifest: engine.manifest(),
        symbol: engine.manifest().symbol(request.symbol),
        request: &request,
        state: &state,
    };
    match engine.decide(&request, &state) {
        Ok(decision) => guard::check(&question, &decision).is_ok(),
        Err(Refusal::NoRoute) => false,
        Err(refusal) => guard::check_refusal(&question, refusal).is_ok(),
    }
}

/// So many cases on a policy; the same for the same seed on every machine. What is expected is
/// what the engine says natively.
pub fn cases(engine: &Engine, seed: u64, count: u64) -> Vec<Case> {
    let budgets = engine.manifest().budgets.len();
    let mut numbers = Numbers::new(seed);
    let cases = (1..=count).map(|line| {
        let request = generate_line::line(&mut numbers);
        let state = generate_line::state(&mut numbers, budgets);
        Case {
            expected: json::decide_json(engine, &request, &state),
            request,
            state,
            origin: Origin {
                group: "generated".to_owned(),
                file: format!("generated from seed {seed}"),
                line,
            },
        }
    });
    cases.collect()
}
