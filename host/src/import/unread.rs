//! The keys of a configuration that nothing was made of.
//!
//! It lists the highest key under which nothing was read, and how many stand under it. It
//! knows no key by its meaning.

use std::collections::BTreeSet;

use super::tree::{NodeId, Tree, Value};
use super::{LeftOut, shown};

/// Every key that is not among those that were read, in the file's order.
pub(super) fn keys(tree: &Tree, read: &BTreeSet<NodeId>) -> Vec<LeftOut> {
    let mut walk = Walk {
        tree,
        read,
        left_out: Vec::new(),
    };
    walk.value(tree.root(), "");
    walk.left_out
}

struct Walk<'t> {
    tree: &'t Tree,
    read: &'t BTreeSet<NodeId>,
    left_out: Vec<LeftOut>,
}

/// What a walk found in a value.
#[derive(Clone, Copy, Default)]
struct Found {
    keys: usize,
    was_read: bool,
}

impl Walk<'_> {
    /// Lists what is left out of a value whose path this is. The file's nesting bounds it,
    /// because it follows no alias: what an alias names is told of where it is written.
    fn value(&mut self, id: NodeId, path: &str) -> Found {
        let mut found = Found::default();
        match self.tree.node(id).map(|node| &node.value) {
            Some(Value::Map(entries)) => {
                for (key, value) in entries {
                    let entry = self.entry(id, *key, *value, path);
                    found.keys += entry.keys;
                    found.was_read |= entry.was_read;
                }
            }
            Some(Value::List(items)) => {
                for item in items {
                    let item = self.below(id, *item, path);
                    found.keys += item.keys;
                    found.was_read |= item.was_read;
                }
            }
            _ => {}
        }
        found
    }

    /// The same of what stands within another value. Nodes are numbered as they begin, so that
    /// one with a lower number than what holds it is named by an alias.
    fn below(&mut self, above: NodeId, id: NodeId, path: &str) -> Found {
        if id < above {
            return Found::default();
        }
        self.value(id, path)
    }

    fn entry(&mut self, map: NodeId, key: NodeId, value: NodeId, path: &str) -> Found {
        // A merge key brings other keys in, and those are told of where they are written.
        if self.tree.is_merge(key) {
            return self.below(map, value, path);
        }
        let before = self.left_out.len();
        let path = path_of(path, self.tree.text(key));
        let under = self.below(map, value, &path);
        let was_read = under.was_read || self.read.contains(&key);
        if !was_read {
            // One line for all of it.
            self.left_out.truncate(before);
            let place = self.tree.place(key);
            self.left_out.push(LeftOut {
                key: path,
                line: place.line,
                column: place.column,
                keys_under_it: under.keys,
            });
        }
        Found {
            keys: under.keys + 1,
            was_read,
        }
    }
}

/// `risk.exploration`; a key that is a list or a map itself is shown as `?`.
pub(super) fn path_of(above: &str, key: Option<&str>) -> String {
    let key = key.map_or_else(|| "?".into(), shown);
    match above {
        "" => key,
        _ => format!("{above}.{key}"),
    }
}
