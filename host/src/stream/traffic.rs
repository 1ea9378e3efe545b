//! Recorded requests, routed again, each with the state that it met: what authors hold a
//! change of policy against.
//!
//! Budgets are counted as `route` counts them, by the requests' own time; settlements and
//! releases in the record are followed. It writes no answer and judges none.

use std::io::Read;

use router_guest::json::{self, Line as Form};

use super::{Line, LineReader, StreamError, answer, without_mark};
use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::Router;
use crate::scenario::Scenario;

/// What a record held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrafficSummary {
    /// Lines.
    pub lines: u64,
    /// Requests that were routed, or refused by their route.
    pub requests: u64,
    /// Lines that are neither a request nor an event, or a faulty one.
    pub unread: u64,
}

/// Routes every request of a record, and tells of each with the state that it met.
///
/// # Errors
/// [`StreamError::Read`] when the record breaks.
pub fn replay(
    router: &Router,
    record: impl Read,
    mut each: impl FnMut(&Scenario, Result<Decision, Rejection>),
) -> Result<TrafficSummary, StreamError> {
    let mut lines = LineReader::new(record);
    let mut summary = TrafficSummary::default();
    loop {
        let line = summary.lines + 1;
        let next = lines
            .next_line()
            .map_err(|source| StreamError::Read { line, source })?;
        let Some(next) = next else {
            return Ok(summary);
        };
        summary.lines += 1;
        let Line::Whole(bytes) = next else {
            summary.unread += 1;
            continue;
        };
        let bytes = if line == 1 {
            without_mark(bytes)
        } else {
            bytes
        };
        let form = json::parse_line(bytes);
        let read = match form {
            Ok(Form::Request(line)) => match Request::from_line(line) {
                Ok(request) => {
                    let scenario = scenario(router, &request);
                    each(&scenario, router.decide(&request));
                    summary.requests += 1;
                    true
                }
                Err(_) => false,
            },
            Ok(Form::Settle(line)) => answer::settle(router, &line).is_ok(),
            Ok(Form::Release(line)) => answer::release(router, &line).is_ok(),
            Ok(Form::Control(_)) | Err(_) => false,
        };
        summary.unread += u64::from(!read);
    }
}

/// The request with the state that it is about to meet.
fn scenario(router: &Router, request: &Request<'_>) -> Scenario {
    let mut scenario = Scenario::new(request.symbol(), request.strategy(), *request.terms());
    scenario.trading_state = router.trading_state();
    // Where the budgets cannot be read the request is refused, or closes without them.
    scenario.budgets = router.budget_uses(request).ok();
    scenario
}
