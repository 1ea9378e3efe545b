//! JSON objects whose members stand in the order in which they were put in, as a reader
//! expects them.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An object in the making.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, Node)>);

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    /// A word, a number, a truth value, or nothing.
    Plain(serde_json::Value),
    /// An object.
    Object(Object),
    /// A list.
    List(Vec<Self>),
    /// JSON that was written already.
    Raw(Box<RawValue>),
}

impl Object {
    /// The same with one more member.
    pub(super) fn with(mut self, key: impl Into<String>, value: impl Into<Node>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// The same with one more member, if there is a value for it.
    pub(super) fn with_some(self, key: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// On one line.
    pub(super) fn text(&self) -> String {
        // Its keys are strings and its numbers finite: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Raw(raw) => raw.serialize(serializer),
        }
    }
}

impl From<Object> for Node {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Object>> for Node {
    fn from(objects: Vec<Object>) -> Self {
        Self::List(objects.into_iter().map(Self::Object).collect())
    }
}

/// Everything that is plain.
macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Node {
            fn from(value: $kind) -> Self {
                Self::Plain(value.into())
            }
        })*
    };
}

plain!(
    serde_json::Value,
    &str,
    String,
    bool,
    u32,
    u64,
    usize,
    f64,
    Option<f64>,
    Option<String>
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let inner = Object::default().with("z", 1_u32).with("a", "b");
        let object = Object::default()
            .with("second", vec![inner])
            .with_some("first", None::<&str>)
            .with("absent", None::<f64>)
            .with("0", 0.5);
        assert_eq!(
            object.text(),
            r#"{"second":[{"z":1,"a":"b"}],"absent":null,"0":0.5}"#
        );
    }
}
