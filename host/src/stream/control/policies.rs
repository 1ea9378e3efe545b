//! Control lines that name a policy: one that is to take the live one's place, or to decide beside
//! it first.

use std::num::NonZeroU32;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::answer::Event;
use super::{Line, activated, bad, policy_facts, refused};
use crate::events::Asker;
use crate::gate::Candidate;
use crate::rejection::Rejection;
use crate::router::{Router, ShadowDifference, ShadowReport, SwapRefusal};

/// Makes the policy of the line the live one.
pub(super) fn swap(router: &Router, line: &Line, asked_by: &str) -> Result<Event, Rejection> {
    line.only(&["policy", "profile"])?;
    let candidate = candidate(router, line, asked_by)?;
    match router.swap(&candidate, asked_by) {
        Ok(activation) => Ok(activated("swapped", &activation)),
        Err(refusal) if refusal.is_unchanged() => {
            let mut facts = policy_facts(&router.policy());
            facts.insert("unchanged".into(), true.into());
            Ok(Event::new("swapped", facts))
        }
        Err(refusal) => Err(refused(&refusal)),
    }
}

/// Lets the policy of the line decide beside the live one.
pub(super) fn shadow(router: &Router, line: &Line, asked_by: &str) -> Result<Event, Rejection> {
    line.only(&["policy", "profile", "every"])?;
    let every = NonZeroU32::new(line.every.unwrap_or(1)).ok_or_else(|| {
        bad("`every` is `0`; it must be 1 for every decision, 10 for every tenth".into())
    })?;
    let candidate = candidate(router, line, asked_by)?;
    let digest = candidate.digest().to_string();
    router
        .shadow(candidate, every)
        .map_err(|refusal| refused(&refusal))?;
    let mut facts = Map::new();
    facts.insert("digest".into(), digest.into());
    facts.insert("every".into(), every.get().into());
    Ok(Event::new("shadow", facts))
}

/// Puts the shadow to the gate, and makes it the live policy.
pub(super) fn promote(router: &Router, line: &Line, asked_by: &str) -> Result<Event, Rejection> {
    line.only(&[])?;
    let promoted = router.promote(asked_by);
    let activation = promoted.map_err(|refusal| refused(&refusal))?;
    Ok(activated("promoted", &activation))
}

/// Ends the shadow, and answers all that it said.
pub(super) fn drop_shadow(router: &Router, line: &Line) -> Result<Event, Rejection> {
    line.only(&[])?;
    let report = router.drop_shadow();
    let report = report.ok_or_else(|| refused(&SwapRefusal::NoShadow))?;
    let mut facts = counts(&report);
    facts.insert("unlisted".into(), report.unlisted.into());
    let differences = report.differences.iter().map(difference);
    facts.insert("differences".into(), Value::Array(differences.collect()));
    Ok(Event::new("shadow_dropped", facts))
}

/// How much a shadow was asked, and answered the same.
pub(super) fn counts(report: &ShadowReport) -> Map<String, Value> {
    let counts = [
        ("digest", Value::from(report.digest.to_string())),
        ("sampled", report.sampled.into()),
        ("compared", report.compared.into()),
        ("same", report.same.into()),
        ("dropped", report.dropped.into()),
    ];
    let counts = counts.into_iter();
    counts
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

fn difference(difference: &ShadowDifference) -> Value {
    let samples = difference.samples.iter();
    // Each is a scenario's own line, which is JSON.
    let samples: Vec<Value> = samples
        .filter_map(|sample| serde_json::from_str(&sample.to_json()).ok())
        .collect();
    json!({
        "live": difference.old,
        "shadow": difference.new,
        "count": difference.count,
        "samples": samples,
    })
}

/// The policy of the line, under the profile that it names.
fn candidate(router: &Router, line: &Line, asked_by: &str) -> Result<Candidate, Rejection> {
    let policy = line.policy.as_deref().filter(|path| !path.is_empty());
    let policy = policy.ok_or_else(|| {
        bad("`policy` is missing; it names a `policy.yaml`, a folder or a component".into())
    })?;
    let profile = line.profile.as_deref().map(str::parse).transpose();
    let profile = profile.map_err(|_| {
        bad(format!(
            "`profile` is `{}`; it must be `strict` or `large`",
            line.profile.as_deref().unwrap_or_default().escape_debug()
        ))
    })?;
    match Candidate::load(Path::new(policy), router.loader()) {
        Ok(candidate) => Ok(match profile {
            Some(profile) => candidate.in_profile(profile),
            None => candidate,
        }),
        Err(error) => Err(refused(
            &router.refuse(error.into(), &Asker::from(asked_by)),
        )),
    }
}
