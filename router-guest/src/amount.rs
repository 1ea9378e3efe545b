//! Money and quantities: non-negative decimals of up to 28 digits, never through a float.
//!
//! Every operation that cannot be exact names its rounding, and none rounds to nearest: a
//! limit must round down and a need up, or a budget leaks. (`rust_decimal`'s `checked_mul`
//! rounds small products silently to zero, which is why this type exists.)

mod digits;
mod text;
mod wide;

use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

pub(crate) use digits::Digits;
pub use text::AmountError;
use wide::U256;

/// Digits that an amount holds at most, before and behind the point together.
pub const DIGITS_MAX: u32 = 28;
/// Places at which needs round up and limits round down.
pub const MONEY_PLACES: u8 = 12;
/// Places of a quantity whose symbol has no known step.
pub const QUANTITY_PLACES: u8 = 8;

const SCALE_MAX: u8 = 28;
const COEFFICIENT_END: u128 = 10_u128.pow(DIGITS_MAX);

/// A non-negative decimal: coefficient / 10^scale, coefficient below 10^28, scale at most 28.
///
/// Comparison is by value: `1.0` equals `1`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amount {
    coefficient: Coefficient,
    scale: u8,
}

/// A coefficient aligned as a machine word: an amount takes 24 bytes, not 32, and hosts hold
/// tens of thousands of them.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, packed(8))]
struct Coefficient(u128);

/// Which way a result that does not fit is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Down,
    Up,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self::raw(0, 0);
    /// One.
    pub const ONE: Self = Self::raw(1, 0);

    /// coefficient / 10^scale; `None` above 28 digits or 28 places.
    pub const fn new(coefficient: u128, scale: u8) -> Option<Self> {
        if coefficient < COEFFICIENT_END && scale <= SCALE_MAX {
            Some(Self::raw(coefficient, scale))
        } else {
            None
        }
    }

    const fn raw(coefficient: u128, scale: u8) -> Self {
        Self {
            coefficient: Coefficient(coefficient),
            scale,
        }
    }

    const fn coefficient(self) -> u128 {
        self.coefficient.0
    }

    /// A whole number.
    pub const fn whole(number: u64) -> Self {
        // 2^64 has 20 digits: always within bounds.
        Self::raw(number as u128, 0)
    }

    /// The amount of a WIT decimal; `None` when it is out of bounds.
    pub const fn from_words(high: u64, low: u64, scale: u8) -> Option<Self> {
        Self::new(((high as u128) << 64) | low as u128, scale)
    }

    /// Whether the words of a WIT decimal are within bounds. Nearly all coefficients fill the
    /// lower word alone, and then there is nothing to compare.
    pub(crate) const fn are_sound_words(high: u64, low: u64, scale: u8) -> bool {
        scale <= SCALE_MAX && (high == 0 || Self::from_words(high, low, scale).is_some())
    }

    /// The amount of words that [`Amount::are_sound_words`].
    pub(crate) const fn of_sound_words(high: u64, low: u64, scale: u8) -> Self {
        Self::raw(((high as u128) << 64) | low as u128, scale)
    }

    /// The coefficient's upper and lower 64 bits, and the scale: a WIT decimal.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the coefficient"
    )]
    pub const fn to_words(self) -> (u64, u64, u8) {
        (
            (self.coefficient() >> 64) as u64,
            self.coefficient() as u64,
            self.scale,
        )
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.coefficient() == 0
    }

    /// The same value without trailing zeros behind the point.
    #[must_use]
    pub const fn normalized(self) -> Self {
        let (mut coefficient, mut scale) = (self.coefficient(), self.scale);
        while scale > 0 && coefficient.is_multiple_of(10) {
            coefficient /= 10;
            scale -= 1;
        }
        Self::raw(coefficient, scale)
    }

    /// The sum; `None` when 28 digits cannot hold it exactly.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (left, right, scale) = aligned(self, other)?;
        let sum = left.checked_add(right)?;
        Self::new(sum, scale).or_else(|| Self::raw(sum, scale).shortened())
    }

    /// The difference; `None` when it would be negative or 28 digits cannot hold it exactly.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(self);
        }
        let (left, right, scale) = aligned(self, other)?;
        let difference = left.checked_sub(right)?;
        Self::new(difference, scale).or_else(|| Self::raw(difference, scale).shortened())
    }

    /// The difference, but never below 0; a difference that 28 digits cannot hold is rounded
    /// down, so that what is left is never overstated.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        if other.is_zero() {
            return self;
        }
        if self <= other {
            return Self::ZERO;
        }
        self.checked_sub(other).unwrap_or_else(|| {
            let scale = self.scale.max(other.scale);
            let left = wide_at(self, scale);
            fit(left - wide_at(other, scale), scale, Rounding::Down).unwrap_or(Self::ZERO)
        })
    }

    /// The product, rounded down to what 28 digits hold; `None` when its whole part does not fit.
    #[must_use]
    pub fn mul_down(self, other: Self) -> Option<Self> {
        self.product_at(other, SCALE_MAX, Rounding::Down)
    }

    /// The product rounded down at `places`; `None` when it does not fit.
    #[must_use]
    pub fn mul_down_at(self, other: Self, places: u8) -> Option<Self> {
        self.product_at(other, places, Rounding::Down)
    }

    /// The product rounded up at `places`, so that a positive product is never 0; `None` when
    /// it does not fit.
    #[must_use]
    pub fn mul_up_at(self, other: Self, places: u8) -> Option<Self> {
        self.product_at(other, places, Rounding::Up)
    }

    /// The largest multiple of `step` that is not above `self / divisor`; `None` when the
    /// divisor or step is 0 or the quotient does not fit.
    #[must_use]
    pub fn div_down_to_step(self, divisor: Self, step: Self) -> Option<Self> {
        // self / divisor / step = (c₁ / (c₂ · c₃)) · 10^(s₂ + s₃ − s₁), floored to a count of steps.
        let below = wide::product(divisor.coefficient(), step.coefficient());
        if below == U256::ZERO {
            return None;
        }
        let raise = u32::from(divisor.scale) + u32::from(step.scale);
        let lower = u32::from(self.scale);
        let steps = if raise >= lower {
            wide::times_power(U256::from(self.coefficient()), raise - lower)? / below
        } else {
            U256::from(self.coefficient()) / wide::times_power(below, lower - raise)?
        };
        let steps = wide::narrow(steps)?;
        fit(
            wide::product(steps, step.coefficient()),
            step.scale,
            Rounding::Down,
        )
        .filter(|quantity| quantity.scale == step.scale)
        .map(Self::normalized)
    }

    /// Whether `self · left < right · other` without dividing: the test of a rounded quotient
    /// against a multiple of its step.
    pub fn less_than_product(self, left: Self, right: Self) -> bool {
        let scale = left.scale + right.scale;
        if let Some(product) = wide::narrow_product(left.coefficient(), right.coefficient())
            && let Some(raise) = scale.checked_sub(self.scale)
            && let Some(own) = self.raised_by(u32::from(raise))
        {
            return own < product;
        }
        let product = wide::product(left.coefficient(), right.coefficient());
        match scale.cmp(&self.scale) {
            // A left side past 256 bits is above 10^77, and no product passes 10^56.
            Ordering::Greater | Ordering::Equal => wide::times_power(
                U256::from(self.coefficient()),
                u32::from(scale - self.scale),
            )
            .is_some_and(|own| own < product),
            Ordering::Less => wide::times_power(product, u32::from(self.scale - scale))
                .is_none_or(|product| U256::from(self.coefficient()) < product),
        }
    }

    /// The coefficient with so many more places; `None` when it leaves 128 bits.
    fn raised_by(self, places: u32) -> Option<u128> {
        if places == 0 {
            return Some(self.coefficient());
        }
        wide::narrow_product(self.coefficient(), wide::power(places)?)
    }

    fn product_at(self, other: Self, places: u8, rounding: Rounding) -> Option<Self> {
        let scale = self.scale + other.scale;
        if let Some(product) = wide::narrow_product(self.coefficient(), other.coefficient())
            && scale <= places
            && let Some(exact) = Self::new(product, scale)
        {
            return Some(exact);
        }
        let product = wide::product(self.coefficient(), other.coefficient());
        let product = if scale > places {
            wide::shorten(product, u32::from(scale - places), rounding == Rounding::Up)
        } else {
            product
        };
        fit(product, scale.min(places), rounding)
    }

    /// The same value with fewer places, when its trailing digits are zeros.
    fn shortened(self) -> Option<Self> {
        let short = self.normalized();
        Self::new(short.coefficient(), short.scale)
    }
}

/// The amount of a wide coefficient, with digits past 28 rounded off; `None` when the whole
/// part alone is too long.
fn fit(coefficient: U256, scale: u8, rounding: Rounding) -> Option<Amount> {
    let (mut coefficient, mut scale) = (coefficient, scale);
    let excess = wide::digits(coefficient).saturating_sub(DIGITS_MAX);
    if excess > 0 {
        let excess = u8::try_from(excess).ok()?;
        scale = scale.checked_sub(excess)?;
        coefficient = wide::shorten(coefficient, u32::from(excess), rounding == Rounding::Up);
    }
    Amount::new(wide::narrow(coefficient)?, scale)
}

fn wide_at(amount: Amount, scale: u8) -> U256 {
    let raise = u32::from(scale.saturating_sub(amount.scale));
    // At most 10^28 · 10^28: far below 2^256.
    wide::times_power(U256::from(amount.coefficient()), raise).unwrap_or(U256::MAX)
}

/// Both coefficients at the larger scale; `None` when one leaves 128 bits.
fn aligned(left: Amount, right: Amount) -> Option<(u128, u128, u8)> {
    let scale = left.scale.max(right.scale);
    Some((
        left.raised_by(u32::from(scale - left.scale))?,
        right.raised_by(u32::from(scale - right.scale))?,
        scale,
    ))
}

impl TryFrom<(u128, u8)> for Amount {
    type Error = AmountError;

    /// Only the normal form is taken, so that a value has one encoding.
    fn try_from((coefficient, scale): (u128, u8)) -> Result<Self, AmountError> {
        Self::new(coefficient, scale)
            .filter(|amount| amount.normalized().scale == scale)
            .ok_or(AmountError::TooLong)
    }
}

impl From<Amount> for (u128, u8) {
    fn from(amount: Amount) -> Self {
        let short = amount.normalized();
        (short.coefficient(), short.scale)
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Amount {}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Equal amounts have one normal form.
        <(u128, u8)>::from(*self).hash(state);
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.coefficient().cmp(&other.coefficient());
        }
        match aligned(*self, *other) {
            Some((left, right, _)) => left.cmp(&right),
            None => {
                let scale = self.scale.max(other.scale);
                wide_at(*self, scale).cmp(&wide_at(*other, scale))
            }
        }
    }
}

#[cfg(test)]
mod tests;
