//! What could be typed at a place: keys, words, names, attributes.

use std::collections::BTreeMap;
use std::ops::Range;

use lexhold_document::{Kind, Shape};
use lexhold_policy::Schemas;
use lexhold_rules::operator_keys;

use crate::cursor::{At, Cursor, cursor};
use crate::names::{Sort, is_condition, named_before, pattern, role};
use crate::{Index, cedar, shapes};

/// An entry of the table of regulations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Law {
    /// What it is called.
    pub title: String,
    /// What the table says of it, as Markdown.
    pub text: String,
}

/// Everything that is known besides the text at hand.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The documents of the project.
    pub index: &'k Index,
    /// What conditions can ask about.
    pub schemas: &'k Schemas,
    /// The table of regulations, by id.
    pub laws: &'k BTreeMap<String, Law>,
}

/// Something that could be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is shown of it.
    pub label: String,
    /// What is typed.
    pub text: String,
    /// What it is for, in a line.
    pub detail: String,
    /// What sort of thing it is.
    pub sort: Proposed,
}

/// The sorts of things that could be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// A key.
    Key,
    /// One of the words that a value may be.
    Word,
    /// The name of something.
    Name,
    /// An attribute of a condition.
    Attribute,
}

/// What could be typed at a byte of a file's text, and which bytes it takes the place of.
pub fn complete(known: Known<'_>, path: &str, text: &str, at: usize) -> (Range<usize>, Vec<Proposal>) {
    let Some(cursor) = cursor(text, at) else {
        return (at..at, Vec::new());
    };
    let Some(kind) = kind(text) else {
        return (cursor.typed.clone(), first_keys(&cursor));
    };
    let place = pattern(&cursor.path);
    if cursor.at == At::Value && is_condition(kind, &place) {
        return condition(known, kind, path, text, &cursor);
    }
    let mut proposals = Vec::new();
    if cursor.at != At::Value {
        proposals.extend(keys(kind, &cursor));
        proposals.extend(operators(kind, &cursor));
    }
    if cursor.at != At::Key {
        proposals.extend(names(known, kind, path, text, &place));
        proposals.extend(shapes::words(kind, &cursor.path).into_iter().map(|word| Proposal {
            label: word.to_owned(),
            text: word.to_owned(),
            detail: String::new(),
            sort: Proposed::Word,
        }));
    }
    // The rest of the word under the cursor goes too.
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let rest = &text[at..];
    let end = at + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let typed = &text[cursor.typed.clone()];
    let quoted = typed.len() - typed.trim_start_matches(['"', '\'']).len();
    (cursor.typed.start + quoted..end, proposals)
}

/// The kind of document that a text is meant to be.
pub fn kind(text: &str) -> Option<Kind> {
    text.lines().find_map(|line| Kind::from_key(line.split_once(':')?.0))
}

fn first_keys(cursor: &Cursor) -> Vec<Proposal> {
    if !cursor.path.is_empty() {
        return Vec::new();
    }
    let key = |label: &str, text: String, detail: &str| Proposal {
        label: label.to_owned(),
        text,
        detail: detail.to_owned(),
        sort: Proposed::Key,
    };
    if !cursor.beside.iter().any(|key| key == "lexhold") {
        return vec![key("lexhold", "lexhold: 1".into(), "the format of the document, 1")];
    }
    let kinds = Kind::ALL
        .iter()
        .map(|kind| key(kind.key(), format!("{kind}: "), kind.doc()));
    kinds.collect()
}

fn keys(kind: Kind, cursor: &Cursor) -> Vec<Proposal> {
    let fields = shapes::keys(kind, &cursor.path, &cursor.beside);
    let is_flow = cursor.at == At::Key;
    let key = |field: lexhold_document::Field| Proposal {
        label: field.name.to_owned(),
        text: match field.shape {
            Shape::List(_) | Shape::Map(_) | Shape::Open(_) if !is_flow => format!("{}:", field.name),
            _ => format!("{}: ", field.name),
        },
        detail: if field.required {
            format!("{} (has to be there)", field.doc)
        } else {
            field.doc.to_owned()
        },
        sort: Proposed::Key,
    };
    fields.into_iter().map(key).collect()
}

/// The operators of a rule's `match`, of its evidence, and of a hold's query.
fn operators(kind: Kind, cursor: &Cursor) -> Vec<Proposal> {
    let place = pattern(&cursor.path);
    let inside = match (kind, place.as_slice()) {
        (Kind::Ruleset, ["rules", "#", "match", inside @ ..]) => inside,
        (Kind::Ruleset, ["rules", "#", "support", "#", "match", inside @ ..]) => inside,
        (Kind::Hold, ["query", inside @ ..]) => inside,
        _ => return Vec::new(),
    };
    let innermost = inside
        .iter()
        .rev()
        .find(|part| **part != "#")
        .copied()
        .unwrap_or_default();
    let is_item = inside.last() == Some(&"#");
    let mut keys: Vec<(&str, &str)> = Vec::new();
    match innermost {
        "near" | "before" | "not_near" if !is_item => keys.extend(operator_keys(innermost)),
        "word" | "phrase" | "stem" | "lexicon" | "regex" => {}
        _ if cursor.beside.iter().any(|key| key == "regex") => keys.extend(operator_keys("regex")),
        "unless" => {
            keys.extend(operator_keys(""));
            keys.extend(operator_keys("unless"));
        }
        _ => keys.extend(operator_keys("")),
    }
    keys.retain(|(key, _)| !cursor.beside.iter().any(|there| there == key));
    let key = |(key, doc): (&str, &str)| Proposal {
        label: key.to_owned(),
        text: format!("{key}: "),
        detail: doc.to_owned(),
        sort: Proposed::Key,
    };
    keys.into_iter().map(key).collect()
}

fn names(known: Known<'_>, kind: Kind, path: &str, text: &str, place: &[&str]) -> Vec<Proposal> {
    let Some((sort, false)) = role(kind, place) else {
        return Vec::new();
    };
    let name = |name: String, detail: String| Proposal {
        label: name.clone(),
        text: name,
        detail,
        sort: Proposed::Name,
    };
    if sort == Sort::Regulation {
        return known
            .laws
            .iter()
            .map(|(id, law)| name(id.clone(), law.title.clone()))
            .collect();
    }
    let mut names = known.index.names(sort, path);
    if place.get(2) == Some(&"conversation") {
        // Within a ruleset its rules are named without its name.
        let own = text
            .lines()
            .find_map(|line| line.strip_prefix("ruleset:"))
            .unwrap_or_default();
        let own = format!("{}.", own.trim());
        names = names
            .iter()
            .filter_map(|name| name.strip_prefix(&own).map(str::to_owned))
            .collect();
    }
    names
        .into_iter()
        .map(|one| name(one, sort.title().to_owned()))
        .collect()
}

fn condition(known: Known<'_>, kind: Kind, path: &str, text: &str, cursor: &Cursor) -> (Range<usize>, Vec<Proposal>) {
    let (start, end) = (cursor.typed.start, cursor.typed.end);
    let typed = &text[start..end];
    if let Some((sort, from)) = named_before(typed) {
        let names = known.index.names(sort, path).into_iter().map(|name| Proposal {
            label: name.clone(),
            text: name,
            detail: sort.title().to_owned(),
            sort: Proposed::Name,
        });
        return (start + from..end, names.collect());
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let word = typed.len() - typed.trim_end_matches(is_part).len();
    let word = &typed[typed.len() - word..];
    let parts = cedar::next_parts(known.schemas, kind, word);
    let after_dot = word.rfind('.').map_or(0, |dot| dot + 1);
    let parts = parts.into_iter().map(|(part, whole)| Proposal {
        label: part.to_owned(),
        text: part.to_owned(),
        detail: cedar::doc(known.schemas, &whole)
            .and_then(|doc| doc.split("\n\n").next().map(str::to_owned))
            .unwrap_or_default(),
        sort: Proposed::Attribute,
    });
    (end - word.len() + after_dot..end, parts.collect())
}
