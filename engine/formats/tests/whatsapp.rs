//! WhatsApp: every fact of the fixtures, and small chats for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read_with, zip};
use jiff::tz::TimeZone;
use lexhold_formats::{DateOrder, Options};
use lexhold_model::{ConversationKind, MessageKind, VersionKind};
use lexhold_source::{ErrorKind, show_instant};

const ANDROID: &str = "chat-history-manager/WhatsApp Chat with +123 45 6789.txt";
const IPHONE: &str = "WhatsApp Chat - Family Group.zip";

fn options(zone: &str) -> Options {
    Options {
        zone: Some(TimeZone::get(zone).unwrap()),
        ..Options::default()
    }
}

/// Reads a chat in New York, a few messages a chunk.
fn chat(text: &str) -> Whole {
    let files = Files::new();
    read_with(
        &files.with("WhatsApp Chat with Desk.txt", text),
        &options("America/New_York"),
    )
}

fn times(whole: &Whole) -> Vec<String> {
    let all = whole.messages.iter();
    all.map(|one| one.sent_at.map_or_else(|| "none".into(), show_instant))
        .collect()
}

#[test]
fn every_fixture_reads_as_its_description_says() {
    // Messages with a sender, all messages, the first and the last instant as if the phone had been in Greenwich.
    for (path, said, all, first, last) in [
        (
            "chat-miner/test_br-mmddyy_24hrs.txt",
            7,
            9,
            "2019-01-01T11:25:00Z",
            "2021-12-30T22:01:00Z",
        ),
        (
            "chat-miner/test_ddmmyy_24hrs.txt",
            7,
            9,
            "2019-01-01T11:25:00Z",
            "2021-12-30T22:01:00Z",
        ),
        (
            "chat-miner/test_mmddyy_24hrs.txt",
            7,
            9,
            "2019-01-01T11:25:00Z",
            "2021-12-30T22:01:00Z",
        ),
        (
            "chat-miner/test_mmddyyyy_12hrs.txt",
            7,
            9,
            "2019-01-01T11:25:00Z",
            "2021-12-30T22:01:00Z",
        ),
        (
            "chat-miner/test_yyyymmdd_24hrs.txt",
            7,
            9,
            "2019-01-01T11:25:00Z",
            "2021-12-30T22:01:00Z",
        ),
        (
            "chat-miner/old_test_dateformat1.txt",
            7,
            10,
            "2019-12-24T11:23:00Z",
            "2017-07-16T19:13:00Z",
        ),
        (
            "chat-miner/old_test_dateformat2.txt",
            4,
            4,
            "2019-09-24T23:30:00Z",
            "2019-12-24T11:30:00Z",
        ),
        (
            "chat-miner/old_test_dateformat5.txt",
            4,
            4,
            "2021-10-21T15:21:45Z",
            "2021-10-24T15:21:48Z",
        ),
        (ANDROID, 11, 13, "2023-06-30T16:13:00Z", "2023-06-30T16:15:00Z"),
        (
            "whatstk/pokemon.txt",
            19,
            20,
            "2016-04-15T15:04:00Z",
            "2016-10-31T12:23:00Z",
        ),
        (
            "whatstk/lorem.txt",
            500,
            500,
            "2020-01-15T02:22:56Z",
            "2020-05-11T22:32:48Z",
        ),
        (IPHONE, 33, 39, "2024-12-05T08:00:15Z", "2024-12-09T08:00:51Z"),
        (
            "whats-reader-android-group",
            42,
            50,
            "2024-12-01T09:00:00Z",
            "2024-12-04T20:07:00Z",
        ),
    ] {
        let Some(path) = fixture(&format!("whatsapp/{path}")) else {
            return;
        };
        let whole = read_with(&path, &options("UTC")).clean();
        let (times, name) = (times(&whole), path.display());
        let named = whole.messages.iter().filter(|one| one.sender != "unknown").count();
        assert_eq!((named, whole.messages.len()), (said, all), "{name}");
        assert_eq!((times[0].as_str(), times[all - 1].as_str()), (first, last), "{name}");
    }
}

#[test]
fn a_phone_that_changed_its_language_and_its_files() {
    let Some(path) = fixture("whatsapp/chat-history-manager/WhatsApp Chat with +123 45 6789.txt") else {
        return;
    };
    let whole = read_with(&path, &options("Europe/London")).clean();
    assert!(
        times(&whole).iter().all(|at| at.starts_with("2023-06-30T15:1")),
        "{:?}",
        times(&whole)
    );
    assert_eq!(
        whole.messages[2].text.as_deref(),
        Some("hello there!\n\nthis is a\nmulti-line message!\n")
    );
    let files: Vec<_> = whole
        .messages
        .iter()
        .flat_map(|one| &one.attachments)
        .map(|one| one.name.as_deref())
        .collect();
    let names = [
        "IMG-20230630-WA0000.jpg",
        "VID-20230630-WA0001.mp4",
        "AUD-20230630-WA0002.opus",
        "STK-20230630-WA0003.webp",
    ];
    assert_eq!(files, names.map(Some).into_iter().chain([None]).collect::<Vec<_>>());
    let captioned = whole
        .messages
        .iter()
        .find(|one| one.text.as_deref() == Some("image comment"))
        .unwrap();
    assert_eq!(
        (captioned.attachments.len(), captioned.sender.as_str()),
        (1, "+123 45 6789")
    );
    assert!(whole.messages.iter().all(|one| one.conversation == "+123 45 6789"));
}

#[test]
fn media_in_an_archive_have_their_digests() {
    let Some(path) = fixture("whatsapp/WhatsApp Chat - Family Group.zip") else {
        return;
    };
    let whole = read_with(&path, &options("America/Sao_Paulo")).clean();
    assert_eq!(whole.format, "whatsapp (zip)");
    assert!(
        whole
            .messages
            .iter()
            .all(|one| one.conversation == "Family Group" && one.conversation_kind == ConversationKind::Group)
    );
    let ann = zip(&[
        (
            "_chat.txt",
            "[13/12/24, 08:00:00] Ann: \u{200e}<attached: 00000001-PHOTO-2024-12-13-08-00-00.jpg>\r\nlook\r\n"
                .as_bytes(),
        ),
        ("00000001-PHOTO-2024-12-13-08-00-00.jpg", b"abc"),
    ]);
    let files = Files::new();
    let whole = read_with(&files.with("WhatsApp Chat - Ann.zip", ann), &options("UTC")).clean();
    let file = &whole.messages[0].attachments[0];
    assert_eq!((file.bytes, file.media_type.as_deref()), (Some(3), Some("image/jpeg")));
    assert!(file.sha256.as_deref().unwrap().starts_with("ba7816bf"));
    assert_eq!(
        (whole.texts(), whole.messages[0].conversation.as_str()),
        (vec!["look"], "Ann")
    );
}

#[test]
fn zone_and_order_are_asked_for_and_never_guessed() {
    let files = Files::new();
    let path = files.with("chat.txt", "01/02/2024, 10:00 - Ann: x\n");
    let asked = |options: &Options| {
        let error = read_with(&path, options).error.unwrap();
        (error.kind(), error.to_string())
    };
    let (kind, said) = asked(&Options::default());
    assert!(kind == ErrorKind::Undecided && said.contains("--source-zone"), "{said}");
    let (kind, said) = asked(&options("Europe/London"));
    assert!(
        kind == ErrorKind::Undecided && said.contains("--source-dates"),
        "{said}"
    );
    for (dates, expected) in [
        (DateOrder::DayMonthYear, "2024-02-01T10:00:00Z"),
        (DateOrder::MonthDayYear, "2024-01-02T10:00:00Z"),
    ] {
        let options = Options {
            dates: Some(dates),
            ..options("Europe/London")
        };
        assert_eq!(times(&read_with(&path, &options).clean()), [expected]);
    }
}

#[test]
fn a_clock_change_is_told_and_counts_as_later() {
    let whole = chat(
        "03/10/2024, 2:30 AM - Ann: never\n11/02/2024, 12:30 AM - Ann: before\n11/03/2024, 1:30 AM - Ann: twice\n\
         [11/03/2024, 1:30:15 AM] Ann: twice\n[11/30/2024, 2:30:15 AM] Ann: exact\n",
    )
    .clean();
    let expected = [
        ("2024-03-10T07:30:00Z", Some("hour of a clock change")),
        ("2024-11-02T04:30:00Z", Some("minute")),
        ("2024-11-03T06:30:00Z", Some("hour of a clock change")),
        ("2024-11-03T06:30:15Z", Some("hour of a clock change")),
        ("2024-11-30T07:30:15Z", None),
    ];
    let found = whole
        .messages
        .iter()
        .map(|one| (show_instant(one.sent_at.unwrap()), one.sent_precision.as_deref()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        expected.map(|(at, precision)| (at.to_owned(), precision))
    );
    assert_eq!(whole.messages[2].metadata["written_at"], "11/03/2024, 1:30 AM");
}

#[test]
fn edits_deletions_calls_and_notices() {
    let whole = chat(
        "12/24/19, 11:23 - Messages and calls are end-to-end encrypted.\n\
         12/24/19, 11:24 - Ann changed the subject from “a: b” to “c”\n\
         12/24/19, 11:25 - Ann: at noon \u{200e}<This message was edited>\n\
         12/24/19, 11:26 - Bob: \u{200e}This message was deleted.\n\
         12/24/19, 11:27 - Bob: \u{200e}Missed voice call\n\
         12/24/19, 11:28 - Bob: ok\n12/24/19, 11:28 - Bob: ok\n12/24/19, 11:28 - Bob: ok\n\
         12/24/19, 11:29 - Bob:\n",
    )
    .clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.kind, one.version_kind, one.sender.as_str(), one.text.as_deref()))
        .collect();
    let (message, original) = (MessageKind::Message, VersionKind::Original);
    let expected = [
        (
            MessageKind::System,
            original,
            "unknown",
            Some("Messages and calls are end-to-end encrypted."),
        ),
        (
            MessageKind::System,
            original,
            "unknown",
            Some("Ann changed the subject from “a: b” to “c”"),
        ),
        (message, VersionKind::Edit, "Ann", Some("at noon")),
        (message, VersionKind::Delete, "Bob", None),
        (MessageKind::Call, original, "Bob", Some("\u{200e}Missed voice call")),
        (message, original, "Bob", Some("ok")),
        (message, original, "Bob", Some("ok")),
        (message, original, "Bob", Some("ok")),
        (message, original, "Bob", None),
    ];
    assert_eq!(found, expected);
    let ids: Vec<_> = whole.messages[5..8].iter().map(|one| one.id.as_deref()).collect();
    assert_eq!(
        ids,
        [None, Some("12/24/19, 11:28 Bob 2"), Some("12/24/19, 11:28 Bob 3")],
        "three messages, not one read thrice"
    );
}

#[test]
fn damage_costs_only_its_message() {
    let options = Options {
        chunks: lexhold_source::Options {
            line_bytes: 60,
            ..lexhold_source::Options::default()
        },
        ..options("UTC")
    };
    let files = Files::new();
    let long = "y".repeat(100);
    let text = format!(
        "12/24/19, 11:23 - A: x\n{long}\n12/24/19, 11:24 - A: \u{fffd}\n12/24/19, 11:25 nóin - A: z\n12/99/19, 11:26 - A: w\n"
    );
    let bytes: Vec<u8> = text
        .replace('\u{fffd}', "?")
        .bytes()
        .map(|byte| if byte == b'?' { 0xff } else { byte })
        .collect();
    let whole = read_with(&files.with("chat.txt", bytes), &options);
    assert_eq!(whole.reasons(), ["1: is longer than the limit of 60 bytes"]);
    assert_eq!(whole.texts(), ["\u{fffd}", "z", "w"]);
    assert!(whole.messages[0].undecodable);
    assert_eq!((whole.messages[1].sent_at, whole.messages[2].sent_at), (None, None));
    assert_eq!(whole.notes.len(), 2);
}
