//! Where the parts of a sound document stand, for findings about what they mean together.

use super::findings::Place;
use super::yaml::{Entry, Node, Value};

/// Places by the indexes of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// Each route's name.
    pub routes: Vec<Place>,
    /// For each route, each alternative of its `when`; the route itself where it has none.
    pub alternatives: Vec<Vec<Place>>,
    /// Each tier's name.
    pub tiers: Vec<Place>,
    /// Each budget's name.
    pub budgets: Vec<Place>,
}

impl Places {
    /// The places of a document that was found sound.
    pub(super) fn of(root: &Node) -> Self {
        let routes: Vec<&Entry> = match entry(root, "routes").map(|routes| &routes.value.value) {
            Some(Value::List(items)) => items.iter().filter_map(first).collect(),
            _ => Vec::new(),
        };
        Self {
            alternatives: routes.iter().map(|route| alternatives(route)).collect(),
            routes: routes.iter().map(|route| route.place).collect(),
            tiers: keys(root, "tiers"),
            budgets: keys(root, "budgets"),
        }
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

fn entry<'d>(node: &'d Node, key: &str) -> Option<&'d Entry> {
    entries(node).iter().find(|entry| entry.key == key)
}

fn first(node: &Node) -> Option<&Entry> {
    entries(node).first()
}

fn keys(root: &Node, section: &str) -> Vec<Place> {
    let section = entry(root, section).map_or(&[][..], |section| entries(&section.value));
    section.iter().map(|entry| entry.place).collect()
}

fn alternatives(route: &Entry) -> Vec<Place> {
    match entry(&route.value, "when").map(|when| (&when.value.value, when.value_place())) {
        Some((Value::List(items), _)) => items.iter().map(|item| item.place).collect(),
        Some((_, place)) => vec![place],
        None => vec![route.place],
    }
}
