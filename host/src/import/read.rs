//! What a configuration says of shorting, symbols and exploration.
//!
//! It knows the keys and what each may be. What is written wrong is reported with its place;
//! what it does not know it leaves alone, see `unread`.

use std::collections::BTreeSet;

use router_guest::amount::Amount;
use router_guest::document::Place;

use super::symbols::{self, Symbol};
use super::tree::{NodeId, Tree, Value};
use super::unread::path_of;
use super::{BudgetUnit, ConfigurationFindings, shown, values};

/// A value, and the key that it stands behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told<T> {
    pub(super) value: T,
    /// As written.
    pub(super) written: String,
    /// The key with those above it.
    pub(super) key: String,
    /// Of the key.
    pub(super) place: Place,
}

/// What a configuration says; `None` is not given.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) short_enabled: Option<Told<bool>>,
    pub(super) symbols: Option<Vec<Symbol>>,
    pub(super) exploration: Exploration,
    /// Keys that something was made of, or that stand above such.
    pub(super) read: BTreeSet<NodeId>,
}

/// `risk.exploration`
#[derive(Debug, Default)]
pub(super) struct Exploration {
    pub(super) enabled: Option<Told<bool>>,
    /// Percent of equity a day, and how that was found.
    pub(super) budget: Option<Told<(Amount, Option<String>)>>,
    pub(super) orders: Option<Told<u32>>,
    pub(super) score: Option<Told<Amount>>,
    /// In percent.
    pub(super) size: Option<Told<Amount>>,
}

/// Reads everything that is known.
pub(super) fn settings(
    tree: &Tree,
    budget_unit: Option<BudgetUnit>,
    findings: &mut ConfigurationFindings,
) -> Settings {
    let mut reader = Reader {
        tree,
        findings,
        read: BTreeSet::new(),
    };
    let Some(root) = reader.map_at(tree.root(), "the file", tree.place(tree.root())) else {
        return Settings::default();
    };
    let mut settings = Settings::default();
    if let Some(risk) = reader.section(&root, "risk", "") {
        settings.short_enabled = reader.told(&risk, "short_enabled", "risk", values::switch);
        if let Some(exploration) = reader.section(&risk, "exploration", "risk") {
            settings.exploration = reader.exploration(&exploration, budget_unit);
        }
    }
    if let Some((key, value)) = reader.entry(&root, "symbols", "") {
        settings.symbols = Some(symbols::read(&mut reader, key, value));
    }
    settings.read = reader.read;
    settings
}

/// The entries of a map.
pub(super) type Entries = Vec<(NodeId, NodeId)>;

/// A reading in the making.
pub(super) struct Reader<'r> {
    pub(super) tree: &'r Tree,
    pub(super) findings: &'r mut ConfigurationFindings,
    read: BTreeSet<NodeId>,
}

impl Reader<'_> {
    fn exploration(&mut self, section: &Entries, unit: Option<BudgetUnit>) -> Exploration {
        const ABOVE: &str = "risk.exploration";
        let budget = |tree: &Tree, value| values::budget(tree, value, unit);
        Exploration {
            enabled: self.told(section, "enabled", ABOVE, values::switch),
            budget: self.told(section, "budget_pct_per_day", ABOVE, budget),
            orders: self.told(section, "max_forced_per_day", ABOVE, values::whole),
            score: self.told(section, "min_score", ABOVE, values::decimal),
            size: self.told(section, "size_mult_vs_normal", ABOVE, values::share),
        }
    }

    /// The one entry of a key, marked as read; a key that stands twice is reported, because
    /// bots take the last one and people mean either.
    pub(super) fn entry(
        &mut self,
        entries: &Entries,
        word: &str,
        above: &str,
    ) -> Option<(NodeId, NodeId)> {
        let mut named = entries
            .iter()
            .filter(|(key, _)| self.tree.text(*key) == Some(word));
        let (key, value) = *named.next()?;
        if let Some((again, _)) = named.next() {
            let message = format!(
                "`{}` stands twice, first in line {}",
                path_of(above, Some(word)),
                self.tree.place(key).line
            );
            self.findings.report(self.tree.place(*again), message);
        }
        self.mark(key);
        Some((key, value))
    }

    /// Takes note that something was made of a key.
    pub(super) fn mark(&mut self, key: NodeId) {
        self.read.insert(key);
    }

    /// The entries of a section; `None` when it is not given or holds nothing.
    fn section(&mut self, entries: &Entries, word: &str, above: &str) -> Option<Entries> {
        let (key, value) = self.entry(entries, word, above)?;
        if self.tree.is_nothing(value) {
            return None;
        }
        let path = path_of(above, Some(word));
        self.map_at(value, &format!("`{path}`"), self.tree.place(key))
    }

    /// The entries of a map that must be one.
    pub(super) fn map_at(&mut self, value: NodeId, what: &str, place: Place) -> Option<Entries> {
        let entries = self.tree.entries(value);
        let instead = match self.tree.node(value).map(|node| (&node.tag, &node.value)) {
            Some((Some(tag), _)) if tag != "!!map" => {
                format!(" as it stands, not made by the tag `{}`", shown(tag))
            }
            Some((_, Value::Map(_))) => return entries,
            Some((_, Value::List(_))) => ", not a list".into(),
            Some((_, Value::Text { text, .. })) if !text.is_empty() => {
                format!(", not `{}`", shown(text))
            }
            _ => ", and nothing stands here".into(),
        };
        self.findings
            .report(place, format!("{what} must be a map{instead}"));
        None
    }

    /// The value of a key; one without a value counts as not given, as it does to a bot.
    pub(super) fn told<T>(
        &mut self,
        entries: &Entries,
        word: &str,
        above: &str,
        read: impl Fn(&Tree, NodeId) -> Result<T, String>,
    ) -> Option<Told<T>> {
        let (key, value) = self.entry(entries, word, above)?;
        let key_path = path_of(above, Some(word));
        if self.tree.is_nothing(value) {
            self.read.remove(&key);
            return None;
        }
        match read(self.tree, value) {
            Ok(read) => Some(Told {
                value: read,
                written: shown(self.tree.text(value).unwrap_or_default()),
                key: key_path,
                place: self.tree.place(key),
            }),
            Err(message) => {
                // At the value, which an alias may have brought from elsewhere.
                let place = self.tree.place(value);
                self.findings
                    .report(place, format!("`{key_path}` {message}"));
                None
            }
        }
    }
}
