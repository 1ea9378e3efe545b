//! Explanations as JSON: one object a line, as the requests came.

use std::collections::BTreeMap;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::document::wording::Condition;
use router_guest::engine::trace::{Failure, Observed, Trace};
use router_guest::manifest::Manifest;
use router_guest::request::PositionSide;
use serde_json::value::RawValue;

use super::counterfactual::{Change, Counterfactual, To, Value};
use super::figures::{BudgetFigures, TierFigures, TierTried};
use super::object::{Node, Object};
use super::{Decided, Explanation, Rules, Verdict};
use crate::failsafe::{FAIL_SAFE_RULE, FailSafe};

/// The explanation of a line, without its line end.
pub(super) fn of(
    line: u64,
    explanation: &Explanation,
    manifest: &Manifest,
    rules: Option<&Rules>,
) -> String {
    let mut object = with_scenario(Object::default().with("line", line), explanation);
    object = with_verdict(object, &explanation.verdict, manifest);
    let warnings = explanation.warnings.iter().map(|warning| {
        Object::default()
            .with("code", warning.code.word())
            .with_some("field", warning.field.as_deref())
            .with("message", warning.message.as_str())
    });
    let warnings: Vec<Object> = warnings.collect();
    object = object.with_some("warnings", Some(warnings).filter(|all| !all.is_empty()));
    if let (Some(trace), Some(rules)) = (&explanation.trace, rules) {
        object = with_trace(object, trace, manifest, rules);
    }
    object = with_figures(object, explanation, manifest);
    let symbol = &explanation.scenario.symbol;
    let changes = explanation.counterfactuals.iter();
    let changes: Vec<Object> = changes
        .map(|change| counterfactual(change, symbol, manifest))
        .collect();
    object.with("counterfactuals", changes).text()
}

/// The error of a line, without its line end.
pub(super) fn of_error(line: u64, code: &str, message: &str) -> String {
    let error = Object::default()
        .with("code", code)
        .with("message", message);
    Object::default()
        .with("line", line)
        .with("error", error)
        .text()
}

/// `request` and `state`, as a scenario is written.
fn with_scenario(mut object: Object, explanation: &Explanation) -> Object {
    let text = explanation.scenario.to_json();
    let members: Option<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(&text).ok();
    for (key, raw) in members.unwrap_or_default() {
        object = object.with(key, Node::Raw(raw));
    }
    object
}

fn with_verdict(object: Object, verdict: &Verdict, manifest: &Manifest) -> Object {
    match verdict {
        Verdict::Decided(decided) => object.with("decision", decision(decided, manifest)),
        Verdict::Refused(rejection) => {
            let refused = Object::default()
                .with("code", rejection.code)
                .with("message", rejection.message.as_str());
            object.with("refused", refused)
        }
        Verdict::Failed { what, instead } => {
            let failed = Object::default()
                .with("what", what.as_str())
                .with("decision", fail_safe(instead));
            object.with("failed", failed)
        }
    }
}

fn decision(decided: &Decided, manifest: &Manifest) -> Object {
    let decision = &decided.decision;
    let reason = name(&manifest.reasons, decision.reason);
    let rule = name(&manifest.rules, decision.rule);
    let object = decision_of(decision.side, decision.intent, reason, rule);
    with_effect(object, decision.effect, decided.position_side)
        .with_some("quantity", decided.quantity.map(text))
        .with_some("notional", decision.notional.map(text))
}

fn fail_safe(instead: &FailSafe) -> Object {
    let object = decision_of(instead.side, instead.intent, instead.reason, FAIL_SAFE_RULE);
    let effect = match instead.side {
        Side::Skip => PositionEffect::None,
        Side::Buy | Side::Sell => PositionEffect::Close,
    };
    with_effect(object, effect, instead.position_side)
        .with_some("quantity", instead.quantity.map(text))
}

fn decision_of(side: Side, intent: OrderIntent, reason: &str, rule: &str) -> Object {
    Object::default()
        .with("side", side.word())
        .with("order_intent", intent.word())
        .with("reason", reason)
        .with("rule", rule)
}

fn with_effect(object: Object, effect: PositionEffect, side: Option<PositionSide>) -> Object {
    object
        .with("position_effect", effect.word())
        .with_some("position_side", side.map(PositionSide::word))
        .with("reduce_only", effect == PositionEffect::Close)
}

fn with_trace(object: Object, trace: &Trace, manifest: &Manifest, rules: &Rules) -> Object {
    let ended = trace.ending.as_ref().map(|ending| {
        let alternatives = rules.tracer().conditions(ending.rule).len();
        let held: Vec<Object> = ending.held.iter().map(condition).collect();
        let before = failures(&ending.before, ending.rule, rules);
        rule_at(ending.rule, manifest, rules)
            .with("alternative", ending.alternative + 1)
            .with("alternatives", alternatives)
            .with("held", held)
            .with_some("asked_by", ending.asked_by.as_ref().map(condition))
            .with("failed_before", before)
    });
    let passed_over = trace.passed_over.iter().map(|passed| {
        let failed = failures(&passed.alternatives, passed.rule, rules);
        rule_at(passed.rule, manifest, rules).with("failed", failed)
    });
    object
        .with_some("rule", ended)
        .with("passed_over", passed_over.collect::<Vec<Object>>())
}

fn rule_at(rule: usize, manifest: &Manifest, rules: &Rules) -> Object {
    let name = manifest.rules.get(rule).map(String::as_str);
    let place = rules.place(rule);
    Object::default()
        .with_some("name", name)
        .with_some("line", place.map(|place| place.line))
        .with_some("column", place.map(|place| place.column))
}

fn condition(condition: &Condition) -> Object {
    Object::default()
        .with("condition", condition.subject().word())
        .with("needs", condition.wanted().to_string())
}

/// What failed of each alternative, and where it stands.
fn failures(failed: &[Failure], rule: usize, rules: &Rules) -> Vec<Object> {
    let place = |at| rules.alternative_place(rule, at);
    failed
        .iter()
        .enumerate()
        .map(|(at, one)| {
            failure(one)
                .with_some("line", place(at).map(|place| place.line))
                .with_some("column", place(at).map(|place| place.column))
        })
        .collect()
}

fn failure(failure: &Failure) -> Object {
    let is: Node = match &failure.observed {
        Observed::Word(word) | Observed::Name(word) => word.as_str().into(),
        Observed::Score(score) => (*score).into(),
        Observed::Amount(amount) => amount.map(text).into(),
        other => other.to_string().into(),
    };
    Object::default()
        .with("condition", failure.condition.subject().word())
        .with("is", is)
        .with("needs", failure.condition.wanted().to_string())
}

fn with_figures(object: Object, explanation: &Explanation, manifest: &Manifest) -> Object {
    let tier = explanation.tier.as_ref();
    let size = explanation.size.map(|size| {
        Object::default()
            .with("target_notional", text(size.target_notional))
            .with_some("size", size.size.map(text))
            .with("notional", text(size.notional))
    });
    let quantity = explanation.quantity.map(|figures| {
        Object::default()
            .with("notional", text(figures.notional))
            .with("price", text(figures.price))
            .with("step", text(figures.step))
            .with("quantity", text(figures.quantity))
    });
    object
        .with_some("tier", tier.map(|tier| tier_figures(tier, manifest)))
        .with_some("size", size)
        .with_some("budget", explanation.budget.as_ref().map(budget_figures))
        .with_some("quantity", quantity)
}

fn tier_figures(tier: &TierFigures, manifest: &Manifest) -> Object {
    let at = tier.tier.and_then(|at| usize::try_from(at).ok());
    let named = at.and_then(|at| manifest.tiers.get(at));
    let tried: Vec<Object> = tier.tried.iter().map(tried_tier).collect();
    Object::default()
        .with("name", named.map(|tier| tier.name.clone()))
        .with("stated", tier.stated)
        .with("tried", tried)
}

fn tried_tier(tried: &TierTried) -> Object {
    let thresholds = tried.thresholds.iter().map(|one| {
        Object::default()
            .with("field", one.field)
            .with("is", one.observed)
            .with("needs", one.least)
    });
    Object::default()
        .with("name", tried.name.as_str())
        .with("fits", tried.fits())
        .with("thresholds", thresholds.collect::<Vec<Object>>())
}

fn budget_figures(budget: &BudgetFigures) -> Object {
    let info = &budget.info;
    Object::default()
        .with("name", info.name.as_str())
        .with("holds", budget.holds)
        .with("notional", text(budget.notional))
        .with("rate", text(budget.rate))
        .with("need", text(budget.need))
        .with_some("amount", info.amount.map(text))
        .with_some("percent", info.percent.map(text))
        .with_some("equity", budget.equity.map(text))
        .with_some("limit", budget.limit.map(text))
        .with("used", text(budget.spent.used))
        .with("reserved", text(budget.spent.reserved))
        .with_some("remaining", budget.remaining().map(text))
        .with("orders", budget.spent.orders)
        .with_some("orders_limit", info.orders)
}

fn counterfactual(found: &Counterfactual, symbol: &str, manifest: &Manifest) -> Object {
    let changes = found.changes.iter();
    let changes: Vec<Object> = changes.map(|one| change(one, symbol, manifest)).collect();
    Object::default()
        .with("side", found.side.word())
        .with_some("order_intent", found.intent.map(OrderIntent::word))
        .with("reason", name(&manifest.reasons, found.reason))
        .with("changes", changes)
        .with("text", found.text(symbol, manifest))
}

fn change(change: &Change, symbol: &str, manifest: &Manifest) -> Object {
    let target = change.target;
    let of = match target {
        setting if setting.is_setting() => "policy",
        state if state.is_state() => "state",
        _ => "request",
    };
    let object = Object::default()
        .with("of", of)
        .with("field", target.path(symbol, manifest));
    match &change.to {
        To::Exactly(to) => object.with("to", value(*to)),
        To::Range(range) => {
            let bounds = range.bounds().into_iter();
            let object = bounds.fold(object, |object, bound| {
                object.with(bound.word.replace(' ', "_"), value(bound.value))
            });
            let unit = target.unit(manifest);
            let unit = Some(unit.trim()).filter(|unit| !unit.is_empty());
            object.with_some("unit", unit)
        }
    }
}

fn value(value: Value) -> Node {
    match value {
        Value::Absent | Value::Position(None) => Node::Plain(serde_json::Value::Null),
        Value::Score(score) => score.into(),
        Value::Count(count) => count.into(),
        Value::Switch(on) => on.into(),
        Value::Position(Some(open)) => Object::default()
            .with("side", open.side.word())
            .with("quantity", text(open.quantity))
            .into(),
        other => other.to_string().into(),
    }
}

fn text(amount: Amount) -> String {
    amount.to_string()
}

fn name(names: &[String], at: u32) -> &str {
    let at = usize::try_from(at).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}
