//! What a condition can ask about, and what the schema says of it.

use std::ops::Range;

use lexhold_document::Kind;
use lexhold_policy::{Action, Schemas};

/// The action that the conditions of a kind of document belong to.
pub fn action(kind: Kind) -> Option<Action> {
    match kind {
        Kind::Ruleset => Some(Action::Scan),
        Kind::Supervision => Some(Action::Communicate),
        Kind::Retention => Some(Action::Retain),
        Kind::Hold => Some(Action::Hold),
        _ => None,
    }
}

/// The attribute under a byte of a text: its whole path, up to the part under the byte.
pub fn attribute(text: &str, at: usize) -> Option<Range<usize>> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let start = text[..at].rfind(|c: char| !is_part(c) && c != '.').map_or(0, |before| {
        before + text[before..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[at..]
        .find(|c: char| !is_part(c))
        .map_or(text.len(), |length| at + length);
    let path = text.get(start..end)?;
    (path.starts_with("resource.") || path.starts_with("principal.")).then_some(start..end)
}

/// What may follow a path that ends with a dot, or begin one, by the part that is typed of it.
pub fn next_parts<'s>(schemas: &'s Schemas, kind: Kind, typed: &str) -> Vec<(&'s str, String)> {
    let Some(action) = action(kind) else { return Vec::new() };
    let parent = typed.rfind('.').map_or("", |dot| &typed[..=dot]);
    let mut parts: Vec<(&str, String)> = Vec::new();
    for path in schemas.attributes(action) {
        let Some(rest) = path.strip_prefix(parent) else {
            continue;
        };
        let part = rest.split('.').next().unwrap_or_default();
        if parts.iter().all(|(known, _)| *known != part) {
            parts.push((part, format!("{parent}{part}")));
        }
    }
    parts
}

/// What the schema's comments say of an attribute.
pub fn doc(schemas: &Schemas, path: &str) -> Option<String> {
    let mut parts = path.rsplit('.');
    let (name, parent) = (parts.next()?, parts.next()?);
    let declared = match parent {
        "principal" | "sender" => "entity Person ",
        "channel" => "entity Channel ",
        "recipients" | "participants" => "type Audience ",
        "firm" => "type Firm",
        _ => "entity Message ",
    };
    schemas.texts().into_iter().rev().find_map(|text| {
        let block = &text[text.find(declared)?..];
        let block = &block[..block.find("\n}").unwrap_or(block.len())];
        let mut said: Vec<&str> = Vec::new();
        for line in block.lines().map(str::trim) {
            match line.strip_prefix("//") {
                Some(comment) => said.push(comment.trim()),
                None if is_named(line, name) => return Some(format!("{}\n\n{}", said.join(" "), code(line))),
                None => said.clear(),
            }
        }
        None
    })
}

fn is_named(line: &str, name: &str) -> bool {
    let rest = line.strip_prefix(name).map(|rest| rest.trim_start_matches('?'));
    rest.is_some_and(|rest| rest.starts_with(':'))
}

fn code(line: &str) -> String {
    format!("`{}`", line.trim_end_matches([',', '{', ' ']))
}
