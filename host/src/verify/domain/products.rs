//! The products that a domain is made of. Each is a full cross product of its axes; which rows
//! it is crossed with says why.

use std::ops::Range;

use router_guest::request::{FinalAction, OrderTerms, PositionSide, TradeType};
use router_guest::state::TradingState;

use super::{Domain, Full, Row, Turn};
use crate::verify::axis::Axis;

/// An opening order that works, whatever it is of.
const OPENING: Turn = (Axis::Opening, 0);
const SIZED: Turn = (Axis::Sized, 0);

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
        self.fill_closes_with_figures(&rows)?;
        self.fill_tiers(&rows)
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

    /// Every point of one axis with every row that it can stand in.
    fn fill_alone(&mut self, axis: Axis, rows: &[Row]) -> Result<(), Full> {
        for (number, row) in numbered(rows, |_| true) {
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
        self.close_product(&format!("rows of the core × {}", axis.word()));
        Ok(())
    }

    fn points_alone(&self, axis: Axis, row: &Row) -> Range<usize> {
        let all = 0..self.points.changes(axis, row.class).len();
        match (axis, row.leg) {
            // In the core already, or of the other kind of position.
            (Axis::Sized, _) | (Axis::Flat, Some(_)) | (Axis::Holding, None) => 0..0,
            (Axis::Opening, _) => 1..all.end.max(1),
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

    /// What is held or asked for of a close, with each figure of an opening: none may matter.
    fn fill_closes_with_figures(&mut self, rows: &[Row]) -> Result<(), Full> {
        let of_types = [TradeType::Auto, TradeType::Exit];
        let closes =
            |row: &Row| row.faces() && row.is_active() && of_types.contains(&row.trade_type);
        for (number, row) in numbered(rows, closes) {
            let holdings = self.paired(Axis::Holding, row.class);
            let asked = self.closes_of(row.class, None).collect();
            let asked = self.sampled(Axis::CloseQuantity, asked);
            // As dust, it may open, and stands with those rows.
            let dust = self.dust_of(row).filter(|_| row.may_open());
            let holdings = holdings
                .into_iter()
                .filter(|holding| Some(*holding) != dust)
                .map(|point| (Axis::Holding, point));
            let asked = asked.into_iter().map(|point| (Axis::CloseQuantity, point));
            for turn in holdings.chain(asked) {
                for axis in Axis::OF_OPENINGS {
                    for point in self.paired(axis, row.class) {
                        self.push(number, &[turn, (axis, point)])?;
                    }
                }
                self.fill_budgets(number, row, &[turn])?;
            }
        }
        self.close_product(
            "closes of type auto and exit × their quantities × figures of an opening",
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
    fn faces(&self) -> bool {
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
