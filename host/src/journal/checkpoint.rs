//! A checkpoint: where the chain stood at one moment, to be kept where whoever can write to the
//! store cannot. What was journaled by then cannot be changed, taken out or cut off unseen.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};

use super::chain::Link;
use super::reader::{Journal, JournalError};
use crate::regular::{self, Whole};
use crate::store::{FaultKind, StoreFault};

/// Bytes of a checkpoint's file; one has some hundred and fifty.
const BYTES_MAX: usize = 4 * 1024;

/// Where a chain stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last entry; 0 of an empty journal.
    pub seq: i64,
    /// The chain after it.
    pub link: Link,
    /// When it was made, by the clock of whoever made it.
    pub made: Timestamp,
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal's last entry is not the one that the store says it is.
    #[error(
        "the journal does not end where the store says that it does; `journal verify` says more"
    )]
    Disagrees,
    /// The file cannot be read or written.
    #[error("cannot {what} the checkpoint `{}`", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds a checkpoint that the journal does not go on from.
    #[error(
        "`{}` is a checkpoint after entry {seq} that this journal does not go on from: keep it, \
         and see what `journal verify --checkpoint` says",
        path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// The entry that it was made after.
        seq: i64,
    },
    /// The file holds something else.
    #[error(
        "`{}` is no checkpoint: one is `{{\"seq\": …, \"chain\": \"…\", \"made\": \"…\"}}`",
        path.display()
    )]
    Form {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    seq: i64,
    chain: String,
    made: String,
}

impl Checkpoint {
    /// Where the chain stands now.
    ///
    /// # Errors
    /// [`CheckpointError`]; what is before the last entry is not looked at.
    pub fn of(journal: &Journal, made: Timestamp) -> Result<Self, CheckpointError> {
        let snapshot = journal.snapshot()?;
        let (seq, link) = snapshot.head()?;
        if snapshot.last()? != (seq, link) {
            return Err(CheckpointError::Disagrees);
        }
        Ok(Self { seq, link, made })
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let file = |source| CheckpointError::File {
            what: "read",
            path: path.to_owned(),
            source,
        };
        let text = regular::read(path, BYTES_MAX).map_err(file)?;
        let form = || CheckpointError::Form {
            path: path.to_owned(),
        };
        let written: Written = serde_json::from_slice(&text).map_err(|_| form())?;
        Ok(Self {
            seq: written.seq,
            link: written.chain.parse().map_err(|_| form())?,
            made: written.made.parse().map_err(|_| form())?,
        })
    }

    /// One JSON object, on one line.
    pub fn to_json(&self) -> String {
        let written = Written {
            seq: self.seq,
            chain: self.link.to_string(),
            made: self.made.to_string(),
        };
        serde_json::to_string(&written).unwrap_or_default() + "\n"
    }

    /// Writes it to a file, in the place of an earlier checkpoint of the same journal. One that
    /// the journal does not go on from stays: it is what shows that something was taken out.
    ///
    /// # Errors
    /// [`CheckpointError`]; what stood in the file stands.
    pub fn write(&self, journal: &Journal, path: &Path) -> Result<(), CheckpointError> {
        let file = |source| CheckpointError::File {
            what: "write",
            path: path.to_owned(),
            source,
        };
        regular::check_place(path).map_err(file)?;
        if path.exists() {
            let earlier = Self::read(path)?;
            if journal.snapshot()?.link_of(earlier.seq)? != Some(earlier.link) {
                return Err(CheckpointError::Other {
                    path: path.to_owned(),
                    seq: earlier.seq,
                });
            }
        }
        let (whole, mut out) = Whole::create(path).map_err(file)?;
        let written = out.write_all(self.to_json().as_bytes());
        written.and_then(|()| whole.place(&out)).map_err(file)
    }
}

impl super::reader::Snapshot<'_> {
    /// The chain's end, as the store has written it down.
    pub(super) fn head(&self) -> Result<(i64, Link), JournalError> {
        let fault = |error: rusqlite::Error| self.fault(&error);
        let query = "SELECT (SELECT value FROM meta WHERE key = 'chain_seq'),
                            (SELECT value FROM meta WHERE key = 'chain_hash')";
        let (seq, hash) = self
            .transaction
            .query_row(query, [], |row| {
                Ok((
                    row.get::<_, Option<i64>>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?,
                ))
            })
            .map_err(fault)?;
        match (seq, hash.as_deref().map(Link::from_slice)) {
            (None, None) => Ok((0, Link::START)),
            (Some(seq), Some(Some(link))) => Ok((seq, link)),
            _ => Err(self.unsound("the end of the chain, which is none")),
        }
    }

    /// The last entry that there is, and the chain that stands with it.
    pub(super) fn last(&self) -> Result<(i64, Link), JournalError> {
        let query = "SELECT seq, chain FROM (
                       SELECT seq, chain FROM decisions UNION ALL
                       SELECT seq, chain FROM settlements UNION ALL
                       SELECT seq, chain FROM changes) ORDER BY seq DESC LIMIT 1";
        let last = self.transaction.query_row(query, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        match last {
            Ok((seq, chain)) => {
                let link = Link::from_slice(&chain);
                let link = link.ok_or_else(|| self.unsound("a chain that is no hash"))?;
                Ok((seq, link))
            }
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok((0, Link::START)),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// The chain as it is written with an entry; `None` where there is no such entry.
    fn link_of(&self, seq: i64) -> Result<Option<Link>, JournalError> {
        if seq == 0 {
            return Ok(Some(Link::START));
        }
        let query = "SELECT chain FROM decisions WHERE seq = ?1
                     UNION ALL SELECT chain FROM settlements WHERE seq = ?1
                     UNION ALL SELECT chain FROM changes WHERE seq = ?1";
        let chain = self
            .transaction
            .query_row(query, [seq], |row| row.get::<_, Vec<u8>>(0))
            .optional();
        let chain = chain.map_err(|error| self.fault(&error))?;
        Ok(chain.and_then(|chain| Link::from_slice(&chain)))
    }

    fn unsound(&self, what: &str) -> JournalError {
        let what = what.to_owned();
        StoreFault::new(self.path(), FaultKind::Unsound { what }).into()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::journal::testing::TestStore;

    #[test]
    fn is_written_as_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.json");
        let journal = TestStore::new().journal();
        let of = |seq, made: &str| Checkpoint {
            seq,
            link: Link::START,
            made: made.parse().unwrap(),
        };
        let checkpoint = of(0, "2026-11-24T09:00:00Z");
        checkpoint.write(&journal, &path).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), checkpoint);
        // A later one takes its place; where the journal does not go on from it, it stays.
        let later = of(0, "2026-11-25T09:00:00Z");
        later.write(&journal, &path).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), later);
        let cut_off = of(7, "2026-11-25T09:00:00Z");
        fs::write(&path, cut_off.to_json()).unwrap();
        assert_eq!(
            checkpoint.write(&journal, &path).unwrap_err().to_string(),
            format!(
                "`{}` is a checkpoint after entry 7 that this journal does not go on from: keep \
                 it, and see what `journal verify --checkpoint` says",
                path.display()
            )
        );
        assert_eq!(Checkpoint::read(&path).unwrap(), cut_off);
        fs::write(&path, "notes").unwrap();
        let refused = checkpoint.write(&journal, &path).unwrap_err().to_string();
        assert!(refused.contains("is no checkpoint: one is"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"notes");
    }

    #[test]
    fn refuses_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.json");
        let shown = path.display();
        assert_eq!(
            Checkpoint::read(&path).unwrap_err().to_string(),
            format!("cannot read the checkpoint `{shown}`")
        );
        for text in [
            "",
            "{}",
            r#"{"seq":1,"chain":"ab","made":"2026-11-24T09:00:00Z"}"#,
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(
                Checkpoint::read(&path).unwrap_err().to_string(),
                format!(
                    "`{shown}` is no checkpoint: one is `{{\"seq\": …, \"chain\": \"…\", \
                     \"made\": \"…\"}}`"
                )
            );
        }
    }
}
