//! From a tree and comments to pieces that know which comments belong to them.

use std::borrow::Cow;

use super::quotes;
use crate::{Comment, Entry, Fields, Node, Shape, Style, Value};

/// A comment on a line of its own.
pub(super) struct Note {
    /// Whether an empty line stands before it.
    pub blank: bool,
    pub text: String,
}

/// An entry of a map or an item of a list, with what belongs to it.
pub(super) struct Piece {
    pub above: Vec<Note>,
    /// Whether an empty line stands directly before it.
    pub blank: bool,
    /// Whether it begins a line, in brackets.
    pub new_line: bool,
    pub key: Option<String>,
    pub body: Body,
    /// The comment behind it, or behind the key where the value is a block.
    pub beside: Option<String>,
}

/// A value.
pub(super) enum Body {
    /// On one line.
    Text(String),
    /// A scalar over several lines; each but the first without its indentation.
    Lines(Vec<String>),
    /// A block scalar: its header, and its lines without their indentation.
    Block(String, Vec<String>),
    /// A list or map in brackets over several lines, with the comments before the closing one.
    Brackets([char; 2], Vec<Piece>, Vec<Note>),
    /// A map by indentation, with the comments at its end.
    Map(Vec<Piece>, Vec<Note>),
    /// A list by indentation, with the comments at its end.
    List(Vec<Piece>, Vec<Note>),
}

/// The whole document as one piece.
pub(super) fn document(text: &str, root: &Node, comments: &[Comment], shape: Option<&Shape>) -> Piece {
    let mut gatherer = Gatherer {
        text,
        comments,
        next: 0,
        at: 0,
        end: text.len(),
    };
    // What stands before `---` or in front of brackets is above; before a block it belongs to the first entry.
    let above = match root.style {
        Style::Block => Vec::new(),
        _ => gatherer.above(root.place.start),
    };
    let body = match &root.value {
        // Braces around everything are left out.
        Value::Map(entries) if root.style == Style::Flow && !entries.is_empty() => {
            let (pieces, tail) = gatherer.inside(root, shape);
            Body::Map(pieces, tail)
        }
        _ => gatherer.body(root, shape, text.len()),
    };
    let below = gatherer.above(text.len());
    let mut piece = Piece {
        above,
        blank: false,
        new_line: false,
        key: None,
        body,
        beside: None,
    };
    match &mut piece.body {
        Body::Map(_, tail) => tail.extend(below),
        _ => piece.above.extend(below),
    }
    piece
}

struct Gatherer<'t> {
    text: &'t str,
    comments: &'t [Comment],
    /// The first comment that has no place yet.
    next: usize,
    /// The end of what has been gathered.
    at: usize,
    /// The end of the brackets that are being gathered.
    end: usize,
}

impl Gatherer<'_> {
    /// The comments before a byte, as lines of their own.
    fn above(&mut self, before: usize) -> Vec<Note> {
        let mut notes = Vec::new();
        while let Some(comment) = self.pending(before) {
            notes.push(self.note(comment));
        }
        notes
    }

    fn note(&mut self, comment: Comment) -> Note {
        let blank = self.is_blank_before(comment.place.start);
        self.at = comment.place.end;
        self.next += 1;
        Note {
            blank,
            text: self.text[comment.place.start..comment.place.end].to_owned(),
        }
    }

    /// The next comment, if it stands before a byte.
    fn pending(&self, before: usize) -> Option<Comment> {
        self.comments
            .get(self.next)
            .filter(|comment| comment.place.start < before)
            .copied()
    }

    /// Whether an empty line stands between what has been gathered and a byte.
    fn is_blank_before(&self, start: usize) -> bool {
        let between = self.text.get(self.at..start).unwrap_or_default();
        let mut lines = between.split('\n').skip(1).collect::<Vec<_>>();
        lines.pop();
        lines.iter().any(|line| line.trim().is_empty())
    }

    /// The comments at the end of a block: on lines of their own, as far right as its entries.
    fn tail(&mut self, column: usize, until: usize) -> Vec<Note> {
        let mut notes = Vec::new();
        while let Some(comment) = self.pending(until) {
            if !comment.own_line || self.column(comment.place.start) < column {
                break;
            }
            notes.push(self.note(comment));
        }
        notes
    }

    fn column(&self, at: usize) -> usize {
        at - self.text[..at].rfind('\n').map_or(0, |line| line + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |end| at + end)
    }

    /// The comment behind a value, on the line on which it ends.
    fn beside(&mut self, node: &Node) -> Option<String> {
        if node.style == Style::Block {
            return None;
        }
        self.beside_at(node.place.end)
    }

    fn beside_at(&mut self, at: usize) -> Option<String> {
        let until = self.line_end(at).min(self.end);
        let comment = self.pending(until).filter(|comment| !comment.own_line)?;
        // Behind something else that begins on the line it is not about this value.
        let between = self.text.get(at..comment.place.start)?;
        let is_nearest = between.chars().all(|c| c.is_whitespace() || c == ',');
        is_nearest.then(|| self.note(comment).text)
    }

    /// A value; `until` is where the next thing after it begins.
    fn body(&mut self, node: &Node, shape: Option<&Shape>, until: usize) -> Body {
        if let Some(Shape::Named(_, shape)) = shape {
            return self.body(node, Some(&shape()), until);
        }
        match &node.value {
            Value::Map(entries) if node.style == Style::Block => {
                let column = self.column(node.place.start);
                let pieces = self.entries(node, entries, shape, until);
                Body::Map(pieces, self.tail(column, until))
            }
            Value::List(items) if node.style == Style::Block => {
                let column = self.column(node.place.start);
                let mut pieces = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    let until = items.get(at + 1).map_or(until, |next| next.place.start);
                    pieces.push(self.item(item, item_shape(shape), until));
                }
                Body::List(pieces, self.tail(column, until))
            }
            Value::Map(_) | Value::List(_) => self.brackets(node, shape),
            _ => self.scalar(node),
        }
    }

    fn entries(&mut self, node: &Node, entries: &[Entry], shape: Option<&Shape>, until: usize) -> Vec<Piece> {
        let fields = shape.and_then(|shape| fields_of(shape, node));
        let open = match shape {
            Some(Shape::Open(values)) => Some(values.as_ref()),
            _ => None,
        };
        let mut pieces = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let known = fields
                .as_ref()
                .and_then(|fields| fields.fields.iter().position(|field| field.name == entry.key));
            let shape = known
                .and_then(|known| Some(&fields.as_ref()?.fields.get(known)?.shape))
                .or(open);
            let until = entries.get(at + 1).map_or(until, |next| next.key_place.start);
            pieces.push((known.unwrap_or(usize::MAX), self.entry(entry, shape, until)));
        }
        pieces.sort_by_key(|(rank, _)| *rank);
        pieces.into_iter().map(|(_, piece)| piece).collect()
    }

    fn entry(&mut self, entry: &Entry, shape: Option<&Shape>, until: usize) -> Piece {
        let above = self.above(entry.key_place.start);
        let blank = self.is_blank_before(entry.key_place.start);
        let new_line = self.begins_line(entry.key_place.start);
        self.at = entry.key_place.end;
        let key = quotes::key(
            self.text
                .get(entry.key_place.start..entry.key_place.end)
                .unwrap_or_default(),
            &entry.key,
        );
        let mut piece = Piece {
            above,
            blank,
            new_line,
            key: Some(key),
            body: Body::Text(String::new()),
            beside: None,
        };
        self.fill(&mut piece, &entry.node, shape, until);
        piece
    }

    fn item(&mut self, item: &Node, shape: Option<&Shape>, until: usize) -> Piece {
        let above = self.above(item.place.start);
        let mut piece = Piece {
            above,
            blank: self.is_blank_before(item.place.start),
            new_line: self.begins_line(item.place.start),
            key: None,
            body: Body::Text(String::new()),
            beside: None,
        };
        self.fill(&mut piece, item, shape, until);
        piece
    }

    fn fill(&mut self, piece: &mut Piece, node: &Node, shape: Option<&Shape>, until: usize) {
        let is_block = node.style == Style::Block;
        if piece.key.is_some() {
            piece.beside = if is_block {
                self.beside_at(self.at)
            } else {
                self.between(piece, node)
            };
        }
        self.at = self.at.max(node.place.start);
        piece.body = self.body(node, shape, until);
        if !is_block {
            self.at = self.at.max(node.place.end);
            if matches!(&piece.body, Body::Block(header, _) if header.ends_with('+')) {
                // The empty lines below belong to the block.
                let rest = &self.text[self.at..];
                self.at += rest.len() - rest.trim_start().len();
            }
            if let Some(behind) = self.beside(node) {
                let earlier = piece.beside.replace(behind);
                piece.above.extend(earlier.map(|text| Note { blank: false, text }));
            }
        }
    }

    /// The comments between a key and its value on a later line: the last goes behind the value, others above the key.
    fn between(&mut self, piece: &mut Piece, node: &Node) -> Option<String> {
        let mut notes = self.above(node.place.start);
        let last = notes.pop()?;
        piece.above.extend(notes);
        Some(last.text)
    }

    /// Whether a line break stands between what has been gathered and a byte.
    fn begins_line(&self, start: usize) -> bool {
        self.text
            .get(self.at..start)
            .is_some_and(|between| between.contains('\n'))
    }

    fn brackets(&mut self, node: &Node, shape: Option<&Shape>) -> Body {
        let source = self.text.get(node.place.start..node.place.end).unwrap_or_default();
        let is_list = matches!(node.value, Value::List(_));
        let signs = if is_list { ['[', ']'] } else { ['{', '}'] };
        let (pieces, below) = self.inside(node, shape);
        if source.contains('\n') && !(pieces.is_empty() && below.is_empty()) {
            return Body::Brackets(signs, pieces, below);
        }
        Body::Text(on_one_line(signs, &pieces))
    }

    /// What stands in brackets, and the comments before the closing one.
    fn inside(&mut self, node: &Node, shape: Option<&Shape>) -> (Vec<Piece>, Vec<Note>) {
        self.at = node.place.start;
        let outer = std::mem::replace(&mut self.end, node.place.end);
        let pieces = match &node.value {
            Value::Map(entries) => self.entries(node, entries, shape, node.place.end),
            Value::List(items) => {
                let items = items
                    .iter()
                    .map(|item| self.item(item, item_shape(shape), node.place.end));
                items.collect()
            }
            _ => Vec::new(),
        };
        let below = self.above(node.place.end);
        self.at = node.place.end;
        self.end = outer;
        (pieces, below)
    }

    fn scalar(&mut self, node: &Node) -> Body {
        let source = self.text.get(node.place.start..node.place.end).unwrap_or_default();
        let says = node.as_text().unwrap_or(source);
        match node.style {
            Style::Literal => literal(says),
            Style::Folded => self.folded(node, says),
            _ if source.contains('\n') => {
                let lines = source.split('\n').enumerate();
                let lines = lines.map(|(at, line)| if at == 0 { line } else { line.trim_start() });
                Body::Lines(lines.map(|line| line.trim_end_matches('\r').to_owned()).collect())
            }
            _ => Body::Text(quotes::scalar(source, says)),
        }
    }

    /// The marks behind the `>` of a folded block, given where its content begins, and the first byte of the line below them.
    fn header(&self, content: usize) -> (&str, usize) {
        let line = self.text[..content].rfind('\n').unwrap_or(0);
        let above = self.text[..line].trim_end();
        let begin = above.rfind('\n').map_or(0, |at| at + 1);
        let signs = above[begin..].match_indices('>').map(|(at, _)| begin + at + 1);
        let sign = signs
            .into_iter()
            .find(|at| ends_header(&above[*at..]))
            .unwrap_or(above.len());
        let end = self.line_end(sign);
        (&self.text[sign..end], (end + 1).min(content))
    }

    /// A folded block: where its lines break says something, so that they are moved as they are.
    fn folded(&self, node: &Node, says: &str) -> Body {
        if says.trim().is_empty() {
            return Body::Text(serde_json::Value::from(says).to_string());
        }
        let (marks, start) = self.header(node.place.start);
        let marks = marks.split('#').next().unwrap_or_default();
        let keeps = marks.contains('+');
        let mut end = self.line_end(node.place.end);
        let source = &self.text[start..end];
        let first = source
            .split('\n')
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        // Spaces that the text begins with are no margin, and have to be told from it.
        let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
        let own = spaces(says.trim_start_matches('\n'));
        let margin = spaces(first).saturating_sub(own);
        // A line of more spaces than the margin is part of the text.
        let is_text = |line: &&str| line.trim_end_matches('\r').len() > margin && line.trim().is_empty();
        let below = self.text.get(end + 1..).unwrap_or_default().split('\n');
        end += below.take_while(is_text).map(|line| 1 + line.len()).sum::<usize>();
        let mut lines: Vec<String> = self.text[start..end]
            .split('\n')
            .map(|line| line.get(margin..).unwrap_or_default().trim_end_matches('\r').to_owned())
            .collect();
        if keeps {
            let n_breaks = says.len() - says.trim_end_matches('\n').len();
            lines.resize(lines.len() + n_breaks.saturating_sub(1), String::new());
        }
        let chomp = marks
            .chars()
            .find(|c| "+-".contains(*c))
            .map(String::from)
            .unwrap_or_default();
        let header = format!(">{}{chomp}", if own > 0 { "2" } else { "" });
        Body::Block(header, lines)
    }
}

/// Whether what stands behind a `>` ends the header of a block.
fn ends_header(behind: &str) -> bool {
    let rest = behind.trim_start_matches(|c: char| "+-".contains(c) || c.is_ascii_digit());
    rest.trim().is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
}

/// A literal block, made anew from what it says.
fn literal(says: &str) -> Body {
    let content = says.trim_end_matches('\n');
    let n_breaks = says.len() - content.len();
    if content.trim().is_empty() {
        return Body::Text(serde_json::Value::from(says).to_string());
    }
    let chomp = match n_breaks {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let indents = content
        .split('\n')
        .find(|line| !line.is_empty())
        .is_some_and(|line| line.starts_with(' '));
    let header = format!("|{}{chomp}", if indents { "2" } else { "" });
    let mut lines: Vec<String> = content.split('\n').map(str::to_owned).collect();
    lines.resize(lines.len() + n_breaks.saturating_sub(1), String::new());
    Body::Block(header, lines)
}

fn on_one_line(signs: [char; 2], pieces: &[Piece]) -> String {
    let [open, close] = signs;
    let items: Vec<String> = pieces
        .iter()
        .map(|piece| {
            let value = match &piece.body {
                Body::Text(text) => text.as_str(),
                _ => "",
            };
            match &piece.key {
                Some(key) if value.is_empty() => format!("{key}:"),
                Some(key) => format!("{key}: {value}"),
                None => value.to_owned(),
            }
        })
        .collect();
    let inner = items.join(", ");
    match open {
        '{' if !inner.is_empty() => format!("{open} {inner} {close}"),
        _ => format!("{open}{inner}{close}"),
    }
}

fn item_shape(shape: Option<&Shape>) -> Option<&Shape> {
    match shape? {
        Shape::List(items) | Shape::OneOrMany(items) => Some(items),
        Shape::Either(shapes) => shapes.iter().find_map(|shape| item_shape(Some(shape))),
        _ => None,
    }
}

/// The keys that a map may have, by the shape that it fits best.
fn fields_of<'s>(shape: &'s Shape, node: &Node) -> Option<Cow<'s, Fields>> {
    match shape {
        Shape::Map(fields) => Some(Cow::Borrowed(fields)),
        Shape::OneOrMany(shape) => fields_of(shape, node),
        Shape::Named(_, shape) => fields_of(&shape(), node).map(|fields| Cow::Owned(fields.into_owned())),
        Shape::Either(shapes) => {
            let known = |fields: &Fields| {
                fields
                    .fields
                    .iter()
                    .filter(|field| node.entry(field.name).is_some())
                    .count()
            };
            // Of two that fit alike, the first.
            let fitting = shapes.iter().rev().filter_map(|shape| fields_of(shape, node));
            fitting.max_by_key(|fields| known(fields))
        }
        _ => None,
    }
}
