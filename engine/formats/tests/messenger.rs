//! Messenger and Instagram: every fact of the fixtures, and small threads for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_folder, zip};
use lexhold_model::{ConversationKind, Message, MessageKind, PartKind, VersionKind};

/// A thread of two with these messages.
fn thread(messages: &str) -> Whole {
    read_folder(&[("messages/inbox/bob_1234567/message_1.json", &part(messages))])
}

fn part(messages: &str) -> String {
    format!(
        r#"{{"participants":[{{"name":"Ann"}},{{"name":"B\u00c3\u00b6b"}}],"messages":[{messages}],"title":"B\u00c3\u00b6b","thread_path":"inbox/bob_1234567"}}"#
    )
}

/// One message with these members.
fn one(members: &str) -> Message {
    let mut whole = thread(&format!(
        r#"{{"sender_name":"Ann","timestamp_ms":1668628203612,{members}}}"#
    ))
    .clean();
    assert_eq!(whole.messages.len(), 1);
    whole.messages.remove(0)
}

#[test]
fn the_thread_of_instagram_is_repaired_everywhere() {
    let Some(folder) = fixture("messenger/instagram-dm-mojibake") else {
        return;
    };
    let whole = read(&folder).clean();
    assert_eq!(
        (whole.format.as_str(), whole.messages.len()),
        ("messenger (folder)", 13)
    );
    let first = &whole.messages[0];
    assert_eq!(
        (first.platform.as_str(), first.conversation.as_str()),
        ("instagram", "2765720812686121")
    );
    assert_eq!(
        (first.conversation_kind, first.channel.as_deref()),
        (ConversationKind::Group, Some("Test Log"))
    );
    let members: Vec<_> = first.recipients.iter().map(|one| one.handle.as_str()).collect();
    assert_eq!(members, ["Jane Doe", "J❤️hn Doe", "Lionel Messi"]);
    assert_eq!(first.text, None, "a message without any content");
    assert!(first.metadata["reactions"].contains("\"❤️\"") && first.metadata["reactions"].contains("\"J❤️hn Doe\""));
    assert!(first.metadata["encoding"].starts_with("repaired"));
    assert_eq!(whole.messages[9].sender, "❤️");
    assert_eq!(
        whole.texts()[9..12],
        [
            "Testing username only emoji: ❤️",
            "Testing username with emoji: J❤️hn Doe",
            "Testing message with emoji: ❤️"
        ]
    );
    assert!(
        !whole.messages[12].metadata.contains_key("encoding"),
        "nothing was damaged here"
    );
    assert_eq!(whole.messages[12].sent_at, Some(1_577_186_580_000_000));
}

#[test]
fn the_thread_of_instagram_has_media_shares_and_joins() {
    let Some(file) = fixture("messenger/instagram-dm-mojibake/message_1.json") else {
        return;
    };
    let whole = read(&file).clean();
    let media: Vec<_> = whole
        .messages
        .iter()
        .flat_map(|one| &one.attachments)
        .map(|file| file.media_type.as_deref().unwrap())
        .collect();
    assert_eq!(media, ["video/mp4", "video/mp4", "image/jpeg"]);
    assert_eq!(
        whole.messages[3].attachments[0].name.as_deref(),
        Some("audioclip2765720812686121_27657208126861.mp4")
    );
    let share = "John Doe sent an attachment.\nhttps://www.instagram.com/p/CmUv48DLvxd/?feed_type=reshare_chaining";
    assert_eq!(whole.messages[5].text.as_deref(), Some(share));
    let join = &whole.messages[7];
    assert_eq!(
        (join.kind, join.text.as_deref()),
        (MessageKind::System, Some("Jane Doe joined the group."))
    );
    assert_eq!(whole.messages[2].kind, MessageKind::Message, "notices look like texts");
    let folder = fixture("messenger/instagram-dm-mojibake").unwrap();
    assert_eq!(read(&folder).clean().placeless(), whole.placeless());
}

#[test]
fn two_messages_of_one_millisecond_are_two() {
    let Some(folder) = fixture("messenger/facebook-minimal") else {
        return;
    };
    let whole = read(&folder).clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.id.as_deref().unwrap(), one.text.as_deref().unwrap()))
        .collect();
    let expected = [
        ("1668628203612 Allan Smith", "Hello John"),
        ("1668628203612 John Doe", "Hello Allan"),
    ];
    assert_eq!(found, expected);
    let first = &whole.messages[0];
    assert_eq!(
        (first.platform.as_str(), first.conversation.as_str()),
        ("messenger", "facebook-minimal")
    );
    assert_eq!(
        (first.conversation_kind, first.recipients[0].handle.as_str()),
        (ConversationKind::Direct, "John Doe")
    );
    let twice =
        r#"{"sender_name":"Ann","timestamp_ms":1,"content":"x"},{"sender_name":"Ann","timestamp_ms":1,"content":"x"}"#;
    let whole = thread(twice).clean();
    let ids: Vec<_> = whole.messages.iter().map(|one| one.id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["1 Ann", "1 Ann 2"]);
}

#[test]
fn parts_come_in_the_order_of_their_numbers_from_folder_and_archive() {
    let message = |at: u32| {
        part(&format!(
            r#"{{"sender_name":"Ann","timestamp_ms":{at},"content":"{at}","photos":[{{"uri":"your_facebook_activity/messages/inbox/bob_1234567/photos/p.jpg"}}]}}"#
        ))
    };
    let (one, two, ten) = (message(9), message(8), message(7));
    let below = "fb/your_facebook_activity/messages/inbox/bob_1234567/";
    let names =
        ["message_1.json", "message_2.json", "message_10.json", "photos/p.jpg"].map(|name| format!("{below}{name}"));
    let content = [&one, &two, &ten, "abc"];
    let list: Vec<_> = names.iter().map(String::as_str).zip(content).collect();
    let bytes: Vec<_> = list.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let folder = read_folder(&list).clean();
    assert_eq!(folder.texts(), ["9", "8", "7"]);
    assert!(
        folder.messages[0].attachments[0]
            .sha256
            .as_deref()
            .unwrap()
            .starts_with("ba7816bf")
    );
    let files = Files::new();
    assert_eq!(
        read(&files.with("fb.zip", zip(&bytes))).clean().placeless(),
        folder.placeless()
    );
    let first = &folder.messages[0];
    assert_eq!(
        (
            first.metadata["chat_name"].as_str(),
            first.recipients[0].handle.as_str()
        ),
        ("Böb", "Böb")
    );
}

#[test]
fn threads_inside_a_folder_with_a_thread_are_read_too() {
    let message = |text: &str| {
        part(&format!(
            r#"{{"sender_name":"Ann","timestamp_ms":1,"content":"{text}"}}"#
        ))
    };
    let whole = read_folder(&[
        ("message_1.json", &message("outer")),
        ("inner_99/message_1.json", &message("inner")),
    ])
    .clean();
    let mut texts = whole.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["inner", "outer"]);
}

#[test]
fn an_encrypted_chat_is_one_file_and_is_not_repaired() {
    let text = r#"{"participants":["Ann","Böb","Eve"],"threadName":"Desk_12","messages":[
        {"isUnsent":false,"media":[{"uri":"./media/a.jpg"}],"reactions":[{"actor":"Eve","reaction":"👍"}],"senderName":"Böb","text":"naïve","timestamp":1700000000000,"type":"media"},
        {"isUnsent":true,"media":[],"reactions":[],"senderName":"Ann","text":"","timestamp":1700000000001,"type":"text"}]}"#;
    let whole = read_folder(&[("Desk_12.json", text), ("media/a.jpg", "abc")]).clean();
    let first = &whole.messages[0];
    assert_eq!(
        (first.conversation.as_str(), first.conversation_kind),
        ("Desk_12", ConversationKind::Group)
    );
    assert_eq!(
        (first.sender.as_str(), first.text.as_deref(), first.sent_at),
        ("Böb", Some("naïve"), Some(1_700_000_000_000_000))
    );
    assert_eq!((first.attachments[0].bytes, first.recipients.len()), (Some(3), 2));
    assert!(!first.metadata.contains_key("encoding") && !first.metadata.contains_key("isUnsent"));
    assert_eq!(whole.messages[1].version_kind, VersionKind::Delete);
}

#[test]
fn kinds_shares_and_what_was_unsent() {
    for (members, kind) in [
        (r#""content":"x","type":"Generic""#, MessageKind::Message),
        (r#""call_duration":17,"type":"Call""#, MessageKind::Call),
        (
            r#""content":"x","type":"Subscribe","users":[{"name":"Eve"}]"#,
            MessageKind::System,
        ),
        (r#""content":"x","users":[]"#, MessageKind::Message),
    ] {
        assert_eq!(one(members).kind, kind, "{members}");
    }
    let share = one(r#""content":"look: https://a.b","share":{"link":"https://a.b","share_text":"their words"}"#);
    assert_eq!(share.text.as_deref(), Some("look: https://a.b\ntheir words"));
    let parts: Vec<_> = share
        .parts
        .iter()
        .map(|part| (part.kind, part.start, part.end))
        .collect();
    assert_eq!(parts, [(PartKind::Forwarded, 18, 29)]);
    let unsent = one(r#""is_unsent":true"#);
    assert_eq!(
        (unsent.version, unsent.version_kind, &unsent.text),
        (1, VersionKind::Delete, &None)
    );
    let original = one(r#""content":"x","is_unsent":false,"is_geoblocked_for_viewer":false"#);
    assert_eq!(
        (original.id, original.metadata.len()),
        (unsent.id, 1),
        "one message, before and after"
    );
    let sticker =
        one(r#""sticker":{"uri":"messages/stickers_used/1_2.png","ai_stickers":[]},"gifs":[{"uri":"x/y.gif"}]"#);
    let media: Vec<_> = sticker
        .attachments
        .iter()
        .map(|file| file.media_type.as_deref().unwrap())
        .collect();
    assert_eq!(media, ["image/gif", "image/png"]);
}

#[test]
fn what_is_damaged_is_reported_by_place_and_quotes_nothing() {
    let good = r#"{"sender_name":"Ann","timestamp_ms":1,"content":"x"}"#;
    let whole = thread(&format!(
        r#"{good},"secret",{{"sender_name":5,"timestamp_ms":"secret","photos":[5,{{"uri":7}}],"share":"secret"}},{{"timestamp_ms":99999999999999999999}}"#
    ));
    assert_eq!(
        whole.reasons(),
        ["messages/inbox/bob_1234567/message_1.json:item 2: not a JSON object"]
    );
    assert_eq!(
        (
            whole.messages.len(),
            whole.messages[1].sender.as_str(),
            whole.notes.len()
        ),
        (3, "unknown", 2)
    );
    let files = Files::new();
    let text = format!("\u{feff}{}", &part(&format!("{good},{{\"secret\":")));
    let cut = &text[..text.find("\"secret\"").unwrap() + 6];
    let cut = read(&files.with("message_1.json", cut));
    assert_eq!(cut.messages.len(), 1);
    assert_eq!(
        cut.reasons(),
        ["item 2: the JSON ends in the middle; the rest of the file is lost"]
    );
}
