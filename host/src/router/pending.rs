//! A decision that is made and on its way to the disk: for whoever has more requests to decide
//! meanwhile. One thread can so keep as many in flight as hundreds that each wait for one.

use std::fmt;

use super::{Router, seat};
use crate::decision::Decision;
use crate::ledger::Ticket;
use crate::rejection::Rejection;
use crate::request::Request;

/// A decision that may not be acted on before [`Pending::wait`] gave it out. Dropped, it is made
/// all the same, and what it holds of a budget stays held.
#[must_use = "what it decides has been done; nobody hears of it when it is dropped"]
pub struct Pending<'r> {
    router: &'r Router,
    decision: Decision,
    ticket: Ticket,
}

impl Router {
    /// Decides one request without waiting for the disk. Requests are decided in the order in
    /// which this is called, and written in that order; their answers may be waited for in any.
    ///
    /// # Errors
    /// [`Rejection`] as of [`Router::decide`].
    pub fn decide_pending(&self, request: &Request<'_>) -> Result<Pending<'_>, Rejection> {
        let (decision, ticket) = seat::with(self, |seat| self.decide_ahead(request, None, seat))?;
        Ok(Pending {
            router: self,
            decision,
            ticket,
        })
    }
}

impl Pending<'_> {
    /// The decision, once what it must wait for is on disk: at once where that is nothing.
    ///
    /// # Errors
    /// [`Rejection`] `store_unavailable` when it cannot be kept: nothing may be sent for it. A
    /// close does not depend on that, and comes with a warning.
    pub fn wait(self) -> Result<Decision, Rejection> {
        self.router.durable(self.decision, self.ticket)
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pending")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
