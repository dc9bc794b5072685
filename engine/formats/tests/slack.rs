//! Slack: every fact of the fixtures, and small workspaces for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Whole, fixture, read, read_folder};
use lexhold_model::{ConversationKind, MessageKind, PartKind, VersionKind};

const CHANNELS: &str = r#"[{"id":"C1","name":"general","members":["U1","U2"]}]"#;
const USERS: &str = r#"[{"id":"U1","name":"ann","profile":{"display_name":"Ann","email":"ann@x.com"}},{"id":"U2","name":"bob","real_name":"Bob B"}]"#;

/// A channel with one day of these records.
fn day(records: &str) -> Whole {
    read_folder(&[
        ("channels.json", CHANNELS),
        ("users.json", USERS),
        ("general/2024-01-02.json", records),
    ])
}

#[test]
fn the_scrambled_workspace_reads_as_its_description_says() {
    let Some(folder) = fixture("slack/export-dir-slackdump") else {
        return;
    };
    let whole = read(&folder).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("slack (folder)", 16));
    assert!(whole.messages.iter().all(|message| {
        message.conversation == "CO69735E8A"
            && message.channel.as_deref() == Some("B75B4C7")
            && message.conversation_kind == ConversationKind::Channel
            && message.sent_at.is_some()
    }));
    let first = whole.message("1736478514.897649");
    assert_eq!(first.sent_at, Some(1_736_478_514_897_649));
    assert!(
        first
            .source
            .file
            .ends_with("export-dir-slackdump/B75B4C7/2025-01-10.json")
    );
    assert_eq!((first.source.offset, first.recipients.len()), (1, 2));
    let reply = whole.message("1736554746.482349");
    assert_eq!(
        reply.reply_to.as_deref(),
        Some("1736478630.905399"),
        "a thread across two days"
    );
    let gone = whole.message("1736554828.343759");
    assert_eq!((gone.version_kind, &gone.text), (VersionKind::Delete, &None));
    assert_eq!(whole.message("1737160363.583369").version_kind, VersionKind::Edit);
    assert_eq!(whole.message("1736554636.807919").kind, MessageKind::System);
    let with_files = whole.messages.iter().filter(|message| !message.attachments.is_empty());
    assert_eq!(with_files.count(), 2);
    assert_eq!(whole.message("1736582524.607359").text, None, "a file without a word");
}

#[test]
fn the_archive_holds_the_same_as_the_folder() {
    let (Some(folder), Some(archive)) = (
        fixture("slack/export-dir-slackdump"),
        fixture("slack/export-slackdump.zip"),
    ) else {
        return;
    };
    let (folder, archive) = (read(&folder).clean(), read(&archive).clean());
    assert_eq!(archive.format, "slack (zip)");
    assert_eq!(archive.placeless(), folder.placeless());
}

#[test]
fn names_addresses_and_markup_are_shown_as_people_saw_them() {
    let whole = day(r#"[{"type":"message","ts":"1.5","user":"U1","text":"hi <@U2> &amp; <@U9|eve>, <#C7|risk> <!here> <!subteam^S1|@desk> <https:\/\/a.b\/c|the file> <https:\/\/a.b|a.b> <mailto:x@y.z|x@y.z> 1 &lt; 2"}]"#).clean();
    let message = &whole.messages[0];
    let shown = "hi @Bob B & @eve, #risk @here @desk the file (https://a.b/c) a.b x@y.z 1 < 2";
    assert_eq!(message.text.as_deref(), Some(shown));
    assert!(
        message.metadata["text"].starts_with("hi <@U2> &amp;"),
        "as it was written"
    );
    assert_eq!(
        (message.sender.as_str(), message.metadata["sender_email"].as_str()),
        ("U1", "ann@x.com")
    );
    let members: Vec<_> = message
        .recipients
        .iter()
        .map(|one| (one.handle.as_str(), one.role.as_str()))
        .collect();
    assert_eq!(members, [("U2", "member")]);
}

#[test]
fn people_of_other_workspaces_are_known_by_their_messages() {
    let whole = day(r#"[{"type":"message","ts":"1.5","user":"W9","team":"T9","user_team":"T9","text":"hi","user_profile":{"display_name":"","real_name":"Eve of Bank B","team":"T9"}},
        {"type":"message","ts":"2.5","user":"U1","text":"hi","user_profile":{"real_name":"not Ann"}}]"#)
    .clean();
    let [guest, known] = &whole.messages[..] else {
        panic!("{:?}", whole.texts())
    };
    assert_eq!(
        (
            guest.sender.as_str(),
            guest.metadata["sender_name"].as_str(),
            guest.metadata["user_team"].as_str()
        ),
        ("W9", "Eve of Bank B", "T9")
    );
    assert_eq!(known.metadata["sender_email"], "ann@x.com");
    assert_ne!(known.metadata["sender_name"], "not Ann", "the list counts");
}

#[test]
fn subtypes_are_kinds() {
    for (subtype, kind) in [
        ("bot_message", MessageKind::Message),
        ("me_message", MessageKind::Action),
        ("thread_broadcast", MessageKind::Message),
        ("huddle_thread", MessageKind::Call),
        ("channel_join", MessageKind::System),
        ("channel_topic", MessageKind::System),
        ("something_new", MessageKind::System),
    ] {
        let whole = day(&format!(
            r#"[{{"type":"message","subtype":"{subtype}","ts":"1.0","bot_id":"B1","text":"x"}}]"#
        ))
        .clean();
        let message = &whole.messages[0];
        assert_eq!((message.kind, message.sender.as_str()), (kind, "B1"), "{subtype}");
        assert_eq!(message.metadata["subtype"], subtype);
    }
}

#[test]
fn changes_and_deletions_of_a_discovery_export_are_versions() {
    let whole = day(
        r#"[{"type":"message","subtype":"message_changed","ts":"9.0","message":{"type":"message","ts":"1.0","user":"U1","text":"after","edited":{"user":"U1","ts":"8.0"}},"previous_message":{"type":"message","ts":"1.0","user":"U1","text":"before"}},
            {"type":"message","subtype":"message_deleted","ts":"9.5","deleted_ts":"2.0","previous_message":{"type":"message","ts":"2.0","user":"U2","text":"gone"}},
            {"type":"message","subtype":"message_deleted","ts":"9.6","deleted_ts":"3.0"},
            {"type":"message","subtype":"message_deleted","ts":"9.7"}]"#,
    );
    let versions: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            (
                one.id.as_deref().unwrap(),
                one.version,
                one.version_kind.as_str(),
                one.text.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("1.0", 0, "original", Some("before")),
        ("1.0", 1, "edit", Some("after")),
        ("2.0", 0, "original", Some("gone")),
        ("2.0", 1, "delete", None),
        ("3.0", 1, "delete", None),
    ];
    assert_eq!(versions, expected);
    assert_eq!(
        whole.reasons(),
        ["general/2024-01-02.json:item 4: a deletion names no message"]
    );
}

#[test]
fn texts_are_found_in_blocks_and_attachments_when_there_is_no_other() {
    let blocks = r#"[{"ts":"1.0","text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"ask "},{"type":"user","user_id":"U2"}]},{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"https://a.b"}]}]}]}]},
        {"ts":"2.0","attachments":[{"fallback":"build 7 failed"}]},
        {"ts":"3.0","text":"see","attachments":[{"is_share":true,"text":"the old &lt;deal&gt;"}]},
        {"ts":"4.0","text":"link","attachments":[{"text":"a preview"}]}]"#;
    let whole = day(blocks).clean();
    assert_eq!(
        whole.texts(),
        [
            "ask @Bob B\nhttps://a.b",
            "build 7 failed",
            "see\nthe old <deal>",
            "link"
        ]
    );
    let forwarded: Vec<_> = whole.messages[2]
        .parts
        .iter()
        .map(|part| (part.kind, part.start, part.end))
        .collect();
    assert_eq!(forwarded, [(PartKind::Forwarded, 4, 18)]);
    assert!(
        whole.messages[3].metadata["attachments"].contains("a preview"),
        "nothing is lost"
    );
}

#[test]
fn every_list_has_its_kind_of_conversation() {
    let record = r#"[{"ts":"1.0","user":"U1","text":"x"}]"#;
    let whole = read_folder(&[
        ("ws/groups.json", r#"[{"id":"G1","name":"secret","members":["U1"]}]"#),
        (
            "ws/mpims.json",
            r#"[{"id":"G2","name":"mpdm-a--b-1","members":["U1","U3"]}]"#,
        ),
        ("ws/dms.json", r#"[{"id":"D1","members":["U1","U1"]}]"#),
        ("ws/channels.json", "[]"),
        ("ws/secret/2024-01-02.json", record),
        ("ws/mpdm-a--b-1/2024-01-02.json", record),
        ("ws/D1/2024-01-02.json", record),
        ("ws/unlisted/2024-01-02.json", record),
        ("ws/integration_logs.json", "[{}]"),
    ])
    .clean();
    let places: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            (
                one.conversation.as_str(),
                one.channel.as_deref(),
                one.conversation_kind.as_str(),
                one.recipients.len(),
            )
        })
        .collect();
    let expected = [
        ("D1", None, "direct", 0),
        ("G2", None, "group", 1),
        ("G1", Some("secret"), "group", 0),
        ("unlisted", Some("unlisted"), "channel", 0),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_record_that_cannot_be_read_costs_only_itself() {
    let whole = day(
        r#"[{"ts":"1.0","text":"one"}, 7, {"ts":"2.0","ts":"2.0"}, {"ts":"x","text":"no date"}, {"text":"\ud83d half","ts":"3.0"}"#,
    );
    assert_eq!(whole.texts(), ["one", "no date", "\u{fffd} half"]);
    assert_eq!(
        whole.reasons(),
        [
            "general/2024-01-02.json:item 2: not a JSON object",
            "general/2024-01-02.json:item 3: a name stands twice in the object",
            "general/2024-01-02.json:item 5: the JSON ends in the middle; the rest of the file is lost",
        ]
    );
    assert_eq!((whole.messages[1].sent_at, whole.messages[2].undecodable), (None, true));
    assert_eq!(whole.notes.len(), 1, "the date that was left out");
}

#[test]
fn files_have_digests_where_the_export_has_their_bytes() {
    let record = r#"[{"ts":"1.0","text":"x","files":[{"id":"F1","name":"a.pdf","mimetype":"application/pdf","size":99},{"id":"F2","name":"b.pdf","size":5},{"id":"F3","mode":"tombstone"}]}]"#;
    let whole = read_folder(&[
        ("users.json", USERS),
        ("general/2024-01-02.json", record),
        ("__uploads/F1/a.pdf", "abc"),
    ])
    .clean();
    let files = &whole.messages[0].attachments;
    assert_eq!(
        (files[0].bytes, files[0].sha256.as_deref()),
        (
            Some(3),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        )
    );
    assert_eq!((files[1].bytes, &files[1].sha256), (Some(5), &None));
    assert_eq!((files.len(), &files[2].name), (3, &None));
}

#[test]
fn a_damaged_list_of_people_is_an_error_not_a_guess() {
    let whole = read_folder(&[("users.json", "[{\"id\""), ("general/2024-01-02.json", "[]")]);
    let error = whole.error.unwrap().to_string();
    assert!(
        error.ends_with("export/users.json: the JSON ends in the middle"),
        "{error}"
    );
}
