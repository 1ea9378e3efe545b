//! Text that is not JSON: how it is told, and the bare `NaN` that is no fault of the line but
//! of its field.

use alloc::format;

use super::fault::{Fault, FaultCode};
use super::scan::Stop;

/// What Python's JSON writer emits for floats that JSON does not have.
const BARE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Whether a raw value is a float that JSON does not have.
pub(super) fn is_bare(raw: &str) -> bool {
    BARE.contains(&raw)
}

/// The fault of text that is not JSON. Lines and columns count from 1, columns in bytes; a
/// text that breaks off does so at its last byte.
#[cold]
pub(super) fn bad_json(stop: Stop, text: &str) -> Fault {
    let breaks_off = stop.at >= text.len();
    let before = text.as_bytes().get(..stop.at).unwrap_or_default();
    let (mut line, mut column) = (1, usize::from(!breaks_off));
    for byte in before {
        column += 1;
        if *byte == b'\n' {
            line += 1;
            column = usize::from(!breaks_off);
        }
    }
    let expected = stop.expected.words();
    let end = if breaks_off { ", the line ends" } else { "" };
    let message = if line == 1 {
        format!("not JSON at column {column}: expected {expected}{end}")
    } else {
        format!("not JSON at line {line}, column {column}: expected {expected}{end}")
    };
    Fault::of_line(FaultCode::BadJson, message)
}

/// The fault of a byte that is not UTF-8; `column` counts from 1.
pub(super) fn bad_utf8(column: usize) -> Fault {
    Fault::of_line(
        FaultCode::BadJson,
        format!("not JSON at column {column}: expected UTF-8"),
    )
}
