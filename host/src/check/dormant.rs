//! Routes that decide nothing because no symbol is set as they ask: a table that is shared by
//! policies may well have one for dust where no minimum is known yet. They are told, and are
//! no fault.

use router_guest::amount::Amount;
use router_guest::manifest::SymbolInfo;
use router_guest::table::Table;

use crate::regions::{REGIONS_MAX, RegionAnswer, Space, Walk};

/// A name that no document lists: it has a character that none of their words has.
const SOME_SYMBOL: &str = "\u{1}/";

/// What would decide something if a symbol were set so.
#[derive(Debug, Default)]
pub(super) struct Woken {
    /// For each rule, which of its alternatives would.
    deciding: Vec<Vec<bool>>,
    until: &'static str,
}

impl Woken {
    /// What a further symbol would wake, with what no symbol of the document has: a minimum,
    /// or leave to be shorted.
    pub(super) fn of(table: &Table) -> Self {
        let has_minimum = table
            .symbols
            .iter()
            .any(|symbol| symbol.min_quantity.is_some());
        let has_short = table.symbols.iter().any(|symbol| symbol.shortable);
        let until = match (has_minimum, has_short) {
            (true, true) => return Self::default(),
            (false, true) => "a symbol has a `min_quantity`",
            (true, false) => "a symbol may be shorted",
            (false, false) => "a symbol has a `min_quantity`, or may be shorted",
        };
        let mut supposed = table.clone();
        supposed.symbols.push(SymbolInfo {
            name: format!("{SOME_SYMBOL}{}", table.account_currency),
            shortable: !has_short,
            step: None,
            min_quantity: (!has_minimum).then_some(Amount::ONE),
            min_notional: None,
        });
        supposed
            .symbols
            .sort_by(|left, right| left.name.cmp(&right.name));
        Self {
            deciding: deciding(&supposed),
            until,
        }
    }

    /// What a rule, or one alternative of it, waits for; `None` where nothing would wake it.
    pub(super) fn until(&self, rule: usize, alternative: Option<usize>) -> Option<&'static str> {
        let own = self.deciding.get(rule)?;
        let wakes = match alternative {
            Some(alternative) => own.get(alternative).copied().unwrap_or_default(),
            None => own.iter().any(|decides| *decides),
        };
        wakes.then_some(self.until)
    }
}

/// For each rule, which of its alternatives decide something; none where that is too much to
/// find out.
fn deciding(table: &Table) -> Vec<Vec<bool>> {
    let rules = table.rules.iter();
    let mut deciding: Vec<_> = rules.map(|rule| vec![false; rule.clauses.len()]).collect();
    let Ok(space) = Space::new(&[table]) else {
        return Vec::new();
    };
    let walk = Walk::new(&space, 0);
    let everything = space.everything();
    let all = walk.before(&everything, table.rules.len(), 0);
    let mut left = REGIONS_MAX;
    let walked = walk.run(
        everything,
        all,
        &mut left,
        |leaf| {
            if let RegionAnswer::Decided { rule, alternative } = leaf.answer {
                let own = deciding.get_mut(rule);
                if let Some(decides) = own.and_then(|own| own.get_mut(alternative)) {
                    *decides = true;
                }
            }
        },
        |_| {},
    );
    if walked.is_err() {
        deciding.clear();
    }
    deciding
}
