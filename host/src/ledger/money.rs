//! Account currency inside the ledger: whole multiples of 10⁻¹², so that sums are exact and
//! taking a charge out of a sum leaves exactly what was there before it.
//!
//! Refuses to round to nearest: what is charged rounds up, what limits rounds down.

use router_guest::amount::{Amount, DIGITS_MAX, MONEY_PLACES};

/// Account currency in units of 10⁻¹².
///
/// One charge stays below 10²⁸ units, what 28 digits can say at 12 places. A sum over the at
/// most 65,536 charges of a ledger stays below 10³³, far from the end of 128 bits, so sums
/// cannot overflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Money(u128);

const UNITS_END: u128 = 10_u128.pow(DIGITS_MAX);

impl Money {
    /// Nothing.
    pub(super) const ZERO: Self = Self(0);
    /// The most that one charge can hold; what is more is recorded as this.
    pub(super) const MOST: Self = Self(UNITS_END - 1);

    /// The amount rounded up; `None` when a charge cannot hold it.
    pub(super) fn up(amount: Amount) -> Option<Self> {
        let (coefficient, scale) = parts(amount);
        let units = match MONEY_PLACES.checked_sub(scale) {
            Some(raise) => coefficient.checked_mul(power(raise))?,
            None => coefficient.div_ceil(power(scale - MONEY_PLACES)),
        };
        (units < UNITS_END).then_some(Self(units))
    }

    /// The amount rounded down; one that a charge cannot hold is the most that it can.
    pub(super) fn down(amount: Amount) -> Self {
        let (coefficient, scale) = parts(amount);
        let units = match MONEY_PLACES.checked_sub(scale) {
            Some(raise) => coefficient.saturating_mul(power(raise)),
            None => coefficient / power(scale - MONEY_PLACES),
        };
        Self(units).min(Self::MOST)
    }

    /// What a fill costs, rounded up; a product too large to say is the most that can be said,
    /// because a fill is a fact and cannot be refused.
    pub(super) fn of_fill(notional: Amount, quote_rate: Amount) -> Self {
        notional
            .mul_up_at(quote_rate, MONEY_PLACES)
            .and_then(Self::up)
            .unwrap_or(Self::MOST)
    }

    /// The sum, for totals.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The sum, for one charge: at most [`Money::MOST`].
    pub(super) fn plus_capped(self, other: Self) -> Self {
        self.plus(other).min(Self::MOST)
    }

    /// The difference, never below nothing.
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether it is nothing.
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The same as an amount, in as few digits as it takes.
    pub(super) fn amount(self) -> Amount {
        let units = self.min(Self::MOST).0;
        let (coefficient, scale) = without_zeros(units);
        // At most 28 digits and 12 places: always an amount.
        Amount::new(coefficient, scale).unwrap_or(Amount::ZERO)
    }
}

/// The units without the zeros that their 12 places end in, and the places that are left.
///
/// Every request that is given budgets comes through here, so zeros go several at a time, and
/// by 64-bit divisions as soon as they can: a third of the time of one by one.
fn without_zeros(units: u128) -> (u128, u8) {
    if units == 0 {
        return (0, 0);
    }
    let (mut coefficient, mut scale) = (units, MONEY_PLACES);
    for (places, divisor) in [(8, 100_000_000_u64), (4, 10_000), (2, 100), (1, 10)] {
        if scale < places {
            continue;
        }
        let quotient = match u64::try_from(coefficient) {
            Ok(short) => short
                .is_multiple_of(divisor)
                .then(|| u128::from(short / divisor)),
            Err(_) => {
                let divisor = u128::from(divisor);
                coefficient
                    .is_multiple_of(divisor)
                    .then(|| coefficient / divisor)
            }
        };
        if let Some(quotient) = quotient {
            coefficient = quotient;
            scale -= places;
        }
    }
    (coefficient, scale)
}

fn parts(amount: Amount) -> (u128, u8) {
    let (high, low, scale) = amount.to_words();
    ((u128::from(high) << 64) | u128::from(low), scale)
}

/// 10^exponent for an exponent of at most 28, an amount's scale.
fn power(exponent: u8) -> u128 {
    10_u128.pow(u32::from(exponent))
}

/// An amount in 13 bytes, anywhere: 94 bits of coefficient and 5 of scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed([u8; PACKED_BYTES]);

const PACKED_BYTES: usize = 13;

impl Packed {
    /// Packs it.
    pub(super) fn new(amount: Amount) -> Self {
        let (coefficient, scale) = parts(amount);
        let bytes = ((coefficient << 5) | u128::from(scale)).to_le_bytes();
        // The bytes behind are 0, since a coefficient is below 10^28.
        Self(bytes.first_chunk().copied().unwrap_or_default())
    }

    /// Unpacks it.
    pub(super) fn amount(self) -> Amount {
        let mut bytes = [0; size_of::<u128>()];
        if let Some(packed) = bytes.first_chunk_mut() {
            *packed = self.0;
        }
        let packed = u128::from_le_bytes(bytes);
        // Made from an amount: always within bounds.
        Amount::new(packed >> 5, (packed & 0b1_1111) as u8).unwrap_or(Amount::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn needs_round_up_and_limits_down() {
        for (text, up, down) in [
            ("0", 0, 0),
            ("1", 1_000_000_000_000, 1_000_000_000_000),
            ("400.50", 400_500_000_000_000, 400_500_000_000_000),
            ("0.0000000000001", 1, 0),
            ("0.0000000000011", 2, 1),
        ] {
            assert_eq!(Money::up(amount(text)), Some(Money(up)), "{text}");
            assert_eq!(Money::down(amount(text)), Money(down), "{text}");
        }
        assert_eq!(Money::up(amount("10000000000000000")), None);
        assert_eq!(Money::down(amount("10000000000000000")), Money::MOST);
        assert_eq!(
            Money::down(amount("9999999999999999999999999999")),
            Money::MOST
        );
    }

    #[test]
    fn comes_back_as_a_short_amount() {
        for text in [
            "0",
            "1",
            "400",
            "0.5",
            "1234567.000000000001",
            "9999999999999999",
            "120",
            "1e9",
        ] {
            let back = Money::up(amount(text)).unwrap().amount();
            assert_eq!(back, amount(text));
            assert_eq!(
                back.to_words(),
                amount(text).normalized().to_words(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_fill_too_large_to_say_is_the_most() {
        let most = amount("9999999999999999999999999999");
        assert_eq!(Money::of_fill(most, most), Money::MOST);
        assert_eq!(
            Money::of_fill(amount("0.0000000000001"), Amount::ONE),
            Money(1)
        );
    }

    #[test]
    fn packing_keeps_the_amount() {
        for text in [
            "0",
            "1",
            "0.92",
            "9999999999999999999999999999",
            "0.0000000000000000000000000001",
        ] {
            assert_eq!(Packed::new(amount(text)).amount(), amount(text));
        }
    }
}
