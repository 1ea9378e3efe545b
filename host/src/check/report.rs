//! A check's report as text for people and as JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use super::{Finding, FindingKind, Held, INVARIANTS, Report, TrafficRemarks, held};
use crate::guard::Invariant;
use crate::regions::Impossible;

/// Findings that the text shows; JSON has all.
pub const FINDINGS_SHOWN_MAX: usize = 50;

impl fmt::Display for Finding {
    /// Place and message, without the file and the example.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.place.line, self.place.column);
        write!(out, "line {line}, column {column}: {}", self.message())
    }
}

impl Finding {
    /// What is wrong and what would be right.
    pub fn message(&self) -> String {
        let subject = format!("`{}`", self.subject);
        match &self.kind {
            FindingKind::NoAnswer { because } => no_answer(&subject, *because),
            FindingKind::Masked {
                alternative,
                by,
                more,
            } => masked(&subject, *alternative, by, *more),
            FindingKind::NeverHolds {
                alternative,
                condition,
            } => never_holds(&part_of(&subject, *alternative), condition),
            FindingKind::ExitBlocked { reason } => exit_blocked(&subject, reason),
            FindingKind::ExitRefused { field } => format!(
                "route {subject} asks for `{}` of requests that close and need not have it (I12); \
                 put it below the closes, or add `position: flat` to its conditions",
                field.word()
            ),
            FindingKind::ExitStrained => format!(
                "route {subject} asks the budget of requests that close: figures that 28 digits \
                 cannot hold, or that round to nothing, refuse them (I12); put it below the closes, \
                 or add `position: flat` to its conditions"
            ),
            FindingKind::ClosesWhileHalted => format!(
                "route {subject} closes for other types than risk while trading is HALTED (I11); \
                 a route above must skip them: `when: {{ state: HALTED, type: not risk }}`"
            ),
            FindingKind::TierMasked { by, line } => format!(
                "tier {subject} never classifies `auto`: `{by}` in line {line} comes first and fits \
                 wherever it does; tiers stand from the strictest to the most lenient"
            ),
            FindingKind::BudgetUnused => {
                format!("no tier charges the budget {subject}: name it in one, or leave it out")
            }
            FindingKind::ReasonClash { with, line, verbs } => format!(
                "reason {subject} is given for `{}` by the route `{with}` in line {line}, \
                 and here for `{}`: whoever reads it cannot tell which",
                verbs[0], verbs[1]
            ),
            FindingKind::NamesAlike { what, with } => {
                format!("the {what} {subject} differs from `{with}` in nothing but `-` and `_`")
            }
            FindingKind::Reserved { what } => format!(
                "the {what} {subject} is what the router says when no policy can answer; \
                 take another word"
            ),
            FindingKind::Dormant { alternative, until } => format!(
                "{} decides nothing until {until}",
                part_of(&subject, *alternative)
            ),
        }
    }

    /// A word that programs can act on.
    pub const fn code(&self) -> &'static str {
        match self.kind {
            FindingKind::NoAnswer { .. } => "no_answer",
            FindingKind::Masked { .. } => "masked",
            FindingKind::NeverHolds { .. } => "never_holds",
            FindingKind::ExitBlocked { .. } => "exit_blocked",
            FindingKind::ExitRefused { .. } => "exit_refused",
            FindingKind::ExitStrained => "exit_strained",
            FindingKind::ClosesWhileHalted => "closes_while_halted",
            FindingKind::TierMasked { .. } => "tier_masked",
            FindingKind::BudgetUnused => "budget_unused",
            FindingKind::ReasonClash { .. } => "reason_clash",
            FindingKind::NamesAlike { .. } => "names_alike",
            FindingKind::Reserved { .. } => "reserved",
            FindingKind::Dormant { .. } => "dormant",
        }
    }
}

fn no_answer(subject: &str, because: Impossible) -> String {
    let (verb, reached_by, remedy) = match because {
        Impossible::NothingToReduce => (
            "close",
            "a position that the action does not reduce, or by none",
            "add `position: opposite` to its conditions",
        ),
        Impossible::NothingClosable => (
            "close",
            "a position of which nothing is closable",
            "a route above must skip them: `when: { position: opposite, closable: no }`",
        ),
        Impossible::OpensNothing => (
            "open",
            "actions other than BUY and SELL",
            "a route above must take them: `when: { action: { not: [BUY, SELL] } }`",
        ),
        Impossible::PositionInTheWay => (
            "open",
            "a position that the action would reduce",
            "a route above must close it: `when: { position: opposite, dust: no }`",
        ),
        Impossible::OnlyCloses => (
            "open",
            "the types exit and risk, which never open",
            "a route above must skip them: `when: { type: [exit, risk] }`",
        ),
        Impossible::NotActive => (
            "open",
            "the states REDUCING or HALTED",
            "a route above must skip them: `when: { state: not ACTIVE }`",
        ),
        Impossible::NoShort => (
            "open",
            "a SELL where shorting is not allowed",
            "a route above must skip them: `when: { action: SELL, short_allowed: no }`",
        ),
        Impossible::BudgetExhausted => (
            "open",
            "a trade that its budget does not hold",
            "a route above must skip them: `when: { budget: exhausted }`",
        ),
    };
    format!("route {subject} has no answer where `{verb}` is reached by {reached_by}: {remedy}")
}

fn masked(
    subject: &str,
    alternative: Option<usize>,
    by: &[(String, usize)],
    more: usize,
) -> String {
    let name = |(name, line): &(String, usize)| match format!("`{name}`") {
        own if own == subject => "other alternatives of it".to_owned(),
        other => format!("{other} (line {line})"),
    };
    let names: Vec<_> = by.iter().map(name).collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} can never decide: {}{more} {} everything that meets it",
        part_of(subject, alternative),
        names.join(", "),
        match by {
            [(name, _)] if format!("`{name}`") != subject => "takes",
            _ => "take",
        }
    )
}

fn never_holds(part: &str, condition: &str) -> String {
    let remedy = match condition {
        "dust" => ": no such symbol has a `min_quantity`, under which a position is dust",
        "short_allowed" => ": no such symbol may be shorted",
        _ => "",
    };
    format!(
        "{part} can never decide: no request meets `{condition}` together with its other \
         conditions{remedy}"
    )
}

fn part_of(subject: &str, alternative: Option<usize>) -> String {
    match alternative {
        None => format!("route {subject}"),
        Some(number) => format!("alternative {number} of route {subject}"),
    }
}

fn exit_blocked(subject: &str, reason: &str) -> String {
    let stands = match reason {
        "trading_halted" => "it stands for types other than risk while HALTED alone",
        "already_closing" => "it stands where nothing is closable alone",
        "dust" => "it stands for a position under the symbol's `min_quantity` alone",
        _ => "only `trading_halted`, `already_closing` and `dust` may hold one up",
    };
    format!(
        "route {subject} skips a close that must go out, with reason `{reason}` (I12): {stands}; \
         put the closes above, or leave CLOSE and the types exit and risk out of its conditions"
    )
}

/// Writes the report for people: findings behind the name of their file, or what is proven.
pub fn write_text(report: &Report, file: &str) -> String {
    let mut text = String::new();
    for finding in report.findings.iter().take(FINDINGS_SHOWN_MAX) {
        text.push_str(&format!("{file}: {finding}\n"));
        if let Some(example) = &finding.example {
            text.push_str(&format!("  for example {}\n", example.to_json()));
        }
    }
    let hidden = report.findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
    if hidden > 0 {
        text.push_str(&format!("{file}: and {hidden} more\n"));
    }
    for remark in &report.remarks {
        text.push_str(&format!("{file}: {remark}\n"));
    }
    let Report {
        name,
        version,
        regions,
        rules,
        alternatives,
        findings,
        remarks,
    } = report;
    let cut = format!(
        "{rules} routes with {alternatives} alternatives cut all requests and states into {regions} regions"
    );
    if !findings.is_empty() {
        let count = match findings.len() {
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        text.push_str(&format!(
            "`{name}` version `{version}` is not proven: {count}; {cut}\n"
        ));
        return text;
    }
    let but = if remarks.is_empty() {
        ""
    } else {
        ", but for what is said above"
    };
    text.push_str(&format!(
        "`{name}` version `{version}` is proven: {cut}, and each has an answer; every route and \
         every alternative decides some{but}\n"
    ));
    for invariant in INVARIANTS.iter().copied() {
        let (how, why) = words(held(invariant));
        text.push_str(&format!("{:<4}{how}: {why}\n", invariant.code()));
    }
    text
}

const fn words(held: Held) -> (&'static str, &'static str) {
    match held {
        Held::ByTheLanguage(why) => ("by the language", why),
        Held::Proven(why) => ("proven", why),
        Held::Elsewhere(why) => ("by the engine", why),
    }
}

/// Writes remarks on recorded requests for people.
pub fn write_remarks(remarks: &TrafficRemarks) -> String {
    let TrafficRemarks {
        summary,
        unknown_symbols,
        unknown_strategies,
        unreached,
    } = remarks;
    let mut text = format!("{} recorded requests", summary.requests);
    if summary.unread > 0 {
        text.push_str(&format!(
            "; {} of {} lines could not be read",
            summary.unread, summary.lines
        ));
    }
    text.push('\n');
    for (what, names) in [
        ("symbol", unknown_symbols),
        ("strategy", unknown_strategies),
    ] {
        for (name, count) in names {
            let name = name.escape_debug();
            text.push_str(&format!(
                "  the {what} `{name}` of {count} requests stands nowhere in the document\n"
            ));
        }
    }
    for (name, line) in unreached {
        text.push_str(&format!(
            "  route `{name}` in line {line} decided none of them\n"
        ));
    }
    text
}

fn remarks_json(remarks: &TrafficRemarks) -> Value {
    let unreached = remarks.unreached.iter();
    let unreached = unreached.map(|(name, line)| json!({ "rule": name, "line": line }));
    json!({
        "lines": remarks.summary.lines,
        "requests": remarks.summary.requests,
        "unread": remarks.summary.unread,
        "unknown_symbols": remarks.unknown_symbols,
        "unknown_strategies": remarks.unknown_strategies,
        "unreached": unreached.collect::<Vec<_>>(),
    })
}

/// The report as JSON, for programs.
pub fn write_json(report: &Report, remarks: Option<&TrafficRemarks>, file: &str) -> Value {
    let invariant = |invariant: Invariant| {
        let (how, why) = words(held(invariant));
        json!({ "code": invariant.code(), "held": how, "why": why })
    };
    let is_proven = report.findings.is_empty();
    let mut object = json!({
        "file": file,
        "policy": { "name": report.name, "version": report.version },
        "proven": is_proven,
        "regions": report.regions,
        "rules": report.rules,
        "alternatives": report.alternatives,
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "remarks": report.remarks.iter().map(finding_json).collect::<Vec<_>>(),
        "invariants": if is_proven { INVARIANTS.iter().copied().map(invariant).collect() } else { Vec::new() },
    });
    if let (Some(members), Some(remarks)) = (object.as_object_mut(), remarks) {
        members.insert("traffic".into(), remarks_json(remarks));
    }
    object
}

fn finding_json(finding: &Finding) -> Value {
    let example = finding
        .example
        .as_ref()
        .map(crate::scenario::Scenario::to_json);
    let example = example.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let masked_by = match &finding.kind {
        FindingKind::Masked { by, .. } => by
            .iter()
            .map(|(name, line)| json!({ "rule": name, "line": line }))
            .collect(),
        _ => Vec::new(),
    };
    let mut object = json!({
        "code": finding.code(),
        "line": finding.place.line,
        "column": finding.place.column,
        "subject": finding.subject,
        "message": finding.message(),
    });
    if let Some(members) = object.as_object_mut() {
        if let Some(invariant) = finding.kind.invariant() {
            members.insert("invariant".into(), json!(invariant.code()));
        }
        if !masked_by.is_empty() {
            members.insert("masked_by".into(), json!(masked_by));
        }
        if let Some(example) = example {
            members.insert("example".into(), example);
        }
    }
    object
}
