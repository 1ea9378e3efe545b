//! A store, opened to read its journal. What it reads is one moment's: a router that writes
//! meanwhile is neither waited for nor held up.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use router_guest::json::fault::shown;
use router_guest::manifest::Manifest;
use rusqlite::{Connection, Transaction};

use super::record::{PolicyNumber, RecordError};
use crate::store::{StoreAddress, StoreFault, manifest, open_reader};

/// A store's journal.
pub struct Journal {
    connection: Connection,
    path: PathBuf,
}

/// A policy that a store knows.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRow {
    /// Its number in the store.
    pub number: PolicyNumber,
    /// Its digest, in hexadecimal.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The digest of the engine configuration that it ran in.
    pub engine: String,
    /// The sandbox profile that it was held to.
    pub profile: String,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
}

/// The policies of a store.
#[derive(Debug, Clone, Default)]
pub struct Policies(HashMap<PolicyNumber, PolicyRow>);

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store cannot be.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// An entry cannot be.
    #[error("entry {seq} of the journal cannot be read: {error}; `journal verify` looks at all")]
    Record {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// A decision names a policy that is not there.
    #[error(
        "entry {seq} of the journal names policy {number}, and the store has none of that number"
    )]
    NoPolicy {
        /// The entry's place.
        seq: i64,
        /// The policy's number.
        number: u32,
    },
    /// A row of the policies makes no sense.
    #[error("policy {number} of the store has no {what} that can be read")]
    Policy {
        /// Its number.
        number: i64,
        /// What of it.
        what: &'static str,
    },
}

impl Journal {
    /// Opens the store to read it.
    ///
    /// # Errors
    /// [`JournalError::Store`].
    pub fn open(address: &StoreAddress) -> Result<Self, JournalError> {
        let path = address.path().to_path_buf();
        let connection = open_reader(&path)?;
        Ok(Self { connection, path })
    }

    /// Where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that is read through this is of one moment.
    pub(super) fn snapshot(&self) -> Result<Snapshot<'_>, JournalError> {
        let transaction = self.connection.unchecked_transaction();
        Ok(Snapshot {
            transaction: transaction.map_err(|error| self.fault(&error))?,
            path: &self.path,
        })
    }

    pub(super) fn fault(&self, error: &rusqlite::Error) -> JournalError {
        StoreFault::of_sqlite(&self.path, error).into()
    }

    /// Has pages of the store mapped into memory instead of copied out of it, which is for those
    /// who read all of it once, in its order.
    pub(super) fn map_pages(&self) -> Result<(), JournalError> {
        let mapped = self
            .connection
            .pragma_update(None, "mmap_size", MAPPED_BYTES_MAX);
        mapped.map_err(|error| self.fault(&error))
    }

    /// A number that changes whenever another connection has written.
    pub(super) fn data_version(&self) -> Result<i64, JournalError> {
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(|error| self.fault(&error))
    }
}

/// A store at one moment.
pub(super) struct Snapshot<'j> {
    pub(super) transaction: Transaction<'j>,
    path: &'j Path,
}

impl Snapshot<'_> {
    pub(super) const fn path(&self) -> &Path {
        self.path
    }

    pub(super) fn fault(&self, error: &rusqlite::Error) -> JournalError {
        StoreFault::of_sqlite(self.path, error).into()
    }

    /// The policies that decided.
    pub(super) fn policies(&self) -> Result<Policies, JournalError> {
        self.policies_but(Err)
    }

    /// The same, but for those whose rows cannot be read, of which is told.
    pub(super) fn policies_but(
        &self,
        mut unreadable: impl FnMut(JournalError) -> Result<(), JournalError>,
    ) -> Result<Policies, JournalError> {
        let query = "SELECT number, digest, name, version, engine, profile, manifest FROM policies";
        let fault = |error: rusqlite::Error| self.fault(&error);
        let mut statement = self.transaction.prepare(query).map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        let mut policies = HashMap::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let number: i64 = row.get(0).map_err(fault)?;
            let manifest: String = row.get(6).map_err(fault)?;
            let known = u32::try_from(number).map(PolicyNumber::new).ok();
            let (known, manifest) = match (known, manifest::of_json(&manifest)) {
                (Some(known), Some(manifest)) => (known, manifest),
                (known, _) => {
                    let what = if known.is_some() {
                        "manifest"
                    } else {
                        "number"
                    };
                    unreadable(JournalError::Policy { number, what })?;
                    continue;
                }
            };
            let policy = PolicyRow {
                number: known,
                digest: row.get(1).map_err(fault)?,
                name: row.get(2).map_err(fault)?,
                version: row.get(3).map_err(fault)?,
                engine: row.get(4).map_err(fault)?,
                profile: row.get(5).map_err(fault)?,
                manifest: Arc::new(manifest),
            };
            policies.insert(known, policy);
        }
        Ok(Policies(policies))
    }

    /// A policy's component.
    pub(super) fn component(&self, number: PolicyNumber) -> Result<Vec<u8>, JournalError> {
        let query = "SELECT component FROM policies WHERE number = ?1";
        self.transaction
            .query_row(query, [number.number()], |row| row.get(0))
            .map_err(|error| self.fault(&error))
    }
}

impl Policies {
    /// The policy that an entry names.
    pub(super) fn of(&self, number: PolicyNumber, seq: i64) -> Result<&PolicyRow, JournalError> {
        self.0.get(&number).ok_or(JournalError::NoPolicy {
            seq,
            number: number.number(),
        })
    }

    /// Whether there is one of this number.
    pub(super) fn get(&self, number: PolicyNumber) -> Option<&PolicyRow> {
        self.0.get(&number)
    }

    /// All, in the order of their numbers.
    pub(super) fn in_order(&self) -> Vec<&PolicyRow> {
        let mut all: Vec<_> = self.0.values().collect();
        all.sort_by_key(|policy| policy.number);
        all
    }
}

impl PolicyRow {
    /// How it is spoken of: its name, version and the beginning of its digest.
    pub fn title(&self) -> String {
        let digest: String = self.digest.chars().take(DIGEST_CHARS_SHOWN).collect();
        format!(
            "`{}` version {} ({digest}…)",
            shown(&self.name),
            shown(&self.version)
        )
    }
}

/// Bytes of a store that are mapped at most; what is beyond is read as ever.
const MAPPED_BYTES_MAX: i64 = 1 << 31;
/// Digits of a digest that tell policies of one store apart at a glance.
const DIGEST_CHARS_SHOWN: usize = 12;
