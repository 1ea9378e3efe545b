//! What a case expects of the policy itself: what no decision shows, such as the window, the
//! zone and the scope of a budget, and whatever else a manifest says of budgets, tiers and
//! symbols.
//!
//! It is written in the words of policy documents, and read by the same readers. It compares
//! nothing; [`said`] puts what a manifest says into the same form.

use super::super::budgets;
use super::super::findings::{Collector, quoted};
use super::super::percent;
use super::super::reader::{self, Fields};
use super::super::tiers;
use super::super::windows;
use super::super::yaml::{Entry, Value as Written};
use super::expectation::{Expectation, Value, absent, amount};
use crate::amount::Amount;
use crate::manifest::{BudgetInfo, Manifest, Scope, SymbolInfo, TierInfo, Window};

const ABOUT: [&str; 6] = [
    "name",
    "version",
    "account_currency",
    "budgets",
    "tiers",
    "symbols",
];
const BUDGET: [&str; 5] = ["limit", "orders", "per", "zone", "scope"];
const TIER: [&str; 3] = ["intent", "size", "budget"];
const SYMBOL: [&str; 4] = ["shortable", "step", "min_quantity", "min_notional"];

/// Expectations of one section's entries, which may be asked for by name.
type ReadEntry = fn(&str, &Fields<'_>, &mut Vec<Expectation>, &mut Collector);

/// Reads `expect_policy`.
pub(super) fn read(entry: &Entry, findings: &mut Collector) -> Vec<Expectation> {
    let place = entry.value_place();
    let what = "`expect_policy`";
    let Some(fields) = Fields::read(&entry.value, place, what, &ABOUT, findings) else {
        return Vec::new();
    };
    if fields.entries().is_empty() {
        let message = "`expect_policy` is empty: name a budget, a tier or a symbol";
        findings.report(place, message);
    }
    let mut expected = Vec::new();
    for key in ["name", "version", "account_currency"] {
        if let Some(entry) = fields.get(key)
            && let Some(text) = reader::text(entry, findings)
        {
            expected.push(word(key, entry, text));
        }
    }
    let sections: [(&str, &[&str], ReadEntry); 3] = [
        ("budgets", &BUDGET, budget),
        ("tiers", &TIER, tier),
        ("symbols", &SYMBOL, symbol),
    ];
    for (key, keys, read_entry) in sections {
        if let Some(entry) = fields.get(key) {
            section(entry, keys, read_entry, &mut expected, findings);
        }
    }
    expected
}

/// What a manifest says, as expectations name it. Every field that could be asked for is
/// there, or there is none of that name.
pub fn said(manifest: &Manifest) -> Vec<(String, Value)> {
    let mut said = vec![
        ("name".into(), Value::Word(manifest.name.clone())),
        ("version".into(), Value::Word(manifest.version.clone())),
        (
            "account_currency".into(),
            Value::Word(manifest.account_currency.clone()),
        ),
    ];
    let mut say = |section: &str, name: &str, fields: &[(&str, Value)]| {
        said.push((format!("{section}.{name}"), Value::Word("there".into())));
        for (field, value) in fields {
            said.push((format!("{section}.{name}.{field}"), value.clone()));
        }
    };
    for info in &manifest.budgets {
        say(
            "budgets",
            &info.name,
            &of_budget(info, &manifest.account_currency),
        );
    }
    for info in &manifest.tiers {
        say("tiers", &info.name, &of_tier(info, &manifest.budgets));
    }
    for info in &manifest.symbols {
        say("symbols", &info.name, &of_symbol(info));
    }
    said
}

fn of_budget(info: &BudgetInfo, currency: &str) -> [(&'static str, Value); 5] {
    let limit = limit_text(info.percent, info.amount.map(|amount| (amount, currency)));
    [
        ("limit", limit.map_or(Value::Absent, Value::Word)),
        ("orders", info.orders.map_or(Value::Absent, count)),
        ("per", Value::Word(window_text(info.window))),
        ("zone", Value::Word(info.zone.clone())),
        ("scope", Value::Word(scope_word(info.scope).into())),
    ]
}

fn of_tier(info: &TierInfo, budgets: &[BudgetInfo]) -> [(&'static str, Value); 3] {
    let budget = info
        .budget
        .and_then(|at| budgets.get(usize::try_from(at).ok()?));
    [
        ("intent", Value::Word(info.intent.word().into())),
        ("size", Value::Word(size_text(info.size))),
        (
            "budget",
            budget.map_or(Value::Absent, |budget| Value::Word(budget.name.clone())),
        ),
    ]
}

fn of_symbol(info: &SymbolInfo) -> [(&'static str, Value); 4] {
    let amount = |amount: Option<Amount>| amount.map_or(Value::Absent, Value::Amount);
    [
        ("shortable", Value::Flag(info.shortable)),
        ("step", amount(info.step)),
        ("min_quantity", amount(info.min_quantity)),
        ("min_notional", amount(info.min_notional)),
    ]
}

fn section(
    section: &Entry,
    keys: &[&str],
    read_entry: ReadEntry,
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
) {
    let Written::Map(entries) = &section.value.value else {
        let message = format!(
            "{} must be a map of names{}",
            quoted(&section.key),
            reader::found_instead(&section.value)
        );
        findings.report(section.value_place(), message);
        return;
    };
    for entry in entries {
        let path = format!("{}.{}", section.key, entry.key);
        if entry.value.is_nothing() {
            expected.push(absent(path, entry));
            continue;
        }
        let (place, what) = (entry.value_place(), quoted(&entry.key));
        let Some(fields) = Fields::read(&entry.value, place, &what, keys, findings) else {
            continue;
        };
        // An empty map asks only that it is there.
        expected.push(Expectation {
            field: path.clone(),
            place,
            value: Value::Word("there".into()),
        });
        read_entry(&path, &fields, expected, findings);
    }
}

fn budget(
    path: &str,
    fields: &Fields<'_>,
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
) {
    let mut add = |key: &str, read: &dyn Fn(&Entry, &mut Collector) -> Option<Value>| {
        field(path, key, fields, expected, findings, read);
    };
    add("limit", &|entry, findings| {
        limit(entry, findings).map(Value::Word)
    });
    add("orders", &|entry, findings| {
        reader::count(entry, findings).map(count)
    });
    add("per", &|entry, findings| {
        windows::read(entry, findings).map(|window| Value::Word(window_text(window)))
    });
    add("zone", &|entry, findings| {
        budgets::zone(entry, findings).map(Value::Word)
    });
    add("scope", &|entry, findings| {
        let scope = reader::choice(entry, &budgets::SCOPES, findings)?;
        Some(Value::Word(scope_word(scope).into()))
    });
}

fn tier(
    path: &str,
    fields: &Fields<'_>,
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
) {
    let mut add = |key: &str, read: &dyn Fn(&Entry, &mut Collector) -> Option<Value>| {
        field(path, key, fields, expected, findings, read);
    };
    add("intent", &|entry, findings| {
        let intent = reader::choice(entry, &tiers::INTENTS, findings)?;
        Some(Value::Word(intent.word().into()))
    });
    add("size", &|entry, findings| {
        let text = reader::text(entry, findings)?;
        let size = percent::share(text, entry.value_place(), "`size`", findings)?;
        Some(Value::Word(size_text(size)))
    });
    add("budget", &|entry, findings| {
        reader::text(entry, findings).map(|text| Value::Word(text.into()))
    });
}

fn symbol(
    path: &str,
    fields: &Fields<'_>,
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
) {
    let mut add = |key: &str, read: &dyn Fn(&Entry, &mut Collector) -> Option<Value>| {
        field(path, key, fields, expected, findings, read);
    };
    add("shortable", &|entry, findings| {
        reader::yes_or_no(entry, findings).map(Value::Flag)
    });
    for key in ["step", "min_quantity", "min_notional"] {
        add(key, &|entry, findings| {
            amount(entry, findings).map(Value::Amount)
        });
    }
}

/// What is expected of one field; `null` says that the policy has none.
fn field(
    path: &str,
    key: &str,
    fields: &Fields<'_>,
    expected: &mut Vec<Expectation>,
    findings: &mut Collector,
    read: &dyn Fn(&Entry, &mut Collector) -> Option<Value>,
) {
    let Some(entry) = fields.get(key) else {
        return;
    };
    let field = format!("{path}.{key}");
    if entry.value.is_nothing() {
        expected.push(absent(field, entry));
    } else if let Some(value) = read(entry, findings) {
        let place = entry.value_place();
        expected.push(Expectation {
            field,
            place,
            value,
        });
    }
}

fn word(field: &str, entry: &Entry, text: &str) -> Expectation {
    Expectation {
        field: field.into(),
        place: entry.value_place(),
        value: Value::Word(text.into()),
    }
}

fn count(count: u32) -> Value {
    Value::Count(u64::from(count))
}

/// All that stands under `limit`, in one form: the percentage first.
fn limit(entry: &Entry, findings: &mut Collector) -> Option<String> {
    // Without a policy no account currency is known: the one that is written is compared.
    let before = findings.count();
    let limits = budgets::limits(entry, None, findings);
    if findings.count() > before {
        return None;
    }
    let items = match &entry.value.value {
        Written::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    let texts = items.iter().filter_map(|item| match &item.value {
        Written::Text(text) => text.split_whitespace().next_back(),
        _ => None,
    });
    let mut currencies = texts.filter(|word| *word != "equity");
    let amount = limits.amount.zip(currencies.next());
    limit_text(limits.percent, amount)
}

fn limit_text(percent: Option<Amount>, amount: Option<(Amount, &str)>) -> Option<String> {
    let percent = percent.map(|percent| format!("{}% of equity", percent.normalized()));
    let amount = amount.map(|(amount, currency)| format!("{} {currency}", amount.normalized()));
    match (percent, amount) {
        (Some(percent), Some(amount)) => Some(format!("{percent} and {amount}")),
        (percent, amount) => percent.or(amount),
    }
}

fn window_text(window: Window) -> String {
    match window {
        Window::None => "none".into(),
        Window::Hour => "hour".into(),
        Window::Day => "day".into(),
        Window::Week => "week".into(),
        Window::Rolling { seconds } => format!("rolling {seconds}s"),
    }
}

fn scope_word(scope: Scope) -> &'static str {
    let named = budgets::SCOPES.iter().find(|(_, known)| *known == scope);
    named.map_or("", |(word, _)| word)
}

/// A factor in percent.
fn size_text(size: Amount) -> String {
    let percent = size.mul_down(Amount::whole(100)).unwrap_or(size);
    format!("{}%", percent.normalized())
}
