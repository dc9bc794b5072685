//! Sample messages in the layout of products' own exports, as large as is asked for: what readers are measured on.

use std::fs;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::generate::Generator;

/// One message of an export.
struct Line<'a> {
    /// Counted from 0.
    number: usize,
    sent: Timestamp,
    sender: &'a str,
    text: &'a str,
}

impl Line<'_> {
    fn shown(&self, form: &str) -> String {
        self.sent.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }
}

/// A layout by the name of its format: how an export begins, goes on and ends.
pub struct Layout {
    /// The name of the format.
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
];

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
        const A_TIME: usize = 20_000;
        let root = folder.join(self.format);
        for (name, text) in self.beside {
            fs::create_dir_all(&root)?;
            fs::write(root.join(name), text)?;
        }
        let path = root.join(self.file);
        fs::create_dir_all(path.parent().unwrap_or(&root))?;
        let mut out = BufWriter::new(fs::File::create(&path)?);
        out.write_all(self.begin.as_bytes())?;
        let (mut number, mut written) = (0, self.begin.len());
        'all: for round in 0.. {
            for generated in Generator::new(seed + round, A_TIME) {
                let message = generated.message;
                let (Some(text), Some(at)) = (message.text.filter(|text| !text.is_empty()), message.sent_at) else {
                    continue;
                };
                let line = Line {
                    number,
                    sent: Timestamp::from_microsecond(at).unwrap_or_default(),
                    sender: message.sender.split('@').next().unwrap_or_default(),
                    text: &text,
                };
                let text = (self.message)(&line);
                let between = if number == 0 { "" } else { self.between };
                out.write_all(between.as_bytes())?;
                out.write_all(text.as_bytes())?;
                written += between.len() + text.len();
                number += 1;
                if written >= bytes {
                    break 'all;
                }
            }
        }
        out.write_all(self.end.as_bytes())?;
        out.flush()?;
        let whole = if self.beside.is_empty() { path } else { root };
        Ok((whole, number, written + self.end.len()))
    }
}
