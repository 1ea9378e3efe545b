//! A few hundred swaps under load, of each kind. Times are measured by the program, on a machine
//! that has nothing else to do: none is asserted here.

#![allow(
    clippy::unwrap_used,
    reason = "tests say what they expect and stop there"
)]

use std::time::Duration;

use conformance::soak::{self, Mode, Plan, Report};

#[track_caller]
fn soaked(mode: Mode, swaps: u64) -> Report {
    let report = soak::run(&Plan {
        mode,
        swaps,
        threads: 2,
        pause: Duration::from_millis(1),
        steady: Duration::from_millis(50),
        cache: concat!(env!("CARGO_TARGET_TMPDIR"), "/soak").into(),
    });
    let report = report.unwrap();
    assert_eq!((report.failed(), report.mixed()), (0, 0), "{report}");
    assert_eq!(report.changes().0 + report.changes().1, swaps);
    assert!(report.granted() > 0 && report.outlived() > 0, "{report}");
    report
}

#[test]
fn policies_are_swapped_and_no_decision_fails_or_mixes_two() {
    let report = soaked(Mode::Swaps, 300);
    assert_eq!((report.changes(), report.made_again()), ((300, 0), 0));
}

#[test]
fn policies_are_rolled_back_between_swaps() {
    let report = soaked(Mode::Rollbacks, 150);
    assert_eq!((report.changes(), report.made_again()), ((100, 50), 0));
}

#[test]
fn what_failing_policies_do_not_decide_an_earlier_one_does() {
    let report = soaked(Mode::Faults, 150);
    assert!(report.made_again() > 0, "{report}");
}
