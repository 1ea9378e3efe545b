//! Tiers, budgets and reasons that get in each other's way.

use std::collections::HashMap;

use router_guest::amount::Amount;
use router_guest::document::Place;
use router_guest::request::{FinalAction, OrderTerms, TradeType};
use router_guest::table::{Outcome, Table, Tier};

use super::{Finding, FindingKind, Seen, reason_of, rules, verb_of};
use crate::failsafe::{FAIL_SAFE_RULE, UNAVAILABLE};
use crate::scenario::Scenario;

const START: Place = Place { line: 1, column: 1 };

/// Every clash of a document.
pub(super) fn find(seen: &Seen<'_, '_>) -> Vec<Finding> {
    let mut findings = masked_tiers(seen);
    findings.extend(unused_budgets(seen));
    findings.extend(clashing_reasons(seen));
    findings.extend(names_alike(seen));
    findings.extend(reserved_routes(seen));
    findings
}

/// A decision without a policy names a route of the router's own.
fn reserved_routes(seen: &Seen<'_, '_>) -> Option<Finding> {
    let rules = &seen.table().rules;
    let rule = rules.iter().position(|rule| rule.name == FAIL_SAFE_RULE)?;
    let (subject, place) = rules::subject(seen.document, rule);
    Some(Finding {
        place,
        subject,
        kind: FindingKind::Reserved { what: "route" },
        example: None,
    })
}

/// A tier fits from its thresholds upwards, so one that fits at another's thresholds fits
/// wherever that does.
fn masked_tiers(seen: &Seen<'_, '_>) -> Vec<Finding> {
    let places = &seen.document.places().tiers;
    let tiers = &seen.table().tiers;
    let mut findings = Vec::new();
    for (at, tier) in tiers.iter().enumerate() {
        let masking = tiers
            .iter()
            .take(at)
            .position(|other| fits_wherever(other, tier));
        let Some((by, other)) = masking.and_then(|by| Some((by, tiers.get(by)?))) else {
            continue;
        };
        findings.push(Finding {
            place: places.get(at).copied().unwrap_or(START),
            subject: tier.info.name.clone(),
            kind: FindingKind::TierMasked {
                by: other.info.name.clone(),
                line: places.get(by).map_or(0, |place| place.line),
            },
            example: Some(at_thresholds(tier)),
        });
    }
    findings
}

fn fits_wherever(first: &Tier, second: &Tier) -> bool {
    let reached = |first: Option<f64>, second: Option<f64>| match (first, second) {
        (None, _) => true,
        (Some(first), Some(second)) => first <= second,
        (Some(_), None) => false,
    };
    reached(first.signal_strength_min, second.signal_strength_min)
        && reached(first.risk_reward_min, second.risk_reward_min)
        && reached(first.confidence_min, second.confidence_min)
}

/// A request that just reaches a tier.
fn at_thresholds(tier: &Tier) -> Scenario {
    let mut terms = OrderTerms::new(FinalAction::Buy, TradeType::Auto);
    terms.signal_score = tier.signal_strength_min;
    terms.risk_reward_ratio = tier.risk_reward_min;
    terms.confidence = tier.confidence_min;
    // What routes may ask for on the way.
    terms.price = Some(Amount::whole(100));
    terms.target_notional = Some(Amount::whole(1_000));
    terms.equity = Some(Amount::whole(100_000));
    terms.quote_rate = Some(Amount::ONE);
    Scenario::new("X", "X", terms)
}

fn unused_budgets(seen: &Seen<'_, '_>) -> Vec<Finding> {
    let Table { tiers, budgets, .. } = seen.table();
    let places = &seen.document.places().budgets;
    let is_charged = |at: usize| {
        let own = u32::try_from(at).ok();
        tiers.iter().any(|tier| tier.info.budget == own)
    };
    budgets
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_charged(*at))
        .map(|(at, budget)| Finding {
            place: places.get(at).copied().unwrap_or(START),
            subject: budget.name.clone(),
            kind: FindingKind::BudgetUnused,
            example: None,
        })
        .collect()
}

/// What an outcome can give as a reason.
fn reasons_of(outcome: Outcome) -> [u32; 2] {
    match outcome {
        Outcome::Skip { reason } => [reason; 2],
        Outcome::Close {
            long_reason,
            short_reason,
        }
        | Outcome::Open {
            long_reason,
            short_reason,
        } => [long_reason, short_reason],
    }
}

fn clashing_reasons(seen: &Seen<'_, '_>) -> Vec<Finding> {
    let table = seen.table();
    let mut first_of: HashMap<u32, usize> = HashMap::new();
    let mut findings = Vec::new();
    for (number, rule) in table.rules.iter().enumerate() {
        let [first, second] = reasons_of(rule.outcome);
        for reason in if first == second {
            vec![first]
        } else {
            vec![first, second]
        } {
            if reason_of(table, reason) == UNAVAILABLE {
                let kind = FindingKind::Reserved { what: "reason" };
                findings.push(about(seen, number, reason, kind));
            }
            let other = *first_of.entry(reason).or_insert(number);
            let verbs = [verb_of(table, other), verb_of(table, number)];
            if verbs[0] != verbs[1] {
                let (with, place) = rules::subject(seen.document, other);
                let line = place.line;
                let kind = FindingKind::ReasonClash { with, line, verbs };
                findings.push(about(seen, number, reason, kind));
            }
        }
    }
    findings
}

/// A finding about a reason of a route, with a request that the route decides.
fn about(seen: &Seen<'_, '_>, rule: usize, reason: u32, kind: FindingKind) -> Finding {
    let (_, place) = rules::subject(seen.document, rule);
    let decided = seen.decided.get(rule).and_then(Option::as_ref);
    let witness = decided.and_then(|region| seen.space.witness(region));
    Finding {
        place,
        subject: reason_of(seen.table(), reason).to_owned(),
        kind,
        example: witness.map(|witness| witness.scenario(0)),
    }
}

/// Names of one kind that read the same: `below-minimum` and `below_minimum`.
fn names_alike(seen: &Seen<'_, '_>) -> Vec<Finding> {
    let table = seen.table();
    let places = seen.document.places();
    let place_of_reason = |reason: usize| {
        let gives = |rule: &router_guest::table::Rule| {
            reasons_of(rule.outcome)
                .iter()
                .any(|own| usize::try_from(*own) == Ok(reason))
        };
        let rule = table.rules.iter().position(gives);
        rule.and_then(|rule| places.routes.get(rule)).copied()
    };
    let reasons = table.reasons.iter().enumerate();
    let reasons = reasons.map(|(at, name)| (name.as_str(), place_of_reason(at)));
    let routes = table.rules.iter().map(|rule| rule.name.as_str());
    let tiers = table.tiers.iter().map(|tier| tier.info.name.as_str());
    let budgets = table.budgets.iter().map(|budget| budget.name.as_str());
    let placed = |at: &[Place]| at.iter().copied().map(Some).collect::<Vec<_>>();
    let mut findings = alike("reason", reasons);
    findings.extend(alike("route", routes.zip(placed(&places.routes))));
    findings.extend(alike("tier", tiers.zip(placed(&places.tiers))));
    findings.extend(alike("budget", budgets.zip(placed(&places.budgets))));
    findings
}

fn alike<'n>(
    what: &'static str,
    names: impl Iterator<Item = (&'n str, Option<Place>)>,
) -> Vec<Finding> {
    let mut first_of: HashMap<String, &str> = HashMap::new();
    let mut findings = Vec::new();
    for (name, place) in names {
        let first = *first_of.entry(name.replace('-', "_")).or_insert(name);
        if first != name {
            findings.push(Finding {
                place: place.unwrap_or(START),
                subject: name.to_owned(),
                kind: FindingKind::NamesAlike {
                    what,
                    with: first.to_owned(),
                },
                example: None,
            });
        }
    }
    findings
}
