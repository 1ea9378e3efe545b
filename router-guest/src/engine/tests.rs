use crate::amount::Amount;
use crate::decision::{Refusal, RequestField};
use crate::document::Document;
use crate::engine::Engine;
use crate::request::{FinalAction, OrderTerms, Request, TradeType};
use crate::state::{BudgetUse, State, TradingState};

const OPENS: &str = "
name: opens
version: 1
account_currency: USDT
tiers:
  normal:  { size: 40% }
  pilot:   { size: 40%, budget: trial }
  explore: { size: 50%, budget: trial }
budgets:
  trial: { limit: 100 USDT, per: day }
routes:
  - open: { open: sized }
";

/// Bug: one request took a sound policy its place. Cause: a tier's factor rounded the smallest
/// target that there is down to nothing, and the guard saw an opening of 0. Fix: such an order
/// is refused for its target.
#[test]
fn a_target_that_sizing_leaves_nothing_of_is_refused() {
    let engine = Engine::new(Document::parse(OPENS).unwrap().table()).unwrap();
    let unspent = [BudgetUse::default()];
    for trade_type in [TradeType::Normal, TradeType::Pilot, TradeType::Exploration] {
        let mut terms = OrderTerms::new(FinalAction::Buy, trade_type);
        terms.target_notional = Amount::new(1, 28);
        terms.price = Some(Amount::ONE);
        let request = Request {
            symbol: "BTC/USDT",
            strategy: "trend",
            terms,
        };
        let budgets = terms.sees_budgets().then_some(&unspent[..]);
        let state = State {
            trading_state: TradingState::Active,
            budgets,
        };
        let too_small = Refusal::FieldOverflow(RequestField::TargetNotional);
        assert_eq!(engine.decide(&request, &state), Err(too_small));
    }
}
