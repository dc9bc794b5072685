//! `operators.yaml`: who operates Lexhold, in which roles.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostic, Diagnostics, Document, Place, Shape, list, map, optional, path, required};
use serde::Deserialize;

use crate::codes;

/// Somebody who operates Lexhold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Operator {
    /// The id that `--as` takes and every journal entry names.
    pub id: String,
    /// The name, for people who read reports.
    pub name: Option<String>,
    /// Who they are in the directory, where the id there is another one; `none` for somebody outside the firm.
    pub person: Option<String>,
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
            optional(
                "person",
                Shape::Text,
                "their id in the directory, where it is another one; `none` for somebody outside the firm",
            ),
            required("roles", list(Shape::Id), "what they may do, by the governance policies"),
            optional(
                "public_key",
                Shape::Text,
                "an Ed25519 public key, as 64 hexadecimal digits",
            ),
        ])),
        "one item a person",
    )])
}

impl Operator {
    /// Their id in the directory; none for somebody outside the firm.
    pub fn person(&self) -> Option<&str> {
        match self.person.as_deref() {
            Some(OUTSIDE) => None,
            person => Some(person.unwrap_or(&self.id)),
        }
    }

    /// Whether the document says that they are outside the firm.
    pub fn is_outside(&self) -> bool {
        self.person.as_deref() == Some(OUTSIDE)
    }
}

/// What stands under `person` for somebody outside the firm.
const OUTSIDE: &str = "none";

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
                    Diagnostic::error(
                        codes::SAME_OPERATOR,
                        format!("two operators are called `{}`", operator.id),
                    )
                    .at(place, "")
                    .also(first, "first listed here"),
                );
            }
            if operator.public_key.as_deref().is_some_and(|key| !is_public_key(key)) {
                sound = false;
                diagnostics.push(
                    Diagnostic::error(
                        codes::BAD_PUBLIC_KEY,
                        format!("the public key of `{}` is none", operator.id),
                    )
                    .at(
                        document.place(&path!["people", at, "public_key"]),
                        "expected 64 hexadecimal digits",
                    ),
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

#[cfg(test)]
mod tests {
    use lexhold_document::check_shape;

    use super::*;
    use crate::testing::{document, line};

    fn compile(people: &str) -> Result<Operators, Vec<String>> {
        let (files, document) = document(&format!("lexhold: 1\noperators: acme\npeople:\n{people}"));
        let mut diagnostics = Diagnostics::new();
        check_shape(&document, &operators_shape(), &mut diagnostics);
        let operators = Operators::compile(&document, &mut diagnostics);
        let lines = diagnostics.sorted(&files);
        if lines.is_empty() {
            Ok(operators.unwrap())
        } else {
            Err(lines.iter().map(|it| line(&files, it)).collect())
        }
    }

    #[test]
    fn operators_have_roles_and_may_have_keys() {
        let key = "0123456789abcdef".repeat(4);
        let text = format!(
            "  - {{ id: ann, name: Ann, roles: [legal], public_key: {key}, person: a.smith }}\n  - {{ id: bob, roles: [] }}\n  - {{ id: cyd, person: none, roles: [] }}\n"
        );
        let text = text.replace(&key, &format!("\"{key}\""));
        let operators = compile(&text).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        assert_eq!(
            operators
                .iter()
                .map(|operator| operator.id.as_str())
                .collect::<Vec<_>>(),
            ["ann", "bob", "cyd"]
        );
        let person = |id: &str| operators.get(id).unwrap().person();
        assert_eq!(
            [person("ann"), person("bob"), person("cyd")],
            [Some("a.smith"), Some("bob"), None]
        );
        let ann = operators.get("ann").unwrap();
        assert_eq!(
            (ann.roles.as_slice(), ann.public_key.as_deref()),
            (["legal".to_owned()].as_slice(), Some(key.as_str()))
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        let found = compile("  - { id: ann, roles: [legal] }\n  - { id: ann, roles: [x], public_key: abc }\n")
            .err()
            .unwrap();
        assert_eq!(
            found,
            [
                "LX0950 5:11 `ann` two operators are called `ann`",
                "LX0951 5:40 `abc` the public key of `ann` is none (expected 64 hexadecimal digits)",
            ]
        );
        let found = compile("  - { id: ann, role: [legal] }\n").err().unwrap();
        assert!(
            found.iter().any(|line| line.contains("did you mean `roles`?")),
            "{found:#?}"
        );
    }
}
