//! Sample messages in the layout of products' own exports, as large as is asked for: what readers are measured on.

use std::fs;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use lexhold_benches::generate::Generator;

/// One message of an export.
pub struct Line<'a> {
    /// Counted from 0.
    pub number: usize,
    pub sent: Timestamp,
    pub sender: &'a str,
    pub text: &'a str,
}

impl Line<'_> {
    /// Counted from 1.
    pub fn id(&self) -> i64 {
        i64::try_from(self.number).map_or(i64::MAX, |number| number.saturating_add(1))
    }

    fn shown(&self, form: &str) -> String {
        self.sent.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }
}

/// How many people write in an export: every message names the others.
const PEOPLE: usize = 16;

/// A layout by the name of its format: how an export begins, goes on and ends.
pub struct Layout {
    /// The name of the format, and of its form where there are several.
    pub format: &'static str,
    /// Files that stand beside the messages.
    beside: &'static [(&'static str, &'static str)],
    /// The file of the messages.
    file: &'static str,
    begin: &'static str,
    /// What stands between two messages.
    between: &'static str,
    end: &'static str,
    message: fn(&Line<'_>) -> String,
}

/// The layouts that there are.
pub const LAYOUTS: &[Layout] = &[
    Layout {
        format: "slack",
        beside: &[
            ("channels.json", r#"[{"id":"C1","name":"desk"}]"#),
            ("users.json", r#"[{"id":"U1","name":"ann"}]"#),
        ],
        file: "desk/2024-01-02.json",
        begin: "[",
        between: ",\n",
        end: "]",
        message: slack,
    },
    Layout {
        format: "teams",
        beside: &[],
        file: "page.json",
        begin: "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#chats('1')/messages\",\"value\":[",
        between: ",\n",
        end: "]}",
        message: teams,
    },
    Layout {
        format: "whatsapp",
        beside: &[],
        file: "chat.txt",
        begin: "",
        between: "\n",
        end: "\n",
        message: whatsapp,
    },
    Layout {
        format: "email",
        beside: &[],
        file: "ann.mbox",
        begin: "",
        between: "\n",
        end: "\n",
        message: email,
    },
    Layout {
        format: "telegram",
        beside: &[],
        file: "result.json",
        begin: "{\"name\":\"Desk\",\"type\":\"private_supergroup\",\"id\":17,\"messages\":[",
        between: ",\n",
        end: "]}",
        message: telegram,
    },
    Layout {
        format: "irc",
        beside: &[],
        file: "desk.log",
        begin: "",
        between: "\n",
        end: "\n",
        message: irc,
    },
    Layout {
        format: "discord",
        beside: &[],
        file: "desk.json",
        begin: "{\"guild\":{\"id\":\"1\",\"name\":\"Firm\"},\"channel\":{\"id\":\"2\",\"type\":\"GuildTextChat\",\"name\":\"desk\"},\"dateRange\":{\"after\":null,\"before\":null},\"messages\":[",
        between: ",\n",
        end: "]}",
        message: discord,
    },
    Layout {
        format: "messenger",
        beside: &[],
        file: "message_1.json",
        begin: "{\"participants\":[{\"name\":\"Ann\"},{\"name\":\"Bob\"}],\"messages\":[",
        between: ",\n",
        end: "],\"title\":\"Desk\",\"thread_path\":\"inbox/desk_1\"}",
        message: messenger,
    },
    Layout {
        format: "mattermost",
        beside: &[],
        file: "export.jsonl",
        begin: concat!(
            "{\"type\":\"version\",\"version\":1}\n{\"type\":\"team\",\"team\":{\"name\":\"firm\"}}\n",
            "{\"type\":\"channel\",\"channel\":{\"team\":\"firm\",\"name\":\"desk\",\"type\":\"O\"}}\n"
        ),
        between: "\n",
        end: "\n",
        message: mattermost,
    },
    Layout {
        format: "zulip",
        beside: &[],
        file: "messages-000001.json",
        begin: "{\"zerver_message\":[",
        between: ",\n",
        end: "],\"zerver_usermessage\":[]}",
        message: zulip,
    },
    Layout {
        format: "rocketchat",
        beside: &[],
        file: "page.json",
        begin: "{\"messages\":[",
        between: ",\n",
        end: "],\"success\":true}",
        message: rocketchat,
    },
    Layout {
        format: "gitter",
        beside: &[],
        file: "page.json",
        begin: "[",
        between: ",\n",
        end: "]",
        message: gitter,
    },
    Layout {
        format: "signal-cli",
        beside: &[],
        file: "receive.jsonl",
        begin: "",
        between: "\n",
        end: "\n",
        message: signal_cli,
    },
    Layout {
        format: "signal-export",
        beside: &[],
        file: "Desk/data.json",
        begin: "",
        between: "\n",
        end: "\n",
        message: signal_export,
    },
    Layout {
        format: "compliance-xml",
        beside: &[],
        file: "dump.xml",
        begin: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FileDump><Conversation Perspective=\"desk\"><RoomID>Desk</RoomID><StartTimeUTC>1149708684</StartTimeUTC>\n",
        between: "\n",
        end: "\n</Conversation></FileDump>",
        message: compliance,
    },
    Layout {
        format: "lync",
        beside: &[],
        file: "chat.xml",
        begin: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Conversations><Conversation><Channel uri=\"ma-chan://firm.example/desk\" name=\"desk\"/><Messages>\n",
        between: "\n",
        end: "\n</Messages></Conversation></Conversations>",
        message: lync,
    },
];

fn discord(line: &Line<'_>) -> String {
    json!({
        "id": format!("{:018}", line.number), "type": "Default", "timestamp": line.sent.to_string(), "timestampEdited": null,
        "callEndedTimestamp": null, "isPinned": false, "content": line.text,
        "author": {"id": line.sender, "name": line.sender, "discriminator": "0", "nickname": line.sender, "color": null, "isBot": false, "roles": []},
        "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [],
    })
    .to_string()
}

/// Messenger writes each byte of its UTF-8 as a character of its own, and escapes it.
fn messenger(line: &Line<'_>) -> String {
    let broken: String = line.text.bytes().map(char::from).collect();
    let written = json!({
        "sender_name": line.sender, "timestamp_ms": line.sent.as_millisecond(), "content": broken, "type": "Generic",
        "is_geoblocked_for_viewer": false,
    })
    .to_string();
    let mut ascii = String::with_capacity(written.len());
    for char in written.chars() {
        if char.is_ascii() {
            ascii.push(char);
        } else {
            ascii.push_str(&format!("\\u{:04x}", u32::from(char)));
        }
    }
    ascii
}

fn mattermost(line: &Line<'_>) -> String {
    json!({
        "type": "post",
        "post": {"team": "firm", "channel": "desk", "user": line.sender, "message": line.text, "create_at": line.sent.as_millisecond() + line.id(),
            "edit_at": 0, "reactions": null, "replies": null, "attachments": []},
    })
    .to_string()
}

fn zulip(line: &Line<'_>) -> String {
    json!({
        "id": line.number, "sender": line.sender.len(), "recipient": 7, "realm": 1, "subject": "desk", "content": line.text,
        "rendered_content": format!("<p>{}</p>", line.text), "rendered_content_version": 1, "date_sent": line.sent.as_second(),
        "sending_client": 1, "last_edit_time": null, "edit_history": null, "has_attachment": false, "has_image": false, "has_link": false,
    })
    .to_string()
}

fn rocketchat(line: &Line<'_>) -> String {
    json!({
        "_id": format!("{:017}", line.number), "rid": "wyJHNAtuPGnQCT5xP", "msg": line.text, "ts": line.sent.to_string(),
        "u": {"_id": line.sender, "username": line.sender, "name": line.sender}, "_updatedAt": line.sent.to_string(), "mentions": [],
        "channels": [],
    })
    .to_string()
}

fn gitter(line: &Line<'_>) -> String {
    json!({
        "id": format!("{:024x}", line.number), "text": line.text, "html": line.text, "sent": line.sent.to_string(),
        "fromUser": {"id": line.sender, "username": line.sender, "displayName": line.sender, "url": "/ann", "v": 6, "gv": "4"},
        "unread": false, "readBy": 0, "urls": [], "mentions": [], "issues": [], "meta": [], "v": 1,
    })
    .to_string()
}

fn signal_cli(line: &Line<'_>) -> String {
    let at = line.sent.as_millisecond() + line.id();
    json!({
        "account": "+4911",
        "envelope": {"source": line.sender, "sourceNumber": null, "sourceUuid": line.sender, "sourceName": line.sender, "sourceDevice": 1,
            "timestamp": at, "serverReceivedTimestamp": at, "serverDeliveredTimestamp": at,
            "dataMessage": {"timestamp": at, "message": line.text, "expiresInSeconds": 0, "viewOnce": false,
                "groupInfo": {"groupId": "desk=", "type": "DELIVER", "revision": 1}}},
    })
    .to_string()
}

fn signal_export(line: &Line<'_>) -> String {
    json!({
        "date": line.shown("%Y-%m-%dT%H:%M:%S"), "sender": line.sender, "body": line.text, "quote": "", "sticker": null, "reactions": [],
        "attachments": [], "deleted": false, "call": false, "missed": false,
    })
    .to_string()
}

/// Text that XML may hold.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn compliance(line: &Line<'_>) -> String {
    format!(
        "        <Message>\n            <LoginName>{}</LoginName>\n            <Content>{}</Content>\n            \
         <DateTimeUTC>{}</DateTimeUTC>\n            <ConversationID>Desk1</ConversationID>\n        </Message>",
        line.sender,
        escaped(line.text),
        line.sent.as_second(),
    )
}

fn lync(line: &Line<'_>) -> String {
    format!(
        "      <Message type=\"CHAT\" content=\"{text}\" id=\"{number}\">\n        <Sender UserName=\"{sender}\" id=\"10\" \
         email=\"{sender}@firm.example\" internal=\"true\" uri=\"{sender}@firm.example\" />\n        \
         <DateTimeUTC since1970=\"{at}\" string=\"{shown}\" long=\"633409486005222640\" />\n      </Message>",
        text = escaped(line.text),
        number = line.number,
        sender = line.sender,
        at = line.sent.as_millisecond(),
        shown = line.sent,
    )
}

fn slack(line: &Line<'_>) -> String {
    let ts = format!("{}.{:06}", line.sent.as_second(), line.number % 1_000_000);
    json!({
        "client_msg_id": format!("{:032x}", line.number), "type": "message", "user": line.sender, "text": line.text, "ts": ts,
        "team": "T1", "user_team": "T1", "source_team": "T1",
        "user_profile": {"real_name": line.sender, "display_name": line.sender, "team": "T1", "is_restricted": false},
        "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": line.text}]}]}],
    })
    .to_string()
}

fn teams(line: &Line<'_>) -> String {
    let id = (1_600_000_000_000 + line.number).to_string();
    json!({
        "id": id, "replyToId": null, "etag": id, "messageType": "message", "createdDateTime": line.sent.to_string(),
        "lastModifiedDateTime": line.sent.to_string(), "lastEditedDateTime": null, "deletedDateTime": null, "subject": null,
        "summary": null, "chatId": "19:desk@thread.v2", "importance": "normal", "locale": "en-us",
        "from": {"application": null, "device": null, "user": {"id": line.sender, "displayName": line.sender, "userIdentityType": "aadUser"}},
        "body": {"contentType": "html", "content": format!("<div><p>{}</p></div>", line.text.replace('&', "&amp;").replace('<', "&lt;"))},
        "attachments": [], "mentions": [], "reactions": [],
    })
    .to_string()
}

fn whatsapp(line: &Line<'_>) -> String {
    format!("[{}] {}: {}", line.shown("%d/%m/%Y, %H:%M:%S"), line.sender, line.text)
}

fn email(line: &Line<'_>) -> String {
    let date = line.shown("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From {sender}@firm.example {asctime}\nReturn-Path: <{sender}@firm.example>\nReceived: from mx.firm.example by store.firm.example; {date}\n\
         From: {sender} <{sender}@firm.example>\nTo: desk@firm.example\nSubject: Note {number}\nDate: {date}\n\
         Message-ID: <{number}@firm.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\n{text}\n",
        sender = line.sender,
        asctime = line.shown("%a %b %e %H:%M:%S %Y"),
        number = line.number,
        text = line.text.replace("\nFrom ", "\n>From "),
    )
}

fn telegram(line: &Line<'_>) -> String {
    json!({
        "id": line.number + 1, "type": "message", "date": line.shown("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": line.sent.as_second().to_string(), "from": line.sender, "from_id": format!("user{}", line.sender.len()),
        "text": line.text, "text_entities": [{"type": "plain", "text": line.text}],
    })
    .to_string()
}

fn irc(line: &Line<'_>) -> String {
    let nick: String = line.sender.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "{}  <{nick}> {}",
        line.shown("%Y-%m-%dT%H:%M:%S"),
        line.text.replace('\n', " ")
    )
}

impl Layout {
    /// Writes an export of at least so many bytes into a folder, the same for the same seed. What it wrote, how many messages,
    /// and how many bytes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, folder: &Path, seed: u64, bytes: usize) -> Result<(PathBuf, usize, usize)> {
        let root = folder.join(self.format);
        for (name, text) in self.beside {
            fs::create_dir_all(&root)?;
            fs::write(root.join(name), text)?;
        }
        let path = root.join(self.file);
        fs::create_dir_all(path.parent().unwrap_or(&root))?;
        let mut out = BufWriter::new(fs::File::create(&path)?);
        out.write_all(self.begin.as_bytes())?;
        let mut written = self.begin.len();
        let number = lines(seed, |line| {
            let text = (self.message)(line);
            let between = if line.number == 0 { "" } else { self.between };
            out.write_all(between.as_bytes())?;
            out.write_all(text.as_bytes())?;
            written += between.len() + text.len();
            Ok::<_, std::io::Error>(written < bytes)
        })?;
        out.write_all(self.end.as_bytes())?;
        out.flush()?;
        let whole = if self.beside.is_empty() { path } else { root };
        Ok((whole, number, written + self.end.len()))
    }
}

/// Hands over one message after the other until it is enough; how many there were.
///
/// # Errors
/// That with which `then` fails.
pub fn lines<E>(
    seed: u64,
    mut then: impl FnMut(&Line<'_>) -> std::result::Result<bool, E>,
) -> std::result::Result<usize, E> {
    const A_TIME: usize = 20_000;
    let mut people: Vec<String> = Vec::with_capacity(PEOPLE);
    let mut number = 0;
    for round in 0.. {
        for generated in Generator::new(seed + round, A_TIME) {
            let message = generated.message;
            let (Some(text), Some(at)) = (message.text.filter(|text| !text.is_empty()), message.sent_at) else {
                continue;
            };
            let sender = message.sender.split('@').next().unwrap_or_default();
            if people.len() < PEOPLE && !people.iter().any(|one| one == sender) {
                people.push(sender.to_owned());
            }
            let known = people.iter().find(|one| *one == sender);
            let line = Line {
                number,
                sent: Timestamp::from_microsecond(at).unwrap_or_default(),
                sender: known.unwrap_or(&people[number % people.len()]),
                text: &text,
            };
            number += 1;
            if !then(&line)? {
                return Ok(number);
            }
        }
    }
    Ok(number)
}
