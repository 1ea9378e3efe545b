//! The finite domain of a policy: every pair of request and state that is tried, streamed one
//! cell at a time.
//!
//! A cell is a row of the core and up to four points beside the base, or a mix of many. Products
//! are disjoint by what deviates: flags alone are in the core, one axis in its own product, two in
//! the pairs, three and more of scores and budgets in the tiers', and mixes are what is in none of
//! them. So every cell is another one, without a memory of those that were.

mod mixes;
mod products;

use std::collections::{HashMap, HashSet};

use router_guest::manifest::{Manifest, SymbolInfo};
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};

use super::axis::{AXES, Axis};
use super::points::{Points, Reach, STRATEGY, Tried, sampled};
use super::spending;
use crate::policy::FoundNames;
use crate::scenario::Scenario;
use mixes::Mixes;

/// Cells of a domain; one that would have more is sampled, and says so.
pub const CELLS_MAX: usize = 4_000_000;
/// Points beside the base.
const TURNS_MAX: usize = 4;

const LEGS: [Option<PositionSide>; 3] = [None, Some(PositionSide::Long), Some(PositionSide::Short)];

/// One pair of request and state, as a policy sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell<'d> {
    pub(super) symbol: &'d str,
    pub(super) info: Option<&'d SymbolInfo>,
    pub(super) strategy: &'d str,
    pub(super) terms: OrderTerms,
    pub(super) trading_state: TradingState,
    pub(super) budgets: Option<&'d [BudgetUse]>,
}

/// A dimension of the domain and how much of it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) name: &'static str,
    /// Points beside the base; of a dimension of the core, all.
    pub(super) points: usize,
    /// Points at once that pairs could be of, and that they are of; `None` of what is in none.
    pub(super) paired: Option<Tried>,
    /// Thresholds, classes or names behind them.
    pub(super) cuts: Tried,
}

/// A part of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) name: String,
    pub(super) cells: usize,
}

/// A row of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    class: usize,
    action: FinalAction,
    trade_type: TradeType,
    leg: Option<PositionSide>,
    state: TradingState,
}

/// A point of an axis.
type Turn = (Axis, usize);

/// A cell, in as few bytes as it fits into: there are millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packed {
    row: u32,
    turns: [u32; TURNS_MAX],
}

/// A use of a budget, by value.
type SpentKey = ((u128, u8), (u128, u8), u32);

/// Every cell that a policy is held to.
pub(crate) struct Domain<'m> {
    manifest: &'m Manifest,
    points: Points,
    reach: Reach,
    rows: Vec<Row>,
    cells: Vec<Packed>,
    cells_max: usize,
    products: Vec<Product>,
    /// Uses of all budgets, each once, and their numbers.
    uses: Vec<Vec<BudgetUse>>,
    numbers: HashMap<Vec<SpentKey>, usize>,
    /// Numbers of those that were made for a class and what a need depends on.
    made: HashMap<(usize, Vec<Turn>), Vec<usize>>,
    unused: Vec<BudgetUse>,
    /// By the number of their kind of row.
    mixes: Vec<Option<Mixes>>,
    /// Uses that go with one need, of the need that has most.
    uses_tried: Tried,
    paired: [Option<Tried>; AXES],
    is_complete: bool,
}

/// There are more cells than the bound.
struct Full;

impl<'m> Domain<'m> {
    /// The domain of a manifest, and of names that were found elsewhere, as much of it as the bound
    /// lets through.
    pub(crate) fn of(manifest: &'m Manifest, names: &FoundNames) -> Self {
        Self::within(manifest, names, CELLS_MAX)
    }

    /// The same under another bound.
    pub(super) fn within(manifest: &'m Manifest, names: &FoundNames, cells_max: usize) -> Self {
        let mut domain = Self::empty(manifest, names, Reach::LEAST, cells_max);
        for reach in Reach::ladder() {
            domain = Self::empty(manifest, names, reach, cells_max);
            if domain.fill().is_ok() {
                return domain;
            }
        }
        // Not even the least of it fits: what there was room for is tried.
        domain.is_complete = false;
        domain.close_product("as much of the next product as there is room for");
        domain
    }

    fn empty(manifest: &'m Manifest, names: &FoundNames, reach: Reach, cells_max: usize) -> Self {
        let points = Points::of(manifest, names, reach);
        Self {
            manifest,
            rows: rows(points.classes.len()),
            is_complete: points.is_complete(),
            points,
            reach,
            cells: Vec::new(),
            cells_max,
            products: Vec::new(),
            uses: Vec::new(),
            numbers: HashMap::new(),
            made: HashMap::new(),
            uses_tried: Tried::default(),
            unused: vec![BudgetUse::default(); manifest.budgets.len()],
            mixes: Vec::new(),
            paired: [None; AXES],
        }
    }

    /// Cells.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether every threshold, class, name and pair is tried.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Its parts, in the order of the cells.
    pub(super) fn products(&self) -> &[Product] {
        &self.products
    }

    /// The cell of a number.
    pub(crate) fn cell(&self, number: usize) -> Option<Cell<'_>> {
        let packed = self.cells.get(number)?;
        let row = self.rows.get(usize::try_from(packed.row).ok()?)?;
        let [first, ..] = packed.turns;
        match mixes::unpacked(first) {
            Some(mix) => self.cell_of(row, self.mixes_of(row)?.turns(mix)),
            None => self.cell_of(row, packed.turns.into_iter().map_while(unpacked)),
        }
    }

    fn mixes_of(&self, row: &Row) -> Option<&Mixes> {
        self.mixes.get(self.mix_kind(row))?.as_ref()
    }

    fn cell_of(&self, row: &Row, turns: impl Iterator<Item = Turn>) -> Option<Cell<'_>> {
        let class = self.points.classes.get(row.class)?;
        let mut terms = class.base;
        terms.final_action = row.action;
        terms.trade_type = row.trade_type;
        terms.position = row.leg.map(|side| Position {
            side,
            quantity: class.quantity,
        });
        let mut cell = Cell {
            symbol: &class.symbol.name,
            // Of symbols that are alike, the manifest says the same.
            info: class.symbol.info.as_ref(),
            strategy: STRATEGY,
            terms,
            trading_state: row.state,
            budgets: terms.sees_budgets().then_some(&self.unused),
        };
        for (axis, point) in turns {
            match axis {
                Axis::Budgets => cell.budgets = Some(self.uses.get(point)?),
                _ => self
                    .points
                    .changes(axis, row.class)
                    .get(point)?
                    .apply(&mut cell),
            }
        }
        Some(cell)
    }

    /// Its dimensions, the core's first.
    pub(super) fn extents(&self) -> Vec<Extent> {
        let whole = |name, points| Extent {
            name,
            points,
            paired: None,
            cuts: Tried::default(),
        };
        let classes = self.points.class_count;
        let mut extents = vec![
            whole("final_action", FinalAction::ALL.len()),
            whole("trade_type", TradeType::ALL.len()),
            whole("position_side", LEGS.len()),
            whole("trading_state", TradingState::ALL.len()),
            Extent {
                cuts: classes,
                ..whole("symbol_class", classes.tried)
            },
        ];
        extents.extend(Axis::ALL.map(|axis| self.extent(axis)));
        extents
    }

    /// Where classes of symbols have points of their own, it is that of the class that has most.
    fn extent(&self, axis: Axis) -> Extent {
        let at = axis as usize;
        let classes = 0..self.points.classes.len();
        let most = classes
            .map(|class| self.points.changes(axis, class).len())
            .max();
        let cuts = match axis {
            Axis::Symbol => Some(self.points.alike_count),
            Axis::Budgets => Some(self.uses_tried),
            _ => self.points.cuts.get(at).copied(),
        };
        Extent {
            name: axis.word(),
            points: match axis {
                Axis::Budgets => self.uses.len(),
                _ => most.unwrap_or(0),
            },
            paired: self.paired.get(at).copied().flatten(),
            cuts: cuts.unwrap_or_default(),
        }
    }

    /// The points of an axis that are tried in pairs.
    fn paired(&mut self, axis: Axis, class: usize) -> Vec<usize> {
        let all: Vec<usize> = (0..self.points.changes(axis, class).len()).collect();
        self.sampled(axis, all)
    }

    fn sampled(&mut self, axis: Axis, all: Vec<usize>) -> Vec<usize> {
        let count = all.len();
        let tried = sampled(all, self.reach.paired);
        self.is_complete &= tried.len() == count;
        if let Some(paired) = self.paired.get_mut(axis as usize) {
            let known = paired.unwrap_or_default();
            *paired = Some(Tried {
                declared: known.declared.max(count),
                tried: known.tried.max(tried.len()),
            });
        }
        tried
    }

    /// Numbers of the uses of budgets that go with a row and points beside the base: what the
    /// request needs is all that they depend on.
    fn uses_of(&mut self, row: &Row, turns: &[Turn]) -> Vec<usize> {
        let needs = [
            Axis::Sized,
            Axis::TargetNotional,
            Axis::Equity,
            Axis::QuoteRate,
        ];
        let turns = turns.iter().filter(|(axis, _)| needs.contains(axis));
        let context = (row.class, turns.copied().collect());
        if let Some(made) = self.made.get(&context) {
            return made.clone();
        }
        let numbers = self.make_uses(row, &context.1);
        self.made.insert(context, numbers.clone());
        numbers
    }

    fn make_uses(&mut self, row: &Row, turns: &[Turn]) -> Vec<usize> {
        let Some(cell) = self.cell_of(row, turns.iter().copied()) else {
            return Vec::new();
        };
        let made = spending::uses(self.manifest, cell.symbol, &cell.terms);
        let mut seen = HashSet::new();
        let mut numbers = Vec::new();
        for uses in made.into_iter().filter(|uses| *uses != self.unused) {
            let key = uses.iter().map(spent_key).collect();
            let next = self.uses.len();
            let number = *self.numbers.entry(key).or_insert(next);
            if number == next {
                self.uses.push(uses);
            }
            if seen.insert(number) {
                numbers.push(number);
            }
        }
        let declared = numbers.len();
        let numbers = sampled(numbers, self.reach.uses);
        let most = &mut self.uses_tried;
        if declared > most.declared {
            (most.declared, most.tried) = (declared, numbers.len());
        }
        self.is_complete &= numbers.len() == declared;
        numbers
    }

    fn push(&mut self, row: u32, turns: &[Turn]) -> Result<(), Full> {
        if self.cells.len() >= self.cells_max {
            return Err(Full);
        }
        let mut packed = [0; TURNS_MAX];
        for (place, turn) in packed.iter_mut().zip(turns) {
            *place = pack(*turn);
        }
        self.cells.push(Packed { row, turns: packed });
        Ok(())
    }

    fn push_mix(&mut self, row: u32, mix: usize) -> Result<(), Full> {
        if self.cells.len() >= self.cells_max {
            return Err(Full);
        }
        let turns = [mixes::pack(mix), 0, 0, 0];
        self.cells.push(Packed { row, turns });
        Ok(())
    }

    /// Everything since the last product is one.
    fn close_product(&mut self, name: &str) {
        let before: usize = self.products.iter().map(|product| product.cells).sum();
        let cells = self.cells.len() - before;
        if cells > 0 {
            self.products.push(Product {
                name: name.to_owned(),
                cells,
            });
        }
    }
}

impl<'d> Cell<'d> {
    /// The request as a policy sees it.
    pub(super) fn request(&self) -> Request<'d> {
        Request {
            symbol: self.symbol,
            strategy: self.strategy,
            terms: self.terms,
        }
    }

    /// The state as a policy sees it.
    pub(super) fn state(&self) -> State<'d> {
        State {
            trading_state: self.trading_state,
            budgets: self.budgets,
        }
    }

    /// The cell to be handed out.
    pub(crate) fn scenario(&self) -> Scenario {
        Scenario {
            trading_state: self.trading_state,
            budgets: self.budgets.map(<[BudgetUse]>::to_vec),
            ..Scenario::new(self.symbol, self.strategy, self.terms)
        }
    }
}

fn rows(classes: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for class in 0..classes {
        for action in FinalAction::ALL {
            for trade_type in TradeType::ALL {
                for leg in LEGS {
                    rows.extend(TradingState::ALL.map(|state| Row {
                        class,
                        action,
                        trade_type,
                        leg,
                        state,
                    }));
                }
            }
        }
    }
    rows
}

const POINT_BITS: u32 = 26;

const _: () = assert!(
    CELLS_MAX < 1 << POINT_BITS,
    "a domain has fewer points than cells"
);

/// Never 0, which says that there is no further turn.
fn pack((axis, point): Turn) -> u32 {
    // A domain has fewer points than cells, and cells are fewer than that.
    let point = u32::try_from(point).unwrap_or(u32::MAX) & ((1 << POINT_BITS) - 1);
    (axis as u32 + 1) << POINT_BITS | point
}

fn unpacked(packed: u32) -> Option<Turn> {
    let axis = usize::try_from((packed >> POINT_BITS).checked_sub(1)?).ok()?;
    let point = usize::try_from(packed & ((1 << POINT_BITS) - 1)).ok()?;
    Some((*Axis::ALL.get(axis)?, point))
}

fn spent_key(spent: &BudgetUse) -> SpentKey {
    (spent.used.into(), spent.reserved.into(), spent.orders)
}

#[cfg(test)]
mod tests;
