//! A bot's configuration as a policy document: the default policy with what the file says of
//! shorting, symbols and exploration.
//!
//! It reads the keys that it knows and tells of every other that it left them out. It guesses
//! nothing: what is of another type, or may mean two things, is a [`Finding`] with its line and
//! its column, and then no document is made. What it makes is parsed before it is handed out.

mod read;
mod symbols;
mod tree;
mod unread;
mod values;
mod write;

use std::fmt;

use router_guest::document::{FINDINGS_MAX, Finding, Findings, Place};
use serde::Serialize;

pub use tree::{CONFIGURATION_BYTES_MAX, NESTING_MAX, NODES_MAX};
pub use values::FRACTION_MAX_PERCENT;

/// What the number of a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetUnit {
    /// `3` is 3 % of equity.
    Percent,
    /// `0.03` is 3 % of equity.
    Fraction,
}

/// A configuration to import.
#[derive(Debug, Clone, Copy)]
pub struct Configuration<'c> {
    /// The file's name without folders, as comments and the policy's name have it.
    pub file_name: &'c str,
    /// What stands in it.
    pub bytes: &'c [u8],
    /// What budgets count; `None` tells it from the number, or asks.
    pub budget_unit: Option<BudgetUnit>,
}

/// A policy document, and what became of each key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The document; it parses.
    pub policy: String,
    /// Keys that were imported, in the file's order.
    pub imported: Vec<ImportedKey>,
    /// Keys that were not, in the file's order.
    pub left_out: Vec<LeftOut>,
    /// Keys that the file does not give, and what the default policy says in their place.
    pub kept: Vec<Kept>,
}

/// A key and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedKey {
    /// With the keys above it: `risk.short_enabled`.
    pub key: String,
    /// Of the key, from 1.
    pub line: usize,
    /// Of the key, from 1, in characters.
    pub column: usize,
    /// What it says, as written.
    pub value: String,
    /// Where it stands in the document, and how.
    pub became: String,
    /// What a person should know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A key that no policy has a place for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// With the keys above it.
    pub key: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many keys stand under it, all of them left out with it.
    pub keys_under_it: usize,
}

/// A key that was not given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// The configuration's key.
    pub key: &'static str,
    /// What the default policy says.
    pub value: String,
}

/// Why no document was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The configuration has mistakes, or says what may mean two things.
    #[error("{0}")]
    Configuration(ConfigurationFindings),
    /// What came out is no sound policy: it is too large.
    #[error("the policy that comes out is not sound: {0}")]
    Policy(Findings),
}

/// Everything that is wrong with a configuration, in its order; at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigurationFindings {
    found: Vec<Finding>,
    omitted: usize,
}

impl ConfigurationFindings {
    /// The findings, by line and column; at most [`FINDINGS_MAX`].
    pub fn as_slice(&self) -> &[Finding] {
        &self.found
    }

    /// How many more there were.
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    fn report(&mut self, place: Place, message: impl Into<String>) {
        if self.found.len() >= FINDINGS_MAX {
            self.omitted += 1;
            return;
        }
        let Place { line, column } = place;
        self.found.push(Finding {
            line,
            column,
            message: message.into(),
        });
    }
}

impl fmt::Display for ConfigurationFindings {
    /// A finding a line, without a line break behind the last.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, finding) in self.found.iter().enumerate() {
            let line_break = if at == 0 { "" } else { "\n" };
            write!(out, "{line_break}{finding}")?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => write!(out, "\nand {omitted} more"),
        }
    }
}

/// Makes a policy document.
///
/// # Errors
/// [`ImportError`]: everything that is wrong, each with its place in the configuration.
pub fn import(configuration: &Configuration<'_>) -> Result<Imported, ImportError> {
    let mut findings = ConfigurationFindings::default();
    let made = tree::read(configuration.bytes, &mut findings).map(|tree| {
        let settings = read::settings(&tree, configuration.budget_unit, &mut findings);
        (tree, settings)
    });
    let Some((tree, settings)) = made.filter(|_| findings.found.is_empty()) else {
        findings
            .found
            .sort_by_key(|finding| (finding.line, finding.column));
        return Err(ImportError::Configuration(findings));
    };
    let (policy, mut imported, kept) =
        write::document(configuration.file_name, &settings).map_err(ImportError::Policy)?;
    imported.sort_by_key(|key| (key.line, key.column));
    Ok(Imported {
        policy,
        imported,
        left_out: unread::keys(&tree, &settings.read),
        kept,
    })
}

/// The user's own input as a message shows it: cut to a readable length, control characters
/// escaped.
fn shown(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 72;
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
