//! What is wrong with unsound documents, to the letter.
//!
//! The tables are text: what stands in the document, then `=> ` and each line that is
//! printed, cases apart by an empty line.

mod conditions;
mod routes;
mod sections;
mod yaml;

use super::printed;

/// Lines 1 to 3 of the document around most cases.
const HEAD: &str = "name: x\nversion: 1\naccount_currency: USDT\n";

/// Holds every case to what is printed of the document that it makes.
#[track_caller]
fn refused(table: &str, document: impl Fn(&str) -> String) {
    for case in table.trim_matches('\n').split("\n\n") {
        let (expected, written): (Vec<_>, Vec<_>) =
            case.lines().partition(|line| line.starts_with("=> "));
        let expected: Vec<_> = expected
            .iter()
            .filter_map(|line| line.strip_prefix("=> "))
            .collect();
        let text = document(&written.join("\n"));
        assert_eq!(printed(&text), expected.join("\n"), "in\n{text}");
    }
}
