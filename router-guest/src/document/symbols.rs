//! The section `symbols`: what the policy knows of each by name.
//!
//! It does not say whether a symbol may be traded; one that is not listed simply has no
//! limits and cannot be shorted.

use super::findings::{Collector, quoted};
use super::reader::{self, Fields};
use super::vocabulary;
use super::yaml::Entry;
use crate::amount::Amount;
use crate::engine::sizing;
use crate::manifest::SymbolInfo;
use crate::table::SYMBOLS_MAX;

/// Reads the section; `shortable` is each symbol's own switch, without the master switch.
pub(super) fn read(section: Option<&Entry>, findings: &mut Collector) -> Vec<SymbolInfo> {
    reader::section(section, SYMBOLS_MAX, findings)
        .iter()
        .filter_map(|entry| symbol(entry, findings))
        .collect()
}

fn symbol(entry: &Entry, findings: &mut Collector) -> Option<SymbolInfo> {
    let name = reader::free_name(&entry.key, entry.place, "the symbol", findings);
    let what = quoted(&entry.key);
    let fields = Fields::read(
        &entry.value,
        entry.value_place(),
        &what,
        &vocabulary::SYMBOL,
        findings,
    )?;
    let allow_short = fields
        .get("allow_short")
        .and_then(|entry| reader::yes_or_no(entry, findings))
        .unwrap_or(false);
    let symbol = SymbolInfo {
        name: name?,
        shortable: allow_short,
        step: positive(&fields, "step", findings),
        min_quantity: positive(&fields, "min_quantity", findings),
        min_notional: positive(&fields, "min_notional", findings),
    };
    check_multiple(&fields, &symbol, findings);
    Some(symbol)
}

fn positive(fields: &Fields<'_>, key: &str, findings: &mut Collector) -> Option<Amount> {
    let entry = fields.get(key)?;
    let text = reader::text(entry, findings)?;
    let amount = reader::amount(text, entry.value_place(), findings)?;
    if amount.is_zero() {
        findings.report(entry.value_place(), format!("`{key}` must be above 0"));
        return None;
    }
    Some(amount)
}

/// A minimum between two steps is one that no order can have.
fn check_multiple(fields: &Fields<'_>, symbol: &SymbolInfo, findings: &mut Collector) {
    let Some(least) = symbol.min_quantity else {
        return;
    };
    let step = symbol.step.unwrap_or_else(sizing::default_step);
    if let Some(entry) = fields.get("min_quantity")
        && least.div_down_to_step(Amount::ONE, step) != Some(least)
    {
        let message = format!("`min_quantity` {least} is not a multiple of the step {step}");
        findings.report(entry.value_place(), message);
    }
}
