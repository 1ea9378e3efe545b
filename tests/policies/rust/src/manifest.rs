//! What the policy says of itself: the settings of the default policy, and the names behind the
//! indexes of its decisions.

use crate::amount::Amount;
use crate::bindings::exports::execution_router::policy::routing::{
    Budget, Manifest, OrderIntent, Scope, ScoreField, ScoreThreshold, Symbol, Tier, Window,
};

pub const ACCOUNT_CURRENCY: &str = "USDT";
/// Budgets that a state carries the use of.
pub const BUDGETS: usize = 1;
/// The index of the one that pilot and exploration trades share.
pub const EXPLORATION: u32 = 0;
/// Percent of the equity a day.
const EXPLORATION_PERCENT: Amount = Amount::new(3, 0);
/// The same as a factor.
pub const EXPLORATION_SHARE: Amount = Amount::new(3, 2);
/// The master switch. A short needs the symbol's own as well.
const SHORT_ENABLED: bool = false;

/// The row of section 4 that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Rule {
    Halted,
    NoSignal,
    BelowThreshold,
    AlreadyClosing,
    Dust,
    CloseShort,
    CloseLong,
    Close,
    ExitWhenFlat,
    ExitCannotOpen,
    NoPyramid,
    Reducing,
    ShortingDisabled,
    AlreadyOpening,
    BelowMinimum,
    ExplorationLimit,
    Open,
}

const RULES: [&str; 17] = [
    "row 1", "row 2", "row 2a", "row 2b", "row 2c", "row 3", "row 4", "row 5", "row 6", "row 7",
    "row 8", "row 9", "row 10", "row 11", "row 11a", "row 12", "row 13",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    TradingHalted,
    HoldSignal,
    SkipSignal,
    UnknownAction,
    BelowThreshold,
    AlreadyClosing,
    Dust,
    CloseShort,
    CloseLong,
    NoPositionToClose,
    ExitCannotOpen,
    AlreadyLongNoPyramid,
    AlreadyShortNoPyramid,
    ReducingOnly,
    ShortingDisabled,
    AlreadyOpening,
    BelowMinimum,
    ExplorationLimit,
    OpenLong,
    OpenShort,
}

const REASONS: [&str; 20] = [
    "trading_halted",
    "hold_signal",
    "skip_signal",
    "unknown_action",
    "below_threshold",
    "already_closing",
    "dust",
    "close_short",
    "close_long",
    "no_position_to_close",
    "exit_cannot_open",
    "already_long_no_pyramid",
    "already_short_no_pyramid",
    "reducing_only",
    "shorting_disabled",
    "already_opening",
    "below_minimum",
    "exploration_limit",
    "open_long",
    "open_short",
];

/// A class of trades by quality.
pub struct TierRule {
    name: &'static str,
    pub intent: OrderIntent,
    pub score_min: f64,
    pub risk_reward_min: Option<f64>,
    pub size: Amount,
    pub budget: Option<u32>,
}

/// In the order in which they classify `auto`.
pub const TIERS: [TierRule; 3] = [
    TierRule {
        name: "normal",
        intent: OrderIntent::Normal,
        score_min: 0.65,
        risk_reward_min: Some(1.3),
        size: Amount::ONE,
        budget: None,
    },
    TierRule {
        name: "pilot",
        intent: OrderIntent::Pilot,
        score_min: 0.55,
        risk_reward_min: Some(1.15),
        size: Amount::new(4, 1),
        budget: Some(EXPLORATION),
    },
    TierRule {
        name: "explore",
        intent: OrderIntent::Explore,
        score_min: 0.30,
        risk_reward_min: None,
        size: Amount::new(5, 1),
        budget: Some(EXPLORATION),
    },
];

/// What is known of a symbol by name.
pub struct SymbolRule {
    name: &'static str,
    allow_short: bool,
    pub step: Option<Amount>,
    pub min_quantity: Option<Amount>,
    pub min_notional: Option<Amount>,
}

const SYMBOLS: [SymbolRule; 3] = [
    SymbolRule::plain("BTC/USDT"),
    SymbolRule::plain("ETH/USDT"),
    SymbolRule {
        step: Some(Amount::new(1, 3)),
        min_quantity: Some(Amount::new(1, 2)),
        min_notional: Some(Amount::new(5, 0)),
        ..SymbolRule::plain("LTC/USDT")
    },
];

impl SymbolRule {
    const fn plain(name: &'static str) -> Self {
        Self {
            name,
            allow_short: false,
            step: None,
            min_quantity: None,
            min_notional: None,
        }
    }

    pub const fn is_shortable(&self) -> bool {
        SHORT_ENABLED && self.allow_short
    }
}

/// What is known of a symbol; none of one that is not listed.
pub fn symbol(name: &str) -> Option<&'static SymbolRule> {
    SYMBOLS.iter().find(|symbol| symbol.name == name)
}

pub fn manifest() -> Manifest {
    Manifest {
        schema: 1,
        name: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        account_currency: ACCOUNT_CURRENCY.into(),
        reasons: REASONS.map(String::from).into(),
        rules: RULES.map(String::from).into(),
        tiers: TIERS.iter().map(tier_info).collect(),
        budgets: vec![Budget {
            name: "exploration".into(),
            amount: None,
            percent: Some(EXPLORATION_PERCENT.into()),
            orders: None,
            window: Window::Day,
            seconds: 0,
            zone: "UTC".into(),
            scope: Scope::All,
        }],
        symbols: SYMBOLS.iter().map(symbol_info).collect(),
        score_thresholds: TIERS.iter().flat_map(thresholds).collect(),
        // Minimums of symbols stand with the symbols; no other amount is tested against a number.
        amount_thresholds: vec![],
    }
}

fn tier_info(tier: &TierRule) -> Tier {
    Tier {
        name: tier.name.into(),
        intent: tier.intent,
        size: tier.size.into(),
        budget: tier.budget,
    }
}

fn symbol_info(symbol: &SymbolRule) -> Symbol {
    Symbol {
        name: symbol.name.into(),
        shortable: symbol.is_shortable(),
        step: symbol.step.map(Into::into),
        min_quantity: symbol.min_quantity.map(Into::into),
        min_notional: symbol.min_notional.map(Into::into),
    }
}

fn thresholds(tier: &TierRule) -> impl Iterator<Item = ScoreThreshold> + use<> {
    let score = (ScoreField::SignalStrength, Some(tier.score_min));
    let ratio = (ScoreField::RiskRewardRatio, tier.risk_reward_min);
    [score, ratio].into_iter().filter_map(|(field, value)| {
        Some(ScoreThreshold {
            field,
            value: value?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_of_a_decision_has_its_name() {
        assert_eq!(RULES[Rule::Open as usize], "row 13");
        assert_eq!(RULES[Rule::ExplorationLimit as usize], "row 12");
        assert_eq!(REASONS[Reason::OpenShort as usize], "open_short");
        assert_eq!(REASONS[Reason::ReducingOnly as usize], "reducing_only");
        assert_eq!(Rule::Open as usize + 1, RULES.len());
        assert_eq!(Reason::OpenShort as usize + 1, REASONS.len());
    }

    #[test]
    fn both_switches_are_off() {
        for name in ["BTC/USDT", "ETH/USDT", "LTC/USDT"] {
            assert!(!symbol(name).unwrap().is_shortable());
        }
        assert!(symbol("btc/usdt").is_none());
    }
}
