//! Cells in batches of several sizes: each item must get the answer that it got by itself.

use std::collections::HashMap;

use router_guest::state::BudgetUse;

use super::domain::Cell;
use super::finding::Path;
use super::lane::{Ground, Lane, Mark, Tally};
use crate::policy::{BatchItem, CallError, HostFault};

/// Items of the batches that are tried, up to the most that a host asks for.
const SIZES: [usize; 10] = [1, 2, 3, 5, 8, 13, 64, 255, 256, 1024];
/// How often each size is.
const ROUNDS: usize = 3;

/// Decides cells in batches, in an order that a function gives, from the first on.
pub(super) fn decide(
    ground: &Ground<'_>,
    order: impl Fn(usize) -> usize,
    marks: &[Mark],
) -> Result<Tally, HostFault> {
    let mut total = Tally::default();
    let mut position = 0;
    for _ in 0..ROUNDS {
        for items in SIZES {
            let numbers: Vec<usize> = (position..position + items).map(&order).collect();
            position += items;
            let lane = Lane::new(ground, Path::Batch { items });
            total.merge(decide_one(ground, lane, &numbers, marks)?);
        }
    }
    Ok(total)
}

/// Everything that a batch is made of.
#[derive(Default)]
struct Batch<'d> {
    names: Vec<&'d str>,
    known: HashMap<&'d str, u32>,
    uses: Vec<BudgetUse>,
    items: Vec<BatchItem>,
}

impl<'d> Batch<'d> {
    fn add(&mut self, cell: &Cell<'d>) {
        let item = BatchItem {
            symbol: self.name(cell.symbol),
            strategy: self.name(cell.strategy),
            terms: cell.terms,
            trading_state: cell.trading_state,
            budgets: cell.budgets.map(|uses| {
                let first = u32::try_from(self.uses.len()).unwrap_or(u32::MAX);
                self.uses.extend(uses);
                first
            }),
        };
        self.items.push(item);
    }

    fn name(&mut self, name: &'d str) -> u32 {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.known.entry(name).or_insert_with(|| {
            self.names.push(name);
            next
        })
    }
}

fn decide_one(
    ground: &Ground<'_>,
    mut lane: Lane<'_>,
    numbers: &[usize],
    marks: &[Mark],
) -> Result<Tally, HostFault> {
    let mut batch = Batch::default();
    let cells = numbers
        .iter()
        .filter_map(|number| ground.domain.cell(*number));
    let cells: Vec<Cell<'_>> = cells.collect();
    for cell in &cells {
        batch.add(cell);
    }
    let instance = lane.instance()?;
    let answers = match instance.decide_batch(&batch.names, &batch.uses, &batch.items) {
        Ok((answers, _)) => answers,
        Err(CallError::Host(fault)) => return Err(fault),
        Err(CallError::Policy(fault)) => {
            lane.fault(&fault);
            if let (Some(number), Some(cell)) = (numbers.first(), cells.first()) {
                lane.judge(*number, cell, &Err(fault));
            }
            return Ok(lane.tally);
        }
    };
    lane.tally.decided += answers.len() as u64;
    for ((number, cell), answer) in numbers.iter().zip(&cells).zip(answers) {
        let Some(mark) = marks.get(*number) else {
            continue;
        };
        // What an item costs is not told: it is held to its answer alone.
        let answered = Ok((answer, 0));
        if !ground.mark(&answered).is_alike(mark) {
            lane.differs(*number, cell, &answered)?;
        }
    }
    Ok(lane.tally)
}
