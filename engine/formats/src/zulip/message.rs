//! One message of an export.

use lexhold_model::{Attachment, Message, VersionKind};
use lexhold_source::{Notes, Reading};
use serde_json::Value as Json;

use super::history::versions;
use super::realm::Realm;
use crate::document::Readings;
use crate::object::Object;
use crate::parts::others;

/// The versions of a message, the oldest first.
pub(super) fn read(mut record: Object<'_>, realm: &Realm) -> Readings {
    let Some(id) = record.whole("id") else {
        return vec![Err("`id` is missing".to_owned())];
    };
    let (sender, recipient) = (record.whole("sender"), record.whole("recipient"));
    let place = realm.place(recipient.unwrap_or_default(), sender.unwrap_or_default());
    let mut message = Message {
        platform: "zulip".into(),
        id: Some(id.to_string()),
        conversation: recipient.map(|_| place.conversation).unwrap_or_default(),
        conversation_kind: place.kind,
        channel: place.channel,
        sender: sender.map_or_else(|| "unknown".to_owned(), |sender| sender.to_string()),
        subject: record.text("subject"),
        text: record.text("content"),
        attachments: realm.files_of(id),
        ..Message::default()
    };
    message.recipients = others(&place.members, &message.sender);
    let mut notes = Notes::new();
    message.sent_at = sent(&mut record, "date_sent", &mut notes);
    let has_file = record.raw("has_attachment").is_some_and(|raw| raw.get() == "true");
    if has_file && message.attachments.is_empty() {
        message.attachments.push(Attachment::default());
    }
    let person = sender.and_then(|sender| realm.person_of(sender));
    let known = [
        ("sender_name", person.and_then(|person| person.name.clone())),
        ("sender_email", person.and_then(|person| person.email.clone())),
        ("reactions", realm.reactions_to(id)),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    message.metadata.extend(known);
    if message.text.is_some() {
        // The same words once more, as HTML.
        record.drop("rendered_content");
        record.drop("rendered_content_version");
    }
    let edited = record.raw("last_edit_time").is_some_and(|at| at.get() != "null");
    let edits = edits(&mut record);
    message.metadata.extend(record.into_metadata());
    finish(message, notes, edited, &edits)
}

/// All versions, or, where an edit left no history, the last one.
pub(super) fn finish(message: Message, notes: Notes, edited: bool, edits: &[Json]) -> Readings {
    let mut readings = versions(message, notes, edits);
    if let ([Ok(Reading { message, .. })], true) = (&mut readings[..], edited) {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    readings
}

/// The edits of a message, newest first: JSON, in an export once more as text.
pub(super) fn edits(record: &mut Object<'_>) -> Vec<Json> {
    let raw = record.raw("edit_history");
    let written: Option<Json> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let edits = match written {
        Some(Json::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
        Some(Json::Array(edits)) => edits,
        _ => return Vec::new(),
    };
    if !edits.is_empty() {
        record.drop("edit_history");
    }
    edits
}

/// The instant of seconds since 1970 with a fraction, or none and a note.
pub(super) fn sent(record: &mut Object<'_>, name: &'static str, notes: &mut Notes) -> Option<i64> {
    let at = record.raw(name).and_then(|raw| micros(raw.get()));
    if at.is_some() {
        record.drop(name);
    } else {
        notes.push((
            "sent_at",
            format!("`{name}` is missing or no instant, and the date was left out"),
        ));
    }
    at
}

/// Microseconds of `1409000103.1234567`. As text: a float loses digits.
fn micros(written: &str) -> Option<i64> {
    let (seconds, fraction) = written.split_once('.').unwrap_or((written, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.len() > 11 || !digits(seconds) || !digits(fraction) {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(6)];
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    Some(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn seconds_with_fractions() {
        for (written, expected) in [
            ("1409000103", Some(1_409_000_103_000_000)),
            ("1409000103.5", Some(1_409_000_103_500_000)),
            ("1409000103.1234567", Some(1_409_000_103_123_456)),
            ("-1.5", None),
            ("1e9", None),
            ("1.", None),
            ("999999999999", None),
            ("\"1\"", None),
        ] {
            assert_eq!(micros(written), expected, "{written}");
        }
    }
}
