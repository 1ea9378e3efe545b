//! Settings of two policies that differ: those that show in no single decision too.

use std::collections::BTreeSet;
use std::fmt::Display;

use router_guest::amount::Amount;
use router_guest::manifest::{BudgetInfo, Scope, SymbolInfo, Window};
use router_guest::table::{Table, Tier};

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Where it stands: `budgets.exploration.zone`.
    pub path: String,
    /// What the old policy has; `none` where it has nothing.
    pub old: String,
    /// What the new policy has; `none` where it has nothing.
    pub new: String,
}

/// Every setting that differs, by path.
pub(crate) fn changes(old: &Table, new: &Table) -> Vec<SettingChange> {
    let (old, new) = (settings(old), settings(new));
    let paths: BTreeSet<&String> = old.iter().chain(&new).map(|(path, _)| path).collect();
    let value = |settings: &[(String, String)], path: &String| {
        let found = settings.iter().find(|(own, _)| own == path);
        found.map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
    };
    paths
        .into_iter()
        .map(|path| SettingChange {
            path: path.clone(),
            old: value(&old, path),
            new: value(&new, path),
        })
        .filter(|change| change.old != change.new)
        .collect()
}

/// The settings of a table, by path. What a value left out stands for is written out, so that
/// leaving it out changes nothing.
fn settings(table: &Table) -> Vec<(String, String)> {
    let mut settings = vec![(
        "account_currency".to_owned(),
        table.account_currency.clone(),
    )];
    for (at, tier) in table.tiers.iter().enumerate() {
        tier_settings(at, tier, table, &mut settings);
    }
    for budget in &table.budgets {
        budget_settings(budget, &mut settings);
    }
    for symbol in &table.symbols {
        symbol_settings(symbol, &mut settings);
    }
    settings
}

fn tier_settings(at: usize, tier: &Tier, table: &Table, settings: &mut Vec<(String, String)>) {
    let mut put = |key: &str, value: Option<String>| {
        let path = format!("tiers.{}.{key}", tier.info.name);
        settings.extend(value.map(|value| (path, value)));
    };
    let budget = tier.info.budget.and_then(|budget| {
        let budget = table.budgets.get(usize::try_from(budget).ok()?)?;
        Some(budget.name.clone())
    });
    put("position in the order", Some((at + 1).to_string()));
    put("intent", Some(tier.info.intent.word().to_owned()));
    put("score", text(tier.signal_strength_min));
    put("risk_reward", text(tier.risk_reward_min));
    put("confidence", text(tier.confidence_min));
    put("size", Some(format!("{}%", percent(tier.info.size))));
    put("budget", budget);
}

fn budget_settings(budget: &BudgetInfo, settings: &mut Vec<(String, String)>) {
    let mut put = |key: &str, value: Option<String>| {
        let path = format!("budgets.{}.{key}", budget.name);
        settings.extend(value.map(|value| (path, value)));
    };
    put(
        "limit by amount",
        text(budget.amount.map(Amount::normalized)),
    );
    put(
        "limit by equity",
        budget.percent.map(|own| format!("{}%", own.normalized())),
    );
    put("orders", text(budget.orders));
    put("per", Some(window(budget.window)));
    put("zone", Some(budget.zone.clone()));
    let scope = match budget.scope {
        Scope::All => "all",
        Scope::Symbol => "symbol",
        Scope::Strategy => "strategy",
    };
    put("scope", Some(scope.to_owned()));
}

fn symbol_settings(symbol: &SymbolInfo, settings: &mut Vec<(String, String)>) {
    let mut put = |key: &str, value: Option<String>| {
        let path = format!("symbols.{}.{key}", symbol.name);
        settings.extend(value.map(|value| (path, value)));
    };
    // A symbol without anything of its own is as good as one that is not listed.
    // Both switches together, which is what counts.
    put(
        "shortable (allow_short and risk.short_enabled)",
        symbol.shortable.then(|| "yes".to_owned()),
    );
    put("step", text(symbol.step.map(Amount::normalized)));
    put(
        "min_quantity",
        text(symbol.min_quantity.map(Amount::normalized)),
    );
    put(
        "min_notional",
        text(symbol.min_notional.map(Amount::normalized)),
    );
}

fn window(window: Window) -> String {
    match window {
        Window::None => "none".to_owned(),
        Window::Hour => "hour".to_owned(),
        Window::Day => "day".to_owned(),
        Window::Week => "week".to_owned(),
        Window::Rolling { seconds } => format!("rolling {seconds}s"),
    }
}

fn percent(share: Amount) -> String {
    let hundredfold = share.mul_down(Amount::whole(100)).unwrap_or(share);
    hundredfold.normalized().to_string()
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}
