//! One line of the stream: which kind it is, and the lines that are no requests.
//!
//! Owns the first look at the bytes. Does not know what a control line says.

use alloc::borrow::Cow;
use alloc::format;

use super::fault::{Fault, FaultCode, LineError};
use super::field::HOST_ID_BYTES_MAX;
use super::fields::{self, LINE};
use super::object::{Field, Members};
use super::request::{self, RequestLine};
use super::{scan, syntax};
use crate::amount::Amount;
use crate::decision::Side;

/// A line of the stream.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every line is a request; a box would cost each"
)]
pub enum Line<'a> {
    /// A request for a decision.
    Request(RequestLine<'a>),
    /// `{"settle": …}`
    Settle(SettleLine<'a>),
    /// `{"release": …}`
    Release(ReleaseLine<'a>),
    /// An object with a key `control`.
    Control(ControlLine<'a>),
}

/// What a fill turned a reservation into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleLine<'a> {
    /// The reservation, 1 to 64 bytes.
    pub reservation: Cow<'a, str>,
    /// The fill's own id, 1 to 64 bytes.
    pub event_id: Cow<'a, str>,
    /// Quote currency.
    pub notional: Amount,
    /// Buy or sell.
    pub side: Side,
    /// Whether no more fills come; false when not given.
    pub is_final: bool,
}

/// A reservation that nothing came of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLine<'a> {
    /// The reservation, 1 to 64 bytes.
    pub reservation: Cow<'a, str>,
    /// The event's own id, 1 to 64 bytes.
    pub event_id: Cow<'a, str>,
}

/// A control line, valid JSON and no more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlLine<'a> {
    /// The raw value of its key `control`.
    pub control: &'a str,
    /// The whole object.
    pub text: &'a str,
}

/// Reads one line.
///
/// # Errors
/// [`LineError`]: the first fault that refuses the line.
pub fn parse_line(line: &[u8]) -> Result<Line<'_>, LineError<'_>> {
    let mut members = Members::default();
    let text = read(line, &mut members)?;
    // In a request it is a key that a request does not have, and must not hold an exit up.
    if let Some(control) = members.raw(&fields::CONTROL)
        && members.raw(&fields::FINAL_ACTION).is_none()
    {
        members.doubled(&fields::CONTROL)?;
        return Ok(Line::Control(ControlLine { control, text }));
    }
    if members.keys == 1 {
        if let Some(raw) = members.raw(&fields::SETTLE) {
            return Ok(Line::Settle(settle(raw)?));
        }
        if let Some(raw) = members.raw(&fields::RELEASE) {
            return Ok(Line::Release(release(raw)?));
        }
    }
    request::of_members(&members).map(Line::Request)
}

/// Reads one line that must be a request.
///
/// # Errors
/// [`LineError`]: the first fault that refuses the request.
pub fn parse_request(line: &[u8]) -> Result<RequestLine<'_>, LineError<'_>> {
    let mut members = Members::default();
    read(line, &mut members)?;
    request::of_members(&members)
}

/// Takes the line's object apart, and answers its text.
fn read<'a>(line: &'a [u8], members: &mut Members<'a>) -> Result<&'a str, LineError<'a>> {
    let (text, valid) = match core::str::from_utf8(line) {
        Ok(text) => (text, Ok(())),
        Err(error) => {
            let readable = line.get(..error.valid_up_to()).unwrap_or_default();
            let fault = syntax::bad_utf8(error.valid_up_to() + 1);
            let readable = core::str::from_utf8(readable).unwrap_or_default();
            (readable, Err(fault))
        }
    };
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with('{') {
        valid?;
        return Err(no_object(text).into());
    }
    match (valid, members.read(text, &LINE)) {
        (Ok(()), Ok(())) => Ok(text),
        (Err(fault), _) => Err(request::refused(fault, members)),
        (Ok(()), Err(error)) => Err(request::refused(syntax::bad_json(error, text), members)),
    }
}

#[cold]
fn no_object(text: &str) -> Fault {
    if text.is_empty() {
        return Fault::of_line(
            FaultCode::EmptyLine,
            "the line is empty; it must be one object",
        );
    }
    match scan::value(text) {
        Ok(()) => {
            let shown = super::fault::shown(text);
            let message = format!("the line is `{shown}`; it must be one object");
            Fault::of_line(FaultCode::NotAnObject, message)
        }
        Err(error) => syntax::bad_json(error, text),
    }
}

fn settle(raw: &str) -> Result<SettleLine<'_>, Fault> {
    let members = fields::SETTLE.object(raw, &fields::IN_SETTLE)?;
    let is_final = members.given(&fields::SETTLE_FINAL);
    Ok(SettleLine {
        reservation: host_id(&fields::SETTLE_RESERVATION, &members)?,
        event_id: host_id(&fields::SETTLE_EVENT_ID, &members)?,
        notional: fields::SETTLE_NOTIONAL.amount(fields::SETTLE_NOTIONAL.required(&members)?)?,
        side: fields::SETTLE_SIDE.word(
            fields::SETTLE_SIDE.required(&members)?,
            FaultCode::UnknownSide,
            side_of_word,
        )?,
        is_final: is_final.map_or(Ok(false), |raw| fields::SETTLE_FINAL.flag(raw))?,
    })
}

fn side_of_word(word: &str) -> Option<Side> {
    [Side::Buy, Side::Sell]
        .into_iter()
        .find(|side| side.word() == word)
}

fn release(raw: &str) -> Result<ReleaseLine<'_>, Fault> {
    let members = fields::RELEASE.object(raw, &fields::IN_RELEASE)?;
    Ok(ReleaseLine {
        reservation: host_id(&fields::RELEASE_RESERVATION, &members)?,
        event_id: host_id(&fields::RELEASE_EVENT_ID, &members)?,
    })
}

fn host_id<'a>(field: &Field, members: &Members<'a>) -> Result<Cow<'a, str>, Fault> {
    field.name(field.required(members)?, HOST_ID_BYTES_MAX)
}
