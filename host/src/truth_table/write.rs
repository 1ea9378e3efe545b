//! A truth table as Markdown, which is readable as text too, and as comma-separated values.

use super::{Row, TruthTable};

const COLUMNS: usize = 9;
const HEADINGS: [&str; COLUMNS] = [
    "#",
    "state",
    "type",
    "action and position",
    "other conditions",
    "side",
    "intent",
    "reason",
    "rule",
];
const NAMES: [&str; COLUMNS] = [
    "number",
    "state",
    "type",
    "action_and_position",
    "other",
    "side",
    "intent",
    "reason",
    "rule",
];

/// Aligned columns, and a line about rules without a row.
pub(super) fn markdown(table: &TruthTable) -> String {
    let rows: Vec<[String; COLUMNS]> = table.rows.iter().map(markdown_cells).collect();
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = line(&HEADINGS.map(str::to_owned), widths);
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    text.push_str(&format!("| {} |\n", rules.join(" | ")));
    for row in &rows {
        text.push_str(&line(row, widths));
    }
    if !table.left_out.is_empty() {
        let rules: Vec<String> = table
            .left_out
            .iter()
            .map(|out| format!("`{}` ({})", out.rule, out.why))
            .collect();
        text.push_str(&format!(
            "\nNo request reaches these: {}.\n",
            rules.join(", ")
        ));
    }
    text
}

fn line(cells: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .zip(widths)
        // A cell can be wider than a format's width may be.
        .map(|(cell, width)| {
            let room = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(room))
        })
        .collect();
    format!("| {} |\n", cells.join(" | "))
}

fn markdown_cells(row: &Row) -> [String; COLUMNS] {
    let [
        number,
        state,
        trade_type,
        action,
        other,
        side,
        intent,
        reason,
        rule,
    ] = cells(row);
    let is_answer = row.side != "none";
    let reason = if is_answer {
        format!("`{reason}`")
    } else {
        reason.to_owned()
    };
    [
        number.to_owned(),
        state.to_owned(),
        trade_type.to_owned(),
        action.to_owned(),
        other.to_owned(),
        side.to_owned(),
        intent.to_owned(),
        reason,
        format!("`{rule}`"),
    ]
    // A name may hold what ends a cell.
    .map(|cell| cell.replace('|', "\\|"))
}

/// A header and the rows, quoted where they must be.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut text = NAMES.join(",") + "\n";
    for row in rows {
        let cells = cells(row).map(quoted);
        text.push_str(&(cells.join(",") + "\n"));
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn cells(row: &Row) -> [&str; COLUMNS] {
    [
        &row.number,
        &row.state,
        &row.trade_type,
        &row.action_and_position,
        &row.other,
        &row.side,
        &row.intent,
        &row.reason,
        &row.rule,
    ]
}
