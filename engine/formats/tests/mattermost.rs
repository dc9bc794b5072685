//! Mattermost: every fact of the fixtures, and small exports for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use common::{Files, Whole, fixture, read, read_folder, zip};
use lexhold_model::{ConversationKind, MessageKind, VersionKind};
use lexhold_source::show_instant;

const VERSION: &str = r#"{"type":"version","version":1}"#;

fn lines(lines: &[&str]) -> Whole {
    let files = Files::new();
    let text: Vec<&str> = [VERSION].into_iter().chain(lines.iter().copied()).collect();
    read(&files.with("x", text.join("\n")))
}

#[test]
fn the_bulk_export_reads_as_its_description_says() {
    let Some(path) = fixture("mattermost/bulk-export-zulip/export.jsonl") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.notes.len()), ("mattermost", 0));
    // As many as `"message":` is written in the file: posts and the replies inside them.
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(whole.messages.len(), text.matches("\"message\":").count());
    let ids: BTreeSet<_> = whole
        .messages
        .iter()
        .map(|one| (one.conversation.as_str(), one.id.as_deref().unwrap()))
        .collect();
    assert_eq!(ids.len(), whole.messages.len(), "each has an id of its own");
    let replies: Vec<_> = whole.messages.iter().filter(|one| one.reply_to.is_some()).collect();
    assert!(!replies.is_empty());
    for reply in replies {
        let parent = whole.message(reply.reply_to.as_deref().unwrap());
        assert_eq!(parent.conversation, reply.conversation);
        assert_eq!(parent.source.offset, reply.source.offset, "they stand in one line");
    }
    let reacted = whole
        .messages
        .iter()
        .filter(|one| one.metadata.contains_key("reactions"));
    assert!(reacted.count() > 0);
    let private = whole
        .messages
        .iter()
        .find(|one| one.channel.as_deref() == Some("dumbledores-army"))
        .unwrap();
    assert_eq!(
        (private.conversation.as_str(), private.conversation_kind),
        ("gryffindor/dumbledores-army", ConversationKind::Group)
    );
    assert!(private.recipients.iter().all(|one| one.handle != private.sender));
}

#[test]
fn direct_conversations_are_their_members_in_any_order() {
    let Some(path) = fixture("mattermost/bulk-export-direct-zulip/export.jsonl") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(whole.messages.len(), 11);
    let places: BTreeSet<_> = whole
        .messages
        .iter()
        .map(|one| (one.conversation.as_str(), one.conversation_kind.as_str()))
        .collect();
    assert_eq!(
        places,
        BTreeSet::from([
            ("gryffindor/gryffindor-common-room", "channel"),
            ("gryffindor/gryffindor-quidditch-team", "channel"),
            ("ginny,harry,ron", "group"),
            ("harry,ron", "direct"),
            ("harry,voldemort", "direct"),
        ])
    );
    let hey = whole.message("1566376137676-ron");
    assert_eq!(show_instant(hey.sent_at.unwrap()), "2019-08-21T08:28:57.676Z");
    assert_eq!(
        (hey.recipients[0].handle.as_str(), hey.attachments[0].name.as_deref()),
        ("harry", Some("harry-ron.jpg"))
    );
    assert_eq!(
        (
            hey.metadata["sender_name"].as_str(),
            hey.metadata["sender_email"].as_str()
        ),
        ("Ron Weasley", "ron@zulip.com")
    );
    let nul = whole.message("1566376311350-harry").text.as_deref().unwrap();
    assert_eq!(nul, "\0\u{1}\u{1}Hello How Are you\u{1}\0\0\0\0");
    let reacted = whole.message("1553166567370-harry");
    assert!(reacted.metadata["reactions"].contains("rocket"));
    assert_eq!(
        whole.message("1566376318569-voldemort").metadata["sender_name"],
        "Tom Riddle"
    );
}

#[test]
fn pages_of_the_api_and_their_threads() {
    let Some(path) = fixture("mattermost/api-perceval/mattermost_posts.json") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("mattermost", 5));
    let reply = whole.message("59io5i1f5bbetxtj6mbm67fouw");
    assert_eq!(
        (reply.reply_to.as_deref(), reply.text.as_deref(), reply.source.offset),
        (
            Some("pot46s7kjif7xx6x91ua7m4d7y"),
            Some("El Madrid también en semis"),
            1
        )
    );
    assert_eq!(
        (reply.conversation.as_str(), reply.version),
        ("cf6axeehstft9eq4nq5uk5jqby", 0)
    );
    assert_eq!(show_instant(reply.sent_at.unwrap()), "2018-04-12T15:27:26.639Z");
    assert!(!reply.metadata.contains_key("delete_at") && reply.metadata["is_pinned"] == "false");
    let Some(empty) = fixture("mattermost/api-perceval/mattermost_posts_empty.json") else {
        return;
    };
    assert_eq!(read(&empty).clean().messages.len(), 0);
}

fn page(posts: &str) -> Whole {
    let files = Files::new();
    read(&files.with("x", format!(r#"{{"order":["a"],"posts":{{{posts}}}}}"#)))
}

#[test]
fn edits_deletions_and_files_of_the_api() {
    let whole = page(
        r#""old":{"id":"old","channel_id":"c","user_id":"u","create_at":1000,"edit_at":0,"delete_at":2000,"original_id":"a","message":"first words"},
        "a":{"id":"a","channel_id":"c","user_id":"u","create_at":1000,"edit_at":2000,"delete_at":0,"original_id":"","message":"second words"},
        "b":{"id":"b","channel_id":"c","user_id":"u","create_at":3000,"edit_at":0,"delete_at":4000,"message":"regretted","metadata":{"files":[{"name":"x.pdf","mime_type":"application/pdf","size":7}]}},
        "d":{"id":"d","channel_id":"c","user_id":"u","create_at":3000,"delete_at":4000,"message":"","file_ids":[]},
        "e":{"id":"e","channel_id":"c","user_id":"u","create_at":5000,"type":"system_join_channel","message":"u joined","file_ids":["f1","f2"]}"#,
    )
    .clean();
    assert_eq!(
        whole.versions(),
        [
            ("a", 0, VersionKind::Original, Some("first words")),
            ("a", 1, VersionKind::Edit, Some("second words")),
            ("b", 0, VersionKind::Original, Some("regretted")),
            ("b", 1, VersionKind::Delete, None),
            ("d", 1, VersionKind::Delete, None),
            ("e", 0, VersionKind::Original, Some("u joined")),
        ]
    );
    assert_eq!(whole.messages[0].metadata["version_id"], "old");
    let file = &whole.messages[2].attachments[0];
    assert_eq!(
        (file.name.as_deref(), file.media_type.as_deref(), file.bytes),
        (Some("x.pdf"), Some("application/pdf"), Some(7))
    );
    assert_eq!(
        (whole.messages[5].kind, whole.messages[5].attachments.len()),
        (MessageKind::System, 2)
    );
}

const POST: &str = r#""team":"t","channel":"c","user":"ann","#;

#[test]
fn posts_kinds_edits_and_cards() {
    let whole = lines(&[
        &format!(r#"{{"type":"post","post":{{{POST}"message":"waves","type":"me","create_at":1000}}}}"#),
        &format!(r#"{{"type":"post","post":{{{POST}"message":"mended","create_at":2000,"edit_at":3000,"is_pinned":true,"flagged_by":["bob"]}}}}"#),
        &format!(r#"{{"type":"post","post":{{{POST}"message":"started a call","type":"custom_calls","create_at":4000}}}}"#),
        &format!(
            r#"{{"type":"post","post":{{{POST}"message":"","type":"slack_attachment","create_at":5000,"props":{{"from_webhook":"true","attachments":[{{"pretext":"Alert","fields":[{{"title":"Desk","value":7}}],"fallback":"no"}},{{"fallback":"only this"}}]}}}}}}"#
        ),
        &format!(r#"{{"type":"post","post":{{{POST}"message":"again","create_at":5000}}}}"#),
        r#"{"type":"channel","channel":{"team":"t","name":"c","display_name":"The C","type":"P"}}"#,
        r#"{"type":"user","user":{"username":"ann","nickname":"Annie","teams":[{"name":"t","channels":[{"name":"c"}]}]}}"#,
        r#"{"type":"bot","bot":{"username":"robot","display_name":"R"}}"#,
        r#"{"type":"user","user":{"username":"bob","teams":[{"name":"t","channels":[{"name":"c"}]}]}}"#,
    ])
    .clean();
    let kinds: Vec<_> = whole.messages.iter().map(|one| one.kind).collect();
    use MessageKind::{Action, Call, Message};
    assert_eq!(kinds, [Action, Message, Call, Message, Message]);
    let mended = &whole.messages[1];
    assert_eq!((mended.version, mended.version_kind), (1, VersionKind::Edit));
    assert_eq!(
        (
            mended.metadata["flagged_by"].as_str(),
            mended.metadata["is_pinned"].as_str()
        ),
        (r#"["bob"]"#, "true")
    );
    // What stands behind the posts counts for them too.
    assert_eq!(
        (
            mended.conversation_kind,
            mended.metadata["channel_title"].as_str(),
            mended.recipients[0].handle.as_str()
        ),
        (ConversationKind::Group, "The C", "bob")
    );
    assert_eq!(mended.metadata["sender_name"], "Annie");
    assert_eq!(whole.messages[3].text.as_deref(), Some("Alert\nDesk\n7\nonly this"));
    let ids: Vec<_> = whole.messages[3..]
        .iter()
        .map(|one| one.id.as_deref().unwrap())
        .collect();
    assert_eq!(ids, ["5000-ann", "5000-ann-2"], "two posts of one millisecond");
}

#[test]
fn files_of_the_export_are_hashed_and_never_read_as_messages() {
    let post = format!(
        "{VERSION}\n{{\"type\":\"post\",\"post\":{{{POST}\"message\":\"see\",\"create_at\":1000,\"attachments\":[{{\"path\":\"20240101/a/memo.eml\"}},{{\"path\":\"gone.png\"}}]}}}}"
    );
    let mail = "From: a@x.com\nTo: b@x.com\nSubject: s\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\nhello";
    let entries = [("import.jsonl", post.as_str()), ("data/20240101/a/memo.eml", mail)];
    let files = Files::new();
    let packed = zip(&entries.map(|(name, text)| (name, text.as_bytes())));
    for whole in [read_folder(&entries), read(&files.with("x", packed))] {
        let whole = whole.clean();
        assert_eq!(whole.messages.len(), 1, "{:?}", whole.texts());
        let found: Vec<_> = whole.messages[0]
            .attachments
            .iter()
            .map(|one| (one.name.as_deref().unwrap(), one.bytes, one.sha256.is_some()))
            .collect();
        assert_eq!(found, [("memo.eml", Some(80), true), ("gone.png", None, false)]);
    }
}

#[test]
fn what_cannot_be_read_costs_only_itself_and_quotes_nothing() {
    let whole = lines(&[
        r#"{"type":"secret_kind","secret_kind":{}}"#,
        r#"{"type":"post","post":"secret"}"#,
        r#"{"type":"post","post":{"user":"ann","message":"secret","create_at":1}}"#,
        r#"{"type":"post","post":{"team":"t","#,
        &format!(
            r#"{{"type":"post","post":{{{POST}"message":7,"create_at":99999999999999999999,"replies":[7,{{"message":"kept"}}]}}}}"#
        ),
        "[1]",
    ]);
    assert_eq!(
        whole.reasons(),
        [
            "2: is of a kind that Lexhold does not know",
            "3: holds no post",
            "4: names neither a channel of a team nor members",
            "5: the JSON ends in the middle",
            "7: not a JSON object",
        ]
    );
    assert_eq!((whole.texts(), whole.notes.len()), (vec!["", "kept"], 2));
    assert_eq!(
        whole.messages[0].metadata["message"], "7",
        "what is no text stays as it was written"
    );
}
