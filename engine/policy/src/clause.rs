//! The clauses of a condition: parsed alone, framed as a policy, checked, with every complaint at its own place.

use std::ops::Range;

use cedar_policy::{EntityUid, Expression, Policy, PolicyId, ValidationResult, ValidationWarning};
use lexhold_document::{Diagnostic, Diagnostics, Node, Place};
use serde_json::Value;

use crate::compiled::{Verdict, outlook};
use crate::condition::{Mention, Named};
use crate::schema::Schemas;
use crate::trouble::{self, Complaint};
use crate::{Action, codes, lex, reach};

/// One clause that is an expression of Cedar.
pub(crate) struct Clause<'a> {
    node: &'a Node,
    text: &'a str,
}

impl<'a> Clause<'a> {
    pub(crate) fn parse(node: &'a Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        // What is no text has been reported by the check of the document's shape.
        let text = node.as_text()?;
        let clause = Self { node, text };
        if text.trim().is_empty() {
            diagnostics.push(Diagnostic::error(codes::EMPTY_CONDITION, "a condition is empty").at(node.place, ""));
            return None;
        }
        let swallowed = lex::first_comment(text).filter(|_| node.is_folded());
        if let Some(comment) = swallowed {
            diagnostics.push(
                Diagnostic::error(
                    codes::SWALLOWING_COMMENT,
                    "a comment in a condition whose lines are folded into one",
                )
                .at(node.inner(comment), "all that follows would be part of the comment")
                .help("write the condition as a `|` block, or take the comment out"),
            );
            return None;
        }
        let Err(errors) = text.parse::<Expression>() else {
            return Some(clause);
        };
        for error in errors.iter() {
            let complaint = trouble::complaint(error);
            let range = complaint.range.clone().unwrap_or(0..text.len());
            diagnostics.push(complaint.into_error(codes::NOT_CEDAR, clause.place(range)));
        }
        None
    }

    /// Where bytes of the clause stand. What lies at the end of a text stands at its last character: a block's
    /// end is already on the next line.
    fn place(&self, range: Range<usize>) -> Place {
        let end = self.text.trim_end().len();
        // A place without a width would be hard to see.
        let next = self.text[range.start.min(end)..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        let range = range.start..range.end.max(range.start + next);
        if range.start < end {
            return self
                .node
                .inner(range.start..range.end.clamp(range.start, self.text.len()));
        }
        let last = self.text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
        self.node.inner(last..end)
    }

    fn whole(&self) -> Place {
        self.place(0..self.text.trim_end().len())
    }
}

/// The text of a policy around its clauses, and where each of them lies in it.
pub(crate) struct Frame<'a> {
    text: String,
    clauses: Vec<(Clause<'a>, usize)>,
    /// No clause is left out because it cannot be read.
    complete: bool,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(action: Action, clauses: Vec<Clause<'a>>, complete: bool) -> Self {
        let mut text = format!(
            "{}(principal, action == Action::\"{action}\", resource)",
            action.effect()
        );
        let mut placed = Vec::new();
        for clause in clauses {
            text.push_str(" when {\n");
            placed.push((clause, text.len()));
            // Ends a comment that the clause may end with.
            text.push_str(placed[placed.len() - 1].0.text);
            text.push_str("\n}");
        }
        text.push(';');
        Self {
            text,
            clauses: placed,
            complete,
        }
    }

    pub(crate) fn policy(&self, id: &str, diagnostics: &mut Diagnostics) -> Option<Policy> {
        match Policy::parse(Some(PolicyId::new(id)), &self.text) {
            Ok(policy) => Some(policy),
            Err(errors) => {
                errors.iter().for_each(|error| {
                    self.report(trouble::complaint(error), |complaint, place| {
                        diagnostics.push(complaint.into_error(codes::NOT_CEDAR, place));
                    });
                });
                None
            }
        }
    }

    /// Strict type check; whether it passed.
    pub(crate) fn check(&self, action: Action, result: &ValidationResult, diagnostics: &mut Diagnostics) -> bool {
        for error in result.validation_errors() {
            let mut complaint = trouble::complaint(error).narrowed(&self.text);
            let mut code = trouble::code_of(error);
            if code == codes::UNGUARDED_ATTRIBUTE && !self.complete {
                // The clause that cannot be read may have asked for the attribute.
                continue;
            }
            if action == Action::Scan && complaint.message.contains("attribute `labels`") {
                code = codes::LABELS_IN_SCAN;
                complaint.message = "the condition of a pattern rule cannot ask for `labels`".to_owned();
                complaint.help = Some("pattern rules make the labels; ask for them in a supervision rule".to_owned());
            }
            self.report(complaint, |complaint, place| {
                diagnostics.push(complaint.into_error(code, place));
            });
        }
        result.validation_passed()
    }

    /// What the type check found strange in conditions that are sound; whether it found that they are never true.
    pub(crate) fn warn(&self, result: &ValidationResult, diagnostics: &mut Diagnostics) -> bool {
        let mut never = false;
        for warning in result.validation_warnings() {
            let mut complaint = trouble::complaint(warning);
            let mut code = codes::DECEPTIVE_TEXT;
            if matches!(warning, ValidationWarning::ImpossiblePolicy(_)) {
                never = true;
                code = codes::NEVER_TRUE;
                complaint.message = "this condition can never be true".to_owned();
            }
            self.report(complaint, |complaint, place| {
                diagnostics.push(complaint.into_warning(code, place));
            });
        }
        never
    }

    /// Warns of conditions that no message, or every message, meets, and of words that an attribute never is.
    pub(crate) fn warn_of_outlook(&self, policy: &Policy, diagnostics: &mut Diagnostics) {
        let Some(outlook) = outlook(policy) else {
            return;
        };
        for (word, known) in &outlook.foreign {
            let written = format!("\"{word}\"");
            let clause = self.clauses.iter().find_map(|(clause, _)| {
                let at = clause.text.find(&written)?;
                Some(clause.place(at..at + written.len()))
            });
            let Some(place) = clause.or(self.clauses.last().map(|(clause, _)| clause.whole())) else {
                continue;
            };
            let help = lexhold_document::did_you_mean(word, known.iter().copied());
            let message = format!("no message has `{word}` here, but one of {}", listed(known));
            let warning = Diagnostic::warning(codes::FOREIGN_WORD, message);
            diagnostics.push(warning.at(place, "").maybe_help(help));
        }
        let never =
            |place: Place| Diagnostic::warning(codes::NEVER_TRUE, "this condition can never be true").at(place, "");
        let mut said = false;
        for ((clause, _), verdict) in self.clauses.iter().zip(&outlook.clauses) {
            let literal = matches!(clause.text.trim(), "true" | "false");
            match verdict {
                Verdict::Never if !literal => {
                    said = true;
                    diagnostics.push(never(clause.whole()));
                }
                Verdict::Always if !literal => diagnostics.push(
                    Diagnostic::warning(codes::ALWAYS_TRUE, "this condition is always true")
                        .at(clause.whole(), "")
                        .help("take it out, or write `true` if every message is meant"),
                ),
                _ => {}
            }
        }
        if let (Verdict::Never, false, Some((clause, _))) = (outlook.whole, said, self.clauses.last()) {
            diagnostics.push(never(clause.whole()).help("what is asked for elsewhere in the rule excludes it"));
        }
    }

    /// Whether the clauses ask only about what is known when they are evaluated.
    pub(crate) fn check_reach(
        &self,
        schemas: &Schemas,
        action: Action,
        est: &Value,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let bodies = est.get("conditions").and_then(Value::as_array).into_iter().flatten();
        let mut sound = true;
        for ((clause, _), body) in self.clauses.iter().zip(bodies) {
            for beyond in reach::beyond(body.get("body").unwrap_or(&Value::Null), &schemas.of(action).attributes) {
                sound = false;
                let place = clause.place(beyond.place_in(clause.text));
                let error = Diagnostic::error(beyond.code, beyond.message);
                diagnostics.push(error.at(place, "").maybe_help(beyond.help));
            }
        }
        sound
    }

    pub(crate) fn mentions(&self, diagnostics: &mut Diagnostics) -> Option<Vec<Mention>> {
        let mut mentions = Vec::new();
        let mut sound = true;
        for (clause, _) in &self.clauses {
            for (kind, id, range) in lex::entity_names(clause.text) {
                let place = clause.place(range);
                let named = match kind.as_str() {
                    "Group" => Named::Group,
                    "Person" => Named::Person,
                    "Channel" => Named::Channel,
                    _ => {
                        sound = false;
                        diagnostics.push(
                            Diagnostic::error(codes::OUT_OF_REACH, format!("a condition cannot name a `{kind}`"))
                                .at(place, "")
                                .help("name a `Group`, a `Person` or a `Channel`"),
                        );
                        continue;
                    }
                };
                // The clause has been parsed, so the string is one of Cedar's.
                if let Ok(uid) = format!("{kind}::{id}").parse::<EntityUid>() {
                    mentions.push(Mention {
                        kind: named,
                        id: uid.id().unescaped().to_owned(),
                        place,
                    });
                }
            }
        }
        sound.then_some(mentions)
    }

    /// Hands on a complaint about the policy's text with its place in the file.
    fn report(&self, complaint: Complaint, push: impl FnOnce(Complaint, Place)) {
        let range = complaint.range.clone().unwrap_or(0..self.text.len());
        let inside = self
            .clauses
            .iter()
            .find(|(clause, start)| *start <= range.start && range.start <= start + clause.text.len());
        let place = match inside.or(self.clauses.last()) {
            Some((clause, start)) if inside.is_some() => clause.place(range.start - start..range.end - start),
            Some((clause, _)) => clause.whole(),
            None => return,
        };
        push(complaint, place);
    }
}

/// `a`, `b` or `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}
