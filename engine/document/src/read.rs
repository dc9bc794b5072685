//! The event pass: the small YAML dialect, checked and read into a spanned tree.
//!
//! Everything that other readers of YAML might read differently is refused, so that a document
//! says one thing only. What is refused is reported and reading goes on, with a refused node in
//! its place, until the grammar itself breaks or a limit is reached.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle};

use crate::files::BOM;
use crate::{
    Diagnostic, Diagnostics, Entry, FileId, Files, Level, Node, Place, Style, Value, characters, codes, inner, limits,
    refusals, scalar,
};

/// What a file holds.
pub(crate) struct Tree {
    pub root: Node,
    /// Whether nothing was refused.
    pub sound: bool,
}

/// Reads a file's one document; `None` if there is none to be had, which has been reported.
pub(crate) fn read(files: &Files, file: FileId, diagnostics: &mut Diagnostics) -> Option<Tree> {
    let text = files.text(file);
    if text.len() > limits::FILE_BYTES {
        diagnostics.push(refusals::too_large(Place { file, start: 0, end: 0 }));
        return None;
    }
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(body, options(false)),
        body,
        base: text.len() - body.len(),
        file,
        nodes: 0,
        errors: 0,
        diagnostics,
    };
    let root = reader.file().ok()?;
    Some(Tree {
        root,
        sound: reader.errors == 0,
    })
}

/// How the dialect is parsed, with or without its comments.
pub(crate) fn options(comments: bool) -> granit_parser::Options {
    granit_parser::options! {
        strict_indentation: true,
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: comments,
        flow_nesting_limit: limits::DEPTH,
        block_nesting_limit: limits::DEPTH,
    }
}

/// Reading cannot go on; the reason has been reported.
struct Stop;

/// Where the keys of a map stand: looked through one by one while they are few, which spares most maps a table.
#[derive(Default)]
struct KeyIndex {
    /// The first keys of a large map, as many as have been asked about.
    places: HashMap<String, Place>,
}

impl KeyIndex {
    const FEW: usize = 16;

    /// Where a key stands already.
    fn find(&mut self, entries: &[Entry], key: &str) -> Option<Place> {
        if entries.len() <= Self::FEW {
            let found = entries.iter().find(|entry| entry.key == key);
            return found.map(|entry| entry.key_place);
        }
        let new = entries[self.places.len()..].iter();
        self.places
            .extend(new.map(|entry| (entry.key.clone(), entry.key_place)));
        self.places.get(key).copied()
    }
}

struct Reader<'t, 'd> {
    events: Parser<'t, StrInput<'t>>,
    /// The text after a byte-order mark.
    body: &'t str,
    /// The length of the byte-order mark.
    base: usize,
    file: FileId,
    nodes: usize,
    errors: usize,
    diagnostics: &'d mut Diagnostics,
}

impl<'t> Reader<'t, '_> {
    fn file(&mut self) -> Result<Node, Stop> {
        self.byte_order_mark()?;
        self.characters()?;
        let (root, span) = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, _) => return self.stop(refusals::empty(self.at(0..0))),
                (Event::Scalar(_, ScalarStyle::Plain, 0, None), span) if self.range(span).is_empty() => {
                    return self.stop(refusals::empty(self.at(0..0)));
                }
                first => break first,
            }
        };
        let node = self.node(root, span, 1)?;
        self.end_of_file()?;
        if matches!(node.value, Value::Map(_)) || node.style == Style::Refused {
            return Ok(node);
        }
        self.stop(refusals::not_a_map(&node))
    }

    fn byte_order_mark(&mut self) -> Result<(), Stop> {
        if self.base == 0 {
            return Ok(());
        }
        let start = self.at(0..0).start - self.base;
        let place = Place { start, ..self.at(0..0) };
        self.report(refusals::byte_order_mark(place))
    }

    fn characters(&mut self) -> Result<(), Stop> {
        for (range, diagnostic) in characters::refused(self.body) {
            let place = self.at(range);
            self.report(diagnostic.at(place, ""))?;
        }
        // A NUL ends the text to a parser, and what follows would be lost without a word.
        if self.body.contains('\0') { Err(Stop) } else { Ok(()) }
    }

    fn end_of_file(&mut self) -> Result<(), Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(..), span) => {
                    return self.stop(refusals::second_document(self.place(span)));
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Stop> {
        self.count(span)?;
        let tagged = self.tag(span)?;
        match event {
            Event::Scalar(text, style, ..) => {
                let node = self.scalar(&text, style, span)?;
                Ok(if tagged { Node::refused(node.place) } else { node })
            }
            Event::SequenceStart(style, ..) => self.list(style, span, depth),
            Event::MappingStart(style, ..) => self.map(style, span, depth),
            // The only other events that stand in a node's place are aliases.
            _ => self.refuse(refusals::alias(self.place(span)), self.place(span)),
        }
    }

    fn list(&mut self, style: StructureStyle, span: Span, depth: usize) -> Result<Node, Stop> {
        self.depth(span, depth)?;
        let mut place = self.place(span);
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => {
                    place.end = self.end(style, span, items.last().map(|item: &Node| item.place), place);
                    return Ok(Node {
                        place,
                        style: structure(style),
                        multiline: false,
                        value: Value::List(items),
                        pieces: None,
                    });
                }
                (event, span) => {
                    let item = self.node(event, span, depth + 1)?;
                    if item.style == Style::Refused {
                        self.settle_boolean(item.place);
                    }
                    items.push(item);
                }
            }
        }
    }

    fn map(&mut self, style: StructureStyle, span: Span, depth: usize) -> Result<Node, Stop> {
        self.depth(span, depth)?;
        let mut place = self.place(span);
        let mut entries: Vec<Entry> = Vec::new();
        let mut index = KeyIndex::default();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                place.end = self.end(style, span, entries.last().map(|entry| entry.node.place), place);
                return Ok(Node {
                    place,
                    style: structure(style),
                    multiline: false,
                    value: Value::Map(entries),
                    pieces: None,
                });
            }
            let key = self.key(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            let Some((key, key_place)) = key else { continue };
            match index.find(&entries, &key) {
                None => entries.push(Entry { key, key_place, node }),
                Some(first) => self.report(refusals::duplicate_key(&key, key_place, first))?,
            }
        }
    }

    /// A key, unless it was refused.
    fn key(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Option<(String, Place)>, Stop> {
        let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
        let node = self.node(event, span, depth)?;
        let place = node.place;
        let diagnostic = match node.value {
            Value::Text(_) if merge => refusals::merge_key(place),
            Value::Text(key) => return Ok(Some((key, place))),
            _ if node.style == Style::Refused => {
                self.diagnostics.settle(place, true);
                return Ok(None);
            }
            _ => refusals::key_not_text(&node),
        };
        self.report(diagnostic)?;
        Ok(None)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Result<Node, Stop> {
        let place = self.scalar_place(style, span);
        let source = &self.body[place.start - self.base..place.end - self.base];
        let multiline = source.contains('\n');
        let (style, value) = match style {
            ScalarStyle::Plain => match scalar::resolve(text) {
                Ok(value) => (Style::Plain, value),
                Err(refusal) => return self.refuse(refusals::scalar(text, refusal, place), place),
            },
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, Value::Text(text.to_owned())),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, Value::Text(text.to_owned())),
            ScalarStyle::Literal => (Style::Literal, Value::Text(text.to_owned())),
            ScalarStyle::Folded => (Style::Folded, Value::Text(text.to_owned())),
        };
        let pieces = inner::pieces(style, text, self.body, self.range(span), self.base);
        Ok(Node {
            place,
            style,
            multiline,
            value,
            pieces,
        })
    }

    /// Says of an item that some take for a boolean that it is text: no list of any kind of document has booleans.
    fn settle_boolean(&mut self, place: Place) {
        let told = self.diagnostics.iter().next_back();
        if told.is_some_and(|told| told.code == codes::AMBIGUOUS_BOOLEAN) {
            self.diagnostics.settle(place, true);
        }
    }

    /// Reports what is refused and puts a hole in its place.
    fn refuse(&mut self, diagnostic: Diagnostic, place: Place) -> Result<Node, Stop> {
        self.report(diagnostic)?;
        Ok(Node::refused(place))
    }

    /// Reports a tag, if there is one.
    fn tag(&mut self, span: Span) -> Result<bool, Stop> {
        let Some(tag) = span.tag_span() else { return Ok(false) };
        self.report(refusals::tag(self.place(tag)))?;
        Ok(true)
    }

    fn count(&mut self, span: Span) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes <= limits::NODES {
            return Ok(());
        }
        self.stop(refusals::too_many_nodes(self.place(span)))
    }

    fn depth(&mut self, span: Span, depth: usize) -> Result<(), Stop> {
        if depth <= limits::DEPTH {
            return Ok(());
        }
        self.stop(refusals::too_deep(self.place(span)))
    }

    /// The next event that is not an anchor.
    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Anchor(..), span))) => self.report(refusals::anchor(self.place(span)))?,
                Some(Ok(next)) => return Ok(next),
                Some(Err(error)) => return self.syntax(&error),
                None => return Err(Stop),
            }
        }
    }

    fn syntax<T>(&mut self, error: &ScanError) -> Result<T, Stop> {
        let start = error.marker().byte_offset().unwrap_or(self.body.len());
        let found = self.body.get(start..).and_then(|rest| rest.chars().next());
        if found.is_some_and(|c| c.is_control() && !c.is_ascii_whitespace()) {
            // The character itself has been reported.
            return Err(Stop);
        }
        let length = found.filter(|c| !c.is_control()).map_or(0, char::len_utf8);
        let behind = self
            .body
            .get(..start)
            .and_then(|body| body.trim_end_matches(' ').chars().next_back());
        self.stop(refusals::syntax(error.kind(), self.at(start..start + length), behind))
    }

    /// Reports why reading cannot go on.
    fn stop<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Stop> {
        self.report(diagnostic)?;
        Err(Stop)
    }

    /// Reports, up to the limit.
    fn report(&mut self, diagnostic: Diagnostic) -> Result<(), Stop> {
        if diagnostic.level == Level::Error {
            self.errors += 1;
        }
        if self.errors > limits::ERRORS {
            let place = diagnostic.place.unwrap_or(self.at(0..0));
            self.diagnostics.push(refusals::too_many_errors(place));
            return Err(Stop);
        }
        self.diagnostics.push(diagnostic);
        Ok(())
    }

    fn range(&self, span: Span) -> Range<usize> {
        span.byte_range().unwrap_or(0..0)
    }

    fn at(&self, range: Range<usize>) -> Place {
        Place {
            file: self.file,
            start: self.base + range.start,
            end: self.base + range.end,
        }
    }

    fn place(&self, span: Span) -> Place {
        self.at(self.range(span))
    }

    /// A scalar's place; for a block scalar, without the line breaks at its end.
    fn scalar_place(&self, style: ScalarStyle, span: Span) -> Place {
        let mut range = self.range(span);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            range.end = range.start + self.body[range.clone()].trim_end().len();
        } else if range.is_empty() && self.body[range.start..].starts_with(':') {
            // Nothing at all, behind the colon.
            range = range.start + 1..range.start + 1;
        }
        self.at(range)
    }

    /// Where a list or map ends: at its bracket, or with the last thing in it.
    fn end(&self, style: StructureStyle, span: Span, last: Option<Place>, place: Place) -> usize {
        // A pair in a list is a map without brackets.
        let in_brackets = self.body[place.start - self.base..].starts_with(['[', '{']);
        match style {
            StructureStyle::Flow if in_brackets => self.place(span).end,
            _ => last.map_or(place.end, |last| last.end),
        }
    }
}

fn structure(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => Style::Flow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_nodes_as_the_limit_and_no_more() {
        // The map, its key and the list are three.
        let told = |items: usize| {
            let mut files = Files::new();
            let mut found = Diagnostics::new();
            let file = files.add("a.yaml", format!("a:\n  [{}]\n", "1,".repeat(items)));
            let tree = read(&files, file, &mut found);
            assert_eq!(tree.is_some(), found.is_empty());
            found.into_iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert_eq!(told(limits::NODES - 3), [""; 0]);
        assert_eq!(told(limits::NODES - 2), [codes::TOO_MANY_NODES]);
    }
}
