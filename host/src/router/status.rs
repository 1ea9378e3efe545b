//! What a router is at, for people who ask. It changes nothing.

use std::sync::Arc;

use jiff::Timestamp;
use router_guest::state::TradingState;

use super::{Quarantined, Router, ShadowReport};
use crate::decision::PolicyIdentity;

/// What a router is at.
#[derive(Debug, Clone)]
pub struct Status {
    /// The live policy.
    pub policy: Arc<PolicyIdentity>,
    /// Whether it lost its place with none to take it: the fail-safe decides.
    pub is_withdrawn: bool,
    /// Decisions that it made, in all of its lives; each thread may not have told its last 63.
    pub decisions: u64,
    /// The policy that is asked when it has no answer, and that a rollback goes back to.
    pub last_good: Option<Arc<PolicyIdentity>>,
    /// How much is let through.
    pub trading_state: TradingState,
    /// When that ends by itself.
    pub trading_state_until: Option<Timestamp>,
    /// Policies that are not let in.
    pub quarantined: Vec<Quarantined>,
    /// What the policy in the shadow has said.
    pub shadow: Option<ShadowReport>,
}

impl Router {
    /// What the router is at.
    pub fn status(&self) -> Status {
        let live = self.slot.now();
        let last_good = live.last_good();
        Status {
            policy: Arc::clone(&live.generation.identity),
            is_withdrawn: live.generation.is_withdrawn(),
            decisions: live.generation.standing.decided(),
            last_good: last_good.map(|generation| Arc::clone(&generation.identity)),
            trading_state: self.trading_state(),
            trading_state_until: self.trading_state_until(),
            quarantined: self.quarantine(),
            shadow: self.shadow_report(),
        }
    }
}
