//! Teams: every fact of the fixtures, and small pages for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use common::{Files, Whole, fixture, read, read_folder};
use lexhold_model::{ConversationKind, MessageKind, PartKind, VersionKind};
use lexhold_source::show_instant;

#[test]
fn the_tenant_reads_as_its_description_says() {
    let Some(folder) = fixture("teams/data-export") else {
        return;
    };
    let whole = read(&folder).clean();
    assert_eq!(
        (whole.format.as_str(), whole.messages.len(), whole.notes.len()),
        ("teams (folder)", 42, 0)
    );
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    whole
        .messages
        .iter()
        .for_each(|one| *kinds.entry(one.kind.as_str()).or_default() += 1);
    assert_eq!(kinds, BTreeMap::from([("message", 21), ("system", 21)]));
    let edited = whole
        .messages
        .iter()
        .filter(|one| one.version_kind == VersionKind::Edit);
    assert_eq!(edited.count(), 2);
    let post = whole.message("1755003819181");
    assert_eq!(show_instant(post.sent_at.unwrap()), "2025-08-12T13:03:39.181Z");
    assert!(
        post.text.as_deref().unwrap().starts_with("Here is the magpie") && !post.text.as_deref().unwrap().contains('<')
    );
    assert_eq!(
        (post.subject.as_deref(), post.metadata["sender_name"].as_str()),
        (Some("Hello!"), "Pieter K")
    );
    assert!(
        post.channel.as_deref().is_some_and(|name| !name.starts_with("19:")),
        "{:?}",
        post.channel
    );
    assert!(post.metadata["reactions"].contains("reactionType") || post.metadata["reactions"].contains("ReactionType"));
    assert!(!post.recipients.is_empty() && post.recipients.iter().all(|one| one.handle != post.sender));
    let replies = whole
        .messages
        .iter()
        .filter(|one| one.reply_to.as_deref() == Some("1755003819181"));
    assert_eq!(replies.count(), 1);
    let direct = whole.message("1754976555179");
    assert_eq!(
        (direct.conversation_kind, direct.text.as_deref()),
        (ConversationKind::Direct, Some("I'm in!"))
    );
    assert_eq!(direct.custodians, ["3c6ee395-529d-4681-b5f7-582c707570f6"]);
    assert_eq!(direct.recipients[0].handle, "3c6ee395-529d-4681-b5f7-582c707570f6");
}

#[test]
fn a_page_of_graph_keeps_the_message_with_the_damaged_date() {
    let Some(path) = fixture("teams/graph/chat-list-messages.json") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(
        (whole.format.as_str(), whole.texts()),
        ("teams", vec!["Hello world", "", ""])
    );
    assert_eq!(whole.messages[1].attachments.len(), 1, "a picture in the text");
    let renamed = &whole.messages[2];
    assert_eq!(
        (renamed.kind, renamed.sender.as_str()),
        (MessageKind::System, "1fb8890f-423e-4154-8fbf-db6809bc8756")
    );
    assert_eq!(show_instant(renamed.sent_at.unwrap()), "2021-03-17T01:17:05.123Z");
    assert_eq!(whole.notes.len(), 1);
    assert!(
        whole.notes[0].reason.contains("that of the id was taken"),
        "{}",
        whole.notes[0].reason
    );
}

fn page(messages: &str) -> Whole {
    let files = Files::new();
    read(&files.with(
        "page",
        format!(r#"{{"@odata.context":"x","value":[{messages}],"@odata.nextLink":"y"}}"#),
    ))
}

const HEAD: &str = r#""messageType":"message","createdDateTime":"2024-01-02T03:04:05Z","chatId":"19:g@thread.v2","from":{"user":{"id":"u1"}}"#;

#[test]
fn quotes_forwards_cards_and_files() {
    let whole = page(&format!(
        r#"{{"id":"1",{HEAD},"body":{{"contentType":"html","content":"<attachment id=\"0\"></attachment><p>yes</p>"}},"attachments":[
            {{"contentType":"messageReference","content":"{{\"messageId\":\"0\",\"messagePreview\":\"shall we?\"}}"}},
            {{"contentType":"forwardedMessageReference","content":"{{\"originalMessageContent\":\"<p>old &amp; gone</p>\"}}"}},
            {{"contentType":"application/vnd.microsoft.card.adaptive","content":"{{\"body\":[{{\"type\":\"TextBlock\",\"text\":\"Build failed\"}}]}}"}},
            {{"contentType":"reference","name":"plan.xlsx","contentUrl":"https://x"}}]}}"#
    ))
    .clean();
    let message = &whole.messages[0];
    assert_eq!(
        message.text.as_deref(),
        Some("yes\nshall we?\nold & gone\nBuild failed")
    );
    let parts: Vec<_> = message
        .parts
        .iter()
        .map(|part| (part.kind, part.start, part.end))
        .collect();
    assert_eq!(parts, [(PartKind::Quoted, 4, 13), (PartKind::Forwarded, 14, 24)]);
    assert_eq!((message.reply_to.as_deref(), message.attachments.len()), (Some("0"), 1));
    assert_eq!(message.attachments[0].name.as_deref(), Some("plan.xlsx"));
    assert!(message.metadata["attachments"].contains("https://x"));
}

#[test]
fn deletions_retained_texts_and_policy_violations() {
    let deleted = format!(
        r#"[{{"Id":"1",{HEAD},"DeletedDateTime":"2024-01-03T00:00:00Z","Body":{{"ContentType":"html","Content":""}}}}]"#
    );
    let retained = format!(
        r#"[{{"Id":"1",{HEAD},"DeletedDateTime":"2024-01-03T00:00:00Z","PolicyViolation":{{"dlpAction":"blockAccess"}},"Body":{{"ContentType":"text","Content":"the secret"}}}}]"#
    );
    let whole = read_folder(&[
        ("users/usersList.json", r#"[{"Id":"u1","Mail":"ann@x.com"}]"#),
        ("users/u2/messages_u2.json", &deleted),
        ("users/u2/retainedMessages_u2.json", &retained),
        ("users/u2/meetings_u2.json", "[]"),
    ])
    .clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.version, one.version_kind, one.text.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (1, VersionKind::Delete, None),
            (0, VersionKind::Original, Some("the secret"))
        ]
    );
    let retained = &whole.messages[1];
    assert_eq!(
        (
            retained.metadata["retained"].as_str(),
            retained.metadata["sender_email"].as_str()
        ),
        ("true", "ann@x.com")
    );
    assert!(retained.metadata["policyViolation"].contains("blockAccess"));
    assert_eq!(retained.custodians, ["u2"]);
}

#[test]
fn what_cannot_be_read_costs_only_itself() {
    let whole = page(&format!(
        r##"{{"id":"1",{HEAD}}},7,{{{HEAD}}},{{"id":"2",{HEAD},"eventDetail":{{"@odata.type":"#microsoft.graph.callEndedEventMessageDetail"}}}}"##
    ));
    assert_eq!(
        whole.reasons(),
        ["item 2: not a JSON object", "item 3: `id` is missing"]
    );
    assert_eq!((whole.messages.len(), whole.messages[1].kind), (2, MessageKind::Call));
}
