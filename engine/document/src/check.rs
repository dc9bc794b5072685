//! Holding a tree against a shape: every unknown key, missing key and wrong value at once.

use crate::{
    Applicability, Diagnostic, Diagnostics, Document, Edit, Entry, Field, Fields, Fix, Node, Place, Shape, Style,
    Value, codes, did_you_mean, either, front, nearest, scalar,
};

/// Reports everything in a document that its kind's shape does not allow.
///
/// The shape lists the kind's own keys. The keys of every document (see [`crate::front_fields`]) may
/// stand beside them; a kind that needs `title` or `owner` lists it as required.
pub fn check_shape(document: &Document, shape: &Shape, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { diagnostics };
    match (shape, document.root.as_map()) {
        (Shape::Map(fields), Some(entries)) => {
            let fields = front::beside(document.kind, fields);
            checker.map(entries, &fields, document.name_place());
        }
        _ => checker.node(&document.root, shape, "the document"),
    }
}

/// Reports everything in one node that a shape does not allow.
pub fn check_node(node: &Node, shape: &Shape, diagnostics: &mut Diagnostics) {
    Checker { diagnostics }.node(node, shape, "the value");
}

/// Reports everything under one key that a shape does not allow.
pub(crate) fn check_entry(entry: &Entry, shape: &Shape, diagnostics: &mut Diagnostics) {
    Checker { diagnostics }.entry(entry, shape);
}

struct Checker<'d> {
    diagnostics: &'d mut Diagnostics,
}

impl Checker<'_> {
    /// Checks a value; `what` is what messages call it.
    fn node(&mut self, node: &Node, shape: &Shape, what: &str) {
        if node.style == Style::Refused {
            let (text, other) = (takes_text(shape), takes_other(shape));
            if text != other {
                self.diagnostics.settle(node.place, text);
            }
            return;
        }
        match (shape, &node.value) {
            (Shape::Closer(..), _) => {}
            (Shape::Named(_, shape), _) => self.node(node, &shape(), what),
            (Shape::Either(shapes), _) => self.either(node, shapes, what),
            (Shape::Counted(_, least, most), Value::List(items))
                if items.len() < *least || most.is_some_and(|most| items.len() > most) =>
            {
                let most = most.map_or_else(|| "or more".to_owned(), |most| format!("to {most}"));
                let message = format!("{what}: {} items, not {least} {most}", items.len());
                self.diagnostics
                    .push(Diagnostic::error(codes::MALFORMED, message).at(node.place, ""));
            }
            (Shape::OneOrMany(shape) | Shape::List(shape) | Shape::Counted(shape, ..), Value::List(items)) => {
                self.items(items, shape, what);
            }
            (Shape::OneOrMany(shape), _) if fits(shape, node) => self.node(node, shape, what),
            (Shape::Map(fields), Value::Map(entries)) => {
                let anchor = entries.first().map_or(node.place, |entry| entry.key_place);
                self.map(entries, fields, anchor);
            }
            (Shape::Open(shape), Value::Map(entries)) => {
                entries.iter().for_each(|entry| self.entry(entry, shape));
            }
            (_, Value::Text(text)) if fits(shape, node) => self.text(text, node, shape, what),
            _ if fits(shape, node) => {}
            _ => self.diagnostics.push(wrong_type(node, shape, what)),
        }
    }

    fn entry(&mut self, entry: &Entry, shape: &Shape) {
        self.node(&entry.node, shape, &format!("`{}`", entry.key));
    }

    fn items(&mut self, items: &[Node], shape: &Shape, what: &str) {
        let what = match what.strip_prefix("an item of ") {
            Some(_) => what.to_owned(),
            None => format!("an item of {what}"),
        };
        items.iter().for_each(|item| self.node(item, shape, &what));
    }

    /// Checks a map with known keys; what is missing is reported at the anchor.
    fn map(&mut self, entries: &[Entry], fields: &Fields, anchor: Place) {
        for entry in entries {
            match fields.fields.iter().find(|field| field.name == entry.key) {
                Some(field) => self.entry(entry, &field.shape),
                None => self.diagnostics.push(unknown_key(entry, entries, &fields.fields)),
            }
        }
        let missing = |field: &&Field| field.required && !entries.iter().any(|entry| entry.key == field.name);
        for field in fields.fields.iter().filter(missing) {
            self.diagnostics.push(missing_key(field, anchor));
        }
        for keys in &fields.exactly_one {
            self.one_of(entries, keys, anchor, true);
        }
        for keys in &fields.at_least_one {
            self.one_of(entries, keys, anchor, false);
        }
        for (keys, wanted) in &fields.needing {
            let needing = entries.iter().filter(|entry| keys.contains(&entry.key.as_str()));
            for entry in needing.filter(|_| !entries.iter().any(|entry| entry.key == *wanted)) {
                let message = format!("`{}` wants `{wanted}` beside it", entry.key);
                self.diagnostics
                    .push(Diagnostic::error(codes::KEYS_DISAGREE, message).at(entry.key_place, ""));
            }
        }
    }

    fn one_of(&mut self, entries: &[Entry], keys: &[&str], anchor: Place, alone: bool) {
        let mut found = entries.iter().filter(|entry| keys.contains(&entry.key.as_str()));
        match (found.next(), found.next()) {
            (None, _) => self.diagnostics.push(
                Diagnostic::error(codes::KEYS_DISAGREE, format!("one of {} has to be here", words(keys)))
                    .at(anchor, "missing in this map"),
            ),
            (Some(first), Some(second)) if alone => self.diagnostics.push(
                Diagnostic::error(
                    codes::KEYS_DISAGREE,
                    format!("`{}` and `{}` exclude each other", first.key, second.key),
                )
                .at(second.key_place, format!("only one of {} may stand here", words(keys)))
                .also(first.key_place, "the other one"),
            ),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, node: &Node, shape: &Shape, what: &str) {
        let place = node.place;
        let diagnostic = match shape {
            _ if is_written_as(text, shape) => return,
            Shape::Choice(known) => {
                Diagnostic::error(codes::UNKNOWN_WORD, format!("{what}: `{text}` is not known here"))
                    .at(place, format!("expected {}", describe(shape)))
                    .maybe_help(did_you_mean(text, known.iter().copied()))
                    .fix(respelt(text, node, known.iter().copied()))
            }
            _ => Diagnostic::error(codes::MALFORMED, format!("{what}: `{text}` is not {}", describe(shape)))
                .at(place, "")
                .maybe_help(example(shape))
                .fix(in_capitals(text, node, shape)),
        };
        self.diagnostics.push(diagnostic);
    }

    /// Checks against the one shape that the value seems to be meant for.
    fn either(&mut self, node: &Node, shapes: &[Shape], what: &str) {
        let fitting: Vec<&Shape> = shapes.iter().filter(|shape| fits(shape, node)).collect();
        match (&node.value, fitting.as_slice()) {
            (_, []) => self
                .diagnostics
                .push(wrong_type(node, &either(shapes.iter().cloned()), what)),
            (_, [shape]) => self.node(node, shape, what),
            (Value::Map(entries), _) => {
                if let Some(shape) = fitting.iter().rev().max_by_key(|shape| likeness(entries, shape)) {
                    self.node(node, shape, what);
                }
            }
            (Value::Text(text), _) if !fitting.iter().any(|shape| is_written_as(text, shape)) => {
                self.diagnostics.push(neither(text, node, &fitting, what));
            }
            _ => {}
        }
    }
}

/// Whether a value has the type that a shape speaks of, however wrong it may be otherwise.
fn fits(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.value) {
        (Shape::Any | Shape::Closer(..), _) => true,
        (Shape::Named(_, shape), _) => fits(&shape(), node),
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits(shape, node)),
        (Shape::OneOrMany(_), Value::List(_)) => true,
        (Shape::OneOrMany(shape), _) => fits(shape, node),
        (Shape::List(_) | Shape::Counted(..), Value::List(_)) => true,
        (Shape::Map(_) | Shape::Open(_), Value::Map(_)) => true,
        (Shape::Integer | Shape::Number, Value::Int(_)) => true,
        (Shape::Number, Value::Float(_)) => true,
        (Shape::Bool, Value::Bool(_)) => true,
        (
            Shape::Text
            | Shape::Id
            | Shape::Date
            | Shape::Instant
            | Shape::Duration
            | Shape::Version
            | Shape::Choice(_),
            Value::Text(_),
        ) => true,
        _ => false,
    }
}

/// Whether text is written as a shape wants it.
fn is_written_as(text: &str, shape: &Shape) -> bool {
    match shape {
        Shape::Id => scalar::is_id(text),
        Shape::Date => scalar::is_date(text),
        Shape::Instant => scalar::is_instant(text),
        Shape::Duration => scalar::is_duration(text),
        Shape::Version => scalar::is_version(text),
        Shape::Choice(known) => known.contains(&text),
        Shape::Either(shapes) => shapes.iter().any(|shape| is_written_as(text, shape)),
        Shape::OneOrMany(shape) => is_written_as(text, shape),
        Shape::Named(_, shape) => is_written_as(text, &shape()),
        Shape::Any | Shape::Closer(..) | Shape::Text => true,
        _ => false,
    }
}

/// How well the keys of a map fit a shape: two points for each that it knows, one for a near miss.
fn likeness(entries: &[Entry], shape: &Shape) -> usize {
    match shape {
        Shape::Map(fields) => {
            let points = |entry: &Entry| {
                let names = || fields.fields.iter().map(|field| field.name);
                match names().any(|name| name == entry.key) {
                    true => 2,
                    false => usize::from(did_you_mean(&entry.key, names()).is_some()),
                }
            };
            entries.iter().map(points).sum()
        }
        Shape::Either(shapes) => shapes.iter().map(|shape| likeness(entries, shape)).max().unwrap_or(0),
        Shape::OneOrMany(shape) => likeness(entries, shape),
        Shape::Named(_, shape) => likeness(entries, &shape()),
        _ => 0,
    }
}

fn unknown_key(entry: &Entry, beside: &[Entry], fields: &[Field]) -> Diagnostic {
    let free = |name: &str| !beside.iter().any(|entry| entry.key == name);
    let known: Vec<&str> = fields
        .iter()
        .map(|field| field.name)
        .filter(|name| free(name))
        .collect();
    let meant = nearest(&entry.key, known.iter().copied()).map(|(name, alone)| {
        let fitting = fields
            .iter()
            .any(|field| field.name == name && fits(&field.shape, &entry.node));
        let applicability = match alone && fitting {
            true => Applicability::Safe,
            false => Applicability::Maybe,
        };
        Fix::word(entry.key_place, name, applicability)
    });
    let label = if known.is_empty() {
        "nothing more is known here".to_owned()
    } else {
        format!("expected one of {}", words(&known))
    };
    Diagnostic::error(codes::UNKNOWN_KEY, format!("unknown key `{}`", entry.key))
        .at(entry.key_place, label)
        .maybe_help(did_you_mean(&entry.key, known.iter().copied()))
        .fix(meant)
}

fn missing_key(field: &Field, anchor: Place) -> Diagnostic {
    Diagnostic::error(codes::MISSING_KEY, format!("missing key `{}`", field.name))
        .at(anchor, "missing in this map")
        .note(format!("`{}`: {}", field.name, field.doc))
}

fn wrong_type(node: &Node, shape: &Shape, what: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        codes::WRONG_TYPE,
        format!("{what}: expected {}, found {}", describe(shape), node.type_name()),
    )
    .at(node.place, "");
    match node.value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) if takes_text(shape) => diagnostic
            .help("put it in quotes if it is meant as text")
            .fix(in_quotes(node, shape)),
        _ => diagnostic.maybe_help(example(shape)).fix(retyped(node, shape)),
    }
}

/// A number or boolean as the text that it looks like, if a shape takes it then.
fn in_quotes(node: &Node, shape: &Shape) -> Option<Fix> {
    let shown = match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        // How many digits it was written with is not known here; a text may have any.
        _ => String::new(),
    };
    node.as_text_fix().filter(|_| is_written_as(&shown, shape))
}

/// What stands in quotes and is meant as a number or boolean, without them; one value where a list of such is expected, in brackets.
fn retyped(node: &Node, shape: &Shape) -> Option<Fix> {
    if !node.is_literal() {
        return None;
    }
    let text = node.as_text()?;
    let meant = |value: Value| Node { value, ..node.clone() };
    if let Shape::List(item) = shape {
        let is_item = fits(item, node) && is_written_as(text, item);
        let is_plain = node.style != Style::Plain || !text.contains([',', '[', ']', '{', '}']);
        let edits = [Edit::before(node.place, "["), Edit::after(node.place, "]")];
        return (is_item && is_plain).then(|| Fix::safe("make it a list", edits));
    }
    let value = scalar::resolve(text).ok()?;
    let is_other = node.style != Style::Plain && !matches!(value, Value::Text(_) | Value::Null);
    (is_other && fits(shape, &meant(value))).then(|| Fix::word(node.place, text, Applicability::Safe))
}

fn neither(text: &str, node: &Node, shapes: &[&Shape], what: &str) -> Diagnostic {
    let wanted: Vec<String> = shapes.iter().map(|shape| describe(shape)).collect();
    let words = shapes.iter().flat_map(|shape| match shape {
        Shape::Choice(known) => known.iter().copied(),
        _ => [].iter().copied(),
    });
    let known = || words.clone();
    Diagnostic::error(
        codes::MALFORMED,
        format!("{what}: `{text}` is not {}", wanted.join(" or ")),
    )
    .at(node.place, "")
    .maybe_help(did_you_mean(text, known()).or_else(|| shapes.iter().find_map(|shape| example(shape))))
    .fix(respelt(text, node, known()).or_else(|| shapes.iter().find_map(|shape| in_capitals(text, node, shape))))
}

/// The known word that a misspelt one is nearest to; it is surely meant if only letters' cases and separators differ.
fn respelt<'a>(text: &str, node: &Node, known: impl IntoIterator<Item = &'a str>) -> Option<Fix> {
    let letters = |word: &str| word.to_lowercase().replace([' ', '-'], "_");
    let (word, alone) = nearest(text, known)?;
    let applicability = match alone && letters(word) == letters(text) {
        true => Applicability::Safe,
        false => Applicability::Maybe,
    };
    node.is_literal().then(|| Fix::word(node.place, word, applicability))
}

/// A duration or instant that was written in small letters.
fn in_capitals(text: &str, node: &Node, shape: &Shape) -> Option<Fix> {
    let capitals = text.to_uppercase();
    let has_capitals = matches!(shape, Shape::Duration | Shape::Instant) && node.is_literal();
    (has_capitals && is_written_as(&capitals, shape)).then(|| Fix::word(node.place, &capitals, Applicability::Safe))
}

fn takes_text(shape: &Shape) -> bool {
    match shape {
        Shape::Text | Shape::Id | Shape::Version | Shape::Choice(_) => true,
        Shape::Either(shapes) => shapes.iter().any(takes_text),
        Shape::OneOrMany(shape) => takes_text(shape),
        Shape::Named(_, shape) => takes_text(&shape()),
        _ => false,
    }
}

/// Whether a shape takes numbers or booleans.
fn takes_other(shape: &Shape) -> bool {
    match shape {
        Shape::Integer | Shape::Number | Shape::Bool => true,
        Shape::Either(shapes) => shapes.iter().any(takes_other),
        Shape::OneOrMany(shape) => takes_other(shape),
        Shape::Named(_, shape) => takes_other(&shape()),
        _ => false,
    }
}

/// What a shape is called in messages.
fn describe(shape: &Shape) -> String {
    let name = match shape {
        Shape::Any | Shape::Closer(..) => "a value",
        Shape::Text => "text",
        Shape::Integer => "an integer",
        Shape::Number => "a number",
        Shape::Bool => "`true` or `false`",
        Shape::Id => "an id",
        Shape::Date => "a date",
        Shape::Instant => "an instant",
        Shape::Duration => "a duration",
        Shape::Version => "a version",
        Shape::List(_) | Shape::Counted(..) => "a list",
        Shape::Open(_) | Shape::Map(_) => "a map",
        Shape::Choice([word]) => return format!("`{word}`"),
        Shape::Choice(known) => return format!("one of {}", words(known)),
        Shape::OneOrMany(shape) => return format!("{} or a list", describe(shape)),
        Shape::Named(_, shape) => return describe(&shape()),
        Shape::Either(shapes) => {
            let mut names: Vec<String> = shapes.iter().map(describe).collect();
            names.dedup();
            return names.join(" or ");
        }
    };
    name.to_owned()
}

/// How a value of a shape is written, where that is not plain.
fn example(shape: &Shape) -> Option<String> {
    let example = match shape {
        Shape::Id => "use small letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
        Shape::Date => "write it as 2026-11-21",
        Shape::Instant => "write it as 2026-11-21T09:30:00Z",
        Shape::Duration => "write it as P7Y, P18M or P30D",
        Shape::Version => "write three numbers, such as 1.2.0",
        _ => return None,
    };
    Some(example.to_owned())
}

fn words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
