//! One mail: headers, text, attached files and mails.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lexhold_model::{
    Attachment, ConversationKind, Digest, Message, MessageKind, Part, PartKind, Participant, Role, SourcePlace,
};
use lexhold_source::{Notes, Reading, guarded, without_bom};
use mail_parser::{Address, DateTime, HeaderValue, Message as Mail, MessageParser, MessagePart, MimeHeaders, PartType};

use super::mailbox::Found;
use crate::html;

/// Mails inside mails are read so deep.
const DEEPEST: usize = 5;

/// Whether bytes begin like a mail: with a header, and one that only mail has among the first, or two that letters might have too.
pub(super) fn is_message(first: &[u8]) -> bool {
    const OF_MAIL: &[&str] = &[
        "content-type",
        "delivered-to",
        "in-reply-to",
        "message-id",
        "mime-version",
        "received",
        "references",
        "reply-to",
        "return-path",
    ];
    const OF_LETTERS: &[&str] = &["from", "to", "cc", "subject", "date", "sender"];
    let first = without_bom(first).trim_ascii_start();
    let mut known: Vec<&str> = Vec::new();
    for (at, line) in first.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let name = line
            .split(|byte| *byte == b':')
            .next()
            .filter(|name| name.len() < line.len());
        let name = name.map(|name| name.trim_ascii_end().to_ascii_lowercase());
        let printable = name
            .as_ref()
            .is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic));
        if !printable && at == 0 {
            return false;
        }
        let name = name.unwrap_or_default();
        if OF_MAIL.iter().any(|known| known.as_bytes() == name) {
            return true;
        }
        if let Some(found) = OF_LETTERS.iter().find(|known| known.as_bytes() == name)
            && !known.contains(found)
        {
            known.push(found);
        }
    }
    known.len() >= 2
}

/// The message of a mail; `known` is what its folder says of it.
///
/// # Errors
/// When the bytes are no mail.
pub(super) fn read(found: &Found, place: SourcePlace, known: &[(String, String)]) -> Result<Reading, String> {
    let parsed = guarded(|| MessageParser::default().parse(without_bom(&found.bytes)));
    let mail = parsed.flatten().filter(|mail| !mail.headers().is_empty());
    let mail = mail.ok_or("is no mail that can be parsed")?;
    let mut notes = Notes::new();
    let mut message = Message {
        platform: "email".into(),
        conversation_kind: ConversationKind::Mail,
        kind: MessageKind::Message,
        id: ids(&mail, "Message-ID").into_iter().next(),
        channel: list(&mail),
        subject: mail.subject().map(str::to_owned).filter(|subject| !subject.is_empty()),
        sender: sender(&mail),
        recipients: recipients(&mail),
        custodians: custodians(&mail),
        reply_to: reply_to(&mail),
        metadata: headers(&mail),
        source: place,
        ..Message::default()
    };
    message.conversation = conversation(&mail, &message);
    (message.sent_at, message.sent_precision) = sent(&mail, &mut notes);
    if let Some(line) = &found.from {
        message
            .metadata
            .insert("mbox_from".into(), String::from_utf8_lossy(line).trim_end().to_owned());
    }
    message.metadata.extend(known.iter().cloned());
    let mut body = Body::default();
    body.add(&mail, 1);
    // Bytes of no known encoding in the subject are lost by now.
    let damaged = raw(&mail).any(|(name, value)| name == "subject" && matches!(value, Cow::Owned(_)));
    message.undecodable = body.undecodable || damaged;
    if body.encrypted {
        message.metadata.insert("encrypted".into(), "true".into());
    }
    if let Some(html) = body.html {
        message.metadata.insert("html".into(), html);
    }
    // A mailbox puts an empty line behind a mail.
    body.text.truncate(body.text.trim_end_matches('\n').len());
    message.parts = body.parts;
    message.attachments = body.attachments;
    message.text = Some(body.text).filter(|text| !text.is_empty());
    Ok(Reading { message, notes })
}

fn header<'a>(mail: &'a Mail<'_>, name: &'static str) -> impl Iterator<Item = &'a HeaderValue<'a>> {
    mail.header_values(name)
}

fn texts<'a>(value: &'a HeaderValue<'_>) -> Vec<&'a str> {
    match value {
        HeaderValue::Text(text) => vec![text.as_ref()],
        HeaderValue::TextList(list) => list.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    }
}

/// The ids of a header, without their brackets.
fn ids(mail: &Mail<'_>, name: &'static str) -> Vec<String> {
    let texts = header(mail, name).flat_map(texts);
    let bare = texts.map(|text| {
        text.trim()
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim()
            .to_owned()
    });
    bare.filter(|id| !id.is_empty()).collect()
}

fn reply_to(mail: &Mail<'_>) -> Option<String> {
    let answered = ids(mail, "In-Reply-To").into_iter().next();
    answered.or_else(|| ids(mail, "References").pop())
}

/// The thread: the first mail that it goes back to, or the mail itself, or its subject without `Re:`.
fn conversation(mail: &Mail<'_>, message: &Message) -> String {
    let first = ids(mail, "References").into_iter().next();
    let first = first
        .or_else(|| message.reply_to.clone())
        .or_else(|| message.id.clone());
    first.unwrap_or_else(|| {
        let subject = message.subject.as_deref().unwrap_or_default();
        mail_parser::parsers::fields::thread::thread_name(subject).to_lowercase()
    })
}

/// The mailing list, by its `List-Id`.
fn list(mail: &Mail<'_>) -> Option<String> {
    let raw = mail.header_raw("List-ID")?.trim();
    let id = raw
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.split('>').next())
        .unwrap_or(raw);
    Some(id.trim().to_lowercase()).filter(|id| !id.is_empty())
}

/// The addresses of a header, bare and in lower case. Archives of mailing lists write `ann at example.com`.
fn addresses(mail: &Mail<'_>, name: &'static str) -> Vec<String> {
    let lists = header(mail, name).filter_map(|value| match value {
        HeaderValue::Address(list) => Some(of_list(list)),
        _ => None,
    });
    lists.flatten().collect()
}

fn of_list(list: &Address<'_>) -> Vec<String> {
    let all = list.iter().filter_map(|one| one.address().or(one.name()));
    let bare = all.map(|address| {
        let address = address.trim().to_lowercase();
        let address = address.split(" (").next().unwrap_or_default().to_owned();
        match address.split_once(" at ") {
            Some((name, host)) if !name.contains(' ') && !host.contains(' ') => format!("{name}@{host}"),
            _ => address,
        }
    });
    bare.filter(|address| !address.is_empty()).collect()
}

fn sender(mail: &Mail<'_>) -> String {
    let mut found = ["From", "Sender", "Resent-From"]
        .into_iter()
        .flat_map(|name| addresses(mail, name));
    found.next().unwrap_or_else(|| "unknown".to_owned())
}

fn recipients(mail: &Mail<'_>) -> Vec<Participant> {
    let mut recipients: Vec<Participant> = Vec::new();
    for (name, role) in [
        ("To", Role::To),
        ("Cc", Role::Cc),
        ("Bcc", Role::Bcc),
        ("Resent-To", Role::To),
        ("Resent-Cc", Role::Cc),
        ("Resent-Bcc", Role::Bcc),
    ] {
        for handle in addresses(mail, name) {
            if !recipients.iter().any(|other| other.handle == handle) {
                recipients.push(Participant { handle, role });
            }
        }
    }
    recipients
}

/// Whose mailbox the mail was put into.
fn custodians(mail: &Mail<'_>) -> Vec<String> {
    let mut owners: Vec<String> = Vec::new();
    for name in ["Delivered-To", "X-Original-To"] {
        for (_, value) in raw(mail).filter(|(header, _)| header.eq_ignore_ascii_case(name)) {
            let owner = value
                .trim()
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_lowercase();
            if owner.contains('@') && !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    owners
}

/// Names in lower case and values of all headers, as they were written.
fn raw<'a>(mail: &'a Mail<'_>) -> impl Iterator<Item = (String, Cow<'a, str>)> {
    mail.headers().iter().map(|header| {
        let bytes = header.offset_start as usize..header.offset_end as usize;
        let value = mail.raw_message.get(bytes).unwrap_or_default();
        (
            header.name.as_str().to_ascii_lowercase(),
            String::from_utf8_lossy(value),
        )
    })
}

/// Every header but those that fields hold whole, as it was written.
fn headers(mail: &Mail<'_>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in raw(mail) {
        let value = value.trim();
        if name == "subject" || value.is_empty() {
            continue;
        }
        all.entry(name)
            .and_modify(|before| {
                before.push('\n');
                before.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    all
}

/// When the mail was sent, by its own word or, where it has none, by that of the server that took it last.
fn sent(mail: &Mail<'_>, notes: &mut Notes) -> (Option<i64>, Option<String>) {
    let raw = mail.header_raw("Date").map(str::trim).unwrap_or_default();
    let stated = header(mail, "Date").find_map(HeaderValue::as_datetime).copied();
    if let Some(at) = stated.as_ref().and_then(micros) {
        return (Some(at), (!names_zone(raw)).then(|| "day".to_owned()));
    }
    let in_utc = DateTime::parse_rfc822(&format!("{raw} +0000"));
    if let Some(at) = in_utc.as_ref().and_then(micros) {
        return (Some(at), Some("day".to_owned()));
    }
    let received = mail.received_all().find_map(|received| received.date());
    match received.as_ref().and_then(micros) {
        Some(at) => (Some(at), Some("received".to_owned())),
        None => {
            notes.push(("sent_at", "there is no possible date, and it was left out".to_owned()));
            (None, None)
        }
    }
}

fn micros(date: &DateTime) -> Option<i64> {
    let known = jiff::civil::Date::new(
        i16::try_from(date.year).ok()?,
        date.month.try_into().ok()?,
        date.day.try_into().ok()?,
    );
    (date.is_valid() && known.is_ok()).then(|| date.to_timestamp().checked_mul(1_000_000))?
}

/// Whether a date ends with a zone that everybody knows: an offset, or one of the names of RFC 5322.
fn names_zone(date: &str) -> bool {
    const NAMES: [&str; 12] = [
        "UT", "UTC", "GMT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT",
    ];
    let date = date.split('(').next().unwrap_or(date);
    let last = date.split_whitespace().next_back().unwrap_or_default();
    last.starts_with(['+', '-']) || NAMES.iter().any(|name| name.eq_ignore_ascii_case(last))
}

/// What a mail says, and what came with it.
#[derive(Default)]
struct Body {
    text: String,
    parts: Vec<Part>,
    attachments: Vec<Attachment>,
    html: Option<String>,
    undecodable: bool,
    encrypted: bool,
}

impl Body {
    fn add(&mut self, mail: &Mail<'_>, depth: usize) {
        self.undecodable |= mail.parts.iter().any(|part| part.is_encoding_problem);
        self.encrypted |= mail.parts.iter().any(is_encrypted);
        for part in mail.text_bodies() {
            match &part.body {
                PartType::Text(text) => self.paragraph(text),
                PartType::Html(html) => self.paragraph(&html::text(html)),
                _ => {}
            }
        }
        if depth == 1 {
            let bodies = mail.html_bodies().filter_map(|part| match &part.body {
                PartType::Html(html) => Some(html.as_ref()),
                _ => None,
            });
            let bodies: Vec<&str> = bodies.collect();
            self.html = Some(bodies.join("\n")).filter(|html| !html.is_empty());
        }
        for part in mail.attachments() {
            // What programs show below the text, people read.
            if let (PartType::Text(text), false) = (&part.body, is_attached(part)) {
                self.paragraph(text);
            }
            self.attach(part, depth);
        }
    }

    fn attach(&mut self, part: &MessagePart<'_>, depth: usize) {
        let bytes = part.contents();
        self.attachments.push(Attachment {
            name: part.attachment_name().map(str::to_owned),
            media_type: part.content_type().map(|kind| match &kind.c_subtype {
                Some(subtype) => format!("{}/{subtype}", kind.c_type).to_lowercase(),
                None => kind.c_type.to_lowercase(),
            }),
            bytes: Some(bytes.len() as u64),
            sha256: Some(Digest::of(bytes).to_string()),
        });
        // A mail that came with this one is part of what was said, with its own people.
        if let Some(inner) = part.message()
            && depth < DEEPEST
        {
            let start = self.start_part();
            for name in ["From", "To", "Cc", "Date", "Subject"] {
                if let Some(value) = inner.header_raw(name) {
                    self.text.push_str(&format!("{name}: {}\n", value.trim()));
                }
            }
            self.add(inner, depth + 1);
            self.text.truncate(self.text.trim_end_matches('\n').len().max(start));
            self.end_part(start, depth);
        }
    }

    fn paragraph(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        // The ends of lines are those of the way that a mail took; two copies of it are one mail.
        self.text.push_str(&text.replace("\r\n", "\n"));
    }

    fn start_part(&mut self) -> usize {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.len()
    }

    /// Ends a forwarded part. One inside another is part of the outer one.
    fn end_part(&mut self, start: usize, depth: usize) {
        if depth == 1 && start < self.text.len() {
            self.parts.push(Part {
                kind: PartKind::Forwarded,
                start: start as u64,
                end: self.text.len() as u64,
            });
        }
    }
}

/// Whether a part asks to be stored rather than shown.
fn is_attached(part: &MessagePart<'_>) -> bool {
    part.content_disposition()
        .is_some_and(|disposition| disposition.is_attachment())
}

fn is_encrypted(part: &MessagePart<'_>) -> bool {
    let smime =
        part.is_content_type("application", "pkcs7-mime") || part.is_content_type("application", "x-pkcs7-mime");
    let signed = part
        .content_type()
        .and_then(|kind| kind.attribute("smime-type"))
        .is_some_and(|kind| kind.eq_ignore_ascii_case("signed-data"));
    part.is_content_type("multipart", "encrypted") || (smime && !signed)
}
