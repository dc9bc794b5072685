//! Discord: every fact of the fixtures, and small exports for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read};
use lexhold_model::{ConversationKind, Message, MessageKind, PartKind, VersionKind};

const DIRECT: &str = "discord/Direct Messages - Alice Smith, Bob Jones, Charlie Brown [GDM001].json";
const HAND_MADE: &str = "discord/Test Server - Text - general [100].json";
const PART: &str = "discord/zulip-discord server - Text Channels - general [1519311538035490958] [part 2].json";
const FORWARD: &str = "discord/zulip-discord server - Text Channels - general-2 [1519313380647764018].json";

/// A file of a channel with these messages.
fn text_of(kind: &str, messages: &str) -> String {
    format!(
        r#"{{"guild":{{"id":"1","name":"Firm"}},"channel":{{"id":"5","type":"{kind}","category":"Desks","name":"rates"}},"dateRange":{{"after":null,"before":null}},"messages":[{messages}]"#
    )
}

fn channel(kind: &str, messages: &str) -> Whole {
    let files = Files::new();
    read(&files.with("export.json", text_of(kind, messages) + "}"))
}

/// One message with these members more.
fn one(members: &str) -> Message {
    let head = r#""id":"7","timestamp":"2026-01-01T10:00:00.1234567+01:00","author":{"id":"9","name":"ann"}"#;
    let mut whole = channel("GuildTextChat", &format!("{{{head},{members}}}")).clean();
    assert_eq!(whole.messages.len(), 1);
    whole.messages.remove(0)
}

#[test]
fn a_group_of_direct_messages_has_its_writers_as_members() {
    let Some(path) = fixture(DIRECT) else { return };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("discord", 2));
    let first = whole.message("gdm001");
    assert_eq!(
        (first.conversation.as_str(), first.conversation_kind),
        ("GDM001", ConversationKind::Group)
    );
    assert_eq!(
        (&first.channel, first.metadata["chat_name"].as_str()),
        (&None, "Alice Smith, Bob Jones, Charlie Brown")
    );
    assert_eq!(
        (first.sender.as_str(), first.metadata["sender_name"].as_str()),
        ("user001", "Alice Smith")
    );
    assert_eq!(
        first
            .recipients
            .iter()
            .map(|one| one.handle.as_str())
            .collect::<Vec<_>>(),
        ["user002"]
    );
    assert!(!first.metadata.contains_key("guild"));
}

#[test]
fn the_hand_made_channel_reads_in_the_order_of_its_file() {
    let Some(path) = fixture(HAND_MADE) else { return };
    let whole = read(&path).clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.id.as_deref().unwrap(), one.kind.as_str()))
        .collect();
    let expected = [
        ("msg001", "message"),
        ("msg002", "message"),
        ("msg003", "message"),
        ("msg004", "system"),
        ("msg005", "message"),
        ("msg006", "message"),
        ("msg007", "system"),
    ];
    assert_eq!(found, expected);
    assert!(whole.message("msg004").sent_at < whole.message("msg001").sent_at);
    assert_eq!(whole.message("msg003").reply_to.as_deref(), Some("msg001"));
    let file = &whole.message("msg002").attachments[0];
    assert_eq!(
        (file.name.as_deref(), file.bytes, file.media_type.as_deref()),
        (Some("test-upload.png"), Some(1024), Some("image/png"))
    );
    assert_eq!(whole.message("msg005").metadata["author.isBot"], "true");
    assert!(!whole.message("msg001").metadata.contains_key("author.isBot"));
    assert_eq!(
        whole.message("msg006").text.as_deref(),
        Some("Hello <@user002>, check <#101> and @everyone")
    );
    let reactions = &whole.message("msg006").metadata["reactions"];
    assert!(reactions.contains("custom_emoji") && reactions.contains("user002"));
    let first = whole.message("msg001");
    assert_eq!(
        (
            first.conversation.as_str(),
            first.channel.as_deref(),
            first.conversation_kind
        ),
        ("100", Some("general"), ConversationKind::Channel)
    );
    assert_eq!(
        (first.metadata["guild"].as_str(), first.metadata["category"].as_str()),
        ("Test Server", "Text")
    );
    assert!(first.recipients.is_empty());
}

#[test]
fn the_second_part_of_a_real_channel_reads() {
    let Some(path) = fixture(PART) else { return };
    let whole = read(&path).clean();
    assert_eq!(whole.messages.len(), 12);
    let reply = whole.message("1519315200522846228");
    assert_eq!(
        reply.reply_to.as_deref(),
        Some("1519313281611862046"),
        "it stands in the first part"
    );
    assert_eq!(
        reply.sent_at,
        Some(lexhold_source::instant("2026-06-24T12:16:11.316Z").unwrap())
    );
    let pin = whole.message("1519316171290054736");
    assert_eq!(
        (pin.kind, pin.reply_to.as_deref()),
        (MessageKind::System, Some("1519316150968782899"))
    );
    assert_eq!(whole.message("1519316150968782899").metadata["isPinned"], "true");
    assert_eq!(whole.message("1519336881265967154").kind, MessageKind::System, "a join");
    let video = &whole.message("1519316075357933610").attachments[0];
    assert_eq!(
        (video.name.as_deref(), video.bytes, &video.sha256),
        (Some("20260624-1219-22.1575795.mp4"), Some(589_471), &None)
    );
    assert_eq!(whole.messages.last().unwrap().text.as_deref(), Some("@here"));
    for message in &whole.messages {
        let id: i64 = message.id.as_ref().unwrap().parse().unwrap();
        assert_eq!(
            message.sent_at,
            Some(((id >> 22) + 1_420_070_400_000) * 1000),
            "ids are instants"
        );
    }
}

#[test]
fn a_forwarded_message_stands_behind_in_a_part_of_its_own() {
    let Some(path) = fixture(FORWARD) else { return };
    let whole = read(&path).clean();
    let forward = whole.message("1519313412461559968");
    assert_eq!((forward.text.as_deref(), &forward.reply_to), (Some("Reactions"), &None));
    let parts: Vec<_> = forward
        .parts
        .iter()
        .map(|part| (part.kind, part.start, part.end))
        .collect();
    assert_eq!(parts, [(PartKind::Forwarded, 0, 9)]);
    assert!(forward.metadata["reference"].contains("Forward"), "where it is from");
}

#[test]
fn a_folder_of_exports_is_read_whole_with_its_files() {
    let message = r#"{"id":"7","timestamp":"2026-01-01T10:00:00Z","author":{"id":"9"},"attachments":[{"url":"media\\a.txt","fileName":"plan.txt","fileSizeBytes":9}],"stickers":[{"name":"Wave","sourceUrl":"media/w.png"}]}"#;
    let text = text_of("DirectTextChat", message) + "}";
    let files = Files::new();
    let folder = files.folder(
        "out",
        &[
            ("dms/a.json", &text),
            ("dms/media/a.txt", "abc"),
            ("dms/media/w.png", "png"),
        ],
    );
    let whole = read(&folder).clean();
    assert_eq!(whole.format, "discord (folder)");
    let message = &whole.messages[0];
    assert_eq!(message.conversation_kind, ConversationKind::Direct);
    let [file, sticker] = &message.attachments[..] else {
        panic!("{:?}", message.attachments)
    };
    assert_eq!((file.bytes, file.media_type.as_deref()), (Some(3), Some("text/plain")));
    assert!(file.sha256.as_deref().unwrap().starts_with("ba7816bf"));
    assert_eq!((sticker.name.as_deref(), sticker.bytes), (Some("Wave"), Some(3)));
}

#[test]
fn kinds_edits_and_places() {
    for (word, kind) in [
        ("Default", MessageKind::Message),
        ("20", MessageKind::Message),
        ("Call", MessageKind::Call),
        ("RecipientAdd", MessageKind::System),
        ("ChannelNameChange", MessageKind::System),
        ("ThreadCreated", MessageKind::System),
    ] {
        assert_eq!(one(&format!(r#""type":"{word}""#)).kind, kind, "{word}");
    }
    let edited = one(r#""content":"x","timestampEdited":"2026-01-01T11:00:00Z""#);
    assert_eq!((edited.version, edited.version_kind), (1, VersionKind::Edit));
    assert_eq!(edited.metadata["timestampEdited"], "2026-01-01T11:00:00Z");
    assert_eq!(
        edited.sent_at,
        Some(lexhold_source::instant("2026-01-01T09:00:00.123456Z").unwrap())
    );
    for (word, kind) in [
        ("GuildPrivateThread", ConversationKind::Group),
        ("GuildPublicThread", ConversationKind::Channel),
        ("DirectTextChat", ConversationKind::Direct),
        ("DirectGroupTextChat", ConversationKind::Group),
    ] {
        let whole = channel(
            word,
            r#"{"id":"1","timestamp":"2026-01-01T11:00:00Z","author":{"id":"9"}}"#,
        )
        .clean();
        assert_eq!(whole.messages[0].conversation_kind, kind, "{word}");
        assert_eq!(whole.messages[0].metadata["channel_type"], word);
    }
}

#[test]
fn words_of_boxes_mentions_and_what_is_elsewhere() {
    let boxes = r#""embeds":[{"title":"Build 7","description":"failed","fields":[{"name":"by","value":"ann"}]}]"#;
    assert_eq!(one(boxes).text.as_deref(), Some("Build 7\nfailed\nby\nann"));
    let link = one(&format!(r#""content":"see",{boxes}"#));
    assert_eq!(link.text.as_deref(), Some("see"), "a preview is nobody's words");
    assert!(link.metadata["embeds"].contains("Build 7"));
    let mention = one(r#""content":"ask <@3> or <@!3>","mentions":[{"id":"3","name":"bob","nickname":"Bob"}]"#);
    assert_eq!(mention.text.as_deref(), Some("ask @Bob or @Bob"));
    assert_eq!(mention.metadata["content"], "ask <@3> or <@!3>");
    let elsewhere = one(r#""content":"x","reference":{"messageId":"4","channelId":"6"}"#);
    assert_eq!(
        (&elsewhere.reply_to, elsewhere.metadata.contains_key("reference")),
        (&None, true)
    );
}

#[test]
fn what_is_damaged_is_reported_by_place_and_quotes_nothing() {
    let good = r#"{"id":"1519315200522846228","timestamp":"secret","author":"secret"}"#;
    let whole = channel("GuildTextChat", &format!(r#"{good},{{"content":"secret"}},"secret""#));
    assert_eq!(
        whole.reasons(),
        ["item 2: `id` is missing", "item 3: not a JSON object"]
    );
    let message = &whole.messages[0];
    assert_eq!(
        (message.sender.as_str(), message.sent_at),
        ("unknown", Some(1_782_303_371_316_000))
    );
    assert_eq!(
        whole.notes[0].reason,
        "`timestamp` is not a possible RFC 3339 date, and that of the id was taken"
    );
    let files = Files::new();
    let cut = read(&files.with(
        "export.json",
        text_of("GuildTextChat", &format!("{good},{{\"id\":\"secr")),
    ));
    assert_eq!(
        cut.reasons(),
        ["item 2: the JSON ends in the middle; the rest of the file is lost"]
    );
    let short = read(&files.with("export.json", text_of("GuildTextChat", good) + r#","messageCount":3}"#));
    assert_eq!(
        short.reasons(),
        ["all of it: says that it holds 3 messages, and holds 1"]
    );
}
