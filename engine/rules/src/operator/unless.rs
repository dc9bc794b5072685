//! What takes hits away.

use lexhold_document::{Diagnostic, Entry, Node, Value};

use super::{OPERATORS, Reader, one_or_many, wrong};
use crate::beside::Window;
use crate::codes;
use crate::expression::{Exclusion, Reach};

/// What stands beside the operators of an exclusion.
const ASIDE: [&str; 5] = ["within", "side", "scope", "acknowledge_bypass", "approved_by"];

/// Longest name of an exclusion, in characters.
const LABEL_CHARS: usize = 60;

impl Reader<'_, '_> {
    /// Reads what stands under `unless`.
    pub(super) fn exclusions(&mut self, node: &Node) -> Option<Vec<Exclusion>> {
        let exclusions: Vec<Option<Exclusion>> =
            one_or_many(node).into_iter().map(|item| self.exclusion(item)).collect();
        exclusions.into_iter().collect()
    }

    fn exclusion(&mut self, node: &Node) -> Option<Exclusion> {
        let reach = match node.entry("scope") {
            Some(scope) => self.message_wide(node, scope),
            None => self.windowed(node),
        };
        let expression = self.operand_without(node, &ASIDE);
        Some(Exclusion {
            expression: expression?,
            reach: reach?,
            label: label(node).into(),
        })
    }

    fn windowed(&mut self, node: &Node) -> Option<Reach> {
        for key in ["acknowledge_bypass", "approved_by"] {
            if let Some(entry) = node.entry(key) {
                let error = Diagnostic::error(codes::OPERAND, format!("`{key}` wants `scope: message`"));
                return self.refuse(
                    error
                        .at(entry.key_place, "")
                        .help("only an exclusion of whole messages is approved"),
                );
            }
        }
        let within = match (node.get("within"), node.entry("side")) {
            (Some(within), _) => self.count(within),
            (None, None) => Some(0),
            (None, Some(side)) => {
                let error = Diagnostic::error(codes::OPERAND, "`side` wants `within`").at(side.key_place, "");
                return self.refuse(error.help("without a window an exclusion takes hits away that lie inside it"));
            }
        };
        let side = self.side(node);
        let window: Window = side?.window(within?);
        Some(Reach::Window(window))
    }

    /// Reads the keys of an exclusion of whole messages, which takes two people and is told by `check`.
    fn message_wide(&mut self, node: &Node, scope: &Entry) -> Option<Reach> {
        if scope.node.as_text() != Some("message") {
            return self.refuse(
                wrong(&scope.node, "`scope` has to be `message`")
                    .help("leave it out for an exclusion beside a hit: that takes `within` and `side`"),
            );
        }
        if let Some(entry) = node.entry("within").or(node.entry("side")) {
            let message = format!("`{}` has no meaning for a whole message", entry.key);
            return self.refuse(Diagnostic::error(codes::OPERAND, message).at(entry.key_place, ""));
        }
        let acknowledged = node.get("acknowledge_bypass").map(|node| &node.value) == Some(&Value::Bool(true));
        if !acknowledged {
            return self.refuse(
                Diagnostic::error(
                    codes::BYPASS,
                    "an exclusion of whole messages wants `acknowledge_bypass: true`",
                )
                .at(scope.node.place, "whoever writes these words is not seen by this rule")
                .help("prefer `within: 5`, which takes away the hits beside them alone"),
            );
        }
        let approver = self.approver(node, scope)?;
        self.diagnostics.push(
            Diagnostic::warning(
                codes::MESSAGE_EXCLUSION,
                format!("messages with `{}` are passed over by this rule", label(node)),
            )
            .at(scope.node.place, format!("approved by {approver}"))
            .note("the hits stay in the record as excluded, and can be sampled"),
        );
        Some(Reach::Message)
    }

    /// Who approved an exclusion of whole messages: somebody else than the owner.
    fn approver<'n>(&mut self, node: &'n Node, scope: &Entry) -> Option<&'n str> {
        let Some(owner) = self.owner else {
            let error = Diagnostic::error(codes::BYPASS, "whole messages are excluded by rules of a ruleset alone");
            return self.refuse(error.at(scope.node.place, "there is no owner here to approve it beside"));
        };
        let approver = node.entry("approved_by");
        let Some((entry, name)) = approver.and_then(|entry| Some((entry, entry.node.as_text()?.trim()))) else {
            let error = Diagnostic::error(codes::BYPASS, "an exclusion of whole messages wants `approved_by`");
            return self.refuse(
                error
                    .at(scope.node.place, "")
                    .help("name a person who is not the owner of the rules"),
            );
        };
        if name.is_empty() || name.to_lowercase() == owner.trim().to_lowercase() {
            let error = Diagnostic::error(codes::BYPASS, "an exclusion of whole messages wants a second person");
            return self.refuse(error.at(entry.node.place, "the owner of the rules"));
        }
        Some(name)
    }
}

/// How reports name an exclusion: its first operator and what that is given.
fn label(node: &Node) -> String {
    let operator = node
        .as_map()
        .and_then(|entries| entries.iter().find(|entry| OPERATORS.contains(&entry.key.as_str())));
    let text = match operator {
        None => node.as_text().unwrap_or("terms").to_owned(),
        Some(entry) => match entry.node.as_text() {
            Some(text) => format!("{}: {text}", entry.key),
            None => entry.key.clone(),
        },
    };
    match text.char_indices().nth(LABEL_CHARS) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text,
    }
}
