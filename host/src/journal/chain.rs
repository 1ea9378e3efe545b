//! The chain: each entry's link is the SHA-256 of the link before it and the entry's bytes, so
//! that no entry can be changed, taken out or moved without every later link being another.
//!
//! It cannot show that entries at the very end are gone; a checkpoint kept elsewhere can.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// What the chain has come to after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; Link::BYTES]);

/// Why a text is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link of the chain is 64 hexadecimal digits in lower case")]
pub struct LinkError;

impl Link {
    /// Bytes of a link.
    pub const BYTES: usize = Digest::BYTES;
    /// What stands before the first entry.
    pub const START: Self = Self([0; Self::BYTES]);

    /// The link of an entry that follows this one.
    #[must_use]
    pub fn next(self, record: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(self.0).chain_update(record);
        Self(hash.finalize().into())
    }

    /// The link of these bytes.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The link of so many bytes; `None` of another number of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::from_bytes(self.0).fmt(out)
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let mut bytes = [0; Self::BYTES];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != Self::BYTES || !rest.is_empty() {
            return Err(LinkError);
        }
        for (place, [high, low]) in bytes.iter_mut().zip(pairs) {
            *place = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Ok(Self(bytes))
    }
}

const fn nibble(digit: u8) -> Result<u8, LinkError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(LinkError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sha_256_over_the_link_before_and_the_entry() {
        let first = Link::START.next(b"entry");
        let mut by_hand = vec![0; 32];
        by_hand.extend_from_slice(b"entry");
        assert_eq!(first.as_bytes(), Digest::of(&by_hand).as_bytes());
        assert_ne!(first, Link::START.next(b"entrx"));
        assert_ne!(first.next(b"entry"), first);
    }

    #[test]
    fn is_written_as_it_is_read() {
        let link = Link::START.next(b"entry");
        assert_eq!(link.to_string().parse(), Ok(link));
        assert_eq!(Link::from_slice(link.as_bytes()), Some(link));
        assert_eq!(Link::from_slice(&[0; 31]), None);
        let short = &link.to_string()[1..];
        for text in ["", short, &format!("G{short}"), &format!("{link}0")] {
            assert_eq!(text.parse::<Link>(), Err(LinkError));
        }
    }
}
