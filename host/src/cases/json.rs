//! What became of cases, as one JSON object for programs.

use std::io::{self, Write};

use router_guest::document::Place;
use serde::Serialize;

use super::coverage::{Hits, Share};
use super::{CaseResult, Coverage, Difference, Failure, Tested};

/// Writes the report as one line.
///
/// # Errors
/// When the output is closed.
pub fn write_json(tested: &Tested, with_coverage: bool, out: &mut impl Write) -> io::Result<()> {
    let report = &tested.report;
    let text = Text {
        cases_file: &tested.cases_file,
        policy_file: &tested.policy_file,
        passed: report.passed(),
        failed: report.failed(),
        failures: report.failures().map(CaseText::of).collect(),
        coverage: with_coverage.then(|| CoverageText::of(&report.coverage)),
    };
    serde_json::to_writer(&mut *out, &text)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Text<'a> {
    cases_file: &'a str,
    policy_file: &'a str,
    passed: usize,
    failed: usize,
    failures: Vec<CaseText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageText<'a>>,
}

#[derive(Serialize)]
struct CaseText<'a> {
    name: &'a str,
    line: usize,
    column: usize,
    /// JSON in a string: a request that is no scenario need not be sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<&'a str>,
    wrong: Vec<FailureText<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum FailureText<'a> {
    NotAsExpected { fields: Vec<FieldText<'a>> },
    EnginesDiffer { fields: Vec<EngineText<'a>> },
    Unanswered { message: &'a str },
    State { message: &'a str },
}

#[derive(Serialize)]
struct FieldText<'a> {
    field: &'a str,
    expected: &'a str,
    actual: &'a str,
}

#[derive(Serialize)]
struct EngineText<'a> {
    field: &'a str,
    native: &'a str,
    component: &'a str,
}

#[derive(Serialize)]
struct CoverageText<'a> {
    rules: ShareText<RuleText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alternatives: Option<ShareText<AlternativeText<'a>>>,
    tiers: ShareText<HitsText<'a>>,
    reasons: ShareText<HitsText<'a>>,
}

#[derive(Serialize)]
struct ShareText<T> {
    hit: usize,
    all: usize,
    percent: usize,
    cases: Vec<T>,
}

#[derive(Serialize)]
struct RuleText<'a> {
    name: &'a str,
    #[serde(flatten)]
    place: Option<PlaceText>,
    cases: usize,
}

#[derive(Serialize)]
struct AlternativeText<'a> {
    rule: &'a str,
    number: usize,
    #[serde(flatten)]
    place: Option<PlaceText>,
    cases: usize,
}

#[derive(Serialize)]
struct HitsText<'a> {
    name: &'a str,
    cases: usize,
}

#[derive(Serialize)]
struct PlaceText {
    line: usize,
    column: usize,
}

impl<'a> CaseText<'a> {
    fn of(result: &'a CaseResult) -> Self {
        Self {
            name: &result.name,
            line: result.place.line,
            column: result.place.column,
            scenario: result.scenario.as_deref(),
            wrong: result.failures.iter().map(FailureText::of).collect(),
        }
    }
}

impl<'a> FailureText<'a> {
    fn of(failure: &'a Failure) -> Self {
        let expected = |difference: &'a Difference| FieldText {
            field: &difference.field,
            expected: &difference.expected,
            actual: &difference.actual,
        };
        let engines = |difference: &'a Difference| EngineText {
            field: &difference.field,
            native: &difference.expected,
            component: &difference.actual,
        };
        match failure {
            Failure::Differs(differences) => Self::NotAsExpected {
                fields: differences.iter().map(expected).collect(),
            },
            Failure::Engines(differences) => Self::EnginesDiffer {
                fields: differences.iter().map(engines).collect(),
            },
            Failure::Unanswered(message) => Self::Unanswered { message },
            Failure::State(message) => Self::State { message },
        }
    }
}

impl<'a> CoverageText<'a> {
    fn of(coverage: &'a Coverage) -> Self {
        let rules = coverage.rules.iter().map(|hits| RuleText {
            name: &hits.name,
            place: hits.place.map(PlaceText::of),
            cases: hits.cases,
        });
        let alternatives = coverage.alternatives.iter().flatten();
        let alternatives = alternatives.map(|hits| AlternativeText {
            rule: &hits.rule,
            number: hits.number,
            place: hits.place.map(PlaceText::of),
            cases: hits.cases,
        });
        Self {
            rules: ShareText::of(coverage.rules_share(), rules.collect()),
            alternatives: coverage
                .alternatives_share()
                .map(|share| ShareText::of(share, alternatives.collect())),
            tiers: ShareText::of(coverage.tiers_share(), named(&coverage.tiers)),
            reasons: ShareText::of(coverage.reasons_share(), named(&coverage.reasons)),
        }
    }
}

fn named(all: &[Hits]) -> Vec<HitsText<'_>> {
    all.iter()
        .map(|hits| HitsText {
            name: &hits.name,
            cases: hits.cases,
        })
        .collect()
}

impl<T> ShareText<T> {
    fn of(share: Share, cases: Vec<T>) -> Self {
        Self {
            hit: share.hit,
            all: share.all,
            percent: share.percent(),
            cases,
        }
    }
}

impl PlaceText {
    const fn of(place: Place) -> Self {
        Self {
            line: place.line,
            column: place.column,
        }
    }
}
