//! What is kept of a decision under its request's id. A store holds tens of thousands of
//! these, most of them for as long as a budget's window lasts, so those that charged a budget
//! are packed: about 60 bytes where the decision itself takes several hundred.

use std::num::NonZeroU32;
use std::sync::Arc;

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::request::PositionSide;

use crate::decision::{Answer, Author, Charge, PolicyIdentity};
use crate::guard::BudgetReport;
use crate::ledger::{ReservationId, StoreError};

/// A decision, as a store keeps it.
#[derive(Debug, Clone)]
pub struct Recorded(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Whole(Box<Answer>),
    /// A skip that consulted no budget: nearly all that is kept, and never for long.
    Skipped {
        identity: Arc<PolicyIdentity>,
        reason: u32,
        rule: u32,
        fuel: Option<NonZeroU32>,
        intent: OrderIntent,
        tier: Option<u8>,
    },
    /// An opening that charges a budget, as numbers in the order of [`pack`].
    Packed(Box<[u8]>, Arc<PolicyIdentity>),
}

impl Recorded {
    pub(crate) fn of(answer: &Answer) -> Self {
        let kept = match answer.effect {
            PositionEffect::None => skipped(answer),
            PositionEffect::Open => pack(answer),
            PositionEffect::Close => None,
        };
        Self(kept.unwrap_or_else(|| Kept::Whole(Box::new(answer.clone()))))
    }

    /// The decision; a store that gives back other bytes than it was given is of no use.
    pub(super) fn answer(self) -> Result<Answer, StoreError> {
        match self.0 {
            Kept::Whole(answer) => Ok(*answer),
            Kept::Skipped {
                identity,
                reason,
                rule,
                fuel,
                intent,
                tier,
            } => Ok(Answer {
                side: Side::Skip,
                intent,
                effect: PositionEffect::None,
                position_side: None,
                tier: tier.map(u32::from),
                quantity: None,
                notional: None,
                fuel: fuel.map(|fuel| fuel.get().into()),
                author: Author::Policy {
                    identity,
                    reason,
                    rule,
                },
                charge: None,
            }),
            Kept::Packed(numbers, identity) => {
                unpack(&mut Numbers(&numbers), identity).ok_or(StoreError::Unavailable)
            }
        }
    }
}

/// A skip of a policy's, in which there is nothing more than what is kept of one.
fn skipped(answer: &Answer) -> Option<Kept> {
    let Answer {
        side: Side::Skip,
        position_side: None,
        quantity: None,
        notional: None,
        charge: None,
        author:
            Author::Policy {
                identity,
                reason,
                rule,
            },
        ..
    } = answer
    else {
        return None;
    };
    let fuel = match answer.fuel {
        None => None,
        Some(fuel) => Some(NonZeroU32::new(u32::try_from(fuel).ok()?)?),
    };
    let tier = match answer.tier {
        None => None,
        Some(tier) => Some(u8::try_from(tier).ok()?),
    };
    Some(Kept::Skipped {
        identity: Arc::clone(identity),
        reason: *reason,
        rule: *rule,
        fuel,
        intent: answer.intent,
        tier,
    })
}

fn pack(answer: &Answer) -> Option<Kept> {
    let Author::Policy {
        identity,
        reason,
        rule,
    } = &answer.author
    else {
        return None;
    };
    let Charge {
        report,
        reservation,
    } = answer.charge.as_deref()?;
    let reservation = reservation.filter(|_| answer.effect == PositionEffect::Open)?;
    let mut numbers = Vec::with_capacity(96);
    push(&mut numbers, u128::from(answer.side == Side::Buy));
    push(
        &mut numbers,
        u128::from(answer.intent == OrderIntent::Pilot),
    );
    push(
        &mut numbers,
        answer.tier.map_or(0, |tier| u128::from(tier) + 1),
    );
    push(
        &mut numbers,
        answer.fuel.map_or(0, |fuel| u128::from(fuel) + 1),
    );
    push(&mut numbers, u128::from(*reason));
    push(&mut numbers, u128::from(*rule));
    push(&mut numbers, u128::from(report.budget));
    push(&mut numbers, u128::from(report.orders));
    push(&mut numbers, u128::from(reservation.number()));
    for amount in [
        answer.quantity?,
        answer.notional?,
        report.need,
        report.used,
        report.reserved,
    ] {
        push_amount(&mut numbers, amount);
    }
    if let Some(limit) = report.limit {
        push_amount(&mut numbers, limit);
    }
    // A copy in room of its own size: what is cut off of a larger one stays in pieces.
    Some(Kept::Packed(
        numbers.as_slice().into(),
        Arc::clone(identity),
    ))
}

fn unpack(numbers: &mut Numbers<'_>, identity: Arc<PolicyIdentity>) -> Option<Answer> {
    let buys = numbers.next()? == 1;
    let pilot = numbers.next()? == 1;
    let tier = numbers
        .next()?
        .checked_sub(1)
        .and_then(|tier| u32::try_from(tier).ok());
    let fuel = numbers
        .next()?
        .checked_sub(1)
        .and_then(|fuel| u64::try_from(fuel).ok());
    let [reason, rule, budget, orders] = [
        numbers.index()?,
        numbers.index()?,
        numbers.index()?,
        numbers.index()?,
    ];
    let reservation = ReservationId::of_number(u64::try_from(numbers.next()?).ok()?);
    let (quantity, notional) = (numbers.amount()?, numbers.amount()?);
    let (need, used, reserved) = (numbers.amount()?, numbers.amount()?, numbers.amount()?);
    let report = BudgetReport {
        budget,
        need,
        used,
        reserved,
        limit: numbers.amount(),
        orders,
    };
    Some(Answer {
        side: if buys { Side::Buy } else { Side::Sell },
        intent: if pilot {
            OrderIntent::Pilot
        } else {
            OrderIntent::Explore
        },
        effect: PositionEffect::Open,
        position_side: Some(if buys {
            PositionSide::Long
        } else {
            PositionSide::Short
        }),
        tier,
        quantity: Some(quantity),
        notional: Some(notional),
        fuel,
        author: Author::Policy {
            identity,
            reason,
            rule,
        },
        charge: Some(Box::new(Charge {
            report,
            reservation: Some(reservation),
        })),
    })
}

fn push_amount(numbers: &mut Vec<u8>, amount: Amount) {
    let (high, low, scale) = amount.to_words();
    push(numbers, (u128::from(high) << 64) | u128::from(low));
    push(numbers, u128::from(scale));
}

/// Seven bits a byte, the lowest first; the last byte has no high bit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "seven bits are kept on purpose"
)]
fn push(numbers: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        numbers.push(number as u8 | 0x80);
        number >>= 7;
    }
    numbers.push(number as u8);
}

/// Reads what [`push`] wrote.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn next(&mut self) -> Option<u128> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn index(&mut self) -> Option<u32> {
        u32::try_from(self.next()?).ok()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the coefficient"
    )]
    fn amount(&mut self) -> Option<Amount> {
        let (coefficient, scale) = (self.next()?, self.next()?);
        Amount::from_words(
            (coefficient >> 64) as u64,
            coefficient as u64,
            u8::try_from(scale).ok()?,
        )
    }
}
