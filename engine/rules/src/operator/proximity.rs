//! Operators that say where things stand to one another.

use lexhold_document::{Diagnostic, Entry, Node, Value, did_you_mean};

use super::{Reader, wrong};
use crate::beside::Window;
use crate::expression::{Expression, Scope};
use crate::near::Nearness;
use crate::{codes, limits};

impl Reader<'_, '_> {
    /// Reads `near` or `before`.
    pub(super) fn near(&mut self, entry: &Entry, ordered: bool) -> Option<Expression> {
        let (name, node) = (entry.key.as_str(), &entry.node);
        let sound = self.has_keys(
            entry,
            &["of", "within"],
            &format!("{name}: {{of: [move, whatsapp], within: 5}}"),
        )?;
        let within = self.within(name, entry);
        let operands = match node.get("of") {
            Some(of) => self.operands(name, of),
            None => self.lacks(entry, "of", "what to find"),
        };
        let nearness = Nearness {
            within: within?,
            ordered,
        };
        sound.then_some(Expression::Near(operands?, nearness))
    }

    /// Reads `not_near`.
    pub(super) fn not_near(&mut self, entry: &Entry) -> Option<Expression> {
        let node = &entry.node;
        let example = "not_near: {of: guarantee, without: [no, not], within: 3}";
        let sound = self.has_keys(entry, &["of", "without", "within", "side"], example)?;
        let within = self.within("not_near", entry);
        let side = self.side(node);
        let mut operand = |key, label| match node.get(key) {
            Some(operand) => self.operand(operand),
            None => self.lacks(entry, key, label),
        };
        let of = operand("of", "what to find");
        let without = operand("without", "what must not stand beside it");
        let window = side?.window(within?);
        let operands = (of?, without?);
        sound.then(|| Expression::NotNear(Box::new(operands), window))
    }

    /// Reads `same_sentence` or `same_paragraph`.
    pub(super) fn same_stretch(&mut self, entry: &Entry, scope: Scope) -> Option<Expression> {
        let operands = self.operands(&entry.key, &entry.node)?;
        Some(Expression::Within(operands, scope))
    }

    /// Reads `same_message`.
    pub(super) fn same_message(&mut self, entry: &Entry) -> Option<Expression> {
        let items = self.list(entry)?;
        if self.in_part {
            return self.refuse(
                Diagnostic::error(
                    codes::MISPLACED_SCOPE,
                    "`same_message` stands where one part is looked at",
                )
                .at(entry.key_place, "")
                .note("proximity, `unless` and `support` never cross the border of two parts of a message")
                .help(
                    "put it at the top of `match`, or under `any`, `all` or another `same_message`, and the \
                           operator into its items",
                ),
            );
        }
        if items.is_empty() {
            return self.refuse(wrong(&entry.node, "the list is empty"));
        }
        let all: Vec<Option<Expression>> = items.iter().map(|item| self.expression(item)).collect();
        Some(Expression::Message(all.into_iter().collect::<Option<_>>()?))
    }

    /// Reads a condition on one part, below an operator that looks at one part.
    pub(super) fn operand(&mut self, node: &Node) -> Option<Expression> {
        self.operand_without(node, &[])
    }

    /// The same, of a map that may hold some keys that are no operators.
    pub(super) fn operand_without(&mut self, node: &Node, aside: &[&str]) -> Option<Expression> {
        let outside = std::mem::replace(&mut self.in_part, true);
        let expression = self.without(node, aside);
        self.in_part = outside;
        expression
    }

    fn operands(&mut self, name: &str, of: &Node) -> Option<Vec<Expression>> {
        let Some(items) = of.as_list() else {
            return self.refuse(wrong(
                of,
                format!("the operands of `{name}` have to be a list, not {}", of.type_name()),
            ));
        };
        let operands: Vec<Option<Expression>> = items.iter().map(|item| self.operand(item)).collect();
        let operands: Vec<Expression> = operands.into_iter().collect::<Option<_>>()?;
        if !(2..=limits::NEAR_OPERANDS).contains(&operands.len()) {
            let message = format!(
                "`{name}` has {} operands, not 2 to {}",
                operands.len(),
                limits::NEAR_OPERANDS
            );
            return self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(of.place, ""));
        }
        Some(operands)
    }

    /// Whether an operator's map has these keys alone; `None` if it is no map. What is wrong has been reported.
    fn has_keys(&mut self, entry: &Entry, known: &[&'static str], example: &str) -> Option<bool> {
        let name = &entry.key;
        let Some(entries) = entry.node.as_map() else {
            let message = format!("`{name}` wants {}, not {}", listed(known), entry.node.type_name());
            return self.refuse(wrong(&entry.node, message).help(example));
        };
        let unknown = entries.iter().filter(|entry| !known.contains(&entry.key.as_str()));
        let unknown: Vec<Diagnostic> = unknown.map(|key| unknown_key(name, key, known)).collect();
        let sound = unknown.is_empty();
        self.diagnostics.extend(unknown);
        Some(sound)
    }

    fn lacks<T>(&mut self, entry: &Entry, key: &str, label: &str) -> Option<T> {
        let message = format!("`{}` wants `{key}`", entry.key);
        self.refuse(Diagnostic::error(codes::OPERAND, message).at(entry.key_place, label))
    }

    fn within(&mut self, name: &str, entry: &Entry) -> Option<u32> {
        match entry.node.get("within") {
            Some(within) => self.count(within),
            None => self.refuse(
                Diagnostic::error(codes::OPERAND, format!("`{name}` wants `within`"))
                    .at(entry.key_place, "how far apart at most")
                    .help("the distance of neighbours is 1"),
            ),
        }
    }

    /// Reads a distance in words or characters.
    pub(super) fn count(&mut self, node: &Node) -> Option<u32> {
        let within = match node.value {
            Value::Int(number) => u32::try_from(number)
                .ok()
                .filter(|number| (1..=limits::WITHIN).contains(number)),
            _ => None,
        };
        match within {
            Some(within) => Some(within),
            None => {
                let message = format!("a distance has to be a whole number from 1 to {}", limits::WITHIN);
                self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(node.place, ""))
            }
        }
    }

    /// Reads `side`.
    pub(super) fn side(&mut self, node: &Node) -> Option<Side> {
        let Some(entry) = node.entry("side") else {
            return Some(Side::Both);
        };
        match entry.node.as_text() {
            Some("before") => Some(Side::Before),
            Some("after") => Some(Side::After),
            Some("both") => Some(Side::Both),
            _ => self.refuse(wrong(&entry.node, "`side` has to be `before`, `after` or `both`")),
        }
    }
}

/// Where a window lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
    Both,
}

impl Side {
    /// The window of this width on this side.
    pub(crate) fn window(self, within: u32) -> Window {
        Window {
            before: if self == Side::After { 0 } else { within },
            after: if self == Side::Before { 0 } else { within },
        }
    }
}

fn unknown_key(name: &str, entry: &Entry, known: &[&'static str]) -> Diagnostic {
    let help = match entry.key.as_str() {
        "before" | "ordered" => Some("for operands in their order write `before` in place of `near`".to_owned()),
        key => did_you_mean(key, known.iter().copied()),
    };
    let message = format!("`{name}` has no key `{}`", entry.key);
    Diagnostic::error(codes::OPERAND, message)
        .at(entry.key_place, "")
        .maybe_help(help)
}

fn listed(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}
