//! Streams, unrolled: each line that a policy is asked becomes a case with the state that the
//! router showed, and each that no policy is asked is counted by why. None is lost.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::Path;

use execution_router::stream::{Format, LINE_BYTES_MAX, Line as Read, LineReader};
use execution_router::{Cache, Policy, Request, Router};
use router_guest::decision::PositionEffect;
use router_guest::engine::Engine;
use router_guest::json::{self, Line, RequestLine};
use router_guest::state::{BudgetUse, TradingState};

use super::canonical;
use super::{Case, Origin};
use crate::run;

/// Differences of one stream that are told.
const FAULTS_SHOWN_MAX: usize = 5;

/// Why a line of a stream is no case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoCase {
    /// A settlement.
    Settle,
    /// A release.
    Release,
    /// A control line.
    Control,
    /// A settlement, release or control line that is faulty.
    FaultyEvent,
    /// Refused for what only a host knows: the time, the id, the length of the line.
    RefusedByHost,
    /// The answer to an earlier request with its id.
    Remembered,
    /// Bytes that are no text, and so none that an embedder can pass on.
    NoText,
}

/// Lines that are no cases, by why.
pub type NoCases = BTreeMap<NoCase, u64>;

/// What streams came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unrolled {
    /// Lines that went in.
    pub lines: u64,
    /// What a policy is asked.
    pub cases: Vec<Case>,
    /// The other lines.
    pub no_cases: NoCases,
}

impl NoCase {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settle => "settlements",
            Self::Release => "releases",
            Self::Control => "control lines",
            Self::FaultyEvent => "faulty settlements, releases and control lines",
            Self::RefusedByHost => "refused by the host alone",
            Self::Remembered => "answered from memory",
            Self::NoText => "no text",
        }
    }
}

impl Unrolled {
    /// Takes in another stream's.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.cases.extend(other.cases);
        for (kind, lines) in other.no_cases {
            *self.no_cases.entry(kind).or_default() += lines;
        }
    }

    /// Whether each line that went in is accounted for.
    pub fn is_complete(&self) -> bool {
        let others: u64 = self.no_cases.values().sum();
        self.lines == self.cases.len() as u64 + others
    }
}

impl fmt::Display for Unrolled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} lines: {} cases", self.lines, self.cases.len())?;
        for (kind, lines) in &self.no_cases {
            write!(out, ", {lines} {}", kind.word())?;
        }
        Ok(())
    }
}

/// A stream beside the policy that routes it.
pub struct Unroller<'p> {
    router: Router,
    /// The same rules, run natively: what says that a case is whole.
    engine: &'p Engine,
    trading_state: TradingState,
    /// Whether the decision on an id was a close: its repeat is computed afresh.
    closes: HashMap<String, bool>,
}

impl<'p> Unroller<'p> {
    /// A router of its own, in a state that stays.
    pub fn new(policy: &Policy, engine: &'p Engine, trading_state: TradingState) -> Self {
        let router = run::router(policy.clone());
        router.set_trading_state(trading_state, None);
        Self {
            router,
            engine,
            trading_state,
            closes: HashMap::new(),
        }
    }

    /// Unrolls a stream whose answers are known.
    ///
    /// # Errors
    /// The lines that are answered otherwise, or whose answer the engine does not give on the
    /// state that is said to have been shown.
    pub fn unroll(
        mut self,
        group: &str,
        file: &str,
        input: &[u8],
        answers: &str,
    ) -> Result<Unrolled, String> {
        let mut unrolled = Unrolled::default();
        let mut lines = LineReader::new(input);
        let mut answers = answers.lines();
        let mut faults = Vec::new();
        loop {
            let line = unrolled.lines + 1;
            let at = |what: String| format!("{file}, line {line}: {what}");
            let read = lines.next_line().map_err(|error| at(error.to_string()))?;
            let Some(read) = read else { break };
            let answer = answers
                .next()
                .ok_or_else(|| at("it has no answer".to_owned()))?;
            unrolled.lines = line;
            let outcome = match read {
                Read::TooLong => Err(NoCase::RefusedByHost),
                Read::Whole(bytes) => match self.line(bytes, line, answer) {
                    Ok(outcome) => outcome,
                    Err(fault) => {
                        faults.push(at(fault));
                        continue;
                    }
                },
            };
            match outcome {
                Err(kind) => *unrolled.no_cases.entry(kind).or_default() += 1,
                Ok((request, state, expected)) => unrolled.cases.push(Case {
                    request,
                    state,
                    expected,
                    origin: Origin {
                        group: group.to_owned(),
                        file: file.to_owned(),
                        line,
                    },
                }),
            }
        }
        if answers.next().is_some() {
            faults.push(format!("{file}: there are more answers than lines"));
        }
        if faults.is_empty() {
            return Ok(unrolled);
        }
        faults.truncate(FAULTS_SHOWN_MAX);
        Err(faults.join("\n"))
    }

    /// One line: the case that it is, or why it is none.
    fn line(
        &mut self,
        bytes: &[u8],
        line: u64,
        answer: &str,
    ) -> Result<Result<(String, String, String), NoCase>, String> {
        debug_assert!(bytes.len() <= LINE_BYTES_MAX);
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if line == 1 => rest,
            _ => bytes,
        };
        let expected = canonical::of_route(answer);
        let parsed = json::parse_line(bytes);
        let (state, kind) = match &parsed {
            Ok(Line::Request(request)) => (self.shown(request), self.request(request, answer)),
            Ok(Line::Settle(_)) => (String::new(), Some(NoCase::Settle)),
            Ok(Line::Release(_)) => (String::new(), Some(NoCase::Release)),
            Ok(Line::Control(_)) => (String::new(), Some(NoCase::Control)),
            Err(error) => {
                let is_requests = json::parse_request(bytes).err().as_ref() == Some(error);
                let kind = (!is_requests).then_some(NoCase::FaultyEvent);
                (state_text(self.trading_state, None), kind)
            }
        };
        // The line itself goes through the router, as it would in its stream.
        // An empty line before it takes the place of the first, which may bring a mark.
        let (routed, _) = run::route(&self.router, &[b"\n", bytes, b"\n"].concat(), Format::Json);
        let routed = canonical::of_route(routed.lines().nth(1).unwrap_or_default());
        if routed != expected {
            return Err(format!("it is answered\n{routed}\nand not\n{expected}"));
        }
        if let Some(kind) = kind {
            return Ok(Err(kind));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Ok(Err(NoCase::NoText));
        };
        let native = json::decide_json(self.engine, text, &state);
        if native != expected {
            return Err(format!(
                "on the state {state} the engine answers\n{native}\nand not\n{expected}"
            ));
        }
        Ok(Ok((text.to_owned(), state, expected)))
    }

    /// The state that the router is about to show.
    fn shown(&self, line: &RequestLine<'_>) -> String {
        let request = Request::from_line(line.clone());
        let uses = request.ok().filter(|_| line.terms.sees_budgets());
        let uses = uses.and_then(|request| self.router.budget_uses(&request).ok());
        state_text(self.router.trading_state(), uses.as_deref())
    }

    /// Why a request is no case, where it is none.
    fn request(&mut self, line: &RequestLine<'_>, answer: &str) -> Option<NoCase> {
        if is_of_host(answer) {
            return Some(NoCase::RefusedByHost);
        }
        let id = line.id.as_deref()?;
        let effect = format!("\"position_effect\":\"{}\"", PositionEffect::Close.word());
        let closed = answer.contains(&effect);
        if !answer.contains("},\"repeated\":true") {
            self.closes.entry(id.to_owned()).or_insert(closed);
            return None;
        }
        let closed_before = self.closes.get(id).copied().unwrap_or(false);
        let afresh = line.terms.faces_position() || closed_before;
        (!afresh).then_some(NoCase::Remembered)
    }
}

/// Whether a refusal is for what only a host knows.
fn is_of_host(answer: &str) -> bool {
    let codes = [
        "\"error\":{\"code\":\"bad_timestamp\"",
        "\"error\":{\"code\":\"duplicate_id\"",
        "\"error\":{\"code\":\"store_full\"",
        "\"error\":{\"code\":\"need_too_large\"",
        "\"error\":{\"code\":\"field_missing\",\"message\":\"`timestamp`",
    ];
    codes.iter().any(|code| answer.contains(code))
}

/// A state as a text.
pub fn state_text(trading_state: TradingState, uses: Option<&[BudgetUse]>) -> String {
    let word = trading_state.word();
    let Some(uses) = uses else {
        return format!("{{\"trading_state\":\"{word}\"}}");
    };
    let uses: Vec<String> = uses
        .iter()
        .map(|spent| {
            format!(
                "{{\"used\":\"{}\",\"reserved\":\"{}\",\"orders\":{}}}",
                spent.used, spent.reserved, spent.orders
            )
        })
        .collect();
    format!(
        "{{\"trading_state\":\"{word}\",\"budgets\":[{}]}}",
        uses.join(",")
    )
}

/// A file of the suite, as it is named in reports: from the repository's top.
pub fn named(file: &Path) -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let inside = top.and_then(|top| file.strip_prefix(top).ok());
    inside.unwrap_or(file).display().to_string()
}

/// Unrolls a file whose answers stand beside it.
///
/// # Errors
/// What [`Unroller::unroll`] says, or that a file cannot be read.
pub fn file(
    case: &run::Case,
    group: &str,
    policy: &Policy,
    engine: &Engine,
) -> Result<Unrolled, String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", named(path)));
    let (input, answers) = (read(&case.stream)?, read(&case.decisions())?);
    let answers = String::from_utf8(answers).map_err(|error| error.to_string())?;
    let unroller = Unroller::new(policy, engine, case.trading_state());
    unroller.unroll(group, &named(&case.stream), &input, &answers)
}

/// The policy of a document.
///
/// # Errors
/// Why it is none.
pub fn policy(document: &Path, cache: &Cache) -> Result<Policy, String> {
    Policy::load(document, cache).map_err(|error| format!("{}: {error}", named(document)))
}
