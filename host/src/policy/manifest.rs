//! A policy's manifest as it comes out of the sandbox, made into the crate's own type and
//! checked: everything that the host relies on later, so that nothing has to be checked twice.

use std::collections::HashSet;

use router_guest::amount::Amount;
use router_guest::decision::OrderIntent;
use router_guest::manifest::{
    AmountField, BudgetInfo, MANIFEST_SCHEMA, Manifest, Scope, ScoreField, SymbolInfo, TierInfo,
    Window,
};
use router_guest::table::{
    BUDGETS_MAX, REASONS_MAX, RULES_MAX, SYMBOLS_MAX, TABLE_NAME_BYTES_MAX, TIERS_MAX,
};

use super::answer;
use crate::bindings::v0_1_0::exports::execution_router::policy::routing as wit;

/// Cuts through the ranges of scores, and of amounts.
const THRESHOLDS_MAX: usize = 65_536;
/// A rolling window's length, as in policy documents.
const ROLLING_SECONDS_MAX: u32 = 366 * 24 * 60 * 60;

type Checked<T> = Result<T, String>;

/// The manifest of the interface's record, checked.
pub(super) fn of(described: wit::Manifest) -> Checked<Manifest> {
    let tiers = described.tiers.into_iter().map(tier);
    let budgets = described.budgets.into_iter().map(budget);
    let symbols = described.symbols.into_iter().map(symbol);
    let scores = described.score_thresholds.iter();
    let amounts = described.amount_thresholds.iter().map(|threshold| {
        let value = amount(threshold.value, || "an amount's threshold".into())?;
        Ok((amount_field(threshold.field), value))
    });
    Ok(Manifest {
        schema: described.schema,
        name: described.name,
        version: described.version,
        account_currency: described.account_currency,
        reasons: described.reasons,
        rules: described.rules,
        tiers: tiers.collect::<Checked<_>>()?,
        budgets: budgets.collect::<Checked<_>>()?,
        symbols: symbols.collect::<Checked<_>>()?,
        score_thresholds: scores
            .map(|threshold| (score_field(threshold.field), threshold.value))
            .collect(),
        amount_thresholds: amounts.collect::<Checked<_>>()?,
    })
}

/// Everything that a host relies on; the first fault.
pub(super) fn check(manifest: &Manifest) -> Checked<()> {
    ensure(manifest.schema == MANIFEST_SCHEMA, || {
        format!(
            "its schema is {}, and this host reads {MANIFEST_SCHEMA}",
            manifest.schema
        )
    })?;
    check_name("name", &manifest.name)?;
    check_name("version", &manifest.version)?;
    check_name("account currency", &manifest.account_currency)?;
    check_names("reason", manifest.reasons.iter(), REASONS_MAX)?;
    check_names("rule", manifest.rules.iter(), RULES_MAX)?;
    check_names(
        "tier",
        manifest.tiers.iter().map(|tier| &tier.name),
        TIERS_MAX,
    )?;
    check_names(
        "budget",
        manifest.budgets.iter().map(|budget| &budget.name),
        BUDGETS_MAX,
    )?;
    check_names(
        "symbol",
        manifest.symbols.iter().map(|symbol| &symbol.name),
        SYMBOLS_MAX,
    )?;
    manifest
        .tiers
        .iter()
        .try_for_each(|tier| check_tier(tier, manifest.budgets.len()))?;
    manifest.budgets.iter().try_for_each(check_budget)?;
    manifest.symbols.iter().try_for_each(check_symbol)?;
    let thresholds = manifest
        .score_thresholds
        .len()
        .max(manifest.amount_thresholds.len());
    ensure(thresholds <= THRESHOLDS_MAX, || {
        format!("it has {thresholds} thresholds, and {THRESHOLDS_MAX} are the bound")
    })?;
    let finite = manifest
        .score_thresholds
        .iter()
        .all(|(_, value)| value.is_finite());
    ensure(finite, || "a score's threshold is not finite".into())
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Checked<()> {
    if holds { Ok(()) } else { Err(message()) }
}

fn check_names<'a>(
    what: &str,
    names: impl ExactSizeIterator<Item = &'a String>,
    count_max: usize,
) -> Checked<()> {
    let count = names.len();
    ensure(count <= count_max, || {
        format!("it has {count} of {what}, and {count_max} are the bound")
    })?;
    let mut seen = HashSet::with_capacity(count);
    for name in names {
        check_name(what, name)?;
        ensure(seen.insert(name), || {
            format!("the {what} `{name}` stands twice")
        })?;
    }
    Ok(())
}

fn check_name(what: &str, name: &str) -> Checked<()> {
    let fits = (1..=TABLE_NAME_BYTES_MAX).contains(&name.len());
    ensure(fits && !name.chars().any(char::is_control), || {
        format!(
            "the {what} `{}` must have 1 to {TABLE_NAME_BYTES_MAX} bytes, and no control characters",
            name.escape_debug()
                .take(TABLE_NAME_BYTES_MAX)
                .collect::<String>()
        )
    })
}

fn check_tier(tier: &TierInfo, budgets: usize) -> Checked<()> {
    let name = &tier.name;
    ensure(!tier.size.is_zero() && tier.size <= Amount::ONE, || {
        format!("the size of tier `{name}` must be above 0 and at most 1")
    })?;
    let opens = matches!(tier.intent, OrderIntent::Normal) || tier.intent.charges_budget();
    ensure(opens, || {
        format!("tier `{name}` has an intent that only closes")
    })?;
    let exists = tier.budget.is_none_or(|budget| (budget as usize) < budgets);
    ensure(exists, || {
        format!("tier `{name}` names a budget that there is not")
    })
}

fn check_budget(budget: &BudgetInfo) -> Checked<()> {
    let name = &budget.name;
    let limited = budget.amount.is_some() || budget.percent.is_some() || budget.orders.is_some();
    ensure(limited, || format!("budget `{name}` has no limit"))?;
    if let Window::Rolling { seconds } = budget.window {
        ensure((1..=ROLLING_SECONDS_MAX).contains(&seconds), || {
            format!("the window of budget `{name}` must have 1 to {ROLLING_SECONDS_MAX} seconds")
        })?;
    }
    let calendar = matches!(budget.window, Window::Hour | Window::Day | Window::Week);
    let known = jiff::tz::TimeZoneDatabase::bundled()
        .get(&budget.zone)
        .is_ok();
    ensure(known || (!calendar && budget.zone.is_empty()), || {
        format!(
            "budget `{name}` has the time zone `{}`, which is not known",
            budget.zone
        )
    })
}

fn check_symbol(symbol: &SymbolInfo) -> Checked<()> {
    let amounts = [symbol.step, symbol.min_quantity, symbol.min_notional];
    let above = amounts.iter().flatten().all(|amount| !amount.is_zero());
    ensure(above, || {
        format!(
            "step and minimums of symbol `{}` must be above 0",
            symbol.name
        )
    })
}

fn amount(decimal: wit::Decimal, what: impl FnOnce() -> String) -> Checked<Amount> {
    answer::amount(decimal, "amount")
        .map_err(|_| format!("{} has more than 28 digits or places", what()))
}

fn optional(
    decimal: Option<wit::Decimal>,
    what: impl FnOnce() -> String,
) -> Checked<Option<Amount>> {
    decimal.map(|decimal| amount(decimal, what)).transpose()
}

fn tier(tier: wit::Tier) -> Checked<TierInfo> {
    let size = amount(tier.size, || format!("the size of tier `{}`", tier.name))?;
    let intent = answer::intent(tier.intent);
    Ok(TierInfo {
        name: tier.name,
        intent,
        size,
        budget: tier.budget,
    })
}

fn budget(budget: wit::Budget) -> Checked<BudgetInfo> {
    let limit = || format!("a limit of budget `{}`", budget.name);
    Ok(BudgetInfo {
        amount: optional(budget.amount, limit)?,
        percent: optional(budget.percent, limit)?,
        orders: budget.orders,
        window: match budget.window {
            wit::Window::None => Window::None,
            wit::Window::Hour => Window::Hour,
            wit::Window::Day => Window::Day,
            wit::Window::Week => Window::Week,
            wit::Window::Rolling => Window::Rolling {
                seconds: budget.seconds,
            },
        },
        scope: match budget.scope {
            wit::Scope::All => Scope::All,
            wit::Scope::Symbol => Scope::Symbol,
            wit::Scope::Strategy => Scope::Strategy,
        },
        name: budget.name,
        zone: budget.zone,
    })
}

fn symbol(symbol: wit::Symbol) -> Checked<SymbolInfo> {
    let what = || format!("an amount of symbol `{}`", symbol.name);
    Ok(SymbolInfo {
        shortable: symbol.shortable,
        step: optional(symbol.step, what)?,
        min_quantity: optional(symbol.min_quantity, what)?,
        min_notional: optional(symbol.min_notional, what)?,
        name: symbol.name,
    })
}

const fn score_field(field: wit::ScoreField) -> ScoreField {
    match field {
        wit::ScoreField::SignalScore => ScoreField::SignalScore,
        wit::ScoreField::SignalStrength => ScoreField::SignalStrength,
        wit::ScoreField::Confidence => ScoreField::Confidence,
        wit::ScoreField::RiskRewardRatio => ScoreField::RiskRewardRatio,
    }
}

const fn amount_field(field: wit::AmountField) -> AmountField {
    match field {
        wit::AmountField::PositionQuantity => AmountField::PositionQuantity,
        wit::AmountField::ClosableQuantity => AmountField::ClosableQuantity,
        wit::AmountField::CloseQuantity => AmountField::CloseQuantity,
        wit::AmountField::WorkingOpening => AmountField::WorkingOpening,
        wit::AmountField::WorkingClosing => AmountField::WorkingClosing,
        wit::AmountField::Price => AmountField::Price,
        wit::AmountField::TargetNotional => AmountField::TargetNotional,
        wit::AmountField::Equity => AmountField::Equity,
        wit::AmountField::QuoteRate => AmountField::QuoteRate,
        wit::AmountField::StopLoss => AmountField::StopLoss,
        wit::AmountField::TakeProfit => AmountField::TakeProfit,
    }
}
