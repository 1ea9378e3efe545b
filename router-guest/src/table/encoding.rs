//! The table as bytes: `ERTB`, a version, and the fields in the order of [`Table`].
//!
//! The encoding is canonical: a table has exactly one, and bytes that are not it are refused,
//! so that equal policies have equal digests.

use super::Table;
use super::validate::TableFault;

/// The version of the encoding that this crate writes and reads.
pub const TABLE_VERSION: u8 = 1;

const MAGIC: [u8; 4] = *b"ERTB";

/// Why bytes are not a table, or a table not one to decide by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It does not begin as a table does.
    #[error("these bytes are no policy table")]
    NotATable,
    /// Another version of the encoding.
    #[error("the table is in version {found} of the encoding, and this engine reads {TABLE_VERSION}")]
    VersionUnsupported {
        /// The version that the bytes state.
        found: u8,
    },
    /// The bytes break off, go on too long, or are not the one encoding of what they say.
    #[error("the table's bytes are damaged")]
    Damaged,
    /// What the table says cannot be decided by.
    #[error("{0}")]
    Invalid(TableFault),
}

impl Table {
    /// The one encoding of this table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] when the table does not validate.
    pub fn encode(&self) -> Result<Vec<u8>, TableError> {
        self.validate().map_err(TableError::Invalid)?;
        let mut bytes = MAGIC.to_vec();
        bytes.push(TABLE_VERSION);
        postcard::to_extend(self, bytes).map_err(|_| TableError::Damaged)
    }

    /// Reads and validates an encoded table.
    ///
    /// # Errors
    /// [`TableError`], for any bytes that [`Table::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, TableError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(TableError::NotATable)?;
        let (version, body) = rest.split_first().ok_or(TableError::NotATable)?;
        if *version != TABLE_VERSION {
            return Err(TableError::VersionUnsupported { found: *version });
        }
        let table: Self = postcard::from_bytes(body).map_err(|_| TableError::Damaged)?;
        if table.encode()? != bytes {
            return Err(TableError::Damaged);
        }
        Ok(table)
    }
}
