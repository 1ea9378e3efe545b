//! The parameters of `decide`, laid out.

use super::{TermsLayout, TradingState, trading_state};
use crate::request::OrderTerms;

/// `string` or `list<T>`: where it begins, and how many bytes or elements it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct SpanLayout {
    start: u32,
    count: u32,
}

/// `request` and `state`: names and budget uses stand elsewhere in the memory.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct ArgumentsLayout {
    /// The request's symbol.
    pub symbol: SpanLayout,
    /// The request's strategy.
    pub strategy: SpanLayout,
    /// The rest of the request.
    pub terms: TermsLayout,
    trading_state: u32,
    budgets_given: u32,
    budgets: SpanLayout,
}

impl SpanLayout {
    /// So many bytes or elements from an address on.
    pub const fn of(start: u32, count: u32) -> Self {
        Self {
            start: start.to_le(),
            count: count.to_le(),
        }
    }

    /// The address.
    pub const fn start(self) -> u32 {
        u32::from_le(self.start)
    }

    /// Bytes or elements.
    pub const fn count(self) -> u32 {
        u32::from_le(self.count)
    }
}

impl ArgumentsLayout {
    /// Lays a request and a state out, whose names and uses stand where the spans say.
    #[inline]
    pub fn of(
        names: [SpanLayout; 2],
        terms: &OrderTerms,
        trading_state: TradingState,
        budgets: Option<SpanLayout>,
    ) -> Self {
        let [symbol, strategy] = names;
        Self {
            symbol,
            strategy,
            terms: TermsLayout::of(terms),
            trading_state: u32::from(trading_state as u8).to_le(),
            budgets_given: u32::from(budgets.is_some()).to_le(),
            budgets: budgets.unwrap_or(SpanLayout::of(0, 0)),
        }
    }

    /// The trading state; `None` when there is no such.
    pub fn trading_state(&self) -> Option<TradingState> {
        trading_state(u32::from_le(self.trading_state))
    }

    /// Where the budget uses stand, when they are not withheld.
    pub fn budgets(&self) -> Option<SpanLayout> {
        (u32::from_le(self.budgets_given).to_le_bytes()[0] != 0).then_some(self.budgets)
    }
}
