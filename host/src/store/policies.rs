//! The policies that a store knows: which number each has, and what its indexes mean. Compiles
//! none and decides nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use router_guest::manifest::Manifest;
use rusqlite::{Connection, Row};

use super::{lives, manifest};
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::journal::record::PolicyNumber;
use crate::policy::Policy;
use crate::sandbox::engine_digest;

/// The version of the interface that policies are asked by.
const WIT_VERSION: &str = "0.1.0";
/// The columns of a policy's row that are chained with each change of it. Its digest is the
/// change's own, and its component is held to that.
pub(crate) const PROVED_COLUMNS: [&str; 8] = [
    "number",
    "name",
    "version",
    "engine",
    "wit",
    "profile",
    "manifest",
    "first_seen",
];
/// Identities that are kept ready: a repeat of an old decision names the policy of then.
const IDENTITIES_MAX: usize = 256;

/// A policy that a store knows.
#[derive(Debug, Clone)]
pub(crate) struct KnownPolicy {
    pub(crate) digest: Digest,
    pub(crate) manifest: Arc<Manifest>,
    /// What changes prove of its row.
    pub(crate) proof: Arc<[u8]>,
}

/// The policies that a store knows.
#[derive(Debug, Default)]
pub(super) struct Policies {
    known: Mutex<HashMap<PolicyNumber, KnownPolicy>>,
    identities: Mutex<HashMap<(PolicyNumber, u64), Arc<PolicyIdentity>>>,
}

impl Policies {
    /// What the store says of a policy.
    pub(super) fn get(&self, number: PolicyNumber) -> Option<KnownPolicy> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&number).cloned()
    }

    /// The number of a policy that is known.
    pub(super) fn number_of(&self, digest: Digest) -> Option<PolicyNumber> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .find(|(_, policy)| policy.digest == digest)
            .map(|(number, _)| *number)
    }

    /// The policy in one of its lives.
    pub(super) fn identity(
        &self,
        number: PolicyNumber,
        generation: u64,
    ) -> Option<Arc<PolicyIdentity>> {
        let mut identities = self
            .identities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = identities.get(&(number, generation)) {
            return Some(Arc::clone(identity));
        }
        let KnownPolicy {
            digest, manifest, ..
        } = self.get(number)?;
        let identity = Arc::new(PolicyIdentity {
            manifest,
            digest,
            digest_text: digest.to_string(),
            generation,
        });
        if identities.len() >= IDENTITIES_MAX {
            identities.clear();
        }
        identities.insert((number, generation), Arc::clone(&identity));
        Some(identity)
    }

    /// Reads what stands in the store.
    pub(super) fn load(&self, connection: &Connection) -> rusqlite::Result<()> {
        let columns = proved_columns();
        let mut statement = connection.prepare(&format!(
            "SELECT number, digest, manifest, {columns} FROM policies ORDER BY number"
        ))?;
        let mut rows = statement.query([])?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(row) = rows.next()? {
            let number = PolicyNumber::new(row.get(0)?);
            let digest: String = row.get(1)?;
            let text: String = row.get(2)?;
            // One that cannot be read is not there: what it decided cannot be repeated.
            if let (Some(digest), Some(manifest)) =
                (Digest::of_text(&digest), manifest::of_json(&text))
            {
                let manifest = Arc::new(manifest);
                let proof = proof(row, 3)?.concat().into();
                let policy = KnownPolicy {
                    digest,
                    manifest,
                    proof,
                };
                known.insert(number, policy);
            }
        }
        Ok(())
    }

    /// Writes a policy down that is new to the store; the first one says what budgets are counted
    /// in.
    pub(super) fn add(
        &self,
        connection: &Connection,
        policy: &Policy,
    ) -> rusqlite::Result<PolicyNumber> {
        let digest = policy.digest();
        let manifest = policy.manifest();
        let engine = engine_digest(policy.profile())
            .map_or_else(|_| String::new(), |engine| engine.to_string());
        lives::begin_account_currency(connection, &manifest.account_currency)?;
        connection.execute(
            "INSERT INTO policies (digest, name, version, engine, wit, profile, manifest, component, first_seen) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO NOTHING",
            rusqlite::params![
                digest.to_string(),
                manifest.name,
                manifest.version,
                engine,
                WIT_VERSION,
                policy.profile().to_string(),
                manifest::to_json(manifest),
                policy.component(),
                Timestamp::now().as_microsecond(),
            ],
        )?;
        let query = format!(
            "SELECT number, {} FROM policies WHERE digest = ?1",
            proved_columns()
        );
        let (number, proof) = connection.query_row(&query, [digest.to_string()], |row| {
            let proof: Arc<[u8]> = proof(row, 1)?.concat().into();
            Ok((PolicyNumber::new(row.get(0)?), proof))
        })?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let policy = KnownPolicy {
            digest,
            manifest: Arc::new(manifest.clone()),
            proof,
        };
        known.insert(number, policy);
        Ok(number)
    }
}

/// The proved columns, for a query whose rows [`proof`] reads.
pub(crate) fn proved_columns() -> String {
    PROVED_COLUMNS
        .map(|column| format!("CAST({column} AS BLOB)"))
        .join(", ")
}

/// The SHA-256 of each proved column of a row, the first of which stands at this place.
pub(crate) fn proof(
    row: &Row<'_>,
    first: usize,
) -> rusqlite::Result<[[u8; Digest::BYTES]; PROVED_COLUMNS.len()]> {
    let mut proof = [[0; Digest::BYTES]; PROVED_COLUMNS.len()];
    for (at, digest) in proof.iter_mut().enumerate() {
        // No column of them can be NULL.
        let value = row.get_ref(first + at)?;
        *digest = *Digest::of(value.as_blob().unwrap_or_default()).as_bytes();
    }
    Ok(proof)
}
