//! What holds now, held to the changes that led to it: which policies there are, which of them
//! are shut out, how much is let through, what is masked, how late it is.
//!
//! The tables are made again from the entries alone, and compared. What the entries of an older
//! program do not say is not held to anything; a table that they do speak of is, in full.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use router_guest::json::fault::shown;
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::Findings;
use super::entries::value;
use crate::digest::Digest;
use crate::journal::columns::Cell;
use crate::journal::reader::{JournalError, Snapshot};
use crate::journal::record::{ChangeKind, ChangedEvent, DecisionRecord};
use crate::ledger::window::Moment;
use crate::store::{PROVED_COLUMNS, proof, proved_columns};

/// From this schema on, `meta` has the latest time that the entries have, and no other.
const SCHEMA_OF_LATEST: i64 = 2;
/// What a writer keeps in `meta`. `opened` is written so that a log begins with a commit of its
/// own, and is read by nobody.
const META_KEYS: [&str; 7] = [
    "account_currency",
    "chain_seq",
    "chain_hash",
    "generations",
    "latest",
    "mask",
    "opened",
];

/// What the entries so far come to.
#[derive(Debug, Default)]
pub(super) struct Holds {
    /// Which entry made which policy live as each generation.
    live: HashMap<u64, (i64, Digest)>,
    /// The highest of them, and the entry that made it live.
    last_live: Option<(u64, i64)>,
    policies: HashMap<String, Proved>,
    mask: Option<(i64, String)>,
    state: Option<State>,
    quarantine: BTreeMap<String, (String, i64)>,
    latest: Option<Timestamp>,
}

/// The row of a policy, as a change has it.
#[derive(Debug)]
struct Proved {
    seq: i64,
    columns: Vec<u8>,
}

/// The row of the trading state.
#[derive(Debug)]
struct State {
    state: Option<&'static str>,
    until: Option<i64>,
    since: i64,
    asked_by: String,
}

impl Holds {
    /// Which policy was made live as this generation, as far as was read.
    pub(super) fn live(&self, generation: u64) -> Option<Digest> {
        self.live.get(&generation).map(|(_, digest)| *digest)
    }

    /// Takes in a decision.
    pub(super) fn decided(&mut self, record: &DecisionRecord<'_>) {
        self.latest = self.latest.max(record.counted_at());
    }

    /// Takes in a change.
    pub(super) fn changed(
        &mut self,
        seq: i64,
        place: &str,
        event: &ChangedEvent<'_>,
        findings: &mut Findings,
    ) {
        if let Some(mask) = event.proofs.mask {
            self.masks(seq, place, mask, findings);
        }
        let digest = event.digest.map(|digest| digest.to_string());
        if let (Some(digest), Some(columns)) = (&digest, event.proofs.policy) {
            self.proves(seq, place, digest, columns, findings);
        }
        match event.kind {
            ChangeKind::Started | ChangeKind::Swap | ChangeKind::Rollback => {
                self.activates(seq, place, event, findings);
            }
            ChangeKind::Quarantined => {
                let row = || {
                    let why = event.what.unwrap_or_default().to_owned();
                    (why, event.recorded_at.as_microsecond())
                };
                let digest = digest.unwrap_or_default();
                self.quarantine.entry(digest).or_insert_with(row);
            }
            ChangeKind::QuarantineCleared => {
                self.quarantine.remove(&digest.unwrap_or_default());
            }
            ChangeKind::TradingState => {
                self.state = Some(State {
                    state: event.state.map(|state| state.word()),
                    until: event.until.map(Timestamp::as_microsecond),
                    since: event.recorded_at.as_microsecond(),
                    asked_by: event.asked_by.to_owned(),
                });
            }
            ChangeKind::Refused | ChangeKind::Violation => {}
        }
    }

    /// Generations count activations, upwards: no two have one number.
    fn activates(
        &mut self,
        seq: i64,
        place: &str,
        event: &ChangedEvent<'_>,
        findings: &mut Findings,
    ) {
        let (Some(generation), Some(digest)) = (event.generation, event.digest) else {
            return;
        };
        if let Some((earlier, _)) = self.live.get(&generation) {
            let what = format!(
                "it makes generation {generation} live, and entry {earlier} made another one of \
                 this number"
            );
            findings.add(place.to_owned(), what);
        } else if let Some((last, earlier)) = self.last_live.filter(|(last, _)| generation < *last)
        {
            let what = format!(
                "it makes generation {generation} live, and entry {earlier} made generation \
                 {last} before it"
            );
            findings.add(place.to_owned(), what);
        }
        self.live.insert(generation, (seq, digest));
        if self.last_live.is_none_or(|(last, _)| last < generation) {
            self.last_live = Some((generation, seq));
        }
    }

    fn masks(&mut self, seq: i64, place: &str, mask: &str, findings: &mut Findings) {
        match &self.mask {
            Some((earlier, masked)) if masked != mask => findings.add(
                place.to_owned(),
                format!("other fields are masked, or by another key, than entry {earlier} says"),
            ),
            Some(_) => {}
            None => self.mask = Some((seq, mask.to_owned())),
        }
    }

    fn proves(
        &mut self,
        seq: i64,
        place: &str,
        digest: &str,
        columns: &[u8],
        findings: &mut Findings,
    ) {
        match self.policies.get(digest) {
            Some(proved) if proved.columns != columns => findings.add(
                place.to_owned(),
                format!(
                    "the row of its policy says something else than when entry {} was written",
                    proved.seq
                ),
            ),
            Some(_) => {}
            None => {
                let columns = columns.to_vec();
                let proved = Proved { seq, columns };
                self.policies.insert(digest.to_owned(), proved);
            }
        }
    }

    /// Holds the tables to what the entries come to.
    pub(super) fn check(
        mut self,
        snapshot: &Snapshot<'_>,
        findings: &mut Findings,
    ) -> Result<(), JournalError> {
        let fault = |error: rusqlite::Error| snapshot.fault(&error);
        self.check_policies(snapshot, findings).map_err(fault)?;
        self.check_quarantine(snapshot, findings).map_err(fault)?;
        self.check_state(snapshot, findings).map_err(fault)?;
        self.check_meta(snapshot, findings).map_err(fault)
    }

    fn check_policies(
        &mut self,
        snapshot: &Snapshot<'_>,
        findings: &mut Findings,
    ) -> rusqlite::Result<()> {
        let columns = proved_columns();
        let query = format!("SELECT number, digest, {columns} FROM policies ORDER BY number");
        let mut statement = snapshot.transaction.prepare(&query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let place = format!("policy {}", row.get::<_, i64>(0)?);
            let Some(proved) = self.policies.remove(&row.get::<_, String>(1)?) else {
                continue;
            };
            let written = proved.columns.chunks(Digest::BYTES);
            for ((column, digest), written) in
                PROVED_COLUMNS.iter().zip(proof(row, 2)?).zip(written)
            {
                if digest != written {
                    let what = format!(
                        "its column `{column}` is not what it was when entry {} was written",
                        proved.seq
                    );
                    findings.add(place.clone(), what);
                }
            }
        }
        let mut gone: Vec<_> = self.policies.drain().collect();
        gone.sort_by_key(|(_, proved)| proved.seq);
        for (digest, proved) in gone {
            let what = format!("entry {} names it, and it is missing", proved.seq);
            findings.add(format!("policy {digest}"), what);
        }
        Ok(())
    }

    fn check_quarantine(
        &mut self,
        snapshot: &Snapshot<'_>,
        findings: &mut Findings,
    ) -> rusqlite::Result<()> {
        let query = "SELECT digest, why, since FROM quarantine ORDER BY rowid";
        let mut statement = snapshot.transaction.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let digest: String = row.get(0)?;
            let place = format!("quarantine of {}", shown(&digest));
            let Some((why, since)) = self.quarantine.remove(&digest) else {
                let what = "no entry has put it there, or one has let it out again".to_owned();
                findings.add(place, what);
                continue;
            };
            let cells = [Cell::Text(why.into()), Cell::Whole(since)];
            hold(row, 1, &["why", "since"], &cells, &place, findings)?;
        }
        for digest in std::mem::take(&mut self.quarantine).into_keys() {
            let what = "the entries have put it there, and it is missing".to_owned();
            findings.add(format!("quarantine of {digest}"), what);
        }
        Ok(())
    }

    fn check_state(
        &self,
        snapshot: &Snapshot<'_>,
        findings: &mut Findings,
    ) -> rusqlite::Result<()> {
        let place = "the trading state";
        let query = "SELECT one, state, until, since, asked_by FROM trading_state ORDER BY one";
        let mut statement = snapshot.transaction.prepare(query)?;
        let mut rows = statement.query([])?;
        let mut expected = self.state.as_ref();
        while let Some(row) = rows.next()? {
            let Some(state) = expected.take() else {
                findings.add(place.to_owned(), "no entry has set it".to_owned());
                continue;
            };
            let cells = [
                Cell::Whole(1),
                state
                    .state
                    .map_or(Cell::Null, |word| Cell::Text(word.into())),
                state.until.map_or(Cell::Null, Cell::Whole),
                Cell::Whole(state.since),
                Cell::Text(state.asked_by.as_str().into()),
            ];
            let columns = ["one", "state", "until", "since", "asked_by"];
            hold(row, 0, &columns, &cells, place, findings)?;
        }
        if expected.is_some() {
            let what = "the entries have set it, and it is missing".to_owned();
            findings.add(place.to_owned(), what);
        }
        Ok(())
    }

    /// The end of the chain is held to the walk itself.
    fn check_meta(&self, snapshot: &Snapshot<'_>, findings: &mut Findings) -> rusqlite::Result<()> {
        let connection = &snapshot.transaction;
        let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let mut says_latest = self.latest.is_none();
        let mut says_mask = self.mask.is_none();
        let mut statement = connection.prepare("SELECT key, value FROM meta ORDER BY key")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            let written = row.get_ref(1)?;
            let differs = match key.as_str() {
                "latest" => {
                    says_latest = true;
                    self.differs_in_latest(written, schema)
                }
                "mask" => {
                    says_mask = true;
                    self.differs_in_mask(written)
                }
                known if META_KEYS.contains(&known) => None,
                _ => Some("no router writes it".to_owned()),
            };
            if let Some(what) = differs {
                findings.add(format!("`{}` of meta", shown(&key)), what);
            }
        }
        for (key, is_there) in [("latest", says_latest), ("mask", says_mask)] {
            if !is_there {
                findings.add(format!("`{key}` of meta"), "it is missing".to_owned());
            }
        }
        Ok(())
    }

    fn differs_in_latest(&self, written: ValueRef<'_>, schema: i64) -> Option<String> {
        let latest = self.latest.map_or(Moment::MIN, Moment::from).microseconds();
        let is_so = match written {
            // A router of an older program wrote the latest time that it had seen at all.
            ValueRef::Integer(written) if schema < SCHEMA_OF_LATEST => written >= latest,
            written => written == ValueRef::Integer(latest),
        };
        let what = || {
            format!(
                "it says {}, and the latest time that a budget was consulted at is `{latest}`",
                value(written)
            )
        };
        (!is_so).then(what)
    }

    fn differs_in_mask(&self, written: ValueRef<'_>) -> Option<String> {
        let (seq, mask) = self.mask.as_ref()?;
        let what = || {
            format!(
                "it says {}, and entry {seq} `{}`",
                value(written),
                shown(mask)
            )
        };
        (written != ValueRef::Text(mask.as_bytes())).then(what)
    }
}

/// Compares some columns of a row, the first of which stands at this place.
fn hold(
    row: &Row<'_>,
    first: usize,
    columns: &[&str],
    cells: &[Cell<'_>],
    place: &str,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
        let written = row.get_ref(first + at)?;
        if !cell.is(written) {
            let what = format!(
                "its column `{column}` says {}, and the journal {}",
                value(written),
                value(ValueRef::from(cell))
            );
            findings.add(place.to_owned(), what);
        }
    }
    Ok(())
}
