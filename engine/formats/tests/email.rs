//! Mail: 107 messages with what another hand made of them, mailboxes with a history, and small ones for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, Whole, fixture, read, read_folder};
use lexhold_model::{PartKind, Role};
use lexhold_source::show_instant;
use serde_json::Value;

/// The text value of a header in a result of the other parser.
fn header<'a>(expected: &'a Value, name: &str) -> Option<&'a Value> {
    let headers = expected["parts"][0]["headers"].as_array()?;
    headers
        .iter()
        .rev()
        .find(|header| header["name"] == name)
        .map(|header| &header["value"])
}

fn first_address(value: &Value) -> Option<String> {
    let list = &value["Address"]["List"];
    let groups = &value["Address"]["Group"];
    let all = list.as_array().cloned().unwrap_or_else(|| {
        let groups = groups.as_array().cloned().unwrap_or_default();
        groups
            .iter()
            .flat_map(|group| group["addresses"].as_array().cloned().unwrap_or_default())
            .collect()
    });
    let mut handles = all
        .iter()
        .filter_map(|one| one["address"].as_str().or(one["name"].as_str()));
    handles.next().map(|address| address.trim().to_lowercase())
}

#[test]
fn each_of_107_messages_agrees_with_its_expected_parse() {
    let mut seen = 0;
    for folder in ["legacy", "malformed", "rfc", "thirdparty"] {
        let Some(folder) = fixture(&format!("email/eml-stalwart/{folder}")) else {
            return;
        };
        for number in 0..60 {
            let path = folder.join(format!("{number:03}.eml"));
            if !path.exists() {
                break;
            }
            let expected: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
            let whole = read(&path).clean();
            let name = path.display();
            assert_eq!(whole.messages.len(), 1, "{name}");
            let message = &whole.messages[0];
            let subject = header(&expected, "subject").and_then(|value| value["Text"].as_str());
            assert_eq!(
                message.subject.as_deref(),
                subject.filter(|text| !text.is_empty()),
                "{name}"
            );
            let id = header(&expected, "message_id").and_then(|value| value["Text"].as_str());
            assert_eq!(message.id.as_deref(), id, "{name}");
            if let Some(from) = header(&expected, "from").and_then(first_address) {
                assert_eq!(
                    message.sender,
                    from.split_once(" at ")
                        .map_or(from.clone(), |(a, b)| format!("{a}@{b}")),
                    "{name}"
                );
            }
            let attached = expected["attachments"].as_array().unwrap().len();
            assert!(
                message.attachments.len() >= attached,
                "{name}: {} of {attached}",
                message.attachments.len()
            );
            for part in expected["text_body"].as_array().unwrap() {
                let part = &expected["parts"][usize::try_from(part.as_u64().unwrap()).unwrap()];
                if let Some(text) = part["body"]["Text"].as_str() {
                    let found = message.text.as_deref().unwrap_or_default();
                    let plain = |text: &str| text.replace('\r', "").trim_end().to_owned();
                    assert!(plain(found).contains(&plain(text)), "{name}: {found:?} lacks {text:?}");
                }
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 107);
}

#[test]
fn the_mailboxes_hold_as_many_messages_as_their_descriptions_say() {
    for (file, messages) in [
        ("mbox_complex.mbox", 2),
        ("mbox_iso8859_encoding.mbox", 1),
        ("mbox_multipart.mbox", 2),
        ("mbox_no_fields.mbox", 6),
        ("mbox_single.mbox", 1),
        ("mbox_unixfrom_encoding.mbox", 1),
        ("mbox_unknown_encoding.mbox", 1),
        ("pipermail_2015_november.mbox", 4),
        ("pipermail_2016_april.mbox", 3),
        ("pipermail_2016_march.mbox", 1),
        ("groupsio_messages.zip", 49),
    ] {
        let Some(path) = fixture(&format!("email/mbox-perceval/{file}")) else {
            return;
        };
        let whole = read(&path).clean();
        assert_eq!(whole.messages.len(), messages, "{file}");
        assert!(
            whole
                .messages
                .iter()
                .all(|one| one.sender.contains('@') || one.sender == "unknown"),
            "{file}"
        );
    }
}

#[test]
fn list_archives_dates_and_missing_fields() {
    let Some(path) = fixture("email/mbox-perceval/mbox_no_fields.mbox") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(whole.messages[0].sender, "goran@domain.com");
    assert_eq!(whole.messages[0].id.as_deref(), Some("4CF64D10.9020206@domain.com"));
    assert_eq!(show_instant(whole.messages[0].sent_at.unwrap()), "2010-12-01T13:26:40Z");
    assert_eq!(
        (whole.messages[2].sent_at, whole.messages[3].id.as_deref()),
        (None, None)
    );
    assert_eq!(whole.notes.len(), 2, "a date that is missing, and an empty one");
    assert_eq!(whole.messages[1].source.offset, 13);
}

#[test]
fn the_maildir_is_one_source_with_its_folders_and_flags() {
    let Some(path) = fixture("email/maildir-stalwart") else {
        return;
    };
    let whole = read(&path);
    assert_eq!(
        whole.reasons().len(),
        6,
        "its six files hold one letter each, and are no mail"
    );
    let mail = "From: a@x.com\nTo: b@x.com\nSubject: s\nDate: Wed, 22 Sep 2004 02:03:40 -0700\n\nhello\n";
    let whole = read_folder(&[
        ("box/cur/1.x:2,RS", mail),
        ("box/new/2.x", mail),
        ("box/.Sent Items/cur/3.x:2,S", mail),
        ("box/dovecot-uidlist", "3 V1"),
    ])
    .clean();
    let known: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (one.metadata.get("folder"), one.metadata.get("flags")))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        known,
        [
            (Some(&text("Sent Items")), Some(&text("S"))),
            (None, Some(&text("RS"))),
            (None, None)
        ]
    );
    assert_eq!(whole.format, "email (folder)");
}

fn mail(text: &str) -> Whole {
    let files = Files::new();
    read(&files.with("some.file", text)).clean()
}

#[test]
fn people_threads_and_owners() {
    let whole = mail(
        "From: \"Ann X\" <Ann@X.com>\nTo: Team: bob@x.com, Eve <eve@y.com>;\nCc: bob@x.com, c@x.com\nBcc: d@x.com\nDelivered-To: D@x.com\n\
         List-Id: The Desk <desk.x.com>\nMessage-ID: <3@x>\nReferences: <1@x>\n <2@x>\nIn-Reply-To: <2@x>\nX-Risk: high\nX-Risk: low\n\
         Subject: =?utf-8?q?Re=3A_caf=C3=A9?=\nDate: Tue, 2 Jan 2024 10:00:00 +0100\n\nhello\n",
    );
    let message = &whole.messages[0];
    assert_eq!(
        (message.sender.as_str(), message.subject.as_deref()),
        ("ann@x.com", Some("Re: café"))
    );
    let people: Vec<_> = message
        .recipients
        .iter()
        .map(|one| (one.handle.as_str(), one.role))
        .collect();
    assert_eq!(
        people,
        [
            ("bob@x.com", Role::To),
            ("eve@y.com", Role::To),
            ("c@x.com", Role::Cc),
            ("d@x.com", Role::Bcc)
        ]
    );
    assert_eq!(
        (message.conversation.as_str(), message.reply_to.as_deref()),
        ("1@x", Some("2@x"))
    );
    assert_eq!(
        (message.custodians.as_slice(), message.channel.as_deref()),
        (&["d@x.com".to_owned()][..], Some("desk.x.com"))
    );
    assert_eq!(message.metadata["x-risk"], "high\nlow");
    assert_eq!(show_instant(message.sent_at.unwrap()), "2024-01-02T09:00:00Z");
}

#[test]
fn doubtful_dates_are_told() {
    for (head, at, precision) in [
        ("Date: Tue, 2 Jan 2024 10:00:00 EST\n", "2024-01-02T15:00:00Z", None),
        ("Date: Tue, 2 Jan 2024 10:00:00\n", "2024-01-02T10:00:00Z", Some("day")),
        (
            "Received: from a by b; Tue, 2 Jan 2024 10:00:00 +0000\n",
            "2024-01-02T10:00:00Z",
            Some("received"),
        ),
        ("Date: Tue, 31 Feb 2024 10:00:00 +0000\n", "none", None),
    ] {
        let whole = mail(&format!("{head}From: a@x.com\nSubject: s\n\nx\n"));
        let found = whole.messages[0]
            .sent_at
            .map_or_else(|| "none".to_owned(), show_instant);
        assert_eq!(
            (found.as_str(), whole.messages[0].sent_precision.as_deref()),
            (at, precision),
            "{head}"
        );
    }
}

#[test]
fn bodies_attachments_and_mails_inside_mails() {
    let whole = mail(
        "From: a@x.com\nTo: b@x.com\nSubject: s\nDate: Tue, 2 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n\
         --B\nContent-Type: multipart/alternative; boundary=C\n\n--C\nContent-Type: text/plain\n\nsee below\n--C\nContent-Type: text/html\n\n<p>see <b>below</b></p>\n--C--\n\
         --B\nContent-Type: application/pdf; name=r.pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\nYWJj\n\
         --B\nContent-Type: message/rfc822\n\nFrom: eve@y.com\nTo: ann@x.com\nSubject: the deal\n\ninside words\n--B--\n",
    );
    let message = &whole.messages[0];
    let text = message.text.as_deref().unwrap();
    assert!(text.starts_with("see below"), "{text}");
    let part = message.parts[0];
    let inside = &text[usize::try_from(part.start).unwrap()..usize::try_from(part.end).unwrap()];
    assert_eq!(part.kind, PartKind::Forwarded);
    assert!(
        inside.starts_with("From: eve@y.com\nTo: ann@x.com\nSubject: the deal\n") && inside.contains("inside words"),
        "{inside}"
    );
    assert!(message.metadata["html"].contains("<b>below</b>"));
    let pdf = &message.attachments[0];
    assert_eq!(
        (pdf.name.as_deref(), pdf.media_type.as_deref(), pdf.bytes),
        (Some("r.pdf"), Some("application/pdf"), Some(3))
    );
    assert!(pdf.sha256.as_deref().unwrap().starts_with("ba7816bf"));
    let only_html = mail("From: a@x.com\nSubject: s\nContent-Type: text/html\n\n<p>one</p><p>two &amp; three</p>\n");
    let text = only_html.messages[0].text.as_deref().unwrap();
    assert!(
        text.contains("one") && text.contains("two & three") && !text.contains('<'),
        "{text}"
    );
}

#[test]
fn encrypted_mail_says_so() {
    let whole = mail(
        "From: a@x.com\nSubject: s\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\
         Content-Transfer-Encoding: base64\n\nYWJj\n",
    );
    assert_eq!(whole.messages[0].metadata["encrypted"], "true");
    assert_eq!(whole.messages[0].attachments.len(), 1);
}
