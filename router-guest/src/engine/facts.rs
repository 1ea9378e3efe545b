//! What is known of one request while it is decided. Cheap facts are there from the start;
//! sizing and budget arithmetic are done when a rule first asks for them, and then once,
//! because what no rule asks for must not be needed either.

use super::index::Cell;
use super::{Engine, sizing};
use crate::amount::Amount;
use crate::decision::{BudgetClaim, OrderIntent, Refusal, RequestField};
use crate::manifest::{AmountField, ScoreField, SymbolInfo};
use crate::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use crate::state::{State, TradingState};
use crate::table::{Clause, Flag, NO_TIER_BIT, Tier};

/// One request under decision.
pub(super) struct Facts<'e, 'r> {
    pub(super) engine: &'e Engine,
    pub(super) request: &'r Request<'r>,
    pub(super) state: &'r State<'r>,
    pub(super) symbol: Option<&'e SymbolInfo>,
    pub(super) tier: Option<(u32, &'e Tier)>,
    pub(super) position: Option<Position>,
    pub(super) closable: Amount,
    notional: Option<Amount>,
    claim: Option<Option<Claim>>,
}

/// A budget that was consulted, and what it said.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) claim: BudgetClaim,
    pub(super) holds: bool,
}

impl<'e, 'r> Facts<'e, 'r> {
    pub(super) fn new(engine: &'e Engine, request: &'r Request<'r>, state: &'r State<'r>) -> Self {
        Self {
            engine,
            request,
            state,
            symbol: engine.symbol(request.symbol),
            tier: engine.tier_of(&request.terms),
            position: request.terms.open_position(),
            closable: request.terms.closable(),
            notional: None,
            claim: None,
        }
    }

    pub(super) fn terms(&self) -> &'r OrderTerms {
        &self.request.terms
    }

    pub(super) fn cell(&self) -> Cell {
        let terms = self.terms();
        Cell {
            state: self.state.trading_state,
            trade_type: terms.trade_type,
            action: terms.final_action,
            position: self.position.map(|position| position.side),
            flags: [
                self.is_dust(),
                !self.closable.is_zero(),
                !terms.working.opening.is_zero(),
                self.symbol.is_some_and(|symbol| symbol.shortable),
                terms.sized,
            ],
        }
    }

    /// Open, but under the symbol's least quantity, where that is known.
    pub(super) fn is_dust(&self) -> bool {
        match (
            self.position,
            self.symbol.and_then(|symbol| symbol.min_quantity),
        ) {
            (Some(position), Some(least)) => position.quantity < least,
            _ => false,
        }
    }

    /// The intent of the type; of `auto`, that of the tier that it qualifies for, else normal.
    pub(super) fn intent(&self) -> OrderIntent {
        match (self.terms().trade_type, self.tier) {
            (TradeType::Auto, Some((_, tier))) => tier.info.intent,
            (stated, _) => OrderIntent::of_type(stated),
        }
    }

    /// Tests what the index could not. Cheap tests first; those that may ask for a missing
    /// field come last, so that a clause that fails anyway asks for nothing.
    pub(super) fn satisfy(&mut self, clause: &Clause) -> Result<bool, Refusal> {
        let tier_bit = self.tier.map_or(NO_TIER_BIT, |(tier, _)| 1 << tier);
        let cheap = clause.tiers & tier_bit != 0
            && clause
                .scores
                .iter()
                .all(|test| test.range.holds(self.score(test.field)))
            && clause
                .amounts
                .iter()
                .all(|test| test.range.holds(self.amount(test.field)));
        if !cheap {
            return Ok(false);
        }
        if clause.below_minimum != Flag::Any {
            let below = sizing::below_minimum(self.notional()?, self.price()?, self.symbol);
            if !clause.below_minimum.accepts(below) {
                return Ok(false);
            }
        }
        match clause.budget_exhausted {
            Flag::Any => Ok(true),
            wanted => {
                let exhausted = self.claim()?.is_some_and(|claim| !claim.holds);
                Ok(wanted.accepts(exhausted))
            }
        }
    }

    pub(super) fn score(&self, field: ScoreField) -> Option<f64> {
        let terms = self.terms();
        match field {
            ScoreField::SignalScore => terms.signal_score,
            ScoreField::SignalStrength => terms.signal_score.map(f64::abs),
            ScoreField::Confidence => terms.confidence,
            ScoreField::RiskRewardRatio => terms.risk_reward_ratio,
        }
    }

    pub(super) fn amount(&self, field: AmountField) -> Option<Amount> {
        let terms = self.terms();
        match field {
            AmountField::PositionQuantity => Some(
                self.position
                    .map_or(Amount::ZERO, |position| position.quantity),
            ),
            AmountField::ClosableQuantity => Some(self.closable),
            AmountField::CloseQuantity => terms.close_quantity,
            AmountField::WorkingOpening => Some(terms.working.opening),
            AmountField::WorkingClosing => Some(terms.working.closing),
            AmountField::Price => terms.price,
            AmountField::TargetNotional => terms.target_notional,
            AmountField::Equity => terms.equity,
            AmountField::QuoteRate => terms.quote_rate,
            AmountField::StopLoss => terms.stop_loss,
            AmountField::TakeProfit => terms.take_profit,
        }
    }

    pub(super) fn price(&self) -> Result<Amount, Refusal> {
        self.terms()
            .price
            .ok_or(Refusal::FieldMissing(RequestField::Price))
    }

    /// The order's size in quote currency: the target, times the tier's factor unless it is
    /// sized already.
    pub(super) fn notional(&mut self) -> Result<Amount, Refusal> {
        if let Some(notional) = self.notional {
            return Ok(notional);
        }
        let field = RequestField::TargetNotional;
        let target = self
            .terms()
            .target_notional
            .ok_or(Refusal::FieldMissing(field))?;
        let notional = match self.tier {
            Some((_, tier)) if !self.terms().sized => target
                .mul_down(tier.info.size)
                .ok_or(Refusal::FieldOverflow(field))?,
            _ => target,
        };
        self.notional = Some(notional);
        Ok(notional)
    }

    /// What the tier's budget says to the order; `None` when the tier charges none.
    pub(super) fn claim(&mut self) -> Result<Option<Claim>, Refusal> {
        if let Some(claim) = self.claim {
            return Ok(claim);
        }
        let claim = match self.tier.and_then(|(_, tier)| tier.info.budget) {
            None => None,
            Some(budget) => Some(self.consult(budget)?),
        };
        self.claim = Some(claim);
        Ok(claim)
    }

    /// The claim, if a rule has asked for it already.
    pub(super) fn claim_made(&self) -> Option<BudgetClaim> {
        self.claim.flatten().map(|claim| claim.claim)
    }

    fn consult(&mut self, budget: u32) -> Result<Claim, Refusal> {
        let notional = self.notional()?;
        let manifest = self.engine.manifest();
        let at = budget as usize;
        let info = manifest.budgets.get(at).ok_or(Refusal::NoRoute)?;
        let uses = self
            .state
            .budgets
            .filter(|uses| uses.len() == manifest.budgets.len());
        let spent = uses
            .and_then(|uses| uses.get(at))
            .ok_or(Refusal::BudgetsMissing)?;
        let limit = sizing::limit(info, self.terms().equity).map_err(|error| match error {
            sizing::LimitError::EquityMissing => Refusal::FieldMissing(error.field()),
            sizing::LimitError::Overflow => Refusal::FieldOverflow(error.field()),
        })?;
        let rate = sizing::quote_rate(
            self.request.symbol,
            &manifest.account_currency,
            self.terms().quote_rate,
        )
        .ok_or(Refusal::FieldMissing(RequestField::QuoteRate))?;
        let need =
            sizing::need(notional, rate).ok_or(Refusal::FieldOverflow(RequestField::QuoteRate))?;
        if need.is_zero() {
            return Err(too_small());
        }
        let holds = sizing::holds(info, limit, spent, need);
        Ok(Claim {
            claim: BudgetClaim { budget, need },
            holds,
        })
    }

    pub(super) fn is_active(&self) -> bool {
        self.state.trading_state == TradingState::Active
    }

    /// The leg that the action would open; `None` for an action that opens nothing, and while
    /// the other leg is open: a reversal is a close and, after its fill, a new request.
    pub(super) fn leg_to_open(&self) -> Option<PositionSide> {
        if self.terms().faces_position() && !self.is_dust() {
            return None;
        }
        match self.terms().final_action {
            FinalAction::Buy => Some(PositionSide::Long),
            FinalAction::Sell => Some(PositionSide::Short),
            _ => None,
        }
    }
}

/// The refusal of an order that sizing leaves nothing of: 28 places cannot hold it.
pub(super) const fn too_small() -> Refusal {
    Refusal::FieldOverflow(RequestField::TargetNotional)
}
