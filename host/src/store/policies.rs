//! The policies that a store knows: which number each has, and what its indexes mean. Compiles
//! none and decides nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use router_guest::manifest::Manifest;
use rusqlite::{Connection, OptionalExtension as _};

use super::{lives, manifest};
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::journal::record::PolicyNumber;
use crate::policy::Policy;
use crate::sandbox::engine_digest;

/// The version of the interface that policies are asked by.
const WIT_VERSION: &str = "0.1.0";
/// Identities that are kept ready: a repeat of an old decision names the policy of then.
const IDENTITIES_MAX: usize = 256;

/// A policy that a store knows.
#[derive(Debug, Clone)]
pub(crate) struct KnownPolicy {
    pub(crate) digest: Digest,
    pub(crate) manifest: Arc<Manifest>,
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
        let KnownPolicy { digest, manifest } = self.get(number)?;
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
        let mut statement =
            connection.prepare("SELECT number, digest, manifest FROM policies ORDER BY number")?;
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
                known.insert(number, KnownPolicy { digest, manifest });
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
        let number = number_in(connection, digest)?;
        let number = number.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let manifest = Arc::new(manifest.clone());
        known.insert(number, KnownPolicy { digest, manifest });
        Ok(number)
    }
}

fn number_in(connection: &Connection, digest: Digest) -> rusqlite::Result<Option<PolicyNumber>> {
    connection
        .query_row(
            "SELECT number FROM policies WHERE digest = ?1",
            [digest.to_string()],
            |row| row.get(0).map(PolicyNumber::new),
        )
        .optional()
}
