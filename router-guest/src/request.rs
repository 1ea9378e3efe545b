//! A request as a rule sees it: everything that can be tested, nothing that only names it.
//!
//! No id, no timestamp, no tags: a policy has no clock and must not tell one request from
//! another by its name. Field names and meanings are those of `wit/types.wit`.

use crate::amount::Amount;

/// Bytes that a symbol or a strategy may have at most; at least 1.
pub const NAME_BYTES_MAX: usize = 64;

/// What the strategy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FinalAction {
    /// Open a long, or close a short.
    Buy,
    /// Open a short, or close a long.
    Sell,
    /// Do nothing; the strategy is content.
    Hold,
    /// Do nothing; the strategy passed.
    Skip,
    /// Close whatever is open.
    Close,
    /// A word that is none of the others.
    Unknown,
}

/// How the bot classifies the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TradeType {
    /// A regular trade.
    Normal,
    /// A trade with a relaxed risk/reward ratio.
    Pilot,
    /// A trade out of the exploration budget.
    Exploration,
    /// An exit, asked for by the strategy or a person.
    Exit,
    /// A stop or a target; risk management.
    Risk,
    /// The policy's tiers classify it.
    Auto,
}

/// The leg that a position is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PositionSide {
    /// Bought.
    Long,
    /// Sold.
    Short,
}

/// What a decision may close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The leg.
    pub side: PositionSide,
    /// Base quantity; 0 is flat.
    pub quantity: Amount,
}

/// The bot's own orders that still rest, in base quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkingOrders {
    /// Orders that would open.
    pub opening: Amount,
    /// Orders that would close.
    pub closing: Amount,
}

/// Everything a rule can test but the two names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderTerms {
    /// What the strategy says.
    pub final_action: FinalAction,
    /// How the bot classifies the trade.
    pub trade_type: TradeType,
    /// `None` is flat.
    pub position: Option<Position>,
    /// How much of the position to close, above 0; `None` is all that is closable.
    pub close_quantity: Option<Amount>,
    /// Orders that still rest.
    pub working: WorkingOrders,
    /// Quote currency for one unit of base, above 0.
    pub price: Option<Amount>,
    /// Quote currency, above 0, before tier sizing.
    pub target_notional: Option<Amount>,
    /// `target_notional` is final already: tier factors are not applied.
    pub sized: bool,
    /// Account currency.
    pub equity: Option<Amount>,
    /// Account currency for one unit of the quote currency, above 0.
    pub quote_rate: Option<Amount>,
    /// Finite; may be signed.
    pub signal_score: Option<f64>,
    /// Finite.
    pub confidence: Option<f64>,
    /// Finite.
    pub risk_reward_ratio: Option<f64>,
    /// The stop's price.
    pub stop_loss: Option<Amount>,
    /// The target's price.
    pub take_profit: Option<Amount>,
}

/// One request, as a policy sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request<'a> {
    /// Exactly as the bot sends it, 1 to 64 bytes.
    pub symbol: &'a str,
    /// The strategy's name, 1 to 64 bytes.
    pub strategy: &'a str,
    /// The rest.
    pub terms: OrderTerms,
}

impl OrderTerms {
    /// Terms that say nothing but the action and the type: flat, nothing working.
    pub const fn new(final_action: FinalAction, trade_type: TradeType) -> Self {
        Self {
            final_action,
            trade_type,
            position: None,
            close_quantity: None,
            working: WorkingOrders {
                opening: Amount::ZERO,
                closing: Amount::ZERO,
            },
            price: None,
            target_notional: None,
            sized: false,
            equity: None,
            quote_rate: None,
            signal_score: None,
            confidence: None,
            risk_reward_ratio: None,
            stop_loss: None,
            take_profit: None,
        }
    }

    /// The open position: quantity 0 reads as flat, as `null` does.
    pub fn open_position(&self) -> Option<Position> {
        self.position
            .filter(|position| !position.quantity.is_zero())
    }

    /// Position − closing, never below 0; 0 when flat.
    pub fn closable(&self) -> Amount {
        match self.open_position() {
            Some(position) => position.quantity.saturating_sub(self.working.closing),
            None => Amount::ZERO,
        }
    }

    /// Whether the action would reduce the open position: BUY on a short, SELL on a long,
    /// CLOSE on either (rows 3 to 5 of the default routing).
    pub fn faces_position(&self) -> bool {
        matches!(
            (
                self.final_action,
                self.open_position().map(|position| position.side)
            ),
            (FinalAction::Buy, Some(PositionSide::Short))
                | (FinalAction::Sell, Some(PositionSide::Long))
                | (FinalAction::Close, Some(_))
        )
    }

    /// What a close of these terms is for: `close_quantity`, cut to what is closable.
    pub fn quantity_to_close(&self) -> Amount {
        let closable = self.closable();
        match self.close_quantity {
            Some(asked) if asked < closable => asked,
            _ => closable,
        }
    }

    /// Whether hosts give this request the use of budgets: pilot, exploration and auto.
    pub const fn sees_budgets(&self) -> bool {
        matches!(
            self.trade_type,
            TradeType::Pilot | TradeType::Exploration | TradeType::Auto
        )
    }
}

impl FinalAction {
    /// Every action, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Buy,
        Self::Sell,
        Self::Hold,
        Self::Skip,
        Self::Close,
        Self::Unknown,
    ];

    /// The action of a word in any case; a word that is none is [`FinalAction::Unknown`].
    pub fn of_word(word: &str) -> Self {
        [Self::Buy, Self::Sell, Self::Hold, Self::Skip, Self::Close]
            .into_iter()
            .find(|action| word.eq_ignore_ascii_case(action.word()))
            .unwrap_or(Self::Unknown)
    }

    /// The field's word, in capitals.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::Hold => "HOLD",
            Self::Skip => "SKIP",
            Self::Close => "CLOSE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl TradeType {
    /// Every type, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Normal,
        Self::Pilot,
        Self::Exploration,
        Self::Exit,
        Self::Risk,
        Self::Auto,
    ];

    /// The type of a word; `explore` is short for `exploration`.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "explore" => Some(Self::Exploration),
            _ => Self::ALL
                .into_iter()
                .find(|trade_type| trade_type.word() == word),
        }
    }

    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Pilot => "pilot",
            Self::Exploration => "exploration",
            Self::Exit => "exit",
            Self::Risk => "risk",
            Self::Auto => "auto",
        }
    }

    /// Whether the type only ever reduces: exit and risk.
    pub const fn only_closes(self) -> bool {
        matches!(self, Self::Exit | Self::Risk)
    }
}

impl PositionSide {
    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}
