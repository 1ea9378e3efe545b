//! A durable store under load, and what must be found in it afterwards, whatever it was that
//! ended the load: every answer that went out, once, and a journal that the ledger agrees with.
//!
//! `load` asks a router from several threads and says what it was answered; `audit` holds a
//! store's tables to that, and decides the journal's charges again by the naive model of
//! [`crate::ledger`], in the order of the log. Neither knows how the store writes.

pub mod acknowledged;
pub mod audit;
pub mod kill;
pub mod load;
pub mod options;
pub mod power;
pub mod variants;

/// Equity of all requests: with 3 % of it, a budget is 3,000.
pub const EQUITY: u64 = 100_000;
/// Their symbol.
pub const SYMBOL: &str = "BTC/USDT";
/// Their strategies.
pub const STRATEGIES: [&str; 2] = ["alpha", "beta"];
