//! The head of every entry, and the bytes of all that are no decision. They are rare, and each
//! begins with a byte of flags where something may be absent.

use router_guest::decision::Side;
use router_guest::state::TradingState;

use super::bytes::{Reader, push_amount, push_bytes, push_text, push_time, push_whole};
use super::{
    ChangeKind, ChangedEvent, Proofs, RECORD_VERSION, RECORD_VERSION_MIN, RecordError,
    ReleasedEvent, SettledEvent,
};
use crate::digest::Digest;
use crate::ledger::{EventId, ReservationId, Settled, Settlement};

/// What kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Decided,
    Settled,
    Released,
    Expired,
    Changed,
}

const KINDS: [Kind; 5] = [
    Kind::Decided,
    Kind::Settled,
    Kind::Released,
    Kind::Expired,
    Kind::Changed,
];
const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A settlement's and a release's.
const ASKED: u8 = 1;
const FINAL: u8 = 1 << 1;
const OVERRUN: u8 = 1 << 2;
const MISMATCH: u8 = 1 << 3;
const REPEATED: u8 = 1 << 4;
/// An expiry's, of which version 1 has neither.
const STAYS_OPEN: u8 = 1 << 5;
const CLOSED: u8 = 1 << 6;
/// A change's.
const DIGEST: u8 = 1;
const GENERATION: u8 = 1 << 1;
const STATE: u8 = 1 << 2;
const UNTIL: u8 = 1 << 3;
const WHAT: u8 = 1 << 4;
const MILLISECONDS: u8 = 1 << 5;
const POLICY_PROOF: u8 = 1 << 6;
const MASK_PROOF: u8 = 1 << 7;

type Read<T> = Result<T, RecordError>;

/// Begins an entry.
#[inline]
pub(super) fn open(kind: Kind, out: &mut Vec<u8>) {
    out.extend_from_slice(&[RECORD_VERSION, kind as u8]);
}

/// What kind of entry begins.
#[inline]
pub(super) fn kind(reader: &mut Reader<'_>) -> Read<Kind> {
    match reader.byte("version")? {
        RECORD_VERSION_MIN..=RECORD_VERSION => reader.one_of(&KINDS, "kind of entry"),
        found => Err(RecordError::Version { found }),
    }
}

const fn flag(bit: u8, holds: bool) -> u8 {
    if holds { bit } else { 0 }
}

/// The flags, none of which is beyond `all`.
fn flags(reader: &mut Reader<'_>, all: u8) -> Read<u8> {
    let flags = reader.byte("flags")?;
    if flags & !all != 0 {
        return Err(reader.foreign("flags"));
    }
    Ok(flags)
}

fn then<T>(holds: u8, read: impl FnOnce() -> Read<T>) -> Read<Option<T>> {
    if holds == 0 {
        Ok(None)
    } else {
        read().map(Some)
    }
}

pub(super) fn encode_settled(event: &SettledEvent<'_>, out: &mut Vec<u8>) {
    open(Kind::Settled, out);
    let (settlement, settled) = (&event.settlement, &event.settled);
    out.push(
        flag(ASKED, event.asked_by.is_some())
            | flag(FINAL, settlement.is_final)
            | flag(OVERRUN, settled.overrun.is_some())
            | flag(MISMATCH, settled.side_mismatch)
            | flag(REPEATED, settled.repeated),
    );
    push_time(out, event.recorded_at);
    push_whole(out, settlement.reservation.number());
    push_text(out, settlement.event_id.as_str());
    push_amount(out, settlement.notional);
    out.push(settlement.side as u8);
    push_amount(out, settled.used);
    push_amount(out, settled.released);
    push_amount(out, settled.reserved);
    if let Some(overrun) = settled.overrun {
        push_amount(out, overrun);
    }
    if let Some(asked_by) = event.asked_by {
        push_text(out, asked_by);
    }
}

pub(super) fn settled<'a>(reader: &mut Reader<'a>) -> Read<SettledEvent<'a>> {
    let flags = flags(reader, ASKED | FINAL | OVERRUN | MISMATCH | REPEATED)?;
    let recorded_at = reader.time("time")?;
    let settlement = Settlement {
        reservation: reservation(reader)?,
        event_id: event_id(reader)?,
        notional: reader.amount("notional")?,
        side: reader.one_of(&SIDES, "side")?,
        is_final: flags & FINAL != 0,
    };
    let settled = Settled {
        used: reader.amount("used")?,
        released: reader.amount("released")?,
        reserved: reader.amount("reserved")?,
        overrun: then(flags & OVERRUN, || reader.amount("overrun"))?,
        side_mismatch: flags & MISMATCH != 0,
        repeated: flags & REPEATED != 0,
    };
    Ok(SettledEvent {
        recorded_at,
        settlement,
        settled,
        asked_by: then(flags & ASKED, || reader.text("asker"))?,
    })
}

pub(super) fn encode_released(event: &ReleasedEvent<'_>, out: &mut Vec<u8>) {
    let kind = if event.is_expiry {
        Kind::Expired
    } else {
        Kind::Released
    };
    open(kind, out);
    out.push(
        flag(ASKED, event.asked_by.is_some())
            | flag(
                STAYS_OPEN,
                event.is_expiry && event.stays_open == Some(true),
            )
            | flag(CLOSED, event.is_expiry && event.stays_open == Some(false)),
    );
    push_time(out, event.recorded_at);
    push_whole(out, event.reservation.number());
    push_text(out, event.event_id.as_str());
    push_amount(out, event.released);
    if let Some(asked_by) = event.asked_by {
        push_text(out, asked_by);
    }
}

pub(super) fn released<'a>(reader: &mut Reader<'a>, is_expiry: bool) -> Read<ReleasedEvent<'a>> {
    let of_expiry = if is_expiry { STAYS_OPEN | CLOSED } else { 0 };
    let flags = flags(reader, ASKED | of_expiry)?;
    Ok(ReleasedEvent {
        recorded_at: reader.time("time")?,
        reservation: reservation(reader)?,
        event_id: event_id(reader)?,
        released: reader.amount("released")?,
        is_expiry,
        stays_open: match flags & (STAYS_OPEN | CLOSED) {
            0 if is_expiry => None,
            0 | CLOSED => Some(false),
            STAYS_OPEN => Some(true),
            _ => return Err(reader.foreign("flags")),
        },
        asked_by: then(flags & ASKED, || reader.text("asker"))?,
    })
}

fn reservation(reader: &mut Reader<'_>) -> Read<ReservationId> {
    reader.whole("reservation").map(ReservationId::of_number)
}

fn event_id<'a>(reader: &mut Reader<'a>) -> Read<EventId<'a>> {
    let text = reader.text("event id")?;
    EventId::new(text).map_err(|_| reader.foreign("event id"))
}

pub(super) fn encode_changed(event: &ChangedEvent<'_>, out: &mut Vec<u8>) {
    open(Kind::Changed, out);
    out.push(
        flag(DIGEST, event.digest.is_some())
            | flag(GENERATION, event.generation.is_some())
            | flag(STATE, event.state.is_some())
            | flag(UNTIL, event.until.is_some())
            | flag(WHAT, event.what.is_some())
            | flag(MILLISECONDS, event.milliseconds.is_some())
            | flag(POLICY_PROOF, event.proofs.policy.is_some())
            | flag(MASK_PROOF, event.proofs.mask.is_some()),
    );
    push_time(out, event.recorded_at);
    out.push(event.kind as u8);
    push_text(out, event.asked_by);
    if let Some(digest) = &event.digest {
        out.extend_from_slice(digest.as_bytes());
    }
    if let Some(generation) = event.generation {
        push_whole(out, generation);
    }
    if let Some(state) = event.state {
        out.push(state as u8);
    }
    if let Some(until) = event.until {
        push_time(out, until);
    }
    if let Some(what) = event.what {
        push_text(out, what);
    }
    if let Some(milliseconds) = event.milliseconds {
        push_whole(out, milliseconds);
    }
    if let Some(proof) = event.proofs.policy {
        push_bytes(out, proof);
    }
    if let Some(mask) = event.proofs.mask {
        push_text(out, mask);
    }
}

pub(super) fn changed<'a>(reader: &mut Reader<'a>) -> Read<ChangedEvent<'a>> {
    let flags = reader.byte("flags")?;
    Ok(ChangedEvent {
        recorded_at: reader.time("time")?,
        kind: reader.one_of(&ChangeKind::ALL, "kind of change")?,
        asked_by: reader.text("asker")?,
        digest: then(flags & DIGEST, || {
            Ok(Digest::from_bytes(reader.bytes("digest")?))
        })?,
        generation: then(flags & GENERATION, || reader.whole("generation"))?,
        state: then(flags & STATE, || {
            reader.one_of(&TradingState::ALL, "trading state")
        })?,
        until: then(flags & UNTIL, || reader.time("time of its end"))?,
        what: then(flags & WHAT, || reader.text("reason"))?,
        milliseconds: then(flags & MILLISECONDS, || reader.whole("milliseconds"))?,
        proofs: Proofs {
            policy: then(flags & POLICY_PROOF, || reader.part("proof of a policy"))?,
            mask: then(flags & MASK_PROOF, || reader.text("mask"))?,
        },
    })
}
