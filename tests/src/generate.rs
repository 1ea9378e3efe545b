//! Requests and states out of a seed: dense where routes differ, so that every rule is met
//! often, and the same for the same seed on every machine.

use router_guest::amount::Amount;
use router_guest::request::{
    FinalAction, OrderTerms, Position, PositionSide, TradeType, WorkingOrders,
};
use router_guest::state::{BudgetUse, TradingState};

/// A small generator of numbers: SplitMix64, as Steele, Lea and Flood give it.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Starts at a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is above 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True once in `times`.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of the choices, of which there is at least one.
    #[expect(clippy::indexing_slicing, reason = "the index is below the length")]
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = self.below(choices.len() as u64);
        &choices[usize::try_from(at).unwrap_or(0)]
    }

    /// An amount of a text; 0 for a text that is none.
    fn amount(&mut self, texts: &[&str]) -> Amount {
        self.choose(texts).parse().unwrap_or_default()
    }

    fn maybe(&mut self, texts: &[&str]) -> Option<Amount> {
        if self.once_in(12) {
            None
        } else {
            Some(self.amount(texts))
        }
    }

    fn score(&mut self, scores: &[f64]) -> Option<f64> {
        if self.once_in(10) {
            None
        } else {
            Some(*self.choose(scores))
        }
    }
}

/// Everything of a request but its names.
pub fn terms(numbers: &mut Numbers) -> OrderTerms {
    use FinalAction::{Buy, Close, Hold, Sell, Skip, Unknown};
    let action = *numbers.choose(&[
        Buy, Buy, Buy, Buy, Sell, Sell, Sell, Sell, Close, Close, Hold, Skip, Unknown,
    ]);
    let mut terms = OrderTerms::new(action, *numbers.choose(&TradeType::ALL));
    if !numbers.once_in(2) {
        terms.position = Some(Position {
            side: *numbers.choose(&[PositionSide::Long, PositionSide::Short]),
            quantity: numbers.amount(&["0", "0.0005", "0.5", "1", "2.25", "1000"]),
        });
    }
    terms.close_quantity = if numbers.once_in(3) {
        numbers.maybe(&["0.1", "1", "5000"])
    } else {
        None
    };
    terms.working = WorkingOrders {
        opening: if numbers.once_in(6) {
            Amount::ONE
        } else {
            Amount::ZERO
        },
        closing: if numbers.once_in(3) {
            numbers.amount(&["0.1", "0.5", "1", "9999"])
        } else {
            Amount::ZERO
        },
    };
    terms.price = numbers.maybe(&["0.0345", "1", "97.25", "46983.00", "1000000"]);
    terms.target_notional =
        numbers.maybe(&["0.00000001", "5", "100", "250.5", "1000", "123456.789"]);
    terms.sized = numbers.once_in(4);
    terms.equity = numbers.maybe(&["0", "1000", "10000", "250000.55"]);
    terms.quote_rate = if numbers.once_in(2) {
        None
    } else {
        numbers.maybe(&["1", "14000", "0.00071"])
    };
    terms.signal_score = numbers.score(&[
        -0.9, -0.65, -0.3, 0.0, 0.29, 0.3, 0.54, 0.55, 0.649, 0.65, 1.0,
    ]);
    terms.confidence = numbers.score(&[0.0, 0.4, 0.8]);
    terms.risk_reward_ratio = numbers.score(&[0.5, 1.14, 1.15, 1.29, 1.3, 2.0]);
    terms.stop_loss = numbers.maybe(&["90", "46000"]);
    terms.take_profit = numbers.maybe(&["110", "49000"]);
    terms
}

/// A trading state, mostly ACTIVE.
pub fn trading_state(numbers: &mut Numbers) -> TradingState {
    use TradingState::{Active, Halted, Reducing};
    *numbers.choose(&[
        Active, Active, Active, Active, Active, Active, Reducing, Halted,
    ])
}

/// The use of one budget.
pub fn budget_use(numbers: &mut Numbers) -> BudgetUse {
    BudgetUse {
        used: numbers.amount(&["0", "0", "0.000000000001", "100", "250", "300", "7500"]),
        reserved: numbers.amount(&["0", "0", "49.5", "50"]),
        orders: u32::try_from(numbers.below(6)).unwrap_or(0),
    }
}
