//! What a run saw, in words and as the rows of a table.

use std::fmt;
use std::time::Duration;

use super::deciding::Tally;
use super::{Latencies, Plan, RESIDENT_FROM, Swapped};

/// What a run saw.
#[derive(Debug)]
pub struct Report {
    pub(super) plan: Plan,
    pub(super) stages: Vec<(&'static str, Latencies)>,
    pub(super) tally: Tally,
    pub(super) swapped: Swapped,
    pub(super) took: Duration,
}

impl Report {
    /// Decisions that were made.
    pub const fn decided(&self) -> u64 {
        self.tally.decided
    }

    /// Those that no policy made, or that were refused.
    pub const fn failed(&self) -> u64 {
        self.tally.failed
    }

    /// Those that are not what the policy that they name answers, by its budget's own figures.
    pub const fn mixed(&self) -> u64 {
        self.tally.mixed
    }

    /// Those that an earlier policy made in the stead of the one that was asked first.
    pub const fn made_again(&self) -> u64 {
        self.tally.again
    }

    /// Reservations that were granted.
    pub const fn granted(&self) -> u64 {
        self.tally.granted
    }

    /// Reservations that were there still after fifty changes.
    pub const fn outlived(&self) -> u64 {
        self.swapped.outlived
    }

    /// Changes of policy that were asked for: swaps and rollbacks.
    pub const fn changes(&self) -> (u64, u64) {
        (self.swapped.swaps, self.swapped.rollbacks)
    }

    /// What is wrong with the first decisions that something is wrong with.
    pub fn faults(&self) -> &[String] {
        &self.tally.faults
    }

    /// Whether no decision failed, and none is another policy's than it says.
    pub const fn is_sound(&self) -> bool {
        self.failed() == 0 && self.mixed() == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plan,
            tally,
            swapped,
            ..
        } = self;
        let (mode, threads, pause) = (plan.mode.word(), plan.threads, plan.pause.as_millis());
        writeln!(
            out,
            "mode {mode}, {threads} deciding, {pause} ms between changes, {} s",
            self.took.as_secs()
        )?;
        writeln!(
            out,
            "swaps {}, rollbacks {}",
            swapped.swaps, swapped.rollbacks
        )?;
        writeln!(
            out,
            "decisions {}, failed {}, mixed {}, by an earlier policy {}",
            tally.decided, tally.failed, tally.mixed, tally.again
        )?;
        writeln!(
            out,
            "reservations granted {}, filled {}, {} still there after fifty changes",
            tally.granted, tally.filled, swapped.outlived
        )?;
        match (swapped.resident_first, swapped.resident_last) {
            (Some(first), Some(last)) => {
                let per_mille =
                    (i128::from(last) - i128::from(first)) * 1000 / i128::from(first.max(1));
                let (sign, per_mille) = (if per_mille < 0 { "-" } else { "+" }, per_mille.abs());
                writeln!(
                    out,
                    "resident {first} KiB after {RESIDENT_FROM}, {last} KiB after the last: {sign}{}.{} %",
                    per_mille / 10,
                    per_mille % 10
                )?;
            }
            _ => writeln!(out, "resident memory is not known")?,
        }
        writeln!(
            out,
            "\n| µs | number | p50 | p99 | p99.9 | max |\n| --- | --- | --- | --- | --- | --- |"
        )?;
        for (name, latencies) in &self.stages {
            row(out, name, latencies)?;
        }
        row(out, "the first on a generation", &tally.first)?;
        row(out, "a swap, the gate with it", &swapped.took)?;
        for fault in &tally.faults {
            writeln!(out, "{fault}")?;
        }
        Ok(())
    }
}

fn row(out: &mut fmt::Formatter<'_>, name: &str, latencies: &Latencies) -> fmt::Result {
    write!(out, "| {name} | {} |", latencies.count())?;
    let within = [5_000, 9_900, 9_990].map(|rank| latencies.within(rank));
    for time in within.into_iter().chain([latencies.longest()]) {
        write!(
            out,
            " {}.{} |",
            time.as_micros(),
            time.subsec_nanos() / 100 % 10
        )?;
    }
    writeln!(out)
}
