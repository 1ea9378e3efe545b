//! A request on its way through the router, with what its id has to say: whether it was
//! decided before, and what it may do without because it closes. It decides nothing.

use jiff::Timestamp;
use router_guest::decision::PositionEffect;
use router_guest::json::{Fault, FaultCode};

use super::Recorded;
use crate::decision::{Answer, Decision};
use crate::ledger::{Identity, Known, Store, StoreError, Ticket};
use crate::rejection::Rejection;
use crate::request::Request;

/// What a close is told of a store that it does not wait for.
pub(super) fn store_warning(error: StoreError) -> Fault {
    let code = match error {
        StoreError::Full(_) => FaultCode::StoreFull,
        StoreError::Unavailable => FaultCode::StoreUnavailable,
    };
    Fault::of_line(code, error.to_string())
}

/// A request on its way through the router, with what its id has to say.
pub(super) struct Entry<'r, 'a> {
    pub(super) request: &'r Request<'a>,
    pub(super) identity: Option<Identity<'r>>,
    /// The request is one that closes; then neither its id nor the store may stop it.
    pub(super) closes: bool,
    pub(super) repeated: bool,
    /// What was recorded under the id, where it is computed afresh.
    earlier: Option<Answer>,
    warnings: Vec<Fault>,
    /// What must be on disk before the answer goes out.
    pub(super) ticket: Ticket,
    /// The time that budgets were counted by, where they were.
    pub(super) counted_at: Option<Timestamp>,
}

impl<'r, 'a> Entry<'r, 'a> {
    pub(super) fn of(request: &'r Request<'a>) -> Result<Self, Rejection> {
        let terms = request.terms();
        let identity = request.id().map(|id| {
            Identity::new(
                id,
                terms.final_action,
                request.symbol(),
                request.strategy(),
                terms.trade_type,
            )
        });
        Ok(Self {
            request,
            identity: identity
                .transpose()
                .map_err(|error| Rejection::new("too_long", error.to_string()))?,
            closes: terms.faces_position(),
            repeated: false,
            earlier: None,
            warnings: Vec::new(),
            ticket: Ticket::NONE,
            counted_at: None,
        })
    }

    /// The decision that was recorded under the id. A close is computed afresh, from the
    /// position that the repeat brings.
    pub(super) fn recall(
        &mut self,
        store: &dyn Store<Recorded>,
    ) -> Result<Option<Decision>, Rejection> {
        let Some(identity) = &self.identity else {
            return Ok(None);
        };
        match store.lookup(identity) {
            Ok(Known::New) => Ok(None),
            Ok(Known::Repeat(earlier)) => {
                let earlier = earlier.answer()?;
                self.repeated = true;
                if self.closes || earlier.effect == PositionEffect::Close {
                    self.earlier = Some(earlier);
                    return Ok(None);
                }
                Ok(Some(self.repeat(earlier)))
            }
            Ok(Known::OtherIdentity) if self.closes => {
                let message = Rejection::duplicate_id(identity.id()).message;
                self.identity = None;
                self.warn(Fault::of_field(FaultCode::DuplicateId, "id", message));
                Ok(None)
            }
            Ok(Known::OtherIdentity) => Err(Rejection::duplicate_id(identity.id())),
            Err(error) if self.closes => {
                self.warn(store_warning(error));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the request may open: what only a close may drop or do without, an opening may
    /// not. (To a BUY or SELL that is no exit, a position under the symbol's least quantity is
    /// none, so that a request that looks like a close may open.) A repeat of an opening is the
    /// recorded one; the retry of a close whose position is gone does not turn into one.
    pub(super) fn opened_before(&mut self) -> Result<Option<Decision>, Rejection> {
        if let Some(fault) = self.request.warnings().iter().chain(&self.warnings).next() {
            return Err(fault.clone().into());
        }
        let Some(earlier) = self.earlier.take() else {
            return Ok(None);
        };
        match (&self.identity, earlier.effect) {
            (_, PositionEffect::Open) => Ok(Some(self.repeat(earlier))),
            (Some(identity), PositionEffect::Close) => {
                Err(Rejection::repeated_close(identity.id()))
            }
            _ => Ok(None),
        }
    }

    /// Nothing goes out before this is on disk; tickets only grow.
    pub(super) fn wait_for(&mut self, ticket: Ticket) {
        if ticket != Ticket::NONE {
            self.ticket = ticket;
        }
    }

    pub(super) fn warn(&mut self, fault: Fault) {
        if !self.warnings.contains(&fault) {
            self.warnings.push(fault);
        }
    }

    pub(super) fn repeat(&mut self, earlier: Answer) -> Decision {
        self.repeated = true;
        self.decision(earlier)
    }

    pub(super) fn decision(&mut self, answer: Answer) -> Decision {
        let mut warnings = self.request.warnings().to_vec();
        warnings.append(&mut self.warnings);
        if answer.effect == PositionEffect::Close {
            warnings.extend(Fault::of_cut(self.request.terms()));
        }
        Decision {
            answer,
            warnings,
            repeated: self.repeated,
        }
    }
}
