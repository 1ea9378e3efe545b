//! Explaining a stream: lines in, explanations out, each line for itself.
//!
//! A line that cannot be read gets its error in its place. Nothing is carried from line to
//! line: a bare request meets the state that was given for all of them.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use router_guest::json::{Fault, parse_request};
use router_guest::manifest::Manifest;
use router_guest::state::{BudgetUse, TradingState};
use serde_json::value::RawValue;

use super::{ExplainError, Explainer, Explanation, json, text};
use crate::rejection::Rejection;
use crate::scenario::{Scenario, ScenarioError};
use crate::stream::{self, Line, LineReader};

/// How explanations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The state that requests meet which bring none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateOfBareRequests {
    /// How much is let through.
    pub trading_state: TradingState,
    /// Uses of budgets by name; nothing is used of the others.
    pub uses: BTreeMap<String, BudgetUse>,
}

/// What a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Lines in all.
    pub lines: u64,
    /// Those that were not explained.
    pub refused: u64,
}

/// Why a run ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum ExplainLinesError {
    /// The input cannot be read, or the output not written.
    #[error("cannot read the input or write the explanations")]
    Io(#[from] io::Error),
    /// Of a line, but not its fault.
    #[error("line {line}: {error}")]
    Explain {
        /// From 1.
        line: u64,
        /// What happened.
        error: ExplainError,
    },
    /// A use was given for a budget that there is not.
    #[error("the policy has no budget `{name}`; it has {known}")]
    NoBudget {
        /// As given.
        name: String,
        /// The budgets of the policy.
        known: String,
    },
}

/// Explains every line of the input, in order, with at most so many counterfactuals each.
///
/// # Errors
/// [`ExplainLinesError`], for what is no fault of a line.
pub fn explain_lines(
    explainer: &mut Explainer,
    input: impl Read,
    output: &mut impl Write,
    format: Format,
    bare: &StateOfBareRequests,
    counterfactuals: usize,
) -> Result<Summary, ExplainLinesError> {
    let uses = bare.uses_of(explainer.manifest())?;
    let mut reader = LineReader::new(input);
    let mut summary = Summary::default();
    while let Some(line) = reader.next_line()? {
        summary.lines += 1;
        let number = summary.lines;
        let read = read_line(number, &line, bare.trading_state, &uses);
        let explained = match read {
            Ok((scenario, dropped)) => explainer
                .explain(scenario, counterfactuals)
                .map(|explanation| with_dropped(explanation, dropped)),
            Err(rejection) => Err(rejection.into()),
        };
        let mut answer = match explained {
            Ok(explanation) => told(number, &explanation, explainer, format),
            Err(ExplainError::Refused(rejection)) => {
                summary.refused += 1;
                refused(number, &rejection, format)
            }
            Err(error) => {
                return Err(ExplainLinesError::Explain {
                    line: number,
                    error,
                });
            }
        };
        answer.push('\n');
        output.write_all(answer.as_bytes())?;
        if !reader.is_ready() {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(summary)
}

/// What was dropped of the line stands before what is said of the request.
fn with_dropped(mut explanation: Explanation, dropped: Vec<Fault>) -> Explanation {
    explanation.warnings.splice(0..0, dropped);
    explanation
}

/// An explanation without its last line end.
fn told(line: u64, explanation: &Explanation, explainer: &Explainer, format: Format) -> String {
    let (manifest, rules) = (explainer.manifest(), explainer.rules());
    match format {
        Format::Json => json::of(line, explanation, manifest, rules),
        Format::Text => {
            let mut text = format!("line {line}: ");
            text::write(explanation, manifest, rules, &mut text);
            text.trim_end().to_owned()
        }
    }
}

fn refused(line: u64, rejection: &Rejection, format: Format) -> String {
    let Rejection { code, message } = rejection;
    match format {
        Format::Json => json::of_error(line, code, message),
        Format::Text => format!("line {line}: refused: {code}: {message}"),
    }
}

fn read_line(
    number: u64,
    line: &Line<'_>,
    trading_state: TradingState,
    uses: &[BudgetUse],
) -> Result<(Scenario, Vec<Fault>), Rejection> {
    let Line::Whole(bytes) = line else {
        return Err(stream::too_long());
    };
    let bytes = if number == 1 {
        stream::without_mark(bytes)
    } else {
        bytes
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Rejection::new("bad_json", format!("not UTF-8: {error}")))?;
    let mut scenario = Scenario::parse(text)?;
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let (request, brings_state) = match members.get("request") {
        Some(request) => (request.get(), members.contains_key("state")),
        None => (text, false),
    };
    if !brings_state {
        scenario.trading_state = trading_state;
        scenario.budgets = Some(uses.to_vec());
    }
    // A scenario keeps what was understood; what was dropped of a close is read here again.
    let dropped = parse_request(request.as_bytes()).map(|line| line.warnings);
    Ok((scenario, dropped.unwrap_or_default()))
}

impl From<ScenarioError> for Rejection {
    /// With the word for programs, of the list that `route` has.
    fn from(error: ScenarioError) -> Self {
        let code = match &error {
            ScenarioError::Form { .. } => "bad_json",
            ScenarioError::Fault(fault) => fault.code.word(),
            ScenarioError::BudgetCount { .. } => "budgets_missing",
        };
        Self::new(code, error.to_string())
    }
}

impl StateOfBareRequests {
    /// One use for each budget, in the manifest's order.
    fn uses_of(&self, manifest: &Manifest) -> Result<Vec<BudgetUse>, ExplainLinesError> {
        let known = manifest.budgets.iter();
        if let Some(name) = self
            .uses
            .keys()
            .find(|name| !known.clone().any(|budget| budget.name == **name))
        {
            let known: Vec<String> = known.map(|budget| format!("`{}`", budget.name)).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            let name = name.clone();
            return Err(ExplainLinesError::NoBudget { name, known });
        }
        Ok(known
            .map(|budget| self.uses.get(&budget.name).copied().unwrap_or_default())
            .collect())
    }
}
