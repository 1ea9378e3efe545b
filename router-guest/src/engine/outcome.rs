//! A rule's verb, carried out. The side follows from the action and the position; what the
//! verb cannot be carried out for is refused as a broken policy, never bent into something
//! that fits.

use super::facts::{Facts, too_small};
use crate::decision::{Decision, OrderIntent, PositionEffect, Refusal, Side};
use crate::request::{PositionSide, TradeType};
use crate::table::Outcome;

impl Facts<'_, '_> {
    /// The decision of a rule that holds.
    pub(super) fn carry_out(&mut self, rule: u32) -> Result<Decision, Refusal> {
        match self.engine.outcomes.get(rule as usize) {
            Some(Outcome::Skip { reason }) => Ok(self.skip(rule, *reason)),
            Some(Outcome::Close {
                long_reason,
                short_reason,
            }) => self.close(rule, *long_reason, *short_reason),
            Some(Outcome::Open {
                long_reason,
                short_reason,
            }) => self.open(rule, *long_reason, *short_reason),
            None => Err(Refusal::NoRoute),
        }
    }

    fn skip(&self, rule: u32, reason: u32) -> Decision {
        Decision {
            side: Side::Skip,
            intent: self.intent(),
            reason,
            rule,
            effect: PositionEffect::None,
            notional: None,
            quantity: None,
            tier: self.tier.map(|(tier, _)| tier),
            budget: self.claim_made(),
        }
    }

    fn close(&self, rule: u32, long_reason: u32, short_reason: u32) -> Result<Decision, Refusal> {
        let position = self.position.ok_or(Refusal::NoRoute)?;
        if !self.terms().faces_position() || self.closable.is_zero() {
            return Err(Refusal::NoRoute);
        }
        let (side, reason) = match position.side {
            PositionSide::Long => (Side::Sell, long_reason),
            PositionSide::Short => (Side::Buy, short_reason),
        };
        let intent = match self.terms().trade_type {
            TradeType::Risk => OrderIntent::Risk,
            _ => OrderIntent::Exit,
        };
        Ok(Decision {
            side,
            intent,
            reason,
            rule,
            effect: PositionEffect::Close,
            notional: None,
            quantity: Some(self.terms().quantity_to_close()),
            tier: None,
            budget: None,
        })
    }

    fn open(
        &mut self,
        rule: u32,
        long_reason: u32,
        short_reason: u32,
    ) -> Result<Decision, Refusal> {
        let leg = self.leg_to_open().ok_or(Refusal::NoRoute)?;
        let may_short = self.symbol.is_some_and(|symbol| symbol.shortable);
        let intent = self.intent();
        let charged = self
            .tier
            .is_some_and(|(_, tier)| tier.info.budget.is_some());
        if self.terms().trade_type.only_closes()
            || !self.is_active()
            || (leg == PositionSide::Short && !may_short)
            || intent.charges_budget() != charged
        {
            return Err(Refusal::NoRoute);
        }
        let notional = self.notional()?;
        if notional.is_zero() {
            return Err(too_small());
        }
        self.price()?;
        let claim = self.claim()?;
        if claim.is_some_and(|claim| !claim.holds) {
            return Err(Refusal::NoRoute);
        }
        let (side, reason) = match leg {
            PositionSide::Long => (Side::Buy, long_reason),
            PositionSide::Short => (Side::Sell, short_reason),
        };
        Ok(Decision {
            side,
            intent,
            reason,
            rule,
            effect: PositionEffect::Open,
            notional: Some(notional),
            quantity: None,
            tier: self.tier.map(|(tier, _)| tier),
            budget: claim.map(|claim| claim.claim),
        })
    }
}
