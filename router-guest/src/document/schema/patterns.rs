//! The reader's decimals, names and spans as regular expressions that every JSON Schema
//! implementation knows: character classes, groups, repeats and lookahead, nothing else.
//!
//! They take all that the reader takes. Where the reader is stricter it compares values, and
//! says so.

/// A decimal that is not negative, exponents allowed.
pub(super) const DECIMAL: &str = r"(?:[0-9]+(?:\.[0-9]+)?|-0+(?:\.0+)?)(?:[eE][+-]?[0-9]+)?";
/// A score: a decimal of either sign that ends with a digit.
pub(super) const SCORE: &str = r"-?[0-9]+(?:\.[0-9]+|(?:\.[0-9]*)?[eE][+-]?[0-9]+)?";
/// A score that is not negative.
pub(super) const SCORE_NOT_NEGATIVE: &str = concat!(
    r"(?:[0-9]+(?:\.[0-9]+|(?:\.[0-9]*)?[eE][+-]?[0-9]+)?",
    r"|-0+(?:\.0+|(?:\.0*)?[eE][+-]?[0-9]+)?)"
);
/// Somewhere before the exponent stands a digit other than 0.
pub(super) const ABOVE_ZERO: &str = r"(?=[0.]*[1-9])";
/// A character of a name from outside: anything but control characters.
pub(super) const NAME_CHARACTER: &str = r"[^\x00-\x1f\x7f-\x9f]";

/// The whole text is this.
pub(super) fn whole(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

/// One of these.
pub(super) fn either<'p>(patterns: impl IntoIterator<Item = &'p str>) -> String {
    let patterns: Vec<_> = patterns.into_iter().collect();
    format!("(?:{})", patterns.join("|"))
}

/// A lower-case word of so many bytes at most.
pub(super) fn own_name(bytes_max: usize) -> String {
    format!("[a-z][a-z0-9_-]{{0,{}}}", bytes_max.saturating_sub(1))
}

/// A whole number from 0 to the most, leading zeros allowed.
pub(super) fn whole_number(most: u32) -> String {
    let digits = most.to_string();
    let mut alternatives = Vec::new();
    // Numbers that first fall short of the most at this place, whatever stands behind it.
    for (at, digit) in digits.bytes().enumerate() {
        let behind = digits.len() - at - 1;
        let before = digits.get(..at).unwrap_or_default();
        // 0 in the first of several places is a shorter number.
        let least = if at == 0 && behind > 0 { b'1' } else { b'0' };
        if digit > least {
            let below = char::from(digit - 1);
            alternatives.push(format!(
                "{before}[{}-{below}]{}",
                char::from(least),
                any_digits(behind)
            ));
        }
    }
    if let Some(shorter) = digits.len().checked_sub(1).filter(|shorter| *shorter > 0) {
        alternatives.push(format!("[0-9]{{1,{shorter}}}"));
    }
    alternatives.push(digits);
    format!("0*{}", either(alternatives.iter().map(String::as_str)))
}

fn any_digits(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "[0-9]".into(),
        _ => format!("[0-9]{{{count}}}"),
    }
}

/// A span of time above 0 and up to so many days.
pub(super) fn span(days_max: u32) -> String {
    let most = |unit: char, in_a_day: u32| {
        let number = whole_number(days_max.saturating_mul(in_a_day));
        format!("{number}{unit}")
    };
    let units = [
        most('d', 1),
        most('h', 24),
        most('m', 24 * 60),
        most('s', 24 * 60 * 60),
    ];
    format!("(?=0*[1-9]){}", either(units.iter().map(String::as_str)))
}

/// A percentage above 0 and at most 100, with its sign.
pub(super) fn share() -> String {
    let plain = r"0*(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)";
    // What an exponent makes of it is a value's to say.
    let exponent = r"[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+";
    format!(r"{ABOVE_ZERO}{}\s*%", either([plain, exponent]))
}

/// A test of a number that is written so: comparisons, a range, and these words.
pub(super) fn number_test(number: &str, words: &[&str]) -> String {
    let low = format!(r">=?\s*{number}");
    let high = format!(r"<=?\s*{number}");
    let between = [
        low.clone(),
        high.clone(),
        format!(r"{low}\s* and \s*{high}"),
        format!(r"{high}\s* and \s*{low}"),
        format!(r"{number}\s*\.\.\s*{number}"),
    ];
    let all = between
        .iter()
        .map(String::as_str)
        .chain(words.iter().copied());
    format!(r"\s*{}\s*", either(all))
}
