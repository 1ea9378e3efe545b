//! The ledger of budgets, held to a model that is naive on purpose: random operations on both,
//! compared after each; and histories of several threads, held to the same model in some order.
//!
//! The model knows charges and sums them anew for every question. Where it and the ledger
//! differ, one of them is wrong, and the shortest sequence that shows it is printed. Nothing
//! here reads a store's file.

pub mod calendar;
pub mod linear;
pub mod model;
pub mod operation;
pub mod pair;
pub mod run;

/// Names of the budgets that policies have.
pub const BUDGETS: [&str; 3] = ["exploration", "pilot", "hedges"];
/// Symbols that requests have. One strategy is named as a symbol, so that a mix-up shows.
pub const SYMBOLS: [&str; 3] = ["BTC/USDT", "ETH/EUR", "momentum"];
/// Strategies that requests have.
pub const STRATEGIES: [&str; 2] = ["momentum", "ETH/EUR"];
