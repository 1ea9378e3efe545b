//! The values that one number can have, in order, as whole numbers: what a search steps on.
//!
//! Amounts step by a unit of their last place, minimum quantities by the symbol's step,
//! scores from one double to the next. It knows nothing of policies.

use std::cmp::Ordering;

use router_guest::amount::{Amount, DIGITS_MAX};

use super::{Value, WHOLE};

/// An ordered set of values around the one that is there now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    unit: Unit,
    /// The least value.
    pub(super) least: i128,
    /// The greatest value.
    pub(super) most: i128,
    /// The value that is there now; `None` when none is given.
    pub(super) start: Option<i128>,
}

/// What one step is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    /// 10^-places.
    Place { places: u8 },
    /// A multiple of the symbol's step.
    Step(Amount),
    /// From one double to the next.
    Double,
    /// One.
    One,
}

impl Axis {
    /// Amounts from `least` to the greatest there is, at `places` or as many as `start` has.
    pub(super) fn of_amounts(start: Option<Amount>, least: Amount, places: u8) -> Self {
        let (coefficient, scale) = start.unwrap_or_default().into();
        let digits = u8::try_from(coefficient.to_string().len()).unwrap_or(u8::MAX);
        let whole_digits = digits.saturating_sub(scale);
        let room = u8::try_from(DIGITS_MAX).unwrap_or(0);
        let places = places.max(scale).min(room.saturating_sub(whole_digits));
        let unit = Unit::Place { places };
        let most = 10_i128.pow(DIGITS_MAX) - 1;
        let axis = Self {
            unit,
            least: 0,
            most,
            start: None,
        };
        Self {
            // Nothing but 0 lies under one unit.
            least: i128::from(!least.is_zero()),
            start: start.map(|start| axis.floor(Value::Amount(start))),
            ..axis
        }
    }

    /// Percentages above 0, at most 100.
    pub(super) fn of_share(start: Amount, places: u8) -> Self {
        let axis = Self::of_amounts(Some(start), Amount::ONE, places);
        let most = axis.floor(Value::Amount(Amount::whole(100)));
        Self { most, ..axis }
    }

    /// Multiples of a step, from one of them.
    pub(super) fn of_steps(start: Amount, step: Amount) -> Self {
        let axis = Self {
            unit: Unit::Step(step),
            least: 1,
            most: i128::from(u64::MAX),
            start: None,
        };
        Self {
            start: Some(axis.floor(Value::Amount(start))),
            ..axis
        }
    }

    /// Finite doubles; from 0 on where none is given, because a sign is no score.
    pub(super) fn of_scores(start: Option<f64>) -> Self {
        Self {
            unit: Unit::Double,
            least: if start.is_some() {
                ordered(-f64::MAX)
            } else {
                0
            },
            most: ordered(f64::MAX),
            start: start.map(ordered),
        }
    }

    /// Numbers of orders.
    pub(super) fn of_counts(start: u32) -> Self {
        Self {
            unit: Unit::One,
            least: 0,
            most: u32::MAX.into(),
            start: Some(start.into()),
        }
    }

    /// Whether its values are amounts, so that there are finer ones between two steps.
    pub(super) const fn is_of_amounts(&self) -> bool {
        matches!(self.unit, Unit::Place { .. } | Unit::Step(_))
    }

    /// The value of a step.
    pub(super) fn value(&self, at: i128) -> Value {
        match self.unit {
            Unit::Place { places } => {
                let amount = u128::try_from(at)
                    .ok()
                    .and_then(|at| Amount::new(at, places));
                Value::Amount(amount.unwrap_or_default().normalized())
            }
            Unit::Step(step) => {
                let (coefficient, scale) = step.into();
                let count = u128::try_from(at).unwrap_or_default();
                let amount = coefficient.checked_mul(count);
                let amount = amount.and_then(|amount| Amount::new(amount, scale));
                Value::Amount(amount.unwrap_or_default().normalized())
            }
            Unit::Double => Value::Score(double(at)),
            Unit::One => Value::Count(u32::try_from(at).unwrap_or(u32::MAX)),
        }
    }

    /// The last step that is not above a value.
    pub(super) fn floor(&self, value: Value) -> i128 {
        match (self.unit, value) {
            (Unit::Place { places }, Value::Amount(amount)) => {
                let unit = Amount::new(1, places).unwrap_or(Amount::ONE);
                count_of(amount, unit).unwrap_or(self.most)
            }
            (Unit::Step(step), Value::Amount(amount)) => {
                count_of(amount, step).unwrap_or(self.most)
            }
            (Unit::Double, Value::Score(score)) => ordered(score),
            (Unit::One, Value::Count(count)) => count.into(),
            _ => self.least,
        }
    }

    /// The amount above or below a step that is nearest to it; `None` where there is nothing
    /// finer than a step.
    pub(super) fn just_beyond(&self, step: i128, upwards: bool) -> Option<Value> {
        let Unit::Place { places } = self.unit else {
            return None;
        };
        let coefficient = u128::try_from(step).ok()?;
        let digits = u32::try_from(coefficient.to_string().len()).ok()?;
        let finer = u8::try_from(DIGITS_MAX.checked_sub(digits)?).ok()?;
        let scale = places.checked_add(finer)?.min(28);
        let coefficient = coefficient.checked_mul(10_u128.pow((scale - places).into()))?;
        let beyond = if upwards {
            coefficient.checked_add(1)?
        } else {
            coefficient.checked_sub(1)?
        };
        (scale > places)
            .then(|| Amount::new(beyond, scale))
            .flatten()
            .map(Value::Amount)
    }

    /// How far a step is from the start, in millionths of the larger of the two.
    pub(super) fn distance(&self, at: i128) -> u64 {
        let Some(start) = self.start else {
            return WHOLE;
        };
        let parts = match self.unit {
            Unit::Double => {
                let (start, at) = (double(start), double(at));
                return share(start, at);
            }
            _ => (start - at)
                .unsigned_abs()
                .saturating_mul(WHOLE.into())
                .checked_div(start.max(at).unsigned_abs())
                .unwrap_or_default(),
        };
        u64::try_from(parts).unwrap_or(u64::MAX)
    }
}

/// How often a unit fits in an amount; `None` past 28 digits.
fn count_of(amount: Amount, unit: Amount) -> Option<i128> {
    let whole = amount.div_down_to_step(unit, Amount::ONE)?;
    let (coefficient, _) = whole.into();
    i128::try_from(coefficient).ok()
}

/// Doubles as whole numbers in the same order, next to next; both zeros are 0.
fn ordered(number: f64) -> i128 {
    let bits = i128::from(number.abs().to_bits());
    if number.is_sign_negative() {
        -bits
    } else {
        bits
    }
}

fn double(at: i128) -> f64 {
    let magnitude = f64::from_bits(u64::try_from(at.unsigned_abs()).unwrap_or(u64::MAX));
    match at.cmp(&0) {
        Ordering::Less => -magnitude,
        _ => magnitude,
    }
}

/// |one − other| over the larger magnitude, in millionths, at most two wholes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and two millions"
)]
fn share(one: f64, other: f64) -> u64 {
    let larger = one.abs().max(other.abs());
    if larger <= 0.0 {
        return 0;
    }
    // Halves first: the difference of the two greatest doubles is none.
    ((one / larger - other / larger).abs() * 1_000_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(axis: &Axis, at: i128, expected: &str) {
        let value = axis.value(at);
        assert_eq!(value.to_string(), expected);
        assert_eq!(axis.floor(value), at);
    }

    #[test]
    fn amounts_step_by_their_last_place() {
        let axis = Axis::of_amounts(Some(amount("250.5")), Amount::ZERO, 12);
        assert_eq!((axis.start, axis.least), (Some(250_500_000_000_000), 0));
        check(&axis, 1, "0.000000000001");
        check(&axis, 250_500_000_000_001, "250.500000000001");
        // One that is finer or larger than that is on its own axis all the same.
        for text in ["0.1234567890123456789", "1234567890123456789012345678"] {
            let axis = Axis::of_amounts(Some(amount(text)), Amount::ONE, 12);
            check(&axis, axis.start.unwrap(), text);
            assert_eq!(axis.least, 1);
        }
    }

    #[test]
    fn scores_step_from_double_to_double() {
        let axis = Axis::of_scores(Some(-0.5));
        for score in [-f64::MAX, -0.5, -f64::MIN_POSITIVE, 0.0, 0.55, f64::MAX] {
            let at = axis.floor(Value::Score(score));
            assert_eq!(axis.value(at), Value::Score(score));
            if score < f64::MAX {
                assert_eq!(axis.value(at + 1), Value::Score(score.next_up()));
            }
        }
        assert_eq!(axis.floor(Value::Score(-0.0)), 0);
    }

    #[test]
    fn steps_percentages_and_counts() {
        let axis = Axis::of_steps(amount("0.5"), amount("0.25"));
        check(&axis, axis.start.unwrap(), "0.5");
        check(&axis, 3, "0.75");
        let axis = Axis::of_share(amount("33.333"), 4);
        check(&axis, axis.start.unwrap(), "33.333");
        check(&axis, axis.most, "100");
        check(&Axis::of_counts(4), 5, "5");
    }

    #[test]
    fn what_lies_between_two_steps() {
        let axis = Axis::of_amounts(Some(amount("0.5")), Amount::ZERO, 12);
        let before = axis.start.unwrap();
        let beyond = |upwards| axis.just_beyond(before, upwards).unwrap().to_string();
        assert_eq!(beyond(false), "0.4999999999999999999999999999");
        assert_eq!(beyond(true), "0.5000000000000000000000000001");
        assert_eq!(Axis::of_counts(4).just_beyond(4, true), None);
    }

    #[test]
    fn distances_are_shares_of_the_larger() {
        for (from, to, expected) in [
            ("100", "50", 500_000),
            ("50", "100", 500_000),
            ("0", "3", 1_000_000),
        ] {
            let axis = Axis::of_amounts(Some(amount(from)), Amount::ZERO, 12);
            let at = axis.floor(Value::Amount(amount(to)));
            assert_eq!(axis.distance(at), expected, "{from} to {to}");
        }
        let axis = Axis::of_scores(Some(0.5));
        assert_eq!(axis.distance(axis.floor(Value::Score(-0.5))), 2_000_000);
    }
}
