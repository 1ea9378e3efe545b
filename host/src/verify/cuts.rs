//! The numbers next to a number: where a rule cuts a range, what lies below, on and above the
//! cut is decided differently, so these are what must be tried.
//!
//! Amounts are as fine as their 28 digits allow, scores as doubles are. Nothing is rounded.

use router_guest::amount::{Amount, DIGITS_MAX};

/// The first coefficient that an amount cannot have.
const COEFFICIENT_END: u128 = 10_u128.pow(DIGITS_MAX);
/// Places that an amount has at most.
const PLACES_MAX: u8 = 28;

/// The greatest amount that there is.
pub(super) fn greatest() -> Amount {
    Amount::new(COEFFICIENT_END - 1, 0).unwrap_or_default()
}

/// The least amount above 0.
pub(super) fn smallest() -> Amount {
    Amount::new(1, PLACES_MAX).unwrap_or_default()
}

/// The greatest amount below; `None` below 0.
pub(super) fn next_below(amount: Amount) -> Option<Amount> {
    let (coefficient, scale) = finest(amount);
    if coefficient == COEFFICIENT_END / 10 && scale < PLACES_MAX {
        // One digit less before the point leaves room for one more behind it.
        return Amount::new(COEFFICIENT_END - 1, scale + 1);
    }
    Amount::new(coefficient.checked_sub(1)?, scale).map(Amount::normalized)
}

/// The least amount above; `None` above the greatest.
pub(super) fn next_above(amount: Amount) -> Option<Amount> {
    let (coefficient, scale) = finest(amount);
    let next = Amount::new(coefficient + 1, scale);
    next.or_else(|| Amount::new(COEFFICIENT_END / 10, scale.checked_sub(1)?))
        .map(Amount::normalized)
}

/// Below, on and above a cut; above 0 alone where nothing else can be asked for.
pub(super) fn around(cut: Amount, above_zero: bool) -> impl Iterator<Item = Amount> {
    [next_below(cut), Some(cut.normalized()), next_above(cut)]
        .into_iter()
        .flatten()
        .filter(move |amount| !above_zero || !amount.is_zero())
}

/// Below, on and above a cut through a score, where these are finite.
pub(super) fn around_score(cut: f64) -> impl Iterator<Item = f64> {
    [cut.next_down(), cut, cut.next_up()]
        .into_iter()
        .filter(|score| score.is_finite())
}

/// The amount with as many places as its digits leave room for.
fn finest(amount: Amount) -> (u128, u8) {
    let (mut coefficient, mut scale): (u128, u8) = amount.into();
    while scale < PLACES_MAX && coefficient < COEFFICIENT_END / 10 {
        coefficient *= 10;
        scale += 1;
    }
    (coefficient, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[track_caller]
    fn neighbours(of: &str, below: Option<&str>, above: Option<&str>) {
        assert_eq!(
            (next_below(amount(of)), next_above(amount(of))),
            (below.map(amount), above.map(amount))
        );
    }

    #[test]
    fn neighbours_of_amounts_are_one_unit_of_their_last_digit_away() {
        neighbours(
            "5",
            Some("4.999999999999999999999999999"),
            Some("5.000000000000000000000000001"),
        );
        neighbours("0", None, Some("0.0000000000000000000000000001"));
        neighbours(
            "0.0000000000000000000000000001",
            Some("0"),
            Some("0.0000000000000000000000000002"),
        );
        neighbours(
            "1000",
            Some("999.9999999999999999999999999"),
            Some("1000.000000000000000000000001"),
        );
        neighbours(
            "999.9999999999999999999999999",
            Some("999.9999999999999999999999998"),
            Some("1000"),
        );
        neighbours(
            "9999999999999999999999999999",
            Some("9999999999999999999999999998"),
            None,
        );
    }

    #[test]
    fn what_cannot_be_asked_for_is_left_out() {
        let least: Vec<_> = around(smallest(), true).collect();
        assert_eq!(
            least,
            [smallest(), amount("0.0000000000000000000000000002")]
        );
        assert_eq!(around(Amount::ZERO, false).count(), 2);
        assert_eq!(around_score(f64::MAX).count(), 2);
        assert_eq!(around_score(0.65).count(), 3);
    }
}
