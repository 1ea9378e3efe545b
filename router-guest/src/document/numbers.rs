//! Conditions on numbers: `">= 0.55"`, `"< 3"`, `0.3 .. 0.55`, `absent`, `present`.
//!
//! Amounts are compared as written, never through a float. It compares nothing itself.

use super::findings::{Collector, quoted};
use super::reader;
use super::yaml::Entry;
use crate::amount::Amount;
use crate::manifest::{AmountField, ScoreField};
use crate::table::{End, NumberRange, NumberTest};

/// The test that a number is not given.
pub(super) const ABSENT: &str = "absent";
/// The test that a number is given, whatever it is.
pub(super) const PRESENT: &str = "present";

/// Reads the condition on a score or ratio.
pub(super) fn score_test(
    field: ScoreField,
    entry: &Entry,
    findings: &mut Collector,
) -> Option<NumberTest<ScoreField, f64>> {
    let floor = (field == ScoreField::SignalStrength).then_some(0.0);
    let range = range(entry, floor, findings, |number, findings| {
        reader::score(number, entry.value_place(), findings)
    })?;
    Some(NumberTest { field, range })
}

/// Reads the condition on an amount.
pub(super) fn amount_test(
    field: AmountField,
    entry: &Entry,
    findings: &mut Collector,
) -> Option<NumberTest<AmountField, Amount>> {
    let range = range(entry, Some(Amount::ZERO), findings, |number, findings| {
        reader::amount(number, entry.value_place(), findings)
    })?;
    if is_always_given(field) && matches!(range, NumberRange::Absent) {
        let message = format!("`{}` is 0 when not given, never absent", field.word());
        findings.report(entry.value_place(), message);
        return None;
    }
    Some(NumberTest { field, range })
}

/// Whether every request has the amount, so that it is never absent.
pub(super) const fn is_always_given(field: AmountField) -> bool {
    matches!(
        field,
        AmountField::PositionQuantity
            | AmountField::ClosableQuantity
            | AmountField::WorkingOpening
            | AmountField::WorkingClosing
    )
}

/// Reads a range; `floor` is the least value that the number can have.
fn range<N: PartialOrd + Copy>(
    entry: &Entry,
    floor: Option<N>,
    findings: &mut Collector,
    number: impl Fn(&str, &mut Collector) -> Option<N>,
) -> Option<NumberRange<N>> {
    let text = reader::text(entry, findings)?.trim();
    let (low, high) = match text {
        ABSENT => return Some(NumberRange::Absent),
        PRESENT => return Some(NumberRange::Present),
        _ => match text.split_once("..") {
            Some((low, high)) if !low.trim().is_empty() && !high.trim().is_empty() => {
                let low = End::Including(number(low.trim(), findings)?);
                (low, End::Excluding(number(high.trim(), findings)?))
            }
            _ => compared(text, entry, findings, number)?,
        },
    };
    if is_empty(low, high, floor) {
        let message = format!("no number is in {}, so this can never hold", quoted(text));
        findings.report(entry.value_place(), message);
        return None;
    }
    Some(NumberRange::Within { low, high })
}

/// One comparison, or a lower and an upper one joined by `and`.
fn compared<N: Copy>(
    text: &str,
    entry: &Entry,
    findings: &mut Collector,
    number: impl Fn(&str, &mut Collector) -> Option<N>,
) -> Option<(End<N>, End<N>)> {
    let (mut low, mut high) = (End::Open, End::Open);
    for part in text.split(" and ") {
        let part = part.trim();
        let Some((operator, rest)) = [">=", "<=", ">", "<"]
            .iter()
            .find_map(|operator| Some((*operator, part.strip_prefix(operator)?.trim())))
            .filter(|(_, rest)| !rest.is_empty())
        else {
            findings.report(entry.value_place(), no_comparison(text));
            return None;
        };
        let number = number(rest, findings)?;
        let (slot, end) = match operator {
            ">=" => (&mut low, End::Including(number)),
            ">" => (&mut low, End::Excluding(number)),
            "<=" => (&mut high, End::Including(number)),
            _ => (&mut high, End::Excluding(number)),
        };
        if !matches!(slot, End::Open) {
            let message = format!("{} bounds the same end twice", quoted(text));
            findings.report(entry.value_place(), message);
            return None;
        }
        *slot = end;
    }
    Some((low, high))
}

fn no_comparison(text: &str) -> String {
    let shown = quoted(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.starts_with(|first: char| first.is_ascii_digit()) && text.parse::<f64>().is_ok() {
        let number = shown.trim_matches('`');
        return format!(
            "{shown} is no comparison: write \">= {number}\", \"< {number}\" or a range"
        );
    }
    format!(
        "{shown} is no comparison: write one such as \">= 0.55\", \"0.3 .. 0.55\", `absent` or `present`"
    )
}

fn is_empty<N: PartialOrd + Copy>(low: End<N>, high: End<N>, floor: Option<N>) -> bool {
    let low = match (low, floor) {
        (End::Open, Some(floor)) => End::Including(floor),
        (End::Including(number) | End::Excluding(number), Some(floor)) if number < floor => {
            End::Including(floor)
        }
        _ => low,
    };
    match (low, high) {
        (End::Open, _) | (_, End::Open) => false,
        (End::Including(low), End::Including(high)) => low > high,
        (
            End::Including(low) | End::Excluding(low),
            End::Including(high) | End::Excluding(high),
        ) => low >= high,
    }
}
