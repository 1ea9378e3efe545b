//! Names and shapes of what goes into and comes out of a reservation. Holds no state.

use std::fmt;
use std::str::FromStr;

use router_guest::amount::Amount;
use router_guest::decision::Side;
use router_guest::json::fault::shown;

use super::error::{EventIdError, ReservationIdError};

/// Bytes that an event id may have at most; at least 1.
pub const EVENT_ID_BYTES_MAX: usize = 64;
/// Events that one reservation remembers.
pub const EVENTS_MAX: usize = 1_024;

/// The name of a reservation: `R1`, `R2`, … in the order of the grants, so that a recorded
/// stream gets the same names every time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(pub(super) u64);

/// The name under which one settlement or release counts once, 1 to 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId<'a>(&'a str);

/// What an order asks of a budget.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Index into the manifest's budgets.
    pub budget: usize,
    /// Account currency.
    pub need: Amount,
    /// Account currency; what amount and percentage of equity come to for this request.
    /// `None` where the budget limits orders alone.
    pub limit: Option<Amount>,
    /// As the request has it, 1 to 64 bytes.
    pub symbol: &'a str,
    /// As the request has it, 1 to 64 bytes.
    pub strategy: &'a str,
    /// The side that was decided.
    pub side: Side,
    /// Account currency for one unit of the quote currency; 1 where they are the same.
    pub quote_rate: Amount,
    /// Whether the decision will be recorded under a request's id: room for it is held.
    pub has_id: bool,
}

/// What happened at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement<'a> {
    /// The reservation that the order went out under.
    pub reservation: ReservationId,
    /// Counts once.
    pub event_id: EventId<'a>,
    /// What was filled since the last event, quote currency; may be 0.
    pub notional: Amount,
    /// The side that was filled.
    pub side: Side,
    /// Whether the order is done: what is left is released.
    pub is_final: bool,
}

/// What a settlement changed. Amounts are in account currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What this event added to what is used.
    pub used: Amount,
    /// What this event released.
    pub released: Amount,
    /// What the reservation still holds.
    pub reserved: Amount,
    /// What was filled beyond what was reserved; it is part of `used`.
    pub overrun: Option<Amount>,
    /// The fill is on another side than was decided. It is recorded all the same.
    pub side_mismatch: bool,
    /// The event was known: nothing changed.
    pub repeated: bool,
}

/// What a reservation has come to. Amounts are in account currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What it still holds.
    pub(crate) reserved: Amount,
    /// What it used, over all events.
    pub(crate) settled: Amount,
    /// Whether its fate is open.
    pub(crate) is_open: bool,
}

/// What a release changed. Amounts are in account currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// What this event released.
    pub released: Amount,
    /// The event was known: nothing changed.
    pub repeated: bool,
}

impl ReservationId {
    /// The number behind the `R`.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The id of a number that [`ReservationId::number`] gave.
    pub(crate) const fn of_number(number: u64) -> Self {
        Self(number)
    }
}

impl<'a> EventId<'a> {
    /// The event id of a text.
    ///
    /// # Errors
    ///
    /// [`EventIdError`] when it is empty or too long.
    pub const fn new(text: &'a str) -> Result<Self, EventIdError> {
        if text.is_empty() || text.len() > EVENT_ID_BYTES_MAX {
            return Err(EventIdError { bytes: text.len() });
        }
        Ok(Self(text))
    }

    /// As it was given.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{}", self.0)
    }
}

impl FromStr for ReservationId {
    type Err = ReservationIdError;

    /// Only the one way in which an id is written is taken: no sign, no leading zero.
    fn from_str(text: &str) -> Result<Self, ReservationIdError> {
        text.strip_prefix('R')
            .filter(|digits| digits.starts_with(|first: char| matches!(first, '1'..='9')))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            // It is a sender's text, and goes into log lines.
            .ok_or_else(|| ReservationIdError {
                text: shown(text).into(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_id_is_written_one_way() {
        for text in ["R1", "R10", "R18446744073709551615"] {
            assert_eq!(text.parse::<ReservationId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "R",
            "r1",
            "1",
            "R0",
            "R01",
            "R+1",
            "R-1",
            "R1 ",
            "R18446744073709551616",
        ] {
            let error = text.parse::<ReservationId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{text}` is no reservation id: one is written `R` and a number, as `R1`")
            );
        }
    }

    #[test]
    fn an_event_id_has_1_to_64_bytes() {
        let longest = "e".repeat(64);
        assert_eq!(EventId::new(&longest).unwrap().as_str(), longest);
        let too_long = "é".repeat(33);
        for (text, bytes) in [("", 0), (too_long.as_str(), 66)] {
            assert_eq!(
                EventId::new(text).unwrap_err().to_string(),
                format!("an event id has 1 to 64 bytes, this one has {bytes}")
            );
        }
    }
}
