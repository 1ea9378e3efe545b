//! Tags: an object of strings that nobody here reads, checked so that it can be echoed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, FaultCode, shown};
use super::object::Field;
use super::syntax;

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
    let mut fault = None;
    match serde_json::Deserializer::from_str(raw).deserialize_map(Strings(&mut fault)) {
        Ok(()) => Ok(raw),
        Err(_) => Err(fault.unwrap_or_else(|| {
            let bare = syntax::masked(raw).is_some();
            field.fault(
                if bare {
                    FaultCode::NotFinite
                } else {
                    FaultCode::BadEscape
                },
                raw,
            )
        })),
    }
}

/// Checks an object of strings; what is wrong with one of them goes into the option.
struct Strings<'f>(&'f mut Option<Fault>);

impl<'a> Visitor<'a> for Strings<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Text)? {
            let raw = map.next_value::<&'a RawValue>()?.get();
            if let Err(code) = string(raw) {
                let name = format!("tags.{}", shown(&key));
                let message = format!("`{name}` is `{}`; it must be a string", shown(raw));
                *self.0 = Some(Fault::of_field(code, name, message));
                return Err(A::Error::custom("tags"));
            }
        }
        Ok(())
    }
}

fn string(raw: &str) -> Result<(), FaultCode> {
    if !raw.starts_with('"') {
        return Err(FaultCode::WrongType);
    }
    let escaped = raw.as_bytes().contains(&b'\\');
    if escaped && serde_json::from_str::<String>(raw).is_err() {
        return Err(FaultCode::BadEscape);
    }
    Ok(())
}

/// A key, borrowed where it has no escapes.
struct Text;

impl<'a> DeserializeSeed<'a> for Text {
    type Value = Cow<'a, str>;

    fn deserialize<D: serde::Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Text {
    type Value = Cow<'a, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
