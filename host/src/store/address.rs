//! Where a store is: what stands behind `--store`. Opens nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The scheme of a durable store.
const SQLITE: &str = "sqlite:";

/// Where a durable store is: `sqlite:` and the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAddress(PathBuf);

/// Why a text is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no store: one is written `sqlite:` and its file, as `sqlite:router.db`")]
pub struct AddressError {
    text: String,
}

impl StoreAddress {
    /// The store in this file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for StoreAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let path = text.strip_prefix(SQLITE);
        // SQLite would take these for a database that is gone with its last connection, or for an
        // address of its own kind, whose lock would have another name.
        let path = path.filter(|path| {
            !path.is_empty() && !path.starts_with(":memory:") && !path.starts_with("file:")
        });
        path.map(Self::sqlite).ok_or_else(|| AddressError {
            text: text.escape_debug().to_string(),
        })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SQLITE}{}", self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_file() {
        for (text, path) in [
            ("sqlite:router.db", "router.db"),
            ("sqlite:/var/lib/bot/a b.db", "/var/lib/bot/a b.db"),
        ] {
            let address: StoreAddress = text.parse().unwrap();
            assert_eq!(address.path(), Path::new(path));
            assert_eq!(address.to_string(), text);
        }
        for text in [
            "",
            "router.db",
            "sqlite",
            "sqlite:",
            "sqlite::memory:",
            "SQLITE:router.db",
            "postgres://here",
        ] {
            assert_eq!(
                text.parse::<StoreAddress>().unwrap_err().to_string(),
                format!(
                    "`{text}` is no store: one is written `sqlite:` and its file, \
                     as `sqlite:router.db`"
                )
            );
        }
    }
}
