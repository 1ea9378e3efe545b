//! The products that a domain is made of. Each is a full cross product of its axes, but for the
//! mixes; which rows it is crossed with says why.

use std::ops::Range;

use router_guest::request::{FinalAction, OrderTerms, PositionSide, TradeType};
use router_guest::state::TradingState;

use super::mixes::{self, Mixes};
use super::{Domain, Full, Row, TURNS_MAX, Turn};
use crate::verify::axis::Axis;

/// An opening order that works, whatever it is of.
const OPENING: Turn = (Axis::Opening, 0);
const SIZED: Turn = (Axis::Sized, 0);
/// The strategy whose name is as long as one can be.
const ODD_STRATEGY: Turn = (Axis::Strategy, 0);

impl Domain<'_> {
    /// All products.
    pub(super) fn fill(&mut self) -> Result<(), Full> {
        let rows = self.rows.clone();
        self.fill_core(&rows)?;
        for axis in Axis::ALL {
            self.fill_alone(axis, &rows)?;
        }
        self.fill_openings(&rows)?;
        self.fill_dust(&rows)?;
        self.fill_closes(&rows)?;
        self.fill_tiers(&rows)?;
        self.fill_mixes(&rows)
    }

    /// Rows, with an opening order working or not, sized or not.
    fn fill_core(&mut self, rows: &[Row]) -> Result<(), Full> {
        let flags: [&[Turn]; 4] = [&[], &[OPENING], &[SIZED], &[OPENING, SIZED]];
        for turns in flags {
            for (number, _) in numbered(rows, |_| true) {
                self.push(number, turns)?;
            }
        }
        self.close_product(
            "core: final_action × trade_type × position_side × trading_state × symbol_class \
             × an opening order working or not × sized or not",
        );
        Ok(())
    }

    /// Every point of one axis with every row that it can stand in. Of the rows that can neither
    /// open nor close in their state, mixes have every point.
    fn fill_alone(&mut self, axis: Axis, rows: &[Row]) -> Result<(), Full> {
        let is_name = matches!(axis, Axis::Strategy | Axis::Symbol);
        for (number, row) in numbered(rows, |row| is_name || row.has_points_alone()) {
            if axis == Axis::Budgets {
                if row.sees_budgets() {
                    for point in self.uses_of(row, &[]) {
                        self.push(number, &[(axis, point)])?;
                    }
                }
                continue;
            }
            for point in self.points_alone(axis, row) {
                self.push(number, &[(axis, point)])?;
            }
        }
        let rows = if is_name {
            "rows of the core"
        } else {
            "rows that are ACTIVE or reduce a position"
        };
        self.close_product(&format!("{rows} × {}", axis.word()));
        Ok(())
    }

    fn points_alone(&self, axis: Axis, row: &Row) -> Range<usize> {
        let all = 0..self.points.changes(axis, row.class).len();
        match (axis, row.leg) {
            // In the core already, or of the other kind of position.
            (Axis::Sized, _) | (Axis::Flat, Some(_)) | (Axis::Holding, None) => 0..0,
            (Axis::Opening, _) => 1..all.end.max(1),
            // Of the names that were found, one class of symbols is enough.
            (Axis::Strategy, _) if row.class > 0 => 0..all.end.min(1),
            (Axis::CloseQuantity, leg) => {
                let closes = self.closes_of(row.class, None);
                match leg {
                    Some(_) => closes,
                    // Of nothing, one is as good as another.
                    None => closes.start..closes.end.min(closes.start + 1),
                }
            }
            _ => all,
        }
    }

    /// Every pair of points of two figures, with the rows that can open.
    fn fill_openings(&mut self, rows: &[Row]) -> Result<(), Full> {
        for (number, row) in numbered(rows, |row| row.may_open() && row.leg.is_none()) {
            self.fill_pairs(number, row, &[])?;
        }
        self.close_product("rows that may open × pairs of points of two figures of an opening");
        Ok(())
    }

    /// The same with a position of the other side that is too small to count as one.
    fn fill_dust(&mut self, rows: &[Row]) -> Result<(), Full> {
        for (number, row) in numbered(rows, |row| row.may_open() && row.faces()) {
            let Some(dust) = self.dust_of(row) else {
                continue;
            };
            let turn = (Axis::Holding, dust);
            for axis in Axis::OF_OPENINGS {
                for point in self.paired(axis, row.class) {
                    self.push(number, &[turn, (axis, point)])?;
                }
            }
            if row.sees_budgets() {
                for point in self.uses_of(row, &[]) {
                    self.push(number, &[turn, (Axis::Budgets, point)])?;
                }
            }
            self.fill_pairs(number, row, &[turn])?;
        }
        self.close_product(
            "rows that may open, on dust × points and pairs of an opening's figures",
        );
        Ok(())
    }

    /// Pairs of figures of an opening, beside turns that are taken already.
    fn fill_pairs(&mut self, number: u32, row: &Row, taken: &[Turn]) -> Result<(), Full> {
        let lists = Axis::OF_OPENINGS.map(|axis| (axis, self.paired(axis, row.class)));
        let mut turns = taken.to_vec();
        for (at, (axis, points)) in lists.iter().enumerate() {
            for point in points {
                turns.truncate(taken.len());
                turns.push((*axis, *point));
                for (other, others) in lists.iter().skip(at + 1) {
                    for second in others {
                        let pair = [(*axis, *point), (*other, *second)];
                        if taken.is_empty() && pair == [OPENING, SIZED] {
                            // In the core already.
                            continue;
                        }
                        turns.truncate(taken.len() + 1);
                        turns.push((*other, *second));
                        self.push(number, &turns)?;
                    }
                }
                turns.truncate(taken.len() + 1);
                self.fill_budgets(number, row, &turns)?;
            }
        }
        Ok(())
    }

    /// Every use of budgets that goes with these turns.
    fn fill_budgets(&mut self, number: u32, row: &Row, taken: &[Turn]) -> Result<(), Full> {
        if !row.sees_budgets() {
            return Ok(());
        }
        let all = self.uses_of(row, taken);
        let mut turns = taken.to_vec();
        for point in self.sampled(Axis::Budgets, all) {
            turns.truncate(taken.len());
            turns.push((Axis::Budgets, point));
            self.push(number, &turns)?;
        }
        Ok(())
    }

    /// What is held and closing, with each close quantity that goes with it.
    fn fill_closes(&mut self, rows: &[Row]) -> Result<(), Full> {
        for (number, row) in numbered(rows, |row| row.leg.is_some() && row.moves()) {
            for holding in self.paired(Axis::Holding, row.class) {
                for point in self.closes_of(row.class, Some(holding)) {
                    let turns = [(Axis::Holding, holding), (Axis::CloseQuantity, point)];
                    self.push(number, &turns)?;
                }
            }
        }
        self.close_product(
            "BUY, SELL and CLOSE with a position × position_and_closing × close_quantity",
        );
        Ok(())
    }

    /// What tiers go by, and budgets, three and four at once, for `auto`.
    fn fill_tiers(&mut self, rows: &[Row]) -> Result<(), Full> {
        let auto =
            |row: &Row| row.may_open() && row.leg.is_none() && row.trade_type == TradeType::Auto;
        for (number, row) in numbered(rows, auto) {
            let axes = [Axis::SignalScore, Axis::Confidence, Axis::RiskReward];
            let lists = axes.map(|axis| self.points_or_base(axis, row.class));
            let uses = self.uses_of(row, &[]);
            let uses = self.sampled(Axis::Budgets, uses);
            let uses = uses.into_iter().map(|point| Some((Axis::Budgets, point)));
            let uses: Vec<_> = [None].into_iter().chain(uses).collect();
            let [signals, confidences, ratios] = &lists;
            for signal in signals {
                for confidence in confidences {
                    for ratio in ratios {
                        for spent in &uses {
                            let turns = [signal, confidence, ratio, spent];
                            let turns: Vec<Turn> = turns.into_iter().flatten().copied().collect();
                            if turns.len() > 2 {
                                self.push(number, &turns)?;
                            }
                        }
                    }
                }
            }
        }
        self.close_product(
            "BUY and SELL of type auto, flat × three and more of scores and budget_use",
        );
        Ok(())
    }

    /// Many figures at once. No figure of an opening may matter to a close, and none may make a row
    /// open that cannot: so two of them, with what is held or asked for, are tried with every row
    /// that reduces a position, in every state and of every type, and spread over the others.
    fn fill_mixes(&mut self, rows: &[Row]) -> Result<(), Full> {
        let prime = self.make_mixes(rows)?;
        let classes = self.points.classes.len();
        let ways = |faces: bool| -> Vec<(FinalAction, Option<PositionSide>)> {
            let first = |row: &Row| {
                (row.class, row.trade_type, row.state)
                    == (0, TradeType::Normal, TradingState::Active)
            };
            let rows = rows.iter().filter(|row| first(row) && row.faces() == faces);
            rows.map(|row| (row.action, row.leg)).collect()
        };
        let (closing, others) = (ways(true), ways(false));
        for (number, row) in numbered(rows, |_| true) {
            let ways = if row.faces() { &closing } else { &others };
            let way = ways.iter().position(|way| *way == (row.action, row.leg));
            let place = Place {
                class: row.class,
                classes,
                way: way.unwrap_or(0),
                ways: ways.len(),
            };
            let blocks = if row.faces() {
                place.closing_blocks(prime)
            } else {
                place.other_blocks(row.state, prime)
            };
            for block in blocks {
                self.fill_block(number, row, block)?;
            }
        }
        self.close_product(
            "mixes: every row with every point, the others as odd; closes of every type, state and \
             kind, and other rows of every type and state, with every pair of points",
        );
        Ok(())
    }

    fn fill_block(&mut self, number: u32, row: &Row, block: usize) -> Result<(), Full> {
        let Some(mixes) = self.mixes_of(row) else {
            return Ok(());
        };
        let wanted = mixes.block(block).filter(|mix| {
            let turns: Vec<Turn> = mixes.turns(*mix).take(TURNS_MAX + 1).collect();
            !row.has_elsewhere(&turns)
        });
        let wanted: Vec<usize> = wanted.collect();
        for mix in wanted {
            self.push_mix(number, mix)?;
        }
        Ok(())
    }

    /// The plane of each kind of row, over one prime.
    fn make_mixes(&mut self, rows: &[Row]) -> Result<usize, Full> {
        let mut kinds: Vec<Option<Vec<Vec<Turn>>>> = Vec::new();
        for row in rows {
            let kind = self.mix_kind(row);
            kinds.resize(kinds.len().max(kind + 1), None);
            if kinds.get(kind).is_some_and(Option::is_none) {
                let columns = self.mixed(row);
                if let Some(place) = kinds.get_mut(kind) {
                    *place = Some(columns);
                }
            }
        }
        let primes = kinds
            .iter()
            .flatten()
            .map(|columns| mixes::prime_of(columns));
        let primes: Option<Vec<usize>> = primes.collect();
        let prime = primes.and_then(|primes| primes.into_iter().max());
        let prime = prime
            .filter(|prime| prime * prime <= self.cells_max)
            .ok_or(Full)?;
        let made = kinds
            .into_iter()
            .map(|columns| Some(Mixes::new(columns?, prime)));
        self.mixes = made.collect();
        Ok(prime)
    }

    /// The number of the plane that a row's mixes are of: rows share one that have the same points.
    pub(super) fn mix_kind(&self, row: &Row) -> usize {
        let differences = [row.leg.is_some(), row.sees_budgets(), self.may_be_dust(row)];
        differences
            .into_iter()
            .fold(row.class, |kind, differs| 2 * kind + usize::from(differs))
    }

    /// As dust, it may open, and stands with those rows.
    fn may_be_dust(&self, row: &Row) -> bool {
        row.may_open() && row.faces() && self.dust_of(row).is_some()
    }

    /// What is mixed for a row: the points of each column.
    fn mixed(&mut self, row: &Row) -> Vec<Vec<Turn>> {
        let quantities = if row.leg.is_some() {
            Axis::Holding
        } else {
            Axis::Flat
        };
        let mut column = self.paired(quantities, row.class);
        if self.may_be_dust(row) {
            // Another quantity stands in for it: the rows of a class must have the same levels.
            let dust = self.dust_of(row);
            let other = column.iter().copied().find(|point| Some(*point) != dust);
            let stand_in = |point| {
                if Some(point) == dust {
                    other
                } else {
                    Some(point)
                }
            };
            column = column.into_iter().filter_map(stand_in).collect();
        }
        let column = column.into_iter().map(|point| (quantities, point));
        let mut column: Vec<Turn> = column.collect();
        let asked = self.points_alone(Axis::CloseQuantity, row).collect();
        let asked = self.sampled(Axis::CloseQuantity, asked);
        column.extend(asked.into_iter().map(|point| (Axis::CloseQuantity, point)));
        let mut columns = vec![column];
        for axis in Axis::OF_OPENINGS {
            let points = self.paired(axis, row.class).into_iter();
            columns.push(points.map(|point| (axis, point)).collect());
        }
        columns.push(vec![ODD_STRATEGY]);
        if row.sees_budgets() {
            let uses = self.uses_of(row, &[]);
            let uses = self.sampled(Axis::Budgets, uses).into_iter();
            columns.push(uses.map(|point| (Axis::Budgets, point)).collect());
        }
        columns
    }

    fn points_or_base(&mut self, axis: Axis, class: usize) -> Vec<Option<Turn>> {
        let points = self.paired(axis, class).into_iter();
        [None]
            .into_iter()
            .chain(points.map(|point| Some((axis, point))))
            .collect()
    }

    fn dust_of(&self, row: &Row) -> Option<usize> {
        self.points.classes.get(row.class)?.dust
    }

    fn closes_of(&self, class: usize, holding: Option<usize>) -> Range<usize> {
        let class = self.points.classes.get(class);
        class.map_or(0..0, |class| class.closes_of(holding))
    }
}

impl Row {
    fn is_active(&self) -> bool {
        self.state == TradingState::Active
    }

    /// Whether it has each point of each axis by itself: what is wrong is told best there.
    fn has_points_alone(&self) -> bool {
        self.is_active() || self.faces()
    }

    /// Whether what deviates stands in another product than the mixes.
    fn has_elsewhere(&self, turns: &[Turn]) -> bool {
        let is_flag = |turn: &Turn| *turn == OPENING || *turn == SIZED;
        match turns {
            turns if turns.iter().all(is_flag) => true,
            [(axis, _)] => *axis == Axis::Strategy || self.has_points_alone(),
            // Every pair of them is in the products of what may open.
            turns if turns.len() <= TURNS_MAX && self.may_open() && self.leg.is_none() => {
                let of_opening = |axis| Axis::OF_OPENINGS.contains(&axis) || axis == Axis::Budgets;
                turns.iter().all(|(axis, _)| of_opening(*axis))
            }
            _ => false,
        }
    }

    fn sees_budgets(&self) -> bool {
        OrderTerms::new(self.action, self.trade_type).sees_budgets()
    }

    fn moves(&self) -> bool {
        matches!(
            self.action,
            FinalAction::Buy | FinalAction::Sell | FinalAction::Close
        )
    }

    /// Whether it is a BUY or SELL that nothing but its figures can forbid to open.
    fn may_open(&self) -> bool {
        self.is_active()
            && matches!(self.action, FinalAction::Buy | FinalAction::Sell)
            && !self.trade_type.only_closes()
    }

    /// Whether the action would reduce the position.
    pub(super) fn faces(&self) -> bool {
        matches!(
            (self.action, self.leg),
            (FinalAction::Buy, Some(PositionSide::Short))
                | (FinalAction::Sell, Some(PositionSide::Long))
                | (FinalAction::Close, Some(_))
        )
    }
}

/// Rows with their numbers.
fn numbered(rows: &[Row], wanted: impl Fn(&Row) -> bool) -> impl Iterator<Item = (u32, &Row)> {
    (0..).zip(rows).filter(move |(_, row)| wanted(row))
}

/// Where a row stands among those of its type and state.
struct Place {
    class: usize,
    classes: usize,
    /// The number of its action and position.
    way: usize,
    ways: usize,
}

impl Place {
    /// The blocks of a row that reduces a position: over the classes, each way of closing has all
    /// of them, and over the ways each class.
    fn closing_blocks(&self, prime: usize) -> Vec<usize> {
        let parts = self.classes.min(self.ways).max(1);
        ((self.class + self.way) % parts..prime)
            .step_by(parts)
            .collect()
    }

    /// The blocks of any other row: over the states and ways each class has all of them, and over
    /// the classes and ways each state.
    fn other_blocks(&self, state: TradingState, prime: usize) -> Vec<usize> {
        let lines = self.classes.min(TradingState::ALL.len()).max(1);
        let of_row = prime.div_ceil(lines * self.ways.max(1));
        let start = ((state as usize + self.class) * self.ways + self.way) * of_row;
        (start..start + of_row).map(|block| block % prime).collect()
    }
}
