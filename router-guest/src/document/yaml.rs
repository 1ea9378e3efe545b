//! The document as written: a tree of words, lists and maps, each with its place.
//!
//! It knows YAML and its bounds, and nothing of policies. Scalars stay the text that was
//! written, so that a decimal is never read through a float. What makes a document mean
//! something other than it seems to (anchors, tags, repeated keys, a second document) is refused.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use super::findings::{Collector, Place, quoted};

/// Bytes of a document at most.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Lists and maps within one another at most. It also bounds every recursion over the tree.
pub const NESTING_MAX: usize = 32;

const ANCHORS: &str =
    "anchors and aliases are not used in policies; quote a name that begins with `*` or `&`";
const TABS: &str = "YAML takes no tabs for indentation; use spaces";
const TAGS: &str = "tags are not used in policies; quote a word that begins with `!`";

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What is written there.
#[derive(Debug)]
pub(super) enum Value {
    /// Nothing, or `null`, or `~`.
    Nothing,
    /// A scalar's text, whatever its quotes.
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map. Keys of one map differ.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Node {
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self.value, Value::Nothing)
    }

    pub(super) fn is_text(&self, word: &str) -> bool {
        matches!(&self.value, Value::Text(text) if text == word)
    }
}

impl Entry {
    /// Where a finding about the value belongs: at the key when there is no value to point at.
    pub(super) const fn value_place(&self) -> Place {
        match self.value.value {
            Value::Nothing => self.place,
            _ => self.value.place,
        }
    }
}

/// Reads the one document of a text; `None` when a finding keeps it from being read on.
pub(super) fn parse(text: &str, findings: &mut Collector) -> Option<Node> {
    // Some editors on Windows write a byte order mark; it would shift the first line's columns.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Err((place, message)) = check_text(text) {
        findings.report(place, message);
        return None;
    }
    let mut builder = Builder {
        stack: Vec::new(),
        root: None,
        findings,
    };
    match builder.run(Parser::new_from_str(text), text) {
        Ok(()) => builder.root,
        Err((place, message)) => {
            builder.findings.report(place, message);
            None
        }
    }
}

/// A fault that makes reading on pointless.
type Fatal = (Place, String);

const START: Place = Place { line: 1, column: 1 };

fn check_text(text: &str) -> Result<(), Fatal> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let len = text.len();
        let message =
            format!("the document has {len} bytes, and at most {DOCUMENT_BYTES_MAX} are allowed");
        return Err((START, message));
    }
    if let Some((at, line)) = text
        .split('\n')
        .enumerate()
        .find(|(_, line)| tab_indented(line))
    {
        let column = line.chars().take_while(|first| *first == ' ').count() + 1;
        let place = Place {
            line: at + 1,
            column,
        };
        return Err((place, TABS.into()));
    }
    // The parser takes a NUL for the end of the text and would drop what follows without a word.
    let forbidden =
        |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let Some((before, character)) = text
        .find(forbidden)
        .and_then(|at| Some((text.get(..at)?, text.get(at..)?.chars().next()?)))
    else {
        return Ok(());
    };
    let code = u32::from(character);
    Err((
        place_behind(before),
        format!("the control character U+{code:04X} is not allowed"),
    ))
}

/// The parser lets some of these pass, with a meaning that depends on where.
fn tab_indented(line: &str) -> bool {
    let content = line.trim_start();
    let indentation = line.len() - content.len();
    !content.is_empty()
        && !content.starts_with('#')
        && line
            .get(..indentation)
            .is_some_and(|space| space.contains('\t'))
}

fn place_behind(before: &str) -> Place {
    let line = before.matches('\n').count() + 1;
    let last = before
        .rsplit_once('\n')
        .map_or(before, |(_, behind)| behind);
    Place {
        line,
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
enum Open {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Lines of the keys so far.
        seen: BTreeMap<String, usize>,
        /// The key whose value comes next.
        key: Option<(String, Place)>,
    },
}

struct Builder<'f> {
    stack: Vec<(Place, Open)>,
    root: Option<Node>,
    findings: &'f mut Collector,
}

impl Builder<'_> {
    fn run(&mut self, parser: Parser<'_, StrInput<'_>>, text: &str) -> Result<(), Fatal> {
        for event in parser {
            let (event, span) = event.map_err(|error| explain(text, &error))?;
            self.take(event, place_of(span.start))?;
        }
        match self.root {
            Some(_) => Ok(()),
            None => Err((START, "the document is empty".into())),
        }
    }

    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Fatal> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => Err((
                place,
                "a second document begins here; a policy is one".into(),
            )),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err((place, ANCHORS.into())),
            Event::Scalar(text, style, anchor, tag) => {
                self.check_marks(place, anchor, tag.is_some());
                self.scalar(place, text.into_owned(), style == ScalarStyle::Plain);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_marks(place, anchor, tag.is_some());
                self.open(place, Open::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_marks(place, anchor, tag.is_some());
                let map = Open::Map {
                    entries: Vec::new(),
                    seen: BTreeMap::new(),
                    key: None,
                };
                self.open(place, map)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                Ok(())
            }
        }
    }

    fn check_marks(&mut self, place: Place, anchor: usize, tagged: bool) {
        // The parser numbers anchors from 1; 0 is none.
        if anchor > 0 {
            self.findings.report(place, ANCHORS);
        }
        if tagged {
            self.findings.report(place, TAGS);
        }
    }

    fn open(&mut self, place: Place, open: Open) -> Result<(), Fatal> {
        if self.stack.len() == NESTING_MAX {
            return Err((place, too_deep()));
        }
        if let Some((_, Open::Map { key: None, .. })) = self.stack.last() {
            return Err((place, "a key must be a word, not a list or a map".into()));
        }
        self.stack.push((place, open));
        Ok(())
    }

    fn close(&mut self) {
        let Some((place, open)) = self.stack.pop() else {
            return;
        };
        let value = match open {
            Open::List(items) => Value::List(items),
            Open::Map { entries, .. } => Value::Map(entries),
        };
        self.place_value(Node { place, value });
    }

    fn scalar(&mut self, place: Place, text: String, plain: bool) {
        if let Some((
            _,
            Open::Map {
                seen,
                key: key @ None,
                ..
            },
        )) = self.stack.last_mut()
        {
            match seen.get(&text) {
                Some(line) => self.findings.report(
                    place,
                    format!(
                        "the key {} stands twice, first in line {line}",
                        quoted(&text)
                    ),
                ),
                None => {
                    seen.insert(text.clone(), place.line);
                }
            }
            *key = Some((text, place));
            return;
        }
        let nothing = plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let value = if nothing {
            Value::Nothing
        } else {
            Value::Text(text)
        };
        self.place_value(Node { place, value });
    }

    /// Puts a finished value where it belongs.
    fn place_value(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some((_, Open::List(items))) => items.push(node),
            Some((_, Open::Map { entries, key, .. })) => {
                if let Some((key, place)) = key.take() {
                    entries.push(Entry {
                        key,
                        place,
                        value: node,
                    });
                }
            }
        }
    }
}

fn too_deep() -> String {
    format!("lists and maps are nested more than {NESTING_MAX} deep")
}

/// The parser's error in words for someone who edits a policy, with the usual remedy.
fn explain(text: &str, error: &ScanError) -> Fatal {
    let place = place_of(*error.marker());
    let info = error.info();
    let line = text
        .split('\n')
        .nth(place.line.saturating_sub(1))
        .unwrap_or_default();
    let at = line.chars().nth(place.column.saturating_sub(1));
    let message = if matches!(at, Some('*' | '&')) {
        ANCHORS.into()
    } else if info.contains("tab") && line.contains('\t') {
        TABS.into()
    } else if info == "recursion limit exceeded" {
        too_deep()
    } else if info == "the handle wasn't declared" || info.contains("parsing a tag") {
        TAGS.into()
    } else if info.contains("block scalar") && line.contains('>') {
        "a comparison that begins with `>` must be quoted, such as \">= 0.55\"".into()
    } else if line.contains("not [") {
        "within braces, write `{ not: [a, b] }` for none of them".into()
    } else if let Some(character) = at.filter(|_| info.starts_with("unexpected character")) {
        format!("a value cannot begin with `{character}`; quote it")
    } else {
        format!("this is not YAML: {info}")
    };
    (place, message)
}
