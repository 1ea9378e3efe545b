//! `journal verify`: whether a journal is the one that was written.
//!
//! Every entry is held to the chain, its columns to its record, the reservations to the entries
//! that made them, the policies to their digests and to the changes that name them, what holds now
//! to the changes that led to it, and the whole to a checkpoint that was kept elsewhere. It mends nothing. Whoever can write to the store can write all of it anew, chain
//! and all: against that the checkpoint alone helps.

mod entries;
mod holds;
mod report;
mod reservations;

use super::chain::Link;
use super::checkpoint::Checkpoint;
use super::reader::{Journal, JournalError, Snapshot};
use crate::digest::Digest;

pub use report::{write_json, write_text};

/// Findings that are kept; all are counted.
pub const FINDINGS_MAX: usize = 100;

/// Something that no router wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `entry 17 (decisions)`.
    pub place: String,
    /// What.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries of the journal.
    pub entries: u64,
    /// The last of them; 0 of an empty journal.
    pub last: i64,
    /// The chain after it.
    pub link: Link,
    /// The checkpoint that the journal was held to.
    pub checkpoint: Option<Checkpoint>,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub found: u64,
}

impl Verified {
    /// Whether the journal is as it was written, as far as that can be told.
    pub const fn is_sound(&self) -> bool {
        self.found == 0
    }
}

/// Verifies a journal; `watch` is told now and then how many entries were looked at.
///
/// # Errors
/// [`JournalError`] when it cannot be read at all: what is wrong with what can be read is a
/// finding.
pub fn verify(
    journal: &Journal,
    checkpoint: Option<Checkpoint>,
    watch: &mut dyn FnMut(u64),
) -> Result<Verified, JournalError> {
    let snapshot = journal.snapshot()?;
    let mut findings = Findings::default();
    let policies = snapshot.policies_but(|error| match error {
        JournalError::Policy { number, what } => {
            let what = format!("it has no {what} that can be read");
            findings.add(format!("policy {number}"), what);
            Ok(())
        }
        error => Err(error),
    })?;
    for policy in policies.in_order() {
        let digest = Digest::of(&snapshot.component(policy.number)?).to_string();
        if digest != policy.digest {
            let place = format!("policy {}", policy.number.number());
            findings.add(
                place,
                format!(
                    "its digest is `{}`, and that of its component {digest}",
                    policy.digest
                ),
            );
        }
    }
    let walked = entries::walk(
        &snapshot,
        &policies,
        checkpoint.as_ref(),
        &mut findings,
        watch,
    )?;
    check_end(&snapshot, &walked, checkpoint.as_ref(), &mut findings)?;
    reservations::check(&snapshot, &policies, &mut findings)?;
    let entries::Walked {
        entries,
        last,
        link,
        holds,
    } = walked;
    holds.check(&snapshot, &policies, &mut findings)?;
    Ok(Verified {
        entries,
        last,
        link,
        checkpoint,
        findings: findings.first,
        found: findings.count,
    })
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    first: Vec<Finding>,
    count: u64,
}

impl Findings {
    fn add(&mut self, place: String, what: String) {
        self.count += 1;
        if self.first.len() < FINDINGS_MAX {
            self.first.push(Finding { place, what });
        }
    }
}

/// That nothing is missing at the end, as far as the store and the checkpoint know.
fn check_end(
    snapshot: &Snapshot<'_>,
    walked: &entries::Walked,
    checkpoint: Option<&Checkpoint>,
    findings: &mut Findings,
) -> Result<(), JournalError> {
    let end = || "the journal's end".to_owned();
    let last = walked.last;
    match snapshot.head() {
        Ok((seq, _)) if seq > last => findings.add(
            end(),
            format!("the store says that entry {seq} is the last one, and entry {last} is"),
        ),
        Ok((seq, link)) if seq < last || link != walked.link => findings.add(
            end(),
            format!("the store says that the chain ends with entry {seq} in {link}"),
        ),
        Ok(_) => {}
        Err(JournalError::Store(fault)) => findings.add(end(), fault.to_string()),
        Err(error) => return Err(error),
    }
    if let Some(checkpoint) = checkpoint.filter(|checkpoint| checkpoint.seq > last) {
        findings.add(
            end(),
            format!(
                "the checkpoint was made after entry {}, and entry {last} is the last one",
                checkpoint.seq
            ),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
