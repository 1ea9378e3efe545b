//! Windows of time after which a budget's use starts again: `per`.
//!
//! It knows no clock and no calendar; the host does.

use super::advice;
use super::findings::{Collector, quoted};
use super::reader;
use super::yaml::Entry;
use crate::manifest::Window;

/// What `per` can be.
pub(super) const EXAMPLES: &str = "`hour`, `day`, `week`, `none` or a span such as `rolling 24h`";

/// Windows that have a name.
pub(super) const WORDS: [(&str, Window); 4] = [
    ("hour", Window::Hour),
    ("day", Window::Day),
    ("week", Window::Week),
    ("none", Window::None),
];

const SECONDS_A_DAY: u32 = 86_400;
/// A leap year: past it, "never" is what was meant.
pub(super) const ROLLING_DAYS_MAX: u32 = 366;

/// Reads `per`.
pub(super) fn read(entry: &Entry, findings: &mut Collector) -> Option<Window> {
    let text = reader::text(entry, findings)?;
    if let Some((_, window)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Some(*window);
    }
    if let Some(span) = text.strip_prefix("rolling ") {
        return rolling(span.trim(), entry, findings);
    }
    let message = if span_seconds(text).is_some() {
        let rolling = format!("rolling {text}");
        format!("a span of time is rolling: write {}", quoted(&rolling))
    } else {
        let near = match text {
            "hourly" => Some("hour"),
            "daily" => Some("day"),
            "weekly" => Some("week"),
            _ => advice::nearest(text, WORDS.iter().map(|(word, _)| *word)),
        };
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {EXAMPLES}"),
        };
        format!("`per` cannot be {}; {advice}", quoted(text))
    };
    findings.report(entry.value_place(), message);
    None
}

fn rolling(span: &str, entry: &Entry, findings: &mut Collector) -> Option<Window> {
    let seconds = span_seconds(span);
    let window = seconds.and_then(|seconds| {
        let seconds = u32::try_from(seconds).ok()?;
        (1..=ROLLING_DAYS_MAX * SECONDS_A_DAY)
            .contains(&seconds)
            .then_some(Window::Rolling { seconds })
    });
    if window.is_none() {
        let message = match seconds {
            Some(_) => format!(
                "a rolling window is from 1s to {ROLLING_DAYS_MAX}d, not {}",
                quoted(span)
            ),
            None => format!(
                "{} is not a span of time: a whole number and `s`, `m`, `h` or `d`, such as `24h`",
                quoted(span)
            ),
        };
        findings.report(entry.value_place(), message);
    }
    window
}

/// `90m` in seconds; what passes 64 bits is as good as the largest number.
fn span_seconds(span: &str) -> Option<u64> {
    let unit = span.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => u64::from(SECONDS_A_DAY),
        _ => return None,
    };
    let number = span.strip_suffix(unit)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = number.parse::<u64>().unwrap_or(u64::MAX);
    Some(number.saturating_mul(seconds))
}
