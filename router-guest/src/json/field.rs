//! One value out of its raw JSON text, exactly as written: amounts never pass a float.
//!
//! Owns the types and their bounds. Does not know which fields there are.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use super::fault::{Fault, FaultCode, shown};
use super::keys::Fields;
use super::object::{Field, Members};
use super::{float, scan, syntax};
use crate::amount::{Amount, AmountError, DIGITS_MAX};

/// Bytes of the ids of reservations and events at most; at least 1.
pub(super) const HOST_ID_BYTES_MAX: usize = 64;

impl Field {
    /// The one form of a message about a value.
    #[cold]
    pub(super) fn fault(&self, code: FaultCode, raw: &str) -> Fault {
        let message = format!(
            "`{}` is `{}`; it must be {}",
            self.name,
            shown(raw),
            self.must
        );
        Fault::of_field(code, self.name, message)
    }

    /// The fault of an absent field.
    #[cold]
    pub(super) fn missing(&self) -> Fault {
        let message = format!("`{}` is missing; it must be {}", self.name, self.must);
        Fault::of_field(FaultCode::FieldMissing, self.name, message)
    }

    /// A string, borrowed where it has no escapes.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn text<'a>(&self, raw: &'a str) -> Result<Cow<'a, str>, Fault> {
        let Some(inner) = inner(raw) else {
            return Err(self.fault(self.type_fault(raw), raw));
        };
        scan::unescape(inner).ok_or_else(|| self.fault(FaultCode::BadEscape, raw))
    }

    /// A string of 1 to `bytes_max` bytes.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn name<'a>(&self, raw: &'a str, bytes_max: usize) -> Result<Cow<'a, str>, Fault> {
        let text = self.text(raw)?;
        match text.len() {
            0 => Err(self.fault(FaultCode::Empty, raw)),
            bytes if bytes > bytes_max => Err(self.fault(FaultCode::TooLong, raw)),
            _ => Ok(text),
        }
    }

    /// A word of a fixed set.
    pub(super) fn word<T>(
        &self,
        raw: &str,
        unknown: FaultCode,
        of_word: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        of_word(&self.text(raw)?).ok_or_else(|| self.fault(unknown, raw))
    }

    /// A decimal of 0 or more, from a string or a number.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn amount(&self, raw: &str) -> Result<Amount, Fault> {
        // Before the text is looked through for escapes: this is nearly all amounts.
        if let Some(amount) = Amount::of_short(inner(raw).unwrap_or(raw)) {
            return Ok(amount);
        }
        let parsed = match raw.as_bytes().first() {
            Some(b'"') => self.text(raw)?.parse::<Amount>(),
            Some(b'-' | b'0'..=b'9') => raw.parse(),
            _ => return Err(self.fault(self.type_fault(raw), raw)),
        };
        parsed.map_err(|error| self.amount_fault(error, raw))
    }

    /// A decimal above 0, from a string or a number.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn positive(&self, raw: &str) -> Result<Amount, Fault> {
        let amount = self.amount(raw)?;
        if amount.is_zero() {
            Err(self.fault(FaultCode::NotPositive, raw))
        } else {
            Ok(amount)
        }
    }

    /// A finite number; a string is none.
    pub(super) fn score(&self, raw: &str) -> Result<f64, Fault> {
        // `-Infinity` begins as a number does, and a reader of digits would make digits of it.
        if !matches!(raw.as_bytes(), [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..]) {
            return Err(self.fault(self.type_fault(raw), raw));
        }
        let score = if cfg!(target_arch = "wasm32") {
            float::parse(raw)
        } else {
            raw.parse().ok().filter(|score: &f64| score.is_finite())
        };
        score.ok_or_else(|| self.fault(FaultCode::NotFinite, raw))
    }

    /// `true` or `false`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn flag(&self, raw: &str) -> Result<bool, Fault> {
        match raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.fault(self.type_fault(raw), raw)),
        }
    }

    /// A whole number in digits.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn count(&self, raw: &str) -> Result<u32, Fault> {
        let code = match raw.as_bytes().first() {
            Some(b'0'..=b'9') if raw.bytes().all(|byte| byte.is_ascii_digit()) => {
                FaultCode::Overlong
            }
            Some(b'-') if !syntax::is_bare(raw) => FaultCode::Negative,
            _ => self.type_fault(raw),
        };
        raw.parse().map_err(|_| self.fault(code, raw))
    }

    /// An object with these fields and no others, none twice.
    pub(super) fn object<'a>(
        &self,
        raw: &'a str,
        fields: &'static Fields,
    ) -> Result<Members<'a>, Fault> {
        let members = self.members(raw, fields)?;
        self.unknown(&members, fields)
            .into_iter()
            .try_for_each(Err)?;
        fields
            .all
            .iter()
            .try_for_each(|field| members.doubled(field))?;
        Ok(members)
    }

    /// The faults of the fields that its object must not have.
    pub(super) fn unknown(&self, members: &Members<'_>, fields: &'static Fields) -> Vec<Fault> {
        if !members.has_unknown() {
            return Vec::new();
        }
        let (prefix, within) = (format!("{}.", self.name), format!("`{}`", self.name));
        members.unknown(fields, &prefix, &within)
    }

    /// An object's fields, whatever they are.
    pub(super) fn members<'a>(
        &self,
        raw: &'a str,
        fields: &'static Fields,
    ) -> Result<Members<'a>, Fault> {
        if !raw.starts_with('{') {
            return Err(self.fault(self.type_fault(raw), raw));
        }
        let mut members = Members::default();
        let scanned = members.read(raw, fields);
        // The line's own reading has been through all of it but the escapes in its keys.
        if scanned.is_err() {
            return Err(self.fault(FaultCode::BadEscape, raw));
        }
        Ok(members)
    }

    /// A field of an object that must have it.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn required<'a>(&self, members: &Members<'a>) -> Result<&'a str, Fault> {
        members.given(self).ok_or_else(|| self.missing())
    }

    /// The code of a value of another type.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn type_fault(&self, raw: &str) -> FaultCode {
        if syntax::is_bare(raw) {
            FaultCode::NotFinite
        } else {
            FaultCode::WrongType
        }
    }

    #[cold]
    fn amount_fault(&self, error: AmountError, raw: &str) -> Fault {
        match error {
            AmountError::NotADecimal if is_float_word(inner(raw).unwrap_or(raw)) => {
                self.fault(FaultCode::NotFinite, raw)
            }
            AmountError::NotADecimal => self.fault(FaultCode::NotADecimal, raw),
            AmountError::Negative => self.fault(FaultCode::Negative, raw),
            AmountError::TooLong => {
                let message = format!(
                    "`{}` is `{}`; written out, it must have at most {DIGITS_MAX} digits",
                    self.name,
                    shown(raw)
                );
                Fault::of_field(FaultCode::Overlong, self.name, message)
            }
        }
    }
}

/// What stands between the quotes of a string.
pub(super) fn inner(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// Whether a text is how some program writes a float that is no number.
fn is_float_word(text: &str) -> bool {
    let word = text.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity"]
        .into_iter()
        .any(|float| word.eq_ignore_ascii_case(float))
}
