//! The answer to a request, in indexes into the manifest, and the reasons for having none.

use crate::amount::Amount;
use crate::request::TradeType;

/// The side of the order that goes out, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Side {
    /// An order that buys.
    Buy,
    /// An order that sells.
    Sell,
    /// No order.
    Skip,
}

/// What the order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OrderIntent {
    /// A regular opening.
    Normal,
    /// A pilot opening.
    Pilot,
    /// An opening out of the exploration budget.
    Explore,
    /// A close.
    Exit,
    /// A close of type risk.
    Risk,
}

/// What the order does to the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PositionEffect {
    /// It opens.
    Open,
    /// It closes.
    Close,
    /// There is no order.
    None,
}

/// The budget that a decision consulted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetClaim {
    /// Index into the manifest's budgets.
    pub budget: u32,
    /// What the order needs, in account currency; never 0.
    pub need: Amount,
}

/// At most one order. Indexes are into the manifest of the policy that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The side of the order.
    pub side: Side,
    /// What it is for; of a skip, what it would have been for.
    pub intent: OrderIntent,
    /// Index into the manifest's reasons.
    pub reason: u32,
    /// Index into the manifest's rules.
    pub rule: u32,
    /// What the order does to the position.
    pub effect: PositionEffect,
    /// An opening's size in quote currency.
    pub notional: Option<Amount>,
    /// A close's size in base quantity.
    pub quantity: Option<Amount>,
    /// Index into the manifest's tiers: the tier that classified or sized the request.
    pub tier: Option<u32>,
    /// The budget that was consulted; an opening is charged its need.
    pub budget: Option<BudgetClaim>,
}

/// Fields that a route can turn out to need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RequestField {
    /// `position`
    Position,
    /// `price`
    Price,
    /// `target_notional`
    TargetNotional,
    /// `equity`
    Equity,
    /// `quote_rate`
    QuoteRate,
}

/// Why a policy gives no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The route needs the field and the request lacks it.
    FieldMissing(RequestField),
    /// The field makes a product that 28 digits cannot hold.
    FieldOverflow(RequestField),
    /// The state gives no budget use, or another number of budgets than the manifest.
    BudgetsMissing,
    /// No rule matched, or the one that did asks for what cannot be done: the policy is
    /// broken, not the request.
    NoRoute,
}

impl Side {
    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::Skip => "SKIP",
        }
    }
}

impl OrderIntent {
    /// Every intent, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Normal,
        Self::Pilot,
        Self::Explore,
        Self::Exit,
        Self::Risk,
    ];

    /// The intent of a trade type; of `auto` it is that of the tier that it qualifies for,
    /// else normal.
    pub const fn of_type(trade_type: TradeType) -> Self {
        match trade_type {
            TradeType::Normal | TradeType::Auto => Self::Normal,
            TradeType::Pilot => Self::Pilot,
            TradeType::Exploration => Self::Explore,
            TradeType::Exit => Self::Exit,
            TradeType::Risk => Self::Risk,
        }
    }

    /// Whether an opening of this intent is charged to a budget: pilot and explore.
    pub const fn charges_budget(self) -> bool {
        matches!(self, Self::Pilot | Self::Explore)
    }

    /// The intent of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intent| intent.word() == word)
    }

    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Pilot => "pilot",
            Self::Explore => "explore",
            Self::Exit => "exit",
            Self::Risk => "risk",
        }
    }
}

impl PositionEffect {
    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::None => "none",
        }
    }
}

impl RequestField {
    /// The field's name in a request line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Price => "price",
            Self::TargetNotional => "target_notional",
            Self::Equity => "equity",
            Self::QuoteRate => "quote_rate",
        }
    }
}
