//! A stretch of time that a question to the journal is about, and the ways to write its ends.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// From an instant up to, not including, another one; open where none is given. A decision
/// falls in it by its effective time, and by the host's clock where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first instant inside.
    pub since: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
}

/// An end of a period, as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// That instant.
    At(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

/// Why a text is no end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is written as RFC 3339 (`2026-11-24T09:00:00Z`), as a day in UTC (`2026-11-24`), or as \
     an age (`90m`, `24h`, `7d`)"
)]
pub struct EndError;

/// Hours of a day of age.
const DAY_HOURS: i64 = 24;

impl Period {
    /// Whether it is all of time.
    pub const fn is_open(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Its ends in microseconds since 1970, for a query.
    pub(super) fn microseconds(self) -> (i64, i64) {
        let since = self.since.map_or(i64::MIN, Timestamp::as_microsecond);
        let until = self.until.map_or(i64::MAX, Timestamp::as_microsecond);
        (since, until)
    }
}

impl End {
    /// The instant that is meant by somebody who asks now.
    pub fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(age) => now.checked_sub(age).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for End {
    type Err = EndError;

    fn from_str(text: &str) -> Result<Self, EndError> {
        if let Some(age) = age(text) {
            return Ok(Self::Ago(age));
        }
        // A day first: a timestamp always has more.
        if let Ok(day) = Date::strptime("%Y-%m-%d", text) {
            let midnight = TimeZone::UTC
                .to_timestamp(day.at(0, 0, 0, 0))
                .map_err(|_| EndError)?;
            return Ok(Self::At(midnight));
        }
        text.parse().map(Self::At).map_err(|_| EndError)
    }
}

/// A whole number of seconds, minutes, hours or days.
fn age(text: &str) -> Option<SignedDuration> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u32 = count.parse().ok()?;
    let count = i64::from(count);
    match unit {
        "s" => Some(SignedDuration::from_secs(count)),
        "m" => SignedDuration::try_from_mins(count),
        "h" => SignedDuration::try_from_hours(count),
        "d" => SignedDuration::try_from_hours(count * DAY_HOURS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_written_three_ways() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"),
            ("2026-11-24T09:00:00+02:00", "2026-11-24T07:00:00Z"),
            ("2026-11-24", "2026-11-24T00:00:00Z"),
            ("90s", "2026-11-24T11:58:30Z"),
            ("90m", "2026-11-24T10:30:00Z"),
            ("24h", "2026-11-23T12:00:00Z"),
            ("7d", "2026-11-17T12:00:00Z"),
        ] {
            let end: End = text.parse().unwrap();
            assert_eq!(end.instant(now).to_string(), expected, "{text}");
        }
        for text in [
            "",
            "d",
            "-1d",
            "1.5h",
            "yesterday",
            "2026-13-01",
            "24",
            "9é",
        ] {
            assert_eq!(text.parse::<End>(), Err(EndError), "{text}");
        }
    }
}
