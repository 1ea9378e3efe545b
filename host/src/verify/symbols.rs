//! The symbols that a manifest tells apart: one class for each combination of what it can say
//! of one, with a name to ask by, and the names besides that are alike as far as it says.
//!
//! Patterns of names stand in no manifest, so that no class can be made of them. Names that were
//! found in the component are asked for as any other that is not listed.

use std::collections::{HashMap, HashSet};

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{Manifest, SymbolInfo};
use router_guest::request::NAME_BYTES_MAX;

/// Symbols of which a manifest says the same.
#[derive(Debug, Clone)]
pub(super) struct SymbolClass {
    /// The name that stands for them.
    pub(super) name: String,
    /// What the manifest says; `None` of a symbol that it does not list.
    pub(super) info: Option<SymbolInfo>,
    /// The other names.
    pub(super) alike: Vec<String>,
}

/// What a manifest can say of a symbol, and whether it is quoted in the account currency.
type Said = (bool, [Option<(u128, u8)>; 3], bool);

/// The classes in the order of their first symbol; the unknown ones are last, with the names that
/// were found elsewhere among theirs.
pub(super) fn classes(manifest: &Manifest, found: &[String]) -> Vec<SymbolClass> {
    let currency = &manifest.account_currency;
    let mut classes: Vec<SymbolClass> = Vec::new();
    let mut known: HashMap<Said, usize> = HashMap::new();
    for symbol in &manifest.symbols {
        let at = *known.entry(said(symbol, currency)).or_insert(classes.len());
        match classes.get_mut(at) {
            Some(class) => class.alike.push(symbol.name.clone()),
            None => classes.push(SymbolClass {
                name: symbol.name.clone(),
                info: Some(symbol.clone()),
                alike: Vec::new(),
            }),
        }
    }
    classes.extend(unknown(manifest, found));
    classes
}

fn said(symbol: &SymbolInfo, account_currency: &str) -> Said {
    let amount = |amount: Option<Amount>| amount.map(Into::into);
    (
        symbol.shortable,
        [symbol.step, symbol.min_quantity, symbol.min_notional].map(amount),
        sizing::quote_currency(&symbol.name) == Some(account_currency),
    )
}

/// Symbols that the manifest does not list: quoted in the account currency, and not.
fn unknown(manifest: &Manifest, found: &[String]) -> Vec<SymbolClass> {
    let currency = manifest.account_currency.as_str();
    let other = if currency == "EUR" { "USD" } else { "EUR" };
    let listed: HashSet<&str> = manifest
        .symbols
        .iter()
        .map(|symbol| symbol.name.as_str())
        .collect();
    // Without a quote currency, of the fewest bytes and of the most.
    let odd = ["N".to_owned(), "N".repeat(NAME_BYTES_MAX)];
    let named = |quote: &str| {
        let is_of = |name: &str| {
            let is_account = sizing::quote_currency(name) == Some(currency);
            name.len() <= NAME_BYTES_MAX && is_account == (quote == currency)
        };
        // One of so many names is not listed.
        let name = (0..=listed.len())
            .map(|number| format!("NOT_LISTED_{number}/{quote}"))
            .find(|name| !listed.contains(name.as_str()))
            .filter(|name| is_of(name))?;
        let mut seen = HashSet::from([name.as_str()]);
        let alike = odd.iter().chain(found);
        let alike = alike
            .filter(|name| !listed.contains(name.as_str()) && is_of(name))
            .filter(|name| seen.insert(name.as_str()))
            .cloned()
            .collect();
        Some(SymbolClass {
            name: name.clone(),
            info: None,
            alike,
        })
    };
    [named(currency), named(other)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use router_guest::document::Document;

    use super::*;

    #[track_caller]
    fn told_apart(symbols: &str, expected: &[(&str, usize)]) {
        let text = format!(
            "name: p\nversion: 1\naccount_currency: USDT\nrisk: {{ short_enabled: yes }}\n\
             symbols:\n{symbols}routes:\n  - all: {{ skip: never }}\n"
        );
        let document = Document::parse(&text).unwrap_or_else(|findings| panic!("{findings}"));
        let classes = classes(&document.table().manifest(), &[]);
        let found: Vec<_> = classes
            .iter()
            .map(|class| (class.name.as_str(), class.alike.len()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_manifest_says_of_a_symbol_makes_its_class() {
        let unknown = [("NOT_LISTED_0/USDT", 0), ("NOT_LISTED_0/EUR", 2)];
        let with = |known: &[(&'static str, usize)]| [known, &unknown].concat();
        told_apart(
            "  A/USDT: { allow_short: no }\n  B/USDT: { allow_short: no }\n",
            &with(&[("A/USDT", 1)]),
        );
        told_apart(
            "  A/USDT: { allow_short: no }\n  B/USDT: { allow_short: yes }\n  C/EUR: { allow_short: no }\n",
            &with(&[("A/USDT", 0), ("B/USDT", 0), ("C/EUR", 0)]),
        );
        told_apart(
            "  A/USDT: { step: 0.1 }\n  B/USDT: { step: 0.10 }\n  C/USDT: { step: 0.2 }\n  \
             D/USDT: { min_notional: 0.1 }\n  E/USDT: { min_quantity: 0.1 }\n",
            &with(&[("A/USDT", 1), ("C/USDT", 0), ("D/USDT", 0), ("E/USDT", 0)]),
        );
    }

    #[test]
    fn found_names_are_asked_for_once_and_where_they_belong() {
        let text = "name: p\nversion: 1\naccount_currency: USDT\nsymbols:\n  A/USDT: { allow_short: no }\nroutes:\n  - all: { skip: never }\n";
        let manifest = Document::parse(text).unwrap().table().manifest();
        let found = [
            "A/USDT",
            "B/USDT",
            "B/EUR",
            "BUSDT",
            "B/USDT",
            "NOT_LISTED_0/USDT",
        ];
        let classes = classes(&manifest, &found.map(str::to_owned));
        let alike: Vec<_> = classes.iter().map(|class| &class.alike[..]).collect();
        let longest = "N".repeat(NAME_BYTES_MAX);
        assert_eq!(
            alike,
            [
                &[][..],
                &["B/USDT".to_owned()],
                &[
                    "N".to_owned(),
                    longest,
                    "B/EUR".to_owned(),
                    "BUSDT".to_owned()
                ]
            ]
        );
    }

    #[test]
    fn a_listed_name_stands_for_no_unknown_symbol() {
        told_apart(
            "  NOT_LISTED_0/USDT: { allow_short: no }\n  N: { allow_short: no }\n",
            &[
                ("N", 0),
                ("NOT_LISTED_0/USDT", 0),
                ("NOT_LISTED_1/USDT", 0),
                ("NOT_LISTED_0/EUR", 1),
            ],
        );
    }
}
