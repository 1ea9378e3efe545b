//! Amounts as people and programs write them: plain or with an exponent, taken exactly.

use core::fmt;
use core::str::FromStr;

use super::{Amount, DIGITS_MAX, Digits, wide};

/// Why a text is not an amount. The message continues "`<text>` …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not `digits[.digits][e[+|-]digits]`.
    #[error("is not a decimal")]
    NotADecimal,
    /// Below zero.
    #[error("is negative")]
    Negative,
    /// More digits than an amount holds, written out without an exponent.
    #[error("has more than 28 digits")]
    TooLong,
}

/// What stands before the exponent: digits without the point, and how many are behind it.
struct Mantissa {
    coefficient: u128,
    behind: u32,
}

impl FromStr for Amount {
    type Err = AmountError;

    /// `12`, `0.5`, `1.5e-3`, `-0`; nothing is rounded, so 29 digits are refused.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        if let Some(amount) = Self::of_short(text) {
            return Ok(amount);
        }
        Self::of_any(text)
    }
}

impl Amount {
    /// The reader of everything that an amount can look like.
    pub(super) fn of_any(text: &str) -> Result<Self, AmountError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => {
                let (mantissa, exponent) = unsigned.split_at(at);
                (
                    mantissa,
                    parse_exponent(exponent.get(1..).unwrap_or_default())?,
                )
            }
            None => (unsigned, 0),
        };
        let digits = parse_digits(mantissa.as_bytes())?;
        let amount = placed(&digits, exponent)?;
        if negative && !amount.is_zero() {
            Err(AmountError::Negative)
        } else {
            Ok(amount)
        }
    }
}

fn parse_digits(mantissa: &[u8]) -> Result<Mantissa, AmountError> {
    let mut coefficient = 0_u128;
    let mut point = None;
    let mut significant = 0_u32;
    for (at, byte) in mantissa.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if significant > 0 || *byte != b'0' || point.is_some() {
                    significant += 1;
                }
                if significant <= DIGITS_MAX {
                    coefficient = coefficient * 10 + u128::from(byte - b'0');
                }
            }
            b'.' if point.is_none() && at > 0 && at + 1 < mantissa.len() => point = Some(at),
            _ => return Err(AmountError::NotADecimal),
        }
    }
    if mantissa.is_empty() {
        return Err(AmountError::NotADecimal);
    }
    if significant > DIGITS_MAX {
        return Err(AmountError::TooLong);
    }
    let behind = point.map_or(0, |at| mantissa.len() - at - 1);
    Ok(Mantissa {
        coefficient,
        behind: u32::try_from(behind).map_err(|_| AmountError::TooLong)?,
    })
}

fn parse_exponent(text: &str) -> Result<i64, AmountError> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::NotADecimal);
    }
    // Anything past these bounds is too long for every coefficient but 0.
    let magnitude = unsigned.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000);
    Ok(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// Moves the point by the exponent.
fn placed(digits: &Mantissa, exponent: i64) -> Result<Amount, AmountError> {
    if digits.coefficient == 0 {
        return Ok(Amount::ZERO);
    }
    let scale = i64::from(digits.behind) - exponent;
    let amount = if scale >= 0 {
        u8::try_from(scale)
            .ok()
            .and_then(|scale| Amount::new(digits.coefficient, scale))
    } else {
        u32::try_from(-scale)
            .ok()
            .and_then(wide::power)
            .and_then(|power| digits.coefficient.checked_mul(power))
            .and_then(|coefficient| Amount::new(coefficient, 0))
    };
    amount.map(Amount::normalized).ok_or(AmountError::TooLong)
}

impl fmt::Display for Amount {
    /// Plain notation without trailing zeros: `0.0125`, never `1.25e-2`. A precision pads
    /// with zeros or rounds half up, for people to read: `{:.2}`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(places) = out.precision() else {
            let mut digits = Digits::of_amount(*self);
            return out.write_str(str::from_utf8(digits.finished()).map_err(|_| fmt::Error)?);
        };
        let places = u8::try_from(places).unwrap_or(u8::MAX).min(28);
        let (coefficient, scale) = self.at_places(places);
        if scale == 0 {
            return write!(out, "{coefficient}");
        }
        let power = wide::power(u32::from(scale)).ok_or(fmt::Error)?;
        let (whole, behind) = (coefficient / power, coefficient % power);
        write!(out, "{whole}.{behind:0width$}", width = usize::from(scale))
    }
}

impl Amount {
    /// An amount of at most 18 digits without sign or exponent, in machine words: nearly all
    /// of them. `None` says nothing of the text: `from_str` tells what is wrong.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(crate) fn of_short(text: &str) -> Option<Self> {
        if text.len() > 19 {
            return None;
        }
        let (mut coefficient, mut scale, mut point) = (0_u64, 0_u8, false);
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => {
                    coefficient = coefficient * 10 + u64::from(byte - b'0');
                    scale += u8::from(point);
                }
                // A point needs a digit on both sides: one behind it, and not the first byte.
                b'.' if !point && text.as_bytes().first() != Some(&b'.') => point = true,
                _ => return None,
            }
        }
        if text.is_empty() || (point && scale == 0) {
            return None;
        }
        while scale > 0 && coefficient.is_multiple_of(10) {
            coefficient /= 10;
            scale -= 1;
        }
        Self::new(u128::from(coefficient), scale)
    }

    /// Coefficient and scale at exactly `places`, rounded half up. For print only.
    fn at_places(self, places: u8) -> (u128, u8) {
        if self.scale > places {
            let power = wide::power(u32::from(self.scale - places)).unwrap_or(u128::MAX);
            let quotient = self.coefficient() / power;
            let rest = self.coefficient() % power;
            (quotient + u128::from(rest >= power - rest), places)
        } else {
            let raise = wide::power(u32::from(places - self.scale)).unwrap_or(1);
            match self.coefficient().checked_mul(raise) {
                Some(coefficient) => (coefficient, places),
                None => (self.coefficient(), self.scale),
            }
        }
    }
}
