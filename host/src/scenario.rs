//! A scenario: one request beside the state that it meets, which is all that a decision can
//! depend on. What authoring commands take in, find faults with and hand out as examples.
//!
//! It owns its form as JSON, `{"request": {…}, "state": {…}}`, and nothing else: it decides
//! nothing, and has no id, time or tags, which no policy sees.

use std::collections::BTreeMap;

use router_guest::amount::Amount;
use router_guest::json::{Fault, LineError, parse_request, parse_state};
use router_guest::manifest::Manifest;
use router_guest::request::{OrderTerms, PositionSide, Request};
use router_guest::state::{BudgetUse, State, TradingState};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A request and the state that it meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// 1 to 64 bytes.
    pub symbol: String,
    /// 1 to 64 bytes.
    pub strategy: String,
    /// Everything else that a rule can test of the request.
    pub terms: OrderTerms,
    /// How much the operator lets through.
    pub trading_state: TradingState,
    /// One for each budget of the policy, in its order; `None`: nothing is used of any.
    pub budgets: Option<Vec<BudgetUse>>,
}

/// Why a text is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// It is no JSON object of this form.
    #[error("{message}; a line is a request, or `{{\"request\": {{…}}, \"state\": {{…}}}}`")]
    Form {
        /// What is wrong, with its column.
        message: String,
    },
    /// The request or the state has a fault.
    #[error("{}", .0.message)]
    Fault(Fault),
    /// The state has another number of budgets than the policy.
    #[error(
        "`budgets` has {given} entries, and the policy has {wanted}: one for each, in its order"
    )]
    BudgetCount {
        /// Entries of the state.
        given: usize,
        /// Budgets of the policy.
        wanted: usize,
    },
}

impl Scenario {
    /// A scenario in state ACTIVE with nothing used of any budget.
    pub fn new(symbol: impl Into<String>, strategy: impl Into<String>, terms: OrderTerms) -> Self {
        Self {
            symbol: symbol.into(),
            strategy: strategy.into(),
            terms,
            trading_state: TradingState::Active,
            budgets: None,
        }
    }

    /// Reads a line: a request, which then meets ACTIVE and unused budgets, or a request and
    /// its state.
    ///
    /// # Errors
    /// [`ScenarioError`]: the first fault.
    pub fn parse(line: &str) -> Result<Self, ScenarioError> {
        let form = |error: serde_json::Error| ScenarioError::Form {
            message: error.to_string(),
        };
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(line).map_err(form)?;
        if !members.contains_key("request") {
            return Self::read(line, None);
        }
        let both: Both<'_> = serde_json::from_str(line).map_err(form)?;
        Self::read(both.request.get(), both.state.map(RawValue::get))
    }

    fn read(request: &str, state: Option<&str>) -> Result<Self, ScenarioError> {
        let line = parse_request(request.as_bytes())
            .map_err(|LineError { fault, .. }| ScenarioError::Fault(fault))?;
        let state = state.map(parse_state).transpose();
        let state = state.map_err(ScenarioError::Fault)?.unwrap_or_default();
        Ok(Self {
            symbol: line.symbol.into_owned(),
            strategy: line.strategy.into_owned(),
            terms: line.terms,
            trading_state: state.trading_state,
            budgets: state.budgets,
        })
    }

    /// The same with a use for each budget of a policy.
    ///
    /// # Errors
    /// [`ScenarioError::BudgetCount`] when it states another number of them.
    pub fn against(mut self, manifest: &Manifest) -> Result<Self, ScenarioError> {
        let wanted = manifest.budgets.len();
        let uses = self
            .budgets
            .get_or_insert_with(|| vec![BudgetUse::default(); wanted]);
        match uses.len() {
            given if given == wanted => Ok(self),
            given => Err(ScenarioError::BudgetCount { given, wanted }),
        }
    }

    /// The request as a policy sees it.
    pub fn request(&self) -> Request<'_> {
        Request {
            symbol: &self.symbol,
            strategy: &self.strategy,
            terms: self.terms,
        }
    }

    /// The state as a policy sees it: the use of budgets is withheld from types that have no
    /// business with one. Call [`Scenario::against`] before.
    pub fn state(&self) -> State<'_> {
        State {
            trading_state: self.trading_state,
            budgets: self
                .budgets
                .as_deref()
                .filter(|_| self.terms.sees_budgets()),
        }
    }

    /// The line that [`Scenario::parse`] reads it from.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists alone: it cannot fail.
        serde_json::to_string(&Written::of(self)).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both<'a> {
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Written<'a> {
    request: RequestText<'a>,
    state: StateText,
}

#[derive(Serialize)]
struct RequestText<'a> {
    final_action: &'static str,
    symbol: &'a str,
    strategy: &'a str,
    trade_type: &'static str,
    position: Option<PositionText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_quantity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working: Option<WorkingText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_notional: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sized: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_reward_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_loss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    take_profit: Option<String>,
}

#[derive(Serialize)]
struct PositionText {
    side: &'static str,
    quantity: String,
}

#[derive(Serialize)]
struct WorkingText {
    opening: String,
    closing: String,
}

#[derive(Serialize)]
struct StateText {
    trading_state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    budgets: Vec<UseText>,
}

#[derive(Serialize)]
struct UseText {
    used: String,
    reserved: String,
    orders: u32,
}

/// A request as a line has it, without what no policy sees.
pub(crate) fn request_json(symbol: &str, strategy: &str, terms: &OrderTerms) -> String {
    // Strings, numbers and lists alone: it cannot fail.
    serde_json::to_string(&RequestText::of(symbol, strategy, terms)).unwrap_or_default()
}

/// A state as a line has it.
pub(crate) fn state_json(trading_state: TradingState, budgets: Option<&[BudgetUse]>) -> String {
    serde_json::to_string(&StateText::of(trading_state, budgets)).unwrap_or_default()
}

impl<'a> Written<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let Scenario {
            symbol,
            strategy,
            terms,
            ..
        } = scenario;
        Self {
            request: RequestText::of(symbol, strategy, terms),
            state: StateText::of(scenario.trading_state, scenario.budgets.as_deref()),
        }
    }
}

impl StateText {
    fn of(trading_state: TradingState, budgets: Option<&[BudgetUse]>) -> Self {
        Self {
            trading_state: trading_state.word(),
            budgets: budgets
                .unwrap_or_default()
                .iter()
                .map(UseText::of)
                .collect(),
        }
    }
}

impl<'a> RequestText<'a> {
    fn of(symbol: &'a str, strategy: &'a str, terms: &OrderTerms) -> Self {
        let amount = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        let working =
            (!terms.working.opening.is_zero() || !terms.working.closing.is_zero()).then(|| {
                WorkingText {
                    opening: terms.working.opening.to_string(),
                    closing: terms.working.closing.to_string(),
                }
            });
        Self {
            final_action: terms.final_action.word(),
            symbol,
            strategy,
            trade_type: terms.trade_type.word(),
            position: terms.position.map(|position| PositionText {
                side: PositionSide::word(position.side),
                quantity: position.quantity.to_string(),
            }),
            close_quantity: amount(terms.close_quantity),
            working,
            price: amount(terms.price),
            target_notional: amount(terms.target_notional),
            sized: terms.sized.then_some(true),
            equity: amount(terms.equity),
            quote_rate: amount(terms.quote_rate),
            signal_score: terms.signal_score,
            confidence: terms.confidence,
            risk_reward_ratio: terms.risk_reward_ratio,
            stop_loss: amount(terms.stop_loss),
            take_profit: amount(terms.take_profit),
        }
    }
}

impl UseText {
    fn of(spent: &BudgetUse) -> Self {
        Self {
            used: spent.used.to_string(),
            reserved: spent.reserved.to_string(),
            orders: spent.orders,
        }
    }
}

#[cfg(test)]
mod tests;
