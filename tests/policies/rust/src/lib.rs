//! The default routing as a policy component, without the rule engine: what the interface asks
//! for, handed to [`route`].
//!
//! It keeps nothing between calls and imports nothing.

// That of new projects.
#[path = "../../../../host/templates/rust/src/amount.rs"]
mod amount;
mod manifest;
mod route;

#[allow(missing_docs, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "policy",
        additional_derives: [PartialEq],
    });
}

use bindings::exports::execution_router::policy::routing::{
    BatchItem, BudgetUse, Decision, Guest, Manifest, Refusal, Request, State,
};
use route::Question;

struct DefaultRouting;

bindings::export!(DefaultRouting with_types_in bindings);

impl Guest for DefaultRouting {
    fn describe() -> Manifest {
        manifest::manifest()
    }

    fn decide(request: Request, state: State) -> Result<Decision, Refusal> {
        route::route(&Question {
            symbol: &request.symbol,
            terms: &request.terms,
            trading_state: state.trading_state,
            budgets: state.budgets.as_deref(),
        })
    }

    fn decide_batch(
        names: Vec<String>,
        uses: Vec<BudgetUse>,
        items: Vec<BatchItem>,
    ) -> Vec<Result<Decision, Refusal>> {
        let decide = |item: &BatchItem| {
            // A batch whose indexes point nowhere traps: no host sends one.
            let budgets = item.budgets.map(|first| {
                let first = first as usize;
                &uses[first..first + manifest::BUDGETS]
            });
            route::route(&Question {
                symbol: &names[item.symbol as usize],
                terms: &item.terms,
                trading_state: item.trading_state,
                budgets,
            })
        };
        items.iter().map(decide).collect()
    }
}
