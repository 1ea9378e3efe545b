//! A decimal's digits, in a buffer of their own: no formatting machinery, no heap.

use super::Amount;

/// Longest decimal: `0.`, and 28 digits behind the point.
const DECIMAL_BYTES_MAX: usize = 30;
/// Where a coefficient of 28 digits is cut into two that are quick to divide.
const HALF: u128 = 10_u128.pow(14);
const HALF_DIGITS: u32 = 14;

/// A decimal that is filled from its last digit on.
pub(crate) struct Digits {
    buffer: [u8; DECIMAL_BYTES_MAX],
    start: usize,
    /// Digits behind the point that are still to come.
    behind: u8,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            buffer: [b'0'; DECIMAL_BYTES_MAX],
            start: DECIMAL_BYTES_MAX,
            behind: 0,
        }
    }
}

impl Digits {
    /// Plain notation without trailing zeros: `0.0125`, `0`.
    pub(crate) fn of_amount(amount: Amount) -> Self {
        let (high, _, _) = amount.to_words();
        // Machine words hold nearly all of them, and strip their zeros many times faster.
        let (high, mut low, mut scale) = if high == 0 {
            amount.to_words()
        } else {
            amount.normalized().to_words()
        };
        let mut digits = Self::default();
        if high == 0 {
            while scale > 0 && low.is_multiple_of(10) {
                low /= 10;
                scale -= 1;
            }
            digits.behind = scale;
            digits.push(low, 0);
        } else {
            let coefficient = u128::from(high) << 64 | u128::from(low);
            digits.behind = scale;
            // Above 2^64 and below 10^28: both halves have up to 14 digits, the upper one some.
            digits.push(u64::try_from(coefficient % HALF).unwrap_or(0), HALF_DIGITS);
            digits.push(u64::try_from(coefficient / HALF).unwrap_or(0), 0);
        }
        digits
    }

    /// A whole number.
    pub(crate) fn of_whole(number: u64) -> Self {
        let mut digits = Self::default();
        digits.push(number, 1);
        digits
    }

    /// The digits of a number, and zeros before them up to `least` digits.
    fn push(&mut self, number: u64, least: u32) {
        let (mut rest, mut written) = (number, 0);
        while rest > 0 || written < least {
            self.digit(u8::try_from(rest % 10).unwrap_or(0));
            rest /= 10;
            written += 1;
        }
    }

    fn digit(&mut self, digit: u8) {
        self.put(b'0' + digit);
        if self.behind > 0 {
            self.behind -= 1;
            if self.behind == 0 {
                self.put(b'.');
            }
        }
    }

    fn put(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(slot) = self.buffer.get_mut(self.start) {
            *slot = byte;
        }
    }

    /// The text, with a zero where nothing stands before the point.
    pub(crate) fn finished(&mut self) -> &[u8] {
        while self.behind > 0 {
            self.digit(0);
        }
        if self
            .buffer
            .get(self.start)
            .is_none_or(|first| *first == b'.')
        {
            self.put(b'0');
        }
        self.buffer.get(self.start..).unwrap_or_default()
    }
}
