//! The arithmetic of an opening: its notional, what it needs of a budget, whether the budget
//! holds it, and its quantity. One place, because a host must come to the same figures as
//! the policy to hold it to them. Needs round up and limits down at 12 places.

use crate::amount::{Amount, MONEY_PLACES, QUANTITY_PLACES};
use crate::decision::RequestField;
use crate::manifest::{BudgetInfo, SymbolInfo};
use crate::state::BudgetUse;

/// One hundredth, for percentages.
const PERCENT_PLACES: u8 = 2;

/// The step of a symbol whose step is not known: 8 places.
pub fn default_step() -> Amount {
    Amount::new(1, QUANTITY_PLACES).unwrap_or(Amount::ONE)
}

/// The currency that a symbol is quoted in: what stands behind `/`, before any `:`.
/// `None` for a symbol that names none.
pub fn quote_currency(symbol: &str) -> Option<&str> {
    let (_, quote) = symbol.split_once('/')?;
    let quote = quote.split_once(':').map_or(quote, |(quote, _)| quote);
    (!quote.is_empty()).then_some(quote)
}

/// Account currency for one unit of the symbol's quote currency: 1 when they are the same,
/// else what the request gives. `None` when it is needed and missing.
pub fn quote_rate(symbol: &str, account_currency: &str, given: Option<Amount>) -> Option<Amount> {
    if quote_currency(symbol) == Some(account_currency) {
        Some(Amount::ONE)
    } else {
        given
    }
}

/// What an opening needs of a budget, in account currency; never 0 for a positive notional.
/// `None` when 28 digits cannot hold it.
pub fn need(notional: Amount, rate: Amount) -> Option<Amount> {
    notional.mul_up_at(rate, MONEY_PLACES)
}

/// The money limit of a budget for a request's equity: the smaller of its amount and its
/// percentage. `Ok(None)` when it limits orders alone.
///
/// # Errors
/// [`LimitError`] when the percentage has no equity to be taken of, or does not fit.
pub fn limit(budget: &BudgetInfo, equity: Option<Amount>) -> Result<Option<Amount>, LimitError> {
    let share = match budget.percent {
        None => None,
        Some(percent) => {
            let equity = equity.ok_or(LimitError::EquityMissing)?;
            let (coefficient, scale) = percent.into();
            let factor = Amount::new(coefficient, scale + PERCENT_PLACES);
            let share = factor.and_then(|factor| equity.mul_down_at(factor, MONEY_PLACES));
            Some(share.ok_or(LimitError::Overflow)?)
        }
    };
    Ok(match (budget.amount, share) {
        (Some(amount), Some(share)) => Some(amount.min(share)),
        (amount, share) => amount.or(share),
    })
}

/// Why a budget has no limit for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitError {
    /// A percentage of an equity that is not given.
    EquityMissing,
    /// A percentage that 28 digits cannot hold.
    Overflow,
}

impl LimitError {
    /// The field at fault.
    pub const fn field(self) -> RequestField {
        RequestField::Equity
    }
}

/// What a budget still grants under a limit: limit − used − reserved, never below 0.
pub fn remaining(limit: Amount, spent: &BudgetUse) -> Amount {
    limit
        .saturating_sub(spent.used)
        .saturating_sub(spent.reserved)
}

/// Whether a budget holds a need: by money and by count.
pub fn holds(budget: &BudgetInfo, limit: Option<Amount>, spent: &BudgetUse, need: Amount) -> bool {
    limit.is_none_or(|limit| need <= remaining(limit, spent))
        && budget.orders.is_none_or(|most| spent.orders < most)
}

/// The quantity of an opening: notional / price, rounded down to the symbol's step.
/// `None` when it does not fit.
pub fn opening_quantity(notional: Amount, price: Amount, step: Option<Amount>) -> Option<Amount> {
    notional.div_down_to_step(price, step.unwrap_or_else(default_step))
}

/// Whether an opening is under the symbol's known minimums, or rounds to no quantity at all.
pub fn below_minimum(notional: Amount, price: Amount, symbol: Option<&SymbolInfo>) -> bool {
    let step = symbol
        .and_then(|symbol| symbol.step)
        .unwrap_or_else(default_step);
    let least = symbol
        .and_then(|symbol| symbol.min_quantity)
        .map_or(step, |least| least.max(step));
    // notional / price rounded down to the step is under `least`, a multiple of it, exactly
    // when notional is under least · price: no division in the sandbox.
    notional.less_than_product(least, price)
        || symbol
            .and_then(|symbol| symbol.min_notional)
            .is_some_and(|least| notional < least)
}
