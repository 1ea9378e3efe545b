//! JSON values onto a buffer, each in its one canonical form.
//!
//! Owns strings, decimals and whole numbers. Does not know any field.

use alloc::string::String;
use alloc::vec::Vec;

use super::plain::is_plain;
use crate::amount::Amount;

/// Longest decimal: `0.`, and 28 digits behind the point.
const DECIMAL_BYTES_MAX: usize = 30;
/// Where a coefficient of 28 digits is cut into two that are quick to divide.
const HALF: u128 = 10_u128.pow(14);
const HALF_DIGITS: u32 = 14;

/// `"text"`
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// Text as it stands between quotes: only what JSON demands is escaped.
pub(super) fn escaped(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                out.extend([hexadecimal(byte >> 4), hexadecimal(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
}

const fn hexadecimal(half: u8) -> u8 {
    if half < 10 {
        b'0' + half
    } else {
        b'a' + half - 10
    }
}

/// `"0.0125"`: plain notation in quotes, no trailing zeros, as the amount's own `Display`.
pub(super) fn amount(out: &mut Vec<u8>, amount: Amount) {
    let (high, _, _) = amount.to_words();
    // Machine words hold nearly all of them, and strip their zeros many times faster.
    let (high, mut low, mut scale) = if high == 0 {
        amount.to_words()
    } else {
        amount.normalized().to_words()
    };
    let mut digits = Digits::default();
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
    out.push(b'"');
    out.extend_from_slice(digits.finished());
    out.push(b'"');
}

/// The same without quotes, for messages. `Display` would bring its padding along.
pub(super) fn decimal(value: Amount) -> String {
    let mut quoted = Vec::new();
    amount(&mut quoted, value);
    let text = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    text.iter().copied().map(char::from).collect()
}

/// A whole number.
pub(super) fn whole(out: &mut Vec<u8>, number: u64) {
    let mut digits = Digits::default();
    digits.push(number, 1);
    out.extend_from_slice(digits.finished());
}

pub(super) fn flag(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

/// Valid JSON without the white space outside of its strings.
pub(super) fn compacted(out: &mut Vec<u8>, raw: &str) {
    let (mut inside, mut escaped) = (false, false);
    for byte in raw.bytes() {
        if inside {
            inside = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
        } else if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            continue;
        } else {
            inside = byte == b'"';
        }
        out.push(byte);
    }
}

/// A decimal that is filled from its last digit on.
struct Digits {
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
    fn finished(&mut self) -> &[u8] {
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
