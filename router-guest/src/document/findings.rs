//! What is wrong with a document, each with its place: collected, bounded, sorted, printed.
//!
//! It judges nothing itself, and never shows more of the user's input than a line can hold.

use std::fmt;

/// Findings that one reading reports at most; the rest are counted.
pub const FINDINGS_MAX: usize = 50;
/// Characters of the user's own input that a message shows.
const QUOTED_CHARS_MAX: usize = 72;

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and what to write instead where that is known.
    pub message: String,
}

/// Everything that is wrong with a document, in its order; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    found: Vec<Finding>,
    omitted: usize,
}

impl Findings {
    /// The findings, by line and column; at most [`FINDINGS_MAX`].
    pub fn as_slice(&self) -> &[Finding] {
        &self.found
    }

    /// How many more there were.
    pub const fn omitted(&self) -> usize {
        self.omitted
    }
}

impl<'f> IntoIterator for &'f Findings {
    type Item = &'f Finding;
    type IntoIter = std::slice::Iter<'f, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.iter()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl fmt::Display for Findings {
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

impl std::error::Error for Findings {}

/// Findings in the making.
#[derive(Debug, Default)]
pub(super) struct Collector {
    found: Vec<Finding>,
    omitted: usize,
}

impl Collector {
    /// Takes a finding; past the bound it is only counted.
    pub(super) fn report(&mut self, place: Place, message: impl Into<String>) {
        if self.is_full() {
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

    /// Whether nothing is wrong so far.
    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether further findings are only counted, so that costly advice can be saved.
    pub(super) const fn is_full(&self) -> bool {
        self.found.len() >= FINDINGS_MAX
    }

    /// How many were reported, shown or not. Two counts tell whether a reader found fault.
    pub(super) const fn count(&self) -> usize {
        self.found.len() + self.omitted
    }

    /// What was found, in the document's order.
    pub(super) fn finish(mut self) -> Findings {
        self.found
            .sort_by_key(|finding| (finding.line, finding.column));
        Findings {
            found: self.found,
            omitted: self.omitted,
        }
    }
}

/// The user's own input in backticks: cut to a readable length, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (at, character) in text.chars().enumerate() {
        if at == QUOTED_CHARS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown.push('`');
    shown
}
