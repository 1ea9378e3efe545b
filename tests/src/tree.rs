//! A document as a tree of words, lists and maps: to be walked as it is written, changed, and
//! written again.
//!
//! The YAML is a crate's; nothing here knows what a policy is, and nothing is shared with the
//! reader that is tested.

use saphyr_parser::{Event, Parser};

/// A value as it is written. Scalars stay text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// A scalar.
    Word(String),
    /// A list.
    List(Vec<Tree>),
    /// A map, in the order in which it is written.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// The tree of a text without anchors, aliases and tags.
    ///
    /// # Panics
    /// When it is no YAML: the suite brings its own.
    #[expect(clippy::expect_used, reason = "the suite's own documents")]
    pub fn read(text: &str) -> Self {
        let mut open: Vec<Vec<Self>> = vec![Vec::new()];
        for event in Parser::new_from_str(text) {
            let (event, _) = event.expect("sound YAML");
            let done = match event {
                Event::Scalar(text, ..) => Some(Self::Word(text.into_owned())),
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    open.push(Vec::new());
                    None
                }
                Event::SequenceEnd => open.pop().map(Self::List),
                Event::MappingEnd => open.pop().map(Self::map_of),
                _ => None,
            };
            if let (Some(done), Some(parent)) = (done, open.last_mut()) {
                parent.push(done);
            }
        }
        let root = open.pop().and_then(|mut roots| roots.pop());
        root.expect("a document")
    }

    /// Keys and values by turns.
    fn map_of(both: Vec<Self>) -> Self {
        let mut entries = Vec::new();
        let mut both = both.into_iter();
        while let (Some(Self::Word(key)), Some(value)) = (both.next(), both.next()) {
            entries.push((key, value));
        }
        Self::Map(entries)
    }

    /// A word.
    pub fn of(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// The text that it is read from again.
    pub fn write(&self) -> String {
        match self {
            Self::Word(word) => quoted(word),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::write).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entry =
                    |(key, value): &(String, Self)| format!("{}: {}", quoted(key), value.write());
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// The same without quotes, for people.
    pub fn told(&self) -> String {
        self.write().replace('"', "")
    }

    /// The word; of anything else an empty one.
    pub fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::List(_) | Self::Map(_) => "",
        }
    }

    /// The entries of a map; of anything else none.
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::Word(_) | Self::List(_) => &[],
        }
    }

    /// The items of a list; anything else is its own only item.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Word(_) | Self::Map(_) => std::slice::from_ref(self),
        }
    }

    /// What stands under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let entries = self.entries().iter();
        entries
            .filter(|(own, _)| own == key)
            .map(|(_, value)| value)
            .next()
    }

    /// Where a key stands in its map.
    pub fn place_of(&self, key: &str) -> Option<usize> {
        self.entries().iter().position(|(own, _)| own == key)
    }

    /// What a path leads to: at each step the number of an item or an entry.
    pub fn at(&self, path: &[usize]) -> Option<&Self> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        let child = match self {
            Self::Word(_) => None,
            Self::List(items) => items.get(*step),
            Self::Map(entries) => entries.get(*step).map(|(_, value)| value),
        };
        child?.at(rest)
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, path: &[usize]) -> Option<&mut Self> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        let child = match self {
            Self::Word(_) => None,
            Self::List(items) => items.get_mut(*step),
            Self::Map(entries) => entries.get_mut(*step).map(|(_, value)| value),
        };
        child?.at_mut(rest)
    }

    /// A path in words: `routes/halted/when/state`. Items of one entry go by its key.
    pub fn name_of(&self, path: &[usize]) -> String {
        let mut names = Vec::new();
        let mut own = self;
        for step in path {
            match own {
                Self::Map(entries) => {
                    let Some((key, value)) = entries.get(*step) else {
                        break;
                    };
                    names.push(key.clone());
                    own = value;
                }
                _ => {
                    let Some(item) = own.items().get(*step) else {
                        break;
                    };
                    if item.entries().len() != 1 || !matches!(item.at(&[0]), Some(Self::Map(_))) {
                        names.push((step + 1).to_string());
                    }
                    own = item;
                }
            }
        }
        names.join("/")
    }
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: x\nroutes:\n  - a: { when: { n: \"> 1\", set: [B, 'C'] }, skip: r }\n  - b: { open: sized }\n";

    #[test]
    fn what_is_written_is_read_again() {
        let tree = Tree::read(TEXT);
        assert_eq!(Tree::read(&tree.write()), tree);
        let when = tree.at(&[1, 0, 0, 0]).map(Tree::told);
        assert_eq!(when.as_deref(), Some("{ n: > 1, set: [B, C] }"));
    }

    #[test]
    fn a_path_reads_as_the_document_does() {
        let tree = Tree::read(TEXT);
        assert_eq!(tree.name_of(&[1, 0, 0, 0, 1, 1]), "routes/a/when/set/2");
        assert_eq!(tree.at(&[1, 0, 0, 0, 1, 1]), Some(&Tree::of("C")));
    }
}
