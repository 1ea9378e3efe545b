//! Bounds around moments, above all where clocks are set.

use router_guest::amount::Amount;
use router_guest::manifest::Scope;

use super::*;

fn budget(window: Window, zone: &str) -> BudgetInfo {
    BudgetInfo {
        name: "exploration".into(),
        amount: Some(Amount::ONE),
        percent: None,
        orders: None,
        window,
        zone: zone.into(),
        scope: Scope::All,
    }
}

fn moment(text: &str) -> Moment {
    text.parse::<Timestamp>().unwrap().into()
}

/// The window around `at` is [start, end), and so is the one around its first and last moment.
#[track_caller]
fn check(window: Window, zone: &str, at: &str, start: &str, end: &str) {
    let calendar = Calendar::new(&budget(window, zone)).unwrap();
    let expected = Bounds {
        start: moment(start),
        end: moment(end),
    };
    assert_eq!(calendar.bounds(moment(at)), expected, "around {at}");
    assert_eq!(
        calendar.bounds(expected.start),
        expected,
        "around the start {start}"
    );
    let last = Moment(expected.end.0 - 1);
    assert_eq!(
        calendar.bounds(last),
        expected,
        "around the last microsecond before {end}"
    );
    assert_ne!(calendar.bounds(expected.end), expected, "at the end {end}");
    assert_eq!(calendar.counts_until(moment(at), expected), expected.end);
}

#[test]
fn days() {
    let day = Window::Day;
    check(
        day,
        "UTC",
        "2026-03-01T12:00:00Z",
        "2026-03-01T00:00:00Z",
        "2026-03-02T00:00:00Z",
    );
    check(
        day,
        "UTC",
        "2024-02-29T23:59:59.999999Z",
        "2024-02-29T00:00:00Z",
        "2024-03-01T00:00:00Z",
    );
    check(
        day,
        "UTC",
        "1969-12-31T23:59:59.5Z",
        "1969-12-31T00:00:00Z",
        "1970-01-01T00:00:00Z",
    );
    // 23 hours.
    check(
        day,
        "Europe/Berlin",
        "2026-03-29T12:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    );
    check(
        day,
        "America/New_York",
        "2026-03-08T12:00:00Z",
        "2026-03-08T05:00:00Z",
        "2026-03-09T04:00:00Z",
    );
    // 25 hours.
    check(
        day,
        "Europe/Berlin",
        "2026-10-25T00:30:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T23:00:00Z",
    );
    check(
        day,
        "America/New_York",
        "2026-11-01T12:00:00Z",
        "2026-11-01T04:00:00Z",
        "2026-11-02T05:00:00Z",
    );
    // A day that starts at one in the morning: midnight is skipped.
    check(
        day,
        "America/Sao_Paulo",
        "2018-11-04T12:00:00Z",
        "2018-11-04T03:00:00Z",
        "2018-11-05T02:00:00Z",
    );
    // A clock set back at midnight: the day before lasts 25 hours.
    check(
        day,
        "America/Sao_Paulo",
        "2018-02-17T12:00:00Z",
        "2018-02-17T02:00:00Z",
        "2018-02-18T03:00:00Z",
    );
    // A day that never was: 29 December 2011 was followed by the 31st.
    check(
        day,
        "Pacific/Apia",
        "2011-12-30T05:00:00Z",
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
    );
    check(
        day,
        "Asia/Kathmandu",
        "2026-01-01T00:00:00Z",
        "2025-12-31T18:15:00Z",
        "2026-01-01T18:15:00Z",
    );
}

#[test]
fn weeks_start_on_monday() {
    let week = Window::Week;
    check(
        week,
        "UTC",
        "2026-01-01T00:00:00Z",
        "2025-12-29T00:00:00Z",
        "2026-01-05T00:00:00Z",
    );
    check(
        week,
        "UTC",
        "2026-01-04T23:59:59Z",
        "2025-12-29T00:00:00Z",
        "2026-01-05T00:00:00Z",
    );
    check(
        week,
        "UTC",
        "2026-01-05T00:00:00Z",
        "2026-01-05T00:00:00Z",
        "2026-01-12T00:00:00Z",
    );
    // Clocks are set on Sunday: the week has 167 hours, and 169.
    check(
        week,
        "Europe/Berlin",
        "2026-03-25T12:00:00Z",
        "2026-03-22T23:00:00Z",
        "2026-03-29T22:00:00Z",
    );
    check(
        week,
        "America/New_York",
        "2026-11-01T12:00:00Z",
        "2026-10-26T04:00:00Z",
        "2026-11-02T05:00:00Z",
    );
}

#[test]
fn hours() {
    let hour = Window::Hour;
    check(
        hour,
        "UTC",
        "2026-03-01T12:34:56.789Z",
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00Z",
    );
    check(
        hour,
        "UTC",
        "1969-12-31T23:59:59.5Z",
        "1969-12-31T23:00:00Z",
        "1970-01-01T00:00:00Z",
    );
    check(
        hour,
        "Asia/Kathmandu",
        "2026-03-01T12:10:00Z",
        "2026-03-01T11:15:00Z",
        "2026-03-01T12:15:00Z",
    );
    // 02:00 to 03:00 is shown twice: two windows.
    check(
        hour,
        "Europe/Berlin",
        "2026-10-25T00:30:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T01:00:00Z",
    );
    check(
        hour,
        "Europe/Berlin",
        "2026-10-25T01:30:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T02:00:00Z",
    );
    // Set by half an hour at 02:00, forward and back.
    let lord_howe = "Australia/Lord_Howe";
    check(
        hour,
        lord_howe,
        "2026-10-03T15:45:00Z",
        "2026-10-03T15:30:00Z",
        "2026-10-03T16:00:00Z",
    );
    check(
        hour,
        lord_howe,
        "2026-10-03T15:00:00Z",
        "2026-10-03T14:30:00Z",
        "2026-10-03T15:30:00Z",
    );
    check(
        hour,
        lord_howe,
        "2026-04-04T14:45:00Z",
        "2026-04-04T14:00:00Z",
        "2026-04-04T15:00:00Z",
    );
    check(
        hour,
        lord_howe,
        "2026-04-04T15:15:00Z",
        "2026-04-04T15:00:00Z",
        "2026-04-04T15:30:00Z",
    );
}

#[test]
fn none_never_ends() {
    let calendar = Calendar::new(&budget(Window::None, "UTC")).unwrap();
    let bounds = calendar.bounds(moment("2026-03-01T12:00:00Z"));
    assert_eq!(
        bounds,
        Bounds {
            start: Moment::MIN,
            end: Moment::MAX
        }
    );
    assert_eq!(
        calendar.counts_until(moment("2026-03-01T12:00:00Z"), bounds),
        Moment::MAX
    );
}

#[test]
fn a_rolling_charge_counts_for_its_seconds() {
    let calendar = Calendar::new(&budget(Window::Rolling { seconds: 60 }, "UTC")).unwrap();
    let charged = moment("2026-03-01T12:00:00Z");
    let until = calendar.counts_until(charged, calendar.bounds(charged));
    assert_eq!(until, moment("2026-03-01T12:01:00Z"));
    for (at, counts) in [
        ("2026-03-01T12:00:00Z", true),
        ("2026-03-01T12:00:59.999999Z", true),
        ("2026-03-01T12:01:00Z", false),
    ] {
        assert_eq!(
            calendar.bounds(moment(at)).contains(charged),
            counts,
            "{at}"
        );
    }
}

#[test]
fn windows_at_the_calendars_ends_stay_open() {
    for window in [
        Window::Hour,
        Window::Day,
        Window::Week,
        Window::Rolling { seconds: u32::MAX },
    ] {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let calendar = Calendar::new(&budget(window, zone)).unwrap();
            for timestamp in [Timestamp::MIN, Timestamp::MAX] {
                let moment = Moment::from(timestamp);
                assert!(
                    calendar.bounds(moment).contains(moment),
                    "{window:?} {zone} {timestamp}"
                );
            }
            for moment in [Moment(i64::MIN + 1), Moment(i64::MAX - 1)] {
                calendar.bounds(moment);
            }
        }
    }
}

/// Windows neither overlap nor leave gaps: walked from end to end over two years.
#[test]
fn windows_cover_all_time_once() {
    for zone in [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
    ] {
        for window in [Window::Hour, Window::Day, Window::Week] {
            let calendar = Calendar::new(&budget(window, zone)).unwrap();
            let mut bounds = calendar.bounds(moment("2011-01-01T00:00:00Z"));
            while bounds.end < moment("2013-01-01T00:00:00Z") {
                let next = calendar.bounds(bounds.end);
                assert_eq!(
                    next.start,
                    bounds.end,
                    "{window:?} in {zone} at {}",
                    bounds.end.timestamp()
                );
                assert!(next.end > next.start);
                bounds = next;
            }
        }
    }
}

#[test]
fn a_budget_without_a_window_is_refused() {
    for (window, zone, text) in [
        (
            Window::Day,
            "Europe/Berlim",
            "budget `exploration` names the unknown time zone `Europe/Berlim`",
        ),
        (
            Window::None,
            "Nowhere",
            "budget `exploration` names the unknown time zone `Nowhere`",
        ),
        (
            Window::Rolling { seconds: 0 },
            "UTC",
            "budget `exploration` has a rolling window of 0 seconds",
        ),
    ] {
        assert_eq!(
            Calendar::new(&budget(window, zone))
                .unwrap_err()
                .to_string(),
            text
        );
    }
}

#[test]
fn a_window_that_no_calendar_cuts_needs_no_zone() {
    for window in [Window::None, Window::Rolling { seconds: 60 }] {
        assert!(Calendar::new(&budget(window, "")).is_ok());
    }
}
