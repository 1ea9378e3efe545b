//! The section `routes`: the routing table as written, checked for what can be seen without
//! running it.
//!
//! Whether every rule can be reached and every invariant holds is proven elsewhere, on the
//! table. What is refused here is what a reader of the document can see by themselves.

use std::collections::BTreeMap;

use super::conditions;
use super::findings::{Collector, Place, quoted};
use super::policy::{KnownTiers, Route, Verb};
use super::reader::{self, Fields};
use super::vocabulary;
use super::yaml::{Entry, Node, Value};
use crate::decision::OrderIntent;
use crate::table::{CLAUSES_MAX, Clause, PATTERNS_MAX, RULES_MAX};

const VERBS: &str = "`skip: reason`, `close: position` or `open: sized`";

/// Reads the section.
pub(super) fn read(
    section: &Entry,
    tiers: &KnownTiers<'_>,
    findings: &mut Collector,
) -> Vec<Route> {
    let items = match &section.value.value {
        Value::List(items) if !items.is_empty() => items,
        Value::List(_) | Value::Nothing => {
            findings.report(section.place, "`routes` must list at least one route");
            return Vec::new();
        }
        _ => {
            let message = "`routes` must be a list: `- name: { when: …, skip: reason }`";
            findings.report(section.value_place(), message);
            return Vec::new();
        }
    };
    if let Some(first_over) = items.get(RULES_MAX) {
        let message = format!(
            "{} routes, and at most {RULES_MAX} are allowed",
            items.len()
        );
        findings.report(first_over.place, message);
    }
    let mut order = Order::default();
    let routes = items
        .iter()
        .take(RULES_MAX)
        .filter_map(|item| route(item, tiers, &mut order, findings))
        .collect::<Vec<_>>();
    if items.len() <= RULES_MAX {
        order.finish(findings);
    }
    check_openings(&routes, tiers, findings);
    routes
}

fn route(
    item: &Node,
    tiers: &KnownTiers<'_>,
    order: &mut Order,
    findings: &mut Collector,
) -> Option<Route> {
    let entry = single_key(item, findings)?;
    let name = reader::own_name(&entry.key, entry.place, "the route", findings);
    let what = format!("route {}", quoted(&entry.key));
    let fields = Fields::read(
        &entry.value,
        entry.value_place(),
        &what,
        &vocabulary::ROUTE,
        findings,
    )?;
    let verb = verb(entry, &fields, findings);
    let conditional = fields.get("when").is_some();
    order.next(entry, conditional, verb.is_some(), findings);
    let clauses = match fields.get("when") {
        Some(when) => conditions::read(when, tiers, findings),
        None => vec![Clause::ANY],
    };
    order.count(&clauses, entry.place, findings);
    Some(Route {
        place: entry.place,
        name: name?,
        clauses,
        verb: verb?,
    })
}

fn single_key<'d>(item: &'d Node, findings: &mut Collector) -> Option<&'d Entry> {
    if let Value::Map(entries) = &item.value
        && let [entry] = entries.as_slice()
    {
        return Some(entry);
    }
    let message = match &item.value {
        Value::Map(entries) if entries.len() > 1 => {
            "a route has one key, its name, and all else under it: `- name: { when: …, skip: reason }`"
        }
        _ => "a route is written `- name: { when: …, skip: reason }`",
    };
    findings.report(item.place, message);
    None
}

fn verb(route: &Entry, fields: &Fields<'_>, findings: &mut Collector) -> Option<Verb> {
    let verbs: Vec<_> = vocabulary::VERBS
        .iter()
        .filter_map(|verb| fields.get(verb))
        .collect();
    let [verb] = verbs.as_slice() else {
        let message = match verbs.as_slice() {
            [] => format!("route {} does nothing: write {VERBS}", quoted(&route.key)),
            _ => format!("route {} must do one thing: {VERBS}", quoted(&route.key)),
        };
        findings.report(route.place, message);
        return None;
    };
    match verb.key.as_str() {
        "skip" => skip(verb, fields, findings),
        "close" => {
            reader::choice(verb, &[(vocabulary::POSITION, ())], findings)?;
            let reason = own_reason(fields, findings)?;
            Some(Verb::Close { reason })
        }
        _ => {
            reader::choice(verb, &[(vocabulary::SIZED, ())], findings)?;
            let reason = own_reason(fields, findings)?;
            Some(Verb::Open { reason })
        }
    }
}

fn skip(verb: &Entry, fields: &Fields<'_>, findings: &mut Collector) -> Option<Verb> {
    if let Some(entry) = fields.get("reason") {
        let message =
            "the reason of a skip stands behind `skip`; `reason` is for `close` and `open`";
        findings.report(entry.place, message);
    }
    let text = reader::text(verb, findings)?;
    let reason = reader::own_name(text, verb.value_place(), "the reason", findings)?;
    Some(Verb::Skip { reason })
}

/// The reason that replaces the usual two; `None` outside when it is faulty.
fn own_reason(fields: &Fields<'_>, findings: &mut Collector) -> Option<Option<String>> {
    let Some(entry) = fields.get("reason") else {
        return Some(None);
    };
    let text = reader::text(entry, findings)?;
    reader::own_name(text, entry.value_place(), "the reason", findings).map(Some)
}

/// What is followed from route to route.
#[derive(Default)]
struct Order {
    lines_by_name: BTreeMap<String, usize>,
    /// The first route that takes every request, and its line.
    takes_all: Option<(String, usize)>,
    /// The place of the route that was read last, when it has a `when`.
    last_condition: Option<Place>,
    clauses: usize,
    patterns: usize,
}

impl Order {
    fn next(
        &mut self,
        route: &Entry,
        conditional: bool,
        does_something: bool,
        findings: &mut Collector,
    ) {
        let name = quoted(&route.key);
        let line = route.place.line;
        if let Some(first) = self.lines_by_name.get(&route.key) {
            let message = format!("route {name} stands twice, first in line {first}");
            findings.report(route.place, message);
        } else {
            self.lines_by_name.insert(route.key.clone(), line);
        }
        if let Some((before, line)) = &self.takes_all {
            let message = format!(
                "route {name} can never be reached: {before} in line {line} takes every request"
            );
            findings.report(route.place, message);
        } else if does_something && !conditional {
            self.takes_all = Some((name, line));
        }
        self.last_condition = conditional.then_some(route.place);
    }

    /// Counts what the table bounds over all routes; only the first excess is reported.
    fn count(&mut self, clauses: &[Clause], place: Place, findings: &mut Collector) {
        let patterns: usize = clauses
            .iter()
            .flat_map(|clause| clause.symbol.iter().chain(&clause.strategy))
            .map(|test| test.patterns.len())
            .sum();
        let mut add = |count: &mut usize, more: usize, most: usize, what: &str| {
            let within = *count <= most;
            *count += more;
            if within && *count > most {
                findings.report(
                    place,
                    format!("the routes have more than {most} {what} here"),
                );
            }
        };
        add(
            &mut self.clauses,
            clauses.len(),
            CLAUSES_MAX,
            "alternatives",
        );
        add(&mut self.patterns, patterns, PATTERNS_MAX, "name patterns");
    }

    fn finish(self, findings: &mut Collector) {
        if let (None, Some(place)) = (self.takes_all, self.last_condition) {
            let message =
                "the last route must have no `when`, so that every request gets an answer";
            findings.report(place, message);
        }
    }
}

/// Requests may state the types pilot and exploration whether or not there is a tier for
/// them; without one they would open at full size and charge no budget.
fn check_openings(routes: &[Route], tiers: &KnownTiers<'_>, findings: &mut Collector) {
    let opening = |route: &&Route| matches!(route.verb, Verb::Open { .. });
    let (Some(route), Some(tiers)) = (routes.iter().find(opening), tiers.sound) else {
        return;
    };
    for intent in [OrderIntent::Pilot, OrderIntent::Explore] {
        if !tiers.iter().any(|tier| tier.intent == intent) {
            let message = format!(
                "route {} opens, and no tier has the intent `{}`: a request that states the type would open without a budget",
                quoted(&route.name),
                intent.word()
            );
            findings.report(route.place, message);
        }
    }
}
