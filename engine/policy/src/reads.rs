//! Which attributes a policy reads, found in Cedar's own JSON form of its conditions.
//!
//! Two messages that agree in everything a policy reads get the same answer from it, so one evaluation serves
//! both. The walk is conservative: an expression that it does not know reads everything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One attribute, or the id or groups of a person, as a path into the schema.
pub(crate) type Slot = &'static str;

/// Everything that a policy can read. A path that ends in `#id` or `#groups` is the identity or the group
/// memberships of the entity before it.
pub(crate) const SLOTS: [Slot; 41] = [
    "principal#id",
    "principal#groups",
    "principal.external",
    "principal.departed",
    "principal.domains",
    "principal.licences",
    "principal.jurisdiction",
    "principal.firm",
    "resource.sender#id",
    "resource.sender#groups",
    "resource.sender.external",
    "resource.sender.departed",
    "resource.sender.domains",
    "resource.sender.licences",
    "resource.sender.jurisdiction",
    "resource.sender.firm",
    "resource.channel#id",
    "resource.channel.listed",
    "resource.channel.approved",
    "resource.platform",
    "resource.kind",
    "resource.conversation_kind",
    "resource.direction",
    "resource.sent_at",
    "resource.external",
    "resource.business",
    "resource.accounts",
    "resource.labels",
    "resource.recipients.people",
    "resource.recipients.groups",
    "resource.recipients.domains",
    "resource.recipients.external",
    "resource.recipients.count",
    "resource.participants.people",
    "resource.participants.groups",
    "resource.participants.domains",
    "resource.participants.external",
    "resource.participants.count",
    "resource.attachments",
    "resource.sender_local",
    "resource.firm",
];

/// How much of an attribute is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Only whether it is, or has among it, each of these.
    Only(BTreeSet<String>),
}

/// What a policy, or several, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads(pub(crate) BTreeMap<Slot, Extent>);

impl Reads {
    /// What a policy reads whose form is `est`, the JSON that Cedar gives of it.
    pub(crate) fn of_policy(est: &Value) -> Self {
        let mut reads = Self::default();
        let bodies = est.get("conditions").and_then(Value::as_array);
        match bodies {
            Some(clauses) => clauses.iter().for_each(|clause| match clause.get("body") {
                Some(body) => reads.walk(body),
                None => reads.everything(),
            }),
            None => reads.everything(),
        }
        reads
    }

    /// Adds what another policy reads.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (slot, extent) in &other.0 {
            match extent {
                Extent::Whole => self.whole(slot),
                Extent::Only(words) => self.only(slot, words.iter().cloned()),
            }
        }
    }

    /// Whether an attribute is read, by its path: `resource.labels`.
    pub fn includes(&self, path: &str) -> bool {
        self.0.keys().any(|slot| *slot == path || below(slot, path))
    }

    /// Whether labels are read: what is then decided of a message waits for its text to be scanned to the end.
    pub fn labels(&self) -> bool {
        self.includes("resource.labels")
    }

    /// Whether the instant is read, which no facts row holds.
    pub fn time(&self) -> bool {
        self.includes("resource.sent_at") || self.includes("resource.sender_local")
    }

    fn everything(&mut self) {
        SLOTS.iter().for_each(|slot| self.whole(slot));
    }

    fn whole(&mut self, slot: Slot) {
        self.0.insert(slot, Extent::Whole);
    }

    fn only(&mut self, slot: Slot, words: impl IntoIterator<Item = String>) {
        if let Extent::Only(known) = self.0.entry(slot).or_insert_with(|| Extent::Only(BTreeSet::new())) {
            known.extend(words);
        }
    }

    fn walk(&mut self, expr: &Value) {
        let Some((operator, body)) = single(expr) else {
            return self.everything();
        };
        match operator {
            "Value" => {}
            "Var" | "." => self.value_of(expr),
            "has" => self.has(body),
            "is" => self.is(body),
            "in" => self.is_in(body),
            "==" | "!=" => self.equals(body),
            "contains" | "containsAll" | "containsAny" => self.contains(body),
            "!" | "neg" | "isEmpty" => self.operands(body, &["arg"]),
            "&&" | "||" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" => self.operands(body, &["left", "right"]),
            "if-then-else" => self.operands(body, &["if", "then", "else"]),
            "like" => self.operands(body, &["left"]),
            "Set" => self.elements(body.as_array()),
            "Record" => match body.as_object() {
                Some(fields) => fields.values().for_each(|value| self.walk(value)),
                None => self.everything(),
            },
            // Functions and methods of Cedar's extensions depend on their arguments only.
            _ => self.elements(body.as_array()),
        }
    }

    fn operands(&mut self, body: &Value, names: &[&str]) {
        for name in names {
            match body.get(name) {
                Some(operand) => self.walk(operand),
                None => self.everything(),
            }
        }
    }

    fn elements(&mut self, elements: Option<&Vec<Value>>) {
        match elements {
            Some(elements) => elements.iter().for_each(|element| self.walk(element)),
            None => self.everything(),
        }
    }

    /// The value of a variable or attribute: for an entity its identity, for a record all that it holds.
    fn value_of(&mut self, expr: &Value) {
        match path(expr) {
            Some(path) => self.read_path(&path),
            None => self.everything(),
        }
    }

    fn read_path(&mut self, path: &str) {
        if path == "action" || path == "context" {
            return;
        }
        if let Some(id) = identity(path) {
            return self.whole(id);
        }
        let read: Vec<Slot> = SLOTS
            .into_iter()
            .filter(|slot| *slot == path || below(slot, path) || below(path, slot))
            .collect();
        if read.is_empty() {
            self.everything();
        }
        read.into_iter().for_each(|slot| self.whole(slot));
    }

    fn has(&mut self, body: &Value) {
        let attributes = match body.get("attr") {
            Some(Value::String(attribute)) => Some(attribute.clone()),
            Some(Value::Array(attributes)) => attributes
                .iter()
                .map(Value::as_str)
                .collect::<Option<Vec<_>>>()
                .map(|names| names.join(".")),
            _ => None,
        };
        match (body.get("left").and_then(path), attributes) {
            (Some(base), Some(attributes)) => self.read_path(&format!("{base}.{attributes}")),
            _ => self.everything(),
        }
    }

    fn is(&mut self, body: &Value) {
        match (body.get("left").and_then(path), body.get("in")) {
            // The type of an attribute is settled by the schema.
            (Some(_), None) => {}
            (Some(_), Some(_)) => self.is_in_operands(body.get("left"), body.get("in")),
            (None, _) => self.everything(),
        }
    }

    fn is_in(&mut self, body: &Value) {
        self.is_in_operands(body.get("left"), body.get("right"));
    }

    fn is_in_operands(&mut self, left: Option<&Value>, right: Option<&Value>) {
        let (Some(left), Some(right)) = (left, right) else {
            return self.everything();
        };
        let Some((id, groups)) = path(left).and_then(|path| Some((identity(&path)?, memberships(&path)?))) else {
            return self.everything();
        };
        match entity_words(right) {
            // An entity is in itself, so its identity is read as well.
            Some(words) => {
                self.only(groups, words.iter().cloned());
                self.only(id, words);
            }
            None => {
                self.whole(groups);
                self.whole(id);
                self.walk(right);
            }
        }
    }

    fn equals(&mut self, body: &Value) {
        let (Some(left), Some(right)) = (body.get("left"), body.get("right")) else {
            return self.everything();
        };
        for (side, other) in [(left, right), (right, left)] {
            if let (Some(id), Some(words)) = (path(side).and_then(|path| identity(&path)), entity_words(other)) {
                return self.only(id, words);
            }
        }
        self.walk(left);
        self.walk(right);
    }

    fn contains(&mut self, body: &Value) {
        let (Some(left), Some(right)) = (body.get("left"), body.get("right")) else {
            return self.everything();
        };
        let set = path(left).and_then(|path| SLOTS.into_iter().find(|slot| *slot == path));
        match (set, words(right)) {
            (Some(slot), Some(words)) => self.only(slot, words),
            _ => {
                self.walk(left);
                self.walk(right);
            }
        }
    }
}

/// The only key of an expression and what stands under it.
fn single(expr: &Value) -> Option<(&str, &Value)> {
    let fields = expr.as_object()?;
    let (operator, body) = fields.iter().next()?;
    (fields.len() == 1).then_some((operator.as_str(), body))
}

/// `resource.recipients.groups` for the variable with its attributes; nothing for any other expression.
pub(crate) fn path(expr: &Value) -> Option<String> {
    match single(expr)? {
        ("Var", Value::String(name)) => Some(name.clone()),
        (".", body) => Some(format!("{}.{}", path(body.get("left")?)?, body.get("attr")?.as_str()?)),
        _ => None,
    }
}

/// Whether `inner` is an attribute inside `outer`.
fn below(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

fn identity(path: &str) -> Option<Slot> {
    SLOTS.into_iter().find(|slot| slot.strip_suffix("#id") == Some(path))
}

fn memberships(path: &str) -> Option<Slot> {
    SLOTS
        .into_iter()
        .find(|slot| slot.strip_suffix("#groups") == Some(path))
}

/// The words of a literal, or of a set of literals: strings and entity ids.
fn words(expr: &Value) -> Option<Vec<String>> {
    match single(expr)? {
        ("Value", literal) => literal_words(literal),
        ("Set", Value::Array(elements)) => {
            let each: Option<Vec<_>> = elements.iter().map(words).collect();
            Some(each?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

fn literal_words(literal: &Value) -> Option<Vec<String>> {
    match literal {
        Value::String(word) => Some(vec![word.clone()]),
        Value::Object(_) => Some(vec![literal.get("__entity")?.get("id")?.as_str()?.to_owned()]),
        Value::Array(elements) => {
            let each: Option<Vec<_>> = elements.iter().map(literal_words).collect();
            Some(each?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// The ids of a literal that is an entity, or of a set of such.
fn entity_words(expr: &Value) -> Option<Vec<String>> {
    let is_string = matches!(single(expr)?, ("Value", Value::String(_)));
    if is_string { None } else { words(expr) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Action;
    use crate::testing::condition;

    /// What a clause reads, as `path` or `path[words]`.
    fn reads(clause: &str) -> Vec<String> {
        let condition = condition(Action::Hold, clause);
        let shown = condition.reads().0.iter().map(|(slot, extent)| match extent {
            Extent::Whole => (*slot).to_owned(),
            Extent::Only(words) => format!("{slot}{words:?}"),
        });
        shown.collect()
    }

    #[test]
    fn questions_about_single_words_read_only_those() {
        assert_eq!(
            reads(r#"resource.labels.contains("a") || resource.labels.containsAny(["b", "c"])"#),
            [r#"resource.labels{"a", "b", "c"}"#]
        );
        assert_eq!(
            reads(r#"principal in [Group::"a", Group::"b"]"#),
            [r#"principal#groups{"a", "b"}"#, r#"principal#id{"a", "b"}"#]
        );
        assert_eq!(
            reads(r#"Channel::"x" == resource.channel"#),
            [r#"resource.channel#id{"x"}"#]
        );
        assert_eq!(
            reads(r#"resource.participants.people.contains(Person::"ann")"#),
            [r#"resource.participants.people{"ann"}"#]
        );
    }

    #[test]
    fn attributes_are_read_whole() {
        assert_eq!(reads("resource.recipients.count > 3"), ["resource.recipients.count"]);
        assert_eq!(reads(r#"resource.platform == "slack""#), ["resource.platform"]);
        assert_eq!(
            reads(r#"resource.labels == ["a"] && resource.labels.contains("b")"#),
            ["resource.labels"]
        );
        assert_eq!(
            reads(r#"resource has sent_at && resource.sent_at > datetime("2020-01-01")"#),
            ["resource.sent_at"]
        );
        assert_eq!(
            reads("resource has sender_local.hour && resource.sender_local.hour > 20"),
            ["resource.sender_local"]
        );
        assert_eq!(
            reads("resource has sender.jurisdiction"),
            ["resource.sender.jurisdiction"]
        );
        assert_eq!(
            reads(r#"resource.attachments.media_types.contains("a/b")"#),
            ["resource.attachments"]
        );
        assert_eq!(
            reads("principal in resource.recipients.groups"),
            ["principal#groups", "principal#id", "resource.recipients.groups"]
        );
        assert_eq!(
            reads("resource.recipients.people.contains(principal)"),
            ["principal#id", "resource.recipients.people"]
        );
    }

    #[test]
    fn what_is_not_understood_reads_everything() {
        assert_eq!(
            reads("(if resource.business then principal else resource.sender).external").len(),
            SLOTS.len()
        );
        let mut unknown = Reads::default();
        unknown.walk(&serde_json::json!({"futureOperator": {"left": 1}}));
        assert_eq!(unknown.0.len(), SLOTS.len());
        assert_eq!(Reads::of_policy(&serde_json::json!({})).0.len(), SLOTS.len());
    }

    #[test]
    fn slots_are_the_attributes_of_the_schema() {
        let schemas = crate::Schemas::built_in();
        for path in &schemas.of(Action::Hold).attributes {
            let mut read = Reads::default();
            read.read_path(path);
            assert!((1..=5).contains(&read.0.len()), "{path} reads {:?}", read.0);
        }
        for slot in SLOTS {
            let path = slot.split('#').next().unwrap();
            assert!(
                path == "principal" || schemas.of(Action::Hold).attributes.contains(path),
                "{slot}"
            );
        }
    }
}
