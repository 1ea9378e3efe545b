//! Budgets as text for people and as JSON for programs.

use std::fmt::Write as _;

use router_guest::json::fault::shown;
use router_guest::manifest::{BudgetInfo, Scope, Window};
use serde_json::{Value, json};

use super::{BudgetStanding, Budgets, Holder, Part};

/// Writes them for people.
pub fn write_text(budgets: &Budgets) -> String {
    let mut text = format!(
        "policy {}, amounts in {}, at {}\n",
        shown(&budgets.policy),
        shown(&budgets.account_currency),
        budgets.at
    );
    for budget in &budgets.budgets {
        write_budget(budget, &mut text);
    }
    if budgets.budgets.is_empty() {
        text.push_str("the policy has no budgets\n");
    }
    text
}

fn write_budget(budget: &BudgetStanding, text: &mut String) {
    let _ = writeln!(
        text,
        "{}: {}, {}",
        shown(&budget.info.name),
        limits(&budget.info),
        window(budget)
    );
    if let (Some(limit), Some((equity, at))) = (budget.limit, budget.equity) {
        let _ = writeln!(
            text,
            "  limit {limit} by the equity {equity} of the last decision that consulted it ({at})"
        );
    }
    if budget.parts.is_empty() {
        text.push_str("  nothing is used or held\n");
    }
    for (name, part) in &budget.parts {
        let _ = write!(text, "  ");
        if !name.is_empty() {
            let _ = write!(text, "{}: ", shown(name));
        }
        let _ = write!(text, "used {}, reserved {}", part.used, part.reserved);
        if let Some(remaining) = budget.remaining(part) {
            let _ = write!(text, ", remaining {remaining}");
        }
        let _ = match budget.info.orders {
            None if part.orders == 1 => writeln!(text, ", 1 order"),
            None => writeln!(text, ", {} orders", part.orders),
            Some(limit) => writeln!(text, ", {} of {limit} orders", part.orders),
        };
    }
    for holder in &budget.holders {
        let _ = writeln!(
            text,
            "  held by R{}: {} {} ({}), {} since {}",
            holder.number,
            holder.side,
            shown(&holder.symbol),
            shown(&holder.strategy),
            holder.reserved,
            holder.at
        );
    }
    let hidden = budget.held_by.saturating_sub(budget.holders.len() as u64);
    match hidden {
        0 => {}
        1 => text.push_str("  and by 1 more order\n"),
        hidden => {
            let _ = writeln!(text, "  and by {hidden} more orders");
        }
    }
}

/// `3% of equity, at most 500 and 10 orders`
fn limits(info: &BudgetInfo) -> String {
    let mut limits = Vec::new();
    if let Some(percent) = info.percent {
        limits.push(format!("{percent}% of equity"));
    }
    if let Some(amount) = info.amount {
        limits.push(format!("at most {amount}"));
    }
    if let Some(orders) = info.orders {
        let word = if orders == 1 { "order" } else { "orders" };
        limits.push(format!("at most {orders} {word}"));
    }
    limits.join(", ")
}

fn window(budget: &BudgetStanding) -> String {
    let per = match budget.info.window {
        Window::None => "for good".to_owned(),
        Window::Hour => "per hour".to_owned(),
        Window::Day => "per day".to_owned(),
        Window::Week => "per week".to_owned(),
        Window::Rolling { seconds } => format!("over {seconds} seconds"),
    };
    let scope = match budget.info.scope {
        Scope::All => "",
        Scope::Symbol => " for each symbol",
        Scope::Strategy => " for each strategy",
    };
    let [start, end] = budget.window;
    let (Some(start), Some(end)) = (start, end) else {
        return format!("{per}{scope}");
    };
    format!(
        "{per}{scope}, from {start} to {end} ({})",
        shown(&budget.info.zone)
    )
}

/// The same as JSON.
pub fn write_json(budgets: &Budgets) -> Value {
    json!({
        "policy": budgets.policy,
        "account_currency": budgets.account_currency,
        "at": budgets.at.to_string(),
        "budgets": budgets.budgets.iter().map(budget_json).collect::<Vec<_>>(),
    })
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn budget_json(budget: &BudgetStanding) -> Value {
    let [start, end] = budget.window;
    let parts = budget.parts.iter();
    json!({
        "name": budget.info.name,
        "percent": text(budget.info.percent),
        "amount": text(budget.info.amount),
        "orders_limit": budget.info.orders,
        "zone": budget.info.zone,
        "start": text(start),
        "end": text(end),
        "limit": text(budget.limit),
        "equity": text(budget.equity.map(|(equity, _)| equity)),
        "limit_at": text(budget.equity.map(|(_, at)| at)),
        "parts": parts.map(|(name, part)| part_json(budget, name, part)).collect::<Vec<_>>(),
        "held_by": budget.held_by,
        "holders": budget.holders.iter().map(holder_json).collect::<Vec<_>>(),
    })
}

fn part_json(budget: &BudgetStanding, name: &str, part: &Part) -> Value {
    json!({
        "of": (!name.is_empty()).then_some(name),
        "used": part.used.to_string(),
        "reserved": part.reserved.to_string(),
        "remaining": text(budget.remaining(part)),
        "orders": part.orders,
    })
}

fn holder_json(holder: &Holder) -> Value {
    json!({
        "reservation": format!("R{}", holder.number),
        "side": holder.side,
        "symbol": holder.symbol,
        "strategy": holder.strategy,
        "reserved": holder.reserved.to_string(),
        "settled": holder.settled.to_string(),
        "at": holder.at.to_string(),
    })
}
