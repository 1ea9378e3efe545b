//! The document as written: a tree of words, lists and maps, each with its place.
//!
//! It knows YAML and its bounds, and nothing of policies. Scalars stay the text that was
//! written, so that a decimal is never read through a float. What makes a document mean
//! something other than it seems to (anchors, tags, repeated keys, a second document) is refused.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::findings::{Collector, Place, quoted};
use super::syntax::{self, ANCHORS, Fatal, START, TAGS, explain, place_of, too_deep};

/// Lists and maps within one another at most. It also bounds every recursion over the tree.
pub const NESTING_MAX: usize = 32;

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
    /// A scalar without quotes, which may stand for a number or a word of YAML's own.
    pub(super) plain: bool,
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
    if let Err((place, message)) = syntax::check_text(text) {
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
                "a second document begins here; a file holds one".into(),
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
        self.place_value(Node {
            place,
            value,
            plain: false,
        });
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
        self.place_value(Node {
            place,
            value,
            plain,
        });
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
