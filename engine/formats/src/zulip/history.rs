//! What a message said before it was edited: Zulip keeps every text and topic.

use lexhold_model::{Message, VersionKind};
use lexhold_source::{Notes, Reading};
use serde_json::Value as Json;

use crate::document::Readings;

/// The versions of a message that is as its last edit left it; edits come newest first.
pub(super) fn versions(mut now: Message, notes: Notes, edits: &[Json]) -> Readings {
    let mut newest_first = Vec::new();
    for edit in edits {
        let said = |name: &str| edit.get(name).and_then(Json::as_str).map(str::to_owned);
        let (text, topic) = (
            said("prev_content"),
            said("prev_topic").or_else(|| said("prev_subject")),
        );
        if text.is_none() && topic.is_none() {
            // It went to another channel: nothing that anybody wrote has changed.
            continue;
        }
        let mut before = now.clone();
        // That of the text as it is now.
        before.metadata.remove("html");
        before.text = text.or(before.text).filter(|text| !text.is_empty());
        before.subject = topic.or(before.subject).filter(|topic| !topic.is_empty());
        for (name, kept) in [("edited_at", "timestamp"), ("edited_by", "user_id")] {
            let value = edit.get(kept).filter(|value| !value.is_null());
            now.metadata
                .extend(value.map(|value| (name.to_owned(), value.to_string())));
        }
        newest_first.push(std::mem::replace(&mut now, before));
    }
    let mut version = 0;
    let mut readings: Readings = vec![Ok(Reading { message: now, notes })];
    for mut message in newest_first.into_iter().rev() {
        version += 1;
        (message.version, message.version_kind) = (version, VersionKind::Edit);
        let notes = Notes::new();
        readings.push(Ok(Reading { message, notes }));
    }
    readings
}
