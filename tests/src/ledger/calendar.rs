//! Windows by what clocks and calendars on the wall show: two moments are in one window when
//! they show the same day, hour or week. The ledger reckons with the window's ends instead.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use router_guest::manifest::Window;

/// Zones that windows are cut in: whole hours, a set-back by half an hour, an offset of 45
/// minutes, and a place that once left a day out.
pub const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
];

/// Moments a little before clocks are set somewhere: sequences begin at one of them.
pub const STARTS: [&str; 8] = [
    "2026-01-14T09:00:00Z",
    "2026-03-28T20:00:00Z",
    "2026-10-24T21:00:00Z",
    "2026-03-08T03:00:00Z",
    "2026-11-01T02:00:00Z",
    "2026-04-04T11:00:00Z",
    "2026-10-03T11:00:00Z",
    "2011-12-30T06:00:00Z",
];

const MICROSECONDS_IN_SECOND: i64 = 1_000_000;

/// What clocks show at a moment, in each of the zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Microseconds since 1970 in UTC.
    pub microseconds: i64,
    shown: [(DateTime, Offset); ZONES.len()],
}

/// The zones, found once.
#[derive(Debug, Clone)]
pub struct Clocks([TimeZone; ZONES.len()]);

impl Clocks {
    /// Those of all zones; UTC stands for one that there is not.
    pub fn new() -> Self {
        Self(ZONES.map(|zone| TimeZone::get(zone).unwrap_or(TimeZone::UTC)))
    }

    /// What they show.
    pub fn at(&self, microseconds: i64) -> Shown {
        let timestamp = timestamp(microseconds);
        let shown = std::array::from_fn(|zone| {
            let offset = self
                .0
                .get(zone)
                .map_or(Offset::UTC, |zone| zone.to_offset(timestamp));
            (offset.to_datetime(timestamp), offset)
        });
        Shown {
            microseconds,
            shown,
        }
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self::new()
    }
}

/// The timestamp of a moment.
pub fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Whether a charge of the moment `then` counts at `now`.
pub fn counts(window: Window, zone: usize, then: &Shown, now: &Shown) -> bool {
    let (Some((then_shown, then_offset)), Some((now_shown, now_offset))) =
        (then.shown.get(zone), now.shown.get(zone))
    else {
        return false;
    };
    match window {
        Window::None => true,
        // An hour that is shown twice is two.
        Window::Hour => {
            (then_shown.date(), then_shown.hour(), then_offset)
                == (now_shown.date(), now_shown.hour(), now_offset)
        }
        Window::Day => then_shown.date() == now_shown.date(),
        Window::Week => week(then_shown.date()) == week(now_shown.date()),
        Window::Rolling { seconds } => {
            now.microseconds - then.microseconds < i64::from(seconds) * MICROSECONDS_IN_SECOND
        }
    }
}

fn week(date: Date) -> (i16, i8) {
    let date = date.iso_week_date();
    (date.year(), date.week())
}
