//! `result<decision, refusal>`, laid out.

use super::{DecimalLayout, OptionalDecimal, byte, numbered};
use crate::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};

const SIDES: [Side; 3] = [Side::Buy, Side::Sell, Side::Skip];
const EFFECTS: [PositionEffect; 3] = [
    PositionEffect::Open,
    PositionEffect::Close,
    PositionEffect::None,
];
const FIELDS: [RequestField; 5] = [
    RequestField::Position,
    RequestField::Price,
    RequestField::TargetNotional,
    RequestField::Equity,
    RequestField::QuoteRate,
];

/// `result<decision, refusal>`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct AnswerLayout {
    refused: u64,
    /// Side and intent; of a refusal, its kind and field.
    head: [u8; 4],
    reason: u32,
    rule: u32,
    effect: u32,
    notional: OptionalDecimal,
    quantity: OptionalDecimal,
    tier_given: u32,
    tier: u32,
    budget_given: u64,
    budget: u64,
    need: DecimalLayout,
}

impl AnswerLayout {
    const EMPTY: Self = Self {
        refused: 0,
        head: [0; 4],
        reason: 0,
        rule: 0,
        effect: 0,
        notional: OptionalDecimal {
            given: 0,
            value: DecimalLayout::ZERO,
        },
        quantity: OptionalDecimal {
            given: 0,
            value: DecimalLayout::ZERO,
        },
        tier_given: 0,
        tier: 0,
        budget_given: 0,
        budget: 0,
        need: DecimalLayout::ZERO,
    };

    /// Lays an answer out.
    #[inline]
    pub fn of(answer: &Result<Decision, Refusal>) -> Self {
        match answer {
            Ok(decision) => Self::of_decision(decision),
            Err(refusal) => Self::of_refusal(*refusal),
        }
    }

    #[inline]
    fn of_decision(decision: &Decision) -> Self {
        Self {
            refused: 0,
            head: [decision.side as u8, decision.intent as u8, 0, 0],
            reason: decision.reason.to_le(),
            rule: decision.rule.to_le(),
            effect: u32::from(decision.effect as u8).to_le(),
            notional: OptionalDecimal::of(decision.notional),
            quantity: OptionalDecimal::of(decision.quantity),
            tier_given: u32::from(decision.tier.is_some()).to_le(),
            tier: decision.tier.unwrap_or(0).to_le(),
            budget_given: u64::from(decision.budget.is_some()).to_le(),
            budget: decision
                .budget
                .map_or(0, |claim| u64::from(claim.budget))
                .to_le(),
            need: decision
                .budget
                .map_or(DecimalLayout::ZERO, |claim| DecimalLayout::of(claim.need)),
        }
    }

    fn of_refusal(refusal: Refusal) -> Self {
        // Of the last two kinds the field says nothing, and is always the same.
        let (kind, field) = match refusal {
            Refusal::FieldMissing(field) => (0, field),
            Refusal::FieldOverflow(field) => (1, field),
            Refusal::BudgetsMissing => (2, RequestField::Position),
            Refusal::NoRoute => (3, RequestField::Position),
        };
        Self {
            refused: 1_u64.to_le(),
            head: [kind, field as u8, 0, 0],
            ..Self::EMPTY
        }
    }

    /// The answer; `None` when an amount or a discriminant is out of bounds.
    #[inline]
    pub fn read(&self) -> Option<Result<Decision, Refusal>> {
        match byte(u64::from_le(self.refused)) {
            0 => self.decision().map(Ok),
            1 => self.refusal().map(Err),
            _ => None,
        }
    }

    #[inline]
    fn decision(&self) -> Option<Decision> {
        let [side, intent, ..] = self.head;
        let tier = match byte(u64::from(u32::from_le(self.tier_given))) {
            0 => None,
            1 => Some(u32::from_le(self.tier)),
            _ => return None,
        };
        let budget = match byte(u64::from_le(self.budget_given)) {
            0 => None,
            1 => Some(BudgetClaim {
                // Its upper half is padding.
                budget: low_half(u64::from_le(self.budget)),
                need: self.need.read()?,
            }),
            _ => return None,
        };
        Some(Decision {
            side: numbered(&SIDES, side)?,
            intent: numbered(&OrderIntent::ALL, intent)?,
            reason: u32::from_le(self.reason),
            rule: u32::from_le(self.rule),
            effect: numbered(&EFFECTS, u32::from_le(self.effect).to_le_bytes()[0])?,
            notional: self.notional.read()?,
            quantity: self.quantity.read()?,
            tier,
            budget,
        })
    }

    fn refusal(&self) -> Option<Refusal> {
        let [kind, field, ..] = self.head;
        let field = numbered(&FIELDS, field)?;
        match kind {
            0 => Some(Refusal::FieldMissing(field)),
            1 => Some(Refusal::FieldOverflow(field)),
            2 => Some(Refusal::BudgetsMissing),
            3 => Some(Refusal::NoRoute),
            _ => None,
        }
    }
}

fn low_half(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
