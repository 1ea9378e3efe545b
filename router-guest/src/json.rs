//! Requests, states and decisions as JSON, for the host and for embedders alike.
//!
//! Owns the text: what a line may say, which faults refuse it, and the one way a decision is
//! written. Decides nothing, holds nothing, and knows no clock.
//!
//! # The canonical form
//!
//! A decision has exactly one text, so that journals and replays compare bytes:
//!
//! - One object without white space and without a line end; fields in the order of
//!   [`DecisionLine`], those of `budget`, `metadata` and `policy` in the order of their types.
//! - A field without a value is left out, never `null`. `reduce_only` always stands;
//!   `repeated` and `warnings` stand only when there is something to say.
//! - Amounts are strings in plain notation without trailing zeros: `"0.0125"`, `"0"`.
//!   Counts are whole numbers in digits.
//! - `signal_score`, `confidence`, `risk_reward_ratio`, `stop_loss` and `take_profit` come back
//!   as the text that the request gave: `0.40300`, `4.65e4`, `"47216.420"`.
//! - In strings only `"`, `\` and characters below U+0020 are escaped, as `\b` `\f` `\n` `\r`
//!   `\t` where they have a letter, else as `\u001f`; all else is UTF-8 as it is. `tags` are
//!   the text of the request without the white space outside of its strings.
//! - `warnings` is a list of `{"code","field","message"}`.

pub mod decision;
mod embedded;
pub mod fault;
mod field;
mod fields;
mod float;
mod keys;
pub mod line;
mod object;
mod plain;
pub mod request;
mod scan;
pub mod state;
mod suggest;
mod syntax;
mod tags;
pub(crate) mod write;

pub use decision::{BudgetLine, DecisionLine, MetadataLine, PolicyLine, write_refusal};
pub use embedded::decide_json;
pub use fault::{Fault, FaultCode, LineError, SHOWN_CHARS_MAX};
pub use line::{ControlLine, Line, ReleaseLine, SettleLine, parse_line, parse_request};
pub use request::RequestLine;
pub use state::{StateText, parse_state};
pub use tags::TAGS_BYTES_MAX;

#[cfg(test)]
mod tests;
