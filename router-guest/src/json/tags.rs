//! Tags: an object of strings that nobody here reads, checked so that it can be echoed.

use alloc::format;

use super::fault::{Fault, FaultCode, shown};
use super::field::inner;
use super::object::Field;
use super::{scan, syntax};

/// Bytes of the JSON text of tags at most.
pub const TAGS_BYTES_MAX: usize = 1024;

/// The text itself, once it is an object of strings that every JSON reader takes.
pub(super) fn checked<'a>(field: &Field, raw: &'a str) -> Result<&'a str, Fault> {
    if !raw.starts_with('{') {
        return Err(field.fault(field.type_fault(raw), raw));
    }
    if raw.len() > TAGS_BYTES_MAX {
        return Err(field.fault(FaultCode::TooLong, raw));
    }
    let mut found = None;
    let scanned = scan::members(raw, |key, value| {
        if found.is_none() {
            found = fault(field, key, value, raw);
        }
    });
    match found {
        Some(fault) => Err(fault),
        // The line's own reading has been through all of it but the escapes in its keys.
        None if scanned.is_err() => Err(field.fault(FaultCode::BadEscape, raw)),
        None => Ok(raw),
    }
}

/// What is wrong with one of the tags.
fn fault(field: &Field, key: &str, value: &str, raw: &str) -> Option<Fault> {
    let code = match inner(value) {
        Some(inside) if scan::unescape(inside).is_some() => return None,
        Some(_) => FaultCode::BadEscape,
        None if syntax::is_bare(value) => return Some(field.fault(FaultCode::NotFinite, raw)),
        None => FaultCode::WrongType,
    };
    let name = format!("tags.{}", shown(key));
    let message = format!("`{name}` is `{}`; it must be a string", shown(value));
    Some(Fault::of_field(code, name, message))
}
