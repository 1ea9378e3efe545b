//! One JSON object, taken apart into the raw text of its members.
//!
//! Owns which keys an object has, and what is said of others and of doubles. Does not look
//! into the values: that is `field.rs`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::fault::{Fault, FaultCode, shown};
use super::keys::Fields;
use super::scan::{self, Stop};
use super::suggest::nearest;

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
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn read(&mut self, text: &'a str, fields: &'static Fields) -> Result<(), Stop> {
        scan::members(text, |key, raw| {
            self.take(fields.place(key).ok_or(key), raw);
        })
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
    #[cfg_attr(target_arch = "wasm32", inline(never))]
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
        fields: &'static Fields,
        prefix: &str,
        within: &str,
    ) -> Vec<Fault> {
        let fault = |key: &String| {
            let name = format!("{prefix}{}", shown(key));
            let mut message = format!("`{name}` is no field of {within}");
            if let Some(near) = nearest(key, fields.all.iter().map(|field| field.key)) {
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
}

/// Whether each field stands at its place.
#[cfg(test)]
pub(super) fn are_in_place(fields: &Fields) -> bool {
    let fields = fields.all;
    fields.len() <= FIELDS_MAX && fields.iter().enumerate().all(|(at, field)| field.at == at)
}
