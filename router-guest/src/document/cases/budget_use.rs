//! A case's state: the trading state, and what is used of each budget, in the policy's order
//! or by name.
//!
//! What is not given is 0: a case says what matters to it. It knows no policy; whether its
//! budgets are the policy's is found when the case meets one.

use super::super::advice::advice;
use super::super::findings::{Collector, Place, quoted};
use super::super::reader::{self, Fields};
use super::super::yaml::{Entry, Node, Value};
use crate::amount::Amount;
use crate::manifest::BudgetInfo;
use crate::state::{BudgetUse, TradingState};
use crate::table::BUDGETS_MAX;

const STATE: [&str; 2] = ["trading_state", "budgets"];
const USE: [&str; 3] = ["used", "reserved", "orders"];

/// What a case says is used of the budgets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Uses {
    /// Nothing of any.
    #[default]
    Nothing,
    /// One for each budget of the policy, in its order.
    InOrder(Vec<BudgetUse>),
    /// Of the budgets that are named; nothing of the others.
    ByName(Vec<NamedUse>),
}

/// The use of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUse {
    /// The budget's name.
    pub budget: String,
    /// Where it stands.
    pub place: Place,
    /// What is used of it.
    pub spent: BudgetUse,
}

impl Uses {
    /// One for each of a policy's budgets.
    ///
    /// # Errors
    /// Why they are not the uses of these budgets, in words.
    pub fn of(&self, budgets: &[BudgetInfo]) -> Result<Vec<BudgetUse>, String> {
        match self {
            Self::Nothing => Ok(vec![BudgetUse::default(); budgets.len()]),
            Self::InOrder(uses) if uses.len() == budgets.len() => Ok(uses.clone()),
            Self::InOrder(uses) => Err(format!(
                "`budgets` has {} entries, and the policy has {}: one for each, in its order",
                uses.len(),
                budgets.len()
            )),
            Self::ByName(named) => {
                let mut uses = vec![BudgetUse::default(); budgets.len()];
                for named in named {
                    let at = budgets.iter().position(|info| info.name == named.budget);
                    match at.and_then(|at| uses.get_mut(at)) {
                        Some(spent) => *spent = named.spent,
                        None => return Err(no_budget(named, budgets)),
                    }
                }
                Ok(uses)
            }
        }
    }
}

fn no_budget(named: &NamedUse, budgets: &[BudgetInfo]) -> String {
    let Place { line, column } = named.place;
    let shown = quoted(&named.budget);
    let names: Vec<_> = budgets.iter().map(|info| info.name.as_str()).collect();
    let advice = match names.as_slice() {
        [] => "the policy has none".into(),
        names => advice(&named.budget, names, "the policy has"),
    };
    format!("line {line}, column {column}: there is no budget {shown}; {advice}")
}

/// Reads `state`.
pub(super) fn state(entry: &Entry, findings: &mut Collector) -> (TradingState, Uses) {
    let place = entry.value_place();
    let Some(fields) = Fields::read(&entry.value, place, "`state`", &STATE, findings) else {
        return Default::default();
    };
    if fields.entries().is_empty() {
        findings.report(place, "`state` is empty: leave it out, or say what holds");
    }
    let words = TradingState::ALL.map(|state| (state.word(), state));
    let trading_state = fields
        .get("trading_state")
        .and_then(|entry| reader::choice(entry, &words, findings));
    let uses = fields
        .get("budgets")
        .map_or(Uses::Nothing, |entry| uses(entry, findings));
    (trading_state.unwrap_or_default(), uses)
}

fn uses(entry: &Entry, findings: &mut Collector) -> Uses {
    match &entry.value.value {
        Value::List(items) => {
            check_count(entry, items.len(), findings);
            let items = items.iter().take(BUDGETS_MAX);
            Uses::InOrder(
                items
                    .map(|item| spent(item, item.place, "the use of a budget", findings))
                    .collect(),
            )
        }
        Value::Map(entries) => {
            check_count(entry, entries.len(), findings);
            let entries = entries.iter().take(BUDGETS_MAX);
            let named = entries.map(|entry| NamedUse {
                budget: entry.key.clone(),
                place: entry.place,
                spent: spent(
                    &entry.value,
                    entry.value_place(),
                    &quoted(&entry.key),
                    findings,
                ),
            });
            Uses::ByName(named.collect())
        }
        _ => {
            let message = format!(
                "`budgets` must be a map of budgets, or a list of one for each{}",
                reader::found_instead(&entry.value)
            );
            findings.report(entry.value_place(), message);
            Uses::Nothing
        }
    }
}

fn check_count(entry: &Entry, count: usize, findings: &mut Collector) {
    if count > BUDGETS_MAX {
        let message = format!("{count} budgets, and at most {BUDGETS_MAX} are allowed");
        findings.report(entry.value_place(), message);
    }
}

fn spent(node: &Node, place: Place, what: &str, findings: &mut Collector) -> BudgetUse {
    let Some(fields) = Fields::read(node, place, what, &USE, findings) else {
        return BudgetUse::default();
    };
    BudgetUse {
        used: amount(&fields, "used", findings),
        reserved: amount(&fields, "reserved", findings),
        orders: fields
            .get("orders")
            .and_then(|entry| reader::count(entry, findings))
            .unwrap_or_default(),
    }
}

fn amount(fields: &Fields<'_>, key: &str, findings: &mut Collector) -> Amount {
    let entry = fields.get(key);
    let amount = entry.and_then(|entry| {
        let text = reader::text(entry, findings)?;
        reader::amount(text, entry.value_place(), findings)
    });
    amount.unwrap_or_default()
}
