//! Supervision documents: conditions on who may write to whom, whose breach is an alert.

use lexhold_document::{Diagnostics, Document, Kind, Node, Shape, choice, list, map, optional, path, required};
use lexhold_model::{Digest, Severity};
use lexhold_policy::{Action, Condition, Schemas};
use serde::Deserialize;

use crate::fits;

/// One rule of a supervision document; its condition stands in the bundle's program.
#[derive(Clone, Debug)]
pub struct SupervisionRule {
    /// `document.rule`, unique in a bundle.
    pub id: String,
    /// The document's name.
    pub document: String,
    /// The document's version.
    pub version: String,
    /// The document's digest.
    pub digest: Digest,
    /// How grave a breach is.
    pub severity: Severity,
    /// One line for people.
    pub title: String,
    /// Why somebody should look.
    pub why: Option<String>,
    /// The paragraphs that the rule rests on.
    pub cites: Vec<String>,
    /// What a message in breach is labelled; for reports, since conditions were asked before.
    pub labels: Vec<String>,
}

/// The keys of a supervision document.
pub fn supervision_shape() -> Shape {
    map([
        optional("title", Shape::Text, "one line for people"),
        required("owner", Shape::Text, "who answers for the document"),
        required("rules", list(rule_shape()), "the rules"),
        optional(
            "tests",
            list(Shape::Any),
            "messages and the alerts that they must raise",
        ),
    ])
}

fn rule_shape() -> Shape {
    map([
        required("id", Shape::Id, "unique within the document"),
        required("title", Shape::Text, "one line for people"),
        required(
            "severity",
            choice(&["info", "low", "medium", "high", "critical"]),
            "how grave a breach is",
        ),
        optional("why", Shape::Text, "why somebody should look"),
        optional("risk", Shape::Text, "the risk that the rule speaks of"),
        optional("cites", list(Shape::Id), "regulations that the rule rests on"),
        optional("labels", list(Shape::Id), "labels for reports"),
        required("forbid", Shape::Text, "the Cedar condition that must not hold"),
        optional(
            "when",
            Shape::Text,
            "a Cedar condition under which the rule applies at all",
        ),
    ])
}

#[derive(Deserialize)]
struct Rules {
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
struct RuleText {
    id: String,
    title: String,
    severity: Severity,
    why: Option<String>,
    #[serde(default)]
    cites: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
}

/// The rules of every supervision document and their conditions, in step.
pub(crate) fn compile(
    documents: &[&Document],
    schemas: &Schemas,
    diagnostics: &mut Diagnostics,
) -> (Vec<SupervisionRule>, Vec<Condition>) {
    let mut compiled = (Vec::new(), Vec::new());
    for document in documents.iter().filter(|document| document.kind == Kind::Supervision) {
        if !fits(document, &supervision_shape(), diagnostics) {
            continue;
        }
        let Some(Rules { rules }) = document.typed::<Rules>(diagnostics) else {
            continue;
        };
        for (at, rule) in rules.into_iter().enumerate() {
            let id = format!("{}.{}", document.name, rule.id);
            let clauses: Vec<&Node> = ["when", "forbid"]
                .iter()
                .filter_map(|key| document.get(&path!["rules", at, *key]))
                .collect();
            let Some(condition) = Condition::compile(schemas, &id, Action::Communicate, &clauses, diagnostics) else {
                continue;
            };
            compiled.1.push(condition);
            compiled.0.push(SupervisionRule {
                id,
                document: document.name.clone(),
                version: document.version.clone().unwrap_or_default(),
                digest: document.digest,
                severity: rule.severity,
                title: rule.title,
                why: rule.why,
                cites: rule.cites,
                labels: rule.labels,
            });
        }
    }
    compiled
}
