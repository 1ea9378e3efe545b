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

/// The fault of text that the JSON reader refused.
pub(super) fn bad_json(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    let reason = words(reason);
    let message = match error.line() {
        0 | 1 => format!("not JSON at column {}: {reason}", error.column()),
        line => format!(
            "not JSON at line {line}, column {}: {reason}",
            error.column()
        ),
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

/// The reader's reasons in our words: what was expected, nothing of how it reads.
fn words(reason: &str) -> &'static str {
    match reason {
        "EOF while parsing a list" => "expected `,` or `]`, the line ends",
        "EOF while parsing an object" => "expected `,` or `}`, the line ends",
        "EOF while parsing a string" => "expected `\"`, the line ends",
        "EOF while parsing a value" => "expected a value, the line ends",
        "expected `:`" => "expected `:`",
        "expected `,` or `]`" => "expected `,` or `]`",
        "expected `,` or `}`" => "expected `,` or `}`",
        "expected ident" => "expected `true`, `false` or `null`",
        "expected value" => "expected a value",
        "expected `\"`" | "key must be a string" => "expected a name in double quotes",
        "invalid escape" => "expected an escape that JSON knows",
        "invalid number" => "expected a number as JSON writes it",
        "trailing comma" => "expected something behind the comma",
        "trailing characters" => "expected the end of the line",
        "recursion limit exceeded" => "expected fewer levels of brackets",
        "lone leading surrogate in hex escape"
        | "unexpected end of hex escape"
        | "invalid unicode code point" => "expected the other half of a surrogate pair",
        _ if reason.starts_with("control character") => {
            "expected an escape, not a control character"
        }
        _ => "expected JSON",
    }
}
