//! The state beside a request, for embedders: `{"trading_state": …, "budgets": […]}`.
//!
//! Owns its form. Does not check that there is one budget use for each budget: the engine does.

use alloc::vec::Vec;

use super::fault::{Fault, FaultCode};
use super::fields;
use super::object::{Field, Members};
use super::{scan, syntax};
use crate::amount::Amount;
use crate::state::{BudgetUse, TradingState};

/// A state as it came, checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateText {
    /// ACTIVE when not given.
    pub trading_state: TradingState,
    /// In the order of the manifest; `None` when not given.
    pub budgets: Option<Vec<BudgetUse>>,
}

/// Reads a state. Both keys may be absent or `null`; a budget use needs all of its three.
///
/// # Errors
/// [`Fault`]: the first one.
pub fn parse_state(text: &str) -> Result<StateText, Fault> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with('{') {
        let message = "the state is no object; it must be `{\"trading_state\", \"budgets\"}`";
        return Err(Fault::of_line(FaultCode::NotAnObject, message));
    }
    let mut members = Members::default();
    let scanned = members.read(text, &fields::STATE);
    scanned.map_err(|error| syntax::bad_json(error, text))?;
    members
        .unknown(&fields::STATE, "", "the state")
        .into_iter()
        .try_for_each(Err)?;
    fields::STATE
        .all
        .iter()
        .try_for_each(|field| members.doubled(field))?;
    let trading_state = members.given(&fields::TRADING_STATE).map(|raw| {
        fields::TRADING_STATE.word(raw, FaultCode::UnknownTradingState, TradingState::of_word)
    });
    Ok(StateText {
        trading_state: trading_state.transpose()?.unwrap_or_default(),
        budgets: members.given(&fields::BUDGETS).map(budgets).transpose()?,
    })
}

fn budgets(raw: &str) -> Result<Vec<BudgetUse>, Fault> {
    let mut uses = Vec::new();
    let mut fault = None;
    let scanned = scan::entries(raw, |entry| match budget(entry) {
        Ok(spent) => uses.push(spent),
        Err(first) => fault = fault.take().or(Some(first)),
    });
    // It is JSON: only a value of another type stops the reading.
    scanned.map_err(|_| fields::BUDGETS.fault(FaultCode::WrongType, raw))?;
    fault.map_or(Ok(uses), Err)
}

fn budget(raw: &str) -> Result<BudgetUse, Fault> {
    let members = fields::BUDGETS.object(raw, &fields::IN_BUDGET)?;
    let amount =
        |field: &Field| -> Result<Amount, Fault> { field.amount(field.required(&members)?) };
    Ok(BudgetUse {
        used: amount(&fields::BUDGET_USED)?,
        reserved: amount(&fields::BUDGET_RESERVED)?,
        orders: fields::BUDGET_ORDERS.count(fields::BUDGET_ORDERS.required(&members)?)?,
    })
}
