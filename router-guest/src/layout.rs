//! The records of a decision as they lie in a component's memory: what the canonical ABI
//! makes of `wit/routing.wit`, for both sides of the call.
//!
//! Generated code takes records apart field by field on one side and puts them together on
//! the other, which costs more than the decision. Here a record goes over in one copy and is
//! read where it lies. Sizes and places are checked at compile time by whoever has the
//! generated types to compare with.

mod answer;
mod arguments;

pub use answer::AnswerLayout;
pub use arguments::{ArgumentsLayout, SpanLayout};

use crate::amount::Amount;
use crate::request::{FinalAction, OrderTerms, Position, PositionSide, TradeType, WorkingOrders};
use crate::state::{BudgetUse, TradingState};

// Discriminants are one byte with padding behind it: written little-endian, a longer integer
// below 256 is that byte and the padding. Read, only the byte counts.

/// `decimal`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct DecimalLayout {
    high: u64,
    low: u64,
    scale: u64,
}

/// `option<decimal>`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct OptionalDecimal {
    given: u64,
    value: DecimalLayout,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct OptionalScore {
    given: u64,
    bits: u64,
}

#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct OptionalPosition {
    given: u64,
    side: u64,
    quantity: DecimalLayout,
}

/// `order-terms`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct TermsLayout {
    final_action: u8,
    trade_type: u8,
    padding: [u8; 6],
    position: OptionalPosition,
    close_quantity: OptionalDecimal,
    opening: DecimalLayout,
    closing: DecimalLayout,
    price: OptionalDecimal,
    target_notional: OptionalDecimal,
    sized: u64,
    equity: OptionalDecimal,
    quote_rate: OptionalDecimal,
    scores: [OptionalScore; 3],
    stop_loss: OptionalDecimal,
    take_profit: OptionalDecimal,
}

/// `budget-use`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct UseLayout {
    used: DecimalLayout,
    reserved: DecimalLayout,
    orders: u32,
    padding: u32,
}

/// `batch-item`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct ItemLayout {
    /// Index of its symbol in the batch's names.
    pub symbol: u32,
    /// Index of its strategy in the batch's names.
    pub strategy: u32,
    /// The rest of the request.
    pub terms: TermsLayout,
    trading_state: u32,
    budgets_given: u32,
    budgets: u32,
    padding: u32,
}

const fn byte(word: u64) -> u8 {
    word.to_le_bytes()[0]
}

/// The value of a discriminant's number.
fn numbered<T: Copy>(all: &[T], number: u8) -> Option<T> {
    all.get(usize::from(number)).copied()
}

impl DecimalLayout {
    const ZERO: Self = Self {
        high: 0,
        low: 0,
        scale: 0,
    };

    #[inline]
    fn of(amount: Amount) -> Self {
        let (high, low, scale) = amount.to_words();
        Self {
            high: high.to_le(),
            low: low.to_le(),
            scale: u64::from(scale).to_le(),
        }
    }

    #[inline]
    fn is_sound(&self) -> bool {
        let scale = byte(u64::from_le(self.scale));
        Amount::are_sound_words(u64::from_le(self.high), u64::from_le(self.low), scale)
    }

    #[inline]
    fn read(&self) -> Option<Amount> {
        self.is_sound().then(|| self.amount())
    }

    /// The amount of a decimal that is sound.
    #[inline]
    fn amount(&self) -> Amount {
        let scale = byte(u64::from_le(self.scale));
        Amount::of_sound_words(u64::from_le(self.high), u64::from_le(self.low), scale)
    }
}

impl OptionalDecimal {
    #[inline]
    fn of(amount: Option<Amount>) -> Self {
        Self {
            given: u64::from(amount.is_some()).to_le(),
            value: amount.map_or(DecimalLayout::ZERO, DecimalLayout::of),
        }
    }

    #[inline]
    fn is_sound(&self) -> bool {
        match byte(u64::from_le(self.given)) {
            0 => true,
            1 => self.value.is_sound(),
            _ => false,
        }
    }

    /// The amount of an option that is sound.
    #[inline]
    fn amount(&self) -> Option<Amount> {
        (byte(u64::from_le(self.given)) != 0).then(|| self.value.amount())
    }

    #[inline]
    fn read(&self) -> Option<Option<Amount>> {
        self.is_sound().then(|| self.amount())
    }
}

impl OptionalScore {
    #[inline]
    fn of(score: Option<f64>) -> Self {
        Self {
            given: u64::from(score.is_some()).to_le(),
            bits: score.map_or(0, f64::to_bits).to_le(),
        }
    }

    #[inline]
    fn read(&self) -> Option<f64> {
        (byte(u64::from_le(self.given)) != 0).then(|| f64::from_bits(u64::from_le(self.bits)))
    }
}

impl OptionalPosition {
    #[inline]
    fn of(position: Option<Position>) -> Self {
        let short = position.is_some_and(|position| position.side == PositionSide::Short);
        let quantity = position.map(|position| position.quantity);
        Self {
            given: u64::from(position.is_some()).to_le(),
            side: u64::from(short).to_le(),
            quantity: quantity.map_or(DecimalLayout::ZERO, DecimalLayout::of),
        }
    }

    #[inline]
    fn is_sound(&self) -> bool {
        byte(u64::from_le(self.given)) == 0 || self.quantity.is_sound()
    }

    /// The position of an option that is sound.
    #[inline]
    fn position(&self) -> Option<Position> {
        let side = match byte(u64::from_le(self.side)) {
            0 => PositionSide::Long,
            _ => PositionSide::Short,
        };
        (byte(u64::from_le(self.given)) != 0).then(|| Position {
            side,
            quantity: self.quantity.amount(),
        })
    }
}

impl TermsLayout {
    /// Lays terms out.
    #[inline]
    pub fn of(terms: &OrderTerms) -> Self {
        Self {
            final_action: terms.final_action as u8,
            trade_type: terms.trade_type as u8,
            padding: [0; 6],
            position: OptionalPosition::of(terms.position),
            close_quantity: OptionalDecimal::of(terms.close_quantity),
            opening: DecimalLayout::of(terms.working.opening),
            closing: DecimalLayout::of(terms.working.closing),
            price: OptionalDecimal::of(terms.price),
            target_notional: OptionalDecimal::of(terms.target_notional),
            sized: u64::from(terms.sized).to_le(),
            equity: OptionalDecimal::of(terms.equity),
            quote_rate: OptionalDecimal::of(terms.quote_rate),
            scores: [
                terms.signal_score,
                terms.confidence,
                terms.risk_reward_ratio,
            ]
            .map(OptionalScore::of),
            stop_loss: OptionalDecimal::of(terms.stop_loss),
            take_profit: OptionalDecimal::of(terms.take_profit),
        }
    }

    /// The terms, to be read; `None` when an amount or a discriminant is out of bounds.
    ///
    /// All is checked before any of it is read, so that the terms are made where they are to
    /// stand: to move them takes longer than to read them.
    pub fn checked(&self) -> Option<SoundTerms<'_>> {
        let amounts = [
            &self.close_quantity,
            &self.price,
            &self.target_notional,
            &self.equity,
            &self.quote_rate,
            &self.stop_loss,
            &self.take_profit,
        ];
        let is_sound = self.position.is_sound()
            && self.opening.is_sound()
            && self.closing.is_sound()
            && amounts.into_iter().all(OptionalDecimal::is_sound);
        let sound = SoundTerms {
            layout: self,
            final_action: numbered(&FinalAction::ALL, self.final_action)?,
            trade_type: numbered(&TradeType::ALL, self.trade_type)?,
        };
        is_sound.then_some(sound)
    }
}

/// Laid out terms without an amount or a discriminant that is out of bounds.
#[derive(Debug, Clone, Copy)]
pub struct SoundTerms<'l> {
    layout: &'l TermsLayout,
    final_action: FinalAction,
    trade_type: TradeType,
}

impl SoundTerms<'_> {
    /// The terms.
    #[inline]
    pub fn read(self) -> OrderTerms {
        let layout = self.layout;
        let [signal_score, confidence, risk_reward_ratio] = &layout.scores;
        OrderTerms {
            final_action: self.final_action,
            trade_type: self.trade_type,
            position: layout.position.position(),
            close_quantity: layout.close_quantity.amount(),
            working: WorkingOrders {
                opening: layout.opening.amount(),
                closing: layout.closing.amount(),
            },
            price: layout.price.amount(),
            target_notional: layout.target_notional.amount(),
            sized: byte(u64::from_le(layout.sized)) != 0,
            equity: layout.equity.amount(),
            quote_rate: layout.quote_rate.amount(),
            signal_score: signal_score.read(),
            confidence: confidence.read(),
            risk_reward_ratio: risk_reward_ratio.read(),
            stop_loss: layout.stop_loss.amount(),
            take_profit: layout.take_profit.amount(),
        }
    }
}

impl UseLayout {
    /// Lays a budget's use out.
    pub fn of(spent: &BudgetUse) -> Self {
        Self {
            used: DecimalLayout::of(spent.used),
            reserved: DecimalLayout::of(spent.reserved),
            orders: spent.orders.to_le(),
            padding: 0,
        }
    }

    /// The use; `None` when an amount is out of bounds.
    pub fn read(&self) -> Option<BudgetUse> {
        Some(BudgetUse {
            used: self.used.read()?,
            reserved: self.reserved.read()?,
            orders: u32::from_le(self.orders),
        })
    }
}

impl ItemLayout {
    /// Lays an item of a batch out; `budgets` is where its budget uses begin.
    #[inline]
    pub fn of(
        symbol: u32,
        strategy: u32,
        terms: &OrderTerms,
        trading_state: TradingState,
        budgets: Option<u32>,
    ) -> Self {
        Self {
            symbol: symbol.to_le(),
            strategy: strategy.to_le(),
            terms: TermsLayout::of(terms),
            trading_state: u32::from(trading_state as u8).to_le(),
            budgets_given: u32::from(budgets.is_some()).to_le(),
            budgets: budgets.unwrap_or(0).to_le(),
            padding: 0,
        }
    }

    /// Where its budget uses begin, when it has any.
    pub fn budgets(&self) -> Option<u32> {
        (u32::from_le(self.budgets_given).to_le_bytes()[0] != 0).then(|| u32::from_le(self.budgets))
    }

    /// Its trading state; `None` when there is no such.
    pub fn trading_state(&self) -> Option<TradingState> {
        trading_state(u32::from_le(self.trading_state))
    }
}

/// The trading state of a discriminant; `None` when there is no such.
pub fn trading_state(word: u32) -> Option<TradingState> {
    numbered(&TradingState::ALL, word.to_le_bytes()[0])
}

#[cfg(test)]
mod tests;
