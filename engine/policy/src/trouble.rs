//! Cedar's complaints in our words: code, place, shortened lists, help.

use std::ops::Range;

use cedar_policy::ValidationError;
use lexhold_document::{Diagnostic, FileId, Files, Place};

use crate::{codes, lex};

/// What Cedar says of a text, before it is known where that text stands.
pub(crate) struct Complaint {
    pub message: String,
    pub label: String,
    /// Bytes of the text that Cedar was given; nothing when it gives no place.
    pub range: Option<Range<usize>>,
    pub help: Option<String>,
}

/// Takes one of Cedar's errors apart.
pub(crate) fn complaint(error: &dyn miette::Diagnostic) -> Complaint {
    let label = error.labels().and_then(|mut labels| labels.next());
    Complaint {
        message: plain(&error.to_string()),
        label: label
            .as_ref()
            .and_then(|label| label.label())
            .map(expected)
            .unwrap_or_default(),
        range: label.map(|label| label.offset()..label.offset() + label.len()),
        help: error.help().map(|help| plain(&help.to_string())),
    }
}

/// Every error of a file of Cedar text, each at its own place in it.
pub(crate) fn in_file(
    code: &'static str,
    error: &dyn miette::Diagnostic,
    files: &Files,
    file: FileId,
) -> Vec<Diagnostic> {
    let related = error.related().into_iter().flatten();
    std::iter::once(error)
        .chain(related)
        .map(|error| {
            let complaint = complaint(error);
            let range = complaint.range.clone().unwrap_or(0..0);
            complaint.into_error(code, within(files, file, range))
        })
        .collect()
}

/// Puts a diagnostic at the first place where a word stands in a file.
pub(crate) fn at_word(diagnostic: Diagnostic, word: &str, files: &Files, file: FileId) -> Diagnostic {
    let text = files.text(file);
    let found = lex::tokens(text).into_iter().find_map(|token| match token {
        lex::Token::Word(range) if text[range.clone()] == *word => Some(range),
        _ => None,
    });
    diagnostic.at(within(files, file, found.unwrap_or(0..0)), "")
}

fn within(files: &Files, file: FileId, range: Range<usize>) -> Place {
    let length = files.text(file).len();
    Place {
        file,
        start: range.start.min(length),
        end: range.end.min(length),
    }
}

impl Complaint {
    /// Points at the attribute that is wrong rather than at the whole expression it stands in.
    pub(crate) fn narrowed(mut self, text: &str) -> Self {
        let Some((range, attribute)) = self.attribute_in(text) else {
            return self;
        };
        let base = text[range.start..attribute.start].trim_end_matches('.').to_owned();
        let name = &text[attribute.clone()];
        if self.message.contains("optional attribute") {
            self.message = format!("`{base}.{name}` may be missing");
            self.help = Some(format!("ask for it first: `{base} has {name} && …`"));
        }
        self.range = Some(attribute);
        self
    }

    /// Where the complaint's expression and the attribute that it names stand.
    fn attribute_in(&self, text: &str) -> Option<(Range<usize>, Range<usize>)> {
        let (_, rest) = self.message.split_once("attribute `")?;
        let name = rest.split_once('`')?.0.rsplit('.').next()?;
        let range = self.range.clone()?;
        let inside = text.get(range.clone())?;
        let found = lex::tokens(inside).into_iter().find_map(|token| match token {
            lex::Token::Word(at) if inside[at.clone()] == *name && inside[..at.start].ends_with('.') => Some(at),
            _ => None,
        })?;
        Some((range.clone(), range.start + found.start..range.start + found.end))
    }

    /// The diagnostic that says so at a place.
    pub(crate) fn into_error(self, code: &'static str, place: Place) -> Diagnostic {
        Diagnostic::error(code, self.message)
            .at(place, self.label)
            .maybe_help(self.help)
    }

    /// The warning that says so at a place.
    pub(crate) fn into_warning(self, code: &'static str, place: Place) -> Diagnostic {
        Diagnostic::warning(code, self.message)
            .at(place, self.label)
            .maybe_help(self.help)
    }
}

/// The code of a type error.
pub(crate) fn code_of(error: &ValidationError) -> &'static str {
    match error {
        ValidationError::UnsafeAttributeAccess(_) => codes::UNKNOWN_ATTRIBUTE,
        ValidationError::UnsafeOptionalAttributeAccess(_) => codes::UNGUARDED_ATTRIBUTE,
        ValidationError::UnrecognizedEntityType(_)
        | ValidationError::UnrecognizedActionId(_)
        | ValidationError::UndefinedFunction(_) => codes::UNKNOWN_NAME,
        _ => codes::ILL_TYPED,
    }
}

/// One line, without the policy id that Cedar puts in front and without the names of its own types.
fn plain(message: &str) -> String {
    const INTERNAL: [(&str, &str); 3] = [
        ("Set<__cedar::internal::AnyEntity>", "a set of entities"),
        ("__cedar::internal::AnyEntity", "an entity"),
        ("Set<__cedar::internal::Any>", "a set"),
    ];
    let message = INTERNAL
        .iter()
        .fold(message.to_owned(), |text, (name, words)| text.replace(name, words));
    let rest = message
        .strip_prefix("for policy `")
        .and_then(|rest| rest.split_once("`, "))
        .map(|(_, rest)| rest);
    rest.unwrap_or(&message)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Cedar's list of everything that could stand somewhere, as a person would say it.
fn expected(label: &str) -> String {
    const SHOWN: usize = 4;
    let Some(list) = label.strip_prefix("expected ") else {
        return plain(label);
    };
    let tokens: Vec<&str> = list
        .split(", ")
        .map(|token| token.strip_prefix("or ").unwrap_or(token))
        .flat_map(|token| token.split(" or "))
        .collect();
    let has = |token: &str| tokens.contains(&token);
    if has("identifier") && has("number") {
        return "expected a value, such as `resource.platform`, a string or a number".to_owned();
    }
    if has("`&&`") && has("`||`") {
        return "expected `&&`, `||`, another operator, or the end of the condition".to_owned();
    }
    if tokens.len() <= SHOWN {
        return plain(label);
    }
    format!(
        "expected {} or {} others",
        tokens[..SHOWN].join(", "),
        tokens.len() - SHOWN
    )
}
