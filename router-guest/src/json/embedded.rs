//! Text in, text out: a decision for hosts in which records are slow.
//!
//! Owns nothing but the way from the one text to the other; the figures are those of
//! `engine/sizing.rs`. Holds no budget and knows no digest, so a decision here has neither
//! reservation nor generation.

use alloc::string::String;
use alloc::vec::Vec;

use super::decision::{BudgetLine, DecisionLine, MetadataLine, PolicyLine, write_refusal};
use super::fault::{Fault, LineError};
use super::line::parse_request;
use super::request::RequestLine;
use super::state::{StateText, parse_state};
use crate::amount::Amount;
use crate::decision::{BudgetClaim, Decision, PositionEffect, Refusal, RequestField, Side};
use crate::engine::{Engine, sizing};
use crate::request::PositionSide;
use crate::state::{BudgetUse, State};

/// Decides one request line beside a state. Answers the decision in its canonical form, or
/// `{"side":"SKIP","error":{"code","message"}}` with the id and symbol that are readable.
pub fn decide_json(engine: &Engine, request: &str, state: &str) -> String {
    let mut out = Vec::new();
    if let Err(LineError { fault, id, symbol }) = decide(engine, request, state, &mut out) {
        let code = fault.code.word();
        write_refusal(
            None,
            id.as_deref(),
            symbol.as_deref(),
            code,
            &fault.message,
            &mut out,
        );
    }
    // All of it came from text.
    String::from_utf8(out).unwrap_or_default()
}

fn decide<'a>(
    engine: &Engine,
    request: &'a str,
    state: &str,
    out: &mut Vec<u8>,
) -> Result<(), LineError<'a>> {
    let line = parse_request(request.as_bytes())?;
    match answer(engine, &line, state, out) {
        Ok(()) => Ok(()),
        Err(fault) => Err(LineError {
            fault,
            id: line.id,
            symbol: Some(line.symbol),
        }),
    }
}

fn answer(
    engine: &Engine,
    line: &RequestLine<'_>,
    state: &str,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let state = parse_state(state)?;
    // What a request has no business with is withheld, as every host does.
    let budgets = state
        .budgets
        .as_deref()
        .filter(|_| line.terms.sees_budgets());
    let decision = engine
        .decide(
            &line.request(),
            &State {
                trading_state: state.trading_state,
                budgets,
            },
        )
        .map_err(Fault::of_refusal)?;
    let quantity = quantity(engine, line, &decision)?;
    let budget = decision
        .budget
        .map(|claim| budget(engine, line, &state, claim));
    let budget = budget.transpose().map_err(Fault::of_refusal)?;
    let mut warnings = line.warnings.clone();
    // What only a close may drop or do without, an opening may not.
    if decision.effect == PositionEffect::Open && !warnings.is_empty() {
        return Err(warnings.swap_remove(0));
    }
    if decision.effect == PositionEffect::Close {
        warnings.extend(Fault::of_cut(&line.terms));
    }
    let manifest = engine.manifest();
    DecisionLine {
        id: line.id.as_deref(),
        symbol: &line.symbol,
        final_action: &line.final_action,
        tags: line.tags,
        side: decision.side,
        order_intent: decision.intent,
        reason: listed(&manifest.reasons, decision.reason)?,
        rule: listed(&manifest.rules, decision.rule)?,
        position_effect: decision.effect,
        position_side: position_side(&decision),
        reduce_only: decision.effect == PositionEffect::Close,
        quantity,
        notional: decision.notional,
        budget,
        reservation: None,
        metadata: MetadataLine::of(line),
        policy: Some(PolicyLine {
            name: &manifest.name,
            version: &manifest.version,
            digest: None,
            generation: None,
        }),
        fuel: None,
        repeated: false,
        warnings: &warnings,
    }
    .write(out);
    Ok(())
}

/// A close brings its quantity; an opening's follows from notional, price and step.
fn quantity(
    engine: &Engine,
    line: &RequestLine<'_>,
    decision: &Decision,
) -> Result<Option<Amount>, Fault> {
    let Some(notional) = decision
        .notional
        .filter(|_| decision.effect == PositionEffect::Open)
    else {
        return Ok(decision.quantity);
    };
    let missing = Refusal::FieldMissing(RequestField::Price);
    let price = line.terms.price.ok_or_else(|| Fault::of_refusal(missing))?;
    let symbol = engine.manifest().symbol(&line.symbol);
    let step = symbol.and_then(|symbol| symbol.step);
    let overflow = Refusal::FieldOverflow(RequestField::Price);
    let quantity = sizing::opening_quantity(notional, price, step)
        .ok_or_else(|| Fault::of_refusal(overflow))?;
    if quantity.is_zero() {
        return Err(Fault::of_step(price));
    }
    Ok(Some(quantity))
}

/// The figures of the budget that the decision consulted.
fn budget<'e>(
    engine: &'e Engine,
    line: &RequestLine<'_>,
    state: &StateText,
    claim: BudgetClaim,
) -> Result<BudgetLine<'e>, Refusal> {
    let at = usize::try_from(claim.budget).map_err(|_| Refusal::NoRoute)?;
    let info = engine.manifest().budgets.get(at).ok_or(Refusal::NoRoute)?;
    let uses = state.budgets.as_deref().ok_or(Refusal::BudgetsMissing)?;
    let spent: &BudgetUse = uses.get(at).ok_or(Refusal::BudgetsMissing)?;
    let limit = sizing::limit(info, line.terms.equity).map_err(|error| match error {
        sizing::LimitError::EquityMissing => Refusal::FieldMissing(error.field()),
        sizing::LimitError::Overflow => Refusal::FieldOverflow(error.field()),
    })?;
    Ok(BudgetLine {
        name: &info.name,
        need: claim.need,
        used: spent.used,
        reserved: spent.reserved,
        limit,
        remaining: limit.map(|limit| sizing::remaining(limit, spent)),
        orders: info.orders.map(|_| spent.orders),
        orders_limit: info.orders,
    })
}

fn listed(names: &[String], at: u32) -> Result<&str, Fault> {
    let name = usize::try_from(at).ok().and_then(|at| names.get(at));
    name.map(String::as_str)
        .ok_or_else(|| Fault::of_refusal(Refusal::NoRoute))
}

/// The leg: what a buy opens is what a sell closes.
const fn position_side(decision: &Decision) -> Option<PositionSide> {
    match (decision.effect, decision.side) {
        (PositionEffect::Open, Side::Buy) | (PositionEffect::Close, Side::Sell) => {
            Some(PositionSide::Long)
        }
        (PositionEffect::Open, Side::Sell) | (PositionEffect::Close, Side::Buy) => {
            Some(PositionSide::Short)
        }
        _ => None,
    }
}
