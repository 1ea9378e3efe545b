//! A position and working orders that a region asks for: its quantity, what is closable of
//! it, and whether it is dust.

use router_guest::amount::Amount;
use router_guest::manifest::AmountField;

use crate::regions::axis::Run;
use crate::regions::number::Number;
use crate::regions::region::Region;
use crate::regions::space::{Space, SymbolKind};

/// A position's quantity and the orders that close it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantities {
    /// 0 when flat.
    pub(crate) position: Amount,
    pub(crate) closing: Amount,
}

impl Space<'_> {
    /// Quantities of the region for a kind of symbol, with a position or without.
    pub(super) fn quantities(
        &self,
        region: &Region,
        kind: &SymbolKind,
        is_open: bool,
    ) -> Option<Quantities> {
        let closing = self.range(AmountField::WorkingClosing, region)?;
        if !is_open {
            return [closing.readable, closing.least, closing.greatest]
                .into_iter()
                .map(|closing| Quantities {
                    position: Amount::ZERO,
                    closing,
                })
                .find(|quantities| self.are_within(region, kind, *quantities));
        }
        let position = self.open_range(region, kind)?;
        let closable = self.range(AmountField::ClosableQuantity, region)?;
        let positions = [position.readable, position.least, position.greatest];
        // Where the differences of the ends are not in the range, some difference between is:
        // it is met by fixing one of the two and what is to be left.
        let left = [closable.readable, closable.least, closable.greatest];
        positions
            .into_iter()
            .flat_map(|position| {
                let met = left.map(|left| position.saturating_sub(left));
                [closing.readable, closing.least]
                    .into_iter()
                    .chain(met)
                    .chain([closing.greatest])
                    .map(move |closing| Quantities { position, closing })
            })
            .chain(closing_first(&closing, left))
            .filter(|quantities| !quantities.position.is_zero())
            .find(|quantities| self.are_within(region, kind, *quantities))
    }

    /// What a position can be that is dust, or is not, as the tables see it.
    fn open_range(&self, region: &Region, kind: &SymbolKind) -> Option<Range> {
        let own = self.range(AmountField::PositionQuantity, region)?;
        let mut least = own.least.max(Amount::ZERO.just_above()?);
        let mut greatest = own.greatest;
        for table in 0..self.tables.len() {
            let dust = region.view(table).dust;
            match kind.known(table).min_quantity {
                None if !dust.accepts(false) => return None,
                Some(minimum) if !dust.accepts(true) => least = least.max(minimum),
                Some(minimum) if !dust.accepts(false) => {
                    greatest = greatest.min(minimum.just_below()?);
                }
                _ => {}
            }
        }
        let readable = if (least..=greatest).contains(&own.readable) {
            own.readable
        } else {
            Amount::between(least.just_below(), greatest.just_above())?
        };
        (least <= greatest).then_some(Range {
            least,
            greatest,
            readable,
        })
    }

    fn range(&self, field: AmountField, region: &Region) -> Option<Range> {
        let axis = self.amount_axis(field);
        let run: Run = region.amount(field);
        Some(Range {
            least: axis.least(run)?,
            greatest: axis.greatest(run)?,
            readable: axis.typical(axis.readable(run)?)?,
        })
    }

    fn are_within(&self, region: &Region, kind: &SymbolKind, quantities: Quantities) -> bool {
        let Quantities { position, closing } = quantities;
        let falls_in = |field, amount| {
            let segment = self.amount_axis(field).segment(Some(amount));
            region.amount(field).holds(segment)
        };
        falls_in(AmountField::PositionQuantity, position)
            && falls_in(AmountField::WorkingClosing, closing)
            && falls_in(
                AmountField::ClosableQuantity,
                position.saturating_sub(closing),
            )
            && (0..self.tables.len()).all(|table| {
                let minimum = kind.known(table).min_quantity;
                let is_dust =
                    !position.is_zero() && minimum.is_some_and(|minimum| position < minimum);
                region.view(table).dust.accepts(is_dust)
            })
    }
}

/// The ends of what an amount can be, and one that reads well.
struct Range {
    least: Amount,
    greatest: Amount,
    readable: Amount,
}

/// Positions that leave what is wanted of the orders' ends.
fn closing_first(closing: &Range, left: [Amount; 3]) -> impl Iterator<Item = Quantities> {
    [closing.least, closing.greatest]
        .into_iter()
        .flat_map(move |closing| {
            left.into_iter().filter_map(move |left| {
                Some(Quantities {
                    position: closing.checked_add(left)?,
                    closing,
                })
            })
        })
}
