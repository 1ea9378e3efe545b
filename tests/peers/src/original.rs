//! The original, in Python: it is timed by itself, and proven by cells that are handed to it.

use std::process::Command;

use anyhow::Result;
use execution_router::{Policy, verify};
use serde_json::json;

use crate::board::Measured;
use crate::case::{Answer, Case, double};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/route_action.py");

/// Its time for a normal opening; `None` where there is no Python.
pub fn timed() -> Option<Measured> {
    let output = Command::new("python3")
        .args([SCRIPT, "time"])
        .output()
        .ok()?;
    Some(Measured {
        name: "the original, in Python".to_owned(),
        nanoseconds: serde_json::from_slice(&output.stdout).ok()?,
    })
}

/// Prints the cells that it covers, with the component's answers: BUY and SELL of the three types
/// that it knows, in state ACTIVE, with nothing working, neither dust nor below a minimum nor added
/// to a position.
pub fn print_cells(policy: &Policy) -> Result<()> {
    let mut instance = policy.instantiate()?;
    let manifest = policy.manifest();
    let mut failure = None;
    verify::cells(policy, &mut |request, state| {
        let case = Case::of(manifest, request, state);
        let is_covered = matches!(case.action, "BUY" | "SELL")
            && matches!(case.trade_type, "normal" | "pilot" | "exploration")
            && case.state == "ACTIVE"
            && case.opening.is_zero()
            && case.closing.is_zero()
            && case.fits_doubles();
        if !is_covered {
            return;
        }
        let answered = match instance.decide(request, state) {
            Ok(answered) => answered,
            Err(fault) => {
                failure = Some(fault);
                return;
            }
        };
        let Some(answer) = Answer::of_component(manifest, &answered, case.sized) else {
            return;
        };
        let is_unknown = [
            "already_long_no_pyramid",
            "already_short_no_pyramid",
            "below_minimum",
        ];
        let is_dust = manifest
            .symbol(&case.symbol)
            .and_then(|symbol| symbol.min_quantity)
            .is_some_and(|least| case.quantity < least);
        let size = match case.trade_type {
            _ if case.sized => 1.0,
            "pilot" => 0.4,
            "exploration" => 0.5,
            _ => 1.0,
        };
        if is_unknown.contains(&answer.reason.as_str())
            || (case.side != "flat" && is_dust)
            || case.is_at_an_edge(size)
        {
            return;
        }
        let figure = |amount: Option<execution_router::Amount>| amount.map_or(0.0, double);
        println!(
            "{}",
            json!({
                "action": case.action,
                "symbol": case.symbol,
                "side": case.side,
                "trade_type": case.trade_type,
                "need": figure(case.target) * size * figure(case.rate),
                "limit": figure(case.equity) * 0.03,
                "used": double(case.used) + double(case.reserved),
                "answer": [answer.side.word(), answer.intent.word(), answer.reason],
            })
        );
    });
    match failure {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}
