//! Target, price, equity, rate and budget use that a region asks for: whether an order is
//! under the minimum, and whether a budget holds it.
//!
//! An order shrinks under the minimum with a smaller target or a higher price; a budget holds
//! it sooner with a smaller target or rate, or a higher equity. So the ends of the ranges are
//! tried, and the targets next to where the first of the two answers changes. The figures are
//! the engine's own.

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{AmountField, BudgetInfo, SymbolInfo};
use router_guest::state::BudgetUse;

use crate::regions::number::Number;
use crate::regions::region::{Answers, Region, TABLES_MAX};
use crate::regions::space::{KnownSymbol, Space, SymbolKind};

/// Amounts on either side that an estimate of a boundary may be off by.
const STEPS_TO_BOUNDARY_MAX: usize = 64;
/// What reads well, as far as a region lets it.
const READABLE: [(AmountField, u64); 4] = [
    (AmountField::Price, 100),
    (AmountField::TargetNotional, 1_000),
    (AmountField::Equity, 100_000),
    (AmountField::QuoteRate, 1),
];

/// The money side of a request and its state.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Money {
    pub(super) target: Option<Amount>,
    pub(super) price: Option<Amount>,
    pub(super) equity: Option<Amount>,
    pub(super) rate: Option<Amount>,
    pub(super) uses: [Vec<BudgetUse>; TABLES_MAX],
}

/// What one table asks of the money.
struct Demand<'t> {
    below_minimum: Answers,
    exhausted: Answers,
    symbol: KnownSymbol,
    /// The tier's factor, where it applies.
    factor: Option<Amount>,
    budget: Option<&'t BudgetInfo>,
    budgets: &'t [BudgetInfo],
}

/// An order against one budget.
struct Charge<'t> {
    budget: &'t BudgetInfo,
    need: Amount,
    limit: Option<Amount>,
    exhausted: Answers,
}

impl Demand<'_> {
    const fn asks_for_size(&self) -> bool {
        self.below_minimum.without_any() || self.asks_for_budget()
    }

    const fn asks_for_budget(&self) -> bool {
        self.exhausted.without_any() && self.budget.is_some()
    }

    fn notional(&self, target: Amount) -> Option<Amount> {
        match self.factor {
            Some(factor) => target.mul_down(factor),
            None => Some(target),
        }
    }

    /// The least target that anything is left of: the engine refuses an order of nothing, and no
    /// region is about that.
    fn least_target(&self) -> Option<Amount> {
        let unit = Amount::ZERO.just_above()?;
        match self.factor {
            Some(factor) => quotient(unit, factor)?.just_above(),
            None => Some(unit),
        }
    }

    /// About the greatest target that the budget's limit holds.
    fn greatest_held(&self, equity: Option<Amount>, rate: Option<Amount>) -> Option<Amount> {
        let limit = sizing::limit(self.budget?, equity).ok()??;
        let rate = rate.filter(|_| !self.symbol.is_in_account_currency);
        let limit = quotient(limit, rate.unwrap_or(Amount::ONE))?;
        quotient(limit, self.factor.unwrap_or(Amount::ONE))
    }

    fn is_below(&self, target: Amount, price: Amount) -> Option<bool> {
        let symbol = SymbolInfo {
            name: String::new(),
            shortable: self.symbol.is_shortable,
            step: self.symbol.step,
            min_quantity: self.symbol.min_quantity,
            min_notional: self.symbol.min_notional,
        };
        Some(sizing::below_minimum(
            self.notional(target)?,
            price,
            Some(&symbol),
        ))
    }

    /// The least target at this price that is not under the minimum, as far as it is found.
    fn boundary(&self, price: Amount) -> Option<Amount> {
        let by_quantity = self.symbol.least_order().mul_up_at(price, 28)?;
        let least = by_quantity.max(self.symbol.min_notional.unwrap_or_default());
        let mut target = match self.factor {
            Some(factor) => quotient(least, factor)?,
            None => least,
        };
        for _ in 0..STEPS_TO_BOUNDARY_MAX {
            match self.is_below(target, price) {
                Some(false) => match target.just_below() {
                    Some(lower) if self.is_below(lower, price) == Some(false) => target = lower,
                    _ => break,
                },
                _ => target = target.just_above()?,
            }
        }
        Some(target)
    }
}

impl Answers {
    const fn without_any(self) -> bool {
        !(self.accepts(true) && self.accepts(false))
    }
}

impl Space<'_> {
    /// Money of the region for a kind of symbol and these tiers.
    pub(super) fn money(
        &self,
        region: &Region,
        kind: &SymbolKind,
        tiers: [Option<u32>; TABLES_MAX],
        is_sized: bool,
    ) -> Option<Money> {
        let demands: Vec<_> = (0..self.tables.len())
            .map(|at| self.demand(region, kind, at, tiers.get(at).copied().flatten(), is_sized))
            .collect();
        let never_exhausted =
            |demand: &Demand<'_>| demand.budget.is_none() && !demand.exhausted.accepts(false);
        if demands.iter().any(never_exhausted) || are_at_odds(&demands) {
            return None;
        }
        let readable = READABLE.map(|(field, amount)| self.preferred(region, field, amount));
        if !demands.iter().any(Demand::asks_for_size) {
            let [price, target, equity, rate] = readable;
            return Some(Money {
                price: price?,
                target: target?,
                equity: equity?,
                rate: rate?,
                uses: Default::default(),
            });
        }
        self.money_to_measure(region, &demands, readable)
    }

    fn money_to_measure(
        &self,
        region: &Region,
        demands: &[Demand<'_>],
        readable: [Option<Option<Amount>>; 4],
    ) -> Option<Money> {
        let [price, target, equity, rate] = readable;
        let targets = self.candidates(region, AmountField::TargetNotional, target?, &[]);
        let turns = turns(demands, &targets);
        let prices = self.candidates(region, AmountField::Price, price?, &turns);
        let equities = self.candidates(region, AmountField::Equity, equity?, &shares(demands));
        let rates = self.candidates(region, AmountField::QuoteRate, rate?, &[]);
        for price in &prices {
            let boundaries = price
                .iter()
                .flat_map(|price| demands.iter().filter_map(|demand| demand.boundary(*price)))
                .flat_map(|boundary| [Some(boundary), boundary.just_below()]);
            let budgeted = demands.iter().filter(|demand| demand.asks_for_budget());
            let held = budgeted.map(|demand| demand.greatest_held(equity?, rate?));
            let least = demands.iter().map(Demand::least_target);
            let further: Vec<_> = boundaries.chain(held).chain(least).flatten().collect();
            let mut targets =
                self.candidates(region, AmountField::TargetNotional, target?, &further);
            // An order that sizing leaves nothing of cannot open: it comes last.
            let vanishes = |target: &Option<Amount>| {
                let mut notionals = demands
                    .iter()
                    .filter_map(|demand| demand.notional((*target)?));
                notionals.any(Amount::is_zero)
            };
            targets.sort_by_key(vanishes);
            for target in &targets {
                for (equity, rate) in pairs(&equities, &rates) {
                    let uses = uses(demands, *target, *price, equity, rate);
                    if let Some(uses) = uses {
                        return Some(Money {
                            target: *target,
                            price: *price,
                            equity,
                            rate,
                            uses,
                        });
                    }
                }
            }
        }
        None
    }

    fn demand(
        &self,
        region: &Region,
        kind: &SymbolKind,
        table: usize,
        tier: Option<u32>,
        is_sized: bool,
    ) -> Demand<'_> {
        let view = region.view(table);
        let sizing = self.tier(table, tier).filter(|_| !is_sized);
        Demand {
            below_minimum: view.below_minimum,
            exhausted: view.exhausted,
            symbol: kind.known(table),
            factor: sizing.map(|tier| tier.info.size),
            budget: self.budget(table, tier).map(|(_, budget)| budget),
            budgets: self.table(table).map_or(&[], |table| &table.budgets),
        }
    }

    /// What reads well, or the next best; outside `None` when nothing falls in the run.
    fn preferred(&self, region: &Region, field: AmountField, wish: u64) -> Option<Option<Amount>> {
        let axis = self.amount_axis(field);
        let run = region.amount(field);
        let wish = Amount::whole(wish);
        if run.holds(axis.segment(Some(wish))) {
            return Some(Some(wish));
        }
        Some(axis.typical(axis.readable(run)?))
    }

    /// Amounts of a run that are worth trying, the one that reads well first.
    fn candidates(
        &self,
        region: &Region,
        field: AmountField,
        readable: Option<Amount>,
        further: &[Amount],
    ) -> Vec<Option<Amount>> {
        let axis = self.amount_axis(field);
        let run = region.amount(field);
        let mut candidates = vec![readable];
        let ends = [axis.least(run), axis.greatest(run)].into_iter().flatten();
        for amount in further.iter().copied().chain(ends) {
            let segment = axis.segment(Some(amount));
            let falls_in = run.holds(segment) && axis.is_live(segment);
            if falls_in && !candidates.contains(&Some(amount)) {
                candidates.push(Some(amount));
            }
        }
        candidates
    }
}

/// Whether two tables that compute the same of every order want different answers of it. Most
/// regions that nothing falls in are like that: told here, no amounts need to be tried.
fn are_at_odds(demands: &[Demand<'_>]) -> bool {
    let [first, second] = demands else {
        return false;
    };
    let is_odd = |first: Answers, second: Answers| first.meet(second) == Answers::NONE;
    first.factor == second.factor
        && ((is_odd(first.below_minimum, second.below_minimum)
            && minimums(&first.symbol) == minimums(&second.symbol))
            || (is_odd(first.exhausted, second.exhausted)
                && first.symbol.is_in_account_currency == second.symbol.is_in_account_currency
                && first.budget.map(limits) == second.budget.map(limits)))
}

/// What an order's size is held to.
const fn minimums(symbol: &KnownSymbol) -> [Option<Amount>; 3] {
    [symbol.step, symbol.min_quantity, symbol.min_notional]
}

/// What a need is held to: budgets of one name have one use.
fn limits(budget: &BudgetInfo) -> (&str, [Option<Amount>; 2], Option<u32>) {
    (&budget.name, [budget.amount, budget.percent], budget.orders)
}

/// The use of each table's budgets that gives the wanted answers; `None` when none does, or
/// when an amount that is asked for is not there.
fn uses(
    demands: &[Demand<'_>],
    target: Option<Amount>,
    price: Option<Amount>,
    equity: Option<Amount>,
    rate: Option<Amount>,
) -> Option<[Vec<BudgetUse>; TABLES_MAX]> {
    let mut charges = Vec::new();
    for demand in demands {
        if demand.below_minimum.without_any() {
            let is_below = demand.is_below(target?, price?)?;
            if !demand.below_minimum.accepts(is_below) {
                return None;
            }
        }
        charges.push(if demand.asks_for_budget() {
            Some(charge(demand, target?, equity, rate)?)
        } else {
            None
        });
    }
    let spent = spent(&charges)?;
    // A use is kept under its budget's name, whichever of the tables asks for it.
    let of_name = |name: &str| {
        let mut both = charges.iter().zip(spent);
        let is_own = |charge: &Charge<'_>| charge.budget.name == name;
        let own = both.find(|(charge, _)| charge.as_ref().is_some_and(is_own));
        own.map(|(_, spent)| spent).unwrap_or_default()
    };
    let mut uses: [Vec<BudgetUse>; TABLES_MAX] = Default::default();
    for (own, demand) in uses.iter_mut().zip(demands) {
        let budgets = demand.budgets.iter();
        *own = budgets.map(|budget| of_name(&budget.name)).collect();
    }
    Some(uses)
}

fn charge<'t>(
    demand: &Demand<'t>,
    target: Amount,
    equity: Option<Amount>,
    rate: Option<Amount>,
) -> Option<Charge<'t>> {
    let budget = demand.budget?;
    let rate = if demand.symbol.is_in_account_currency {
        Amount::ONE
    } else {
        rate?
    };
    let notional = demand
        .notional(target)
        .filter(|notional| !notional.is_zero())?;
    let need = sizing::need(notional, rate)?;
    let limit = sizing::limit(budget, equity).ok()?;
    Some(Charge {
        budget,
        need,
        limit,
        exhausted: demand.exhausted,
    })
}

/// What must be spent of each charge's budget. Budgets of one name are one budget.
fn spent(charges: &[Option<Charge<'_>>]) -> Option<[BudgetUse; TABLES_MAX]> {
    let mut spent = [BudgetUse::default(); TABLES_MAX];
    if let [Some(first), Some(second)] = charges
        && first.budget.name == second.budget.name
    {
        return spent_of(&[first, second]).map(|both| [both; TABLES_MAX]);
    }
    for (own, charge) in spent.iter_mut().zip(charges) {
        if let Some(charge) = charge {
            *own = spent_of(&[charge])?;
        }
    }
    Some(spent)
}

fn spent_of(charges: &[&Charge<'_>]) -> Option<BudgetUse> {
    let mut used = vec![Amount::ZERO];
    let mut orders = vec![0];
    for charge in charges {
        let limit = charge.limit.unwrap_or_default();
        used.extend([limit.saturating_sub(charge.need), limit]);
        let most = charge.budget.orders.unwrap_or_default();
        orders.extend([most.saturating_sub(1), most]);
    }
    let gives = |spent: &BudgetUse| {
        charges.iter().all(|charge| {
            let holds = sizing::holds(charge.budget, charge.limit, spent, charge.need);
            charge.exhausted.accepts(!holds)
        })
    };
    used.iter()
        .flat_map(|used| {
            orders.iter().map(|orders| BudgetUse {
                used: *used,
                reserved: Amount::ZERO,
                orders: *orders,
            })
        })
        .find(gives)
}

/// The prices at which an order may turn: where the two minimums of a symbol meet, and where
/// one of these targets comes under the least quantity.
fn turns(demands: &[Demand<'_>], targets: &[Option<Amount>]) -> Vec<Amount> {
    let of_target = |target: Amount| {
        demands.iter().filter_map(move |demand| {
            let price = quotient(demand.notional(target)?, demand.symbol.least_order())?;
            Some([price.just_below(), Some(price), price.just_above()])
        })
    };
    let mut turns = kinks(demands);
    turns.extend(
        targets
            .iter()
            .flatten()
            .copied()
            .flat_map(of_target)
            .flatten()
            .flatten(),
    );
    turns
}

/// The prices at which the two minimums of a symbol meet.
fn kinks(demands: &[Demand<'_>]) -> Vec<Amount> {
    let kink =
        |demand: &Demand<'_>| quotient(demand.symbol.min_notional?, demand.symbol.least_order());
    demands.iter().filter_map(kink).collect()
}

/// The equities at which a budget's amount and its percentage meet, and those near the greatest
/// of which a percentage can be taken.
fn shares(demands: &[Demand<'_>]) -> Vec<Amount> {
    let share = |demand: &Demand<'_>| {
        let budget = demand.budget?;
        let hundredfold = budget.amount?.mul_down(Amount::whole(100))?;
        quotient(hundredfold, budget.percent?)
    };
    let greatest = |demand: &Demand<'_>| {
        let percent = demand.budget?.percent?;
        let tenfold = percent.mul_down(Amount::whole(10))?;
        quotient(Amount::GREATEST, tenfold.max(Amount::ONE))
    };
    let shares = demands.iter().filter_map(share);
    shares.chain(demands.iter().filter_map(greatest)).collect()
}

/// The quotient with as many places as fit.
fn quotient(dividend: Amount, divisor: Amount) -> Option<Amount> {
    (0..=28_u8)
        .rev()
        .find_map(|places| dividend.div_down_to_step(divisor, Amount::new(1, places)?))
}

fn pairs<'a>(
    left: &'a [Option<Amount>],
    right: &'a [Option<Amount>],
) -> impl Iterator<Item = (Option<Amount>, Option<Amount>)> + 'a {
    left.iter()
        .flat_map(move |left| right.iter().map(move |right| (*left, *right)))
}
