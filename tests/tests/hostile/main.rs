//! Policies that trap, run on, break the interface, or lie: what each costs, whom, and what
//! the request gets all the same. `tests/hostile/README.md` has the table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod bench;
mod cases;
mod component;
mod faults;
mod image;
mod lies;
mod manifests;
#[cfg(target_os = "linux")]
mod measured;
mod swapped;
mod table;
mod verified;

use router_guest::amount::Amount;
use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::state::{BudgetUse, TradingState};

use crate::bench::*;
use crate::component::Hostile;
use crate::image::answer_bytes;

#[test]
fn a_policy_that_tells_the_truth_is_believed() {
    let hostile = Hostile::new();
    let policy = hostile.policy();
    assert_eq!(policy.manifest(), &hostile.manifest);
    let explore = flat(FinalAction::Buy, TradeType::Exploration);
    let bench = Bench::new(policy);
    assert_eq!(bench.decide(&explore), SOUND);
    assert_eq!(
        bench.held(),
        BudgetUse {
            used: Amount::ZERO,
            reserved: amount("100"),
            orders: 1
        }
    );
    let truth = Hostile {
        bad: answer_bytes(&Ok(closing())),
        ..Hostile::new()
    };
    let close = on(FinalAction::Close, TradeType::Normal, PositionSide::Long);
    costs(
        &truth,
        TradingState::Active,
        &close,
        "SELL exit closed 2 by only",
        "",
    );
}
