//! Doubles out of the text of JSON numbers, rounded correctly, in little room.
//!
//! The standard library reads them faster in the rare cases, with tables of twelve kilobytes.
//! The sandbox takes this one; that both give the same bits is tested.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Significant digits that can make a difference to a double; of the rest it only counts
/// whether there is something.
const DIGITS_MAX: usize = 800;
/// Powers of ten up to this one are doubles, as whole numbers up to 2^53 are.
const EXACT_POWER_MAX: i32 = 22;
/// 10^this is past the greatest double.
const MAGNITUDE_MAX: i32 = 310;
/// 10^this is under half of the least double.
const MAGNITUDE_MIN: i32 = -324;

/// The exponent of two of the greatest double; one more would run over into the sign.
const EXPONENT_MAX: i32 = 1023;

/// The double that is nearest to a number as JSON writes it; `None` past their range.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (unsigned, sign) = match text.strip_prefix('-') {
        Some(unsigned) => (unsigned, -1.0),
        None => (text, 1.0),
    };
    let decimal = Decimal::of(unsigned.as_bytes());
    Some(sign * decimal.quick().map_or_else(|| decimal.nearest(), Some)?)
}

/// Digits · 10^exponent.
struct Decimal {
    digits: Vec<u8>,
    exponent: i32,
}

impl Decimal {
    fn of(text: &[u8]) -> Self {
        let (mut digits, mut exponent, mut behind) = (Vec::new(), 0_i32, false);
        let mut text = text.iter();
        while let Some(byte) = text.next() {
            match byte {
                b'.' => behind = true,
                b'e' | b'E' => {
                    exponent = exponent.saturating_add(whole(text.as_slice()));
                    break;
                }
                _ => {
                    let digit = byte & 15;
                    if digits.len() < DIGITS_MAX {
                        exponent -= i32::from(behind);
                        if digit > 0 || !digits.is_empty() {
                            digits.push(digit);
                        }
                    } else {
                        exponent += i32::from(!behind);
                        if let Some(last) = digits.last_mut().filter(|_| digit > 0) {
                            *last |= 1;
                        }
                    }
                }
            }
        }
        Self { digits, exponent }
    }

    /// The number in one operation on doubles, when it is one of nearly all.
    fn quick(&self) -> Option<f64> {
        if self.digits.len() > 15 || self.exponent.abs() > EXACT_POWER_MAX {
            return None;
        }
        let figure = |number, digit: &u8| number * 10.0 + f64::from(*digit);
        let whole = self.digits.iter().fold(0.0, figure);
        let power = (0..self.exponent.abs()).fold(1.0, |power, _| power * 10.0);
        Some(if self.exponent < 0 {
            whole / power
        } else {
            whole * power
        })
    }

    #[cold]
    fn nearest(&self) -> Option<f64> {
        let length = i32::try_from(self.digits.len()).ok()?;
        let magnitude = self.exponent.saturating_add(length);
        if length == 0 || magnitude < MAGNITUDE_MIN {
            return Some(0.0);
        }
        if magnitude > MAGNITUDE_MAX {
            return None;
        }
        let (mut over, mut under) = (Big::default(), Big(Vec::from([1])));
        for digit in &self.digits {
            over.times_plus(10, u32::from(*digit));
        }
        let raised = if self.exponent < 0 {
            &mut under
        } else {
            &mut over
        };
        for _ in 0..self.exponent.abs() {
            raised.times_plus(10, 0);
        }
        quotient(over, under)
    }
}

/// The exponent behind its `e`; past any double when it has many digits.
fn whole(text: &[u8]) -> i32 {
    let (digits, sign) = match text {
        [b'-', digits @ ..] => (digits, -1),
        [b'+', digits @ ..] => (digits, 1),
        _ => (text, 1),
    };
    let figure = |number: i32, digit: &u8| (number * 10 + i32::from(digit & 15)).min(1 << 24);
    sign * digits.iter().fold(0, figure)
}

/// The double that is nearest to a quotient of two numbers above 0.
fn quotient(mut over: Big, mut under: Big) -> Option<f64> {
    let shift = under.bits() - over.bits();
    let lower = if shift > 0 { &mut over } else { &mut under };
    for _ in 0..shift.abs() {
        lower.times_plus(2, 0);
    }
    // The quotient is now between a half and two: 64 bits of it, the first one worth 1.
    let mut bits = 0_u64;
    for _ in 0..64 {
        let fits = over.compare(&under) != Ordering::Less;
        if fits {
            over.subtract(&under);
        }
        bits = bits << 1 | u64::from(fits);
        over.times_plus(2, 0);
    }
    bits |= u64::from(over.bits() > 0);
    rounded(bits, -shift)
}

/// bits · 2^(exponent − 63) as a double, ties to even; the first or second bit is set, and
/// the last says whether there was more.
fn rounded(bits: u64, exponent: i32) -> Option<f64> {
    let exponent = exponent - i32::from(bits >> 63 == 0);
    let bits = bits << bits.leading_zeros();
    if exponent > EXPONENT_MAX {
        return None;
    }
    // Below the least normal exponent there are fewer digits.
    let missing = u32::try_from(-1022 - exponent).unwrap_or(0);
    let dropped = 11 + missing;
    let kept = bits.checked_shr(dropped).unwrap_or(0);
    let rest = bits
        .checked_shl(64_u32.saturating_sub(dropped))
        .unwrap_or(0);
    let rest = if dropped > 64 { rest >> 1 } else { rest };
    let up = match rest.cmp(&(1 << 63)) {
        Ordering::Greater => 1,
        Ordering::Equal => kept & 1,
        Ordering::Less => 0,
    };
    // The first of the 53 digits is not written; added to the exponent below, it raises it.
    let field = u64::try_from(exponent + 1022).unwrap_or(0);
    let double = f64::from_bits((field << 52) + kept + up);
    double.is_finite().then_some(double)
}

/// A whole number; digits of 32 bits, the lowest first, the last not 0.
#[derive(Default)]
struct Big(Vec<u32>);

impl Big {
    #[expect(clippy::cast_possible_truncation, reason = "the low half of a word")]
    fn times_plus(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn bits(&self) -> i32 {
        let words = i32::try_from(self.0.len()).unwrap_or(i32::MAX / 64);
        let zeros = self.0.last().map_or(0, |digit| digit.leading_zeros());
        words * 32 - i32::try_from(zeros).unwrap_or(0)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes off what is not above it.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(core::iter::repeat(0));
        for (digit, less) in self.0.iter_mut().zip(others) {
            let (rest, under) = digit.overflowing_sub(less);
            let (rest, under_too) = rest.overflowing_sub(u32::from(borrow));
            *digit = rest;
            borrow = under || under_too;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let expected = text.parse::<f64>().unwrap();
        let expected = Some(expected.to_bits()).filter(|_| expected.is_finite());
        assert_eq!(parse(text).map(f64::to_bits), expected, "{text}");
    }

    #[test]
    fn at_the_edges() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "0e999999999999",
            "1e999999999999",
            "1e-999999999999",
            "1",
            "9007199254740993",
            "9007199254740992.5",
            "0.1",
            "0.30000000000000004",
            "1.7976931348623157e308",
            // Two powers of two past the greatest double: once read as a small one, because the
            // exponent ran over into the sign.
            "36e307",
            "9.9e309",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "179769313486231580793728971405301e276",
            "2.2250738585072014e-308",
            "2.2250738585072011e-308",
            "4.9406564584124654e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "7.4109846876186981e-324",
            "1e-323",
            "1e22",
            "1e23",
            "123456789012345678901234567890",
            "0.000000000000000000000000000001",
        ] {
            check(text);
            if !text.starts_with('-') {
                check(&format!("-{text}"));
            }
        }
        // Half way between two doubles, and a digit more far behind.
        let half = format!("{:.0}", 2_f64.powi(53) + 2.0).replace('4', "3");
        for behind in [0, 1, 700, 900] {
            check(&format!("{half}.{}1", "0".repeat(behind)));
            check(&format!("{half}{}1e-{}", "0".repeat(behind), behind + 1));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn as_the_standard_library(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?") {
            check(&text);
        }

        #[test]
        fn every_double(bits in any::<u64>(), places in 0..20_usize) {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            check(&format!("{double:e}"));
            check(&format!("{double:.places$e}"));
            check(&format!("{double}"));
        }
    }
}
