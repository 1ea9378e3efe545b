//! `journal`: entries as text for people and as JSON Lines for programs, once or for as long as
//! more come.

mod json;
mod text;

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use super::filter::Filter;
use super::identities::Identities;
use super::reader::{Journal, JournalError};
use super::record::Record;

/// How often it is looked for more.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Bytes of entries that are gathered before they are written.
const GATHERED_BYTES_MAX: usize = 64 * 1024;

/// How entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Why entries are not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// They cannot be written.
    #[error("cannot write the entries")]
    Write(#[from] io::Error),
}

/// Writes the entries that are asked for, and answers how many there were.
///
/// # Errors
/// [`ListError`].
pub fn list(
    journal: &Journal,
    filter: &Filter,
    format: ListFormat,
    out: &mut dyn Write,
) -> Result<u64, ListError> {
    Ok(list_after(journal, filter, format, 0, out)?.0)
}

/// Writes the entries that are asked for, and every further one as it comes, for as long as
/// `goes_on` says so. The router is not held up: each look is a short read of its own.
///
/// # Errors
/// [`ListError`].
pub fn follow(
    journal: &Journal,
    filter: &Filter,
    format: ListFormat,
    out: &mut dyn Write,
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<(), ListError> {
    let mut version = journal.data_version()?;
    let (_, mut last) = list_after(journal, filter, format, 0, out)?;
    let further = Filter {
        limit: None,
        ..filter.clone()
    };
    while goes_on() {
        thread::sleep(LOOK_EVERY);
        let now = journal.data_version()?;
        if now != version {
            version = now;
            (_, last) = list_after(journal, &further, format, last, out)?;
        }
    }
    Ok(())
}

/// Writes what stands behind an entry; how many there were, and the journal's last one.
fn list_after(
    journal: &Journal,
    filter: &Filter,
    format: ListFormat,
    after: i64,
    out: &mut dyn Write,
) -> Result<(u64, i64), ListError> {
    let snapshot = journal.snapshot()?;
    let mut identities = Identities::new(snapshot.policies()?);
    let mut gathered = Vec::new();
    let mut count = 0;
    let last = snapshot.each(filter, after, |seq, record| {
        count += 1;
        write_entry(seq, record, &mut identities, format, &mut gathered)?;
        if gathered.len() >= GATHERED_BYTES_MAX {
            out.write_all(&gathered)?;
            gathered.clear();
        }
        Ok::<_, ListError>(())
    })?;
    out.write_all(&gathered)?;
    out.flush()?;
    Ok((count, last))
}

fn write_entry(
    seq: i64,
    record: &Record<'_>,
    identities: &mut Identities,
    format: ListFormat,
    out: &mut Vec<u8>,
) -> Result<(), JournalError> {
    let identity = match record {
        Record::Decided(record) => Some(identities.of(record.policy, record.generation, seq)?),
        _ => None,
    };
    match format {
        ListFormat::Json => json::write(seq, record, identity.as_ref(), out),
        ListFormat::Text => text::write(seq, record, identity.as_ref(), out),
    }
    out.push(b'\n');
    Ok(())
}

pub(super) use json::request_text;

#[cfg(test)]
mod tests;
