//! The smallest embedding: the default policy, one signal, one decision.

use execution_router::{Cache, FinalAction, Policy, Request, Router};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let router = Router::new(Policy::default_policy(&Cache::user())?)?;
    let sell = Request::builder(FinalAction::Sell, "BTC/USDT", "trend").position(None);
    let decision = router.decide(&sell.build()?)?;
    println!("{} {}", decision.side().word(), decision.reason());
    Ok(())
}
