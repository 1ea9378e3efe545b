//! Which entries of a journal are asked for, and the query that finds them.

use rusqlite::Params;

use super::period::Period;
use super::reader::{JournalError, Snapshot};
use super::record::Record;

/// Entries that can be asked for at most, where the last ones are.
pub const LIMIT_MAX: u32 = 1_000_000;

/// Which entries are asked for. Settlements and changes have none of a decision's fields: where
/// one of those is asked for, decisions alone are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// When.
    pub period: Period,
    /// Decisions on this symbol.
    pub symbol: Option<String>,
    /// Decisions of this strategy.
    pub strategy: Option<String>,
    /// Decisions of this side.
    pub side: Option<String>,
    /// Decisions for this reason.
    pub reason: Option<String>,
    /// Decisions under this client order id.
    pub id: Option<String>,
    /// The last so many of them; all where none is given.
    pub limit: Option<u32>,
}

const DECISIONS: &str = "SELECT seq, record FROM decisions WHERE seq > ?1
     AND coalesce(at, recorded_at) >= ?2 AND coalesce(at, recorded_at) < ?3
     AND (?4 IS NULL OR symbol = ?4) AND (?5 IS NULL OR strategy = ?5)
     AND (?6 IS NULL OR side = ?6) AND (?7 IS NULL OR reason = ?7)
     AND (?8 IS NULL OR id = ?8)";
const OTHERS: &str = "
     UNION ALL SELECT seq, record FROM settlements WHERE seq > ?1 AND at >= ?2 AND at < ?3
     UNION ALL SELECT seq, record FROM changes WHERE seq > ?1 AND at >= ?2 AND at < ?3";

impl Filter {
    /// Whether decisions alone are asked for.
    pub fn is_of_decisions(&self) -> bool {
        [
            &self.symbol,
            &self.strategy,
            &self.side,
            &self.reason,
            &self.id,
        ]
        .iter()
        .any(|field| field.is_some())
    }

    fn query(&self) -> String {
        let others = if self.is_of_decisions() { "" } else { OTHERS };
        let all = format!("{DECISIONS}{others}");
        match self.limit {
            None => format!("{all} ORDER BY seq"),
            Some(limit) => format!(
                "SELECT seq, record FROM ({all} ORDER BY seq DESC LIMIT {limit}) ORDER BY seq"
            ),
        }
    }

    fn parameters(&self, after: i64) -> impl Params + use<'_> {
        let (since, until) = self.period.microseconds();
        (
            after,
            since,
            until,
            self.symbol.as_deref(),
            self.strategy.as_deref(),
            self.side.as_deref(),
            self.reason.as_deref(),
            self.id.as_deref(),
        )
    }
}

impl Snapshot<'_> {
    /// Runs over what is asked for behind an entry, in its order, and answers which was the
    /// last entry of all.
    pub(super) fn each<E: From<JournalError>>(
        &self,
        filter: &Filter,
        after: i64,
        mut each: impl FnMut(i64, &Record<'_>) -> Result<(), E>,
    ) -> Result<i64, E> {
        let fault = |error: rusqlite::Error| self.fault(&error);
        let last = self.last()?.0;
        let statement = self.transaction.prepare(&filter.query());
        let mut statement = statement.map_err(fault)?;
        let mut rows = statement.query(filter.parameters(after)).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let seq: i64 = row.get(0).map_err(fault)?;
            let bytes = row.get_ref(1).map_err(fault)?;
            let record = Record::decode(bytes.as_blob().unwrap_or_default());
            let record = record.map_err(|error| JournalError::Record { seq, error })?;
            each(seq, &record)?;
        }
        Ok(last)
    }
}
