//! An entry on one line for people: when, its place, and what it says.

use std::fmt::Write as _;
use std::sync::Arc;

use router_guest::json::fault::shown;

use crate::decision::PolicyIdentity;
use crate::journal::record::{ChangedEvent, DecisionRecord, Record, ReleasedEvent, SettledEvent};

pub(super) fn write(
    seq: i64,
    record: &Record<'_>,
    identity: Option<&Arc<PolicyIdentity>>,
    out: &mut Vec<u8>,
) {
    let text = match record {
        Record::Decided(record) => decided(seq, record, identity),
        Record::Settled(event) => settled(seq, event),
        Record::Released(event) => released(seq, event),
        Record::Changed(event) => changed(seq, event),
    };
    out.extend_from_slice(text.as_bytes());
}

fn decided(
    seq: i64,
    record: &DecisionRecord<'_>,
    identity: Option<&Arc<PolicyIdentity>>,
) -> String {
    let request = &record.request;
    let time = record.at.unwrap_or(record.recorded_at);
    let action = shown(&request.line().final_action);
    let mut text = format!("{time} {seq} {action} {}", shown(request.symbol()));
    let _ = write!(text, " {} →", shown(request.strategy()));
    let Some(identity) = identity else {
        return text;
    };
    let decision = record.decision(identity);
    let _ = write!(text, " {} {}", decision.side().word(), decision.reason());
    let _ = write!(text, " (intent {})", decision.order_intent().word());
    if let Some(quantity) = decision.quantity() {
        let _ = write!(text, " quantity={quantity}");
    }
    if let Some(notional) = decision.notional() {
        let _ = write!(text, " notional={notional}");
    }
    if let (Some(report), Some(info)) = (decision.budget(), decision.budget_info()) {
        let _ = write!(text, " {}: need={}", shown(&info.name), report.need);
        if let Some(remaining) = report.remaining() {
            let _ = write!(text, " remaining={remaining}");
        }
    }
    if let Some(reservation) = decision.reservation() {
        let _ = write!(text, " {reservation}");
    }
    if let Some(id) = request.id() {
        let _ = write!(text, " id={}", shown(id));
    }
    if record.repeated {
        text.push_str(" repeated");
    }
    for warning in &record.warnings {
        let _ = write!(text, " warning={}", warning.code.word());
    }
    text
}

fn settled(seq: i64, event: &SettledEvent<'_>) -> String {
    let (settlement, settled) = (&event.settlement, &event.settled);
    let mut text = format!(
        "{} {seq} SETTLE {} {} notional={} used={} released={} reserved={} event={}",
        event.recorded_at,
        settlement.reservation,
        settlement.side.word(),
        settlement.notional,
        settled.used,
        settled.released,
        settled.reserved,
        shown(settlement.event_id.as_str()),
    );
    if let Some(overrun) = settled.overrun {
        let _ = write!(text, " overrun={overrun}");
    }
    if settled.side_mismatch {
        text.push_str(" side_mismatch");
    }
    push_asker(event.asked_by, &mut text);
    text
}

fn released(seq: i64, event: &ReleasedEvent<'_>) -> String {
    let verb = if event.is_expiry { "EXPIRE" } else { "RELEASE" };
    let mut text = format!(
        "{} {seq} {verb} {} released={} event={}",
        event.recorded_at,
        event.reservation,
        event.released,
        shown(event.event_id.as_str()),
    );
    push_asker(event.asked_by, &mut text);
    text
}

fn changed(seq: i64, event: &ChangedEvent<'_>) -> String {
    let verb = event.kind.word().to_uppercase();
    let mut text = format!("{} {seq} {verb}", event.recorded_at);
    if let Some(state) = event.state {
        let _ = write!(text, " {}", state.word());
    }
    if let Some(until) = event.until {
        let _ = write!(text, " until={until}");
    }
    if let Some(generation) = event.generation {
        let _ = write!(text, " generation={generation}");
    }
    if let Some(digest) = event.digest {
        let _ = write!(text, " policy={digest}");
    }
    if let Some(what) = event.what {
        let _ = write!(text, " what={}", what.escape_debug());
    }
    push_asker(Some(event.asked_by), &mut text);
    text
}

fn push_asker(asked_by: Option<&str>, text: &mut String) {
    if let Some(asked_by) = asked_by {
        let _ = write!(text, " asked_by={}", shown(asked_by));
    }
}
