//! One request's way through the router: on the generation that is live when it begins, then,
//! where that one has no answer, on the last good one, and by the fail-safe at the very last.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::decision::PositionEffect;
use router_guest::state::State;

use super::ask::{Beside, Failure, Setback};
use super::batch::Told;
use super::entry::{Entry, store_warning};
use super::generation::{Generation, Live};
use super::seat::{Seat, Tools};
use super::{Recorded, Router};
use crate::decision::{Answer, Decision};
use crate::events::Event;
use crate::failsafe;
use crate::guard::BudgetReport;
use crate::ledger::{Claim, Held, Known, Ticket};
use crate::rejection::Rejection;
use crate::request::Request;

impl Router {
    pub(super) fn decide_in(
        &self,
        request: &Request<'_>,
        told: Option<&Told<'_>>,
        seat: &mut Seat,
    ) -> Result<Decision, Rejection> {
        let (decision, ticket) = self.decide_ahead(request, told, seat)?;
        if ticket == Ticket::NONE {
            return Ok(decision);
        }
        self.durable(decision, ticket, Instant::now())
    }

    /// Decides without waiting for the disk: the decision must not go out before
    /// [`Router::durable`] gave it back.
    pub(super) fn decide_ahead(
        &self,
        request: &Request<'_>,
        told: Option<&Told<'_>>,
        seat: &mut Seat,
    ) -> Result<(Decision, Ticket), Rejection> {
        let (live, tools) = seat.live();
        let mut entry = Entry::of(request)?;
        let decision = self.decide_entry(&mut entry, live, told, tools)?;
        Ok((decision, entry.ticket))
    }

    fn decide_entry(
        &self,
        entry: &mut Entry<'_, '_>,
        live: &Live,
        told: Option<&Told<'_>>,
        tools: &mut Tools,
    ) -> Result<Decision, Rejection> {
        let request = entry.request;
        let beside = Beside {
            told,
            shadow: live.shadow.as_deref(),
        };
        match self.attempt(entry, &live.generation, beside, tools) {
            Ok(decision) => Ok(decision),
            Err(Setback::Rejected(rejection)) => Err(rejection),
            Err(Setback::Failed(failure)) => {
                self.blame(request, &live.generation, &failure, tools);
                self.second_opinion(entry, live, &failure)
            }
        }
    }

    /// Decides the request by one generation: its policy, its budgets.
    fn attempt(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        beside: Beside<'_>,
        tools: &mut Tools,
    ) -> Result<Decision, Setback> {
        let request = entry.request;
        if request.terms().sees_budgets() {
            return self.decide_held(entry, generation, beside, tools);
        }
        if let Some(decision) = entry.recall(&*self.store)? {
            return Ok(self.journal_repeat(entry, generation, decision)?);
        }
        let answer = self.ask(request, generation, None, beside, tools)?;
        Ok(self.finish_free(entry, generation, answer, tools.shown(None))?)
    }

    /// Decides again, in the same call, what the live policy failed to decide. The budgets of
    /// the live policy are given up before: the last good one may have others.
    #[cold]
    fn second_opinion(
        &self,
        entry: &mut Entry<'_, '_>,
        live: &Live,
        failure: &Failure,
    ) -> Result<Decision, Rejection> {
        // Where the host is at fault, it would be so again.
        let mut last_good = match failure {
            Failure::Host(_) => None,
            _ => live.last_good(),
        };
        while let Some(generation) = last_good {
            let mut tools = Tools::of(generation);
            match self.attempt(entry, generation, Beside::default(), &mut tools) {
                Ok(decision) => return Ok(decision),
                Err(Setback::Rejected(rejection)) => return Err(rejection),
                // It lost its place between being found and being asked: whoever stands behind
                // it is found now.
                Err(Setback::Failed(Failure::Withdrawn)) => last_good = live.last_good(),
                Err(Setback::Failed(failure)) => {
                    self.blame(entry.request, generation, &failure, &mut tools);
                    break;
                }
            }
        }
        let generation = &live.generation;
        let request = entry.request;
        let state = self.trading_state_for(request);
        let least = least_quantity(generation, request);
        let made = failsafe::decide(request.terms(), state, least);
        // A policy that lost its place is spoken of once, and not for every request after it.
        if *failure != Failure::Withdrawn {
            self.tell(&Event::FailSafe {
                policy: Arc::clone(&generation.identity),
                request: request.id().map(str::to_owned),
                symbol: request.symbol().to_owned(),
                side: made.side,
                reason: made.reason,
            });
        }
        let shown = State {
            trading_state: state,
            budgets: None,
        };
        self.finish_free(entry, generation, Answer::of_fail_safe(made), shown)
    }

    /// Reads the budgets, decides and reserves under one lock.
    fn decide_held(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        beside: Beside<'_>,
        tools: &mut Tools,
    ) -> Result<Decision, Setback> {
        let request = entry.request;
        let now = self.believed_time(entry)?;
        if let Some(now) = now {
            self.end_times(now);
        }
        let mut held = match self
            .store
            .lock(&generation.budgets, now.unwrap_or(Timestamp::MIN))
        {
            Ok(held) => held,
            // An exit asks for no budget, so it does not wait for one that cannot be had.
            Err(_) if entry.closes => {
                if let Some(decision) = entry.recall(&*self.store)? {
                    return Ok(self.journal_repeat(entry, generation, decision)?);
                }
                let answer = self.ask(request, generation, None, beside, tools)?;
                return Ok(self.finish_free(entry, generation, answer, tools.shown(None))?);
            }
            Err(error) => return Err(Setback::Rejected(error.into())),
        };
        // Under the lock: another thread may have decided the same id while this one waited.
        if let Some(decision) = entry.recall(&*self.store)? {
            drop(held);
            return Ok(self.journal_repeat(entry, generation, decision)?);
        }
        let mut uses = std::mem::take(&mut tools.uses);
        held.uses(request.symbol(), request.strategy(), &mut uses);
        let answer = self.ask(request, generation, Some(&uses), beside, tools);
        let shown = tools.shown(Some(&uses));
        let finished = answer.and_then(|answer| {
            let now = now.is_some().then(|| held.now());
            entry.counted_at = now;
            Ok(self.finish_held(entry, generation, answer, held, now, shown)?)
        });
        tools.uses = uses;
        finished
    }

    /// Reserves what the answer charges, and records it.
    fn finish_held(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        mut answer: Answer,
        mut held: Box<dyn Held<Recorded> + '_>,
        now: Option<Timestamp>,
        shown: State<'_>,
    ) -> Result<Decision, Rejection> {
        let spent = newly_spent(generation, &answer);
        if answer.effect == PositionEffect::Open && answer.charge.is_some() {
            if let Some(decision) = entry.opened_before()? {
                drop(held);
                return self.journal_repeat(entry, generation, decision);
            }
            if now.is_none() {
                return Err(Rejection::field_missing(
                    "timestamp",
                    "a budget is charged by it",
                ));
            }
            reserve(entry, generation, &mut answer, &mut *held)?;
            if let Some(identity) = &entry.identity {
                match held.record(identity, Recorded::of(&answer))? {
                    Known::New => {}
                    Known::Repeat(earlier) => {
                        drop(held);
                        let decision = entry.repeat(earlier.answer()?);
                        return self.journal_repeat(entry, generation, decision);
                    }
                    Known::OtherIdentity => return Err(Rejection::duplicate_id(identity.id())),
                }
            }
            let decision = entry.decision(answer);
            let about = self.about(entry, generation, Some(shown));
            entry.ticket = held.commit(&about.decided(&decision, now, entry.identity.is_some()))?;
            return Ok(decision);
        }
        drop(held);
        if let Some(report) = spent {
            self.tell_spent(entry.request, generation, &report);
        }
        self.finish_free(entry, generation, answer, shown)
    }

    #[cold]
    fn tell_spent(&self, request: &Request<'_>, generation: &Generation, report: &BudgetReport) {
        let budgets = &generation.identity.manifest.budgets;
        let info = usize::try_from(report.budget)
            .ok()
            .and_then(|at| budgets.get(at));
        self.tell(&Event::BudgetExhausted {
            policy: Arc::clone(&generation.identity),
            budget: info.map_or_else(String::new, |info| info.name.clone()),
            request: request.id().map(str::to_owned),
            symbol: request.symbol().to_owned(),
            need: report.need,
            remaining: report.remaining(),
        });
    }

    /// Records an answer that charges nothing.
    fn finish_free(
        &self,
        entry: &mut Entry<'_, '_>,
        generation: &Generation,
        answer: Answer,
        shown: State<'_>,
    ) -> Result<Decision, Rejection> {
        if answer.effect == PositionEffect::Open
            && let Some(decision) = entry.opened_before()?
        {
            return self.journal_repeat(entry, generation, decision);
        }
        // What the host skipped itself was nobody's decision: a retry asks again. A close of
        // its own is remembered, so that its retry does not open.
        let closes = answer.effect == PositionEffect::Close;
        let identity = entry
            .identity
            .as_ref()
            .filter(|_| closes || answer.is_a_policys());
        let mut keeps_id = false;
        if let Some(identity) = identity {
            match self.store.record(identity, Recorded::of(&answer)) {
                Ok(Known::New) => keeps_id = !entry.repeated,
                Ok(_) if entry.closes => {}
                Ok(Known::Repeat(earlier)) if !entry.repeated => {
                    let decision = entry.repeat(earlier.answer()?);
                    return self.journal_repeat(entry, generation, decision);
                }
                Ok(Known::Repeat(_)) => {}
                Ok(Known::OtherIdentity) => return Err(Rejection::duplicate_id(identity.id())),
                Err(error) if entry.closes => entry.warn(store_warning(error)),
                Err(error) => return Err(error.into()),
            }
        }
        let decision = entry.decision(answer);
        self.journal(entry, generation, decision, Some(shown), keeps_id)
    }
}

/// The budget that an answer found spent, where that is new.
fn newly_spent(generation: &Generation, answer: &Answer) -> Option<BudgetReport> {
    let report = answer.charge.as_ref()?.report;
    let is_spent = answer.effect != PositionEffect::Open;
    let is_new = generation.note_spent(report.budget, is_spent);
    is_new.then_some(report)
}

fn reserve(
    entry: &Entry<'_, '_>,
    generation: &Generation,
    answer: &mut Answer,
    held: &mut (dyn Held<Recorded> + '_),
) -> Result<(), Rejection> {
    let request = entry.request;
    let Some(charge) = answer.charge.as_mut() else {
        return Ok(());
    };
    let rate = router_guest::engine::sizing::quote_rate(
        request.symbol(),
        &generation.identity.manifest.account_currency,
        request.terms().quote_rate,
    );
    let claim = Claim {
        budget: usize::try_from(charge.report.budget).unwrap_or(usize::MAX),
        need: charge.report.need,
        limit: charge.report.limit,
        symbol: request.symbol(),
        strategy: request.strategy(),
        side: answer.side,
        quote_rate: rate.unwrap_or_default(),
        has_id: entry.identity.is_some(),
    };
    charge.reservation = Some(held.reserve(&claim)?);
    Ok(())
}

fn least_quantity(generation: &Generation, request: &Request<'_>) -> Option<Amount> {
    let symbol = generation.policy.symbol(request.symbol());
    symbol.and_then(|symbol| symbol.min_quantity)
}
