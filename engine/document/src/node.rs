//! The tree of a document, every node with its place in the file.

use std::ops::Range;

use crate::inner::{self, Piece};
use crate::{Place, Seg};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value's bytes in the file, quotes and brackets included. For a block scalar, its
    /// content without the header; for an empty value, the empty range where it would stand.
    pub place: Place,
    /// How it is written.
    pub style: Style,
    /// Whether a scalar's content runs over several lines of the file.
    pub multiline: bool,
    /// What it says.
    pub value: Value,
    /// How the decoded text lies in the file, where that is not plain to see.
    pub(crate) pieces: Option<Box<[Piece]>>,
}

/// What a node says, by the YAML 1.2 core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A decimal integer that a JSON number can hold exactly.
    Int(i64),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The decoded key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// What stands under it.
    pub node: Node,
}

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in `'single quotes'`.
    SingleQuoted,
    /// A scalar in `"double quotes"`.
    DoubleQuoted,
    /// A block scalar that keeps its line breaks, `|`.
    Literal,
    /// A block scalar whose line breaks become spaces, `>`.
    Folded,
    /// A list or map by indentation.
    Block,
    /// A list or map in brackets.
    Flow,
    /// Something that was refused and has been reported; the value is [`Value::Null`].
    Refused,
}

impl Node {
    /// What stands in for something that was refused.
    pub(crate) fn refused(place: Place) -> Node {
        Node {
            place,
            style: Style::Refused,
            multiline: false,
            value: Value::Null,
            pieces: None,
        }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry under a key, if it is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }

    /// The value under a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The node one step further.
    pub fn step(&self, seg: &Seg) -> Option<&Node> {
        match seg {
            Seg::Key(key) => self.get(key),
            Seg::Index(index) => self.as_list()?.get(*index),
        }
    }

    /// The node at the end of a path, or the nearest one above it that exists.
    pub fn nearest(&self, path: &[Seg]) -> &Node {
        let mut node = self;
        for seg in path {
            match node.step(seg) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// Whether line breaks in the file have become spaces in the text.
    ///
    /// True of `>` blocks and of plain and quoted scalars over several lines. A comment in an
    /// embedded language would swallow what follows it there.
    pub fn is_folded(&self) -> bool {
        match self.style {
            Style::Folded => true,
            Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => self.multiline,
            Style::Literal | Style::Block | Style::Flow | Style::Refused => false,
        }
    }

    /// Where a byte range of the decoded text stands in the file.
    ///
    /// Exact for `|` blocks and for scalars on one line; the whole scalar where line breaks were
    /// folded or an escape lies in the way.
    pub fn inner(&self, range: Range<usize>) -> Place {
        match self.as_text() {
            Some(text) => inner::place(self.place, &inner::all_pieces(self, text), range),
            None => self.place,
        }
    }

    /// What the node is called in messages: `text`, `a list`, …
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
