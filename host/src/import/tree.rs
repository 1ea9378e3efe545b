//! A bot's configuration as written: a tree of texts, lists and maps, each with its place.
//!
//! It knows YAML as bots use it, anchors, aliases and merge keys included, and nothing of what
//! the keys mean. An alias is the node that it names and no copy, so that no file grows in
//! memory; whoever walks the tree bounds the walk.

use std::collections::{BTreeSet, HashMap};

use router_guest::document::Place;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::{ConfigurationFindings, shown};

/// Bytes of a configuration at most.
pub const CONFIGURATION_BYTES_MAX: usize = 16 << 20;
/// Values and keys of a configuration at most.
pub const NODES_MAX: usize = 1 << 20;
/// Lists and maps within one another at most.
pub const NESTING_MAX: usize = 64;

const START: Place = Place { line: 1, column: 1 };
/// The key whose maps stand in for what a map does not say itself.
const MERGE: &str = "<<";

/// A node's number in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(usize);

/// A value or a key, and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    /// Its characters, from and to, in the text.
    pub(super) characters: (usize, usize),
    pub(super) tag: Option<String>,
    pub(super) value: Value,
}

/// What is written there.
#[derive(Debug)]
pub(super) enum Value {
    /// A scalar's text; not plain when it stands in quotes or in a block.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<NodeId>),
    /// Keys and values as written, merge keys among them.
    Map(Vec<(NodeId, NodeId)>),
}

/// One document.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: NodeId,
}

impl Tree {
    pub(super) const fn root(&self) -> NodeId {
        self.root
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// The text of a scalar.
    pub(super) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id)?.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn place(&self, id: NodeId) -> Place {
        self.node(id).map_or(START, |node| node.place)
    }

    /// Whether nothing, `null` or `~` stands there.
    pub(super) fn is_nothing(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| {
            matches!(&node.value, Value::Text { text, plain: true }
                if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
        })
    }

    /// The entries of a map with those that merge keys bring in: its own first, then those of
    /// each merged map that no map before it has. `None` when it is no map.
    pub(super) fn entries(&self, map: NodeId) -> Option<Vec<(NodeId, NodeId)>> {
        let mut entries = Vec::new();
        let mut keys = BTreeSet::new();
        // Each map once: what a second visit would add is there already. So a chain or a
        // lattice of merges costs no more than its own length.
        let mut visited = BTreeSet::new();
        let mut waiting = vec![map];
        let mut is_map = false;
        while let Some(id) = waiting.pop() {
            let Some(Node {
                value: Value::Map(own),
                ..
            }) = self.node(id)
            else {
                continue;
            };
            is_map |= id == map;
            if !visited.insert(id) {
                continue;
            }
            let mut merged = Vec::new();
            let mut new = Vec::new();
            for (key, value) in own {
                match self.text(*key) {
                    Some(MERGE) if self.is_plain(*key) => merged.extend(self.merged(*value)),
                    Some(text) if !keys.contains(text) => {
                        new.push(text);
                        entries.push((*key, *value));
                    }
                    Some(_) => {}
                    None => entries.push((*key, *value)),
                }
            }
            keys.extend(new);
            waiting.extend(merged.into_iter().rev());
        }
        is_map.then_some(entries)
    }

    /// The maps that a merge key names, in their order.
    fn merged(&self, value: NodeId) -> Vec<NodeId> {
        match self.node(value).map(|node| &node.value) {
            Some(Value::List(items)) => items.clone(),
            _ => vec![value],
        }
    }

    fn is_plain(&self, id: NodeId) -> bool {
        matches!(
            self.node(id).map(|node| &node.value),
            Some(Value::Text { plain: true, .. })
        )
    }

    /// Whether the key is the merge key.
    pub(super) fn is_merge(&self, key: NodeId) -> bool {
        self.is_plain(key) && self.text(key) == Some(MERGE)
    }
}

/// Reads the one document; `None` when a finding keeps it from being read.
pub(super) fn read(bytes: &[u8], findings: &mut ConfigurationFindings) -> Option<Tree> {
    let mut fatal = |(place, message): Fatal| findings.report(place, message);
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err(fault) => {
            fatal(fault);
            return None;
        }
    };
    let mut builder = Builder::default();
    match builder.run(text) {
        Ok(root) => Some(Tree {
            nodes: builder.nodes,
            root,
        }),
        Err(fault) => {
            fatal(fault);
            None
        }
    }
}

/// A fault that makes reading on pointless.
type Fatal = (Place, String);

fn text_of(bytes: &[u8]) -> Result<&str, Fatal> {
    if bytes.len() > CONFIGURATION_BYTES_MAX {
        let message =
            format!("the file has more than {CONFIGURATION_BYTES_MAX} bytes, which is the bound");
        return Err((START, message));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = std::str::from_utf8(before).unwrap_or_default();
            return Err((place_behind(before), "the file is not UTF-8 text".into()));
        }
    };
    // Some editors on Windows write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The parser takes a NUL for the end of the text and would drop what follows.
    let forbidden =
        |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    match text
        .char_indices()
        .find(|(_, character)| forbidden(*character))
    {
        None => Ok(text),
        Some((at, character)) => {
            let place = place_behind(text.get(..at).unwrap_or_default());
            let code = u32::from(character);
            Err((
                place,
                format!("the control character U+{code:04X} is not allowed"),
            ))
        }
    }
}

fn place_behind(before: &str) -> Place {
    let last = before.rsplit('\n').next().unwrap_or_default();
    Place {
        line: before.matches('\n').count() + 1,
        column: last.chars().count() + 1,
    }
}

fn place_of(marker: Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// A list or map whose end has not been read yet.
struct Open {
    id: NodeId,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<NodeId>,
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    stack: Vec<Open>,
    /// Nodes by the parser's numbers for anchors; those that are still open are not in it.
    anchored: HashMap<usize, NodeId>,
    root: Option<NodeId>,
    /// First and last lines of scalars of several lines, in which a tab is text.
    scalar_lines: Vec<(usize, usize)>,
}

impl Builder {
    fn run(&mut self, text: &str) -> Result<NodeId, Fatal> {
        let parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
        for event in parser {
            let (event, span) = event.map_err(|error| {
                let info = shown(error.info());
                let place = place_of(*error.marker());
                // The parser's own words for a tab differ with where it is.
                let line = text.split('\n').nth(place.line.saturating_sub(1));
                if let Some(tab) = line.and_then(|line| tab_in_indentation(place.line, line)) {
                    return (tab, TABS.into());
                }
                (place, format!("this is not YAML: {info}"))
            })?;
            self.take(event, span)?;
        }
        self.check_tabs(text)?;
        self.root.ok_or_else(|| (START, "the file is empty".into()))
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fatal> {
        let place = place_of(span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err((
                place,
                "a second document begins here; import one of them by itself".into(),
            )),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(anchor) => match self.anchored.get(&anchor) {
                Some(id) => {
                    self.put(*id);
                    Ok(())
                }
                None => Err((place, "this alias stands within what it names".into())),
            },
            Event::Scalar(text, style, anchor, tag) => {
                if span.start.line() < span.end.line() {
                    self.scalar_lines.push((span.start.line(), span.end.line()));
                }
                let value = Value::Text {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                let id = self.add(span, tag.as_deref(), value)?;
                self.name(anchor, id);
                self.put(id);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(span, anchor, tag.as_deref(), Value::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.open(span, anchor, tag.as_deref(), Value::Map(Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span);
                Ok(())
            }
        }
    }

    fn add(&mut self, span: Span, tag: Option<&Tag>, value: Value) -> Result<NodeId, Fatal> {
        if self.nodes.len() == NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} keys and values");
            return Err((place_of(span.start), message));
        }
        self.nodes.push(Node {
            place: place_of(span.start),
            characters: (span.start.index(), span.end.index()),
            tag: tag.map(|tag| {
                let handle = if tag.is_yaml_core_schema() {
                    "!!"
                } else {
                    &tag.handle
                };
                format!("{handle}{}", tag.suffix)
            }),
            value,
        });
        Ok(NodeId(self.nodes.len() - 1))
    }

    fn name(&mut self, anchor: usize, id: NodeId) {
        // The parser numbers anchors from 1; 0 is none.
        if anchor > 0 {
            self.anchored.insert(anchor, id);
        }
    }

    fn open(
        &mut self,
        span: Span,
        anchor: usize,
        tag: Option<&Tag>,
        value: Value,
    ) -> Result<(), Fatal> {
        if self.stack.len() == NESTING_MAX {
            let message = format!("lists and maps are nested more than {NESTING_MAX} deep");
            return Err((place_of(span.start), message));
        }
        let id = self.add(span, tag, value)?;
        self.stack.push(Open {
            id,
            anchor,
            key: None,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) {
        if let Some(open) = self.stack.pop() {
            if let Some(node) = self.nodes.get_mut(open.id.0) {
                node.characters.1 = span.end.index();
            }
            self.name(open.anchor, open.id);
            self.put(open.id);
        }
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, id: NodeId) {
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(id);
            return;
        };
        match self.nodes.get_mut(open.id.0).map(|node| &mut node.value) {
            Some(Value::List(items)) => items.push(id),
            Some(Value::Map(entries)) => match open.key.take() {
                Some(key) => entries.push((key, id)),
                None => open.key = Some(id),
            },
            _ => {}
        }
    }

    /// The parser lets some tabs pass, with a meaning that depends on where.
    fn check_tabs(&self, text: &str) -> Result<(), Fatal> {
        let mut scalars = self.scalar_lines.iter().peekable();
        for (line, content) in (1..).zip(text.split('\n')) {
            while scalars.next_if(|(_, last)| *last < line).is_some() {}
            let in_scalar = scalars.peek().is_some_and(|(first, _)| *first < line);
            if let Some(tab) = tab_in_indentation(line, content).filter(|_| !in_scalar) {
                return Err((tab, TABS.into()));
            }
        }
        Ok(())
    }
}

const TABS: &str = "YAML takes no tabs for indentation; use spaces";

/// The first tab that a line is indented by; one before nothing or a comment does no harm.
fn tab_in_indentation(line: usize, content: &str) -> Option<Place> {
    let behind = content.trim_start();
    if behind.is_empty() || behind.starts_with('#') {
        return None;
    }
    let indentation = content.get(..content.len() - behind.len())?;
    let before = indentation.split_once('\t')?.0.chars().count();
    Some(Place {
        line,
        column: before + 1,
    })
}
