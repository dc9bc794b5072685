//! Rocket.Chat: every fact of the fixtures, and small dumps for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_folder};
use lexhold_model::{ConversationKind, MessageKind, PartKind, VersionKind};
use lexhold_source::show_instant;

#[test]
fn pages_with_threads_reactions_and_what_was_edited() {
    let (Some(first), Some(second)) = (
        fixture("rocketchat/api-perceval/message_page_1.json"),
        fixture("rocketchat/api-perceval/message_page_2.json"),
    ) else {
        return;
    };
    let whole = read(&first).clean();
    assert_eq!(whole.format, "rocketchat");
    assert_eq!(
        whole.versions(),
        [
            ("4AwA2eJQ7xBgPZ4mv", 0, VersionKind::Original, Some("Test message 1")),
            ("WnWSwiD877xRpqcMb", 0, VersionKind::Original, Some("Test reply 1")),
        ]
    );
    let parent = &whole.messages[0];
    assert_eq!(show_instant(parent.sent_at.unwrap()), "2020-05-02T07:30:42.993Z");
    assert_eq!(
        (
            parent.sender.as_str(),
            parent.metadata["sender_login"].as_str(),
            parent.metadata["sender_name"].as_str()
        ),
        ("123user", "animesh_username1", "Animesh Kumar")
    );
    assert!(parent.metadata["reactions"].contains(":cool:") && parent.metadata["tcount"] == "1");
    assert!(
        !parent.metadata.contains_key("mentions"),
        "a list with nothing in it says nothing"
    );
    let before = &whole.messages[1];
    assert_eq!(
        (before.reply_to.as_deref(), before.metadata["version_id"].as_str()),
        (Some("4AwA2eJQ7xBgPZ4mv"), "zofFonHMq5M3tdGyu")
    );
    let whole = read(&second).clean();
    assert_eq!(
        whole.versions(),
        [
            ("WnWSwiD877xRpqcMb", 1, VersionKind::Edit, Some("Test reply 1 edited")),
            ("p5dQSb48W25EimhJK", 0, VersionKind::Original, Some("Test message 2")),
        ]
    );
    let Some(empty) = fixture("rocketchat/api-perceval/message_empty_2020_05_10.json") else {
        return;
    };
    assert_eq!(read(&empty).clean().messages.len(), 0);
}

const U: &str = r#""u":{"_id":"aaaaaaaaaaaaaaaaa","username":"ann","name":"Ann"}"#;

#[test]
fn dumps_in_lines_with_their_rooms() {
    let lines = [
        format!(r#"{{"_id":"1","rid":"R1","msg":"hi","ts":{{"$date":"2024-01-02T03:04:05.678Z"}},{U}}}"#),
        format!(r#"{{"_id":"2","rid":"R2","msg":"ann","t":"uj","ts":{{"$date":1704164645678}},{U}}}"#),
        format!(
            r#"{{"_id":"3","rid":"R3","msg":"","t":"videoconf","ts":{{"$date":{{"$numberLong":"1704164645678"}}}},{U}}}"#
        ),
        format!(
            r#"{{"_id":"4","rid":"aaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbb","t":"e2e","msg":"c2VjcmV0","ts":{{"$date":1704164645678}},{U}}}"#
        ),
    ];
    let rooms = [
        r#"{"_id":"R1","t":"c","name":"desk","fname":"The Desk","msgs":3,"usersCount":2}"#,
        r#"{"_id":"R2","t":"p","name":"den","msgs":3,"usersCount":2}"#,
        r#"{"_id":"R3","t":"d","uids":["aaaaaaaaaaaaaaaaa","b","c"],"msgs":3,"usersCount":3}"#,
    ];
    let whole = read_folder(&[
        ("rocketchat_message.json", &lines.join("\n")),
        ("rocketchat_room.json", &rooms.join("\n")),
    ])
    .clean();
    assert_eq!(whole.format, "rocketchat (folder)");
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.channel.as_deref(), one.conversation_kind, one.kind))
        .collect();
    use ConversationKind::{Channel, Direct, Group};
    assert_eq!(
        found,
        [
            (Some("The Desk"), Channel, MessageKind::Message),
            (Some("den"), Group, MessageKind::System),
            (None, Group, MessageKind::Call),
            (None, Direct, MessageKind::Message),
        ]
    );
    assert!(
        whole
            .messages
            .iter()
            .all(|one| show_instant(one.sent_at.unwrap()) == "2024-01-02T03:04:05.678Z")
    );
    assert_eq!(whole.messages[2].recipients.len(), 2);
    let secret = &whole.messages[3];
    assert_eq!(
        (secret.text.as_deref(), secret.metadata["encrypted"].as_str()),
        (None, "true")
    );
    assert_eq!(secret.recipients[0].handle, "bbbbbbbbbbbbbbbbb");
    assert_eq!(
        (
            whole.messages[1].metadata["t"].as_str(),
            whole.messages[1].source.offset
        ),
        ("uj", 2)
    );
}

fn list(messages: &str) -> Whole {
    let files = Files::new();
    read(&files.with("x", format!("[{messages}]")))
}

const HEAD: &str = r#""rid":"R","ts":"2024-01-02T03:04:05Z","u":{"username":"bot"}"#;

#[test]
fn quotes_cards_files_and_deletions() {
    let whole = list(&format!(
        r#"{{"_id":"1",{HEAD},"msg":"[ ](https://chat/x?msg=0) yes","attachments":[{{"message_link":"https://chat/x?msg=0","author_name":"ann","text":"shall we?"}}]}},
        {{"_id":"2",{HEAD},"msg":"","file":{{"_id":"f","name":"plan.pdf","type":"application/pdf"}},"files":[{{"_id":"f","name":"plan.pdf","type":"application/pdf","size":9}},{{"name":"thumb-plan","typeGroup":"thumb"}}],"attachments":[{{"type":"file","title":"plan.pdf","title_link":"/f","description":"the plan"}}]}},
        {{"_id":"3",{HEAD},"alias":"CI","attachments":[{{"title":"Build","text":"failed","fields":[{{"title":"Branch","value":"main"}}]}}]}},
        {{"_id":"4",{HEAD},"t":"rm","msg":""}},
        {{"_id":"5",{HEAD},"msg":"regretted","_hidden":true,"editedAt":"2024-01-02T03:05:00Z"}}"#
    ))
    .clean();
    assert_eq!(
        whole.versions(),
        [
            (
                "1",
                0,
                VersionKind::Original,
                Some("[ ](https://chat/x?msg=0) yes\nshall we?")
            ),
            ("2", 0, VersionKind::Original, Some("the plan")),
            ("3", 0, VersionKind::Original, Some("Build\nfailed\nBranch\nmain")),
            ("4", 1, VersionKind::Delete, None),
            ("5", 1, VersionKind::Edit, Some("regretted")),
            ("5", 2, VersionKind::Delete, None),
        ]
    );
    let quote = &whole.messages[0];
    assert_eq!(
        (quote.reply_to.as_deref(), quote.parts[0].kind, quote.parts[0].end),
        (Some("0"), PartKind::Quoted, 39)
    );
    let files: Vec<_> = whole.messages[1]
        .attachments
        .iter()
        .map(|one| (one.name.as_deref(), one.bytes))
        .collect();
    assert_eq!(files, [(Some("plan.pdf"), Some(9))]);
    assert_eq!(
        (
            whole.messages[2].sender.as_str(),
            whole.messages[2].metadata["alias"].as_str()
        ),
        ("bot", "CI")
    );
}

#[test]
fn what_cannot_be_read_costs_only_itself_and_quotes_nothing() {
    let whole = list(&format!(
        r#"{{"_id":"1",{HEAD},"msg":7}},"secret",{{{HEAD}}},{{"_id":"2","rid":"R","msg":"kept","ts":{{"$date":{{"$numberLong":"99999999999999999999"}}}},"u":"secret"}}"#
    ));
    assert_eq!(
        whole.reasons(),
        ["item 2: not a JSON object", "item 3: `_id` or `rid` is missing"]
    );
    assert_eq!((whole.texts(), whole.notes.len()), (vec!["", "kept"], 1));
    assert_eq!(
        (
            whole.messages[1].sender.as_str(),
            whole.messages[1].metadata["u"].as_str()
        ),
        ("unknown", "secret")
    );
}
