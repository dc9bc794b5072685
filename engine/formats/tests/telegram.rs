//! Telegram: every fact of the fixtures, and small exports for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_with, zip};
use jiff::tz::TimeZone;
use lexhold_formats::Options;
use lexhold_model::{ConversationKind, Message, MessageKind, SEQUENCE, VersionKind};
use lexhold_source::ErrorKind;

fn zoned(name: &str) -> Options {
    Options {
        zone: Some(TimeZone::get(name).unwrap()),
        ..Options::default()
    }
}

/// A chat with these messages, read from a file alone.
fn chat(head: &str, messages: &str) -> Whole {
    let files = Files::new();
    read(&files.with("result.json", format!("{{{head},\"messages\":[{messages}]}}")))
}

const GROUP: &str = r#""name":"Desk","type":"private_supergroup","id":7"#;

/// One message of a group, with these members more.
fn one(members: &str) -> Message {
    let head = r#""id":5,"type":"message","date":"2022-10-11T22:49:15","date_unixtime":"1665499755","from":"Ann","from_id":"user1""#;
    let mut whole = chat(GROUP, &format!("{{{head},{members}}}")).clean();
    assert_eq!(whole.messages.len(), 1);
    whole.messages.remove(0)
}

/// Whose account most exports are of.
const OWNER: &str = "user11111111";

/// The message of a chat that each account counts for itself.
#[track_caller]
fn own<'a>(whole: &'a Whole, number: &str) -> &'a Message {
    whole.message(&format!("{OWNER}/{number}"))
}

fn of_history_manager(name: &str) -> Option<Whole> {
    let path = fixture(&format!("telegram/chat-history-manager/telegram_{name}"))?;
    Some(read_with(&path, &zoned("Asia/Tashkent")).clean())
}

#[test]
fn every_export_of_a_change_of_the_format_reads() {
    for (name, messages, system, attachments, edits) in [
        ("2020-01", 50, 8, 19, 2),
        ("2021-05", 3, 2, 0, 0),
        ("2021-07", 2, 2, 0, 0),
        ("2023-08", 2, 1, 0, 0),
        ("2023-10_audio-video", 4, 0, 4, 0),
        ("2023-11", 1, 0, 0, 0),
        ("2024-01", 2, 1, 0, 0),
        ("2024-01_inline-bot-buttons", 5, 0, 0, 0),
        ("2024-02_create-channel_saved-from", 2, 1, 0, 0),
        ("2024-05_boosts_file-name_etc", 3, 1, 2, 0),
        ("2024-06_blockquote-collapsed", 1, 0, 0, 1),
        ("2025-02_joined_file-size", 2, 1, 1, 0),
        ("2025-03_service-photo-size", 2, 2, 2, 0),
    ] {
        let Some(whole) = of_history_manager(name) else { return };
        let all = &whole.messages;
        let system_found = all.iter().filter(|one| one.kind != MessageKind::Message).count();
        let attached: usize = all.iter().map(|one| one.attachments.len()).sum();
        let edited = all.iter().filter(|one| one.version_kind == VersionKind::Edit).count();
        let found = (all.len(), system_found, attached, edited);
        assert_eq!(found, (messages, system, attachments, edits), "{name}");
        assert_eq!(whole.format, "telegram (folder)");
        assert!(
            all.iter().all(|one| one.sent_at.is_some() && one.custodians == [OWNER]),
            "{name}"
        );
    }
}

#[test]
fn an_old_export_asks_for_the_zone_of_its_clock() {
    let Some(path) = fixture("telegram/chat-history-manager/telegram_2020-01/result.json") else {
        return;
    };
    let error = read(&path).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Undecided);
    assert!(error.to_string().contains("--source-zone"), "{error}");
    let whole = read_with(&path, &zoned("Asia/Tashkent")).clean();
    let message = own(&whole, "4730");
    let at = lexhold_source::instant("2016-11-09T00:36:45+05:00").unwrap();
    assert_eq!((message.sent_at, &message.sent_precision), (Some(at), &None));
    assert_eq!(message.metadata["zone"], "Asia/Tashkent");
    assert_eq!(message.metadata["date"], "2016-11-09T00:36:45");
}

#[test]
fn the_old_account_has_groups_pairs_and_people_without_names() {
    let Some(whole) = of_history_manager("2020-01") else {
        return;
    };
    let group = own(&whole, "4730");
    assert_eq!(group.conversation, "chat8123123123");
    assert_eq!(
        (group.conversation_kind, group.channel.as_deref()),
        (ConversationKind::Group, Some("ppppppp gggggg"))
    );
    assert_eq!(
        (group.sender.as_str(), group.metadata["sender_name"].as_str()),
        ("user44444444", "Eeeee Eeeeeeeeee")
    );
    assert!(group.recipients.iter().any(|one| one.handle == "user11111111") && group.recipients.len() > 5);
    let nameless = own(&whole, "24712");
    assert_eq!(
        (nameless.conversation.as_str(), nameless.conversation_kind),
        ("user11111111,user32507588", ConversationKind::Direct)
    );
    assert_eq!(
        (nameless.sender.as_str(), nameless.channel.as_deref()),
        ("user32507588", None)
    );
    assert_eq!(nameless.recipients[0].handle, "user11111111");
    let same: Vec<_> = whole
        .messages
        .iter()
        .filter(|one| one.sent_at == own(&whole, "24713").sent_at)
        .collect();
    assert_eq!(
        same.iter().map(|one| one.id.as_deref().unwrap()).collect::<Vec<_>>(),
        ["24713", "24714", "24715", "24716"].map(|number| format!("{OWNER}/{number}"))
    );
    assert_eq!(own(&whole, "39740").reply_to, own(&whole, "39739").id);
    assert_eq!(
        own(&whole, "4740").reply_to.as_deref(),
        Some("user11111111/4723"),
        "what was pinned"
    );
    assert_eq!(own(&whole, "40149").kind, MessageKind::Call);
    assert_eq!(own(&whole, "40149").metadata["discard_reason"], "missed");
    let created = own(&whole, "4720");
    assert_eq!(
        (created.kind, created.text.as_deref()),
        (MessageKind::System, Some("ppppppp gggggg"))
    );
    assert!(created.metadata["members"].contains("Nnnnnnn"));
}

#[test]
fn the_old_account_has_its_media_and_says_which_were_left_out() {
    let Some(whole) = of_history_manager("2020-01") else {
        return;
    };
    let sticker = &own(&whole, "4744").attachments[0];
    assert_eq!(
        (sticker.name.as_deref(), sticker.media_type.as_deref()),
        (Some("sticker.webp"), Some("image/webp"))
    );
    assert_eq!(sticker.sha256, None, "the fixture has no stickers");
    let animation = own(&whole, "10699");
    assert_eq!(
        (
            &animation.attachments[0].name,
            animation.attachments[0].media_type.as_deref()
        ),
        (&None, Some("video/mp4"))
    );
    assert!(animation.metadata["file"].starts_with("(File not included."));
    let contact = own(&whole, "129125");
    assert_eq!(contact.text.as_deref(), Some("+998 90 9222229"));
    assert_eq!(
        (
            contact.attachments[0].bytes,
            contact.attachments[0].sha256.as_deref().map(str::len)
        ),
        (Some(131), Some(64))
    );
    let poll = own(&whole, "132894").text.as_deref().unwrap();
    assert!(
        poll.starts_with("Вечерний Мудозвон – это...\nСоловьёв\nКиселёв"),
        "{poll}"
    );
    assert!(own(&whole, "129455").metadata["location_information"].contains("41.311194"));
}

#[test]
fn texts_are_their_pieces_and_the_marks_are_kept() {
    let Some(whole) = of_history_manager("2020-01") else {
        return;
    };
    let marked = own(&whole, "31325");
    assert!(
        marked
            .text
            .as_deref()
            .unwrap()
            .ends_with("Дата 19901231.bold textitalic textstrikethrough text")
    );
    assert!(marked.metadata["text"].contains("\"strikethrough\""));
    let link = own(&whole, "10415");
    assert!(
        link.text
            .as_deref()
            .unwrap()
            .starts_with("девиз Вольво:\nhttp://cs5.pikabu.ru/")
    );
    let forwarded = own(&whole, "27100");
    assert_eq!(forwarded.parts.len(), 1);
    assert_eq!(forwarded.parts[0].end, forwarded.text.as_ref().unwrap().len() as u64);
    assert_eq!(forwarded.metadata["forwarded_from"], "Uzbek-MDK");
    for (members, text, marks) in [
        (
            r#""text":"plain","text_entities":[{"type":"plain","text":"plain"}]"#,
            "plain",
            None,
        ),
        (
            r#""text":["a ",{"type":"spoiler","text":"b"}],"text_entities":[{"type":"plain","text":"a "},{"type":"spoiler","text":"b"}]"#,
            "a b",
            Some("spoiler"),
        ),
        (
            r#""text":[{"type":"custom_emoji","text":"🙂","document_id":"x.webp"}],"text_entities":[{"type":"custom_emoji","text":"🙂","document_id":"x.webp"}]"#,
            "🙂",
            Some("x.webp"),
        ),
        (
            r#""text":[{"type":"text_link","text":"here","href":"https://a.b"}],"text_entities":[{"type":"text_link","text":"here","href":"https://a.b"}]"#,
            "here",
            Some("https://a.b"),
        ),
        (
            r#""text":"","text_entities":[],"place_name":"Bank","address":"1 Wall St""#,
            "Bank\n1 Wall St",
            None,
        ),
    ] {
        let message = one(members);
        assert_eq!(message.text.as_deref(), Some(text));
        assert_eq!(message.metadata.get("text"), None, "the text is kept once");
        let kept = message.metadata.get("text_entities").map(String::as_str);
        assert_eq!(kept.is_some(), marks.is_some(), "{text}");
        assert!(marks.is_none_or(|mark| kept.unwrap().contains(mark)));
    }
}

#[test]
fn newer_exports_have_what_came_with_each_version() {
    let Some(replies) = of_history_manager("2024-01") else {
        return;
    };
    let elsewhere = own(&replies, "11111");
    assert_eq!(elsewhere.reply_to, None, "a message of another chat");
    assert_eq!(elsewhere.metadata["reply_to_peer_id"], "channel9876543210");
    assert_eq!(elsewhere.metadata["reply_to_message_id"], "1234567");
    assert_eq!(elsewhere.sent_at, Some(1_665_499_755_000_000));
    assert_eq!(own(&replies, "11112").metadata["period"], "2678400");
    let saved = of_history_manager("2024-02_create-channel_saved-from").unwrap();
    assert_eq!(saved.message("11112").parts.len(), 1);
    assert_eq!(saved.message("11111").sender, "channel1089314340");
    let files = of_history_manager("2024-05_boosts_file-name_etc").unwrap();
    assert_eq!(
        files.message("11111").attachments[0].name.as_deref(),
        Some("my-file.jpg"),
        "told, though not included"
    );
    assert_eq!(files.message("11113").metadata["boosts"], "123");
    let sizes = of_history_manager("2025-02_joined_file-size").unwrap();
    assert_eq!(own(&sizes, "11112").attachments[0].bytes, Some(1337));
    let photos = of_history_manager("2025-03_service-photo-size").unwrap();
    assert_eq!(own(&photos, "11112").attachments[0].bytes, Some(67890));
    let buttons = of_history_manager("2024-01_inline-bot-buttons").unwrap();
    let text = own(&buttons, "11111").text.as_deref().unwrap();
    assert!(text.starts_with("Some initial bold text\nButton link 1\n"), "{text}");
    assert!(text.ends_with("\nButton Link 3 at second row"));
    let call = of_history_manager("2021-07").unwrap();
    assert!(call.messages.iter().all(|one| one.kind == MessageKind::Call));
}

#[test]
fn the_exporter_of_markdown_has_its_own_list_of_chats() {
    let Some(path) = fixture("telegram/telegram-export-md/result.json") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("telegram", 14));
    let texts: Vec<_> = whole.texts().into_iter().take(5).collect();
    assert_eq!(
        texts,
        ["hello everyone?", "check this link", "", "nice shot!", "code: x = 1"]
    );
    let of = |name: &str| {
        whole
            .messages
            .iter()
            .filter(|one| one.channel.as_deref() == Some(name))
            .count()
    };
    assert_eq!((of("Gaming Crew"), of("Saved Messages")), (13, 1));
    let poll = &whole.messages[7];
    assert_eq!(
        (poll.sender.as_str(), poll.text.as_deref()),
        ("unknown", Some("Best game?\nMario\nZelda"))
    );
    assert_eq!(whole.messages[3].reply_to.as_deref(), Some("3"));
    assert_eq!(whole.messages[6].version_kind, VersionKind::Edit);
    assert_eq!(whole.messages[12].attachments[0].name.as_deref(), Some("missing.pdf"));
}

#[test]
fn files_are_hashed_where_they_lie_in_folder_and_archive() {
    let result = format!(
        "{{{GROUP},\"messages\":[{}]}}",
        r#"{"id":1,"type":"message","date":"x","date_unixtime":"1","from_id":"user1","photo":"photos/p 1.jpg","text":""},
           {"id":2,"type":"message","date":"x","date_unixtime":"2","from_id":"user1","file":"../../etc/passwd","text":""}"#
    );
    let files = Files::new();
    let folder = files.folder(
        "export",
        &[("chat/result.json", &result), ("chat/photos/p 1.jpg", "abc")],
    );
    let packed = files.with(
        "export.zip",
        zip(&[("chat/result.json", result.as_bytes()), ("chat/photos/p 1.jpg", b"abc")]),
    );
    let (folder, packed) = (read(&folder).clean(), read(&packed).clean());
    assert_eq!(folder.placeless(), packed.placeless());
    let photo = &folder.messages[0].attachments[0];
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((photo.bytes, photo.sha256.as_deref()), (Some(3), Some(abc)));
    assert_eq!(
        folder.messages[1].attachments[0].sha256, None,
        "nothing outside is looked at"
    );
}

#[test]
fn what_is_damaged_is_reported_by_place_and_quotes_nothing() {
    let good =
        r#"{"id":1,"type":"message","date":"2022-01-01T00:00:00","date_unixtime":"1","from_id":"user1","text":"x"}"#;
    let whole = chat(
        GROUP,
        &format!(
            r#"{good},17,{{"type":"message","text":"secret"}},{{"id":{{}},"date_unixtime":99999999999999999999,"text":5}},{{"id":4,"date_unixtime":"9223372036854775807","text":{{"secret":1}}}}"#
        ),
    );
    assert_eq!(
        whole.reasons(),
        [
            "item 2: not a JSON object",
            "item 3: `id` is missing",
            "item 4: `id` is missing"
        ]
    );
    assert_eq!((whole.messages.len(), whole.messages[1].sent_at), (2, None));
    assert_eq!(whole.notes.len(), 1);
    let text = format!("{{{GROUP},\"messages\":[{good},{{\"id\":2,\"secr");
    let files = Files::new();
    let cut = read(&files.with("result.json", text));
    assert_eq!(cut.messages.len(), 1);
    assert_eq!(
        cut.reasons(),
        ["item 2: the JSON ends in the middle; the rest of the file is lost"]
    );
}

#[test]
fn two_chats_do_not_share_a_name_and_many_writers_are_nobody() {
    let message = |id: u32| {
        format!(r#"{{"id":{id},"type":"message","date":"","date_unixtime":"1","from_id":"user{id}","text":"x"}}"#)
    };
    let crowd: Vec<_> = (0..201).map(message).collect();
    let text = format!(
        r#"{{"personal_information":{{"user_id":9}},"chats":{{"list":[{{"name":"A","type":"private_channel","id":1,"messages":[]}},{{"type":"saved_messages","id":9,"messages":[{}]}}]}},
            "left_chats":{{"list":[{{"name":"B","type":"public_channel","id":2,"messages":[{}]}}]}}}}"#,
        message(9),
        crowd.join(",")
    );
    let files = Files::new();
    let whole = read(&files.with("result.json", text)).clean();
    let saved = &whole.messages[0];
    assert_eq!((saved.conversation.as_str(), &saved.channel), ("user9", &None));
    let left = &whole.messages[1];
    assert_eq!(
        (
            left.conversation.as_str(),
            left.conversation_kind,
            left.channel.as_deref()
        ),
        ("channel2", ConversationKind::Channel, Some("B"))
    );
    assert!(left.recipients.is_empty());
}

#[test]
fn both_accounts_name_their_talk_alike_and_number_it_each_for_itself() {
    let account = |own: u64, peer: u64| {
        let text = format!(
            r#"{{"personal_information":{{"user_id":{own}}},"chats":{{"list":[{{"name":"X","type":"personal_chat","id":{peer},"messages":[
                {{"id":1,"type":"message","date":"","date_unixtime":"1","from_id":"user1","text":"sell"}},
                {{"id":2,"type":"message","date":"","date_unixtime":"2","from_id":"user2","text":"why","reply_to_message_id":1}}]}}]}}}}"#
        );
        let files = Files::new();
        read(&files.with("result.json", text)).clean().messages
    };
    for (own, messages) in [("user1", account(1, 2)), ("user2", account(2, 1))] {
        assert!(messages.iter().all(|one| one.conversation == "user1,user2"));
        assert_eq!(messages[0].id, Some(format!("{own}/1")));
        assert_eq!(messages[1].reply_to, messages[0].id);
        assert_eq!(messages[0].metadata.get(SEQUENCE), None, "numbers of an account");
    }
}

#[test]
fn what_telegram_counts_itself_shows_what_is_missing() {
    let message = |id: i64| {
        format!(r#"{{"id":{id},"type":"message","date":"","date_unixtime":"1","from_id":"user1","text":"x"}}"#)
    };
    let whole = chat(GROUP, &[-5, 1, 2, 4].map(message).join(",")).clean();
    let numbers: Vec<_> = whole
        .messages
        .iter()
        .map(|one| one.metadata.get(SEQUENCE).map(String::as_str))
        .collect();
    assert_eq!(numbers, [None, Some("1"), Some("2"), Some("4")]);
}
