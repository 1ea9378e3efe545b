//! What of each alternative a request can reach, as far as that is obvious: what no symbol of
//! the policy makes possible, and what rules above take by finite facts alone, is left out.
//!
//! What is said to be out of reach is. What is left may be so for other reasons (names,
//! numbers, tiers), which are not looked at.

use router_guest::manifest::SymbolInfo;
use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::state::TradingState;
use router_guest::table::{Clause, Flag, Rule, TIERS_ALL, Table, pair_number, state_bit, type_bit};

use super::rows;

/// Alternatives of one rule that are compared with each other; with more, all are rows.
const MERGED_MAX: usize = 256;

/// The finite facts of a request and its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) state: TradingState,
    pub(super) trade_type: TradeType,
    pub(super) action: FinalAction,
    pub(super) position: Option<PositionSide>,
    pub(super) dust: bool,
    pub(super) closable: bool,
    opening: bool,
    pub(super) shortable: bool,
    sized: bool,
}

/// What is left of an alternative.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    /// Its conditions, without those that always hold.
    pub(super) clause: Clause,
    /// The facts under which requests can come to it; at least one.
    pub(super) cells: Vec<Cell>,
}

/// What of each rule can be reached, by alternative; else why nothing of it can.
pub(super) fn reachable(table: &Table) -> Vec<Result<Vec<Reached>, &'static str>> {
    let possible = Possible::of(&table.symbols);
    let mut left = possible.cells();
    let mut found = Vec::new();
    for rule in &table.rules {
        found.push(reached(rule, &possible, &left));
        let taking: Vec<&Clause> = rule.clauses.iter().filter(|one| takes_all(one)).collect();
        left.retain(|cell| !taking.iter().any(|clause| accepts(clause, cell)));
    }
    found
}

fn reached(rule: &Rule, possible: &Possible, left: &[Cell]) -> Result<Vec<Reached>, &'static str> {
    let clauses = rule
        .clauses
        .iter()
        .map(|clause| possible.without_given(clause));
    let mut clauses: Vec<Clause> = clauses.collect();
    if clauses.len() <= MERGED_MAX {
        rows::merge(&mut clauses);
    }
    let cells_of = |clause: &Clause| -> Vec<Cell> {
        let accepted = left.iter().filter(|cell| accepts(clause, cell));
        accepted.copied().collect()
    };
    let reached: Vec<Reached> = clauses
        .iter()
        .map(|clause| Reached {
            clause: clause.clone(),
            cells: cells_of(clause),
        })
        .filter(|reached| !reached.cells.is_empty())
        .collect();
    if reached.is_empty() {
        return Err(possible.why_not(&clauses));
    }
    Ok(reached)
}

/// What the symbols of the policy make possible.
struct Possible {
    dust: bool,
    shortable: bool,
}

impl Possible {
    fn of(symbols: &[SymbolInfo]) -> Self {
        Self {
            dust: symbols.iter().any(|symbol| symbol.min_quantity.is_some()),
            shortable: symbols.iter().any(|symbol| symbol.shortable),
        }
    }

    /// The clause without what holds of every request, and with what goes without saying:
    /// only types that are shown a budget can find it exhausted.
    fn without_given(&self, clause: &Clause) -> Clause {
        let mut clause = clause.clone();
        if !self.dust && clause.dust == Flag::No {
            clause.dust = Flag::Any;
        }
        if !self.shortable && clause.shortable == Flag::No {
            clause.shortable = Flag::Any;
        }
        if clause.budget_exhausted == Flag::Yes {
            let budgeted = [TradeType::Pilot, TradeType::Exploration, TradeType::Auto];
            let budgeted = budgeted.map(type_bit);
            clause.types &= budgeted.into_iter().fold(0, |all, bit| all | bit);
        }
        clause
    }

    fn why_not(&self, clauses: &[Clause]) -> &'static str {
        let all = |of: fn(&Clause) -> bool| clauses.iter().all(of);
        if !self.dust && all(|clause| clause.dust == Flag::Yes) {
            "no symbol has a `min_quantity`"
        } else if !self.shortable && all(|clause| clause.shortable == Flag::Yes) {
            "no symbol may be shorted"
        } else {
            "rules above it take every request that it would"
        }
    }

    /// Every combination of facts that a request can have.
    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for state in TradingState::ALL {
            for trade_type in TradeType::ALL {
                for action in FinalAction::ALL {
                    for position in [None, Some(PositionSide::Long), Some(PositionSide::Short)] {
                        for flags in 0..32_u8 {
                            let flag = |at: u8| flags >> at & 1 == 1;
                            cells.push(Cell {
                                state,
                                trade_type,
                                action,
                                position,
                                dust: flag(0),
                                closable: flag(1),
                                opening: flag(2),
                                shortable: flag(3),
                                sized: flag(4),
                            });
                        }
                    }
                }
            }
        }
        cells.retain(|cell| self.allows(cell));
        cells
    }

    fn allows(&self, cell: &Cell) -> bool {
        let flat = cell.position.is_none();
        let of_position = !flat || (!cell.dust && !cell.closable);
        of_position && (self.dust || !cell.dust) && (self.shortable || !cell.shortable)
    }
}

impl Cell {
    /// BUY with a short, SELL with a long, CLOSE with either.
    pub(super) const fn faces_position(&self) -> bool {
        matches!(
            (self.action, self.position),
            (FinalAction::Buy, Some(PositionSide::Short))
                | (FinalAction::Sell, Some(PositionSide::Long))
                | (FinalAction::Close, Some(_))
        )
    }
}

/// Whether the finite conditions of a clause hold; of the others nothing is said.
fn accepts(clause: &Clause, cell: &Cell) -> bool {
    clause.states & state_bit(cell.state) != 0
        && clause.types & type_bit(cell.trade_type) != 0
        && clause.pairs & 1 << pair_number(cell.action, cell.position) != 0
        && clause.dust.accepts(cell.dust)
        && clause.closable.accepts(cell.closable)
        && clause.opening.accepts(cell.opening)
        && clause.shortable.accepts(cell.shortable)
        && clause.sized.accepts(cell.sized)
}

/// Whether a clause has no conditions but finite ones, so that it takes what they accept.
fn takes_all(clause: &Clause) -> bool {
    clause.symbol.is_none()
        && clause.strategy.is_none()
        && clause.tiers == TIERS_ALL
        && clause.scores.is_empty()
        && clause.amounts.is_empty()
        && clause.below_minimum == Flag::Any
        && clause.budget_exhausted == Flag::Any
}
