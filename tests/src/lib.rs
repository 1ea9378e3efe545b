//! The conformance suite: what any policy component and any host can be held to.
//!
//! Cases are data (`cases/`), and what is needed to run them is here. Nothing in this crate
//! knows how a policy is written.

pub mod as_written;
pub mod disk;
pub mod generate;
pub mod generate_line;
pub mod generate_policy;
pub mod hosts;
pub mod ledger;
pub mod mutate;
pub mod naive;
pub mod routing;
pub mod run;
pub mod soak;
pub mod store;
pub mod tree;

use router_guest::document::Document;
use router_guest::engine::Engine;
use routing::Settings;

/// The default policy, as people edit it.
pub const DEFAULT_POLICY: &str = include_str!("../../policies/default/policy.yaml");

/// The default policy with everything known that can be: ETH/USDT may be shorted, and has a
/// step and minimums.
pub fn variant_policy() -> String {
    DEFAULT_POLICY
        .replace("short_enabled: false", "short_enabled: true")
        .replace(
            "ETH/USDT: { allow_short: false }",
            "ETH/USDT: { allow_short: true, step: 0.0001, min_quantity: 0.001, min_notional: 10 }",
        )
}

/// The native engine of a document, with the settings that the oracle routes by.
///
/// # Panics
/// When the document is not sound: the suite brings its own.
#[expect(clippy::expect_used, reason = "the suite's own documents")]
pub fn engine_of(document: &str) -> (Engine, Settings) {
    let document = Document::parse(document).expect("a sound document");
    let engine = Engine::new(document.table()).expect("a sound table");
    let settings = Settings {
        account_currency: document.table().account_currency.clone(),
        symbols: document.table().symbols.clone(),
    };
    (engine, settings)
}

/// The native engine of the default policy.
pub fn default_engine() -> (Engine, Settings) {
    engine_of(DEFAULT_POLICY)
}

/// The native engine of [`variant_policy`].
pub fn variant_engine() -> (Engine, Settings) {
    engine_of(&variant_policy())
}
