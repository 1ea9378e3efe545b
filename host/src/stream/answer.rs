//! Answers as text, in the format that the stream was asked for.

use std::fmt::Write as _;

use router_guest::json::{self, ReleaseLine, SettleLine};
use serde_json::{Map, Value};

use crate::decision::Decision;
use crate::ledger::{EventId, Released, ReservationId, Settled, Settlement};
use crate::log;
use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::Router;

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A JSON object a line.
    #[default]
    Json,
    /// Lines for people.
    Log,
}

/// Whose line an answer is for.
pub(super) struct Asker<'a> {
    pub(super) line: u64,
    pub(super) id: Option<&'a str>,
    pub(super) symbol: Option<&'a str>,
}

impl Asker<'_> {
    pub(super) const fn of_line(line: u64) -> Self {
        Self {
            line,
            id: None,
            symbol: None,
        }
    }
}

/// Writes answers as text.
pub(super) struct Text {
    format: Format,
    line: String,
}

impl Text {
    pub(super) const fn new(format: Format) -> Self {
        Self {
            format,
            line: String::new(),
        }
    }

    #[inline]
    pub(super) fn decision(
        &mut self,
        request: &Request<'_>,
        decision: &Decision,
        out: &mut Vec<u8>,
    ) {
        match self.format {
            Format::Json => {
                decision.write_json(request, out);
                out.push(b'\n');
            }
            Format::Log => {
                self.line.clear();
                log::write(request, decision, &mut self.line);
                out.extend_from_slice(self.line.as_bytes());
            }
        }
    }

    pub(super) fn refuse(&mut self, asker: &Asker<'_>, rejection: &Rejection, out: &mut Vec<u8>) {
        let Rejection { code, message } = rejection;
        match self.format {
            Format::Json => {
                let (id, symbol) = (asker.id, asker.symbol);
                json::write_refusal(Some(asker.line), id, symbol, code, message, out);
                out.push(b'\n');
            }
            Format::Log => {
                self.line.clear();
                log::write_refusal(asker.line, asker.symbol, rejection, &mut self.line);
                out.extend_from_slice(self.line.as_bytes());
            }
        }
    }

    pub(super) fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        match self.format {
            Format::Json => out.extend_from_slice(event.into_value().to_string().as_bytes()),
            Format::Log => {
                self.line.clear();
                let _ = write!(self.line, "{}", event.name.to_uppercase());
                for (key, value) in &event.facts {
                    let _ = match value {
                        Value::String(text) => write!(self.line, " {key}={}", text.escape_debug()),
                        other => write!(self.line, " {key}={other}"),
                    };
                }
                out.extend_from_slice(self.line.as_bytes());
            }
        }
        out.push(b'\n');
    }
}

/// What became of a line that is no request.
pub(crate) struct Event {
    name: &'static str,
    facts: Map<String, Value>,
}

impl Event {
    /// `{"settled": {…}}`
    pub(crate) fn into_value(self) -> Value {
        let mut line = Map::new();
        line.insert(self.name.to_owned(), Value::Object(self.facts));
        Value::Object(line)
    }

    pub(crate) const fn new(name: &'static str, facts: Map<String, Value>) -> Self {
        Self { name, facts }
    }
}

fn facts(reservation: &str, event_id: &str) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("reservation".to_owned(), reservation.into());
    facts.insert("event_id".to_owned(), event_id.into());
    facts
}

/// The names in a settlement or a release.
pub(crate) fn names<'a>(
    reservation: &str,
    event_id: &'a str,
) -> Result<(ReservationId, EventId<'a>), Rejection> {
    let reservation = reservation.parse::<ReservationId>();
    let reservation =
        reservation.map_err(|error| Rejection::new("unknown_reservation", error.to_string()))?;
    let event =
        EventId::new(event_id).map_err(|error| Rejection::new("too_long", error.to_string()))?;
    Ok((reservation, event))
}

/// Settles what the line says.
pub(super) fn settle(router: &Router, line: &SettleLine<'_>) -> Result<Event, Rejection> {
    let settlement = settlement(line)?;
    Ok(settled(line, &router.settle(&settlement)?))
}

/// What the line says.
pub(crate) fn settlement<'l>(line: &'l SettleLine<'_>) -> Result<Settlement<'l>, Rejection> {
    let (reservation, event_id) = names(&line.reservation, &line.event_id)?;
    Ok(Settlement {
        reservation,
        event_id,
        notional: line.notional,
        side: line.side,
        is_final: line.is_final,
    })
}

/// The answer to a line that was settled.
pub(crate) fn settled(line: &SettleLine<'_>, settled: &Settled) -> Event {
    let mut facts = facts(&line.reservation, &line.event_id);
    facts.insert("used".to_owned(), settled.used.to_string().into());
    facts.insert("released".to_owned(), settled.released.to_string().into());
    facts.insert("reserved".to_owned(), settled.reserved.to_string().into());
    if let Some(overrun) = settled.overrun {
        facts.insert("overrun".to_owned(), overrun.to_string().into());
    }
    for (key, holds) in [
        ("side_mismatch", settled.side_mismatch),
        ("repeated", settled.repeated),
    ] {
        if holds {
            facts.insert(key.to_owned(), true.into());
        }
    }
    Event {
        name: "settled",
        facts,
    }
}

/// Releases what the line says.
pub(super) fn release(router: &Router, line: &ReleaseLine<'_>) -> Result<Event, Rejection> {
    let (reservation, event_id) = names(&line.reservation, &line.event_id)?;
    Ok(released(line, &router.release(reservation, event_id)?))
}

/// The answer to a line that was released.
pub(crate) fn released(line: &ReleaseLine<'_>, released: &Released) -> Event {
    let mut facts = facts(&line.reservation, &line.event_id);
    facts.insert("released".to_owned(), released.released.to_string().into());
    if released.repeated {
        facts.insert("repeated".to_owned(), true.into());
    }
    Event {
        name: "released",
        facts,
    }
}
