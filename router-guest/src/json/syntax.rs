//! Text that is not JSON: where it stops being JSON, and the bare `NaN` that is no fault of
//! the line but of its field.

use super::fault::{Fault, FaultCode};

/// What Python's JSON writer emits for floats that JSON does not have.
const BARE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Whether a raw value is a float that JSON does not have.
pub(super) fn is_bare(raw: &str) -> bool {
    BARE.contains(&raw)
}

/// A copy of the same length in which every bare `NaN`, `Infinity` and `-Infinity` is a run
/// of ones, so that offsets into the copy are offsets into the text; `None` without any.
pub(super) fn masked(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let (mut inside, mut escaped, mut found) = (false, false, false);
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        if inside {
            inside = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
        } else if byte == b'"' {
            inside = true;
        } else if is_boundary(before)
            && let Some(token) = text.get(at..).and_then(bare_ahead)
        {
            let range = bytes.get_mut(at..at + token.len()).unwrap_or_default();
            range.fill(b'1');
            found = true;
        }
        before = byte;
    }
    found.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// The part of `original` at which `part` stands in a copy of the same length.
pub(super) fn unmasked<'a>(part: &str, copy: &str, original: &'a str) -> Option<&'a str> {
    let offset = (part.as_ptr() as usize).checked_sub(copy.as_ptr() as usize)?;
    original.get(offset..offset.checked_add(part.len())?)
}

/// The bare float that a text begins with.
fn bare_ahead(text: &str) -> Option<&'static str> {
    BARE.into_iter().find(|token| {
        text.strip_prefix(token)
            .is_some_and(|rest| rest.bytes().next().is_none_or(is_boundary))
    })
}

const fn is_boundary(byte: u8) -> bool {
    matches!(
        byte,
        b':' | b',' | b'[' | b']' | b'{' | b'}' | b' ' | b'\t' | b'\r' | b'\n'
    )
}

/// The fault of text that the JSON reader refused. Lines and columns count from 1, columns
/// in bytes.
pub(super) fn bad_json(error: &serde_json::Error, text: &str) -> Fault {
    let told = error.to_string();
    let expected = words(&told);
    // The reader stops before a control character, and behind anything else.
    let stops_before = expected == NO_CONTROL
        && text
            .as_bytes()
            .get(error.column())
            .is_some_and(u8::is_ascii_control);
    let column = error.column() + usize::from(stops_before);
    let message = match error.line() {
        0 | 1 => format!("not JSON at column {column}: expected {expected}"),
        line => format!("not JSON at line {line}, column {column}: expected {expected}"),
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

/// The reader's reasons, by how they begin, and in our words: what was expected, nothing of
/// how it reads.
const REASONS: [(&str, &str); 18] = [
    ("EOF while parsing a list", "`,` or `]`, the line ends"),
    ("EOF while parsing an object", "`,` or `}`, the line ends"),
    ("EOF while parsing a string", "`\"`, the line ends"),
    ("EOF while parsing a value", "a value, the line ends"),
    ("expected `:`", "`:`"),
    ("expected `,` or `]`", "`,` or `]`"),
    ("expected `,` or `}`", "`,` or `}`"),
    ("expected ident", "`true`, `false` or `null`"),
    ("expected value", "a value"),
    ("key must be a string", "a name in double quotes"),
    ("invalid escape", "an escape that JSON knows"),
    ("invalid number", "a number as JSON writes it"),
    ("trailing comma", "something behind the comma"),
    ("trailing characters", "the end of the line"),
    ("control character", NO_CONTROL),
    ("lone leading surrogate", OTHER_HALF),
    ("unexpected end of hex escape", OTHER_HALF),
    ("invalid unicode code point", OTHER_HALF),
];
const NO_CONTROL: &str = "an escape, not a control character";
const OTHER_HALF: &str = "the other half of a surrogate pair";

fn words(told: &str) -> &'static str {
    let known = REASONS.iter().find(|(reason, _)| told.starts_with(reason));
    known.map_or("JSON", |(_, expected)| expected)
}
