//! A policy's manifest as JSON: what a store keeps of it beside the component, so that what was
//! decided can be read without running anything.

use router_guest::amount::Amount;
use router_guest::decision::OrderIntent;
use router_guest::manifest::{
    AmountField, BudgetInfo, Manifest, Scope, ScoreField, SymbolInfo, TierInfo, Window,
};
use serde::{Deserialize, Serialize};

/// The names behind a decision's indexes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    reasons: Vec<String>,
    rules: Vec<String>,
    budgets: Vec<String>,
}

impl Names {
    /// Those of a policy.
    pub fn of(manifest: &Manifest) -> Self {
        let budgets = manifest.budgets.iter();
        Self {
            reasons: manifest.reasons.clone(),
            rules: manifest.rules.clone(),
            budgets: budgets.map(|budget| budget.name.clone()).collect(),
        }
    }

    /// A reason; empty for one that there is not.
    pub fn reason(&self, index: u32) -> &str {
        listed(&self.reasons, index)
    }

    /// A rule.
    pub fn rule(&self, index: u32) -> &str {
        listed(&self.rules, index)
    }

    /// A budget.
    pub fn budget(&self, index: u32) -> &str {
        listed(&self.budgets, index)
    }
}

fn listed(names: &[String], index: u32) -> &str {
    let at = usize::try_from(index).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}

/// Why a text is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no manifest: {what}")]
pub struct ManifestError {
    what: String,
}

/// The manifest as one JSON object; [`from_json`] reads it.
pub fn to_json(manifest: &Manifest) -> String {
    // Strings, numbers and lists alone: it cannot fail.
    serde_json::to_string(&Written::of(manifest)).unwrap_or_default()
}

/// Reads what [`to_json`] wrote.
///
/// # Errors
/// [`ManifestError`].
pub fn from_json(text: &str) -> Result<Manifest, ManifestError> {
    let written: Written = serde_json::from_str(text).map_err(|error| ManifestError {
        what: error.to_string(),
    })?;
    written.manifest()
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    schema: u32,
    name: String,
    version: String,
    account_currency: String,
    reasons: Vec<String>,
    rules: Vec<String>,
    tiers: Vec<Tier>,
    budgets: Vec<Budget>,
    symbols: Vec<Symbol>,
    score_thresholds: Vec<(String, f64)>,
    amount_thresholds: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tier {
    name: String,
    intent: String,
    size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Budget {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<u32>,
    window: WindowText,
    zone: String,
    scope: ScopeText,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WindowText {
    None,
    Hour,
    Day,
    Week,
    RollingSeconds(u32),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ScopeText {
    All,
    Symbol,
    Strategy,
}

#[derive(Debug, Serialize, Deserialize)]
struct Symbol {
    name: String,
    shortable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_quantity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_notional: Option<String>,
}

fn text(amount: Option<Amount>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

fn amount(text: &str) -> Result<Amount, ManifestError> {
    text.parse().map_err(|error| ManifestError {
        what: format!("`{}` {error}", text.escape_debug()),
    })
}

fn amount_if(text: Option<&String>) -> Result<Option<Amount>, ManifestError> {
    text.map(|text| amount(text)).transpose()
}

fn unknown(what: &str, word: &str) -> ManifestError {
    ManifestError {
        what: format!("`{}` is no {what}", word.escape_debug()),
    }
}

impl Written {
    fn of(manifest: &Manifest) -> Self {
        let scores = manifest.score_thresholds.iter();
        let amounts = manifest.amount_thresholds.iter();
        Self {
            schema: manifest.schema,
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            account_currency: manifest.account_currency.clone(),
            reasons: manifest.reasons.clone(),
            rules: manifest.rules.clone(),
            tiers: manifest.tiers.iter().map(Tier::of).collect(),
            budgets: manifest.budgets.iter().map(Budget::of).collect(),
            symbols: manifest.symbols.iter().map(Symbol::of).collect(),
            score_thresholds: scores
                .map(|(field, value)| (field.word().to_owned(), *value))
                .collect(),
            amount_thresholds: amounts
                .map(|(field, value)| (field.word().to_owned(), value.to_string()))
                .collect(),
        }
    }

    fn manifest(self) -> Result<Manifest, ManifestError> {
        let score = |(word, value): &(String, f64)| {
            let field = ScoreField::ALL
                .into_iter()
                .find(|field| field.word() == word);
            Ok((field.ok_or_else(|| unknown("score", word))?, *value))
        };
        let threshold = |(word, value): &(String, String)| {
            let field = AmountField::ALL
                .into_iter()
                .find(|field| field.word() == word);
            Ok((
                field.ok_or_else(|| unknown("amount", word))?,
                amount(value)?,
            ))
        };
        Ok(Manifest {
            score_thresholds: collected(&self.score_thresholds, score)?,
            amount_thresholds: collected(&self.amount_thresholds, threshold)?,
            tiers: collected(&self.tiers, Tier::info)?,
            budgets: collected(&self.budgets, Budget::info)?,
            symbols: collected(&self.symbols, Symbol::info)?,
            schema: self.schema,
            name: self.name,
            version: self.version,
            account_currency: self.account_currency,
            reasons: self.reasons,
            rules: self.rules,
        })
    }
}

fn collected<W, T>(
    written: &[W],
    read: impl Fn(&W) -> Result<T, ManifestError>,
) -> Result<Vec<T>, ManifestError> {
    written.iter().map(read).collect()
}

impl Tier {
    fn of(info: &TierInfo) -> Self {
        Self {
            name: info.name.clone(),
            intent: info.intent.word().to_owned(),
            size: info.size.to_string(),
            budget: info.budget,
        }
    }

    fn info(&self) -> Result<TierInfo, ManifestError> {
        let intent = OrderIntent::of_word(&self.intent);
        Ok(TierInfo {
            name: self.name.clone(),
            intent: intent.ok_or_else(|| unknown("intent", &self.intent))?,
            size: amount(&self.size)?,
            budget: self.budget,
        })
    }
}

impl Budget {
    fn of(info: &BudgetInfo) -> Self {
        Self {
            name: info.name.clone(),
            amount: text(info.amount),
            percent: text(info.percent),
            orders: info.orders,
            window: match info.window {
                Window::None => WindowText::None,
                Window::Hour => WindowText::Hour,
                Window::Day => WindowText::Day,
                Window::Week => WindowText::Week,
                Window::Rolling { seconds } => WindowText::RollingSeconds(seconds),
            },
            zone: info.zone.clone(),
            scope: match info.scope {
                Scope::All => ScopeText::All,
                Scope::Symbol => ScopeText::Symbol,
                Scope::Strategy => ScopeText::Strategy,
            },
        }
    }

    fn info(&self) -> Result<BudgetInfo, ManifestError> {
        Ok(BudgetInfo {
            name: self.name.clone(),
            amount: amount_if(self.amount.as_ref())?,
            percent: amount_if(self.percent.as_ref())?,
            orders: self.orders,
            window: match self.window {
                WindowText::None => Window::None,
                WindowText::Hour => Window::Hour,
                WindowText::Day => Window::Day,
                WindowText::Week => Window::Week,
                WindowText::RollingSeconds(seconds) => Window::Rolling { seconds },
            },
            zone: self.zone.clone(),
            scope: match self.scope {
                ScopeText::All => Scope::All,
                ScopeText::Symbol => Scope::Symbol,
                ScopeText::Strategy => Scope::Strategy,
            },
        })
    }
}

impl Symbol {
    fn of(info: &SymbolInfo) -> Self {
        Self {
            name: info.name.clone(),
            shortable: info.shortable,
            step: text(info.step),
            min_quantity: text(info.min_quantity),
            min_notional: text(info.min_notional),
        }
    }

    fn info(&self) -> Result<SymbolInfo, ManifestError> {
        Ok(SymbolInfo {
            name: self.name.clone(),
            shortable: self.shortable,
            step: amount_if(self.step.as_ref())?,
            min_quantity: amount_if(self.min_quantity.as_ref())?,
            min_notional: amount_if(self.min_notional.as_ref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use router_guest::document::Document;

    use super::*;
    use crate::policy::DEFAULT_DOCUMENT;

    fn default_manifest() -> Manifest {
        let document = Document::parse(DEFAULT_DOCUMENT).unwrap();
        document.table().manifest()
    }

    #[test]
    fn comes_back_whole() {
        let mut manifest = default_manifest();
        let seconds = 90;
        manifest.budgets[0].window = Window::Rolling { seconds };
        manifest.symbols[0].step = Some("0.001".parse().unwrap());
        let text = to_json(&manifest);
        assert_eq!(from_json(&text).unwrap(), manifest);
        assert!(
            text.contains(r#""window":{"rolling_seconds":90}"#),
            "{text}"
        );
    }

    #[test]
    fn refuses_what_it_did_not_write() {
        let text = to_json(&default_manifest());
        for (from, to, expected) in [
            (
                r#""intent":"pilot""#,
                r#""intent":"p""#,
                "it is no manifest: `p` is no intent",
            ),
            (
                r#""size":"0.4""#,
                r#""size":"x""#,
                "it is no manifest: `x` is not a decimal",
            ),
        ] {
            assert!(text.contains(from), "{text}");
            let changed = text.replace(from, to);
            assert_eq!(from_json(&changed).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn names_stand_behind_indexes() {
        let names = Names::of(&default_manifest());
        assert_eq!(names.budget(0), "exploration");
        assert_eq!(names.reason(u32::MAX), "");
    }
}
