//! What a decision has to do with a store that keeps it: it is journaled with what it was made
//! of, waited for where it must be on disk, and a time that runs ahead is not believed. Who
//! decides, and what, is not touched.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use router_guest::decision::PositionEffect;
use router_guest::json::{Fault, FaultCode};
use router_guest::state::State;

use super::Router;
use super::entry::{Entry, store_warning};
use super::generation::Generation;
use crate::decision::Decision;
use crate::events::Event;
use crate::journal::record::{Decided, PolicyNumber};
use crate::ledger::{StoreError, Ticket};
use crate::rejection::Rejection;
use crate::request::Request;

/// How far ahead of this machine's clock a request's time may be on a durable store: what
/// budgets are counted by cannot be taken back.
pub const TIME_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What the journal is told of a decision beside the decision.
pub(super) struct About<'r> {
    request: &'r Request<'r>,
    shown: Option<State<'r>>,
    policy: PolicyNumber,
    generation: u64,
    recorded_at: Timestamp,
}

impl About<'_> {
    pub(super) const fn decided<'d>(
        &'d self,
        decision: &'d Decision,
        at: Option<Timestamp>,
        keeps_id: bool,
    ) -> Decided<'d> {
        Decided {
            request: self.request,
            shown: self.shown,
            decision,
            at,
            recorded_at: self.recorded_at,
            policy: self.policy,
            generation: self.generation,
            keeps_id,
            grant: None,
        }
    }
}

impl Router {
    /// The decision, once what it must wait for is on disk, which it has waited for since then. A
    /// close does not depend on that, and says so.
    #[inline]
    pub(super) fn durable(
        &self,
        mut decision: Decision,
        ticket: Ticket,
        since: Instant,
    ) -> Result<Decision, Rejection> {
        if ticket == Ticket::NONE {
            return Ok(decision);
        }
        match self.store.wait_since(ticket, since) {
            Ok(()) => Ok(decision),
            Err(error) if decision.answer.effect == PositionEffect::Close => {
                warn(&mut decision, error);
                Ok(decision)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the journal is told of the request.
    #[inline]
    pub(super) fn about<'r>(
        &self,
        entry: &Entry<'r, 'r>,
        generation: &Generation,
        shown: Option<State<'r>>,
    ) -> About<'r> {
        About {
            request: entry.request,
            shown,
            policy: generation.budgets.policy(),
            generation: generation.number(),
            recorded_at: self.history_clock.now(),
        }
    }

    /// Journals a decision that charged nothing.
    #[inline]
    pub(super) fn journal(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        mut decision: Decision,
        shown: Option<State<'_>>,
        keeps_id: bool,
    ) -> Result<Decision, Rejection> {
        if !self.journals {
            return Ok(decision);
        }
        let about = self.about(entry, generation, shown);
        let at = entry.counted_at.or_else(|| self.time_of(entry.request));
        let decided = about.decided(&decision, at, keeps_id);
        match self.store.journal(&decided, keeps_id) {
            Ok(ticket) => entry.wait_for(ticket),
            Err(error) if decision.answer.effect == PositionEffect::Close => {
                warn(&mut decision, error);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(decision)
    }

    /// Journals that an earlier decision was repeated. What that one holds may be on its way to
    /// the disk still.
    pub(super) fn journal_repeat(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        decision: Decision,
    ) -> Result<Decision, Rejection> {
        if self.journals && decision.reservation().is_some() {
            entry.wait_for(self.store.last_ticket());
        }
        self.journal(entry, generation, decision, None, false)
    }

    /// The time of the request, as far as the store believes it. A close does without.
    pub(super) fn believed_time(
        &self,
        entry: &mut Entry<'_, '_>,
    ) -> Result<Option<Timestamp>, Rejection> {
        let now = self.time_of(entry.request);
        let (Some(time), true) = (now, self.journals) else {
            return Ok(now);
        };
        let Some(latest) = self.store.time_max().filter(|latest| time > *latest) else {
            return Ok(now);
        };
        let message = format!(
            "`timestamp` is `{time}`, which is more than {} minutes ahead of this machine's \
             clock ({}); set the clocks right",
            TIME_AHEAD_MAX.as_mins(),
            latest - TIME_AHEAD_MAX
        );
        if entry.closes {
            let fault = Fault::of_field(FaultCode::BadTimestamp, "timestamp", message);
            entry.warn(fault);
            return Ok(None);
        }
        Err(Rejection::new("clock_ahead", message))
    }

    /// Ends the time of reservations whose time is over, and tells of each.
    #[inline]
    pub(super) fn end_times(&self, now: Timestamp) {
        if self.store.next_expiry().is_some_and(|next| next <= now) {
            self.expire(now);
        }
    }

    /// Ends the time of reservations whose time is over by the clock that budgets are counted
    /// by, where that is one of the host's; else requests bring the time.
    pub fn expire_reservations(&self) {
        if let super::BudgetClock::System(clock) = &self.clock {
            self.end_times(clock.now());
        }
    }

    #[cold]
    fn expire(&self, now: Timestamp) {
        // What could not be written is tried again with the next request.
        for expired in self.store.expire(now).unwrap_or_default() {
            self.tell(&Event::ReservationExpired {
                reservation: expired.reservation,
                held: expired.held,
                on_expiry: expired.on_expiry,
            });
        }
    }
}

#[cold]
fn warn(decision: &mut Decision, error: StoreError) {
    let fault = store_warning(error);
    if !decision.warnings.contains(&fault) {
        decision.warnings.push(fault);
    }
}
