//! What can be wrong with a line: the code, the field at fault and a message for people.
//!
//! Owns the codes and the one form of the messages. Does not decide whether a fault
//! refuses a line or is only a warning: that is `request.rs`.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::write;
use crate::amount::Amount;
use crate::decision::Refusal;
use crate::request::OrderTerms;

/// Characters of a faulty value, or of an unknown name, that a message shows at most.
pub const SHOWN_CHARS_MAX: usize = 64;

/// Why a line, or a field of it, is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// Nothing but white space.
    EmptyLine,
    /// Not JSON, or not UTF-8.
    BadJson,
    /// JSON, but no object.
    NotAnObject,
    /// A key that the object does not have.
    UnknownField,
    /// A key that stands twice in one object.
    DuplicateField,
    /// A field that is needed, absent or `null`.
    FieldMissing,
    /// `position` is absent: not `null`, which says flat.
    PositionMissing,
    /// A value of another JSON type.
    WrongType,
    /// A string with half of a surrogate pair.
    BadEscape,
    /// A string of no bytes.
    Empty,
    /// A string or an object of too many bytes.
    TooLong,
    /// A string that is not a decimal.
    NotADecimal,
    /// NaN, an infinity, or a number past the range of a double.
    NotFinite,
    /// An amount below 0.
    Negative,
    /// An amount of 0 where more is needed.
    NotPositive,
    /// An amount of more than 28 digits, or a count past its range.
    Overlong,
    /// A trade type that does not exist.
    UnknownTradeType,
    /// A side that does not exist.
    UnknownSide,
    /// A trading state that does not exist.
    UnknownTradingState,
    /// An amount whose product 28 digits cannot hold.
    FieldOverflow,
    /// An opening's quantity rounds down to nothing.
    BelowStep,
    /// The state gives no budget use, or another number of budgets than the policy has.
    BudgetsMissing,
    /// The policy has no answer.
    NoRoute,
    /// Only ever a warning: `close_quantity` was cut to what is closable.
    CloseQuantityCut,
    /// A time that is not RFC 3339. Said by hosts, which have a calendar.
    BadTimestamp,
    /// The id belongs to another request. Said by hosts, which remember.
    DuplicateId,
    /// A bound of the host's memory is reached.
    StoreFull,
    /// The host's memory cannot be read or written.
    StoreUnavailable,
}

/// One fault. Its text is the message: lower case, the field and its value in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub code: FaultCode,
    /// Where: `price`, `position.quantity`; `None` when the line as a whole is at fault.
    pub field: Option<Cow<'static, str>>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A refused line: the fault, and what could still be read of whose line it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError<'a> {
    /// Why.
    pub fault: Fault,
    /// The request's id, where readable.
    pub id: Option<Cow<'a, str>>,
    /// The request's symbol, where readable.
    pub symbol: Option<Cow<'a, str>>,
}

impl FaultCode {
    /// Every code.
    pub const ALL: [Self; 28] = [
        Self::EmptyLine,
        Self::BadJson,
        Self::NotAnObject,
        Self::UnknownField,
        Self::DuplicateField,
        Self::FieldMissing,
        Self::PositionMissing,
        Self::WrongType,
        Self::BadEscape,
        Self::Empty,
        Self::TooLong,
        Self::NotADecimal,
        Self::NotFinite,
        Self::Negative,
        Self::NotPositive,
        Self::Overlong,
        Self::UnknownTradeType,
        Self::UnknownSide,
        Self::UnknownTradingState,
        Self::FieldOverflow,
        Self::BelowStep,
        Self::BudgetsMissing,
        Self::NoRoute,
        Self::CloseQuantityCut,
        Self::BadTimestamp,
        Self::DuplicateId,
        Self::StoreFull,
        Self::StoreUnavailable,
    ];

    /// Whether only a host can say it, which has a calendar and a memory.
    pub const fn is_of_host(self) -> bool {
        matches!(
            self,
            Self::BadTimestamp | Self::DuplicateId | Self::StoreFull | Self::StoreUnavailable
        )
    }

    /// The code's word, as it stands in `error.code`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::EmptyLine => "empty_line",
            Self::BadJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::FieldMissing => "field_missing",
            Self::PositionMissing => "position_missing",
            Self::WrongType => "wrong_type",
            Self::BadEscape => "bad_escape",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::NotADecimal => "not_a_decimal",
            Self::NotFinite => "not_finite",
            Self::Negative => "negative",
            Self::NotPositive => "not_positive",
            Self::Overlong => "overlong",
            Self::UnknownTradeType => "unknown_trade_type",
            Self::UnknownSide => "unknown_side",
            Self::UnknownTradingState => "unknown_trading_state",
            Self::FieldOverflow => "field_overflow",
            Self::BelowStep => "below_step",
            Self::BudgetsMissing => "budgets_missing",
            Self::NoRoute => "no_route",
            Self::CloseQuantityCut => "close_quantity_cut",
            Self::BadTimestamp => "bad_timestamp",
            Self::DuplicateId => "duplicate_id",
            Self::StoreFull => "store_full",
            Self::StoreUnavailable => "store_unavailable",
        }
    }
}

impl Fault {
    /// A fault of the line as a whole.
    pub fn of_line(code: FaultCode, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
        }
    }

    /// A fault of one field.
    pub fn of_field(
        code: FaultCode,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// What a policy's refusal says to the sender of the request.
    pub fn of_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::FieldMissing(field) => {
                let message = format!("`{}` is missing; the route needs it", field.word());
                Self::of_field(FaultCode::FieldMissing, field.word(), message)
            }
            Refusal::FieldOverflow(field) => {
                let message = format!("`{}` makes an amount of more than 28 digits", field.word());
                Self::of_field(FaultCode::FieldOverflow, field.word(), message)
            }
            Refusal::BudgetsMissing => Self::of_line(
                FaultCode::BudgetsMissing,
                "`budgets` of the state must have one entry for each budget of the policy",
            ),
            Refusal::NoRoute => Self::of_line(
                FaultCode::NoRoute,
                "the policy has no answer to this request",
            ),
        }
    }

    /// The refusal of an opening whose quantity rounds down to nothing.
    pub fn of_step(price: Amount) -> Self {
        let price = write::decimal(price);
        let message = format!("the order's quantity at `price` `{price}` rounds down to nothing");
        Self::of_line(FaultCode::BelowStep, message)
    }

    /// The warning of a close that asks for more than is closable; `None` when it does not.
    pub fn of_cut(terms: &OrderTerms) -> Option<Self> {
        let asked = terms.close_quantity?;
        let closable = terms.closable();
        if !terms.faces_position() || asked <= closable {
            return None;
        }
        let (asked, closable) = (write::decimal(asked), write::decimal(closable));
        let message = format!("`close_quantity` is `{asked}`; it was cut to `{closable}`");
        Some(Self::of_field(
            FaultCode::CloseQuantityCut,
            "close_quantity",
            message,
        ))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl core::error::Error for Fault {}

impl From<Fault> for LineError<'_> {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            id: None,
            symbol: None,
        }
    }
}

impl fmt::Display for LineError<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(out)
    }
}

impl core::error::Error for LineError<'_> {}

/// A sender's text as a message shows it: cut, and without control characters, so that a
/// message is one line on every terminal.
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
