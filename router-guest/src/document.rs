//! Policy documents: YAML that someone can edit at three in the morning.
//!
//! A document is read into a tree of places and words (`yaml`), the tree into a checked
//! policy (`policy` and a file for each section), and the policy into the canonical
//! [`Table`] (`lower`). It decides nothing, and it never guesses: what is not understood is
//! a [`Finding`] with its line, its column and, where one can be told, the right word. One
//! reading reports everything that is wrong.
//!
//! The language is described in `router-guest/README.md`; a test reads its examples.

mod advice;
mod budgets;
pub mod cases;
mod conditions;
mod findings;
mod lower;
mod numbers;
mod percent;
mod places;
mod policy;
mod reader;
mod routes;
mod schema;
mod sets;
mod symbols;
mod syntax;
mod tiers;
mod vocabulary;
mod windows;
pub mod wording;
mod yaml;

pub use findings::{FINDINGS_MAX, Finding, Findings, Place};
pub use places::Places;
pub use schema::schema_json;
pub use syntax::DOCUMENT_BYTES_MAX;
pub use yaml::NESTING_MAX;

use crate::table::Table;
use findings::Collector;
use policy::Policy;

/// A policy document, checked and lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    table: Table,
    places: Places,
    short_enabled: bool,
    /// Symbols with `allow_short`, sorted.
    allow_short: Vec<String>,
}

impl Document {
    /// Reads, checks and lowers a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, up to [`FINDINGS_MAX`]; where it is no YAML, or
    /// means something else than it seems to, that alone.
    pub fn parse(text: &str) -> Result<Self, Findings> {
        let mut findings = Collector::default();
        match read(text, &mut findings) {
            Some(document) if findings.is_empty() => Ok(document),
            _ => Err(findings.finish()),
        }
    }

    /// What it says, with every name resolved. It validates and encodes.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The policy's own version.
    pub fn version(&self) -> &str {
        &self.table.version
    }

    /// Where a rule of the table stands in the document.
    pub fn rule_place(&self, rule: usize) -> Option<Place> {
        self.places.routes.get(rule).copied()
    }

    /// Where everything stands that a table has indexes for.
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Where an alternative of a rule's `when` stands in the document.
    pub fn clause_place(&self, rule: usize, clause: usize) -> Option<Place> {
        self.places.alternatives.get(rule)?.get(clause).copied()
    }

    /// `risk.short_enabled`, which the table holds no longer: it is applied there.
    pub const fn short_enabled(&self) -> bool {
        self.short_enabled
    }

    /// `allow_short` of a symbol, whatever `short_enabled` says; `false` for one that is not
    /// listed.
    pub fn allows_short(&self, symbol: &str) -> bool {
        let allowed = &self.allow_short;
        allowed
            .binary_search_by(|known| known.as_str().cmp(symbol))
            .is_ok()
    }
}

fn read(text: &str, findings: &mut Collector) -> Option<Document> {
    let root = yaml::parse(text, findings)?;
    // Faults of the tree make what follows from it unreliable.
    if !findings.is_empty() {
        return None;
    }
    let policy = Policy::read(&root, findings)?;
    let short_enabled = policy.short_enabled;
    let allow_short = policy.symbols.iter().filter(|symbol| symbol.shortable);
    let mut allow_short: Vec<_> = allow_short.map(|symbol| symbol.name.clone()).collect();
    allow_short.sort();
    let table = lower::lower(policy);
    let fault = match &table {
        Some(table) => table.validate().err().map(|fault| fault.to_string()),
        None => Some("the policy is larger than a table can be".into()),
    };
    // The sections check everything that a table must hold to, with better places; should
    // one ever fall short of that, the document is refused all the same.
    if let Some(fault) = fault {
        findings.report(root.place, fault);
    }
    Some(Document {
        table: table?,
        places: Places::of(&root),
        short_enabled,
        allow_short,
    })
}

#[cfg(test)]
mod tests;
