//! iMessage: every fact of the fixtures, and small databases for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, Whole, fixture, read};
use lexhold_model::{ConversationKind, Message, MessageKind, VersionKind};

/// The tables of a Mac of 2024, as far as messages need them.
const TABLES: &str = "
    CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER, subject TEXT, attributedBody BLOB,
        service TEXT, account TEXT, date INTEGER, date_read INTEGER, date_delivered INTEGER, is_from_me INTEGER,
        item_type INTEGER, other_handle INTEGER DEFAULT -1, group_title TEXT, group_action_type INTEGER,
        associated_message_guid STRING, associated_message_type INTEGER, associated_message_emoji STRING,
        message_summary_info BLOB, destination_caller_id TEXT, thread_originator_guid TEXT, payload_data BLOB);
    CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);
    CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, style INTEGER, chat_identifier TEXT, room_name TEXT, display_name TEXT);
    CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
    CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER);
    CREATE TABLE attachment (ROWID INTEGER PRIMARY KEY, filename TEXT, mime_type TEXT, transfer_name TEXT, total_bytes INTEGER);
    CREATE TABLE message_attachment_join (message_id INTEGER, attachment_id INTEGER);
    CREATE TABLE recoverable_message_part (message_id INTEGER, part_index INTEGER, part_text BLOB);
    CREATE TABLE deleted_messages (ROWID INTEGER PRIMARY KEY, guid TEXT);
    INSERT INTO handle VALUES (1, '+15550001', 'iMessage'), (2, '+15550001', 'SMS'), (3, 'c@x.com', 'iMessage');
    INSERT INTO chat VALUES (1, 'iMessage;-;+15550001', 45, '+15550001', NULL, NULL), (2, 'iMessage;+;chat9', 43, 'chat9', 'chat9', 'Desk');
    INSERT INTO chat_handle_join VALUES (1, 1), (1, 2), (2, 2), (2, 3);";

fn chat(rows: &str) -> Whole {
    let database = Database::new(&[TABLES, rows]);
    read(&database.path())
}

fn versions<'a>(whole: &'a Whole, id: &str) -> Vec<(i32, &'static str, Option<&'a str>)> {
    let found = whole.messages.iter().filter(|one| one.id.as_deref() == Some(id));
    found
        .map(|one| (one.version, one.version_kind.as_str(), one.text.as_deref()))
        .collect()
}

fn guid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[test]
fn the_assembled_database_reads_as_its_expected_rows() {
    let (Some(path), Some(expected)) = (
        fixture("imessage/chat_assembled.db"),
        fixture("imessage/chat_assembled.expected.json"),
    ) else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(whole.format, "imessage");
    assert_eq!(whole.notes, []);
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let rows = expected["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 19);
    for row in rows {
        let number = usize::try_from(row["rowid"].as_u64().unwrap()).unwrap();
        let found = whole
            .messages
            .iter()
            .filter(|one| one.id.as_deref() == Some(&guid(number)));
        let now = found.max_by_key(|one| one.version).unwrap();
        same(now, row, number);
    }
    let places: Vec<u64> = whole.messages.iter().map(|one| one.source.offset).collect();
    assert!(places.is_sorted());
}

/// Compares the last version of a message with what another program reads in its row.
fn same(now: &Message, row: &serde_json::Value, number: usize) {
    let sent: jiff::Timestamp = row["utc"].as_str().unwrap().parse().unwrap();
    assert_eq!(now.sent_at, Some(sent.as_microsecond()), "{number}");
    let conversation = if row["chat"] == 1 {
        "+15550100001"
    } else {
        "chat999000111"
    };
    assert_eq!(now.conversation, conversation, "{number}");
    let sender = row["handle"].as_str().unwrap_or("me");
    assert_eq!(now.sender, sender, "{number}");
    let kind = match row["kind"].as_str().unwrap() {
        "tapback-add" | "tapback-remove" => MessageKind::Reaction,
        "group-rename" | "participant-added" => MessageKind::System,
        _ => MessageKind::Message,
    };
    assert_eq!(now.kind, kind, "{number}");
    if kind == MessageKind::Message {
        let text = row["text"].as_str().filter(|text| !text.is_empty());
        assert_eq!(now.text.as_deref(), text, "{number}");
    }
    let names: Vec<_> = now.attachments.iter().map(|one| one.name.as_deref()).collect();
    let due: Vec<_> = row["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str())
        .collect();
    assert_eq!(names, due, "{number}");
}

#[test]
fn edits_unsent_messages_reactions_and_events_of_the_assembled_database() {
    let Some(path) = fixture("imessage/chat_assembled.db") else {
        return;
    };
    let whole = read(&path).clean();
    let edits = versions(&whole, &guid(14));
    assert_eq!(edits.len(), 4);
    assert_eq!(
        (edits[0].0, edits[0].1, edits[0].2),
        (0, "original", Some("First message  "))
    );
    assert_eq!(edits[3], (3, "edit", Some("Edited message")));
    assert_eq!(versions(&whole, &guid(15)), [(1, "delete", None)]);
    let (love, not) = (whole.message(&guid(11)), whole.message(&guid(12)));
    for (one, change) in [(love, "added"), (not, "removed")] {
        assert_eq!(one.reply_to.as_deref(), Some(guid(10).as_str()));
        assert_eq!(
            (one.text.as_deref(), one.metadata["reaction"].as_str()),
            (Some("❤️"), change)
        );
    }
    assert!(love.metadata["text"].starts_with("Loved"));
    assert_eq!(whole.message(&guid(13)).reply_to.as_deref(), Some(guid(10).as_str()));
    assert_eq!(whole.message(&guid(16)).text.as_deref(), Some("Weekend trip (renamed)"));
    let added = whole.message(&guid(17));
    assert_eq!(
        (
            added.metadata["event"].as_str(),
            added.metadata["other_handle"].as_str()
        ),
        ("participant added", "carol@example.com")
    );
    assert_eq!(whole.message(&guid(18)).metadata["service"], "SMS");
    assert_eq!(
        whole.message(&guid(19)).metadata["recently_deleted_at"],
        "2023-03-08T20:50:49Z"
    );
    let group = whole.message(&guid(2));
    assert_eq!(
        (group.conversation_kind, group.channel.as_deref()),
        (ConversationKind::Group, Some("Weekend trip"))
    );
    let members: Vec<_> = group.recipients.iter().map(|one| one.handle.as_str()).collect();
    assert_eq!(members, ["+15550100001", "carol@example.com", "me"]);
    assert_eq!(group.attachments[0].bytes, Some(1000));
}

#[test]
fn the_other_databases_read_as_their_description_says() {
    let (Some(ica), Some(stickers)) = (
        fixture("imessage/chat_ica.db"),
        fixture("imessage/chat_reagentx_stickers.db"),
    ) else {
        return;
    };
    let whole = read(&ica).clean();
    assert_eq!(whole.messages.len(), 38);
    let count = |id: &str| whole.messages.iter().filter(|one| one.conversation == id).count();
    let counts = [
        "+12123456789",
        "+12234567890",
        "thomas.riverstone@example.com",
        "chat123456789",
    ]
    .map(count);
    assert_eq!(counts, [3, 11, 23, 1]);
    let files = whole.messages.iter().filter(|one| !one.attachments.is_empty());
    assert_eq!(
        files
            .map(|one| one.attachments[0].media_type.as_deref())
            .collect::<Vec<_>>(),
        [Some("image/gif")]
    );
    assert!(
        whole
            .messages
            .iter()
            .all(|one| one.kind == MessageKind::Message && one.text.is_some())
    );
    let first = &whole.messages[0];
    assert_eq!(first.text.as_deref(), Some("Hey John! What's up? 👊"));

    let orphans = read(&stickers).clean();
    assert_eq!(orphans.messages.len(), 2, "rows without chat and handle are kept");
    assert_eq!(
        orphans.messages[0].text.as_deref(),
        Some("https://www.ghacks.net/2020/01/23/lastpass-no-longer-listed-on-the-chrome-web-store/")
    );
    assert_eq!(
        (
            orphans.messages[0].sender.as_str(),
            orphans.messages[0].conversation.as_str()
        ),
        ("unknown", "")
    );
    assert_eq!(orphans.messages[1].attachments.len(), 1);
    assert!(orphans.messages[0].metadata.contains_key("payload_data"));
}

#[test]
fn every_text_of_the_blobs_is_decoded() {
    let (Some(folder), Some(expected)) = (
        fixture("imessage/blobs-reagentx/typedstream"),
        fixture("imessage/blobs-reagentx/typedstream.expected.json"),
    ) else {
        return;
    };
    let expected: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    assert_eq!(expected.len(), 24);
    let database = Database::new(&[TABLES]);
    for name in expected.keys() {
        let sql = "INSERT INTO message (guid, attributedBody, date, is_from_me) VALUES (?1, ?2, 1, 1)";
        database.insert(sql, name, &std::fs::read(folder.join(name)).unwrap());
    }
    let whole = read(&database.path()).clean();
    // The length that one of them states is not its own; another reader trims what it saves.
    let notes: Vec<_> = whole.notes.iter().map(|note| &whole.messages[note.row].id).collect();
    assert_eq!(notes, [&Some("ExtraData".to_owned())]);
    for (name, text) in &expected {
        let found = whole.message(name).text.as_deref().unwrap_or_default();
        let found = if name == "ExtraData" { found.trim_end() } else { found };
        assert_eq!(found, text, "{name}");
        assert!(!whole.message(name).metadata.contains_key("attributedBody"));
    }
}

#[test]
fn every_history_of_the_blobs_is_read() {
    let Some(folder) = fixture("imessage/blobs-reagentx/edited_message") else {
        return;
    };
    // The number of earlier texts, and what the row becomes when it has the text `now`.
    for (name, now, due) in [
        ("Deleted", None, (1, 1, "delete")),
        ("Edited", Some("now"), (4, 3, "edit")),
        ("EditedAndDeleted", Some("now"), (2, 1, "edit")),
        ("EditedAndUnsent", Some("now"), (2, 1, "edit")),
        ("EditedToLink", Some("now"), (2, 1, "edit")),
        ("EditedWithFormatting", Some("now"), (2, 1, "edit")),
        ("MultiPartOneDeleted", Some("now"), (1, 1, "edit")),
    ] {
        let database = Database::new(&[TABLES]);
        let text = now.map_or("NULL".to_owned(), |now| format!("'{now}'"));
        let sql = format!(
            "INSERT INTO message (guid, text, message_summary_info, date, is_from_me) VALUES (?1, {text}, ?2, 1, 1)"
        );
        database.insert(
            &sql,
            name,
            &std::fs::read(folder.join(format!("{name}.plist"))).unwrap(),
        );
        let whole = read(&database.path()).clean();
        let found = versions(&whole, name);
        let (last, kind, _) = *found.last().unwrap();
        assert_eq!((found.len(), last, kind), due, "{name}");
        let unsent = whole
            .messages
            .last()
            .unwrap()
            .metadata
            .get("unsent_parts")
            .map(String::as_str);
        let due = ["Deleted", "EditedAndUnsent", "MultiPartOneDeleted"]
            .iter()
            .position(|one| *one == name);
        assert_eq!(unsent, due.map(|at| ["0", "3", "3"][at]), "{name}");
    }
}

#[test]
fn owners_peers_and_members() {
    let whole = chat(
        "INSERT INTO message (ROWID, guid, text, handle_id, account, date, is_from_me, destination_caller_id) VALUES
            (1, 'a', 'x', 1, 'E:o@x.com', 700000000, 1, '+1999'), (2, 'b', 'x', 1, 'P:+1888', 700000000, 0, NULL),
            (3, 'c', 'x', 3, 'e:', 700000000, 0, '+1999'), (4, 'd', 'x', 0, NULL, 700000000, 0, NULL), (5, 'e', 'x', 3, NULL, 0, 1, NULL);
         INSERT INTO chat_message_join VALUES (1, 1), (1, 2), (2, 3), (1, 4), (1, 5), (2, 5);",
    )
    .clean();
    let who: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            let recipients: Vec<_> = one.recipients.iter().map(|one| one.handle.as_str()).collect();
            (one.sender.as_str(), recipients.join(" "))
        })
        .collect();
    let due = [
        ("o@x.com", "+15550001"),
        ("+15550001", "+1888"),
        ("c@x.com", "+15550001 +1999"),
        ("+15550001", "me"),
        ("me", "+15550001"),
    ];
    assert_eq!(who, due.map(|(sender, recipients)| (sender, recipients.to_owned())));
    assert_eq!(whole.messages[4].metadata["other_chats"], "chat9");
    assert_eq!((whole.messages[4].sent_at, whole.notes.len()), (None, 1));
}

#[test]
fn reactions_know_their_emoji_and_target() {
    let whole = chat(
        "INSERT INTO message (guid, text, handle_id, date, associated_message_guid, associated_message_type, associated_message_emoji) VALUES
            ('a', 'Liked “secret”', 1, 700000000, 'p:1/T', 2001, NULL), ('b', 'Reacted 👋 to “secret”', 1, 700000000, 'bp:T', 2006, '👋'),
            ('c', 'Removed', 1, 700000000, 'p:0/T', 3006, '👋'), ('d', NULL, 1, 700000000, 'p:0/T', 2007, NULL),
            ('e', 'x', 1, 700000000, 'p:0/T', 1000, NULL);",
    )
    .clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            (
                one.kind,
                one.text.as_deref(),
                one.metadata.get("reaction").map(String::as_str),
            )
        })
        .collect();
    let due = [
        (MessageKind::Reaction, Some("👍"), Some("added")),
        (MessageKind::Reaction, Some("👋"), Some("added")),
        (MessageKind::Reaction, Some("👋"), Some("removed")),
        (MessageKind::Reaction, None, Some("added")),
        (MessageKind::Message, Some("x"), None),
    ];
    assert_eq!(found, due);
    assert!(whole.messages.iter().all(|one| one.reply_to.as_deref() == Some("T")));
}

#[test]
fn calls_departures_and_deleted_messages() {
    let whole = chat(
        "INSERT INTO message (guid, handle_id, date, item_type, group_action_type, other_handle) VALUES
            ('a', 1, 700000000, 6, 0, -1), ('b', 1, 700000000, 3, 0, 3), ('c', 1, 700000000, 1, 1, 3), ('d', 1, 700000000, 99, 0, 77);
         INSERT INTO deleted_messages VALUES (1, 'gone'), (2, NULL);
         INSERT INTO recoverable_message_part VALUES (1, 2, x'00');",
    );
    let found: Vec<_> = whole
        .messages
        .iter()
        .take(4)
        .map(|one| {
            (
                one.kind,
                one.metadata["event"].as_str(),
                one.metadata.get("other_handle").map(String::as_str),
            )
        })
        .collect();
    let due = [
        (MessageKind::Call, "FaceTime", None),
        (MessageKind::System, "participant left", Some("c@x.com")),
        (MessageKind::System, "participant removed", Some("c@x.com")),
        (MessageKind::System, "another", Some("77")),
    ];
    assert_eq!(found, due);
    let gone = whole.message("gone");
    assert_eq!(
        (gone.version_kind, &gone.text, gone.sent_at),
        (VersionKind::Delete, &None, None)
    );
    let reasons = [
        "row 1: `part_text` of part 2 cannot be decoded, it is no typed stream",
        "row 2: `guid` is missing",
    ];
    assert_eq!(whole.reasons(), reasons);
}

#[test]
fn attachments_beside_the_database_are_hashed() {
    let database = Database::new(&[
        TABLES,
        "INSERT INTO message (ROWID, guid, text, handle_id, date) VALUES (1, 'a', 'x', 1, 700000000);
         INSERT INTO attachment VALUES (1, '~/Library/Messages/Attachments/00/f.txt', 'text/plain', 'offer.txt', 3), (2, '/elsewhere/g.txt', NULL, NULL, 7);
         INSERT INTO message_attachment_join VALUES (1, 2), (1, 1);",
    ]);
    database.beside("Attachments/00/f.txt", b"four");
    let whole = read(database.folder()).clean();
    assert_eq!(whole.format, "imessage (folder)");
    let found: Vec<_> = whole.messages[0]
        .attachments
        .iter()
        .map(|one| (one.name.as_deref(), one.bytes, one.sha256.is_some()))
        .collect();
    assert_eq!(
        found,
        [(Some("offer.txt"), Some(4), true), (Some("g.txt"), Some(7), false)]
    );
}

#[test]
fn rows_that_are_no_messages_are_told_without_a_word_of_them() {
    let whole = chat(
        "INSERT INTO message (ROWID, guid, text, handle_id, date, attributedBody, message_summary_info) VALUES
            (1, NULL, 'secret', 1, 700000000, NULL, NULL), (2, 'b', NULL, 1, 700000000, x'736563726574', NULL),
            (3, 'c', x'ff', 'secret', 'secret', NULL, x'736563726574'), (4, 'd', CAST(x'68ff69' AS TEXT), 1, 700000000, NULL, NULL);",
    );
    assert_eq!(whole.reasons(), ["row 1: `guid` is missing"]);
    let fields: Vec<_> = whole.notes.iter().map(|note| note.field).collect();
    assert_eq!(fields, ["text", "sent_at", "text"]);
    assert!(whole.notes.iter().all(|note| !note.reason.contains("secret")));
    assert_eq!(whole.message("b").metadata["attributedBody"], "c2VjcmV0");
    assert_eq!(whole.message("c").metadata["text"], "/w==");
    assert!(whole.message("d").undecodable);
}

#[test]
fn both_sides_of_a_talk_name_it_and_its_messages_alike() {
    let side = |own: &str, peer: &str, from_me: u8| {
        let tables = TABLES.split("    INSERT INTO handle").next().unwrap();
        let rows = format!(
            "ALTER TABLE chat ADD COLUMN last_addressed_handle TEXT;
             INSERT INTO handle VALUES (1, '{peer}', 'iMessage');
             INSERT INTO chat VALUES (1, 'iMessage;-;{peer}', 45, '{peer}', NULL, 'A name of my own', '{own}');
             INSERT INTO chat_handle_join VALUES (1, 1);
             INSERT INTO chat_message_join VALUES (1, 1);
             INSERT INTO message (ROWID, guid, text, handle_id, account, date, is_from_me) VALUES (1, 'g', 'sell', 1, 'P:{own}', 5, {from_me});"
        );
        let mut message = read(&Database::new(&[tables, &rows]).path()).clean().messages.remove(0);
        assert_eq!(message.custodians, [own]);
        assert_eq!(message.metadata["chat_name"], "A name of my own");
        message.custodians.clear();
        (message.source, message.metadata) = Default::default();
        message
    };
    let (ann, bob) = (side("+1", "+2", 1), side("+2", "+1", 0));
    assert_eq!(ann.conversation, "+1,+2");
    assert_eq!(ann, bob);
}
