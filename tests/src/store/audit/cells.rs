//! Cells of a store's rows, as the audit reads them.

use execution_router::Amount;
use rusqlite::Row;

use super::Finding;
use crate::ledger::model::Units;
use crate::ledger::operation::Decimal;
use crate::store::STRATEGIES;

pub(super) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Result<T, Finding> {
    row.get(column).map_err(finding)
}

/// SQLite's whole numbers have a sign; the store's counts have none.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, Finding> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| format!("`{number}` is no count"))
}

pub(super) fn finding(error: rusqlite::Error) -> Finding {
    format!("the store cannot be read: {error}")
}

pub(super) fn event(name: &str) -> Result<u8, Finding> {
    let number = name
        .strip_prefix('e')
        .and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("`{name}` is no event of a load"))
}

pub(super) fn strategy(name: &str) -> Result<usize, Finding> {
    let found = STRATEGIES.iter().position(|strategy| *strategy == name);
    found.ok_or_else(|| format!("`{name}` is no strategy of a load"))
}

pub(super) fn decimal(text: &str) -> Result<Decimal, Finding> {
    let amount: Amount = text.parse().map_err(|_| format!("`{text}` is no amount"))?;
    match amount.to_words() {
        (0, coefficient, scale) => Ok(Decimal { coefficient, scale }),
        _ => Err(format!("`{text}` is more than a load asks for")),
    }
}

pub(super) fn units(text: &str) -> Result<Units, Finding> {
    Ok(crate::ledger::model::units(decimal(text)?, true))
}
