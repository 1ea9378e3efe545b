//! Each thread's own instance of the live policy, reused from request to request and thrown
//! away after a fault or with its generation. Nothing here is shared, so threads never wait
//! for each other's.

use std::cell::RefCell;
use std::sync::Arc;

use router_guest::state::{BudgetUse, State, TradingState};

use super::Router;
use super::generation::{Generation, Live, View};
use crate::decision::PolicyIdentity;
use crate::policy::{HostFault, Instance};
use crate::sync::thread_local;

/// Routers that one thread keeps an instance for; the longest unused makes room.
const SEATS_MAX: usize = 4;

thread_local! {
    #[expect(clippy::vec_box, reason = "a seat is moved with every request, and is large")]
    static SEATS: RefCell<Vec<Box<Seat>>> = const { RefCell::new(Vec::new()) };
}

/// What a thread keeps for one router.
pub(super) struct Seat {
    router: u64,
    view: View,
    tools: Tools,
}

/// What a thread decides with: an instance of one generation, and room to work in.
pub(super) struct Tools {
    generation: u64,
    instance: Option<Instance>,
    /// The thread's own copy, so that counting its holders makes no two threads wait.
    pub(super) identity: Arc<PolicyIdentity>,
    /// Room for budget use, kept to be filled again.
    pub(super) uses: Vec<BudgetUse>,
    /// How much was let through when the policy was last asked.
    pub(super) trading_state: TradingState,
    /// Decisions that the policy's standing has not been told of.
    pub(super) uncounted: u64,
}

impl Seat {
    fn new(router: &Router) -> Self {
        let mut view = router.slot.view();
        let tools = Tools::of(&view.load().generation);
        Self {
            router: router.key,
            view,
            tools,
        }
    }

    /// What is live, and the tools for it. Whoever holds it decides by it to the end, whatever
    /// is swapped meanwhile.
    #[inline]
    pub(super) fn live(&mut self) -> (&Live, &mut Tools) {
        let live = self.view.load();
        if live.generation.number() != self.tools.generation {
            self.tools = Tools::of(&live.generation);
        }
        (live, &mut self.tools)
    }
}

impl Tools {
    pub(super) fn of(generation: &Generation) -> Self {
        Self {
            generation: generation.number(),
            instance: None,
            identity: Arc::new(PolicyIdentity::clone(&generation.identity)),
            uses: Vec::new(),
            trading_state: TradingState::Halted,
            uncounted: 0,
        }
    }

    /// The instance, made if there is none.
    pub(super) fn instance(&mut self, generation: &Generation) -> Result<&mut Instance, HostFault> {
        if self.instance.is_none() {
            self.instance = Some(match generation.take_ready() {
                Some(ready) => ready,
                None => generation.policy.instantiate()?,
            });
        }
        self.instance.as_mut().ok_or_else(HostFault::no_instance)
    }

    /// What the policy was shown when it was last asked.
    pub(super) fn shown<'s>(&self, uses: Option<&'s [BudgetUse]>) -> State<'s> {
        State {
            trading_state: self.trading_state,
            budgets: uses,
        }
    }

    /// Throws the instance away: after a fault it is dead.
    pub(super) fn discard(&mut self) {
        self.instance = None;
    }
}

/// Runs with this thread's seat for the router. The seat is taken out meanwhile, so that an
/// observer that routes a request of its own gets another one.
pub(super) fn with<T>(router: &Router, run: impl FnOnce(&mut Seat) -> T) -> T {
    let mut seat = take(router).unwrap_or_else(|| Box::new(Seat::new(router)));
    let result = run(&mut seat);
    SEATS.with(|seats| {
        let mut seats = seats.borrow_mut();
        if seats.len() >= SEATS_MAX {
            seats.remove(0);
        }
        seats.push(seat);
    });
    result
}

fn take(router: &Router) -> Option<Box<Seat>> {
    SEATS.with(|seats| {
        let mut seats = seats.borrow_mut();
        let at = seats.iter().rposition(|seat| seat.router == router.key)?;
        Some(seats.remove(at))
    })
}
