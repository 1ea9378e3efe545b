//! One JSON object, taken apart into the raw text of its members.
//!
//! Owns which keys an object has, and what is said of others and of doubles. Does not look
//! into the values: that is `field.rs`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, FaultCode, shown};
use super::plain;
use super::suggest::nearest;
use super::syntax;

/// Fields that the largest object has: a request's 20, and the keys of the other lines.
const FIELDS_MAX: usize = 23;
/// Unknown keys of one object that are told apart; a line of nothing else is not answered by
/// a multiple of its length.
const UNKNOWN_MAX: usize = 16;

/// One field of an object.
#[derive(Debug)]
pub(super) struct Field {
    /// Its place among the object's fields.
    pub(super) at: usize,
    /// Its key in the object.
    pub(super) key: &'static str,
    /// Its name in messages: the key, behind those of the objects around it.
    pub(super) name: &'static str,
    /// What it must be: the message reads "it must be …".
    pub(super) must: &'static str,
}

/// The raw text of an object's members, by field.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    slots: [Option<&'a str>; FIELDS_MAX],
    doubled: u32,
    /// Keys in all.
    pub(super) keys: usize,
    unknown: Vec<String>,
    unknown_more: usize,
}

impl<'a> Members<'a> {
    /// Takes an object apart. Of a text that is no object to its end, what stands before the
    /// error is kept.
    pub(super) fn read(
        &mut self,
        text: &'a str,
        fields: &'static [Field],
    ) -> Result<(), serde_json::Error> {
        let mut next = 0;
        let plain = plain::members(text, |key, raw| {
            let place = place(key, fields, next);
            next = place.map_or(next, |at| at + 1);
            self.take(place.ok_or(key), raw);
        });
        if plain.is_some() {
            Ok(())
        } else {
            self.read_any(text, fields)
        }
    }

    #[cold]
    fn read_any(
        &mut self,
        text: &'a str,
        fields: &'static [Field],
    ) -> Result<(), serde_json::Error> {
        *self = Self::default();
        let scanned = self.scan(text, fields);
        // Only a text that failed is looked through for what Python writes.
        if scanned.is_err()
            && let Some(masked) = syntax::masked(text)
        {
            let mut shadow = Members::default();
            let scanned = shadow.scan(&masked, fields);
            *self = shadow.moved(&masked, text);
            return scanned;
        }
        scanned
    }

    /// The raw value of a field, `null` too.
    pub(super) fn raw(&self, field: &Field) -> Option<&'a str> {
        self.slots.get(field.at).copied().flatten()
    }

    /// The raw value of a field; `null` means absent.
    pub(super) fn given(&self, field: &Field) -> Option<&'a str> {
        self.raw(field).filter(|raw| *raw != "null")
    }

    /// The fault of a key that stands twice.
    pub(super) fn doubled(&self, field: &Field) -> Result<(), Fault> {
        if self.doubled & (1 << field.at) == 0 {
            return Ok(());
        }
        let message = format!("`{}` is given twice", field.name);
        Err(Fault::of_field(
            FaultCode::DuplicateField,
            field.name,
            message,
        ))
    }

    /// Whether there are keys that the object does not have.
    pub(super) const fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The faults of the keys that the object does not have. `within` is the name of what
    /// holds them, `prefix` its path.
    pub(super) fn unknown(
        &self,
        fields: &'static [Field],
        prefix: &str,
        within: &str,
    ) -> Vec<Fault> {
        let fault = |key: &String| {
            let name = format!("{prefix}{}", shown(key));
            let mut message = format!("`{name}` is no field of {within}");
            if let Some(near) = nearest(key, fields.iter().map(|field| field.key)) {
                message.push_str(&format!("; did you mean `{prefix}{near}`"));
            }
            Fault::of_field(FaultCode::UnknownField, name, message)
        };
        let mut faults: Vec<Fault> = self.unknown.iter().map(fault).collect();
        if self.unknown_more > 0 {
            let message = format!("{} more are no fields of {within}", self.unknown_more);
            faults.push(Fault::of_line(FaultCode::UnknownField, message));
        }
        faults
    }

    pub(super) fn scan(
        &mut self,
        text: &'a str,
        fields: &'static [Field],
    ) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(Collect {
            members: self,
            fields,
        })?;
        reader.end()
    }

    /// Takes the raw value of a field, or of a key that is none.
    fn take(&mut self, key: Result<usize, &str>, raw: &'a str) {
        self.keys += 1;
        match key {
            Ok(at) => {
                if let Some(slot) = self.slots.get_mut(at)
                    && slot.replace(raw).is_some()
                {
                    self.doubled |= 1 << at;
                }
            }
            Err(key) if self.unknown.len() < UNKNOWN_MAX => self.unknown.push(key.to_owned()),
            Err(_) => self.unknown_more += 1,
        }
    }

    /// The members of `original`, found by their offsets in a copy of the same length.
    fn moved<'b>(self, copy: &str, original: &'b str) -> Members<'b> {
        let there = |raw: &'a str| syntax::unmasked(raw, copy, original);
        Members {
            slots: self.slots.map(|slot| slot.and_then(there)),
            doubled: self.doubled,
            keys: self.keys,
            unknown: self.unknown,
            unknown_more: self.unknown_more,
        }
    }
}

/// The place of a key among the fields. Bots write their fields in one order, so the search
/// begins behind the field before.
fn place(key: &str, fields: &'static [Field], next: usize) -> Option<usize> {
    let (front, back) = fields.split_at_checked(next)?;
    let known = back.iter().find(|field| field.key == key);
    let known = known.or_else(|| front.iter().find(|field| field.key == key));
    known.map(|field| field.at)
}

struct Collect<'m, 'a> {
    members: &'m mut Members<'a>,
    fields: &'static [Field],
}

impl<'a> Visitor<'a> for Collect<'_, 'a> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let mut next = 0;
        while let Some(key) = map.next_key_seed(KeyOf {
            fields: self.fields,
            next,
        })? {
            next = key.as_ref().map_or(next, |at| at + 1);
            let raw: &'a RawValue = map.next_value()?;
            self.members
                .take(key.as_ref().copied().map_err(String::as_str), raw.get());
        }
        Ok(())
    }
}

struct KeyOf {
    fields: &'static [Field],
    next: usize,
}

impl<'a> DeserializeSeed<'a> for KeyOf {
    type Value = Result<usize, String>;

    fn deserialize<D: serde::Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Result<usize, String>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(place(key, self.fields, self.next).ok_or_else(|| key.to_owned()))
    }
}

/// Whether each field stands at its place.
#[cfg(test)]
pub(super) fn are_in_place(fields: &[Field]) -> bool {
    fields.len() <= FIELDS_MAX && fields.iter().enumerate().all(|(at, field)| field.at == at)
}
