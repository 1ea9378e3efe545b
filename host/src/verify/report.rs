//! A report as it is written: text for people, or one JSON object.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{CELLS_MAX, Certificate, Finding, INVARIANTS, Report, Stop, Verdict};

impl Verdict {
    /// Its word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::Partial => "partial",
            Self::Counterexamples => "counterexamples",
        }
    }
}

impl Stop {
    /// What it left out, in words.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::Faults => "too many faults; what comes after them was not tried",
            Self::Fuel => "its decisions take so much fuel that not all cells could be tried",
        }
    }
}

#[derive(Serialize)]
struct ReportText<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'static str>,
    counterexamples: Vec<FindingText<'a>>,
    run: &'a Certificate,
}

#[derive(Serialize)]
struct FindingText<'a> {
    code: &'static str,
    count: u64,
    path: String,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<&'a str>,
    scenario: Option<Box<RawValue>>,
}

impl<'a> FindingText<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            code: finding.breach.code(),
            count: finding.count,
            path: finding.path.to_string(),
            what: &finding.what,
            answered: finding.answered.as_deref(),
            scenario: RawValue::from_string(finding.scenario.to_json()).ok(),
        }
    }
}

impl Report {
    /// One JSON object on several lines, without an end of line behind it: the verdict, the
    /// counterexamples, and under `run` what a certificate says, whatever came of it.
    pub fn to_json(&self) -> String {
        let text = ReportText {
            verdict: self.verdict().word(),
            stopped: self.stopped.map(Stop::why),
            counterexamples: self.findings.iter().map(FindingText::of).collect(),
            run: &self.measured,
        };
        // Strings, numbers and lists alone: it cannot fail.
        serde_json::to_string_pretty(&text).unwrap_or_default()
    }

    fn write_run(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = &self.measured;
        let decisions = &run.decisions;
        writeln!(
            out,
            "policy `{}` version `{}`, component {}",
            run.policy.name, run.policy.version, run.component
        )?;
        writeln!(
            out,
            "{} cells; decided by warm instances {} and {} times, by fresh ones {}, in batches {}",
            grouped(run.cells),
            grouped(decisions.first_order),
            grouped(decisions.second_order),
            grouped(decisions.fresh),
            grouped(decisions.batch)
        )?;
        if run.names.found > 0 {
            writeln!(
                out,
                "{} names were found in its code and data, {} tried",
                grouped(run.names.found),
                grouped(run.names.found_tried)
            )?;
        }
        let outcomes = &run.outcomes;
        writeln!(
            out,
            "{} openings, {} closes, {} skips, {} refusals",
            grouped(outcomes.opens),
            grouped(outcomes.closes),
            grouped(outcomes.skips),
            grouped(outcomes.refusals)
        )?;
        if !run.rules.not_reached.is_empty() {
            let named = run.rules.not_reached.join(", ");
            let missed = run.rules.declared.saturating_sub(run.rules.reached);
            let more = missed.saturating_sub(run.rules.not_reached.len() as u64);
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(out, "rules that decided no cell: {named}{more}")?;
        }
        if let Some(worst) = &run.worst {
            let bound = run.limits.get("decide_fuel_max").copied();
            writeln!(
                out,
                "most fuel of a decision: {} of {}, for\n  {}",
                grouped(worst.fuel),
                grouped(bound.unwrap_or_default()),
                worst.scenario.to_json()
            )?;
        }
        Ok(())
    }

    fn write_what_is_missing(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_cut_off = self.measured.cells >= CELLS_MAX as u64;
        if is_cut_off && !self.measured.complete {
            let cells_max = grouped(CELLS_MAX as u64);
            writeln!(out, "partial: there are more cells than {cells_max}")?;
        }
        if let Some(stop) = self.stopped {
            writeln!(out, "stopped: {}", stop.why())?;
        }
        for dimension in &self.measured.dimensions {
            if dimension.cuts_tried < dimension.cuts {
                writeln!(
                    out,
                    "partial: `{}` has {} cut points, {} tried",
                    dimension.name,
                    grouped(dimension.cuts),
                    grouped(dimension.cuts_tried)
                )?;
            }
            if dimension.paired_tried < dimension.paired {
                writeln!(
                    out,
                    "partial: `{}` has {} points, {} tried in pairs",
                    dimension.name,
                    grouped(dimension.paired),
                    grouped(dimension.paired_tried)
                )?;
            }
        }
        Ok(())
    }

    fn write_findings(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(
                out,
                "{} ({} times; {}): {}",
                finding.breach.code(),
                grouped(finding.count),
                finding.path,
                finding.what
            )?;
            if let Some(answered) = &finding.answered {
                writeln!(out, "  answered: {answered}")?;
            }
            writeln!(out, "  {}", finding.scenario.to_json())?;
        }
        Ok(())
    }
}

/// The report for people, with an end of line behind each line but the last.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_run(out)?;
        self.write_findings(out)?;
        self.write_what_is_missing(out)?;
        let milliseconds = grouped(self.measured.milliseconds);
        match self.verdict() {
            Verdict::Certified => {
                let [(first, _), .., (last, _)] = INVARIANTS;
                write!(out, "certified: {first} to {last} hold ({milliseconds} ms)")
            }
            Verdict::Partial => write!(
                out,
                "partial: nothing was found, and not everything was tried ({milliseconds} ms)"
            ),
            Verdict::Counterexamples => {
                let kinds = match self.findings.len() {
                    1 => "one kind of counterexample".to_owned(),
                    kinds => format!("{kinds} kinds of counterexamples"),
                };
                write!(out, "not certified: {kinds} ({milliseconds} ms)")
            }
        }
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
