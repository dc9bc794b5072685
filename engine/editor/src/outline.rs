//! What a document consists of, for the outline beside its text.

use std::ops::Range;

use lexhold_document::{Document, Node, Value};

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub detail: String,
    /// All of its bytes.
    pub place: Range<usize>,
    /// The bytes of its name.
    pub name_place: Range<usize>,
    /// What it consists of.
    pub parts: Vec<Part>,
}

/// The document with its lists, and their items that have a name.
pub fn outline(document: &Document) -> Part {
    let entries = document.root.as_map().unwrap_or_default();
    let lists = entries.iter().filter_map(|entry| {
        let items = items(&entry.node);
        (!items.is_empty()).then(|| Part {
            name: entry.key.clone(),
            detail: items.len().to_string(),
            place: entry.key_place.start..entry.node.place.end.max(entry.key_place.end),
            name_place: entry.key_place.start..entry.key_place.end,
            parts: items,
        })
    });
    let (root, name) = (document.root.place, document.name_place());
    Part {
        name: document.name.clone(),
        detail: document.kind.key().to_owned(),
        place: root.start.min(name.start)..root.end.max(name.end),
        name_place: name.start..name.end,
        parts: lists.collect(),
    }
}

/// The named items of a list or map.
fn items(node: &Node) -> Vec<Part> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(item).collect(),
        Value::Map(entries) => {
            let parts = entries.iter().filter(|entry| entry.node.as_list().is_some());
            parts
                .map(|entry| Part {
                    name: entry.key.clone(),
                    detail: String::new(),
                    place: entry.key_place.start..entry.node.place.end.max(entry.key_place.end),
                    name_place: entry.key_place.start..entry.key_place.end,
                    parts: Vec::new(),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn item(item: &Node) -> Option<Part> {
    let named = ["id", "name", "file", "date"].iter().find_map(|key| item.get(key))?;
    let name = named.as_text().filter(|name| !name.is_empty())?;
    let text = |key: &str| item.get(key).and_then(Node::as_text);
    Some(Part {
        name: name.to_owned(),
        detail: text("title").or(text("severity")).unwrap_or_default().to_owned(),
        place: item.place.start.min(named.place.start)..item.place.end.max(named.place.end),
        name_place: named.place.start..named.place.end,
        parts: Vec::new(),
    })
}
