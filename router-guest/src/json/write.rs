//! JSON values onto a buffer, each in its one canonical form.
//!
//! Owns strings, decimals and whole numbers. Does not know any field.

use alloc::string::String;
use alloc::vec::Vec;

use super::plain::is_plain;
use crate::amount::{Amount, Digits};

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
    out.push(b'"');
    out.extend_from_slice(Digits::of_amount(amount).finished());
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
    out.extend_from_slice(Digits::of_whole(number).finished());
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
