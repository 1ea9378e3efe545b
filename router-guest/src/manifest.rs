//! What a host must know of a policy before it asks. The records of `wit/routing.wit`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::decision::OrderIntent;

/// The version of the manifest's meaning that this crate writes and reads.
pub const MANIFEST_SCHEMA: u32 = 1;

/// Names behind the indexes of a decision, limits, and the domain that the rules tell apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Version of this record's meaning: [`MANIFEST_SCHEMA`].
    pub schema: u32,
    /// The policy's name.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// Currency of equity and budgets.
    pub account_currency: String,
    /// Every reason that a decision can give.
    pub reasons: Vec<String>,
    /// The rules, in order.
    pub rules: Vec<String>,
    /// The tiers, in the order in which they classify `auto`.
    pub tiers: Vec<TierInfo>,
    /// The budgets; a state carries their use in this order.
    pub budgets: Vec<BudgetInfo>,
    /// The symbols that the policy knows by name.
    pub symbols: Vec<SymbolInfo>,
    /// Where rules cut the range of a score or ratio.
    pub score_thresholds: Vec<(ScoreField, f64)>,
    /// Where rules cut the range of an amount.
    pub amount_thresholds: Vec<(AmountField, Amount)>,
}

/// A class of trades by quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierInfo {
    /// Its name.
    pub name: String,
    /// The intent of what it opens: normal, pilot or explore.
    pub intent: OrderIntent,
    /// The factor on `target_notional`, above 0 and at most 1.
    pub size: Amount,
    /// Index of the budget that it charges.
    pub budget: Option<u32>,
}

/// Money or orders set aside for a window of time. All its limits hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetInfo {
    /// Its name. What is used is kept under it, across versions of a policy.
    pub name: String,
    /// Account currency.
    pub amount: Option<Amount>,
    /// Percent of the request's equity: 3 is 3 %.
    pub percent: Option<Amount>,
    /// Orders.
    pub orders: Option<u32>,
    /// When use starts again at zero.
    pub window: Window,
    /// IANA zone of the calendar windows.
    pub zone: String,
    /// What shares the budget.
    pub scope: Scope,
}

/// When a budget's use starts again at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// Never.
    None,
    /// With the hour, in the budget's zone.
    Hour,
    /// With the calendar day, in the budget's zone.
    Day,
    /// With the ISO week, on Monday, in the budget's zone.
    Week,
    /// Each charge counts for this many seconds.
    Rolling {
        /// Above 0.
        seconds: u32,
    },
}

/// What shares a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scope {
    /// All requests.
    All,
    /// Those of one symbol.
    Symbol,
    /// Those of one strategy.
    Strategy,
}

/// A symbol that the policy knows by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolInfo {
    /// As bots send it.
    pub name: String,
    /// Whether a decision may open a short in it.
    pub shortable: bool,
    /// Quantities are multiples of it; 8 places where it is not known.
    pub step: Option<Amount>,
    /// The venue's least quantity.
    pub min_quantity: Option<Amount>,
    /// The venue's least notional, in quote currency.
    pub min_notional: Option<Amount>,
}

/// Scores and ratios that a rule can test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ScoreField {
    /// `signal_score` as given.
    SignalScore,
    /// The absolute value of `signal_score`.
    SignalStrength,
    /// `confidence`
    Confidence,
    /// `risk_reward_ratio`
    RiskRewardRatio,
}

/// Amounts that a rule can test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AmountField {
    /// The position's quantity, 0 when flat.
    PositionQuantity,
    /// Position − closing, 0 when flat.
    ClosableQuantity,
    /// `close_quantity`
    CloseQuantity,
    /// `working.opening`
    WorkingOpening,
    /// `working.closing`
    WorkingClosing,
    /// `price`
    Price,
    /// `target_notional`
    TargetNotional,
    /// `equity`
    Equity,
    /// `quote_rate`
    QuoteRate,
    /// `stop_loss`
    StopLoss,
    /// `take_profit`
    TakeProfit,
}

impl ScoreField {
    /// Every field, in the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::SignalScore,
        Self::SignalStrength,
        Self::Confidence,
        Self::RiskRewardRatio,
    ];

    /// The condition's name in a policy document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignalScore => "signal_score",
            Self::SignalStrength => "signal_strength",
            Self::Confidence => "confidence",
            Self::RiskRewardRatio => "risk_reward_ratio",
        }
    }
}

impl AmountField {
    /// Every field, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::PositionQuantity,
        Self::ClosableQuantity,
        Self::CloseQuantity,
        Self::WorkingOpening,
        Self::WorkingClosing,
        Self::Price,
        Self::TargetNotional,
        Self::Equity,
        Self::QuoteRate,
        Self::StopLoss,
        Self::TakeProfit,
    ];

    /// The condition's name in a policy document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PositionQuantity => "position_quantity",
            Self::ClosableQuantity => "closable_quantity",
            Self::CloseQuantity => "close_quantity",
            Self::WorkingOpening => "working_opening",
            Self::WorkingClosing => "working_closing",
            Self::Price => "price",
            Self::TargetNotional => "target_notional",
            Self::Equity => "equity",
            Self::QuoteRate => "quote_rate",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
        }
    }
}

impl Manifest {
    /// What is known of a symbol; `None` for one that the policy does not name.
    pub fn symbol(&self, name: &str) -> Option<&SymbolInfo> {
        self.symbols.iter().find(|symbol| symbol.name == name)
    }
}
