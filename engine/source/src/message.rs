//! From a row of any format to a message: the one place that knows the short forms.

use std::borrow::Cow;

use lexhold_model::{
    Attachment, ConversationKind, Message, MessageKind, Part, Participant, Role, SourcePlace, VersionKind,
};

use crate::row::{Field, Row};
use crate::sent::{self, DateProblem};
use crate::value::Value;

/// A message, and what had to be put right in it.
pub struct Reading {
    /// The message.
    pub message: Message,
    /// What was put right: the field, and what was done and why.
    pub notes: Notes,
}

/// The fields that were put right, with what was done.
pub type Notes = Vec<(&'static str, String)>;

/// The message of a row that stands at `place`.
///
/// # Errors
/// The reason why the row is no message, without a word of its content.
pub(crate) fn read(mut row: Row<'_>, place: SourcePlace) -> Result<Reading, String> {
    if row.is_blank() {
        return Err("no field of a message has a value".to_owned());
    }
    let mut notes = Vec::new();
    let (platform, source) = origin(&mut row, place)?;
    let mail = is_mail(&platform);
    let channel = text(&mut row, Field::Channel)?;
    let recipients = recipients(&mut row, mail, &mut notes)?;
    let default_kind = match (mail, &channel, recipients.len()) {
        (true, ..) => ConversationKind::Mail,
        (_, Some(_), _) => ConversationKind::Channel,
        (.., 1) => ConversationKind::Direct,
        _ => ConversationKind::Group,
    };
    let body = text(&mut row, Field::Text)?;
    let message = Message {
        id: text(&mut row, Field::Id)?,
        conversation: text(&mut row, Field::Conversation)?.unwrap_or_default(),
        conversation_kind: word(&mut row, Field::ConversationKind, default_kind, &mut notes)?,
        kind: word(&mut row, Field::Kind, MessageKind::Message, &mut notes)?,
        sent_at: instant(&mut row, Field::SentAt, &mut notes)?,
        captured_at: instant(&mut row, Field::CapturedAt, &mut notes)?,
        sent_precision: text(&mut row, Field::SentPrecision)?,
        sender: sender(&mut row, mail)?,
        custodians: handles(&mut row, Field::Custodians, mail)?,
        subject: text(&mut row, Field::Subject)?,
        parts: parts(&mut row, body.as_deref().unwrap_or_default(), &mut notes)?,
        attachments: attachments(&mut row)?,
        reply_to: text(&mut row, Field::ReplyTo)?,
        version: version(&mut row)?,
        version_kind: word(&mut row, Field::VersionKind, VersionKind::Original, &mut notes)?,
        labels: texts(&mut row, Field::Labels)?,
        accounts: texts(&mut row, Field::Accounts)?,
        business: truth(&mut row, Field::Business)?,
        undecodable: truth(&mut row, Field::Undecodable)?.unwrap_or(false) || row.undecodable,
        text: body,
        platform,
        channel,
        recipients,
        source,
        metadata: row.metadata,
    };
    Ok(Reading { message, notes })
}

fn wrong(field: Field, due: &str, found: &Value<'_>) -> String {
    format!("`{}` must be {due}, not {}", field.name(), found.noun())
}

fn nullable_text(field: Field, value: Value<'_>) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text.into_owned())),
        other => Err(wrong(field, "text", &other)),
    }
}

/// The text of a field; empty text counts as none.
fn text(row: &mut Row<'_>, field: Field) -> Result<Option<String>, String> {
    let value = row.take(field);
    Ok(nullable_text(field, value)?.filter(|text| !text.is_empty()))
}

fn texts(row: &mut Row<'_>, field: Field) -> Result<Vec<String>, String> {
    let one = |value| match nullable_text(field, value) {
        Ok(text) => Ok(text.filter(|text| !text.is_empty())),
        Err(_) => Err(format!("`{}` must be text or a list of texts", field.name())),
    };
    match row.take(field) {
        Value::List(items) => items.into_iter().map(one).filter_map(Result::transpose).collect(),
        single => Ok(one(single)?.into_iter().collect()),
    }
}

fn truth(row: &mut Row<'_>, field: Field) -> Result<Option<bool>, String> {
    match row.take(field) {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth)),
        other => Err(wrong(field, "true or false", &other)),
    }
}

fn version(row: &mut Row<'_>) -> Result<i32, String> {
    match row.take(Field::Version) {
        Value::Null => Ok(0),
        Value::Whole(number) => i32::try_from(number).map_err(|_| "`version` is too large".to_owned()),
        other => Err(wrong(Field::Version, "a whole number", &other)),
    }
}

/// A word out of a short list. One that we do not know is kept as metadata, and the usual one taken.
fn word<W: std::str::FromStr>(row: &mut Row<'_>, field: Field, usual: W, notes: &mut Notes) -> Result<W, String> {
    let Some(given) = text(row, field)? else {
        return Ok(usual);
    };
    Ok(given
        .parse()
        .or_else(|_| given.to_ascii_lowercase().parse())
        .unwrap_or_else(|_| {
            notes.push((
                field.name(),
                format!("`{}` is not a known word and was kept as metadata", field.name()),
            ));
            row.metadata.entry(field.name().to_owned()).or_insert(given);
            usual
        }))
}

/// An instant, or none and a note; the words of the source are then kept as metadata.
fn instant(row: &mut Row<'_>, field: Field, notes: &mut Notes) -> Result<Option<i64>, String> {
    let (found, words) = match row.take(field) {
        Value::Null => return Ok(None),
        Value::Instant(micros) => (sent::in_range(Some(micros)), None),
        Value::Text(text) if text.trim().is_empty() => return Ok(None),
        Value::Text(text) => (sent::instant(&text), Some(text)),
        other => return Err(wrong(field, "text", &other)),
    };
    Ok(found
        .map_err(|problem: DateProblem| {
            notes.push((field.name(), problem.reason(field.name())));
            if let Some(words) = words {
                row.metadata
                    .entry(field.name().to_owned())
                    .or_insert(words.into_owned());
            }
        })
        .ok())
}

/// The platform, in lower case, and the place: where the row was read, or where it says that it comes from.
///
/// `source` as a text means the platform, unless `platform` is given too.
fn origin(row: &mut Row<'_>, place: SourcePlace) -> Result<(String, SourcePlace), String> {
    let mut platform = text(row, Field::Platform)?;
    let place = match row.take(Field::Source) {
        Value::Null => place,
        Value::Map(entries) => stated_source(entries)?,
        Value::Text(text) if platform.is_none() => {
            platform = Some(text.into_owned()).filter(|text| !text.is_empty());
            place
        }
        Value::Text(text) => {
            row.metadata.entry("source".to_owned()).or_insert(text.into_owned());
            place
        }
        other => return Err(wrong(Field::Source, "text or an object", &other)),
    };
    Ok((
        platform.map_or_else(|| "unknown".to_owned(), |name| name.to_ascii_lowercase()),
        place,
    ))
}

fn stated_source(entries: Vec<(Cow<'_, str>, Value<'_>)>) -> Result<SourcePlace, String> {
    let mut place = SourcePlace::default();
    for (name, value) in entries {
        match (name.as_ref(), value) {
            ("file", Value::Text(file)) => place.file = file.into_owned(),
            ("offset", Value::Whole(offset)) => place.offset = offset,
            _ => return Err("`source` must have a text `file` and a whole number `offset`".to_owned()),
        }
    }
    Ok(place)
}

fn sender(row: &mut Row<'_>, mail: bool) -> Result<String, String> {
    let named = text(row, Field::Sender)?
        .map(|name| handle(name, mail))
        .filter(|name| !name.is_empty());
    Ok(named.unwrap_or_else(|| "unknown".to_owned()))
}

/// Whether handles on this platform are mail addresses.
pub(crate) fn is_mail(platform: &str) -> bool {
    matches!(platform, "email" | "mail" | "smtp")
}

/// A handle: in mail the bare address of `Name <address>` in lower case, elsewhere as the platform writes it.
fn handle(name: String, mail: bool) -> String {
    if !mail {
        return name;
    }
    let address = match (name.rfind('<'), name.rfind('>')) {
        (Some(open), Some(close)) if open < close => &name[open + 1..close],
        _ => &name,
    };
    address.trim().to_lowercase()
}

fn handles(row: &mut Row<'_>, field: Field, mail: bool) -> Result<Vec<String>, String> {
    let all = texts(row, field)?.into_iter().map(|name| handle(name, mail));
    Ok(all.filter(|name| !name.is_empty()).collect())
}

fn list<'a>(row: &mut Row<'a>, field: Field) -> Result<Vec<Value<'a>>, String> {
    match row.take(field) {
        Value::Null => Ok(Vec::new()),
        Value::List(items) => Ok(items),
        other => Err(wrong(field, "a list", &other)),
    }
}

fn recipients(row: &mut Row<'_>, mail: bool, notes: &mut Notes) -> Result<Vec<Participant>, String> {
    const DUE: &str = "`recipients` must be a list of handles, or of objects with `handle` and `role`";
    let items = match row.take(Field::Recipients) {
        Value::Null => Vec::new(),
        Value::List(items) => items,
        one @ Value::Text(_) => vec![one],
        _ => return Err(DUE.to_owned()),
    };
    let mut recipients = Vec::with_capacity(items.len());
    for item in items {
        let (mut name, mut role) = (None, Role::To);
        match item {
            Value::Null => continue,
            Value::Text(text) => name = Some(text),
            Value::Map(entries) => {
                for (key, value) in entries {
                    match (key.as_ref(), value) {
                        ("handle", Value::Text(text)) => name = Some(text),
                        ("role", Value::Text(text)) => role = known_role(&text, notes),
                        ("handle" | "role", Value::Null) => {}
                        ("handle" | "role", _) => return Err(DUE.to_owned()),
                        _ => {}
                    }
                }
            }
            _ => return Err(DUE.to_owned()),
        }
        let handle = handle(name.ok_or(DUE)?.into_owned(), mail);
        if !handle.is_empty() {
            recipients.push(Participant { handle, role });
        }
    }
    Ok(recipients)
}

fn known_role(word: &str, notes: &mut Notes) -> Role {
    word.to_ascii_lowercase().parse().unwrap_or_else(|()| {
        notes.push((
            "recipients",
            "a role is not a known word and was taken as `to`".to_owned(),
        ));
        Role::To
    })
}

fn attachments(row: &mut Row<'_>) -> Result<Vec<Attachment>, String> {
    list(row, Field::Attachments)?
        .into_iter()
        .filter(|item| *item != Value::Null)
        .map(attachment)
        .collect()
}

fn attachment(item: Value<'_>) -> Result<Attachment, String> {
    const DUE: &str =
        "`attachments` must be a list of names, or of objects with `name`, `media_type`, `bytes`, `sha256`";
    let mut attachment = Attachment::default();
    match item {
        Value::Text(name) => attachment.name = Some(name.into_owned()),
        Value::Map(entries) => {
            for (key, value) in entries {
                match (key.as_ref(), value) {
                    (_, Value::Null) => {}
                    ("name", Value::Text(text)) => attachment.name = Some(text.into_owned()),
                    ("media_type" | "content_type", Value::Text(text)) => {
                        attachment.media_type = Some(text.into_owned())
                    }
                    ("sha256", Value::Text(text)) => attachment.sha256 = Some(text.into_owned()),
                    ("bytes" | "size", Value::Whole(bytes)) => attachment.bytes = Some(bytes),
                    ("name" | "media_type" | "content_type" | "sha256" | "bytes" | "size", _) => {
                        return Err(DUE.to_owned());
                    }
                    _ => {}
                }
            }
        }
        _ => return Err(DUE.to_owned()),
    }
    Ok(attachment)
}

/// The parts; all of them are left out when one does not fit the text, which then counts as authored.
fn parts(row: &mut Row<'_>, text: &str, notes: &mut Notes) -> Result<Vec<Part>, String> {
    let parts = list(row, Field::Parts)?
        .into_iter()
        .map(part)
        .collect::<Result<Vec<_>, _>>()?;
    let fits = |part: &Part| {
        let at = |byte: u64| usize::try_from(byte).is_ok_and(|byte| text.is_char_boundary(byte));
        part.start <= part.end && at(part.start) && at(part.end)
    };
    if parts.iter().all(fits) && parts.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return Ok(parts);
    }
    notes.push(("parts", "`parts` do not fit the text and were left out".to_owned()));
    Ok(Vec::new())
}

fn part(item: Value<'_>) -> Result<Part, String> {
    const DUE: &str = "`parts` must be a list of objects with `kind`, `start`, `end`";
    let Value::Map(entries) = item else {
        return Err(DUE.to_owned());
    };
    let (mut kind, mut start, mut end) = (None, None, None);
    for (key, value) in entries {
        match (key.as_ref(), value) {
            ("kind", Value::Text(word)) => kind = word.parse().ok(),
            ("start", Value::Whole(byte)) => start = Some(byte),
            ("end", Value::Whole(byte)) => end = Some(byte),
            _ => return Err(DUE.to_owned()),
        }
    }
    match (kind, start, end) {
        (Some(kind), Some(start), Some(end)) => Ok(Part { kind, start, end }),
        _ => Err(DUE.to_owned()),
    }
}
