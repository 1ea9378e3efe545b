//! What a policy must know of the world beyond the request. The host owns it; a policy
//! only ever reads it.

use crate::amount::Amount;

/// How much the operator lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum TradingState {
    /// Everything.
    #[default]
    Active,
    /// Nothing that opens.
    Reducing,
    /// Closes of type risk alone.
    Halted,
}

/// What a budget has spent in the window and scope that the request falls in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetUse {
    /// Settled, in account currency.
    pub used: Amount,
    /// Held for orders on their way, in account currency.
    pub reserved: Amount,
    /// Orders that were granted, settled or on their way.
    pub orders: u32,
}

/// The world beside one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State<'a> {
    /// How much the operator lets through.
    pub trading_state: TradingState,
    /// One for each budget of the manifest, in its order; `None` when withheld.
    pub budgets: Option<&'a [BudgetUse]>,
}

impl TradingState {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Active, Self::Reducing, Self::Halted];

    /// The state of a word in capitals.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The field's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Reducing => "REDUCING",
            Self::Halted => "HALTED",
        }
    }
}
