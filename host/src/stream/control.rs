//! Control lines: what an operator asks of the router in the stream of requests, in its place
//! among them. Whether they are taken at all is not decided here.

mod policies;

use jiff::Timestamp;
use router_guest::json::ControlLine;
use router_guest::state::TradingState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Event;
use crate::decision::PolicyIdentity;
use crate::digest::Digest;
use crate::rejection::Rejection;
use crate::router::{
    Activation, Change, HistoryEntry, Kept, Outcome, Quarantined, Router, Status, SwapRefusal,
};

/// Who asks for what a control line asks.
const CONTROL: &str = "control";

/// The words of a control line.
const VERBS: &str = "`swap`, `rollback`, `shadow`, `promote`, `drop_shadow`, `quarantine`, `trading_state`, `history` or `status`";

/// What is said of a state that holds and is not on disk.
const NOT_KEPT: &str =
    "it holds, and is not on disk: until the store is back, a restart forgets it";

/// Every field that a control line may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    control: String,
    policy: Option<String>,
    profile: Option<String>,
    every: Option<u32>,
    state: Option<String>,
    until: Option<String>,
    clear: Option<String>,
}

impl Line {
    /// Refuses fields that the verb has no use for.
    fn only(&self, wanted: &[&str]) -> Result<(), Rejection> {
        let given = [
            ("policy", self.policy.is_some()),
            ("profile", self.profile.is_some()),
            ("every", self.every.is_some()),
            ("state", self.state.is_some()),
            ("until", self.until.is_some()),
            ("clear", self.clear.is_some()),
        ];
        let surplus = given
            .iter()
            .find(|(name, is_given)| *is_given && !wanted.contains(name));
        match surplus {
            None => Ok(()),
            Some((name, _)) => Err(bad(format!(
                "`{name}` has no place in a control line `{}`",
                self.control.escape_debug()
            ))),
        }
    }
}

/// Does what the line asks.
pub(super) fn run(router: &Router, line: &ControlLine<'_>) -> Result<Event, Rejection> {
    run_for(router, line.text, CONTROL)
}

/// Does what the text of a line asks, for somebody whom the journal names.
pub(crate) fn run_for(router: &Router, text: &str, asked_by: &str) -> Result<Event, Rejection> {
    let line: Line = serde_json::from_str(text)
        .map_err(|error| bad(format!("the control line cannot be read: {error}")))?;
    match line.control.as_str() {
        "swap" => policies::swap(router, &line, asked_by),
        "shadow" => policies::shadow(router, &line, asked_by),
        "promote" => policies::promote(router, &line, asked_by),
        "drop_shadow" => policies::drop_shadow(router, &line),
        "rollback" => {
            line.only(&[])?;
            let activation = router
                .rollback(asked_by)
                .map_err(|refusal| refused(&refusal))?;
            Ok(activated("rolled_back", &activation))
        }
        "trading_state" => trading_state(router, &line, asked_by),
        "history" => {
            line.only(&[])?;
            Ok(history(&router.history()))
        }
        "quarantine" => quarantine(router, &line, asked_by),
        "status" => {
            line.only(&[])?;
            Ok(status(&router.status()))
        }
        other => Err(bad(format!(
            "`control` is `{}`; it must be {VERBS}",
            other.escape_debug()
        ))),
    }
}

/// What a control line asks for that a store takes also while no router runs on it.
pub(crate) enum Standing {
    /// How much is let through.
    State(TradingState, Option<Timestamp>),
    /// Let a policy in again.
    Clear(Digest),
    /// Say which policies are not let in.
    Quarantine,
    /// Say how things are.
    Status,
    /// It takes a router.
    NeedsRouter,
}

/// Reads a control line for a store on which no router runs.
pub(crate) fn standing(text: &str) -> Result<Standing, Rejection> {
    let line: Line = serde_json::from_str(text)
        .map_err(|error| bad(format!("the control line cannot be read: {error}")))?;
    Ok(match (line.control.as_str(), &line.clear) {
        ("trading_state", _) => {
            let (state, until) = wanted_state(&line)?;
            Standing::State(state, until)
        }
        ("quarantine", Some(text)) => Standing::Clear(cleared(text)?),
        ("quarantine", None) => Standing::Quarantine,
        ("status", _) => Standing::Status,
        _ => Standing::NeedsRouter,
    })
}

fn bad(message: String) -> Rejection {
    Rejection::new("bad_control", message)
}

fn refused(refusal: &SwapRefusal) -> Rejection {
    let code = match refusal {
        SwapRefusal::NothingEarlier => "nothing_earlier",
        SwapRefusal::NoShadow => "no_shadow",
        SwapRefusal::StoreUnavailable { .. } => "store_unavailable",
        _ => "swap_refused",
    };
    Rejection::new(code, refusal.one_line())
}

fn activated(name: &'static str, activation: &Activation) -> Event {
    Event::new(name, policy_facts(&activation.policy))
}

fn policy_facts(policy: &PolicyIdentity) -> Map<String, Value> {
    let facts = [
        ("name", policy.manifest.name.as_str().into()),
        ("version", policy.manifest.version.as_str().into()),
        ("digest", policy.digest_text.as_str().into()),
        ("generation", policy.generation.into()),
    ];
    let facts = facts.into_iter();
    facts.map(|(name, fact)| (name.to_owned(), fact)).collect()
}

fn trading_state(router: &Router, line: &Line, asked_by: &str) -> Result<Event, Rejection> {
    let (state, until) = wanted_state(line)?;
    let kept = router.set_trading_state_for(state, until, asked_by)?;
    let mut facts = state_facts(state, until);
    if kept == Kept::NotYet {
        let warning = json!({ "code": "store_unavailable", "message": NOT_KEPT });
        facts.insert("warnings".into(), Value::Array(vec![warning]));
    }
    Ok(Event::new("trading_state", facts))
}

/// What a line for a trading state asks for.
fn wanted_state(line: &Line) -> Result<(TradingState, Option<Timestamp>), Rejection> {
    line.only(&["state", "until"])?;
    let word = line
        .state
        .as_deref()
        .ok_or_else(|| bad("`state` is missing; it is ACTIVE, REDUCING or HALTED".into()))?;
    let state = crate::router::trading_state_of_word(word).ok_or_else(|| {
        bad(format!(
            "`state` is `{}`; it must be ACTIVE, REDUCING (or stop) or HALTED",
            word.escape_debug()
        ))
    })?;
    let until = line.until.as_deref().map(time).transpose()?;
    if until.is_some() && state == TradingState::Active {
        return Err(bad(
            "`until` is given; ACTIVE is what other states end in, and has no end".into(),
        ));
    }
    Ok((state, until))
}

fn time(text: &str) -> Result<Timestamp, Rejection> {
    text.parse().map_err(|_| {
        bad(format!(
            "`until` is `{}`; it must be a time like `2026-01-05T09:30:00Z`",
            text.escape_debug()
        ))
    })
}

/// Says which policies are not let in, or lets one in again.
fn quarantine(router: &Router, line: &Line, asked_by: &str) -> Result<Event, Rejection> {
    line.only(&["clear"])?;
    let mut facts = Map::new();
    if let Some(text) = &line.clear {
        let digest = cleared(text)?;
        if !router.clear_quarantine_for(digest, asked_by)? {
            return Err(Rejection::new(
                "not_quarantined",
                format!("policy {digest} is not in quarantine"),
            ));
        }
        facts.insert("cleared".into(), digest.to_string().into());
    }
    let shut_out = router.quarantine().iter().map(quarantined_facts).collect();
    facts.insert("quarantined".into(), Value::Array(shut_out));
    Ok(Event::new("quarantine", facts))
}

/// The digest of a policy that is to be let in again.
pub(crate) fn cleared(text: &str) -> Result<Digest, Rejection> {
    Digest::of_text(text).ok_or_else(|| {
        bad(format!(
            "`clear` is `{}`; it must be a policy's digest, 64 digits of 0-9 and a-f",
            text.escape_debug().take(80).collect::<String>()
        ))
    })
}

/// A policy that is not let in.
pub(crate) fn quarantined_facts(one: &Quarantined) -> Value {
    json!({
        "digest": one.digest.to_string(),
        "why": one.why,
        "since": one.since.to_string(),
    })
}

pub(crate) fn state_facts(state: TradingState, until: Option<Timestamp>) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("state".into(), state.word().into());
    if let Some(until) = until {
        facts.insert("until".into(), until.to_string().into());
    }
    facts
}

fn status(status: &Status) -> Event {
    let mut facts = Map::new();
    let mut policy = policy_facts(&status.policy);
    policy.insert("decisions".into(), status.decisions.into());
    policy.insert("withdrawn".into(), status.is_withdrawn.into());
    facts.insert("policy".into(), policy.into());
    if let Some(last_good) = &status.last_good {
        facts.insert("last_good".into(), policy_facts(last_good).into());
    }
    let state = state_facts(status.trading_state, status.trading_state_until);
    facts.insert("trading_state".into(), state.into());
    let quarantined = status.quarantined.iter().map(quarantined_facts);
    facts.insert("quarantined".into(), Value::Array(quarantined.collect()));
    if let Some(shadow) = &status.shadow {
        facts.insert("shadow".into(), policies::counts(shadow).into());
    }
    Event::new("status", facts)
}

/// The changes that were asked for, the oldest first.
fn history(entries: &[HistoryEntry]) -> Event {
    let entries = entries.iter().map(|entry| {
        let mut facts = Map::new();
        facts.insert("at".into(), entry.at.to_string().into());
        facts.insert("asked_by".into(), entry.asked_by.as_str().into());
        let change = match entry.change {
            Change::Swap => "swap",
            Change::Rollback => "rollback",
        };
        facts.insert("change".into(), change.into());
        if let Some(digest) = entry.digest {
            facts.insert("digest".into(), digest.to_string().into());
        }
        let (verdict, detail) = match &entry.outcome {
            Outcome::Live { generation } => ("live", Some(("generation", (*generation).into()))),
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Refused { why } => ("refused", Some(("why", why.as_str().into()))),
        };
        facts.insert("verdict".into(), verdict.into());
        if let Some((name, detail)) = detail {
            facts.insert(name.into(), detail);
        }
        facts.insert("milliseconds".into(), entry.milliseconds.into());
        Value::Object(facts)
    });
    let mut facts = Map::new();
    facts.insert("changes".into(), Value::Array(entries.collect()));
    Event::new("history", facts)
}
