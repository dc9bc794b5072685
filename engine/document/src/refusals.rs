//! What is told about a text that the event pass refuses.

use granit_parser::ErrorKind;

use crate::scalar::Refusal;
use crate::{Applicability, Diagnostic, Edit, Fix, Node, Place, codes, limits};

const EXAMPLE: &str = "the smallest document:\nlexhold: 1\nlexicon: example\nterms: [guarantee]";

pub(crate) fn too_large(place: Place) -> Diagnostic {
    let limit = limits::FILE_BYTES / (1024 * 1024);
    Diagnostic::error(codes::FILE_TOO_LARGE, format!("the file is larger than {limit} MiB"))
        .at(place, "")
        .help("split it")
}

pub(crate) fn byte_order_mark(place: Place) -> Diagnostic {
    Diagnostic::warning(codes::BYTE_ORDER_MARK, "the file begins with a byte-order mark")
        .at(place, "not needed in UTF-8")
        .help("save the file as UTF-8 without a byte-order mark")
        .fix(Fix::safe("delete it", [Edit::delete(place)]))
}

pub(crate) fn empty(place: Place) -> Diagnostic {
    Diagnostic::error(codes::EMPTY, "empty policy file")
        .at(place, "nothing but comments and white space")
        .help(EXAMPLE)
}

pub(crate) fn not_a_map(root: &Node) -> Diagnostic {
    let message = format!("a document is a map, but this is {}", root.type_name());
    Diagnostic::error(codes::NOT_A_MAP, message)
        .at(root.place, "expected `lexhold: 1` here")
        .help(EXAMPLE)
}

pub(crate) fn second_document(place: Place) -> Diagnostic {
    let message = "a file holds one document, but here begins another";
    Diagnostic::error(codes::SECOND_DOCUMENT, message)
        .at(place, "second document")
        .help("move it to a file of its own")
}

pub(crate) fn duplicate_key(key: &str, place: Place, first: Place) -> Diagnostic {
    Diagnostic::error(codes::DUPLICATE_KEY, format!("the key `{key}` stands twice in one map"))
        .at(place, "second time")
        .also(first, "first defined here")
}

pub(crate) fn merge_key(place: Place) -> Diagnostic {
    Diagnostic::error(codes::MERGE_KEY, "merge keys are not allowed")
        .at(place, "")
        .help("write the keys out, or import a document")
}

pub(crate) fn key_not_text(key: &Node) -> Diagnostic {
    let message = format!("a key has to be text, but this is {}", key.type_name());
    Diagnostic::error(codes::KEY_NOT_TEXT, message)
        .at(key.place, "")
        .help("put the key in quotes")
        .fix(key.as_text_fix())
}

pub(crate) fn scalar(text: &str, refusal: Refusal, place: Place) -> Diagnostic {
    match refusal {
        Refusal::Boolean(meant) => {
            let message = format!("`{text}` is a boolean to some readers of YAML and text to others");
            Diagnostic::error(codes::AMBIGUOUS_BOOLEAN, message)
                .at(place, "neither text nor a boolean")
                .help(format!("write '{text}' for the word, or {meant} for the boolean"))
                .fix(Fix::quote(place))
                .fix(Fix::word(place, &meant.to_string(), Applicability::Maybe))
        }
        Refusal::Mark => {
            let message = "a text that begins with `?` or `:` means something else to some readers of YAML";
            Diagnostic::error(codes::AMBIGUOUS_TEXT, message)
                .at(place, "")
                .help("put it in quotes")
                .fix(Some(Fix::quote(place).surely()).filter(|_| !text.contains(['\'', '\n'])))
        }
        Refusal::Number(reason) => Diagnostic::error(codes::AMBIGUOUS_NUMBER, format!("the number `{text}` {reason}"))
            .at(place, "")
            .help(format!("write '{text}' if it is text, or another decimal number"))
            .fix(Fix::quote(place)),
    }
}

pub(crate) fn alias(place: Place) -> Diagnostic {
    Diagnostic::error(codes::ALIAS, "alias not allowed")
        .at(place, "stands for something elsewhere")
        .help("write it out, or use a parameter or an import")
}

pub(crate) fn anchor(place: Place) -> Diagnostic {
    Diagnostic::error(codes::ALIAS, "anchor not allowed")
        .at(place, "")
        .help("delete it; aliases are not allowed either")
}

pub(crate) fn tag(place: Place) -> Diagnostic {
    Diagnostic::error(codes::TAG, "tag not allowed")
        .at(place, "")
        .help("delete it; put a value in quotes to make it text")
}

pub(crate) fn too_many_nodes(place: Place) -> Diagnostic {
    let message = format!("more than {} nodes: the node limit of a file", limits::NODES);
    Diagnostic::error(codes::TOO_MANY_NODES, message)
        .at(place, "one too many")
        .help("split the file")
}

pub(crate) fn too_deep(place: Place) -> Diagnostic {
    let message = format!("nesting deeper than {}", limits::DEPTH);
    Diagnostic::error(codes::TOO_DEEP, message).at(place, "one level too many")
}

pub(crate) fn too_many_errors(place: Place) -> Diagnostic {
    let message = format!("more than {} errors: the file is not read on", limits::ERRORS);
    Diagnostic::error(codes::TOO_MANY_ERRORS, message).at(place, "")
}

/// What is told where the parser itself stopped.
///
/// `behind` is what stands right in front of it.
pub(crate) fn syntax(kind: &ErrorKind, place: Place, behind: Option<char>) -> Diagnostic {
    match kind {
        ErrorKind::RecursionLimitExceeded => too_deep(place),
        ErrorKind::DirectiveDisallowed => Diagnostic::error(codes::DIRECTIVE, "directive not allowed")
            .at(place, "")
            .help("delete the line"),
        kind => Diagnostic::error(
            codes::SYNTAX,
            format!("not YAML: {}", kind.to_string().replace('\'', "`")),
        )
        .at(place, "")
        .maybe_help(help(kind, behind).map(str::to_owned)),
    }
}

fn help(kind: &ErrorKind, behind: Option<char>) -> Option<&'static str> {
    match kind {
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry
            if behind.is_some_and(is_closing) =>
        {
            Some("put the whole text in quotes; without, it ends where its first bracket or quote is closed")
        }
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

/// Whether a character ends a value by itself.
fn is_closing(c: char) -> bool {
    matches!(c, ']' | '}' | '"' | '\'')
}
