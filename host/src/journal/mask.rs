//! Masking: fields that the journal holds as keyed hashes, so that a store can be given away
//! without saying what was traded, while equal values still read alike.
//!
//! Owns which fields those can be and what stands in their place. What is masked cannot be had
//! back from the journal, with the key neither.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use router_guest::json::Fault;
use router_guest::request::NAME_BYTES_MAX;
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::regular;
use crate::request::Request;

/// Bytes that a key must have at least.
pub const KEY_BYTES_MIN: usize = 16;
/// Bytes that a key may have at most.
pub const KEY_BYTES_MAX: usize = 4_096;
/// What a masked value begins with.
const MASKED_PREFIX: &str = "masked:";
/// Bytes of the hash that are kept: two values meet by chance in one of 2^64 pairs.
const KEPT_BYTES: usize = 16;
/// Bytes of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

const _: () = assert!(
    MASKED_PREFIX.len() + 2 * KEPT_BYTES <= NAME_BYTES_MAX,
    "a masked name is a name"
);

/// A field that can be masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum MaskField {
    /// The client order id.
    Id,
    /// The symbol.
    Symbol,
    /// The strategy's name.
    Strategy,
    /// All tags.
    Tags,
}

/// A set of fields that are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaskedFields(u8);

/// A key, and the fields that are hashed with it.
#[derive(Clone)]
pub struct Mask {
    /// SHA-256 after the key's inner and outer block: what HMAC goes on from.
    inner: Sha256,
    outer: Sha256,
    key: Digest,
    fields: MaskedFields,
}

/// Why fields cannot be masked.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    /// The file of the key cannot be read.
    #[error("cannot read the key `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The key is too short or too long.
    #[error("a key for masking has {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes, this one has {bytes}")]
    Length {
        /// Its length.
        bytes: usize,
    },
}

/// Why a text names no fields to mask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` cannot be masked: `id`, `symbol`, `strategy` and `tags` can")]
pub struct MaskFieldError {
    /// The word.
    word: String,
}

impl MaskField {
    /// Every field, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Id, Self::Symbol, Self::Strategy, Self::Tags];

    /// The field's name in a request line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Symbol => "symbol",
            Self::Strategy => "strategy",
            Self::Tags => "tags",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl MaskedFields {
    /// No field.
    pub const NONE: Self = Self(0);

    /// The set of a byte; `None` for one that names fields that do not exist.
    pub fn of_bits(bits: u8) -> Option<Self> {
        let all = MaskField::ALL
            .iter()
            .fold(0, |all, field| all | field.bit());
        (bits & !all == 0).then_some(Self(bits))
    }

    /// The byte of the set.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a field is among them.
    pub const fn has(self, field: MaskField) -> bool {
        self.0 & field.bit() != 0
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, field: MaskField) -> Self {
        Self(self.0 | field.bit())
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The fields, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = MaskField> {
        MaskField::ALL
            .into_iter()
            .filter(move |field| self.has(*field))
    }
}

impl fmt::Display for MaskedFields {
    /// `symbol,strategy`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.iter().enumerate() {
            if at > 0 {
                out.write_str(",")?;
            }
            out.write_str(field.word())?;
        }
        Ok(())
    }
}

impl FromStr for MaskedFields {
    type Err = MaskFieldError;

    /// Names with commas between them.
    fn from_str(text: &str) -> Result<Self, MaskFieldError> {
        text.split(',').try_fold(Self::NONE, |fields, word| {
            let word = word.trim();
            let field = MaskField::ALL
                .into_iter()
                .find(|field| field.word() == word);
            let field = field.ok_or_else(|| MaskFieldError {
                word: word.escape_debug().take(NAME_BYTES_MAX).collect(),
            });
            Ok(fields.with(field?))
        })
    }
}

impl Mask {
    /// Masks the fields with the key in a file; a line end at its end is not part of it.
    ///
    /// # Errors
    /// [`MaskError`].
    pub fn read(path: &Path, fields: MaskedFields) -> Result<Self, MaskError> {
        // A line end at its end is one byte or two more.
        let key = regular::read(path, KEY_BYTES_MAX + 2).map_err(|source| MaskError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::new(key.trim_ascii_end(), fields)
    }

    /// Masks the fields with the key.
    ///
    /// # Errors
    /// [`MaskError::Length`].
    pub fn new(key: &[u8], fields: MaskedFields) -> Result<Self, MaskError> {
        let bytes = key.len();
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes) {
            return Err(MaskError::Length { bytes });
        }
        // HMAC, as RFC 2104 has it: a key longer than a block is hashed first.
        let mut block = [0_u8; BLOCK_BYTES];
        let hashed = Sha256::digest(key);
        let short = if bytes > BLOCK_BYTES {
            &hashed[..]
        } else {
            key
        };
        for (place, byte) in block.iter_mut().zip(short) {
            *place = *byte;
        }
        let padded = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
        Ok(Self {
            inner: padded(0x36),
            outer: padded(0x5c),
            key: Digest::of(key),
            fields,
        })
    }

    /// The fields that it masks.
    pub const fn fields(&self) -> MaskedFields {
        self.fields
    }

    /// By which its key is known; the key itself is nowhere written.
    pub const fn key_digest(&self) -> Digest {
        self.key
    }

    /// What the journal holds of a field's value: the value, or in its place `masked:` and the
    /// first 16 bytes of HMAC-SHA-256 over the field's name, a zero byte and the value.
    pub fn text<'t>(&self, field: MaskField, value: &'t str) -> Cow<'t, str> {
        if !self.fields.has(field) {
            return Cow::Borrowed(value);
        }
        let mut masked = MASKED_PREFIX.to_owned();
        for byte in self.hash(field, value).iter().take(KEPT_BYTES) {
            masked.push_str(&format!("{byte:02x}"));
        }
        Cow::Owned(masked)
    }

    /// The same of tags, which stay a JSON object of strings.
    pub fn tags<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        if !self.fields.has(MaskField::Tags) {
            return Cow::Borrowed(raw);
        }
        let masked = self.text(MaskField::Tags, raw);
        Cow::Owned(format!("{{\"masked\":\"{masked}\"}}"))
    }

    /// The message of a warning; one that may say what is masked is left out.
    pub fn message<'t>(&self, fault: &'t Fault, request: &Request<'_>) -> &'t str {
        let values = [
            (MaskField::Id, request.id()),
            (MaskField::Symbol, Some(request.symbol())),
            (MaskField::Strategy, Some(request.strategy())),
        ];
        let says = values.iter().any(|(field, value)| {
            self.fields.has(*field) && value.is_some_and(|value| fault.message.contains(value))
        });
        let is_of = self.fields.iter().any(|field| {
            let of = fault.field.as_deref().unwrap_or_default();
            of.split('.').next() == Some(field.word())
        });
        if says || is_of {
            "masked"
        } else {
            &fault.message
        }
    }

    fn hash(&self, field: MaskField, value: &str) -> [u8; Digest::BYTES] {
        let inner = self.inner.clone();
        let inner = inner.chain_update(field.word()).chain_update([0]);
        let inner = inner.chain_update(value).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mask")
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
