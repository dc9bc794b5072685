//! `operators.yaml`: who operates Lexhold, in which roles.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostic, Diagnostics, Document, Place, Shape, list, map, optional, path, required};
use serde::Deserialize;

use crate::codes;

/// Somebody who operates Lexhold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Operator {
    /// The id that `--as` takes and every journal entry names.
    pub id: String,
    /// The name, for people who read reports.
    pub name: Option<String>,
    /// The roles that governance policies ask for.
    pub roles: Vec<String>,
    /// An Ed25519 public key, as 64 hexadecimal digits.
    pub public_key: Option<String>,
}

/// The operators of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operators {
    people: BTreeMap<String, Operator>,
}

/// The keys of an operators document.
pub fn operators_shape() -> Shape {
    map([required(
        "people",
        list(map([
            required("id", Shape::Id, "what `--as` takes"),
            optional("name", Shape::Text, "the person's name"),
            required("roles", list(Shape::Id), "what they may do, by the governance policies"),
            optional("public_key", Shape::Text, "an Ed25519 public key, as 64 hexadecimal digits"),
        ])),
        "one item a person",
    )])
}

impl Operators {
    /// Reads an operators document, whose shape has been checked.
    pub fn compile(document: &Document, diagnostics: &mut Diagnostics) -> Option<Self> {
        #[derive(Deserialize)]
        struct Listed {
            people: Vec<Operator>,
        }
        let listed: Listed = document.typed(diagnostics)?;
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        let mut operators = Self::default();
        let mut sound = true;
        for (at, operator) in listed.people.into_iter().enumerate() {
            let place = document.place(&path!["people", at, "id"]);
            if let Some(first) = places.insert(operator.id.clone(), place) {
                sound = false;
                diagnostics.push(
                    Diagnostic::error(codes::SAME_OPERATOR, format!("two operators are called `{}`", operator.id))
                        .at(place, "")
                        .also(first, "first listed here"),
                );
            }
            if operator.public_key.as_deref().is_some_and(|key| !is_public_key(key)) {
                sound = false;
                diagnostics.push(
                    Diagnostic::error(codes::BAD_PUBLIC_KEY, format!("the public key of `{}` is none", operator.id))
                        .at(document.place(&path!["people", at, "public_key"]), "expected 64 hexadecimal digits"),
                );
            }
            operators.people.insert(operator.id.clone(), operator);
        }
        sound.then_some(operators)
    }

    /// The operator with this id.
    pub fn get(&self, id: &str) -> Option<&Operator> {
        self.people.get(id)
    }

    /// All operators, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Operator> {
        self.people.values()
    }
}

fn is_public_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
