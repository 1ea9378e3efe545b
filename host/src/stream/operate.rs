//! One line of an operator's from outside the stream: settle, release or control, with who asks.
//! Requests are not routed here: their answers belong to the stream that sent them.

use router_guest::json::{self, Line};
use serde_json::Value;

use super::{answer, control};
use crate::rejection::Rejection;
use crate::router::Router;

/// Does what the line asks, for somebody whom the journal names.
pub(crate) fn operate(router: &Router, text: &str, asked_by: &str) -> Result<Value, Rejection> {
    let line = json::parse_line(text.as_bytes()).map_err(|error| Rejection::from(error.fault))?;
    let event = match line {
        Line::Settle(line) => {
            let settlement = answer::settlement(&line)?;
            answer::settled(&line, &router.settle_for(&settlement, asked_by)?)
        }
        Line::Release(line) => {
            let (reservation, event_id) = answer::names(&line.reservation, &line.event_id)?;
            let released = router.release_for(reservation, event_id, asked_by)?;
            answer::released(&line, &released)
        }
        Line::Control(line) => control::run_for(router, line.text, asked_by)?,
        Line::Request(_) => {
            return Err(Rejection::new(
                "no_command",
                "a request is routed by the stream, and is no command",
            ));
        }
    };
    Ok(event.into_value())
}
