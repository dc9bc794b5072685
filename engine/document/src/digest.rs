//! What a document's digest covers.

use std::collections::BTreeSet;

use lexhold_model::{Digest, canonical_json};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::{Entry, Node, Value};

/// The digest of a resolved tree, given those of the documents that it imports.
///
/// SHA-256 over the RFC 8785 form of the tree, changed in four ways:
///
/// - the document's own `tests` are left out, and so are `tests`, `hits` and `misses` of each
///   item of its `rules`: they say how a rule is tried, not what it does. Keys of these names
///   anywhere else, a lexicon called `hits` say, stay;
/// - `imports` becomes the sorted set of the imported documents' digests, so that moving a file
///   changes nothing and changing an imported document changes everything above it;
/// - `parameters` holds the values that were put in, not the defaults;
/// - `schedules` and `rules` count sorted by `id`: they are sets of things with names, and in which order somebody wrote them
///   down says nothing.
///
/// Comments, the order of keys and the way a scalar is written do not count.
pub(crate) fn digest(root: &Node, imports: impl Iterator<Item = Digest>) -> Digest {
    let imports: BTreeSet<Digest> = imports.collect();
    let imports = imports.iter().map(Digest::to_string).collect();
    Digest::of(canonical_json(&Counting { root, imports }).as_bytes())
}

/// Keys of a rule that say how it is tried.
const EXAMPLES: &[&str] = &["tests", "hits", "misses"];

/// What of a document counts.
struct Counting<'n> {
    root: &'n Node,
    /// The digests of the documents that it imports, sorted.
    imports: Vec<String>,
}

impl Serialize for Counting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for Entry { key, node, .. } in self.root.as_map().unwrap_or_default() {
            match key.as_str() {
                "tests" | "imports" => {}
                "rules" => map.serialize_entry(
                    key,
                    &Set {
                        node,
                        without: EXAMPLES,
                    },
                )?,
                "schedules" => map.serialize_entry(key, &Set { node, without: &[] })?,
                _ => map.serialize_entry(key, &Plain::of(node))?,
            }
        }
        if !self.imports.is_empty() {
            map.serialize_entry("imports", &self.imports)?;
        }
        map.end()
    }
}

/// A list sorted by id, where each item has one; a list of anything else in its order.
struct Set<'n> {
    node: &'n Node,
    without: &'static [&'static str],
}

impl Serialize for Set<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(items) = self.node.as_list() else {
            return Plain::of(self.node).serialize(serializer);
        };
        let without = self.without;
        let mut items: Vec<Plain<'_>> = items.iter().map(|node| Plain { node, without }).collect();
        if items.iter().all(|item| item.id().is_some()) {
            items.sort_by(|one, other| one.id().cmp(&other.id()));
        }
        serializer.collect_seq(items)
    }
}

/// A tree as JSON, but for some keys at its top.
pub(crate) struct Plain<'n> {
    node: &'n Node,
    without: &'static [&'static str],
}

impl<'n> Plain<'n> {
    /// All of a tree.
    pub(crate) fn of(node: &'n Node) -> Self {
        Plain { node, without: &[] }
    }

    fn id(&self) -> Option<&'n str> {
        self.node.get("id").and_then(Node::as_text)
    }
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::List(items) => serializer.collect_seq(items.iter().map(Plain::of)),
            Value::Map(entries) => {
                let counting = entries
                    .iter()
                    .filter(|entry| !self.without.contains(&entry.key.as_str()));
                serializer.collect_map(counting.map(|entry| (&entry.key, Plain::of(&entry.node))))
            }
        }
    }
}
