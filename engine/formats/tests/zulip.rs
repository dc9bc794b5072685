//! Zulip: what the fixture has, and small exports for what it does not.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_folder};
use lexhold_model::{ConversationKind, Message, VersionKind};
use lexhold_source::show_instant;

#[test]
fn messages_alone_know_their_moment_in_whatever_order() {
    let Some(path) = fixture("zulip/zulip-export-messages-000001.json") else {
        return;
    };
    let whole = read(&path).clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.id.as_deref().unwrap(), show_instant(one.sent_at.unwrap())))
        .collect();
    assert_eq!(
        (whole.format.as_str(), found),
        (
            "zulip",
            vec![
                ("555", "2014-08-25T20:55:03Z".to_owned()),
                ("888", "2014-08-25T20:55:01Z".to_owned())
            ]
        )
    );
    assert!(
        whole
            .messages
            .iter()
            .all(|one| one.sender == "unknown" && one.conversation.is_empty())
    );
}

const REALM: &str = r#"{"zerver_realm":[{"id":1,"name":"Bank"}],
    "zerver_userprofile":[{"id":10,"full_name":"Ann","email":"user10@zulip","delivery_email":"ann@x.com"},{"id":11,"full_name":"Bob","email":"bob@x.com"},{"id":12,"full_name":"Cy","email":"cy@x.com"}],
    "zerver_stream":[{"id":7,"name":"desk","invite_only":false},{"id":8,"name":"den","invite_only":true}],
    "zerver_recipient":[{"id":70,"type":2,"type_id":7},{"id":80,"type":2,"type_id":8},{"id":90,"type":1,"type_id":11},{"id":91,"type":1,"type_id":10},{"id":95,"type":3,"type_id":5}],
    "zerver_subscription":[{"recipient":70,"user_profile":10,"active":true},{"recipient":70,"user_profile":11,"active":true},{"recipient":70,"user_profile":12,"active":false},{"recipient":95,"user_profile":10},{"recipient":95,"user_profile":11},{"recipient":95,"user_profile":12}],
    "zerver_reaction":[{"id":1,"user_profile":11,"message":1,"emoji_name":"eyes"},{"id":2,"user_profile":12,"message":1,"emoji_name":"tada"}],
    "analytics_realmcount":[{"x":{"y":[1,2,3]}}]}"#;

fn export(messages: &str) -> Whole {
    read_folder(&[
        ("x/realm.json", REALM),
        (
            "x/attachment.json",
            r#"{"zerver_attachment":[{"file_name":"plan.txt","path_id":"1/ab/plan.txt","size":9,"content_type":"text/plain","messages":[2]},{"file_name":"gone.txt","path_id":"1/cd/gone.txt","size":9,"messages":[2,3]}]}"#,
        ),
        ("x/uploads/1/ab/plan.txt", "hello"),
        (
            "x/messages-000001.json",
            &format!(
                r#"{{"zerver_message":[{messages}],"zerver_usermessage":[{{"id":1,"message":1,"user_profile":10}}]}}"#
            ),
        ),
    ])
}

fn place(message: &Message) -> (&str, Option<&str>, ConversationKind, Vec<&str>) {
    let handles = message.recipients.iter().map(|one| one.handle.as_str()).collect();
    (
        &message.conversation,
        message.channel.as_deref(),
        message.conversation_kind,
        handles,
    )
}

#[test]
fn channels_and_direct_messages_have_their_people() {
    let message = |id: u64, sender: u64, recipient: u64| {
        format!(
            r#"{{"id":{id},"sender":{sender},"recipient":{recipient},"subject":"fx","content":"hi","rendered_content":"<p>hi</p>","date_sent":1704164645.123456,"has_link":false}}"#
        )
    };
    let all = [
        message(1, 10, 70),
        message(2, 10, 80),
        message(3, 10, 90),
        message(4, 11, 91),
        message(5, 12, 95),
        message(6, 12, 1234),
    ];
    let whole = export(&all.join(",")).clean();
    assert_eq!(whole.format, "zulip (folder)");
    use ConversationKind::{Channel, Direct, Group};
    let found: Vec<_> = whole.messages.iter().map(place).collect();
    assert_eq!(
        found,
        [
            ("channel/7", Some("desk"), Channel, vec!["11"]),
            ("channel/8", Some("den"), Group, vec![]),
            ("direct/10,11", None, Direct, vec!["11"]),
            ("direct/10,11", None, Direct, vec!["10"]),
            ("group/95", None, Group, vec!["10", "11"]),
            ("recipient/1234", None, Group, vec![]),
        ]
    );
    let first = &whole.messages[0];
    assert_eq!(
        (
            first.sender.as_str(),
            first.metadata["sender_name"].as_str(),
            first.metadata["sender_email"].as_str()
        ),
        ("10", "Ann", "ann@x.com")
    );
    assert_eq!(
        (first.subject.as_deref(), show_instant(first.sent_at.unwrap()).as_str()),
        (Some("fx"), "2024-01-02T03:04:05.123456Z")
    );
    let reactions: serde_json::Value = serde_json::from_str(&first.metadata["reactions"]).unwrap();
    assert_eq!(
        (reactions[0]["emoji_name"].as_str(), reactions.as_array().unwrap().len()),
        (Some("eyes"), 2)
    );
    assert!(first.metadata["has_link"] == "false" && !first.metadata.contains_key("rendered_content"));
    let files: Vec<_> = whole.messages[1]
        .attachments
        .iter()
        .map(|one| (one.name.as_deref().unwrap(), one.bytes, one.sha256.is_some()))
        .collect();
    assert_eq!(files, [("plan.txt", Some(5), true), ("gone.txt", Some(9), false)]);
}

fn versions(whole: &Whole) -> Vec<(i32, VersionKind, Option<&str>, Option<&str>)> {
    let messages = whole.messages.iter();
    messages
        .map(|one| {
            (
                one.version,
                one.version_kind,
                one.subject.as_deref(),
                one.text.as_deref(),
            )
        })
        .collect()
}

#[test]
fn every_text_and_topic_is_a_version() {
    let history = r#"[{\"user_id\":10,\"timestamp\":1704164800,\"prev_content\":\"second\"},{\"user_id\":11,\"timestamp\":1704164750,\"prev_stream\":8},{\"user_id\":11,\"timestamp\":1704164700,\"prev_topic\":\"old\"},{\"user_id\":10,\"timestamp\":1704164650,\"prev_content\":\"first\",\"prev_rendered_content\":\"<p>first</p>\"}]"#;
    let whole = export(&format!(
        r#"{{"id":1,"sender":10,"recipient":70,"subject":"new","content":"third","date_sent":1704164645,"last_edit_time":1704164800,"edit_history":"{history}"}},
        {{"id":2,"sender":10,"recipient":70,"subject":"new","content":"mended","date_sent":1704164645,"last_edit_time":1704164800,"edit_history":null,"has_attachment":true}},
        {{"id":3,"sender":10,"recipient":70,"content":"kept","date_sent":1704164645,"edit_history":"not JSON"}}"#
    ))
    .clean();
    use VersionKind::{Edit, Original};
    assert_eq!(
        versions(&whole),
        [
            (0, Original, Some("old"), Some("first")),
            (1, Edit, Some("old"), Some("second")),
            (2, Edit, Some("new"), Some("second")),
            (3, Edit, Some("new"), Some("third")),
            (1, Edit, Some("new"), Some("mended")),
            (0, Original, None, Some("kept")),
        ]
    );
    let edited: Vec<_> = whole.messages[..4]
        .iter()
        .map(|one| one.metadata.get("edited_at").map(String::as_str))
        .collect();
    assert_eq!(
        edited,
        [None, Some("1704164650"), Some("1704164700"), Some("1704164800")]
    );
    assert_eq!(whole.messages[2].metadata["edited_by"], "11");
    assert_eq!(whole.messages[5].metadata["edit_history"], "not JSON");
}

#[test]
fn pages_of_the_api() {
    let files = Files::new();
    let whole = read(&files.with("x", r#"{"result":"success","msg":"","anchor":1,"messages":[
        {"id":1,"sender_id":10,"sender_full_name":"Ann","sender_email":"ann@x.com","type":"stream","stream_id":7,"display_recipient":"desk","subject":"fx","content":"<p>a &amp; b</p>","content_type":"text/html","timestamp":1704164645,"reactions":[],"last_edit_timestamp":1704164700,"edit_history":[{"timestamp":1704164700,"prev_content":"a"}]},
        {"id":2,"sender_id":10,"type":"private","display_recipient":[{"id":11},{"id":10}],"subject":"","content":"**hi**","content_type":"text/x-markdown","timestamp":1704164645,"reactions":[{"emoji_name":"eyes","user_id":11}]},
        {"id":3,"sender_id":10,"type":"private","display_recipient":[{"id":11},{"id":10},{"id":12}],"content":"/me waves","is_me_message":true,"timestamp":"secret"}]}"#))
    .clean();
    use ConversationKind::{Channel, Direct, Group};
    let found: Vec<_> = whole.messages.iter().map(place).collect();
    assert_eq!(
        found,
        [
            ("channel/7", Some("desk"), Channel, vec![]),
            ("channel/7", Some("desk"), Channel, vec![]),
            ("direct/10,11", None, Direct, vec!["11"]),
            ("direct/10,11,12", None, Group, vec!["11", "12"]),
        ]
    );
    assert_eq!(whole.texts(), ["a", "a & b", "**hi**", "/me waves"]);
    let html: Vec<_> = whole.messages[..2]
        .iter()
        .map(|one| one.metadata.get("html").map(String::as_str))
        .collect();
    assert_eq!(
        html,
        [None, Some("<p>a &amp; b</p>")],
        "the HTML is that of its version"
    );
    assert!(whole.messages[2].metadata["reactions"].contains("eyes"));
    assert_eq!((whole.messages[3].kind.as_str(), whole.notes.len()), ("action", 1));
}

#[test]
fn what_cannot_be_read_costs_only_itself_and_quotes_nothing() {
    let whole =
        export(r#"{"id":"secret"},7,{"id":1,"sender":"secret","recipient":-1,"content":["secret"],"date_sent":1e99}"#);
    assert_eq!(
        whole.reasons(),
        [
            "x/messages-000001.json:item 1: `id` is missing",
            "x/messages-000001.json:item 2: not a JSON object"
        ]
    );
    assert_eq!((whole.messages.len(), whole.notes.len()), (1, 1));
    let whole = read_folder(&[
        ("realm.json", r#"{"zerver_stream":[{"id":7"#),
        ("messages-000001.json", r#"{"zerver_message":[]}"#),
    ]);
    let error = whole.error.unwrap().to_string();
    assert!(
        error.contains("realm.json") && error.contains("ends in the middle"),
        "{error}"
    );
}
