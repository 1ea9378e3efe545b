//! A signal as the strategy writes it, and the request that it becomes. It knows nothing of the
//! venue, and keeps amounts as text until they are decimals: never a float.

use std::error::Error;

use execution_router::{Amount, FinalAction, Position, Request, TradeType, WorkingOrders};
use serde::Deserialize;

/// A line of the recorded stream, but for the position: that was another bot's.
#[derive(Deserialize)]
pub(crate) struct Signal<'a> {
    pub(crate) id: &'a str,
    timestamp: &'a str,
    final_action: &'a str,
    symbol: &'a str,
    strategy: &'a str,
    trade_type: &'a str,
    price: &'a str,
    target_notional: &'a str,
    equity: &'a str,
    signal_score: f64,
    confidence: f64,
    risk_reward_ratio: f64,
    stop_loss: &'a str,
}

impl Signal<'_> {
    /// Asks the router about the signal, where this is open and these orders are out.
    pub(crate) fn request(
        &self,
        position: Option<Position>,
        working: WorkingOrders,
    ) -> Result<Request<'_>, Box<dyn Error>> {
        let action = FinalAction::of_word(self.final_action);
        let trade_type = TradeType::of_word(self.trade_type);
        let request = Request::builder(action, self.symbol, self.strategy)
            .id(self.id)
            .timestamp(self.timestamp.parse()?)
            .trade_type(trade_type.ok_or("a trade type that there is not")?)
            .position(position)
            .working(working)
            .price(self.price()?)
            .target_notional(self.target_notional.parse()?)
            .equity(self.equity.parse()?)
            .signal_score(self.signal_score)
            .confidence(self.confidence)
            .risk_reward_ratio(self.risk_reward_ratio)
            .stop_loss(self.stop_loss.parse()?)
            .build()?;
        Ok(request)
    }

    /// The price that it was made at.
    pub(crate) fn price(&self) -> Result<Amount, Box<dyn Error>> {
        Ok(self.price.parse()?)
    }
}
