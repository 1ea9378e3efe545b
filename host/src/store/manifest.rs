//! A policy's manifest as a store keeps it: JSON that people and other programs can read. Where
//! rules cut the ranges of scores and amounts is left out: it says nothing of a decision.

use router_guest::amount::Amount;
use router_guest::decision::OrderIntent;
use router_guest::manifest::{BudgetInfo, Manifest, Scope, SymbolInfo, TierInfo, Window};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Text {
    schema: u32,
    name: String,
    version: String,
    account_currency: String,
    reasons: Vec<String>,
    rules: Vec<String>,
    tiers: Vec<TierText>,
    budgets: Vec<BudgetText>,
    symbols: Vec<SymbolText>,
}

#[derive(Serialize, Deserialize)]
struct TierText {
    name: String,
    intent: String,
    size: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct BudgetText {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    orders: Option<u32>,
    window: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    zone: String,
    scope: String,
}

#[derive(Serialize, Deserialize)]
struct SymbolText {
    name: String,
    shortable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_quantity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_notional: Option<String>,
}

const WINDOWS: [(&str, Window); 4] = [
    ("none", Window::None),
    ("hour", Window::Hour),
    ("day", Window::Day),
    ("week", Window::Week),
];
const ROLLING: &str = "rolling";
const SCOPES: [(&str, Scope); 3] = [
    ("all", Scope::All),
    ("symbol", Scope::Symbol),
    ("strategy", Scope::Strategy),
];

/// The manifest as JSON.
pub(crate) fn to_json(manifest: &Manifest) -> String {
    let text = Text {
        schema: manifest.schema,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        account_currency: manifest.account_currency.clone(),
        reasons: manifest.reasons.clone(),
        rules: manifest.rules.clone(),
        tiers: manifest.tiers.iter().map(tier_text).collect(),
        budgets: manifest.budgets.iter().map(budget_text).collect(),
        symbols: manifest.symbols.iter().map(symbol_text).collect(),
    };
    // Strings and numbers alone: it cannot fail.
    serde_json::to_string(&text).unwrap_or_default()
}

/// The manifest of a JSON text; `None` for one that was not written by [`to_json`].
pub(crate) fn of_json(text: &str) -> Option<Manifest> {
    let text: Text = serde_json::from_str(text).ok()?;
    Some(Manifest {
        schema: text.schema,
        name: text.name,
        version: text.version,
        account_currency: text.account_currency,
        reasons: text.reasons,
        rules: text.rules,
        tiers: text.tiers.into_iter().map(tier).collect::<Option<_>>()?,
        budgets: text
            .budgets
            .into_iter()
            .map(budget)
            .collect::<Option<_>>()?,
        symbols: text
            .symbols
            .into_iter()
            .map(symbol)
            .collect::<Option<_>>()?,
        score_thresholds: Vec::new(),
        amount_thresholds: Vec::new(),
    })
}

fn tier_text(tier: &TierInfo) -> TierText {
    TierText {
        name: tier.name.clone(),
        intent: tier.intent.word().to_owned(),
        size: tier.size.to_string(),
        budget: tier.budget,
    }
}

fn tier(text: TierText) -> Option<TierInfo> {
    Some(TierInfo {
        intent: OrderIntent::of_word(&text.intent)?,
        size: text.size.parse().ok()?,
        budget: text.budget,
        name: text.name,
    })
}

fn budget_text(budget: &BudgetInfo) -> BudgetText {
    let seconds = match budget.window {
        Window::Rolling { seconds } => Some(seconds),
        _ => None,
    };
    let window = WINDOWS.iter().find(|(_, window)| *window == budget.window);
    let scope = SCOPES.iter().find(|(_, scope)| *scope == budget.scope);
    BudgetText {
        name: budget.name.clone(),
        amount: budget.amount.map(|amount| amount.to_string()),
        percent: budget.percent.map(|percent| percent.to_string()),
        orders: budget.orders,
        window: window.map_or(ROLLING, |(word, _)| word).to_owned(),
        seconds,
        zone: budget.zone.clone(),
        scope: scope.map_or("all", |(word, _)| word).to_owned(),
    }
}

fn budget(text: BudgetText) -> Option<BudgetInfo> {
    let window = match text.seconds {
        Some(seconds) if text.window == ROLLING => Window::Rolling { seconds },
        _ => {
            WINDOWS
                .into_iter()
                .find(|(word, _)| *word == text.window)?
                .1
        }
    };
    Some(BudgetInfo {
        amount: amount(text.amount)?,
        percent: amount(text.percent)?,
        orders: text.orders,
        window,
        zone: text.zone,
        scope: SCOPES.into_iter().find(|(word, _)| *word == text.scope)?.1,
        name: text.name,
    })
}

fn symbol_text(symbol: &SymbolInfo) -> SymbolText {
    SymbolText {
        name: symbol.name.clone(),
        shortable: symbol.shortable,
        step: symbol.step.map(|step| step.to_string()),
        min_quantity: symbol.min_quantity.map(|least| least.to_string()),
        min_notional: symbol.min_notional.map(|least| least.to_string()),
    }
}

fn symbol(text: SymbolText) -> Option<SymbolInfo> {
    Some(SymbolInfo {
        shortable: text.shortable,
        step: amount(text.step)?,
        min_quantity: amount(text.min_quantity)?,
        min_notional: amount(text.min_notional)?,
        name: text.name,
    })
}

/// An amount that may be absent; the outer `None` is one that is none.
fn amount(text: Option<String>) -> Option<Option<Amount>> {
    match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_comes_back_but_for_its_cuts() {
        let amount = |text: &str| Some(text.parse().unwrap());
        let budget = |name: &str, window, scope| BudgetInfo {
            name: name.to_owned(),
            amount: amount("100.50"),
            percent: None,
            orders: Some(3),
            window,
            zone: "Europe/Madrid".to_owned(),
            scope,
        };
        let mut manifest = Manifest {
            schema: 1,
            name: "default".to_owned(),
            version: "1".to_owned(),
            account_currency: "USDT".to_owned(),
            reasons: vec!["open_long".to_owned()],
            rules: vec!["open".to_owned()],
            tiers: vec![TierInfo {
                name: "pilot".to_owned(),
                intent: OrderIntent::Pilot,
                size: "0.4".parse().unwrap(),
                budget: Some(0),
            }],
            budgets: vec![
                budget("a", Window::None, Scope::All),
                budget("b", Window::Hour, Scope::Symbol),
                budget("c", Window::Day, Scope::Strategy),
                budget("d", Window::Week, Scope::All),
                budget("e", Window::Rolling { seconds: 90 }, Scope::All),
            ],
            symbols: vec![SymbolInfo {
                name: "BTC/USDT".to_owned(),
                shortable: true,
                step: amount("0.001"),
                min_quantity: None,
                min_notional: amount("5"),
            }],
            score_thresholds: vec![(router_guest::manifest::ScoreField::Confidence, 0.5)],
            amount_thresholds: Vec::new(),
        };
        let back = of_json(&to_json(&manifest)).unwrap();
        manifest.score_thresholds.clear();
        assert_eq!(back, manifest);
        for text in ["", "{}", "[]", "{\"schema\":1}"] {
            assert!(of_json(text).is_none(), "{text}");
        }
    }
}
