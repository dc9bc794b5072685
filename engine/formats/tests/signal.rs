//! Signal: every fact of the fixtures, and small exports for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, Files, Whole, fixture, read, read_with};
use jiff::tz::TimeZone;
use lexhold_formats::Options;
use lexhold_model::{ConversationKind, Message, MessageKind, PartKind, VersionKind};

const OWNER: &str = "b22bb22b-b22b-b22b-b22b-b22bb22bb22b";
const PEER: &str = "67766776-6776-6776-6776-677667766776";

fn handles(message: &Message) -> Vec<&str> {
    message.recipients.iter().map(|one| one.handle.as_str()).collect()
}

#[test]
fn the_decrypted_database_reads_as_its_description_says() {
    let Some(folder) = fixture("signal/desktop-db-chat-history-manager") else {
        return;
    };
    let whole = read(&folder);
    assert_eq!(whole.format, "signal (folder)");
    assert_eq!(whole.messages.len(), 6, "five messages, one of them in two versions");
    assert!(whole.messages.iter().all(|one| {
        let kind = (one.conversation_kind, one.channel.as_deref());
        one.conversation == "67766776-6776-6776-6776-677667766776,b22bb22b-b22b-b22b-b22b-b22bb22bb22b"
            && kind == (ConversationKind::Direct, None)
            && one.custodians == [OWNER]
    }));
    let photo = whole.message(&format!("1685967643288/{OWNER}"));
    assert_eq!(photo.metadata["chat_name"], "Eeeee Eeeeeeeeee");
    assert_eq!(
        (photo.sender.as_str(), handles(photo), photo.text.as_deref()),
        (OWNER, vec![PEER], Some("Photo caption"))
    );
    assert_eq!(photo.sent_at, Some(1_685_967_643_288_000));
    let file = &photo.attachments[0];
    assert_eq!(
        (file.name.as_deref(), file.media_type.as_deref(), file.bytes),
        (Some("my-photo.jpg"), Some("image/jpeg"), Some(178_803))
    );
    assert_eq!(
        file.sha256.as_deref(),
        Some("f6dac0c0cc7236dc7c73db60a614ce96f412bc7fdbeafd0f387441e13707382b")
    );
    let call = whole.message("085e31c0-4ff1-4ce7-9db8-782eb6f724e3");
    assert_eq!(
        (call.kind, call.sender.as_str(), handles(call)),
        (MessageKind::Call, OWNER, vec![PEER])
    );
    assert_eq!(
        (
            call.metadata["call_status"].as_str(),
            call.metadata["call_mode"].as_str()
        ),
        ("Accepted", "Direct")
    );
    let voice = whole.message(&format!("1695792334090/{PEER}"));
    assert_eq!(
        (&voice.text, voice.attachments[0].media_type.as_deref(), handles(voice)),
        (&None, Some("audio/aac"), vec![OWNER])
    );
    assert_eq!(whole.message(&format!("1696176322229/{PEER}")).attachments.len(), 2);
    let edited: Vec<_> = whole
        .messages
        .iter()
        .filter(|one| one.id.as_deref() == Some(&format!("1696178282339/{OWNER}")))
        .map(|one| (one.version, one.version_kind, one.text.as_deref()))
        .collect();
    let due = [
        (0, VersionKind::Original, Some("Edited message, initial version")),
        (1, VersionKind::Edit, Some("Edited message, final version")),
    ];
    assert_eq!(edited, due);
}

const TABLES: &str = r#"
    CREATE TABLE messages (rowid INTEGER PRIMARY KEY, id STRING, json TEXT, sent_at INTEGER, conversationId STRING, type STRING, body TEXT,
        expireTimer INTEGER, sourceServiceId TEXT);
    CREATE TABLE conversations (id STRING PRIMARY KEY, json TEXT, type STRING, members TEXT, name TEXT, e164 TEXT, serviceId TEXT, groupId TEXT);
    CREATE TABLE items (id TEXT PRIMARY KEY, json TEXT);
    CREATE TABLE message_attachments (messageId TEXT, attachmentType TEXT, orderInMessage INTEGER, contentType TEXT, fileName TEXT, size INTEGER,
        path TEXT, version INTEGER, plaintextHash TEXT);
    INSERT INTO items VALUES ('uuid_id', '{"id":"uuid_id","value":"A.2"}');
    INSERT INTO conversations VALUES ('c-a', NULL, 'private', NULL, 'Own', NULL, 'A', NULL), ('c-b', NULL, 'private', NULL, 'Bob', '+1', 'B', NULL),
        ('c-c', NULL, 'private', NULL, NULL, '+2', NULL, NULL), ('c-g', NULL, 'group', 'A B C', 'Desk', NULL, NULL, 'G=='),
        ('c-h', '{"membersV2":[{"aci":"A"},{"aci":"D"}]}', 'group', NULL, NULL, NULL, NULL, NULL);"#;

fn desktop(rows: &str) -> Whole {
    let database = Database::new(&[TABLES, rows]);
    // A file that no message names would be told of.
    if rows.contains("ab/plain") {
        database.beside("attachments.noindex/ab/plain", b"\0our");
    }
    read(database.folder())
}

#[test]
fn groups_quotes_reactions_and_deletions() {
    let whole = desktop(
        r#"INSERT INTO messages VALUES
            (1, 'm1', '{"body":"yes","quote":{"id":5,"authorAci":"B","text":"sell?"},"reactions":[{"emoji":"👍","fromId":"c-b","timestamp":2000}]}', 1000, 'c-g', 'outgoing', NULL, 60, NULL),
            (2, 'm2', '{"deletedForEveryone":true,"sourceServiceId":"B"}', 3000, 'c-g', 'incoming', '', NULL, NULL),
            (3, 'm3', '{"groupV2Change":{"details":[{"type":"member-add"}]}}', 4000, 'c-h', 'group-v2-change', NULL, NULL, NULL),
            (4, 'm4', '{"expirationTimerUpdate":{"expireTimer":60}}', 4500, 'c-c', 'incoming', NULL, NULL, NULL),
            (5, 'm5', NULL, 5000, 'c-c', 'incoming', 'columns alone', NULL, NULL);"#,
    )
    .clean();
    let answer = whole.message("1000/A");
    assert_eq!(
        (answer.conversation.as_str(), answer.channel.as_deref(), handles(answer)),
        ("G==", Some("Desk"), vec!["B", "C"])
    );
    assert_eq!(
        (answer.text.as_deref(), answer.reply_to.as_deref()),
        (Some("yes\nsell?"), Some("5/B"))
    );
    assert_eq!(
        (answer.parts[0].kind, answer.parts[0].start, answer.parts[0].end),
        (PartKind::Quoted, 4, 9)
    );
    assert_eq!(answer.metadata["expireTimer"], "60");
    let reaction = whole.message("1000/A/2000/B");
    assert_eq!(
        (reaction.kind, reaction.text.as_deref(), reaction.sender.as_str()),
        (MessageKind::Reaction, Some("👍"), "B")
    );
    assert_eq!(
        (reaction.reply_to.as_deref(), handles(reaction)),
        (Some("1000/A"), vec!["C", "A"])
    );
    let gone = whole.message("3000/B");
    assert_eq!(
        (gone.version, gone.version_kind, &gone.text),
        (1, VersionKind::Delete, &None)
    );
    let change = whole.message("m3");
    assert_eq!(
        (change.kind, handles(change), change.conversation.as_str()),
        (MessageKind::System, vec!["A", "D"], "c-h")
    );
    assert_eq!(whole.message("4500/+2").kind, MessageKind::System);
    assert_eq!(whole.message("5000/+2").text.as_deref(), Some("columns alone"));
}

#[test]
fn attachments_of_newer_versions_lie_in_a_table() {
    let whole = desktop(
        "INSERT INTO messages VALUES (1, 'm1', '{}', 1000, 'c-b', 'incoming', 'x', NULL, 'B');
         INSERT INTO message_attachments VALUES ('m1', 'attachment', 1, 'image/png', 'b.png', 9, 'zz/gone', 2, 'no digest'),
            ('m1', 'attachment', 0, 'text/plain', 'a.txt', 3, 'ab/plain', 1, NULL), ('m1', 'preview', 0, 'image/png', NULL, 1, NULL, 1, NULL);",
    );
    let files: Vec<_> = whole.messages[0]
        .attachments
        .iter()
        .map(|one| (one.name.as_deref(), one.bytes, one.sha256.is_some()))
        .collect();
    assert_eq!(files, [(Some("a.txt"), Some(4), true), (Some("b.png"), Some(9), false)]);
}

#[test]
fn rows_that_are_no_messages_are_told_without_a_word_of_them() {
    let whole = desktop(
        r#"INSERT INTO messages VALUES (1, 'm1', '{"secret":', 1000, 'c-b', 'incoming', 'secret', NULL, 'B'), (2, 'm2', '{}', 1000, NULL, 'incoming', 'secret', NULL, 'B'),
            (3, 'm3', '{"sent_at":"secret","reactions":["secret",{}],"editHistory":[1],"quote":7}', NULL, 'c-b', 'incoming', 'x', NULL, 'B');"#,
    );
    let reasons = [
        "a database.db:row 1: `json` cannot be read: the JSON ends in the middle",
        "a database.db:row 2: it is in no conversation",
    ];
    assert_eq!(whole.reasons()[..2], reasons);
    assert_eq!((whole.messages.len(), whole.notes[0].field), (1, "sent_at"));
    assert_eq!(whole.messages[0].metadata["quote"], "7");
}

#[test]
fn what_signal_cli_received_reads_as_its_description_says() {
    let Some(path) = fixture("signal/signal-cli/receive.jsonl") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(whole.format, "signal-cli");
    let places: Vec<u64> = whole.messages.iter().map(|one| one.source.offset).collect();
    assert_eq!(
        places,
        [1, 2, 3, 4, 5, 7, 8, 9, 10],
        "who types and an empty envelope are no messages"
    );
    let by_line = |line: u64| whole.messages.iter().find(|one| one.source.offset == line).unwrap();
    let group = by_line(1);
    assert_eq!(
        (
            group.conversation.as_str(),
            group.conversation_kind,
            group.sender.as_str()
        ),
        ("<groupid>", ConversationKind::Group, "<uuid>")
    );
    assert_eq!(
        (group.text.as_deref(), group.metadata["sender_name"].as_str()),
        (Some("Uhrzeit"), "<name>")
    );
    assert_eq!(by_line(2).conversation_kind, ConversationKind::Direct);
    assert_eq!(handles(by_line(3)), ["+49987654321"]);
    let reaction = by_line(4);
    assert_eq!(
        (reaction.kind, reaction.text.as_deref(), reaction.reply_to.as_deref()),
        (MessageKind::Reaction, Some("👍"), Some("1632576001632/<uuid>"))
    );
    let edit = by_line(5);
    assert_eq!(
        (
            edit.id.as_deref(),
            edit.version,
            edit.version_kind,
            edit.text.as_deref()
        ),
        (Some("1632576001632/<uuid>"), 1, VersionKind::Edit, Some("Uhrzeit!"))
    );
    assert_eq!(
        (
            by_line(7).attachments[0].name.as_deref(),
            by_line(7).attachments[0].bytes
        ),
        (Some("image.png"), Some(12_005))
    );
    assert!(by_line(8).metadata["previews"].contains("Super example"));
    let gone = by_line(9);
    assert_eq!(
        (gone.id.as_deref(), gone.version_kind, &gone.text),
        (Some("1632576001600/<uuid>"), VersionKind::Delete, &None)
    );
    assert_eq!(by_line(10).kind, MessageKind::System);
}

/// An envelope of these members.
fn envelope(members: &str) -> String {
    format!(r#"{{"envelope":{{"sourceNumber":"+1","sourceDevice":1,{members}}},"account":"+9"}}"#)
}

#[test]
fn every_wrapping_holds_the_same() {
    let bare = envelope(r#""timestamp":1000,"dataMessage":{"message":"x"}"#);
    let params = bare.clone();
    let call = format!(r#"{{"jsonrpc":"2.0","method":"receive","params":{params}}}"#);
    let result = format!(r#"{{"jsonrpc":"2.0","method":"receive","params":{{"subscription":0,"result":{params}}}}}"#);
    let files = Files::new();
    let plain = read(&files.with("a", &bare)).clean();
    assert_eq!((plain.messages.len(), handles(&plain.messages[0])), (1, vec!["+9"]));
    for (name, text) in [
        ("b", call),
        ("c", result),
        ("d", format!("[{bare}]")),
        ("e", format!("[\n {bare}\n]")),
    ] {
        assert_eq!(
            read(&files.with(name, text)).clean().placeless(),
            plain.placeless(),
            "{name}"
        );
    }
}

#[test]
fn versions_count_through_chains_of_edits() {
    let lines = [
        envelope(r#""timestamp":1000,"dataMessage":{"message":"a"}"#),
        envelope(r#""timestamp":2000,"editMessage":{"targetSentTimestamp":1000,"dataMessage":{"message":"b"}}"#),
        envelope(r#""timestamp":3000,"editMessage":{"targetSentTimestamp":2000,"dataMessage":{"message":"c"}}"#),
        envelope(r#""timestamp":4000,"dataMessage":{"remoteDelete":{"timestamp":3000}}"#),
        envelope(r#""timestamp":5000,"callMessage":{"offerMessage":{"id":1}}"#),
        envelope(r#""timestamp":6000,"storyMessage":{"textAttachment":{"text":"story"}}"#),
        envelope(
            r#""timestamp":7000,"dataMessage":{"quote":{"id":1000,"authorNumber":"+1","text":"a"},"message":"yes"}"#,
        ),
        envelope(r#""timestamp":-1,"dataMessage":{"message":"secret"}"#),
        envelope(r#""timestamp":9999999999999999999,"dataMessage":{"message":"secret"}"#),
        r#"{"secret":1}"#.to_owned(),
        "secret".to_owned(),
    ];
    let files = Files::new();
    let whole = read(&files.with("r", lines.join("\n")));
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.id.as_deref().unwrap(), one.version, one.sent_at))
        .collect();
    let first = Some(1_000_000);
    assert_eq!(
        found[..4],
        [
            ("1000/+1", 0, first),
            ("1000/+1", 1, first),
            ("1000/+1", 2, first),
            ("1000/+1", 3, first)
        ]
    );
    assert_eq!(
        (whole.messages[4].kind, whole.messages[5].text.as_deref()),
        (MessageKind::Call, Some("story"))
    );
    assert_eq!(
        (whole.messages[6].text.as_deref(), whole.messages[6].reply_to.as_deref()),
        (Some("yes\na"), Some("1000/+1"))
    );
    let reasons = [
        "8: `timestamp` is missing or no whole number",
        "10: there is no `envelope` in it",
        "11: not a JSON object",
    ];
    assert_eq!(whole.reasons(), reasons);
    assert_eq!(whole.notes.len(), 1);
}

fn zone(name: &str) -> Options {
    Options {
        zone: Some(TimeZone::get(name).unwrap()),
        ..Options::default()
    }
}

#[test]
fn the_chat_of_signal_export_reads_as_it_was_written() {
    let Some(folder) = fixture("signal/signal-export") else {
        return;
    };
    let error = read(&folder).error.unwrap().to_string();
    assert!(error.contains("--source-zone"), "{error}");
    let whole = read_with(&folder, &zone("Europe/Belgrade")).clean();
    assert_eq!(
        (whole.format.as_str(), whole.messages.len()),
        ("signal-export (folder)", 9)
    );
    let first = &whole.messages[0];
    let sent: jiff::Timestamp = "2024-03-01T08:15:02Z".parse().unwrap();
    assert_eq!(
        (first.sent_at, first.conversation.as_str(), first.conversation_kind),
        (Some(sent.as_microsecond()), "Aya", ConversationKind::Direct)
    );
    assert_eq!(
        (first.sender.as_str(), handles(first), &first.sent_precision),
        ("Me", vec!["Aya"], &None)
    );
    let quote = &whole.messages[2];
    assert_eq!(
        quote.text.as_deref(),
        Some("ok\nYes! Bring the printed offer [v3], please")
    );
    assert_eq!((quote.parts[0].kind, quote.parts[0].start), (PartKind::Quoted, 3));
    assert!(whole.messages[1].metadata["reactions"].contains("👍"));
    assert_eq!(whole.messages[3].attachments[0].name.as_deref(), Some("offer v3.pdf"));
    assert_eq!(whole.messages[5].version_kind, VersionKind::Delete);
    assert!(whole.messages[6].metadata["sticker"].contains("🎉"));
    assert_eq!(
        (whole.messages[7].kind, whole.messages[7].metadata["missed"].as_str()),
        (MessageKind::Call, "true")
    );
}

#[test]
fn doubled_hours_repeated_texts_and_media_of_signal_export() {
    let record = |date: &str, sender: &str, files: &str| {
        format!(
            r#"{{"date":"{date}","sender":"{sender}","body":"ok","quote":"","sticker":null,"reactions":[],"attachments":[{files}],"deleted":false,"call":false}}"#
        )
    };
    let lines = [
        record("2024-10-27T01:30:00", "A", r#"{"name":"a.pdf","path":"media/a.pdf"}"#),
        record("2024-10-27T01:30:00", "A", ""),
        record("2024-10-27T03:30:00", "B", ""),
        record("soon", "C", ""),
    ];
    let files = Files::new();
    files.folder(
        "x",
        &[
            ("Desk/data.json", &lines.join("\n")),
            ("Desk/media/a.pdf", "four"),
            ("Desk/chat.md", "[2024-10-27 01:30:00] A: ok"),
        ],
    );
    let whole = read_with(&files.path("x"), &zone("Europe/London")).clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.sent_precision.as_deref(), one.id.is_some()))
        .collect();
    let doubled = Some("hour of a clock change");
    assert_eq!(found, [(doubled, false), (doubled, true), (None, false), (None, false)]);
    assert_eq!(whole.messages[0].attachments[0].bytes, Some(4));
    assert_eq!(whole.messages[0].conversation_kind, ConversationKind::Group);
    assert_eq!((whole.messages[3].sent_at, whole.notes.len()), (None, 1));
}

#[test]
fn both_sides_of_a_talk_name_it_and_its_messages_alike() {
    let side = |own: &str, peer: &str, row_type: &str| {
        let tables = TABLES.split("    INSERT INTO items").next().unwrap();
        let rows = format!(
            r#"INSERT INTO items VALUES ('uuid_id', '{{"id":"uuid_id","value":"{own}.1"}}');
               INSERT INTO conversations VALUES ('c', NULL, 'private', NULL, 'A name of my own', NULL, '{peer}', NULL);
               INSERT INTO messages VALUES (1, 'm', '{{"body":"sell"}}', 1000, 'c', '{row_type}', NULL, NULL, NULL);"#
        );
        read(&Database::new(&[tables, &rows]).path()).clean().messages.remove(0)
    };
    let received = |own: &str, data: &str| {
        let files = Files::new();
        let line = format!(
            r#"{{"account":"+1","envelope":{{"source":"A","sourceUuid":"A","sourceNumber":"+1","sourceDevice":1,"timestamp":2000,{own}}}}}
{{"account":"+1","envelope":{{"sourceUuid":"B","sourceDevice":1,"timestamp":1000,{data}}}}}"#
        );
        let mut whole = read(&files.with("x.jsonl", line)).clean();
        whole.messages.pop().unwrap()
    };
    let sent = r#""syncMessage":{"sentMessage":{"destinationUuid":"B","timestamp":2000,"message":"buy"}}"#;
    let by_cli = received(sent, r#""dataMessage":{"timestamp":1000,"message":"sell"}"#);
    let (ann, bob) = (side("A", "B", "incoming"), side("B", "A", "outgoing"));
    let mut custodians = Vec::new();
    let mut bare = |mut message: Message| {
        custodians.append(&mut message.custodians);
        (message.source, message.metadata) = Default::default();
        message
    };
    let (ann, bob, by_cli) = (bare(ann), bare(bob), bare(by_cli));
    assert_eq!(ann.conversation, "A,B");
    assert_eq!((&ann, &ann), (&bob, &by_cli));
    assert_eq!(custodians, ["A", "B", "A"]);
}
