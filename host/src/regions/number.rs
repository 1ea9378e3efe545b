//! What it takes to cut a number line exactly: the numbers that there are next to another,
//! and one that reads well between two.
//!
//! Amounts and scores are finite sets, so that an open interval can be empty: it is told here,
//! not assumed away.

use router_guest::amount::{Amount, DIGITS_MAX};

/// Decimals tried for a number that reads well; an `f64` has no more.
const SCORE_PLACES_MAX: usize = 17;
/// Places that an amount has at most.
const AMOUNT_PLACES_MAX: u8 = 28;
/// What stands for "any number above" another.
const ROOM_ABOVE: u64 = 1;

/// A number that rules can cut the range of.
pub(crate) trait Number: Copy + PartialOrd {
    /// The least number that there is.
    const LEAST: Self;
    /// The greatest number that there is.
    const GREATEST: Self;

    /// The next number above; `None` at the end.
    fn just_above(self) -> Option<Self>;

    /// The next number below; `None` at the end.
    fn just_below(self) -> Option<Self>;

    /// A number strictly between the two that reads well; `None` where there is none. `None`
    /// stands for no end.
    fn between(low: Option<Self>, high: Option<Self>) -> Option<Self>;
}

impl Number for f64 {
    const LEAST: Self = Self::MIN;
    const GREATEST: Self = Self::MAX;

    fn just_above(self) -> Option<Self> {
        Some(self.next_up()).filter(|next| next.is_finite())
    }

    fn just_below(self) -> Option<Self> {
        Some(self.next_down()).filter(|next| next.is_finite())
    }

    fn between(low: Option<Self>, high: Option<Self>) -> Option<Self> {
        let least = low.map_or(Some(Self::MIN), Self::just_above)?;
        let greatest = high.map_or(Some(Self::MAX), Self::just_below)?;
        if least > greatest {
            return None;
        }
        let middle = match (low, high) {
            (None, None) => 0.0,
            (Some(low), None) => low + 1.0,
            (None, Some(high)) => high - 1.0,
            (Some(low), Some(high)) => low + (high - low) / 2.0,
        };
        (0..=SCORE_PLACES_MAX)
            .filter_map(|places| format!("{middle:.places$}").parse().ok())
            .find(|rounded: &Self| (least..=greatest).contains(rounded))
            .or(Some(middle.clamp(least, greatest)))
    }
}

impl Number for Amount {
    const LEAST: Self = Self::ZERO;
    const GREATEST: Self = match Self::new(10_u128.pow(DIGITS_MAX) - 1, 0) {
        Some(greatest) => greatest,
        None => Self::ZERO,
    };

    fn just_above(self) -> Option<Self> {
        // One unit of the last place that 28 digits reach; a carry takes one place back.
        let places = finest(self)?;
        (0..=places)
            .rev()
            .find_map(|places| self.checked_add(Self::new(1, places)?))
    }

    fn just_below(self) -> Option<Self> {
        // Below a power of ten one place more is reached.
        let places = finest(self)?.saturating_add(1).min(AMOUNT_PLACES_MAX);
        (0..=places)
            .rev()
            .find_map(|places| self.checked_sub(Self::new(1, places)?))
    }

    fn between(low: Option<Self>, high: Option<Self>) -> Option<Self> {
        let least = low.map_or(Some(Self::ZERO), Self::just_above)?;
        let greatest = high.map_or(Some(Self::GREATEST), Self::just_below)?;
        if least > greatest {
            return None;
        }
        let Some(high) = high else {
            let above = low.unwrap_or_default().checked_add(Self::whole(ROOM_ABOVE));
            return above
                .map(whole_part)
                .filter(|above| *above >= least)
                .or(Some(least));
        };
        let gap = high.saturating_sub(low.unwrap_or_default());
        let half = Self::new(5, 1)?;
        let middle = low
            .unwrap_or_default()
            .checked_add(gap.mul_down(half)?)
            .unwrap_or(least);
        (0..=AMOUNT_PLACES_MAX)
            .filter_map(|places| middle.mul_down_at(Self::ONE, places))
            .find(|rounded| (least..=greatest).contains(rounded))
            .or(Some(least))
    }
}

/// The most places at which an amount still has 28 digits.
fn finest(amount: Amount) -> Option<u8> {
    let (coefficient, scale) = amount.normalized().into();
    let digits = coefficient.checked_ilog10().map_or(0, |log| log + 1);
    let room = DIGITS_MAX.checked_sub(digits)?;
    Some(
        u8::try_from(room)
            .ok()?
            .saturating_add(scale)
            .min(AMOUNT_PLACES_MAX),
    )
}

fn whole_part(amount: Amount) -> Amount {
    amount.mul_down_at(Amount::ONE, 0).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn any_amount() -> impl Strategy<Value = Amount> {
        (0..10_u128.pow(28), 0..=28_u8).prop_filter_map("an amount", |(coefficient, scale)| {
            Amount::new(coefficient, scale)
        })
    }

    #[test]
    fn neighbours_of_amounts() {
        for (number, below, above) in [
            (
                "1",
                "0.9999999999999999999999999999",
                "1.000000000000000000000000001",
            ),
            ("0", "", "0.0000000000000000000000000001"),
            (
                "0.1",
                "0.0999999999999999999999999999",
                "0.1000000000000000000000000001",
            ),
            (
                "9.999999999999999999999999999",
                "9.999999999999999999999999998",
                "10",
            ),
            (
                "9999999999999999999999999999",
                "9999999999999999999999999998",
                "",
            ),
            (
                "10000",
                "9999.999999999999999999999999",
                "10000.00000000000000000000001",
            ),
        ] {
            let text = |next: Option<Amount>| next.map_or(String::new(), |next| next.to_string());
            assert_eq!(text(amount(number).just_below()), below, "below {number}");
            assert_eq!(text(amount(number).just_above()), above, "above {number}");
        }
    }

    #[test]
    fn numbers_between_read_well() {
        for (low, high, between) in [
            ("0", "0.001", "0.0005"),
            ("0.30", "0.55", "0.4"),
            ("1", "1.000000000000000000000000001", ""),
            ("100", "", "101"),
            ("0.5", "", "1"),
            ("9999999999999999999999999999", "", ""),
            ("", "10", "5"),
        ] {
            let end = |text: &str| (!text.is_empty()).then(|| amount(text));
            let found = Amount::between(end(low), end(high));
            assert_eq!(found, end(between), "{low} .. {high}");
        }
        assert_eq!(f64::between(Some(0.3), Some(0.55)), Some(0.4));
        assert_eq!(f64::between(Some(0.55), Some(0.65)), Some(0.6));
        assert_eq!(f64::between(Some(1.0), Some(1.0_f64.next_up())), None);
        assert_eq!(f64::between(Some(1.3), None), Some(2.0));
        assert_eq!(f64::between(None, Some(-2.0)), Some(-3.0));
        assert_eq!(f64::between(Some(f64::MAX), None), None);
    }

    proptest! {
        #[test]
        fn nothing_lies_between_neighbours(number in any_amount()) {
            if let Some(above) = number.just_above() {
                prop_assert!(above > number);
                prop_assert_eq!(Amount::between(Some(number), Some(above)), None);
            }
            if let Some(below) = number.just_below() {
                prop_assert!(below < number);
                prop_assert_eq!(below.just_above(), Some(number));
            }
        }

        #[test]
        fn what_is_found_lies_between(left in any_amount(), right in any_amount()) {
            let (low, high) = if left < right { (left, right) } else { (right, left) };
            match Amount::between(Some(low), Some(high)) {
                Some(found) => prop_assert!(low < found && found < high),
                None => prop_assert!(low == high || low.just_above() == Some(high)),
            }
        }
    }
}
