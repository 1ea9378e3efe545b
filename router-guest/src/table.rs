//! The canonical table: what a checked policy document says, with every name resolved to an
//! index and every condition in one normal form. It is what goes into the component.
//!
//! It decides nothing (see [`crate::engine`]) and knows no YAML (see `document`). A table is
//! data from outside as far as the component is concerned: [`Table::validate`] holds before
//! anything is compiled from it.

mod encoding;
mod validate;

use alloc::string::String;
use alloc::vec::Vec;

pub use encoding::{TABLE_VERSION, TableError};

use crate::amount::Amount;
use crate::lookup::Lookup;
use crate::manifest::{
    AmountField, BudgetInfo, MANIFEST_SCHEMA, Manifest, ScoreField, SymbolInfo, TierInfo,
};
use crate::request::{FinalAction, PositionSide, TradeType};
use crate::state::TradingState;

/// Rules that a table holds at most.
pub const RULES_MAX: usize = 8192;
/// Clauses of all rules together.
pub const CLAUSES_MAX: usize = 16_384;
/// Tiers that a table holds at most.
pub const TIERS_MAX: usize = 15;
/// Budgets that a table holds at most.
pub const BUDGETS_MAX: usize = 15;
/// Symbols that a table names at most.
pub const SYMBOLS_MAX: usize = 8192;
/// Reasons that a table declares at most.
pub const REASONS_MAX: usize = 8192;
/// Patterns of all name tests together.
pub const PATTERNS_MAX: usize = 32_768;
/// Bytes of any name: of the policy, a rule, a reason, a tier, a budget, a symbol, a pattern.
pub const TABLE_NAME_BYTES_MAX: usize = 64;

/// A policy with every name resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The policy's name.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// Currency of equity and budgets.
    pub account_currency: String,
    /// Symbols known by name, sorted by it; `shortable` has the master switch applied.
    pub symbols: Vec<SymbolInfo>,
    /// Tiers, in the order in which they classify `auto`.
    pub tiers: Vec<Tier>,
    /// Budgets, in manifest order.
    pub budgets: Vec<BudgetInfo>,
    /// Reasons, in the order of their first use.
    pub reasons: Vec<String>,
    /// The routes; the first that matches decides.
    pub rules: Vec<Rule>,
}

/// A class of trades by quality.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// What the manifest says of it.
    pub info: TierInfo,
    /// The least |signal_score| that qualifies.
    pub signal_strength_min: Option<f64>,
    /// The least risk/reward ratio that qualifies.
    pub risk_reward_min: Option<f64>,
    /// The least confidence that qualifies.
    pub confidence_min: Option<f64>,
}

/// One route: when any of its clauses holds, its outcome is the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The route's name in the document.
    pub name: String,
    /// Alternatives; at least one.
    pub clauses: Vec<Clause>,
    /// What happens.
    pub outcome: Outcome,
}

/// What a rule does. The side follows from the action and the position, so that no outcome
/// can turn a SELL into a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No order.
    Skip {
        /// Index into the reasons.
        reason: u32,
    },
    /// Close what is closable of the position, or `close_quantity` of it.
    Close {
        /// Reason when a long is closed, index into the reasons.
        long_reason: u32,
        /// Reason when a short is closed, index into the reasons.
        short_reason: u32,
    },
    /// Open, sized by the tier of the trade's intent.
    Open {
        /// Reason when a long is opened, index into the reasons.
        long_reason: u32,
        /// Reason when a short is opened, index into the reasons.
        short_reason: u32,
    },
}

/// A conjunction: every part must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// Trading states, one bit each by number.
    pub states: u8,
    /// Trade types as stated in the request, one bit each by number.
    pub types: u8,
    /// Pairs of action and position: bit `action · 3 + position`, see [`pair_number`].
    pub pairs: u32,
    /// Position above 0 but under the symbol's known minimum quantity.
    pub dust: Flag,
    /// Closable quantity above 0.
    pub closable: Flag,
    /// An opening order works.
    pub opening: Flag,
    /// The symbol may be shorted.
    pub shortable: Flag,
    /// `target_notional` is final.
    pub sized: Flag,
    /// Test of the symbol.
    pub symbol: Option<NameTest>,
    /// Test of the strategy.
    pub strategy: Option<NameTest>,
    /// Tiers, one bit each by index; bit 15 is "no tier".
    pub tiers: u16,
    /// Tests of scores and ratios.
    pub scores: Vec<NumberTest<ScoreField, f64>>,
    /// Tests of amounts.
    pub amounts: Vec<NumberTest<AmountField, Amount>>,
    /// The sized order is under the symbol's minimum quantity or notional, or rounds to nothing.
    pub below_minimum: Flag,
    /// The tier's budget does not hold the need.
    pub budget_exhausted: Flag,
}

/// The values of a yes-or-no fact that a clause accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Flag {
    /// Not tested.
    Any,
    /// It must not hold.
    No,
    /// It must hold.
    Yes,
}

/// A set of names, given by patterns in which `*` stands for any run of characters and `?`
/// for any one byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTest {
    /// Sorted, without repeats; at least one.
    pub patterns: Vec<String>,
    /// The name must match none of them.
    pub negated: bool,
}

/// A test of one number. A missing number fails every test but [`NumberRange::Absent`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberTest<F, N> {
    /// What is tested.
    pub field: F,
    /// The range that it must be in.
    pub range: NumberRange<N>,
}

/// Where a number must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberRange<N> {
    /// Not given.
    Absent,
    /// Given, whatever it is.
    Present,
    /// At least `low` and at most `high`.
    Within {
        /// Lower end.
        low: End<N>,
        /// Upper end.
        high: End<N>,
    },
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End<N> {
    /// No end.
    Open,
    /// The number itself is in.
    Including(N),
    /// The number itself is out.
    Excluding(N),
}

/// The bit of "no tier" in [`Clause::tiers`].
pub const NO_TIER_BIT: u16 = 1 << 15;
/// All bits of [`Clause::states`].
pub const STATES_ALL: u8 = 0b111;
/// All bits of [`Clause::types`].
pub const TYPES_ALL: u8 = 0b11_1111;
/// All bits of [`Clause::pairs`].
pub const PAIRS_ALL: u32 = (1 << 18) - 1;
/// All bits of [`Clause::tiers`].
pub const TIERS_ALL: u16 = u16::MAX;

/// The bit number of an action with a position (`None` is flat) in [`Clause::pairs`].
pub const fn pair_number(action: FinalAction, position: Option<PositionSide>) -> u32 {
    let position = match position {
        None => 0,
        Some(PositionSide::Long) => 1,
        Some(PositionSide::Short) => 2,
    };
    action as u32 * 3 + position
}

/// The bit of a state in [`Clause::states`].
pub const fn state_bit(state: TradingState) -> u8 {
    1 << state as u8
}

/// The bit of a type in [`Clause::types`].
pub const fn type_bit(trade_type: TradeType) -> u8 {
    1 << trade_type as u8
}

impl Clause {
    /// The clause that holds for every request.
    pub const ANY: Self = Self {
        states: STATES_ALL,
        types: TYPES_ALL,
        pairs: PAIRS_ALL,
        dust: Flag::Any,
        closable: Flag::Any,
        opening: Flag::Any,
        shortable: Flag::Any,
        sized: Flag::Any,
        symbol: None,
        strategy: None,
        tiers: TIERS_ALL,
        scores: Vec::new(),
        amounts: Vec::new(),
        below_minimum: Flag::Any,
        budget_exhausted: Flag::Any,
    };
}

impl Flag {
    /// Whether the fact is accepted.
    pub const fn accepts(self, fact: bool) -> bool {
        match self {
            Self::Any => true,
            Self::No => !fact,
            Self::Yes => fact,
        }
    }
}

impl<N: PartialOrd + Copy> NumberRange<N> {
    /// Whether the number, or its absence, is in the range.
    pub fn holds(&self, number: Option<N>) -> bool {
        match (self, number) {
            (Self::Absent, number) => number.is_none(),
            (_, None) => false,
            (Self::Present, Some(_)) => true,
            (Self::Within { low, high }, Some(number)) => {
                (match low {
                    End::Open => true,
                    End::Including(end) => number >= *end,
                    End::Excluding(end) => number > *end,
                }) && (match high {
                    End::Open => true,
                    End::Including(end) => number <= *end,
                    End::Excluding(end) => number < *end,
                })
            }
        }
    }

    fn ends(&self) -> [Option<N>; 2] {
        match self {
            Self::Within { low, high } => [low.number(), high.number()],
            _ => [None, None],
        }
    }
}

impl<N: Copy> End<N> {
    fn number(&self) -> Option<N> {
        match self {
            Self::Open => None,
            Self::Including(number) | Self::Excluding(number) => Some(*number),
        }
    }
}

impl Table {
    /// What a host must know of the policy.
    pub fn manifest(&self) -> Manifest {
        Manifest {
            schema: MANIFEST_SCHEMA,
            name: self.name.clone(),
            version: self.version.clone(),
            account_currency: self.account_currency.clone(),
            reasons: self.reasons.clone(),
            rules: self.rules.iter().map(|rule| rule.name.clone()).collect(),
            tiers: self.tiers.iter().map(|tier| tier.info.clone()).collect(),
            budgets: self.budgets.clone(),
            symbols: self.symbols.clone(),
            score_thresholds: self.score_thresholds(),
            amount_thresholds: self.amount_thresholds(),
        }
    }

    // Loops, not chains of iterators: those are several times as long in the component.

    /// In the order in which they stand, each once.
    fn score_thresholds(&self) -> Vec<(ScoreField, f64)> {
        let mut seen: Lookup<[u8; 9], ()> = Lookup::default();
        let mut thresholds = Vec::new();
        let mut keep = |field, end: Option<f64>| {
            if let Some(end) = end.filter(|end| seen.insert(score_key(field, *end))) {
                thresholds.push((field, end));
            }
        };
        for tier in &self.tiers {
            keep(ScoreField::SignalStrength, tier.signal_strength_min);
            keep(ScoreField::RiskRewardRatio, tier.risk_reward_min);
            keep(ScoreField::Confidence, tier.confidence_min);
        }
        for rule in &self.rules {
            for clause in &rule.clauses {
                for test in &clause.scores {
                    let [low, high] = test.range.ends();
                    keep(test.field, low);
                    keep(test.field, high);
                }
            }
        }
        thresholds
    }

    /// In the order in which they stand, each once.
    fn amount_thresholds(&self) -> Vec<(AmountField, Amount)> {
        let mut seen: Lookup<[u8; 18], ()> = Lookup::default();
        let mut thresholds = Vec::new();
        for rule in &self.rules {
            for clause in &rule.clauses {
                for test in &clause.amounts {
                    for end in test.range.ends().into_iter().flatten() {
                        let end = end.normalized();
                        if seen.insert(amount_key(test.field, end)) {
                            thresholds.push((test.field, end));
                        }
                    }
                }
            }
        }
        thresholds
    }
}

/// A threshold as a name.
fn score_key(field: ScoreField, end: f64) -> [u8; 9] {
    let mut key = [field as u8; 9];
    let (_, number) = key.split_at_mut(1);
    number.copy_from_slice(&end.to_le_bytes());
    key
}

/// A threshold as a name.
fn amount_key(field: AmountField, end: Amount) -> [u8; 18] {
    let (high, low, scale) = end.to_words();
    let mut key = [field as u8; 18];
    let (_, number) = key.split_at_mut(1);
    let (words, last) = number.split_at_mut(16);
    words.copy_from_slice(&(u128::from(high) << 64 | u128::from(low)).to_le_bytes());
    last.fill(scale);
    key
}
