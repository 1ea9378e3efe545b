//! The section `budgets`: limits, the window in which their use counts, and who shares them.
//!
//! It keeps no account of what is used; the host does, under the budget's name.

use std::str::FromStr;

use jiff::tz::TimeZoneDatabase;

use super::advice;
use super::findings::{Collector, quoted};
use super::percent;
use super::reader::{self, Fields};
use super::vocabulary;
use super::windows;
use super::yaml::{Entry, Node, Value};
use crate::amount::Amount;
use crate::manifest::{BudgetInfo, Scope, Window};
use crate::table::BUDGETS_MAX;

/// What can share a budget.
pub(super) const SCOPES: [(&str, Scope); 3] = [
    ("all", Scope::All),
    ("symbol", Scope::Symbol),
    ("strategy", Scope::Strategy),
];

/// Reads the section. Without a sound account currency, amounts are not compared with it.
pub(super) fn read(
    section: Option<&Entry>,
    currency: Option<&str>,
    findings: &mut Collector,
) -> Vec<BudgetInfo> {
    reader::section(section, BUDGETS_MAX, findings)
        .iter()
        .filter_map(|entry| budget(entry, currency, findings))
        .collect()
}

fn budget(entry: &Entry, currency: Option<&str>, findings: &mut Collector) -> Option<BudgetInfo> {
    let name = reader::own_name(&entry.key, entry.place, "the budget", findings);
    let what = format!("budget {}", quoted(&entry.key));
    let fields = Fields::read(
        &entry.value,
        entry.value_place(),
        &what,
        &vocabulary::BUDGET,
        findings,
    )?;
    if fields.get("limit").is_none() && fields.get("orders").is_none() {
        let message = format!("{what} needs a `limit` or a number of `orders`");
        findings.report(entry.place, message);
    }
    let limits = fields
        .get("limit")
        .map(|entry| limits(entry, currency, findings))
        .unwrap_or_default();
    let orders = fields
        .get("orders")
        .and_then(|entry| reader::count(entry, findings));
    let window = match fields.get("per") {
        Some(entry) => windows::read(entry, findings),
        None => {
            let message = format!("{what} needs `per`: {}", windows::EXAMPLES);
            findings.report(entry.place, message);
            None
        }
    };
    let zone = match fields.get("zone") {
        Some(entry) => zone(entry, findings),
        None => Some("UTC".into()),
    };
    let scope = match fields.get("scope") {
        Some(entry) => reader::choice(entry, &SCOPES, findings),
        None => Some(Scope::All),
    };
    Some(BudgetInfo {
        name: name?,
        amount: limits.amount,
        percent: limits.percent,
        orders,
        window: window.unwrap_or(Window::None),
        zone: zone?,
        scope: scope?,
    })
}

/// What `limit` says; both hold at once.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) amount: Option<Amount>,
    pub(super) percent: Option<Amount>,
}

/// One limit, or its way of being written wrong.
enum Limit {
    Percent(Amount),
    Amount(Amount),
}

/// Reads `limit`: one or a list of them.
pub(super) fn limits(entry: &Entry, currency: Option<&str>, findings: &mut Collector) -> Limits {
    let mut limits = Limits::default();
    let items: &[Node] = match &entry.value.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(&entry.value),
    };
    if items.is_empty() {
        findings.report(entry.value_place(), "`limit` is an empty list");
    }
    for item in items {
        let Value::Text(text) = &item.value else {
            let message = "a limit is written `3% of equity` or `500 USDT`";
            findings.report(entry.value_place(), message);
            continue;
        };
        let slot = match limit(text, item, currency, findings) {
            Some(Limit::Percent(percent)) => (&mut limits.percent, percent),
            Some(Limit::Amount(amount)) => (&mut limits.amount, amount),
            None => continue,
        };
        if slot.0.replace(slot.1).is_some() {
            let message = format!("{} is a second limit of its kind", quoted(text));
            findings.report(item.place, message);
        }
    }
    limits
}

fn limit(
    text: &str,
    item: &Node,
    currency: Option<&str>,
    findings: &mut Collector,
) -> Option<Limit> {
    // `3% of equity` and `3 %  of equity` are the same to a reader.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(number) = text.strip_suffix("of equity")
        && let Some(number) = percent::sign_stripped(number.trim_end())
    {
        return reader::amount(number, item.place, findings).map(Limit::Percent);
    }
    if let Some((number, code)) = text.split_once(' ')
        && Amount::from_str(number).is_ok()
        && is_currency(code)
    {
        if let Some(currency) = currency.filter(|currency| *currency != code) {
            let message = format!(
                "limits are in the account currency `{currency}`, not {}",
                quoted(code)
            );
            findings.report(item.place, message);
            return None;
        }
        return reader::amount(number, item.place, findings).map(Limit::Amount);
    }
    findings.report(item.place, limit_advice(&text, currency.unwrap_or("USDT")));
    None
}

fn is_currency(code: &str) -> bool {
    !code.is_empty()
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What a limit was probably meant to be.
fn limit_advice(text: &str, currency: &str) -> String {
    let shown = quoted(text);
    let number = text.strip_suffix("of equity").map_or(text, str::trim_end);
    if number != text
        && let Some(percent) = percent::meant(number)
    {
        return format!(
            "a share of equity is in percent: write `{percent}% of equity`, not {shown}"
        );
    }
    if let Some(number) = percent::sign_stripped(text)
        && let Ok(percent) = Amount::from_str(number)
    {
        return format!("{shown} does not say of what: write `{percent}% of equity`");
    }
    if let (Ok(number), Some(percent)) = (Amount::from_str(text), percent::meant(text)) {
        return format!(
            "{shown} is neither a percentage nor an amount: write `{percent}% of equity` or `{number} {currency}`"
        );
    }
    let glued = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    if let Ok(number) = Amount::from_str(glued.trim_end()) {
        return format!("{shown} is not a limit: write `{number} {currency}`");
    }
    format!("{shown} is not a limit: write it as `3% of equity` or `500 {currency}`")
}

/// Reads `zone`.
pub(super) fn zone(entry: &Entry, findings: &mut Collector) -> Option<String> {
    let text = reader::text(entry, findings)?;
    // The bundled database, so that a policy is as valid here as on every other machine.
    let database = TimeZoneDatabase::bundled();
    if database.available().any(|zone| zone.as_str() == text) {
        return Some(text.to_owned());
    }
    if findings.is_full() {
        return None;
    }
    let zones: Vec<_> = database
        .available()
        .map(|zone| zone.as_str().to_owned())
        .collect();
    let advice = match advice::nearest(text, zones.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write one such as `UTC` or `Europe/Berlin`".into(),
    };
    findings.report(
        entry.value_place(),
        format!("there is no time zone {}; {advice}", quoted(text)),
    );
    None
}
