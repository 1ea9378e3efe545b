//! Mutants: a policy document with one mistake that an author could have made.
//!
//! They are made on what is written, one place at a time, and know nothing of what it decides:
//! a mutant may be no document, or mean the same as before. Whether the net of check, cases and
//! proof catches it is for those who ask (`tests/mutants.rs`).

mod conditions;
mod numbers;
mod routes;
mod sections;

use std::collections::HashSet;

use crate::tree::Tree;

/// A document with a mistake in it.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What kind of mistake.
    pub operator: &'static str,
    /// Where, and what it is instead of what.
    pub what: String,
    /// The document.
    pub document: Tree,
}

/// Every mutant of a document, each once, in the order of the document.
pub fn mutants(document: &Tree) -> Vec<Mutant> {
    let mut maker = Maker {
        original: document,
        made: Vec::new(),
    };
    sections::mutate(&mut maker);
    routes::mutate(&mut maker);
    let mut written = HashSet::from([document.write()]);
    let mut different = maker.made;
    different.retain(|mutant| written.insert(mutant.document.write()));
    different
}

struct Maker<'d> {
    original: &'d Tree,
    made: Vec<Mutant>,
}

impl Maker<'_> {
    /// What stands at a path; nothing where there is nothing.
    fn at(&self, path: &[usize]) -> Tree {
        let own = self.original.at(path).cloned();
        own.unwrap_or(Tree::List(Vec::new()))
    }

    fn replace(&mut self, operator: &'static str, path: &[usize], new: Tree) {
        let what = format!(
            "{}: {} → {}",
            self.original.name_of(path),
            self.at(path).told(),
            new.told()
        );
        self.change(operator, what, path, |own| *own = new);
    }

    /// Removes an item or an entry.
    fn remove(&mut self, operator: &'static str, parent: &[usize], at: usize) {
        let path = [parent, &[at]].concat();
        let what = format!(
            "{}: {} is gone",
            self.original.name_of(&path),
            self.at(&path).told()
        );
        self.change(operator, what, parent, |own| match own {
            Tree::List(items) if at < items.len() => {
                items.remove(at);
            }
            Tree::Map(entries) if at < entries.len() => {
                entries.remove(at);
            }
            _ => {}
        });
    }

    /// Adds an entry to a map.
    fn add(&mut self, operator: &'static str, parent: &[usize], key: &str, new: Tree) {
        let name = self.original.name_of(parent);
        let what = format!("{name}: with {key}: {}", new.told());
        self.change(operator, what, parent, |own| {
            if let Tree::Map(entries) = own {
                entries.push((key.to_owned(), new));
            }
        });
    }

    /// Swaps two items or entries.
    fn swap(&mut self, operator: &'static str, parent: &[usize], one: usize, other: usize) {
        let name = |at: usize| self.original.name_of(&name_path(self.original, parent, at));
        let what = format!("{} and {} change places", name(one), name(other));
        self.change(operator, what, parent, |own| match own {
            Tree::List(items) if one.max(other) < items.len() => items.swap(one, other),
            Tree::Map(entries) if one.max(other) < entries.len() => entries.swap(one, other),
            _ => {}
        });
    }

    fn change(
        &mut self,
        operator: &'static str,
        what: String,
        path: &[usize],
        change: impl FnOnce(&mut Tree),
    ) {
        let mut document = self.original.clone();
        if let Some(own) = document.at_mut(path) {
            change(own);
        }
        self.made.push(Mutant {
            operator,
            what,
            document,
        });
    }
}

/// The path of an item by which it is named: of one with a single entry, of that.
fn name_path(tree: &Tree, parent: &[usize], at: usize) -> Vec<usize> {
    let path = [parent, &[at]].concat();
    match tree.at(&path) {
        Some(Tree::Map(entries))
            if matches!(tree.at(parent), Some(Tree::List(_))) && entries.len() == 1 =>
        {
            [path.as_slice(), &[0]].concat()
        }
        _ => path,
    }
}
