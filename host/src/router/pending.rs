//! A decision that is made and on its way to the disk: for whoever has more requests to decide
//! meanwhile. One thread can so keep as many in flight as hundreds that each wait for one.

use std::fmt;
use std::time::Instant;

use super::{Router, seat};
use crate::decision::Decision;
use crate::ledger::{StoreError, Ticket};
use crate::rejection::Rejection;
use crate::request::Request;

/// A decision that may not be acted on before [`Pending::wait`] gave it out. Dropped, it is made
/// all the same, and what it holds of a budget stays held.
#[must_use = "what it decides has been done; nobody hears of it when it is dropped"]
pub struct Pending<'r> {
    router: &'r Router,
    decision: Decision,
    on_disk: OnDisk,
}

/// What must be on disk before an answer goes out, and since when that is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnDisk {
    ticket: Ticket,
    since: Instant,
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
            on_disk: OnDisk::since_now(ticket),
        })
    }

    /// The decision, with what must be on disk before it goes out, where that is anything.
    #[inline]
    pub(crate) fn decide_awaited(
        &self,
        request: &Request<'_>,
    ) -> Result<(Decision, Option<OnDisk>), Rejection> {
        let (decision, ticket) = seat::with(self, |seat| self.decide_ahead(request, None, seat))?;
        let awaited = (ticket != Ticket::NONE).then(|| OnDisk::since_now(ticket));
        Ok((decision, awaited))
    }

    /// Waits until that is on disk.
    pub(crate) fn wait_for(&self, on_disk: OnDisk) -> Result<(), StoreError> {
        self.store.wait_since(on_disk.ticket, on_disk.since)
    }
}

impl OnDisk {
    fn since_now(ticket: Ticket) -> Self {
        let since = Instant::now();
        Self { ticket, since }
    }
}

impl Pending<'_> {
    /// The decision, once what it must wait for is on disk: at once where that is nothing.
    ///
    /// # Errors
    /// [`Rejection`] `store_unavailable` when it cannot be kept, or is not on disk for so long
    /// after it was decided as the store waits: nothing may be sent for it. A close does not depend
    /// on that, and comes with a warning.
    pub fn wait(self) -> Result<Decision, Rejection> {
        let OnDisk { ticket, since } = self.on_disk;
        self.router.durable(self.decision, ticket, since)
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pending")
            .field("on_disk", &self.on_disk)
            .finish_non_exhaustive()
    }
}
