//! Decimals of at most 28 digits, as the interface has them, and the four operations that the
//! routing needs. Nothing goes through a float, and each rounding says its direction.

use std::cmp::Ordering;

use crate::bindings::exports::execution_router::policy::routing::Decimal;

const DIGITS_MAX: u32 = 28;
const SCALE_MAX: u32 = 28;
/// The largest power of ten in 64 bits.
const CHUNK_PLACES: u32 = 19;

/// coefficient / 10^scale, never negative.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    coefficient: u128,
    scale: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    Down,
    Up,
}

impl Amount {
    pub const ZERO: Self = Self::new(0, 0);
    pub const ONE: Self = Self::new(1, 0);

    pub const fn new(coefficient: u128, scale: u32) -> Self {
        Self { coefficient, scale }
    }

    pub const fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// The difference, never below 0; rounded down where 28 digits cannot hold it.
    pub fn minus(self, other: Self) -> Self {
        if self <= other {
            return Self::ZERO;
        }
        let scale = self.scale.max(other.scale);
        let difference = self.at(scale).minus(other.at(scale));
        // What is left of an amount is not larger than the amount, which fitted.
        fit(difference, scale, Rounding::Down).unwrap_or(Self::ZERO)
    }

    /// The product, rounded at so many places, and to 28 digits; none when its whole part is longer.
    pub fn times(self, other: Self, places: u32, rounding: Rounding) -> Option<Self> {
        let scale = self.scale + other.scale;
        let product = Wide::of(self.coefficient).times(other.coefficient);
        let places = places.min(SCALE_MAX);
        let rounded = product.shortened(scale.saturating_sub(places), rounding);
        fit(rounded, scale.min(places), rounding)
    }

    /// Whether it is less than left × right, exactly.
    pub fn is_below_product(self, left: Self, right: Self) -> bool {
        let scale = left.scale + right.scale;
        let product = Wide::of(left.coefficient).times(right.coefficient);
        let common = scale.max(self.scale);
        self.at(common) < product.raised(common - scale)
    }

    fn at(self, scale: u32) -> Wide {
        Wide::of(self.coefficient).raised(scale - self.scale)
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value: 1.0 is 1.
impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Amount {}

impl From<Decimal> for Amount {
    fn from(decimal: Decimal) -> Self {
        Self::new(
            u128::from(decimal.high) << 64 | u128::from(decimal.low),
            decimal.scale.into(),
        )
    }
}

impl From<Amount> for Decimal {
    fn from(amount: Amount) -> Self {
        Self {
            high: (amount.coefficient >> 64) as u64,
            low: amount.coefficient as u64,
            scale: amount.scale as u8,
        }
    }
}

/// Digits past 28 are rounded off. The host counts them before it rounds, so what rounds up to
/// 29 digits does not fit, for both of us.
fn fit(value: Wide, scale: u32, rounding: Rounding) -> Option<Amount> {
    let excess = value.digits().saturating_sub(DIGITS_MAX);
    let scale = scale.checked_sub(excess)?;
    let coefficient = value.shortened(excess, rounding).narrow()?;
    (coefficient < 10_u128.pow(DIGITS_MAX)).then_some(Amount::new(coefficient, scale))
}

/// Room for every product here: 28 digits times 28 digits, raised by 28 places, are 280 bits.
/// The lowest limb is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wide([u64; 5]);

impl Wide {
    const fn of(value: u128) -> Self {
        Self([value as u64, (value >> 64) as u64, 0, 0, 0])
    }

    fn times(self, factor: u128) -> Self {
        let mut product = self.times_limb(factor as u64);
        let upper = self.times_limb((factor >> 64) as u64);
        let mut carry = 0;
        for (limb, add) in product.0.iter_mut().skip(1).zip(upper.0) {
            let sum = u128::from(*limb) + u128::from(add) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        product
    }

    fn times_limb(mut self, factor: u64) -> Self {
        let mut carry = 0;
        for limb in &mut self.0 {
            let product = u128::from(*limb) * u128::from(factor) + carry;
            *limb = product as u64;
            carry = product >> 64;
        }
        self
    }

    /// times 10^places.
    fn raised(mut self, mut places: u32) -> Self {
        while places > 0 {
            let chunk = places.min(CHUNK_PLACES);
            self = self.times_limb(10_u64.pow(chunk));
            places -= chunk;
        }
        self
    }

    /// over 10^places.
    fn shortened(mut self, mut places: u32, rounding: Rounding) -> Self {
        let mut is_exact = true;
        while places > 0 {
            let chunk = places.min(CHUNK_PLACES);
            is_exact &= self.divide(10_u64.pow(chunk)) == 0;
            places -= chunk;
        }
        if rounding == Rounding::Up && !is_exact {
            self.increment();
        }
        self
    }

    /// Divides, and answers the remainder.
    fn divide(&mut self, divisor: u64) -> u64 {
        let mut remainder = 0_u64;
        for limb in self.0.iter_mut().rev() {
            let dividend = u128::from(remainder) << 64 | u128::from(*limb);
            *limb = (dividend / u128::from(divisor)) as u64;
            remainder = (dividend % u128::from(divisor)) as u64;
        }
        remainder
    }

    fn increment(&mut self) {
        for limb in &mut self.0 {
            *limb = limb.wrapping_add(1);
            if *limb != 0 {
                break;
            }
        }
    }

    /// The difference of what is not smaller.
    fn minus(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (limb, take) in self.0.iter_mut().zip(other.0) {
            let (difference, first) = limb.overflowing_sub(take);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            *limb = difference;
            borrow = first || second;
        }
        self
    }

    fn digits(mut self) -> u32 {
        let mut digits = 0;
        while self.narrow().is_none() {
            self.divide(10);
            digits += 1;
        }
        let rest = self.narrow().and_then(u128::checked_ilog10);
        digits + rest.map_or(0, |log| log + 1)
    }

    fn narrow(self) -> Option<u128> {
        let [low, high, rest @ ..] = self.0;
        (rest == [0; 3]).then_some(u128::from(high) << 64 | u128::from(low))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_NINES: u128 = 10_u128.pow(28) - 1;

    #[track_caller]
    fn times(left: Amount, right: Amount, rounding: Rounding, expected: Option<Amount>) {
        assert_eq!(left.times(right, 12, rounding), expected);
        assert_eq!(right.times(left, 12, rounding), expected);
    }

    #[test]
    fn products_round_where_they_say() {
        let third = Amount::new(333_333_333_333, 12);
        times(Amount::new(10, 1), third, Rounding::Down, Some(third));
        times(
            third,
            third,
            Rounding::Down,
            Some(Amount::new(111_111_111_110, 12)),
        );
        times(
            third,
            third,
            Rounding::Up,
            Some(Amount::new(111_111_111_111, 12)),
        );
        times(
            Amount::new(1, 28),
            Amount::new(1, 28),
            Rounding::Up,
            Some(Amount::new(1, 12)),
        );
        times(
            Amount::new(1, 28),
            Amount::new(1, 28),
            Rounding::Down,
            Some(Amount::ZERO),
        );
        times(
            Amount::ZERO,
            Amount::new(ALL_NINES, 0),
            Rounding::Up,
            Some(Amount::ZERO),
        );
    }

    #[test]
    fn products_lose_places_before_they_lose_value() {
        let nines = Amount::new(ALL_NINES, 12);
        times(nines, Amount::ONE, Rounding::Down, Some(nines));
        // 9999999999999999.9 × 10, with 12 places more than there is room for.
        times(
            nines,
            Amount::new(100, 1),
            Rounding::Down,
            Some(Amount::new(ALL_NINES, 11)),
        );
        times(
            Amount::new(ALL_NINES, 0),
            Amount::new(10, 0),
            Rounding::Down,
            None,
        );
        // Rounded up, it has 29 digits.
        times(
            Amount::new(ALL_NINES, 0),
            Amount::new(10_000_001, 7),
            Rounding::Up,
            None,
        );
    }

    #[test]
    fn what_is_left_is_never_negative_and_never_overstated() {
        let (two, one) = (Amount::new(2, 0), Amount::new(100, 2));
        assert_eq!(two.minus(one), Amount::ONE);
        assert_eq!(one.minus(two), Amount::ZERO);
        assert_eq!(one.minus(one), Amount::ZERO);
        let nines = Amount::new(ALL_NINES, 0);
        assert_eq!(
            nines.minus(Amount::new(1, 28)),
            Amount::new(ALL_NINES - 1, 0)
        );
        assert_eq!(nines.minus(nines), Amount::ZERO);
    }

    #[test]
    fn amounts_compare_by_value() {
        assert_eq!(Amount::new(10, 1), Amount::ONE);
        assert!(Amount::new(ALL_NINES, 0) > Amount::new(ALL_NINES, 28));
        assert!(Amount::new(1, 28) > Amount::ZERO);
    }

    #[test]
    fn a_rounded_quotient_is_compared_without_dividing() {
        let (price, least) = (Amount::new(100, 0), Amount::new(1, 8));
        assert!(Amount::new(999_999, 12).is_below_product(least, price));
        assert!(!Amount::new(1, 6).is_below_product(least, price));
        let nines = Amount::new(ALL_NINES, 0);
        assert!(Amount::new(1, 28).is_below_product(nines, nines));
        assert!(!nines.is_below_product(Amount::new(ALL_NINES, 28), Amount::new(1, 28)));
    }

    #[test]
    fn decimals_come_and_go_unchanged() {
        for (coefficient, scale) in [(0, 0), (ALL_NINES, 28), (u128::from(u64::MAX) + 1, 3)] {
            let decimal = Decimal::from(Amount::new(coefficient, scale));
            let back = Amount::from(decimal);
            assert_eq!((back.coefficient, back.scale), (coefficient, scale));
        }
    }
}
