//! Certificates of this host, and that a component's own cases pass: kept beside the compiled forms
//! and under the same rules. It finds what it wrote itself, for this component and this
//! configuration, and nothing else.

use super::{Cache, entry};
use crate::digest::Digest;
use crate::sandbox::{HostFault, SandboxProfile, engine_digest};
use crate::verify::{Certificate, Report, TOOL, Verdict};

impl Cache {
    /// Keeps what a run of this process certified in full. A certificate that came from
    /// anywhere else cannot be kept: there is no report that says so.
    ///
    /// # Errors
    /// [`HostFault`] when there is no sandbox whose configuration it could be kept under.
    pub fn keep_certificate(&self, report: &Report) -> Result<(), HostFault> {
        let certificate = report
            .certificate()
            .filter(|_| report.verdict() == Verdict::Certified);
        if let (Some(folder), Some(certificate)) = (&self.folder, certificate) {
            let key = key(certificate.component, certificate.engine);
            let path = entry::path(folder, key, entry::CERTIFICATE);
            entry::write(&path, certificate.to_json().as_bytes());
        }
        Ok(())
    }

    /// The certificate that this version of this program wrote for a component, under the
    /// profile's bounds and the sandbox's configuration of this machine; `None` when there is
    /// none, or it is damaged.
    ///
    /// # Errors
    /// [`HostFault`] when there is no sandbox.
    pub fn certificate(
        &self,
        component: Digest,
        profile: SandboxProfile,
    ) -> Result<Option<Certificate>, HostFault> {
        let engine = engine_digest(profile)?;
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let path = entry::path(folder, key(component, engine), entry::CERTIFICATE);
        let certificate = entry::read(&path).and_then(|bytes| Certificate::read(&bytes).ok());
        Ok(certificate.filter(|certificate| {
            certificate.component == component
                && certificate.engine == engine
                && certificate.tool == TOOL
                && certificate.complete
        }))
    }

    /// Keeps that a component passes all of its own cases, which stand in it: so many.
    ///
    /// # Errors
    /// [`HostFault`] when there is no sandbox whose configuration it could be kept under.
    pub(crate) fn keep_cases_passed(
        &self,
        component: Digest,
        profile: SandboxProfile,
        cases: usize,
    ) -> Result<(), HostFault> {
        let key = key(component, engine_digest(profile)?);
        if let Some(folder) = &self.folder {
            let path = entry::path(folder, key, entry::CASES);
            entry::write(&path, cases.to_string().as_bytes());
        }
        Ok(())
    }

    /// How many cases a component brings, where this version of this program has seen it pass
    /// all of them under the profile's bounds and the sandbox's configuration of this machine.
    ///
    /// # Errors
    /// [`HostFault`] when there is no sandbox.
    pub(crate) fn cases_passed(
        &self,
        component: Digest,
        profile: SandboxProfile,
    ) -> Result<Option<usize>, HostFault> {
        let key = key(component, engine_digest(profile)?);
        let kept = self.folder.as_ref().and_then(|folder| {
            let bytes = entry::read(&entry::path(folder, key, entry::CASES))?;
            std::str::from_utf8(&bytes).ok()?.parse().ok()
        });
        Ok(kept)
    }
}

fn key(component: Digest, engine: Digest) -> Digest {
    let parts = [
        component.as_bytes().as_slice(),
        engine.as_bytes(),
        TOOL.as_bytes(),
    ];
    Digest::of_parts(&parts)
}
