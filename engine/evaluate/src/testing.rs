//! What the tests of several files share: a bundle from YAML, messages, their evaluation.

use jiff::tz::TimeZone;
use lexhold_document::{Diagnostics, Document, Files, OpenError, load};
use lexhold_model::{ContentKey, ConversationKind, Directory, Message, MessageBatch, MessageBatchBuilder, Participant};
use lexhold_policy::Schemas;

use crate::{Bundle, Evaluation, Facts, HoldSet, evaluate};

/// A bundle of documents that have nothing wrong with them.
pub(crate) fn bundle(texts: &[&str]) -> Bundle {
    compiled(texts).0
}

/// Compiles documents that have nothing wrong with them.
pub(crate) fn compiled(texts: &[&str]) -> (Bundle, Vec<Document>) {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let roots: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, text)| files.add(&format!("{n}.yaml"), (*text).to_owned()))
        .collect();
    let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let bundle = Bundle::compile(&documents, &Schemas::built_in(), &mut diagnostics);
    let told: Vec<String> = diagnostics
        .sorted(&files)
        .iter()
        .map(|one| one.message.clone())
        .collect();
    assert_eq!(told, [""; 0]);
    (bundle.unwrap(), documents)
}

/// Facts of a firm that knows nobody.
pub(crate) fn facts() -> Facts {
    Facts {
        directory: Directory::default(),
        holds: HoldSet::none(),
        zone: TimeZone::UTC,
        key: ContentKey::new([3; 32]),
        backfill: true,
    }
}

/// A mail of a minute of 2026.
pub(crate) fn mail(id: &str, minute: i64, sender: &str, text: &str) -> Message {
    let sent = (1_767_225_600 + minute * 60) * 1_000_000;
    Message {
        id: Some(id.into()),
        platform: "email".into(),
        conversation_kind: ConversationKind::Mail,
        conversation: "thread".into(),
        sender: sender.into(),
        recipients: vec![Participant {
            handle: if sender == "ann" { "bob" } else { "ann" }.into(),
            ..Participant::default()
        }],
        sent_at: Some(sent),
        captured_at: Some(sent),
        text: Some(text.into()),
        ..Message::default()
    }
}

/// Messages and their evaluation.
pub(crate) fn evaluated(bundle: &Bundle, messages: &[Message]) -> (MessageBatch, Evaluation) {
    let mut builder = MessageBatchBuilder::new();
    messages.iter().for_each(|message| builder.push(message));
    let batch = builder.finish();
    let evaluation = evaluate(bundle, &facts(), &batch);
    (batch, evaluation)
}
