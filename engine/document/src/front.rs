//! The front of every document: `lexhold: 1`, the kind's key with the name, and what all share.

use crate::{
    Diagnostic, Diagnostics, Entry, Field, Fields, Kind, Node, Shape, Style, Value, check::check_entry, codes,
    did_you_mean, list, map, open, optional, required,
};

/// The front of one document.
pub(crate) struct Front {
    pub kind: Kind,
    pub name: String,
    pub version: Option<String>,
}

/// The keys that any document of a kind may have, for a schema; checking knows them already.
pub fn front_fields(kind: Kind) -> Vec<Field> {
    let scalar = || crate::either([Shape::Text, Shape::Number, Shape::Bool]);
    let mut fields = vec![
        required("lexhold", Shape::Integer, "the format of the document, 1"),
        required(kind.key(), Shape::Id, "the document's name"),
    ];
    if kind.is_versioned() {
        fields.push(required(
            "version",
            Shape::Version,
            "changes whenever what the document says changes",
        ));
    }
    fields.extend([
        optional("title", Shape::Text, "one line for people"),
        optional("owner", Shape::Text, "who answers for the document"),
        optional(
            "parameters",
            open(scalar()),
            "values put in for `${name}`, with their defaults",
        ),
        optional(
            "imports",
            list(map([
                required("file", Shape::Text, "the path, relative to this file"),
                optional(
                    "with",
                    open(scalar()),
                    "values for the parameters of the imported document",
                ),
            ])),
            "documents that this one needs",
        ),
    ]);
    fields
}

/// Whether [`read`] checks a front key; `title` and `owner` are left to the kind's shape.
fn is_read_here(kind: Kind, key: &str) -> bool {
    matches!(key, "lexhold" | "version" | "parameters" | "imports") || key == kind.key()
}

/// A kind's own keys with the front keys behind them; of these, what [`read`] has checked may be
/// anything.
pub(crate) fn beside(kind: Kind, own: &Fields) -> Fields {
    let mut all = own.clone();
    all.fields.retain(|field| !is_read_here(kind, field.name));
    for field in front_fields(kind) {
        if is_read_here(kind, field.name) {
            all.fields.push(optional(field.name, Shape::Any, field.doc));
        } else if !own.fields.iter().any(|own| own.name == field.name) {
            all.fields.push(field);
        }
    }
    all
}

/// A kind's own keys behind the front keys; where a kind has its own word on one of these, that counts.
pub(crate) fn whole(kind: Kind, own: &Fields) -> Fields {
    let mut fields = front_fields(kind);
    fields.retain(|field| is_read_here(kind, field.name) || !own.fields.iter().any(|own| own.name == field.name));
    let own_fields = own.fields.iter().filter(|field| !is_read_here(kind, field.name));
    fields.extend(own_fields.cloned());
    Fields { fields, ..own.clone() }
}

/// The keys of a document in the order in which they are laid out: those of every document, then the kind's own.
pub(crate) fn layout(kind: Kind, own: Shape) -> Shape {
    let mut fields = front_fields(kind);
    if let Shape::Map(own) = own {
        let is_new = |own: &Field| fields.iter().all(|field| field.name != own.name);
        let new: Vec<Field> = own.fields.into_iter().filter(is_new).collect();
        fields.extend(new);
    }
    map(fields)
}

/// Reads the front; `None` if the document's kind or name cannot be told.
pub(crate) fn read(root: &Node, diagnostics: &mut Diagnostics) -> Option<Front> {
    let entries = root.as_map()?;
    format(root, entries, diagnostics);
    let (kind, entry) = kind(root, entries, diagnostics)?;
    check_front(kind, root, diagnostics);
    let version = root.entry("version");
    match version {
        None if kind.is_versioned() => diagnostics.push(
            Diagnostic::error(codes::VERSION_MISSING, format!("a {kind} has to have a version"))
                .at(entry.key_place, "without a `version`")
                .help("add `version: 1.0.0`"),
        ),
        Some(version) if !kind.is_versioned() => diagnostics.push(
            Diagnostic::error(codes::VERSION_NOT_ALLOWED, format!("a {kind} has no version"))
                .at(version.key_place, "")
                .help("delete the line"),
        ),
        _ => {}
    }
    let name = entry.node.as_text()?.to_owned();
    let version = version.and_then(|version| version.node.as_text()).map(str::to_owned);
    Some(Front {
        kind,
        name,
        version: version.filter(|_| kind.is_versioned()),
    })
}

/// Checks that the first key is `lexhold: 1`.
fn format(root: &Node, entries: &[Entry], diagnostics: &mut Diagnostics) {
    let Some(entry) = root.entry("lexhold") else {
        let place = entries.first().map_or(root.place, |entry| entry.key_place);
        diagnostics.push(
            Diagnostic::error(codes::FORMAT_MISSING, "the first key has to be `lexhold`")
                .at(place, "")
                .help("begin the file with `lexhold: 1`"),
        );
        return;
    };
    if entries.first().is_some_and(|first| first.key != "lexhold") {
        diagnostics.push(
            Diagnostic::error(codes::FORMAT_MISSING, "`lexhold` has to be the first key")
                .at(entry.key_place, "")
                .help("move the line to the top of the file"),
        );
    }
    if entry.node.value != Value::Int(1) && entry.node.style != Style::Refused {
        diagnostics.push(
            Diagnostic::error(
                codes::FORMAT_UNKNOWN,
                "this version of lexhold reads the format `1` only",
            )
            .at(entry.node.place, "")
            .help("write `lexhold: 1`, or use the version that the document is written for"),
        );
    }
}

/// The kind, told by the second key.
fn kind<'n>(root: &Node, entries: &'n [Entry], diagnostics: &mut Diagnostics) -> Option<(Kind, &'n Entry)> {
    let mut rest = entries.iter().filter(|entry| entry.key != "lexhold");
    let second = rest.next();
    if let Some(found) = second.and_then(|entry| Some((Kind::from_key(&entry.key)?, entry))) {
        return Some(found);
    }
    let known: Vec<String> = Kind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
    let wrong = Diagnostic::error(codes::KIND_UNKNOWN, "the second key has to name the kind of document");
    let Some(second) = second else {
        diagnostics.push(wrong.at(root.place, format!("expected one of {}", known.join(", "))));
        return None;
    };
    // A kind's key further down is what was meant.
    let later = rest.find_map(|entry| Some((Kind::from_key(&entry.key)?, entry)));
    diagnostics.push(match later {
        Some((kind, entry)) => wrong
            .at(second.key_place, "not a kind of document")
            .also(entry.key_place, "this is one")
            .help(format!("move `{kind}` up to the second line")),
        None => wrong
            .at(second.key_place, format!("expected one of {}", known.join(", ")))
            .maybe_help(did_you_mean(&second.key, Kind::ALL.iter().map(|kind| kind.key()))),
    });
    later
}

/// Checks the values of the front keys, except the format, which has been.
fn check_front(kind: Kind, root: &Node, diagnostics: &mut Diagnostics) {
    for field in front_fields(kind) {
        let is_ours = is_read_here(kind, field.name) && field.name != "lexhold";
        if let Some(entry) = root.entry(field.name).filter(|_| is_ours) {
            check_entry(entry, &field.shape, diagnostics);
        }
    }
}
