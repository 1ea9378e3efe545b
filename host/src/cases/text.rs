//! What became of cases, as text for people: a line with its place for everything that
//! fails, its fields side by side, and what the cases reach.

use std::io::{self, Write};

use router_guest::document::Place;

use super::coverage::{Hits, Share};
use super::{CaseResult, Difference, Failure, Tested};

/// A column is not padded beyond it, so that a long message does not push the next one away.
const COLUMN_WIDTH_MAX: usize = 40;

/// Writes what fails, and the summary behind it.
///
/// # Errors
/// When the output is closed.
pub fn write_results(tested: &Tested, out: &mut impl Write) -> io::Result<()> {
    for result in tested.report.failures() {
        write_case(&tested.cases_file, result, out)?;
    }
    writeln!(out, "{}", tested.report.summary())
}

/// Writes what the cases reach of the policy, and at which place what they do not.
///
/// # Errors
/// When the output is closed.
pub fn write_coverage(tested: &Tested, out: &mut impl Write) -> io::Result<()> {
    let coverage = &tested.report.coverage;
    let file = &tested.policy_file;
    writeln!(out, "rules {}", shown(coverage.rules_share()))?;
    for hits in &coverage.rules {
        writeln!(out, "{:6}  {}", hits.cases, hits.name)?;
    }
    for hits in coverage.rules.iter().filter(|hits| hits.cases == 0) {
        let at = at(file, hits.place);
        writeln!(out, "{at}: the rule `{}` decides no case", hits.name)?;
    }
    if let (Some(all), Some(share)) = (&coverage.alternatives, coverage.alternatives_share()) {
        writeln!(out, "alternatives {}", shown(share))?;
        for hits in all.iter().filter(|hits| hits.cases == 0) {
            let (number, of) = (hits.number, hits.alternatives);
            writeln!(
                out,
                "{}: alternative {number} of {of} of the rule `{}` decides no case",
                at(file, hits.place),
                hits.rule
            )?;
        }
    }
    write_share("tiers", coverage.tiers_share(), &coverage.tiers, out)?;
    write_share("reasons", coverage.reasons_share(), &coverage.reasons, out)
}

/// `21 of 23 (91 %)`
fn shown(share: Share) -> String {
    format!("{} of {} ({} %)", share.hit, share.all, share.percent())
}

fn at(file: &str, place: Option<Place>) -> String {
    match place {
        Some(Place { line, column }) => format!("{file}: line {line}, column {column}"),
        None => file.to_owned(),
    }
}

fn write_share(what: &str, share: Share, all: &[Hits], out: &mut impl Write) -> io::Result<()> {
    let missing: Vec<_> = all
        .iter()
        .filter(|hits| hits.cases == 0)
        .map(|hits| format!("`{}`", hits.name))
        .collect();
    let never = match missing.as_slice() {
        [] => String::new(),
        missing => format!(", never: {}", missing.join(", ")),
    };
    writeln!(out, "{what} {}{never}", shown(share))
}

fn write_case(file: &str, result: &CaseResult, out: &mut impl Write) -> io::Result<()> {
    let at = at(file, Some(result.place));
    for failure in &result.failures {
        let name = &result.name;
        match failure {
            Failure::Differs(differences) => {
                writeln!(out, "{at}: `{name}` is not as expected")?;
                write_table(["expected", "actual"], differences, out)?;
            }
            Failure::Engines(differences) => {
                writeln!(
                    out,
                    "{at}: `{name}` is answered otherwise by the component than by the native engine"
                )?;
                write_table(["native engine", "component"], differences, out)?;
            }
            Failure::Unanswered(what) => {
                writeln!(out, "{at}: `{name}` has no answer of the policy: {what}")?;
            }
            Failure::State(what) => writeln!(out, "{at}: `{name}` cannot be asked: {what}")?,
        }
    }
    match &result.scenario {
        Some(scenario) => writeln!(out, "  {scenario}"),
        None => Ok(()),
    }
}

fn write_table(
    [expected, actual]: [&str; 2],
    differences: &[Difference],
    out: &mut impl Write,
) -> io::Result<()> {
    let header = ["field", expected, actual];
    let rows = differences.iter().map(|difference| {
        let Difference {
            field,
            expected,
            actual,
        } = difference;
        [field.as_str(), expected, actual]
    });
    let rows: Vec<[&str; 3]> = std::iter::once(header).chain(rows).collect();
    let width = |column: fn(&[&str; 3]) -> usize| {
        let widths = rows
            .iter()
            .map(column)
            .filter(|width| *width <= COLUMN_WIDTH_MAX);
        widths.max().unwrap_or(0)
    };
    let first = width(|[field, ..]| field.chars().count());
    let second = width(|[_, expected, _]| expected.chars().count());
    for [field, expected, actual] in &rows {
        writeln!(out, "  {field:first$}  {expected:second$}  {actual}")?;
    }
    Ok(())
}
