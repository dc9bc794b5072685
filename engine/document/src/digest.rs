//! What a document's digest covers.

use std::collections::BTreeSet;

use lexhold_model::{Digest, canonical_json};
use serde_json::{Map, Value as Json};

use crate::{Node, Value};

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
    let mut tree = json(root);
    if let Json::Object(tree) = &mut tree {
        tree.remove("tests");
        if let Some(Json::Array(rules)) = tree.get_mut("rules") {
            rules
                .iter_mut()
                .filter_map(Json::as_object_mut)
                .for_each(remove_examples);
        }
        for key in ["schedules", "rules"] {
            if let Some(Json::Array(items)) = tree.get_mut(key) {
                sort_by_id(items);
            }
        }
        tree.remove("imports");
        let imports: BTreeSet<Digest> = imports.collect();
        if !imports.is_empty() {
            let imports = imports.iter().map(|digest| Json::from(digest.to_string()));
            tree.insert("imports".to_owned(), imports.collect());
        }
    }
    Digest::of(canonical_json(&tree).as_bytes())
}

/// Sorts what has an id, each once; a list of anything else keeps its order.
fn sort_by_id(items: &mut [Json]) {
    if items.iter().all(|item| item["id"].is_string()) {
        items.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
    }
}

fn remove_examples(rule: &mut Map<String, Json>) {
    for key in ["tests", "hits", "misses"] {
        rule.remove(key);
    }
}

/// A tree as JSON.
pub(crate) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Text(value) => Json::from(value.as_str()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.node)))
            .collect(),
    }
}
