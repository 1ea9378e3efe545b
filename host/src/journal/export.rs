//! `journal export`: the decisions of a journal as a Parquet file, for other programs' tables.
//! (As JSON Lines they are listed, see `list`.)
//!
//! Every readable column under its own name, times in UTC to the microsecond, amounts as the
//! decimal text that they are; beside them request and state as JSON, and the chain.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{PrimitiveTypeBuilder, Type, TypePtr};

use super::columns::{self, Cell, DECISION_COLUMNS};
use super::filter::Filter;
use super::list::request_text;
use super::reader::{Journal, JournalError};
use super::record::{DecisionRecord, Record};
use crate::scenario::state_json;

/// Rows that are gathered before they are written.
const ROWS_IN_GROUP: usize = 65_536;
/// The columns of `decisions` that are whole numbers.
const WHOLE: [&str; 6] = [
    "reservation",
    "repeated",
    "policy",
    "generation",
    "fuel",
    "keeps_id",
];
/// Those that are times.
const TIMES: [&str; 2] = ["at", "recorded_at"];
/// What stands behind the columns of `decisions`.
const FURTHER: [&str; 3] = ["request", "state", "chain"];

/// Why a journal is not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file cannot be written.
    #[error("cannot write the Parquet file: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes the decisions that are asked for, and answers how many there were.
///
/// # Errors
/// [`ExportError`].
pub fn export_parquet(
    journal: &Journal,
    filter: &Filter,
    out: impl Write + Send,
    watch: &mut dyn FnMut(u64),
) -> Result<u64, ExportError> {
    let snapshot = journal.snapshot()?;
    let policies = snapshot.policies()?;
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(out, schema()?, properties)?;
    let mut group = Group::new();
    let mut count = 0;
    let of_chain = "SELECT chain FROM decisions WHERE seq = ?1";
    let fault = |error: rusqlite::Error| snapshot.fault(&error);
    let mut chain = snapshot.transaction.prepare(of_chain).map_err(fault)?;
    snapshot.each(filter, 0, |seq, record| {
        let Record::Decided(record) = record else {
            return Ok(());
        };
        let link: Vec<u8> = chain.query_row([seq], |row| row.get(0)).map_err(fault)?;
        let manifest = &policies.of(record.policy, seq)?.manifest;
        group.push(seq, record, &columns::of_decision(record, manifest), &link);
        count += 1;
        if group.rows == ROWS_IN_GROUP {
            group.write(&mut file)?;
            watch(count);
        }
        Ok::<_, ExportError>(())
    })?;
    group.write(&mut file)?;
    file.close()?;
    Ok(count)
}

fn whole(name: &str) -> PrimitiveTypeBuilder<'_> {
    Type::primitive_type_builder(name, Physical::INT64).with_repetition(Repetition::OPTIONAL)
}

fn schema() -> Result<TypePtr, ParquetError> {
    let mut fields = vec![Arc::new(
        whole("seq").with_repetition(Repetition::REQUIRED).build()?,
    )];
    for name in DECISION_COLUMNS.iter().chain(&FURTHER) {
        let field = if TIMES.contains(name) {
            whole(name).with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
        } else if WHOLE.contains(name) {
            whole(name)
        } else {
            Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::String))
        };
        fields.push(Arc::new(field.build()?));
    }
    let schema = Type::group_type_builder("decision").with_fields(fields);
    Ok(Arc::new(schema.build()?))
}

/// The values of a column, and for each row whether it has one.
enum Column {
    Whole(Vec<i64>, Vec<i16>),
    Text(Vec<ByteArray>, Vec<i16>),
}

/// Rows that are gathered.
struct Group {
    seqs: Vec<i64>,
    columns: Vec<Column>,
    rows: usize,
}

impl Group {
    fn new() -> Self {
        let columns = DECISION_COLUMNS.iter().chain(&FURTHER).map(|name| {
            if TIMES.contains(name) || WHOLE.contains(name) {
                Column::Whole(Vec::new(), Vec::new())
            } else {
                Column::Text(Vec::new(), Vec::new())
            }
        });
        Self {
            seqs: Vec::new(),
            columns: columns.collect(),
            rows: 0,
        }
    }

    fn push(&mut self, seq: i64, record: &DecisionRecord<'_>, cells: &[Cell<'_>], link: &[u8]) {
        self.seqs.push(seq);
        self.rows += 1;
        let shown = record.shown.as_ref();
        let state = shown.map(|shown| state_json(shown.trading_state, shown.budgets.as_deref()));
        let chain: String = link.iter().map(|byte| format!("{byte:02x}")).collect();
        let further = [Some(request_text(record)), state, Some(chain)];
        let further = further.map(|text| text.map_or(Cell::Null, |text| Cell::Text(text.into())));
        for (column, cell) in self.columns.iter_mut().zip(cells.iter().chain(&further)) {
            column.push(cell);
        }
    }

    /// Writes what is gathered as one group of rows, and begins another one.
    fn write(
        &mut self,
        file: &mut SerializedFileWriter<impl Write + Send>,
    ) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let group = std::mem::replace(self, Self::new());
        let mut rows = file.next_row_group()?;
        let seq = Column::Whole(group.seqs, Vec::new());
        for values in std::iter::once(seq).chain(group.columns) {
            if let Some(mut column) = rows.next_column()? {
                values.write(column.untyped())?;
                column.close()?;
            }
        }
        rows.close().map(|_| ())
    }
}

impl Column {
    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Whole(values, there), Cell::Whole(number)) => {
                values.push(*number);
                there.push(1);
            }
            (Self::Text(values, there), Cell::Text(text)) => {
                values.push(ByteArray::from(text.as_bytes().to_vec()));
                there.push(1);
            }
            (Self::Whole(_, there) | Self::Text(_, there), _) => there.push(0),
        }
    }

    fn write(self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        match (self, column) {
            (Self::Whole(values, there), ColumnWriter::Int64ColumnWriter(column)) => {
                // Of the one column that every row has, nothing says which rows do.
                let there = Some(there).filter(|there| !there.is_empty());
                column.write_batch(&values, there.as_deref(), None)?;
            }
            (Self::Text(values, there), ColumnWriter::ByteArrayColumnWriter(column)) => {
                column.write_batch(&values, Some(&there), None)?;
            }
            _ => {
                return Err(ParquetError::General(
                    "a column has another type".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    use super::*;
    use crate::journal::testing::{CLOSES, EXPLORES, OPENS, TestStore, decision, request, shown};
    use crate::policy::DEFAULT_DOCUMENT;

    #[test]
    fn a_reader_of_parquet_reads_what_was_journaled() {
        let mut store = TestStore::new();
        let (number, policy) = store.policy(DEFAULT_DOCUMENT);
        for line in [OPENS, EXPLORES, CLOSES] {
            let (request, mut shown) = (request(line), shown("0"));
            if !request.terms().sees_budgets() {
                shown.budgets = None;
            }
            let decision = decision(&policy, &request, &shown);
            store.decided(number, &request, Some(&shown), &decision, None);
        }
        let path = store.path.with_extension("parquet");
        let file = std::fs::File::create(&path).unwrap();
        let filter = Filter::default();
        let count = export_parquet(&store.journal(), &filter, file, &mut |_| {}).unwrap();
        assert_eq!(count, 3);
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let names: Vec<_> = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        assert_eq!(names[..5], ["seq", "at", "recorded_at", "id", "symbol"]);
        let at = |name: &str| names.iter().position(|one| one == name).unwrap();
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let said: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.get_long(0).unwrap(),
                    row.get_timestamp_micros(at("at")).unwrap(),
                    row.get_string(at("side")).unwrap().as_str(),
                    row.get_string(at("quantity")).unwrap().as_str(),
                    row.get_string(at("need")).map_or("", String::as_str),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                (1, 1_795_507_200_000_000, "BUY", "0.02", ""),
                (2, 1_795_507_320_000_000, "BUY", "0.001", "50"),
                (3, 1_795_507_380_000_000, "SELL", "0.5", ""),
            ]
        );
        let request: serde_json::Value =
            serde_json::from_str(rows[0].get_string(at("request")).unwrap()).unwrap();
        assert_eq!(request["tags"]["desk"], "a");
        assert_eq!(rows[2].get_string(at("chain")).unwrap().len(), 64);
    }
}
