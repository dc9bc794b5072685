//! The keys of tests and of case files.

use lexhold_document::{
    Diagnostic, Diagnostics, Document, Kind, Node, Place, Shape, check_node, choice, either, list, map, open, optional,
    path, required,
};

use crate::directory::directory_shape;
use crate::{codes, fits};

const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];
const STATES: &[&str] = &[
    "destroyed",
    "held",
    "in_case",
    "indeterminate",
    "conflict",
    "restricted",
    "retained",
    "ungoverned",
    "expired_no_action",
    "eligible",
];
const REASONS: &[&str] = &[
    "none",
    "no_rule",
    "awaiting_event",
    "permanent",
    "indeterminate",
    "not_eligible",
];

/// The keys of one test.
pub fn case_shape() -> Shape {
    map([
        optional("name", Shape::Text, "what is shown of it"),
        optional("todo", Shape::Text, "why it is known to fail; it fails once it passes"),
        optional("directory", directory(), "who belongs where"),
        optional("events", list(event_shape()), "events that have been recorded"),
        optional("holds", holds(), "holds in force"),
        optional("message", message_shape(), "the message"),
        optional("messages", list(message_shape()), "several in place of one"),
        optional("as_of", Shape::Text, "the instant or day to judge by"),
        required("expect", expect_shape(), "what is to come of it"),
    ])
}

/// The keys of a case file.
pub fn cases_shape() -> Shape {
    map([
        optional(
            "subject",
            list(Shape::Text),
            "the documents under test, by paths beside this file; without any, the policies and rulesets",
        ),
        optional("as_of", Shape::Text, "the instant or day of every case that names none"),
        optional("holds", holds(), "holds in force in every case"),
        optional("base", base_shape(), "what every message of the cases has"),
        optional("list", list(case_shape()), "the cases"),
    ])
}

fn directory() -> Shape {
    either([Shape::Text, directory_shape()])
}

fn holds() -> Shape {
    list(either([Shape::Text, open(Shape::Any)]))
}

fn message_shape() -> Shape {
    let fields = message_fields().into_iter();
    map(fields.chain([optional("file", Shape::Text, "a file with the messages")]))
}

fn base_shape() -> Shape {
    let fields = message_fields().into_iter();
    map(fields.chain([optional("directory", directory(), "who belongs where")]))
}

fn message_fields() -> Vec<lexhold_document::Field> {
    let text = |name, doc| optional(name, Shape::Text, doc);
    let texts = |name, doc| optional(name, list(Shape::Text), doc);
    vec![
        text("id", "the platform's id"),
        text("platform", "the platform; `chat` where it does not matter"),
        text("conversation", "the conversation"),
        optional(
            "conversation_kind",
            choice(&["direct", "group", "channel", "mail"]),
            "the kind of conversation",
        ),
        text("channel", "the channel"),
        optional(
            "kind",
            choice(&["message", "action", "notice", "system", "call", "reaction"]),
            "what it is",
        ),
        text("sender", "the handle of who wrote it"),
        texts("recipients", "the handles of whom it went to"),
        texts("custodians", "whose mailbox it came from"),
        text("sent_at", "when it was sent"),
        text("captured_at", "when it was captured; when it was sent, if absent"),
        optional("business", Shape::Bool, "whether it is business"),
        texts("labels", "labels of people and sources"),
        texts("accounts", "accounts"),
        optional("metadata", open(Shape::Text), "further values"),
        optional("attachments", list(open(Shape::Any)), "files that came with it"),
        text("subject", "the subject"),
        text("text", "the text, with «marks» around what a hit has to cover"),
    ]
}

fn event_shape() -> Shape {
    map([
        required("event", Shape::Text, "the type of event"),
        required("key", Shape::Text, "what it happened to"),
        required("date", Shape::Date, "the day on which it took effect"),
    ])
}

fn expect_shape() -> Shape {
    let alerts = || list(alert_shape());
    map([
        optional("alerts", alerts(), "every alert; `[]` is none at all"),
        optional("supervision", alerts(), "every alert of supervision rules"),
        optional("retention", retention_shape(), "what becomes of the first message"),
        optional(
            "holds",
            list(either([Shape::Text, held_shape()])),
            "every hold that covers the first message",
        ),
    ])
}

fn alert_shape() -> Shape {
    map([
        required("rule", Shape::Text, "the rule's full id"),
        optional("severity", choice(SEVERITIES), "how grave it is"),
        optional("confidence", choice(&["low", "medium", "high"]), "how sure it is"),
    ])
}

fn held_shape() -> Shape {
    map([
        required("hold", Shape::Text, "the hold"),
        required(
            "membership",
            choice(&["held", "unevaluable"]),
            "whether it could be found out",
        ),
    ])
}

fn retention_shape() -> Shape {
    let day = |name, doc| optional(name, Shape::Text, doc);
    map([
        day("schedule", "a schedule that decides"),
        optional("state", choice(STATES), "the state as of the day"),
        day("retain_until", "the last protected day"),
        day("eligible_from", "the first instant at which it may go"),
        day("dispose_at", "the last day before the deletion"),
        day("must_dispose_by", "the last day on which it may still be there"),
        day("accessible_until", "the last day on which it is within easy reach"),
        optional(
            "reason",
            choice(REASONS),
            "why it is not eligible at any time that is known",
        ),
        optional(
            "disposition",
            choice(&["review", "destroy", "transfer"]),
            "what happens to it then",
        ),
    ])
}

/// Reports what is wrong with the form of tests and case files, without running any.
pub fn check_cases(documents: &[Document], diagnostics: &mut Diagnostics) {
    for document in documents {
        if document.kind == Kind::Cases {
            if fits(document, &cases_shape(), diagnostics) && written(document).is_empty() {
                diagnostics.push(no_cases(document));
            }
        } else {
            let shape = case_shape();
            written(document)
                .iter()
                .for_each(|test| check_node(test, &shape, diagnostics));
        }
    }
}

/// The documents that a case file names as its subject, with where it does; empty for any other kind.
pub fn subjects(document: &Document) -> Vec<(&str, Place)> {
    let named = document.get(&path!["subject"]).filter(|_| document.kind == Kind::Cases);
    let items = named.and_then(Node::as_list).unwrap_or_default().iter();
    items.filter_map(|item| Some((item.as_text()?, item.place))).collect()
}

/// The tests of a document as they are written.
pub(super) fn written(document: &Document) -> &[Node] {
    let key = if document.kind == Kind::Cases { "list" } else { "tests" };
    document.root.get(key).and_then(Node::as_list).unwrap_or_default()
}

pub(super) fn no_cases(document: &Document) -> Diagnostic {
    Diagnostic::error(codes::NO_CASES, "a case file without cases")
        .at(document.name_place(), "nothing is tested here")
        .help("write some under `list:`, or delete the file")
}
