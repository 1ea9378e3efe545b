//! A scenario before a policy, in which single things can be changed and the policy asked
//! again: natively where its rules can be read, else the component itself.

use router_guest::amount::Amount;
use router_guest::decision::{Decision, Refusal};
use router_guest::manifest::{Manifest, SymbolInfo};
use router_guest::request::{Position, Request};
use router_guest::state::{BudgetUse, State};
use router_guest::table::Tier;

use super::{Target, Value};
use crate::explain::rules::{Rules, ShortSwitches};
use crate::explain::verdict::{Answer, Verdict};
use crate::guard::Question;
use crate::policy::{Instance, Policy};
use crate::scenario::Scenario;

/// Questions about one scenario that a component is asked at most: a slow one must not hold
/// the explanation up. The rules themselves cost next to nothing.
const COMPONENT_ASKED_MAX: u32 = 8192;

/// Who is asked.
pub(in crate::explain) enum Oracle<'a> {
    /// The rules themselves.
    Rules(&'a mut Rules),
    /// A component whose rules cannot be read.
    Component(&'a Policy, &'a mut Option<Instance>),
}

/// A scenario and whom to ask about it.
pub(in crate::explain) struct World<'a> {
    oracle: Oracle<'a>,
    scenario: Scenario,
    switches: ShortSwitches,
    asked: u32,
}

impl<'a> World<'a> {
    /// A scenario that has a use for each budget.
    pub(in crate::explain) fn new(oracle: Oracle<'a>, scenario: Scenario) -> Self {
        let switches = match &oracle {
            Oracle::Rules(rules) => rules.short_switches(&scenario.symbol),
            Oracle::Component(..) => ShortSwitches {
                enabled: false,
                allowed: false,
            },
        };
        Self {
            oracle,
            scenario,
            switches,
            asked: 0,
        }
    }

    pub(super) const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Whether the policy's settings can be changed.
    pub(super) const fn has_settings(&self) -> bool {
        matches!(self.oracle, Oracle::Rules(_))
    }

    pub(super) fn manifest(&self) -> &Manifest {
        match &self.oracle {
            Oracle::Rules(rules) => rules.manifest(),
            Oracle::Component(policy, _) => policy.manifest(),
        }
    }

    pub(super) fn symbol(&self) -> Option<&SymbolInfo> {
        match &self.oracle {
            Oracle::Rules(rules) => rules.symbol(&self.scenario.symbol),
            Oracle::Component(policy, _) => policy.symbol(&self.scenario.symbol),
        }
    }

    fn tier(&self, at: usize) -> Option<&Tier> {
        match &self.oracle {
            Oracle::Rules(rules) => rules.tiers().get(at),
            Oracle::Component(..) => None,
        }
    }

    /// Whether nothing more is answered, so that the last answers are not to be relied on.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.asked > COMPONENT_ASKED_MAX
    }

    /// What the policy says now.
    pub(in crate::explain) fn answer(&mut self) -> Answer {
        if matches!(self.oracle, Oracle::Component(..)) {
            self.asked = self.asked.saturating_add(1);
            if self.is_exhausted() {
                return Answer::Failed;
            }
        }
        let (request, state) = (self.scenario.request(), self.scenario.state());
        let answered = match &mut self.oracle {
            Oracle::Rules(rules) => Some(rules.decide(&request, &state)),
            Oracle::Component(policy, instance) => ask(policy, instance, &request, &state),
        };
        let Some(answered) = answered else {
            return Answer::Failed;
        };
        let question = Question {
            manifest: self.manifest(),
            symbol: self.symbol(),
            request: &request,
            state: &state,
        };
        Verdict::of(&question, answered).answer()
    }

    /// What stands there now.
    pub(super) fn get(&self, target: Target) -> Value {
        let terms = &self.scenario.terms;
        let amount = |amount: Option<Amount>| amount.map_or(Value::Absent, Value::Amount);
        let score = |score: Option<f64>| score.map_or(Value::Absent, Value::Score);
        match target {
            Target::FinalAction => Value::Action(terms.final_action),
            Target::TradeType => Value::Type(terms.trade_type),
            Target::Position => Value::Position(terms.open_position()),
            Target::PositionQuantity => amount(terms.open_position().map(|open| open.quantity)),
            Target::CloseQuantity => amount(terms.close_quantity),
            Target::WorkingOpening => Value::Amount(terms.working.opening),
            Target::WorkingClosing => Value::Amount(terms.working.closing),
            Target::Price => amount(terms.price),
            Target::TargetNotional => amount(terms.target_notional),
            Target::Sized => Value::Switch(terms.sized),
            Target::Equity => amount(terms.equity),
            Target::QuoteRate => amount(terms.quote_rate),
            Target::SignalScore => score(terms.signal_score),
            Target::Confidence => score(terms.confidence),
            Target::RiskReward => score(terms.risk_reward_ratio),
            Target::StopLoss => amount(terms.stop_loss),
            Target::TakeProfit => amount(terms.take_profit),
            Target::TradingState => Value::State(self.scenario.trading_state),
            Target::Used(at) => amount(self.spent(at).map(|spent| spent.used)),
            Target::Reserved(at) => amount(self.spent(at).map(|spent| spent.reserved)),
            Target::Orders(at) => self
                .spent(at)
                .map_or(Value::Absent, |spent| Value::Count(spent.orders)),
            setting => self.setting(setting),
        }
    }

    fn spent(&self, at: usize) -> Option<&BudgetUse> {
        self.scenario.budgets.as_ref()?.get(at)
    }

    fn setting(&self, target: Target) -> Value {
        let amount = |amount: Option<Amount>| amount.map_or(Value::Absent, Value::Amount);
        let score = |score: Option<f64>| score.map_or(Value::Absent, Value::Score);
        let budget = |at: usize| self.manifest().budgets.get(at);
        match target {
            Target::ShortEnabled => Value::Switch(self.switches.enabled),
            Target::AllowShort => Value::Switch(self.switches.allowed),
            Target::MinQuantity => amount(self.symbol().and_then(|symbol| symbol.min_quantity)),
            Target::MinNotional => amount(self.symbol().and_then(|symbol| symbol.min_notional)),
            Target::TierScore(at) => score(self.tier(at).and_then(|tier| tier.signal_strength_min)),
            Target::TierRiskReward(at) => {
                score(self.tier(at).and_then(|tier| tier.risk_reward_min))
            }
            Target::TierConfidence(at) => score(self.tier(at).and_then(|tier| tier.confidence_min)),
            Target::TierSize(at) => amount(self.tier(at).and_then(|tier| {
                let percent = tier.info.size.mul_down(Amount::whole(100));
                percent.map(Amount::normalized)
            })),
            Target::LimitAmount(at) => amount(budget(at).and_then(|budget| budget.amount)),
            Target::LimitPercent(at) => amount(budget(at).and_then(|budget| budget.percent)),
            Target::LimitOrders(at) => budget(at)
                .and_then(|budget| budget.orders)
                .map_or(Value::Absent, Value::Count),
            _ => Value::Absent,
        }
    }

    /// Changes one thing. A value of another kind than the target's changes nothing.
    pub(in crate::explain) fn set(&mut self, target: Target, value: Value) {
        let terms = &mut self.scenario.terms;
        let (amount, score) = (as_amount(value), as_score(value));
        match (target, value) {
            (Target::FinalAction, Value::Action(action)) => terms.final_action = action,
            (Target::TradeType, Value::Type(trade_type)) => terms.trade_type = trade_type,
            (Target::Position, Value::Position(position)) => terms.position = position,
            (Target::PositionQuantity, Value::Amount(quantity)) => {
                let side = terms.position.map(|position| position.side);
                terms.position = side.map(|side| Position { side, quantity });
            }
            (Target::WorkingOpening, Value::Amount(opening)) => terms.working.opening = opening,
            (Target::WorkingClosing, Value::Amount(closing)) => terms.working.closing = closing,
            (Target::Sized, Value::Switch(sized)) => terms.sized = sized,
            (Target::CloseQuantity, _) => terms.close_quantity = amount,
            (Target::Price, _) => terms.price = amount,
            (Target::TargetNotional, _) => terms.target_notional = amount,
            (Target::Equity, _) => terms.equity = amount,
            (Target::QuoteRate, _) => terms.quote_rate = amount,
            (Target::SignalScore, _) => terms.signal_score = score,
            (Target::Confidence, _) => terms.confidence = score,
            (Target::RiskReward, _) => terms.risk_reward_ratio = score,
            (Target::StopLoss, _) => terms.stop_loss = amount,
            (Target::TakeProfit, _) => terms.take_profit = amount,
            (Target::TradingState, Value::State(state)) => self.scenario.trading_state = state,
            (Target::Used(at) | Target::Reserved(at) | Target::Orders(at), _) => {
                let uses = self.scenario.budgets.as_mut();
                if let Some(spent) = uses.and_then(|uses| uses.get_mut(at)) {
                    set_use(spent, target, value);
                }
            }
            _ => self.set_setting(target, value),
        }
    }

    fn set_setting(&mut self, target: Target, value: Value) {
        match (target, value) {
            (Target::ShortEnabled, Value::Switch(on)) => self.switches.enabled = on,
            (Target::AllowShort, Value::Switch(on)) => self.switches.allowed = on,
            _ => {}
        }
        let Oracle::Rules(rules) = &mut self.oracle else {
            return;
        };
        let ShortSwitches { enabled, allowed } = self.switches;
        let name = &self.scenario.symbol;
        let (amount, score) = (as_amount(value), as_score(value));
        match target {
            Target::ShortEnabled | Target::AllowShort => {
                rules.set_symbol(name, |symbol| symbol.shortable = enabled && allowed);
            }
            Target::MinQuantity => rules.set_symbol(name, |symbol| symbol.min_quantity = amount),
            Target::MinNotional => rules.set_symbol(name, |symbol| symbol.min_notional = amount),
            Target::TierScore(at) => rules.set_tier(at, |tier| tier.signal_strength_min = score),
            Target::TierRiskReward(at) => rules.set_tier(at, |tier| tier.risk_reward_min = score),
            Target::TierConfidence(at) => rules.set_tier(at, |tier| tier.confidence_min = score),
            Target::TierSize(at) => rules.set_tier(at, |tier| {
                let hundredth = Amount::new(1, 2).unwrap_or(Amount::ONE);
                if let Some(size) = amount.and_then(|percent| percent.mul_down(hundredth)) {
                    tier.info.size = size;
                }
            }),
            Target::LimitAmount(at) => rules.set_budget(at, |budget| budget.amount = amount),
            Target::LimitPercent(at) => rules.set_budget(at, |budget| budget.percent = amount),
            Target::LimitOrders(at) => rules.set_budget(at, |budget| {
                if let Value::Count(orders) = value {
                    budget.orders = Some(orders);
                }
            }),
            _ => {}
        }
    }
}

const fn as_amount(value: Value) -> Option<Amount> {
    match value {
        Value::Amount(amount) => Some(amount),
        _ => None,
    }
}

const fn as_score(value: Value) -> Option<f64> {
    match value {
        Value::Score(score) => Some(score),
        _ => None,
    }
}

fn set_use(spent: &mut BudgetUse, target: Target, value: Value) {
    match (target, value) {
        (Target::Used(_), Value::Amount(used)) => spent.used = used,
        (Target::Reserved(_), Value::Amount(reserved)) => spent.reserved = reserved,
        (Target::Orders(_), Value::Count(orders)) => spent.orders = orders,
        _ => {}
    }
}

/// A component's answer; `None` when it fails, and its instance is gone then.
fn ask(
    policy: &Policy,
    instance: &mut Option<Instance>,
    request: &Request<'_>,
    state: &State<'_>,
) -> Option<Result<Decision, Refusal>> {
    let mut fresh = match instance.take() {
        Some(kept) => kept,
        None => policy.instantiate().ok()?,
    };
    let (answered, _) = fresh.decide(request, state).ok()?;
    *instance = Some(fresh);
    Some(answered)
}
