//! The policies behind a journal's decisions, as decisions are written with them: made once for
//! each generation, out of what the store keeps.

use std::collections::HashMap;
use std::sync::Arc;

use router_guest::manifest::Manifest;

use super::reader::{JournalError, Policies};
use super::record::PolicyNumber;
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::store::manifest;

/// Identities that were asked for.
pub(super) struct Identities {
    policies: Policies,
    manifests: HashMap<PolicyNumber, Arc<Manifest>>,
    known: HashMap<(PolicyNumber, u64), Arc<PolicyIdentity>>,
}

impl Identities {
    pub(super) fn new(policies: Policies) -> Self {
        Self {
            policies,
            manifests: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The identity of the policy that made an entry.
    pub(super) fn of(
        &mut self,
        number: PolicyNumber,
        generation: u64,
        seq: i64,
    ) -> Result<Arc<PolicyIdentity>, JournalError> {
        if let Some(known) = self.known.get(&(number, generation)) {
            return Ok(Arc::clone(known));
        }
        let row = self.policies.of(number, seq)?;
        let wrong = |what| JournalError::Policy {
            number: number.number().into(),
            what,
        };
        let manifest = match self.manifests.get(&number) {
            Some(read) => Arc::clone(read),
            None => {
                let read = manifest::of_json(&row.manifest).ok_or_else(|| wrong("manifest"))?;
                let read = Arc::new(read);
                self.manifests.insert(number, Arc::clone(&read));
                read
            }
        };
        let identity = Arc::new(PolicyIdentity {
            manifest,
            digest: Digest::of_text(&row.digest).ok_or_else(|| wrong("digest"))?,
            digest_text: row.digest.clone(),
            generation,
        });
        self.known
            .insert((number, generation), Arc::clone(&identity));
        Ok(identity)
    }
}
