//! The event pass: the small YAML dialect, checked and read into a spanned tree.
//!
//! Everything that other readers of YAML might read differently is refused, so that a document
//! says one thing only. What is refused is reported and reading goes on, with a refused node in
//! its place, until the grammar itself breaks or a limit is reached.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle};

use crate::files::BOM;
use crate::scalar::{self, Refusal};
use crate::{Diagnostic, Diagnostics, Entry, FileId, Files, Level, Node, Place, Style, Value, codes, inner, limits};

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
        diagnostics.push(too_large(file));
        return None;
    }
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(body, options()),
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

fn options() -> granit_parser::Options {
    granit_parser::options! {
        strict_indentation: true,
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: limits::DEPTH,
        block_nesting_limit: limits::DEPTH,
    }
}

/// Reading cannot go on; the reason has been reported.
struct Stop;

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
                (Event::StreamEnd, _) => return self.empty(),
                (Event::Scalar(_, ScalarStyle::Plain, 0, None), span) if self.range(span).is_empty() => {
                    return self.empty();
                }
                first => break first,
            }
        };
        let node = self.node(root, span, 1)?;
        self.end_of_file()?;
        if matches!(node.value, Value::Map(_)) || node.style == Style::Refused {
            return Ok(node);
        }
        self.report(
            Diagnostic::error(
                codes::NOT_A_MAP,
                format!("a document is a map, but this is {}", node.type_name()),
            )
            .at(node.place, "expected `lexhold: 1` here")
            .help(EXAMPLE),
        )?;
        Err(Stop)
    }

    fn byte_order_mark(&mut self) -> Result<(), Stop> {
        if self.base == 0 {
            return Ok(());
        }
        self.report(
            Diagnostic::warning(codes::BYTE_ORDER_MARK, "the file begins with a byte-order mark")
                .at(
                    Place {
                        file: self.file,
                        start: 0,
                        end: self.base,
                    },
                    "not needed in UTF-8",
                )
                .help("save the file as UTF-8 without a byte-order mark"),
        )
    }

    /// Refuses control characters, the line breaks that only some readers of YAML know, and tabs
    /// where they disagree about them.
    fn characters(&mut self) -> Result<(), Stop> {
        for (at, length) in leading_tabs(self.body) {
            self.report(
                Diagnostic::error(codes::TAB, "a line begins with a tab")
                    .at(self.at(at..at + length), "")
                    .help("indent with spaces"),
            )?;
        }
        for (at, c) in self
            .body
            .char_indices()
            .filter(|(_, c)| !c.is_ascii_graphic() && *c != ' ')
        {
            let reason = match c {
                '\n' | '\t' => continue,
                '\r' if self.body[at + 1..].starts_with('\n') => continue,
                '\r' => "is a line break only to some readers",
                '\u{85}' | '\u{2028}' | '\u{2029}' => "is a line break only to some readers of YAML",
                BOM | '\u{fffe}' | '\u{ffff}' => "is not allowed here",
                c if c.is_control() => "is a control character",
                _ => continue,
            };
            let code = u32::from(c);
            self.report(
                Diagnostic::error(codes::CONTROL_CHARACTER, format!("the character U+{code:04X} {reason}"))
                    .at(self.at(at..at + c.len_utf8()), "")
                    .help("delete it, or write it as an escape in a double-quoted text"),
            )?;
        }
        // A NUL ends the text to a parser, and what follows would be lost without a word.
        if self.body.contains('\0') { Err(Stop) } else { Ok(()) }
    }

    fn empty<T>(&mut self) -> Result<T, Stop> {
        self.report(
            Diagnostic::error(codes::EMPTY, "empty policy file")
                .at(self.at(0..0), "nothing but comments and white space")
                .help(EXAMPLE),
        )?;
        Err(Stop)
    }

    fn end_of_file(&mut self) -> Result<(), Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(..), span) => {
                    let place = self.place(span);
                    self.report(
                        Diagnostic::error(
                            codes::SECOND_DOCUMENT,
                            "a file holds one document, but here begins another",
                        )
                        .at(place, "second document")
                        .help("move it to a file of its own"),
                    )?;
                    return Err(Stop);
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
            _ => self.alias(span),
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
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, style: StructureStyle, span: Span, depth: usize) -> Result<Node, Stop> {
        self.depth(span, depth)?;
        let mut place = self.place(span);
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Place> = HashMap::new();
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
            match seen.entry(key.clone()) {
                Slot::Vacant(slot) => {
                    slot.insert(key_place);
                    entries.push(Entry { key, key_place, node });
                }
                Slot::Occupied(first) => {
                    let first = *first.get();
                    self.report(
                        Diagnostic::error(codes::DUPLICATE_KEY, format!("the key `{key}` stands twice in one map"))
                            .at(key_place, "second time")
                            .also(first, "first defined here"),
                    )?;
                }
            }
        }
    }

    /// A key, unless it was refused.
    fn key(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Option<(String, Place)>, Stop> {
        let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
        let node = self.node(event, span, depth)?;
        let place = node.place;
        let diagnostic = match node.value {
            Value::Text(_) if merge => Diagnostic::error(codes::MERGE_KEY, "merge keys are not allowed")
                .at(place, "")
                .help("write the keys out, or import a document"),
            Value::Text(key) => return Ok(Some((key, place))),
            _ if node.style == Style::Refused => return Ok(None),
            _ => Diagnostic::error(
                codes::KEY_NOT_TEXT,
                format!("a key has to be text, but this is {}", node.type_name()),
            )
            .at(place, "")
            .help("put the key in quotes"),
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
                Err(refusal) => return self.refuse(text, refusal, place),
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

    fn refuse(&mut self, text: &str, refusal: Refusal, place: Place) -> Result<Node, Stop> {
        let diagnostic = match refusal {
            Refusal::Boolean(meant) => Diagnostic::error(
                codes::AMBIGUOUS_BOOLEAN,
                format!("`{text}` is a boolean to some readers of YAML and text to others"),
            )
            .at(place, "neither text nor a boolean")
            .help(format!("write '{text}' for the word, or {meant} for the boolean")),
            Refusal::Mark => Diagnostic::error(
                codes::AMBIGUOUS_TEXT,
                "a text that begins with `?` or `:` means something else to some readers of YAML",
            )
            .at(place, "")
            .help("put it in quotes"),
            Refusal::Number(reason) => {
                Diagnostic::error(codes::AMBIGUOUS_NUMBER, format!("the number `{text}` {reason}"))
                    .at(place, "")
                    .help(format!("write '{text}' if it is text, or another decimal number"))
            }
        };
        self.report(diagnostic)?;
        Ok(Node::refused(place))
    }

    fn alias(&mut self, span: Span) -> Result<Node, Stop> {
        let place = self.place(span);
        self.report(
            Diagnostic::error(codes::ALIAS, "alias not allowed")
                .at(place, "stands for something elsewhere")
                .help("write it out, or use a parameter or an import"),
        )?;
        Ok(Node::refused(place))
    }

    fn anchor(&mut self, span: Span) -> Result<(), Stop> {
        let place = self.place(span);
        self.report(
            Diagnostic::error(codes::ALIAS, "anchor not allowed")
                .at(place, "")
                .help("delete it; aliases are not allowed either"),
        )
    }

    /// Reports a tag, if there is one.
    fn tag(&mut self, span: Span) -> Result<bool, Stop> {
        let Some(tag) = span.tag_span() else { return Ok(false) };
        let place = self.place(tag);
        self.report(
            Diagnostic::error(codes::TAG, "tag not allowed")
                .at(place, "")
                .help("delete it; put a value in quotes to make it text"),
        )?;
        Ok(true)
    }

    fn count(&mut self, span: Span) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes <= limits::NODES {
            return Ok(());
        }
        let place = self.place(span);
        self.report(
            Diagnostic::error(
                codes::TOO_MANY_NODES,
                format!("more than {} nodes: the node limit of a file", limits::NODES),
            )
            .at(place, "one too many")
            .help("split the file"),
        )?;
        Err(Stop)
    }

    fn depth(&mut self, span: Span, depth: usize) -> Result<(), Stop> {
        if depth <= limits::DEPTH {
            return Ok(());
        }
        self.too_deep(self.place(span))
    }

    fn too_deep<T>(&mut self, place: Place) -> Result<T, Stop> {
        self.report(
            Diagnostic::error(codes::TOO_DEEP, format!("nesting deeper than {}", limits::DEPTH))
                .at(place, "one level too many"),
        )?;
        Err(Stop)
    }

    /// The next event that is not an anchor.
    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Anchor(..), span))) => self.anchor(span)?,
                Some(Ok(next)) => return Ok(next),
                Some(Err(error)) => return self.syntax(&error),
                None => return Err(Stop),
            }
        }
    }

    fn syntax<T>(&mut self, error: &ScanError) -> Result<T, Stop> {
        let start = error.marker().byte_offset().unwrap_or(self.body.len());
        let found = self.body.get(start..).and_then(|rest| rest.chars().next());
        if found.is_some_and(|c| c.is_control() && c != '\n' && c != '\t') {
            // The character itself has been reported.
            return Err(Stop);
        }
        let length = found.filter(|c| *c != '\n').map_or(0, char::len_utf8);
        let place = self.at(start..start + length);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => return self.too_deep(place),
            ErrorKind::DirectiveDisallowed => self.report(
                Diagnostic::error(codes::DIRECTIVE, "directive not allowed")
                    .at(place, "")
                    .help("delete the line"),
            )?,
            kind => self.report(
                Diagnostic::error(
                    codes::SYNTAX,
                    format!("not YAML: {}", kind.to_string().replace('\'', "`")),
                )
                .at(place, "")
                .maybe_help(syntax_help(kind).map(str::to_owned)),
            )?,
        }
        Err(Stop)
    }

    /// Reports, up to the limit.
    fn report(&mut self, diagnostic: Diagnostic) -> Result<(), Stop> {
        if diagnostic.level == Level::Error {
            self.errors += 1;
        }
        if self.errors > limits::ERRORS {
            let more = format!("more than {} errors: the file is not read on", limits::ERRORS);
            let place = diagnostic.place.unwrap_or(self.at(0..0));
            self.diagnostics
                .push(Diagnostic::error(codes::TOO_MANY_ERRORS, more).at(place, ""));
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
        match style {
            StructureStyle::Flow => self.place(span).end,
            StructureStyle::Block => last.map_or(place.end, |last| last.end),
        }
    }
}

const EXAMPLE: &str = "the smallest document:\nlexhold: 1\nlexicon: example\nterms: [guarantee]";

/// The tabs in the white space that lines begin with: where, and how many bytes.
fn leading_tabs(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = next;
        next += line.len();
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line[..blank].find('\t')?;
        Some((start + tab, blank - tab))
    })
}

fn structure(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => Style::Flow,
    }
}

fn too_large(file: FileId) -> Diagnostic {
    let limit = limits::FILE_BYTES / (1024 * 1024);
    Diagnostic::error(codes::FILE_TOO_LARGE, format!("the file is larger than {limit} MiB"))
        .at(Place { file, start: 0, end: 0 }, "")
        .help("split it")
}

fn syntax_help(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            Some("indent with spaces")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => {
            Some("put the text in quotes if the colon belongs to it, or check the indentation")
        }
        ErrorKind::UnexpectedCharacter { .. } => Some("put a text that begins with this character in quotes"),
        ErrorKind::UnknownQuotedScalarEscape => Some("use 'single quotes', in which a backslash is a backslash"),
        _ => None,
    }
}
