//! Values of a configuration, as the bot reads them: switches, decimals, whole numbers, shares.
//!
//! A text in quotes is no number and no switch to a bot, so it is none here. It knows no key.

use std::str::FromStr;

use router_guest::amount::Amount;

use super::tree::{NodeId, Tree, Value};
use super::{BudgetUnit, shown};

/// Up to this much of equity, a number below 1 is read as a fraction; above it, as far as 1, it
/// is asked what is meant, because 0.5 may be half a percent or half of everything.
pub const FRACTION_MAX_PERCENT: u64 = 20;

/// A plain text, or why the value is none. The message continues "`key` …".
fn plain(tree: &Tree, value: NodeId) -> Result<&str, String> {
    let node = tree.node(value).ok_or("is missing")?;
    if let Some(tag) = &node.tag {
        return Err(format!(
            "is made by the tag `{}`: write the value itself",
            shown(tag)
        ));
    }
    match &node.value {
        Value::Text { text, plain: true } => Ok(text),
        Value::Text { text, .. } => Err(format!(
            "is a text in quotes, `{}`: write it without",
            shown(text)
        )),
        Value::List(_) => Err("must be a single value, not a list".into()),
        Value::Map(_) => Err("must be a single value, not a map".into()),
    }
}

/// The words for yes and no that YAML 1.1 has, which most bots' readers follow.
pub(super) fn switch(tree: &Tree, value: NodeId) -> Result<bool, String> {
    let text = plain(tree, value)?;
    let lower = text.to_lowercase();
    let cased = |word: &str| {
        let mut capitalized = word.to_owned();
        if let Some(first) = capitalized.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text == word || text == word.to_uppercase() || text == capitalized
    };
    match lower.as_str() {
        "true" | "yes" | "on" if cased(&lower) => Ok(true),
        "false" | "no" | "off" if cased(&lower) => Ok(false),
        _ => Err(format!("must be `true` or `false`, not `{}`", shown(text))),
    }
}

/// A decimal that is not negative, exactly as written.
pub(super) fn decimal(tree: &Tree, value: NodeId) -> Result<Amount, String> {
    let text = plain(tree, value)?;
    number(text)
}

fn number(text: &str) -> Result<Amount, String> {
    let lower = text.trim_start_matches(['+', '-']).to_lowercase();
    if matches!(lower.as_str(), ".nan" | "nan" | ".inf" | "inf" | "infinity") {
        return Err(format!("must be a finite number, not `{}`", shown(text)));
    }
    // YAML also writes `.5`, `5.` and `+5`.
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (sign, digits) = match unsigned.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", unsigned),
    };
    let led = if digits.starts_with('.') { "0" } else { "" };
    let written = format!("{sign}{led}{}", digits.strip_suffix('.').unwrap_or(digits));
    match Amount::from_str(&written) {
        Ok(amount) => Ok(amount.normalized()),
        Err(router_guest::amount::AmountError::NotADecimal) => {
            Err(format!("must be a number, not `{}`", shown(text)))
        }
        Err(router_guest::amount::AmountError::Negative) => {
            Err(format!("must not be negative, and is `{}`", shown(text)))
        }
        Err(error) => Err(format!("{error}: `{}`", shown(text))),
    }
}

/// A whole number of 0 or more.
pub(super) fn whole(tree: &Tree, value: NodeId) -> Result<u32, String> {
    let text = plain(tree, value)?;
    let wanted = || format!("must be a whole number up to {}", u32::MAX);
    number(text)?;
    let digits = text.strip_prefix('+').unwrap_or(text);
    // `010` is 8 to some of YAML's readers and 10 to others.
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(format!("{}, without leading zeros", wanted()));
    }
    digits
        .parse()
        .map_err(|_| format!("{}, not `{}`", wanted(), shown(text)))
}

/// A budget in percent of equity, and what should be known of how it was read.
pub(super) fn budget(
    tree: &Tree,
    value: NodeId,
    unit: Option<BudgetUnit>,
) -> Result<(Amount, Option<String>), String> {
    let (percent, note) = match percentage(tree, value) {
        Some(percent) => (percent?, None),
        None => {
            let written = decimal(tree, value)?;
            let (unit, note) = match unit {
                Some(unit) => (unit, None),
                None => told(written)?,
            };
            let percent = match unit {
                BudgetUnit::Percent => written,
                BudgetUnit::Fraction => in_percent(written)?,
            };
            (percent, note)
        }
    };
    if percent > Amount::whole(100) {
        return Err(format!("is {percent}% of equity, more than there is"));
    }
    Ok((percent, note))
}

/// The unit that the number itself tells.
fn told(written: Amount) -> Result<(BudgetUnit, Option<String>), String> {
    if written.is_zero() {
        return Ok((BudgetUnit::Percent, None));
    }
    if written > Amount::ONE {
        let note = "a number above 1 is read as percent".into();
        return Ok((BudgetUnit::Percent, Some(note)));
    }
    let percent = in_percent(written)?;
    if percent <= Amount::whole(FRACTION_MAX_PERCENT) {
        let note = format!(
            "a number up to {} is read as a fraction",
            Amount::new(u128::from(FRACTION_MAX_PERCENT), 2)
                .map_or_else(String::new, |fraction| fraction.normalized().to_string())
        );
        return Ok((BudgetUnit::Fraction, Some(note)));
    }
    Err(format!(
        "{written} may be {written}% or {percent}% of equity: say which with `--percent` or `--fraction`"
    ))
}

/// A share of another size, above 0 and at most 1, in percent.
pub(super) fn share(tree: &Tree, value: NodeId) -> Result<Amount, String> {
    let percent = match percentage(tree, value) {
        Some(percent) => percent?,
        None => in_percent(decimal(tree, value)?)?,
    };
    if percent.is_zero() {
        return Err("is 0, and would open nothing: write `enabled: false` instead".into());
    }
    if percent > Amount::whole(100) {
        return Err(
            "is above 1: an order is never larger than its target; half of it is `0.5`".into(),
        );
    }
    Ok(percent)
}

/// `3%`, in quotes or not; `None` when there is no such sign.
fn percentage(tree: &Tree, value: NodeId) -> Option<Result<Amount, String>> {
    tree.node(value).filter(|node| node.tag.is_none())?;
    let text = tree.text(value)?.trim();
    Some(number(text.strip_suffix('%')?.trim_end()))
}

fn in_percent(fraction: Amount) -> Result<Amount, String> {
    let percent = fraction.mul_down(Amount::whole(100));
    percent
        .map(|percent| percent.normalized())
        .ok_or_else(|| "has too many digits".into())
}
