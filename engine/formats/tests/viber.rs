//! Viber: the synthetic database, and what it does not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, fixture, read};
use lexhold_model::{ConversationKind, MessageKind, PartKind, VersionKind};

#[test]
fn the_synthetic_database_reads_as_its_description_says() {
    let Some(path) = fixture("viber/viber_synthetic.db") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("viber", 10));
    let first = &whole.messages[0];
    assert_eq!(
        (first.sender.as_str(), first.text.as_deref()),
        ("+381600000002", Some("Zdravo, jesi tu?"))
    );
    assert_eq!(
        (first.conversation.as_str(), first.conversation_kind),
        ("+381600000001,+381600000002", ConversationKind::Direct)
    );
    assert_eq!(
        (first.sent_at, first.metadata["sender_name"].as_str()),
        (Some(1_718_000_000_000_000), "Ilija")
    );
    assert_eq!(first.recipients[0].handle, "+381600000001");
    assert_eq!(whole.messages[1].metadata["sender_name"], "Me");
    let names: Vec<_> = whole
        .messages
        .iter()
        .filter_map(|one| {
            Some((
                one.attachments.first()?.name.as_deref()?,
                one.attachments[0].media_type.as_deref(),
            ))
        })
        .collect();
    assert_eq!(
        names,
        [
            ("photo.jpg", Some("image/jpeg")),
            ("clip.mp4", Some("video/mp4")),
            ("sheet.xlsx", None)
        ]
    );
    let film = whole.message("+381600000001/4");
    assert_eq!(
        (film.sender.as_str(), film.metadata["Duration"].as_str()),
        ("contact 3", "22431")
    );
    assert_eq!(
        (
            film.conversation.as_str(),
            film.conversation_kind,
            film.channel.as_deref()
        ),
        ("+381600000001/11", ConversationKind::Group, Some("Tim prodaja"))
    );
    assert!(whole.message("+381600000001/6").metadata["MembersReactions"].contains("\"1\":2"));
    assert_eq!(whole.message("+381600000001/7").metadata["StickerID"], "40103");
    let edited = whole.message("+381600000001/8");
    assert_eq!(
        (edited.version, edited.version_kind, edited.text.as_deref()),
        (1, VersionKind::Edit, Some("ispravka\nZdravo, jesi tu?"))
    );
    assert_eq!(edited.parts[0].kind, PartKind::Quoted);
    let kinds: Vec<_> = whole.messages.iter().map(|one| one.kind).collect();
    assert_eq!(kinds[..8], [MessageKind::Message; 8]);
    assert_eq!(
        kinds[8..],
        [MessageKind::System, MessageKind::System],
        "a service message, an event without one"
    );
}

#[test]
fn calls_files_never_loaded_and_damage() {
    let database = Database::new(&["
        CREATE TABLE Events (EventID INTEGER PRIMARY KEY, TimeStamp INTEGER, Direction INTEGER, ChatID INTEGER, ContactID INTEGER);
        CREATE TABLE Messages (EventID INTEGER PRIMARY KEY, Type INTEGER, Subject TEXT, Body TEXT, PayloadPath TEXT, Info TEXT);
        CREATE TABLE Contact (ContactID INTEGER PRIMARY KEY, Name TEXT, Number TEXT);
        CREATE TABLE Calls (EventID INTEGER PRIMARY KEY, Duration INTEGER);
        INSERT INTO Events VALUES (1, 1718000000000, 0, 7, 5), (2, 1718000000000, 1, 7, NULL), (3, 'secret', 0, NULL, NULL), (4, 1718000000000, 0, 7, 5);
        INSERT INTO Messages VALUES (2, 2, NULL, NULL, NULL, 'no json'), (3, 1, NULL, x'ff', NULL, NULL), (4, 72, 'rich', NULL, NULL, NULL);
        INSERT INTO Calls VALUES (1, 61);"]);
    let whole = read(&database.path()).clean();
    let call = whole.message("1");
    assert_eq!(
        (call.kind, call.sender.as_str(), call.metadata["Duration"].as_str()),
        (MessageKind::Call, "contact 5", "61")
    );
    let picture = whole.message("2");
    assert_eq!(
        (
            picture.sender.as_str(),
            picture.attachments.len(),
            &picture.attachments[0].name
        ),
        ("me", 1, &None)
    );
    assert_eq!((whole.message("3").sent_at, whole.notes[0].field), (None, "sent_at"));
    assert_eq!(
        (whole.message("4").kind, whole.message("4").text.as_deref()),
        (MessageKind::Message, Some("rich"))
    );
}
