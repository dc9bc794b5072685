//! What a condition cannot ask about, though Cedar's types would let it.
//!
//! A request carries the principal, the sender, the channel and the message. A person named in the text is not
//! among them, and the message itself has no identity that a condition could compare.

use std::collections::BTreeSet;
use std::ops::Range;

use lexhold_document::did_you_mean;
use serde_json::Value;

use crate::reads::path;
use crate::{codes, lex};

/// Something out of reach.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    pub code: &'static str,
    pub message: String,
    pub help: Option<String>,
    /// The entity name or variable to point at.
    word: Word,
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Entity { kind: String, id: String },
    Variable(String),
}

impl Beyond {
    /// The bytes of the clause to point at: the whole of it where the word is not found.
    pub(crate) fn place_in(&self, text: &str) -> Range<usize> {
        let found = match &self.word {
            Word::Entity { kind, id } => lex::entity_names(text).into_iter().find_map(|(known, literal, range)| {
                let unquoted = literal.trim_matches('"');
                (known == *kind && (unquoted == id || unquoted.contains('\\'))).then_some(range)
            }),
            Word::Variable(name) => lex::tokens(text).into_iter().find_map(|token| match token {
                lex::Token::Word(range) if text[range.clone()] == *name => Some(range),
                _ => None,
            }),
        };
        found.unwrap_or(0..text.trim_end().len())
    }

    fn entity(kind: &str, id: &str) -> Self {
        Self {
            message: format!(
                "`{kind}::\"{}\"` can be compared with, but nothing is known about it",
                id.escape_debug()
            ),
            help: Some("ask about `principal`, `resource.sender` or `resource.channel`".to_owned()),
            code: codes::OUT_OF_REACH,
            word: Word::Entity {
                kind: kind.to_owned(),
                id: id.to_owned(),
            },
        }
    }

    /// Asks for an attribute that nothing has. Cedar takes that for a question whose answer is no.
    fn misspelt(has: &Value, attributes: &BTreeSet<String>) -> Option<Self> {
        let base = path(has.get("left")?)?;
        let names = match has.get("attr")? {
            Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
            name => vec![name.as_str()?],
        };
        let paths = (1..=names.len()).map(|depth| format!("{base}.{}", names[..depth].join(".")));
        let wrong = paths.into_iter().find(|path| !attributes.contains(path))?;
        let (parent, name) = wrong.rsplit_once('.')?;
        let siblings = attributes
            .iter()
            .filter_map(|path| path.rsplit_once('.').filter(|(of, _)| *of == parent));
        Some(Self {
            code: codes::UNKNOWN_ATTRIBUTE,
            message: format!("attribute `{name}` of `{parent}` not found"),
            help: did_you_mean(name, siblings.map(|(_, name)| name)),
            word: Word::Variable(name.to_owned()),
        })
    }

    /// Tags have names that no type check knows: Cedar takes a question for them to be one whose answer is no.
    fn tags(operator: &str) -> Self {
        Self {
            message: "nothing that a condition asks about has tags".to_owned(),
            help: Some("declare an attribute in `FirmPerson` or `FirmMessage` and ask for it".to_owned()),
            code: codes::OUT_OF_REACH,
            word: Word::Variable(operator.to_owned()),
        }
    }

    fn message_itself() -> Self {
        Self {
            message: "`resource` can only be asked for its attributes".to_owned(),
            help: Some("single messages are named by the `ids` of a hold".to_owned()),
            code: codes::OUT_OF_REACH,
            word: Word::Variable("resource".to_owned()),
        }
    }
}

/// All that an expression, in Cedar's JSON form, asks beyond what a request carries and these attributes hold.
pub(crate) fn beyond(expr: &Value, attributes: &BTreeSet<String>) -> Vec<Beyond> {
    let mut found = Vec::new();
    walk(expr, attributes, &mut found);
    found
}

fn walk(expr: &Value, attributes: &BTreeSet<String>, found: &mut Vec<Beyond>) {
    match expr {
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, attributes, found)),
        Value::Object(fields) => {
            for (operator, body) in fields {
                if operator == "has" {
                    found.extend(Beyond::misspelt(body, attributes));
                }
                match operator.as_str() {
                    "getTag" | "hasTag" => found.push(Beyond::tags(operator)),
                    "." | "has" | "in" | "is" => asked(operator, body, attributes, found),
                    "Var" if body == "resource" => found.push(Beyond::message_itself()),
                    "Value" => {}
                    _ => walk(body, attributes, found),
                }
            }
        }
        _ => {}
    }
}

/// An operator that looks into what stands on its left.
fn asked(operator: &str, body: &Value, attributes: &BTreeSet<String>, found: &mut Vec<Beyond>) {
    for (side, operand) in body.as_object().into_iter().flatten() {
        let on_left = side == "left";
        if on_left {
            named_in_value(operand, found);
        }
        let attribute_of_message = on_left && operator != "in" && operand == &serde_json::json!({"Var": "resource"});
        if !attribute_of_message {
            walk(operand, attributes, found);
        }
    }
}

/// Entities written in the text that an expression may have as its value.
fn named_in_value(expr: &Value, found: &mut Vec<Beyond>) {
    let Some((operator, body)) = expr.as_object().and_then(|fields| fields.iter().next()) else {
        return;
    };
    match operator.as_str() {
        "Value" => {
            let part = |name| {
                body.get("__entity")
                    .and_then(|entity| entity.get(name))
                    .and_then(Value::as_str)
            };
            if let (Some(kind), Some(id)) = (part("type"), part("id")) {
                found.push(Beyond::entity(kind, id));
            }
        }
        "if-then-else" => {
            ["then", "else"]
                .into_iter()
                .filter_map(|branch| body.get(branch))
                .for_each(|it| named_in_value(it, found));
        }
        "Record" => body
            .as_object()
            .into_iter()
            .flatten()
            .for_each(|(_, value)| named_in_value(value, found)),
        _ => {}
    }
}
