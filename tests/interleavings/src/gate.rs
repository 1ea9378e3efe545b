//! A gate that lets in whoever is another policy than the live one and not quarantined.

use std::path::Path;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::policy::{ComponentError, HostFault, Loader, Policy, PolicyError};

#[derive(Debug, Clone)]
pub struct Candidate(Policy);

impl Candidate {
    pub const fn of(policy: Policy) -> Self {
        Self(policy)
    }

    pub fn load<'c>(path: &Path, _: impl Into<Loader<'c>>) -> Result<Self, PolicyError> {
        Err(PolicyError(path.display().to_string()))
    }

    pub fn digest(&self) -> Digest {
        self.0.digest()
    }

    pub(crate) fn policy(&self, _: &Loader<'_>) -> Result<Policy, ComponentError> {
        Ok(self.0.clone())
    }
}

#[derive(Debug)]
pub struct Gate(Cache);

#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) policy: Policy,
    pub(crate) passed: Passed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed;

/// Nothing is kept here.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no store has one")]
pub(crate) struct KeptError;

#[derive(Debug, Clone, thiserror::Error)]
pub enum GateRefusal {
    #[error("policy {digest} is the live one")]
    Unchanged { digest: Digest },
    #[error("policy {digest} is quarantined: {why}")]
    Quarantined { digest: Digest, why: String },
    #[error(transparent)]
    Component(ComponentError),
    #[error(transparent)]
    Host(#[from] HostFault),
}

impl GateRefusal {
    pub const fn blames_candidate(&self) -> bool {
        matches!(self, Self::Component(_))
    }
}

impl Gate {
    pub const fn new(cache: Cache) -> Self {
        Self(cache)
    }

    pub const fn loader(&self) -> Loader<'_> {
        Loader(&self.0)
    }

    pub(crate) fn kept(&self, _: &[u8], _: &str) -> Result<Policy, KeptError> {
        Err(KeptError)
    }

    pub(crate) fn admit(
        &self,
        candidate: &Candidate,
        live: Option<Digest>,
        quarantined: Option<&str>,
    ) -> Result<Admitted, GateRefusal> {
        let digest = candidate.digest();
        if live == Some(digest) {
            return Err(GateRefusal::Unchanged { digest });
        }
        match quarantined {
            Some(why) => Err(GateRefusal::Quarantined {
                digest,
                why: why.to_owned(),
            }),
            None => Ok(Admitted {
                policy: candidate.0.clone(),
                passed: Passed,
            }),
        }
    }
}
