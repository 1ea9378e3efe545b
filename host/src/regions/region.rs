//! A region: a set of requests and states that is a product, one set for each thing that a
//! rule can test.
//!
//! Facts that several numbers make together (dust, a tier, an order under the minimum, an
//! exhausted budget) stand in it as themselves: whether any request is like that is for
//! `witness` to find out. It decides nothing.

use router_guest::manifest::AmountField;
use router_guest::table::{Flag, PAIRS_ALL, STATES_ALL, TIERS_ALL, TYPES_ALL};

use super::axis::Run;
use super::names::ClassSet;

/// Tables that a region is told apart by at most: two, to compare them.
pub(crate) const TABLES_MAX: usize = 2;
/// Fields of [`AmountField`].
pub(crate) const AMOUNTS: usize = AmountField::ALL.len();

/// A set of the answers no and yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Answers(u8);

/// A product of sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Region {
    /// Trading states, one bit each by number.
    pub(crate) states: u8,
    /// Trade types, one bit each by number.
    pub(crate) types: u8,
    /// Pairs of action and position, as in a clause.
    pub(crate) pairs: u32,
    /// Whether the target is final.
    pub(crate) sized: Answers,
    /// Whether the score is below 0; one that is not given is not.
    pub(crate) negative: Answers,
    pub(crate) symbols: ClassSet,
    pub(crate) strategies: ClassSet,
    pub(crate) strength: Run,
    pub(crate) confidence: Run,
    pub(crate) risk_reward: Run,
    /// In the order of [`AmountField::ALL`].
    pub(crate) amounts: [Run; AMOUNTS],
    /// What each table makes of them.
    pub(crate) views: [View; TABLES_MAX],
}

/// What a table makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// The position is under the symbol's least quantity.
    pub(crate) dust: Answers,
    /// The sized order is under the symbol's minimums.
    pub(crate) below_minimum: Answers,
    /// The tier's budget does not hold the need; no where it has none.
    pub(crate) exhausted: Answers,
    /// Tiers, one bit each by index; bit 15 is none.
    pub(crate) tiers: u16,
}

impl Answers {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const NO: Self = Self(1);
    pub(crate) const YES: Self = Self(2);
    pub(crate) const ANY: Self = Self(3);

    pub(crate) const fn of(flag: Flag) -> Self {
        match flag {
            Flag::Any => Self::ANY,
            Flag::No => Self::NO,
            Flag::Yes => Self::YES,
        }
    }

    pub(crate) const fn of_fact(fact: bool) -> Self {
        if fact { Self::YES } else { Self::NO }
    }

    pub(crate) const fn accepts(self, fact: bool) -> bool {
        self.0 & Self::of_fact(fact).0 != 0
    }

    pub(crate) const fn meet(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl View {
    /// Leaves open what only the tiers of a table tell.
    pub(crate) const fn forget_tiers(&mut self) {
        self.below_minimum = Answers::ANY;
        self.exhausted = Answers::ANY;
        self.tiers = TIERS_ALL;
    }

    pub(crate) const ANY: Self = Self {
        dust: Answers::ANY,
        below_minimum: Answers::ANY,
        exhausted: Answers::ANY,
        tiers: TIERS_ALL,
    };
}

impl Region {
    /// Everything.
    pub(crate) fn everything(
        symbols: ClassSet,
        strategies: ClassSet,
        [strength, confidence, risk_reward]: [Run; 3],
        amounts: [Run; AMOUNTS],
    ) -> Self {
        Self {
            states: STATES_ALL,
            types: TYPES_ALL,
            pairs: PAIRS_ALL,
            sized: Answers::ANY,
            negative: Answers::ANY,
            symbols,
            strategies,
            strength,
            confidence,
            risk_reward,
            amounts,
            views: [View::ANY; TABLES_MAX],
        }
    }

    pub(crate) fn amount(&self, field: AmountField) -> Run {
        self.amounts
            .get(field as usize)
            .copied()
            .unwrap_or(Run::point(0))
    }

    pub(crate) fn view(&self, table: usize) -> View {
        self.views.get(table).copied().unwrap_or(View::ANY)
    }

    /// The same, with one amount within a run.
    pub(crate) fn with_amount(&self, field: AmountField, run: Run) -> Self {
        let mut narrowed = self.clone();
        if let Some(amount) = narrowed.amounts.get_mut(field as usize) {
            *amount = run;
        }
        narrowed
    }

    /// The same, as one table sees it otherwise.
    pub(crate) fn with_view(&self, table: usize, change: impl FnOnce(&mut View)) -> Self {
        let mut narrowed = self.clone();
        if let Some(view) = narrowed.views.get_mut(table) {
            change(view);
        }
        narrowed
    }
}
