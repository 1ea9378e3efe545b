//! What deciding again has shown, as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Replay;
use super::other::{OtherReplay, Replaced};
use crate::diff;

/// What is said instead of `the same` where nothing shows that.
const NOTHING_DECIDED: &str = "nothing was decided again\n";

/// Writes it for people.
pub fn write_text(replay: &Replay) -> String {
    let mut text = String::new();
    for difference in &replay.differences {
        let _ = write!(text, "entry {}", difference.seq);
        if let Some(id) = &difference.id {
            let _ = write!(text, ", id `{}`", id.escape_debug());
        }
        let _ = writeln!(text, ": {}", difference.what.join("; "));
    }
    let hidden = replay
        .differing
        .saturating_sub(replay.differences.len() as u64);
    if hidden > 0 {
        let _ = writeln!(text, "and {hidden} more");
    }
    for (title, decided) in &replay.policies {
        let _ = writeln!(text, "policy {title}: {}", decisions(*decided));
    }
    for title in &replay.other_engines {
        let _ = writeln!(
            text,
            "policy {title} ran in another engine configuration: its fuel is not compared"
        );
    }
    write_left_out(replay.repeats, replay.masked, &mut text);
    let outcome = match replay.differing {
        _ if replay.decided == 0 => {
            text.push_str(NOTHING_DECIDED);
            return text;
        }
        0 if replay.decided == 1 => "it came out the same".to_owned(),
        0 => "all came out the same".to_owned(),
        differing => format!("{differing} came out otherwise"),
    };
    let _ = writeln!(
        text,
        "{} decided again, {} with their fuel: {outcome}",
        decisions(replay.decided),
        replay.fuel_compared
    );
    text
}

/// The same as JSON.
pub fn write_json(replay: &Replay) -> Value {
    let differences = replay.differences.iter();
    let differences: Vec<Value> = differences
        .map(|one| json!({ "seq": one.seq, "id": one.id, "what": one.what }))
        .collect();
    let policies = replay.policies.iter();
    let policies: Vec<Value> = policies
        .map(|(title, decided)| json!({ "policy": title, "decided": decided }))
        .collect();
    json!({
        "same": replay.is_same(),
        "decisions": replay.decisions,
        "decided": replay.decided,
        "fuel_compared": replay.fuel_compared,
        "fuel_not_compared": replay.other_engines,
        "repeats": replay.repeats,
        "masked": replay.masked,
        "differing": replay.differing,
        "differences": differences,
        "policies": policies,
    })
}

/// Writes for people what another policy would have decided.
pub fn write_other_text(replay: &OtherReplay) -> String {
    let mut text = String::new();
    for replaced in &replay.policies {
        let _ = writeln!(text, "instead of policy {}:", replaced.title);
        if replaced.difference.changes.is_empty() {
            let _ = writeln!(
                text,
                "{} decided again, and every one came out the same",
                decisions(replaced.traffic.summary.requests)
            );
        } else {
            text.push_str(&diff::write_text(
                &replaced.difference,
                Some(&replaced.traffic),
            ));
        }
    }
    write_left_out(replay.repeats, replay.masked, &mut text);
    if replay.policies.is_empty() {
        text.push_str(NOTHING_DECIDED);
    }
    text
}

/// The same as JSON.
pub fn write_other_json(replay: &OtherReplay) -> Value {
    let replaced = |replaced: &Replaced| {
        let mut object = diff::write_json(&replaced.difference, Some(&replaced.traffic));
        if let Some(members) = object.as_object_mut() {
            members.insert("instead_of".into(), json!(replaced.title));
        }
        object
    };
    json!({
        "same": replay.is_same(),
        "decisions": replay.decisions,
        "repeats": replay.repeats,
        "masked": replay.masked,
        "policies": replay.policies.iter().map(replaced).collect::<Vec<_>>(),
    })
}

fn decisions(count: u64) -> String {
    match count {
        1 => "1 decision".to_owned(),
        count => format!("{count} decisions"),
    }
}

fn write_left_out(repeats: u64, masked: u64, text: &mut String) {
    if repeats > 0 {
        let _ = writeln!(
            text,
            "{} repeated an earlier one: nothing was decided there",
            decisions(repeats)
        );
    }
    if masked > 0 {
        let _ = writeln!(
            text,
            "{} cannot be decided again: rules may test a name that is masked in them",
            decisions(masked)
        );
    }
}
