//! The default policy's document with some of its values replaced, each with a comment that
//! says which key of the configuration it came from.
//!
//! It edits the text and keeps what it does not edit, comments included. Where the values
//! stand is read from the document itself.

use router_guest::document::{Document, Findings};

use super::read::{Settings, Told};
use super::symbols::Symbol;
use super::tree::{self, NodeId, Tree, Value};
use super::{ConfigurationFindings, ImportedKey, Kept, shown};
use crate::policy::DEFAULT_DOCUMENT;

/// What the routes that open would be held to when exploration is switched off.
const OFF_ROUTE: &str = "exploration_off";
const OFF_REASON: &str = "exploration_disabled";
/// The default policy's route before which a trade must not have been refused for a field that
/// it lacks: what stands below asks for price and target.
const FIRST_THAT_COMPUTES: &str = "below_minimum";
/// Where the default policy's own heading begins to say what the words of its routes mean.
const WORDS: &str = "#\n# Words:";
/// Names of a policy have at most so many bytes; a file's name may have more.
const NAME_BYTES_MAX: usize = router_guest::table::TABLE_NAME_BYTES_MAX;

/// The document, what became of each key, and what was kept.
pub(super) fn document(
    file_name: &str,
    settings: &Settings,
) -> Result<(String, Vec<ImportedKey>, Vec<Kept>), Findings> {
    let mut writer = Writer::new();
    writer.heading(file_name);
    writer.shorting(settings.short_enabled.as_ref());
    writer.symbols(settings.symbols.as_deref());
    writer.tier(settings);
    writer.budget(settings);
    writer.enabled(settings);
    let (text, imported, kept) = writer.finish();
    Document::parse(&text).map(|_| (text, imported, kept))
}

/// A change of the default document: these bytes become this text.
struct Edit {
    from: usize,
    to: usize,
    text: String,
}

struct Writer {
    tree: Option<Tree>,
    /// Where each character of the default document begins, and its end.
    offsets: Vec<usize>,
    edits: Vec<Edit>,
    imported: Vec<ImportedKey>,
    kept: Vec<Kept>,
}

impl Writer {
    fn new() -> Self {
        let offsets = DEFAULT_DOCUMENT
            .char_indices()
            .map(|(at, _)| at)
            .chain([DEFAULT_DOCUMENT.len()])
            .collect();
        let mut findings = ConfigurationFindings::default();
        Self {
            tree: tree::read(DEFAULT_DOCUMENT.as_bytes(), &mut findings),
            offsets,
            edits: Vec::new(),
            imported: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn finish(mut self) -> (String, Vec<ImportedKey>, Vec<Kept>) {
        // From the back, so that what stands before keeps its place; of two at one place the
        // one that was asked for first comes first.
        self.edits.reverse();
        self.edits.sort_by_key(|edit| std::cmp::Reverse(edit.from));
        let mut text = DEFAULT_DOCUMENT.to_owned();
        for edit in self.edits {
            text.replace_range(edit.from..edit.to, &edit.text);
        }
        (text, self.imported, self.kept)
    }

    /// The entry at the end of a path of keys in the default document.
    fn entry(&self, path: &[&str]) -> Option<(NodeId, NodeId)> {
        let tree = self.tree.as_ref()?;
        let mut entry = None;
        let mut map = tree.root();
        for word in path {
            let found = tree
                .entries(map)?
                .into_iter()
                .find(|(key, _)| tree.text(*key) == Some(word))?;
            map = found.1;
            entry = Some(found);
        }
        entry
    }

    /// The bytes of a node of the default document.
    fn span(&self, node: NodeId) -> Option<(usize, usize)> {
        let (from, to) = self.tree.as_ref()?.node(node)?.characters;
        Some((*self.offsets.get(from)?, *self.offsets.get(to)?))
    }

    /// Where the line of a node begins.
    fn line_start(&self, node: NodeId) -> Option<usize> {
        let (from, _) = self.span(node)?;
        let before = DEFAULT_DOCUMENT.get(..from)?;
        Some(before.rfind('\n').map_or(0, |at| at + 1))
    }

    fn edit(&mut self, from: usize, to: usize, text: impl Into<String>) {
        let text = text.into();
        self.edits.push(Edit { from, to, text });
    }

    /// Puts another value in the place of that at the path.
    fn replace(&mut self, path: &[&str], value: &str) {
        let span = self.entry(path).and_then(|(_, value)| self.span(value));
        if let Some((from, to)) = span {
            self.edit(from, to, value);
        }
    }

    /// Puts a comment on lines of its own above the key at the path.
    fn comment(&mut self, path: &[&str], lines: &[String]) {
        let Some((key, _)) = self.entry(path) else {
            return;
        };
        if let (Some(start), Some((from, _))) = (self.line_start(key), self.span(key)) {
            let indentation = " ".repeat(from - start);
            let text: String = lines
                .iter()
                .map(|line| format!("{indentation}# {line}\n"))
                .collect();
            self.edit(start, start, text);
        }
    }

    /// What the default document says at the path.
    fn default_value(&self, path: &[&str]) -> String {
        self.entry(path)
            .and_then(|(_, value)| self.span(value))
            .and_then(|(from, to)| DEFAULT_DOCUMENT.get(from..to))
            .unwrap_or_default()
            .to_owned()
    }

    fn imported<T>(&mut self, told: &Told<T>, became: String, note: Option<String>) {
        self.imported.push(ImportedKey {
            key: told.key.clone(),
            line: told.place.line,
            column: told.place.column,
            value: told.written.clone(),
            became,
            note,
        });
    }

    fn kept(&mut self, key: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.kept.push(Kept { key, value });
    }

    fn heading(&mut self, file_name: &str) {
        let shown = shown(file_name);
        let header = format!(
            "# Made from `{shown}`: the default policy with what that file says of shorting,\n\
             # symbols and exploration. A comment names the line that a value came from. The first\n\
             # route below that matches decides.\n"
        );
        if let Some((key, _)) = self.entry(&["name"])
            && let Some(start) = self.line_start(key)
        {
            let own = DEFAULT_DOCUMENT.get(..start).unwrap_or_default();
            let words = own.find(WORDS).and_then(|at| own.get(at..));
            self.edit(0, start, format!("{header}{}", words.unwrap_or("\n")));
        }
        let stem = file_name
            .rsplit_once('.')
            .map_or(file_name, |(stem, _)| stem);
        self.replace(&["name"], &quoted(&policy_name(stem)));
        self.replace(&["version"], "1");
    }

    fn shorting(&mut self, short_enabled: Option<&Told<bool>>) {
        const PATH: [&str; 2] = ["risk", "short_enabled"];
        let Some(told) = short_enabled else {
            let value = self.default_value(&PATH);
            return self.kept("risk.short_enabled", format!("short_enabled: {value}"));
        };
        self.replace(&PATH, yes_or_no(told.value));
        self.comment(&PATH, &[came_from(told)]);
        let became = format!("risk.short_enabled: {}", yes_or_no(told.value));
        self.imported(told, became, None);
    }

    /// One line for each symbol in the place of the lines that the default policy has.
    fn symbols(&mut self, symbols: Option<&[Symbol]>) {
        const PATH: [&str; 1] = ["symbols"];
        let Some(symbols) = symbols else {
            let value = "its symbols, none of which may be shorted";
            return self.kept("symbols", value);
        };
        let mut lines = String::new();
        for symbol in symbols {
            let allowed = symbol.allow_short.as_ref().is_some_and(|told| told.value);
            let own = format!("{}: {{ allow_short: {allowed} }}", quoted(&symbol.name));
            lines.push_str(&format!("  {own}  # line {}\n", symbol.place.line));
            match &symbol.allow_short {
                Some(told) => self.imported(told, format!("symbols.{own}"), None),
                None => self.imported.push(ImportedKey {
                    key: format!("symbols.{}", shown(&symbol.name)),
                    line: symbol.place.line,
                    column: symbol.place.column,
                    value: String::new(),
                    became: format!("symbols.{own}"),
                    note: Some("`allow_short` is not given".into()),
                }),
            }
        }
        if let Some((from, to)) = self.lines_of(&PATH) {
            self.edit(from, to, lines);
        }
    }

    /// The whole lines on which the entries of a block map stand.
    fn lines_of(&self, path: &[&str]) -> Option<(usize, usize)> {
        let (_, map) = self.entry(path)?;
        let entries = self.tree.as_ref()?.entries(map)?;
        let ((first, _), (_, last)) = (entries.first()?, entries.last()?);
        let (_, to) = self.span(*last)?;
        let behind = DEFAULT_DOCUMENT.get(to..)?;
        let line_end = behind.find('\n').map_or(behind.len(), |at| at + 1);
        Some((self.line_start(*first)?, to + line_end))
    }

    fn tier(&mut self, settings: &Settings) {
        const TIER: [&str; 2] = ["tiers", "explore"];
        const SCORE: [&str; 3] = ["tiers", "explore", "score"];
        const SIZE: [&str; 3] = ["tiers", "explore", "size"];
        let mut comments = Vec::new();
        let exploration = &settings.exploration;
        match &exploration.score {
            Some(told) => {
                let value = told.value.to_string();
                self.replace(&SCORE, &value);
                comments.push(came_from(told));
                let note = "it classifies `auto`; a trade that states the type exploration is taken at its word";
                let became = format!("tiers.explore.score: {value}");
                self.imported(told, became, Some(note.into()));
            }
            None => {
                let value = self.default_value(&SCORE);
                self.kept("risk.exploration.min_score", format!("score: {value}"));
            }
        }
        match &exploration.size {
            Some(told) => {
                let value = format!("{}%", told.value);
                self.replace(&SIZE, &value);
                comments.push(came_from(told));
                self.imported(told, format!("tiers.explore.size: {value}"), None);
            }
            None => {
                let value = self.default_value(&SIZE);
                self.kept(
                    "risk.exploration.size_mult_vs_normal",
                    format!("size: {value}"),
                );
            }
        }
        self.comment(&TIER, &comments);
    }

    fn budget(&mut self, settings: &Settings) {
        const BUDGET: [&str; 2] = ["budgets", "exploration"];
        const LIMIT: [&str; 3] = ["budgets", "exploration", "limit"];
        let exploration = &settings.exploration;
        let mut comments = Vec::new();
        let mut limit = self.default_value(&LIMIT);
        match &exploration.budget {
            Some(told) => {
                let (percent, note) = &told.value;
                limit = format!("{percent}% of equity");
                comments.push(came_from(told));
                let became = match off(settings) {
                    Some(_) => format!("a comment: limit: {limit}, where exploration is on"),
                    None => format!("budgets.exploration.limit: {limit}"),
                };
                self.imported(told, became, note.clone());
            }
            None => self.kept(
                "risk.exploration.budget_pct_per_day",
                format!("limit: {limit}"),
            ),
        }
        if let Some(off) = off(settings) {
            comments.push(format!(
                "off ({}); where it is on: limit: {limit}",
                came_from(off)
            ));
            limit = format!("0 {}", self.default_value(&["account_currency"]));
        }
        if let Some(told) = &exploration.orders {
            limit = format!("{limit}, orders: {}", told.value);
            comments.push(came_from(told));
            let note = "pilot trades share the budget, and count too";
            let became = format!("budgets.exploration.orders: {}", told.value);
            self.imported(told, became, Some(note.into()));
        } else {
            self.kept("risk.exploration.max_forced_per_day", "no limit of orders");
        }
        self.replace(&LIMIT, &limit);
        self.comment(&BUDGET, &comments);
    }

    /// A route that skips what would be charged to the budget, below everything that closes and
    /// above everything that asks for figures.
    fn enabled(&mut self, settings: &Settings) {
        let Some(told) = &settings.exploration.enabled else {
            return self.kept("risk.exploration.enabled", "exploration is on");
        };
        let Some(off) = off(settings) else {
            return self.imported(told, "no route that switches it off".into(), None);
        };
        let tiers = self.charged_tiers().join(", ");
        let route = format!(
            "  # {}: nothing opens as a pilot or an exploration, nor\n  \
             # as `auto` that would be one. What closes stands above.\n  \
             - {OFF_ROUTE}: {{ when: {{ tier: [{tiers}] }}, skip: {OFF_REASON} }}\n",
            came_from(off)
        );
        if let Some(start) = self.route_start(FIRST_THAT_COMPUTES) {
            self.edit(start, start, route);
        }
        let became = format!("routes: {OFF_ROUTE}, and a budget of 0");
        self.imported(told, became, None);
    }

    /// Tiers of the default document that charge a budget.
    fn charged_tiers(&self) -> Vec<String> {
        let tiers = self.entry(&["tiers"]).map(|(_, tiers)| tiers);
        let Some((tree, tiers)) = self.tree.as_ref().zip(tiers) else {
            return Vec::new();
        };
        let charges = |tier: &NodeId| {
            let keys = tree.entries(*tier).unwrap_or_default();
            keys.iter()
                .any(|(key, _)| tree.text(*key) == Some("budget"))
        };
        tree.entries(tiers)
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, tier)| charges(tier))
            .filter_map(|(name, _)| tree.text(name).map(str::to_owned))
            .collect()
    }

    /// Where the line of a route of the default document begins.
    fn route_start(&self, name: &str) -> Option<usize> {
        let tree = self.tree.as_ref()?;
        let (_, routes) = self.entry(&["routes"])?;
        let Value::List(routes) = &tree.node(routes)?.value else {
            return None;
        };
        let mut routes = routes
            .iter()
            .filter_map(|route| tree.entries(*route)?.first().copied());
        let (key, _) = routes.find(|(key, _)| tree.text(*key) == Some(name))?;
        self.line_start(key)
    }
}

/// The switch, where it is off.
fn off(settings: &Settings) -> Option<&Told<bool>> {
    let enabled = settings.exploration.enabled.as_ref()?;
    (!enabled.value).then_some(enabled)
}

fn came_from<T>(told: &Told<T>) -> String {
    format!("{}: {}, line {}", told.key, told.written, told.place.line)
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

/// The file's name as far as a policy's name can hold it.
fn policy_name(stem: &str) -> String {
    let mut name = String::new();
    for character in stem.chars().filter(|character| !character.is_control()) {
        if name.len() + character.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        name.push(character);
    }
    match name.trim() {
        "" => "imported".into(),
        name => name.into(),
    }
}

/// A text as YAML takes it for nothing else: in quotes, unless it is a plain word.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-'))
        && !matches!(
            text.to_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off"
        );
    if is_plain {
        return text.to_owned();
    }
    // Control characters were refused, so that these two are all that YAML would take otherwise.
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
