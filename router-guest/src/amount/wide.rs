//! 256-bit intermediates, so that a product is rounded once, where its caller says.

pub(super) use ethnum::U256;

const POWERS: [u128; 39] = powers();

const fn powers() -> [u128; 39] {
    let mut powers = [1_u128; 39];
    let mut exponent = 1;
    while exponent < 39 {
        #[expect(
            clippy::indexing_slicing,
            reason = "a constant expression, bounded by the loop"
        )]
        {
            powers[exponent] = powers[exponent - 1] * 10;
        }
        exponent += 1;
    }
    powers
}

/// 10^exponent; `None` above 10^38.
pub(super) fn power(exponent: u32) -> Option<u128> {
    POWERS.get(usize::try_from(exponent).ok()?).copied()
}

/// The product, when 128 bits hold it. Nearly all factors have 64 bits, and so have most of
/// their products: to see that is cheaper than to multiply and look for an overflow, and in the
/// sandbox a product of more than 64 bits is a call.
#[inline]
pub(super) fn narrow_product(left: u128, right: u128) -> Option<u128> {
    let (Ok(short), Ok(other)) = (u64::try_from(left), u64::try_from(right)) else {
        return left.checked_mul(right);
    };
    if short.leading_zeros() + other.leading_zeros() >= u64::BITS {
        Some(u128::from(short.wrapping_mul(other)))
    } else {
        Some(left * right)
    }
}

/// The exact product: 128 · 128 bits always fit.
pub(super) fn product(left: u128, right: u128) -> U256 {
    match narrow_product(left, right) {
        Some(product) => U256::from(product),
        None => U256::from(left) * U256::from(right),
    }
}

/// `value` · 10^exponent; `None` past 256 bits.
pub(super) fn times_power(value: U256, exponent: u32) -> Option<U256> {
    let mut value = value;
    let mut left = exponent;
    while left > 0 {
        let step = left.min(38);
        value = value.checked_mul(U256::from(power(step)?))?;
        left -= step;
    }
    Some(value)
}

/// `value` / 10^digits, rounded down, or up when asked.
pub(super) fn shorten(value: U256, digits: u32, up: bool) -> U256 {
    let Some(divisor) = times_power(U256::ONE, digits) else {
        // 10^digits is past 256 bits, so past any value.
        return if up && value != U256::ZERO {
            U256::ONE
        } else {
            U256::ZERO
        };
    };
    let quotient = value / divisor;
    if up && quotient * divisor != value {
        quotient + U256::ONE
    } else {
        quotient
    }
}

/// Decimal digits of the value; 0 has none.
pub(super) fn digits(value: U256) -> u32 {
    if let Some(narrow) = narrow(value) {
        return narrow.checked_ilog10().map_or(0, |log| log + 1);
    }
    let mut digits = 38;
    while times_power(U256::ONE, digits).is_some_and(|power| power <= value) {
        digits += 1;
    }
    digits
}

/// The value in 128 bits; `None` when it does not fit.
pub(super) fn narrow(value: U256) -> Option<u128> {
    u128::try_from(value).ok()
}
