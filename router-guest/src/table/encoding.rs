//! The table as bytes: `ERTB`, a version, and the fields in the order of [`Table`].
//!
//! The encoding is canonical: a table has exactly one, and bytes that are not it are refused,
//! so that equal policies have equal digests. Integers above a byte are little-endian base
//! 128 without leading zeros; texts and lists stand behind their length; a choice is its
//! number; an amount has no trailing zeros; a double is its eight bytes.

mod value;

use alloc::vec::Vec;

use value::Encoded;

use super::validate::TableFault;
use super::{Clause, End, Flag, NameTest, NumberRange, NumberTest, Outcome, Rule, Table, Tier};
use crate::decision::OrderIntent;
use crate::manifest::{AmountField, BudgetInfo, Scope, ScoreField, SymbolInfo, TierInfo, Window};

/// The version of the encoding that this crate writes and reads.
pub const TABLE_VERSION: u8 = 1;

const MAGIC: [u8; 4] = *b"ERTB";
/// Why bytes are not a table, or a table not one to decide by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It does not begin as a table does.
    #[error("these bytes are no policy table")]
    NotATable,
    /// Another version of the encoding.
    #[error(
        "the table is in version {found} of the encoding, and this engine reads {TABLE_VERSION}"
    )]
    VersionUnsupported {
        /// The version that the bytes state.
        found: u8,
    },
    /// The bytes break off, go on too long, or are not the one encoding of what they say.
    #[error("the table's bytes are damaged")]
    Damaged,
    /// What the table says cannot be decided by.
    #[error("{0}")]
    Invalid(TableFault),
}

impl Table {
    /// The one encoding of this table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] when the table does not validate.
    pub fn encode(&self) -> Result<Vec<u8>, TableError> {
        self.validate().map_err(TableError::Invalid)?;
        let mut bytes = MAGIC.to_vec();
        bytes.push(TABLE_VERSION);
        self.write(&mut bytes);
        Ok(bytes)
    }

    /// Reads and validates an encoded table.
    ///
    /// # Errors
    /// [`TableError`], for any bytes that [`Table::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, TableError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(TableError::NotATable)?;
        let (version, mut body) = rest.split_first().ok_or(TableError::NotATable)?;
        if *version != TABLE_VERSION {
            return Err(TableError::VersionUnsupported { found: *version });
        }
        let table = Self::read(&mut body).filter(|_| body.is_empty());
        let table = table.ok_or(TableError::Damaged)?;
        table.validate().map_err(TableError::Invalid)?;
        Ok(table)
    }
}

/// A record is its fields, in their order.
macro_rules! record {
    ($type:ty { $($field:ident)* }) => {
        impl Encoded for $type {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Encoded::read(bytes)?,)* })
            }
        }
    };
}

/// A choice is its number, and then its fields.
macro_rules! choice {
    ($type:ty { $($number:literal $case:ident $({ $($field:ident)* })?)* } $(where $number_type:ident)?) => {
        impl$(<$number_type: Encoded>)? Encoded for $type {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$case $({ $($field),* })? => {
                        out.push($number);
                        $($($field.write(out);)*)?
                    })*
                }
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(match u8::read(bytes)? {
                    $($number => Self::$case $({ $($field: Encoded::read(bytes)?),* })?,)*
                    _ => return None,
                })
            }
        }
    };
}

record!(Table { name version account_currency symbols tiers budgets reasons rules });
record!(SymbolInfo { name shortable step min_quantity min_notional });
record!(TierInfo { name intent size budget });
record!(Tier { info signal_strength_min risk_reward_min confidence_min });
record!(BudgetInfo { name amount percent orders window zone scope });
record!(Rule { name clauses outcome });
record!(Clause {
    states types pairs dust closable opening shortable sized symbol strategy tiers scores
    amounts below_minimum budget_exhausted
});
record!(NameTest { patterns negated });

choice!(OrderIntent { 0 Normal 1 Pilot 2 Explore 3 Exit 4 Risk });
choice!(Window { 0 None 1 Hour 2 Day 3 Week 4 Rolling { seconds } });
choice!(Scope { 0 All 1 Symbol 2 Strategy });
choice!(Outcome {
    0 Skip { reason }
    1 Close { long_reason short_reason }
    2 Open { long_reason short_reason }
});
choice!(Flag { 0 Any 1 No 2 Yes });
choice!(ScoreField { 0 SignalScore 1 SignalStrength 2 Confidence 3 RiskRewardRatio });
choice!(AmountField {
    0 PositionQuantity 1 ClosableQuantity 2 CloseQuantity 3 WorkingOpening 4 WorkingClosing
    5 Price 6 TargetNotional 7 Equity 8 QuoteRate 9 StopLoss 10 TakeProfit
});
choice!(NumberRange<N> { 0 Absent 1 Present 2 Within { low high } } where N);

impl<F: Encoded, N: Encoded> Encoded for NumberTest<F, N> {
    fn write(&self, out: &mut Vec<u8>) {
        self.field.write(out);
        self.range.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let field = F::read(bytes)?;
        let range = NumberRange::read(bytes)?;
        Some(Self { field, range })
    }
}

impl<N: Encoded> Encoded for End<N> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Open => out.push(0),
            Self::Including(number) => {
                out.push(1);
                number.write(out);
            }
            Self::Excluding(number) => {
                out.push(2);
                number.write(out);
            }
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match u8::read(bytes)? {
            0 => Some(Self::Open),
            1 => N::read(bytes).map(Self::Including),
            2 => N::read(bytes).map(Self::Excluding),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
