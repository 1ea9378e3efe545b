//! The compiled decision table: one request and state in, one decision out.
//!
//! Pure: no clock, no randomness, nothing kept from one request to the next. It knows verbs
//! and facts, not routes: what section of a policy skips, closes or opens is the table's.

#[cfg(feature = "document")]
mod adjust;
mod bits;
mod facts;
pub mod glob;
mod index;
mod names;
mod outcome;
pub mod sizing;
#[cfg(feature = "document")]
pub mod trace;

use alloc::boxed::Box;
use alloc::vec::Vec;

use facts::Facts;
use index::ClauseIndex;

use crate::decision::{Decision, OrderIntent, Refusal};
use crate::lookup::Lookup;
use crate::manifest::{Manifest, SymbolInfo};
use crate::request::{OrderTerms, Request, TradeType};
use crate::state::State;
use crate::table::{Clause, Flag, Outcome, Rule, TIERS_ALL, Table, TableError, Tier};

/// A table, compiled for deciding.
#[derive(Debug)]
pub struct Engine {
    manifest: Manifest,
    symbols: Lookup<Box<[u8]>, usize>,
    tiers: Vec<Tier>,
    outcomes: Vec<Outcome>,
    clauses: Vec<Residue>,
    index: ClauseIndex,
}

/// What is left to test of a clause that the index found.
#[derive(Debug)]
struct Residue {
    rule: u32,
    /// `None` when the index has tested everything.
    clause: Option<Box<Clause>>,
}

impl Engine {
    /// Compiles a table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] when the table does not validate.
    pub fn new(table: &Table) -> Result<Self, TableError> {
        table.validate().map_err(TableError::Invalid)?;
        let mut clauses = Vec::new();
        for (
            rule,
            Rule {
                clauses: alternatives,
                ..
            },
        ) in (0_u32..).zip(&table.rules)
        {
            for clause in alternatives {
                let clause = needs_more_than_the_index(clause).then(|| Box::new(clause.clone()));
                clauses.push(Residue { rule, clause });
            }
        }
        Ok(Self {
            manifest: table.manifest(),
            symbols: by_name(&table.symbols),
            tiers: table.tiers.clone(),
            outcomes: table.rules.iter().map(|rule| rule.outcome).collect(),
            clauses,
            index: ClauseIndex::new(table),
        })
    }

    /// What the policy is.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Decides one request: the first rule that holds.
    ///
    /// # Errors
    /// [`Refusal`] when the route needs what the request or the state does not give, or no
    /// rule can answer.
    pub fn decide(&self, request: &Request<'_>, state: &State<'_>) -> Result<Decision, Refusal> {
        let mut facts = Facts::new(self, request, state);
        let candidates = self
            .index
            .candidates(&facts.cell(), request.symbol, request.strategy);
        for clause in candidates {
            let Some(residue) = self.clauses.get(clause) else {
                break;
            };
            let holds = match &residue.clause {
                None => true,
                Some(clause) => facts.satisfy(clause)?,
            };
            if holds {
                return facts.carry_out(residue.rule);
            }
        }
        Err(Refusal::NoRoute)
    }

    fn symbol(&self, name: &str) -> Option<&SymbolInfo> {
        let number = self.symbols.get(name.as_bytes())?;
        self.manifest.symbols.get(*number)
    }

    /// The tier of a request: of `auto`, the first that its figures fit; of a stated type,
    /// the first of its intent, because the bot is taken at its word.
    fn tier_of(&self, terms: &OrderTerms) -> Option<(u32, &Tier)> {
        let mut tiers = (0_u32..).zip(&self.tiers);
        match terms.trade_type {
            TradeType::Exit | TradeType::Risk => None,
            TradeType::Auto => tiers.find(|(_, tier)| tier.fits(terms)),
            stated => tiers.find(|(_, tier)| tier.info.intent == OrderIntent::of_type(stated)),
        }
    }
}

impl Tier {
    /// Whether the figures of a request reach every threshold; a missing one reaches none.
    fn fits(&self, terms: &OrderTerms) -> bool {
        let reaches = |least: Option<f64>, number: Option<f64>| {
            least.is_none_or(|least| number.is_some_and(|number| number >= least))
        };
        reaches(self.signal_strength_min, terms.signal_score.map(f64::abs))
            && reaches(self.risk_reward_min, terms.risk_reward_ratio)
            && reaches(self.confidence_min, terms.confidence)
    }
}

/// The numbers of the symbols.
fn by_name(symbols: &[SymbolInfo]) -> Lookup<Box<[u8]>, usize> {
    let mut numbers = Lookup::default();
    for (number, symbol) in symbols.iter().enumerate() {
        if let Some(known) = numbers.of(symbol.name.as_bytes().into()) {
            *known = number;
        }
    }
    numbers
}

fn needs_more_than_the_index(clause: &Clause) -> bool {
    clause.tiers != TIERS_ALL
        || !clause.scores.is_empty()
        || !clause.amounts.is_empty()
        || clause.below_minimum != Flag::Any
        || clause.budget_exhausted != Flag::Any
}

#[cfg(all(test, feature = "document"))]
mod tests;
