//! A document beside recorded requests: what they bring that it does not know, and which of
//! its routes they never reach. These are remarks, not faults: a record proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use router_guest::document::Document;
use router_guest::engine::glob;
use router_guest::table::{NameTest, Table};

use super::rules;
use crate::ledger::OpenError;
use crate::policy::Policy;
use crate::router::Router;
use crate::stream::{self, StreamError, TrafficSummary};

/// Names of one kind that are told; requests of further ones are not remarked on.
const NAMES_MAX: usize = 1_024;

/// What recorded requests say about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficRemarks {
    /// What the record held.
    pub summary: TrafficSummary,
    /// Symbols that stand neither under `symbols` nor in a condition, with their requests.
    pub unknown_symbols: BTreeMap<String, u64>,
    /// Strategies that no condition is about, with their requests; none where the document
    /// names no strategy at all.
    pub unknown_strategies: BTreeMap<String, u64>,
    /// Routes that decided no recorded request, with their lines.
    pub unreached: Vec<(String, usize)>,
}

/// Why recorded requests cannot be held against a document.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// The record breaks.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The policy's budgets cannot be kept.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Routes recorded requests by the policy of a document, and remarks on them.
///
/// # Errors
/// [`TrafficError`].
pub fn remark(
    document: &Document,
    policy: Policy,
    record: impl Read,
) -> Result<TrafficRemarks, TrafficError> {
    let table = document.table();
    let known = Known::of(table);
    let router = Router::new(policy)?;
    // As many at most as the table has routes.
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut unknown_symbols = BTreeMap::new();
    let mut unknown_strategies = BTreeMap::new();
    let summary = stream::replay(&router, record, |scenario, decided| {
        if !known.has_symbol(&scenario.symbol) {
            count(&mut unknown_symbols, &scenario.symbol);
        }
        if !known.has_strategy(&scenario.strategy) {
            count(&mut unknown_strategies, &scenario.strategy);
        }
        if let Ok(decision) = decided
            && !reached.contains(decision.rule())
        {
            reached.insert(decision.rule().to_owned());
        }
    })?;
    let unreached = (0..table.rules.len())
        .map(|rule| rules::subject(document, rule))
        .filter(|(name, _)| !reached.contains(name))
        .map(|(name, place)| (name, place.line))
        .collect();
    Ok(TrafficRemarks {
        summary,
        unknown_symbols,
        unknown_strategies,
        unreached,
    })
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else if counts.len() < NAMES_MAX {
        counts.insert(name.to_owned(), 1);
    }
}

/// The names that a document is about.
struct Known<'t> {
    table: &'t Table,
    symbols: Vec<&'t str>,
    strategies: Vec<&'t str>,
}

impl<'t> Known<'t> {
    fn of(table: &'t Table) -> Self {
        let clauses = || table.rules.iter().flat_map(|rule| &rule.clauses);
        let patterns = |test: &'t NameTest| test.patterns.iter().map(String::as_str);
        Self {
            table,
            symbols: clauses()
                .filter_map(|clause| clause.symbol.as_ref())
                .flat_map(patterns)
                .collect(),
            strategies: clauses()
                .filter_map(|clause| clause.strategy.as_ref())
                .flat_map(patterns)
                .collect(),
        }
    }

    fn has_symbol(&self, name: &str) -> bool {
        let listed = &self.table.symbols;
        let is_listed = listed
            .binary_search_by(|symbol| symbol.name.as_str().cmp(name))
            .is_ok();
        is_listed
            || self
                .symbols
                .iter()
                .any(|pattern| glob::matches(pattern, name))
    }

    fn has_strategy(&self, name: &str) -> bool {
        self.strategies.is_empty()
            || self
                .strategies
                .iter()
                .any(|pattern| glob::matches(pattern, name))
    }
}
