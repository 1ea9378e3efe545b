//! A runner's answers, held to what is expected: where they differ first, and how. Bytes are
//! compared, and nothing is taken for the same that is not.

use std::collections::BTreeMap;
use std::fmt;

use super::Case;
use super::runner::Run;
use super::trapping;

/// Differences of one run that are told.
pub const DIFFERENCES_SHOWN_MAX: usize = 5;
/// Bytes of an answer that are shown around the first that differs.
const SHOWN_BYTES_MAX: usize = 400;
/// What comes before and behind the message of an answer in place of a decision that a trap
/// prevented.
const FAULT_HEAD: &[u8] = br#"{"side":"SKIP","error":{"code":"policy_fault","message":"#;
const FAULT_TAIL: &[u8] = b"}}";

/// What came of comparing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Cases and differences of each group.
    pub groups: BTreeMap<String, Count>,
    /// The first of them.
    pub first: Vec<Difference>,
    /// What is wrong with the run as a whole.
    pub faults: Vec<String>,
}

/// Cases, and how many of them differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// Cases.
    pub cases: u64,
    /// Of which so many are answered otherwise, or not at all.
    pub differences: u64,
}

/// A case that is answered otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The case.
    pub case: Case,
    /// How.
    pub kind: Kind,
    /// What came in its place; `None` when nothing did.
    pub answer: Option<Vec<u8>>,
}

/// How an answer differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From this byte on, counted from 0.
    Byte(usize),
    /// Nothing came, and the next case's answer stands in its place.
    Missing,
    /// Something came before it that answers no case.
    Extra,
    /// The output ended before it.
    Unanswered,
}

impl Comparison {
    /// Cases of all groups.
    pub fn count(&self) -> Count {
        let mut all = Count::default();
        for count in self.groups.values() {
            all.cases += count.cases;
            all.differences += count.differences;
        }
        all
    }

    /// Whether each case is answered as expected, and the runner ended well.
    pub fn is_same(&self) -> bool {
        self.count().differences == 0 && self.faults.is_empty()
    }
}

/// Compares a run with its cases, one by one. A line too many or too few is told as such, and
/// the lines behind it are held to their own cases.
pub fn compare(cases: &[Case], run: &Run) -> Comparison {
    let mut compared = Comparison::default();
    let mut answers = run.answers.as_slice();
    for (at, case) in cases.iter().enumerate() {
        let next = cases.get(at + 1);
        let (kind, taken) = held(case, next, answers);
        let count = compared
            .groups
            .entry(case.origin.group.clone())
            .or_default();
        count.cases += 1;
        if let Some(kind) = kind {
            count.differences += 1;
            if compared.first.len() < DIFFERENCES_SHOWN_MAX {
                compared.first.push(Difference {
                    case: case.clone(),
                    kind,
                    answer: answers.first().cloned(),
                });
            }
        }
        answers = answers.get(taken..).unwrap_or_default();
    }
    compared.faults.extend(fault_of(run, cases.len()));
    if !answers.is_empty() {
        compared.faults.push(format!(
            "{} lines came behind the last answer, the first of them `{}`",
            answers.len(),
            answers
                .first()
                .map(|line| shown(line, 0))
                .unwrap_or_default()
        ));
    }
    compared
}

/// How a case's answer differs, if it does, and how many lines are done with.
fn held(case: &Case, next: Option<&Case>, answers: &[Vec<u8>]) -> (Option<Kind>, usize) {
    let Some(answer) = answers.first() else {
        return (Some(Kind::Unanswered), 0);
    };
    if answers_to(case, answer) {
        return (None, 1);
    }
    let following = answers.get(1);
    if following.is_some_and(|following| answers_to(case, following)) {
        return (Some(Kind::Extra), 2);
    }
    // Where what follows fits as well, it is the answer that is gone, and not one that is wrong.
    let is_next = next.is_some_and(|next| {
        let goes_on = next.expected != case.expected && answers_to(next, answer);
        goes_on && !following.is_some_and(|following| answers_to(next, following))
    });
    if is_next {
        return (Some(Kind::Missing), 0);
    }
    (Some(Kind::Byte(first_differing(&case.expected, answer))), 1)
}

/// Whether a line is the answer that a case expects.
fn answers_to(case: &Case, answer: &[u8]) -> bool {
    if case.expected != trapping::FAULT {
        return case.expected.as_bytes() == answer;
    }
    // The message of a trap is each host's own, but it is a text.
    let message = answer.strip_prefix(FAULT_HEAD);
    let message = message.and_then(|rest| rest.strip_suffix(FAULT_TAIL));
    message.is_some_and(|message| serde_json::from_slice::<String>(message).is_ok())
}

fn first_differing(expected: &str, answer: &[u8]) -> usize {
    let same = expected
        .bytes()
        .zip(answer)
        .take_while(|(one, other)| one == *other);
    same.count()
}

/// What is wrong with the run as a whole, in one sentence.
fn fault_of(run: &Run, cases: usize) -> Option<String> {
    let is_well = run.end == super::runner::End::Well;
    let answers = run.answers.len();
    if is_well && answers == cases {
        return None;
    }
    let mut fault = format!("{}, after {answers} answers to {cases} cases", run.end);
    if !run.error.is_empty() {
        fault += &format!("; it said\n{}", run.error);
    }
    Some(fault)
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, kind, answer } = self;
        let (file, line) = (&case.origin.file, case.origin.line);
        let at = match kind {
            Kind::Byte(at) => *at,
            _ => 0,
        };
        match kind {
            Kind::Byte(at) => writeln!(out, "{file}, line {line}: differs at byte {at}")?,
            Kind::Missing => writeln!(out, "{file}, line {line}: its answer is missing")?,
            Kind::Extra => writeln!(out, "{file}, line {line}: a line too many before it")?,
            Kind::Unanswered => writeln!(out, "{file}, line {line}: the output ended before it")?,
        }
        writeln!(out, "  request  {}", shown(case.request.as_bytes(), 0))?;
        writeln!(out, "  state    {}", shown(case.state.as_bytes(), 0))?;
        write!(out, "  expected {}", shown(case.expected.as_bytes(), at))?;
        match answer {
            Some(answer) => write!(out, "\n  came     {}", shown(answer, at)),
            None => Ok(()),
        }
    }
}

/// Bytes as a line of text, with what stands around one of them when they are many.
fn shown(bytes: &[u8], at: usize) -> String {
    let from = at.saturating_sub(SHOWN_BYTES_MAX / 2);
    let from = if bytes.len() <= SHOWN_BYTES_MAX {
        0
    } else {
        from
    };
    let to = bytes.len().min(from + SHOWN_BYTES_MAX);
    let part = bytes.get(from..to).unwrap_or_default();
    let mut text = String::new();
    for chunk in part.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text += &format!("\\x{byte:02x}");
        }
    }
    let (before, behind) = (from > 0, to < bytes.len());
    format!(
        "{}{text}{}",
        if before { "…" } else { "" },
        if behind { "…" } else { "" }
    )
}
