//! Many requests in one call of the policy, with the answers that one call each would give.
//!
//! Each item is decided on its own snapshot of the budgets, taken before any of the batch is
//! charged. Afterwards, in order, an item is decided again by itself when its snapshot is no
//! longer what the budgets say, be it by an earlier item or by another thread.

use std::time::Instant;

use jiff::Timestamp;
use router_guest::decision::{Decision as PolicyDecision, Refusal};
use router_guest::state::{BudgetUse, TradingState};

use super::Router;
use super::ask::Shown;
use super::generation::Generation;
use super::seat::{self, Seat};
use crate::decision::Decision;
use crate::policy::BatchItem;
use crate::rejection::Rejection;
use crate::request::Request;

/// Requests that go to the policy in one call at most; a longer batch takes several.
pub const BATCH_ITEMS_MAX: usize = 256;

/// What the policy said to one item of a batch, and what it was shown when it did.
pub(super) struct Told<'s> {
    pub(super) answered: Result<PolicyDecision, Refusal>,
    /// The number of the generation that said it.
    generation: u64,
    trading_state: TradingState,
    snapshot: Option<&'s [BudgetUse]>,
}

impl Told<'_> {
    /// Whether it is the same policy, and would be shown the same now.
    pub(super) fn still_holds(&self, generation: &Generation, shown: &Shown<'_>) -> bool {
        self.generation == generation.number()
            && self.trading_state == shown.trading_state
            && self.snapshot == shown.uses
    }
}

/// A part of a batch, as the policy is given it.
#[derive(Default)]
struct Call<'r> {
    names: Vec<&'r str>,
    uses: Vec<BudgetUse>,
    items: Vec<BatchItem>,
}

impl<'r> Call<'r> {
    /// The number of a name; batches have few, so they are searched from the last one used.
    fn name(&mut self, name: &'r str) -> u32 {
        let at = self
            .names
            .iter()
            .rposition(|known| *known == name)
            .unwrap_or_else(|| {
                self.names.push(name);
                self.names.len() - 1
            });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn push(
        &mut self,
        request: &'r Request<'_>,
        trading_state: TradingState,
        uses: Option<&[BudgetUse]>,
    ) {
        let budgets = uses.map(|uses| {
            let first = self.uses.len();
            self.uses.extend_from_slice(uses);
            u32::try_from(first).unwrap_or(u32::MAX)
        });
        let item = BatchItem {
            symbol: self.name(request.symbol()),
            strategy: self.name(request.strategy()),
            terms: *request.terms(),
            trading_state,
            budgets,
        };
        self.items.push(item);
    }

    /// The budget use that an item was shown.
    fn snapshot(&self, item: usize, budgets: usize) -> Option<&[BudgetUse]> {
        let first = usize::try_from(self.items.get(item)?.budgets?).ok()?;
        self.uses.get(first..first + budgets)
    }
}

impl Router {
    /// Decides many requests, in order, as [`Router::decide`] would one by one, but with one
    /// call of the policy for up to [`BATCH_ITEMS_MAX`] of them. Fuel is not told, since what
    /// one of them cost cannot be.
    pub fn decide_batch(&self, requests: &[Request<'_>]) -> Vec<Result<Decision, Rejection>> {
        seat::with(self, |seat| {
            let parts = requests.chunks(BATCH_ITEMS_MAX);
            parts
                .flat_map(|part| self.decide_part(part, seat))
                .collect()
        })
    }

    fn decide_part(
        &self,
        part: &[Request<'_>],
        seat: &mut Seat,
    ) -> Vec<Result<Decision, Rejection>> {
        let (live, tools) = seat.live();
        let generation = &*live.generation;
        let (number, budgets) = (generation.number(), generation.budgets.len());
        let trading_state = match part.first() {
            Some(first) => self.trading_state_for(first),
            None => return Vec::new(),
        };
        let call = self.gather(part, generation, trading_state);
        let answered = match tools.instance(generation) {
            Ok(instance) if !generation.is_withdrawn() => {
                let answered = instance.decide_batch(&call.names, &call.uses, &call.items);
                answered
                    .ok()
                    .map(|(answered, _)| answered)
                    .filter(|answered| answered.len() == part.len())
            }
            _ => None,
        };
        let Some(answered) = answered else {
            // The call as a whole failed: one by one, the item that is to blame stands alone.
            tools.discard();
            return part
                .iter()
                .map(|request| self.decide_in(request, None, seat))
                .collect();
        };
        let items = part.iter().zip(answered).enumerate();
        let ahead: Vec<_> = items
            .map(|(at, (request, answered))| {
                let told = Told {
                    answered,
                    generation: number,
                    trading_state,
                    snapshot: call.snapshot(at, budgets),
                };
                self.decide_ahead(request, Some(&told), seat)
            })
            .collect();
        // One wait for all of them: the disk is the dearest part of each.
        let since = Instant::now();
        let ahead = ahead.into_iter();
        ahead
            .map(|decided| {
                decided.and_then(|(decision, ticket)| self.durable(decision, ticket, since))
            })
            .collect()
    }

    /// Puts the items together. Their snapshots are all taken at the time of the first: one
    /// whose time is in another window is found to differ when its turn comes.
    fn gather<'r>(
        &self,
        part: &'r [Request<'_>],
        generation: &Generation,
        trading_state: TradingState,
    ) -> Call<'r> {
        let first = part.iter().find(|request| request.terms().sees_budgets());
        let now = first
            .and_then(|request| self.time_of(request))
            .unwrap_or(Timestamp::MIN);
        let mut held = first.and_then(|_| self.store.lock(&generation.budgets, now).ok());
        let mut call = Call::default();
        let mut uses = Vec::new();
        for request in part {
            let held = held.as_mut().filter(|_| request.terms().sees_budgets());
            let uses = held.map(|held| {
                held.uses(request.symbol(), request.strategy(), &mut uses);
                uses.as_slice()
            });
            call.push(request, trading_state, uses);
        }
        call
    }
}
