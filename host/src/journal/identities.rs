//! The policies behind a journal's decisions, as decisions are written with them: made once for
//! each generation, out of what the store keeps.

use std::collections::HashMap;
use std::sync::Arc;

use super::reader::{JournalError, Policies};
use super::record::PolicyNumber;
use crate::decision::PolicyIdentity;
use crate::digest::Digest;

/// Identities that were asked for.
pub(super) struct Identities {
    policies: Policies,
    known: HashMap<(PolicyNumber, u64), Arc<PolicyIdentity>>,
}

impl Identities {
    pub(super) fn new(policies: Policies) -> Self {
        Self {
            policies,
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
        let digest = Digest::of_text(&row.digest).ok_or(JournalError::Policy {
            number: number.number().into(),
            what: "digest",
        })?;
        let identity = Arc::new(PolicyIdentity {
            manifest: Arc::clone(&row.manifest),
            digest,
            digest_text: row.digest.clone(),
            generation,
        });
        self.known
            .insert((number, generation), Arc::clone(&identity));
        Ok(identity)
    }
}
