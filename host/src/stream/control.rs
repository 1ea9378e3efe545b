//! Control lines: what an operator asks of the router in the stream of requests, in its place
//! among them. Whether they are taken at all is not decided here.

use std::path::Path;

use jiff::Timestamp;
use router_guest::json::ControlLine;
use router_guest::state::TradingState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Event;
use crate::decision::PolicyIdentity;
use crate::rejection::Rejection;
use crate::router::{Activation, Router, ShadowReport, Status, SwapRefusal};

/// Who asks for what a control line asks.
const CONTROL: &str = "control";

/// The words of a control line.
const VERBS: &str = "`swap`, `rollback`, `trading_state` or `status`";

/// Every field that a control line may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    control: String,
    policy: Option<String>,
    state: Option<String>,
    until: Option<String>,
}

impl Line {
    /// Refuses fields that the verb has no use for.
    fn only(&self, wanted: &[&str]) -> Result<(), Rejection> {
        let given = [
            ("policy", self.policy.is_some()),
            ("state", self.state.is_some()),
            ("until", self.until.is_some()),
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
    let line: Line = serde_json::from_str(line.text)
        .map_err(|error| bad(format!("the control line cannot be read: {error}")))?;
    match line.control.as_str() {
        "swap" => swap(router, &line),
        "rollback" => {
            line.only(&[])?;
            let activation = router
                .rollback(CONTROL)
                .map_err(|refusal| refused(&refusal))?;
            Ok(activated("rolled_back", &activation))
        }
        "trading_state" => trading_state(router, &line),
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

fn bad(message: String) -> Rejection {
    Rejection::new("bad_control", message)
}

fn refused(refusal: &SwapRefusal) -> Rejection {
    let code = match refusal {
        SwapRefusal::NothingEarlier => "nothing_earlier",
        _ => "swap_refused",
    };
    Rejection::new(code, refusal.one_line())
}

fn swap(router: &Router, line: &Line) -> Result<Event, Rejection> {
    line.only(&["policy"])?;
    let policy = line.policy.as_deref().filter(|path| !path.is_empty());
    let policy = policy.ok_or_else(|| {
        bad("`policy` is missing; it names a `policy.yaml`, a folder or a component".into())
    })?;
    match router.swap_file(Path::new(policy), CONTROL) {
        Ok(activation) => Ok(activated("swapped", &activation)),
        Err(refusal) if refusal.is_unchanged() => {
            let mut facts = policy_facts(&router.policy());
            facts.insert("unchanged".into(), true.into());
            Ok(Event::new("swapped", facts))
        }
        Err(refusal) => Err(refused(&refusal)),
    }
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

fn trading_state(router: &Router, line: &Line) -> Result<Event, Rejection> {
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
    router.set_trading_state(state, until);
    Ok(Event::new("trading_state", state_facts(state, until)))
}

fn time(text: &str) -> Result<Timestamp, Rejection> {
    text.parse().map_err(|_| {
        bad(format!(
            "`until` is `{}`; it must be a time like `2026-01-05T09:30:00Z`",
            text.escape_debug()
        ))
    })
}

fn state_facts(state: TradingState, until: Option<Timestamp>) -> Map<String, Value> {
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
    let quarantined = status.quarantined.iter();
    let quarantined = quarantined.map(|one| {
        json!({
            "digest": one.digest.to_string(),
            "why": one.why,
            "since": one.since.to_string(),
        })
    });
    facts.insert("quarantined".into(), Value::Array(quarantined.collect()));
    if let Some(shadow) = &status.shadow {
        facts.insert("shadow".into(), shadow_facts(shadow));
    }
    Event::new("status", facts)
}

fn shadow_facts(shadow: &ShadowReport) -> Value {
    json!({
        "digest": shadow.digest.to_string(),
        "compared": shadow.compared,
        "same": shadow.same,
        "dropped": shadow.dropped,
    })
}
