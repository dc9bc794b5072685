//! WhatsApp's database on Android: every fact of the dumps, and what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, Whole, fixture, read};
use lexhold_model::{ConversationKind, Message, MessageKind, PartKind, VersionKind};

fn handles(message: &Message) -> Vec<&str> {
    message.recipients.iter().map(|one| one.handle.as_str()).collect()
}

/// The database that a dump of the fixtures makes.
fn dump(year: &str) -> Option<Whole> {
    let path = fixture(&format!("whatsapp/android-db-chat-history-manager/{year}/msgstore.sql"))?;
    let sql = std::fs::read_to_string(path).unwrap();
    Some(read(&Database::new(&[&sql]).path()).clean())
}

#[test]
fn albums_and_goods_of_the_newer_dump() {
    let Some(whole) = dump("whatsapp-android_2026-05") else {
        return;
    };
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("whatsapp-android", 5));
    let first = whole.message("GROUPMSG00101");
    assert_eq!(
        (
            first.conversation.as_str(),
            first.channel.as_deref(),
            first.conversation_kind
        ),
        ("100000000000000001@g.us", Some("My Group"), ConversationKind::Group)
    );
    assert_eq!(
        (first.sender.as_str(), first.text.as_deref(), first.sent_at),
        (
            "11111@s.whatsapp.net",
            Some("Multiline\n\nmessage"),
            Some(1_776_594_122_000_000)
        )
    );
    let file = &first.attachments[0];
    assert_eq!(
        (
            file.name.as_deref(),
            file.media_type.as_deref(),
            file.bytes,
            &file.sha256
        ),
        (Some("album-2.jpg"), Some("image/jpeg"), Some(136_724), &None)
    );
    assert_eq!(
        whole.message("GROUPMSG00100").metadata["message_album.image_count"],
        "2"
    );
    let cart = whole.message("PERSONALMSG100100");
    assert_eq!(
        (cart.sender.as_str(), handles(cart), cart.text.as_deref()),
        ("me", vec!["11111@s.whatsapp.net"], Some("Order Title"))
    );
    assert_eq!(cart.attachments[0].name.as_deref(), Some("sent-cart-real-name.jpeg"));
    assert_eq!(cart.metadata["message_order.seller_jid"], "11111@s.whatsapp.net");
    let item = whole.message("PERSONALMSG100101");
    assert_eq!(
        (item.sender.as_str(), item.text.as_deref()),
        ("11111@s.whatsapp.net", Some("Item Title\nItem Description"))
    );
    assert_eq!(item.conversation_kind, ConversationKind::Direct);
}

#[test]
fn what_a_program_wrote_in_the_older_dump() {
    let Some(whole) = dump("whatsapp-android_2026-01") else {
        return;
    };
    let message = &whole.messages[0];
    assert_eq!(
        (message.id.as_deref(), message.sent_at),
        (Some("A79C32A482DF09EF37"), Some(1_761_287_123_000_000))
    );
    let text = message.text.as_deref().unwrap();
    assert!(
        text.starts_with("New Bahari\nJl. Gurita No.21x, Denpasar, Bali\n") && text.contains("Line 3"),
        "{text}"
    );
}

const TABLES: &str = "
    CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT, server TEXT, raw_string TEXT);
    CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, subject TEXT);
    CREATE TABLE message (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER, timestamp INTEGER,
        message_type INTEGER, text_data TEXT, origination_flags INTEGER);
    CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY, key_id TEXT, text_data TEXT);
    CREATE TABLE message_media (message_row_id INTEGER PRIMARY KEY, file_path TEXT, file_length INTEGER, mime_type TEXT, media_name TEXT, file_hash TEXT, media_caption TEXT);
    CREATE TABLE message_system (message_row_id INTEGER PRIMARY KEY, action_type INTEGER);
    CREATE TABLE message_system_chat_participant (message_row_id INTEGER, user_jid_row_id INTEGER);
    CREATE TABLE message_revoked (message_row_id INTEGER PRIMARY KEY, revoked_key_id TEXT, revoke_timestamp INTEGER);
    CREATE TABLE message_edit_info (message_row_id INTEGER PRIMARY KEY, original_key_id TEXT, edited_timestamp INTEGER);
    CREATE TABLE message_add_on (_id INTEGER PRIMARY KEY, chat_row_id INTEGER, from_me INTEGER, key_id TEXT, sender_jid_row_id INTEGER,
        parent_message_row_id INTEGER, timestamp INTEGER, message_add_on_type INTEGER);
    CREATE TABLE message_add_on_reaction (message_add_on_row_id INTEGER PRIMARY KEY, reaction TEXT, sender_timestamp INTEGER);
    CREATE TABLE group_participant_user (group_jid_row_id INTEGER, user_jid_row_id INTEGER);
    CREATE TABLE call_log (_id INTEGER PRIMARY KEY, jid_row_id INTEGER, from_me INTEGER, call_id TEXT, timestamp INTEGER, duration INTEGER, group_jid_row_id INTEGER);
    INSERT INTO jid VALUES (1, 'g', 'g.us', 'g@g.us'), (2, '1', 's.whatsapp.net', '1@s.whatsapp.net'), (3, '2', 's.whatsapp.net', NULL);
    INSERT INTO chat VALUES (1, 1, 'Desk'), (2, 2, NULL);
    INSERT INTO group_participant_user VALUES (1, 2), (1, 3);";

fn chat(rows: &str) -> Whole {
    let database = Database::new(&[TABLES, rows]);
    database.beside("Media/f.pdf", b"\0our");
    read(database.folder())
}

#[test]
fn replies_forwards_versions_and_events() {
    let whole = chat(
        "INSERT INTO message VALUES (1, 1, 0, 'a', 2, 1700000000000, 0, 'yes', 0), (2, 1, 1, 'b', 0, 1700000001000, 0, 'news', 1),
            (3, 1, 0, 'c', 3, 1700000002000, 15, NULL, 0), (4, 2, 0, 'd', 0, 1700000003000, 0, 'after', 0), (5, 1, 0, 'e', 2, 1700000004000, 7, NULL, 0),
            (6, 2, 0, 'f', 0, 1700000005000, 10, NULL, 0), (7, 2, 0, 'g', 0, 1700000006000, 9, NULL, 0);
         INSERT INTO message_quoted VALUES (1, 'z', 'sell?');
         INSERT INTO message_revoked VALUES (3, 'c0', 1700000002500);
         INSERT INTO message_edit_info VALUES (4, 'd0', 1700000003500);
         INSERT INTO message_system VALUES (5, 12);
         INSERT INTO message_system_chat_participant VALUES (5, 2), (5, 3);
         INSERT INTO message_media VALUES (7, 'Media/f.pdf', 9, 'application/pdf', NULL, NULL, 'the offer'), (6, NULL, NULL, 'video/mp4', NULL, 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=', NULL);",
    )
    .clean();
    let reply = whole.message("a");
    assert_eq!(
        (reply.text.as_deref(), reply.reply_to.as_deref(), handles(reply)),
        (Some("yes\nsell?"), Some("z"), vec!["2@s.whatsapp.net", "me"])
    );
    assert_eq!(
        (reply.parts[0].kind, reply.parts[0].start, reply.parts[0].end),
        (PartKind::Quoted, 4, 9)
    );
    assert_eq!(
        (whole.message("b").parts[0].kind, whole.message("b").sender.as_str()),
        (PartKind::Forwarded, "me")
    );
    let gone = whole.message("c0");
    assert_eq!(
        (gone.version_kind, gone.sender.as_str(), &gone.text),
        (VersionKind::Delete, "2@s.whatsapp.net", &None)
    );
    assert_eq!(
        gone.metadata["message_revoked.revoke_timestamp"],
        "2023-11-14T22:13:22.5Z"
    );
    let edited = whole.message("d0");
    assert_eq!(
        (edited.version, edited.version_kind, edited.text.as_deref()),
        (1, VersionKind::Edit, Some("after"))
    );
    let added = whole.message("e");
    assert_eq!(added.kind, MessageKind::System);
    assert_eq!(
        added.metadata["message_system_chat_participant.user_jid_row_id"],
        "1@s.whatsapp.net\n2@s.whatsapp.net"
    );
    assert_eq!(
        (whole.message("f").kind, whole.message("f").sender.as_str()),
        (MessageKind::Call, "1@s.whatsapp.net")
    );
    let stated = whole.message("f").attachments[0].sha256.as_deref().unwrap();
    assert!(stated.starts_with("000102030405") && stated.len() == 64, "{stated}");
    let file = whole.message("g");
    assert_eq!(
        (
            file.text.as_deref(),
            file.attachments[0].bytes,
            file.attachments[0].sha256.is_some()
        ),
        (Some("the offer"), Some(4), true)
    );
}

#[test]
fn reactions_calls_and_what_hangs_on_nothing() {
    let whole = chat(
        "INSERT INTO message VALUES (1, 1, 0, 'a', 2, 1700000000000, 0, 'x', 0), (2, NULL, 0, 'secret', 2, 0, 0, 'secret', 0), (3, 1, 0, NULL, 2, 0, 0, 'secret', 0),
            (4, 99, 0, 'lost', 0, 0, 0, 'x', 0);
         INSERT INTO message_add_on VALUES (1, 1, 0, 'r1', 3, 1, 1700000001000, 56), (2, 1, 1, 'r2', 0, 1, 1700000002000, 56), (3, 1, 0, 'p', 2, 1, 1700000003000, 67),
            (4, 1, 0, 'q', 2, 99, 1700000003000, 56);
         INSERT INTO message_add_on_reaction VALUES (1, '👍', 1), (2, '', 1);
         INSERT INTO call_log VALUES (1, 2, 1, 'call1', 1700000004000, 61, 0), (2, 3, 0, 'call2', 1700000005000, 0, 0), (3, 77, 0, 'call3', 1, 0, 0);",
    );
    let found: Vec<_> = ["r1", "r2", "p"]
        .map(|id| whole.message(id))
        .iter()
        .map(|one| (one.kind, one.text.as_deref(), one.sender.as_str()))
        .collect();
    let due = [
        (MessageKind::Reaction, Some("👍"), "2@s.whatsapp.net"),
        (MessageKind::Reaction, None, "me"),
        (MessageKind::System, None, "1@s.whatsapp.net"),
    ];
    assert_eq!(found, due);
    assert_eq!(
        (
            whole.message("r1").reply_to.as_deref(),
            whole.message("r1").conversation.as_str()
        ),
        (Some("a"), "g@g.us")
    );
    assert_eq!(whole.message("r2").metadata["reaction"], "removed");
    let calls: Vec<_> = ["call1", "call2"]
        .map(|id| whole.message(id))
        .iter()
        .map(|one| (one.sender.as_str(), one.conversation.as_str(), handles(one)))
        .collect();
    let due = [
        ("me", "1@s.whatsapp.net", vec!["1@s.whatsapp.net"]),
        ("2@s.whatsapp.net", "2@s.whatsapp.net", vec!["me"]),
    ];
    assert_eq!(calls, due);
    assert_eq!(
        (whole.message("lost").sender.as_str(), whole.message("lost").sent_at),
        ("unknown", None)
    );
    let reasons: Vec<_> = whole
        .unreadable
        .iter()
        .map(|row| format!("{}: {}", row.place, row.reason))
        // Files of the database's folder that no message names are told of too.
        .filter(|reason| reason.starts_with("row "))
        .collect();
    let due = [
        "row 2: it is in no chat",
        "row 3: `key_id` is missing",
        "row 4: the message that it is about is not there",
        "row 3: it is with nobody",
    ];
    assert_eq!(reasons, due);
}

#[test]
fn the_one_table_of_older_phones() {
    let database = Database::new(&["
        CREATE TABLE messages (_id INTEGER PRIMARY KEY, key_remote_jid TEXT, key_from_me INTEGER, key_id TEXT, status INTEGER, data TEXT, timestamp INTEGER,
            media_mime_type TEXT, media_wa_type TEXT, media_size INTEGER, media_name TEXT, media_caption TEXT, media_hash TEXT, remote_resource TEXT,
            quoted_row_id INTEGER, forwarded INTEGER, thumb_image BLOB, latitude REAL);
        CREATE TABLE messages_quotes (_id INTEGER PRIMARY KEY, key_id TEXT, data TEXT);
        CREATE TABLE chat_list (key_remote_jid TEXT, subject TEXT);
        CREATE TABLE group_participants (gjid TEXT, jid TEXT);
        INSERT INTO chat_list VALUES ('g@g.us', 'Desk');
        INSERT INTO group_participants VALUES ('g@g.us', '1@s.whatsapp.net'), ('g@g.us', '2@s.whatsapp.net'), ('g@g.us', '');
        INSERT INTO messages_quotes VALUES (1, 'z', 'sell?');
        INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data, timestamp, media_wa_type, remote_resource, quoted_row_id, forwarded) VALUES
            (1, '-1', 0, '-1', 0, NULL, 0, '0', NULL, 0, 0), (2, 'g@g.us', 0, 'a', 0, 'yes', 1500000000000, '0', '1@s.whatsapp.net', 1, 0),
            (3, '1@s.whatsapp.net', 1, 'b', 5, 'news', 1500000001000, '0', NULL, 0, 1), (4, 'g@g.us', 0, 'c', 6, '12', 1500000002000, '0', '2@s.whatsapp.net', 0, 0),
            (5, '1@s.whatsapp.net', 0, 'd', 0, NULL, 1500000003000, '15', NULL, 0, 0), (6, '1@s.whatsapp.net', 0, 'e', 0, NULL, 1500000004000, '10', NULL, 0, 0),
            (8, NULL, 0, 'secret', 0, 'secret', 0, '0', NULL, 0, 0);
        INSERT INTO messages (_id, key_remote_jid, key_id, timestamp, media_wa_type, media_mime_type, media_name, media_size, media_caption, thumb_image, latitude)
            VALUES (7, '1@s.whatsapp.net', 'f', 1500000005000, '1', 'image/jpeg', 'p.jpg', 7, 'look', x'00', 1.5);"]);
    let whole = read(&database.path());
    assert_eq!(whole.reasons(), ["row 8: it is in no chat"]);
    let reply = whole.message("a");
    assert_eq!(
        (reply.channel.as_deref(), reply.sender.as_str(), handles(reply)),
        (Some("Desk"), "1@s.whatsapp.net", vec!["2@s.whatsapp.net", "me"])
    );
    assert_eq!(
        (reply.text.as_deref(), reply.reply_to.as_deref()),
        (Some("yes\nsell?"), Some("z"))
    );
    assert_eq!(
        (whole.message("b").parts[0].kind, handles(whole.message("b"))),
        (PartKind::Forwarded, vec!["1@s.whatsapp.net"])
    );
    let kinds = ["c", "d", "e", "f"].map(|id| (whole.message(id).kind, whole.message(id).version_kind));
    let due = [
        (MessageKind::System, VersionKind::Original),
        (MessageKind::Message, VersionKind::Delete),
        (MessageKind::Call, VersionKind::Original),
        (MessageKind::Message, VersionKind::Original),
    ];
    assert_eq!(kinds, due);
    let picture = whole.message("f");
    assert_eq!(
        (
            picture.text.as_deref(),
            picture.attachments[0].name.as_deref(),
            picture.attachments[0].bytes
        ),
        (Some("look"), Some("p.jpg"), Some(7))
    );
    assert_eq!(picture.metadata["latitude"], "1.5");
}
