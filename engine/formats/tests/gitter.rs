//! Gitter: every fact of the fixtures, and small rooms for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, fixture, read, read_folder};
use lexhold_model::{ConversationKind, Message, MessageKind, VersionKind};

/// One message with these members.
fn one(members: &str) -> Message {
    let files = Files::new();
    let text = format!(r#"[{{"id":"1","sent":"2020-03-23T13:18:08.800Z","html":"x",{members}}}]"#);
    let mut whole = read(&files.with("lobby.json", text)).clean();
    assert_eq!(whole.messages.len(), 1);
    whole.messages.remove(0)
}

#[test]
fn pages_beside_a_list_of_rooms_read() {
    let Some(folder) = fixture("gitter/perceval-api") else {
        return;
    };
    let whole = read(&folder).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("gitter (folder)", 2));
    assert_eq!(whole.texts(), ["This is test message 1", "This is test message 2"]);
    let first = whole.message("5e78b710c2676245a82ab85a");
    assert_eq!(
        (first.conversation.as_str(), first.conversation_kind),
        ("perceval-api", ConversationKind::Channel)
    );
    assert_eq!(
        first.sent_at,
        Some(lexhold_source::instant("2020-03-23T13:18:08.8Z").unwrap())
    );
    assert_eq!(
        (first.sender.as_str(), first.metadata["sender_name"].as_str()),
        ("5e2f7e72d73408ce4fd7f187", "Animesh Kumar")
    );
    assert_eq!(
        (
            first.metadata["fromUser.username"].as_str(),
            first.metadata["v"].as_str()
        ),
        ("animeshk08", "1")
    );
    assert!(!first.metadata.contains_key("html") && !first.metadata.contains_key("mentions"));
}

#[test]
fn rooms_are_known_by_their_lists() {
    let rooms = r#"[{"id":"5e763973d73408ce4fdd8c40","name":"Hello","uri":"AnimeshCom/helloworld","oneToOne":false,"public":true},{"id":"r2","name":"Ann","uri":"ann","oneToOne":true}]"#;
    let message = |id: u32| format!(r#"[{{"id":"{id}","sent":"2020-03-23T13:18:08Z","text":"x","html":"x"}}]"#);
    let (one, two, three) = (message(1), message(2), message(3));
    let whole = read_folder(&[
        ("a/rooms.json", rooms),
        ("a/AnimeshCom_helloworld_page_1.json", &one),
        ("a/r2/1.json", &two),
        ("a/5e763973d73408ce4fdd8c40.json", &three),
    ])
    .clean();
    let room = |id: &str| {
        let one = whole.message(id);
        (one.conversation.as_str(), one.channel.as_deref(), one.conversation_kind)
    };
    let hello = ("5e763973d73408ce4fdd8c40", Some("Hello"), ConversationKind::Channel);
    assert_eq!((room("1"), room("3")), (hello, hello));
    assert_eq!(room("2"), ("r2", Some("Ann"), ConversationKind::Direct));
}

#[test]
fn threads_edits_deletions_actions_and_bridges() {
    let edited = one(r#""text":"x","editedAt":"2020-03-23T13:19:00.000Z","v":2,"parentId":"0""#);
    assert_eq!(
        (edited.version, edited.version_kind, edited.reply_to.as_deref()),
        (1, VersionKind::Edit, Some("0"))
    );
    assert_eq!(edited.metadata["editedAt"], "2020-03-23T13:19:00.000Z");
    let deleted = one(r#""text":"","v":2"#);
    assert_eq!((deleted.version_kind, &deleted.text), (VersionKind::Delete, &None));
    assert_eq!(one(r#""text":"waves","status":true"#).kind, MessageKind::Action);
    let bridged = one(r#""text":"x","virtualUser":{"type":"matrix","externalId":"@eve:x.org","displayName":"Eve"}"#);
    assert_eq!(
        (bridged.sender.as_str(), bridged.metadata["sender_name"].as_str()),
        ("@eve:x.org", "Eve")
    );
}

#[test]
fn what_is_damaged_is_reported_by_place_and_quotes_nothing() {
    let files = Files::new();
    let good = r#"{"id":"1","sent":"secret","text":"x","html":"x","fromUser":"secret"}"#;
    let whole = read(&files.with("lobby.json", format!(r#"[{good},"secret",{{"text":"secret"}},{{"id":"#)));
    assert_eq!(
        whole.reasons(),
        [
            "item 2: not a JSON object",
            "item 3: `id` is missing",
            "item 4: the JSON ends in the middle; the rest of the file is lost"
        ]
    );
    assert_eq!(
        (whole.messages[0].sender.as_str(), whole.messages[0].sent_at),
        ("unknown", None)
    );
}
