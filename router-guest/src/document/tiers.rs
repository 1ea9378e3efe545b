//! The section `tiers`: classes of trades by quality, in the order in which they classify
//! `auto`.
//!
//! It compares no score; the engine does.

use super::advice;
use super::findings::{Collector, Place, quoted};
use super::percent;
use super::policy::Tier;
use super::reader::{self, Fields};
use super::vocabulary;
use super::yaml::Entry;
use crate::amount::Amount;
use crate::decision::OrderIntent;
use crate::table::{BUDGETS_MAX, TIERS_MAX};

/// The word of the condition that no tier fits.
pub(super) const NO_TIER: &str = "none";

/// What a tier can open trades as.
pub(super) const INTENTS: [(&str, OrderIntent); 3] = [
    ("normal", OrderIntent::Normal),
    ("pilot", OrderIntent::Pilot),
    ("explore", OrderIntent::Explore),
];

/// Reads the section. `budgets` is the section of that name, as written: a budget with a
/// fault of its own is still one that a tier may name.
pub(super) fn read(
    section: Option<&Entry>,
    budgets: Option<&Entry>,
    findings: &mut Collector,
) -> Vec<Tier> {
    let budgets = reader::keys(budgets, BUDGETS_MAX);
    reader::section(section, TIERS_MAX, findings)
        .iter()
        .filter_map(|entry| tier(entry, &budgets, findings))
        .collect()
}

fn tier(entry: &Entry, budgets: &[&str], findings: &mut Collector) -> Option<Tier> {
    let name = tier_name(entry, findings);
    let what = format!("tier {}", quoted(&entry.key));
    let fields = Fields::read(
        &entry.value,
        entry.value_place(),
        &what,
        &vocabulary::TIER,
        findings,
    )?;
    let intent = intent(entry, &fields, findings);
    let score = least(&fields, "score", findings);
    let risk_reward = least(&fields, "risk_reward", findings);
    let confidence = least(&fields, "confidence", findings);
    let size = size(&fields, findings);
    let budget = budget(entry, &fields, intent, budgets, findings);
    Some(Tier {
        name: name?,
        intent: intent?,
        size,
        budget,
        score,
        risk_reward,
        confidence,
    })
}

fn tier_name(entry: &Entry, findings: &mut Collector) -> Option<String> {
    if entry.key == NO_TIER {
        let message =
            "a tier cannot be named `none`: the condition `tier: none` says that none fits";
        findings.report(entry.place, message);
        return None;
    }
    reader::own_name(&entry.key, entry.place, "the tier", findings)
}

/// The intent that is given, or that the tier is named after.
fn intent(tier: &Entry, fields: &Fields<'_>, findings: &mut Collector) -> Option<OrderIntent> {
    if let Some(entry) = fields.get("intent") {
        // Requests say `exploration`, decisions say `explore`; this is the decision's word.
        if entry.value.is_text("exploration") {
            let message = "`intent` cannot be `exploration`; did you mean `explore`?";
            findings.report(entry.value_place(), message);
            return None;
        }
        return reader::choice(entry, &INTENTS, findings);
    }
    // A name in the wrong case is reported as one already.
    let named = INTENTS
        .iter()
        .find(|(word, _)| tier.key.eq_ignore_ascii_case(word));
    if named.is_none() && tier.key != NO_TIER {
        let near = match tier.key.as_str() {
            "exploration" => Some("explore"),
            key => advice::nearest(key, INTENTS.iter().map(|(word, _)| *word)),
        };
        let advice = match near {
            Some(near) => format!("; did you mean the name `{near}`?"),
            None => ": `normal`, `pilot` or `explore`".into(),
        };
        let message = format!("tier {} needs an `intent`{advice}", quoted(&tier.key));
        findings.report(tier.place, message);
    }
    named.map(|(_, intent)| *intent)
}

/// The least value of a score that qualifies.
fn least(fields: &Fields<'_>, key: &str, findings: &mut Collector) -> Option<f64> {
    let entry = fields.get(key)?;
    let text = reader::text(entry, findings)?;
    let least = reader::score(text, entry.value_place(), findings)?;
    if least < 0.0 {
        let message = format!("`{key}` must not be negative");
        findings.report(entry.value_place(), message);
        return None;
    }
    Some(least)
}

fn size(fields: &Fields<'_>, findings: &mut Collector) -> Amount {
    fields
        .get("size")
        .and_then(|entry| {
            let text = reader::text(entry, findings)?;
            percent::share(text, entry.value_place(), "`size`", findings)
        })
        .unwrap_or(Amount::ONE)
}

fn budget(
    tier: &Entry,
    fields: &Fields<'_>,
    intent: Option<OrderIntent>,
    budgets: &[&str],
    findings: &mut Collector,
) -> Option<String> {
    let name = quoted(&tier.key);
    let Some(entry) = fields.get("budget") else {
        if intent.is_some_and(OrderIntent::charges_budget) {
            let message =
                format!("tier {name} needs a `budget`: only normal trades open without one");
            findings.report(tier.place, message);
        }
        return None;
    };
    if intent == Some(OrderIntent::Normal) {
        let message = format!("tier {name} opens normal trades, which never touch a budget");
        findings.report(entry.place, message);
        return None;
    }
    let budget = reader::text(entry, findings)?;
    if !budgets.contains(&budget) {
        unknown_budget(budget, entry.value_place(), budgets, findings);
        return None;
    }
    Some(budget.to_owned())
}

fn unknown_budget(budget: &str, place: Place, budgets: &[&str], findings: &mut Collector) {
    let advice = match budgets {
        [] => "the section `budgets` names none".into(),
        _ => advice::advice(budget, budgets, "the budgets are"),
    };
    findings.report(
        place,
        format!("there is no budget {}; {advice}", quoted(budget)),
    );
}
