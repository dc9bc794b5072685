//! The lines of a chat: those with a head begin a message, all others go on with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, Participant, Role, SourcePlace, VersionKind};
use lexhold_source::{Chunks, Line, Lines, Place, Reading, SourceError, text_of, without_bom};

use super::calendar::{Calendar, date};
use super::head::{self, Head, Shape, is_mark};
use super::words::{self, File};
use crate::format::{DateOrder, Messages, Part};
use crate::tree::Entry;
use crate::{local, media};

/// More people than WhatsApp lets into a chat, so that a file of anything else does not fill the memory.
const MOST_PEOPLE: usize = 4096;

/// What has to be known of a whole chat before its first message is read.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) calendar: Calendar,
    people: BTreeSet<String>,
}

/// Reads a chat through once.
pub(super) fn survey(part: &Part) -> Result<Survey, SourceError> {
    let mut survey = Survey::default();
    let mut lines = lines(part)?;
    while let Some((number, line)) = lines.next_line().map_err(|error| broken(part, error))? {
        let Line::Bytes(bytes) = line else { continue };
        let text = text_of(if number == 1 { without_bom(bytes) } else { bytes });
        let Some(head) = head::parse(text.trim_end_matches('\r')) else {
            continue;
        };
        survey.calendar.see(&head);
        if let Some((name, _)) = split_name(head.rest)
            && survey.people.len() < MOST_PEOPLE
            && !survey.people.contains(name)
        {
            survey.people.insert(name.to_owned());
        }
    }
    Ok(survey)
}

fn entry(part: &Part) -> &Entry {
    &part.tree.entries[part.entries[0]]
}

fn lines(part: &Part) -> Result<Lines<Box<dyn Read + Send>>, SourceError> {
    let bytes = part.tree.read(entry(part))?;
    Ok(Lines::new(bytes, part.options.chunks.line_bytes))
}

fn broken(part: &Part, error: std::io::Error) -> SourceError {
    SourceError::io(&part.tree.full_name(entry(part)), error)
}

/// Name and text, where somebody said something. What WhatsApp itself says quotes names and subjects, and no name has quotes.
fn split_name(rest: &str) -> Option<(&str, &str)> {
    let (name, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let name = name.trim_matches(|char: char| is_mark(char) || char.is_whitespace());
    let possible = !name.is_empty() && name.chars().count() <= 100 && !name.contains(['"', '“', '”', '„', '«', '»']);
    possible.then_some((name, text))
}

/// A chat under way.
pub(super) struct Chat {
    part: Part,
    lines: Lines<Box<dyn Read + Send>>,
    orders: BTreeMap<Shape, DateOrder>,
    zone: TimeZone,
    people: BTreeSet<String>,
    conversation: String,
    /// The path inside the input, for reports.
    path: Arc<str>,
    file: String,
    pending: Option<Pending>,
    /// How often each sender said each text at this very time: such messages have nothing else to tell them apart.
    said: HashMap<(String, String), u32>,
    said_at: String,
}

/// A message whose lines are being gathered.
struct Pending {
    line: u64,
    written: String,
    sent: Option<i64>,
    precision: Option<&'static str>,
    note: Option<&'static str>,
    sender: Option<String>,
    text: String,
    undecodable: bool,
    too_long: bool,
}

impl Chat {
    pub(super) fn open(part: Part) -> Result<Self, SourceError> {
        let survey = survey(&part)?;
        let orders = survey.calendar.decide(part.options.dates);
        let entry = entry(&part);
        Ok(Self {
            orders: orders.map_err(|why| super::undecided(&part, why))?,
            lines: lines(&part)?,
            zone: part.options.zone.clone().unwrap_or(TimeZone::UTC),
            conversation: conversation(&part),
            path: entry.path.as_str().into(),
            file: part.tree.full_name(entry),
            people: survey.people,
            pending: None,
            said: HashMap::new(),
            said_at: String::new(),
            part,
        })
    }

    fn begin(&self, line: u64, head: &Head<'_>, undecodable: bool) -> Pending {
        let (sent, precision, note) = self.instant(head);
        let known = |rest: &str| {
            // `Name:text` without the blank is read only where the name is known from elsewhere.
            let (name, text) = rest.split_once(':')?;
            self.people.contains(name).then(|| (name.to_owned(), text.to_owned()))
        };
        let split = split_name(head.rest).map(|(name, text)| (name.to_owned(), text.to_owned()));
        let (sender, text) = match split.or_else(|| known(head.rest)) {
            Some((name, text)) => (Some(name), text),
            None => (None, head.rest.to_owned()),
        };
        Pending {
            line,
            written: head.written.to_owned(),
            sent,
            precision,
            note,
            sender,
            text,
            undecodable,
            too_long: false,
        }
    }

    /// The instant of a head, how exact it is, and why there is none.
    fn instant(&self, head: &Head<'_>) -> (Option<i64>, Option<&'static str>, Option<&'static str>) {
        let order = self.orders.get(&head.shape).copied();
        let Some(date) = order.and_then(|order| date(order, head)) else {
            return (None, None, Some("the date is impossible and was left out"));
        };
        let Some(hour) = head.hour_of_day() else {
            return (
                None,
                None,
                Some("the half of the day is a word that is not known, and the date was left out"),
            );
        };
        let parts = (
            i8::try_from(hour),
            i8::try_from(head.minute),
            i8::try_from(head.second.unwrap_or(0)),
        );
        let (Ok(hour), Ok(minute), Ok(second)) = parts else {
            return (None, None, Some("the time is impossible and was left out"));
        };
        let Ok(local) = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, 0) else {
            return (None, None, Some("the time is impossible and was left out"));
        };
        let Some((at, precision)) = local::instant(local, &self.zone) else {
            return (None, None, Some("the time is impossible and was left out"));
        };
        let minute = head.second.is_none().then_some("minute");
        (Some(at), precision.or(minute), None)
    }

    fn finish(&mut self, to: &mut Chunks) {
        let Some(pending) = self.pending.take() else { return };
        let place = Place::Line(pending.line);
        let reading = if pending.too_long {
            Err(format!(
                "is longer than the limit of {} bytes",
                self.part.options.chunks.line_bytes
            ))
        } else {
            Ok(self.reading(pending))
        };
        self.push(to, place, reading);
    }

    fn push(&self, to: &mut Chunks, place: Place, reading: Result<Reading, String>) {
        if self.path.is_empty() {
            to.push(place, reading);
        } else {
            to.push_in(&self.path, place, reading);
        }
    }

    fn reading(&mut self, pending: Pending) -> Reading {
        let sender = pending.sender.clone().unwrap_or_else(|| "unknown".to_owned());
        let id = self.id(&pending, &sender);
        let others = self.people.iter().filter(|name| **name != sender);
        let kind = if self.people.len() > 2 {
            ConversationKind::Group
        } else {
            ConversationKind::Direct
        };
        let mut message = Message {
            id,
            platform: "whatsapp".into(),
            conversation: self.conversation.clone(),
            conversation_kind: kind,
            sent_at: pending.sent,
            sent_precision: pending.precision.map(str::to_owned),
            recipients: others
                .map(|name| Participant {
                    handle: name.clone(),
                    role: Role::Member,
                })
                .collect(),
            undecodable: pending.undecodable,
            source: SourcePlace {
                file: self.file.clone(),
                offset: pending.line,
            },
            sender,
            ..Message::default()
        };
        message.metadata.insert("written_at".into(), pending.written);
        if let Some(name) = self.zone.iana_name() {
            message.metadata.insert("zone".into(), name.to_owned());
        }
        self.body(&mut message, pending.text, pending.sender.is_none());
        Reading {
            message,
            notes: pending
                .note
                .map(|note| ("sent_at", note.to_owned()))
                .into_iter()
                .collect(),
        }
    }

    /// WhatsApp numbers nothing. What was said twice at one time gets an id, so that it does not count as one message read twice.
    fn id(&mut self, pending: &Pending, sender: &str) -> Option<String> {
        if self.said_at != pending.written {
            self.said.clear();
            self.said_at.clone_from(&pending.written);
        }
        let times = self.said.entry((sender.to_owned(), pending.text.clone())).or_default();
        *times += 1;
        (*times > 1).then(|| format!("{} {sender} {times}", pending.written))
    }

    fn body(&self, message: &mut Message, text: String, by_whatsapp: bool) {
        let short = words::short(&text);
        if short.as_deref().is_some_and(words::is_call) {
            message.kind = MessageKind::Call;
        } else if by_whatsapp
            || ((text.starts_with(is_mark) || message.sender == self.conversation) && words::is_notice(&text))
        {
            message.kind = MessageKind::System;
        } else if short.as_deref().is_some_and(words::is_deleted) {
            (message.version, message.version_kind) = (1, VersionKind::Delete);
            message.metadata.insert("placeholder".into(), text);
            return;
        }
        let mut text = text;
        if let Some(written) = words::without_edit(&text) {
            (message.version, message.version_kind) = (1, VersionKind::Edit);
            text = written.to_owned();
        }
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        match words::file(first) {
            Some(File::Omitted) => message.attachments.push(Attachment::default()),
            Some(File::Named(name, certain)) => {
                let found = self.part.tree.find(&format!("{}{name}", self.part.root));
                if found.is_some() || certain {
                    message.attachments.push(self.attachment(name, found));
                    text = rest.to_owned();
                }
            }
            None => {}
        }
        message.text = Some(text).filter(|text| !text.is_empty());
    }

    fn attachment(&self, name: &str, found: Option<usize>) -> Attachment {
        let tree = &self.part.tree;
        let (bytes, sha256) = found.and_then(|at| tree.hash(&tree.entries[at]).ok()).unzip();
        Attachment {
            name: Some(name.to_owned()),
            media_type: media::of_name(name).map(str::to_owned),
            bytes,
            sha256,
        }
    }
}

impl Messages for Chat {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let next = self.lines.next_line().map_err(|error| broken(&self.part, error));
        let (number, line) = match next {
            Ok(Some((number, Line::Bytes(bytes)))) => (number, Some(bytes.to_vec())),
            Ok(Some((number, Line::TooLong(_)))) => (number, None),
            Ok(None) => {
                self.finish(to);
                return Ok(false);
            }
            Err(error) => {
                self.finish(to);
                return Err(error);
            }
        };
        let Some(bytes) = line else {
            match &mut self.pending {
                Some(pending) => pending.too_long = true,
                None => self.push(to, Place::Line(number), Err("a line is longer than the limit".into())),
            }
            return Ok(true);
        };
        let text = text_of(if number == 1 { without_bom(&bytes) } else { &bytes });
        let undecodable = matches!(text, std::borrow::Cow::Owned(_));
        let line = text.trim_end_matches('\r');
        if let Some(head) = head::parse(line) {
            let next = self.begin(number, &head, undecodable);
            self.finish(to);
            self.pending = Some(next);
            return Ok(true);
        }
        let limit_bytes = self.part.options.chunks.line_bytes;
        match &mut self.pending {
            Some(pending) if pending.text.len() + line.len() < limit_bytes => {
                pending.text.push('\n');
                pending.text.push_str(line);
                pending.undecodable |= undecodable;
            }
            Some(pending) => pending.too_long = true,
            None if line.trim().is_empty() => {}
            None => self.push(to, Place::Line(number), Err("stands before the first message".into())),
        }
        Ok(true)
    }
}

/// The chat's name: that of the file, or of the archive or folder around a file that is named `_chat.txt` like all others.
fn conversation(part: &Part) -> String {
    let full = part.tree.full_name(entry(part));
    let mut names = full.rsplit(['/', '\\']).map(stem);
    let name = names
        .find(|name| *name != "_chat" && !name.is_empty())
        .unwrap_or("_chat");
    let known = [
        "WhatsApp Chat with ",
        "WhatsApp Chat - ",
        "WhatsApp-Chat mit ",
        "Discussion WhatsApp avec ",
        "Chat de WhatsApp con ",
    ];
    let bare = known.iter().find_map(|prefix| name.strip_prefix(prefix));
    bare.unwrap_or(name).to_owned()
}

fn stem(name: &str) -> &str {
    let ending = name
        .rsplit_once('.')
        .filter(|(_, ending)| matches!(ending.to_ascii_lowercase().as_str(), "txt" | "zip"));
    ending.map_or(name, |(stem, _)| stem)
}
