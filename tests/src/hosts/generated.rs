//! Requests out of a seed, on states that no stream leads to, with odd spellings and faults.

use router_guest::engine::Engine;
use router_guest::json;

use super::{Case, Origin};
use crate::generate::Numbers;
use crate::generate_line;

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
