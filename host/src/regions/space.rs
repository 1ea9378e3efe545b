//! The space of all requests and states, cut wherever one of the given tables cuts it.
//!
//! It owns the axes and the classes of names that regions are written in, and knows what a
//! table knows of each. It decides nothing.

use std::collections::{BTreeSet, HashSet};

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{AmountField, BudgetInfo, ScoreField, SymbolInfo};
use router_guest::table::{Clause, End, NO_TIER_BIT, NameTest, NumberRange, Table, Tier};

use super::axis::{Axis, Floor};
use super::names::{ClassSet, Classes, Pattern, TooMany};
use super::region::{Answers, Region};

/// What the tables know of a symbol, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SymbolKind(Vec<KnownSymbol>);

/// What one table knows of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct KnownSymbol {
    pub(crate) is_shortable: bool,
    pub(crate) step: Option<Amount>,
    pub(crate) min_quantity: Option<Amount>,
    pub(crate) min_notional: Option<Amount>,
    /// Quoted in the account currency, so that no rate is needed.
    pub(crate) is_in_account_currency: bool,
}

/// The space of requests and states.
#[derive(Debug)]
pub(crate) struct Space<'t> {
    pub(crate) tables: Vec<&'t Table>,
    pub(crate) symbols: Classes<SymbolKind>,
    pub(crate) strategies: Classes<()>,
    pub(crate) strength: Axis<f64>,
    pub(crate) confidence: Axis<f64>,
    pub(crate) risk_reward: Axis<f64>,
    /// In the order of [`AmountField::ALL`].
    pub(crate) amounts: Vec<Axis<Amount>>,
    /// The classes of each kind of symbol.
    pub(crate) kinds: Vec<(SymbolKind, ClassSet)>,
}

impl SymbolKind {
    fn of(tables: &[&Table], name: &str) -> Self {
        // Where there is no budget it does not matter what a symbol is quoted in.
        let known = |table: &&Table| KnownSymbol {
            is_in_account_currency: !table.budgets.is_empty()
                && sizing::quote_currency(name) == Some(table.account_currency.as_str()),
            ..KnownSymbol::of(table, name)
        };
        Self(tables.iter().map(known).collect())
    }

    pub(crate) fn known(&self, table: usize) -> KnownSymbol {
        self.0.get(table).copied().unwrap_or_default()
    }
}

impl KnownSymbol {
    fn of(table: &Table, name: &str) -> Self {
        let known = table
            .symbols
            .binary_search_by(|symbol| symbol.name.as_str().cmp(name))
            .ok()
            .and_then(|at| table.symbols.get(at));
        known.map(Self::of_info).unwrap_or_default()
    }

    fn of_info(symbol: &SymbolInfo) -> Self {
        Self {
            is_shortable: symbol.shortable,
            step: symbol.step,
            min_quantity: symbol.min_quantity,
            min_notional: symbol.min_notional,
            is_in_account_currency: false,
        }
    }

    /// The least quantity that is no dust and that an order can have.
    pub(crate) fn least_order(&self) -> Amount {
        let step = self.step.unwrap_or_else(sizing::default_step);
        self.min_quantity.map_or(step, |least| least.max(step))
    }
}

impl<'t> Space<'t> {
    /// The space that the tables cut.
    ///
    /// # Errors
    /// [`TooMany`] when the globs on names tell more apart than can be followed.
    pub(crate) fn new(tables: &[&'t Table]) -> Result<Self, TooMany> {
        let symbols = symbol_classes(tables)?;
        let strategies = Classes::new(
            &BTreeSet::new(),
            &name_tests(tables, |clause| clause.strategy.as_ref()),
            Vec::new(),
            |_| (),
        )?;
        let [strength, confidence, risk_reward] = score_axes(tables);
        let kinds: HashSet<&SymbolKind> = symbols.iter().map(|class| &class.kind).collect();
        let mut kinds: Vec<_> = kinds
            .into_iter()
            .map(|kind| (kind.clone(), symbols.where_kind(|other| other == kind)))
            .collect();
        // In an order of their own, so that the same tables give the same examples.
        kinds.sort_by_key(|(_, classes)| classes.iter().next());
        Ok(Self {
            tables: tables.to_vec(),
            amounts: AmountField::ALL
                .map(|field| amount_axis(tables, field))
                .into(),
            symbols,
            strategies,
            strength,
            confidence,
            risk_reward,
            kinds,
        })
    }

    /// What the tables know of a symbol.
    pub(crate) fn kind_of(&self, name: &str) -> SymbolKind {
        SymbolKind::of(&self.tables, name)
    }

    /// Every request and state.
    pub(crate) fn everything(&self) -> Region {
        let amounts = AmountField::ALL.map(|field| self.amount_axis(field).all());
        let scores = [&self.strength, &self.confidence, &self.risk_reward].map(Axis::all);
        Region::everything(self.symbols.all(), self.strategies.all(), scores, amounts)
    }

    /// A place, widened to everything that no table cuts: numbers that nothing is asked of, and
    /// what only tiers tell.
    pub(crate) fn outlined(&self, mut place: Region) -> Region {
        for (run, field) in place.amounts.iter_mut().zip(AmountField::ALL) {
            let is_a_fact = matches!(
                field,
                AmountField::ClosableQuantity | AmountField::WorkingOpening
            );
            let axis = self.amount_axis(field);
            if !axis.is_cut() && !is_a_fact {
                *run = axis.all();
            }
        }
        for (run, axis) in [
            (&mut place.strength, &self.strength),
            (&mut place.confidence, &self.confidence),
            (&mut place.risk_reward, &self.risk_reward),
        ] {
            if !axis.is_cut() {
                *run = axis.all();
            }
        }
        let tests_sign = self
            .tables
            .iter()
            .flat_map(|table| &table.rules)
            .any(|rule| {
                let mut scores = rule.clauses.iter().flat_map(|clause| &clause.scores);
                scores.any(|test| test.field == ScoreField::SignalScore)
            });
        if !tests_sign {
            place.negative = Answers::ANY;
        }
        for view in &mut place.views {
            view.forget_tiers();
        }
        place
    }

    #[expect(clippy::expect_used, reason = "there is an axis for every field")]
    pub(crate) fn amount_axis(&self, field: AmountField) -> &Axis<Amount> {
        self.amounts.get(field as usize).expect("an axis")
    }

    pub(crate) fn table(&self, table: usize) -> Option<&'t Table> {
        self.tables.get(table).copied()
    }

    pub(crate) fn tier(&self, table: usize, tier: Option<u32>) -> Option<&'t Tier> {
        self.table(table)?.tiers.get(usize::try_from(tier?).ok()?)
    }

    /// The budget that a tier charges.
    pub(crate) fn budget(&self, table: usize, tier: Option<u32>) -> Option<(u32, &'t BudgetInfo)> {
        let budget = self.tier(table, tier)?.info.budget?;
        let info = self
            .table(table)?
            .budgets
            .get(usize::try_from(budget).ok()?)?;
        Some((budget, info))
    }

    /// The bits of the tiers that charge this budget; of `None`, of those that charge none.
    pub(crate) fn tiers_charging(&self, table: usize, budget: Option<u32>) -> u16 {
        let Some(own) = self.table(table) else {
            return NO_TIER_BIT;
        };
        let charging = (0_u16..)
            .zip(&own.tiers)
            .filter(|(_, tier)| tier.info.budget == budget);
        let bits = charging.fold(0, |bits, (at, _)| bits | 1 << at);
        if budget.is_none() {
            bits | NO_TIER_BIT
        } else {
            bits
        }
    }
}

fn symbol_classes(tables: &[&Table]) -> Result<Classes<SymbolKind>, TooMany> {
    let named = tables
        .iter()
        .flat_map(|table| table.symbols.iter().map(|symbol| symbol.name.as_str()))
        .collect();
    let currencies: BTreeSet<_> = tables
        .iter()
        .filter(|table| !table.budgets.is_empty())
        .map(|table| table.account_currency.as_str())
        .collect();
    let quotes = currencies
        .iter()
        .map(|currency| Pattern::quoted_in(currency));
    let tests = name_tests(tables, |clause| clause.symbol.as_ref());
    Classes::new(&named, &tests, quotes.collect(), |name| {
        SymbolKind::of(tables, name)
    })
}

fn name_tests<'t>(
    tables: &[&'t Table],
    of: impl Fn(&'t Clause) -> Option<&'t NameTest>,
) -> Vec<&'t NameTest> {
    clauses(tables).filter_map(of).collect()
}

fn clauses<'t>(tables: &[&'t Table]) -> impl Iterator<Item = &'t Clause> {
    tables
        .iter()
        .flat_map(|table| table.rules.iter().flat_map(|rule| rule.clauses.iter()))
}

fn score_axes(tables: &[&Table]) -> [Axis<f64>; 3] {
    let mut cuts: [Vec<f64>; 3] = Default::default();
    let [strength, confidence, risk_reward] = &mut cuts;
    for tier in tables.iter().flat_map(|table| &table.tiers) {
        strength.extend(tier.signal_strength_min);
        confidence.extend(tier.confidence_min);
        risk_reward.extend(tier.risk_reward_min);
    }
    for test in clauses(tables).flat_map(|clause| &clause.scores) {
        let ends = ends(&test.range);
        match test.field {
            // The line is that of the score without its sign.
            ScoreField::SignalScore => strength.extend(ends.into_iter().flatten().map(f64::abs)),
            ScoreField::SignalStrength => strength.extend(ends.into_iter().flatten()),
            ScoreField::Confidence => confidence.extend(ends.into_iter().flatten()),
            ScoreField::RiskRewardRatio => risk_reward.extend(ends.into_iter().flatten()),
        }
    }
    let [strength, confidence, risk_reward] = cuts;
    [
        Axis::new(strength, Floor::Zero, 0.0, true),
        Axis::new(confidence, Floor::None, 0.0, true),
        Axis::new(risk_reward, Floor::None, 0.0, true),
    ]
}

fn amount_axis(tables: &[&Table], field: AmountField) -> Axis<Amount> {
    let cuts = clauses(tables)
        .flat_map(|clause| &clause.amounts)
        .filter(|test| test.field == field)
        .flat_map(|test| ends(&test.range).into_iter().flatten())
        .collect();
    let (floor, may_be_absent) = match field {
        AmountField::PositionQuantity
        | AmountField::ClosableQuantity
        | AmountField::WorkingOpening
        | AmountField::WorkingClosing => (Floor::Zero, false),
        AmountField::Equity | AmountField::StopLoss | AmountField::TakeProfit => {
            (Floor::Zero, true)
        }
        AmountField::CloseQuantity
        | AmountField::Price
        | AmountField::TargetNotional
        | AmountField::QuoteRate => (Floor::AboveZero, true),
    };
    Axis::new(cuts, floor, Amount::ZERO, may_be_absent)
}

fn ends<N: Copy>(range: &NumberRange<N>) -> [Option<N>; 2] {
    let end = |end: &End<N>| match end {
        End::Open => None,
        End::Including(number) | End::Excluding(number) => Some(*number),
    };
    match range {
        NumberRange::Within { low, high } => [end(low), end(high)],
        NumberRange::Absent | NumberRange::Present => [None, None],
    }
}
