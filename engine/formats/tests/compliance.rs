//! Compliance XML: every fact of the fixtures, and small dumps for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_folder};
use lexhold_model::{ConversationKind, Message, MessageKind, PartKind, VersionKind};
use lexhold_source::show_instant;

fn handles(message: &Message) -> Vec<&str> {
    message.recipients.iter().map(|one| one.handle.as_str()).collect()
}

#[test]
fn the_file_dump_reads_as_its_description_says() {
    let Some(path) = fixture("compliance-xml/facetime-filedump.xml") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!((whole.format.as_str(), whole.notes.len()), ("compliance-xml", 0));
    let events: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            (
                one.kind,
                one.metadata.get("event").map(String::as_str),
                one.sender.as_str(),
            )
        })
        .collect();
    use MessageKind::{Message as Said, System};
    assert_eq!(
        events,
        [
            (System, Some("ParticipantEntered"), "Trading_group_channel1"),
            (System, Some("ParticipantEntered"), "admin1"),
            (System, Some("ParticipantEntered"), "user1"),
            (System, Some("ParticipantEntered"), "user2"),
            (System, Some("FileTransferStarted"), "admin1"),
            (Said, Some("FileTransferEnded"), "admin1"),
            (Said, None, "admin1"),
            (System, Some("FileTransferStarted"), "user1"),
            (Said, Some("FileTransferEnded"), "user1"),
            (Said, None, "user1"),
        ]
    );
    let said = &whole.messages[6];
    assert_eq!(show_instant(said.sent_at.unwrap()), "2006-06-07T19:31:24Z");
    assert_eq!(
        (said.conversation.as_str(), said.conversation_kind, said.id.as_deref()),
        ("Trading", ConversationKind::Group, None)
    );
    assert_eq!(handles(said), ["Trading_group_channel1", "user1", "user2"]);
    assert_eq!(
        said.text.as_deref(),
        Some(
            "now here's a file transfer http://192.168.5.100/\nwebsite/download?fileURL=16200606071431248685/\nrower.jpg (55.9 K)"
        )
    );
    assert_eq!(
        (
            said.metadata["Perspective"].as_str(),
            said.metadata["ConversationID"].as_str()
        ),
        ("Trading_group_channel1", "Trading1")
    );
    let files: Vec<_> = whole
        .messages
        .iter()
        .flat_map(|one| &one.attachments)
        .map(|one| one.name.as_deref().unwrap())
        .collect();
    assert_eq!(files, ["rower1.jpg", "compliancelog1.xml"], "once for each file");
    assert_eq!(whole.messages[5].metadata["Status"], "completed");
    assert!(whole.messages[9].text.as_deref().unwrap().ends_with("(< 1 K)"));
}

#[test]
fn the_persistent_chat_reads_as_its_description_says() {
    let Some(path) = fixture("compliance-xml/lync-persistent-chat.xml") else {
        return;
    };
    let whole = read(&path).clean();
    let events: Vec<_> = whole
        .messages
        .iter()
        .map(|one| {
            (
                one.metadata["type"].as_str(),
                one.kind.as_str(),
                show_instant(one.sent_at.unwrap()),
            )
        })
        .collect();
    let expected = [
        ("JOIN", "system", "2008-03-22T18:50:42.612737Z"),
        ("CHAT", "message", "2008-03-12T19:56:40.522264Z"),
        ("BACKCHAT", "system", "2008-03-20T17:33:05.284159Z"),
        ("FILEUPLOAD", "message", "2008-03-12T19:57:08.975571Z"),
        ("FILEDOWNLOAD", "system", "2008-06-04T20:25:41.851864Z"),
        ("PART", "system", "2008-06-04T20:16:42.532461Z"),
    ];
    assert_eq!(events, expected.map(|(kind, entry, at)| (kind, entry, at.to_owned())));
    let chat = &whole.messages[1];
    assert_eq!(
        (chat.id.as_deref(), chat.text.as_deref(), chat.sender.as_str()),
        (Some("1"), Some("hello"), "kazuto@litwareinc.com")
    );
    assert_eq!(
        (
            chat.platform.as_str(),
            chat.conversation.as_str(),
            chat.channel.as_deref()
        ),
        ("lync", "ma-chan://litwareinc.com/room1", Some("room1"))
    );
    assert_eq!(chat.metadata["sender_name"], "TestUser kazuto");
    assert_eq!(
        (
            whole.messages[2].text.as_deref(),
            whole.messages[2].metadata["content"].as_str()
        ),
        (None, "backchatcontent")
    );
    assert_eq!(
        whole.messages[3].attachments[0].name.as_deref(),
        Some("0988239a-bb66-4616-90a4-b07771a2097c.txt")
    );
    assert!(
        !whole.messages[4].metadata.contains_key("sender_email"),
        "one sender without e-mail"
    );
}

fn dump(events: &str) -> Whole {
    let files = Files::new();
    read(&files.with("x", document(events)))
}

fn document(events: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><FileDump><Version>3</Version><Conversation Perspective=\"desk\"><RoomID>r</RoomID>{events}<EndTimeUTC>999</EndTimeUTC></Conversation></FileDump>"
    )
}

fn event(name: &str, who: &str, at: &str, more: &str) -> String {
    format!("<{name}><LoginName>{who}</LoginName><DateTimeUTC>{at}</DateTimeUTC>{more}</{name}>")
}

#[test]
fn readers_are_those_who_had_come_and_not_gone_wherever_that_stands() {
    let say = |who: &str, at: &str| event("Message", who, at, "<Content>x</Content>");
    let events = [
        event(
            "ParticipantEntered",
            "ann",
            "100",
            "<CorporateEmailID>ann@x.com</CorporateEmailID>",
        ),
        event("ParticipantEntered", "bob", "300", ""),
        say("ann", "200"),
        say("ann", "400"),
        say("ann", "600"),
        event("ParticipantLeft", "bob", "500", ""),
        event("ParticipantLeft", "cy", "250", ""),
    ];
    let whole = dump(&events.concat()).clean();
    let read: Vec<_> = whole.messages[2..5].iter().map(handles).collect();
    assert_eq!(read, [vec!["cy"], vec!["bob"], vec![]]);
    let entered = &whole.messages[0];
    assert_eq!(
        (
            entered.metadata["sender_email"].as_str(),
            entered.metadata["EndTimeUTC"].as_str(),
            entered.id.as_deref()
        ),
        ("ann@x.com", "999", Some("100 ann ParticipantEntered"))
    );
}

#[test]
fn edits_and_deletions_of_mattermost() {
    let message = |id: &str, more: &str| {
        event(
            "Message",
            "ann@x.com",
            "1700000000123",
            &format!("<MessageId>{id}</MessageId>{more}"),
        )
    };
    let whole = dump(&[
        message("old", "<UpdatedType>EditedOriginalMsg</UpdatedType><EditedNewMsgId>m</EditedNewMsgId><Content>before</Content>"),
        message("m", "<UpdatedType>EditedNewMsg</UpdatedType><UpdatedDateTimeUTC>1700000009000</UpdatedDateTimeUTC><Content>after</Content>"),
        message("n", "<UpdatedType>Deleted</UpdatedType><Content>delete regretted</Content>"),
    ].concat()).clean();
    assert_eq!(
        whole.versions(),
        [
            ("m", 0, VersionKind::Original, Some("before")),
            ("m", 1, VersionKind::Edit, Some("after")),
            ("n", 0, VersionKind::Original, Some("regretted")),
            ("n", 1, VersionKind::Delete, None),
        ]
    );
    assert_eq!(
        show_instant(whole.messages[0].sent_at.unwrap()),
        "2023-11-14T22:13:20.123Z"
    );
    assert_eq!(whole.messages[0].metadata["MessageId"], "old");
}

#[test]
fn people_files_invitations_and_history_of_bloomberg() {
    let user = "<User><LoginName>ANN1</LoginName><FirstName>Ann</FirstName><LastName>Lee</LastName><UUID>77</UUID><FirmNumber>9</FirmNumber><EmailAddress>ann@bank.com</EmailAddress></User>";
    let at = "<DateTime>06/07/2006 19:31:24</DateTime><DateTimeUTC>1149708684</DateTimeUTC>";
    let events = format!(
        "<Message>{user}{at}<Content>px?</Content></Message>\
         <Message>{user}{at}<Content>px?</Content></Message>\
         <Attachment>{user}{at}<FileName>notes.txt</FileName><FileID>f77.txt</FileID><FileSize>5</FileSize></Attachment>\
         <Attachment>{user}{at}<FileName>gone.txt</FileName><FileID>f78.txt</FileID><FileSize>9</FileSize></Attachment>\
         <Invite>{user}{at}<InviteeName>bob</InviteeName></Invite>\
         <History>{user}{at}<Content>what was said</Content></History>\
         <FileTransferEnded>{user}{at}<UserFileName>C:\\x\\y.txt</UserFileName><Base64Content>aGVs\nbG8=</Base64Content></FileTransferEnded>"
    );
    let whole = read_folder(&[("dump.xml", &document(&events)), ("f77.txt", "hello")]).clean();
    assert_eq!(whole.format, "compliance-xml (folder)");
    let first = &whole.messages[0];
    assert_eq!(
        (
            first.sender.as_str(),
            first.metadata["sender_name"].as_str(),
            first.metadata["sender_email"].as_str()
        ),
        ("ANN1", "Ann Lee", "ann@bank.com")
    );
    assert_eq!(
        (
            first.metadata["User.FirmNumber"].as_str(),
            first.metadata["DateTime"].as_str()
        ),
        ("9", "06/07/2006 19:31:24")
    );
    assert_eq!(
        (first.id.as_deref(), whole.messages[1].id.as_deref()),
        (None, Some("1149708684 ANN1 Message 2"))
    );
    let files: Vec<_> = whole
        .messages
        .iter()
        .flat_map(|one| &one.attachments)
        .map(|one| {
            (
                one.name.as_deref().unwrap(),
                one.bytes,
                one.sha256.as_deref().map(|hash| &hash[..8]),
            )
        })
        .collect();
    assert_eq!(
        files,
        [
            ("notes.txt", Some(5), Some("2cf24dba")),
            ("gone.txt", Some(9), None),
            ("y.txt", Some(5), Some("2cf24dba"))
        ]
    );
    let history = &whole.messages[5];
    assert_eq!(
        (history.kind, history.parts[0].kind, history.parts[0].end),
        (MessageKind::System, PartKind::Quoted, 13)
    );
    assert_eq!(whole.messages[4].metadata["InviteeName"], "bob");
}

#[test]
fn what_cannot_be_read_costs_only_itself_and_quotes_nothing() {
    let whole = dump(
        "<Message><LoginName>ann</LoginName><Content>secret < 1 K</Content><DateTimeUTC>1</DateTimeUTC></Message>\
         <Message><LoginName>ann</LoginName><Content>&secret;</Content></Message>\
         <Message><LoginName>ann</LoginName><Content>kept \u{fffd}</Content></Message>",
    );
    assert_eq!(
        whole.reasons(),
        [
            "item 3: is not well-formed XML",
            "item 4: names an entity, and none is expanded"
        ]
    );
    assert_eq!((whole.texts(), whole.notes.len()), (vec!["kept \u{fffd}"], 1));
    assert!(whole.messages[0].undecodable && whole.messages[0].sent_at.is_none());
    let files = Files::new();
    let cut = document(&event("Message", "ann", "1", "<Content>a</Content>"));
    let whole = read(&files.with("cut", &cut[..cut.len() - 40]));
    assert_eq!(
        whole.reasons(),
        ["item 4: the XML ends in the middle; the rest of the file is lost"]
    );
    assert_eq!(whole.texts(), ["a"]);
    let stray = read(&files.with(
        "stray",
        "<FileDump><Message><LoginName>a</LoginName></Message></FileDump>",
    ));
    assert_eq!(stray.reasons(), ["item 1: stands outside of a conversation"]);
}
