//! The clauses by everything finite that they test, so that the ones that cannot match are
//! never looked at: two table look-ups and two name look-ups give four sets of clauses, and
//! only what is in all of them is tried, in order.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;

use super::bits::Bits;
use super::names::{NameIndex, Passing};
use crate::request::{FinalAction, PositionSide, TradeType};
use crate::state::TradingState;
use crate::table::{Clause, Flag, Table, pair_number, state_bit, type_bit};

const PAIRS: u32 = 18;
const FLAGS: u32 = 5;
const FLAG_SETS: u32 = 1 << FLAGS;

/// The finite facts of a request and its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) state: TradingState,
    pub(super) trade_type: TradeType,
    pub(super) action: FinalAction,
    pub(super) position: Option<PositionSide>,
    /// In the order of [`flags_of`].
    pub(super) flags: [bool; FLAGS as usize],
}

/// Which clauses can match a cell, a symbol and a strategy.
#[derive(Debug)]
pub(super) struct ClauseIndex {
    words: usize,
    /// By trade type, then pair of action and position.
    by_type_and_pair: Box<[Bits]>,
    /// By trading state, then set of flags.
    by_state_and_flags: Box<[Bits]>,
    symbols: NameIndex,
    strategies: NameIndex,
}

/// The clause's flags, in the order of [`Cell::flags`].
fn flags_of(clause: &Clause) -> [Flag; FLAGS as usize] {
    [
        clause.dust,
        clause.closable,
        clause.opening,
        clause.shortable,
        clause.sized,
    ]
}

impl ClauseIndex {
    pub(super) fn new(table: &Table) -> Self {
        let mut clauses: Vec<&Clause> = Vec::new();
        for rule in &table.rules {
            clauses.extend(&rule.clauses);
        }
        let set_of = |accepts: &dyn Fn(&Clause) -> bool| {
            let mut bits = Bits::none(clauses.len());
            for (number, clause) in (0_u32..).zip(&clauses) {
                bits.set(number, accepts(clause));
            }
            bits
        };
        let mut by_type_and_pair = Vec::new();
        for trade_type in TradeType::ALL {
            for pair in 0..PAIRS {
                let (type_bit, pair_bit) = (type_bit(trade_type), 1 << pair);
                by_type_and_pair.push(set_of(&|clause| {
                    clause.types & type_bit != 0 && clause.pairs & pair_bit != 0
                }));
            }
        }
        let mut by_state_and_flags = Vec::new();
        for state in TradingState::ALL {
            for flags in 0..FLAG_SETS {
                by_state_and_flags.push(set_of(&|clause| {
                    clause.states & state_bit(state) != 0
                        && (0..FLAGS)
                            .zip(flags_of(clause))
                            .all(|(at, flag)| flag.accepts(flags >> at & 1 == 1))
                }));
            }
        }
        let mentioned = table.symbols.iter().map(|symbol| symbol.name.as_str());
        Self {
            words: clauses.len().div_ceil(64),
            by_type_and_pair: by_type_and_pair.into(),
            by_state_and_flags: by_state_and_flags.into(),
            symbols: NameIndex::new(
                clauses.iter().map(|clause| clause.symbol.as_ref()),
                mentioned,
            ),
            strategies: NameIndex::new(
                clauses.iter().map(|clause| clause.strategy.as_ref()),
                iter::empty(),
            ),
        }
    }

    /// The candidates for a request, in order.
    pub(super) fn candidates(&self, cell: &Cell, symbol: &str, strategy: &str) -> Candidates<'_> {
        let pair = cell.trade_type as u32 * PAIRS + pair_number(cell.action, cell.position);
        let flags = (0..)
            .zip(cell.flags)
            .fold(0, |set, (at, flag)| set | u32::from(flag) << at);
        let state = cell.state as u32 * FLAG_SETS + flags;
        Candidates {
            words: self.words,
            at: 0,
            left: 0,
            pair: self.by_type_and_pair.get(pair as usize),
            state: self.by_state_and_flags.get(state as usize),
            symbol: self.symbols.passing(symbol),
            strategy: self.strategies.passing(strategy),
        }
    }
}

/// Clause numbers that can match, in order.
pub(super) struct Candidates<'a> {
    words: usize,
    /// The next word to read.
    at: usize,
    /// What is left of the word before it.
    left: u64,
    pair: Option<&'a Bits>,
    state: Option<&'a Bits>,
    symbol: Passing<'a>,
    strategy: Passing<'a>,
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let (pair, state) = (self.pair?, self.state?);
        loop {
            if self.left != 0 {
                let bit = self.left.trailing_zeros() as usize;
                self.left &= self.left - 1;
                return Some((self.at - 1) * 64 + bit);
            }
            if self.at == self.words {
                return None;
            }
            let both = pair.word(self.at) & state.word(self.at);
            self.left = both & self.symbol.word(self.at) & self.strategy.word(self.at);
            self.at += 1;
        }
    }
}
