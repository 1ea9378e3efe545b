//! What can vary of a request beside its row in the core: an axis for each, and the one change
//! that takes a request from the base to a point of it.
//!
//! An axis owns its fields: no two write the same one, so that two cells that differ in their
//! points differ in what the policy sees.

use router_guest::amount::Amount;
use router_guest::manifest::{AmountField, ScoreField};
use router_guest::request::{OrderTerms, Position, PositionSide, WorkingOrders};

use super::domain::Cell;

/// A dimension beside those of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Axis {
    Opening,
    Sized,
    Flat,
    Holding,
    CloseQuantity,
    SignalScore,
    Confidence,
    RiskReward,
    Price,
    TargetNotional,
    Equity,
    QuoteRate,
    StopLoss,
    TakeProfit,
    Strategy,
    Symbol,
    Budgets,
}

/// Axes that there are.
pub(super) const AXES: usize = 17;

/// What a point does to the base.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Opening(Amount),
    Sized,
    /// Flat, but said as a position of nothing, or with closing orders left over.
    Flat(Option<PositionSide>, Amount),
    /// The position's quantity, and what closes of it already.
    Holding(Amount, Amount),
    CloseQuantity(Amount),
    SignalScore(Option<f64>),
    Confidence(Option<f64>),
    RiskReward(Option<f64>),
    Price(Option<Amount>),
    TargetNotional(Option<Amount>),
    Equity(Option<Amount>),
    QuoteRate(Option<Amount>),
    StopLoss(Amount),
    TakeProfit(Amount),
    Strategy(String),
    Symbol(String),
}

impl Axis {
    /// Every axis, in the order of their numbers.
    pub(super) const ALL: [Self; AXES] = [
        Self::Opening,
        Self::Sized,
        Self::Flat,
        Self::Holding,
        Self::CloseQuantity,
        Self::SignalScore,
        Self::Confidence,
        Self::RiskReward,
        Self::Price,
        Self::TargetNotional,
        Self::Equity,
        Self::QuoteRate,
        Self::StopLoss,
        Self::TakeProfit,
        Self::Strategy,
        Self::Symbol,
        Self::Budgets,
    ];

    /// The figures of an opening that are tried in pairs.
    pub(super) const OF_OPENINGS: [Self; 11] = [
        Self::Opening,
        Self::Sized,
        Self::SignalScore,
        Self::Confidence,
        Self::RiskReward,
        Self::Price,
        Self::TargetNotional,
        Self::Equity,
        Self::QuoteRate,
        Self::StopLoss,
        Self::TakeProfit,
    ];

    /// The axis that a threshold of this field cuts.
    pub(super) const fn of_score(field: ScoreField) -> Self {
        match field {
            ScoreField::SignalScore | ScoreField::SignalStrength => Self::SignalScore,
            ScoreField::Confidence => Self::Confidence,
            ScoreField::RiskRewardRatio => Self::RiskReward,
        }
    }

    /// The axis that a threshold of this field cuts.
    pub(super) const fn of_amount(field: AmountField) -> Self {
        match field {
            AmountField::PositionQuantity
            | AmountField::ClosableQuantity
            | AmountField::WorkingClosing => Self::Holding,
            AmountField::CloseQuantity => Self::CloseQuantity,
            AmountField::WorkingOpening => Self::Opening,
            AmountField::Price => Self::Price,
            AmountField::TargetNotional => Self::TargetNotional,
            AmountField::Equity => Self::Equity,
            AmountField::QuoteRate => Self::QuoteRate,
            AmountField::StopLoss => Self::StopLoss,
            AmountField::TakeProfit => Self::TakeProfit,
        }
    }

    /// Its name in a certificate.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Opening => "working_opening",
            Self::Sized => "sized",
            Self::Flat => "flat_position",
            Self::Holding => "position_and_closing",
            Self::CloseQuantity => "close_quantity",
            Self::SignalScore => "signal_score",
            Self::Confidence => "confidence",
            Self::RiskReward => "risk_reward_ratio",
            Self::Price => "price",
            Self::TargetNotional => "target_notional",
            Self::Equity => "equity",
            Self::QuoteRate => "quote_rate",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Strategy => "strategy",
            Self::Symbol => "symbol_alike",
            Self::Budgets => "budget_use",
        }
    }
}

impl Change {
    /// Takes a cell there.
    pub(super) fn apply<'d>(&'d self, cell: &mut Cell<'d>) {
        // By name, each of them: a field that is new compiles here once a change writes it, and a
        // domain that never varied it would be certified as complete.
        let OrderTerms {
            // The core varies these.
            final_action: _,
            trade_type: _,
            position,
            close_quantity,
            working:
                WorkingOrders {
                    opening,
                    closing: closes,
                },
            price,
            target_notional,
            sized,
            equity,
            quote_rate,
            signal_score,
            confidence,
            risk_reward_ratio,
            stop_loss,
            take_profit,
        } = &mut cell.terms;
        match self {
            Self::Opening(amount) => *opening = *amount,
            Self::Sized => *sized = true,
            Self::Flat(side, closing) => {
                *position = side.map(|side| Position {
                    side,
                    quantity: Amount::ZERO,
                });
                *closes = *closing;
            }
            Self::Holding(held, closing) => {
                if let Some(Position { side: _, quantity }) = position {
                    *quantity = *held;
                }
                *closes = *closing;
            }
            Self::CloseQuantity(amount) => *close_quantity = Some(*amount),
            Self::SignalScore(score) => *signal_score = *score,
            Self::Confidence(score) => *confidence = *score,
            Self::RiskReward(score) => *risk_reward_ratio = *score,
            Self::Price(amount) => *price = *amount,
            Self::TargetNotional(amount) => *target_notional = *amount,
            Self::Equity(amount) => *equity = *amount,
            Self::QuoteRate(amount) => *quote_rate = *amount,
            Self::StopLoss(amount) => *stop_loss = Some(*amount),
            Self::TakeProfit(amount) => *take_profit = Some(*amount),
            Self::Strategy(name) => cell.strategy = name,
            Self::Symbol(name) => cell.symbol = name,
        }
    }
}
