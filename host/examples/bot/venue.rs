//! A venue in memory: it takes market orders, and does to them what venues do. It rejects some,
//! fills others in parts, and fills some of what it said was cancelled.
//!
//! What becomes of an order follows from its number, so that every run is the same.

use std::collections::VecDeque;

use execution_router::{Amount, Position, PositionSide, Side, WorkingOrders};

const TOO_LONG: &str = "the amounts of an order have more than 28 digits together";

/// An order as it goes out.
pub(crate) struct Order {
    pub(crate) side: Side,
    /// Base currency.
    pub(crate) quantity: Amount,
    /// Quote currency, what it is filled at.
    pub(crate) price: Amount,
}

/// What the venue has to say of an order.
pub(crate) struct Report {
    /// The order's number.
    pub(crate) order: u64,
    /// The venue's own name of the event.
    pub(crate) execution: String,
    pub(crate) what: What,
}

/// What became of an order, or of a part of it.
pub(crate) enum What {
    Filled {
        /// Quote currency.
        notional: Amount,
        /// Nothing more comes.
        is_final: bool,
    },
    Rejected,
    Cancelled,
}

/// What the venue will do to an order, a step at each poll.
enum Step {
    Fill(Amount),
    Reject,
    Cancel,
}

struct Resting {
    number: u64,
    order: Order,
    /// What counts as working: base quantity that is neither filled nor given up.
    left: Amount,
    steps: VecDeque<Step>,
}

/// The venue, and the account that the bot has there.
#[derive(Default)]
pub(crate) struct Venue {
    orders: u64,
    executions: u64,
    long: Amount,
    resting: Vec<Resting>,
}

impl Venue {
    /// Takes an order, and gives it a number.
    pub(crate) fn send(&mut self, order: Order) -> Result<u64, &'static str> {
        self.orders += 1;
        let number = self.orders;
        let part = |share: &str| order.quantity.mul_down(share.parse().ok()?);
        let (half, quarter) = part("0.5").zip(part("0.25")).ok_or(TOO_LONG)?;
        let rest = order.quantity.saturating_sub(half);
        let steps = match number % 8 {
            3 => vec![Step::Reject],
            5 => vec![Step::Fill(half), Step::Fill(rest)],
            // The last part was filled when the cancellation came, and is told of late.
            6 if order.side == Side::Buy => {
                vec![Step::Fill(half), Step::Cancel, Step::Fill(quarter)]
            }
            _ => vec![Step::Fill(order.quantity)],
        };
        self.resting.push(Resting {
            number,
            left: order.quantity,
            order,
            steps: steps.into(),
        });
        Ok(number)
    }

    /// What happened since the last time.
    pub(crate) fn poll(&mut self) -> Result<Vec<Report>, &'static str> {
        let mut reports = Vec::new();
        for resting in &mut self.resting {
            let Some(step) = resting.steps.pop_front() else {
                continue;
            };
            let what = match step {
                Step::Fill(quantity) => {
                    resting.left = resting.left.saturating_sub(quantity);
                    self.long = match resting.order.side {
                        Side::Buy => self.long.checked_add(quantity),
                        _ => self.long.checked_sub(quantity),
                    }
                    .ok_or("the venue sold more than there was")?;
                    What::Filled {
                        notional: quantity.mul_down(resting.order.price).ok_or(TOO_LONG)?,
                        is_final: resting.steps.is_empty(),
                    }
                }
                Step::Reject => What::Rejected,
                Step::Cancel => What::Cancelled,
            };
            if !matches!(what, What::Filled { .. }) {
                resting.left = Amount::ZERO;
            }
            self.executions += 1;
            reports.push(Report {
                order: resting.number,
                execution: format!("execution-{}", self.executions),
                what,
            });
        }
        self.resting.retain(|resting| !resting.steps.is_empty());
        Ok(reports)
    }

    /// What the account holds.
    pub(crate) fn position(&self) -> Option<Position> {
        (!self.long.is_zero()).then_some(Position {
            side: PositionSide::Long,
            quantity: self.long,
        })
    }

    /// What of the account's orders is still to be filled.
    pub(crate) fn working(&self) -> Result<WorkingOrders, &'static str> {
        let mut working = WorkingOrders::default();
        for resting in &self.resting {
            let sum = match resting.order.side {
                Side::Buy => &mut working.opening,
                _ => &mut working.closing,
            };
            *sum = sum.checked_add(resting.left).ok_or(TOO_LONG)?;
        }
        Ok(working)
    }
}
