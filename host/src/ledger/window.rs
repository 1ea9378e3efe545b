//! When a budget's use starts again at zero: the bounds of its window around a moment.
//!
//! Zones come from the bundled database alone, so that a day is the same on every machine.
//! Refuses to know a clock: every moment is handed in.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use router_guest::manifest::{BudgetInfo, Window};

use super::error::OpenError;

const MICROSECONDS_IN_SECOND: i64 = 1_000_000;
const SECONDS_IN_HOUR: i64 = 3_600;

/// A point in time, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// A stretch of time: from its start up to, not including, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first moment inside.
    pub start: Moment,
    /// The first moment after it.
    pub end: Moment,
}

/// A window with its zone found.
#[derive(Debug, Clone)]
pub struct Calendar {
    window: Window,
    zone: Box<str>,
    time_zone: TimeZone,
}

impl Moment {
    /// Before every other.
    pub const MIN: Self = Self(i64::MIN);
    /// After every other: the end of a window that does not end.
    pub const MAX: Self = Self(i64::MAX);

    /// Microseconds since 1970 in UTC.
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// The moment of so many microseconds since 1970 in UTC.
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// The timestamp; the nearest that there is, for moments past the calendar's ends.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    const fn plus_seconds(self, seconds: i64) -> Self {
        Self(
            self.0
                .saturating_add(seconds.saturating_mul(MICROSECONDS_IN_SECOND)),
        )
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

impl Bounds {
    /// Whether the moment is inside.
    pub fn contains(&self, moment: Moment) -> bool {
        self.start <= moment && moment < self.end
    }
}

impl Calendar {
    /// The window of a budget.
    ///
    /// # Errors
    ///
    /// [`OpenError::UnknownZone`] and [`OpenError::EmptyWindow`].
    pub fn new(info: &BudgetInfo) -> Result<Self, OpenError> {
        if let Window::Rolling { seconds: 0 } = info.window {
            return Err(OpenError::EmptyWindow {
                budget: info.name.as_str().into(),
            });
        }
        // Windows that no calendar cuts need no zone, and may name none.
        let zone = if info.zone.is_empty() {
            "UTC"
        } else {
            &info.zone
        };
        let time_zone =
            TimeZoneDatabase::bundled()
                .get(zone)
                .map_err(|_| OpenError::UnknownZone {
                    budget: info.name.as_str().into(),
                    zone: info.zone.as_str().into(),
                })?;
        Ok(Self {
            window: info.window,
            zone: info.zone.as_str().into(),
            time_zone,
        })
    }

    /// Where a charge must lie to count at `moment`.
    ///
    /// A rolling window's bounds move with every microsecond: a charge counts from its moment
    /// until, not including, that many seconds later. Where the calendar ends, windows stay
    /// open: a budget is rather never refilled than twice.
    pub fn bounds(&self, moment: Moment) -> Bounds {
        match self.window {
            Window::None => Bounds {
                start: Moment::MIN,
                end: Moment::MAX,
            },
            Window::Hour => self.hour(moment),
            Window::Day => self.days(self.date(moment), 1),
            Window::Week => {
                let date = self.date(moment);
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                match date.checked_sub(since_monday.days()) {
                    Ok(monday) => self.days(monday, 7),
                    Err(_) => Bounds {
                        start: Moment::MIN,
                        ..self.days(date, 7 - since_monday)
                    },
                }
            }
            Window::Rolling { seconds } => {
                let before = moment.plus_seconds(-i64::from(seconds));
                Bounds {
                    start: Moment(before.0.saturating_add(1)),
                    end: Moment(moment.0.saturating_add(1)),
                }
            }
        }
    }

    /// Until when a charge made at `moment`, in the window `bounds` around it, counts.
    pub fn counts_until(&self, moment: Moment, bounds: Bounds) -> Moment {
        match self.window {
            Window::Rolling { seconds } => moment.plus_seconds(i64::from(seconds)),
            _ => bounds.end,
        }
    }

    fn date(&self, moment: Moment) -> Date {
        self.time_zone.to_datetime(moment.timestamp()).date()
    }

    /// So many civil days from a date on; days of 23 and 25 hours come out of the zone.
    fn days(&self, first: Date, count: i64) -> Bounds {
        let start_of = |date: Date| {
            date.to_zoned_datetime(self.time_zone.clone())
                .map(|day| day.timestamp())
        };
        Bounds {
            start: start_of(first).map_or(Moment::MIN, Moment::from),
            end: first
                .checked_add(count.days())
                .and_then(start_of)
                .map_or(Moment::MAX, Moment::from),
        }
    }

    /// The hour of the zone's clock. An hour that is shown twice is two windows, and a clock
    /// set by half an hour cuts the hour where it is set.
    fn hour(&self, moment: Moment) -> Bounds {
        let timestamp = moment.timestamp();
        let shown = self.time_zone.to_datetime(timestamp);
        let into_hour = i64::from(shown.minute()) * 60 + i64::from(shown.second());
        let second = moment.0.div_euclid(MICROSECONDS_IN_SECOND) - into_hour;
        let start = Moment(second.saturating_mul(MICROSECONDS_IN_SECOND));
        let end = start.plus_seconds(SECONDS_IN_HOUR);
        // `preceding` leaves out a transition at the very moment that it is asked for.
        let after = Moment(moment.0.saturating_add(1)).timestamp();
        let set_before = self.time_zone.preceding(after).next();
        let set_after = self.time_zone.following(timestamp).next();
        Bounds {
            start: set_before.map_or(start, |set| start.max(set.timestamp().into())),
            end: set_after.map_or(end, |set| end.min(set.timestamp().into())),
        }
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.window == other.window && self.zone == other.zone
    }
}

#[cfg(test)]
mod tests;
