//! A policy's own cases, as `cases.yaml` has them: requests beside the states that they meet,
//! and what is expected of the answer, or of the policy itself.
//!
//! It reads their form, with every mistake at its place, and runs none of them: the host does,
//! on the component that decides. What needs the policy to be known, such as the names of its
//! rules and budgets, is not checked here, so that cases can be read without one.

mod about;
mod budget_use;
mod expectation;
mod request;

use std::collections::BTreeMap;

pub use about::said;
pub use budget_use::{NamedUse, Uses};
pub use expectation::{Expectation, Value};

use super::findings::{Collector, Findings, Place, quoted};
use super::reader::{self, Fields};
use super::yaml::{self, Entry, Node, Value as Written};
use crate::state::TradingState;

/// Cases of one file at most.
pub const CASES_MAX: usize = 8192;
/// Bytes of a case's name.
pub const CASE_NAME_BYTES_MAX: usize = 160;

const KEYS: [&str; 5] = ["name", "request", "state", "expect", "expect_policy"];

/// The cases of a policy: at least one, no two of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Cases {
    cases: Vec<Case>,
}

/// One case: a question with its answer, expectations of the policy itself, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// 1 to [`CASE_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    /// What the policy is asked.
    pub question: Option<Question>,
    /// What the policy must say of itself.
    pub about_policy: Vec<Expectation>,
}

/// A request, the state that it meets, and what is expected of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The request as one line of JSON, every scalar digit for digit as it was written.
    pub request: String,
    /// ACTIVE when not given.
    pub trading_state: TradingState,
    /// What is used of the budgets.
    pub uses: Uses,
    /// At least one. Of a request that must be refused, all of them begin with `error.`.
    pub expected: Vec<Expectation>,
}

impl Cases {
    /// Reads the text of a `cases.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, up to [`super::FINDINGS_MAX`]; where it is no YAML,
    /// that alone.
    pub fn parse(text: &str) -> Result<Self, Findings> {
        let mut findings = Collector::default();
        let cases = read(text, &mut findings);
        if findings.is_empty() {
            Ok(Self { cases })
        } else {
            Err(findings.finish())
        }
    }

    /// All of them, in the order of the file.
    pub fn as_slice(&self) -> &[Case] {
        &self.cases
    }
}

impl Question {
    /// Whether the request must be refused.
    pub fn is_refusal_expected(&self) -> bool {
        let mut expected = self.expected.iter();
        expected.any(|expected| expected.field.starts_with(expectation::REFUSAL))
    }
}

fn read(text: &str, findings: &mut Collector) -> Vec<Case> {
    let Some(root) = yaml::parse(text, findings) else {
        return Vec::new();
    };
    // Faults of the tree make what follows from it unreliable.
    if !findings.is_empty() {
        return Vec::new();
    }
    let items = match &root.value {
        Written::List(items) if !items.is_empty() => items,
        Written::List(_) | Written::Nothing => {
            let message = "there are no cases here: write one, `- name: …` with `request` and `expect` under it";
            findings.report(root.place, message);
            return Vec::new();
        }
        _ => {
            let message = format!(
                "cases must be a list, `- name: …`{}",
                reader::found_instead(&root)
            );
            findings.report(root.place, message);
            return Vec::new();
        }
    };
    if let Some(first_over) = items.get(CASES_MAX) {
        let message = format!("{} cases, and at most {CASES_MAX} are allowed", items.len());
        findings.report(first_over.place, message);
    }
    let mut lines_by_name = BTreeMap::new();
    let items = items.iter().take(CASES_MAX);
    items
        .filter_map(|item| case(item, &mut lines_by_name, findings))
        .collect()
}

/// A case as far as it could be read; what is missing of it has been reported.
fn case<'d>(
    item: &'d Node,
    lines_by_name: &mut BTreeMap<&'d str, usize>,
    findings: &mut Collector,
) -> Option<Case> {
    let fields = Fields::read(item, item.place, "a case", &KEYS, findings)?;
    let name = name(&fields, item.place, lines_by_name, findings);
    let about_policy = match fields.get("expect_policy") {
        Some(entry) => about::read(entry, findings),
        None => Vec::new(),
    };
    let question = question(&fields, item.place, findings);
    Some(Case {
        name: name?,
        place: item.place,
        question,
        about_policy,
    })
}

fn name<'d>(
    fields: &Fields<'d>,
    case: Place,
    lines_by_name: &mut BTreeMap<&'d str, usize>,
    findings: &mut Collector,
) -> Option<String> {
    let Some(entry) = fields.get("name") else {
        findings.report(case, "the case has no `name`");
        return None;
    };
    let text = reader::text(entry, findings)?;
    let place = entry.value_place();
    if !(1..=CASE_NAME_BYTES_MAX).contains(&text.len()) {
        let message = format!("a case's name must have 1 to {CASE_NAME_BYTES_MAX} bytes");
        findings.report(place, message);
        return None;
    }
    if text.chars().any(char::is_control) {
        let message = format!("the name {} has a control character", quoted(text));
        findings.report(place, message);
        return None;
    }
    if let Some(first) = lines_by_name.get(text) {
        let message = format!(
            "the case {} stands twice, first in line {first}",
            quoted(text)
        );
        findings.report(place, message);
        return None;
    }
    lines_by_name.insert(text, case.line);
    Some(text.to_owned())
}

/// What is asked, when the case asks something; what it lacks for that is reported.
fn question(fields: &Fields<'_>, case: Place, findings: &mut Collector) -> Option<Question> {
    let (request, expect) = (fields.get("request"), fields.get("expect"));
    if request.is_none() && expect.is_none() {
        if let Some(state) = fields.get("state") {
            findings.report(state.place, "a `state` needs a `request` that meets it");
        } else if fields.get("expect_policy").is_none() {
            let message =
                "the case expects nothing: write `request` and `expect`, or `expect_policy`";
            findings.report(case, message);
        }
        return None;
    }
    let state = fields.get("state");
    let (trading_state, uses) = match state {
        Some(state) => budget_use::state(state, findings),
        None => Default::default(),
    };
    let expected = match expect {
        Some(expect) => expectation::read(expect, findings),
        None => {
            findings.report(case, "the case has a `request` and no `expect`");
            Vec::new()
        }
    };
    let Some(request) = request else {
        findings.report(case, "the case has an `expect` and no `request`");
        return None;
    };
    let mut question = Question {
        request: String::new(),
        trading_state,
        uses,
        expected,
    };
    question.request = json_of(request, &question, findings)?;
    Some(question)
}

fn json_of(request: &Entry, question: &Question, findings: &mut Collector) -> Option<String> {
    let json = request::json(request, findings)?;
    // With an expectation that is no sound one, nobody knows what the request is meant to be.
    if !question.expected.is_empty() {
        request::check(request, &json, question, findings);
    }
    Some(json)
}

#[cfg(test)]
mod tests;
