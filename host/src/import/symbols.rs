//! `symbols`: names, and whether each may be shorted.
//!
//! Bots keep much else under a symbol; that is left out.

use router_guest::document::Place;
use router_guest::table::{SYMBOLS_MAX, TABLE_NAME_BYTES_MAX};

use super::read::{Reader, Told};
use super::tree::{NodeId, Value};
use super::unread::path_of;
use super::{shown, values};

/// A symbol as the bot names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) name: String,
    /// Of the name.
    pub(super) place: Place,
    pub(super) allow_short: Option<Told<bool>>,
}

/// Reads the section: a map of symbols with what is known of them, or a list of names.
pub(super) fn read(reader: &mut Reader<'_>, key: NodeId, section: NodeId) -> Vec<Symbol> {
    let symbols = match reader.tree.node(section).map(|node| &node.value) {
        _ if reader.tree.is_nothing(section) => Vec::new(),
        Some(Value::List(items)) => {
            let items = items.clone();
            items
                .into_iter()
                .filter_map(|item| listed(reader, item))
                .collect()
        }
        _ => {
            let place = reader.tree.place(key);
            let entries = reader.map_at(section, "`symbols`", place);
            entries
                .unwrap_or_default()
                .into_iter()
                .filter_map(|(key, value)| symbol(reader, key, value))
                .collect()
        }
    };
    if let Some(first_over) = symbols.get(SYMBOLS_MAX) {
        let message = format!(
            "{} symbols, and a policy has at most {SYMBOLS_MAX}",
            symbols.len()
        );
        reader.findings.report(first_over.place, message);
    }
    repeated(reader, &symbols);
    symbols
}

fn symbol(reader: &mut Reader<'_>, key: NodeId, value: NodeId) -> Option<Symbol> {
    let name = name(reader, key)?;
    reader.mark(key);
    let place = reader.tree.place(key);
    let path = path_of("symbols", Some(&name));
    let mut allow_short = None;
    if !reader.tree.is_nothing(value) {
        let entries = reader.map_at(value, &format!("`{path}`"), place)?;
        allow_short = reader.told(&entries, "allow_short", &path, values::switch);
    }
    Some(Symbol {
        name,
        place,
        allow_short,
    })
}

fn listed(reader: &mut Reader<'_>, item: NodeId) -> Option<Symbol> {
    Some(Symbol {
        name: name(reader, item)?,
        place: reader.tree.place(item),
        allow_short: None,
    })
}

/// A name that a policy can hold.
fn name(reader: &mut Reader<'_>, node: NodeId) -> Option<String> {
    let fault = match reader.tree.text(node) {
        None => "a symbol must be a name, not a list or a map".to_owned(),
        Some(name) if !(1..=TABLE_NAME_BYTES_MAX).contains(&name.len()) => format!(
            "the symbol `{}` must have 1 to {TABLE_NAME_BYTES_MAX} bytes",
            shown(name)
        ),
        Some(name) if name.chars().any(char::is_control) => {
            format!("the symbol `{}` has a control character", shown(name))
        }
        Some(name) => return Some(name.to_owned()),
    };
    reader.findings.report(reader.tree.place(node), fault);
    None
}

fn repeated(reader: &mut Reader<'_>, symbols: &[Symbol]) {
    let mut sorted: Vec<_> = symbols.iter().collect();
    sorted.sort_by_key(|symbol| (&symbol.name, symbol.place));
    for (first, again) in sorted.iter().zip(sorted.iter().skip(1)) {
        if first.name == again.name {
            let message = format!(
                "the symbol `{}` stands twice, first in line {}",
                shown(&again.name),
                first.place.line
            );
            reader.findings.report(again.place, message);
        }
    }
}
