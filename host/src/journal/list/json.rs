//! An entry as one JSON object: a decision with its request and its state, in the forms that
//! `route` and `explain` take, and as `route` answered it.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::decision::PolicyIdentity;
use crate::journal::record::{ChangedEvent, DecisionRecord, Record, ReleasedEvent, SettledEvent};
use crate::scenario::{request_json, state_json};

pub(super) fn write(
    seq: i64,
    record: &Record<'_>,
    identity: Option<&Arc<PolicyIdentity>>,
    out: &mut Vec<u8>,
) {
    match record {
        Record::Decided(record) => write_decided(seq, record, identity, out),
        Record::Settled(event) => write_value(&settled(seq, event), out),
        Record::Released(event) => write_value(&released(seq, event), out),
        Record::Changed(event) => write_value(&changed(seq, event), out),
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

fn push(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

/// The decision itself is written as `route` writes it, byte for byte.
fn write_decided(
    seq: i64,
    record: &DecisionRecord<'_>,
    identity: Option<&Arc<PolicyIdentity>>,
    out: &mut Vec<u8>,
) {
    push(
        &format!("{{\"seq\":{seq},\"recorded_at\":\"{}\"", record.recorded_at),
        out,
    );
    if let Some(at) = record.at {
        push(&format!(",\"at\":\"{at}\""), out);
    }
    if !record.masked.is_empty() {
        let masked: Vec<_> = record.masked.iter().map(|field| field.word()).collect();
        push(&format!(",\"masked\":{}", json!(masked)), out);
    }
    push(",\"request\":", out);
    push(&request_text(record), out);
    if let Some(shown) = &record.shown {
        push(",\"state\":", out);
        let budgets = shown.budgets.as_deref();
        push(&state_json(shown.trading_state, budgets), out);
    }
    if let Some(identity) = identity {
        push(",\"decision\":", out);
        let decision = record.decision(identity);
        if is_sound(record) {
            decision.write_json(&record.request, out);
        } else {
            push("null", out);
        }
    }
    push("}", out);
}

/// The request as `route` takes it.
pub(in crate::journal) fn request_text(record: &DecisionRecord<'_>) -> String {
    let request = &record.request;
    let rest = request_json(request.symbol(), request.strategy(), request.terms());
    let mut own = Map::new();
    if let Some(id) = request.id() {
        own.insert("id".into(), id.into());
    }
    if let Some(timestamp) = request.timestamp() {
        own.insert("timestamp".into(), timestamp.to_string().into());
    }
    let tags = request.line().tags.map(serde_json::from_str::<Value>);
    if let Some(Ok(tags)) = tags {
        own.insert("tags".into(), tags);
    }
    if own.is_empty() {
        return rest;
    }
    // Both are objects of at least one member: the one goes on in the other.
    let own = Value::Object(own).to_string();
    let own = own.strip_suffix('}').unwrap_or_default();
    format!("{own},{}", rest.strip_prefix('{').unwrap_or_default())
}

/// Whether what is echoed as it stands is JSON, as everything is that was read from a line.
fn is_sound(record: &DecisionRecord<'_>) -> bool {
    let line = record.request.line();
    let raw = [
        line.signal_score.as_deref(),
        line.confidence.as_deref(),
        line.risk_reward_ratio.as_deref(),
        line.stop_loss.as_deref(),
        line.take_profit.as_deref(),
        line.tags,
    ];
    let mut raw = raw.into_iter().flatten();
    raw.all(|text| serde_json::from_str::<&RawValue>(text).is_ok())
}

fn settled(seq: i64, event: &SettledEvent<'_>) -> Value {
    let (settlement, settled) = (&event.settlement, &event.settled);
    json!({
        "seq": seq,
        "recorded_at": event.recorded_at.to_string(),
        "settle": {
            "reservation": settlement.reservation.to_string(),
            "event_id": settlement.event_id.as_str(),
            "notional": settlement.notional.to_string(),
            "side": settlement.side.word(),
            "final": settlement.is_final,
        },
        "settled": {
            "used": settled.used.to_string(),
            "released": settled.released.to_string(),
            "reserved": settled.reserved.to_string(),
            "overrun": settled.overrun.map(|overrun| overrun.to_string()),
            "side_mismatch": settled.side_mismatch,
        },
        "asked_by": event.asked_by,
    })
}

fn released(seq: i64, event: &ReleasedEvent<'_>) -> Value {
    let verb = if event.is_expiry { "expire" } else { "release" };
    json!({
        "seq": seq,
        "recorded_at": event.recorded_at.to_string(),
        verb: {
            "reservation": event.reservation.to_string(),
            "event_id": event.event_id.as_str(),
        },
        "released": event.released.to_string(),
        "asked_by": event.asked_by,
    })
}

fn changed(seq: i64, event: &ChangedEvent<'_>) -> Value {
    json!({
        "seq": seq,
        "recorded_at": event.recorded_at.to_string(),
        "change": event.kind.word(),
        "asked_by": event.asked_by,
        "digest": event.digest.map(|digest| digest.to_string()),
        "generation": event.generation,
        "trading_state": event.state.map(|state| state.word()),
        "until": event.until.map(|until| until.to_string()),
        "what": event.what,
        "milliseconds": event.milliseconds,
    })
}
