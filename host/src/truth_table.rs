//! A policy as a truth table for people: its rules in order, a row for each thing that a rule
//! does, conditions in the document's words.
//!
//! It is read off the document and decides nothing. Which rows no request reaches is the
//! word of `reach`, which leaves out only what is obvious.

mod reach;
mod rows;
mod words;
mod write;

use router_guest::document::Document;
use serde::Serialize;

/// A policy's rules as rows; the first row that fits a request decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruthTable {
    /// The policy's name.
    pub name: String,
    /// The policy's version.
    pub version: String,
    /// The rows, in the order of the rules.
    pub rows: Vec<Row>,
    /// Rules that have no row.
    pub left_out: Vec<LeftOut>,
}

/// One thing that a rule does. An empty condition holds always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The rule's number in the document, from 1, with a letter where it has several rows.
    pub number: String,
    /// Trading states: `HALTED`, `not ACTIVE`.
    pub state: String,
    /// Trade types as the request states them: `not risk`, `exit or risk`.
    #[serde(rename = "type")]
    pub trade_type: String,
    /// Actions and the positions that they meet: `BUY with a short`.
    pub action_and_position: String,
    /// All other conditions: `not closable, tier none`.
    pub other: String,
    /// `BUY`, `SELL`, `SKIP`; `none` where the rule has no answer.
    pub side: String,
    /// The order's intent, or that it is the one of the trade type.
    pub intent: String,
    /// The reason; where the rule has no answer, what follows.
    pub reason: String,
    /// The rule.
    pub rule: String,
}

/// A rule without a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The rule.
    pub rule: String,
    /// Why no request reaches it.
    pub why: String,
}

impl TruthTable {
    /// The table of a document.
    pub fn of(document: &Document) -> Self {
        let table = document.table();
        let mut rows = Vec::new();
        let mut left_out = Vec::new();
        for (number, reached) in reach::reachable(table).into_iter().enumerate() {
            let Some(rule) = table.rules.get(number) else {
                break;
            };
            match reached {
                Ok(alternatives) => {
                    rows.extend(rows::of_rule(table, number, rule, &alternatives));
                }
                Err(why) => left_out.push(LeftOut {
                    rule: rule.name.clone(),
                    why: why.to_owned(),
                }),
            }
        }
        Self {
            name: table.name.clone(),
            version: table.version.clone(),
            rows,
            left_out,
        }
    }

    /// A Markdown table with aligned columns, and a line about rules without a row; ends with
    /// a line end.
    pub fn to_markdown(&self) -> String {
        write::markdown(self)
    }

    /// Comma-separated values with a header, rows alone; ends with a line end.
    pub fn to_csv(&self) -> String {
        write::csv(&self.rows)
    }

    /// One JSON object, without a line end.
    pub fn to_json(&self) -> String {
        // Strings and lists alone: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
