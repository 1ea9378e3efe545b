//! A difference as text for people and as JSON for programs.

use serde_json::{Value, json};

use super::{Change, ChangedRegion, Difference, TrafficCount, Trial};
use crate::scenario::Scenario;

/// Changes that the text shows; JSON has all.
const CHANGES_SHOWN_MAX: usize = 40;
/// Regions of a change that the text shows; JSON has all.
const REGIONS_SHOWN_MAX: usize = 8;

/// Writes the difference for people.
pub fn write_text(difference: &Difference, traffic: Option<&TrafficCount>) -> String {
    if difference.is_empty() {
        return "nothing differs: every request gets the same answer from both\n".to_owned();
    }
    let mut text = String::new();
    for change in &difference.settings {
        text.push_str(&format!(
            "{}: {} → {}\n",
            change.path, change.old, change.new
        ));
    }
    let mut changes: Vec<_> = difference
        .changes
        .iter()
        .enumerate()
        .map(|(at, change)| {
            let count = traffic.and_then(|traffic| traffic.changed.get(at));
            (change, count.copied())
        })
        .collect();
    // What recorded requests meet comes first, and is never cut.
    changes.sort_by_key(|(_, count)| std::cmp::Reverse(count.unwrap_or_default()));
    let met = changes
        .iter()
        .filter(|(_, count)| count.is_some_and(|count| count > 0));
    let shown = CHANGES_SHOWN_MAX.max(met.count());
    for (change, count) in changes.iter().take(shown) {
        write_change(change, *count, &mut text);
    }
    let hidden = changes.len().saturating_sub(shown);
    if hidden > 0 {
        text.push_str(&format!(
            "and {hidden} more changes, all of which `--format json` has\n"
        ));
    }
    if difference.changes.is_empty() {
        text.push_str("every request gets the same answer from both; settings differ\n");
    }
    if let Some(traffic) = traffic {
        let changed: u64 = traffic.changed.iter().sum();
        text.push_str(&format!(
            "{changed} of {} recorded requests would be answered otherwise\n",
            traffic.summary.requests
        ));
        if traffic.summary.unread > 0 {
            text.push_str(&format!(
                "{} of {} lines could not be read\n",
                traffic.summary.unread, traffic.summary.lines
            ));
        }
    }
    text
}

/// Writes what asking two policies has shown.
pub fn write_trial(trial: &Trial) -> String {
    let Trial {
        cells,
        differing,
        difference,
    } = trial;
    let mut text = if difference.is_empty() {
        "nothing that was tried differs\n".to_owned()
    } else {
        write_text(difference, None)
    };
    text.push_str(&format!(
        "asked, not read: {differing} of {cells} requests of the domain that both manifests declare \
         are answered differently\n"
    ));
    text
}

/// What asking two policies has shown, as JSON.
pub fn trial_json(trial: &Trial) -> Value {
    let mut object = write_json(&trial.difference, None);
    if let Some(members) = object.as_object_mut() {
        let counts = json!({ "cells": trial.cells, "differing": trial.differing });
        members.insert("asked".into(), counts);
    }
    object
}

fn write_change(change: &Change, count: Option<u64>, text: &mut String) {
    text.push_str(&format!("{} → {}", change.old, change.new));
    if let Some(count) = count {
        text.push_str(&format!(" — {count} recorded requests"));
    }
    text.push('\n');
    for region in change.regions.iter().take(REGIONS_SHOWN_MAX) {
        let conditions = match region.conditions.as_slice() {
            [] => "every request".to_owned(),
            conditions => conditions.join(", "),
        };
        text.push_str(&format!("  {conditions}\n"));
    }
    let hidden = change.regions.len().saturating_sub(REGIONS_SHOWN_MAX);
    if hidden > 0 {
        text.push_str(&format!("  and {hidden} more regions\n"));
    }
    if let Some(region) = change.regions.first() {
        text.push_str(&format!("  for example {}\n", region.old_example.to_json()));
    }
}

/// The difference as JSON, for programs.
pub fn write_json(difference: &Difference, traffic: Option<&TrafficCount>) -> Value {
    let change = |(at, change): (usize, &Change)| {
        let mut object = json!({
            "old": change.old.to_string(),
            "new": change.new.to_string(),
            "regions": change.regions.iter().map(region_json).collect::<Vec<_>>(),
        });
        let count = traffic.and_then(|traffic| traffic.changed.get(at));
        if let (Some(members), Some(count)) = (object.as_object_mut(), count) {
            members.insert("recorded_requests".into(), json!(count));
        }
        object
    };
    let setting = |change: &super::SettingChange| json!({ "path": change.path, "old": change.old, "new": change.new });
    let mut object = json!({
        "same": difference.is_empty(),
        "settings": difference.settings.iter().map(setting).collect::<Vec<_>>(),
        "changes": difference.changes.iter().enumerate().map(change).collect::<Vec<_>>(),
    });
    if let (Some(members), Some(traffic)) = (object.as_object_mut(), traffic) {
        let counts = json!({
            "lines": traffic.summary.lines,
            "requests": traffic.summary.requests,
            "unread": traffic.summary.unread,
            "changed": traffic.changed.iter().sum::<u64>(),
        });
        members.insert("traffic".into(), counts);
    }
    object
}

fn region_json(region: &ChangedRegion) -> Value {
    let example = |scenario: &Scenario| serde_json::from_str::<Value>(&scenario.to_json()).ok();
    json!({
        "conditions": region.conditions,
        "old_example": example(&region.old_example),
        "new_example": example(&region.new_example),
    })
}
