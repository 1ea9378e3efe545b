//! Numbers next to one that is written: by a unit of its last place, and by the least that the
//! kind of number can differ by.

use router_guest::amount::Amount;

/// Digits of an amount at most.
const DIGITS_MAX: usize = 28;

/// The number with a unit of its last written place added, and taken away; what stands around
/// it (a sign of percent, a currency) stays.
pub(super) fn by_a_unit(text: &str) -> Vec<String> {
    let (number, rest) = split(text);
    let places = places(number);
    let Ok(digits) = number.replace('.', "").parse::<i128>() else {
        return Vec::new();
    };
    [digits + 1, digits - 1]
        .into_iter()
        .filter(|digits| *digits >= 0)
        .map(|digits| format!("{}{rest}", decimal(digits, places)))
        .collect()
}

/// The double above and the one below.
pub(super) fn next_scores(text: &str) -> Vec<String> {
    let Ok(score) = text.parse::<f64>() else {
        return Vec::new();
    };
    vec![score.next_up().to_string(), score.next_down().to_string()]
}

/// The amount above and the one below, as far as 28 digits go.
pub(super) fn next_amounts(text: &str) -> Vec<String> {
    let whole = text.split('.').next().unwrap_or_default();
    let digits = if whole == "0" { 0 } else { whole.len() };
    let places = u8::try_from(DIGITS_MAX.saturating_sub(digits)).unwrap_or(0);
    let Some((own, unit)) = text.parse::<Amount>().ok().zip(Amount::new(1, places)) else {
        return Vec::new();
    };
    let next = [own.checked_add(unit), own.checked_sub(unit)];
    next.into_iter()
        .flatten()
        .map(|amount| amount.to_string())
        .collect()
}

/// A number and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn places(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, places)| places.len())
}

fn decimal(digits: i128, places: usize) -> String {
    if places == 0 {
        return digits.to_string();
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_what_is_written() {
        assert_eq!(by_a_unit("0.65"), ["0.66", "0.64"]);
        assert_eq!(by_a_unit("40%"), ["41%", "39%"]);
        assert_eq!(by_a_unit("0.00001"), ["0.00002", "0.00000"]);
        assert_eq!(by_a_unit("500 USDT"), ["501 USDT", "499 USDT"]);
        assert_eq!(
            next_scores("0.65"),
            ["0.6500000000000001", "0.6499999999999999"]
        );
        assert_eq!(
            next_amounts("2000"),
            [
                "2000.000000000000000000000001",
                "1999.999999999999999999999999"
            ]
        );
        assert_eq!(
            next_amounts("0.1"),
            [
                "0.1000000000000000000000000001",
                "0.0999999999999999999999999999"
            ]
        );
    }
}
