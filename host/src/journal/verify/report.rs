//! What verifying has shown, as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Verified;

/// Writes it for people.
pub fn write_text(verified: &Verified) -> String {
    let mut text = String::new();
    for finding in &verified.findings {
        let _ = writeln!(text, "{}: {}", finding.place, finding.what);
    }
    let hidden = verified
        .found
        .saturating_sub(verified.findings.len() as u64);
    if hidden > 0 {
        let _ = writeln!(text, "and {hidden} more");
    }
    let outcome = match verified.found {
        0 => "as they were written".to_owned(),
        1 => "1 finding".to_owned(),
        found => format!("{found} findings"),
    };
    let entries = match verified.entries {
        1 => "1 entry".to_owned(),
        entries => format!("{entries} entries"),
    };
    let _ = writeln!(text, "{entries}: {outcome}");
    let _ = writeln!(
        text,
        "entry {} ends the chain in {}",
        verified.last, verified.link
    );
    let _ = match &verified.checkpoint {
        None => writeln!(
            text,
            "no checkpoint was given: that nothing was cut off and all of it written anew is not \
             shown"
        ),
        Some(checkpoint) => writeln!(
            text,
            "held to the checkpoint of {} after entry {}",
            checkpoint.made, checkpoint.seq
        ),
    };
    text
}

/// The same as JSON.
pub fn write_json(verified: &Verified) -> Value {
    let findings = verified.findings.iter();
    let findings: Vec<Value> = findings
        .map(|finding| json!({ "place": finding.place, "what": finding.what }))
        .collect();
    let checkpoint = verified.checkpoint.map(|checkpoint| {
        json!({
            "seq": checkpoint.seq,
            "chain": checkpoint.link.to_string(),
            "made": checkpoint.made.to_string(),
        })
    });
    json!({
        "sound": verified.is_sound(),
        "entries": verified.entries,
        "last": verified.last,
        "chain": verified.link.to_string(),
        "checkpoint": checkpoint,
        "findings": findings,
        "found": verified.found,
    })
}
