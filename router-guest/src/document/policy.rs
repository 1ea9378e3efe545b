//! The checked policy: every section read and found sound, names still words.
//!
//! It orders the sections' readers and holds what they found. It resolves nothing to an
//! index: that is `lower`.

use super::budgets;
use super::findings::{Collector, Place, quoted};
use super::reader::{self, Fields};
use super::routes;
use super::symbols;
use super::tiers;
use super::vocabulary;
use super::yaml::Node;
use crate::amount::Amount;
use crate::decision::OrderIntent;
use crate::manifest::{BudgetInfo, SymbolInfo};
use crate::table::{Clause, TIERS_MAX};

/// What a document says.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) account_currency: String,
    /// The master switch of shorting.
    pub(super) short_enabled: bool,
    /// `shortable` is each symbol's own switch.
    pub(super) symbols: Vec<SymbolInfo>,
    pub(super) tiers: Vec<Tier>,
    pub(super) budgets: Vec<BudgetInfo>,
    pub(super) routes: Vec<Route>,
}

/// A tier whose budget, if any, exists.
#[derive(Debug)]
pub(super) struct Tier {
    pub(super) name: String,
    pub(super) intent: OrderIntent,
    pub(super) size: Amount,
    pub(super) budget: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) risk_reward: Option<f64>,
    pub(super) confidence: Option<f64>,
}

/// What routes must know of the tiers.
#[derive(Debug)]
pub(super) struct KnownTiers<'d> {
    /// Their names as written, by index.
    pub(super) names: Vec<&'d str>,
    /// The tiers, when nothing is wrong with any.
    pub(super) sound: Option<&'d [Tier]>,
}

/// A route whose clauses can each hold.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) clauses: Vec<Clause>,
    pub(super) verb: Verb,
}

/// What a route does.
#[derive(Debug)]
pub(super) enum Verb {
    Skip {
        reason: String,
    },
    /// Without a reason of its own it gives `close_long` and `close_short`.
    Close {
        reason: Option<String>,
    },
    /// Without a reason of its own it gives `open_long` and `open_short`.
    Open {
        reason: Option<String>,
    },
}

impl Policy {
    /// Reads and checks every section, so that one reading shows everything that is wrong;
    /// `None` when anything is.
    pub(super) fn read(root: &Node, findings: &mut Collector) -> Option<Self> {
        let fields = Fields::read(
            root,
            root.place,
            "a policy",
            &vocabulary::SECTIONS,
            findings,
        )?;
        for key in vocabulary::SECTIONS_REQUIRED {
            if fields.get(key).is_none() {
                findings.report(root.place, format!("the key `{key}` is missing"));
            }
        }
        let name = heading(&fields, "name", "the name", findings);
        let version = heading(&fields, "version", "the version", findings);
        let account_currency = account_currency(&fields, findings);
        let short_enabled = short_enabled(&fields, findings);
        let symbols = symbols::read(fields.get("symbols"), findings);
        let budgets = budgets::read(fields.get("budgets"), account_currency.as_deref(), findings);
        let before = findings.count();
        let tiers = tiers::read(fields.get("tiers"), fields.get("budgets"), findings);
        let known = KnownTiers {
            names: reader::keys(fields.get("tiers"), TIERS_MAX),
            // Nothing is concluded from a section with faults; they are reported already.
            sound: (findings.count() == before).then_some(tiers.as_slice()),
        };
        let routes = match fields.get("routes") {
            Some(entry) => routes::read(entry, &known, findings),
            None => Vec::new(),
        };
        if !findings.is_empty() {
            return None;
        }
        Some(Self {
            name: name?,
            version: version?,
            account_currency: account_currency?,
            short_enabled,
            symbols,
            tiers,
            budgets,
            routes,
        })
    }
}

fn heading(fields: &Fields<'_>, key: &str, what: &str, findings: &mut Collector) -> Option<String> {
    let entry = fields.get(key)?;
    let text = reader::text(entry, findings)?;
    reader::free_name(text, entry.value_place(), what, findings)
}

fn account_currency(fields: &Fields<'_>, findings: &mut Collector) -> Option<String> {
    let entry = fields.get("account_currency")?;
    let text = reader::text(entry, findings)?;
    let code = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let upper = text.to_uppercase();
    // It is compared with the quote part of symbols, where `usdt` would never be `USDT`.
    if !code(text) && code(&upper) {
        let message = format!(
            "a currency is written in capitals: {}, not {}",
            quoted(&upper),
            quoted(text)
        );
        findings.report(entry.value_place(), message);
        return None;
    }
    if !code(text) {
        let message = format!(
            "the currency {} must be a code of capitals and digits, such as `USDT`",
            quoted(text)
        );
        findings.report(entry.value_place(), message);
        return None;
    }
    reader::free_name(text, entry.value_place(), "the currency", findings)
}

/// The master switch of shorting; off unless it is switched on.
fn short_enabled(fields: &Fields<'_>, findings: &mut Collector) -> bool {
    let Some(entry) = fields.get("risk").filter(|entry| !entry.value.is_nothing()) else {
        return false;
    };
    let place = entry.value_place();
    Fields::read(&entry.value, place, "`risk`", &vocabulary::RISK, findings)
        .and_then(|risk| reader::yes_or_no(risk.get("short_enabled")?, findings))
        .unwrap_or(false)
}
